"""Apply a plan: do what it says, and refuse, customer by customer, what has moved since.

What was read for the plan is absorbed again in one transaction, and what that comes to is compared
with the plan's digests before it is committed. A customer whose digest differs is left out with
all its records, and the rest is absorbed anew, until nothing differs. Only patches that the plan
foresaw are sent; whatever else waits is left to the next sync or plan. A stream of which a record
was refused is read again from where it was, so nothing is lost. A plan is applied once; a sample
of it may be applied before the rest.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from customer_sync.core.decide import Stream
from customer_sync.engine.deliver import deliver_only, digest_of, settle_stream
from customer_sync.engine.effect import CustomerEffect, customer_effects, foreseen
from customer_sync.engine.faults import APPLY_AFTER_COMMIT, APPLY_BEFORE_COMMIT
from customer_sync.engine.plan import LAST, empty_digest, found
from customer_sync.engine.rehearse import Rehearsed, rehearse
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.errors import (
    ConflictError,
    InvalidInputError,
    OperatorError,
    RetryableError,
    StoreConflictError,
)
from customer_sync.store import audit, plans, rejects, settings, snapshot
from customer_sync.store.commit import keep_cursor

__all__ = ["Applied", "Refused", "apply"]

TRIES_MAX = 20  # each leaves out more; what moves faster than that needs a new plan
EDITED = "an accountant edited the customer since the plan"
MOVED = "a record of it changed since the plan"
ABSORBED = "another run absorbed its records since the plan"
DIFFERS = "what its records come to has changed since the plan"
RUN = tuple[int, int, int, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One customer that was left as it is, and why."""

    customer: str
    reason: str


