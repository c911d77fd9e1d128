"""Tries to deliver of which nobody knows what became of them."""

from dataclasses import dataclass
from typing import cast

from customer_sync.infra.pg import Transaction, load

__all__ = ["Attempt", "open_attempt"]

STATEMENTS = load(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try: for which outbound, of which customer and record."""

    token: str
    outbound: int
    stream: int
    customer: int
    link: int | None
    kind: str
    external_id: str | None


def open_attempt(tx: Transaction, token: str) -> Attempt | None:
    """Return an attempt without an answer, or None."""
    rows = tx.rows(STATEMENTS["get"], [token])
    if not rows:
        return None
    found = cast("tuple[str, int, int, int, int | None, str, str | None]", rows[0])
    return Attempt(
        token=found[0], outbound=found[1], stream=found[2], customer=found[3], link=found[4],
        kind=found[5], external_id=found[6],
    )  # fmt: skip
