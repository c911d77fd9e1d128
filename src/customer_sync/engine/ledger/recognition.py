"""Recognise deferred revenue: what service periods have earned by a day becomes revenue.

Promises that a month is recognised once however often this runs, and a cost that follows what is due.
Must not know whence the day: the caller says until when.
"""

from datetime import date

import polars as pl

from customer_sync.core.ledger import months, recognise
from customer_sync.engine.ledger.days import open_days
from customer_sync.engine.ledger.own import post_own
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.store import schedules
from customer_sync.store import snapshot as snapshots

__all__ = ["recognise_due"]

ROWS_MAX = 10_000


def recognise_due(session: Session, until: date) -> int:
    """Post what schedules are due up to a day; return how many entries that made."""
    total = 0
    while True:
        with session.db.transaction() as tx:
            batch = snapshots.begin(tx)
            due = schedules.due(tx, until, limit=ROWS_MAX)
            if due.is_empty():
                return total
            total += _recognised_in(tx, session, due, until, batch)


def _recognised_in(
    tx: Transaction, session: Session, due: pl.DataFrame, until: date, batch: int
) -> int:
    rules = session.rules.books
    known = schedules.recognised(tx, due["entry"])
    each = months(due, rules)
    wanted = each.filter(pl.col("until") <= until)["until"].unique()
    posted = due["date"].unique()
    days = open_days(tx, pl.concat([wanted, posted]).dt.strftime("%Y-%m").to_list())
    made, postings, recognised = recognise(due, known, until, rules, days)
    ids = post_own(tx, session, made, postings, batch=batch, event=("document.recognised", "memo"))
    following = due.select("entry", "line").join(
        each.filter(pl.col("until") > until)
        .group_by("entry", "line")
        .agg(due=pl.col("until").min()),
        on=["entry", "line"],
        how="left",
    )
    schedules.keep_recognised(tx, recognised, ids, following)
    session.add({"recognised": made.height})
    return made.height
