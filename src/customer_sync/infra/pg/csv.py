r"""Carry frames through PostgreSQL's COPY, exactly: CSV from the server, its text format to it.

Both tell NULL from the empty string: read as CSV, NULL is nothing and the empty string `""`; written as
text, NULL is `\N`, and a backslash in a value is doubled. Text is what the server reads fastest: JSON has
a quote in every third place, and CSV doubles each. Both are parsed and printed outside Python.

A dtype that neither can name is carried as text: lists as array literals, structs as JSON, binary as
hex. A decimal is carried digit by digit and never through a float.
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import polars as pl

__all__ = ["chunks", "column_type", "framed", "is_plain", "is_readable", "parsed"]

# One chunk is what one COPY message batch holds in memory. The next is printed while the server takes one,
# so smaller ones leave less of it waiting; below this, starting a chunk (0.3 ms) shows.
CHUNK_ROWS = 10_000

_COLUMN_TYPES: dict[type[pl.DataType], str] = {
    pl.Boolean: "boolean",
    pl.Int8: "smallint",
    pl.Int16: "smallint",
    pl.Int32: "integer",
    pl.Int64: "bigint",
    pl.UInt8: "smallint",
    pl.UInt16: "integer",
    pl.UInt32: "bigint",
    pl.UInt64: "numeric",
    pl.Float32: "real",
    pl.Float64: "double precision",
    pl.Date: "date",
    pl.Time: "time",
    pl.Decimal: "numeric",
    pl.Binary: "bytea",
    pl.Struct: "jsonb",
}

# Polars parses these from CSV itself, exactly as PostgreSQL prints them.
_NATIVE = (pl.String, pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt32, pl.UInt64, pl.Date)

# Polars prints these to CSV exactly as PostgreSQL reads them.
_PLAIN = (*_NATIVE, pl.Int8, pl.Boolean, pl.Float32, pl.Float64, pl.Decimal, pl.Time)

_SPECIAL = r"[\\\t\n\r]"  # what ends a value or a line, and what escapes these

_PARAMETERS = (
    pl.String,
    pl.Int8,
    pl.Int16,
    pl.Int32,
    pl.Int64,
    pl.UInt32,
    pl.Boolean,
    pl.Date,
    pl.Datetime,
)


def column_type(dtype: pl.DataType) -> str:
    """Return the PostgreSQL type that holds a column of `dtype`."""
    if isinstance(dtype, pl.List):
        return f"{column_type(cast('pl.DataType', dtype.inner))}[]"
    if isinstance(dtype, pl.Datetime):
        return "timestamptz" if dtype.time_zone else "timestamp"
    return _COLUMN_TYPES.get(dtype.base_type(), "text")


def is_plain(frame: pl.DataFrame) -> bool:
    """Tell whether PostgreSQL takes the cells of `frame` as plain parameters, exactly."""
    return all(isinstance(dtype, _PARAMETERS) for dtype in frame.dtypes)


def chunks(frame: pl.DataFrame) -> Iterator[bytes]:
    """Print `frame` as text for `COPY ... FROM STDIN`."""
    changed = [
        _printed(name, dtype).alias(name)
        for name, dtype in frame.schema.items()
        if not isinstance(dtype, _PLAIN)
    ]
    parts = list(frame.iter_slices(CHUNK_ROWS))
    if len(parts) == 1:
        yield _text(frame, changed)
        return
    with ThreadPoolExecutor(max_workers=1) as ahead:
        coming = ahead.submit(_text, parts[0], changed)
        for part in parts[1:]:
            text = coming.result()
            coming = ahead.submit(_text, part, changed)
            yield text
        yield coming.result()


def _text(frame: pl.DataFrame, changed: Sequence[pl.Expr]) -> bytes:
    # A query costs 0.2 ms whatever its size, which is much for the one row of a webhook.
    printable = frame.with_columns(changed) if changed else frame
    # Few values have anything to escape; looking is ten times cheaper than replacing.
    escaped = [
        _escaped(column.name)
        for column in printable.iter_columns()
        if column.dtype == pl.String and column.str.contains(_SPECIAL).any()
    ]
    printable = printable.with_columns(escaped) if escaped else printable
    buffer = io.BytesIO()
    printable.write_csv(
        buffer, include_header=False, separator="\t", quote_style="never", null_value="\\N"
    )
    return buffer.getvalue()


def _escaped(name: str) -> pl.Expr:
    text = pl.col(name)
    for special, letter in (("\\", "\\"), ("\t", "t"), ("\n", "n"), ("\r", "r")):
        text = text.str.replace_all(special, "\\" + letter, literal=True)
    return text


def _printed(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.List):
        return _array_literal(column, dtype)
    if isinstance(dtype, pl.Struct):
        # `json_encode` prints a null struct as an object of nulls.
        return pl.when(column.is_not_null()).then(column.struct.json_encode())
    if isinstance(dtype, pl.Binary):
        return pl.lit("\\x") + column.bin.encode("hex")
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00")
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.Null):
        return column.cast(pl.String)
    return column


def _array_literal(column: pl.Expr, dtype: pl.List) -> pl.Expr:
    assert not isinstance(dtype.inner, pl.List | pl.Struct | pl.Binary), (
        "nest lists in JSON instead"
    )
    element = pl.element().cast(pl.String)
    for special in ("\\", '"'):
        element = element.str.replace_all(special, "\\" + special, literal=True)
    quoted = (pl.lit('"') + element + pl.lit('"')).fill_null("NULL")
    return pl.lit("{") + column.list.eval(quoted).list.join(",") + pl.lit("}")


def parsed(csv: bytes, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Read what `COPY ... TO STDOUT (FORMAT csv)` printed into a frame of `schema`."""
    if not csv:
        return pl.DataFrame(schema=dict(schema))
    texts = {
        name: dtype if dtype.base_type() in _NATIVE else pl.String()
        for name, dtype in schema.items()
    }
    frame = pl.read_csv(csv, has_header=False, schema=texts)
    _refuse_lost_digits(frame, schema)
    return frame.with_columns(
        _read(name, dtype) for name, dtype in schema.items() if texts[name] != dtype
    )


