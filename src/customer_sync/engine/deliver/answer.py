"""After the call: absorb what the answers show, then close the attempts, then read again what moved."""

from collections.abc import Sequence

from customer_sync.connect.port import Answer
from customer_sync.core.decide import Stream
from customer_sync.engine.deliver.close import close
from customer_sync.engine.deliver.confirm import confirm
from customer_sync.engine.deliver.push import Push
from customer_sync.engine.faults import DELIVER_CONFIRMED
from customer_sync.engine.intake import reread
from customer_sync.engine.session import Session

__all__ = ["take_in"]


def take_in(
    session: Session,
    stream: Stream,
    pushes: Sequence[Push],
    answers: Sequence[Answer],
    *,
    wait_s: float | None = None,
) -> None:
    """Absorb what answers show, then close the attempts."""
    both = list(zip(pushes, answers, strict=True))
    accepted = [(push, answer) for push, answer in both if answer.outcome == "accepted"]
    removed = [
        (push, answer) for push, answer in accepted if push.write.kind in {"delete", "deactivate"}
    ]
    written = [(push, answer) for push, answer in accepted if push.kind in {"update", "create"}]
    confirm(session, stream, written)
    session.fault(DELIVER_CONFIRMED)
    close(session, stream, both, wait_s)
    moved = [answer for _, answer in both if answer.outcome == "moved" and answer.external_id]
    again = [answer.external_id for answer in moved if answer.external_id]
    again += [push.write.external_id for push, _ in removed if push.write.external_id]
    reread(session, stream, again)
    session.add(
        {
            name: sum(1 for _, a in both if a.outcome == name)
            for name in ("accepted", "refused", "moved", "unknown")
        }
    )
