"""Migrations run once, in order, under a lock, and never backwards."""

import threading
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from customer_sync.infra.pg import Database, Migration, migrate, migrations
from customer_sync.kernel.errors import StoreError

pytestmark = pytest.mark.pg15

KNOWN = [
    Migration(number=1, name="first", text="CREATE TABLE a (n int); INSERT INTO a VALUES (1);"),
    Migration(number=2, name="second", text="DO $$ BEGIN UPDATE a SET n = n + 1; END $$;"),
]


def value(database: Database) -> int:
    with database.transaction() as tx:
        return tx.rows("SELECT n FROM a")[0][0]


def test_each_is_applied_once_and_in_order(empty_database):
    assert [applied.name for applied in migrate(empty_database, known=KNOWN)] == ["first", "second"]
    assert migrate(empty_database, known=KNOWN) == []
    assert value(empty_database) == 2


def test_one_may_stop_half_way_and_go_on(empty_database):
    migrate(empty_database, upto=1, known=KNOWN)
    assert value(empty_database) == 1

    assert [applied.number for applied in migrate(empty_database, known=KNOWN)] == [2]


def test_a_schema_that_is_missing_is_made(pg_server):
    database = Database(pg_server, "made_by_migrate")

    migrate(database, known=KNOWN)

    assert value(database) == 2
    with database.transaction() as tx:
        tx.execute("DROP SCHEMA made_by_migrate CASCADE")
    database.close()


def test_a_failing_migration_leaves_nothing(empty_database):
    broken = [*KNOWN, Migration(number=3, name="broken", text="CREATE TABLE b (); SELECT 1/0;")]

    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty_database, known=broken)

    with empty_database.transaction() as tx:
        assert tx.rows("SELECT max(number), to_regclass('b') FROM schema_version") == [(2, None)]


def test_a_newer_database_is_refused(empty_database):
    migrate(empty_database, known=KNOWN)

    with pytest.raises(StoreError, match="version 2"):
        migrate(empty_database, known=KNOWN[:1])


def test_an_edited_migration_is_refused(empty_database):
    migrate(empty_database, known=KNOWN)

    with pytest.raises(StoreError, match="0001 was edited"):
        migrate(empty_database, known=[replace(KNOWN[0], text="SELECT 1"), KNOWN[1]])


def test_many_may_migrate_at_once(empty_database):
    done = []
    threads = [
        threading.Thread(target=lambda: done.extend(migrate(empty_database, known=KNOWN)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(applied.number for applied in done) == [1, 2]
    assert value(empty_database) == 2


def test_files_are_read_in_order_and_without_gaps(tmp_path: Path):
    (tmp_path / "0002_b.sql").write_text("SELECT 2")
    (tmp_path / "0001_a.sql").write_text("SELECT 1")
    (tmp_path / "README.md").write_text("not one")

    assert [(m.number, m.name) for m in migrations(tmp_path)] == [(1, "a"), (2, "b")]
    (tmp_path / "0004_d.sql").write_text("SELECT 4")
    with pytest.raises(AssertionError, match=r"not 1\.\.n"):
        migrations(tmp_path)
