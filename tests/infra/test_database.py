"""Transactions, staging, savepoints and what a caller is told when the database fails."""

import os
import threading

import polars as pl
import psycopg
import pytest
from psycopg import sql

from customer_sync.infra.pg import Database
from customer_sync.kernel.errors import (
    ConfigurationError,
    CredentialError,
    DoubtfulError,
    StoreConflictError,
    StoreError,
    SystemDownError,
)

ONE = pl.DataFrame({"n": [1]})
MANY = pl.DataFrame({"n": range(1_000)})


def kill(victim: Database, pid: int) -> None:
    killer = Database(victim.dsn, "public")
    with killer.transaction() as tx:
        tx.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    killer.close()


@pytest.fixture
def counted(empty_database):
    with empty_database.transaction() as tx:
        tx.execute("CREATE TABLE counted (n bigint PRIMARY KEY, note text)")
    return empty_database


def count(database: Database) -> int:
    with database.transaction() as tx:
        return tx.rows("SELECT count(*) FROM counted")[0][0]


@pytest.mark.pg15
def test_a_transaction_speaks_to_the_schema_and_in_utc(counted):
    with counted.transaction() as tx:
        assert tx.rows("SELECT current_schema(), current_setting('timezone')") == [
            (counted.schema, "UTC")
        ]


def test_what_raises_is_rolled_back(counted):
    with pytest.raises(ZeroDivisionError), counted.transaction() as tx:
        tx.copy_in("counted", ONE)
        1 / 0  # noqa: B018

    assert count(counted) == 0


def test_what_is_discarded_is_rolled_back(counted):
    with counted.transaction() as tx:
        assert tx.copy_in("counted", ONE) == 1
        tx.discard()

    assert count(counted) == 0


def test_one_connection_serves_transactions_in_turn(counted):
    pids = set()
    for _ in range(3):
        with counted.transaction() as tx:
            pids.add(tx.rows("SELECT pg_backend_pid()")[0][0])

    assert len(pids) == 1


