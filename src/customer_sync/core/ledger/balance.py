"""Sums over postings: balances, and the entries that do not balance.

Promises exact integers and no row for a balance that is nothing in both currencies. Must not know why
anything was posted.
"""

import polars as pl

from customer_sync.model.document import POSTINGS

__all__ = ["balances", "unbalanced"]

_SUMS = (pl.col("amount_e4").sum(), pl.col("functional_e4").sum())


def balances(postings: pl.DataFrame) -> pl.DataFrame:
    """Return party, account, currency and both sums of POSTINGS, in the order of their keys."""
    keys = ["party", "account", "currency"]
    sums = postings.group_by(keys).agg(*_SUMS)
    return sums.filter((pl.col("amount_e4") != 0) | (pl.col("functional_e4") != 0)).sort(keys)


def unbalanced(postings: pl.DataFrame) -> pl.DataFrame:
    """Return the entries of POSTINGS that do not balance: entry, currency (null: functional), difference_e4."""
    assert dict(postings.schema) == POSTINGS
    by_currency = postings.group_by("entry", "currency").agg(
        difference_e4=pl.col("amount_e4").sum()
    )
    functional = postings.group_by("entry").agg(difference_e4=pl.col("functional_e4").sum())
    both = pl.concat([
        by_currency,
        functional.select("entry", pl.lit(None, pl.String).alias("currency"), "difference_e4"),
    ])  # fmt: skip
    return both.filter(pl.col("difference_e4") != 0).sort("entry", "currency")
