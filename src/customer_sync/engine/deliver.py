"""Deliver: send records what they should show, and take in what comes back.

    tx: write the attempts -> network -> tx: absorb the answers

No transaction stays open across a socket. The patch is computed when it is sent: golden values against
the record's image, so losing, doubling or reordering outbounds cannot corrupt. An attempt whose answer
was lost is unknown: it is settled by reading, never by sending again; where reading cannot tell, a
person is asked.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from customer_sync.connect.port import (
    ABSENT,
    CHANGED_AT,
    GONE,
    ID,
    MERGED_INTO,
    OUTSIDE,
    VERSION,
    Answer,
    Write,
    record_schema,
)
from customer_sync.core.decide import Stream, desired
from customer_sync.core.decide.observe import displayed
from customer_sync.core.decide.route import accepted_cells, held_cells, with_references
from customer_sync.engine.absorb import Answered, absorb, absorb_ledger
from customer_sync.engine.faults import (
    DELIVER_ANSWERED,
    DELIVER_ATTEMPTED,
    DELIVER_CONFIRMED,
    SETTLE_ANSWERED,
)
from customer_sync.engine.intake import read_ids, reread
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.errors import DoubtfulError, RetryableError
from customer_sync.kernel.frames import apart, beside, pick, where
from customer_sync.model.frame import EXCLUDED, LIVE, SENT
from customer_sync.store import audit, outbox, rejects, reviews, snapshot
from customer_sync.store.snapshot import accepted as unpacked_accepted

__all__ = [
    "Push",
    "computed",
    "deliver",
    "deliver_only",
    "deliver_stream",
    "digest_of",
    "settle_stream",
]

TAKE_ROWS_MAX = 1_000
KINDS = ("put", "deactivate", "delete")
WAIT_S_MIN, WAIT_S_MAX = 5.0, 3_600.0
SETTLE_TRIES_MAX = 5
FOREVER = -1.0
_RELEASED = {"outbound": pl.Int64, "code": pl.String, "reason": pl.String, "wait_s": pl.Float64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One attempt as it was sent: the write, and what it meant in canonical space."""

    write: Write
    outbound: int
    customer: int
    link: int | None
    sent: list[dict[str, str | None]]
    mark: int
    tries: int


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
    """Deliver what one stream has waiting; return how many attempts were made."""
    made = 0
    capabilities = session.connector(stream).capabilities(stream.name)
    limit = max(1, min(TAKE_ROWS_MAX, capabilities.write_rows_max))
    while True:
        pushes, taken = _prepare(session, stream, limit)
        if not taken:
            return made
        session.fault(DELIVER_ATTEMPTED)
        if pushes:
            made += len(pushes)
            if not _push(session, stream, pushes):
                return made
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
            pushes, taken = _prepare(session, stream, limit, wanted=chunk)
            if pushes or not taken:
                break
        session.fault(DELIVER_ATTEMPTED)
        made += len(pushes)
        if pushes and not _push(session, stream, pushes):
            return made
        session.progress(f"to {stream.title}", made, len(ids))
    return made


# -- before the call ------------------------------------------------------------------------------


def _prepare(
    session: Session, stream: Stream, limit: int, *, wanted: Mapping[int, str] | None = None
) -> tuple[list[Push], int]:
    """Take outbounds, compute their patches, and write the attempts down."""
    now = session.now()
    only = None if wanted is None else list(wanted)
    with session.db.transaction() as tx:
        taken = outbox.take(
            tx, stream.id, run=session.run, now=now, limit=limit, kinds=KINDS, only=only
        )
        if taken.is_empty():
            return [], 0
        found = computed(tx, session, stream, taken)
        if found is None:
            tx.discard()
        else:
            pushes, settled, mark = found
            outbox.drop(tx, settled["outbound"].to_list())
            outbox.mark_seen(tx, settled["link"].drop_nulls().to_list(), mark=mark)
            if wanted is not None:
                pushes = _as_foreseen(tx, session, pushes, wanted)
            pushes = _braked(tx, session, stream, pushes)
            _write_down(tx, session, stream, pushes, mark)
            return pushes, taken.height
    absorb_ledger(session)
    return [], taken.height


