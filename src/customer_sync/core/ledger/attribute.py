"""Attribution: whose revenue it was, by campaign, source and period.

Promises that the rows add up to the revenue accounts, to the last unit: what names no campaign has a row
too. Must not know why revenue was posted.
"""

from collections.abc import Sequence

import polars as pl

from customer_sync.core.ledger.rule import Rules
from customer_sync.model.ledger_config import root_of

__all__ = ["purchases", "revenue"]


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


def _of_revenue(postings: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    chart = rules.config.chart()
    accounts = [
        account
        for account in postings["account"].unique()
        if (root := root_of(account, chart)) in chart and chart[root].type == "revenue"
    ]
    return postings.filter(pl.col("account").is_in(accounts))
