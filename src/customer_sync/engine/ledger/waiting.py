"""Look again at documents that are set aside, once the reason may have passed.

Decides nothing: whoever waited goes through the same posting as what was just read, with what it said last.
Promises a cost that follows what is set aside, and no reading of any system.
"""

import polars as pl

from customer_sync.core.decide import DocumentStream
from customer_sync.engine.ledger.posting import FAULTS, SAID, post_in
from customer_sync.engine.session import Session
from customer_sync.kernel.frames import empty, from_json
from customer_sync.model.document import DOCUMENT_FIELDS
from customer_sync.model.frame import GONE
from customer_sync.store import sightings
from customer_sync.store import snapshot as snapshots

__all__ = ["post_waiting"]

ROWS_MAX = 10_000


def post_waiting(session: Session, paper: DocumentStream) -> int:
    """Post what is set aside of a stream, where it can be posted now; return how many were looked at.

    All of it is looked at once by each version of the configuration: its rules may be others.
    """
    version, after, total = session.rules.version, 0, 0
    with session.db.transaction() as tx:
        every = sightings.looked(tx, paper.stream.id) != version
    while True:
        with session.db.transaction() as tx:
            batch = snapshots.begin(tx)
            found = sightings.aside(
                tx,
                paper.stream.id,
                customers=paper.customers.id if paper.customers else None,
                guests=paper.guests.id if paper.guests else None,
                every=every,
                after=after,
                limit=ROWS_MAX,
            )
            if found.height:
                post_in(tx, session, paper, _said(found), empty(FAULTS), batch=batch)
            elif every:
                sightings.keep_looked(tx, paper.stream.id, version)
        total += found.height
        if found.is_empty():
            return total
        after = int(found["document"][-1])


def _said(found: pl.DataFrame) -> pl.DataFrame:
    fields = from_json(found["said"], list(DOCUMENT_FIELDS))
    is_gone = pl.col("presence") == GONE
    both = pl.concat([found, fields], how="horizontal").with_columns(
        status=pl.when(is_gone).then(pl.lit("void")).otherwise("status"),
        is_torn=pl.lit(value=False),
    )
    return both.select(list(SAID))