def _braked(
    tx: Transaction, session: Session, stream: Stream, pushes: Sequence[Push]
) -> list[Push]:
    """Return the pushes that may go; one record written again and again in a run is left to a person.

    A system that shows something else each time (or two rules that contradict each other) would
    otherwise be written for ever.
    """
    limit = session.rules.config.workspace.limits.flap_max
    kept: list[Push] = []
    flapping: list[Push] = []
    for push in pushes:
        key = (stream.id, push.customer, push.link)
        session.delivered[key] = session.delivered.get(key, 0) + 1
        (kept if session.delivered[key] <= limit else flapping).append(push)
    if flapping:
        reason = f"written {limit} times in one run, and it still shows something else"
        rows = [(push.outbound, "flapping", reason, FOREVER) for push in flapping]
        outbox.release(tx, pl.DataFrame(rows, schema=_RELEASED, orient="row"), now=session.now())
        asked = [
            (
                "flapping",
                f"{stream.title}/{p.write.external_id or p.customer}",
                [p.customer],
                reason,
            )
            for p in flapping
        ]
        reviews.add(tx, asked, run=session.run, now=session.now())
    return kept


def computed(
    tx: Transaction, session: Session, stream: Stream, taken: pl.DataFrame
) -> tuple[list[Push], pl.DataFrame, int] | None:
    """Compute what outbounds (store.outbox.TAKEN) come to; writes nothing.

    Returns:
        What to send, the outbounds that have nothing to send any more, and the batch whose golden
        values these are. None when accountants edited one of the customers: that is absorbed first,
        or it would be delivered past its claim.
    """
    due = outbox.load_due(tx, session.rules, taken)
    if due.edited:
        return None
    mark = snapshot.last_batch(tx)
    return *_pushes(session, stream, taken, due, mark), mark


def _as_foreseen(
    tx: Transaction, session: Session, pushes: Sequence[Push], wanted: Mapping[int, str]
) -> list[Push]:
    """Return the pushes whose patch has the digest wanted; let go of the others."""
    kept = [p for p in pushes if digest_of(session, p.write.patch) == wanted[p.outbound]]
    sending = {push.outbound for push in kept}
    others = [(p.outbound, None, None, 0.0) for p in pushes if p.outbound not in sending]
    released = pl.DataFrame(others, schema=_RELEASED, orient="row")
    outbox.release(tx, released, now=session.now())
    return kept


def _pushes(
    session: Session, stream: Stream, taken: pl.DataFrame, due: outbox.Due, mark: int
) -> tuple[list[Push], pl.DataFrame]:
    """Return what to send, and the outbounds that have nothing to send any more."""
    there = where(due.others, due.others["stream"] == stream.id)
    known = beside(
        pick(taken, *(name for name in taken.columns if name != "customer")), due.links, "link"
    )
    # A record set apart from the sync is told nothing more, but may still be removed.
    is_put = pl.col("kind") == "put"
    known = where(known, (pl.col("state") == LIVE) | (pl.col("state") == EXCLUDED) & ~is_put)
    fresh = apart(where(taken, pl.col("link").is_null() & is_put), there, "customer")
    puts = [
        *_updates(session, stream, where(known, is_put), due, mark),
        *_creates(session, stream, fresh, due, mark),
        *_removals(session, where(known, ~is_put), mark),
    ]
    sending = pl.DataFrame({"outbound": [p.outbound for p in puts]}, schema={"outbound": pl.Int64})
    return puts, apart(taken, sending, "outbound")


