"""What customers owe: the balance, the statement and the ageing, as an accountant asks for them.

Reads only, from the postings. Promises that a statement's closing balance is the sum of what is open at
its end, and that an ageing is the control accounts of that day, to the last unit: both say so themselves.
A retired customer is answered for by the one it became.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from customer_sync.core.ledger import Rules, aged, credit
from customer_sync.engine.ledger.notation import Amounts, amounts
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.errors import NotFoundError
from customer_sync.store import crosswalk, receivables

__all__ = [
    "AgeingReport", "CustomerBalance", "CustomerStatement", "ageing", "balance", "debtors", "resolved", "statement",
]  # fmt: skip

ID_MAX = 2**63 - 1
_BOTH = ("amount_e4", "functional_e4")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerBalance:
    """What one customer owes. credit: its standing, in the functional currency."""

    customer: int
    name: str = field(repr=False)
    day: date
    balances: pl.DataFrame
    credit: pl.DataFrame
    write: Amounts

    def as_json(self) -> dict[str, Any]:
        """Return everything as values that the JSON writer knows."""
        standing = self.write.told(self.credit.drop("customer"))
        return {
            "customer": self.customer, "name": self.name, "day": self.day, "currency": self.write.functional,
            "balances": self.write.told(self.balances), "credit": standing[0] if standing else None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerStatement:
    """One customer's account between two days. opening, closing: by currency. open: what is open at its end."""

    customer: int
    name: str = field(repr=False)
    since: date | None
    until: date
    opening: pl.DataFrame
    lines: pl.DataFrame
    closing: pl.DataFrame
    open: pl.DataFrame
    write: Amounts

    @property
    def adds_up(self) -> bool:
        """Return whether what is open is the closing balance, currency by currency."""
        left = self.open.select("currency", "functional_e4", amount_e4="open_e4")
        return _by_currency(left).equals(self.closing)

    def as_json(self) -> dict[str, Any]:
        """Return everything as values that the JSON writer knows."""
        return {
            "customer": self.customer, "name": self.name, "from": self.since, "to": self.until,
            "currency": self.write.functional, "opening": self.write.told(self.opening),
            "lines": self.write.told(self.lines), "closing": self.write.told(self.closing),
            "open": self.write.told(self.open), "adds_up": self.adds_up,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeingReport:
    """How old what is owed is. rows: a column a bucket. control: what the control accounts say."""

    day: date
    buckets: Sequence[str]
    rows: pl.DataFrame
    totals: pl.DataFrame
    control: pl.DataFrame
    write: Amounts

    @property
    def adds_up(self) -> bool:
        """Return whether the customers come to the control accounts, currency by currency."""
        return self.totals.select("currency", amount_e4="total_e4").equals(
            self.control.select("currency", "amount_e4")
        )

    def as_json(self) -> dict[str, Any]:
        """Return everything as values that the JSON writer knows."""
        return {
            "day": self.day, "currency": self.write.functional, "customers": self.write.told(self.rows),
            "totals": self.write.told(self.totals), "control": self.write.told(self.control), "adds_up": self.adds_up,
        }  # fmt: skip


def resolved(tx: Transaction, customer: int) -> int:
    """Return the customer that a number stands for now.

    Raises:
        NotFoundError: It never was one.
    """
    found = crosswalk.existing(tx, [customer]) if 0 < customer <= ID_MAX else {}
    if customer not in found:
        raise NotFoundError(
            f"there is no customer {customer}", hint="find its number with: customer-sync customers --search NAME"
        )  # fmt: skip
    return found[customer]


def debtors(tx: Transaction, rules: Rules, *, limit: int) -> list[dict[str, Any]]:
    """Return who owes most: customer, name, currency, amount, functional."""
    largest = receivables.largest_balances(tx, limit=limit)
    names = _named(tx, largest["customer"].unique().to_list())
    rows = largest.join(names, on="customer", how="left", maintain_order="left")
    order = ["customer", "name", "currency", *_BOTH]
    return amounts(rules).told(rows.select(order))


def balance(tx: Transaction, rules: Rules, asked: int, day: date) -> CustomerBalance:
    """Return what a customer owes, and how it stands on that day.

    Raises:
        NotFoundError: There is no such customer.
    """
    customer = resolved(tx, asked)
    named = receivables.named_customers(tx, [customer])
    open_items = receivables.open_at(tx, day, [customer])
    standing = credit(open_items, _limits(named, rules), day, rules.config)
    held = receivables.balances(tx, [customer]).drop("customer")
    return CustomerBalance(
        customer=customer, name=str(named["name"][0]), day=day, balances=held, credit=standing, write=amounts(rules)
    )  # fmt: skip


def statement(
    tx: Transaction, rules: Rules, asked: int, *, since: date | None, until: date
) -> CustomerStatement:
    """Return what a customer owed before, what changed it, and what is open at the end.

    Raises:
        NotFoundError: There is no such customer.
    """
    customer = resolved(tx, asked)
    told = receivables.statement(tx, customer, since=since, until=until)
    items = receivables.open_at(tx, until, [customer]).drop("customer")
    moved = told.lines.select("currency", *_BOTH)
    return CustomerStatement(
        customer=customer, name=str(_named(tx, [customer])["name"][0]), since=since, until=until,
        opening=_by_currency(told.forward), lines=told.lines, closing=_by_currency(pl.concat([told.forward, moved])),
        open=items, write=amounts(rules),
    )  # fmt: skip


def ageing(tx: Transaction, rules: Rules, day: date, asked: int | None = None) -> AgeingReport:
    """Return how old what customers owe is at the end of a day.

    Args:
        tx: reads one state.
        rules: the workspace's.
        day: the day.
        asked: of this customer only; then the control is its own balance.

    Raises:
        NotFoundError: There is no such customer.
    """
    only = None if asked is None else [resolved(tx, asked)]
    items = receivables.open_at(tx, day, only)
    if only is None:
        control = _by_currency(receivables.control_at(tx, day))
    else:
        told = receivables.statement(tx, only[0], until=day)
        control = _by_currency(told.lines)
    buckets = _buckets(rules)
    rows = _wide(aged(items, day, rules.config.ageing), buckets)
    names = _named(tx, rows["customer"].to_list())
    rows = rows.join(names, on="customer", how="left", maintain_order="left")
    columns = [f"{bucket}_e4" for bucket in buckets] + ["total_e4", "functional_e4"]
    totals = rows.group_by("currency").agg(pl.col(columns).sum()).sort("currency")
    nothing = (pl.col("total_e4") == 0) & (pl.col("functional_e4") == 0)
    return AgeingReport(
        day=day, buckets=buckets, rows=rows.select("customer", "name", "currency", *columns),
        totals=totals.filter(~nothing), control=control, write=amounts(rules),
    )  # fmt: skip


def _buckets(rules: Rules) -> list[str]:
    ends = rules.config.ageing.days
    starts = [1, *(end + 1 for end in ends)]
    middle = [f"{start}-{end}" for start, end in zip(starts, ends, strict=False)]
    return ["not_due", *middle, f"over-{ends[-1] if ends else 0}", "credit"]


def _wide(long: pl.DataFrame, buckets: Sequence[str]) -> pl.DataFrame:
    key = ["customer", "currency"]
    columns = [
        pl.col("amount_e4").filter(pl.col("bucket") == bucket).sum().alias(f"{bucket}_e4")
        for bucket in buckets
    ]
    sums = long.group_by(key).agg(
        *columns, pl.col("amount_e4").sum().alias("total_e4"), pl.col("functional_e4").sum()
    )
    return sums.sort(key)


def _by_currency(lines: pl.DataFrame) -> pl.DataFrame:
    """Return currency and both amounts, without currencies that come to nothing."""
    sums = lines.group_by("currency").agg(pl.col(_BOTH).sum()).sort("currency")
    return sums.filter((pl.col("amount_e4") != 0) | (pl.col("functional_e4") != 0))


def _named(tx: Transaction, customers: Sequence[int]) -> pl.DataFrame:
    return receivables.named_customers(tx, customers).drop("credit_limit")


def _limits(named: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Return customer and limit_e4; a limit in another currency than the functional one limits nothing here."""
    parts = pl.col("credit_limit").str.split_exact(" ", 1)
    amount, currency = parts.struct.field("field_0"), parts.struct.field("field_1")
    whole = amount.cast(pl.Decimal(38, 4), strict=False).to_physical().cast(pl.Int64, strict=False)
    return named.select(
        "customer", limit_e4=pl.when(currency.fill_null(rules.functional) == rules.functional).then(whole)
    )  # fmt: skip
