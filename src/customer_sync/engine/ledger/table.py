"""The books as CSV: one line a posting, for spreadsheets and for other programs.

Promises one header, the same columns for ever in the same order, and exact amounts. Must not know where
lines come from.
"""

import polars as pl

from customer_sync.engine.ledger.notation import Books, amount

__all__ = ["closing", "entries", "opening"]

COLUMNS = (
    "entry", "date", "period", "kind", "rule", "reverses", "document", "number", "memo", "line", "account", "customer",
    "party", "currency", "amount", "functional",
)  # fmt: skip


def opening(books: Books) -> str:
    """Return the header."""
    return ",".join(COLUMNS) + "\n"


def entries(lines: pl.DataFrame, books: Books) -> str:
    """Return one line for each posting."""
    table = lines.with_columns(amount=amount(books))
    money = lines.select(amount_e4="functional_e4").with_columns(currency=pl.lit(books.functional))
    table = table.with_columns(functional=money.select(amount(books)).to_series())
    return table.select(COLUMNS).write_csv(include_header=False)


def closing(books: Books) -> str:
    """Return nothing: the sums are the reader's."""
    return ""
