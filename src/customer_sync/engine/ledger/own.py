"""Post what the books do by themselves: recognise, clear, settle anew; no document is read for it.

Decides that such a batch belongs to the ledger's own stream, and that each entry leaves an event. One way for
all of them. Must not know why anything is posted.
"""

import polars as pl

from customer_sync.core.decide import LEDGER_STREAM
from customer_sync.engine.faults import ABSORB_BEFORE_COMMIT
from customer_sync.engine.ledger.chart import keep_chart
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.frames import empty
from customer_sync.model.document import ALLOCATION_CHANGES, DOCUMENT_OUTCOMES, DOCUMENTS
from customer_sync.store import audit, commit, documents

__all__ = ["post_own"]


def post_own(
    tx: Transaction,
    session: Session,
    entries: pl.DataFrame,
    postings: pl.DataFrame,
    *,
    batch: int,
    event: tuple[str, str | None],
    allocations: pl.DataFrame | None = None,
) -> pl.Series:
    """Post entries (ENTRIES, numbered from 0) with their POSTINGS; return the id of each.

    Args:
        tx: holds the absorbing lock, and all that they touch.
        session: the run.
        entries: the new ones.
        postings: theirs.
        batch: the number of this batch.
        event: of each entry: its kind, and the column of entries that it tells of, if it tells of one.
        allocations: ALLOCATION_CHANGES that go with them.
    """
    now, run, version = session.now(), session.run, session.rules.version
    commit.note_batch(
        tx, session.rules, LEDGER_STREAM, records=entries.height, batch=batch, run=run, now=now
    )
    kind, detail = event
    events = entries.select(
        "document",
        kind=pl.lit(kind),
        detail=pl.col(detail) if detail else pl.lit(None, pl.String),
        stream=pl.lit(None, pl.Int32),
    )
    audit.add(tx, events, run=run, batch=batch, configuration=version, now=now)
    keep_chart(tx, session.rules.config.ledger, postings["account"].unique())
    work = documents.Work(
        documents=empty({**DOCUMENTS, "snapshot": pl.String()}),
        new=pl.Series("document", [], dtype=pl.Int64),
        outcomes=empty(DOCUMENT_OUTCOMES),
        entries=entries,
        postings=postings,
        allocations=empty(ALLOCATION_CHANGES) if allocations is None else allocations,
    )
    ids = documents.commit(tx, work, now=now, stamp=batch)
    session.fault(ABSORB_BEFORE_COMMIT)
    return ids
