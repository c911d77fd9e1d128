"""Deliver a stream: take, send, take in, until nothing is left that may be delivered now."""

from collections.abc import Mapping

from customer_sync.core.decide import Stream
from customer_sync.engine.deliver.prepare import prepare
from customer_sync.engine.deliver.push import SETTLE_TRIES_MAX, TAKE_ROWS_MAX, Push
from customer_sync.engine.deliver.send import note_failure, send
from customer_sync.engine.deliver.settle import settle_stream
from customer_sync.engine.faults import DELIVER_ATTEMPTED
from customer_sync.engine.session import Session
from customer_sync.kernel.errors import OperatorError, RetryableError
from customer_sync.store import settings

__all__ = ["deliver", "deliver_only", "deliver_stream"]


def deliver(session: Session) -> int:
    """Deliver all that may be delivered now, to every system; return how many attempts were made."""
    made = 0
    for stream in session.rules.connected:
        if session.rules.config.systems[stream.system].paused:
            continue
        settle_stream(session, stream)
        made += deliver_stream(session, stream)
    return made


def deliver_stream(session: Session, stream: Stream) -> int:
    """Deliver what one stream has waiting; return how many attempts were made.

    That it cannot be written to is remembered until something is.
    """
    try:
        made, is_done = _delivered(session, stream)
    except (RetryableError, OperatorError) as error:
        note_failure(session, stream, error)
        raise
    if made and is_done:
        with session.db.transaction() as tx:
            settings.writing_done(tx, stream.id)
    return made


def _delivered(session: Session, stream: Stream) -> tuple[int, bool]:
    """Return how many attempts were made, and whether nothing is left that may be delivered now."""
    made = 0
    capabilities = session.connector(stream).capabilities(stream.name)
    limit = max(1, min(TAKE_ROWS_MAX, capabilities.write_rows_max))
    while True:
        pushes, taken = prepare(session, stream, limit)
        if not taken:
            return made, True
        session.fault(DELIVER_ATTEMPTED)
        if pushes:
            made += len(pushes)
            if not send(session, stream, pushes):
                return made, False
        session.progress(f"to {stream.title}", made, None)


def deliver_only(session: Session, stream: Stream, wanted: Mapping[int, str]) -> int:
    """Deliver these outbounds of one stream, each once and only as far as it was foreseen.

    Args:
        session: the run.
        stream: whose outbounds they are.
        wanted: outbound -> digest that its patch must have; another patch is left waiting.

    Returns:
        How many attempts were made.
    """
    made = 0
    capabilities = session.connector(stream).capabilities(stream.name)
    limit = max(1, min(TAKE_ROWS_MAX, capabilities.write_rows_max))
    ids = sorted(wanted)
    for start in range(0, len(ids), limit):
        chunk = {id_: wanted[id_] for id_ in ids[start : start + limit]}
        pushes: list[Push] = []
        for _ in range(SETTLE_TRIES_MAX):  # again after an edit in the ledger was absorbed
            pushes, taken = prepare(session, stream, limit, wanted=chunk)
            if pushes or not taken:
                break
        session.fault(DELIVER_ATTEMPTED)
        made += len(pushes)
        if pushes and not send(session, stream, pushes):
            return made
        session.progress(f"to {stream.title}", made, len(ids))
    return made
