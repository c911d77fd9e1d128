"""Few rows travel with the statements that use them, instead of through a temporary table.

A temporary table costs a round trip to fill, and at the commit the emptying of every table its
connection ever made: 4 ms on a quiet machine, whether one row was staged or none. So few rows become
a common table expression of the same name, read from one JSON parameter: the statement says the same,
and its text stays the same for any number of rows, so that its plan is kept.

Knows statements as text only. A statement that writes to what is staged does not work here.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import polars as pl
from psycopg import sql

from customer_sync.infra.pg import csv

__all__ = ["ROWS_MAX", "Held", "Parameters", "can_hold"]

Parameters = Sequence[object] | Mapping[str, object] | None
Columns = tuple[tuple[str, str], ...]

# As many rows as PostgreSQL takes a JSON record set to have when it plans.
ROWS_MAX = 100

_BEGINS_WITH = re.compile(r"\A((?:\s*--[^\n]*\n)*\s*)WITH(\s+RECURSIVE)?\b")


def can_hold(frame: pl.DataFrame) -> bool:
    """Tell whether these rows are few, and of types that JSON carries exactly."""
    return frame.height <= ROWS_MAX and csv.is_plain(frame)


class Held:
    """What one transaction holds: name -> columns and rows."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._columns: dict[str, Columns] = {}
        self._texts: dict[str, str] = {}

    def keep(self, name: str, frame: pl.DataFrame) -> None:
        """Hold these rows under that name, instead of others."""
        self._columns[name] = tuple(
            (column, csv.column_type(dtype)) for column, dtype in frame.schema.items()
        )
        self._texts[name] = json.dumps(list(frame.iter_rows(named=True)), default=str)

    def forget(self, name: str) -> None:
        """Hold nothing under that name any more."""
        self._columns.pop(name, None)
        self._texts.pop(name, None)

    def copied(self) -> "Held":
        """Return the same, apart from what is held later."""
        other = Held()
        other._columns, other._texts = dict(self._columns), dict(self._texts)
        return other

    def completed(
        self, statement: str | sql.SQL | sql.Composed, params: Parameters
    ) -> tuple[str, Parameters] | None:
        """Return the statement with the rows that it names; None when it names none."""
        if not self._columns:
            return None
        text = statement if isinstance(statement, str) else statement.as_string(None)
        if params is None:
            text, params = text.replace("%", "%%"), {}
        is_named = isinstance(params, Mapping)
        found = _completed(text, tuple(self._columns.items()), is_named=is_named)
        if found is None:
            return None
        whole, names = found
        if isinstance(params, Mapping):
            return whole, {**params, **{_key(name): self._texts[name] for name in names}}
        return whole, [*(self._texts[name] for name in names), *params]


def _key(name: str) -> str:
    return f"rows of {name}"


@lru_cache(maxsize=1_000)
def _completed(
    text: str, tables: tuple[tuple[str, Columns], ...], *, is_named: bool
) -> tuple[str, tuple[str, ...]] | None:
    # A word that means something else here brings along rows that nobody reads.
    used = [(name, columns) for name, columns in tables if re.search(rf"\b{name}\b", text)]
    if not used:
        return None
    tables_text = ", ".join(_table(name, columns, is_named=is_named) for name, columns in used)
    names = tuple(name for name, _ in used)
    if (begin := _BEGINS_WITH.match(text)) is not None:
        rest = text[begin.end() :]
        return f"{begin[1]}WITH{begin[2] or ''} {tables_text},{rest}", names
    return f"WITH {tables_text}\n{text}", names


def _table(name: str, columns: Columns, *, is_named: bool) -> str:
    typed = ", ".join(f'"{column}" {kind}' for column, kind in columns)
    rows = f"%({_key(name)})s" if is_named else "%s"
    return f'"{name}" AS (SELECT * FROM json_to_recordset({rows}::json) AS r ({typed}))'
