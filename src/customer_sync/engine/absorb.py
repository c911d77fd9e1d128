"""Absorb observed records: load, decide, commit, in one transaction, serialised per workspace.

The one path for one record and for ten thousand, for a poll, a notification and the answer to our own
write. Absorbing the same observation twice changes nothing. An observation that began before the
record's image last changed may be older than what is known: it is given back to be read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from customer_sync.connect.port import CHANGED_AT, GONE, ID, MERGED_INTO, OUTSIDE, VERSION
from customer_sync.core.decide import (
    LEDGER_STREAM,
    OWN_STREAMS,
    STEWARD_STREAM,
    Effects,
    Moves,
    Observation,
    Published,
    Stream,
    decide,
)
from customer_sync.core.decide.observe import OBSERVED, observe
from customer_sync.core.identity import certain, match_keys
from customer_sync.core.mapping.stream import Mapped
from customer_sync.engine.faults import ABSORB_AFTER_COMMIT, ABSORB_BEFORE_COMMIT, ABSORB_DECIDED
from customer_sync.engine.matching import Compared, compare_in, is_compared, keep_in
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.frames import (
    among,
    beside,
    digest,
    from_json,
    matched,
    pick,
    to_json,
    where,
)
from customer_sync.model.field import CUSTOM_PREFIX, column_name
from customer_sync.model.frame import EXCLUDED
from customer_sync.store import commit as commits
from customer_sync.store import snapshot as snapshots

__all__ = [
    "Absorbed", "Answered", "Prepared", "absorb", "absorb_in", "absorb_ledger", "absorb_ledger_in",
    "absorb_moves_in", "absorb_own_in", "absorb_with_edits_in", "news_in", "prepared",
]  # fmt: skip

EDIT_TRIES_MAX = (
    20  # an accountant who keeps editing the same customers for that long may wait a run
)
LEDGER_ROWS_MAX = 10_000
BUSY = "the ledger's customers keep changing while records are absorbed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What is known of records that answers to our own writes showed.

    sent: model.frame.SENT without ``link``, by ``@id``. owners: (``@id``, customer) of records just created.
    """

    sent: pl.DataFrame
    owners: pl.DataFrame


@dataclass(slots=True, kw_only=True)
class Absorbed:
    """What absorbing did. rows: how many records were taken up. stale: ids to be read again."""

    rows: int = 0
    batch: int | None = None
    stale: list[str] = field(default_factory=list)
    effects: Effects | None = None
    observation: Observation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Records as absorb takes them, with what can be said of them without looking at anything else.

    frame: one row an id, with ``row`` and ``digest``; ``image`` instead of the source fields where these are
    read already. mapped: what each row says, or None: only what is news is worth reading.
    """

    frame: pl.DataFrame
    mapped: Mapped | None = None


def prepared(stream: Stream, records: pl.DataFrame, *, is_mapped: bool = False) -> Prepared:
    """Prepare records of one stream; is_mapped: read them too, as most of them will be news."""
    sources = list(stream.map.source_fields)
    frame = _digested(records, sources)
    if not is_mapped:
        return Prepared(frame=frame)
    narrow = frame.with_columns(image=to_json(sources)).drop(sources)
    return Prepared(frame=narrow, mapped=stream.map.get(frame))


class _EditedError(Exception):
    """Somebody edited a touched customer in the ledger; that comes first."""


def absorb(
    session: Session,
    stream: Stream,
    records: pl.DataFrame | Prepared,
    *,
    mark: int,
    answered: Answered | None = None,
    cursor: tuple[str | None] | None = None,
) -> Absorbed:
    """Absorb records of one stream and commit.

    Args:
        session: the run.
        stream: whose records they are.
        records: connect.port.record_schema of the stream's source fields, or these prepared.
        mark: the batch that had committed last when reading began.
        answered: given when the records are what answers to our writes showed.
        cursor: (where to go on reading,), kept in the same transaction.
    """
    for _ in range(EDIT_TRIES_MAX):
        try:
            with session.db.transaction() as tx:
                done = absorb_in(tx, session, stream, records, mark=mark, answered=answered)
                if cursor is not None:
                    commits.keep_cursor(tx, stream.id, cursor[0], now=session.now())
                session.fault(ABSORB_BEFORE_COMMIT)
            session.fault(ABSORB_AFTER_COMMIT)
        except _EditedError:
            absorb_ledger(session)
        else:
            if done.effects is not None:
                session.add(done.effects.counts)
            return done
    raise snapshots.busy(BUSY)


def absorb_in(
    tx: Transaction,
    session: Session,
    stream: Stream,
    records: pl.DataFrame | Prepared,
    *,
    mark: int,
    answered: Answered | None = None,
) -> Absorbed:
    """Absorb records within the caller's transaction (see absorb)."""
    batch = snapshots.begin(tx)
    ready = records if isinstance(records, Prepared) else prepared(stream, records)
    frame = ready.frame
    found = snapshots.news(tx, stream.id, _staged(frame), mark=mark, every=answered is not None)
    if found.is_empty():
        return Absorbed()
    frame = frame.join(found, on="row", maintain_order="left")
    is_stale = pl.col("shown").fill_null(-1) > mark
    # A record that is gone, or out of scope, before it was ever seen is nobody's, unless we made it.
    made = [] if answered is None else answered.owners[ID].to_list()
    is_there = ~(pl.col(GONE) | pl.col(OUTSIDE)) | pl.col(ID).is_in(made)
    is_known = pl.col("link").is_not_null()
    is_tied = (pl.col("state").fill_null(-1) != EXCLUDED) & (is_known | is_there)
    judged = frame.select(stale=is_stale, taken=~is_stale & is_tied)
    stale = frame[ID].filter(judged["stale"]).to_list()
    frame = frame if judged["taken"].all() else frame.filter(judged["taken"])
    if frame.is_empty():
        return Absorbed(stale=stale)
    frame = _numbered(tx, frame)
    if answered is not None:
        frame = _created_blank(frame, list(stream.map.source_fields))
    done = _decided(tx, session, stream, frame, batch, answered, ready.mapped)
    done.stale = stale
    return done


