"""Ask: questions answered from the database alone, for people and programs at any door.

The face of engine.status and engine.provenance, with search and the audit trail. Reads only.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from customer_sync.engine.provenance import (
    Change,
    Claim,
    Creation,
    CustomerView,
    FieldView,
    Link,
    ValueAt,
    show,
    value_at,
    why,
)
from customer_sync.engine.status import (
    ROWS,
    Problem,
    Reject,
    Review,
    Run,
    Status,
    StreamStatus,
    rejects,
    reviews,
    status,
)
from customer_sync.infra.pg import Transaction
from customer_sync.store import views

__all__ = [
    "Change",
    "Claim",
    "Creation",
    "CustomerView",
    "Event",
    "FieldView",
    "Found",
    "Link",
    "Problem",
    "Reject",
    "Review",
    "Run",
    "Status",
    "StreamStatus",
    "ValueAt",
    "audit",
    "rejects",
    "reviews",
    "search_customers",
    "show",
    "status",
    "value_at",
    "why",
]

ID_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A customer that a search found, with what identifies it."""

    customer: int
    retired_into: int | None
    name: str = dataclasses.field(repr=False)
    email: str | None = dataclasses.field(repr=False)
    phone: str | None = dataclasses.field(repr=False)
    country: str | None


def search_customers(tx: Transaction, text: str, limit: int = ROWS) -> list[Found]:
    """Return customers by their id, by the id of one of their records, or by words in their values.

    Ids are found by index; words by reading the table until enough are found.
    """
    words = text.split()
    if not words:
        return []
    number = int(text) if text.isascii() and text.isdigit() else -1
    exact = {"id": number if number <= ID_MAX else -1, "text": text.strip()}
    ids = [row[0] for row in views.named(tx, "search_ids", exact)][:limit]
    if not ids:
        patterns = [f"%{_literal(word.lower())}%" for word in words]
        rows = views.named(tx, "search_texts", {"patterns": patterns, "limit": limit})
        ids = [row[0] for row in rows]
    return [
        Found(
            customer=id_,
            retired_into=into,
            email=email,
            phone=phone,
            country=country,
            name=" ".join(part for part in (given, family, organisation) if part),
        )
        for id_, into, given, family, organisation, email, phone, country in views.named(
            tx, "search_rows", [ids]
        )
    ]


def _literal(word: str) -> str:
    """Take the meaning from the signs of LIKE."""
    return word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of the audit trail; it names things by id and holds no value."""

    id: int
    at: datetime
    run: int
    batch: int | None
    configuration: int
    kind: str
    system: str | None
    stream: str | None
    record: str | None
    customer: int | None
    fields: Sequence[str]
    detail: str | None
    digest: str | None


def audit(  # noqa: PLR0913
    tx: Transaction,
    *,
    customer: int | None = None,
    system: str | None = None,
    field: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    run: int | None = None,
    limit: int = ROWS,
) -> list[Event]:
    """Return events, newest first; those of a customer include what was retired into it."""
    customers = None
    if customer is not None:
        rows = views.named(tx, "customers_behind", {"customer": customer})
        customers = [row[0] for row in rows]
    params = {
        "customers": customers,
        "system": system,
        "field": field,
        "since": since,
        "until": until,
        "run": run,
        "limit": limit,
    }
    return [_event(row) for row in views.named(tx, "audit", params)]


def _event(row: tuple[Any, ...]) -> Event:
    (id_, at, run, batch, configuration, kind, system, stream, _, record, customer, *rest) = row
    fields, detail, digest = rest
    return Event(
        id=id_,
        at=at,
        run=run,
        batch=batch,
        configuration=configuration,
        kind=kind,
        system=system,
        stream=stream,
        record=record,
        customer=customer,
        fields=fields.split(",") if fields else [],
        detail=detail,
        digest=digest,
    )
