"""Between a database's values and texts: every value is shown as one text, and restored from it.

=========  =====================================================================================
integer    ``42``; a boolean is ``true`` or ``false``
decimal    ``10.50``, plain, as the database shows it; float: the shortest text that names it
date       ``2024-05-01``; a timestamp ``2024-05-01T10:00:00[.ffffff]``, zoned ones in UTC with
``Z``
binary     hexadecimal; JSON and arrays: JSON text; everything else: the database's own text
=========  =====================================================================================

SQLite keeps what it was given, whatever the column's type, so its dates are shown as they stand.
A text that a column cannot take raises ValueRefusedError, whose reason holds no value.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import ColumnElement, Text, bindparam, cast, column, func, literal_column, types
from sqlalchemy.dialects import mysql

from customer_sync.systems.sql.table import ColumnFacts

__all__ = [
    "ValueRefusedError", "bind", "expression", "is_as_text", "restore", "same", "show_all", "show_one",
]  # fmt: skip

INTEGER_BITS: Sequence[tuple[type, int]] = (
    (mysql.TINYINT, 8), (mysql.MEDIUMINT, 24), (types.SmallInteger, 16), (types.BigInteger, 64),
)  # fmt: skip
BOOLEANS = {True: "true", False: "false", None: None}
TRUTHS = {"true": True, "1": True, "false": False, "0": False}
FLOAT_DIGITS_MAX = 15


class ValueRefusedError(Exception):
    """A column cannot take this value."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


# -- showing -------------------------------------------------------------------------------------


def show_all(values: Sequence[Any], column: ColumnFacts) -> pl.Series:
    """Return a column's values as texts."""
    found = set(map(type, values)) - {type(None)}
    if column.kind != "boolean" and len(found) == 1:
        whole = WHOLE.get(found.pop())
        if whole is not None:
            return whole(values, column)
    return pl.Series([show_one(value, column) for value in values], dtype=pl.String)


def show_one(value: Any, column: ColumnFacts) -> str | None:
    """Return one value as text."""
    if column.kind == "boolean" and value in BOOLEANS:
        return BOOLEANS[value]
    if column.kind == "decimal" and isinstance(value, float):
        return _plain(Decimal(repr(value)))
    if column.kind == "zoned" and isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)  # selected in UTC, see `expression`
    return _text(value)


def _text(value: Any) -> str | None:  # noqa: C901, PLR0911  (one line a type)
    match value:
        case None:
            return None
        case str():
            return value
        case bool():
            return BOOLEANS[value]
        case Decimal():
            return _plain(value)
        case float():
            return repr(value)
        case datetime():
            return _instant(value)
        case date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case list() | dict() | tuple():
            return json.dumps(value, ensure_ascii=False, default=_text)
        case _:
            return str(value)


def _plain(value: Decimal) -> str:
    return format(value, "f")


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _whole_text(values: Sequence[Any], column: ColumnFacts) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


def _whole_integer(values: Sequence[Any], column: ColumnFacts) -> pl.Series:
    try:
        return pl.Series(values, dtype=pl.Int64).cast(pl.String)
    except (OverflowError, TypeError):
        return pl.Series(
            [None if value is None else str(value) for value in values], dtype=pl.String
        )


def _whole_decimal(values: Sequence[Any], column: ColumnFacts) -> pl.Series:
    texts = [None if value is None else format(value, "f") for value in values]
    return pl.Series(texts, dtype=pl.String)


def _whole_date(values: Sequence[Any], column: ColumnFacts) -> pl.Series:
    return pl.Series(
        [None if value is None else value.isoformat() for value in values], dtype=pl.String
    )


WHOLE: dict[type, Callable[[Sequence[Any], ColumnFacts], pl.Series]] = {
    str: _whole_text,
    int: _whole_integer,
    Decimal: _whole_decimal,
    date: _whole_date,
}

# -- restoring -----------------------------------------------------------------------------------


