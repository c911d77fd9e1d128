"""Periods of the books: open, or closed to every door.

Promises that a period which a transaction holds stays as it is until that transaction ends, and that
closing waits for whoever is posting. Must not know what becomes of a document dated in a closed one.
"""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from customer_sync.infra.pg import Transaction, load
from customer_sync.model.document import PERIODS
from customer_sync.model.frame import INSTANT

__all__ = ["CLOSED", "OPEN", "STATES", "every", "hold", "set_state"]

STATEMENTS = load(__file__)

OPEN, CLOSED = "open", "closed"
STATES: dict[str, pl.DataType] = {**PERIODS, "closed_at": INSTANT, "by": pl.String()}


def hold(tx: Transaction, periods: Sequence[str]) -> pl.DataFrame:
    """Return the state of these periods (PERIODS), and keep it as it is until the transaction ends."""
    wanted = sorted(set(periods))
    tx.execute(STATEMENTS["open_missing"], [wanted])
    rows = tx.rows(STATEMENTS["hold"], [wanted])
    return pl.DataFrame(rows, schema=PERIODS, orient="row")


def set_state(tx: Transaction, period: str, state: str, *, by: str, now: datetime) -> bool:
    """Close or reopen a period; return whether that changed it."""
    at = now if state == CLOSED else None
    params = {"period": period, "state": state, "at": at, "by": by}
    return bool(tx.rows(STATEMENTS["set_state"], params))


def every(tx: Transaction) -> pl.DataFrame:
    """Return all periods known (STATES), in order."""
    return tx.frame(STATEMENTS["periods"], schema=STATES)
