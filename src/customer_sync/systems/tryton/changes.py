"""Decide what changed since a cursor, although Tryton tells neither completely nor in order.

Two facts of Tryton make this harder than ``write_date > cursor`` (measured on a real server):

* a row's ``write_date`` is the moment its transaction *began*, so a long import commits rows that
  are older than what a poll has already seen;
* a change of an address, a contact mechanism or an identifier does not move its party.

So one pass reads the *events* of four models in the total order (moment, kind, id), from ``since``
up to the newest moment that was visible when the pass began; the next pass begins ``lag_s`` before
that moment. No transaction shorter than ``lag_s`` is ever missed, whatever the clocks: a row that
commits after the pass began, dated more than ``lag_s`` before a row already visible then, ran for
longer. Where nothing newer appears, the overlap shrinks by the time that has passed, so an idle
system is not shown again for ever. A deleted child leaves no event: only a listing sees that.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from customer_sync.kernel.errors import InvalidInputError
from customer_sync.systems.tryton.protocol import Rpc, coded

__all__ = [
    "EPOCH", "Cursor", "Event", "Position", "event_requests", "events_of", "newest",
    "newest_requests", "next_since",
]  # fmt: skip

_MODELS = ("party.party", "party.contact_mechanism", "party.address", "party.identifier")
# A row that was never written has no write_date in some versions, and its create_date there.
KINDS = [(model, column) for model in _MODELS for column in ("write_date", "create_date")]
FUTURE_SLACK_S = 60.0  # a source clock that runs ahead of ours by less is only a clock
_TICK = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # UTC, as Tryton keeps it

Position = tuple[datetime, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row of one kind that moved, and its party."""

    position: Position
    party: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where reading stands.

    ``listed``: the id that the first listing has reached; ``position``: how far a pass has come.
    """

    since: datetime
    top: datetime | None = None  # the newest moment visible when the pass began...
    seen_at: datetime | None = None  # ...and when, by our clock, it was first seen
    listed: int | None = None
    position: Position | None = None

    def text(self) -> str:
        """Return the cursor as a text."""
        members: dict[str, Any] = {"since": self.since.isoformat()}
        if self.top and self.seen_at:
            members |= {"top": self.top.isoformat(), "seen_at": self.seen_at.isoformat()}
        if self.listed is not None:
            members["listed"] = self.listed
        if self.position is not None:
            members["position"] = [self.position[0].isoformat(), *self.position[1:]]
        return json.dumps(members)

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read a cursor that ``text`` wrote.

        Raises:
            InvalidInputError: It is another system's, or torn.
        """
        try:
            members = json.loads(text)
            place = members.get("position")
            return cls(
                since=datetime.fromisoformat(members["since"]),
                top=_moment(members.get("top")),
                seen_at=_moment(members.get("seen_at")),
                listed=members.get("listed"),
                position=(datetime.fromisoformat(place[0]), place[1], place[2]) if place else None,
            )
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as fault:
            raise InvalidInputError("This is not a cursor of a Tryton stream.") from fault

    def began(self, *, top: datetime, now: datetime) -> "Cursor":
        """Return the cursor of a pass that begins now, up to ``top``."""
        seen_at = self.seen_at if top == self.top and self.seen_at else now
        return replace(self, top=top, seen_at=seen_at, position=(self.since, -1, 0))

    def ended(self, *, now: datetime, lag_s: float) -> "Cursor":
        """Return the cursor after a whole pass."""
        if self.top is None or self.seen_at is None:
            return replace(self, listed=None, position=None)
        since = next_since(top=self.top, seen_at=self.seen_at, now=now, lag_s=lag_s)
        return Cursor(since=max(since, self.since), top=self.top, seen_at=self.seen_at)


def next_since(*, top: datetime, seen_at: datetime, now: datetime, lag_s: float) -> datetime:
    """Return the moment before which everything has surely been seen.

    A transaction still open now began no earlier than the source's present minus ``lag_s``; the
    source's present is at least ``top`` plus the time since we first saw ``top``.
    """
    lag = timedelta(seconds=lag_s)
    if top > now + timedelta(seconds=FUTURE_SLACK_S):
        # One row dated in the future must not hide what is dated rightly.
        return now - lag - timedelta(seconds=FUTURE_SLACK_S)
    return min(top + _TICK, top + (now - seen_at) - lag)


def newest_requests() -> list[Rpc]:
    """Ask for the newest moment of every kind."""
    return [
        _search(model, [(column, "!=", None)], 1, order=[(column, "DESC")], fields=[column])
        for model, column in KINDS
    ]


def newest(answers: Sequence[list[dict[str, Any]]]) -> datetime | None:
    """Return the newest moment of all, or None where there is nothing at all."""
    moments = [rows[0][column] for (_, column), rows in zip(KINDS, answers, strict=True) if rows]
    return max(moments, default=None)


def event_requests(start: Position, until: datetime, rows_max: int) -> list[Rpc]:
    """Ask every kind for its next rows after ``start``, up to ``until``."""
    requests = []
    for kind, (model, column) in enumerate(KINDS):
        domain = [_after(column, kind, start), (column, "<=", coded(until))]
        if column == "create_date":
            domain.append(("write_date", "=", None))
        fields = [column] if model == "party.party" else [column, "party"]
        order = [(column, "ASC"), ("id", "ASC")]
        requests.append(_search(model, domain, rows_max, order=order, fields=fields))
    return requests


def events_of(answers: Sequence[list[dict[str, Any]]], rows_max: int) -> tuple[list[Event], bool]:
    """Merge the kinds into one order, as far as it is complete; say whether it goes on."""
    events = []
    bounds = []
    for kind, ((model, column), rows) in enumerate(zip(KINDS, answers, strict=True)):
        found = [_event(model, column, kind, row) for row in rows]
        events += found
        if len(found) >= rows_max:
            bounds.append(found[-1].position)
    bound = min(bounds, default=None)
    complete = [event for event in events if bound is None or event.position <= bound]
    return sorted(complete, key=lambda event: event.position), bound is not None


def _event(model: str, column: str, kind: int, row: dict[str, Any]) -> Event:
    return Event(
        position=(row[column], kind, row["id"]),
        party=row["id"] if model == "party.party" else row["party"],
    )


def _after(column: str, kind: int, start: Position) -> Any:
    moment, start_kind, start_id = start
    if kind < start_kind:
        return (column, ">", coded(moment))
    if kind > start_kind:
        return (column, ">=", coded(moment))
    same = [(column, "=", coded(moment)), ("id", ">", start_id)]
    return ["OR", [(column, ">", coded(moment))], same]


def _search(
    model: str,
    domain: Sequence[Any],
    rows_max: int,
    *,
    order: Sequence[tuple[str, str]],
    fields: Sequence[str],
) -> Rpc:
    return Rpc(
        method=f"model.{model}.search_read",
        arguments=[list(domain), 0, rows_max, list(order), list(fields)],
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
