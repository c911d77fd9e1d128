"""Who runs commands does not own the tables, and cannot change what is only ever added to."""

import secrets
import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer_sync.infra.pg import Database, migrate, migrations, role_of
from customer_sync.kernel.errors import ConfigurationError, CredentialError
from customer_sync.store.protection import (
    append_only_tables,
    excess,
    owned,
    rights,
    run_time_database,
    unguarded,
)

pytestmark = pytest.mark.pg15

ADDED_TO = append_only_tables()


@pytest.fixture
def user_of(pg_server: str, schema: str) -> Iterator[Callable[..., str]]:
    """Make users of the server: called with a name and attributes, it gives the address of a new one."""
    users: list[str] = []

    def made(label: str, attributes: str = "", *, owns: bool = False) -> str:
        users.append(f"{schema}_{label}")
        named = sql.Identifier(users[-1])
        server.execute(sql.SQL("CREATE ROLE {} LOGIN " + attributes).format(named))
        if owns:
            server.execute(sql.SQL("GRANT CREATE ON DATABASE postgres TO {}").format(named))
        return make_conninfo(pg_server, user=users[-1])

    with psycopg.connect(pg_server, autocommit=True) as server:
        yield made
        server.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        for one in users:
            server.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(one)))
        for one in [role_of(schema, "postgres"), *users]:
            server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(one)))


@pytest.fixture
def schema() -> str:
    return f"roles_{secrets.token_hex(6)}"


@pytest.fixture
def opened(schema: str) -> Iterator[Callable[..., Database]]:
    """Open the workspace as a command does; close it at the end."""
    found: list[Database] = []

    def one(owner_dsn: str, dsn: str | None = None) -> Database:
        owner = Database(owner_dsn, schema)
        found.append(owner)
        applied = migrate(owner)
        db = run_time_database(owner, dsn or owner_dsn, afresh=bool(applied))
        found.append(db)
        return db

    yield one
    for db in found:
        db.close()


def refused(db: Database, statement: str) -> bool:
    """Return whether a statement is refused for want of rights."""
    try:
        with db.transaction() as tx:
            tx.execute(statement)
    except CredentialError:
        return True
    return False


def protection(db: Database) -> tuple[bool, bool, bool]:
    """Return whether the owner is apart, no right is too many, every guard stands."""
    with db.transaction() as tx:
        return not owned(tx), not excess(tx), not unguarded(tx)


# -- what is protected ----------------------------------------------------------------------------


def test_what_must_not_change_is_declared():
    assert {"event", "golden_change", "configuration", "batch"} <= set(ADDED_TO)


@pytest.mark.parametrize("table", ADDED_TO)
def test_what_is_added_to_is_neither_changed_nor_emptied(database: Database, table: str):
    with database.transaction() as tx:
        column = tx.rows(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum = 2",
            [table],
        )[0][0]
    changes = (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
    )

    assert [refused(database, change) for change in changes] == [True] * 3

    owner = Database(database.dsn, database.schema)
    for change in changes:
        with pytest.raises(psycopg.errors.RaiseException, match="only ever added to"):
            with owner.transaction() as tx:
                tx.execute(change)
    owner.close()


@pytest.mark.parametrize("column", ["at", "fields", "cleared", "link", "seen"])
def test_what_a_record_said_stays_as_it_was_said(database: Database, column: str):
    owner = Database(database.dsn, database.schema)
    for db in (database, owner):
        with pytest.raises(psycopg.errors.RaiseException):
            with db.transaction() as tx:
                tx.execute(f"UPDATE claim SET {column} = {column}")
    owner.close()
    with database.transaction() as tx:
        tx.execute("UPDATE claim SET superseded = superseded")


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE event DISABLE TRIGGER append_only",
        "DROP TRIGGER append_only ON event",
        "DROP TABLE event CASCADE",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SET LOCAL session_replication_role = replica",
        "DELETE FROM claim",
        "DELETE FROM customer",
        "TRUNCATE outbound",
        "UPDATE schema_version SET digest = 'x'",
        "SELECT setval('customer_id', 1)",
        "CREATE TABLE mine ()",
    ],
)
def test_guards_and_history_are_out_of_reach(database: Database, statement: str):
    assert refused(database, statement)


def test_every_right_is_the_one_wanted(database: Database):
    with database.transaction() as tx:
        found = rights(tx, database.role or "")

    assert [one for one in found if one.missing or one.excess] == []
    assert len(found) > 25


def test_a_guard_that_was_switched_off_is_noticed(database: Database):
    owner = Database(database.dsn, database.schema)
    with owner.transaction() as tx:
        tx.execute("ALTER TABLE event DISABLE TRIGGER append_only")
        tx.execute("DROP TRIGGER append_only ON batch")
    owner.close()

    with database.transaction() as tx:
        assert sorted(unguarded(tx)) == ["batch", "event"]


# -- how the role comes to be ---------------------------------------------------------------------


def test_an_owner_that_may_make_roles_acts_as_one_that_owns_nothing(user_of, opened):
    db = opened(user_of("maker", "CREATEROLE", owns=True))

    assert db.role is not None
    assert protection(db) == (True, True, True)
    with db.transaction() as tx:
        tx.execute("INSERT INTO customer (given_name) VALUES ('Ann')")


