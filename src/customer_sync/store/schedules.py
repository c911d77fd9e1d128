"""Schedules of deferred revenue: what entries put off, and what of it is recognised.

Promises to find what is due by its day, whatever was recognised before. Must not know how much belongs
to which month.
"""

from datetime import date

import polars as pl

from customer_sync.infra.pg import Transaction, load
from customer_sync.model.document import RECOGNISED, SCHEDULES
from customer_sync.store import journal
from customer_sync.store.snapshot import ANALYZE_ROWS_MIN

__all__ = ["add", "due", "keep_recognised", "recognised", "withdraw"]

STATEMENTS = load(__file__)


def add(tx: Transaction, new: pl.DataFrame, ids: pl.Series) -> None:
    """Keep SCHEDULES of new entries, all of them due; ids: the id of each entry's number."""
    if new.is_empty():
        return
    rows = new.with_columns(journal.id_of("entry", ids))
    tx.copy_in(
        "schedule",
        rows.select(
            "entry", "line", "document", "account", "currency", journal.money("amount_e4").alias("amount"),
            journal.money("functional_e4").alias("functional"), "date", starts="start", ends="end",
        ),
    )  # fmt: skip
    first = pl.min_horizontal(pl.col("start").dt.month_end(), "end")
    tx.copy_in("schedule_due", rows.select("entry", "line", due=first))


def withdraw(tx: Transaction, entries: pl.Series) -> None:
    """Let nothing more be recognised of these entries: they were reversed."""
    if entries.len():
        tx.execute(STATEMENTS["withdraw"], [entries.to_list()])


def due(tx: Transaction, until: date, *, limit: int) -> pl.DataFrame:
    """Return SCHEDULES of which something is to be recognised by a day, the earliest first."""
    return tx.frame(STATEMENTS["due"], {"until": until, "limit": limit}, schema=SCHEDULES)


def recognised(tx: Transaction, entries: pl.Series) -> pl.DataFrame:
    """Return RECOGNISED of the schedules of these entries."""
    return tx.frame(STATEMENTS["recognised"], [entries.unique().to_list()], schema=RECOGNISED)


def keep_recognised(
    tx: Transaction, made: pl.DataFrame, ids: pl.Series, following: pl.DataFrame
) -> None:
    """Keep RECOGNISED, and when each schedule is due next: entry, line, ``due``, null when it is done."""
    tx.copy_in("recognition", made.with_columns(journal.id_of("made", ids)))
    tx.stage("following_due", following, analyze=following.height >= ANALYZE_ROWS_MIN)
    tx.execute(STATEMENTS["drop_done"])
    tx.execute(STATEMENTS["keep_following"])