def _digested(records: pl.DataFrame, sources: Sequence[str]) -> pl.DataFrame:
    if records[ID].n_unique() < records.height:
        records = records.unique(ID, keep="last", maintain_order=True)
    gone, outside = pl.col(GONE).fill_null(value=False), pl.col(OUTSIDE).fill_null(value=False)
    said = pl.col(GONE).cast(pl.String)
    if records[OUTSIDE].any():
        # What is out of scope is none of our business: neither its values nor their changes.
        records = records.with_columns(outside & ~gone)
        records = records.with_columns(pl.when(~outside).then(pl.col(*sources)))
        said = pl.when(outside).then(pl.lit("outside")).otherwise(said)
    told = digest([ID, said, MERGED_INTO, *sources])
    return records.with_columns(gone, outside, digest=told).with_row_index("row")


def _staged(frame: pl.DataFrame) -> pl.DataFrame:
    staged = pick(frame, "row", "digest", ID, VERSION, CHANGED_AT)
    return staged.rename({ID: "external_id", VERSION: "version", CHANGED_AT: "changed_at"})


def _numbered(tx: Transaction, frame: pl.DataFrame) -> pl.DataFrame:
    """Give records without a link a fresh one."""
    is_new = frame["link"].is_null().alias("is_new")
    count = frame["link"].null_count()
    frame = frame.hstack([is_new])
    if not count:
        return frame
    fresh = pick(frame.filter(is_new), "row").hstack(
        [snapshots.allocate(tx, "links", count).alias("fresh")]
    )
    joined = beside(pick(frame, "row", "link"), fresh, "row")
    return frame.with_columns(joined.select(pl.coalesce("link", "fresh"))["link"])


def _created_blank(frame: pl.DataFrame, sources: Sequence[str]) -> pl.DataFrame:
    """A record that we created showed nothing before: what it shows now is not its people's saying."""
    blank = pl.DataFrame(
        {name: [None] for name in sources}, schema=dict.fromkeys(sources, pl.String)
    )
    text = blank.select(to_json(sources)).item()
    return frame.with_columns(before=pl.coalesce("before", pl.lit(text)))


