"""The configuration folders that are measured, and the database that one of them reads.

Every mapped column is one that customers really have; see population.py for the values.
"""

from pathlib import Path
from time import perf_counter
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from bench.population import COLUMNS

__all__ = ["change", "database_folder", "file_folder", "fill", "settle"]

# By exact keys: what is measured beside copies. Scored matching has a benchmark of its own, bench/identity.
WORKSPACE = "workspace: {name}\nregion: DE\ncurrency: EUR\nmatch: {{method: exact}}\n"
FIELDS = """\
    fields:
      email: email
      phone: phone
      given_name: first_name
      family_name: last_name
      organisation: company
      billing_address:
        fields: {{street: street, postal_code: zip, city: city, country: country}}
      country: {{field: country, direction: in}}
      language: language
      loyalty.tier: tier
      loyalty.points: points
"""
FILE = """\
system: export
connector: file
streams:
  customers:
    entity: customer
    url: {path}
    key: id
"""
DATABASE = """\
system: crm
connector: sql
settings: {{url: "{url}"}}
streams:
  customers:
    entity: customer
    table: {schema}.customers
    key: id
    cursor: updated_at
"""
FLAG = "    deleted: deleted\n"
SHOP = """\
system: shop
connector: sql
settings: {url: "sqlite:///shop.sqlite"}
streams:
  customers:
    entity: customer
    table: customers
    key: id
    cursor: updated_at
    deleted: "deleted = 1"
    create: true
    create_when: "loyalty.tier = 'platinum'"
    settings: {new_key: max_plus_one, touch: true}
    fields: {email: email, given_name: first_name, family_name: last_name, phone: phone, loyalty.tier: tier}
"""
SHOP_TABLE = """\
CREATE TABLE customers (id integer PRIMARY KEY, email text, first_name text, last_name text, phone text, tier text,
    updated_at text NOT NULL DEFAULT '2026-01-01 00:00:00', deleted integer NOT NULL DEFAULT 0);
CREATE INDEX by_update ON customers (updated_at, id)
"""
TABLE: LiteralString = """
DROP SCHEMA IF EXISTS {schema} CASCADE;
CREATE SCHEMA {schema};
CREATE TABLE {schema}.customers (id text PRIMARY KEY, email text, phone text, first_name text, last_name text,
    company text, street text, zip text, city text, country text, language text, tier text, points integer,
    updated_at timestamptz NOT NULL DEFAULT now() - interval '1 day', deleted boolean NOT NULL DEFAULT false)
"""
INDEX: LiteralString = (
    "CREATE INDEX ON {schema}.customers (updated_at, id); ANALYZE {schema}.customers"
)
# Spread over the whole table, and never a customer of the second system.
CHANGE: LiteralString = """
UPDATE {schema}.customers SET last_name = 'Changed' || %(round)s, points = points + 1, updated_at = clock_timestamp()
WHERE id IN (SELECT id FROM {schema}.customers WHERE tier <> 'platinum' ORDER BY md5(id) LIMIT %(count)s)
"""


def file_folder(*, folder: str, name: str, path: str) -> dict[str, Any]:
    """Write a workspace of one file."""
    _write(Path(folder), name, {"export": FILE.format(path=path) + FIELDS.format()})
    return {}


def database_folder(folder: Path, *, name: str, url: str, schema: str, is_flagged: bool) -> None:
    """Write a workspace of one database, and a small second system that is written to."""
    import sqlite3

    crm = DATABASE.format(url=url, schema=schema) + (FLAG if is_flagged else "") + FIELDS.format()
    _write(folder, name, {"crm": crm, "shop": SHOP})
    shop = folder / "shop.sqlite"
    shop.unlink(missing_ok=True)
    with sqlite3.connect(shop) as connection:
        connection.executescript(SHOP_TABLE)
    connection.close()


def _write(folder: Path, name: str, systems: dict[str, str]) -> None:
    (folder / "systems").mkdir(parents=True, exist_ok=True)
    (folder / "workspace.yaml").write_text(WORKSPACE.format(name=name), encoding="utf-8")
    for system, text in systems.items():
        (folder / "systems" / f"{system}.yaml").write_text(text, encoding="utf-8")


def fill(
    *, dsn: str, schema: str, path: str, folder: str, name: str, is_flagged: bool
) -> dict[str, Any]:
    """Make the company's database from the file, and the workspace that reads it."""
    names = sql.SQL(", ").join(map(sql.Identifier, ["id", *COLUMNS]))
    place = sql.Identifier(schema)
    with psycopg.connect(dsn) as connection:
        connection.execute(sql.SQL(TABLE).format(schema=place))
        text = sql.SQL("COPY {schema}.customers ({names}) FROM STDIN (FORMAT csv, HEADER)")
        with connection.cursor() as cursor, Path(path).open("rb") as file:
            with cursor.copy(text.format(schema=place, names=names)) as into:
                while chunk := file.read(1 << 20):
                    into.write(chunk)
            rows = cursor.rowcount
        connection.execute(sql.SQL(INDEX).format(schema=place))
    database_folder(Path(folder), name=name, url=dsn, schema=schema, is_flagged=is_flagged)
    return {"rows": rows}


def settle(*, folder: str) -> dict[str, Any]:
    """Make the second system's records a day old, as the first one's are.

    We created them a moment ago, and a sweep shows again what is that young: 5,000 records of a million
    customers, 50 of ten thousand, which nobody changed.
    """
    import sqlite3

    with sqlite3.connect(Path(folder) / "shop.sqlite") as connection:
        connection.execute("UPDATE customers SET updated_at = datetime('now', '-1 day')")
    connection.close()
    return {}


def change(connection: "psycopg.Connection[Any]", schema: str, *, count: int, round_: int) -> float:
    """Change so many customers, as their own software would; return the seconds it took."""
    began = perf_counter()
    text = sql.SQL(CHANGE).format(schema=sql.Identifier(schema))
    connection.execute(text, {"round": round_, "count": count})
    connection.commit()
    return perf_counter() - began
