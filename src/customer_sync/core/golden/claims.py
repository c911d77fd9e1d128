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

from customer_sync.kernel.frames import from_json, json_array, json_elements, to_json
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
    cells = values.unpivot(index="link", variable_name="field", value_name="value").drop_nulls(
        "value"
    )
    return _exploded(cells, many)


def changed_cells(
    before: pl.DataFrame, after: pl.DataFrame, silent: pl.DataFrame, many: Sequence[str]
) -> pl.DataFrame:
    """Return what records say now that their image did not say before.

    Args:
        before: the canonical values of the image as it was: ``link`` and the canonical columns.
        after: the same of the record as observed.
        silent: (link, field) about which the record says nothing now, or said nothing before.
        many: the canonical fields that hold many values.

    Returns:
        (link, field, element, value, was); value null: cleared or removed.
    """
    old = _exploded(before.unpivot(index="link", variable_name="field", value_name="value"), many)
    new = _exploded(after.unpivot(index="link", variable_name="field", value_name="value"), many)
    key = ["link", "field", "element"]
    both = old.rename({"value": "was"}).join(
        new, on=key, how="full", coalesce=True, nulls_equal=True
    )
    changed = both.filter(pl.col("value").ne_missing(pl.col("was")))
    if silent.height:
        changed = changed.join(silent, on=["link", "field"], how="anti")
    return changed.select("link", "field", "element", "value", "was")


def _exploded(cells: pl.DataFrame, many: Sequence[str]) -> pl.DataFrame:
    """Turn each value of a many-valued field into its elements; each is its own value."""
    if not many or cells.is_empty():
        return cells.with_columns(element=pl.lit(""))
    is_many = pl.col("field").is_in(list(many))
    listed = cells.filter(is_many & pl.col("value").is_not_null())
    single = cells.filter(~is_many).with_columns(element=pl.lit(""))
    if listed.is_empty():
        return single
    elements = listed.with_columns(json_elements("value")).explode("value").drop_nulls("value")
    return pl.concat([single, elements.with_columns(element=pl.col("value"))])


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
    meta = claims.select("link", "at", "stamp", "basis", "seen").with_row_index("row")
    values = from_json(claims["fields"], canonical).with_row_index("row")
    said = values.unpivot(index="row", variable_name="field", value_name="value").drop_nulls(
        "value"
    )
    cells = _exploded(said, many)
    cleared = _cleared(claims)
    if cleared.height:
        cells = pl.concat([cells.select(cleared.columns), cleared])
    cells = cells.join(meta, on="row").select(list(CELLS))
    if claims["link"].is_duplicated().any():
        key = ["link", "field", "element"]
        cells = cells.sort("stamp", "basis", descending=True).unique(key, keep="first")
    return cells


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
    is_many = pl.col("field").is_in(list(many))
    said = cells.filter(pl.col("value").is_not_null())
    single = said.filter(~is_many).select(*key, "field", "value")
    lists = (
        said.filter(is_many)
        .group_by(*key, "field")
        .agg(pl.col("value"))
        .with_columns(json_array("value"))
        .select(*key, "field", "value")
    )
    wide = pl.concat([single, lists]).pivot(on="field", index=key, values="value")
    named = [name for name in canonical if name in wide.columns]
    rows = wide.select(*key, fields=to_json(named))
    cleared = (
        cells.filter(pl.col("value").is_null())
        .with_columns(
            name=pl.when(pl.col("element") == "")
            .then(pl.col("field"))
            .otherwise(pl.concat_str("field", pl.lit(_ELEMENT_SEPARATOR), "element"))
        )
        .group_by(key)
        .agg(cleared=pl.col("name").sort().str.join(_CLEARED_SEPARATOR))
    )
    out = rows.join(cleared, on=key, how="full", coalesce=True)
    return out.with_columns(pl.col("fields").fill_null("{}")).select(
        *key[:4], "at", "fields", "cleared"
    )