def _decided(  # noqa: PLR0913 - one observation, whatever it comes from
    tx: Transaction,
    session: Session,
    stream: Stream,
    frame: pl.DataFrame,
    batch: int,
    answered: Answered | None,
    mapped: Mapped | None = None,
    moves: Moves | None = None,
) -> Absorbed:
    now = session.now()
    rules = session.rules
    seen = observe(stream, frame, mapped)
    values = matched(seen.values, pick(where(frame, "is_new"), "link", ID), "link")
    pointed = any(f"reference.{stream.system}" in other.map.canonical for other in rules.connected)
    keys = match_keys(
        values, rules.config.workspace.match, system=stream.system, salt=rules.salt,
        external_id=values[ID] if pointed else None,
    )  # fmt: skip
    found = None
    if is_compared(rules, stream):
        found = compare_in(
            tx, rules, seen.values, pick(frame, "link", "customer"),
            sought=_sought(stream, seen.values, frame, is_answer=answered is not None),
        )  # fmt: skip
    named = pick(frame, "link", ID)
    owners = None if answered is None else matched(named, answered.owners, ID)
    if stream.id == STEWARD_STREAM:  # a person's word on a value recognises nobody
        keys = keys.clear()
    customers = _touched(tx, stream, frame, owners, found, moves)
    loaded = snapshots.load_snapshot(
        tx, rules, batch=batch, now=now, stream=stream.id, customers=customers, keys=keys,
        sought=certain(keys, rules.config.workspace.match),
        pointing=_pointing(rules, values), rows=pick(frame, "row", "link"),
        merged_into=frame[MERGED_INTO].drop_nulls().to_list(), new_count=values.height,
        answered=None if answered is None else _sent(frame, answered),
        owners=None if owners is None else pick(owners, "link", "customer"),
    )  # fmt: skip
    if loaded.is_edited:
        raise _EditedError
    snapshot = loaded.snapshot if moves is None else replace(loaded.snapshot, moves=moves)
    if found is not None:
        snapshot = replace(snapshot, scored=found.scored)
    effects = decide(rules, snapshot, seen)
    session.fault(ABSORB_DECIDED)
    commits.commit(tx, rules, effects, seen, batch=batch, run=session.run, now=now)
    if found is not None:
        keep_in(tx, found)
    return Absorbed(batch=batch, effects=effects, observation=seen)


def _sought(
    stream: Stream, values: pl.DataFrame, frame: pl.DataFrame, *, is_answer: bool
) -> pl.Series:
    """Return the records that are compared with others: of those that our own writes made, all is known."""
    links = values["link"]
    if stream.id in OWN_STREAMS:
        return links.clear()
    if is_answer:
        return among(values, where(frame, ~frame["is_new"]), "link")["link"]
    return links


def _touched(
    tx: Transaction,
    stream: Stream,
    frame: pl.DataFrame,
    owners: pl.DataFrame | None,
    found: Compared | None,
    moves: Moves | None,
) -> pl.Series:
    """Return the customers that may be touched, beside those that keys lead to."""
    parts = [frame["customer"].drop_nulls()]
    if owners is not None:
        parts.append(owners["customer"])
    if stream.id in OWN_STREAMS:
        parts.append(frame[ID].cast(pl.Int64).alias("customer"))
    if found is not None and found.scored is not None:
        parts.append(found.scored.members["customer"])
    if moves is not None:
        parts += [snapshots.owners(tx, moves.links["link"].to_list()), moves.links["to"]]
    return pl.concat(parts)


def _pointing(rules: Published, values: pl.DataFrame) -> pl.DataFrame:
    """Return the records that these refer to: (key, stream, external_id)."""
    parts = [pl.DataFrame(schema={"key": pl.Int64, "stream": pl.Int32, "external_id": pl.String})]
    for name in values.columns:
        if not name.startswith("reference."):
            continue
        said = values.select(
            external_id=name, kind=pl.lit(name), salt=pl.lit(rules.salt)
        ).drop_nulls("external_id")
        keyed = said.select("external_id", key=digest(["salt", "kind", "external_id"])).unique()
        parts += [
            keyed.select("key", stream=pl.lit(other.id, pl.Int32), external_id="external_id")
            for other in rules.connected
            if other.system == name.removeprefix("reference.")
        ]
    return pl.concat(parts)


def _sent(frame: pl.DataFrame, answered: Answered) -> pl.DataFrame:
    sent = matched(answered.sent, pick(frame, "link", ID), ID)
    return pick(sent, "link", "field", "value", "mark", "answered")


def absorb_ledger(session: Session) -> int:
    """Absorb edits of the customer table made through the ledger's own doors; return how many."""
    total = 0
    while True:
        with session.db.transaction() as tx:
            count = absorb_ledger_in(tx, session).rows
        total += count
        if count < LEDGER_ROWS_MAX:
            return total


