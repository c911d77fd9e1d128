"""Documents: what a posting decision looks at, and what it leaves behind.

Promises to load by index, at a cost that follows what is open and not what ever was, and to hold every
document loaded until the transaction ends, locked in the order of ids. `commit` writes documents,
allocations and journal in the one order of locks that cannot form a circle, in one go. Must not know
how a document is posted.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

import polars as pl

from customer_sync.infra.pg import Transaction, load
from customer_sync.kernel.frames import empty
from customer_sync.model.document import (
    ALLOCATIONS,
    DOCUMENT_OUTCOMES,
    ENTRIES,
    ITEMS,
    POSTINGS,
    STANDING,
)
from customer_sync.store import journal
from customer_sync.store.snapshot import ANALYZE_ROWS_MIN

__all__ = [
    "CONCERNED", "CUSTOMERS", "KNOWN", "PARTIES", "SIGHTING", "Standing", "Work", "allocate", "commit", "crossing",
    "customers", "items", "lock", "parties", "standing", "unposted",
]  # fmt: skip

STATEMENTS = load(__file__)

KNOWN: dict[str, pl.DataType] = {
    "stream": pl.Int32(),
    "external_id": pl.String(),
    **STANDING,
}
CUSTOMERS: dict[str, pl.DataType] = {"party": pl.Int64(), "customer": pl.Int64()}
PARTIES: dict[str, pl.DataType] = {
    "stream": pl.Int32(),
    "external_id": pl.String(),
    "party": pl.Int64(),
    "customer": pl.Int64(),
}
# since: the day of the earliest document observed of the party; what lies before and is settled cannot change.
CONCERNED: dict[str, pl.DataType] = {"party": pl.Int64(), "since": pl.Date()}
# How a document was last read, as the table of documents keeps it; of what is read from no system, nothing.
SIGHTING: dict[str, pl.DataType] = {
    "read": pl.Int64(),
    "shown": pl.Int64(),
    "presence": pl.Int16(),
    "aside": pl.String(),
}
# Entries by which a document's content is posted; others settle, convert or recognise it.
_CONTENT = ("post", "opening", "correct")
_KEY = ["stream", "external_id"]
_MONEY = ("total", "net", "tax")
_NOTED = (
    "number", "status", "due_date", "payout", "campaign", "source", "digest", "version", "stamp",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands of documents. entries, postings: those neither reversing nor reversed, nor settling."""

    documents: pl.DataFrame
    entries: pl.DataFrame
    postings: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a posting decision leaves: model.document's frames of the same names.

    documents: as observed, with ``snapshot``, and SIGHTING where they were read. new: the ids of those among
    them that were not known. entries, postings, and ``entry`` of the others: numbered 0..n-1.
    """

    documents: pl.DataFrame
    new: pl.Series
    outcomes: pl.DataFrame
    entries: pl.DataFrame
    postings: pl.DataFrame
    allocations: pl.DataFrame


# -- loading --------------------------------------------------------------------------------------


def allocate(tx: Transaction, count: int) -> pl.Series:
    """Return ids for new documents, ascending."""
    rows = tx.rows(STATEMENTS["allocate_documents"], [count])
    return pl.Series("document", [row[0] for row in rows], dtype=pl.Int64)


def parties(tx: Transaction, named: pl.DataFrame) -> pl.DataFrame:
    """Return PARTIES: whose records (stream, external_id) are, where they are anybody's."""
    _stage(tx, "named_customer", named.select(_KEY).unique().sort(_KEY))
    return tx.frame(STATEMENTS["parties"], schema=PARTIES)


def lock(
    tx: Transaction,
    observed: pl.DataFrame,
    concerned: pl.DataFrame,
    named: pl.Series | None = None,
) -> pl.Series:
    """Hold every document that a decision may change until `tx` ends; return their ids.

    Whatever is decided touches no other: who changed one that it does not hold could wait in a circle.

    Args:
        tx: holds them; nothing else that locks came before in it.
        observed: stream and external_id of documents.
        concerned: CONCERNED, parties of what is observed: of their customers what is open, or dated since
            that day, is held too.
        named: ids of other documents.
    """
    _stage(tx, "observed_document", observed.select(_KEY).sort(_KEY))
    _stage(
        tx,
        "concerned_party",
        concerned.select(list(CONCERNED)).filter(pl.col("party").is_not_null()).sort("party"),
    )
    ids = pl.Series("document", [] if named is None else named, dtype=pl.Int64)
    _stage(tx, "named_document", ids.to_frame())
    rows = tx.rows(STATEMENTS["lock_documents"])
    return pl.Series("document", [row[0] for row in rows], dtype=pl.Int64)


def standing(tx: Transaction, observed: pl.DataFrame) -> Standing:
    """Return what stands of the documents (stream, external_id) that are known."""
    _stage(tx, "observed_document", observed.select(_KEY).sort(_KEY))
    known = tx.frame(STATEMENTS["standing"], schema=KNOWN)
    if known["entry"].null_count() == known.height:
        return Standing(documents=known, entries=empty(ENTRIES), postings=empty(POSTINGS))
    documents = known["document"].to_list()
    live = tx.frame(STATEMENTS["live_entries"], [documents], schema=ENTRIES)
    lines = tx.frame(STATEMENTS["postings"], [live["entry"].to_list()], schema=POSTINGS)
    return Standing(documents=known, entries=live, postings=lines)


