"""The registry: from a connector's name to its class, imported when it is first asked for.

The built-in connectors come with the product; any installed package adds its own under the entry
point group ``customer_sync.connectors``. A name of ours is not taken over by a package.
"""

from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from customer_sync.connect.port import Connector, StreamFault
from customer_sync.kernel.errors import ConfigurationError
from customer_sync.model.config import StreamConfig, SystemConfig

__all__ = [
    "connector", "connector_class", "connector_names", "needed_keys", "stream_faults", "stream_settings",
]  # fmt: skip

GROUP = "customer_sync.connectors"
BUILT_IN = ("sql", "file", "tryton", "simulated")


def connector_names() -> list[str]:
    """Return the names of every connector there is, sorted."""
    return sorted({*BUILT_IN, *(point.name for point in entry_points(group=GROUP))})


def connector_class(name: str) -> type[Connector]:
    """Return the connector of that name.

    Raises:
        ConfigurationError: There is none, or what it needs is not installed.
    """
    try:
        return cast("type[Connector]", _load(name))
    except ImportError as error:
        raise ConfigurationError(
            f"The connector {name!r} cannot be loaded: {error.name or 'a module'} is missing.",
            context={"connector": name, "module": error.name},
            hint="Install what the connector needs.",
        ) from error


def needed_keys(name: str) -> tuple[str, ...]:
    """Return the keys of a stream without which a connector cannot work, as it declares them.

    Raises:
        ConfigurationError: There is no such connector, or what it needs is not installed.
    """
    return tuple(getattr(connector_class(name), "NEEDED_KEYS", ()))


def stream_settings(name: str) -> tuple[str, ...] | None:
    """Return the settings of a stream that a connector knows; None where it declares none.

    Raises:
        ConfigurationError: There is no such connector, or what it needs is not installed.
    """
    return getattr(connector_class(name), "STREAM_SETTINGS", None)


def stream_faults(name: str, stream: StreamConfig) -> Sequence[StreamFault]:
    """Return what a connector finds wrong with a stream by its configuration alone.

    Raises:
        ConfigurationError: There is no such connector, or what it needs is not installed.
    """
    found = getattr(connector_class(name), "stream_faults", None)
    return tuple(found(stream)) if found is not None else ()


def connector(config: SystemConfig) -> Connector:
    """Return the connector of a system, made from its configuration."""
    return connector_class(config.connector)(config)


def _load(name: str) -> object:
    if name in BUILT_IN:
        # By name, because systems lie above this layer.
        return import_module(f"customer_sync.systems.{name}").Connector
    for point in entry_points(group=GROUP, name=name):
        return cast("object", point.load())
    known = connector_names()
    raise ConfigurationError(
        f"There is no connector {name!r}; there are: {', '.join(known)}.",
        context={"connector": name, "known": known},
        hint="Correct `connector`, or install the package that brings it.",
    )