def is_readable(schema: Mapping[str, pl.DataType]) -> bool:
    """Tell whether `framed` makes columns of these types exactly."""
    return all(isinstance(dtype, (*_PARAMETERS, pl.List)) for dtype in schema.values())


def framed(rows: Sequence[Sequence[object]], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Make a frame of `schema` of fetched rows; lists come as the text of their JSON."""
    if not rows:
        return pl.DataFrame(schema=dict(schema))
    columns = zip(schema.items(), zip(*rows, strict=True), strict=True)
    return pl.DataFrame([_column(name, cells, dtype) for (name, dtype), cells in columns])


def _column(name: str, cells: Sequence[object], dtype: pl.DataType) -> pl.Series:
    if isinstance(dtype, pl.List):
        cells = [None if cell is None else json.loads(cast("str", cell)) for cell in cells]
    return pl.Series(name, cells, dtype)


def _read(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Boolean):
        return column == "t"
    if isinstance(dtype, pl.Datetime):
        return _instant(column, dtype)
    if isinstance(dtype, pl.Time):
        return column.str.to_time("%H:%M:%S%.f")
    if isinstance(dtype, pl.Binary):
        return column.str.slice(2).str.decode("hex")
    if isinstance(dtype, pl.List | pl.Struct):
        return column.str.json_decode(dtype)
    return column.cast(dtype)


def _instant(column: pl.Expr, dtype: pl.Datetime) -> pl.Expr:
    # Every connection is set to UTC, so a timestamptz always ends in +00.
    naive = column.str.strip_suffix("+00").str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us")
    if dtype.time_zone:
        naive = naive.dt.replace_time_zone("UTC").dt.convert_time_zone(dtype.time_zone)
    return naive.dt.cast_time_unit(dtype.time_unit)


def _refuse_lost_digits(frame: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> None:
    # Polars cuts what does not fit the scale; money must be asked for at the scale it has.
    for name, dtype in schema.items():
        if isinstance(dtype, pl.Decimal):
            digit_beyond = rf"\.\d{{{dtype.scale}}}\d*[1-9]"
            assert not frame[name].str.contains(digit_beyond).any(), f"{name} has finer digits"
