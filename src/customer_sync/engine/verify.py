"""Verify: read every system again, and compare it with the ledger: customers field by field, then documents.

Nothing is absorbed and nothing is sent. Memory stays flat over customers: a page at a time, and a mark per
link to see which live records a system no longer shows. docs/metrics.md says what is counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from customer_sync.core.decide import Stream
from customer_sync.core.decide.route import missing as missing_customers
from customer_sync.engine.agreement import Agreement, Difference, StreamAgreement
from customer_sync.engine.codes import explained
from customer_sync.engine.comparison import (
    Abilities,
    compare,
    compare_lacking,
    numbered,
    outward_fields,
)
from customer_sync.engine.intake import pages, read_ids
from customer_sync.engine.ledger.agreeing import agreement_of_documents
from customer_sync.engine.measures import completion, entry
from customer_sync.engine.session import Session
from customer_sync.kernel.errors import CustomerSyncError, OperatorError, RetryableError
from customer_sync.store import views

__all__ = ["LIMIT_DIFFERENCES", "verify"]

LIMIT_DIFFERENCES = 100
STALE_TRIES_MAX = 5
CUSTOMER_ROWS = 10_000
LINK_ROWS = 10_000


def verify(session: Session, *, limit_differences: int = LIMIT_DIFFERENCES) -> Agreement:
    """Read every stream of every connected system again and say how far they agree with the ledger.

    A stream that cannot be read is reported as such, and is no agreement.

    Args:
        session: the run.
        limit_differences: how many differences are listed; all are counted.
    """
    listed: list[Difference] = []
    streams: list[StreamAgreement] = []
    differing = 0
    for stream in session.rules.connected:
        tally = _Tally(stream, limit_differences - len(listed))
        error = _verify_stream(session, stream, tally)
        streams.append(tally.agreement(error))
        listed += tally.listed
        differing += tally.differing
    documents = agreement_of_documents(session, limit=limit_differences)
    now = session.now()
    with session.db.transaction(snapshot=True) as tx:
        customers, unabsorbed = views.ledger_rows(tx)
        return Agreement(
            at=now,
            configuration=session.rules.version,
            streams=streams,
            differences=listed,
            differing=differing,
            ledger_customers=customers,
            ledger_unabsorbed=unabsorbed,
            completion=completion(tx, now=now),
            entry=entry(tx, now=now),
            documents=documents,
        )


@dataclass(slots=True)
class _Tally:
    """What one stream came to so far."""

    stream: Stream
    room: int
    listed: list[Difference] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    by_why: Counter[str] = field(default_factory=Counter)
    by_code: Counter[str] = field(default_factory=Counter)
    records_by_why: Counter[str] = field(default_factory=Counter)
    told: int | None = None
    differing: int = 0

    def add(self, cells: pl.DataFrame, *, records: int, names: int) -> None:
        """Count the differing cells of so many records with so many delivered fields."""
        counted = cells.filter("counted")
        self.counts["records"] += records
        self.counts["fields"] += records * names
        self.counts["disagreeing"] += counted.height
        self.counts["inward"] += cells.height - counted.height
        self.differing += cells.height
        if cells.is_empty():
            return
        self.by_why.update(dict(counted.group_by("why").len().iter_rows()))
        self.by_code.update(dict(cells.group_by("code").len().iter_rows()))
        whose = pl.coalesce("external_id", pl.col("customer").cast(pl.String))
        met = cells.with_columns(whose=whose).unique(["whose", "why"]).group_by("why").len()
        self.records_by_why.update(dict(met.iter_rows()))
        room = max(0, self.room - len(self.listed))
        self.listed += [self._difference(row) for row in cells.head(room).iter_rows(named=True)]

    def _difference(self, row: Mapping[str, Any]) -> Difference:
        return Difference(
            system=self.stream.system,
            stream=self.stream.name,
            record=row["external_id"],
            customer=row["customer"],
            field=row["field"],
            shown=row["shown"],
            wanted=row["wanted"],
            why=row["why"],
            code=row["code"],
            detail=row["detail"],
            review=row["review"],
            remedy=explained(str(row["code"])).remedy,
            counted=row["counted"],
        )

    def agreement(self, error: CustomerSyncError | None) -> StreamAgreement:
        """Return the stream's row of the report."""
        fields = self.counts["fields"]
        return StreamAgreement(
            system=self.stream.system,
            stream=self.stream.name,
            records=self.counts["records"],
            lacking=self.counts["lacking"],
            excluded=self.counts["excluded"],
            fields=fields,
            agreeing=fields - self.counts["disagreeing"],
            by_why=dict(self.by_why),
            by_code=dict(self.by_code),
            records_by_why=dict(self.records_by_why),
            inward=self.counts["inward"],
            told=self.told,
            listed=self.counts["listed"],
            unlisted=self.counts["unlisted"],
            error=None if error is None else (error.code, error.message),
        )


def _verify_stream(session: Session, stream: Stream, tally: _Tally) -> CustomerSyncError | None:
    connector = session.connector(stream)
    capabilities = connector.capabilities(stream.name)
    abilities = Abilities(
        create=capabilities.create,
        update=capabilities.update,
        is_paused=session.rules.config.systems[stream.system].paused,
    )
    try:
        _listed(session, stream, tally, abilities)
        _lacking(session, stream, tally, abilities)
    except (RetryableError, OperatorError) as error:
        return error
    return None


