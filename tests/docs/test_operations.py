"""What docs/operations.md grants an accountant is enough, and no more than it says."""

import re
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer_sync.infra.pg import Database, migrate

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
SCHEMA = "customer_sync_my_company"


@pytest.fixture
def own_database(pg_dsn: str) -> Iterator[str]:
    """A database of one's own, and a role in it: the page says what the schema is called."""
    name = f"docs_{token_hex(6)}"
    named = sql.Identifier(name)
    with psycopg.connect(pg_dsn, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(named))
        server.execute(sql.SQL("CREATE ROLE {}").format(named))
        yield make_conninfo(pg_dsn, dbname=name)
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(named))
        server.execute(sql.SQL("DROP ROLE {}").format(named))


def grants(role: str) -> list[str]:
    (block,) = re.findall(r"^```sql\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [line.replace("accountant", role) for line in block.splitlines() if line]


def test_an_accountant_may_add_and_change_customers_and_nothing_else(own_database: str):
    db = Database(own_database, SCHEMA)
    migrate(db)
    with psycopg.connect(own_database) as connection:
        role = connection.info.dbname
        for grant in grants(role):
            connection.execute(grant.encode())
        connection.execute(f"SET ROLE {role}".encode())
        connection.execute(f"SET search_path TO {SCHEMA}".encode())

        connection.execute("INSERT INTO customer (given_name) VALUES ('Ann')")
        connection.execute("UPDATE customer SET family_name = 'Lee'")

        rows = connection.execute("SELECT given_name, family_name FROM customer").fetchall()
        assert rows == [("Ann", "Lee")]
        for forbidden in (
            "DELETE FROM customer",
            "SELECT 1 FROM claim",
            "DELETE FROM ledger_edit",
            "INSERT INTO ledger_edit (customer) VALUES (9)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(forbidden.encode())
    with db.transaction() as tx:
        assert tx.rows("SELECT count(*), min(by) FROM ledger_edit") == [(1, "postgres")]
    db.close()
