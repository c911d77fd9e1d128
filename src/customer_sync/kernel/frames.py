"""Small expressions over Polars frames that several floors need; no business meaning.

A JSON array of texts is how many values live in one cell. It is always written by `json_array`, so
equal sets are equal texts.
"""

from collections.abc import Mapping, Sequence

import polars as pl
from polars_hash import NonCryptographicHashingNameSpace

__all__ = ["digest", "empty", "from_json", "json_array", "json_elements", "to_json"]

Schema = Mapping[str, pl.DataType | type[pl.DataType]]


def empty(schema: Schema) -> pl.DataFrame:
    """Return a frame of no rows with that schema."""
    return pl.DataFrame(schema=dict(schema))


def to_json(columns: Sequence[str]) -> pl.Expr:
    """Return each row's columns as one JSON object; nulls are written as null."""
    if not columns:
        return pl.lit("{}")
    return pl.struct(columns).struct.json_encode()


def from_json(texts: pl.Series, columns: Sequence[str]) -> pl.DataFrame:
    """Return those members of JSON objects of texts, one String column each, null where missing."""
    if not columns:
        return pl.DataFrame(height=len(texts))
    struct = pl.Struct(dict.fromkeys(columns, pl.String))
    if texts.is_empty():
        return pl.DataFrame(schema=dict(struct))
    return texts.str.json_decode(struct).struct.unnest()


def json_elements(column: str) -> pl.Expr:
    """Return the list of texts in a JSON array."""
    return pl.col(column).str.json_decode(pl.List(pl.String))


def json_array(column: str) -> pl.Expr:
    """Return the JSON array of a list of texts, sorted and distinct; null for an empty list."""
    values = pl.col(column).list.unique().list.sort()
    # struct.json_encode is the JSON writer Polars has; `{"column":` and `}` are cut off again.
    text = pl.struct(values.alias("v")).struct.json_encode().str.slice(5).str.strip_suffix("}")
    return pl.when(pl.col(column).list.len() > 0).then(text).alias(column)


def digest(columns: Sequence[str]) -> pl.Expr:
    """Return a 64-bit digest of the columns of each row, the same for ever (xxh3), null kept apart from ''.

    Used to recognise what is unchanged, never to prove anything.
    """
    cells = [pl.col(name).fill_null("\x00") for name in columns]
    joined = pl.concat_str(cells, separator="\x1f") if cells else pl.lit("")
    return NonCryptographicHashingNameSpace(joined).xxh3_64().reinterpret(signed=True)
