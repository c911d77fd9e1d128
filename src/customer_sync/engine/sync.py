"""One round of everything: read what changed, absorb it, deliver until nothing more can be delivered."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial

from customer_sync.core.decide import Stream
from customer_sync.engine.absorb import absorb_ledger
from customer_sync.engine.deliver import deliver_stream, settle_stream
from customer_sync.engine.fill import fill
from customer_sync.engine.held import look_again, look_again_at_guests
from customer_sync.engine.intake import fetch_customers, pull, reading
from customer_sync.engine.ledger.clearing import clear_payouts
from customer_sync.engine.ledger.figures import keep_figures
from customer_sync.engine.ledger.recognition import recognise_due
from customer_sync.engine.ledger.resettle import resettle
from customer_sync.engine.ledger.unfit import tell_unfit
from customer_sync.engine.ledger.waiting import post_waiting
from customer_sync.engine.matching import compare_all
from customer_sync.engine.missing import sweep_missing
from customer_sync.engine.session import Session
from customer_sync.kernel.errors import CustomerSyncError, OperatorError, RetryableError
from customer_sync.store import settings

__all__ = ["Synced", "sync"]

ROUNDS_MAX = 10  # deliveries settle in two; what still moves after ten is shown as pending


@dataclass(slots=True, kw_only=True)
class Synced:
    """What a sync came to: (stream, error) of streams that could not be read or written."""

    failures: list[tuple[str, CustomerSyncError]] = field(default_factory=list)
    rounds: int = 0


def sync(session: Session, *, whole: bool = False, only: Collection[str] = ()) -> Synced:
    """Bring all systems of the workspace into agreement, as far as they can be reached.

    Args:
        session: the run.
        whole: read every stream from its start instead of from where reading ended.
        only: titles of the streams to read; none: all. What waits is delivered to all.
    """
    done = Synced()
    compare_all(session)
    absorb_ledger(session)
    streams = [
        stream
        for stream in session.rules.connected
        if not session.rules.config.systems[stream.system].paused
    ]
    # A stream that could not be read gets nothing either: who is there already would be made twice.
    reached = [
        stream
        for stream in streams
        if (only and stream.title not in only) or _pull(session, stream, done, whole=whole)
    ]
    for stream in list(reached):
        if not _prepare(session, stream, done):
            reached.remove(stream)
    _keep_books(session, done, only, whole=whole)
    _deliver(session, reached, done)
    absorb_ledger(session)
    return done


def _keep_books(session: Session, done: Synced, only: Collection[str], *, whole: bool) -> None:
    """Read documents after the customers that they name, post what waited for something, recognise what is due."""
    systems = session.rules.config.systems
    for paper in session.rules.documents.values():
        stream = paper.stream
        if not systems[stream.system].paused and (not only or stream.title in only):
            _pull_documents(session, stream, done, whole=whole)
        try:
            look_again_at_guests(session, paper)
        except (RetryableError, OperatorError) as error:
            done.failures.append((stream.title, error))
        post_waiting(session, paper, partial(fetch_customers, session))
    if session.rules.documents:
        tell_unfit(session)
        recognise_due(session, session.now().date())
        clear_payouts(session)
        resettle(session)
        keep_figures(session)


def _pull_documents(session: Session, stream: Stream, done: Synced, *, whole: bool) -> None:
    try:
        with reading(session, stream):
            pulled = pull(session, stream, whole=whole)
            sweep_missing(session, stream, pulled)
            guests = session.rules.documents[stream.id].guests
            if guests is not None:
                with session.db.transaction() as tx:
                    settings.first_done(tx, guests.id, now=session.now())
    except (RetryableError, OperatorError) as error:
        done.failures.append((stream.title, error))


def _pull(session: Session, stream: Stream, done: Synced, *, whole: bool) -> bool:
    """Read one stream; one that cannot be read stops only itself."""
    try:
        with reading(session, stream):
            # What a lost answer left open comes first: else our writing would be read as its people's.
            settle_stream(session, stream)
            pulled = pull(session, stream, whole=whole)
            sweep_missing(session, stream, pulled)
    except (RetryableError, OperatorError) as error:
        done.failures.append((stream.title, error))
        return False
    return True


def _prepare(session: Session, stream: Stream, done: Synced) -> bool:
    """Look again at what was held, and see who is missing; a system that fails here stops only itself."""
    try:
        look_again(session, stream)
    except (RetryableError, OperatorError) as error:
        done.failures.append((stream.title, error))
        return False
    fill(session, stream)
    return True


def _deliver(session: Session, streams: list[Stream], done: Synced) -> None:
    """Deliver until nothing more can be; a system that cannot be written stops only itself."""
    reached = list(streams)
    for _ in range(ROUNDS_MAX):
        done.rounds += 1
        made = 0
        for stream in list(reached):
            try:
                settle_stream(session, stream)
                made += deliver_stream(session, stream)
            except (RetryableError, OperatorError) as error:
                done.failures.append((f"to {stream.title}", error))
                reached.remove(stream)
        if not made:
            return
