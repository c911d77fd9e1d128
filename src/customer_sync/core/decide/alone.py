"""Records that are the only one of a new customer: what they say is what holds.

At a first load that is nearly every record, and its claims and golden values are its own row, column
by column. Taking them through claims cell by cell gives the same (tests/property/test_alone.py) at
three times the cost, because nine columns become nine rows and are turned back again.
"""

from collections.abc import Sequence

import polars as pl

from customer_sync.kernel.frames import to_json
from customer_sync.model.frame import CLAIMS

__all__ = ["ROWS_MIN", "alone_links", "claims_of", "golden_of"]

ROWS_MIN = 100  # for a few records the cell by cell path costs nothing more


def alone_links(
    links: pl.DataFrame, known: pl.DataFrame, values: pl.DataFrame, before: pl.DataFrame
) -> pl.DataFrame:
    """Return the links (link, customer) that are the only one of a customer nobody knew.

    Args:
        links: links after the batch.
        known: customers that were there before (customer).
        values: what the batch's records say.
        before: what those of them said before that were known.
    """
    only = links.select("link", "customer").filter(pl.col("customer").is_unique())
    fresh = only.join(known.select("customer"), on="customer", how="anti").join(
        before, on="link", how="anti"
    )
    return fresh.join(values.select("link"), on="link", how="semi")


def golden_of(alone: pl.DataFrame, values: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """Return their golden values: ``customer`` and one column per canonical field."""
    rows = alone.join(values, on="link", how="left", maintain_order="left")
    missing = [pl.lit(None, pl.String).alias(name) for name in fields if name not in rows.columns]
    return rows.with_columns(missing).select("customer", *fields)


def claims_of(
    alone: pl.DataFrame,
    values: pl.DataFrame,
    times: pl.DataFrame,
    fields: Sequence[str],
    *,
    batch: int,
) -> pl.DataFrame:
    """Return their claims: model.frame.CLAIMS. times: (link, at)."""
    named = [name for name in fields if name in values.columns]
    rows = alone.select("link").join(values, on="link", how="left", maintain_order="left")
    said = rows.filter(pl.any_horizontal(pl.col(named).is_not_null())) if named else rows.clear()
    stamp = pl.lit(batch, pl.Int64)
    packed = said.join(times, on="link", how="left", maintain_order="left").select(
        "link", stamp=stamp, basis=stamp, seen=pl.lit(0, pl.Int64), at="at", fields=to_json(named),
        cleared=pl.lit(None, pl.String),
    )  # fmt: skip
    return packed.select(list(CLAIMS))
