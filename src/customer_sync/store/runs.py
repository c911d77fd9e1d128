"""Runs: bounded pieces of work with their effects."""

from collections.abc import Mapping
from typing import cast

from customer_sync.infra.pg import Transaction, load

__all__ = ["described", "finish", "recent", "start"]

STATEMENTS = load(__file__)


def start(tx: Transaction, kind: str, configuration: int) -> int:
    """Open a run; return its number."""
    return cast("int", tx.rows(STATEMENTS["start"], (kind, configuration))[0][0])


def finish(tx: Transaction, run: int, outcome: str, detail: str) -> None:
    """Close a run with its outcome."""
    tx.execute(STATEMENTS["finish"], (outcome, detail, run))


def described(counts: Mapping[str, int]) -> str:
    """Return counts as a short text."""
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items()) if number)


def recent(tx: Transaction, *, limit: int) -> list[tuple[object, ...]]:
    """Return the latest runs, newest first."""
    return tx.rows(STATEMENTS["recent"], [limit])
