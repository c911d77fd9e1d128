"""Absorb documents that systems show: what is news is mapped, tied to its customers, and posted.

The one path for one document and for ten thousand. Whoever is named and not known yet is asked of the
source first, and who buys without an account becomes a customer by the ordinary path, each in a
transaction of its own, so none is open across a socket; then all of it is posted in one. Promises that
absorbing the same observation twice changes nothing. Must not know entries.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import polars as pl

from customer_sync.connect.port import GONE, ID, OUTSIDE, record_schema
from customer_sync.core.decide import DocumentStream, Stream
from customer_sync.engine.absorb import Absorbed, Prepared, absorb, prepared
from customer_sync.engine.faults import ABSORB_AFTER_COMMIT, ABSORB_BEFORE_COMMIT
from customer_sync.engine.ledger.posting import FAULTS, SAID, parties, post_in
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.frames import from_json, to_json
from customer_sync.model.document import DOCUMENT_FIELDS
from customer_sync.model.frame import EXCLUDED, LIVE, OUT_OF_SCOPE
from customer_sync.model.frame import GONE as GONE_STATE
from customer_sync.store import commit as commits
from customer_sync.store import documents, sightings
from customer_sync.store import snapshot as snapshots

__all__ = ["Fetch", "absorb_documents", "absorb_guests"]

# What documents are looked up by, and grouped by; PostgreSQL's indexes take 2,700 bytes.
_NAMES = ("number", "customer", "processor", "payout", "campaign", "source")
NAME_BYTES_MAX = 1_000
Fetch = Callable[[Stream, Sequence[str]], bool]


@dataclass(slots=True, kw_only=True)
class _Asked:
    """Whom the documents of one page name and who was brought in already, found or not; or could not be asked for."""

    customers: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    has_guests: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """What a transaction came to: done, or whom it needs first."""

    done: Absorbed
    missing: Sequence[str] = ()
    guests: pl.DataFrame | None = None

    @property
    def is_done(self) -> bool:
        return not self.missing and self.guests is None


def absorb_documents(
    session: Session,
    paper: DocumentStream,
    records: pl.DataFrame | Prepared,
    *,
    mark: int,
    fetch: Fetch,
    cursor: tuple[str | None] | None = None,
    every: bool = False,
) -> Absorbed:
    """Absorb documents of one stream and commit.

    Args:
        session: the run.
        paper: whose documents they are.
        records: connect.port.record_schema of the stream's source fields, or these prepared.
        mark: the batch that had committed last when reading began.
        fetch: reads records of a stream by their ids, and absorbs them; says whether it could.
        cursor: (where to go on reading,), kept in the same transaction.
        every: post also what says nothing new.
    """
    ready = records if isinstance(records, Prepared) else prepared(paper.stream, records)
    asked = _Asked()
    while True:
        with session.db.transaction() as tx:
            tried = _try_in(tx, session, paper, ready.frame, asked, mark=mark, every=every)
            if tried.is_done:
                _keep_cursor(tx, session, paper, cursor)
                session.fault(ABSORB_BEFORE_COMMIT)
        if tried.is_done:
            session.fault(ABSORB_AFTER_COMMIT)
            return tried.done
        if tried.guests is not None and paper.guests is not None:
            absorb(session, paper.guests, tried.guests, mark=mark)
            asked.has_guests = True
        if tried.missing and paper.customers is not None:
            if not fetch(paper.customers, tried.missing):
                asked.unread.update(tried.missing)
            asked.customers.update(tried.missing)


def absorb_guests(
    session: Session, paper: DocumentStream, records: pl.DataFrame, *, mark: int
) -> None:
    """Absorb the customers that these documents tell of themselves, as any stream's records."""
    if paper.guests is None or records.is_empty():
        return
    frame = prepared(paper.stream, records).frame
    values = paper.stream.map.get(frame).values
    guests = _guests(paper, frame, values)
    if guests is not None:
        absorb(session, paper.guests, guests, mark=mark)


def _keep_cursor(
    tx: Transaction, session: Session, paper: DocumentStream, cursor: tuple[str | None] | None
) -> None:
    if cursor is None:
        return
    commits.keep_cursor(tx, paper.stream.id, cursor[0], now=session.now())
    if paper.guests is not None:  # it is read as part of this one
        commits.keep_cursor(tx, paper.guests.id, None, now=session.now())


def _try_in(
    tx: Transaction,
    session: Session,
    paper: DocumentStream,
    frame: pl.DataFrame,
    asked: _Asked,
    *,
    mark: int,
    every: bool,
) -> _Tried:
    """Post what is news, or say who is to be brought in before that."""
    batch = snapshots.begin(tx)
    staged = frame.select("row", "digest", external_id=ID)
    found = sightings.news(tx, paper.stream.id, staged, every=every)
    frame = frame.join(found, on="row", maintain_order="left")
    is_stale = pl.col("shown").fill_null(-1) > mark
    stale = frame.filter(is_stale)[ID].to_list()
    # What is gone, or out of scope, before it was ever seen is no document.
    is_there = ~(pl.col(GONE) | pl.col(OUTSIDE)) | pl.col("document").is_not_null()
    frame = frame.filter(~is_stale & is_there)
    if frame.is_empty():
        return _Tried(done=Absorbed(stale=stale))
    read = paper.stream.map.get(frame)
    values = read.values
    if paper.guests is not None and not asked.has_guests:
        guests = _guests(paper, frame, values)
        if guests is not None:
            return _Tried(done=Absorbed(), guests=guests)
    missing = _missing(tx, paper, frame, values, asked)
    if missing:
        return _Tried(done=Absorbed(), missing=missing)
    faults = pl.concat([_faults(frame, read.rejects), _too_long(frame, values)])
    said = _said(tx, frame, values, faults, batch)
    said = said.with_columns(document=_numbered(tx, said["document"]))
    told = faults.select(list(FAULTS))
    post_in(tx, session, paper, said, told, batch=batch, unread=asked.unread)
    return _Tried(done=Absorbed(rows=said.height, batch=batch, stale=stale))


