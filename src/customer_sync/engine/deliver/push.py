"""Push: one attempt, and what leaving it for later takes.

Everything of a delivery speaks of these. Must not know how a patch is computed or what becomes of it.
"""

from dataclasses import dataclass

import polars as pl

from customer_sync.connect.port import Write

__all__ = ["FOREVER", "KINDS", "RELEASED", "SETTLE_TRIES_MAX", "TAKE_ROWS_MAX", "Push", "title"]

TAKE_ROWS_MAX = 1_000
KINDS = ("put", "restore", "deactivate", "delete")
SETTLE_TRIES_MAX = 5
FOREVER = -1.0
RELEASED = {"outbound": pl.Int64, "code": pl.String, "reason": pl.String, "wait_s": pl.Float64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One attempt as it was sent: the write, and what it meant in canonical space.

    restores: its record is set apart, and only shows again what it did before a run that was undone.
    """

    write: Write
    outbound: int
    customer: int
    link: int | None
    sent: list[dict[str, str | None]]
    mark: int
    tries: int
    restores: bool = False

    @property
    def kind(self) -> str:
        """Its kind, as attempts and events name it."""
        return "restore" if self.restores else self.write.kind


def title(push: Push) -> str:
    """Return what a refused write is set aside under: its record, or whom it was to create."""
    return push.write.external_id or f"customer {push.customer}"