def restore(text: str | None, column: ColumnFacts, dialect: str) -> Any:
    """Return the value that a text stands for in this column.

    Raises:
        ValueRefusedError: The column cannot take it.
    """
    if text is None:
        return None
    reader = READERS.get(column.kind, _read_text)
    try:
        value = reader(text, column, dialect)
    except (ValueError, InvalidOperation, OverflowError):
        raise ValueRefusedError(
            f"not_{column.kind}",
            f"The column {column.name!r} takes {_article(column.kind)} {column.kind}, and this is none.",
        ) from None
    return value


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _read_text(text: str, column: ColumnFacts, dialect: str) -> Any:
    if column.length is not None and len(text) > column.length:
        raise ValueRefusedError(
            "too_long",
            f"The column {column.name!r} takes {column.length} characters; this is {len(text)}.",
        )
    if "\0" in text and dialect == "postgresql":
        raise ValueRefusedError("not_text", f"The column {column.name!r} takes no NUL character.")
    return text


def _read_integer(text: str, column: ColumnFacts, dialect: str) -> int:
    # A truth kept in a number column is 1 or 0, as databases without booleans have it.
    value = int(TRUTHS.get(text.lower(), text))
    # SQLite keeps 64 bits in any integer column; elsewhere the type says how many.
    bits = 64 if dialect == "sqlite" else _bits(column)
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    if getattr(column.type, "unsigned", False):
        low, high = 0, 2**bits - 1
    if not low <= value <= high:
        raise ValueRefusedError(
            "out_of_range", f"The number is too large for the column {column.name!r}."
        )
    return value


def _bits(column: ColumnFacts) -> int:
    return next((bits for type_, bits in INTEGER_BITS if isinstance(column.type, type_)), 32)


def _read_decimal(text: str, column: ColumnFacts, dialect: str) -> Any:
    value = Decimal(text)
    if not value.is_finite():
        raise ValueError
    scale, precision = getattr(column.type, "scale", None), getattr(column.type, "precision", None)
    digits = value.normalize()
    exponent = int(digits.as_tuple().exponent)
    if scale is not None and -exponent > scale:
        raise ValueRefusedError(
            "too_precise", f"The column {column.name!r} keeps {scale} decimals."
        )
    if precision is not None and value and digits.adjusted() >= precision - (scale or 0):
        raise ValueRefusedError(
            "out_of_range", f"The number is too large for the column {column.name!r}."
        )
    return _sqlite_number(digits, column) if dialect == "sqlite" else value


def _sqlite_number(value: Decimal, column: ColumnFacts) -> int | float:
    # SQLite has no decimals: beyond what a float keeps, it would store another number.
    if value == value.to_integral_value() and abs(value) < 2**63:
        return int(value)
    if len(value.as_tuple().digits) > FLOAT_DIGITS_MAX:
        raise ValueRefusedError(
            "too_precise", f"The column {column.name!r} keeps {FLOAT_DIGITS_MAX} digits in SQLite."
        )
    return float(value)


def _read_float(text: str, column: ColumnFacts, dialect: str) -> float:
    return float(text)


def _read_boolean(text: str, column: ColumnFacts, dialect: str) -> Any:
    truth = TRUTHS.get(text.lower())
    if truth is None:
        if dialect != "postgresql" and isinstance(column.type, types.Integer):
            return _read_integer(text, column, dialect)
        raise ValueError
    return int(truth) if dialect != "postgresql" else truth


def _read_date(text: str, column: ColumnFacts, dialect: str) -> Any:
    return text if dialect == "sqlite" else date.fromisoformat(text)


def _read_time(text: str, column: ColumnFacts, dialect: str) -> Any:
    return text if dialect == "sqlite" else time.fromisoformat(text)


def _read_datetime(text: str, column: ColumnFacts, dialect: str) -> Any:
    if dialect == "sqlite":
        return text
    value = datetime.fromisoformat(text)
    if value.tzinfo is not None:
        raise ValueRefusedError(
            "zoned_instant",
            f"The column {column.name!r} keeps no zone: give the mapping its `zone`.",
        )
    return value


def _read_zoned(text: str, column: ColumnFacts, dialect: str) -> Any:
    if dialect == "sqlite":
        return text
    value = datetime.fromisoformat(text)
    value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value if dialect == "postgresql" else value.replace(tzinfo=None)


def _read_binary(text: str, column: ColumnFacts, dialect: str) -> bytes:
    return bytes.fromhex(text)


