"""Plan a run: its exact effects, computed and not made.

What the systems show is read and kept in the inbox; then the real absorb runs over it in one
transaction, the real delivery computes what it would send, and the transaction is rolled back.
Counts are exact and every customer and patch has a digest that `apply` is held to; field by field,
a plan tells of so many customers as are asked for. Nothing is changed but the plan's own rows,
which hold personal values until it is applied or discarded.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import polars as pl

from customer_sync.connect.port import GONE, ID, OUTSIDE
from customer_sync.core.decide import Stream
from customer_sync.engine.absorb import news_in
from customer_sync.engine.deliver import Push
from customer_sync.engine.effect import (
    CLEARED,
    CustomerEffect,
    customer_effects,
    foreseen,
    patch_effect,
    reasons,
)
from customer_sync.engine.intake import Pulled, pages, reading
from customer_sync.engine.missing import confirmed_missing
from customer_sync.engine.rehearse import Rehearsed, SetAside, StreamEffect, rehearse
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Database, Transaction
from customer_sync.kernel.digest import salted
from customer_sync.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    OperatorError,
    RetryableError,
)
from customer_sync.store import audit, plans, settings, snapshot

__all__ = ["Plan", "discard", "empty_digest", "latest", "opened", "plan"]

DETAILS_MAX = 10_000  # customers told field by field: some 20 MB
ROWS_MAX = 10_000  # written at once
LAST = 2**31 - 1  # no limit to the customers of a plan


@dataclass(slots=True, kw_only=True)
class Plan:
    """The effects of a run that was not made.

    customers: field by field, at most as many as were asked for; total counts all. reviews:
    questions that would be asked. failures: (stream, code, message) of streams that could not be
    read.
    """

    number: int
    configuration: int
    mark: int
    state: str = "open"
    total: int = 0
    created: int = 0
    changed: int = 0
    edited: int = 0
    reviews: int = 0
    digest: str = ""
    streams: list[StreamEffect] = field(default_factory=list)
    customers: list[dict[str, Any]] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    failures: list[tuple[str, str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as people and programs read it."""
        told = asdict(replace(self, customers=[]))
        return {**told, "customers": self.customers}


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What reading came to: per stream, where it began and ended, and rows that are no records."""

    cursors: dict[int, tuple[str | None, str | None]] = field(default_factory=dict)
    faults: dict[int, list[tuple[str, str]]] = field(default_factory=dict)


def plan(
    session: Session,
    *,
    streams: Sequence[str] | None = None,
    whole: bool = False,
    details_max: int = DETAILS_MAX,
) -> Plan:
    """Compute what a sync would do now; nothing is sent, and nothing changes but the inbox.

    Args:
        session: the run.
        streams: only read these: ``system`` or ``system.stream``.
        whole: read streams from their start instead of from where reading ended.
        details_max: of so many customers the plan tells field by field.

    Raises:
        InvalidInputError: There is no such stream.
    """
    chosen = _chosen(session, streams)
    with session.db.transaction() as tx:
        mark = snapshot.last_batch(tx)
        number = plans.start(tx, run=session.run, configuration=session.rules.version, mark=mark)
    made = Plan(number=number, configuration=session.rules.version, mark=mark)
    effects = {stream.id: StreamEffect(stream=stream.title) for stream in session.rules.connected}
    found_there = _Reading()
    for stream in chosen:
        try:
            with reading(session, stream):
                _read(session, stream, number, effects[stream.id], found_there, whole=whole)
        except (RetryableError, OperatorError) as error:
            made.failures.append((stream.title, error.code, error.message))
            found_there.cursors.pop(stream.id, None)
    made.streams = list(effects.values())
    _compute(session, made, effects, details_max)
    document = {
        **made.as_json(), "customers": [], "cursors": found_there.cursors, "faults": found_there.faults,
    }  # fmt: skip
    with session.db.transaction() as tx:
        plans.finish(tx, number, "open", json.dumps(document))
        audit.add_one(
            tx,
            "plan.made",
            run=session.run,
            configuration=session.rules.version,
            now=session.now(),
            detail=f"plan {number}, customers {made.total}",
        )
    session.add({"planned": made.total})
    return made


def opened(db: Database, number: int | None = None) -> Plan:
    """Return a plan as it was made (the newest open one), with what it tells of customers.

    Raises:
        NotFoundError: There is no such plan.
    """
    with db.transaction() as tx:
        number = number if number is not None else plans.latest(tx)
        _, _, _, state, document = found(tx, number)
        told = json.loads(document)
        details = [json.loads(text) for text in plans.details(tx, told["number"])] if told else []
    if not told:
        raise NotFoundError(f"plan {number} was never completed", hint="make a new one: plan")
    for name in ("cursors", "faults", "held"):
        told.pop(name, None)
    told |= {
        "state": state,
        "customers": details,
        "streams": [StreamEffect(**effect) for effect in told["streams"]],
        "set_aside": [SetAside(**one) for one in told["set_aside"]],
        "failures": [tuple(failure) for failure in told["failures"]],
    }
    return Plan(**told)


def latest(db: Database) -> int | None:
    """Return the number of the newest plan that can be applied."""
    with db.transaction() as tx:
        return plans.latest(tx)


def discard(session: Session, number: int) -> None:
    """Throw a plan away, and all that was read for it.

    Raises:
        NotFoundError: There is no such plan.
        ConflictError: It was applied.
    """
    with session.db.transaction() as tx:
        if found(tx, number)[3] == "applied":
            raise ConflictError(f"plan {number} is applied already")
        plans.forget(tx, number)
        plans.finish(tx, number, "discarded")
        audit.add_one(
            tx,
            "plan.discarded",
            run=session.run,
            configuration=session.rules.version,
            now=session.now(),
            detail=f"plan {number}",
        )


def found(tx: Transaction, number: int | None) -> tuple[int, int, int, str, str]:
    """Return run, configuration, mark, state and document of a plan."""
    row = plans.get(tx, number) if number is not None else None
    if row is None:
        raise NotFoundError(f"there is no plan {number or ''}".rstrip(), hint="make one: plan")
    run, configuration, mark, state, document = row
    return run, configuration, mark, state, document


def empty_digest(session: Session) -> str:
    """Return the digest of a customer to whom nothing happens."""
    return salted(session.rules.salt, json.dumps([False, [], [], None]))


# -- reading --------------------------------------------------------------------------------------


def _chosen(session: Session, names: Sequence[str] | None) -> list[Stream]:
    systems = session.rules.config.systems
    active = [s for s in session.rules.connected if not systems[s.system].paused]
    if names is None:
        return active
    known = {name for stream in session.rules.connected for name in (stream.system, stream.title)}
    papers = [paper.stream.title for paper in session.rules.documents.values()]
    for name in names:
        if name in papers:
            raise InvalidInputError(
                f"{name} holds documents, and documents are not planned",
                hint="they are posted by: customer-sync sync",
            )
        if name not in known:
            raise InvalidInputError(
                f"there is no stream {name}", hint="name a system or system.stream"
            )
    return [stream for stream in active if {stream.system, stream.title} & set(names)]


def _read(
    session: Session,
    stream: Stream,
    number: int,
    effect: StreamEffect,
    found_there: _Reading,
    *,
    whole: bool,
) -> None:
    """Read one stream as intake does, keep what is new, and what is confirmed to be gone."""
    has_cursor = session.connector(stream).capabilities(stream.name).cursor
    with session.db.transaction() as tx:
        start = settings.cursor(tx, stream.id)
    pulled = Pulled(is_listing=whole or start is None or not has_cursor)
    mode: Literal["changes", "listing"] = "listing" if whole else "changes"
    for mark, page in pages(session, stream, mode=mode, cursor=None if whole else start):
        if pulled.is_listing:
            pulled.keys.append(page.records.filter(~(pl.col(GONE) | pl.col(OUTSIDE)))[ID])
        effect.read += page.records.height
        effect.faults += len(page.faults)
        effect.unchanged += _keep(session, stream, number, page.records, mark)
        found_there.faults.setdefault(stream.id, []).extend(page.faults)
        if not whole:
            found_there.cursors[stream.id] = (start, page.cursor)
        session.progress(f"reading {stream.title}", effect.read, page.total)
    missing = confirmed_missing(session, stream, pulled)
    effect.asked = missing.asked
    if missing.records.height:
        _keep(session, stream, number, missing.records, missing.mark)


def _keep(session: Session, stream: Stream, number: int, records: pl.DataFrame, mark: int) -> int:
    """Keep those records that are new or changed in the inbox; return how many are not."""
    with session.db.transaction() as tx:
        news = news_in(tx, stream, records, mark=mark)
        if news.height:
            plans.keep_records(tx, number, stream.id, news, mark=mark, now=session.now())
        audit.add_one(
            tx,
            "page.read",
            run=session.run,
            configuration=session.rules.version,
            now=session.now(),
            stream=stream.id,
            detail=f"plan {number}, rows {records.height}, news {news.height}",
        )
    return records.height - news.height


# -- computing ------------------------------------------------------------------------------------


def _compute(
    session: Session, made: Plan, streams: dict[int, StreamEffect], details_max: int
) -> None:
    """Absorb in one transaction that is rolled back; write the effects down in another."""
    rehearsal = replace(session, token=lambda: "planned", counts={})
    with session.db.transaction() as tx, session.db.transaction() as out:
        tx.discard()
        first = snapshot.begin(tx)
        done = rehearse(
            tx,
            rehearsal,
            made.number,
            first=first,
            last=LAST,
            is_whole=True,
            excluded=frozenset(),
            streams=streams,
        )
        asked = sum(1 for effect in made.streams if effect.asked)
        made.reviews, made.set_aside, made.edited = (
            done.reviews + asked, done.set_aside, len(done.edited),
        )  # fmt: skip
        ledger = _Ledger(session=rehearsal, out=out, made=made, details_max=details_max)
        _customers(tx, ledger, done)
        by_title = {effect.stream: effect for effect in made.streams}
        for stream, pushes in foreseen(tx, rehearsal, ledger.identities):
            ledger.add_patches(tx, stream, pushes)
            effect = by_title[stream.title]
            _count(effect, pushes)
            foreseen_there = effect.creates + effect.updates + effect.removals
            session.progress(f"planning writes to {stream.title}", foreseen_there, None)
        ledger.close()


def _customers(tx: Transaction, ledger: "_Ledger", done: Rehearsed) -> None:
    for ids in (done.edited, done.customers - done.edited):  # see apply: a sample begins with these
        effects = customer_effects(tx, ledger.session, sorted(ids), first=done.first)
        for chunk in _chunked(effects):
            ledger.add_customers(tx, chunk)
            total = len(done.customers)
            ledger.session.progress("planning customers", ledger.made.total, total)


def _chunked(effects: Iterator[CustomerEffect]) -> Iterator[list[CustomerEffect]]:
    chunk: list[CustomerEffect] = []
    for effect in effects:
        chunk.append(effect)
        if len(chunk) == ROWS_MAX:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _count(effect: StreamEffect, pushes: Sequence[tuple[Push, str]]) -> None:
    kinds = [push.write.kind for push, _ in pushes]
    effect.creates += kinds.count("create")
    effect.updates += kinds.count("update")
    effect.removals += kinds.count("delete") + kinds.count("deactivate")


@dataclass(slots=True, kw_only=True)
class _Ledger:
    """Writes a plan down as it is computed: digests of all, details of some."""

    session: Session
    out: Transaction
    made: Plan
    details_max: int
    numbers: dict[int, int] = field(default_factory=dict)
    identities: dict[int, str] = field(default_factory=dict)
    told: dict[int, CustomerEffect] = field(default_factory=dict)

    def add_customers(self, tx: Transaction, effects: Sequence[CustomerEffect]) -> None:
        """Number customers; write those down that are not told field by field."""
        made = self.made
        for effect in effects:
            self.numbers[effect.customer] = len(self.numbers) + 1
            if effect.identity != str(effect.customer):
                self.identities[effect.customer] = effect.identity
            if len(self.told) < self.details_max:
                self.told[effect.customer] = effect
            made.created += effect.is_new
            made.changed += bool(effect.golden) and not effect.is_new
            made.digest = salted(self.session.rules.salt, made.digest + effect.digest)
        made.total = len(self.numbers)
        self._explain(tx, effects)
        self._write([effect for effect in effects if effect.customer not in self.told])
        records = [
            (stream, id_, self.numbers[effect.customer])
            for effect in effects
            for stream, id_ in effect.records
        ]
        schema = {"stream": pl.Int32, "external_id": pl.String, "number": pl.Int32}
        plans.keep(
            self.out, "plan_record", made.number, pl.DataFrame(records, schema=schema, orient="row")
        )

    def add_patches(
        self, tx: Transaction, stream: Stream, pushes: Sequence[tuple[Push, str]]
    ) -> None:
        """Write down digests of patches; a customer to whom nothing else happens is numbered too."""
        strange = dict.fromkeys(p.customer for p, _ in pushes if p.customer not in self.numbers)
        none = empty_digest(self.session)
        self.add_customers(
            tx, [CustomerEffect(identity=str(id_), digest=none, customer=id_) for id_ in strange]
        )
        rows = [(self.numbers[push.customer], stream.id, digest) for push, digest in pushes]
        schema = {"number": pl.Int32, "stream": pl.Int32, "digest": pl.String}
        frame = pl.DataFrame(rows, schema=schema, orient="row").unique()
        plans.keep(self.out, "plan_patch", self.made.number, frame)
        self.made.digest = salted(
            self.session.rules.salt,
            self.made.digest + "".join(sorted(digest for _, digest in pushes)),
        )
        mine = [push for push, _ in pushes if push.customer in self.told]
        why = reasons(tx, self.session, sorted({push.customer for push in mine})) if mine else {}
        for push in mine:
            self.told[push.customer].patches.append(patch_effect(stream, push, why))

    def close(self) -> None:
        """Write down the customers told field by field, now that all is known of them."""
        told = list(self.told.values())
        for start in range(0, len(told), ROWS_MAX):
            self._write(told[start : start + ROWS_MAX])
        self.made.customers = [effect.as_json() for effect in told]

    def _explain(self, tx: Transaction, effects: Sequence[CustomerEffect]) -> None:
        mine = [effect for effect in effects if effect.customer in self.told and effect.golden]
        if not mine:
            return
        why = reasons(tx, self.session, [effect.customer for effect in mine])
        for effect in mine:
            found_ = [
                (cell, why.get((effect.customer, cell.field), CLEARED)) for cell in effect.golden
            ]
            effect.golden = [
                replace(cell, winner=reason.winner, rule=reason.rule) for cell, reason in found_
            ]

    def _write(self, effects: Sequence[CustomerEffect]) -> None:
        rows = [
            (
                self.numbers[effect.customer], effect.identity, effect.digest,
                json.dumps(effect.as_json()) if effect.customer in self.told else None,
            )
            for effect in effects
        ]  # fmt: skip
        schema = {
            "number": pl.Int32,
            "identity": pl.String,
            "digest": pl.String,
            "detail": pl.String,
        }
        plans.keep(
            self.out,
            "plan_customer",
            self.made.number,
            pl.DataFrame(rows, schema=schema, orient="row"),
        )
