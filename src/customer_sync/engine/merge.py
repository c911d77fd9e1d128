"""Merge customers that are one, and take a merge back.

A merge moves records, nothing else: what they say, what is posted to their accounts and what they are
asked moves with them, and what holds is decided anew from what they say. So taking it back is moving
them back: what changed since goes to the side whose record it came through. A steward's word is
remembered for ever.
"""

from dataclasses import dataclass, replace

from customer_sync.core.decide import Moves
from customer_sync.engine.absorb import absorb_moves_in
from customer_sync.engine.deliver import deliver
from customer_sync.engine.session import Session
from customer_sync.engine.steward import absorb_edits_in
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.errors import ConflictError, NotFoundError, OperatorError, RetryableError
from customer_sync.store import audit, merges, snapshot, stewards

__all__ = ["Merged", "merge_customers", "merge_in", "unmerge_customer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Two customers that were joined, or are two again.

    records: how many moved. changed: golden values. failures: of systems that could not be written to;
    their deliveries wait.
    """

    customer: int
    other: int
    records: int
    changed: int
    failures: tuple[str, ...] = ()


def merge_customers(session: Session, customer: int, into: int, *, by: str) -> Merged:
    """Let one customer go into another: it is retired, and resolves to the other for ever.

    Raises:
        NotFoundError: There is no such customer.
        ConflictError: They are one already.
    """
    with session.db.transaction() as tx:
        done = merge_in(tx, session, customer, into, by=by)
    return _delivered(session, done)


def merge_in(tx: Transaction, session: Session, customer: int, into: int, *, by: str) -> Merged:
    """Merge within the caller's transaction (see merge_customers); nothing is delivered yet."""
    absorb_edits_in(tx, session)
    gone, stays = _standing(tx, customer), _standing(tx, into)
    if gone == stays:
        raise ConflictError(
            f"customers {customer} and {into} are one already",
            hint=f"customer-sync show {stays}",
        )
    merges.keep_together(tx, gone, stays, by=by, now=session.now())
    moves = Moves(links=merges.links_of(tx, gone, stays))
    done = _move_in(tx, session, moves, gone, stays)
    _note(tx, session, f"{gone} into {stays}, by {by}", "customer.merged")
    return done


def unmerge_customer(session: Session, customer: int, *, by: str) -> Merged:
    """Take a merge back: the records that a customer went with are its own again, and it stands for itself.

    Args:
        session: the run.
        customer: the one that was merged into another.
        by: who says so.

    Raises:
        NotFoundError: There is no such customer.
        ConflictError: It was not merged into another, or before merges were kept.
    """
    with session.db.transaction() as tx:
        absorb_edits_in(tx, session)
        _standing(tx, customer)
        batch = snapshot.begin(tx)
        merge = merges.last(tx, customer)
        if merge is None:
            raise ConflictError(
                f"customer {customer} was not merged into another one",
                hint=f"its history: customer-sync show {customer}",
            )
        moves = Moves(links=merges.revive(tx, merge, batch=batch), is_split=True)
        done = _move_in(tx, session, moves, customer, merge.holder)
        merges.keep_apart(tx, customer, merge.holder, by=by, now=session.now())
        _note(tx, session, f"{customer} from {merge.holder}, by {by}", "customer.unmerged")
    return _delivered(session, done)


def _delivered(session: Session, done: Merged) -> Merged:
    try:
        deliver(session)
    except (RetryableError, OperatorError) as error:
        return replace(done, failures=(error.message,))
    return done


def _standing(tx: Transaction, customer: int) -> int:
    known = stewards.resolved(tx, [customer])
    if customer not in known:
        raise NotFoundError(f"there is no customer {customer}", hint="see: customer-sync customers")
    return known[customer]


def _move_in(tx: Transaction, session: Session, moves: Moves, customer: int, other: int) -> Merged:
    effects = absorb_moves_in(tx, session, moves).effects
    assert effects is not None, "moving records has effects"
    session.add({"moved": moves.links.height, "changed": effects.changes.height})
    return Merged(
        customer=customer, other=other, records=moves.links.height, changed=effects.changes.height
    )


def _note(tx: Transaction, session: Session, detail: str, kind: str) -> None:
    audit.add_one(
        tx, kind, run=session.run, configuration=session.rules.version, now=session.now(),
        detail=detail,
    )  # fmt: skip
