"""A ledger to test with: entries by hand, customers with their links, and what the checks say."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from customer_sync.infra.pg import Database, Transaction
from customer_sync.model.document import ENTRIES, POSTINGS
from customer_sync.store import journal, soundness

NOW = datetime(2026, 3, 1, tzinfo=UTC)
JANUARY = date(2026, 1, 15)
CHART = pl.DataFrame(
    [
        # code        name                   type         control  commodity
        ("1100",      "Bank",                "asset",     False, None),
        ("1200",      "Receivables",         "asset",     True,  None),
        ("1300.stripe", "Clearing Stripe",   "asset",     False, None),
        ("2100",      "Tax payable",         "liability", False, None),
        ("2150",      "Unapplied payments",  "liability", True,  None),
        ("2300",      "Loyalty points",      "liability", True,  "PTS"),
        ("3000",      "Opening balances",    "equity",    False, None),
        ("4000",      "Revenue",             "revenue",   False, None),
        ("5900",      "Exchange losses",     "expense",   False, None),
        ("8900",      "Rounding",            "expense",   False, None),
        ("9999",      "No longer used",      "expense",   False, None),
    ],
    schema=["code", "name", "type", "is_control", "commodity"], orient="row",
).with_columns(active=pl.col("code") != "9999")  # fmt: skip
QUESTIONS = tuple(soundness.STATEMENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One posting to be. amount and functional in ten-thousandths; functional: as the amount if not said."""

    account: str
    amount: int
    party: int | None = None
    currency: str = "EUR"
    functional: int | None = None


@dataclass(slots=True, kw_only=True)
class Entry:
    """One entry to be."""

    lines: Sequence[Line]
    date: date = JANUARY
    kind: str = "post"
    document: int | None = None
    reverses: int | None = None
    memo: str | None = None
    period: str | None = None


def sale(party: int, amount: int, **given: Any) -> Entry:
    """An invoice of one line and no tax."""
    return Entry(lines=[Line(account="1200", amount=amount, party=party), Line(account="4000", amount=-amount)], **given)  # fmt: skip


def framed(entries: Sequence[Entry]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return entries as ENTRIES and POSTINGS, numbered from 0."""
    heads = [
        (number, one.document, one.kind, one.date, one.period or f"{one.date:%Y-%m}", one.reverses, "test", one.memo)
        for number, one in enumerate(entries)
    ]  # fmt: skip
    lines = [
        (number, place, line.account, line.party, line.currency, line.amount,
         line.amount if line.functional is None else line.functional, one.document)
        for number, one in enumerate(entries)
        for place, line in enumerate(one.lines, 1)
    ]  # fmt: skip
    return (
        pl.DataFrame(heads, schema=ENTRIES, orient="row"),
        pl.DataFrame(lines, schema=POSTINGS, orient="row"),
    )


@dataclass(slots=True)
class Books:
    """A ledger. db: as commands act on it. owner: as the owner of its tables."""

    db: Database
    owner: Database = field(init=False)

    def __post_init__(self) -> None:
        self.owner = Database(self.db.dsn, self.db.schema)
        with self.db.transaction() as tx:
            journal.add_accounts(tx, CHART)

    def post(self, *entries: Entry) -> list[int]:
        with self.db.transaction() as tx:
            return self.post_in(tx, *entries)

    def post_in(self, tx: Transaction, *entries: Entry) -> list[int]:
        ids = journal.allocate(tx, len(entries))
        journal.commit(tx, *framed(entries), ids=ids, now=NOW)
        return list(ids)

    def customers(self, links: dict[int, int]) -> None:
        """Tie links to customers, made where they are not there."""
        with self.owner.transaction() as tx:
            tx.execute(
                "INSERT INTO customer (id) SELECT DISTINCT unnest(%s::bigint[]) ON CONFLICT DO NOTHING",
                [list(links.values())],
            )
            for link, customer in links.items():
                tx.execute(
                    "INSERT INTO link (id, stream, external_id, customer, state, since, seen, shown, digest)"
                    " VALUES (%s, 10, %s, %s, 0, 0, 0, 0, 0) ON CONFLICT (id) DO UPDATE SET customer = EXCLUDED.customer",
                    [link, f"c{link}", customer],
                )  # fmt: skip

    def rows(self, text: str, *params: object) -> list[tuple[Any, ...]]:
        with self.db.transaction() as tx:
            return tx.rows(text, list(params))

    questions = QUESTIONS

    @staticmethod
    def asked(tx: Transaction, question: str) -> list[Any]:
        return soundness.wrong(tx, question)

    def unsound(self) -> dict[str, list[Any]]:
        """What the checks find wrong, by question."""
        with self.db.transaction() as tx:
            found = {question: soundness.wrong(tx, question) for question in QUESTIONS}
        return {question: ids for question, ids in found.items() if ids}
