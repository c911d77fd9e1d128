"""A simulated system: a seeded platform in this process, and its connector.

    shop = register(Platform("shop", seed=1))
    shop.create("contacts", email="ann@acme.test", first="Ann")

A system configuration with ``connector: simulated`` and ``settings: {platform: shop}`` reads and
writes it.
"""

from customer_sync.connect.transport.memory import PLATFORMS
from customer_sync.systems.simulated.behaviour import ACTIVE, Behaviour
from customer_sync.systems.simulated.connector import Connector
from customer_sync.systems.simulated.faults import FAULTS, FaultPlan
from customer_sync.systems.simulated.platform import PEOPLE, Operation, Platform, Record

__all__ = [
    "ACTIVE", "FAULTS", "PEOPLE", "Behaviour", "Connector", "FaultPlan", "Operation", "Platform",
    "Record", "forget", "platform", "register",
]  # fmt: skip


def register(platform: Platform) -> Platform:
    """Let connectors of this process find a platform by its name; a later one replaces it."""
    PLATFORMS[platform.name] = platform
    return platform


def platform(name: str) -> Platform:
    """Return the registered platform of that name."""
    found = PLATFORMS[name]
    assert isinstance(found, Platform)
    return found


def forget(name: str) -> None:
    """Take a platform out of the registry again."""
    PLATFORMS.pop(name, None)
