"""The books for other programs: as Beancount, as hledger, as CSV.

Promises the same text for the same journal; exact amounts; account names that both programs accept and
that are never the same for two accounts; and at the end what the kept balances say, as assertions, so
that a program which accepts the file has recomputed them. Reads one state of the database, in chunks, so
memory stays flat. Must not know where the text goes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal, TextIO

import polars as pl

from customer_sync.engine.ledger import beancount, hledger, table
from customer_sync.engine.ledger.notation import Books, named, party_names, valued
from customer_sync.infra.pg import Database, Transaction
from customer_sync.kernel.errors import InvalidInputError
from customer_sync.store import journal

__all__ = ["Book", "Exported", "Format", "export", "export_file"]

Format = Literal["beancount", "hledger", "csv"]
Book = Literal["document", "functional"]
ENTRIES_PER_CHUNK = 20_000  # some 60,000 lines: 10 MB of text at a time
_WRITERS = {"beancount": beancount, "hledger": hledger, "csv": table}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written. seal, chain: the last seal; who keeps them can prove later what stood."""

    entries: int
    seal: int
    chain: str


def export(
    db: Database, into: TextIO, style: Format, *, functional: str, book: Book = "document"
) -> Exported:
    """Write the whole journal.

    Args:
        db: the workspace.
        into: where the text goes.
        style: for which program.
        functional: the functional currency.
        book: amounts in the currency of each document, or all of them in the functional one.
    """
    writer = _WRITERS[style]
    with db.transaction(snapshot=True) as tx:
        books = _books(tx, functional, book)
        into.write(writer.opening(books))
        count = 0
        for chunk in _chunks(tx):
            into.write(writer.entries(named(valued(chunk, books), books), books))
            count += chunk["entry"].n_unique()
        into.write(writer.closing(books))
    return Exported(entries=count, seal=books.seal, chain=books.chain)


def export_file(
    db: Database, path: Path, style: Format, *, functional: str, book: Book = "document"
) -> Exported:
    """Write the whole journal to a file, which is whole or not there; to a pipe or a device, straight into it.

    Raises:
        InvalidInputError: The file cannot be written there.
    """
    into = path.resolve()
    if into.is_dir() or not into.parent.is_dir():
        raise InvalidInputError(
            f"{path} is a folder" if into.is_dir() else f"there is no folder {into.parent}",
            hint="name a file in a folder that is there",
        )
    if into.exists() and not into.is_file():
        # Replacing a device or a pipe by a file would take it from everybody.
        with into.open("w", encoding="utf-8", newline="") as file:
            return export(db, file, style, functional=functional, book=book)
    aside = into.with_name(f".{into.name}.unfinished")
    try:
        with _opened(aside, path) as file:
            done = export(db, file, style, functional=functional, book=book)
        aside.replace(into)
    finally:
        aside.unlink(missing_ok=True)
    return done


def _opened(aside: Path, wanted: Path) -> TextIO:
    try:
        return aside.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidInputError(
            f"{wanted} cannot be written: {error.strerror}", hint="name a file in a folder that you may write to"
        ) from error  # fmt: skip


def _books(tx: Transaction, functional: str, book: Book) -> Books:
    seal, chain = journal.head(tx)
    first, last = journal.span(tx) or (date(1970, 1, 1), date(1970, 1, 1))
    chart = journal.accounts(tx)
    found = Books(
        chart=chart,
        functional=functional,
        in_functional=book == "functional",
        first=first,
        after=last + timedelta(days=1),
        seal=seal,
        chain=chain,
        balances=pl.DataFrame(),
    )
    return found.with_balances(party_names(valued(journal.party_accounts(tx), found), found))


def _chunks(tx: Transaction) -> Iterator[pl.DataFrame]:
    after: tuple[date, int] | None = None
    while True:
        chunk = journal.entries(tx, after=after, limit=ENTRIES_PER_CHUNK)
        if chunk.is_empty():
            return
        yield chunk
        after = (chunk["date"][-1], chunk["entry"][-1])
