"""Look again at documents that are set aside, once the reason may have passed.

Decides nothing: whoever waited goes through the same posting as what was just read, with what it said last.
Promises a cost that follows what is set aside, and no reading of any system.
"""

import polars as pl

from customer_sync.core.decide import DocumentStream
from customer_sync.engine.faults import ABSORB_BEFORE_COMMIT
from customer_sync.engine.ledger.absorb import Fetch
from customer_sync.engine.ledger.posting import FAULTS, SAID, post_in
from customer_sync.engine.session import Session
from customer_sync.kernel.frames import empty, from_json
from customer_sync.model.document import DOCUMENT_FIELDS
from customer_sync.store import sightings
from customer_sync.store import snapshot as snapshots

__all__ = ["ROWS_MAX", "post_waiting", "said_before"]

ROWS_MAX = 10_000


def post_waiting(session: Session, paper: DocumentStream, fetch: Fetch | None = None) -> int:
    """Post what is set aside of a stream, where it can be posted now; return how many were looked at.

    All of it is looked at once by each version of the configuration: its rules may be others.

    Args:
        session: the run.
        paper: whose documents they are.
        fetch: asks again for customers whose system could not be asked; None: they are waited for.
    """
    unread = _ask_again(session, paper, fetch)
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
                said = said_before(found)
                post_in(tx, session, paper, said, empty(FAULTS), batch=batch, unread=unread)
                session.fault(ABSORB_BEFORE_COMMIT)
            elif every:
                sightings.keep_looked(tx, paper.stream.id, version)
        total += found.height
        if found.is_empty():
            return total
        after = int(found["document"][-1])


def _ask_again(session: Session, paper: DocumentStream, fetch: Fetch | None) -> set[str]:
    """Read customers again whose reading failed when documents named them; return who still cannot be read."""
    with session.db.transaction() as tx:
        names = sightings.unread(tx, paper.stream.id, limit=ROWS_MAX)
    if not names or (fetch and paper.customers and fetch(paper.customers, names)):
        return set()
    return set(names)


def said_before(found: pl.DataFrame) -> pl.DataFrame:
    """Return SAID of what is known (store.sightings.ASIDE): what each said last."""
    fields = from_json(found["said"], list(DOCUMENT_FIELDS))
    both = pl.concat([found, fields], how="horizontal").with_columns(is_torn=pl.lit(value=False))
    return both.select(list(SAID))