def test_threads_may_share_a_database(counted):
    def insert(n):
        with counted.transaction() as tx:
            tx.execute("INSERT INTO counted VALUES (%s)", [n])

    threads = [threading.Thread(target=insert, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert count(counted) == 8


def test_a_forked_child_leaves_its_parents_connection_alone(counted):
    count(counted)
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if count(counted) == 0 else 1)
        except BaseException:
            os._exit(2)

    assert os.waitpid(child, 0)[1] == 0
    assert count(counted) == 0


@pytest.mark.pg15
def test_copying_names_its_columns(counted):
    with counted.transaction() as tx:
        tx.copy_in("counted", pl.DataFrame({"note": ["", None], "n": [1, 2]}))

        assert tx.rows("SELECT * FROM counted ORDER BY n") == [(1, ""), (2, None)]


@pytest.mark.pg15
def test_staging_again_replaces(empty_database):
    with empty_database.transaction() as tx:
        for frame in (
            ONE,
            MANY,
            pl.DataFrame({"n": [2, 3]}),
            MANY.head(500),
            ONE.clear(),
            MANY,
            pl.DataFrame({"other": ["x"]}),
        ):
            tx.stage("there", frame, analyze=True)
            assert tx.rows("SELECT * FROM there") == frame.rows()


@pytest.mark.pg15
@pytest.mark.parametrize("frame", [ONE, MANY])
def test_what_is_staged_is_gone_after_the_transaction(counted, frame):
    with counted.transaction() as tx:
        tx.stage("there", frame)
        tx.execute("INSERT INTO counted (n) SELECT n FROM there")

    with counted.transaction() as tx:
        is_made = tx.rows("SELECT to_regclass('pg_temp.there') IS NOT NULL")[0][0]
        left = tx.rows("SELECT count(*) FROM pg_temp.there")[0][0] if is_made else 0
    assert left == 0
    assert count(counted) == frame.height


@pytest.mark.pg15
@pytest.mark.parametrize("frame", [ONE, MANY])
def test_statements_of_every_kind_use_what_is_staged(counted, frame):
    with counted.transaction() as tx:
        tx.stage("there", frame)
        tx.execute("INSERT INTO counted (n, note) SELECT n, %s FROM there", ["100 %"])
        tx.execute(
            "UPDATE counted c SET note = %(note)s FROM there t WHERE c.n = t.n", {"note": "b"}
        )
        tx.execute(
            "-- a comment\nWITH gone AS (DELETE FROM counted c USING there t WHERE c.n = t.n RETURNING 1)"
            " INSERT INTO counted SELECT -count(*), '100 %' FROM gone"
        )
        left = tx.frame(
            "SELECT n, note FROM counted WHERE note LIKE '100 %' OR n IN (SELECT n FROM there)",
            schema={"n": pl.Int64, "note": pl.String},
        )

    assert left.rows() == [(-frame.height, "100 %")]


def test_words_that_only_look_like_what_is_staged_mean_what_they_mean(counted):
    with counted.transaction() as tx:
        tx.stage("note", ONE)
        tx.execute("INSERT INTO counted (n, note) VALUES (1, 'note')")

        assert tx.rows("SELECT note FROM counted") == [("note",)]


@pytest.mark.parametrize("frame", [ONE, MANY])
def test_staging_is_right_after_a_transaction_that_was_rolled_back(counted, frame):
    with counted.transaction() as tx:
        tx.stage("there", frame)
        tx.discard()

    with counted.transaction() as tx:
        tx.stage("there", frame)
        assert tx.rows("SELECT n FROM there") == frame.rows()


@pytest.mark.parametrize("frame", [ONE, MANY])
def test_staging_is_right_after_a_savepoint_took_it_back(counted, frame):
    with counted.transaction() as tx:
        with pytest.raises(psycopg.errors.UniqueViolation), tx.savepoint():
            tx.stage("there", frame)
            tx.execute("INSERT INTO counted VALUES (1), (1)")
        tx.stage("there", frame)

        assert tx.rows("SELECT n FROM there") == frame.rows()


def test_a_savepoint_takes_back_only_itself(counted):
    with counted.transaction() as tx:
        tx.execute("INSERT INTO counted VALUES (1)")
        with pytest.raises(psycopg.errors.UniqueViolation), tx.savepoint():
            tx.execute("INSERT INTO counted VALUES (2)")
            tx.execute("INSERT INTO counted VALUES (1)")

    assert count(counted) == 1


def test_an_error_swallowed_outside_a_savepoint_is_a_bug(counted):
    with pytest.raises(AssertionError, match="outside a savepoint"), counted.transaction() as tx:
        with pytest.raises(psycopg.errors.UniqueViolation):
            tx.execute("INSERT INTO counted VALUES (1), (1)")

    assert count(counted) == 0


def test_a_connection_lost_while_idle_is_replaced_unseen(counted):
    with counted.transaction() as tx:
        pid = tx.rows("SELECT pg_backend_pid()")[0][0]
    kill(counted, pid)

    assert count(counted) == 0


def test_a_connection_lost_at_work_can_be_retried(counted):
    with pytest.raises(SystemDownError), counted.transaction() as tx:
        kill(counted, tx.rows("SELECT pg_backend_pid()")[0][0])
        tx.copy_in("counted", ONE)

    assert count(counted) == 0


def test_a_connection_lost_in_the_commit_is_doubtful(counted):
    with pytest.raises(DoubtfulError), counted.transaction() as tx:
        kill(counted, tx.rows("SELECT pg_backend_pid()")[0][0])


def test_a_lock_not_granted_is_a_conflict(counted):
    with counted.transaction() as tx:
        tx.execute("LOCK TABLE counted")
        with pytest.raises(StoreConflictError), counted.transaction() as other:
            other.execute("LOCK TABLE counted NOWAIT")


def test_a_serialisation_failure_is_a_conflict(counted):
    with counted.transaction() as tx:
        tx.execute("INSERT INTO counted VALUES (1)")

    with pytest.raises(StoreConflictError), counted.transaction(snapshot=True) as tx:
        tx.rows("SELECT 1 FROM counted")
        with counted.transaction() as other:
            other.execute("UPDATE counted SET note = 'first'")
        tx.execute("UPDATE counted SET note = 'second'")


@pytest.mark.parametrize("address", ["hello", "host='s3cret"])
def test_an_address_that_cannot_be_read_is_told_and_never_quoted(address):
    with pytest.raises(ConfigurationError, match="cannot be read") as raised:
        with Database(address, "customer_sync").transaction():
            pass
    assert "postgresql://user:password@host" in (raised.value.hint or "")
    assert "s3cret" not in str(raised.value)


def test_nobody_there_is_a_system_down():
    with (
        pytest.raises(SystemDownError),
        Database("postgresql://x@127.0.0.1:1/x", "s").transaction(),
    ):
        pass


def test_an_unknown_user_is_a_credential_error(pg_dsn):
    dsn = pg_dsn.replace("postgres@", "nobody_here@")
    with pytest.raises(CredentialError), Database(dsn, "s").transaction():
        pass


def test_an_unknown_database_is_a_store_error(pg_dsn):
    dsn = pg_dsn.replace("/postgres?", "/nothing_here?")
    with pytest.raises(StoreError), Database(dsn, "s").transaction():
        pass


def test_no_value_of_a_row_reaches_a_translated_message(counted):
    with pytest.raises(CredentialError) as told, counted.transaction() as tx:
        tx.execute("SET LOCAL ROLE pg_read_all_stats")
        table = sql.Identifier(counted.schema, "counted")
        tx.execute(sql.SQL("INSERT INTO {} VALUES (1, 'secret@example.com')").format(table))

    assert "secret@" not in str(told.value)


def test_awkward_schema_names_are_quoted(pg_dsn):
    database = Database(pg_dsn, 'Odd "name"; x')
    with database.transaction() as tx:
        tx.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(database.schema)))
        tx.execute("CREATE TABLE t (n bigint)")
        tx.copy_in("t", ONE)

        assert tx.rows("SELECT schemaname FROM pg_tables WHERE tablename = 't'") == [
            (database.schema,)
        ]
        tx.discard()
    database.close()
