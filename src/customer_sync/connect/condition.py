"""The SQL conditions of a stream (``where``, ``deleted``), over columns that are all texts.

Decides how a text column meets a number or a truth value in a condition: ``deleted = 1`` holds for
the text ``1``. The types of the condition decide that, never the values. For connectors whose system
evaluates no SQL itself. Must not know any.
"""

from functools import lru_cache
from itertools import product

import polars as pl

from customer_sync.kernel.errors import ConfigurationError

__all__ = ["condition_columns", "holds"]

TRUE_TEXTS = ("true", "t", "yes", "y", "1")
FALSE_TEXTS = ("false", "f", "no", "n", "0")
_READINGS = (pl.String, pl.Float64, pl.Boolean)


def _parsed(text: str) -> pl.Expr:
    try:
        return pl.sql_expr(text)
    except pl.exceptions.PolarsError:
        raise ConfigurationError(f"This is not a SQL condition: {text}") from None


def condition_columns(text: str | None) -> list[str]:
    """Return the columns that a condition looks at."""
    return sorted(set(_parsed(text).meta.root_names())) if text else []


def holds(text: str, frame: pl.DataFrame) -> pl.Series:
    """Return for each row of a frame of texts whether the condition holds; null is no."""
    readings = _readings(text)
    typed = frame.select(_read(name, kind).alias(name) for name, kind in readings)
    found = typed.select(_parsed(text).alias("holds")).to_series()
    return found.fill_null(value=False)


@lru_cache(maxsize=256)
def _readings(text: str) -> tuple[tuple[str, type[pl.DataType]], ...]:
    """Return as what each column is read: the first reading whose types the condition accepts."""
    names = condition_columns(text)
    if not names:
        raise ConfigurationError(f"This condition looks at no column: {text}")
    for kinds in product(_READINGS, repeat=len(names)):
        readings = tuple(zip(names, kinds, strict=True))
        try:
            found = pl.DataFrame(schema=dict(readings)).select(_parsed(text)).dtypes
        except pl.exceptions.PolarsError:
            continue
        if found == [pl.Boolean]:
            return readings
    raise ConfigurationError(f"This condition cannot be true or false of texts: {text}")


def _read(name: str, kind: type[pl.DataType]) -> pl.Expr:
    column = pl.col(name)
    if kind is pl.Float64:
        return column.str.strip_chars().cast(pl.Float64, strict=False)
    if kind is pl.Boolean:
        text = column.str.strip_chars().str.to_lowercase()
        return (
            pl.when(text.is_in(TRUE_TEXTS))
            .then(statement=True)
            .when(text.is_in(FALSE_TEXTS))
            .then(statement=False)
        )
    return column
