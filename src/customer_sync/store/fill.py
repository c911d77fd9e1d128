"""Which customers a stream lacks, and under which setting they were offered to it."""

from datetime import datetime
from typing import cast

import polars as pl

from customer_sync.core.decide import Published
from customer_sync.infra.pg import Transaction, load
from customer_sync.store import commit, snapshot
from customer_sync.store.customers import ROW, as_golden

__all__ = ["filled", "keep_filled", "lacking", "offer"]

STATEMENTS = load(__file__)


def filled(tx: Transaction, stream: int) -> str | None:
    """Return the setting under which all customers were offered to a stream."""
    rows = tx.rows(STATEMENTS["filled"], [stream])
    return cast("str | None", rows[0][0]) if rows else None


def keep_filled(tx: Transaction, stream: int, setting: str) -> None:
    """Remember that all customers were offered to a stream."""
    tx.execute(STATEMENTS["keep_filled"], (setting, stream))


def lacking(
    tx: Transaction, rules: Published, stream: int, *, after: int, limit: int
) -> tuple[pl.DataFrame, int | None]:
    """Return (golden values of the next customers that a stream lacks, the last one looked at)."""
    params = {"stream": stream, "after": after, "limit": limit}
    seen = cast("list[tuple[int, bool]]", tx.rows(STATEMENTS["lacking"], params))
    wanted = pl.Series("customer", [id_ for id_, lacks in seen if lacks], dtype=pl.Int64)
    tx.stage("touched", wanted.to_frame())
    rows = tx.frame(snapshot.composed("customers"), schema=ROW)
    return as_golden(rows, rules.fields).drop("stamp", "is_edited"), seen[-1][0] if seen else None


def offer(tx: Transaction, due: pl.DataFrame, *, now: datetime) -> None:
    """Enqueue creations: (customer, stream, link null, kind)."""
    if due.height:
        commit.enqueue(tx, due, batch=snapshot.last_batch(tx), now=now)
