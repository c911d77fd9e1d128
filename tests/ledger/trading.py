"""A company that trades: a shop in a database of its own, the books, and the engine between them."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from customer_sync.connect.driver import standard_driver
from customer_sync.connect.registry import connector
from customer_sync.engine.ledger import close, reopen
from customer_sync.engine.publish import publish
from customer_sync.engine.session import Session, running
from customer_sync.engine.sync import Synced, sync
from customer_sync.infra.pg import Database
from customer_sync.model.config import Configuration
from customer_sync.store import soundness

START = datetime(2026, 3, 1, tzinfo=UTC)

TABLES = """
CREATE TABLE customers (id TEXT PRIMARY KEY, email TEXT, first TEXT, last TEXT, merged TEXT);
CREATE TABLE invoices (
    id TEXT PRIMARY KEY, number TEXT, customer_id TEXT, status TEXT, currency TEXT, rate TEXT, issued TEXT, due TEXT,
    total TEXT, tax TEXT, lines TEXT, service_from TEXT, service_to TEXT, campaign TEXT, mail TEXT, name TEXT
);
CREATE TABLE payments (
    id TEXT PRIMARY KEY, customer_id TEXT, pays TEXT, currency TEXT, rate TEXT, paid TEXT, amount TEXT, fee TEXT,
    processor TEXT, payout TEXT
);
"""
CUSTOMERS = {
    "entity": "customer", "table": "customers",
    "fields": {"email": "email", "given_name": "first", "family_name": "last"},
}  # fmt: skip
INVOICES = {
    "entity": "invoice",
    "table": "invoices",
    "fields": {
        "number": "number", "customer": "customer_id", "status": "status", "currency": "currency", "rate": "rate",
        "date": "issued", "due_date": "due", "total": "total", "tax": "tax", "service_start": "service_from",
        "service_end": "service_to", "campaign": "campaign",
        "lines": {"field": "lines", "items": {"amount": "price", "tax_rate": "vat"}},
    },
    "guest": {"fields": {"email": "mail", "given_name, family_name": "name"}},
}  # fmt: skip
PAYMENTS = {
    "entity": "payment",
    "table": "payments",
    "fields": {
        "customer": "customer_id", "allocations": "pays", "currency": "currency", "rate": "rate", "date": "paid",
        "total": "amount", "fee": "fee", "processor": "processor", "payout": "payout",
    },
}  # fmt: skip


class Company:
    """The shop, the configuration as it was published last, and a clock of its own."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db, self.path = db, folder / "shop.sqlite"
        self.shop = sqlite3.connect(self.path, isolation_level=None)
        self.shop.executescript(TABLES)
        self.streams: dict[str, Any] = {
            "customers": CUSTOMERS, "invoices": INVOICES, "payments": PAYMENTS,
        }  # fmt: skip
        self.ledger: dict[str, Any] = {}
        self.workspace: dict[str, Any] = {"workspace": "test"}
        self.systems: dict[str, Any] = {}
        self.at, self.tokens = START, count(1)
        self.driver = standard_driver()
        self.publish()

    # -- the shop -------------------------------------------------------------------------------------

    def add(self, table: str, **row: object) -> None:
        """Insert a row, or put another in its place."""
        names = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        self.shop.execute(
            f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})", [*row.values()]
        )

    def buyer(self, id_: str = "c1", **row: object) -> None:
        told = {"email": f"{id_}@mail.example", "first": "Ann", "last": id_.upper(), **row}
        self.add("customers", id=id_, **told)

    def invoice(self, id_: str = "i1", customer: str | None = "c1", **row: object) -> None:
        told = {
            "number": f"N-{id_}", "currency": "EUR", "issued": "2026-02-10", "total": "119", "tax": "19",
            "lines": json.dumps([{"price": 60.0, "vat": 19}, {"price": "40", "vat": 19}]), **row,
        }  # fmt: skip
        self.add("invoices", id=id_, customer_id=customer, **told)

    def payment(self, id_: str = "p1", customer: str | None = "c1", **row: object) -> None:
        told = {
            "currency": "EUR",
            "paid": "2026-02-20",
            "amount": "119",
            "processor": "Stripe",
            **row,
        }
        self.add("payments", id=id_, customer_id=customer, **told)

    def change(self, table: str, id_: str, **row: object) -> None:
        names = ", ".join(f"{name} = ?" for name in row)
        self.shop.execute(f"UPDATE {table} SET {names} WHERE id = ?", [*row.values(), id_])

    def remove(self, table: str, id_: str) -> None:
        self.shop.execute(f"DELETE FROM {table} WHERE id = ?", [id_])

    # -- the engine -----------------------------------------------------------------------------------

    def publish(self) -> None:
        shop = {
            "system": "shop", "connector": "sql", "settings": {"url": f"sqlite:///{self.path}"}, "streams": self.streams,
        }  # fmt: skip
        config = Configuration.model_validate(
            {"workspace": self.workspace, "systems": {"shop": shop, **self.systems}, "ledger": self.ledger}
        )  # fmt: skip
        self.rules, _ = publish(self.db, config, {}, salt="salt")
        self.connectors = {name: connector(system) for name, system in config.systems.items()}

    def session(self) -> Session:
        return Session(
            db=self.db, rules=self.rules, driver=self.driver, connectors=self.connectors, run=0, now=lambda: self.at,
            token=lambda: f"t{next(self.tokens)}",
        )  # fmt: skip

    def sync(self, *, whole: bool = False, only: tuple[str, ...] = ()) -> Synced:
        self.at += timedelta(minutes=1)
        with running(self.session(), "sync") as session:
            done = sync(session, whole=whole, only=only)
            self.counts = session.counts
        assert self.unsound() == {}
        return done

    def close(self, period: str) -> None:
        with running(self.session(), "close") as session:
            close(session, period, by="test")

    def reopen(self, period: str) -> None:
        with running(self.session(), "reopen") as session:
            reopen(session, period, by="test", reason="a late invoice")

    # -- what stands ----------------------------------------------------------------------------------

    def rows(self, text: str, *params: object) -> list[tuple[Any, ...]]:
        with self.db.transaction() as tx:
            return tx.rows(text, list(params))

    def unsound(self) -> dict[str, Any]:
        with self.db.transaction() as tx:
            found = {name: tx.rows(text) for name, text in soundness.STATEMENTS.items()}
        return {name: rows for name, rows in found.items() if rows}

    def states(self) -> dict[str, tuple[str, str | None]]:
        found = self.rows("SELECT external_id, state, reason FROM document ORDER BY 1")
        return {id_: (state, reason) for id_, state, reason in found}

    def balances(self) -> dict[str, float]:
        """What accounts come to, in functional units; those that are nothing are left out."""
        found = self.rows("SELECT account, sum(functional) FROM balance GROUP BY 1 ORDER BY 1")
        return {account: float(amount) for account, amount in found if amount}

    def owed(self) -> dict[int, float]:
        """What customers owe, by their number."""
        found = self.rows(
            "SELECT l.customer, sum(b.functional) FROM balance b JOIN link l ON l.id = b.party"
            " JOIN account a ON a.code = b.account AND a.is_control GROUP BY 1 ORDER BY 1"
        )
        return {customer: float(amount) for customer, amount in found}

    def rejects(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "SELECT external_id, field, code FROM reject WHERE resolved_at IS NULL ORDER BY 1, 2, 3"
        )

    def events(self) -> list[str]:
        found = self.rows("SELECT kind FROM event WHERE kind LIKE %s ORDER BY id", "document.%")
        return [kind for (kind,) in found]

    def entries(self) -> list[tuple[str, str]]:
        found = self.rows(
            "SELECT d.external_id, e.kind FROM entry e JOIN document d ON d.id = e.document ORDER BY e.id"
        )
        return [(id_, kind) for id_, kind in found]
