"""What follows the books: whose figures may have changed since they were last computed, and from what.

Promises to find them by what happened since: new entries, records that moved, days that passed. Must not
know what the figures are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, cast

import polars as pl

from customer_sync.infra.pg import Transaction, load
from customer_sync.model.document import OPEN

__all__ = [
    "ORDERS", "REVENUE", "Mark", "documents_of", "keep", "limits", "mark", "moved", "now", "open_items", "orders",
    "revenue", "touched",
]  # fmt: skip

STATEMENTS = load(__file__)

REVENUE: dict[str, pl.DataType] = {
    "customer": pl.Int64(),
    "account": pl.String(),
    "functional_e4": pl.Int64(),
}
ORDERS: dict[str, pl.DataType] = {"customer": pl.Int64(), "type": pl.String(), "date": pl.Date()}
Follower = Literal["figures", "settlement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Up to where something is up to date."""

    batch: int
    entry: int
    day: date
    version: int


def mark(tx: Transaction, name: Follower) -> Mark | None:
    """Return up to where a follower is up to date; None: it never was."""
    rows = tx.rows(STATEMENTS["mark"], [name])
    return _mark(rows[0]) if rows else None


def now(tx: Transaction, day: date, version: int) -> Mark:
    """Return where the books stand."""
    batch, entry = cast("tuple[int, int]", tx.rows(STATEMENTS["now"])[0])
    return Mark(batch=batch, entry=entry, day=day, version=version)


def keep(tx: Transaction, name: Follower, reached: Mark) -> None:
    """Remember up to where a follower is up to date."""
    values = [name, reached.batch, reached.entry, reached.day, reached.version]
    tx.execute(STATEMENTS["keep"], values)


def touched(tx: Transaction, since: Mark | None, day: date, levels: Sequence[int]) -> list[int]:
    """Return customers whose figures may have changed since a mark; all that have documents, without one.

    Args:
        tx: reads.
        since: the mark; of an older version of the configuration: none.
        day: today.
        levels: after so many days overdue something changes by itself.
    """
    if since is None:
        return _ids(tx.rows(STATEMENTS["everybody"]))
    params = {
        "batch": since.batch, "entry": since.entry, "from": since.day, "until": day, "levels": list(levels),
    }  # fmt: skip
    return _ids(tx.rows(STATEMENTS["touched"], params))


def moved(tx: Transaction, since: Mark | None) -> list[int]:
    """Return parties with documents that were tied to other customers since a mark."""
    return _ids(tx.rows(STATEMENTS["moved"], [since.batch if since is not None else 0]))


def documents_of(tx: Transaction, parties: Sequence[int]) -> pl.Series:
    """Return the documents of parties that can be settled."""
    return pl.Series(
        "document", _ids(tx.rows(STATEMENTS["documents_of"], [list(parties)])), dtype=pl.Int64
    )


def open_items(tx: Transaction, customers: Sequence[int]) -> pl.DataFrame:
    """Return OPEN of these customers: the sum of each document's postings on control accounts."""
    return tx.frame(STATEMENTS["open_items"], [list(customers)], schema=OPEN)


def limits(tx: Transaction, customers: Sequence[int]) -> pl.DataFrame:
    """Return customer and credit_limit, in canonical form, of these customers."""
    schema = {"customer": pl.Int64(), "credit_limit": pl.String()}
    return tx.frame(STATEMENTS["limits"], [list(customers)], schema=schema)


def revenue(tx: Transaction, customers: Sequence[int]) -> pl.DataFrame:
    """Return REVENUE: what the documents of these customers came to, by account."""
    return tx.frame(STATEMENTS["revenue"], [list(customers)], schema=REVENUE)


def orders(tx: Transaction, customers: Sequence[int]) -> pl.DataFrame:
    """Return ORDERS: orders and invoices of these customers."""
    return tx.frame(STATEMENTS["orders"], [list(customers)], schema=ORDERS)


def _ids(rows: Sequence[tuple[object, ...]]) -> list[int]:
    return [cast("int", row[0]) for row in rows]


def _mark(row: tuple[object, ...]) -> Mark:
    batch, entry, day, version = cast("tuple[int, int, date, int]", row)
    return Mark(batch=batch, entry=entry, day=day, version=version)
