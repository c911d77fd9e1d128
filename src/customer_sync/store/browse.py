"""Lists for people: customers found by words, whole customers page by page, what happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, cast

import polars as pl

from customer_sync.infra.pg import Transaction, load
from customer_sync.store.customers import COLUMNS, ROW

__all__ = ["AUDIT", "CUSTOMER", "AuditFilter", "audit_events", "customer_page", "customers"]

STATEMENTS = load(__file__)
CUSTOMER = (
    "customer", "kind", "given_name", "family_name", "organisation", "email", "phone", "country",
)  # fmt: skip
AUDIT = ("id", "at", "run", "kind", "stream", "record", "customer", "fields", "detail")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which events are asked for; None: any."""

    customer: int | None = None
    run: int | None = None
    system: str | None = None
    stream: str | None = None
    field: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def customers(tx: Transaction, words: Sequence[str], *, limit: int) -> list[dict[str, Any]]:
    """Return customers that have every one of these words, in order of their ids."""
    escaped = [_pattern(word) for word in words] or None
    rows = tx.rows(STATEMENTS["customers"], {"words": escaped, "limit": limit})
    return [dict(zip(CUSTOMER, row, strict=True)) for row in rows]


def _pattern(word: str) -> str:
    for special in ("\\", "%", "_"):
        word = word.replace(special, "\\" + special)
    return f"%{word}%"


def customer_page(tx: Transaction, *, after: int, limit: int) -> pl.DataFrame:
    """Return the next whole customers: rows of store.customers.ROW."""
    columns = ", ".join(COLUMNS)
    statement = cast("LiteralString", STATEMENTS["page"].replace("{columns}", columns))
    return tx.frame(statement, {"after": after, "limit": limit}, schema=ROW)


def audit_events(tx: Transaction, asked: AuditFilter, *, limit: int) -> list[dict[str, Any]]:
    """Return events, newest first."""
    params = {
        "customer": asked.customer, "run": asked.run, "system": asked.system,
        "stream": asked.stream, "field": asked.field,
        "since": asked.since, "until": asked.until, "limit": limit,
    }  # fmt: skip
    return [dict(zip(AUDIT, row, strict=True)) for row in tx.rows(STATEMENTS["audit"], params)]
