"""Intake: read streams page by page, and hand what they show to absorb.

Where reading goes on is kept in the transaction that absorbed the page, so a stop at any moment
repeats a page at most. Rows that could not be read as records are set aside with a reason.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from customer_sync.connect.port import GONE, ID, Page, ReadRequest, record_schema
from customer_sync.core.decide import Stream
from customer_sync.engine.absorb import absorb
from customer_sync.engine.session import Session
from customer_sync.store import rejects, settings, snapshot
from customer_sync.store.audit import add_one

__all__ = ["Pulled", "pages", "pull", "reread"]

STALE_TRIES_MAX = 5
PAGE_ROWS_MAX = 50_000  # memory stays flat; above it, absorbing is no faster: make bench


@dataclass(slots=True, kw_only=True)
class Pulled:
    """What reading a stream came to. keys: digests of all ids, when it was a whole listing."""

    rows: int = 0
    is_listing: bool = False
    keys: list[pl.Series] = field(default_factory=list)


def pull(session: Session, stream: Stream, *, whole: bool = False) -> Pulled:
    """Read what a stream has to show since last time (or all of it), and absorb it."""
    connector = session.connector(stream)
    has_cursor = connector.capabilities(stream.name).cursor
    with session.db.transaction() as tx:
        cursor = settings.cursor(tx, stream.id)
    listing = whole or (cursor is None and not has_cursor)
    done = Pulled(is_listing=listing or cursor is None)
    mode: Literal["changes", "listing"] = "listing" if whole else "changes"
    for mark, page in pages(session, stream, mode=mode, cursor=None if whole else cursor):
        done.rows += page.records.height
        if done.is_listing:
            done.keys.append(page.records.filter(~pl.col(GONE).fill_null(value=False))[ID])
        _set_aside(session, stream, page)
        kept = None if whole else (page.cursor,)
        absorbed = absorb(session, stream, page.records, mark=mark, cursor=kept)
        reread(session, stream, absorbed.stale)
        session.progress(stream.title, done.rows, page.total)
    return done


def pages(
    session: Session,
    stream: Stream,
    *,
    mode: Literal["changes", "listing", "keys"],
    cursor: str | None,
) -> Iterator[tuple[int, Page]]:
    """Yield (mark, page) until there is no more now."""
    connector = session.connector(stream)
    limit = min(PAGE_ROWS_MAX, connector.capabilities(stream.name).read_rows_max)
    more = True
    while more:
        with session.db.transaction() as tx:
            mark = snapshot.last_batch(tx)
        request = ReadRequest(
            stream=stream.name,
            fields=stream.map.source_fields,
            mode=mode,
            cursor=cursor,
            limit=limit,
        )
        page = session.driver.run(connector.read(request))
        session.fault("intake.page_read")
        yield mark, page
        cursor, more = page.cursor, page.more


def reread(session: Session, stream: Stream, ids: Sequence[str]) -> None:
    """Read these records again now, and absorb them; what is stale again is left to the next round."""
    left = list(ids)
    for _ in range(STALE_TRIES_MAX):
        if not left:
            return
        mark, records = read_ids(session, stream, left)
        left = absorb(session, stream, records, mark=mark).stale


def read_ids(session: Session, stream: Stream, ids: Sequence[str]) -> tuple[int, pl.DataFrame]:
    """Return (mark, these records as they are now); unknown ones are gone."""
    connector = session.connector(stream)
    limit = connector.capabilities(stream.name).read_rows_max
    with session.db.transaction() as tx:
        mark = snapshot.last_batch(tx)
    parts = [pl.DataFrame(schema=record_schema(stream.map.source_fields))]
    for start in range(0, len(ids), limit):
        request = ReadRequest(
            stream=stream.name,
            fields=stream.map.source_fields,
            mode="ids",
            limit=limit,
            ids=ids[start : start + limit],
        )
        page = session.driver.run(connector.read(request))
        parts.append(page.records.select(parts[0].columns))
    return mark, pl.concat(parts)


def _set_aside(session: Session, stream: Stream, page: Page) -> None:
    with session.db.transaction() as tx:
        rejects.add_faults(tx, stream.id, page.faults, run=session.run, now=session.now())
        add_one(
            tx, "page.read", run=session.run, configuration=session.rules.version, now=session.now(),
            stream=stream.id, detail=f"rows {page.records.height}, faults {len(page.faults)}",
        )  # fmt: skip
    session.add({"read": page.records.height, "faults": len(page.faults)})
