"""Lists of customers: found by words, or whole customers page by page."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from customer_sync.infra.pg import Transaction, load
from customer_sync.store.customers import COLUMNS, ROW

__all__ = ["CUSTOMER", "customer_page", "customers"]

STATEMENTS = load(__file__)
CUSTOMER = (
    "customer", "kind", "given_name", "family_name", "organisation", "email", "phone", "country",
)  # fmt: skip


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
    statement = STATEMENTS["page"].replace("{columns}", columns)
    return tx.frame(statement, {"after": after, "limit": limit}, schema=ROW)
