"""One stream of a database: its settings, checked, beside the facts of its table.

It decides which columns a stream needs, names what is missing, and turns keys into external ids and
back. It promises that every identifier in a statement is a column of the reflected table; only the
conditions of the configuration's author (``where``, ``deleted``) are SQL texts.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, literal_column

from customer_sync.connect.port import Capabilities
from customer_sync.kernel.errors import ConfigurationError, NotFoundError, SchemaDriftError
from customer_sync.model.config import StreamConfig, SystemConfig
from customer_sync.systems.sql.table import ColumnFacts, TableFacts, split_name
from customer_sync.systems.sql.values import ValueRefusedError, restore, show_one

__all__ = ["SETTINGS", "Plan", "Stream", "stream_of"]

LAG_S = 30.0
READ_ROWS_MAX = 10_000
WRITE_ROWS_MAX = 1_000
NEW_KEYS = ("uuid", "max_plus_one", "given")
SETTINGS = (
    "zone", "touch", "new_key", "deactivate", "unique", "changed_at", "delete", "schema",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Stream:
    """The settings of one stream of a SQL system."""

    name: str
    url: str
    config: StreamConfig

    @cached_property
    def place(self) -> tuple[str | None, str]:
        """Return schema (or None) and name of the table."""
        name = self.config.table or self.name
        schema = self.overrides.get("schema")
        return (str(schema), name) if schema else split_name(name)

    @property
    def overrides(self) -> Mapping[str, Any]:
        """Return the settings of this stream that are the connector's own."""
        return self.config.overrides

    @property
    def key(self) -> tuple[str, ...]:
        """Return the columns that name a record."""
        key = self.config.key
        return (key,) if isinstance(key, str) else tuple(key)

    @property
    def lag(self) -> timedelta:
        """Return how late a commit may follow its own timestamp."""
        return timedelta(seconds=LAG_S if self.config.lag_s is None else self.config.lag_s)

    @cached_property
    def zone(self) -> ZoneInfo:
        """Return the zone of timestamps that do not say theirs."""
        name = str(self.overrides.get("zone", "UTC"))
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ConfigurationError(
                f"There is no time zone {name!r}.",
                context={"stream": self.name},
                hint="Name it as in Europe/Berlin.",
            ) from None

    @property
    def changed_at(self) -> str | None:
        """Return the column that says when a record changed."""
        return self.overrides.get("changed_at") or self.config.cursor

    @property
    def deactivate(self) -> Mapping[str, Any]:
        """Return column and value that deactivate a record."""
        return self.overrides.get("deactivate") or {}

    def capabilities(self) -> Capabilities:
        """Return what the stream can do."""
        config = self.config
        return Capabilities(
            cursor=config.cursor is not None,
            deletes="flag" if config.deleted else "keys",
            create=True,
            update=True,
            delete=bool(self.overrides.get("delete", True)),
            deactivate=bool(self.deactivate),
            read_rows_max=READ_ROWS_MAX,
            write_rows_max=WRITE_ROWS_MAX,
            precondition="version" if config.version else "values",
            idempotent=False,
            settles=True,
            time_zone=self.zone.key,
            lag_s=self.lag.total_seconds() if config.cursor else 0.0,
        )

    def mapped(self, columns: Iterable[str]) -> list[str]:
        """Return which of these columns the mapping names, in their own order."""
        fields: set[str] = set()
        texts: list[str] = []
        for _, mapping in self.config.mappings():
            fields |= {mapping.field} if mapping.field else set()
            several = mapping.fields or ()
            fields |= set(several.values() if isinstance(several, Mapping) else several)
            texts += [mapping.expression] if mapping.expression else []
        words = set(re.findall(r"\w+", " ".join(texts)))
        return [name for name in columns if name in fields or name in words]


