"""Undo a run: inverse decisions where its values still stand, questions where they do not.

What a run changed is decided back by the same means as a steward decides, so every system hears of
it by the ordinary outbox, and undoing an undo is nothing special. A customer that the run brought
into being is deactivated, unless other records tell of it by now. A record that the run created
elsewhere is set apart from the sync, so that it is never created again, and removed there as far
as its connector declares it can. Whatever cannot be taken back for certain is left as it is and
asked as a review of kind `undo`. Undoing again goes on where it stopped: what is back already is
not touched. Records that came in by the run are set apart as well, and show again what they showed
before it (engine.apart); undoing the undoing lets them take part again. So are documents: what was
posted of them is reversed (engine.ledger.undoing).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import polars as pl

from customer_sync.core.decide import Stream
from customer_sync.engine.apart import Question, set_apart, take_in_again
from customer_sync.engine.deliver import deliver
from customer_sync.engine.ledger.undoing import set_documents_apart, take_documents_in_again
from customer_sync.engine.session import Session
from customer_sync.engine.steward import Decision, absorb_edits_in, decide_in
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.errors import ConflictError, NotFoundError, OperatorError, RetryableError
from customer_sync.model.frame import LIVE
from customer_sync.store import audit, reversals, reviews, snapshot, stewards

__all__ = ["Undone", "undo"]

CUSTOMERS_MAX = 1_000  # taken back in one transaction; others absorb in between
ACTIVE, INACTIVE = "active", "false"
Removal = Literal["deactivate", "delete"]


@dataclass(slots=True, kw_only=True)
class Undone:
    """What undoing a run came to.

    restored: golden values that are as before the run. deactivated: customers it had created.
    removed: records it had created elsewhere, set apart and to be removed. apart: records that came in
    by it, set apart. rewritten: those of them that it wrote into, and that show again what they did.
    included: records that the run itself had set apart, being an undoing, and that take part again.
    reversed: documents that came in by it, set apart, and reversed in the books. reposted: those that the run
    itself had set apart, and that stand in the books again. posted: documents that it changed, and that stand in
    the books as it posted them: they were there before, and follow their systems.
    asked: what a person must decide. failures: (code, message) of systems that could not be written to; their
    deliveries wait.
    """

    run: int
    customers: int = 0
    restored: int = 0
    deactivated: int = 0
    removed: int = 0
    apart: int = 0
    rewritten: int = 0
    included: int = 0
    reversed: int = 0
    reposted: int = 0
    posted: int = 0
    asked: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as people and programs read it."""
        return asdict(self)


def undo(session: Session, run: int, *, removal: Removal = "deactivate") -> Undone:
    """Take back what a run did, as far as it still stands, and deliver that.

    Args:
        session: the run that undoes.
        run: the run to be undone; it must be over.
        removal: what to do first with records it created elsewhere; the other where that cannot be
            done.

    Raises:
        NotFoundError: There is no such run.
        ConflictError: It is still going on.
    """
    with session.db.transaction() as tx:
        _check(tx, session, run)
        spanned = reversals.batches(tx, run)
    done = Undone(run=run, included=take_in_again(session, run))
    done.reposted = take_documents_in_again(session, run)
    done.reversed = set_documents_apart(session, run)
    _take_away(session, run, removal, done)
    if spanned is not None:
        alone = _created_alone(session, run, spanned, done)
        _deactivate(session, run, alone, done)
        _take_back_changed(session, run, done)
    with session.db.transaction() as tx:
        done.posted = reversals.posted(tx, run)
        audit.add_one(
            tx,
            "run.undone",
            run=session.run,
            configuration=session.rules.version,
            now=session.now(),
            detail=f"run {run}, restored {done.restored}, deactivated {done.deactivated}, "
            f"removed {done.removed}, asked {done.asked}",
        )
    session.add(
        {
            "restored": done.restored,
            "deactivated": done.deactivated,
            "removed": done.removed,
            "apart": done.apart,
            "included": done.included,
            "documents_apart": done.reversed,
            "documents_included": done.reposted,
        }
    )
    try:
        deliver(session)
    except (RetryableError, OperatorError) as error:
        done.failures.append((error.code, error.message))
    return done


def _check(tx: Transaction, session: Session, run: int) -> None:
    known = reversals.run(tx, run)
    if known is None:
        raise NotFoundError(f"there is no run {run}", hint="see: runs")
    if run == session.run or not known[1]:
        raise ConflictError(f"run {run} is still going on", hint="wait until it is over")


# -- records it wrote elsewhere -------------------------------------------------------------------


def _take_away(session: Session, run: int, removal: Removal, done: Undone) -> None:
    """Set apart the records that the run created, and have them removed where that is possible."""
    with session.db.transaction() as tx:
        snapshot.begin(tx)
        removals, asked = [], []
        for row in reversals.written(tx, run):
            kind = _removal(session, row, removal)
            if kind is not None:
                removals.append((row[2], row[3], row[5], kind))
            else:
                asked += _by_hand(session, run, row)
        frame = pl.DataFrame(removals, schema=reversals.REMOVALS, orient="row")
        reversals.remove(tx, frame, now=session.now())
        audit.add(
            tx,
            frame.select(
                "customer",
                "stream",
                "link",
                kind=pl.lit("record.excluded"),
                detail=pl.lit(f"undo of run {run}"),
            ),
            run=session.run,
            batch=None,
            configuration=session.rules.version,
            now=session.now(),
        )
        _ask(tx, session, asked, done)
    done.removed = len(removals)


