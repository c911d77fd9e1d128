"""Two measures that the database alone tells: sync completion time and manual-entry reduction.

Both leave out the first load of a stream: nobody waited for it and nobody typed it. Formulas and
their limits stand in docs/metrics.md.
"""

from datetime import datetime, timedelta

from customer_sync.engine.agreement import Completion, Entry
from customer_sync.infra.pg import Transaction
from customer_sync.store import views

__all__ = ["completion", "entry"]

DAY = timedelta(hours=24)
LAST_RUN, LAST_DAY = "last run", "last 24 h"


def completion(tx: Transaction, *, now: datetime) -> list[Completion]:
    """Return sync completion times of the last run that absorbed something, and of a day."""
    return [
        Completion(
            window=name,
            changes=row[0],
            p50_s=_float(row[1]),
            p95_s=_float(row[2]),
            p99_s=_float(row[3]),
            open=row[4],
            oldest_open_s=_float(row[5]),
        )
        for name, row in (
            (window, views.completion(tx, since=since, run=run, now=now))
            for window, since, run in _windows(tx, now)
        )
    ]


def entry(tx: Transaction, *, now: datetime) -> list[Entry]:
    """Return field writes by the product and by people, over the same windows."""
    return [
        Entry(
            window=window,
            by_product=views.writes_by_product(tx, since=since, run=run),
            by_people=views.writes_by_people(tx, since=since, run=run),
        )
        for window, since, run in _windows(tx, now)
    ]


def _windows(tx: Transaction, now: datetime) -> list[tuple[str, datetime | None, int | None]]:
    run = views.last_run(tx)
    return [(LAST_RUN, None, run), (LAST_DAY, now - DAY, None)]


def _float(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]  # numeric or double
