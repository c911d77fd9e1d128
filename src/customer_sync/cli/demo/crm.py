"""The sample company's CRM: a PostgreSQL database of its own, with the vendor's own schema."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from customer_sync.cli.demo.company import Card, national_phone

__all__ = ["Crm"]

NAME = "demo_crm"
MANAGERS = ("Priya", "Kwame", "Ingrid", "Mateo")
STAGES = ("L", "P", "C")
SCHEMA: LiteralString = """
CREATE SCHEMA sales;
CREATE TABLE sales.contacts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), full_name varchar(120), email text, other_emails jsonb,
    phone text, address jsonb, language text, tax_no text, shop_no text, stage text, tier text, terms text,
    opt_in boolean, manager text, score double precision,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE FUNCTION sales.stamp() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.changed_at := clock_timestamp(); RETURN NEW; END $$;
CREATE TRIGGER stamp BEFORE UPDATE ON sales.contacts FOR EACH ROW EXECUTE FUNCTION sales.stamp();
"""
INSERT: LiteralString = """
INSERT INTO sales.contacts (id, full_name, email, other_emails, phone, address, language, tax_no, shop_no, stage,
    tier, terms, opt_in, manager, score, changed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class Crm:
    """The CRM's database; `server` is the address of the PostgreSQL it lives in."""

    server: str

    @property
    def url(self) -> str:
        """Return the address of the CRM's own database."""
        parts = urlsplit(self.server)
        return parts._replace(path=f"/{NAME}").geturl()

    def build(self, cards: Sequence[Card]) -> None:
        """Make the database anew."""
        name = sql.Identifier(NAME)
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        with psycopg.connect(self.url) as connection:
            connection.execute(SCHEMA)
            with connection.cursor() as cursor:
                cursor.executemany(INSERT, [_row(card) for card in cards])

    def edit(self, key: str, **values: object) -> None:
        """Change a contact, as the CRM's own software would."""
        sets = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder()) for name in values
        )
        text = sql.SQL("UPDATE sales.contacts SET {} WHERE id = %s").format(sets)
        with psycopg.connect(self.url) as connection:
            connection.execute(text, [*values.values(), key])

    def delete(self, key: str) -> None:
        """Delete a contact for good."""
        with psycopg.connect(self.url) as connection:
            connection.execute("DELETE FROM sales.contacts WHERE id = %s", [key])

    def shown(self, key: str) -> dict[str, Any]:
        """Return a contact as it is now, read without our own connector."""
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            row = connection.execute("SELECT * FROM sales.contacts WHERE id = %s", [key]).fetchone()
            return row or {}

    def find(self, email: str) -> dict[str, Any]:
        """Return the contact with this e-mail address."""
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            text = "SELECT * FROM sales.contacts WHERE email = %s"
            return connection.execute(text, [email]).fetchone() or {}


def full_name(card: Card) -> str | None:
    """Return the one name field: the firm, or the person as their people write it."""
    if card.firm:
        return card.firm
    parts = [card.given, card.family]
    if card.country in {"JP", "KR"}:
        parts.reverse()
    return " ".join(part for part in parts if part) or None


def _row(card: Card) -> tuple[object, ...]:
    address = {
        "line1": card.street,
        "zip": card.postal,
        "city": card.city,
        "country": card.country,
        "geo": None,
    }
    tier = card.tier.title() if card.tier else None
    second = f"second.{card.party}@privat.example" if card.dice % 4 == 0 else None
    stamp = f"2026-0{1 + card.dice % 6}-1{card.dice % 9} 1{card.dice % 10}:00:00+00"
    return (
        card.key, full_name(card), card.email, json.dumps([second] if second else []),
        national_phone(card.phone, "US"), json.dumps(address, ensure_ascii=False) if card.city else None,
        card.language, card.tax_id, card.shop_key, STAGES[card.dice % 3], tier, None, card.dice % 2 == 1,
        MANAGERS[card.dice % 4], card.dice / 7, stamp,
    )  # fmt: skip
