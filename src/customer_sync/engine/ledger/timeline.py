"""One timeline per customer: what systems showed, what was decided, what was bought and paid.

Joins the audit trail, the golden values and the journal. A document stands on its own day, everything else on
the instant it was noted. Promises that every line of money names its entry, and that a line names the audit
event behind it wherever there is one. Reads only.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

import polars as pl

from customer_sync.core.ledger import Rules
from customer_sync.engine.ledger.notation import amounts
from customer_sync.engine.ledger.owing import resolved
from customer_sync.infra.pg import Transaction
from customer_sync.store import lifecycle

__all__ = ["COLUMNS", "Timeline", "timeline"]

COLUMNS = (
    "at", "what", "system", "stream", "record", "number", "amount", "currency", "detail", "entry", "event",
)  # fmt: skip

# What people call it. An event or an entry of another kind is called by its own name.
EVENTS = {
    "customer.created": "first seen", "record.linked": "matched", "record.merged": "merged", "record.moved": "moved",
    "customer.changed": "changed", "record.gone": "gone", "record.excluded": "excluded", "record.included": "included",
    "record.out_of_scope": "out of scope", "record.in_scope": "in scope again",
    "record.held": "held", "record.rejected": "set aside",
}  # fmt: skip
ENTRIES = {
    "reverse": "reversed", "recognise": "revenue recognised", "exchange": "exchange difference",
    "opening": "opening balance", "correct": "corrected",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happened with a customer, oldest first. retired: numbers it was known by before."""

    customer: int
    retired: list[int]
    lines: list[dict[str, Any]] = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return everything as values that the JSON writer knows."""
        return {"customer": self.customer, "retired": self.retired, "lines": self.lines}


def timeline(tx: Transaction, rules: Rules, asked: int) -> Timeline:
    """Return all that happened with a customer.

    Raises:
        NotFoundError: There is no such customer.
    """
    customer = resolved(tx, asked)
    ids = lifecycle.ids_of(tx, customer)
    told = [
        *_events(lifecycle.events(tx, ids), lifecycle.changes(tx, ids), customer),
        *_entries(amounts(rules).told(lifecycle.entries(tx, customer))),
        *_documents(amounts(rules).told(lifecycle.documents(tx, customer))),
    ]
    told.sort(key=lambda line: (_moment(line["at"]), line["event"] or 0, line["entry"] or 0))
    lines = [{name: line.get(name) for name in COLUMNS} for line in told]
    return Timeline(customer=customer, retired=[id_ for id_ in ids if id_ != customer], lines=lines)


def _moment(at: date | datetime | None) -> datetime:
    """Return when it stands in the timeline; a day stands at its beginning, what has none at the very first."""
    if isinstance(at, datetime):
        return at
    return datetime.combine(at or date.min, time.min, UTC)


def _events(events: pl.DataFrame, changes: pl.DataFrame, customer: int) -> list[dict[str, Any]]:
    """Return the lines of the audit trail; a change says what became of each value."""
    moved: dict[tuple[int, int], list[str]] = {}
    for row in changes.iter_rows(named=True):
        said = f"{row['field']}: {row['before'] or 'nothing'} -> {row['after'] or 'nothing'}"
        moved.setdefault((row["batch"], row["customer"]), []).append(said)
    lines = []
    for row in events.iter_rows(named=True):
        is_change = row["kind"] == "customer.changed"
        values = moved.get((row["batch"], row["customer"]), []) if is_change else []
        other = f"then customer {row['customer']}" if row["customer"] != customer else None
        parts = [*values, other, None if values else row["fields"], row["detail"]]
        detail = "; ".join(part for part in parts if part)
        what = EVENTS.get(row["kind"], row["kind"])
        lines.append({**row, "what": what, "detail": detail or None, "entry": None})
    return lines


def _entries(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "at": row["date"], "what": _what(row), "detail": _why(row)} for row in rows]


def _what(row: dict[str, Any]) -> str:
    kind = row["kind"]
    if kind == "post":
        return str(row["type"] or "posted")
    if kind == "allocate":
        return "settlement released" if row["rule"] == "release" else "settled"
    return ENTRIES.get(kind, str(kind))


def _why(row: dict[str, Any]) -> str | None:
    said = [
        f"{row['type']}" if row["kind"] != "post" and row["type"] else None,
        f"reverses entry {row['reverses']}" if row["reverses"] else None,
        *_attribution(row),
    ]
    return "; ".join(part for part in said if part) or None


def _documents(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what nothing is posted of: an order as it is, anything else with what keeps it."""
    lines = []
    for row in rows:
        kept = (
            None
            if row["state"] == "noted"
            else "; ".join(filter(None, [row["state"], row["reason"]]))
        )
        detail = "; ".join(part for part in [kept, *_attribution(row)] if part)
        told = {"at": row["date"], "what": row["type"], "detail": detail or None, "entry": None}
        lines.append({**row, **told})
    return lines


def _attribution(row: dict[str, Any]) -> list[str | None]:
    return [
        f"campaign {row['campaign']}" if row["campaign"] else None,
        f"source {row['source']}" if row["source"] else None,
    ]
