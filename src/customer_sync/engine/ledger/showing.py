"""What a system says of its documents now: read from itself, by its mapping, without posting any of it.

Promises that a document is understood exactly as absorbing would: the same mapping, the same customers by
the same crosswalk. Nothing is written. Must not know what the ledger holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from customer_sync.connect.port import GONE, ID, OUTSIDE
from customer_sync.core.decide import DocumentStream
from customer_sync.core.ledger import read
from customer_sync.engine.intake import pages
from customer_sync.engine.ledger.posting import parties
from customer_sync.engine.session import Session
from customer_sync.kernel.errors import NotFoundError
from customer_sync.kernel.frames import empty
from customer_sync.model.document import DOCUMENT_FIELDS, DOCUMENTS

__all__ = ["Shown", "papers_of", "shown_documents"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What systems show. unread: how many rows could not even be read as records."""

    documents: pl.DataFrame
    unread: int


def papers_of(session: Session, system: str) -> list[DocumentStream]:
    """Return the streams of documents of a system.

    Raises:
        NotFoundError: There is no such system, or it has no documents.
    """
    documents = session.rules.documents.values()
    found = [one for one in documents if one.stream.system == system]
    if not found:
        known = sorted({one.stream.system for one in documents})
        raise NotFoundError(
            f"there is no system {system[:40]} with documents",
            hint=f"systems with documents: {', '.join(known) or 'none yet; see docs/ledger.md'}",
        )
    return found


def shown_documents(session: Session, papers: list[DocumentStream]) -> Shown:
    """Return DOCUMENTS of all that these streams show now; each is told by number from 1 on.

    Raises:
        RetryableError: The system does not answer.
        OperatorError: It cannot be read as it is configured.
    """
    found = [empty(DOCUMENTS)]
    count = unread = 0
    for paper in papers:
        for page, faults in _read(session, paper):
            unread += faults
            found.append(page.with_columns(document=pl.int_range(pl.len()) + count + 1))
            count += page.height
            session.progress(f"read {paper.stream.title}", count, None)
    # A stream may show a record on two pages when it changes meanwhile: the later is how it is.
    both = pl.concat(found, how="vertical_relaxed").select(
        pl.col(name).cast(kind) for name, kind in DOCUMENTS.items()
    )
    both = both.unique(["stream", "external_id"], keep="last", maintain_order=True)
    return Shown(documents=both, unread=unread)


def _read(session: Session, paper: DocumentStream) -> Iterator[tuple[pl.DataFrame, int]]:
    for _, page in pages(session, paper.stream, mode="listing", cursor=None):
        records = page.records.filter(~(pl.col(GONE) | pl.col(OUTSIDE)))
        shown = _understood(session, paper, records) if records.height else empty(DOCUMENTS)
        yield shown, len(page.faults)


def _understood(session: Session, paper: DocumentStream, records: pl.DataFrame) -> pl.DataFrame:
    values = paper.stream.map.get(records).values
    fields = [name for name in DOCUMENT_FIELDS if name in values.columns]
    texts = values.select(fields).with_columns(
        [pl.lit(None, pl.String).alias(n) for n in DOCUMENT_FIELDS if n not in fields]
    )
    said = texts.with_columns(external_id=records[ID])
    with session.db.transaction() as tx:
        told = parties(tx, paper, said)
    documents, _, _ = read(
        said.with_columns(
            document=pl.int_range(pl.len(), dtype=pl.Int64), stream=pl.lit(paper.stream.id, pl.Int32),
            type=pl.lit(paper.stream.config.entity), rule=pl.lit(paper.rule, pl.String), party=told["party"],
        )
    )  # fmt: skip
    return documents
