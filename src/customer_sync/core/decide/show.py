"""What a record should show, beside what it shows: the same answer for routing, delivery and verify."""

from collections.abc import Sequence

import polars as pl

from customer_sync.kernel.frames import among, beside, pick

__all__ = ["desired", "differing"]


def desired(
    golden: pl.DataFrame, shown: pl.DataFrame, kept: pl.DataFrame, outward: Sequence[str]
) -> pl.DataFrame:
    """Return the canonical values each record should show: ``link`` and the outward columns.

    They are the golden values, save where the record may keep what it shows: a value its system made
    of what it was sent, and a value that was set aside (a person must mend it first; writing over it
    would destroy what they typed).

    Args:
        golden: ``link`` and canonical columns: the golden values of the record's customer.
        shown: ``link`` and canonical columns: what the record shows; same rows, same order.
        kept: (link, field, sent, made, always): cells to be kept; `always`: whatever they show, else as
            long as the golden value is the one that was sent and they show what was made of it.
        outward: canonical fields the stream delivers.
    """
    columns = [name for name in outward if name in golden.columns]
    wanted = pick(golden, "link", *columns)
    kept = among(kept, wanted, "link")
    if kept.is_empty():
        return wanted
    kept = kept.sort("always", descending=True).unique(["link", "field"], keep="first")
    there = set(kept["field"])
    for name in [name for name in columns if name in there]:
        cell = pick(kept.filter(pl.col("field") == name), "link", "sent", "made", "always")
        joined = beside(pick(wanted, "link", name), cell, "link")
        theirs = (
            shown[name]
            if name in shown.columns
            else pl.Series(name, [None] * shown.height, pl.String)
        )
        same = joined["sent"].eq_missing(joined[name]) & joined["made"].eq_missing(theirs)
        keeps = joined["always"].fill_null(value=False) | (joined["always"].is_not_null() & same)
        values = pl.select(
            pl.when(keeps).then(theirs).otherwise(wanted[name]).alias(name)
        ).to_series()
        wanted = wanted.with_columns(values)
    return wanted


def differing(wanted: pl.DataFrame, shown: pl.DataFrame) -> pl.Series:
    """Return, row by row, whether any wanted canonical value may not be the one shown.

    A field that is only delivered has no canonical value shown, so it always may; its patch tells.
    """
    columns = [name for name in wanted.columns if name != "link"]
    if not columns:
        return pl.Series("differs", [False], pl.Boolean).new_from_index(0, wanted.height)
    if not set(columns) <= set(shown.columns):
        return pl.Series("differs", [True], pl.Boolean).new_from_index(0, wanted.height)
    differs = pl.Series("differs", [False], pl.Boolean).new_from_index(0, wanted.height)
    for name in columns:
        if not wanted[name].equals(shown[name], check_dtypes=True):
            differs = differs | wanted[name].ne_missing(shown[name])
    return differs
