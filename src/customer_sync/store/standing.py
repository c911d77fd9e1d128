"""How things stand, counted: per stream what agrees, waits, was refused or is set aside."""

from typing import Any, cast

from customer_sync.infra.pg import Transaction, load

__all__ = ["STREAM", "streams", "totals", "version"]

STATEMENTS = load(__file__)
STREAM = (
    "id", "system", "stream", "read_at", "live", "gone", "excluded", "pending", "refused",
    "set_aside", "unknown",
)  # fmt: skip


def streams(tx: Transaction) -> list[dict[str, Any]]:
    """Return the counts of each stream, under the names of STREAM."""
    return [dict(zip(STREAM, row, strict=True)) for row in tx.rows(STATEMENTS["streams"])]


def totals(tx: Transaction) -> tuple[int, int, int]:
    """Return how many customers there are, reviews are open, and ledger edits are not absorbed."""
    return cast("tuple[int, int, int]", tx.rows(STATEMENTS["totals"])[0])


def version(tx: Transaction) -> int | None:
    """Return the version of the configuration in force."""
    return cast("int | None", tx.rows(STATEMENTS["configured"])[0][0])
