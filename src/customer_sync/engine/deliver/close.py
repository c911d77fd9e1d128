"""After the call: note each outcome, and say when what was not done may be tried again."""

import json
from collections.abc import Sequence

import polars as pl

from customer_sync.connect.port import Answer
from customer_sync.core.decide import Stream
from customer_sync.engine.deliver.push import FOREVER, RELEASED, Push, title
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.store import audit, outbox, rejects, reversals, reviews

__all__ = ["close"]

WAIT_S_MAX = 3_600.0
_SHOWN = {"link": pl.Int64, "fields": pl.String}


def close(
    session: Session, stream: Stream, both: Sequence[tuple[Push, Answer]], wait_s: float | None
) -> None:
    """Note each outcome, in the audit too, and say when refused outbounds may be tried again."""
    now = session.now()
    answers = pl.DataFrame(
        [(p.write.token, _outcome(a), a.code, a.reason, a.external_id) for p, a in both],
        schema=dict.fromkeys(("token", "outcome", "code", "reason", "external_id"), pl.String), orient="row",
    )  # fmt: skip
    events = pl.DataFrame(
        [
            (
                f"answered.{a.outcome}",
                stream.id,
                p.link,
                p.customer,
                f"{p.write.token} {a.code}".strip(),
            )
            for p, a in both
        ],
        schema={
            "kind": pl.String,
            "stream": pl.Int32,
            "link": pl.Int64,
            "customer": pl.Int64,
            "detail": pl.String,
        },
        orient="row",
    )
    restores = [(p, a) for p, a in both if p.restores]
    moved = [p for p, a in restores if a.outcome == "moved"]
    waiting = [
        (p, a, _wait_s(p, a, wait_s)) for p, a in both if a.outcome != "accepted" and p not in moved
    ]
    released = pl.DataFrame(
        [(p.outbound, a.code or a.outcome, a.reason, wait) for p, a, wait in waiting],
        schema=RELEASED, orient="row",
    )  # fmt: skip
    refused = [
        (p, a) for p, a in both if a.outcome == "refused" and a.code not in {"not_sent", "not_done"}
    ]
    with session.db.transaction() as tx:
        outbox.answer(tx, answers, now=now)
        # A creation, a removal: nothing is left to do. An update's outbound is dropped when it agrees.
        outbox.drop(
            tx,
            [p.outbound for p, a in both if a.outcome == "accepted" and p.kind != "update"],
        )
        _note_restored(tx, [p for p, a in restores if a.outcome == "accepted"])
        _leave_moved(tx, session, stream, moved)
        outbox.release(tx, pl.concat([released, _still(both)]), now=now)
        rejects.add(tx, stream.id, _refusals(refused), run=session.run, now=now)
        done = [title(p) for p, a in both if a.outcome == "accepted"]
        rejects.resolve(tx, stream.id, "deliver", done, now=now)
        audit.add(
            tx, events, run=session.run, batch=None, configuration=session.rules.version, now=now
        )


def _outcome(answer: Answer) -> str:
    return "not_done" if answer.code in {"not_sent", "not_done", "unsettled"} else answer.outcome


def _wait_s(push: Push, answer: Answer, asked_s: float | None) -> float:
    """A refusal waits until something about it changes; what was not done is tried again, more slowly each time."""
    if asked_s is not None:
        return min(WAIT_S_MAX, asked_s * 2.0 ** min(push.tries - 1, 10))
    if answer.outcome == "refused" and answer.code != "not_done":
        return FOREVER
    return 0.0


def _still(both: Sequence[tuple[Push, Answer]]) -> pl.DataFrame:
    """Outbounds of accepted updates that absorb did not drop: golden moved on meanwhile, so go on."""
    rows = [
        (p.outbound, None, None, 0.0)
        for p, a in both
        if a.outcome == "accepted" and p.kind == "update"
    ]
    return pl.DataFrame(
        rows,
        schema=RELEASED,
        orient="row",
    )


def _note_restored(tx: Transaction, pushes: Sequence[Push]) -> None:
    """Keep what these records show again as their image, so that it is nobody's saying when it is read."""
    patches = {push.link: push.write.patch for push in pushes if push.link is not None}
    shown = [
        (link, json.dumps({**json.loads(fields), **patches[link]}, ensure_ascii=False))
        for link, fields in reversals.images(tx, list(patches)).items()
    ]
    reversals.restored(tx, pl.DataFrame(shown, schema=_SHOWN, orient="row"))


def _leave_moved(tx: Transaction, session: Session, stream: Stream, pushes: Sequence[Push]) -> None:
    """Leave to a person what somebody changed since it was to be taken back."""
    outbox.drop(tx, [push.outbound for push in pushes])
    reversals.forget(tx, [push.link for push in pushes if push.link is not None])
    detail = "somebody changed this record while it was taken back; see there whether it is right"
    asked = [
        ("undo", f"{stream.title}/{push.write.external_id}", [push.customer], detail)
        for push in pushes
    ]
    reviews.add(tx, asked, run=session.run, now=session.now())


def _refusals(refused: Sequence[tuple[Push, Answer]]) -> pl.DataFrame:
    rows = [
        (
            "deliver",
            title(p),
            "",
            a.code or "refused",
            a.reason,
            False,
        )
        for p, a in refused
    ]
    schema = {
        "stage": pl.String, "external_id": pl.String, "field": pl.String, "code": pl.String,
        "detail": pl.String, "whole": pl.Boolean,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")