def _listed(session: Session, stream: Stream, tally: _Tally, abilities: Abilities) -> None:
    """Compare what the stream lists, then the live records that it did not list."""
    with session.db.transaction() as tx:
        newest = views.link_max(tx)
    met = np.zeros(newest + 1, dtype=np.bool_)
    stale: list[str] = []
    for mark, page in pages(session, stream, mode="listing", cursor=None):
        tally.told = page.total if page.total is not None else tally.told
        tally.counts["listed"] += page.records.height
        stale += _compare(session, stream, page.records, mark, tally, abilities, met)
        session.progress(f"compare {stream.title}", tally.counts["listed"], page.total)
    _compare_ids(session, stream, stale, tally, abilities, met)
    for ids in _unlisted(session, stream, met):
        _compare_ids(session, stream, ids, tally, abilities, met, count_unlisted=True)


def _compare(  # noqa: PLR0917
    session: Session,
    stream: Stream,
    records: pl.DataFrame,
    mark: int,
    tally: _Tally,
    abilities: Abilities,
    met: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
) -> list[str]:
    """Compare one page; return the ids that have to be read again."""
    if records.is_empty():
        return []
    frame = numbered(records)
    with session.db.transaction(snapshot=True) as tx:
        picture = views.picture(tx, session.rules, stream.id, stream.title, frame)
    frame = _first_time(frame, picture.known, met)
    done = compare(session.rules, stream, frame, picture, mark=mark, abilities=abilities)
    links = done.links.filter(done.links < len(met)).to_numpy()
    met[links] = True
    tally.counts["excluded"] += done.excluded
    names = len(outward_fields(stream, session.rules))
    tally.add(done.cells, records=done.records, names=names)
    return done.stale


def _first_time(
    frame: pl.DataFrame,
    known: pl.DataFrame,
    met: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
) -> pl.DataFrame:
    """Leave out linked records that an earlier page showed already."""
    within = known.filter(pl.col("link") < len(met))
    again = within.filter(pl.Series(met[within["link"].to_numpy()], dtype=pl.Boolean))
    return frame.join(again.select("row"), on="row", how="anti", maintain_order="left")


def _compare_ids(  # noqa: PLR0917
    session: Session,
    stream: Stream,
    ids: Sequence[str],
    tally: _Tally,
    abilities: Abilities,
    met: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
    *,
    count_unlisted: bool = False,
) -> None:
    """Read these records one by one and compare them; what keeps changing counts as pending."""
    left = list(ids)
    for _ in range(STALE_TRIES_MAX):
        if not left:
            return
        mark, records = read_ids(session, stream, left)
        if count_unlisted:
            there = records.filter(~(pl.col("@gone") | pl.col("@outside")))
            tally.counts["unlisted"] += there.height
            count_unlisted = False
        left = _compare(session, stream, records, mark, tally, abilities, met)
    names = outward_fields(stream, session.rules)
    nothing = pl.lit(None, pl.String)
    busy = pl.DataFrame({"external_id": left}, schema={"external_id": pl.String}).join(
        pl.DataFrame({"field": names}, schema={"field": pl.String}), how="cross"
    )
    cells = busy.select(
        "external_id",
        "field",
        customer=pl.lit(None, pl.Int64),
        shown=nothing,
        wanted=nothing,
        why=pl.lit("pending"),
        code=pl.lit("busy"),
        detail=pl.lit(""),
        review=pl.lit(None, pl.Int64),
        counted=pl.lit(value=True),
    )
    tally.add(cells, records=len(left), names=len(names))


def _unlisted(
    session: Session, stream: Stream, met: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> "list[list[str]]":
    """Return ids of live records that the listing did not show, in chunks."""
    chunks: list[list[str]] = []
    after = ""
    while True:
        with session.db.transaction() as tx:
            live = views.live_links(tx, stream.id, after=after, limit=LINK_ROWS)
        if live.is_empty():
            return chunks
        old = live.filter(pl.col("link") < len(met))
        unmet = old.filter(~pl.Series(met[old["link"].to_numpy()], dtype=pl.Boolean))
        if unmet.height:
            chunks.append(unmet["external_id"].to_list())
        after = str(live["external_id"][-1])


def _lacking(session: Session, stream: Stream, tally: _Tally, abilities: Abilities) -> None:
    """Count the customers that the stream should have and does not."""
    if not stream.config.create:
        return
    names = outward_fields(stream, session.rules)
    after = 0
    while True:
        with session.db.transaction(snapshot=True) as tx:
            ids = views.customer_ids(tx, after=after, limit=CUSTOMER_ROWS)
            if ids.is_empty():
                return
            found = views.lacking(tx, session.rules, ids)
            waiting = views.waiting_creates(tx, stream.id)
        there = found.links.filter(pl.col("stream") == stream.id).select("customer")
        lacking = found.golden.join(there, on="customer", how="anti")
        missing = missing_customers(stream, lacking).select("customer")
        cells = compare_lacking(stream, missing, found, waiting, names, abilities)
        tally.counts["lacking"] += missing.height
        tally.add(cells, records=missing.height, names=len(names))
        after = int(ids[-1])
