"""Lenses of time: dates and instants.

Decides what a local time means in its zone, and refuses what it cannot: times that the clocks
skipped or ran through twice, and dates whose day and month could be swapped. Promises that an
instant is the same on both sides of UTC. Must not read a clock.
"""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from customer_sync.core.mapping.row import Cell, Fault, Texts, ValueLens

__all__ = ["Date", "Instant"]

_ISO_DATE = re.compile(r"^(\d{4}-\d\d-\d\d)([T ].*)?$", re.ASCII)
_DOTTED = re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$", re.ASCII)
_SWAPPABLE = re.compile(r"^\d{1,2}[/-]\d{1,2}[/-]\d{2,4}$", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_UNITS = {"epoch": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}


def _formatted(moment: date, pattern: str) -> str:
    # The platform's %Y does not pad years before 1000.
    return moment.strftime(pattern.replace("%Y", f"{moment.year:04d}"))


class Date(ValueLens):
    """A date: ISO 8601, ``31.12.2024``, or of ``format``."""

    def __init__(self, *, pattern: str | None = None) -> None:
        self._pattern = pattern

    @property
    def expects(self) -> str:
        """Return the format."""
        return self._pattern or "YYYY-MM-DD"

    def read_text(self, text: str, /) -> Cell:
        """Return the date; the zero date of some databases is nothing."""
        text = text.strip()
        if text.startswith("0000-00-00"):
            return None
        try:
            if self._pattern is not None:
                return datetime.strptime(text, self._pattern).date().isoformat()  # noqa: DTZ007
            return _written_date(text)
        except ValueError:
            return Fault("date_ambiguous" if self._swappable(text) else "date_invalid")

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the date in the format, or in the image's."""
        try:
            moment = date.fromisoformat(value)
        except ValueError:
            return None
        if self._pattern is not None:
            return _formatted(moment, self._pattern)
        image = (image or "").strip()
        if _DOTTED.match(image):
            return f"{moment.day:02d}.{moment.month:02d}.{moment.year:04d}"
        tail = found.group(2) if (found := _ISO_DATE.match(image)) else None
        return value + (tail or "") if isinstance(self.cell(image), str) else value

    def _swappable(self, text: str) -> bool:
        return self._pattern is None and _SWAPPABLE.match(text) is not None


def _written_date(text: str) -> str:
    if found := _DOTTED.match(text):
        day, month, year = (int(part) for part in found.groups())
        return date(year, month, day).isoformat()
    iso = _ISO_DATE.match(text)
    if iso is None:
        raise ValueError
    if iso.group(2):
        datetime.fromisoformat(text)
    return date.fromisoformat(iso.group(1)).isoformat()


class Instant(ValueLens):
    """A point in time; one without an offset is local to ``zone``."""

    normal = None

    def __init__(self, *, zone: str | None = None, pattern: str | None = None) -> None:
        self._zone = ZoneInfo(zone) if zone else None
        self._pattern = pattern

    @property
    def expects(self) -> str:
        """Return the format and zone."""
        zone = f" in {self._zone.key}" if self._zone else " with an offset"
        return (self._pattern or "YYYY-MM-DDTHH:MM:SS") + zone

    def read_text(self, text: str, /) -> Cell:
        """Return the instant in UTC."""
        text = text.strip()
        if text.startswith("0000-00-00"):
            return None
        try:
            moment = self._parse(text)
        except (ValueError, OverflowError):
            return Fault("instant_invalid")
        if moment.tzinfo is not None:
            return _utc(moment)
        if self._zone is None:
            return Fault("instant_zone_missing")
        fault = _local_fault(moment, self._zone)
        return fault or _utc(moment.replace(tzinfo=self._zone))

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the instant in the format or the image's; None where that says another."""
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        text = self._written(moment, (image or "").strip())
        shown = self.cell(text)
        if shown == value or (isinstance(shown, str) and self._pattern is not None):
            return text
        return value if self._pattern is None else None

    def is_exact(self, values: Texts, /) -> bool:
        """Return whether the format shows fractions, and the zone has that local time once."""
        value = values[0] or ""
        if self._pattern is None or self._pattern in _EPOCH_UNITS:
            return self._pattern is None or "." not in value
        shows_all = "." not in value or "%f" in self._pattern
        return shows_all and self.write_text(value, None) is not None

    def _parse(self, text: str) -> datetime:
        if self._pattern in _EPOCH_UNITS:
            return _EPOCH + timedelta(microseconds=int(text) * _EPOCH_UNITS[self._pattern])
        if self._pattern is not None:
            return datetime.strptime(text, self._pattern)  # noqa: DTZ007
        if _ISO_DATE.match(text) is None:
            raise ValueError
        return datetime.fromisoformat(text)

    def _written(self, moment: datetime, image: str) -> str:
        local = moment.astimezone(self._zone or UTC)
        if self._pattern in _EPOCH_UNITS:
            return str((moment - _EPOCH) // timedelta(microseconds=_EPOCH_UNITS[self._pattern]))
        if self._pattern is not None:
            return _formatted(local, self._pattern)
        return _like(moment, local, image)


def _like(moment: datetime, local: datetime, image: str) -> str:
    separator = " " if len(image) > 10 and image[10] == " " else "T"
    try:
        shown = datetime.fromisoformat(image)
    except ValueError:
        return _utc(moment)
    if shown.tzinfo is None:
        return local.replace(tzinfo=None).isoformat(separator)
    if image.endswith("Z"):
        return _utc(moment).replace("T", separator)
    return moment.astimezone(shown.tzinfo).isoformat(separator)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _local_fault(moment: datetime, zone: ZoneInfo) -> Fault | None:
    first = moment.replace(tzinfo=zone, fold=0)
    second = moment.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return None
    exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment
    return Fault("instant_overlap" if exists else "instant_gap")
