"""The audit trail: one event per change of state and per synchronization event, in its transaction.

Events name things by id and hold digests, never a person's values.
"""

from datetime import datetime

import polars as pl

from customer_sync.infra.pg import Transaction
from customer_sync.kernel.frames import constant
from customer_sync.model.frame import INSTANT

__all__ = ["add", "add_one"]


def add(
    tx: Transaction,
    events: pl.DataFrame,
    *,
    run: int,
    batch: int | None,
    configuration: int,
    now: datetime,
) -> None:
    """Append events: kind, and any of stream, link, customer, fields, detail, digest."""
    if batch is not None:  # the batch knows its time, run and configuration
        stamped = events.hstack([constant("batch", batch, pl.Int64(), events.height)])
        tx.copy_in("event", stamped)
        return
    told = [
        constant("run", run, pl.Int64(), events.height),
        constant("configuration", configuration, pl.Int32(), events.height),
        constant("at", now, INSTANT, events.height),
    ]
    tx.copy_in("event", events.hstack(told))


def add_one(
    tx: Transaction,
    kind: str,
    *,
    run: int,
    configuration: int,
    now: datetime,
    stream: int | None = None,
    detail: str | None = None,
) -> None:
    """Append one event that concerns no single record: a page read, a version published."""
    event = pl.DataFrame(
        {"kind": [kind], "stream": [stream], "detail": [detail]},
        schema={"kind": pl.String, "stream": pl.Int32, "detail": pl.String},
    )
    add(tx, event, run=run, batch=None, configuration=configuration, now=now)