def _updates(
    session: Session, stream: Stream, rows: pl.DataFrame, due: outbox.Due, mark: int
) -> list[Push]:
    if rows.is_empty() or not session.connector(stream).capabilities(stream.name).update:
        return []
    values, fields, rejected = displayed(stream, pick(rows, "link", "image"))
    golden = beside(pick(rows, "link", "customer"), due.golden, "customer")
    golden = with_references(golden, due.others, stream, session.rules)
    kept = pl.concat(
        [
            accepted_cells(unpacked_accepted(pick(rows, "link", "image", "accepted"))),
            held_cells(rejected),
        ]
    )
    wanted = desired(golden, values, kept, stream.map.outward)
    after = stream.map.put(wanted, fields)
    pushes = []
    for row, target, before, canonical, present in zip(
        rows.iter_rows(named=True), after.iter_rows(named=True), fields.iter_rows(named=True),
        wanted.iter_rows(named=True), values.iter_rows(named=True), strict=True,
    ):  # fmt: skip
        patch = {name: value for name, value in target.items() if value != before[name]}
        if patch:
            meant = _meant(canonical, present)
            write = Write(
                token=session.token(), kind="update", external_id=row["external_id"], patch=patch,
                expected={name: before[name] for name in patch}, expected_version=row["version"],
            )  # fmt: skip
            pushes.append(_as_push(write, row, meant, mark))
    return pushes


def _creates(
    session: Session, stream: Stream, rows: pl.DataFrame, due: outbox.Due, mark: int
) -> list[Push]:
    if rows.is_empty() or not session.connector(stream).capabilities(stream.name).create:
        return []
    golden = beside(pick(rows, "customer"), due.golden, "customer")
    golden = with_references(golden, due.others, stream, session.rules)
    blank = pl.DataFrame(
        {name: [None] * rows.height for name in stream.map.source_fields},
        schema=dict.fromkeys(stream.map.source_fields, pl.String),
    )
    wanted = pick(golden, *(name for name in stream.map.outward if name in golden.columns))
    after = stream.map.put(wanted, blank)
    # What the mapping cannot write (a value outside its map) is not meant: it is no agreement later.
    readable = stream.map.get(blank.with_columns(after.get_columns())).values
    pushes = []
    for row, target, canonical, read in zip(
        rows.iter_rows(named=True), after.iter_rows(named=True), wanted.iter_rows(named=True),
        readable.iter_rows(named=True), strict=True,
    ):  # fmt: skip
        patch = {name: value for name, value in target.items() if value is not None}
        if not patch:  # nothing of this customer shows there: an empty record helps nobody
            continue
        meant = [
            {"field": name, "value": canonical.get(name)}
            for name in stream.map.canonical
            if canonical.get(name) is None or read.get(name) is not None
        ]
        write = Write(token=session.token(), kind="create", external_id=None, patch=patch)
        pushes.append(_as_push(write, row, meant, mark))
    return pushes


def _removals(session: Session, rows: pl.DataFrame, mark: int) -> list[Push]:
    return [
        _as_push(
            Write(
                token=session.token(), kind=row["kind"], external_id=row["external_id"], patch={},
                expected_version=row["version"],
            ),
            row, [], mark,
        )
        for row in rows.iter_rows(named=True)
    ]  # fmt: skip


def _meant(canonical: Mapping[str, Any], present: Mapping[str, Any]) -> list[dict[str, str | None]]:
    return [
        {"field": name, "value": value}
        for name, value in canonical.items()
        if name != "link" and value != present.get(name)
    ]


def _as_push(
    write: Write, row: Mapping[str, Any], meant: list[dict[str, str | None]], mark: int
) -> Push:
    return Push(
        write=write, outbound=row["outbound"], customer=row["customer"], link=row["link"], sent=meant, mark=mark,
        tries=row["tries"],
    )  # fmt: skip