def _read_json(text: str, column: ColumnFacts, dialect: str) -> str:
    json.loads(text)
    return text


def _read_array(text: str, column: ColumnFacts, dialect: str) -> list[Any]:
    value = json.loads(text)
    if not isinstance(value, list):
        raise ValueError  # noqa: TRY004  (a fault of the value, like the others here)
    return value


def _read_uuid(text: str, column: ColumnFacts, dialect: str) -> UUID:
    return UUID(text)


def _read_enum(text: str, column: ColumnFacts, dialect: str) -> str:
    if column.options and text not in column.options:
        raise ValueRefusedError("not_an_option", f"The column {column.name!r} has no such option.")
    return text


READERS: dict[str, Callable[[str, ColumnFacts, str], Any]] = {
    "integer": _read_integer,
    "decimal": _read_decimal,
    "float": _read_float,
    "boolean": _read_boolean,
    "date": _read_date,
    "time": _read_time,
    "datetime": _read_datetime,
    "zoned": _read_zoned,
    "binary": _read_binary,
    "json": _read_json,
    "array": _read_array,
    "uuid": _read_uuid,
    "enum": _read_enum,
}

# -- in statements -------------------------------------------------------------------------------


def is_as_text(facts: ColumnFacts, dialect: str) -> bool:
    """Return whether a column travels as text, because no Python value stands for it exactly."""
    return dialect != "sqlite" and facts.kind in {"json", "other"}


def expression(facts: ColumnFacts, dialect: str, source: ColumnElement[Any] | None = None) -> Any:
    """Return how a column is selected: untyped, so that the driver's own value arrives."""
    source = column(facts.name) if source is None else source
    if is_as_text(facts, dialect):
        return cast(source, Text)
    if facts.kind == "zoned" and dialect in {"mysql", "mariadb"}:
        return func.convert_tz(source, literal_column("@@session.time_zone"), "+00:00")
    return source


def bind(name: str, facts: ColumnFacts, dialect: str) -> Any:
    """Return the parameter that takes a restored value, as the column takes it."""
    if dialect == "sqlite":
        return bindparam(name, type_=types.NullType())
    if is_as_text(facts, dialect):
        text = bindparam(name, type_=types.Text())
        return cast(text, facts.type) if dialect == "postgresql" else text
    if facts.kind == "zoned" and dialect in {"mysql", "mariadb"}:
        given = bindparam(name, type_=types.DateTime())
        return func.convert_tz(given, "+00:00", literal_column("@@session.time_zone"))
    if facts.kind == "enum" and dialect in {"mysql", "mariadb"}:
        return bindparam(name, type_=types.String())
    return bindparam(name, type_=facts.type)


def same(facts: ColumnFacts, dialect: str, column_: ColumnElement[Any], name: str) -> Any:
    """Return the condition that a column holds exactly the parameter's value, null being a value."""
    parameter = bind(name, facts, dialect)
    if is_as_text(facts, dialect):
        return cast(column_, Text).is_not_distinct_from(bindparam(name, type_=types.Text()))
    if dialect == "sqlite" and facts.kind in {"text", "enum", "other"}:
        return column_.collate("BINARY").is_not_distinct_from(parameter)
    if dialect in {"mysql", "mariadb"}:
        return _same_mysql(facts, column_, parameter)
    return column_.is_not_distinct_from(parameter)


def _same_mysql(facts: ColumnFacts, column_: ColumnElement[Any], parameter: Any) -> Any:
    if facts.kind in {"text", "enum"}:
        # Its collations take "ANNA" and "Anna" for equal; bytes in one character set are exact.
        shown = cast(func.convert(column_.op("USING")(literal_column("utf8mb4"))), types.BINARY)
        return shown.is_not_distinct_from(cast(parameter, types.BINARY))
    if facts.kind == "float" and not isinstance(facts.type, mysql.DOUBLE):
        # A FLOAT is shown with six digits, which name no single value.
        near = func.abs(column_ - parameter) <= func.abs(parameter) * 1e-5
        return near | (column_.is_(None) & parameter.is_(None))
    return column_.is_not_distinct_from(parameter)
