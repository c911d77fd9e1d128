"""Offer every customer to a stream that creates what it lacks, once, when it begins to do so.

Afterwards customers are offered as they change. Comes after the stream was read, so that whoever is
there already is recognised first.
"""

import hashlib

from customer_sync.core.decide import Stream
from customer_sync.core.decide.route import missing
from customer_sync.engine.session import Session
from customer_sync.store import fill as offers

__all__ = ["fill"]

CHUNK_ROWS = 10_000


def fill(session: Session, stream: Stream) -> int:
    """Enqueue creations for all customers that the stream lacks; return how many. Once per setting."""
    if not stream.config.create:
        return 0
    setting = hashlib.sha256(f"{stream.config.create_when}".encode()).hexdigest()[:16]
    offered, after = 0, 0
    with session.db.transaction() as tx:
        if offers.filled(tx, stream.id) == setting:
            return 0
    while True:
        with session.db.transaction() as tx:
            golden, last = offers.lacking(
                tx, session.rules, stream.id, after=after, limit=CHUNK_ROWS
            )
            if last is None:
                offers.keep_filled(tx, stream.id, setting)
                return offered
            due = missing(stream, golden)
            offers.offer(tx, due, now=session.now())
        offered += due.height
        after = last
