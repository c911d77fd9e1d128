"""Merges of customers: which went into which, with which records, and that it was taken back."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

import polars as pl

from customer_sync.core.decide import MOVES
from customer_sync.infra.pg import Transaction, load

__all__ = ["Merge", "keep_apart", "keep_together", "last", "links_of", "revive"]

STATEMENTS = load(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """One merge that stands: the customer that went into another, by which batch, and who holds it now."""

    customer: int
    batch: int
    holder: int


def last(tx: Transaction, customer: int) -> Merge | None:
    """Return the merge by which a customer is retired now, None where there is none that was kept."""
    rows = tx.rows(STATEMENTS["last"], {"customer": customer})
    if not rows:
        return None
    batch, holder = cast("tuple[int, int]", rows[0])
    return Merge(customer=customer, batch=batch, holder=holder)


def links_of(tx: Transaction, customer: int, to: int) -> pl.DataFrame:
    """Return all records of a customer, to go to another: rows of MOVES."""
    rows = tx.rows(STATEMENTS["links_of"], {"customer": customer, "to": to})
    return pl.DataFrame(rows, schema=MOVES, orient="row")


def revive(tx: Transaction, merge: Merge, *, batch: int) -> pl.DataFrame:
    """Let a customer stand again, and those that went into it resolve to it; return its records, as MOVES."""
    params = {
        "customer": merge.customer, "merged": merge.batch, "holder": merge.holder, "batch": batch,
    }  # fmt: skip
    rows = tx.rows(STATEMENTS["returning"], params)
    tx.execute(STATEMENTS["undone"], params)
    tx.execute(STATEMENTS["revive"], params)
    tx.execute(STATEMENTS["resolve_again"], params)
    return pl.DataFrame(rows, schema=MOVES, orient="row")


def keep_together(tx: Transaction, customer: int, into: int, *, by: str, now: datetime) -> None:
    """Remember that the records of one customer are the other: who comes again is told at once."""
    said = {"owner": customer, "customer": into, "same": True, "by": by, "now": now}
    tx.execute(STATEMENTS["remember"], said)


def keep_apart(tx: Transaction, one: int, other: int, *, by: str, now: datetime) -> None:
    """Remember that the records of each of two customers are not the other."""
    for owner, customer in ((one, other), (other, one)):
        said = {"owner": owner, "customer": customer, "by": by, "now": now}
        tx.execute(STATEMENTS["recant"], said)
        tx.execute(STATEMENTS["remember"], {**said, "same": False})
