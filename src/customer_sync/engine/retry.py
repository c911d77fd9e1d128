"""Try again what was set aside or refused: after a person has put something right.

Promises that only present states count: records are read again, patches are computed anew.
"""

from dataclasses import dataclass

from customer_sync.core.decide import Stream
from customer_sync.engine.deliver import deliver
from customer_sync.engine.intake import reread
from customer_sync.engine.ledger.waiting import post_waiting
from customer_sync.engine.session import Session
from customer_sync.kernel.errors import CustomerSyncError, OperatorError, RetryableError
from customer_sync.store import outbox, rejects

__all__ = ["Retried", "retry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """How many records were read again and deliveries let go; (stream, error) of what failed."""

    records: int
    deliveries: int
    failures: tuple[tuple[str, CustomerSyncError], ...]


def retry(session: Session, stream: Stream | None = None) -> Retried:
    """Read records that are set aside again, let refused deliveries try again, and deliver.

    Args:
        session: the run.
        stream: only this one; None: all.
    """
    number = stream.id if stream is not None else None
    with session.db.transaction() as tx:
        waiting = rejects.records(tx, number)
        deliveries = outbox.retry(tx, number)
    failures: list[tuple[str, CustomerSyncError]] = []
    records = 0
    derived = {
        paper.guests.id: paper.stream.id
        for paper in session.rules.documents.values()
        if paper.guests is not None
    }
    for one in session.rules.read:
        ids = list(dict.fromkeys(name for id_, name in waiting if derived.get(id_, id_) == one.id))
        if not ids or session.rules.config.systems[one.system].paused:
            continue
        try:
            reread(session, one, ids, every=True)
            if one.is_document:
                post_waiting(session, session.rules.documents[one.id])
            records += len(ids)
        except (RetryableError, OperatorError) as error:
            failures.append((one.title, error))
    try:
        deliver(session)
    except (RetryableError, OperatorError) as error:
        failures.append(("delivery", error))
    return Retried(records=records, deliveries=deliveries, failures=tuple(failures))