@dataclass(slots=True, kw_only=True)
class Applied:
    """What applying came to.

    applied: customers brought to what the plan says. left: customers of the plan not applied yet
    (after a sample). sent: patches sent. waiting: deliveries that the plan did not foresee.
    failures: (stream, code, message) of systems that could not be written to; their deliveries
    wait.
    """

    number: int
    applied: int = 0
    left: int = 0
    sent: int = 0
    waiting: int = 0
    refused: list[Refused] = field(default_factory=list)
    failures: list[tuple[str, str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as people and programs read it."""
        return asdict(self)


@dataclass(slots=True, kw_only=True)
class _Attempt:
    """What is known while absorbing is tried: the plan's digests, and what is left out so far."""

    planned: dict[str, str]
    numbers: dict[str, int]
    last: int
    is_whole: bool
    excluded: set[tuple[int, str]] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)


def apply(session: Session, number: int, *, sample: int | None = None) -> Applied:
    """Do what a plan says, as far as it still holds.

    Args:
        session: the run.
        number: the plan.
        sample: only for the first so many customers that were not applied yet; the plan stays open.

    Raises:
        NotFoundError: There is no such plan.
        ConflictError: It is applied, discarded or incomplete, or the configuration is another one
            now.
    """
    if sample is not None and sample < 1:
        raise InvalidInputError("a sample has at least one customer")
    attempt: _Attempt | None = None
    for _ in range(TRIES_MAX):
        with session.db.transaction() as tx:
            first = snapshot.begin(tx)
            told = found(tx, number)
            _check(session, number, told)
            document = json.loads(told[4])
            attempt = attempt or _begun(tx, number, sample, document["edited"])
            edited = plans.edited_since(tx, number)
            done = rehearse(
                tx, session, number, first=first, last=attempt.last, is_whole=attempt.is_whole,
                excluded=attempt.excluded,
            )  # fmt: skip
            effects = list(customer_effects(tx, session, sorted(done.customers), first=first))
            if _leave_out(tx, session, number, attempt, effects, done, edited):
                tx.discard()
                continue
            wanted, applied = _foreseen(tx, session, number, attempt, effects)
            _finish(tx, session, number, attempt, document, applied)
            session.fault(APPLY_BEFORE_COMMIT)
        session.add(done.counts)
        session.fault(APPLY_AFTER_COMMIT)
        _deliver(session, wanted, applied)
        return applied
    raise StoreConflictError(
        f"more and more of plan {number} moved while it was applied", hint="make a new plan"
    )


def _check(session: Session, number: int, told: RUN) -> None:
    _, configuration, _, state, document = told
    if state == "applied":
        raise ConflictError(f"plan {number} is applied already", hint="make a new plan")
    if state == "discarded":
        raise ConflictError(f"plan {number} was discarded", hint="make a new plan")
    if state != "open" or document == "{}":
        raise ConflictError(f"plan {number} was never completed", hint="make a new plan")
    if configuration != session.rules.version:
        raise ConflictError(
            f"plan {number} was made for version {configuration} of the configuration; "
            f"version {session.rules.version} is in force",
            hint="make a new plan",
        )


def _begun(tx: Transaction, number: int, sample: int | None, edited: int) -> _Attempt:
    rows = plans.customers(tx, number)
    is_whole = sample is None or sample >= len(rows)
    # Those edited in the ledger come first and all at once: an edit is absorbed as soon as it is seen.
    last = LAST if is_whole else max(rows[sample - 1][0] if sample else 0, edited)
    mine = [row for row in rows if row[0] <= last]
    return _Attempt(
        planned={identity: digest for _, identity, digest in mine},
        numbers={identity: order for order, identity, _ in mine},
        last=last,
        is_whole=is_whole,
    )


# -- what has moved -------------------------------------------------------------------------------


def _leave_out(  # noqa: PLR0917 - one comparison
    tx: Transaction,
    session: Session,
    number: int,
    attempt: _Attempt,
    effects: list[CustomerEffect],
    done: Rehearsed,
    edited: set[int],
) -> bool:
    """Compare with the plan; return whether more records have to be left out."""
    none = empty_digest(session)
    by_name = {effect.identity: effect for effect in effects}
    moved: dict[str, str] = {}
    for identity, digest in attempt.planned.items():
        effect = by_name.get(identity)
        if identity not in attempt.refused and digest != (effect.digest if effect else none):
            moved[identity] = _reason(identity, effect, edited)
    records = set(done.stale)
    for effect in effects:
        if attempt.planned.get(effect.identity) != effect.digest:
            # Foreseen otherwise, or not at all: its records told of another customer in the plan.
            records |= set(effect.records)
    attempt.refused |= moved
    lost = [attempt.numbers[identity] for identity in moved]
    rows = plans.customer_records(tx, number, lost) if lost else []
    records |= {(stream, id_) for _, stream, id_ in rows}
    stale = {order for order, stream, id_ in rows if (stream, id_) in done.stale}
    names = {order: identity for identity, order in attempt.numbers.items()}
    attempt.refused |= {names[order]: MOVED for order in stale}
    is_more = not records <= attempt.excluded
    attempt.excluded |= records
    return is_more


def _reason(identity: str, effect: CustomerEffect | None, edited: set[int]) -> str:
    if identity.isdigit() and int(identity) in edited:
        return EDITED
    return ABSORBED if effect is None else DIFFERS


# -- what is kept ---------------------------------------------------------------------------------


def _foreseen(
    tx: Transaction,
    session: Session,
    number: int,
    attempt: _Attempt,
    effects: list[CustomerEffect],
) -> tuple[dict[int, tuple[Stream, dict[int, str]]], Applied]:
    """Return stream -> outbound -> digest of what is to be sent now, and the answer so far."""
    refused = [Refused(customer=name, reason=why) for name, why in sorted(attempt.refused.items())]
    applied = Applied(number=number, applied=len(attempt.planned) - len(refused), refused=refused)
    identities = {e.customer: e.identity for e in effects if e.identity != str(e.customer)}
    planned = plans.patches(tx, number, last=attempt.last)
    wanted: dict[int, tuple[Stream, dict[int, str]]] = {}
    for stream, pushes in foreseen(tx, session, identities):
        for push, digest in pushes:
            named = identities.get(push.customer, str(push.customer))
            if digest in planned and named not in attempt.refused:
                mine = wanted.setdefault(stream.id, (stream, {}))[1]
                mine[push.outbound] = digest_of(session, push.write.patch)
            else:
                applied.waiting += 1
    return wanted, applied


def _finish(  # noqa: PLR0917 - one commit, one call
    tx: Transaction,
    session: Session,
    number: int,
    attempt: _Attempt,
    document: Mapping[str, Any],
    applied: Applied,
) -> None:
    """Advance cursors, set faulty rows aside, and strike the plan off, in the absorbing transaction."""
    plans.mark_applied(tx, number, last=attempt.last)
    applied.left = len(plans.customers(tx, number))
    held = {*document.get("held", []), *(stream for stream, _ in attempt.excluded)}
    if attempt.is_whole:
        _go_on(tx, session, document, held)
        plans.forget(tx, number)
        plans.finish(tx, number, "applied")
    else:
        plans.finish(tx, number, "open", json.dumps({**document, "held": sorted(held)}))
    audit.add_one(
        tx,
        "plan.applied",
        run=session.run,
        configuration=session.rules.version,
        now=session.now(),
        detail=f"plan {number}, customers {applied.applied}, refused {len(applied.refused)}, left {applied.left}",
    )


def _go_on(tx: Transaction, session: Session, document: Mapping[str, Any], held: set[int]) -> None:
    now = session.now()
    for stream, (start, end) in document["cursors"].items():
        # A stream that was read by another run meanwhile has gone on by itself.
        if int(stream) not in held and settings.cursor(tx, int(stream)) == start:
            keep_cursor(tx, int(stream), end, now=now)
    for stream, faults in document["faults"].items():
        told = [(place, reason) for place, reason in faults]
        rejects.add_faults(tx, int(stream), told, run=session.run, now=now)


# -- delivering -----------------------------------------------------------------------------------


def _deliver(
    session: Session, wanted: Mapping[int, tuple[Stream, dict[int, str]]], applied: Applied
) -> None:
    for stream, outbounds in wanted.values():
        try:
            settle_stream(session, stream)
            applied.sent += deliver_only(session, stream, outbounds)
        except (RetryableError, OperatorError) as error:
            applied.failures.append((stream.title, error.code, error.message))
