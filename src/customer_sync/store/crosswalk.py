"""Questions about records by name: whose they are, and which customers exist."""

from collections.abc import Sequence
from typing import cast

import polars as pl

from customer_sync.infra.pg import Transaction, load

__all__ = ["existing", "linked"]

STATEMENTS = load(__file__)


def linked(tx: Transaction, records: pl.DataFrame) -> dict[int, int]:
    """Return row -> customer of records (row, stream, external_id) that are tied to one."""
    tx.stage("named_record", records.select("row", "stream", "external_id"))
    return dict(cast("list[tuple[int, int]]", tx.rows(STATEMENTS["linked"])))


def existing(tx: Transaction, customers: Sequence[int]) -> dict[int, int]:
    """Return id -> the customer it stands for now; ids that never were are missing."""
    return dict(cast("list[tuple[int, int]]", tx.rows(STATEMENTS["existing"], [list(customers)])))
