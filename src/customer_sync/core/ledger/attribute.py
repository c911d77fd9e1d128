"""Attribution: whose revenue it was, by campaign, source and period; what customers bring, and whether they stay.

Promises that the rows add up to the revenue accounts, to the last unit: what names no campaign has a row
too. Must not know why revenue was posted.
"""

from collections.abc import Sequence

import polars as pl

from customer_sync.core.ledger.rule import Rules
from customer_sync.model.ledger_config import root_of

__all__ = ["cohorts", "purchases", "revenue"]


def revenue(postings: pl.DataFrame, by: Sequence[str], rules: Rules) -> pl.DataFrame:
    """Return the functional revenue (credits positive) of postings by columns of theirs.

    Args:
        postings: account, functional_e4, and the columns asked for: period, campaign, source, segment.
        by: those columns.
        rules: the workspace's.
    """
    lines = _of_revenue(postings, rules)
    return lines.group_by(list(by)).agg(revenue_e4=-pl.col("functional_e4").sum()).sort(by)


def purchases(postings: pl.DataFrame, orders: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Return customer, lifetime_e4, orders, first and last.

    Args:
        postings: customer, account, functional_e4 of every posting of the customers' documents.
        orders: customer and date of each of their orders; of their invoices where there are none.
        rules: the workspace's.
    """
    value = _of_revenue(postings, rules).group_by("customer").agg(
        lifetime_e4=-pl.col("functional_e4").sum()
    )  # fmt: skip
    counted = orders.group_by("customer").agg(
        orders=pl.len().cast(pl.Int64), first=pl.col("date").min(), last=pl.col("date").max()
    )
    both = value.join(counted, on="customer", how="full", coalesce=True)
    return both.with_columns(pl.col("lifetime_e4", "orders").fill_null(0)).sort("customer")


def cohorts(orders: pl.DataFrame) -> pl.DataFrame:
    """Return who came back: cohort, month, customers and active, for every month from the cohort's first to the last.

    Args:
        orders: customer and date of each of their orders, of any day.

    Returns:
        cohort (the month of a customer's first order, its first day), month (0 is the first), customers (how many
        the cohort has) and active (how many of them ordered in that month), sorted.
    """
    number = pl.col("date").dt.year() * 12 + pl.col("date").dt.month().cast(pl.Int32) - 1
    bought = orders.select("customer", at=number.cast(pl.Int64)).unique()
    first = bought.group_by("customer").agg(begun=pl.col("at").min())
    active = bought.join(first, on="customer").with_columns(month=pl.col("at") - pl.col("begun"))
    active = active.group_by("begun", "month").agg(active=pl.len().cast(pl.Int64))
    sizes = first.group_by("begun").agg(customers=pl.len().cast(pl.Int64))
    every = sizes.with_columns(last=pl.lit(bought["at"].max(), pl.Int64)).with_columns(
        month=pl.int_ranges(0, pl.col("last") - pl.col("begun") + 1, dtype=pl.Int64)
    )
    found = every.explode("month").join(active, on=["begun", "month"], how="left")
    cohort = pl.date(pl.col("begun") // 12, pl.col("begun") % 12 + 1, 1)
    return found.select(
        cohort.alias("cohort"), "month", "customers", active=pl.col("active").fill_null(0)
    ).sort("cohort", "month")


def _of_revenue(postings: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    chart = rules.config.chart()
    accounts = [
        account
        for account in postings["account"].unique()
        if (root := root_of(account, chart)) in chart and chart[root].type == "revenue"
    ]
    return postings.filter(pl.col("account").is_in(accounts))
