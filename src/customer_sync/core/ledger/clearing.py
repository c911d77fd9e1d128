"""Clearing: does what a processor paid out equal what it took, less its fees?

Promises one row per account, currency and payout, and that what is left adds up to the balance of the
clearing account.
"""

import polars as pl

__all__ = ["cleared"]


def cleared(clearing: pl.DataFrame) -> pl.DataFrame:
    """Return account, currency, payout, left_e4, functional_e4 and state of CLEARING.

    States: in_transit (no payout carries it yet), payout_missing (named, not seen), differs, cleared.
    """
    sums = clearing.group_by("account", "currency", "payout").agg(
        left_e4=pl.col("amount_e4").sum(),
        functional_e4=pl.col("functional_e4").sum(),
        is_paid=pl.col("is_payout").any(),
    )
    state = (
        pl.when(pl.col("payout").is_null())
        .then(pl.lit("in_transit"))
        .when(~pl.col("is_paid"))
        .then(pl.lit("payout_missing"))
        .when(pl.col("left_e4") != 0)
        .then(pl.lit("differs"))
        .otherwise(pl.lit("cleared"))
    )
    return sums.with_columns(state=state).drop("is_paid").sort("account", "currency", "payout")
