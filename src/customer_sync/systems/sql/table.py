"""What a table looks like: reflected once, checked against what is mapped.

It decides the kind of each column (how its values become text and back), which columns are unique
together, and what to say when a mapped table or column is no longer there. It does no I/O:
reflection
happens in functions that the transport calls with an Inspector.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import Column, FetchedValue, Inspector, MetaData, Select, Table, func, select, types
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeEngine

from customer_sync.connect.port import FieldShape

__all__ = ["ColumnFacts", "Kind", "TableFacts", "reflect", "split_name", "table_names"]

Kind = Literal[
    "integer", "decimal", "float", "boolean", "date", "datetime", "zoned", "text", "binary", "json",
    "uuid", "array", "time", "enum", "other",
]  # fmt: skip

# In this order: the first that fits.
KINDS: Sequence[tuple[type[TypeEngine[Any]], Kind]] = (
    (types.Enum, "enum"),
    (types.Boolean, "boolean"),
    (types.Integer, "integer"),
    (types.Float, "float"),
    (types.Numeric, "decimal"),
    (types.Date, "date"),
    (types.Time, "time"),
    (types.JSON, "json"),
    (types.Uuid, "uuid"),
    (types.ARRAY, "array"),
    (types.LargeBinary, "binary"),
    (types.String, "text"),
    (types.BINARY, "binary"),
    (types.VARBINARY, "binary"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """One column as the database describes it."""

    name: str
    type: TypeEngine[Any]
    kind: Kind
    nullable: bool
    has_default: bool
    is_computed: bool = False

    @property
    def length(self) -> int | None:
        """Return the longest text it takes, where it says so."""
        return getattr(self.type, "length", None) if self.kind == "text" else None

    @property
    def options(self) -> Sequence[str] | None:
        """Return the values an enumeration allows."""
        return tuple(getattr(self.type, "enums", ())) if self.kind == "enum" else None


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """One table or view as the database describes it."""

    name: str
    schema: str | None
    dialect: str
    columns: Mapping[str, ColumnFacts]
    primary_key: Sequence[str] = ()
    uniques: Sequence[frozenset[str]] = field(default_factory=tuple)

    @cached_property
    def table(self) -> Table:
        """Return the table as SQLAlchemy writes it, its columns typed."""
        columns = [self._column(column) for column in self.columns.values()]
        return Table(self.name, MetaData(), *columns, schema=self.schema)

    def _column(self, column: ColumnFacts) -> Column[Any]:
        is_key = column.name in self.primary_key
        # Whoever makes a key that an insert leaves out, it is not SQLAlchemy: else it warns.
        made = [FetchedValue()] if is_key and column.kind != "integer" else []
        return Column(
            column.name, self._type(column), *made, primary_key=is_key, nullable=column.nullable
        )

    def _type(self, column: ColumnFacts) -> TypeEngine[Any]:
        # SQLite keeps what it is given, whatever the column's type: no value is converted on the
        # way.
        is_loose = self.dialect == "sqlite" and column.kind != "integer"
        return types.NullType() if is_loose else column.type

    def count(self) -> Select[Any]:
        """Return the statement that counts its rows."""
        return select(func.count()).select_from(self.table)

    def is_unique(self, names: Iterable[str]) -> bool:
        """Return whether the database itself keeps these columns unique together."""
        wanted = frozenset(names)
        return any(unique <= wanted for unique in self.uniques)

    def missing(self, names: Iterable[str]) -> list[str]:
        """Return which of these columns are not there."""
        return [name for name in dict.fromkeys(names) if name not in self.columns]

    def shapes(self, key: Sequence[str]) -> list[FieldShape]:
        """Return its columns in the words of the connector port."""
        return [
            FieldShape(
                name=column.name,
                type=_type_text(column.type),
                nullable=column.nullable,
                length=column.length,
                options=column.options,
                is_key=column.name in key,
                is_writable=not column.is_computed,
            )
            for column in self.columns.values()
        ]


def split_name(name: str) -> tuple[str | None, str]:
    """Split ``schema.table``; a table alone is in the connection's default schema."""
    schema, _, table = name.rpartition(".")
    return schema or None, table


def reflect(name: str, schema: str | None) -> Callable[[Inspector], TableFacts]:
    """Return a function that reads the facts of a table or view from an Inspector."""

    def read(inspector: Inspector) -> TableFacts:
        dialect = inspector.dialect.name
        primary_key = tuple(inspector.get_pk_constraint(name, schema)["constrained_columns"] or ())
        uniques = [frozenset(primary_key)] if primary_key else []
        for index in inspector.get_indexes(name, schema):
            # A partial index, or one over an expression, keeps nothing unique as a whole.
            options = index.get("dialect_options", {})
            partial = any(str(option).endswith("_where") for option in options)
            names = [column for column in index["column_names"] if column is not None]
            if index["unique"] and not partial and len(names) == len(index["column_names"]):
                uniques.append(frozenset(names))
        uniques += [
            frozenset(unique["column_names"])
            for unique in inspector.get_unique_constraints(name, schema)
        ]
        columns = [_column(facts, dialect) for facts in inspector.get_columns(name, schema)]
        return TableFacts(
            name=name,
            schema=schema,
            dialect=dialect,
            columns={column.name: column for column in columns},
            primary_key=primary_key,
            uniques=tuple(uniques),
        )

    return read


def table_names(schemas: Sequence[str | None]) -> Callable[[Inspector], list[TableFacts]]:
    """Return a function that reads the facts of every table and view of these schemas."""

    def read(inspector: Inspector) -> list[TableFacts]:
        return [
            reflect(name, schema)(inspector)
            for schema in schemas
            for name in [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
        ]

    return read


def _column(facts: Mapping[str, Any], dialect: str) -> ColumnFacts:
    return ColumnFacts(
        name=facts["name"],
        type=facts["type"],
        kind=_kind(facts["type"], dialect),
        nullable=bool(facts.get("nullable", True)),
        has_default=bool(
            facts.get("default") is not None
            or facts.get("identity")
            or facts.get("autoincrement") is True
        ),
        is_computed=bool(facts.get("computed")),
    )


def _kind(type_: TypeEngine[Any], dialect: str) -> Kind:
    if isinstance(type_, types.DateTime):
        # SQLite keeps no zone; it reads the 6 of datetime(6) as one.
        is_zoned = dialect != "sqlite" and (type_.timezone or isinstance(type_, mysql.TIMESTAMP))
        return "zoned" if is_zoned else "datetime"
    if isinstance(type_, mysql.TINYINT) and type_.display_width == 1:
        return "boolean"
    if dialect == "postgresql" and isinstance(type_, postgresql.OID):
        return "integer"
    return next((kind for base, kind in KINDS if isinstance(type_, base)), "other")


def _type_text(type_: TypeEngine[Any]) -> str:
    # A type that the dialect does not know has no text of its own.
    return "unknown" if isinstance(type_, types.NullType) else str(type_)
