"""Whether the books hold what systems show of documents: all of it, read again from the systems themselves.

The part of `verify` that is about money; reconciling tells of two days and in sums, this of every document.
Promises to count what cannot be read as not agreeing, and to list causes by document. Writes nothing. Holds all
documents of a system at once.
"""

from datetime import date
from typing import Any

import polars as pl

from customer_sync.core.decide import DocumentStream
from customer_sync.engine.agreement import DocumentAgreement
from customer_sync.engine.ledger.reconciling import Reconciliation, reconcile
from customer_sync.engine.ledger.showing import papers_of, shown_documents
from customer_sync.engine.session import Session
from customer_sync.kernel.errors import CustomerSyncError, OperatorError, RetryableError
from customer_sync.store import holdings

__all__ = ["agreement_of_documents"]

_KEY = ["stream", "external_id"]
_EVER = (date.min, date.max)


def agreement_of_documents(session: Session, *, limit: int) -> list[DocumentAgreement]:
    """Read the documents of every system again, and compare them with the books; list so many differences."""
    systems = dict.fromkeys(one.stream.system for one in session.rules.documents.values())
    found: list[DocumentAgreement] = []
    for system in systems:
        room = max(0, limit - sum(len(one.listed) for one in found))
        try:
            found.append(_of_system(session, system, papers_of(session, system), room))
        except (RetryableError, OperatorError) as error:
            found.append(_failed(system, error))
    return found


def _failed(system: str, error: CustomerSyncError) -> DocumentAgreement:
    return DocumentAgreement(system=system, error=(error.code, error.message))


def _of_system(
    session: Session, system: str, papers: list[DocumentStream], room: int
) -> DocumentAgreement:
    shown = shown_documents(session, papers)
    streams = {paper.stream.id: paper.stream.name for paper in papers}
    with session.db.transaction(snapshot=True) as tx:
        books = session.rules.books
        found = reconcile(tx, books, shown.documents, _EVER, system=system, streams=streams)
        days = holdings.days(tx, found.differences["document"].drop_nulls().unique())
    names = pl.col("stream").replace_strict(streams, return_dtype=pl.String)
    there = shown.documents.with_columns(stream=names)
    # What undoing set apart is not in the books because somebody decided so.
    differences = found.differences.filter(pl.col("reason").ne_missing("undone"))
    redated = _redated(differences, there, days)
    causes = differences.join(redated, on=_KEY, how="anti").select(
        *_KEY, "kind", "type", "customer", "currency", "effect_e4", "reason"
    )
    torn = there.filter(
        pl.any_horizontal(pl.col("date", "total_e4", "currency").is_null())
        | pl.col("is_unreadable")
    ).join(causes, on=_KEY, how="anti")
    causes = pl.concat(
        [causes, torn.select(*_KEY, "type", kind=pl.lit("unreadable"))], how="diagonal_relaxed"
    ).sort("kind", *_KEY)
    missing = causes.filter(pl.col("kind") == "missing_in_source").height
    differing = causes.select(_KEY).unique().height
    return DocumentAgreement(
        system=system,
        documents=there.height + missing,
        agreeing=there.height + missing - differing,
        redated=redated.height,
        unread=shown.unread,
        by_kind=dict(causes.group_by("kind").len().sort("kind").iter_rows()),
        listed=_told(found, causes.head(room)),
    )


def _redated(causes: pl.DataFrame, there: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Return which documents differ by nothing but the day, which the books know as the system shows it."""
    only = causes.filter((pl.col("kind") == "date").all().over(_KEY))
    known = only.join(days, on="document").join(there.select(*_KEY, shown="date"), on=_KEY)
    return known.filter(pl.col("date") == pl.col("shown")).select(_KEY).unique()


def _told(found: Reconciliation, causes: pl.DataFrame) -> list[dict[str, Any]]:
    return [{"system": found.system, **row} for row in found.write.told(causes)]
