"""Whether the journal is what it must always be: each question returns what is wrong, by id.

Reads only. Recomputes from the postings and compares with everything that is kept of them, so that
what an owner of the tables changed past every guard is found. Must not know what is to be done about it.
"""

from typing import Any

from customer_sync.infra.pg import Transaction, load

__all__ = ["wrong"]

STATEMENTS = load(__file__)


def wrong(tx: Transaction, question: str) -> list[Any]:
    """Return the ids of what one of this module's questions finds wrong."""
    return [row[0] for row in tx.rows(STATEMENTS[question])]
