"""Absorb what was read for a plan within one transaction: plan rolls it back, apply commits it.

The same records in the same order through the same absorb, so that a plan is the real thing. Holds
in memory one chunk of records and the ids of the customers touched.
"""

from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from customer_sync.connect.port import GONE, ID, OUTSIDE, record_schema
from customer_sync.core.decide import Effects, Stream
from customer_sync.engine.absorb import (
    LEDGER_ROWS_MAX,
    Absorbed,
    absorb_ledger_in,
    absorb_with_edits_in,
)
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.store import plans

__all__ = ["Rehearsed", "SetAside", "StreamEffect", "rehearse"]

CHUNK_ROWS = 10_000  # as absorb's own batches: make bench
SET_ASIDE_MAX = 1_000  # told one by one; all are counted


@dataclass(slots=True, kw_only=True)
class StreamEffect:
    """What reading one stream comes to, and what would be sent to it.

    unchanged: records as they were known. unaffected: changed records that change no customer.
    asked: missing records whose deletion a person must approve first.
    """

    stream: str
    read: int = 0
    unchanged: int = 0
    created: int = 0
    changed: int = 0
    unaffected: int = 0
    rejected: int = 0
    held: int = 0
    gone: int = 0
    out_of_scope: int = 0
    faults: int = 0
    asked: int = 0
    creates: int = 0
    updates: int = 0
    removals: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """One record, or one field of it, that would be rejected or held for a review."""

    stream: str
    record: str
    field: str
    code: str
    detail: str


@dataclass(slots=True, kw_only=True)
class Rehearsed:
    """What absorbing a plan's records did so far.

    customers: all that were touched. stale: (stream, external id) that changed after they were
    read.
    """

    first: int = 0
    customers: set[int] = field(default_factory=set)
    edited: set[int] = field(default_factory=set)
    stale: set[tuple[int, str]] = field(default_factory=set)
    set_aside: list[SetAside] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    reviews: int = 0


def rehearse(  # noqa: PLR0913 - what to absorb, and whom to tell
    tx: Transaction,
    session: Session,
    plan: int,
    *,
    first: int,
    last: int,
    is_whole: bool,
    excluded: Set[tuple[int, str]],
    streams: Mapping[int, StreamEffect] | None = None,
) -> Rehearsed:
    """Absorb the ledger's edits, then the records of a plan.

    Args:
        tx: the transaction, which holds the absorbing lock.
        session: the run.
        plan: its number.
        first: the number of the first batch that this transaction may make.
        last: only records of customers up to this number of the plan...
        is_whole: ...and those that belong to no customer.
        excluded: (stream, external id) to be left out.
        streams: counted in, where they are of interest.
    """
    done = Rehearsed(first=first)
    while (edits := absorb_ledger_in(tx, session)).rows:
        _note(done, edits, is_ledger=True)
        if edits.rows < LEDGER_ROWS_MAX:
            break
    for stream in session.rules.connected:
        left_out = [id_ for number, id_ in excluded if number == stream.id]
        schema = record_schema(stream.map.source_fields)
        after = absorbed = 0
        while True:
            records, mark, after = plans.records(
                tx,
                plan,
                stream.id,
                schema,
                after=after,
                limit=CHUNK_ROWS,
                last=last,
                is_whole=is_whole,
            )
            if records.is_empty():
                break
            records = records.filter(~pl.col(ID).is_in(left_out))
            if records.height:
                effect = streams[stream.id] if streams else StreamEffect(stream=stream.title)
                _absorb(tx, session, stream, records, mark, done, effect)
                absorbed += records.height
                session.progress(f"working out {stream.title}", absorbed, None)
    return done


def _absorb(  # noqa: PLR0917 - one step of the loop above
    tx: Transaction,
    session: Session,
    stream: Stream,
    records: pl.DataFrame,
    mark: int,
    done: Rehearsed,
    effect: StreamEffect,
) -> None:
    *edits, absorbed = absorb_with_edits_in(tx, session, stream, records, mark=mark)
    for edit in edits:
        _note(done, edit, is_ledger=True)
    _note(done, absorbed, is_ledger=False)
    done.stale |= {(stream.id, id_) for id_ in absorbed.stale}
    effects = absorbed.effects
    if effects is None:
        effect.unchanged += records.height
        return
    assert absorbed.observation is not None
    seen = absorbed.observation.records
    effect.gone += int(seen[GONE].fill_null(value=False).sum())
    effect.out_of_scope += int(seen[OUTSIDE].fill_null(value=False).sum())
    effect.created += effects.customers_new.height
    effect.changed += effects.changes["customer"].n_unique()
    moved = pl.concat([effects.changes["customer"], effects.customers_new["customer"]])
    effect.unaffected += effects.links.filter(~pl.col("customer").is_in(moved.implode())).height
    _set_aside(done, stream, effects, effect)


def _set_aside(done: Rehearsed, stream: Stream, effects: Effects, effect: StreamEffect) -> None:
    held = effects.rejects.filter(pl.col("stage") == "resolve")
    effect.held += held.height
    effect.rejected += effects.rejects.filter(pl.col("stage") != "resolve")[
        "external_id"
    ].n_unique()
    room = max(0, SET_ASIDE_MAX - len(done.set_aside))
    done.set_aside += [
        SetAside(
            stream=stream.title, record=row["external_id"], field=row["field"], code=row["code"],
            detail=row["detail"],
        )
        for row in effects.rejects.head(room).iter_rows(named=True)
    ]  # fmt: skip


def _note(done: Rehearsed, absorbed: Absorbed, *, is_ledger: bool) -> None:
    effects = absorbed.effects
    if effects is None:
        return
    frames = [
        effects.links,
        effects.customers_new,
        effects.customers_changed,
        effects.changes,
        effects.retired,
    ]
    for frame in frames:
        done.customers.update(frame["customer"].to_list())
    if is_ledger:
        done.edited.update(effects.links["customer"].to_list())
    done.reviews += effects.reviews.height
    for name, number in effects.counts.items():
        done.counts[name] = done.counts.get(name, 0) + number
