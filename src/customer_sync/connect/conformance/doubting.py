"""What a connector must prove about lost answers: it never claims to know what it does not know.

The losses are made here, between the connector and its driver; they need nothing of the platform.
"""

from collections.abc import Sequence
from typing import TypeVar

from customer_sync.connect.conformance.subject import Subject, Suite
from customer_sync.connect.port import Answer, Call, FileReplace, Flow, Write
from customer_sync.kernel.errors import DoubtfulError, PushUnconfirmedError, RetryableError
from customer_sync.kernel.errors import SystemDownError as DownError

__all__ = ["DoubtingSuite"]

T = TypeVar("T")


class DoubtingSuite(Suite):
    """Writes whose request or whose answer was lost, and what is told of them afterwards."""

    def test_a_lost_answer_is_never_taken_for_done_or_not_done(self, subject: Subject) -> None:
        """The outcome is unknown until it was read."""
        [key] = subject.create_many(1)

        outcomes = _write_unanswered(subject, subject.change(key, {subject.text_field: "ours"}))

        assert "refused" not in outcomes
        assert "moved" not in outcomes

    def test_an_update_whose_answer_was_lost_settles_as_done(self, subject: Subject) -> None:
        """It was done: the settlement must not say that it was not."""
        [key] = subject.create_many(1)
        write = subject.change(key, {subject.text_field: "ours"})
        if not _write_unanswered(subject, write):
            return

        [answer] = subject.settle(write)

        assert subject.value(key) == subject.text("ours")
        assert answer.outcome in _allowed(subject, "accepted")

    def test_an_update_that_was_never_sent_settles_as_not_done(self, subject: Subject) -> None:
        """It was not done: the settlement must not say that it was."""
        [key] = subject.create_many(1)
        write = subject.change(key, {subject.text_field: "ours"})

        [answer] = subject.settle(write)

        assert answer.outcome in _allowed(subject, "refused")
        assert answer.outcome == "unknown" or answer.code == "not_done"

    def test_a_create_whose_answer_was_lost_is_not_denied(self, subject: Subject) -> None:
        """A record denied would be created a second time."""
        write = subject.creation(0)
        if not subject.declared.create or not _write_unanswered(subject, write):
            return

        [answer] = subject.settle(write)

        assert answer.outcome in {"accepted", "unknown"}
        assert answer.outcome == "unknown" or [answer.external_id] == subject.live_ids()

    def test_a_create_that_was_never_sent_is_not_claimed(self, subject: Subject) -> None:
        """A record claimed would never be created; settling itself creates nothing."""
        subject.create_many(2)
        before = subject.live_ids()

        [answer] = subject.settle(subject.creation(3))

        assert answer.outcome in {"refused", "unknown"}
        assert answer.outcome == "unknown" or answer.code == "not_done"
        assert subject.live_ids() == before

    def test_settling_answers_each_write_of_a_batch(self, subject: Subject) -> None:
        """One write's outcome is not another's."""
        ids = subject.create_many(2)
        done = subject.change(ids[0], {subject.text_field: "ours"})
        never = subject.change(ids[1], {subject.text_field: "ours"})
        if not subject.declared.update:
            return
        subject.write(done)

        answers = subject.settle(done, never)

        assert answers[0].outcome in _allowed(subject, "accepted")
        assert answers[1].outcome in _allowed(subject, "refused")

    def test_a_write_that_did_not_reach_the_platform_is_never_reported_as_done(
        self, subject: Subject
    ) -> None:
        """A platform that is down is an error to wait on, and nothing has changed."""
        [key] = subject.create_many(1)
        before = subject.row(key)
        write = subject.change(key, {subject.text_field: "ours"})

        flow = subject.connector.write(subject.stream, [write])
        try:
            answers = subject.driver.run(_unreached(flow))
        except (RetryableError, DoubtfulError):
            answers = []

        assert all(answer.outcome != "accepted" for answer in answers)
        assert subject.row(key) == before


def _allowed(subject: Subject, truth: str) -> set[str]:
    """Return what settle may say: the truth, or unknown where it does not declare to settle."""
    return {truth} if subject.declared.settles else {truth, "unknown"}


def _write_unanswered(subject: Subject, write: Write) -> list[str]:
    """Write, lose the answer, and return the outcomes that the connector tells all the same.

    An empty list says that the stream does not take such a write at all.
    """
    can = subject.declared.create if write.kind == "create" else subject.declared.update
    if not can:
        return []
    try:
        answers = subject.driver.run(_unanswered(subject.connector.write(subject.stream, [write])))
    except DoubtfulError:
        return ["unknown"]
    return [answer.outcome for answer in answers]


def _unanswered(flow: Flow[list[Answer]]) -> Flow[list[Answer]]:
    """Perform what a flow asks for, and lose the answers to its writes."""
    try:
        calls = next(flow)
        while True:
            replies = yield calls
            lost = PushUnconfirmedError("the answer was lost")
            calls = flow.throw(lost) if _is_write(calls) else flow.send(replies)
    except StopIteration as end:
        answers: list[Answer] = end.value
        return answers


def _unreached(flow: Flow[list[Answer]]) -> Flow[list[Answer]]:
    """Perform what a flow asks for, except its writes: those do not reach the platform."""
    try:
        calls = next(flow)
        while True:
            if _is_write(calls):
                calls = flow.throw(DownError("the platform was not reached"))
            else:
                calls = flow.send((yield calls))
    except StopIteration as end:
        answers: list[Answer] = end.value
        return answers


def _is_write(calls: Sequence[Call]) -> bool:
    return any(isinstance(c, FileReplace) or getattr(c, "is_write", False) for c in calls)
