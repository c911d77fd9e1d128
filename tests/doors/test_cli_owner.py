"""The owner apart: two addresses at the command line, and what is said when something lacks."""

import secrets
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo


@pytest.fixture
def addresses(pg_dsn: str) -> Iterator[tuple[str, str]]:
    """The addresses of an owner and of somebody who may nothing, in a database of their own."""
    name = f"owner_{secrets.token_hex(6)}"
    owner, worker = f"{name}_owner", f"{name}_worker"
    with psycopg.connect(pg_dsn, autocommit=True) as server:
        for role in (owner, worker):
            server.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        database = sql.Identifier(name)
        server.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(database, sql.Identifier(owner))
        )
        yield (
            make_conninfo(pg_dsn, dbname=name, user=owner),
            make_conninfo(pg_dsn, dbname=name, user=worker),
        )
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
        for role in (owner, worker):
            server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_commands_work_as_a_user_that_owns_nothing(desk, addresses, monkeypatch):
    owner, worker = addresses
    monkeypatch.setenv("CUSTOMER_SYNC_DATABASE_URL", worker)
    refused = desk.run("sync")
    monkeypatch.setenv("CUSTOMER_SYNC_OWNER_URL", owner)
    first = desk.run("sync")
    monkeypatch.delenv("CUSTOMER_SYNC_OWNER_URL")

    for command in (["sync"], ["verify"], ["plan"], ["undo", "1"], ["sync"]):
        ran = desk.run(*command)
        assert ran.code in {0, 3}, (command, ran.err)
    found = {one["name"]: one for one in desk.run("doctor", "--json").json["findings"]}

    assert refused.code == 1
    assert "set CUSTOMER_SYNC_OWNER_URL" in refused.err
    assert first.code == 0
    assert found["owner_is_apart"]["count"] == 0
    assert [one for one in found.values() if not one["ok"]] == []


def test_one_that_owns_and_may_make_no_role_works_and_is_told(desk, addresses, monkeypatch):
    monkeypatch.setenv("CUSTOMER_SYNC_DATABASE_URL", addresses[0])

    synced, ran = desk.run("sync"), desk.run("doctor")

    assert (synced.code, ran.code) == (0, 0)
    assert "owner_is_apart: Missing: the configured user owns the tables" in ran.out


def test_an_owners_address_alone_is_refused(desk, monkeypatch):
    monkeypatch.setenv("CUSTOMER_SYNC_OWNER_URL", "postgresql://owner@/db")
    monkeypatch.delenv("CUSTOMER_SYNC_DATABASE_URL")

    ran = desk.run("status")

    assert ran.code == 1
    assert "CUSTOMER_SYNC_DATABASE_URL is not" in ran.err
