"""Typed columns as texts that can be turned back: for Parquet and Excel.

Decides the text of a value: instants as ISO 8601, decimals and numbers plain, truth as true and
false, bytes as base64, anything deeper as JSON. Must not know files.
"""

import polars as pl

__all__ = ["as_texts", "from_text"]


def as_texts(values: pl.Series) -> pl.Series:
    """Return a column as texts."""
    kind = values.dtype
    if kind == pl.String:
        return values
    if isinstance(kind, pl.Datetime | pl.Date | pl.Time):
        return values.dt.to_string("iso:strict")
    if kind == pl.Binary:
        return values.bin.encode("base64")
    if kind.is_nested():
        frame = values.to_frame("value")
        packed = frame.select(pl.struct("value").struct.json_encode().alias("json"))["json"]
        inner = packed.str.strip_prefix('{"value":').str.strip_suffix("}")
        return inner.set(values.is_null(), None).alias(values.name)
    return values.cast(pl.String)


def from_text(text: str | None, kind: pl.DataType) -> pl.Series | None:
    """Return a text as a column of one value of that type; None where it cannot be one."""
    given = pl.Series([text], dtype=pl.String)
    try:
        found = _typed(given, kind)
    except pl.exceptions.PolarsError:
        return None
    if text is None:
        return found
    return found if as_texts(found).item() is not None and _says(found, text, kind) else None


def _typed(  # noqa: PLR0911  # one line per type
    given: pl.Series, kind: pl.DataType
) -> pl.Series:
    if isinstance(kind, pl.Datetime):
        return given.str.to_datetime(time_unit=kind.time_unit, time_zone=kind.time_zone).cast(kind)
    if isinstance(kind, pl.Date):
        return given.str.to_date()
    if isinstance(kind, pl.Time):
        return given.str.to_time()
    if kind == pl.Boolean:
        frame = given.to_frame("t")
        read = pl.col("t").replace_strict({"true": True, "false": False}, return_dtype=pl.Boolean)
        return frame.select(read)["t"]
    if kind == pl.Binary:
        return given.str.decode("base64")
    if kind.is_nested():
        return given.str.json_decode(kind)
    return given.cast(kind)


def _says(found: pl.Series, text: str, kind: pl.DataType) -> bool:
    """Tell whether nothing of the text was lost: no digit cut off."""
    if isinstance(kind, pl.Decimal) and "." in text:
        return len(text.rstrip("0").partition(".")[2]) <= kind.scale
    return found.null_count() == 0
