"""A platform that lives in this process: its records, its clock, and the people who work on it.

It promises to be reproducible: the same seed, behaviour and sequence of calls give the same
records, ids and stamps. Its clock moves only when the caller moves it. What a connector may ask is
in ``gate``; the methods here are what people do in the platform's own pages, and what a test may
look at.
"""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from customer_sync.systems.simulated.behaviour import Behaviour
from customer_sync.systems.simulated.faults import FaultPlan
from customer_sync.systems.simulated.gate import Gate

__all__ = ["PEOPLE", "Operation", "Platform", "Record", "Stream"]

PEOPLE = "people"
STARTS_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Record:
    """One record as the platform holds it. A field it does not have at all is not in ``fields``."""

    id: str
    fields: dict[str, str | None]
    changed_at: datetime
    version: int = 1
    deleted: bool = False
    merged_into: str | None = None

    def copy(self) -> "Record":
        """Return a copy that later changes do not reach."""
        return replace(self, fields=dict(self.fields))


@dataclass(slots=True)
class Stream:
    """The records of one kind, and what is known of their fields.

    A stream that was never declared takes any field; ``types`` of a declared one names them all.
    """

    records: dict[str, Record] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    is_declared: bool = False
    dropped: set[str] = field(default_factory=set)
    # (field, value) -> ids, in the order in which they came to show it: checking that a value is
    # unique by looking at every record took 22 s for 10,000 creates, by this index 1 s.
    _holders: dict[tuple[str, str | None], dict[str, None]] = field(default_factory=dict)

    def put(self, record: Record, fields: Mapping[str, str | None]) -> None:
        """Give a record these values."""
        for name, value in fields.items():
            self._holders.get((name, record.fields.get(name)), {}).pop(record.id, None)
            self._holders.setdefault((name, value), {})[record.id] = None
        record.fields |= fields

    def showing(self, name: str, value: str | None) -> list[Record]:
        """Return the live records that show this value in this field."""
        held = (self.records[key] for key in self._holders.get((name, value), {}))
        return [record for record in held if not record.deleted and name in record.fields]

    def lacks(self, name: str) -> bool:
        """Tell whether this stream surely has no such field."""
        return name in self.dropped or (self.is_declared and name not in self.types)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One change that happened: when, by whom (``people`` or a token), and what."""

    at: datetime
    by: str
    kind: str
    stream: str
    id: str
    fields: Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commit:
    """A change of people that is not committed yet."""

    due_at: datetime
    stream: str
    id: str
    apply: Callable[[], None]


class Platform:
    """One simulated platform.

    Attributes:
        behaviour: May be replaced at any time: platforms change their habits too.
        faults: What goes wrong between the platform and its connector; None for fair weather.
        log: Every change, in the order in which it happened.
        notices: (stream, id) of every change told, as webhooks would; the reader empties it.
    """

    def __init__(
        self,
        name: str,
        *,
        seed: int = 0,
        behaviour: Behaviour | None = None,
        faults: FaultPlan | None = None,
        starts_at: datetime = STARTS_AT,
    ) -> None:
        self.name = name
        self.behaviour = behaviour or Behaviour()
        self.faults = faults
        self.now = starts_at
        self.log: list[Operation] = []
        self.notices: list[tuple[str, str]] = []
        self.streams: dict[str, Stream] = {}
        self.random = random.Random(seed)  # noqa: S311 - reproducible, not secret
        # Ids are drawn apart, so that faults and habits of reading do not change them.
        self._id_random = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self._commits: list[_Commit] = []
        self._serial = 0
        self._lock = threading.RLock()
        self._gate = Gate(self)

    # -- the clock --------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Let time pass; what was to commit until then commits."""
        with self._lock:
            self.now += timedelta(seconds=seconds)
            self._commit(lambda commit: commit.due_at <= self.now)

    def come_to_rest(self) -> None:
        """Commit what is open and perform the writes held back, without letting time pass."""
        with self._lock:
            self._gate.perform_held_back()
            self._commit(lambda _: True)

    # -- what a connector asks --------------------------------------------------------------------

    def perform(self, operation: str, arguments: Mapping[str, Any], *, is_write: bool) -> Any:
        """Answer one operation of a connector, through whatever faults are planned."""
        with self._lock:
            return self._gate.perform(operation, arguments, is_write=is_write)

    # -- what people do ---------------------------------------------------------------------------

    def declare(self, stream: str, *names: str, **types: str) -> None:
        """Say which fields a stream has; from then on it has no others."""
        held = self.stream(stream)
        held.is_declared = True
        held.types |= dict.fromkeys(names, "text") | types
        held.dropped -= set(held.types)

    def drop_field(self, stream: str, name: str) -> None:
        """Take a field away from a stream, without a word to anyone."""
        held = self.stream(stream)
        held.dropped.add(name)
        held.types.pop(name, None)
        for record in held.records.values():
            record.fields.pop(name, None)

    def retype_field(self, stream: str, name: str, kind: str) -> None:
        """Give a field another type."""
        self.stream(stream).types[name] = kind

    def create(
        self, stream: str, fields: Mapping[str, str | None] | None = None, /, **more: str | None
    ) -> str:
        """Create a record and return its id."""
        with self._lock:
            return self.change(
                stream, by=PEOPLE, kind="create", fields={**(fields or {}), **more}, is_late=None
            )

    def edit(
        self,
        stream: str,
        record_id: str,
        fields: Mapping[str, str | None] | None = None,
        /,
        **more: str | None,
    ) -> None:
        """Change these fields of a record."""
        with self._lock:
            self.present(stream, record_id)
            values = {**(fields or {}), **more}
            self.change(stream, record_id, by=PEOPLE, kind="edit", fields=values, is_late=None)

    def create_late(self, stream: str, fields: Mapping[str, str | None], *, delay_s: float) -> str:
        """Create a record now in a transaction that commits only after ``delay_s``."""
        assert delay_s <= self.behaviour.lag_s, "later than the platform declares"
        with self._lock:
            key = self._new_id()
            self._later(stream, key, "create", fields, delay_s=delay_s)
            return key

    def edit_late(
        self, stream: str, record_id: str, fields: Mapping[str, str | None], *, delay_s: float
    ) -> None:
        """Change fields now in a transaction that commits only after ``delay_s``."""
        assert delay_s <= self.behaviour.lag_s, "later than the platform declares"
        with self._lock:
            self._later(stream, record_id, "edit", fields, delay_s=delay_s)

    def delete(self, stream: str, record_id: str) -> None:
        """Delete a record."""
        with self._lock:
            self.present(stream, record_id)
            self.change(stream, record_id, by=PEOPLE, kind="delete")

    def merge(self, stream: str, loser: str, winner: str) -> None:
        """Merge one record into another; the loser is gone from then on."""
        with self._lock:
            self.present(stream, winner)
            self.present(stream, loser).merged_into = winner
            self.change(stream, loser, by=PEOPLE, kind="merge")

    # -- what a test looks at ---------------------------------------------------------------------

    def stream(self, name: str) -> Stream:
        """Return a stream; one that was never named is an empty, undeclared one."""
        return self.streams.setdefault(name, Stream())

    def record(self, stream: str, record_id: str) -> Record:
        """Return a copy of a record, deleted or not."""
        return self.stream(stream).records[record_id].copy()

    def records(self, stream: str) -> list[Record]:
        """Return copies of the live records, by id."""
        with self._lock:
            held = self.stream(stream).records
            return [held[key].copy() for key in sorted(held) if not held[key].deleted]

    def snapshot(self) -> dict[str, dict[str, dict[str, str | None]]]:
        """Return stream -> id -> fields of every live record."""
        return {
            name: {record.id: record.fields for record in self.records(name)}
            for name in sorted(self.streams)
        }

    # -- the one door for changes -----------------------------------------------------------------

    def present(self, stream: str, record_id: str) -> Record:
        """Return a live record; what was still open on it commits first, as a locked row would.

        Raises:
            KeyError: There is none.
        """
        self._commit(lambda commit: (commit.stream, commit.id) == (stream, record_id))
        record = self.stream(stream).records[record_id]
        if record.deleted:
            raise KeyError(record_id)
        return record

    def change(
        self,
        stream: str,
        record_id: str | None = None,
        *,
        by: str,
        kind: str,
        fields: Mapping[str, str | None] | None = None,
        is_late: bool | None = False,
    ) -> str:
        """Make one change, stamp it, log it, tell it; return the id of its record.

        ``is_late=None`` leaves it to chance and the behaviour whether the change commits late.
        """
        key = record_id or self._new_id()
        if is_late is None and self._is_late():
            self._later(stream, key, kind, fields or {}, delay_s=self.behaviour.lag_s)
        else:
            self._apply(stream, key, by, kind, fields or {}, self.stamp())
        return key

    def stamp(self) -> datetime:
        """Return the instant that a change of now is stamped with."""
        step = timedelta(seconds=self.behaviour.resolution_s)
        return self.now - (self.now - datetime(1970, 1, 1, tzinfo=UTC)) % step

    def _is_late(self) -> bool:
        rate = self.behaviour.late_commits
        return rate > 0 and self.random.random() < rate

    def _later(
        self,
        stream: str,
        key: str,
        kind: str,
        fields: Mapping[str, str | None],
        *,
        delay_s: float,
    ) -> None:
        at, values = self.stamp(), dict(fields)
        due_at = self.now + timedelta(seconds=delay_s)

        def apply() -> None:
            self._apply(stream, key, PEOPLE, kind, values, at)

        self._commits.append(_Commit(due_at=due_at, stream=stream, id=key, apply=apply))

    def _commit(self, is_due: Callable[[_Commit], bool]) -> None:
        due = [commit for commit in self._commits if is_due(commit)]
        self._commits = [commit for commit in self._commits if not is_due(commit)]
        for commit in sorted(due, key=lambda commit: commit.due_at):
            commit.apply()

    def _apply(  # noqa: PLR0917 - one row of the log
        self,
        stream: str,
        key: str,
        by: str,
        kind: str,
        fields: Mapping[str, str | None],
        at: datetime,
    ) -> None:
        held = self.stream(stream)
        record = held.records.get(key)
        if record is None:
            record = held.records[key] = Record(id=key, fields={}, changed_at=at, version=0)
        stored = self.behaviour.stored(fields)
        held.put(record, stored)
        record.version += 1
        # A late commit never turns a record's own stamp back.
        record.changed_at = max(record.changed_at, at)
        record.deleted = record.deleted or kind in {"delete", "merge"}
        self.log.append(
            Operation(at=self.now, by=by, kind=kind, stream=stream, id=key, fields=stored)
        )
        self._tell(stream, key)

    def _tell(self, stream: str, key: str) -> None:
        rate = self.behaviour.repeats
        is_repeated = rate > 0 and self.random.random() < rate
        self.notices += [(stream, key)] * (2 if is_repeated else 1)

    def _new_id(self) -> str:
        self._serial += 1
        if self.behaviour.ids == "sequential":
            return str(self._serial)
        return f"{self._id_random.getrandbits(64):016x}"
