"""Look again at records that are held for a review, once the customers in question have changed.

What was doubtful may be plain now: the address that two customers shared may have become one's alone.
Ordinary reading would show such a record only when it changes itself.
"""

import polars as pl

from customer_sync.connect.port import GONE, ID, OUTSIDE
from customer_sync.core.decide import DocumentStream, Stream
from customer_sync.engine.absorb import absorb
from customer_sync.engine.intake import read_ids
from customer_sync.engine.ledger.absorb import absorb_guests
from customer_sync.engine.session import Session
from customer_sync.store import rejects

__all__ = ["look_again", "look_again_at_guests"]

LOOKED_AT_MAX = 1_000  # in one sync; the others follow in the next


def look_again(session: Session, stream: Stream) -> None:
    """Read held records of a stream anew and absorb them; nobody is asked about what is gone or left."""
    with session.db.transaction() as tx:
        ids = rejects.doubtful(tx, stream.id, stream.title, limit=LOOKED_AT_MAX)
    if not ids:
        return
    mark, records = read_ids(session, stream, ids)
    is_gone = pl.col(GONE) | pl.col(OUTSIDE)
    absorb(session, stream, records.filter(~is_gone), mark=mark)
    gone = records.filter(is_gone)[ID].to_list()
    if gone:
        with session.db.transaction() as tx:
            rejects.withdraw(tx, stream.id, stream.title, gone, now=session.now())


def look_again_at_guests(session: Session, paper: DocumentStream) -> None:
    """Read documents anew whose guests are held, and absorb these; nobody is asked about what is gone."""
    guests = paper.guests
    if guests is None or session.rules.config.systems[guests.system].paused:
        return
    with session.db.transaction() as tx:
        ids = rejects.doubtful(tx, guests.id, guests.title, limit=LOOKED_AT_MAX)
    if not ids:
        return
    mark, records = read_ids(session, paper.stream, ids)
    is_gone = pl.col(GONE) | pl.col(OUTSIDE)
    absorb_guests(session, paper, records.filter(~is_gone), mark=mark)
    gone = records.filter(is_gone)[ID].to_list()
    if gone:
        with session.db.transaction() as tx:
            rejects.withdraw(tx, guests.id, guests.title, gone, now=session.now())
