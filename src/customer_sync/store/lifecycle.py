"""What happened with customers, and what they brought: the trail, the journal and the documents side by side.

Reads only. Asked of one customer, the cost follows what that customer has. Must not know how it is told.
"""

from collections.abc import Sequence
from datetime import date
from typing import cast

import polars as pl

from customer_sync.infra.pg import Transaction, load
from customer_sync.model.frame import INSTANT

__all__ = [
    "REVENUE", "changes", "customer_orders", "customer_revenue", "documents", "entries", "events", "ids_of", "revenue",
]  # fmt: skip

STATEMENTS = load(__file__)

_WHERE: dict[str, pl.DataType] = {
    "system": pl.String(),
    "stream": pl.String(),
}
EVENTS: dict[str, pl.DataType] = {
    "event": pl.Int64(),
    "at": INSTANT,
    "batch": pl.Int64(),
    "kind": pl.String(),
    **_WHERE,
    "record": pl.String(),
    "customer": pl.Int64(),
    "fields": pl.String(),
    "detail": pl.String(),
}
CHANGES: dict[str, pl.DataType] = {
    "batch": pl.Int64(),
    "customer": pl.Int64(),
    "field": pl.String(),
    "before": pl.String(),
    "after": pl.String(),
}
ENTRIES: dict[str, pl.DataType] = {
    "entry": pl.Int64(),
    "date": pl.Date(),
    "at": INSTANT,
    "kind": pl.String(),
    "rule": pl.String(),
    "reverses": pl.Int64(),
    "type": pl.String(),
    "number": pl.String(),
    "record": pl.String(),
    **_WHERE,
    "campaign": pl.String(),
    "source": pl.String(),
    "currency": pl.String(),
    "amount_e4": pl.Int64(),
    "event": pl.Int64(),
}
DOCUMENTS: dict[str, pl.DataType] = {
    "date": pl.Date(),
    "type": pl.String(),
    "number": pl.String(),
    "record": pl.String(),
    **_WHERE,
    "campaign": pl.String(),
    "source": pl.String(),
    "currency": pl.String(),
    "amount_e4": pl.Int64(),
    "state": pl.String(),
    "reason": pl.String(),
    "event": pl.Int64(),
}
REVENUE: dict[str, pl.DataType] = {
    "account": pl.String(),
    "period": pl.String(),
    "campaign": pl.String(),
    "source": pl.String(),
    "segment": pl.String(),
    "functional_e4": pl.Int64(),
}
_BROUGHT: dict[str, pl.DataType] = {
    "customer": pl.Int64(),
    "account": pl.String(),
    "functional_e4": pl.Int64(),
}


def ids_of(tx: Transaction, customer: int) -> list[int]:
    """Return a customer's number, and those that it was known by before it was merged."""
    return [cast("int", row[0]) for row in tx.rows(STATEMENTS["ids_of"], {"customer": customer})]


def events(tx: Transaction, customers: Sequence[int]) -> pl.DataFrame:
    """Return EVENTS of customers, oldest first."""
    return tx.frame(STATEMENTS["told_events"], {"customers": list(customers)}, schema=EVENTS)


def changes(tx: Transaction, customers: Sequence[int]) -> pl.DataFrame:
    """Return CHANGES of golden values of customers, oldest first."""
    return tx.frame(STATEMENTS["told_changes"], {"customers": list(customers)}, schema=CHANGES)


def entries(tx: Transaction, customer: int) -> pl.DataFrame:
    """Return ENTRIES that concern a customer, oldest first."""
    return tx.frame(STATEMENTS["told_entries"], {"customer": customer}, schema=ENTRIES)


def documents(tx: Transaction, customer: int) -> pl.DataFrame:
    """Return DOCUMENTS of a customer that nothing was ever posted of, oldest first."""
    return tx.frame(STATEMENTS["told_documents"], {"customer": customer}, schema=DOCUMENTS)


def revenue(
    tx: Transaction, since: date, until: date, *, segment: tuple[str, str, str | None] | None
) -> pl.DataFrame:
    """Return REVENUE between two days; segment: (column, custom field, part) of customers that tells them apart."""
    column, custom, part = segment or (None, None, None)
    asked = {"since": since, "until": until, "column": column, "custom": custom, "part": part}
    return tx.frame(STATEMENTS["revenue"], asked, schema=REVENUE)


def customer_revenue(tx: Transaction) -> pl.DataFrame:
    """Return customer, account and functional_e4 of all that customers brought."""
    return tx.frame(STATEMENTS["customer_revenue"], schema=_BROUGHT)


def customer_orders(tx: Transaction) -> pl.DataFrame:
    """Return customer and date of each order; of each invoice where a customer has no orders."""
    columns = {"customer": pl.Int64(), "date": pl.Date()}
    return tx.frame(STATEMENTS["customer_orders"], schema=columns)
