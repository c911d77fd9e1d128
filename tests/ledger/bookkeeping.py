"""Post documents as an absorbing transaction does: load, decide, commit."""

from dataclasses import dataclass, field

import polars as pl
from books import NOW, Books

from customer_sync.core.ledger import (
    LedgerSnapshot,
    Standing,
    Unsettled,
    absorb,
    calendar,
    compiled,
)
from customer_sync.engine.ledger import keep_chart
from customer_sync.infra.pg import Database, Transaction
from customer_sync.kernel.frames import empty, to_json
from customer_sync.model.document import GIVEN, LINES, STANDING
from customer_sync.model.ledger_config import LedgerConfig
from customer_sync.store import documents, periods

CONFIG = LedgerConfig()
RULES = compiled(CONFIG, "EUR")


@dataclass(slots=True)
class Bookkeeper:
    """Books and their rules."""

    db: Database
    books: Books = field(init=False)

    def __post_init__(self) -> None:
        self.books = Books(self.db)
        with self.db.transaction() as tx:
            keep_chart(tx, CONFIG)

    def absorb(self, observed: pl.DataFrame, lines: pl.DataFrame | None = None) -> pl.DataFrame:
        """Post documents in a transaction of its own; return what became of them."""
        with self.db.transaction() as tx:
            return self.absorb_in(tx, observed, lines)

    def absorb_in(
        self, tx: Transaction, observed: pl.DataFrame, lines: pl.DataFrame | None = None
    ) -> pl.DataFrame:
        lines = empty(LINES) if lines is None else lines
        held = documents.lock(tx, observed, observed.select("party", since="date"))
        stands = documents.standing(tx, observed)
        items, allocations = documents.items(tx, held)
        months = observed["date"].drop_nulls().dt.strftime("%Y-%m").to_list()
        months += stands.entries["period"].to_list() + items["date"].dt.strftime("%Y-%m").to_list()
        snapshot = LedgerSnapshot(
            standing=Standing(
                outcomes=stands.documents.select(list(STANDING)), entries=stands.entries, postings=stands.postings
            ),
            unsettled=Unsettled(items=items, allocations=allocations, given=empty(GIVEN)),
            customers=documents.customers(tx, observed["party"]),
            days=calendar(periods.hold(tx, months)),
        )  # fmt: skip
        effects = absorb(observed, lines, snapshot, RULES)
        assert effects.rejects.is_empty(), effects.rejects
        keep_chart(tx, CONFIG, effects.postings["account"].unique())
        texts = observed.select(to_json(["number", "date", "currency", "total_e4"])).to_series()
        is_new = ~observed["document"].is_in(stands.documents["document"].implode())
        work = documents.Work(
            documents=observed.with_columns(snapshot=texts), new=observed["document"].filter(is_new), outcomes=effects.outcomes,
            entries=effects.entries, postings=effects.postings, allocations=effects.allocations,
        )  # fmt: skip
        documents.commit(tx, work, now=NOW)
        return effects.outcomes
