"""What the ledger holds of documents, beside which a system's own word is laid.

Reads only, from the postings and not from what documents say of themselves, so that what somebody
changed past the guards shows. Must not know what the system says.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from customer_sync.infra.pg import Transaction, load
from customer_sync.kernel.frames import empty
from customer_sync.model.document import CLEARING, HELD
from customer_sync.store.snapshot import ANALYZE_ROWS_MIN

__all__ = ["clearing", "days", "held", "keep_cleared", "payouts_changed"]

STATEMENTS = load(__file__)


def held(
    tx: Transaction, streams: Sequence[int], window: tuple[date, date], shown: pl.DataFrame
) -> pl.DataFrame:
    """Return HELD of these streams: of a window of days, and of what is shown (stream, external_id)."""
    named = shown.select("stream", "external_id")
    tx.stage("shown_document", named, analyze=named.height >= ANALYZE_ROWS_MIN)
    wanted = {"streams": list(streams), "first": window[0], "last": window[1]}
    return tx.frame(STATEMENTS["held"], wanted, schema=HELD)


def days(tx: Transaction, documents: pl.Series) -> pl.DataFrame:
    """Return document and date, as their systems said it last, of these documents."""
    schema = {"document": pl.Int64(), "date": pl.Date()}
    return tx.frame(STATEMENTS["days"], [documents.to_list()], schema=schema)


def clearing(
    tx: Transaction, streams: Sequence[int], payouts: Sequence[str], accounts: Sequence[str]
) -> pl.DataFrame:
    """Return CLEARING of these payouts: what they carry, and themselves."""
    if not payouts:
        return empty(CLEARING)
    wanted = {"streams": list(streams), "payouts": list(payouts), "accounts": list(accounts)}
    return tx.frame(STATEMENTS["clearing"], wanted, schema=CLEARING)


def payouts_changed(tx: Transaction, streams: Sequence[int]) -> list[str]:
    """Return the payouts of these streams of which anything changed since they were last looked at."""
    rows = tx.rows(STATEMENTS["payouts_changed"], {"streams": list(streams)})
    return [str(row[0]) for row in rows]


def keep_cleared(tx: Transaction, streams: Sequence[int], batch: int) -> None:
    """Remember that payouts were looked at up to a batch."""
    tx.execute(STATEMENTS["keep_cleared"], {"streams": list(streams), "batch": batch})
