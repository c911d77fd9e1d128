"""How everything stands, from the database alone: streams, links, what waits, what is set aside.

No system is asked; how far the systems themselves agree is what verify reads. Every problem carries
its code and what to do about it.
"""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from customer_sync.core.decide import (
    BOOKS_STREAM,
    LEDGER_STREAM,
    OWN_STREAMS,
    STEWARD_STREAM,
    Published,
)
from customer_sync.engine.codes import explained
from customer_sync.infra.pg import Transaction
from customer_sync.model.frame import EXCLUDED, LIVE, STATES
from customer_sync.store import sightings, views

__all__ = [
    "Failure",
    "Problem",
    "Reject",
    "Review",
    "Run",
    "Status",
    "StreamStatus",
    "rejects",
    "reviews",
    "status",
]

ROWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Failures or rejects of one cause: how many records, and what to do."""

    code: str
    count: int
    cause: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Since when a stream cannot be read, and how the last attempt failed."""

    at: datetime
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStatus:
    """How one stream stands.

    links: by state. statuses: live links by agreed, pending, failing, differs. waiting: customers
    still to be created there. held, rejected: records set aside as a whole or in part. unknown:
    attempts whose answer is not known. documents: by state, of a stream of documents. is_asked: whether a
    person is asked if records that are no longer shown were deleted. read_age_s: since it was last read;
    None when it never was.
    failure: why it could not be read, since when; None once it is read again. unwritten: the same of writing.
    """

    system: str
    stream: str
    is_connected: bool
    is_paused: bool
    links: Mapping[str, int]
    statuses: Mapping[str, int]
    waiting: int
    failing: Sequence[Problem]
    rejected: Sequence[Problem]
    held: int
    unknown: int
    read_at: datetime | None
    read_age_s: float | None
    has_cursor: bool
    failure: Failure | None = None
    unwritten: Failure | None = None
    documents: Mapping[str, int] = dataclasses.field(default_factory=dict)
    is_asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run."""

    number: int
    kind: str
    configuration: int | None
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How the workspace stands. ledger: what was set aside of the edits made in the ledger itself."""

    configuration: int
    customers: int
    unabsorbed: int
    ledger: Sequence[Problem]
    streams: Sequence[StreamStatus]
    reviews: Mapping[str, int]
    last_run: Run | None
    last_verify: Run | None

    def as_json(self) -> dict[str, Any]:
        """Return everything as values; instants stay instants."""
        return asdict(self)


def status(tx: Transaction, rules: Published, *, now: datetime | None = None) -> Status:
    """Return how everything stands.

    Args:
        tx: a transaction.
        rules: the configuration in force.
        now: to tell the age of what was read; left out, ages are not told.
    """
    counts = _Counts(tx)
    customers, unabsorbed = views.ledger_rows(tx)
    streams = [
        _stream(rules, row, counts, now)
        for row in views.named(tx, "stream_rows")
        if row[0] not in OWN_STREAMS
    ]
    return Status(
        configuration=rules.version,
        customers=customers,
        unabsorbed=unabsorbed,
        ledger=_problems(counts.rejected.get(LEDGER_STREAM, Counter())),
        streams=streams,
        reviews=dict(views.named(tx, "review_counts")),
        last_run=_latest(tx, "sync", "run", "serve", "worker"),
        last_verify=_latest(tx, "verify"),
    )


class _Counts:
    """Every count by stream, each from one statement."""

    def __init__(self, tx: Transaction) -> None:
        self.links: dict[int, Counter[str]] = {}
        self.statuses: dict[int, Counter[str]] = {}
        self.waiting: Counter[int] = Counter()
        self.failing: dict[int, Counter[str]] = {}
        self.rejected: dict[int, Counter[str]] = {}
        self.held: Counter[int] = Counter()
        self.unknown: Counter[int] = Counter()
        self.documents: dict[int, Counter[str]] = {}
        self.asked = {row[0] for row in views.named(tx, "deletions_asked")}
        self._count_links(tx)
        for stream, state, _reason, count in sightings.counts(tx):
            self.documents.setdefault(stream, Counter())[state] += count
        self._count_outbounds(tx)
        self._count_rejects(tx)

    def _count_links(self, tx: Transaction) -> None:
        for stream, state, standing, count in views.named(tx, "link_status"):
            self.links.setdefault(stream, Counter())[STATES[state]] += count
            if state in {LIVE, EXCLUDED}:
                self.statuses.setdefault(stream, Counter())[standing] += count

    def _count_outbounds(self, tx: Transaction) -> None:
        for stream, is_create, code, is_stuck, count in views.named(tx, "outbound_counts"):
            self.waiting[stream] += count if is_create else 0
            if is_stuck:
                self.failing.setdefault(stream, Counter())[code or "refused"] += count
        for stream, _outcome, count in views.named(tx, "open_attempts"):
            self.unknown[stream] += count

    def _count_rejects(self, tx: Transaction) -> None:
        for stream, stage, code, count, _records in views.named(tx, "reject_counts"):
            if stage == "resolve":
                self.held[stream] += count
            elif stage != "deliver":  # those are counted where they wait, as failing
                self.rejected.setdefault(stream, Counter())[code] += count


