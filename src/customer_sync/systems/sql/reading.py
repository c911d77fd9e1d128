"""Statements that read, and the frames their rows become.

Paging is by key set: ``cursor > c or (cursor = c and key > k)``, never by offset. It decides the order,
the columns and the conditions of each page; it does no I/O.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import compress
from typing import Any

import polars as pl
from sqlalchemy import (
    Select,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    text,
    tuple_,
    types,
)

from customer_sync.connect.port import (
    ABSENT,
    CHANGED_AT,
    GONE,
    ID,
    MERGED_INTO,
    META_SCHEMA,
    OUTSIDE,
    VERSION,
)
from customer_sync.kernel.errors import ConfigurationError
from customer_sync.systems.sql.position import Position, as_instant, pack, unpack
from customer_sync.systems.sql.stream import Plan
from customer_sync.systems.sql.values import bind, expression, show_all

__all__ = [
    "Rows", "clock", "clock_statement", "count_statement", "frame", "gone_frame", "ids_statement", "is_sayable",
    "page_statement", "place_of_last", "readable", "repeated_statement",
]  # fmt: skip

GONE_LABEL = "@gone"
OUTSIDE_LABEL = "@outside"
IDS = "ids"
CLOCKS = {
    "mysql": "SELECT UTC_TIMESTAMP(6)",
    "mariadb": "SELECT UTC_TIMESTAMP(6)",
    "mssql": "SELECT SYSUTCDATETIME()",
    "oracle": "SELECT SYS_EXTRACT_UTC(SYSTIMESTAMP) FROM dual",
    "sqlite": "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')",
}


class Rows:
    """Rows of a page by column."""

    def __init__(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        self.count = len(rows)
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        self._columns = dict(zip(names, columns, strict=True))

    def column(self, name: str) -> Sequence[Any]:
        """Return a column's values."""
        return self._columns[name]

    def keep(self, kept: Sequence[bool]) -> "Rows":
        """Return these rows without those that are not kept."""
        left = list(compress(zip(*self._columns.values(), strict=True), kept))
        return Rows(list(self._columns), left)

    def row(self, place: int, names: Sequence[str]) -> tuple[Any, ...]:
        """Return these columns' values of one row."""
        return tuple(self._columns[name][place] for name in names)


# -- statements ----------------------------------------------------------------------------------


def clock_statement(dialect: str) -> tuple[Any, None]:
    """Return the statement that reads the database's own clock."""
    return text(CLOCKS.get(dialect, "SELECT CURRENT_TIMESTAMP")), None


def clock(value: Any) -> datetime:
    """Return what the clock statement answered, in UTC."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def count_statement(plan: Plan, after: Any = None) -> tuple[Any, Any]:
    """Return the statement that counts the stream's rows, or those from a cursor value on."""
    statement = select(func.count()).select_from(plan.facts.table)
    if plan.stream.config.where:
        statement = statement.where(plan.condition(plan.stream.config.where))
    cursor = plan.stream.config.cursor
    if after is None or cursor is None:
        return statement, None
    facts = plan.column(cursor)
    statement = statement.where(plan.facts.table.c[cursor] >= bind("from", facts, plan.dialect))
    return statement, {"from": unpack(after, facts.kind, plan.dialect)}


def page_statement(
    plan: Plan,
    fields: Sequence[str],
    position: Position,
    limit: int,
    *,
    is_null_phase: bool = False,
) -> tuple[Any, Any]:
    """Return the statement of a page from a position on."""
    statement = _base(plan, fields)
    if plan.stream.config.where:
        statement = statement.where(plan.condition(plan.stream.config.where))
    order = list(plan.key)
    cursor = plan.stream.config.cursor
    if position.mode == "changes" and cursor:
        column = plan.facts.table.c[cursor]
        statement = statement.where(column.is_(None) if is_null_phase else column.is_not(None))
        order = order if is_null_phase else [cursor, *(name for name in order if name != cursor)]
    parameters: dict[str, Any] = {}
    at = position.at
    if position.phase == "nulls" and not is_null_phase:
        at = position.start
    elif position.phase != "nulls" and is_null_phase:
        at = ()
    if at:
        condition, parameters = _after(plan, order, at)
        statement = statement.where(condition)
    return statement.order_by(*plan.columns(order)).limit(limit), parameters


