"""Builders of documents, and books that absorb them as the shell will: with ids and what stands."""

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from customer_sync.core.ledger import (
    LedgerSnapshot,
    Standing,
    Unsettled,
    absorb,
    calendar,
    compiled,
    recognise,
    settle,
)
from customer_sync.kernel.frames import empty
from customer_sync.model.document import (
    ALLOCATIONS,
    DOCUMENTS,
    ENTRIES,
    GIVEN,
    ITEMS,
    LINES,
    PERIODS,
    POSTINGS,
    RECOGNISED,
    SCHEDULES,
    STANDING,
)
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
    """A journal in memory that remembers and loads as the database must."""

    rules: object = RULES
    closed: list[str] = field(default_factory=list)
    customers: dict[int, int] = field(
        default_factory=dict
    )  # party -> customer, where it is not the same
    outcomes: pl.DataFrame = field(default_factory=lambda: empty(STANDING))
    entries: pl.DataFrame = field(default_factory=lambda: empty(ENTRIES))
    postings: pl.DataFrame = field(default_factory=lambda: empty(POSTINGS))
    schedules: pl.DataFrame = field(default_factory=lambda: empty(SCHEDULES))
    recognised: pl.DataFrame = field(default_factory=lambda: empty(RECOGNISED))
    observed: dict[int, dict] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    pairs: dict[int, tuple[int, int, int]] = field(
        default_factory=dict
    )  # allocation -> debit, credit, amount
    given: dict[int, list[tuple[str, int | None]]] = field(default_factory=dict)
    incoming: dict[int, dict] = field(default_factory=dict)
    posted_dates: dict[int, date] = field(default_factory=dict)
    next_pair: int = 0

    def absorb(self, *rows, lines=(), given=None):
        """Absorb documents; given: document -> [(external id, amount or None)]."""
        documents = documents_of(*rows)
        self.ids |= dict(documents.select("external_id", "document").rows())
        self.incoming = {row["document"]: row for row in rows}
        self.observed |= self.incoming
        told = {row["document"]: (given or {}).get(row["document"], []) for row in rows}
        before = self.seeds(documents)
        self.given |= told
        seeds = before | self.seeds(documents)
        effects = absorb(documents, lines_of(*lines), self.snapshot(documents, seeds), self.rules)
        self.keep(effects)
        for row in effects.outcomes.filter("is_changed").to_dicts():
            self.posted_dates[row["document"]] = self.incoming[row["document"]]["date"]
        self.incoming = {}
        return effects

    def merge(self, **customers):
        """Tie parties to customers anew, p7=1; what they settled with each other follows."""
        before = self.open_items()
        self.customers |= {int(name[1:]): customer for name, customer in customers.items()}
        touched = before.filter(pl.col("party").is_in([int(name[1:]) for name in customers]))
        seeds = self.with_partners(set(touched["document"]))
        settled = settle(
            self.unsettled(seeds),
            documents_of().select("document"),
            empty(ITEMS),
            self.rules,
            self.days(),
        )
        base = self.base()
        self.keep_journal(settled.entries, settled.postings)
        self.keep_pairs(settled.changes, base)
        return settled

    def recognise(self, until):
        """Recognise what is due and not recognised yet."""
        live = self.schedules.join(self.live(), on="entry", how="semi")
        entries, postings, made = recognise(live, self.recognised, until, self.rules, self.days())
        base = self.base()
        self.keep_journal(entries, postings)
        self.recognised = pl.concat([self.recognised, made.with_columns(pl.col("made") + base)])

    def days(self):
        rows = [(period, "closed") for period in self.closed]
        return calendar(pl.DataFrame(rows, schema=PERIODS, orient="row"))

    def snapshot(self, documents, seeds):
        parties = [party for party in documents["party"].unique() if party is not None]
        pairs = [(party, self.customer(party)) for party in parties]
        return LedgerSnapshot(
            standing=self.standing(documents),
            unsettled=self.unsettled(seeds),
            customers=pl.DataFrame(
                pairs, schema={"party": pl.Int64, "customer": pl.Int64}, orient="row"
            ),
            days=self.days(),
        )

    def customer(self, party):
        return self.customers.get(party, party)

    def live(self):
        reversed_ = self.entries["reverses"].drop_nulls().implode()
        return self.entries.filter(
            pl.col("kind").is_in(["post", "recognise"]), ~pl.col("entry").is_in(reversed_)
        )

    def standing(self, documents):
        live = self.live().join(documents, on="document", how="semi")
        return Standing(
            outcomes=self.outcomes.join(documents, on="document", how="semi"),
            entries=live,
            postings=self.postings.join(live, on="entry", how="semi"),
        )

    # -- what may be settled anew ---------------------------------------------------------------------

    def open_items(self):
        """Every item of the journal, with what of it is settled."""
        posts = self.live().filter(kind="post").select("entry")
        control = self.postings.join(posts, on="entry", how="semi").filter(
            pl.col("party").is_not_null(), pl.col("currency") != "PTS"
        )
        settled = dict.fromkeys(control["document"], 0)
        for debit, credit, amount in self.pairs.values():
            settled[debit] += amount
            settled[credit] += amount
        rows = [
            dict.fromkeys(ITEMS)
            | {name: row[name] for name in ("document", "party", "account", "currency", "amount_e4", "functional_e4")}
            | {name: self.observed[row["document"]][name] for name in ("stream", "external_id")}
            | {"date": self.posted_dates[row["document"]], "customer": self.customer(row["party"]),
               "settled_e4": settled[row["document"]]}
            for row in control.to_dicts()
        ]  # fmt: skip
        return pl.DataFrame(rows, schema=ITEMS)

    def given_rows(self):
        known = self.ids
        return [
            (document, known.get(name), amount)
            for document, told in self.given.items()
            for name, amount in told
        ]

    def seeds(self, documents):
        seeds = set(documents["document"])
        for document, other, _ in self.given_rows():
            if document in seeds or other in seeds:
                seeds |= {document, other} - {None}
        return self.with_partners(seeds | set(documents["document"]))

    def with_partners(self, documents):
        pairs = [(debit, credit) for debit, credit, _ in self.pairs.values()]
        return documents | {one for pair in pairs if documents & set(pair) for one in pair}

    def unsettled(self, seeds):
        """Load no more than settling asks for."""
        items = self.open_items()
        since = {}
        for row in items.filter(pl.col("document").is_in(list(seeds))).to_dicts():
            since[row["customer"]] = min(since.get(row["customer"], row["date"]), row["date"])
        for document in seeds & set(self.incoming):
            row = self.incoming[document]
            if row["party"] is not None and row["date"] is not None:
                customer = self.customer(row["party"])
                since[customer] = min(since.get(customer, row["date"]), row["date"])
        loaded = {
            row["document"]
            for row in items.to_dicts()
            if row["customer"] in since
            and (row["date"] >= since[row["customer"]] or row["settled_e4"] < abs(row["amount_e4"]))
        }
        loaded = self.with_partners(loaded)
        pairs = [
            (number, *pair)
            for number, pair in self.pairs.items()
            if pair[0] in loaded and pair[1] in loaded
        ]
        return Unsettled(
            items=items.filter(pl.col("document").is_in(list(loaded))),
            allocations=pl.DataFrame(pairs, schema=ALLOCATIONS, orient="row"),
            given=pl.DataFrame(
                [row for row in self.given_rows() if row[0] in loaded | set(self.incoming)],
                schema=GIVEN, orient="row",
            ),
        )  # fmt: skip

    # -- keeping --------------------------------------------------------------------------------------

    def base(self):
        return self.entries.height

    def keep(self, effects):
        base = self.base()
        self.keep_journal(effects.entries, effects.postings)
        self.schedules = pl.concat([
            self.schedules, effects.schedules.with_columns(pl.col("entry") + base)
        ])  # fmt: skip
        self.keep_pairs(effects.allocations, base)
        known = self.outcomes.select("document", former="entry")
        new = effects.outcomes.join(known, on="document", how="left").with_columns(
            entry=pl.when(pl.col("is_changed"))
            .then(pl.col("entry") + base)
            .when(pl.col("state") == "posted")
            .then("former")
        )
        kept = self.outcomes.join(new, on="document", how="anti")
        self.outcomes = pl.concat([kept, new.select(STANDING.keys())])

    def keep_journal(self, entries, postings):
        shift = pl.col("entry") + self.base()
        self.entries = pl.concat([self.entries, entries.with_columns(shift)])
        self.postings = pl.concat([self.postings, postings.with_columns(shift)])

    def keep_pairs(self, changes, base):
        for row in changes.to_dicts():
            if row["allocation"] is None:
                self.pairs[self.next_pair] = (row["debit"], row["credit"], row["amount_e4"])
                self.next_pair += 1
            else:
                assert self.pairs.pop(row["allocation"]) == (
                    row["debit"],
                    row["credit"],
                    row["amount_e4"],
                )

    def state(self, document):
        return self.outcomes.filter(document=document)["state"].item()

    def sums(self, column="amount_e4"):
        """Return account -> sum in units, of what is not nothing."""
        rows = self.postings.group_by("account").agg(pl.col(column).sum()).sort("account").rows()
        return {account: amount / ONE for account, amount in rows if amount}
