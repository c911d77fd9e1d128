"""Set documents apart, because the run that brought them in is undone; and take them in again.

What was posted is reversed by the ordinary posting, as if its system had withdrawn it, so the policy for
closed periods, allocations and audit are what they always are. It stays so, whatever its system goes on to
show, until the undoing is undone: then it is posted as it was said last. A document that stood before the
run, or that was changed since, is left: the books follow what its system says. Must not know records of
customers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl

from customer_sync.core.decide import DocumentStream
from customer_sync.engine.faults import ABSORB_BEFORE_COMMIT
from customer_sync.engine.ledger.posting import FAULTS, post_in
from customer_sync.engine.ledger.waiting import said_before
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.frames import empty
from customer_sync.model.frame import EXCLUDED, LIVE
from customer_sync.store import audit, reversals, snapshot

__all__ = ["set_documents_apart", "take_documents_in_again"]

DOCUMENTS_MAX = 5_000  # in one transaction; others absorb in between

Find = Callable[[Transaction, int, reversals.Page], pl.DataFrame]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What becomes of documents: where they are found, how they stand from then on, and the event that tells of it."""

    find: Find
    presence: int
    event: str


_APART = _Change(find=reversals.documents, presence=EXCLUDED, event="document.excluded")
_AGAIN = _Change(find=reversals.documents_apart, presence=LIVE, event="document.included")


def set_documents_apart(session: Session, run: int) -> int:
    """Set apart the documents that came in by a run and reverse what was posted of them; return how many."""
    return sum(_change(session, run, paper, _APART) for paper in session.rules.documents.values())


def take_documents_in_again(session: Session, run: int) -> int:
    """Let the documents that a run set apart take part again, and post them; return how many."""
    return sum(_change(session, run, paper, _AGAIN) for paper in session.rules.documents.values())


def _change(session: Session, run: int, paper: DocumentStream, change: _Change) -> int:
    page = reversals.Page(stream=paper.stream.id, after=0, limit=DOCUMENTS_MAX)
    total = 0
    while True:
        with session.db.transaction() as tx:
            batch = snapshot.begin(tx)
            found = change.find(tx, run, page)
            if found.height:
                _change_in(tx, session, paper, found, change, run=run, batch=batch)
                session.fault(ABSORB_BEFORE_COMMIT)
        if found.is_empty():
            return total
        total += found.height
        page = replace(page, after=int(found["document"][-1]))


def _change_in(
    tx: Transaction,
    session: Session,
    paper: DocumentStream,
    found: pl.DataFrame,
    change: _Change,
    *,
    run: int,
    batch: int,
) -> None:
    said = said_before(found).with_columns(presence=pl.lit(change.presence, pl.Int16))
    events = said.select(
        "document",
        stream=pl.lit(paper.stream.id, pl.Int32),
        kind=pl.lit(change.event),
        detail=pl.lit(f"undo of run {run}"),
    )
    audit.add(
        tx, events, run=session.run, batch=None, configuration=session.rules.version, now=session.now()
    )  # fmt: skip
    post_in(tx, session, paper, said, empty(FAULTS), batch=batch)
