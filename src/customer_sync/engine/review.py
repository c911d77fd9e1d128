"""Decide a review: a person answers what the rules left open.

Decides what an answer means for each kind of question. Promises that the answer is remembered in
the transaction that closes the question, so that it stands even when the system cannot be read
right now.
"""

from dataclasses import dataclass
from typing import Literal, cast, get_args

import polars as pl

from customer_sync.core.decide import Stream
from customer_sync.engine.deliver import deliver
from customer_sync.engine.intake import Pulled, reread
from customer_sync.engine.merge import merge_in
from customer_sync.engine.missing import sweep_missing
from customer_sync.engine.session import Session
from customer_sync.engine.steward import Decision, absorb_edits_in, decide_in
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.errors import ConflictError, InvalidInputError, NotFoundError
from customer_sync.store import audit, merges, outbox, reviews, stewards
from customer_sync.store.attempts import Attempt, open_attempt

__all__ = ["ANSWERS", "POSSIBLE", "Answer", "Answered", "decide_review", "stream_named"]

Answer = Literal["same", "separate", "approve", "done", "not-done", "keep", "value"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)

POSSIBLE: dict[str, tuple[Answer, ...]] = {
    "possible_duplicate": ("same", "separate"),
    "duplicate_customer": ("same", "separate"),
    "mass_delete": ("approve",),
    "unknown_outcome": ("done", "not-done"),
    "conflict": ("keep", "value"),
    "undo": ("keep", "value", "done"),
    "flag": ("done",),
    "flapping": ("done",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The question, and whose records are read again because of the answer."""

    kind: str
    subject: str
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Review:
    number: int
    kind: str
    subject: str
    customers: list[int]


def decide_review(
    session: Session,
    number: int,
    answer: Answer,
    *,
    by: str,
    customer: int | None = None,
    value: str | None = None,
) -> Answered:
    """Answer one review, and do what follows from the answer.

    Args:
        session: the run.
        number: the review's.
        answer: what the person says.
        by: who says so.
        customer: for "same", which of several customers it is.
        value: for "value", what the field shall hold; empty: nothing.

    Raises:
        NotFoundError: There is no such review.
        ConflictError: It was decided already.
        InvalidInputError: The answer does not fit the question.
    """
    review = _load(session, number)
    if answer not in POSSIBLE.get(review.kind, ()):
        possible = ", ".join(POSSIBLE.get(review.kind, ())) or "none of these"
        raise InvalidInputError(
            f"review {number} is a {review.kind}; '{answer}' is no answer to it",
            hint=f"answer with: {possible}",
        )
    if (answer == "value") is not (value is not None):
        raise InvalidInputError(
            "the answer 'value' comes with the value, and no other answer does",
            hint=f'customer-sync reviews decide {number} value "..."',
        )
    if review.kind == "possible_duplicate":
        _sameness(session, review, answer, customer, by)
    elif review.kind == "duplicate_customer":
        with session.db.transaction() as tx:
            _customers_in(tx, session, review, answer, customer, by=by)
    elif review.kind == "mass_delete":
        stream = stream_named(session, review.subject)
        _close(session, review, answer, by)
        sweep_missing(session, stream, Pulled(), approved=True)
    elif review.kind == "unknown_outcome":
        _outcome(session, review, answer, by)
    elif review.kind == "flapping":
        with session.db.transaction() as tx:
            _close_in(tx, session, review, answer, by)
            outbox.retry_flapping(tx, review.customers)
    else:
        _value(session, review, answer, value, by)
    deliver(session)
    return Answered(kind=review.kind, subject=review.subject, answer=answer)


def stream_named(session: Session, title: str) -> Stream:
    """Return the connected stream called ``system.stream``.

    Raises:
        NotFoundError: There is none.
    """
    for stream in [*session.rules.tied, *session.rules.read]:
        if stream.title == title:
            return stream
    known = ", ".join(stream.title for stream in session.rules.read)
    raise NotFoundError(f"there is no stream '{title}'", hint=f"streams: {known or 'none yet'}")


def _load(session: Session, number: int) -> _Review:
    with session.db.transaction() as tx:
        found = reviews.get(tx, number)
    if found is None:
        raise NotFoundError(f"there is no review {number}", hint="list them: customer-sync reviews")
    if found[5] is not None:
        raise ConflictError(f"review {number} was decided already")
    _, kind, subject, customers, _, _ = cast("tuple[int, str, str, list[int], str, None]", found)
    return _Review(number=number, kind=kind, subject=subject, customers=list(customers))


def _close_in(tx: Transaction, session: Session, review: _Review, answer: str, by: str) -> None:
    if not reviews.decide(tx, review.number, answer, by=by, now=session.now()):
        raise ConflictError(f"review {review.number} was decided already")
    audit.add_one(
        tx, "review.decided", run=session.run, configuration=session.rules.version,
        now=session.now(), detail=f"review {review.number} {review.kind}: {answer}, by {by}",
    )  # fmt: skip


def _close(session: Session, review: _Review, answer: str, by: str) -> None:
    with session.db.transaction() as tx:
        _close_in(tx, session, review, answer, by)


def _sameness(
    session: Session, review: _Review, answer: Answer, customer: int | None, by: str
) -> None:
    """Remember whose the held record is, or is not, and read it again."""
    title, _, external_id = review.subject.partition("/")
    stream = stream_named(session, title)
    is_same = answer == "same"
    chosen = _chosen(review, customer) if is_same else review.customers
    with session.db.transaction() as tx:
        for one in chosen:
            reviews.remember(
                tx, stream=stream.id, external_id=external_id, customer=one, same=is_same,
                by=by, now=session.now(),
            )  # fmt: skip
        _close_in(tx, session, review, answer, by)
    reread(session, stream, [external_id])


def _customers_in(
    tx: Transaction, session: Session, review: _Review, answer: Answer, customer: int | None, *, by: str
) -> None:  # fmt: skip
    """Merge two customers into the older one, or the one that is named; or keep them apart for ever."""
    _close_in(tx, session, review, answer, by)
    if answer == "same":
        into = _chosen(review, customer)[0] if customer is not None else min(review.customers)
        gone = next(one for one in review.customers if one != into)
        merge_in(tx, session, gone, into, by=by)
    else:
        one, other = review.customers
        merges.keep_apart(tx, one, other, by=by, now=session.now())


def _chosen(review: _Review, customer: int | None) -> list[int]:
    if customer is not None:
        if review.customers and customer not in review.customers:
            known = ", ".join(str(one) for one in review.customers)
            raise InvalidInputError(f"review {review.number} is about the customers {known}")
        return [customer]
    if len(review.customers) != 1:
        known = ", ".join(str(one) for one in review.customers)
        raise InvalidInputError(
            f"review {review.number} is about several customers: {known}",
            hint="say which one it is: --customer ID",
        )
    return review.customers


def _value(session: Session, review: _Review, answer: Answer, value: str | None, by: str) -> None:
    """Let a field hold what the person says, or what it holds; close what was done by hand."""
    cell = _cell(session, review)
    if answer == "value" and cell is None:
        raise InvalidInputError(
            f"review {review.number} is not about one field", hint="answer with: keep, done"
        )
    with session.db.transaction() as tx:
        if cell is not None and answer != "done":
            absorb_edits_in(tx, session)
            wanted = value if answer == "value" else _standing(tx, session, *cell)
            decision = Decision(customer=cell[0], field=cell[1], value=wanted)
            # Closed before deciding does it, so that the answer is told as it was given.
            _close_in(tx, session, review, answer, by)
            decide_in(tx, session, [decision], by=by)
        else:
            _close_in(tx, session, review, answer, by)


def _cell(session: Session, review: _Review) -> tuple[int, str] | None:
    """Return the customer and the field that a review is about; none: it is about more, or less."""
    before, _, field = review.subject.rpartition("/")
    owner = before.rpartition("/")[2]
    if field not in session.rules.fields or not owner.isdigit():
        return None
    return (int(owner), field) if int(owner) in review.customers else None


def _standing(tx: Transaction, session: Session, customer: int, field: str) -> str | None:
    resolved = stewards.resolved(tx, [customer])
    if customer not in resolved:
        raise NotFoundError(f"there is no customer {customer}")
    golden = stewards.golden(tx, session.rules, [resolved[customer]])
    return cast("str | None", golden[field][0])


def _outcome(session: Session, review: _Review, answer: Answer, by: str) -> None:
    """Close an attempt of which nobody knew what became of it."""
    with session.db.transaction() as tx:
        attempt = open_attempt(tx, review.subject)
        _close_in(tx, session, review, answer, by)
        if attempt is not None:
            _settle(tx, session, attempt, is_done=answer == "done", by=by)
    if attempt is not None and attempt.external_id is not None:
        # What the record shows now decides what is still to be sent.
        stream = session.rules.streams[attempt.stream]
        reread(session, stream, [attempt.external_id])


def _settle(tx: Transaction, session: Session, attempt: Attempt, *, is_done: bool, by: str) -> None:
    outcome = "accepted" if is_done else "not_done"
    answers = pl.DataFrame(
        [(attempt.token, outcome, "decided", f"decided by {by}", attempt.external_id)],
        schema=dict.fromkeys(("token", "outcome", "code", "reason", "external_id"), pl.String),
        orient="row",
    )
    outbox.answer(tx, answers, now=session.now())
    if is_done and attempt.kind != "update":
        # The next reading finds what was made or removed; doing it again would double it.
        outbox.drop(tx, [attempt.outbound])
        return
    released = pl.DataFrame(
        [(attempt.outbound, None, None, 0.0)],
        schema={"outbound": pl.Int64, "code": pl.String, "reason": pl.String, "wait_s": pl.Float64},
        orient="row",
    )
    outbox.release(tx, released, now=session.now())
