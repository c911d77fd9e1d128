"""Documents as they are read: what of them is news, what is set aside, what their sources allocate.

Promises to find all of it by index: what waits is found by its reason, never by looking at all there is.
Must not know how a document is posted.
"""

from collections.abc import Sequence
from typing import cast

import polars as pl

from customer_sync.infra.pg import Transaction, load
from customer_sync.model.document import GIVEN
from customer_sync.store import journal
from customer_sync.store.documents import CONCERNED
from customer_sync.store.snapshot import ANALYZE_ROWS_MIN

__all__ = [
    "ASIDE", "NEWS", "UNFIT", "aside", "concerned", "counts", "given", "judge_given", "keep_given", "keep_looked",
    "live_count", "live_ids", "looked", "news", "said", "tied", "unread",
]  # fmt: skip

STATEMENTS = load(__file__)

NEWS: dict[str, pl.DataType] = {
    "row": pl.UInt32(),
    "document": pl.Int64(),
    "state": pl.String(),
    "reason": pl.String(),
    "shown": pl.Int64(),
    "presence": pl.Int16(),
}
# said: the JSON of what the document said last, by canonical fields.
ASIDE: dict[str, pl.DataType] = {
    "document": pl.Int64(),
    "external_id": pl.String(),
    "state": pl.String(),
    "reason": pl.String(),
    "read": pl.Int64(),
    "shown": pl.Int64(),
    "presence": pl.Int16(),
    "said": pl.String(),
}
# named: the stream of what a document says that it settles. type, state: of that, null of what is not known.
# elsewhere: another stream of that system that has one of this id, which can be settled so.
UNFIT: dict[str, pl.DataType] = {
    "stream": pl.Int32(),
    "external_id": pl.String(),
    "named": pl.String(),
    "other": pl.String(),
    "type": pl.String(),
    "state": pl.String(),
    "elsewhere": pl.String(),
}


def news(tx: Transaction, stream: int, records: pl.DataFrame, *, every: bool) -> pl.DataFrame:
    """Return NEWS: which of these records say something new, with what is known of their documents.

    Args:
        tx: an absorbing transaction.
        stream: whose records they are.
        records: row, external_id, digest.
        every: return the unchanged ones too.
    """
    _stage(tx, "shown_document", records.select("row", "external_id", "digest"))
    return tx.frame(STATEMENTS["news"], {"stream": stream, "all": every}, schema=NEWS)


def said(tx: Transaction, documents: Sequence[int]) -> pl.DataFrame:
    """Return what these documents said last: document, ``said``."""
    schema = {"document": pl.Int64(), "said": pl.String()}
    return tx.frame(STATEMENTS["said"], [list(documents)], schema=schema)


def aside(
    tx: Transaction,
    stream: int,
    *,
    customers: int | None,
    guests: int | None,
    every: bool,
    after: int,
    limit: int,
) -> pl.DataFrame:
    """Return ASIDE: documents that are set aside, and whose reason may have passed, by id.

    Args:
        tx: reads.
        stream: the documents'.
        customers: the stream whose records they name.
        guests: the stream of the customers that they tell of themselves.
        every: return all that is set aside.
        after: the last document of the page before.
        limit: so many at most.
    """
    params = {
        "stream": stream, "customers": customers, "guests": guests, "all": every, "after": after, "limit": limit,
    }  # fmt: skip
    return tx.frame(STATEMENTS["aside"], params, schema=ASIDE)


def looked(tx: Transaction, stream: int) -> int | None:
    """Return the version of the configuration by which all that is set aside was last looked at."""
    return cast("int | None", tx.rows(STATEMENTS["looked"], [stream])[0][0])


def keep_looked(tx: Transaction, stream: int, version: int) -> None:
    """Remember that all that is set aside was looked at by a version of the configuration."""
    tx.execute(STATEMENTS["keep_looked"], [version, stream])


def unread(tx: Transaction, stream: int, *, limit: int) -> list[str]:
    """Return the ids of customers whose reading failed when documents of a stream named them."""
    rows = tx.rows(STATEMENTS["unread"], {"stream": stream, "limit": limit})
    return [cast("str", row[0]) for row in rows]


def live_count(tx: Transaction, stream: int) -> int:
    """Return how many documents of a stream its system was last seen to have."""
    return cast("int", tx.rows(STATEMENTS["live_count"], [stream])[0][0])


def live_ids(tx: Transaction, stream: int, *, after: str, limit: int) -> pl.DataFrame:
    """Return the next external ids of documents that are there, in order: (external_id)."""
    params = {"stream": stream, "after": after, "limit": limit}
    return tx.frame(STATEMENTS["live_ids"], params, schema={"external_id": pl.String()})


def counts(tx: Transaction) -> list[tuple[int, str, str | None, int]]:
    """Return stream, state, reason and how many documents there are of each."""
    return cast("list[tuple[int, str, str | None, int]]", tx.rows(STATEMENTS["counts"]))


# -- what sources allocate ------------------------------------------------------------------------


def tied(tx: Transaction, stream: int, ids: pl.Series, named: pl.DataFrame) -> pl.Series:
    """Return documents that what is given ties to these: whom they name, and who names them.

    Args:
        tx: reads.
        stream: the documents'.
        ids: their external ids.
        named: stream and external_id of the documents that they name.
    """
    _stage(tx, "tied_document", ids.rename("external_id").to_frame())
    _stage(tx, "named_other", named.select("stream", "external_id").unique())
    rows = tx.rows(STATEMENTS["tied"], {"stream": stream})
    return pl.Series("document", [row[0] for row in rows], dtype=pl.Int64)


def concerned(tx: Transaction, stream: int, ids: pl.Series, named: pl.Series) -> pl.DataFrame:
    """Return CONCERNED of what stands: of these documents, of those named, of what is allocated to any."""
    _stage(tx, "tied_document", ids.rename("external_id").to_frame())
    _stage(tx, "named_document", named.to_frame("document"))
    return tx.frame(STATEMENTS["concerned"], {"stream": stream}, schema=CONCERNED)


def given(tx: Transaction, documents: pl.Series) -> pl.DataFrame:
    """Return GIVEN of these documents as it is kept, with stream and external_id of the others."""
    schema = {"stream": pl.Int32(), "external_id": pl.String(), **GIVEN}
    return tx.frame(STATEMENTS["given"], [documents.to_list()], schema=schema)


def judge_given(tx: Transaction) -> pl.DataFrame:
    """Look again at what could not be settled as its document says; return UNFIT, what still cannot."""
    tx.execute(STATEMENTS["judge_given"])
    return tx.frame(STATEMENTS["unfit"], schema=UNFIT)


def keep_given(
    tx: Transaction, documents: pl.Series, rows: pl.DataFrame, *, sides: Sequence[str]
) -> None:
    """Keep what these documents allocate now: document, stream, external_id, amount_e4.

    sides: the types of what they can settle; whatever else they name is looked at by `judge_given`.
    """
    _stage(tx, "given_document", documents.to_frame("document"))
    new = rows.select(
        "document", "stream", "external_id", journal.money("amount_e4").alias("amount")
    )
    _stage(tx, "new_given", new)
    tx.execute(STATEMENTS["drop_given"])
    tx.execute(STATEMENTS["add_given"], {"sides": list(sides)})


def _stage(tx: Transaction, name: str, frame: pl.DataFrame) -> None:
    tx.stage(name, frame, analyze=frame.height >= ANALYZE_ROWS_MIN)