def absorb_with_edits_in(
    tx: Transaction, session: Session, stream: Stream, records: pl.DataFrame, *, mark: int
) -> list[Absorbed]:
    """Absorb records within the caller's transaction, the ledger's edits of them first."""
    done: list[Absorbed] = []
    for _ in range(EDIT_TRIES_MAX):
        try:
            return [*done, absorb_in(tx, session, stream, records, mark=mark)]
        except _EditedError:
            done.append(absorb_ledger_in(tx, session))
    raise snapshots.busy(BUSY)


def news_in(tx: Transaction, stream: Stream, records: pl.DataFrame, *, mark: int) -> pl.DataFrame:
    """Return those of the records that are new or differ from what is known of them."""
    frame = _digested(records, list(stream.map.source_fields))
    found = snapshots.news(tx, stream.id, _staged(frame), mark=mark)
    return frame.join(found.select("row"), on="row", how="semi").select(records.columns)


def absorb_ledger_in(tx: Transaction, session: Session) -> Absorbed:
    """Absorb one batch of ledger edits within the caller's transaction."""
    snapshots.begin(tx)
    edits = snapshots.ledger_edits(tx, limit=LEDGER_ROWS_MAX)
    if edits.records.is_empty():
        return Absorbed()
    stream = session.rules.streams[LEDGER_STREAM]
    sources = list(stream.map.source_fields)
    custom = [name for name in session.rules.fields if name.startswith(CUSTOM_PREFIX)]
    records = _with_custom(edits.records, custom)
    before = _with_custom(edits.before, custom).select(before=to_json(sources))
    frame = records.with_columns(
        before["before"],
        pl.lit(None, pl.String).alias(VERSION), pl.lit(None, pl.String).alias(MERGED_INTO),
        pl.lit(value=False).alias(GONE), pl.lit(value=False).alias(OUTSIDE),
    ).with_columns(before=pl.when(pl.col("is_inserted")).then(None).otherwise("before"))  # fmt: skip
    done = absorb_own_in(tx, session, stream, frame)
    snapshots.forget_edits(tx, [int(id_) for id_ in edits.records[ID]])
    return done


def absorb_own_in(
    tx: Transaction, session: Session, stream: Stream, records: pl.DataFrame
) -> Absorbed:
    """Absorb what the ledger or a steward says of customers, within the caller's transaction.

    Args:
        tx: the caller's transaction.
        session: the run.
        stream: one of OWN_STREAMS.
        records: connect.port.record_schema of its source fields, named by the customers' ids, and
            ``before``: the image that the change started from.
    """
    sources = list(stream.map.source_fields)
    frame = _digested(records, sources)
    for _ in range(EDIT_TRIES_MAX):
        batch = snapshots.begin(tx)
        nothing = pl.lit(None, pl.String)
        staged = frame.select(
            "row", "digest", external_id=ID, version=nothing, changed_at=CHANGED_AT
        )
        known = snapshots.news(tx, stream.id, staged, mark=batch, every=True).drop("before")
        linked = _numbered(tx, frame.join(known, on="row", maintain_order="left"))
        linked = linked.select(*OBSERVED, "row", "customer", *sources)
        try:
            done = _decided(tx, session, stream, linked, batch, None)
        except _EditedError:
            absorb_ledger_in(tx, session)
        else:
            done.rows = records.height
            return done
    raise snapshots.busy(BUSY)


def absorb_moves_in(tx: Transaction, session: Session, moves: Moves) -> Absorbed:
    """Give records to other customers, as a steward says, within the caller's transaction.

    Args:
        tx: the caller's transaction, in which all edits of the ledger are absorbed.
        session: the run.
        moves: which records, and to whom.
    """
    batch = snapshots.begin(tx)
    stream = session.rules.streams[STEWARD_STREAM]
    blank = {**OBSERVED, "row": pl.UInt32(), "customer": pl.Int64()}
    blank |= dict.fromkeys(stream.map.source_fields, pl.String())
    frame = pl.DataFrame(schema=blank)
    return _decided(tx, session, stream, frame, batch, None, moves=moves)


def _with_custom(rows: pl.DataFrame, custom: Sequence[str]) -> pl.DataFrame:
    """Spread the JSON column of custom fields into one column each."""
    if not custom:
        return rows
    keys = [name.removeprefix(CUSTOM_PREFIX) for name in custom]
    values = from_json(rows["custom"].fill_null("{}"), keys)
    return pl.concat(
        [rows, values.rename({key: column_name(CUSTOM_PREFIX + key) for key in keys})],
        how="horizontal",
    )
