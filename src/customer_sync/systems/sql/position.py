"""Where reading goes on: the opaque cursor, and the overlap that lets no late commit be missed.

A transaction takes its timestamp (or number) when it writes and shows it when it commits, so
rows may
appear behind a row already read: at the same instant, or up to the *lag* earlier. Hence a sweep
that
has reached the end does not go on from there: the next one starts ``lag`` before the largest value
seen, and never after the database's own clock less ``lag``, as read with each page. Numbers have no
clock: the next sweep starts at the largest one that had been seen ``lag`` ago.

The overlap shows rows twice and nothing else. When many rows carry one old instant (a bulk update),
showing them in each sweep would never end, so once they are older than twice the lag the next sweep
starts after them.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from customer_sync.kernel.errors import SchemaDriftError
from customer_sync.systems.sql.table import Kind

__all__ = [
    "SHOWN_AGAIN_MAX",
    "Position",
    "as_instant",
    "as_utc",
    "from_instant",
    "is_settled",
    "next_sweep",
    "pack",
    "unpack",
]

FORMAT = 1
SHOWN_AGAIN_MAX = 10_000
NUMBERS_BEFORE = 10_000
NUMBERS = {"integer", "decimal", "float", "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in a stream.

    ``phase`` nulls: among the rows without a cursor value. ``at``: the values of the last row
    read, or
    one value to start from, itself included. ``start``: where the main phase begins after the
    nulls. ``ceiling``: no later than this may the next sweep start.
    For numbers, when the sweep began. ``marks``: (clock, number) pairs seen at ends of sweeps.
    ``shown``: rows shown in this sweep.
    """

    mode: str
    phase: str = "main"
    at: tuple[Any, ...] = ()
    start: tuple[Any, ...] = ()
    ceiling: Any = None
    top: Any = None
    marks: tuple[tuple[str, Any], ...] = ()
    shown: int = 0
    total: int | None = None

    def text(self) -> str:
        """Return the cursor text."""
        state = {
            "f": FORMAT, "m": self.mode, "p": self.phase, "at": list(self.at), "c": self.ceiling,
            "t": self.top, "b": list(self.start), "k": [list(mark) for mark in self.marks],
            "n": self.shown, "s": self.total,
        }  # fmt: skip
        return json.dumps(
            {name: value for name, value in state.items() if value not in (None, [], 0)}
        )

    @classmethod
    def of(cls, text: str) -> "Position":
        """Read a cursor text.

        Raises:
            SchemaDriftError: It is none of ours; the stream must be read anew.
        """
        try:
            state = json.loads(text)
            marks = tuple((clock, value) for clock, value in state.get("k", ()))
            return cls(
                mode=state["m"], phase=state["p"], at=tuple(state.get("at", ())),
                start=tuple(state.get("b", ())), ceiling=state.get("c"),
                top=state.get("t"), marks=marks, shown=state.get("n", 0), total=state.get("s"),
            )  # fmt: skip
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SchemaDriftError(
                "The cursor of this stream cannot be read.",
                hint="Read the stream anew, without a cursor.",
            ) from None


def pack(value: Any) -> Any:
    """Return a column's value as JSON holds it."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case datetime() | date():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case _:
            return str(value)


def unpack(value: Any, kind: Kind, dialect: str) -> Any:
    """Return the column's value that ``pack`` packed."""
    if dialect == "sqlite" or value is None:
        return bytes.fromhex(value) if kind == "binary" and isinstance(value, str) else value
    match kind:
        case "datetime" | "zoned":
            return datetime.fromisoformat(value)
        case "date":
            return date.fromisoformat(value)
        case "decimal":
            return Decimal(value)
        case "binary":
            return bytes.fromhex(value)
        case _:
            return value


def fits(value: Any, kind: Kind, dialect: str) -> bool:
    """Return whether a packed value can be one of such a column: false once the column was retyped."""
    if dialect == "sqlite":
        return True
    try:
        restored = unpack(value, kind, dialect)
    except (ValueError, TypeError, ArithmeticError):
        return False
    return (
        not isinstance(restored, str) if kind in NUMBERS else not isinstance(restored, int | float)
    )


# -- instants ------------------------------------------------------------------------------------


