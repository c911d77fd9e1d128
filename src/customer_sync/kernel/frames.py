"""Small expressions over Polars frames that several floors need; no business meaning.

A JSON array of texts is how many values live in one cell. It is always written by `json_array`, so
equal sets are equal texts.
"""

from collections.abc import Mapping, Sequence

import polars as pl
from polars_hash import NonCryptographicHashingNameSpace

__all__ = [
    "among",
    "apart",
    "beside",
    "computed",
    "constant",
    "digest",
    "empty",
    "from_json",
    "json_array",
    "json_elements",
    "matched",
    "pick",
    "to_json",
    "unless",
    "where",
]

Schema = Mapping[str, pl.DataType | type[pl.DataType]]


def empty(schema: Schema) -> pl.DataFrame:
    """Return a frame of no rows with that schema."""
    return pl.DataFrame(schema=dict(schema))


FEW_ROWS = 100  # up to this, looking keys up (0.05 ms) is cheaper than a join (0.2 ms)

# A query of Polars costs 0.1 to 0.3 ms whatever its size, and a batch of one record makes hundreds.
# What is empty, or only named, needs none: said here once, so that no caller has to ask.


def pick(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Return these columns of a frame, in this order."""
    return frame[list(columns)]


def where(frame: pl.DataFrame, predicate: pl.Expr | pl.Series | str) -> pl.DataFrame:
    """Return the rows of which the predicate, the mask, or the column of that name is true."""
    if isinstance(predicate, pl.Expr):
        return frame.filter(predicate) if frame.height else frame
    mask = frame[predicate] if isinstance(predicate, str) else predicate
    if mask.all(ignore_nulls=False):
        return frame
    # Column by column it is no query.
    return pl.DataFrame([column.filter(mask) for column in frame.get_columns()])


def computed(query: pl.LazyFrame) -> pl.DataFrame:
    """Compute what was asked for here and now: a batch is small, and starting threads for it costs more."""
    return query.collect(engine="in-memory")


def constant(name: str, value: object, dtype: pl.DataType, height: int) -> pl.Series:
    """Return a column that says the same in every row."""
    return pl.Series(name, [value], dtype).new_from_index(0, height)


def unless(frame: pl.DataFrame, flag: str) -> pl.DataFrame:
    """Return the rows of which the flag, a column, is not true."""
    flags = frame[flag]
    if not flags.any():
        return frame
    return where(frame, ~(flags.fill_null(value=False) if flags.null_count() else flags))


def among(frame: pl.DataFrame, other: pl.DataFrame, on: str | list[str]) -> pl.DataFrame:
    """Return the rows whose key is one of the other frame's."""
    if not (frame.height and other.height):
        return frame.clear()
    if max(frame.height, other.height) > FEW_ROWS:
        return frame.join(other, on=on, how="semi")
    return where(frame, _is_met(frame, other, on))


def apart(frame: pl.DataFrame, other: pl.DataFrame, on: str | list[str]) -> pl.DataFrame:
    """Return the rows whose key is none of the other frame's."""
    if not (frame.height and other.height):
        return frame
    if max(frame.height, other.height) > FEW_ROWS:
        return frame.join(other, on=on, how="anti")
    return where(frame, ~_is_met(frame, other, on))


def _is_met(frame: pl.DataFrame, other: pl.DataFrame, on: str | list[str]) -> pl.Series:
    """Tell row by row whether the key is one of the other frame's; what is null meets nothing."""
    keys = [on] if isinstance(on, str) else on
    there = set(zip(*(other[key].to_list() for key in keys), strict=True))
    here = zip(*(frame[key].to_list() for key in keys), strict=True)
    return pl.Series([key in there and None not in key for key in here], dtype=pl.Boolean)


def matched(frame: pl.DataFrame, other: pl.DataFrame, on: str | list[str]) -> pl.DataFrame:
    """Return the rows of both frames with the same key, side by side."""
    if frame.height and other.height:
        return frame.join(other, on=on)
    return pl.DataFrame(schema={**frame.schema, **other.schema})


def beside(frame: pl.DataFrame, other: pl.DataFrame, on: str | list[str]) -> pl.DataFrame:
    """Return all rows of the first frame in their order, with those of the other of the same key."""
    if frame.height and other.height:
        return frame.join(other, on=on, how="left", maintain_order="left")
    if frame.is_empty():
        return matched(frame, other, on)
    keys = {on} if isinstance(on, str) else set(on)
    nothing = [
        constant(name, None, dtype, frame.height)
        for name, dtype in other.schema.items()
        if name not in keys
    ]
    return pl.DataFrame([*frame.get_columns(), *nothing])


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


def digest(columns: Sequence[str | pl.Expr]) -> pl.Expr:
    """Return a 64-bit digest of the columns of each row, the same for ever (xxh3), null kept apart from ''.

    Used to recognise what is unchanged, never to prove anything.
    """
    texts = [pl.col(one) if isinstance(one, str) else one for one in columns]
    cells = [text.fill_null("\x00") for text in texts]
    joined = pl.concat_str(cells, separator="\x1f") if cells else pl.lit("")
    return NonCryptographicHashingNameSpace(joined).xxh3_64().reinterpret(signed=True)
