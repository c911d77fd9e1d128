"""Perform calls to platforms that live in this process.

The transport finds the platform by its name in one registry of the process and passes the call on;
it decides nothing. A call that fails raises one of kernel.errors. The registry lives here, because
this floor must not know the simulated system that registers its platforms in it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from customer_sync.connect.port import MemoryCall, MemoryReply
from customer_sync.kernel.errors import ConfigurationError

__all__ = ["PLATFORMS", "MemoryPlatform", "MemoryTransport", "platform_named"]


class MemoryPlatform(Protocol):
    """What a platform in this process answers."""

    def perform(self, operation: str, arguments: Mapping[str, Any], *, is_write: bool) -> Any:
        """Perform one operation and return its answer, or raise one of kernel.errors."""


PLATFORMS: dict[str, MemoryPlatform] = {}


def platform_named(name: str) -> MemoryPlatform:
    """Return the registered platform of that name.

    Raises:
        ConfigurationError: No such platform lives in this process.
    """
    if name not in PLATFORMS:
        raise ConfigurationError(
            f"no simulated platform named {name!r} lives in this process",
            context={"platform": name},
            hint="Register it with customer_sync.systems.simulated.register.",
        )
    return PLATFORMS[name]


class MemoryTransport:
    """Performs MemoryCalls in order.

    The first that fails ends the list, so a connector that must know which of its writes were done
    sends one call at a time, with a batch inside.
    """

    def perform(self, calls: Sequence[MemoryCall]) -> list[MemoryReply]:
        """Return one reply a call, in order."""
        return [
            MemoryReply(
                value=platform_named(call.platform).perform(
                    call.operation, call.arguments, is_write=call.is_write
                )
            )
            for call in calls
        ]

    def close(self) -> None:
        """Hold nothing, so close nothing."""
