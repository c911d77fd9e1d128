"""Rows of the customer table as canonical frames, and back."""

from collections.abc import Sequence

import polars as pl

from customer_sync.kernel.frames import constant, from_json, pick, to_json
from customer_sync.model.field import CATALOGUE, CUSTOM_PREFIX, column_name

__all__ = ["COLUMNS", "ROW", "as_golden", "as_rows"]

COLUMNS = [column_name(name) for name in CATALOGUE]
ROW: dict[str, pl.DataType] = {
    "customer": pl.Int64(),
    **dict.fromkeys(COLUMNS, pl.String()),
    "custom": pl.String(),
    "stamp": pl.Int64(),
    "is_edited": pl.Boolean(),
}
_TABLE = {"id": pl.Int64(), **dict.fromkeys([*COLUMNS, "custom"], pl.String())}


def as_golden(rows: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """Turn rows of ROW into ``customer``, ``stamp``, ``is_edited`` and one column per canonical field."""
    custom = [name for name in fields if name.startswith(CUSTOM_PREFIX)]
    keys = [name.removeprefix(CUSTOM_PREFIX) for name in custom]
    renamed = rows.rename({column_name(name): name for name in CATALOGUE})
    if custom:
        values = from_json(rows["custom"].fill_null("{}"), keys)
        renamed = pl.concat(
            [renamed, values.rename(dict(zip(keys, custom, strict=True)))], how="horizontal"
        )
    return pick(renamed, "customer", "stamp", "is_edited", *fields)


def as_rows(golden: pl.DataFrame) -> pl.DataFrame:
    """Turn ``customer`` and canonical columns into ``id``, the table's columns and ``custom``."""
    custom = [name for name in golden.columns if name.startswith(CUSTOM_PREFIX)]
    if golden.is_empty():
        return pl.DataFrame(schema=_TABLE)
    rows = golden.rename({name: column_name(name) for name in CATALOGUE if name in golden.columns})
    keys = {name: name.removeprefix(CUSTOM_PREFIX) for name in custom}
    if custom:
        values = golden.select(custom).rename(keys)
        rows = rows.with_columns(custom=values.select(to_json(values.columns)).to_series())
    else:
        rows = rows.hstack([constant("custom", None, pl.String(), rows.height)])
    return pick(rows.rename({"customer": "id"}), "id", *COLUMNS, "custom")