def _write_down(
    tx: Transaction, session: Session, stream: Stream, pushes: Sequence[Push], mark: int
) -> None:
    if not pushes:
        return
    rows = [
        {
            "token": push.write.token, "outbound": push.outbound, "customer": push.customer, "stream": stream.id,
            "link": push.link, "kind": push.write.kind, "external_id": push.write.external_id,
            "patch": json.dumps(push.write.patch), "expected": json.dumps(push.write.expected),
            "expected_version": push.write.expected_version, "sent": json.dumps(push.sent),
            "digest": digest_of(session, push.write.patch),
        }
        for push in pushes
    ]  # fmt: skip
    schema = {name: kind for name, kind in outbox.ATTEMPTS.items() if name not in {"mark", "tries"}}
    frame = pl.DataFrame(rows, schema={**schema, "digest": pl.String}, orient="row")
    outbox.add_attempts(tx, frame, mark=mark, run=session.run, now=session.now())
    events = frame.select(
        kind=pl.concat_str(pl.lit("sent."), "kind"), stream="stream", link="link", customer="customer",
        detail="token", digest="digest",
        fields=pl.Series([",".join(str(cell["field"]) for cell in push.sent) for push in pushes]),
    )  # fmt: skip
    audit.add(
        tx,
        events,
        run=session.run,
        batch=None,
        configuration=session.rules.version,
        now=session.now(),
    )


def digest_of(session: Session, patch: Mapping[str, str | None]) -> str:
    """Return the salted digest of a patch: proves what was sent without holding it."""
    from customer_sync.kernel.digest import salted

    return salted(session.rules.salt, json.dumps(patch, sort_keys=True))


# -- the call -------------------------------------------------------------------------------------


def _push(session: Session, stream: Stream, pushes: Sequence[Push]) -> bool:
    """Send, and take in the answers; return whether it is worth going on with this stream now."""
    connector = session.connector(stream)
    try:
        answers = session.driver.run(connector.write(stream.name, [push.write for push in pushes]))
    except RetryableError as error:
        answers = [_same(push, "refused", "not_sent", error.message) for push in pushes]
        _take_in(session, stream, pushes, answers, wait_s=error.after_s or WAIT_S_MIN)
        return False
    except DoubtfulError as error:
        answers = [_same(push, "unknown", error.code, error.message) for push in pushes]
    session.fault(DELIVER_ANSWERED)
    _take_in(session, stream, pushes, answers)
    return True


def _same(push: Push, outcome: Any, code: str, reason: str) -> Answer:
    return Answer(
        token=push.write.token,
        outcome=outcome,
        external_id=push.write.external_id,
        code=code,
        reason=reason,
    )


# -- after the call -------------------------------------------------------------------------------