def stream_of(config: SystemConfig, name: str) -> Stream:
    """Return a stream of the system by its name.

    Raises:
        NotFoundError: The configuration has no such stream.
        ConfigurationError: A setting is missing or unknown.
    """
    stream = config.streams.get(name)
    if stream is None:
        raise NotFoundError(
            f"The system {config.system!r} has no stream {name!r}.", context={"stream": name}
        )
    unknown = sorted(set(stream.overrides) - set(SETTINGS))
    if unknown:
        raise ConfigurationError(
            f"The sql connector knows no setting {', '.join(unknown)}.",
            context={"system": config.system, "stream": name, "known": sorted(SETTINGS)},
            hint="Correct the stream's settings.",
        )
    new_key = stream.overrides.get("new_key", "given")
    if new_key not in NEW_KEYS:
        raise ConfigurationError(
            f"new_key is one of {', '.join(NEW_KEYS)}.",
            context={"system": config.system, "stream": name},
        )
    return Stream(name=name, url=url_of(config), config=stream)


def url_of(config: SystemConfig) -> str:
    """Return the address of the system's database."""
    url = config.settings.get("url")
    if not isinstance(url, str) or not url:
        raise ConfigurationError(
            f"The system {config.system!r} has no url.",
            context={"system": config.system},
            hint="Give its settings a url: postgresql://..., mysql://... or sqlite:///path.",
        )
    return url


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A stream and the facts of its table: everything a statement needs."""

    stream: Stream
    facts: TableFacts

    @property
    def dialect(self) -> str:
        """Return the kind of database."""
        return self.facts.dialect

    @property
    def key(self) -> tuple[str, ...]:
        """Return the columns that name a record."""
        return self.stream.key

    def column(self, name: str) -> ColumnFacts:
        """Return the facts of a column that is surely there."""
        return self.facts.columns[name]

    def zone(self, name: str) -> ZoneInfo:
        """Return the zone of a column's timestamps where they do not say theirs."""
        return ZoneInfo("UTC") if self.column(name).kind == "zoned" else self.stream.zone

    def columns(self, names: Sequence[str]) -> list[ColumnElement[Any]]:
        """Return the table's columns of these names."""
        return [self.facts.table.c[name] for name in names]

    def own(self) -> list[str]:
        """Return the columns the stream needs whatever is mapped."""
        config = self.stream.config
        extra = (config.cursor, self.stream.changed_at, config.version, config.merged_into)
        return list(dict.fromkeys([*self.key, *(name for name in extra if name)]))

    def shown(self) -> list[str]:
        """Return the columns that a read-back shows."""
        return self.stream.mapped(self.facts.columns)

    def require(self, names: Iterable[str]) -> None:
        """Check that these columns are there.

        Raises:
            SchemaDriftError: Some are not; it names them.
        """
        missing = self.facts.missing([*self.own(), *self.stream.deactivate, *names])
        if missing:
            raise SchemaDriftError(
                f"The table {self.facts.name!r} no longer has the column {', '.join(missing)}.",
                context={"stream": self.stream.name, "table": self.facts.name, "fields": missing},
                hint="Map another column, or bring it back.",
            )

    def condition(self, text: str) -> ColumnElement[Any]:
        """Return a condition of the configuration's author, in the database's own dialect."""
        return literal_column(f"({text})")

    # -- keys ------------------------------------------------------------------------------------

    def id_of(self, values: Sequence[Any]) -> str | None:
        """Return the external id of key values; None where a part is null."""
        texts = [
            show_one(value, self.column(name)) for name, value in zip(self.key, values, strict=True)
        ]
        if any(text is None for text in texts):
            return None
        return texts[0] if len(texts) == 1 else json.dumps(texts, ensure_ascii=False)

    def key_of(self, external_id: str) -> tuple[Any, ...] | None:
        """Return the key values of an external id; None where it names no possible record."""
        parts: Any = [external_id]
        try:
            if len(self.key) > 1:
                parts = json.loads(external_id)
            if not isinstance(parts, list) or len(parts) != len(self.key):
                return None
            return tuple(
                restore(part, self.column(name), self.dialect)
                for name, part in zip(self.key, parts, strict=True)
            )
        except (ValueError, TypeError, AttributeError, ValueRefusedError):
            return None
