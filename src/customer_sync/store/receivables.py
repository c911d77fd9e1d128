"""What customers owe: balances, open items, and the statement of one.

Reads only. A customer's figures are the sums over its records, as they are tied now, so merging and
unmerging change no posting and restore exactly. Asked of one customer, the cost follows what that
customer has, not how many customers there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from customer_sync.infra.pg import Transaction, load

__all__ = [
    "CUSTOMER_BALANCES", "NAMED_CUSTOMERS", "OPEN_AT", "OPEN_ITEMS", "STATEMENT_LINES", "Statement", "balances",
    "control_at", "largest_balances", "named_customers", "open_at", "open_items", "points",
    "said_tier", "statement",
]  # fmt: skip

STATEMENTS = load(__file__)

CUSTOMER_BALANCES: dict[str, pl.DataType] = {
    "customer": pl.Int64(),
    "account": pl.String(),
    "currency": pl.String(),
    "amount_e4": pl.Int64(),
    "functional_e4": pl.Int64(),
}
# balance_e4: what the customer owes in that currency after the entry.
STATEMENT_LINES: dict[str, pl.DataType] = {
    "date": pl.Date(),
    "entry": pl.Int64(),
    "kind": pl.String(),
    "document": pl.Int64(),
    "type": pl.String(),
    "number": pl.String(),
    "due_date": pl.Date(),
    "currency": pl.String(),
    "amount_e4": pl.Int64(),
    "functional_e4": pl.Int64(),
    "balance_e4": pl.Int64(),
}
_FORWARD: dict[str, pl.DataType] = {
    "currency": pl.String(),
    "amount_e4": pl.Int64(),
    "functional_e4": pl.Int64(),
}
# open_e4 has the sign of amount_e4: positive is owed by the customer.
OPEN_ITEMS: dict[str, pl.DataType] = {
    "customer": pl.Int64(),
    "document": pl.Int64(),
    "type": pl.String(),
    "number": pl.String(),
    "date": pl.Date(),
    "due_date": pl.Date(),
    "account": pl.String(),
    "party": pl.Int64(),
    "currency": pl.String(),
    "amount_e4": pl.Int64(),
    "open_e4": pl.Int64(),
}
# What is open at the end of a day. entry: of what names no document. due: the due date, else the date.
OPEN_AT: dict[str, pl.DataType] = {
    "customer": pl.Int64(),
    "document": pl.Int64(),
    "entry": pl.Int64(),
    "type": pl.String(),
    "number": pl.String(),
    "date": pl.Date(),
    "due": pl.Date(),
    "currency": pl.String(),
    "amount_e4": pl.Int64(),
    "open_e4": pl.Int64(),
    "functional_e4": pl.Int64(),
}
NAMED_CUSTOMERS: dict[str, pl.DataType] = {
    "customer": pl.Int64(),
    "name": pl.String(),
    "credit_limit": pl.String(),
}
# points_e4: what the customer gained; negative: lost.
POINTS: dict[str, pl.DataType] = {
    "date": pl.Date(),
    "entry": pl.Int64(),
    "kind": pl.String(),
    "rule": pl.String(),
    "reverses": pl.Int64(),
    "number": pl.String(),
    "currency": pl.String(),
    "points_e4": pl.Int64(),
}
_LARGEST: dict[str, pl.DataType] = {"customer": pl.Int64(), **_FORWARD}
_CONTROL: dict[str, pl.DataType] = {"account": pl.String(), **_FORWARD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a customer owed before, what changed it, per currency. forward: currency and both amounts."""

    forward: pl.DataFrame
    lines: pl.DataFrame


def balances(tx: Transaction, customers: Sequence[int] | None = None) -> pl.DataFrame:
    """Return CUSTOMER_BALANCES of these customers, or of all."""
    if customers is None:
        return tx.frame(STATEMENTS["balances_of_all"], schema=CUSTOMER_BALANCES)
    return tx.frame(STATEMENTS["customer_balances"], [list(customers)], schema=CUSTOMER_BALANCES)


def open_items(tx: Transaction, customers: Sequence[int] | None = None) -> pl.DataFrame:
    """Return OPEN_ITEMS of these customers, or of all; what ageing and dunning look at."""
    if customers is None:
        return tx.frame(STATEMENTS["open_items_of_all"], schema=OPEN_ITEMS)
    return tx.frame(STATEMENTS["open_items"], [list(customers)], schema=OPEN_ITEMS)


def statement(
    tx: Transaction, customer: int, *, since: date | None = None, until: date | None = None
) -> Statement:
    """Return what a customer owed before `since`, and every change of it until `until`."""
    days = {"customer": customer, "since": since or date.min, "until": until or date.max}
    return Statement(
        forward=tx.frame(STATEMENTS["brought_forward"], days, schema=_FORWARD),
        lines=tx.frame(STATEMENTS["statement"], days, schema=STATEMENT_LINES),
    )


def open_at(tx: Transaction, day: date, customers: Sequence[int] | None = None) -> pl.DataFrame:
    """Return OPEN_AT of these customers, or of all: what documents left open at the end of a day.

    It is read from the postings, so what no document explains is there too, and the sum is the
    customer's balance of that day.
    """
    if customers is None:
        return tx.frame(STATEMENTS["open_at_of_all"], {"day": day}, schema=OPEN_AT)
    wanted = {"day": day, "customers": list(customers)}
    return tx.frame(STATEMENTS["open_at"], wanted, schema=OPEN_AT)


def control_at(tx: Transaction, day: date) -> pl.DataFrame:
    """Return account, currency and both amounts of the control accounts at the end of a day."""
    return tx.frame(STATEMENTS["control_at"], {"day": day}, schema=_CONTROL)


def largest_balances(tx: Transaction, *, limit: int) -> pl.DataFrame:
    """Return customer, currency and both amounts of who owes most."""
    return tx.frame(STATEMENTS["largest_balances"], {"limit": limit}, schema=_LARGEST)


def named_customers(tx: Transaction, customers: Sequence[int]) -> pl.DataFrame:
    """Return NAMED_CUSTOMERS: what people call these customers."""
    return tx.frame(STATEMENTS["named_customers"], [list(customers)], schema=NAMED_CUSTOMERS)


def points(tx: Transaction, customer: int, until: date) -> pl.DataFrame:
    """Return POINTS: what changed the points that a customer holds, up to a day."""
    return tx.frame(STATEMENTS["points"], {"customer": customer, "until": until}, schema=POINTS)


def said_tier(tx: Transaction, customer: int) -> str | None:
    """Return the tier that a customer has by what systems say."""
    tier = tx.rows(STATEMENTS["said_tier"], [customer])[0][0]
    return None if tier is None else str(tier)
