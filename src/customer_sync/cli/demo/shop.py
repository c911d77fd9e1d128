"""The sample company's web shop: a SQLite database, as shops have them."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from customer_sync.cli.demo.company import Card, national_phone
from customer_sync.cli.demo.trade import TABLES, Trade

__all__ = ["Shop"]

ZONE = ZoneInfo("Europe/Berlin")
TIERS = {"gold": "G", "silver": "S", "bronze": "B", None: None}
TABLE = """
CREATE TABLE customers (
    id INTEGER PRIMARY KEY, email TEXT, first_name TEXT, last_name TEXT, company TEXT, phone TEXT,
    street TEXT, zip TEXT, city TEXT, country TEXT, vat_no TEXT, birth_date TEXT, language TEXT,
    tier TEXT CHECK (tier IN ('G', 'S', 'B')), points INTEGER NOT NULL DEFAULT 0,
    newsletter BOOLEAN NOT NULL DEFAULT 0, registered_on DATE, password_hash TEXT, cart TEXT,
    deleted BOOLEAN NOT NULL DEFAULT 0, updated_at TEXT NOT NULL
)
"""
COLUMNS = (
    "id", "email", "first_name", "last_name", "company", "phone", "street", "zip", "city", "country", "vat_no",
    "birth_date", "language", "tier", "points", "newsletter", "registered_on", "password_hash", "cart", "updated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop in one file."""

    path: Path

    def build(self, cards: Sequence[Card], traded: Trade) -> None:
        """Make the database anew: the customers, and what they bought."""
        self.path.unlink(missing_ok=True)
        marks = ", ".join("?" * len(COLUMNS))
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute(TABLE)
            names = ", ".join(COLUMNS)
            db.executemany(f"INSERT INTO customers ({names}) VALUES ({marks})", map(_row, cards))
            for table, columns in TABLES.items():
                db.execute(f"CREATE TABLE {table} ({columns})")
                for row in traded.rows[table]:
                    marks = ", ".join(f":{name}" for name in row)
                    db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", row)

    def edit(self, key: str, now: datetime, **values: object) -> None:
        """Change a customer, as the shop's own software would."""
        sets = ", ".join(f"{name} = ?" for name in values)
        stamp = f"{now.astimezone(ZONE):%Y-%m-%d %H:%M:%S.%f}"
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute(
                f"UPDATE customers SET {sets}, updated_at = ? WHERE id = ?",
                [*values.values(), stamp, int(key)],
            )

    def register(self, now: datetime, **values: object) -> str:
        """Let a new customer register; return the number."""
        values["updated_at"] = f"{now.astimezone(ZONE):%Y-%m-%d %H:%M:%S.%f}"
        marks = ", ".join("?" * len(values))
        with closing(sqlite3.connect(self.path)) as db, db:
            names = ", ".join(values)
            done = db.execute(
                f"INSERT INTO customers ({names}) VALUES ({marks})", [*values.values()]
            )
            return str(done.lastrowid)

    def shown(self, key: str) -> dict[str, Any]:
        """Return a customer's row as it is now, read without our own connector."""
        with closing(sqlite3.connect(self.path)) as db:
            db.row_factory = sqlite3.Row
            row = db.execute("SELECT * FROM customers WHERE id = ?", [int(key)]).fetchone()
            return dict(row) if row else {}


def _row(card: Card) -> tuple[object, ...]:
    day = 1 + card.dice % 28
    return (
        int(card.key), card.email, card.given or "", card.family, card.firm, national_phone(card.phone, "DE"),
        card.street, card.postal, card.city, card.country, card.tax_id, card.birth, card.language, TIERS[card.tier],
        card.dice % 5000, card.dice % 2, f"20{10 + card.dice % 15}-03-{day:02}", f"argon2${card.dice:x}",
        json.dumps({"items": card.dice % 7}), f"2026-0{1 + card.dice % 6}-{day:02} 1{card.dice % 10}:23:45.000000",
    )  # fmt: skip
