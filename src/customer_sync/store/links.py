"""The crosswalk: which record is which customer."""

from typing import cast

import polars as pl

from customer_sync.infra.pg import Transaction, load

__all__ = ["exported", "live_count", "live_ids"]

STATEMENTS = load(__file__)


def live_count(tx: Transaction, stream: int) -> int:
    """Return how many records of a stream are tied to customers."""
    return cast("int", tx.rows(STATEMENTS["live_count"], [stream])[0][0])


def live_ids(tx: Transaction, stream: int, *, after: str, limit: int) -> pl.DataFrame:
    """Return the next external ids of live records, in order: (external_id)."""
    params = {"stream": stream, "after": after, "limit": limit}
    return tx.frame(STATEMENTS["live_ids"], params, schema={"external_id": pl.String})


def exported(tx: Transaction) -> pl.DataFrame:
    """Return the crosswalk: system, stream, external_id, customer_id."""
    schema = {
        "system": pl.String,
        "stream": pl.String,
        "external_id": pl.String,
        "customer_id": pl.Int64,
    }
    return tx.frame(STATEMENTS["export"], schema=schema)
