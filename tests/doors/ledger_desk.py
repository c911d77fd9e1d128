"""A starter workspace whose customers have traded: books filled as an absorbing transaction does."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from bookkeeping import Bookkeeper

from customer_sync.infra.pg import Database
from customer_sync.model.document import DOCUMENTS
from customer_sync.store import documents
from customer_sync.store.ownership import schema_name

STREAM = 20
ONE = 10_000


@dataclass
class TradingDesk:
    """A desk with books. party: the link of each record of the shop, by its customer."""

    desk: Any
    keeper: Bookkeeper
    party: dict[int, int]

    def run(self, *words: str) -> Any:
        return self.desk.run("ledger", *words)

    def post(self, *rows: dict[str, Any]) -> list[int]:
        """Post documents; amounts in units. Return their ids."""
        full = []
        with self.keeper.db.transaction() as tx:
            ids = documents.allocate(tx, len(rows)).to_list()
        for id_, row in zip(ids, rows, strict=True):
            money = {
                f"{name}_e4": round(row.pop(name) * ONE)
                for name in ("total", "tax", "fee")
                if name in row
            }
            rate = {"rate_e12": round(row.pop("rate") * 10**12)} if "rate" in row else {}
            usual = {
                "document": id_,
                "stream": STREAM,
                "status": "issued",
                "currency": "EUR",
                "customer_ref": "c",
            }
            full.append(
                dict.fromkeys(DOCUMENTS)
                | usual
                | {"external_id": row["number"]}
                | row
                | money
                | rate
            )
        self.keeper.absorb(pl.DataFrame(full, schema=DOCUMENTS))
        return ids

    def rows(self, text: str, *params: object) -> list[tuple[Any, ...]]:
        with self.keeper.db.transaction() as tx:
            return tx.rows(text, list(params))


def trading(desk: Any) -> TradingDesk:
    """Return the starter's workspace, synced, with books that are still empty."""
    assert desk.run("sync").code == 0
    name = re.search(
        r'^workspace: "(.*)"', (desk.folder / "workspace.yaml").read_text(), re.MULTILINE
    )[1]
    db = Database(desk.environment["CUSTOMER_SYNC_DATABASE_URL"], schema_name(name))
    whose = (
        "SELECT customer, max(id) FROM link WHERE state = 0 AND stream > 1 GROUP BY 1 ORDER BY 1"
    )
    with db.transaction() as tx:
        party = dict(tx.rows(whose))
    return TradingDesk(desk, Bookkeeper(db), party)


JANUARY, FEBRUARY, MARCH = date(2026, 1, 10), date(2026, 2, 10), date(2026, 3, 10)


def a_quarter(books: TradingDesk) -> list[int]:
    """Post what the tests of reports expect; return the customers 0, 1 and 2 of it."""
    first, second, third = list(books.party)[:3]
    books.post(
        {"number": "R1", "type": "invoice", "party": books.party[first], "date": JANUARY, "due_date": date(2026, 1, 24), "total": 119, "tax": 19},
        {"number": "R2", "type": "invoice", "party": books.party[first], "date": FEBRUARY, "due_date": date(2026, 2, 24), "total": 50},
        {"number": "R3", "type": "invoice", "party": books.party[second], "date": MARCH, "total": 1000, "currency": "USD", "rate": 0.9},
    )  # fmt: skip
    books.post(
        {"number": "P1", "type": "payment", "party": books.party[first], "date": FEBRUARY, "total": 100, "processor": "card", "fee": 2.5},
        {"number": "P2", "type": "payment", "party": books.party[third], "date": MARCH, "total": 30},
    )  # fmt: skip
    return [first, second, third]


INVOICES = """
  invoices:
    entity: invoice
    table: invoices
    key: id
    fields:
      number: number
      customer: {field: customer_id, stream: customers}
      currency: currency
      date: issued
      total: total
      tax: tax
      campaign: campaign
      source: source
  orders:
    entity: order
    table: orders
    key: id
    fields:
      number: number
      customer: {field: customer_id, stream: customers}
      currency: currency
      date: placed
      total: total
  payments:
    entity: payment
    table: payments
    key: id
    fields:
      customer: {field: customer_id, stream: customers}
      currency: currency
      date: paid
      total: amount
      processor: processor
"""
TABLES = {
    "invoices": "number TEXT, customer_id TEXT, currency TEXT, issued TEXT, total TEXT, tax TEXT, campaign TEXT, source TEXT",
    "orders": "number TEXT, customer_id TEXT, currency TEXT, placed TEXT, total TEXT",
    "payments": "customer_id TEXT, currency TEXT, paid TEXT, amount TEXT, processor TEXT",
}


def selling(desk: Any) -> str:
    """Let the starter's shop sell: three invoices of February to its first customer; return that customer's id there."""
    for name, columns in TABLES.items():
        desk.shop(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, {columns})")
    [[buyer]] = desk.shop("SELECT min(id) FROM customers")
    for id_ in (1, 2, 3):
        desk.shop(
            "INSERT INTO invoices VALUES (?, ?, ?, 'EUR', '2026-02-10', '119', '19', ?, 'web')",
            id_, f"R{id_}", str(buyer), None if id_ == 3 else "spring",
        )  # fmt: skip
    path = desk.folder / "systems" / "shop.yaml"
    path.write_text(path.read_text(encoding="utf-8").rstrip() + "\n" + INVOICES, encoding="utf-8")
    return str(buyer)
