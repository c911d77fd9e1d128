"""Reviews and decisions: what is left to a person, and what a person said."""

from collections.abc import Sequence
from datetime import datetime

from customer_sync.infra.pg import Transaction, load

__all__ = ["add", "decide", "get", "open_reviews", "remember", "withdraw"]

STATEMENTS = load(__file__)


def add(
    tx: Transaction, asked: Sequence[tuple[str, str, list[int], str]], *, run: int, now: datetime
) -> None:
    """Ask, each question once: (kind, subject, customers, detail)."""
    for kind, subject, customers, detail in asked:
        tx.execute(STATEMENTS["add"], (kind, subject, customers, detail, now, run))


def open_reviews(tx: Transaction, *, limit: int) -> list[tuple[object, ...]]:
    """Return what waits: id, kind, subject, customers, detail, opened at, run."""
    return tx.rows(STATEMENTS["open"], [limit])


def get(tx: Transaction, number: int) -> tuple[object, ...] | None:
    """Return one review: id, kind, subject, customers, detail, decided at."""
    rows = tx.rows(STATEMENTS["get"], [number])
    return rows[0] if rows else None


def decide(tx: Transaction, number: int, decision: str, *, by: str, now: datetime) -> bool:
    """Close a review; false when it was closed already."""
    params = {"id": number, "decision": decision, "by": by, "now": now}
    return tx.execute(STATEMENTS["decide"], params).rowcount == 1


def withdraw(tx: Transaction, kind: str, subject: str, *, now: datetime) -> None:
    """Take a question back: it answered itself."""
    tx.execute(STATEMENTS["withdraw"], {"kind": kind, "subject": subject, "now": now})


def remember(
    tx: Transaction,
    *,
    stream: int,
    external_id: str,
    customer: int,
    same: bool,
    by: str,
    now: datetime,
) -> None:
    """Keep a steward's word: this record is, or is not, this customer."""
    tx.execute(
        STATEMENTS["remember"],
        {
            "stream": stream,
            "external_id": external_id,
            "customer": customer,
            "same": same,
            "by": by,
            "now": now,
        },
    )
