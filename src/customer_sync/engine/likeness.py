"""Likeness: why two records, or two customers, were scored as they are, in words for people.

Decides nothing. Promises the score that a sync would give them now, by the same functions. Must not
keep anything.
"""

from dataclasses import dataclass
from itertools import product

import polars as pl

from customer_sync.core.identity import (
    VETOES,
    Model,
    Profile,
    Reason,
    compared,
    each,
    explained,
    features,
    terms,
    unpacked,
)
from customer_sync.engine.review import stream_named
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.errors import ConflictError, NotFoundError
from customer_sync.store import matching, stewards

__all__ = ["Likeness", "likeness"]

_PAIRS = {"left": pl.Int64, "right": pl.Int64}
RECORDS_MAX = 20  # of one customer, that are compared with those of another


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How alike two records are, and what spoke for and against.

    one, other: the records, as ``system.stream/id``. customers: whose they are. score: the probability that they are
    one party. verdict: join, ask or apart; what stewards said outranks it. veto: the rule that excludes it, in words.
    """

    one: str
    other: str
    customers: tuple[int, int]
    score: float
    verdict: str
    veto: str | None
    kept_apart: bool
    automatic: float
    review: float
    model: str
    reasons: list[Reason]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    link: int
    customer: int
    title: str
    packed: str


def likeness(session: Session, one: str, other: str) -> Likeness:
    """Return how alike two records are: ``system.stream/id``, or a customer's number, for its likeliest record.

    Raises:
        NotFoundError: There is no such record or customer, or it is not compared.
        ConflictError: It is one and the same record.
    """
    with session.db.transaction() as tx:
        ours, theirs = _records(tx, session, one), _records(tx, session, other)
        by_link = {record.link: record for record in [*ours, *theirs]}
        pairs = [(a.link, b.link) for a, b in product(ours, theirs) if a.link != b.link]
        if not pairs:
            raise ConflictError("this is one and the same record", hint="name two different ones")
        found = unpacked(
            pl.Series([record.packed for record in by_link.values()], dtype=pl.String),
            pl.Series(list(by_link), dtype=pl.Int64),
        )
        told = terms(found, salt=session.rules.salt)
        counts = matching.carriers(tx, told["term"])
        size = matching.size(tx)
        customers = pl.Series(
            sorted({record.customer for record in by_link.values()}), dtype=pl.Int64
        )
        is_barred = matching.kept_apart(tx, customers).height > 0
    frame = pl.DataFrame(pairs, schema=_PAIRS, orient="row")
    model = Model.shipped()
    scores = compared(frame, found, terms=told, counts=counts, size=size, model=model)
    left, right, score, veto = scores.sort(
        "score", "left", "right", descending=[True, False, False]
    ).row(0)
    best = pl.DataFrame([(left, right)], schema=_PAIRS, orient="row")
    profiles: dict[int, Profile] = {profile.link: profile for profile in each(found)}
    of = features(best, found, terms=told, counts=counts)
    return Likeness(
        one=by_link[left].title, other=by_link[right].title,
        customers=(by_link[left].customer, by_link[right].customer), score=score,
        verdict=_verdict(model, score, is_barred=veto is not None or is_barred),
        veto=None if veto is None else VETOES[veto], kept_apart=is_barred, automatic=model.automatic,
        review=model.review, model=model.version,
        reasons=explained(model, of, profiles[left], profiles[right]),
    )  # fmt: skip


def _verdict(model: Model, score: float, *, is_barred: bool) -> str:
    if is_barred or score < model.review:
        return "apart"
    return "join" if score >= model.automatic else "ask"


def _records(tx: Transaction, session: Session, name: str) -> list[_Record]:
    """Return the records that a name stands for, as they are compared."""
    if name.isdigit():
        known = stewards.resolved(tx, [int(name)])
        rows = matching.records_of(tx, known[int(name)], limit=RECORDS_MAX) if known else []
        hint = "see: customer-sync customers"
    else:
        title, _, external_id = name.partition("/")
        rows = matching.record(tx, stream_named(session, title).id, external_id)
        hint = "name it as system.stream/id; only workspaces that match by score compare records"
    if not rows:
        raise NotFoundError(f"there is no record '{name}' that can be compared", hint=hint)
    titles = {id_: stream.title for id_, stream in session.rules.streams.items()}
    return [
        _Record(
            link=link,
            customer=customer,
            title=f"{titles.get(stream, stream)}/{external_id}",
            packed=packed,
        )
        for link, customer, stream, external_id, packed in rows
    ]
