"""Where customers stand: ageing, overdue amounts, credit and dunning, loyalty tiers.

Decides from open amounts, a day and the configuration. Promises that the buckets of a customer add up to
its balance; customer credit has a bucket of its own and is never netted against what is overdue, so that
nobody's delay is hidden by a payment that nobody allocated. Must not read the clock.
"""

from datetime import date
from decimal import Decimal

import polars as pl

from customer_sync.model.ledger_config import Ageing, LedgerConfig, Loyalty

__all__ = ["aged", "credit", "tiers"]


def aged(items: pl.DataFrame, day: date, ageing: Ageing) -> pl.DataFrame:
    """Return customer, currency, bucket, amount_e4 and functional_e4 of OPEN items, as of a day.

    Buckets: credit, not_due, then ``1-30`` and so on, at last ``over-90``.
    """
    late = _days_late(day)
    bucket = (
        pl.when(pl.col("open_e4") < 0).then(pl.lit("credit")).when(late <= 0).then(pl.lit("not_due"))
    )  # fmt: skip
    first = 1
    for last in ageing.days:
        bucket = bucket.when(late <= last).then(pl.lit(f"{first}-{last}"))
        first = last + 1
    named = items.with_columns(bucket=bucket.otherwise(pl.lit(f"over-{first - 1}")))
    key = ["customer", "currency", "bucket"]
    sums = named.group_by(key).agg(
        pl.col("open_e4").sum().alias("amount_e4"), pl.col("functional_e4").sum()
    )
    return sums.sort(key)


def credit(
    items: pl.DataFrame, limits: pl.DataFrame, day: date, config: LedgerConfig
) -> pl.DataFrame:
    """Return where customers stand, in the functional currency, as of a day.

    Args:
        items: OPEN items of every customer asked for.
        limits: customer and limit_e4, null where there is none.
        day: the day.
        config: the ledger's.

    Returns:
        customer, balance_e4, overdue_e4, days_overdue, limit_e4, available_e4 (null without a limit),
        dunning (the level, 0 is none) and state: ok, over_limit, blocked.
    """
    late = _days_late(day)
    is_overdue = (pl.col("open_e4") > 0) & (late > 0)
    sums = items.group_by("customer").agg(
        balance_e4=pl.col("functional_e4").sum(),
        overdue_e4=pl.col("functional_e4").filter(is_overdue).sum(),
        days_overdue=late.filter(is_overdue).max().fill_null(0),
    )
    dunning, limit = config.dunning, pl.col("limit_e4")
    reached = [(pl.col("days_overdue") >= days).cast(pl.Int32) for days in dunning.levels]
    level = pl.sum_horizontal(pl.lit(0, pl.Int32), *reached)
    worth = pl.col("overdue_e4") >= max(1, int(Decimal(dunning.minimum) * 10_000))
    frame = sums.join(limits, on="customer", how="full", coalesce=True).with_columns(
        pl.col("balance_e4", "overdue_e4", "days_overdue").fill_null(0)
    )
    frame = frame.with_columns(
        available_e4=limit - pl.col("balance_e4"),
        dunning=pl.when(worth).then(level).otherwise(pl.lit(0, pl.Int32)),
    )
    blocks = pl.lit(value=False) if dunning.block is None else pl.col("dunning") >= dunning.block
    state = (
        pl.when(blocks)
        .then(pl.lit("blocked"))
        .when(pl.col("available_e4") < 0)
        .then(pl.lit("over_limit"))
        .otherwise(pl.lit("ok"))
    )
    amounts = ["balance_e4", "overdue_e4", "days_overdue", "limit_e4", "available_e4", "dunning"]
    return frame.select("customer", *amounts, state=state).sort("customer")


def tiers(points: pl.DataFrame, loyalty: Loyalty) -> pl.DataFrame:
    """Add ``tier`` to customers and the points_e4 they hold; null below the first."""
    tier = pl.lit(None, pl.String)
    for name, least in sorted(loyalty.tiers.items(), key=lambda one: one[1]):
        reached = pl.col("points_e4") >= least * 10_000
        tier = pl.when(reached).then(pl.lit(name)).otherwise(tier)
    return points.with_columns(tier=tier)


def _days_late(day: date) -> pl.Expr:
    return (pl.lit(day) - pl.col("due")).dt.total_days()
