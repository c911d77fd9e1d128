"""Attempts nobody answered: find out by reading, never by sending again.

Where reading cannot tell, a person is asked, and nothing is sent to that record before that.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from customer_sync.connect.port import Answer, Write
from customer_sync.core.decide import Stream
from customer_sync.engine.deliver.answer import take_in
from customer_sync.engine.deliver.push import TAKE_ROWS_MAX, Push
from customer_sync.engine.faults import SETTLE_ANSWERED
from customer_sync.engine.session import Session
from customer_sync.store import outbox, reviews

__all__ = ["settle_stream"]

NOT_DONE = "not_done"  # the code of what surely was not done
_CHANGED_SINCE = "a record that may be of this write was there, and shows something else by now"


def settle_stream(session: Session, stream: Stream) -> int:
    """Find out by reading what became of attempts whose answer was lost; return how many were settled."""
    settled = 0
    while True:
        with session.db.transaction() as tx:
            open_attempts = outbox.orphans(tx, stream.id, run=session.run, limit=TAKE_ROWS_MAX)
        if open_attempts.is_empty():
            return settled
        pushes = [_as_sent(row) for row in open_attempts.iter_rows(named=True)]
        connector = session.connector(stream)
        answers = session.driver.run(connector.settle(stream.name, [push.write for push in pushes]))
        session.fault(SETTLE_ANSWERED)
        answers = [
            _read_anew(push, _believed(answer, is_asked=is_asked))
            for push, answer, is_asked in zip(
                pushes, answers, open_attempts["is_asked"], strict=True
            )
        ]
        take_in(session, stream, pushes, answers)
        unknown = [(p, a) for p, a in zip(pushes, answers, strict=True) if a.outcome == "unknown"]
        if unknown:
            _ask(session, stream, [push for push, _ in unknown])
            return settled
        settled += len(pushes)


def _believed(answer: Answer, *, is_asked: bool) -> Answer:
    """Return what an answer is worth where an earlier reading could not tell, so that a person is asked.

    Then a record was there that may be the one created. That nobody finds it any more says that it was
    changed since, not that it was never made.
    """
    if not is_asked or answer.code != NOT_DONE:
        return answer
    return replace(answer, outcome="unknown", code="unknown", reason=_CHANGED_SINCE)


def _read_anew(push: Push, answer: Answer) -> Answer:
    """An update that reading cannot settle is computed anew from what its record shows now.

    Only a creation needs a person: made again, it would be there twice.
    """
    if answer.outcome != "unknown" or push.write.kind != "update":
        return answer
    return replace(answer, outcome="moved", code="unsettled", external_id=push.write.external_id)


def _as_sent(row: Mapping[str, Any]) -> Push:
    restores = row["kind"] == "restore"
    write = Write(
        token=row["token"], kind="update" if restores else row["kind"], external_id=row["external_id"],
        patch=json.loads(row["patch"]), expected=json.loads(row["expected"]), expected_version=row["expected_version"],
    )  # fmt: skip
    return Push(
        write=write, outbound=row["outbound"], customer=row["customer"], link=row["link"],
        sent=json.loads(row["sent"]), mark=row["mark"], tries=row["tries"] or 1, restores=restores,
    )  # fmt: skip


def _ask(session: Session, stream: Stream, pushes: Sequence[Push]) -> None:
    """Leave what reading cannot tell to a person; it is not sent again before that."""
    with session.db.transaction() as tx:
        reviews.add(
            tx,
            [
                ("unknown_outcome", push.write.token, [push.customer],
                 f"{stream.title}: nobody knows whether this {push.write.kind} was done; look there, then decide")
                for push in pushes
            ],
            run=session.run, now=session.now(),
        )  # fmt: skip
