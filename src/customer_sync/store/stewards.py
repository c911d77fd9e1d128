"""What stewards decide: the customers concerned, and the questions that are settled by it."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

import polars as pl

from customer_sync.core.decide import Published
from customer_sync.infra.pg import Transaction, load
from customer_sync.store.customers import ROW, as_golden
from customer_sync.store.snapshot import composed

__all__ = ["golden", "resolved", "settle_conflicts"]

STATEMENTS = load(__file__)


def resolved(tx: Transaction, customers: Sequence[int]) -> dict[int, int]:
    """Return id -> the customer it stands for now; an id that never was is missing."""
    rows = tx.rows(STATEMENTS["resolved"], {"ids": sorted(set(customers))})
    return dict(cast("list[tuple[int, int]]", rows))


def golden(tx: Transaction, rules: Published, customers: Sequence[int]) -> pl.DataFrame:
    """Return the golden values of these customers: ``customer``, ``stamp``, canonical columns."""
    tx.stage("touched", pl.DataFrame({"customer": customers}, schema={"customer": pl.Int64}))
    rows = tx.frame(composed("customers"), schema=ROW)
    return as_golden(rows, rules.fields).drop("is_edited")


def settle_conflicts(tx: Transaction, subjects: Sequence[str], *, by: str, now: datetime) -> None:
    """Close the conflicts about these cells (customer/field): a steward has decided."""
    params = {"subjects": list(subjects), "by": by, "now": now}
    tx.execute(STATEMENTS["settle_conflicts"], params)
