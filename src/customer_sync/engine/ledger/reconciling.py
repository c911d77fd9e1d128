"""Reconcile: what a system says it sold, collected and refunded, beside what the ledger holds.

Lays the two side by side, document by document, and names every difference by its cause. Promises that
the causes add up to the difference exactly, in total, per customer and per payout; what no cause explains
is told as such. Reads only, so it can be run again for any past period. Must not know how a system speaks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from customer_sync.core.ledger import BROUGHT, OWED, Rules, cleared, reconciled, totals
from customer_sync.engine.ledger.notation import Amounts, amounts
from customer_sync.engine.ledger.showing import papers_of, shown_documents
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.errors import InvalidInputError
from customer_sync.store import documents, holdings

__all__ = ["Reconciliation", "reconcile", "reconcile_system"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What came of it.

    totals: by type. differences: document by document. customers, payouts: the same difference by whom and
    by what it concerns, in what a customer owes and in what a payout brings.
    """

    system: str
    since: date
    until: date
    documents: int
    totals: pl.DataFrame
    differences: pl.DataFrame
    customers: pl.DataFrame
    payouts: pl.DataFrame
    write: Amounts

    @property
    def agrees(self) -> bool:
        """Return whether there is no difference at all."""
        return self.differences.is_empty() and self.is_explained

    @property
    def is_explained(self) -> bool:
        """Return whether the causes add up to the difference, in every view of it."""
        views = (self.totals, self.customers, self.payouts)
        whole = all((view["unexplained_e4"] == 0).all() for view in views)
        return whole and "unexplained" not in self.differences["kind"]

    def as_json(self) -> dict[str, Any]:
        """Return everything as values that the JSON writer knows."""
        return {
            "system": self.system, "from": self.since, "to": self.until, "documents": self.documents,
            "agrees": self.agrees, "explained": self.is_explained, "totals": self.write.told(self.totals),
            "kinds": self.write.told(self.kinds()), "differences": self.write.told(self.differences),
            "customers": self.write.told(self.customers), "payouts": self.write.told(self.payouts),
        }  # fmt: skip

    def kinds(self) -> pl.DataFrame:
        """Return how many causes there are of each kind, and what they come to."""
        key = ["kind", "currency"]
        return self.differences.group_by(key).agg(
            count=pl.len().cast(pl.Int64), effect_e4=pl.col("effect_e4").sum()
        ).sort(key)  # fmt: skip


def reconcile_system(session: Session, system: str, window: tuple[date, date]) -> Reconciliation:
    """Read a system now, and compare what it shows with what the ledger holds.

    Args:
        session: the run.
        system: its name.
        window: the first day, and the last.

    Raises:
        NotFoundError: There is no such system, or it has no documents.
        InvalidInputError: The last day is before the first.
        RetryableError: The system does not answer.
        OperatorError: It cannot be read as it is configured.
    """
    if window[1] < window[0]:
        raise InvalidInputError("--to is before --from", hint="name the first day, then the last")
    papers = papers_of(session, system)
    shown = shown_documents(session, papers).documents
    streams = {paper.stream.id: paper.stream.name for paper in papers}
    with session.db.transaction(snapshot=True) as tx:
        return reconcile(tx, session.rules.books, shown, window, system=system, streams=streams)


def reconcile(
    tx: Transaction,
    rules: Rules,
    shown: pl.DataFrame,
    window: tuple[date, date],
    *,
    system: str,
    streams: Mapping[int, str],
) -> Reconciliation:
    """Compare what a system shows with what the ledger holds.

    Args:
        tx: reads one state.
        rules: the workspace's.
        shown: DOCUMENTS as the system shows them now, of all days or more than the window's: a document that
            the ledger holds in the window and the system has on another day is told as such.
        window: the first day, and the last.
        system: its name.
        streams: number -> name of its streams of documents.
    """
    inside = shown.filter(pl.col("date").is_between(*window))
    held = holdings.held(tx, list(streams), window, inside)
    key = ["stream", "external_id"]
    # What lies outside the window on both sides is nobody's business.
    beyond = shown.join(inside, on=key, how="anti").join(held, on=key, how="semi")
    both = pl.concat([inside, beyond])
    found = reconciled(both, held, *window, rules)
    sides = (both, held, found, window, rules)
    by_party = totals(*sides, by=("party", "currency"), signs=OWED)
    by_payout = totals(*sides, by=("payout", "currency"), signs=BROUGHT)
    owners = documents.customers(tx, pl.concat([by_party["party"], found["party"]]))
    return Reconciliation(
        system=system, since=window[0], until=window[1], documents=inside.height, totals=totals(*sides),
        differences=_told(found, owners, streams), customers=_by_customer(by_party, owners),
        payouts=_with_state(tx, rules, by_payout, list(streams)), write=amounts(rules),
    )  # fmt: skip


def _told(found: pl.DataFrame, owners: pl.DataFrame, streams: Mapping[int, str]) -> pl.DataFrame:
    """Return the differences with the names that people know."""
    named = found.join(owners, on="party", how="left", maintain_order="left")
    name = pl.col("stream").replace_strict(dict(streams), default=None, return_dtype=pl.String)
    return named.select(
        "kind", name.alias("stream"), "external_id", "type", "customer", "payout", "currency", "effect_e4", "reason",
        "document",
    )  # fmt: skip


def _by_customer(by_party: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """Return the sums by customer; without one: nobody's, or of whom nobody knows."""
    key = ["customer", "currency"]
    named = by_party.join(owners, on="party", how="left", maintain_order="left")
    return named.group_by(key).agg(pl.col("^.*_e4$").sum()).sort(key)


def _with_state(
    tx: Transaction, rules: Rules, by_payout: pl.DataFrame, streams: Sequence[int]
) -> pl.DataFrame:
    """Add whether each payout clears, and what it leaves on its clearing account."""
    roots = rules.lines.filter(pl.col("varies") == "processor")["base"].unique().to_list()
    names = by_payout["payout"].drop_nulls().unique().to_list()
    states = cleared(holdings.clearing(tx, streams, names, roots))
    states = states.group_by("payout", "currency").agg(
        pl.col("left_e4").sum(), pl.col("state").max()
    )
    return by_payout.join(states, on=["payout", "currency"], how="left", maintain_order="left")
