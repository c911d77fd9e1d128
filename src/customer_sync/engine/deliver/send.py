"""The call: send attempts, and hand on what came back.

No transaction is open here. What was surely not sent is refused for now; of what nobody answered the
outcome is unknown, and only reading can settle it.
"""

from collections.abc import Sequence
from typing import Any

from customer_sync.connect.port import Answer
from customer_sync.core.decide import Stream
from customer_sync.engine.deliver.answer import take_in
from customer_sync.engine.deliver.push import Push
from customer_sync.engine.faults import DELIVER_ANSWERED
from customer_sync.engine.session import Session
from customer_sync.infra.secrets import redacted
from customer_sync.kernel.errors import CustomerSyncError, DoubtfulError, RetryableError
from customer_sync.store import settings

__all__ = ["note_failure", "send"]

WAIT_S_MIN = 5.0


def send(session: Session, stream: Stream, pushes: Sequence[Push]) -> bool:
    """Send, and take in the answers; return whether it is worth going on with this stream now."""
    connector = session.connector(stream)
    try:
        answers = session.driver.run(connector.write(stream.name, [push.write for push in pushes]))
    except RetryableError as error:
        note_failure(session, stream, error)
        answers = [_same(push, "refused", "not_sent", error.message) for push in pushes]
        take_in(session, stream, pushes, answers, wait_s=error.after_s or WAIT_S_MIN)
        return False
    except DoubtfulError as error:
        answers = [_same(push, "unknown", error.code, error.message) for push in pushes]
    session.fault(DELIVER_ANSWERED)
    take_in(session, stream, pushes, answers)
    return True


def note_failure(session: Session, stream: Stream, error: CustomerSyncError) -> None:
    """Remember that a stream cannot be written to, and why, for whoever asks how it stands."""
    with session.db.transaction() as tx:
        settings.writing_failed(
            tx, stream.id, code=error.code, reason=redacted(error.message), now=session.now()
        )


def _same(push: Push, outcome: Any, code: str, reason: str) -> Answer:
    return Answer(
        token=push.write.token,
        outcome=outcome,
        external_id=push.write.external_id,
        code=code,
        reason=reason,
    )