def _removal(session: Session, row: Sequence[Any], wish: Removal) -> Removal | None:
    """Return how a record may be taken away, None when it may not or is away already."""
    _, kind, _, stream_id, _, _, state, is_edited = row
    stream = session.rules.streams.get(stream_id)
    if kind != "create" or state != LIVE or is_edited or stream is None:
        return None
    capabilities = session.connector(stream).capabilities(stream.name)
    can = {"deactivate": capabilities.deactivate, "delete": capabilities.delete}
    order: tuple[Removal, Removal] = ("deactivate", "delete")
    return next((one for one in (wish, *order) if can[one]), None)


def _by_hand(session: Session, run: int, row: Sequence[Any]) -> list[Question]:
    """Return what a person must do about one record."""
    _, kind, customer, stream_id, external_id, link, state, is_edited = row
    stream: Stream | None = session.rules.streams.get(stream_id)
    title = stream.title if stream else f"stream {stream_id}"
    subject = f"run {run}/{title}/{external_id}"
    if kind != "create":
        detail = f"{title}: the run removed this record ({kind}); bring it back there by hand"
    elif link is None:
        detail = f"{title}: the run created this record, and it is not known any more; look there"
    elif state != LIVE:
        return []
    elif is_edited:
        detail = (
            f"{title}: the run created this record, and somebody changed it since; decide there"
        )
    else:
        detail = (
            f"{title}: the run created this record, and the connector cannot remove it; do so there"
        )
    return [("undo", subject, [customer], detail)]


# -- customers it created or changed --------------------------------------------------------------


def _created_alone(session: Session, run: int, spanned: tuple[int, int], done: Undone) -> list[int]:
    """Set apart what came in by the run, and return the customers it brought into being, told of by nothing else."""
    with session.db.transaction() as tx:
        rows = reversals.created(tx, run, *spanned)
        asked = [
            ("undo", f"run {run}/{id_}", [id_, into],
             f"customer {id_} was merged into {into} by the run or since; to take that back: unmerge {id_}")
            for id_, into in {*reversals.retired(tx, run), *((r[0], r[1]) for r in rows if r[1])}
        ]  # fmt: skip
        asked += [
            (
                "undo",
                f"run {run}/{id_}",
                [id_],
                "the run created this customer, and other records tell of it by now; decide whether it stays",
            )
            for id_, into, is_used in rows
            if is_used and into is None
        ]
        _ask(tx, session, asked, done)
    left = [id_ for id_, into, is_used in rows if into is not None or is_used]
    done.apart, done.rewritten, moved = set_apart(session, run, spanned, left)
    with session.db.transaction() as tx:
        _ask(tx, session, moved, done)
    return [id_ for id_, into, is_used in rows if into is None and not is_used]


def _deactivate(session: Session, run: int, customers: Sequence[int], done: Undone) -> None:
    for chunk in _chunks(customers):
        with session.db.transaction() as tx:
            absorb_edits_in(tx, session)
            golden = stewards.golden(tx, session.rules, chunk)
            active = golden.filter(pl.col(ACTIVE).ne_missing(INACTIVE))["customer"].to_list()
            decisions = [Decision(customer=id_, field=ACTIVE, value=INACTIVE) for id_ in active]
            decide_in(tx, session, decisions, by=f"undo of run {run}")
            reversals.drop_creates(tx, chunk)
        done.customers += len(active)
        done.deactivated += len(active)


def _take_back_changed(session: Session, run: int, done: Undone) -> None:
    with session.db.transaction() as tx:
        customers = reversals.changed(tx, run)
    for chunk in _chunks(customers):
        with session.db.transaction() as tx:
            absorb_edits_in(tx, session)
            decisions, asked = _inverse(tx, session, run, chunk)
            decided = decide_in(tx, session, decisions, by=f"undo of run {run}")
            _ask(tx, session, asked, done)
        done.customers += decided.customers
        done.restored += decided.cells


def _inverse(
    tx: Transaction, session: Session, run: int, customers: Sequence[int]
) -> tuple[list[Decision], list[Question]]:
    """Return the decisions that restore what still stands, and questions about what has moved."""
    golden = stewards.golden(tx, session.rules, customers)
    stands = {row["customer"]: row for row in golden.iter_rows(named=True)}
    decisions: list[Decision] = []
    asked: list[Question] = []
    for customer, name, before, after in reversals.changes(tx, run, customers):
        now = stands[customer].get(name)
        if now == before:
            continue
        if name in session.rules.fields and now == after:
            decisions.append(Decision(customer=customer, field=name, value=before))
        else:
            detail = (
                f"{name}: the run changed it, and it was changed again since; it is left as it is"
            )
            asked.append(("undo", f"run {run}/{customer}/{name}", [customer], detail))
    return decisions, asked


def _chunks(customers: Sequence[int]) -> list[Sequence[int]]:
    starts = range(0, len(customers), CUSTOMERS_MAX)
    return [customers[start : start + CUSTOMERS_MAX] for start in starts]


def _ask(tx: Transaction, session: Session, asked: Sequence[Question], done: Undone) -> None:
    reviews.add(tx, asked, run=session.run, now=session.now())
    done.asked += len(asked)