def ids_statement(plan: Plan, fields: Sequence[str]) -> Select[Any]:
    """Return the statement that reads the records of the keys in parameter ``ids``."""
    return _base(plan, fields).where(key_in(plan))


def key_in(plan: Plan) -> Any:
    """Return the condition that the key is one of the parameter ``ids``."""
    columns = plan.columns(plan.key)
    if len(columns) == 1:
        type_ = types.NullType() if plan.dialect == "sqlite" else columns[0].type
        return columns[0].in_(bindparam(IDS, expanding=True, type_=type_))
    return tuple_(*columns).in_(bindparam(IDS, expanding=True))


def key_list(plan: Plan, keys: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """Return the parameter of ``key_in``."""
    return {IDS: [key[0] for key in keys] if len(plan.key) == 1 else list(keys)}


def repeated_statement(plan: Plan) -> Select[Any]:
    """Return the statement that finds which keys of ``ids`` are on several rows."""
    columns = [expression(plan.column(name), plan.dialect).label(name) for name in plan.key]
    statement = select(*columns).select_from(plan.facts.table).where(key_in(plan))
    return statement.group_by(*plan.columns(plan.key)).having(func.count() > 1)


def _base(plan: Plan, fields: Sequence[str]) -> Select[Any]:
    names = dict.fromkeys([*plan.own(), *fields])
    table = plan.facts.table
    columns = [
        expression(plan.column(name), plan.dialect, table.c[name]).label(name) for name in names
    ]
    deleted, where = plan.stream.config.deleted, plan.stream.config.where
    gone = _case(plan, deleted, holds="1", otherwise="0") if deleted else null()
    outside = _case(plan, where, holds="0", otherwise="1") if where else null()
    marks = (gone.label(GONE_LABEL), outside.label(OUTSIDE_LABEL))
    statement = select(*columns, *marks).select_from(table)
    return statement.execution_options(raw_rows=True)


def _case(plan: Plan, condition: str, *, holds: str, otherwise: str) -> Any:
    return case((plan.condition(condition), literal_column(holds)), else_=literal_column(otherwise))


def _after(plan: Plan, order: Sequence[str], at: Sequence[Any]) -> tuple[Any, dict[str, Any]]:
    """Return the condition of what follows a row; of what starts at a single value, where only that is given."""
    table, binds = plan.facts.table, []
    parameters: dict[str, Any] = {}
    for place, (name, value) in enumerate(zip(order, at, strict=False)):
        facts = plan.column(name)
        parameters[f"at_{place}"] = unpack(value, facts.kind, plan.dialect)
        binds.append(bind(f"at_{place}", facts, plan.dialect))
    columns = [table.c[name] for name in order]
    if len(binds) < len(order):
        return columns[0] >= binds[0], parameters
    alternatives = [
        and_(*(columns[i] == binds[i] for i in range(place)), columns[place] > binds[place])
        for place in range(len(order))
    ]
    # The leading comparison lets every database use the index.
    return and_(columns[0] >= binds[0], or_(*alternatives)), parameters


# -- frames --------------------------------------------------------------------------------------


def readable(
    plan: Plan, fields: Sequence[str], rows: Rows
) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
    """Return rows as records, and as faults those with a text that is none: SQLite keeps any bytes."""
    try:
        return frame(plan, fields, rows), []
    except UnicodeEncodeError:
        names = list(dict.fromkeys([*plan.own(), *fields]))
    faults: list[tuple[str, str]] = []
    kept: list[bool] = []
    for place in range(rows.count):
        values = zip(names, rows.row(place, names), strict=True)
        broken = [name for name, value in values if not is_sayable(value)]
        kept.append(not broken)
        if broken:
            is_named = not set(broken) & set(plan.key)
            id_ = plan.id_of(rows.row(place, plan.key)) if is_named else None
            faults.append((id_ or "", f"not in UTF-8: the column {', '.join(broken)}"))
    return frame(plan, fields, rows.keep(kept)), faults


def is_sayable(value: Any) -> bool:
    """Return whether a value is no text with letters that are none."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True


def place_of_last(plan: Plan, rows: Rows, names: Sequence[str]) -> tuple[Any, ...]:
    """Return the place of the last row in this order.

    Raises:
        ConfigurationError: Its value in one of the columns is no text, so nothing can follow it.
    """
    values = rows.row(rows.count - 1, names)
    broken = [name for name, value in zip(names, values, strict=True) if not is_sayable(value)]
    if broken:
        named = ", ".join(broken)
        raise ConfigurationError(
            f"The table {plan.facts.name!r} holds text that is not UTF-8 in {named}, by which it is read.",
            context={"stream": plan.stream.name, "table": plan.facts.name, "fields": broken},
            hint="Correct those rows: select the ones whose hex() of the column is no UTF-8.",
        )
    return tuple(map(pack, values))


def frame(plan: Plan, fields: Sequence[str], rows: Rows) -> pl.DataFrame:
    """Return rows as records."""
    config = plan.stream.config
    columns: dict[str, Any] = {
        ID: _ids(plan, rows),
        CHANGED_AT: _changed_at(plan, rows),
        VERSION: _shown(plan, rows, config.version),
        GONE: _marked(rows, GONE_LABEL, config.deleted),
        MERGED_INTO: _shown(plan, rows, config.merged_into),
        OUTSIDE: _marked(rows, OUTSIDE_LABEL, config.where),
        ABSENT: _nulls(rows.count),
    }
    for name in fields:
        columns[name] = show_all(rows.column(name), plan.column(name))
    return pl.DataFrame(columns)


def gone_frame(fields: Sequence[str], ids: Sequence[str]) -> pl.DataFrame:
    """Return the records of ids that do not exist."""
    schema = META_SCHEMA | dict.fromkeys(fields, pl.String())
    columns: dict[str, Any] = {name: [None] * len(ids) for name in schema}
    columns |= {ID: list(ids), GONE: [True] * len(ids), OUTSIDE: [False] * len(ids)}
    return pl.DataFrame(columns, schema=schema)


def _nulls(count: int) -> pl.Series:
    return pl.Series([None] * count, dtype=pl.String)


def _shown(plan: Plan, rows: Rows, name: str | None) -> pl.Series:
    return show_all(rows.column(name), plan.column(name)) if name else _nulls(rows.count)


def _ids(plan: Plan, rows: Rows) -> pl.Series:
    if len(plan.key) == 1:
        return show_all(rows.column(plan.key[0]), plan.column(plan.key[0]))
    keys = zip(*(rows.column(name) for name in plan.key), strict=True)
    return pl.Series([plan.id_of(key) for key in keys], dtype=pl.String)


def _marked(rows: Rows, label: str, condition: str | None) -> pl.Series:
    if condition is None:
        return pl.repeat(False, rows.count, dtype=pl.Boolean, eager=True)
    return pl.Series(rows.column(label), dtype=pl.Int64).fill_null(0) == 1


def _changed_at(plan: Plan, rows: Rows) -> pl.Series:
    name, type_ = plan.stream.changed_at, pl.Datetime("us", "UTC")
    if name is None:
        return pl.Series([None] * rows.count, dtype=type_)
    zone = plan.zone(name)
    return pl.Series([as_instant(value, zone) for value in rows.column(name)], dtype=type_)
