"""One batch of documents: everything that must change in the journal, posting and settling together.

Promises one numbering of new entries, from 0, and that absorbing the same batch again changes nothing.
"""

from dataclasses import dataclass

import polars as pl

from customer_sync.core.ledger.post import Standing, post
from customer_sync.core.ledger.rule import Calendar, Rules
from customer_sync.core.ledger.settle import Unsettled, settle

__all__ = ["LedgerEffects", "LedgerSnapshot", "absorb"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSnapshot:
    """Everything that a decision about documents may look at."""

    standing: Standing
    unsettled: Unsettled
    customers: pl.DataFrame  # party, customer: whose party it is now, of every party observed
    days: Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEffects:
    """Everything that must change."""

    outcomes: pl.DataFrame  # DOCUMENT_OUTCOMES
    entries: pl.DataFrame  # ENTRIES, numbered from 0
    postings: pl.DataFrame  # POSTINGS
    schedules: pl.DataFrame  # SCHEDULES
    allocations: pl.DataFrame  # ALLOCATION_CHANGES
    rejects: pl.DataFrame  # DOCUMENT_REJECTS
    events: pl.DataFrame  # DOCUMENT_EVENTS

    @property
    def is_idle(self) -> bool:
        """Tell whether the books stay as they are."""
        changed = (self.entries, self.schedules, self.allocations)
        return all(frame.is_empty() for frame in changed)


def absorb(
    documents: pl.DataFrame, lines: pl.DataFrame, snapshot: LedgerSnapshot, rules: Rules
) -> LedgerEffects:
    """Decide what a batch of DOCUMENTS and their LINES changes."""
    posted = post(documents, lines, snapshot.standing, rules, snapshot.days)
    items = (
        posted.items.drop("customer")
        .join(snapshot.customers, on="party", how="left", maintain_order="left")
        .select(posted.items.columns)
    )
    settled = settle(
        snapshot.unsettled,
        posted.withdrawn,
        items,
        rules,
        snapshot.days,
        first=posted.entries.height,
    )
    return LedgerEffects(
        outcomes=posted.outcomes,
        entries=pl.concat([posted.entries, settled.entries]),
        postings=pl.concat([posted.postings, settled.postings]),
        schedules=posted.schedules,
        allocations=settled.changes,
        rejects=posted.rejects,
        events=posted.events,
    )