def test_an_owner_that_may_not_make_roles_works_and_the_lack_is_told(user_of, opened):
    db = opened(user_of("plain", owns=True))

    assert db.role is None
    assert protection(db) == (False, True, True)
    with db.transaction() as tx:
        tx.execute("INSERT INTO customer (given_name) VALUES ('Ann')")
    with pytest.raises(psycopg.errors.RaiseException), db.transaction() as tx:
        tx.execute("DELETE FROM event")


def test_a_role_that_an_administrator_made_is_taken_on(user_of, opened, schema, pg_server):
    dsn = user_of("plain", owns=True)
    user = psycopg.conninfo.conninfo_to_dict(dsn)["user"]
    role = role_of(schema, "postgres")
    with psycopg.connect(pg_server, autocommit=True) as server:
        server.execute(f'CREATE ROLE "{role}"'.encode())
        server.execute(f'GRANT "{role}" TO "{user}"'.encode())

    db = opened(dsn)

    assert db.role == role
    assert protection(db) == (True, True, True)


def test_a_user_of_its_own_gets_what_it_needs_and_no_more(user_of, opened):
    owner, worker = user_of("owner", owns=True), user_of("worker")

    db = opened(owner, worker)

    assert db.role is None
    assert protection(db) == (True, True, True)
    alone = opened(worker)  # the owner's address is needed for migrations only
    with alone.transaction() as tx:
        tx.execute("INSERT INTO customer (given_name) VALUES ('Ann')")
    assert refused(alone, "DELETE FROM event")


def test_rights_that_somebody_took_away_or_gave_are_put_right_or_told(user_of, opened, schema):
    owner, worker = user_of("owner", owns=True), user_of("worker")
    opened(owner, worker)
    user = psycopg.conninfo.conninfo_to_dict(worker)["user"]
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"REVOKE INSERT ON {schema}.customer FROM {user}".encode())

    db = opened(owner, worker)

    with db.transaction() as tx:
        tx.execute("INSERT INTO customer (given_name) VALUES ('Ann')")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"GRANT UPDATE ON {schema}.event TO {user}".encode())
    with db.transaction() as tx:
        assert excess(tx) == ["event"]


def test_a_user_that_may_not_migrate_is_refused(user_of, opened):
    user_of("owner", owns=True)

    with pytest.raises(CredentialError):
        opened(user_of("worker"))


def test_two_addresses_of_two_databases_are_refused(user_of, opened):
    owner = user_of("owner", owns=True)
    elsewhere = make_conninfo(user_of("worker"), dbname="template1")

    with pytest.raises(ConfigurationError, match="not of the same database"):
        opened(owner, elsewhere)


def test_many_may_begin_at_once(user_of, opened):
    dsn = user_of("maker", "CREATEROLE", owns=True)
    found: list[Database] = []
    threads = [threading.Thread(target=lambda: found.append(opened(dsn))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({db.role for db in found}) == 1
    assert len(found) == 5


def test_names_of_roles_tell_databases_apart_and_are_never_cut():
    long = [role_of("s" * 60, "production"), role_of("s" * 60, "test")]

    assert role_of("customer_sync_acme", "production") == "customer_sync_acme@production"
    assert len(set(long)) == 2
    assert all(len(name) <= 63 for name in long)


# -- upgrades -------------------------------------------------------------------------------------

SHAPE = """
SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = current_schema()::regnamespace AND a.attnum > 0
UNION ALL SELECT tgrelid::regclass::text, tgname::text, tgenabled::text, true FROM pg_trigger t
JOIN pg_class c ON c.oid = tgrelid WHERE c.relnamespace = current_schema()::regnamespace AND NOT tgisinternal
UNION ALL SELECT proname::text, prosrc, prosecdef::text, true FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
ORDER BY 1, 2
"""  # fmt: skip


@pytest.mark.parametrize("version", range(1, len(migrations())))
def test_an_upgrade_from_every_version_keeps_the_rows_and_comes_to_the_same(
    empty_database: Database, database_of: Callable[[], Database], version: int
):
    migrate(empty_database, upto=version)
    with empty_database.transaction() as tx:
        tx.execute(
            "INSERT INTO batch VALUES (1, 1, 10, 1, 1, now()); INSERT INTO event (batch, kind) VALUES (1, 'x')"
        )
        tx.execute("INSERT INTO customer (given_name) VALUES ('Ann')")

    migrate(empty_database)

    fresh = database_of()
    with empty_database.transaction() as tx, fresh.transaction() as other:
        assert tx.rows(SHAPE) == other.rows(SHAPE)
        assert tx.rows("SELECT kind, batch FROM audit_event") == [("x", 1)]
        assert tx.rows(
            "SELECT given_name, before FROM customer JOIN ledger_edit ON customer = id"
        ) == [("Ann", None)]


@pytest.fixture
def database_of(pg_server: str) -> Iterator[Callable[[], Database]]:
    """Make a second schema, migrated afresh."""
    db = Database(pg_server, f"t_{secrets.token_hex(6)}")

    def made() -> Database:
        migrate(db)
        return db

    yield made
    with db.transaction() as tx:
        tx.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(db.schema)))
    db.close()
