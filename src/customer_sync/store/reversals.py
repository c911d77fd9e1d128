"""What a run did, as far as it can be taken back; and the first steps of taking it back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import polars as pl

from customer_sync.infra.pg import Transaction, load
from customer_sync.infra.pg.presence import PRESENT

__all__ = [
    "REMOVALS", "batches", "changed", "changes", "created", "drop_creates", "remove", "retired", "run", "written",
]  # fmt: skip

STATEMENTS = load(__file__)
REMOVALS = {"customer": pl.Int64, "stream": pl.Int32, "link": pl.Int64, "kind": pl.String}


def run(tx: Transaction, number: int) -> tuple[str, bool] | None:
    """Return a run's kind and whether it is over: finished, or its process is gone."""
    text = STATEMENTS["run"].replace("{present}", PRESENT.replace("{run}", "r.id"))
    rows = tx.rows(text, {"run": number})
    if not rows:
        return None
    kind, is_finished, is_present = cast("tuple[str, bool, bool]", rows[0])
    return kind, is_finished or not is_present


def batches(tx: Transaction, number: int) -> tuple[int, int] | None:
    """Return the first and the last batch of a run, None when it absorbed nothing."""
    first, last = cast("tuple[int | None, int]", tx.rows(STATEMENTS["batches"], [number])[0])
    return None if first is None else (first, last)


def changed(tx: Transaction, number: int) -> list[int]:
    """Return the customers, there before, of whom a run changed golden values."""
    rows = tx.rows(STATEMENTS["changed_customers"], {"run": number})
    return [cast("int", row[0]) for row in rows]


def changes(tx: Transaction, number: int, customers: Sequence[int]) -> list[tuple[Any, ...]]:
    """Return (customer, field, before, after) that a run changed of these customers."""
    return tx.rows(STATEMENTS["changes"], {"run": number, "customers": list(customers)})


def created(tx: Transaction, number: int, first: int, last: int) -> list[tuple[Any, ...]]:
    """Return (customer, retired into, is it told of by other records) that a run created."""
    return tx.rows(STATEMENTS["created_customers"], {"run": number, "first": first, "last": last})


def retired(tx: Transaction, number: int) -> list[tuple[Any, ...]]:
    """Return (customer, retired into) that a run merged into others."""
    return tx.rows(STATEMENTS["retired"], {"run": number})


def written(tx: Transaction, number: int) -> list[tuple[Any, ...]]:
    """Return what a run created or removed elsewhere.

    Rows of token, kind, customer, stream, external id, link, its state, did it say anything since.
    """
    return tx.rows(STATEMENTS["written"], {"run": number})


def remove(tx: Transaction, removals: pl.DataFrame, *, now: datetime) -> None:
    """Set records apart and enqueue their removal: rows of REMOVALS."""
    if removals.height:
        tx.execute(STATEMENTS["set_apart"], {"links": removals["link"].to_list()})
        tx.stage("new_removal", removals)
        tx.execute(STATEMENTS["remove"], {"now": now})
        tx.execute(STATEMENTS["settle_rejects"], {"now": now})


def drop_creates(tx: Transaction, customers: Sequence[int]) -> None:
    """Let these customers be created nowhere."""
    tx.execute(STATEMENTS["drop_creates"], {"customers": list(customers)})