def _stream(
    rules: Published, row: tuple[Any, ...], counts: _Counts, now: datetime | None
) -> StreamStatus:
    number, system, name, read_at, has_cursor, *failures = row
    age = (now - read_at).total_seconds() if now is not None and read_at is not None else None
    is_connected = number in rules.streams or number in rules.documents
    return StreamStatus(
        system=system,
        stream=name,
        is_connected=is_connected,
        is_paused=is_connected and rules.config.systems[system].paused,
        links=dict(counts.links.get(number, {})),
        statuses=dict(counts.statuses.get(number, {})),
        waiting=counts.waiting[number],
        failing=_problems(counts.failing.get(number, Counter())),
        rejected=_problems(counts.rejected.get(number, Counter())),
        held=counts.held[number],
        unknown=counts.unknown[number],
        read_at=read_at,
        read_age_s=age,
        has_cursor=has_cursor,
        failure=_failure(*failures[:3]),
        unwritten=_failure(*failures[3:]),
        documents=dict(counts.documents.get(number, {})),
        is_asked=f"{system}.{name}" in counts.asked,
    )


def _failure(at: datetime | None, code: str, reason: str) -> Failure | None:
    return None if at is None else Failure(at=at, code=code, reason=reason)


def _problems(codes: Counter[str]) -> list[Problem]:
    return [
        Problem(code=code, count=count, cause=explained(code).cause, remedy=explained(code).remedy)
        for code, count in codes.most_common()
    ]


def _latest(tx: Transaction, *kinds: str) -> Run | None:
    rows = views.named(tx, "latest_run", [list(kinds)])
    if not rows:
        return None
    number, kind, configuration, started_at, finished_at, outcome, detail = rows[0]
    return Run(
        number=number,
        kind=kind,
        configuration=configuration,
        started_at=started_at,
        finished_at=finished_at,
        outcome=outcome,
        detail=detail,
    )


# -- what waits for a person ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """One record, or one field of it, that was set aside, in the words of who set it aside."""

    id: int
    system: str
    stream: str
    record: str
    field: str
    stage: str
    code: str
    detail: str = dataclasses.field(repr=False)
    is_whole: bool
    first_at: datetime
    last_at: datetime
    times: int
    cause: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One question that waits for a person."""

    id: int
    kind: str
    subject: str
    customers: Sequence[int]
    detail: str
    opened_at: datetime


def rejects(
    tx: Transaction, rules: Published, *, stream: int | None = None, limit: int = ROWS
) -> list[Reject]:
    """Return what is set aside now, with what to do about each."""
    rows = views.named(tx, "open_rejects", {"stream": stream, "limit": limit})
    return as_rejects(rows, titles(tx))


def titles(tx: Transaction) -> dict[int, tuple[str, str]]:
    """Return (system, stream) of every stream ever configured, by number."""
    own = {LEDGER_STREAM: ("ledger", "customers"), STEWARD_STREAM: ("steward", "decisions")}
    own[BOOKS_STREAM] = ("books", "figures")
    return own | {row[0]: (row[1], row[2]) for row in views.named(tx, "stream_rows")}


def as_rejects(
    rows: Sequence[tuple[Any, ...]], names: Mapping[int, tuple[str, str]]
) -> list[Reject]:
    """Name the columns of rows of rejects."""
    found = []
    for id_, stream, record, name, stage, code, detail, whole, first_at, last_at, times in rows:
        told = explained(code)
        system, stream_name = names[stream]
        found.append(
            Reject(
                id=id_,
                system=system,
                stream=stream_name,
                record=record,
                field=name,
                stage=stage,
                code=code,
                detail=detail,
                is_whole=whole,
                first_at=first_at,
                last_at=last_at,
                times=times,
                cause=told.cause,
                remedy=told.remedy,
            )
        )
    return found


def reviews(tx: Transaction, *, limit: int = ROWS) -> list[Review]:
    """Return what waits for a person, the oldest first."""
    return as_reviews(views.named(tx, "open_reviews", [limit]))


def as_reviews(rows: Sequence[tuple[Any, ...]]) -> list[Review]:
    """Name the columns of rows of reviews."""
    return [
        Review(id=id_, kind=kind, subject=subject, customers=customers, detail=detail, opened_at=at)
        for id_, kind, subject, customers, detail, at in rows
    ]