def as_instant(value: Any, zone: ZoneInfo) -> datetime | None:
    """Return the instant of a cursor value, or None where it names none (a number, other text)."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001  (zoned below)
    if not isinstance(value, datetime):
        return None
    return as_utc(value, zone)


def as_utc(value: datetime, zone: ZoneInfo) -> datetime:
    """Return a timestamp in UTC; one without a zone is read in ``zone``, the earlier of two."""
    return (value.replace(tzinfo=zone) if value.tzinfo is None else value).astimezone(UTC)


def from_instant(instant: datetime, like: Any, zone: ZoneInfo) -> Any:
    """Return an instant in the form of ``like``, at or before it: text in its format, date, timestamp."""
    if isinstance(like, str):
        return _text_like(instant, like, zone)
    if isinstance(like, datetime):
        return instant if like.tzinfo is not None else _local(instant, zone)
    return _local(instant, zone).date()


def _local(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the local time, early enough for the hour that comes twice in autumn."""
    here = instant.astimezone(zone)
    later = (instant + timedelta(hours=1)).astimezone(zone)
    behind = (here.utcoffset() or timedelta()) - (later.utcoffset() or timedelta())
    return here.replace(tzinfo=None) - max(behind, timedelta())


def _text_like(instant: datetime, like: str, zone: ZoneInfo) -> str:
    parsed = datetime.fromisoformat(like)
    if len(like) <= len("2024-05-01"):
        return _local(instant, zone).date().isoformat()
    local = instant.astimezone(parsed.tzinfo) if parsed.tzinfo else _local(instant, zone)
    # Cut to seconds: a text without a fraction sorts before the same with one.
    return local.replace(microsecond=0, tzinfo=None).isoformat(sep="T" if "T" in like else " ")


# -- the next sweep ------------------------------------------------------------------------------


def next_sweep(position: Position, *, clock: datetime, lag: timedelta, zone: ZoneInfo) -> Position:
    """Return where the next sweep starts, after this one has reached the end.

    Args:
        position: The place reached.
        clock: The database's clock, as read with the last page.
        lag: How late a commit may follow its own timestamp.
        zone: The zone of timestamps without one.
    """
    top = position.top
    if top is None:  # nothing has ever been seen: start anew
        return Position(mode=position.mode, marks=position.marks)
    instant = as_instant(top, zone)
    if instant is None:
        return _by_marks(position, clock=clock, lag=lag)
    start = min(instant, clock) - lag
    if position.ceiling is not None:
        start = min(start, datetime.fromisoformat(position.ceiling))
    return Position(mode=position.mode, at=(pack(from_instant(start, top, zone)),), top=top)


def is_settled(top: Any, *, clock: datetime, lag: timedelta, zone: ZoneInfo) -> bool:
    """Return whether the largest timestamp is so old that nothing at or before it may still come."""
    instant = as_instant(top, zone)
    return instant is not None and clock > instant + 2 * lag + _granule(top)


def _granule(top: Any) -> timedelta:
    is_day = isinstance(top, str) and len(top) <= len("2024-05-01")
    return timedelta(days=1) if is_day else timedelta(seconds=1)


def _by_marks(position: Position, *, clock: datetime, lag: timedelta) -> Position:
    """Start at the largest number that had been seen ``lag`` before this sweep began."""
    began = datetime.fromisoformat(position.ceiling) if position.ceiling else clock
    marks = [*position.marks, (clock.isoformat(), position.top)]
    old = [mark for mark in marks if datetime.fromisoformat(mark[0]) <= began - lag]
    young = [mark for mark in marks if datetime.fromisoformat(mark[0]) > began - lag]
    at: tuple[Any, ...] = ()
    if old:
        at = (old[-1][1],)
    elif isinstance(position.top, int):
        at = (position.top - NUMBERS_BEFORE,)  # the first sweeps know no older number yet
    kept = (*old[-1:], *_thin(young))
    return Position(mode=position.mode, at=at, top=position.top, marks=kept)


def _thin(marks: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Keep a mark only where the number grew, and at most 32 of them, evenly."""
    grown = [
        mark for place, mark in enumerate(marks) if not place or mark[1] != marks[place - 1][1]
    ]
    step = len(grown) // 32 + 1
    return grown[::step]
