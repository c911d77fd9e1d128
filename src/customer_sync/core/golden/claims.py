"""How images become claims.

A claim appears when a system's image of a field *changes*; what a record shows at first counts as a
change from nothing. A first null says nothing: it clears no other system's value. Claims are kept
cell by cell: (link, field, element), where `element` is the empty text unless the field has many
values; then every element is a claim of its own, and its removal a claim of null.

Promises: `changed_cells(v, v, ...)` is empty; the order of rows never matters. Knows no customer
and no policy.
"""

from collections.abc import Sequence

import polars as pl

from customer_sync.kernel.frames import (
    computed,
    constant,
    from_json,
    json_array,
    json_elements,
    pick,
    to_json,
)
from customer_sync.model.frame import CELLS

__all__ = ["changed_cells", "current_cells", "first_cells", "packed"]

_CLEARED_SEPARATOR = "\x1f"
_ELEMENT_SEPARATOR = "\x1e"


def first_cells(values: pl.DataFrame, many: Sequence[str]) -> pl.DataFrame:
    """Return what records newly seen say: (link, field, element, value).

    Args:
        values: column ``link``, then one column per canonical field.
        many: the canonical fields that hold many values.
    """
    return computed(_cells(values, many).drop_nulls("value"))


def changed_cells(
    before: pl.DataFrame, after: pl.DataFrame, silent: pl.DataFrame, many: Sequence[str]
) -> pl.DataFrame:
    """Return what records say now that their image did not say before.

    Args:
        before: the canonical values of the image as it was: ``link`` and the canonical columns.
        after: the same of the record as observed.
        silent: (link, field) about which the record says nothing now.
        many: the canonical fields that hold many values.

    Returns:
        (link, field, element, value, was); value null: cleared or removed.
    """
    old = _cells(before, many).rename({"value": "was"})
    both = old.join(_cells(after, many), on=["link", "field", "element"], how="full", coalesce=True)
    changed = both.filter(pl.col("value").ne_missing(pl.col("was")))
    if silent.height:
        changed = changed.join(silent.lazy(), on=["link", "field"], how="anti")
    return computed(changed.select("link", "field", "element", "value", "was"))


def _cells(values: pl.DataFrame, many: Sequence[str], index: str = "link") -> pl.LazyFrame:
    """Turn rows of canonical columns into cells; each element of many values is its own cell."""
    lists = [
        name
        for name in many
        if name in values.columns and values[name].null_count() < values.height
    ]
    single = [name for name in values.columns if name != index and name not in many]
    frame = values.lazy()
    cells = frame.unpivot(single, index=index, variable_name="field", value_name="value")
    cells = cells.with_columns(element=pl.lit(""))
    if not lists:
        return cells
    listed = frame.unpivot(
        lists, index=index, variable_name="field", value_name="value"
    ).drop_nulls("value")
    elements = listed.with_columns(json_elements("value")).explode("value").drop_nulls("value")
    return pl.concat([cells, elements.with_columns(element=pl.col("value"))])


def current_cells(
    claims: pl.DataFrame, canonical: Sequence[str], many: Sequence[str]
) -> pl.DataFrame:
    """Unpack stored claims into the present cells: per link, field and element the latest stamp.

    Args:
        claims: rows of model.frame.CLAIMS.
        canonical: every canonical field of the workspace.
        many: those that hold many values.

    Returns:
        Rows of model.frame.CELLS.
    """
    if claims.is_empty():
        return pl.DataFrame(schema=CELLS)
    values = from_json(claims["fields"], canonical)
    rows = pl.int_range(values.height, dtype=pl.UInt32, eager=True).alias("row")
    meta = claims.lazy().select("at", "link", "stamp", "basis", "seen", row=rows)
    cells = _cells(values.with_columns(rows), many, index="row").drop_nulls("value")
    if claims["cleared"].null_count() < claims.height:
        cells = pl.concat([cells, _cleared(claims).lazy()], how="diagonal")
    cells = cells.join(meta, on="row").select(list(CELLS))
    if claims["link"].is_duplicated().any():
        key = ["link", "field", "element"]
        cells = cells.sort("stamp", "basis", descending=True).unique(key, keep="first")
    return computed(cells)


def _cleared(claims: pl.DataFrame) -> pl.DataFrame:
    """Return the cells that claims say are empty now: (row, field, element, value=null)."""
    rows = claims.select("cleared").with_row_index("row").drop_nulls("cleared")
    named = rows.with_columns(pl.col("cleared").str.split(_CLEARED_SEPARATOR)).explode("cleared")
    parts = pl.col("cleared").str.splitn(_ELEMENT_SEPARATOR, 2)
    return named.select(
        "row",
        field=parts.struct.field("field_0"),
        value=pl.lit(None, pl.String),
        element=parts.struct.field("field_1").fill_null(""),
    )


def packed(cells: pl.DataFrame, canonical: Sequence[str], many: Sequence[str]) -> pl.DataFrame:
    """Pack new cells into rows of model.frame.CLAIMS, one per (link, stamp, basis, seen, at)."""
    key = ["link", "stamp", "basis", "seen", "at"]
    said = pick(cells, *key, "field", "value")
    has_cleared = said["value"].null_count() > 0
    said = said.drop_nulls("value") if has_cleared else said
    if not {*many}.isdisjoint(said["field"].unique()):
        is_many = pl.col("field").is_in(list(many))
        lists = said.filter(is_many).group_by(*key, "field").agg(pl.col("value"))
        said = pl.concat([said.filter(~is_many), lists.with_columns(json_array("value"))])
    wide = said.pivot(on="field", index=key, values="value")
    named = [name for name in canonical if name in wide.columns]
    rows = wide.select(*key, fields=to_json(named))
    if not has_cleared:
        return rows.hstack([constant("cleared", None, pl.String(), rows.height)])
    out = rows.join(_emptied(cells, key), on=key, how="full", coalesce=True, nulls_equal=True)
    return out.with_columns(pl.col("fields").fill_null("{}"))


def _emptied(cells: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Return the names of what cells say is empty now, by claim: the key and ``cleared``."""
    name = (
        pl.when(pl.col("element") == "")
        .then(pl.col("field"))
        .otherwise(pl.concat_str("field", pl.lit(_ELEMENT_SEPARATOR), "element"))
    )
    gone = cells.filter(pl.col("value").is_null()).select(*key, name=name)
    return gone.group_by(key).agg(cleared=pl.col("name").sort().str.join(_CLEARED_SEPARATOR))
