"""Clear payouts: once all that a payout carries is there, what exchange rates left of it is realised.

Promises that a clearing account which clears in its currency comes to nothing in the functional one, once
however often this runs, and a cost that follows what changed. Must not know what a payout is made of.
"""

from collections import defaultdict

import polars as pl

from customer_sync.core.ledger import cleared, realised
from customer_sync.engine.ledger.days import open_days
from customer_sync.engine.ledger.own import post_own
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.store import holdings
from customer_sync.store import snapshot as snapshots

__all__ = ["clear_payouts"]

PAYOUTS_MAX = 1_000  # in one transaction


def clear_payouts(session: Session) -> int:
    """Post what rates left of payouts that clear now; return how many entries that made."""
    systems: dict[str, list[int]] = defaultdict(list)
    for paper in session.rules.documents.values():
        systems[paper.stream.system].append(paper.stream.id)
    total = 0
    for streams in systems.values():
        with session.db.transaction() as tx:
            upto = snapshots.last_batch(tx)
            names = holdings.payouts_changed(tx, streams)
        for start in range(0, len(names), PAYOUTS_MAX):
            with session.db.transaction() as tx:
                batch = snapshots.begin(tx)
                total += _cleared_in(
                    tx, session, streams, names[start : start + PAYOUTS_MAX], batch
                )
        if names:
            with session.db.transaction() as tx:
                holdings.keep_cleared(tx, streams, upto)
    return total


def _cleared_in(
    tx: Transaction, session: Session, streams: list[int], names: list[str], batch: int
) -> int:
    rules = session.rules.books
    roots = rules.lines.filter(pl.col("varies") == "processor")["base"].unique().to_list()
    payouts = cleared(holdings.clearing(tx, streams, names, roots))
    due = payouts.filter((pl.col("state") == "cleared") & (pl.col("functional_e4") != 0))
    if due.is_empty():
        return 0
    days = open_days(tx, due["date"].dt.strftime("%Y-%m").unique().to_list())
    entries, postings = realised(due, rules, days)
    post_own(tx, session, entries, postings, batch=batch, event=("document.cleared", None))
    session.add({"cleared": entries.height})
    return entries.height
