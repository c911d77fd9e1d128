"""SQL expressions over one record: one-way lenses, and the conditions of rules.

Decides what names mean: a dotted name (``loyalty.tier``) is one column. Promises that an
expression which fails for one record is that record's fault, and never its batch's. Must not know
where a record comes from.
"""

import re
from collections.abc import Sequence

import polars as pl
from polars.exceptions import PolarsError

from customer_sync.core.mapping.lens import Got
from customer_sync.core.mapping.row import Cells, Fault, RowLens, Texts

__all__ = ["Expression", "ExpressionError", "parse", "source_names", "texts_of"]

_TOKENS = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|[A-Za-z_@]\w*(?:\.[A-Za-z_]\w*)*")


class ExpressionError(ValueError):
    """A text that is not an SQL expression."""


def _quoted(found: re.Match[str]) -> str:
    token = found.group()
    is_plain = token[0] in "'\"" or ("." not in token and token[0] != "@")
    return token if is_plain else f'"{token}"'


def parse(sql: str) -> pl.Expr:
    """Return the Polars expression of an SQL expression.

    Raises:
        ExpressionError: It does not parse.
    """
    try:
        return pl.sql_expr(_TOKENS.sub(_quoted, sql))
    except PolarsError as error:
        raise ExpressionError(str(error).splitlines()[0]) from None


def source_names(sql: str) -> tuple[str, ...]:
    """Return the columns that an expression looks at, in a fixed order.

    Raises:
        ExpressionError: It does not parse.
    """
    return tuple(sorted(set(parse(sql).meta.root_names())))


def texts_of(frame: pl.DataFrame, expression: pl.Expr) -> tuple[pl.Series, list[int]]:
    """Return the value in each row as text, and the rows where it cannot be computed."""
    try:
        return _computed(frame, expression), []
    except PolarsError:
        if len(frame) == 1:
            return pl.Series("", [None], dtype=pl.String), [0]
    half = len(frame) // 2
    left, left_failed = texts_of(frame.head(half), expression)
    right, right_failed = texts_of(frame.slice(half), expression)
    return pl.concat([left, right]), left_failed + [half + row for row in right_failed]


def _computed(frame: pl.DataFrame, expression: pl.Expr) -> pl.Series:
    value = frame.select(value=expression.cast(pl.String))["value"]
    if len(value) != len(frame):
        value = value.new_from_index(0, len(frame))
    return value


class Expression(RowLens):
    """A canonical value computed from the record; never written back."""

    def __init__(self, *, sql: str, names: Sequence[str], canonical: RowLens) -> None:
        self._expression = parse(sql)
        self._names = tuple(names)
        self._canonical = canonical
        self.arity = len(self._names)

    def read(self, texts: Texts, /) -> Cells:
        """Return the value for one row."""
        columns = [
            pl.Series(name, [text], dtype=pl.String)
            for name, text in zip(self._names, texts, strict=True)
        ]
        found, failed = texts_of(pl.DataFrame(columns), self._expression)
        return (Fault("expression_failed"),) if failed else self._canonical.read((found[0],))

    def get(self, sources: Sequence[pl.Series]) -> list[Got]:
        """Return the values for all rows, brought into the normal form of the field's kind."""
        columns = [source.alias(name) for name, source in zip(self._names, sources, strict=True)]
        found, failed = texts_of(pl.DataFrame(columns), self._expression)
        (got,) = self._canonical.get([found])
        codes: list[str | None] = [None] * len(found)
        if got.fault is not None:
            codes = ["value_invalid" if code else None for code in got.fault.to_list()]
        for row in failed:
            codes[row] = "expression_failed"
        if not any(codes):
            return [got]
        return [Got(value=got.value, fault=pl.Series("", codes, dtype=pl.String))]

    def write(self, values: Texts, texts: Texts, /) -> Texts | None:
        """Write nothing."""
        return None
