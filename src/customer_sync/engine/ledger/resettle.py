"""Settle anew what records brought along that were tied to other customers.

Merging and splitting customers touch no posting; but a customer's payments pay its own documents. Promises that
what is allocated afterwards is what it would be, had the records always been tied so. Must not know why they moved.
"""

from datetime import date

import polars as pl

from customer_sync.core.decide import LEDGER_STREAM
from customer_sync.core.ledger import Unsettled, settle
from customer_sync.engine.ledger.days import open_days
from customer_sync.engine.ledger.own import post_own
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.frames import empty
from customer_sync.model.document import GIVEN, ITEMS
from customer_sync.store import documents, figures, sightings
from customer_sync.store import snapshot as snapshots

__all__ = ["resettle"]

PARTIES_MAX = 5_000


def resettle(session: Session) -> int:
    """Settle anew for all parties that moved since this was last done; return how many did."""
    with session.db.transaction() as tx:
        since = figures.mark(tx, "settlement")
        reached = figures.now(tx, session.now().date(), session.rules.version)
        parties = figures.moved(tx, since)
    for start in range(0, len(parties), PARTIES_MAX):
        with session.db.transaction() as tx:
            batch = snapshots.begin(tx)
            _resettle_in(tx, session, parties[start : start + PARTIES_MAX], batch)
    if since is None or reached.batch > since.batch:
        with session.db.transaction() as tx:
            figures.keep(tx, "settlement", reached)
    return len(parties)


def _resettle_in(tx: Transaction, session: Session, parties: list[int], batch: int) -> None:
    named = figures.documents_of(tx, parties)
    nobody = pl.Series("external_id", [], dtype=pl.String)
    concerned = sightings.concerned(tx, LEDGER_STREAM, nobody, named)
    none = pl.DataFrame(schema={"stream": pl.Int32, "external_id": pl.String})
    # Whom a record joins may have older documents than it brings: all of theirs count.
    concerned = concerned.with_columns(since=pl.lit(date.min))
    held = documents.lock(tx, none, concerned, named)
    items, allocations = documents.items(tx, held)
    standing = Unsettled(
        items=items,
        allocations=allocations,
        given=sightings.given(tx, held).select(list(GIVEN)),
    )
    days = open_days(tx, items["date"].dt.strftime("%Y-%m").to_list())
    withdrawn = pl.DataFrame(schema={"document": pl.Int64})
    settled = settle(standing, withdrawn, empty(ITEMS), session.rules.books, days)
    if settled.changes.is_empty():
        return
    post_own(
        tx,
        session,
        settled.entries,
        settled.postings,
        batch=batch,
        event=("document.settled", "rule"),
        allocations=settled.changes,
    )
