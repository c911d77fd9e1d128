"""Intake: read streams page by page, and hand what they show to absorb.

Where reading goes on is kept in the transaction that absorbed the page, so a stop at any moment
repeats a page at most. Rows that could not be read as records are set aside with a reason, and so is,
whatever the connector, a record whose id no index can hold.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import Literal, Self, TypeVar

import polars as pl

from customer_sync.connect.port import (
    GONE,
    ID,
    MERGED_INTO,
    OUTSIDE,
    VERSION,
    Connector,
    Page,
    ReadRequest,
    record_schema,
)
from customer_sync.core.decide import Stream
from customer_sync.engine.absorb import Absorbed, Prepared, absorb, prepared
from customer_sync.engine.faults import INTAKE_PAGE_READ
from customer_sync.engine.ledger.absorb import absorb_documents
from customer_sync.engine.ledger.waiting import post_waiting
from customer_sync.engine.session import Session
from customer_sync.infra.secrets import redacted
from customer_sync.kernel.errors import OperatorError, RetryableError
from customer_sync.store import rejects, settings, snapshot
from customer_sync.store.audit import add_one

__all__ = ["Pulled", "fetch_customers", "pages", "pull", "reading", "reread", "take_up"]

T = TypeVar("T")

STALE_TRIES_MAX = 5
PAGE_ROWS_MAX = 50_000  # memory stays flat; above it, absorbing is no faster: make bench
ID_BYTES_MAX = (
    1_000  # a B-tree entry of PostgreSQL holds 2,704 bytes, and an id shares it with others
)
PLACE_LETTERS_MAX = 40  # of an id that is no id: enough to find it by


@dataclass(slots=True, kw_only=True)
class Pulled:
    """What reading a stream came to. keys: all ids, when it was a whole listing."""

    rows: int = 0
    faults: int = 0
    is_listing: bool = False
    is_known: bool = False  # nothing changed since missing records were last looked for
    keys: list[pl.Series] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _News:
    """Whether most records of the coming page are probably news."""

    expected: bool

    def note(self, absorbed: Absorbed, page: Page) -> None:
        """Expect of the next page what this one turned out to be."""
        seen = absorbed.observation
        self.expected = seen is not None and seen.records.height * 2 > page.records.height


def pull(session: Session, stream: Stream, *, whole: bool = False) -> Pulled:
    """Read what a stream has to show since last time (or all of it), and absorb it."""
    connector = session.connector(stream)
    can = connector.capabilities(stream.name)
    has_cursor = can.cursor
    since = session.now()
    with session.db.transaction() as tx:
        cursor = settings.cursor(tx, stream.id)
        is_listed = settings.is_listed(tx, stream.id, cursor)
        is_first = settings.is_first(tx, stream.id)
    listing = whole or (cursor is None and not has_cursor)
    done = Pulled(is_listing=listing or cursor is None)
    mode: Literal["changes", "listing"] = "listing" if whole else "changes"
    end: str | None = None
    # Most of a page is news where that of the page before was, or where nothing was ever read.
    news = _News(expected=cursor is None and not whole)

    def ready(page: Page) -> Prepared:
        # Documents are mapped when it is known which of them are news.
        is_mapped = news.expected and not stream.is_document
        return prepared(stream, page.records, is_mapped=is_mapped)

    for mark, page, records in _pages(
        session, stream, ready, mode=mode, cursor=None if whole else cursor
    ):
        end = page.cursor
        done.rows += page.records.height
        done.faults += len(page.faults)
        if done.is_listing:
            done.keys.append(page.records.filter(~(pl.col(GONE) | pl.col(OUTSIDE)))[ID])
        _set_aside(session, stream, page)
        kept = None if whole else (page.cursor,)
        absorbed = take_up(session, stream, records, mark=mark, cursor=kept)
        news.note(absorbed, page)
        reread(session, stream, absorbed.stale)
        session.progress(stream.title, done.rows, page.total)
    if is_first:
        with session.db.transaction() as tx:
            settings.first_done(tx, stream.id, now=session.now())
    # The cursor tells what is unchanged from what was emptied: neither shows a row.
    is_unchanged = end == cursor and not done.rows and not done.faults
    done.is_known = can.is_whole and is_listed and is_unchanged
    if (done.is_listing or can.is_whole) and not is_unchanged:
        with session.db.transaction() as tx:
            rejects.read_through(tx, stream.id, since=since, now=session.now())
    return done


@contextmanager
def reading(session: Session, stream: Stream) -> Iterator[None]:
    """Read a stream within the block; that it failed is remembered until it succeeds."""
    try:
        yield
    except (RetryableError, OperatorError) as error:
        with session.db.transaction() as tx:
            settings.reading_failed(
                tx, stream.id, code=error.code, reason=redacted(error.message), now=session.now()
            )
        raise
    with session.db.transaction() as tx:
        settings.reading_done(tx, stream.id)


def pages(
    session: Session,
    stream: Stream,
    *,
    mode: Literal["changes", "listing", "keys"],
    cursor: str | None,
) -> Iterator[tuple[int, Page]]:
    """Yield (mark, page) until there is no more now."""
    for mark, page, _ in _pages(session, stream, lambda _: None, mode=mode, cursor=cursor):
        yield mark, page


def _pages(
    session: Session,
    stream: Stream,
    ready: Callable[[Page], T],
    *,
    mode: Literal["changes", "listing", "keys"],
    cursor: str | None,
) -> Iterator[tuple[int, Page, T]]:
    """Yield (mark, page, what ``ready`` makes of it).

    With ``session.lookahead`` the next page is read, and made ready, while this one is absorbed: Python and
    the database work side by side. Its mark is then older than need be, which is safe: at worst a record is
    taken for stale and read again.
    """
    connector = session.connector(stream)
    limit = min(PAGE_ROWS_MAX, connector.capabilities(stream.name).read_rows_max)

    def read(at: str | None) -> Page:
        request = ReadRequest(
            stream=stream.name, fields=stream.map.source_fields, mode=mode, cursor=at, limit=limit
        )
        return _read(session, connector, request)

    def get(at: str | None) -> tuple[int, Page, T]:
        with session.db.transaction() as tx:
            mark = snapshot.last_batch(tx)
        page = read(at)
        return mark, page, ready(page)

    with _Reader(ahead=session.lookahead) as reader:
        coming = reader.start(get, cursor)
        while True:
            mark, page, made = coming()
            session.fault(INTAKE_PAGE_READ)
            if page.more:
                coming = reader.start(get, page.cursor)
            yield mark, page, made
            if not page.more:
                return


class _Reader:
    """Calls now, or in a thread of its own ahead of time."""

    def __init__(self, *, ahead: bool) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1) if ahead else None

    def start(self, call: Callable[[str | None], T], at: str | None) -> Callable[[], T]:
        """Begin the call if it may run ahead; return what waits for its result."""
        if self._pool is None:
            return partial(call, at)
        return self._pool.submit(call, at).result

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def take_up(
    session: Session,
    stream: Stream,
    records: pl.DataFrame | Prepared,
    *,
    mark: int,
    cursor: tuple[str | None] | None = None,
    every: bool = False,
) -> Absorbed:
    """Absorb records of a stream as what they are: customers, or documents.

    Args:
        session: the run.
        stream: whose records they are.
        records: connect.port.record_schema of its source fields, or these prepared.
        mark: the batch that had committed last when reading began.
        cursor: (where to go on reading,), kept in the same transaction.
        every: of documents: also those that say nothing new.
    """
    if not stream.is_document:
        return absorb(session, stream, records, mark=mark, cursor=cursor)
    paper = session.rules.documents[stream.id]
    return absorb_documents(
        session, paper, records, mark=mark, cursor=cursor, every=every, fetch=partial(fetch_customers, session)
    )  # fmt: skip


def fetch_customers(session: Session, stream: Stream, ids: Sequence[str]) -> bool:
    """Read and absorb customers that documents name; return whether their system could be asked."""
    if session.rules.config.systems[stream.system].paused:
        return False
    try:
        with reading(session, stream):
            mark, records = read_ids(session, stream, ids)
            absorb(session, stream, records, mark=mark)
    except (RetryableError, OperatorError):
        # `reading` keeps why, for `status`; their documents wait and stop nobody else's.
        session.add({"customers_unread": len(ids)})
        return False
    return True


def reread(session: Session, stream: Stream, ids: Sequence[str], *, every: bool = False) -> None:
    """Read these records again now, and absorb them; what is stale again is left to the next round."""
    if stream.is_derived:
        # Guests are read with their documents, which may have waited for them.
        source = session.rules.source(stream)
        reread(session, source, ids, every=True)
        post_waiting(session, session.rules.documents[source.id])
        return
    left = list(ids)
    for _ in range(STALE_TRIES_MAX):
        if not left:
            return
        mark, records = read_ids(session, stream, left)
        left = take_up(session, stream, records, mark=mark, every=every).stale


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
        page = _read(session, connector, request)
        parts.append(page.records.select(parts[0].columns))
    return mark, pl.concat(parts)


def _read(session: Session, connector: Connector, request: ReadRequest) -> Page:
    with session.turn:
        page = session.driver.run(connector.read(request))
    return _with_sound_ids(page)


def _with_sound_ids(page: Page) -> Page:
    """Make faults of the records whose ids (or marks beside them) PostgreSQL cannot keep or index."""
    has_nul = pl.any_horizontal(
        pl.col(name).str.contains("\0", literal=True).fill_null(value=False)
        for name in (ID, MERGED_INTO, VERSION)
    )
    is_long = pl.any_horizontal(
        (pl.col(name).str.len_bytes() > ID_BYTES_MAX).fill_null(value=False)
        for name in (ID, MERGED_INTO)
    )
    broken = page.records.filter(has_nul | is_long).select(ID, has_nul.alias("has_nul"))
    faults = [(_place(place), reason) for place, reason in page.faults]
    faults += [(_place(id_), _unsound(is_nul=is_nul)) for id_, is_nul in broken.iter_rows()]
    if not faults:
        return page
    return replace(page, records=page.records.filter(~(has_nul | is_long)), faults=faults)


def _unsound(*, is_nul: bool) -> str:
    return "the id holds a NUL character" if is_nul else f"the id is over {ID_BYTES_MAX} bytes long"


def _place(place: str) -> str:
    """Return a place that can be kept: the beginning of an id that cannot, and a digest of all of it."""
    if "\0" not in place and len(place.encode()) <= ID_BYTES_MAX:
        return place
    digest = sha256(place.encode()).hexdigest()[:12]
    return f"{place[:PLACE_LETTERS_MAX].replace(chr(0), chr(0x2400))}… #{digest}"


def _set_aside(session: Session, stream: Stream, page: Page) -> None:
    with session.db.transaction() as tx:
        rejects.add_faults(tx, stream.id, page.faults, run=session.run, now=session.now())
        add_one(
            tx, "page.read", run=session.run, configuration=session.rules.version, now=session.now(),
            stream=stream.id, detail=f"rows {page.records.height}, faults {len(page.faults)}",
        )  # fmt: skip
    session.add({"read": page.records.height, "faults": len(page.faults)})