def items(tx: Transaction, held: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return ITEMS of the documents that `lock` holds, and the standing ALLOCATIONS among them."""
    ids = held.to_list()
    found = tx.frame(STATEMENTS["items"], [ids], schema=ITEMS)
    return found, tx.frame(STATEMENTS["allocations"], {"documents": ids}, schema=ALLOCATIONS)


def customers(tx: Transaction, parties: pl.Series) -> pl.DataFrame:
    """Return CUSTOMERS: whose these parties are now."""
    ids = parties.drop_nulls().unique().sort().to_list()
    return tx.frame(STATEMENTS["customers"], [ids], schema=CUSTOMERS)


def crossing(tx: Transaction) -> pl.DataFrame:
    """Return the standing ALLOCATIONS between parties that are no longer one customer's."""
    return tx.frame(STATEMENTS["crossing"], schema=ALLOCATIONS)


def unposted(tx: Transaction, first: date, last: date) -> dict[str, int]:
    """Return how many documents dated between two days are not posted as they are, by how they stand.

    waiting, parked, rejected: as their state. changed: posted, and a change of it is set aside. undated: of any
    day, since none can be read.
    """
    days = {"first": first, "last": last}
    return dict(cast("list[tuple[str, int]]", tx.rows(STATEMENTS["unposted"], days)))


# -- leaving behind -------------------------------------------------------------------------------


def commit(tx: Transaction, work: Work, *, now: datetime, stamp: int = 0) -> pl.Series:
    """Write what was decided; return the id of each new entry. Nothing that locks follows in `tx`.

    The database refuses an entry that does not balance, and with it all of this.
    """
    ids = journal.allocate(tx, work.entries.height)
    _release(tx, work.allocations, ids, now)
    _documents(tx, work, ids, stamp)
    _allocate(tx, work.allocations, ids, now)
    journal.commit(tx, work.entries, work.postings, ids=ids, now=now, stamp=stamp)
    return ids


def _release(tx: Transaction, changes: pl.DataFrame, ids: pl.Series, now: datetime) -> None:
    released = changes.filter(pl.col("allocation").is_not_null())
    if released.height:
        _stage(
            tx, "released_allocation", released.select("allocation", journal.id_of("entry", ids))
        )
        tx.execute(STATEMENTS["release"], {"now": now})


def _allocate(tx: Transaction, changes: pl.DataFrame, ids: pl.Series, now: datetime) -> None:
    new = changes.filter(pl.col("allocation").is_null())
    rows = new.select(
        "debit", "credit", journal.money("amount_e4").alias("amount"), journal.id_of("entry", ids), at=pl.lit(now)
    )  # fmt: skip
    tx.copy_in("allocation", rows)


def _documents(tx: Transaction, work: Work, ids: pl.Series, stamp: int) -> None:
    if work.outcomes.is_empty():
        return
    judged = work.outcomes.select(list(DOCUMENT_OUTCOMES))
    shown = work.documents.drop("party", "document").with_columns(
        document=work.documents["document"]
    )
    rows = judged.join(shown, on="document", how="left", maintain_order="left")
    rows = rows.join(_items(tx, work), on="entry", how="left", maintain_order="left")
    is_new = pl.col("document").is_in(work.new.implode())
    is_renewed = pl.col("is_changed") | (pl.col("state") != "posted")
    rows = rows.with_columns(journal.id_of("entry", ids), is_new=is_new, is_renewed=is_renewed)
    unread = [pl.lit(None, kind).alias(n) for n, kind in SIGHTING.items() if n not in rows.columns]
    rows = rows.with_columns(unread).with_columns(pl.col("shown", "presence").fill_null(0))
    _write(tx, rows, stamp)


def _write(tx: Transaction, rows: pl.DataFrame, stamp: int) -> None:
    written = rows.select(
        pl.col("document").alias("id"), "stream", "external_id", "type", "rule", "number", "status", "state", "reason",
        "party", "customer_ref", "date", "due_date", "service_start", "service_end", "currency", _rate().alias("rate"),
        *(journal.money(f"{name}_e4").alias(name) for name in _MONEY), "processor", "payout", "campaign", "source",
        "account", *(journal.money(name).fill_null("0").alias(name) for name in ("amount", "functional")), "snapshot",
        "digest", "version", "entry", pl.lit(stamp, pl.Int64).alias("stamp"), *SIGHTING,
    )  # fmt: skip
    is_new, is_renewed = rows["is_new"], rows["is_renewed"]
    tx.copy_in("document", written.filter(is_new))
    renewed = written.filter(~is_new & is_renewed)
    if renewed.height:
        _stage(tx, "renewed_document", renewed)
        tx.execute(STATEMENTS["renew_documents"])
    noted = written.filter(~is_new & ~is_renewed)
    if noted.height:
        _stage(tx, "noted_document", noted.select("id", "reason", *_NOTED, *SIGHTING))
        tx.execute(STATEMENTS["note_documents"])


def _items(tx: Transaction, work: Work) -> pl.DataFrame:
    """Return entry, account, amount, functional of what is to be settled of each document posted."""
    chart = journal.accounts(tx).filter("is_control", pl.col("commodity").is_null())
    content = work.entries.filter(pl.col("kind").is_in(_CONTENT)).select("entry")
    lines = work.postings.filter(pl.col("account").is_in(chart["code"].implode()))
    sums = lines.sort("entry", "line").group_by("entry", "account", maintain_order=True).agg(
        amount=pl.col("amount_e4").sum(), functional=pl.col("functional_e4").sum()
    )  # fmt: skip
    return content.join(sums.unique("entry", keep="first"), on="entry", maintain_order="left")


def _rate() -> pl.Expr:
    """Return the rate as the plain number that PostgreSQL reads."""
    units, rest = pl.col("rate_e12") // 10**12, pl.col("rate_e12") % 10**12
    return pl.concat_str(units.cast(pl.String), pl.lit("."), rest.cast(pl.String).str.zfill(12))


def _stage(tx: Transaction, name: str, frame: pl.DataFrame) -> None:
    tx.stage(name, frame, analyze=frame.height >= ANALYZE_ROWS_MIN)