def _take_in(
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
    written = [
        (push, answer) for push, answer in accepted if push.write.kind in {"update", "create"}
    ]
    _confirm(session, stream, written)
    session.fault(DELIVER_CONFIRMED)
    _close(session, stream, both, wait_s)
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


def _confirm(session: Session, stream: Stream, written: Sequence[tuple[Push, Answer]]) -> None:
    """Absorb the records as they stood right after our writes; read those that the answer did not show."""
    if not written:
        return
    told = [(push, answer) for push, answer in written if answer.record is not None]
    untold = [(push, answer) for push, answer in written if answer.record is None]
    if told:
        records = _records(stream, [answer for _, answer in told])
        mark = min(push.mark for push, _ in told)
        done = absorb(session, stream, records, mark=mark, answered=_answered(told, exact=True))
        # Somebody read the record between our write and this answer: its present state decides.
        stale = set(done.stale)
        untold += [(push, answer) for push, answer in told if answer.external_id in stale]
    left = untold
    for _ in range(SETTLE_TRIES_MAX):
        if not left:
            return
        ids = [answer.external_id for _, answer in left if answer.external_id]
        mark, records = read_ids(session, stream, ids)
        done = absorb(session, stream, records, mark=mark, answered=_answered(left, exact=False))
        left = [(push, answer) for push, answer in left if answer.external_id in set(done.stale)]


def _records(stream: Stream, answers: Sequence[Answer]) -> pl.DataFrame:
    sources = stream.map.source_fields
    rows = [
        {
            ID: answer.external_id, CHANGED_AT: answer.changed_at, VERSION: answer.version, GONE: False,
            MERGED_INTO: None, OUTSIDE: False, ABSENT: None,
            **{name: (answer.record or {}).get(name) for name in sources},
        }
        for answer in answers
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=record_schema(sources), orient="row")


def _answered(written: Sequence[tuple[Push, Answer]], *, exact: bool) -> Answered:
    """Say what was sent. exact: the record is shown as our write left it, so what differs was made by it."""
    cells = [
        {
            ID: answer.external_id, "field": cell["field"], "value": cell["value"], "mark": push.mark,
            "answered": exact or None,
        }
        for push, answer in written
        for cell in push.sent
    ]  # fmt: skip
    schema = {
        ID: pl.String,
        "field": pl.String,
        "value": pl.String,
        "mark": pl.Int64,
        "answered": pl.Boolean,
    }
    owners = [
        (answer.external_id, push.customer)
        for push, answer in written
        if push.write.kind == "create"
    ]
    assert set(schema) - {ID} == set(SENT) - {"link"}
    return Answered(
        sent=pl.DataFrame(cells, schema=schema, orient="row"),
        owners=pl.DataFrame(owners, schema={ID: pl.String, "customer": pl.Int64}, orient="row"),
    )


def _close(
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
    waiting = [(p, a, _wait_s(p, a, wait_s)) for p, a in both if a.outcome != "accepted"]
    released = pl.DataFrame(
        [(p.outbound, a.code or a.outcome, a.reason, wait) for p, a, wait in waiting],
        schema=_RELEASED, orient="row",
    )  # fmt: skip
    refused = [
        (p, a) for p, a in both if a.outcome == "refused" and a.code not in {"not_sent", "not_done"}
    ]
    with session.db.transaction() as tx:
        outbox.answer(tx, answers, now=now)
        # A creation, a removal: nothing is left to do. An update's outbound is dropped when it agrees.
        outbox.drop(
            tx,
            [p.outbound for p, a in both if a.outcome == "accepted" and p.write.kind != "update"],
        )
        outbox.release(tx, pl.concat([released, _still(both)]), now=now)
        rejects.add(tx, stream.id, _refusals(refused), run=session.run, now=now)
        done = [_title(p) for p, a in both if a.outcome == "accepted"]
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
        if a.outcome == "accepted" and p.write.kind == "update"
    ]
    return pl.DataFrame(
        rows,
        schema=_RELEASED,
        orient="row",
    )


def _title(push: Push) -> str:
    """Return what a refused write is set aside under: its record, or whom it was to create."""
    return push.write.external_id or f"customer {push.customer}"


def _refusals(refused: Sequence[tuple[Push, Answer]]) -> pl.DataFrame:
    rows = [
        (
            "deliver",
            _title(p),
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


# -- attempts nobody answered ---------------------------------------------------------------------


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
        answers = [_read_anew(p, a) for p, a in zip(pushes, answers, strict=True)]
        _take_in(session, stream, pushes, answers)
        unknown = [(p, a) for p, a in zip(pushes, answers, strict=True) if a.outcome == "unknown"]
        if unknown:
            _ask(session, stream, [push for push, _ in unknown])
            return settled
        settled += len(pushes)


def _read_anew(push: Push, answer: Answer) -> Answer:
    """An update that reading cannot settle is computed anew from what its record shows now.

    Only a creation needs a person: made again, it would be there twice.
    """
    if answer.outcome != "unknown" or push.write.kind != "update":
        return answer
    return replace(answer, outcome="moved", code="unsettled", external_id=push.write.external_id)


def _as_sent(row: Mapping[str, Any]) -> Push:
    write = Write(
        token=row["token"], kind=row["kind"], external_id=row["external_id"], patch=json.loads(row["patch"]),
        expected=json.loads(row["expected"]), expected_version=row["expected_version"],
    )  # fmt: skip
    return Push(
        write=write, outbound=row["outbound"], customer=row["customer"], link=row["link"],
        sent=json.loads(row["sent"]), mark=row["mark"], tries=row["tries"] or 1,
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