def _guests(
    paper: DocumentStream, frame: pl.DataFrame, values: pl.DataFrame
) -> pl.DataFrame | None:
    """Return the records of documents that name no customer, as records of guests; None: there is none."""
    assert paper.guests is not None
    sources = paper.guests.map.source_fields
    has_none = values["customer"].is_null() if "customer" in values.columns else pl.lit(value=True)
    says_who = pl.any_horizontal(
        (pl.col(name).str.strip_chars() != "").fill_null(value=False) for name in sources
    )
    is_told = pl.col(GONE) | (has_none & says_who)
    guests = frame.filter(is_told & ~pl.col(OUTSIDE)).select(list(record_schema(sources)))
    return guests if guests.height else None


def _missing(
    tx: Transaction,
    paper: DocumentStream,
    frame: pl.DataFrame,
    values: pl.DataFrame,
    asked: _Asked,
) -> list[str]:
    """Return the ids of customers that documents name, that nobody knows, and that were not asked for."""
    if paper.customers is None or "customer" not in values.columns:
        return []
    named = pl.DataFrame({"external_id": frame[ID], "customer": values["customer"]})
    named = named.filter(~(frame[GONE] | frame[OUTSIDE])).drop_nulls("customer")
    told = parties(tx, paper, named)
    unknown = told.filter(pl.col("party").is_null())["name"].unique(maintain_order=True)
    return [name for name in unknown.to_list() if name not in asked.customers]


def _faults(frame: pl.DataFrame, rejects: pl.DataFrame) -> pl.DataFrame:
    """Return FAULTS, and ``row`` of the frame, of what is there and cannot be read."""
    there = frame.select(external_id=ID, is_there=~(pl.col(GONE) | pl.col(OUTSIDE)))
    found = rejects.join(there.with_row_index("row"), on="row").filter("is_there")
    return found.select("row", *FAULTS)


def _too_long(frame: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Return the same of texts that no index can keep: one would stop all that is read with it."""
    names = [name for name in _NAMES if name in values.columns]
    there = frame.select(ID, is_there=~(pl.col(GONE) | pl.col(OUTSIDE))).with_row_index("row")
    rows = there.hstack(values.select(names)).filter("is_there").unpivot(
        names, index=["row", ID], variable_name="field", value_name="text"
    )  # fmt: skip
    return rows.filter(pl.col("text").str.len_bytes() > NAME_BYTES_MAX).select(
        "row",
        "field",
        external_id=ID,
        code=pl.lit("text_too_long"),
        detail=pl.lit(f"the text is over {NAME_BYTES_MAX} bytes long"),
    ).select("row", *FAULTS)  # fmt: skip


def _said(
    tx: Transaction, frame: pl.DataFrame, values: pl.DataFrame, faults: pl.DataFrame, batch: int
) -> pl.DataFrame:
    """Return SAID: what is shown, as it says; what is gone or left the scope, as it said last."""
    fields = [name for name in DOCUMENT_FIELDS if name in values.columns]
    shown = values.select(
        pl.col(name) if name in fields else pl.lit(None, pl.String).alias(name)
        for name in DOCUMENT_FIELDS
    )
    is_away = frame[GONE] | frame[OUTSIDE]
    presence = (
        pl.when(GONE).then(GONE_STATE).when(pl.col("presence") == EXCLUDED).then(EXCLUDED)
        .when(OUTSIDE).then(OUT_OF_SCOPE).otherwise(LIVE)
    )  # fmt: skip
    rows = frame.select(
        "document",
        "state",
        "reason",
        external_id=ID,
        read="digest",
        shown=pl.lit(batch, pl.Int64),
        presence=presence.cast(pl.Int16),
        is_torn=pl.int_range(pl.len()).cast(pl.UInt32).is_in(faults["row"].implode()),
    )
    said = values.select(to_json(fields)).to_series().alias("said")
    both = pl.concat([rows, said.to_frame(), shown], how="horizontal")
    # What cannot be read is nothing to be looked at again: it has to be shown anew.
    both = both.with_columns(said=pl.when(~pl.col("is_torn")).then("said"))
    if is_away.any():
        away = _as_before(tx, both.filter(is_away).drop("said", *DOCUMENT_FIELDS))
        both = pl.concat([both.filter(~is_away).select(list(SAID)), away])
    return both.select(list(SAID))


def _as_before(tx: Transaction, away: pl.DataFrame) -> pl.DataFrame:
    """Return what documents said last, of which nothing is shown."""
    kept = sightings.said(tx, away["document"].to_list())
    away = away.join(kept, on="document", how="left", maintain_order="left")
    before = from_json(away["said"].fill_null("{}"), list(DOCUMENT_FIELDS))
    return pl.concat([away, before], how="horizontal").select(list(SAID))


def _numbered(tx: Transaction, known: pl.Series) -> pl.Series:
    """Give documents that are new a number."""
    fresh = documents.allocate(tx, known.null_count()).to_list()
    return pl.Series(
        "document", [one if one is not None else fresh.pop(0) for one in known], dtype=pl.Int64
    )
