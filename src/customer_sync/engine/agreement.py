"""What verify reports: how far the systems and the ledger show the same, and why they do not.

Values of people may stand in differences: they are for the terminal or the file of the person who
asked, never for a log, so they are left out of every ``repr``.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

__all__ = [
    "WHYS", "Agreement", "Completion", "Difference", "DocumentAgreement", "Entry", "StreamAgreement", "Why",
]  # fmt: skip

Why = Literal[
    "pending",
    "failing",
    "rejected",
    "held",
    "unabsorbed",
    "differs",
]
WHYS: tuple[Why, ...] = get_args(Why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field of one record that does not show what it should, and why.

    record: the external id; None where the customer is lacking. customer: None where the record
    belongs to nobody yet. counted: whether the field is delivered by us, so that it counts in the
    accuracy.
    """

    system: str
    stream: str
    record: str | None
    customer: int | None
    field: str
    shown: str | None = dataclasses.field(repr=False)
    wanted: str | None = dataclasses.field(repr=False)
    why: Why
    code: str
    detail: str = dataclasses.field(repr=False)
    remedy: str
    review: int | None
    counted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamAgreement:
    """One stream, read back: fields are those that are delivered, of all records in scope.

    records: shown by the system, plus live ones it does not show any more, plus customers it lacks.
    by_why: disagreeing fields by explanation; records_by_why: records that have such a field.
    inward: fields that only come in and have changed, or were set aside, since they were last read.
    unlisted: records that exist and were left out of the listing. error: (code, message) when the
    stream could not be read.
    """

    system: str
    stream: str
    records: int = 0
    lacking: int = 0
    excluded: int = 0
    fields: int = 0
    agreeing: int = 0
    by_why: Mapping[str, int] = dataclasses.field(default_factory=dict)
    by_code: Mapping[str, int] = dataclasses.field(default_factory=dict)
    records_by_why: Mapping[str, int] = dataclasses.field(default_factory=dict)
    inward: int = 0
    told: int | None = None
    listed: int = 0
    unlisted: int = 0
    error: tuple[str, str] | None = None

    @property
    def accuracy(self) -> float | None:
        """Return agreeing fields / fields; None where there is nothing to compare."""
        return self.agreeing / self.fields if self.fields else None

    @property
    def is_short(self) -> bool:
        """Tell whether the system has records that its listing did not show."""
        return self.unlisted > 0 or (self.told is not None and self.told > self.listed)

    @property
    def agreed(self) -> bool:
        """Tell whether everything was read and every field shows what it should."""
        whole = self.error is None and not self.is_short
        return whole and self.agreeing == self.fields and not self.inward


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """How long changes took from their commit at the source to agreement everywhere, in seconds.

    open: changes not everywhere yet; oldest_open_s: the age of the oldest of them.
    """

    window: str
    changes: int
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    open: int
    oldest_open_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Field writes of a window: by the product, and by people."""

    window: str
    by_product: int
    by_people: int

    @property
    def reduction(self) -> float | None:
        """Return the share that people did not have to type; None where nothing was written."""
        total = self.by_product + self.by_people
        return self.by_product / total if total else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAgreement:
    """What the documents of one system came to.

    documents: those that the system or the books have. redated: of those that agree, how many the policy posts on
    another day. unread: rows that could not be read as records; they are no documents, and no agreement.
    by_kind: differences by their cause. listed: the first of them.
    """

    system: str
    documents: int = 0
    agreeing: int = 0
    redated: int = 0
    unread: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)
    listed: list[dict[str, Any]] = field(default_factory=list, repr=False)
    error: tuple[str, str] | None = None

    @property
    def agreed(self) -> bool:
        """Tell whether every document agrees, and everything could be read."""
        return self.error is None and not self.unread and self.agreeing == self.documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What was read back from every system, against the ledger.

    differences: the first ones of all `differing` fields. ledger_unabsorbed: customers edited in
    the ledger whose edit is not absorbed yet. documents: system by system, beside the books.
    """

    at: datetime
    configuration: int
    streams: Sequence[StreamAgreement]
    differences: Sequence[Difference]
    differing: int
    ledger_customers: int
    ledger_unabsorbed: int
    completion: Sequence[Completion]
    entry: Sequence[Entry]
    documents: Sequence[DocumentAgreement] = ()

    @property
    def fields(self) -> int:
        """Return how many fields were compared."""
        return sum(stream.fields for stream in self.streams)

    @property
    def agreeing(self) -> int:
        """Return how many of them show what they should."""
        return sum(stream.agreeing for stream in self.streams)

    @property
    def accuracy(self) -> float | None:
        """Return the data accuracy rate: agreeing fields / fields."""
        return self.agreeing / self.fields if self.fields else None

    @property
    def agreed(self) -> bool:
        """Tell whether all systems and the ledger agree."""
        customers = all(stream.agreed for stream in self.streams) and not self.ledger_unabsorbed
        return customers and all(one.agreed for one in self.documents)

    def as_json(self) -> dict[str, Any]:
        """Return everything as values that the JSON writer knows."""
        streams = [
            {**asdict(stream), "accuracy": stream.accuracy, "agreed": stream.agreed}
            for stream in self.streams
        ]
        entry = [{**asdict(one), "reduction": one.reduction} for one in self.entry]
        return {
            "agreed": self.agreed,
            "at": self.at.isoformat(),
            "configuration": self.configuration,
            "accuracy": self.accuracy,
            "fields": self.fields,
            "agreeing": self.agreeing,
            "systems": self._systems(),
            "streams": streams,
            "differing": self.differing,
            "differences": [asdict(one) for one in self.differences],
            "ledger": {"customers": self.ledger_customers, "unabsorbed": self.ledger_unabsorbed},
            "completion": [asdict(one) for one in self.completion],
            "entry": entry,
            "documents": [{**asdict(one), "agreed": one.agreed} for one in self.documents],
        }

    def _systems(self) -> dict[str, dict[str, Any]]:
        """Return the accuracy per system, over its streams."""
        found: dict[str, dict[str, Any]] = {}
        for stream in self.streams:
            one = found.setdefault(stream.system, {"fields": 0, "agreeing": 0, "agreed": True})
            one["fields"] += stream.fields
            one["agreeing"] += stream.agreeing
            one["agreed"] = one["agreed"] and stream.agreed
        for one in found.values():
            one["accuracy"] = one["agreeing"] / one["fields"] if one["fields"] else None
        return found
