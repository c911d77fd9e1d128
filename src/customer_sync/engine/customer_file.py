"""Write all customers of the ledger into a file: CSV, or Parquet by its suffix.

Promises one state of the ledger, a file that is whole or not there, and flat memory for CSV.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from customer_sync.core.decide import Published
from customer_sync.infra.pg import Database, Transaction
from customer_sync.store.browse import customer_page
from customer_sync.store.customers import as_golden

__all__ = ["export_customers"]

PAGE_ROWS = 50_000


def export_customers(db: Database, rules: Published, path: Path) -> int:
    """Write every customer that is not retired; return how many."""
    aside = path.with_name(f".{path.name}.unfinished")
    try:
        with db.transaction(snapshot=True) as tx:
            pages = _pages(tx, rules)
            count = _parquet(pages, aside) if path.suffix == ".parquet" else _csv(pages, aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return count


def _pages(tx: Transaction, rules: Published) -> Iterator[pl.DataFrame]:
    after = 0
    while True:
        rows = customer_page(tx, after=after, limit=PAGE_ROWS)
        yield as_golden(rows, rules.fields).drop("stamp", "is_edited")
        if rows.height < PAGE_ROWS:
            return
        after = int(rows["customer"][-1])


def _csv(pages: Iterator[pl.DataFrame], path: Path) -> int:
    count = 0
    with path.open("wb") as file:
        for number, page in enumerate(pages):
            page.write_csv(file, include_header=number == 0)
            count += page.height
    return count


def _parquet(pages: Iterator[pl.DataFrame], path: Path) -> int:
    frame = pl.concat(pages)
    frame.write_parquet(path)
    return frame.height
