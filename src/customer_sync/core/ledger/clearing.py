"""Clearing: does what a processor paid out equal what it took, less its fees?

Promises one row per account, currency and payout, that what is left adds up to the balance of the
clearing account, and that a payout which clears leaves nothing behind in the functional currency either:
what rates made of it is realised. Must not know payments from fees.
"""

import polars as pl

from customer_sync.core.ledger.entry import entries
from customer_sync.core.ledger.rule import Calendar, Rules
from customer_sync.model.document import POSTINGS

__all__ = ["cleared", "realised"]

_KEY = ["account", "currency", "payout"]


def cleared(clearing: pl.DataFrame) -> pl.DataFrame:
    """Return account, currency, payout, left_e4, functional_e4, document and date of the payout, and state of CLEARING.

    States: in_transit (no payout carries it yet), payout_missing (named, not seen), differs, cleared.
    """
    is_payout = pl.col("is_payout")
    sums = clearing.group_by(_KEY).agg(
        left_e4=pl.col("amount_e4").sum(),
        functional_e4=pl.col("functional_e4").sum(),
        document=pl.col("document").filter(is_payout).max(),
        date=pl.col("date").filter(is_payout).max(),
    )
    state = (
        pl.when(pl.col("payout").is_null())
        .then(pl.lit("in_transit"))
        .when(pl.col("document").is_null())
        .then(pl.lit("payout_missing"))
        .when(pl.col("left_e4") != 0)
        .then(pl.lit("differs"))
        .otherwise(pl.lit("cleared"))
    )
    return sums.with_columns(state=state).sort(_KEY)


def realised(
    payouts: pl.DataFrame, rules: Rules, days: Calendar
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return ENTRIES and POSTINGS that realise what rates left of payouts which clear, as `cleared` tells them."""
    left = pl.col("functional_e4")
    due = payouts.filter((pl.col("state") == "cleared") & (left != 0)).sort("document", *_KEY)
    due = due.with_columns(
        entry=pl.int_range(pl.len(), dtype=pl.Int64),
        date=days.open_day(pl.col("date")),
        rule=pl.lit("clearing"),
        party=pl.lit(None, pl.Int64),
        amount_e4=pl.lit(0, pl.Int64),
    )
    exchange = rules.config.exchange
    account = (
        pl.when(left < 0).then(pl.lit(exchange.gains)).otherwise(pl.lit(exchange.losses))
    )  # fmt: skip
    lines = pl.concat([
        due.with_columns(line=pl.lit(1, pl.Int32), functional_e4=-left),
        due.with_columns(line=pl.lit(2, pl.Int32), account=account),
    ])  # fmt: skip
    return entries(due, "exchange"), lines.select(POSTINGS.keys()).sort("entry", "line")
