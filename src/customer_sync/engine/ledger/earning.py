"""What was earned, and by whom: revenue by campaign, source, segment or period; customers and cohorts.

Reads only, from the journal. Promises that revenue adds up to the revenue accounts of the same days, to the
last unit, and says so itself: what names no campaign has a row too. Must not know why revenue was posted.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import polars as pl

from customer_sync.core.decide import Published
from customer_sync.core.ledger import cohorts, purchases
from customer_sync.core.ledger import revenue as attributed
from customer_sync.core.mapping.place import ADDRESS_PARTS
from customer_sync.engine.ledger.notation import Amounts, amounts
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.errors import InvalidInputError
from customer_sync.model.field import CUSTOM_PREFIX, column_name
from customer_sync.store import journal, lifecycle, receivables

__all__ = ["By", "CustomersReport", "RevenueReport", "customers_report", "revenue_report"]

By = Literal["campaign", "source", "segment", "period"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueReport:
    """Revenue in the functional currency. accounts: what each revenue account came to in these days."""

    by: str
    since: date | None
    until: date | None
    rows: pl.DataFrame
    accounts: pl.DataFrame
    write: Amounts

    @property
    def adds_up(self) -> bool:
        """Return whether the rows come to the accounts."""
        return bool(self.rows["revenue_e4"].sum() == self.accounts["revenue_e4"].sum())

    def as_json(self) -> dict[str, Any]:
        """Return everything as values that the JSON writer knows."""
        total = pl.DataFrame({
            "total_e4": [self.rows["revenue_e4"].sum()], "accounts_total_e4": [self.accounts["revenue_e4"].sum()],
        })  # fmt: skip
        return {
            "by": self.by, "from": self.since, "to": self.until, "currency": self.write.functional,
            "rows": self.write.told(self.rows), "accounts": self.write.told(self.accounts),
            **self.write.told(total)[0], "adds_up": self.adds_up,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersReport:
    """What customers brought, those who brought most first; and who came back, month after month."""

    customers: int
    lifetime: pl.DataFrame = field(repr=False)
    cohorts: pl.DataFrame
    write: Amounts

    def as_json(self) -> dict[str, Any]:
        """Return everything as values that the JSON writer knows."""
        return {
            "currency": self.write.functional, "customers": self.customers, "lifetime": self.write.told(self.lifetime),
            "cohorts": self.write.told(self.cohorts),
        }  # fmt: skip


def revenue_report(
    tx: Transaction,
    rules: Published,
    by: By,
    *,
    segment: str = "kind",
    since: date | None = None,
    until: date | None = None,
) -> RevenueReport:
    """Return what was earned between two days.

    Args:
        tx: reads one state.
        rules: the published configuration.
        by: what tells rows apart.
        segment: the field of customers that ``segment`` means.
        since: the first day; None: from the beginning.
        until: the last day; None: to the end.

    Raises:
        InvalidInputError: There is no such field.
    """
    told = _segment(rules, segment) if by == "segment" else None
    lines = lifecycle.revenue(tx, since or date.min, until or date.max, segment=told)
    rows = attributed(lines, [by], rules.books)
    accounts = journal.trial_balance(tx, since=since or date.min, until=until)
    accounts = accounts.filter(pl.col("type") == "revenue")
    sums = accounts.group_by("account", "name").agg(revenue_e4=-pl.col("functional_e4").sum())
    order = ["period"] if by == "period" else ["revenue_e4", by]
    return RevenueReport(
        by=by, since=since, until=until, rows=rows.sort(order, descending=[name == "revenue_e4" for name in order]),
        accounts=sums.sort("account"), write=amounts(rules.books),
    )  # fmt: skip


def _segment(rules: Published, name: str) -> tuple[str, str, str | None]:
    """Return the column of a customer's field, or its name among the workspace's own; of an address, its part."""
    field_name, _, part = name.rpartition(".")
    whole = rules.config.canonical(field_name)
    if whole is not None and whole.kind == "address" and part in ADDRESS_PARTS:
        return column_name(field_name), "", part
    if rules.config.canonical(name) is None or name.startswith("reference."):
        raise InvalidInputError(
            f"there is no field {name[:40]}",
            hint="name a canonical field that customers have, or a part of an address, such as billing_address.country",
        )
    own = name.removeprefix(CUSTOM_PREFIX)
    return ("", own, None) if own != name else (column_name(name), "", None)


def customers_report(tx: Transaction, rules: Published, *, limit: int) -> CustomersReport:
    """Return what customers brought, and who came back."""
    orders = lifecycle.customer_orders(tx)
    lifetime = purchases(lifecycle.customer_revenue(tx), orders, rules.books)
    ranked = lifetime.sort("lifetime_e4", "customer", descending=[True, False])
    top = ranked.head(limit)
    names = receivables.named_customers(tx, top["customer"].to_list()).drop("credit_limit")
    named = top.join(names, on="customer", how="left", maintain_order="left")
    columns = ["customer", "name", "lifetime_e4", "orders", "first", "last"]
    return CustomersReport(
        customers=lifetime.height, lifetime=named.select(columns), cohorts=cohorts(orders), write=amounts(rules.books)
    )  # fmt: skip
