"""Builders of documents, and books that absorb them as the shell will: with ids and what stands."""

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from customer_sync.core.ledger import Standing, calendar, compiled, post
from customer_sync.kernel.frames import empty
from customer_sync.model.document import DOCUMENTS, ENTRIES, LINES, PERIODS, POSTINGS, STANDING
from customer_sync.model.ledger_config import LedgerConfig

DAY = date(2026, 3, 10)
ONE = 10_000
RULES = compiled(LedgerConfig(), "EUR")


def money(amount: str | float) -> int:
    return round(float(amount) * ONE)


def a_document(document=1, **given):
    """An invoice of 100 EUR with 19 EUR of tax, as a row of DOCUMENTS."""
    row = dict.fromkeys(DOCUMENTS) | {
        "document": document, "stream": 1, "external_id": f"d{document}", "type": "invoice", "status": "issued",
        "party": 7, "date": DAY, "currency": "EUR",
    }  # fmt: skip
    if given.get("type", "invoice") == "invoice" and "total" not in given:
        given = {"total": 119, "tax": 19} | given
    amounts = {f"{name}_e4": money(given.pop(name)) for name in
               ("total", "net", "tax", "discount", "shipping", "fee") if given.get(name) is not None}  # fmt: skip
    if "rate" in given:
        given["rate_e12"] = round(given.pop("rate") * 10**12)
    return row | amounts | given


def a_line(document, line, amount, **given):
    rate = given.pop("rate", None)
    row = dict.fromkeys(LINES) | {
        "document": document, "line": line, "kind": "item", "amount_e4": money(amount),
        "tax_rate_e6": None if rate is None else round(rate * 10_000),
    }  # fmt: skip
    if "tax" in given:
        given["tax_e4"] = money(given.pop("tax"))
    return row | given


def documents_of(*rows):
    return pl.DataFrame(list(rows), schema=DOCUMENTS)


def lines_of(*rows):
    return pl.DataFrame(list(rows), schema=LINES)


@dataclass
class Books:
    """A journal in memory that remembers as the database does."""

    rules: object = RULES
    closed: list[str] = field(default_factory=list)
    outcomes: pl.DataFrame = field(default_factory=lambda: empty(STANDING))
    entries: pl.DataFrame = field(default_factory=lambda: empty(ENTRIES))
    postings: pl.DataFrame = field(default_factory=lambda: empty(POSTINGS))

    def absorb(self, *rows, lines=()):
        documents = documents_of(*rows)
        posted = post(
            documents, lines_of(*lines), self.standing(documents), self.rules, self.days()
        )
        self.keep(posted)
        return posted

    def days(self):
        rows = [(period, "closed") for period in self.closed]
        return calendar(pl.DataFrame(rows, schema=PERIODS, orient="row"))

    def standing(self, documents):
        live = self.entries.filter(
            pl.col("kind").is_in(["post", "recognise"])
            & ~pl.col("entry").is_in(self.entries["reverses"].drop_nulls().implode())
        ).join(documents, on="document", how="semi")
        return Standing(
            outcomes=self.outcomes.join(documents, on="document", how="semi"),
            entries=live,
            postings=self.postings.join(live, on="entry", how="semi"),
        )

    def keep(self, posted):
        base = self.entries.height
        shift = pl.col("entry") + base
        self.entries = pl.concat([self.entries, posted.entries.with_columns(shift)])
        self.postings = pl.concat([self.postings, posted.postings.with_columns(shift)])
        known = self.outcomes.select("document", former="entry")
        new = posted.outcomes.join(known, on="document", how="left").with_columns(
            entry=pl.when(pl.col("is_changed"))
            .then(shift)
            .when(pl.col("state") == "posted")
            .then("former")
        )
        kept = self.outcomes.join(new, on="document", how="anti")
        self.outcomes = pl.concat([kept, new.select(STANDING.keys())])

    def state(self, document):
        return self.outcomes.filter(document=document)["state"].item()

    def sums(self, column="amount_e4"):
        """Return account -> sum in units, of what is not nothing."""
        rows = self.postings.group_by("account").agg(pl.col(column).sum()).sort("account").rows()
        return {account: amount / ONE for account, amount in rows if amount}
