"""Ctrl-C is heard wherever a statement waits, and leaves a database that can be used."""

import os
import signal
import threading
import time

import polars as pl
import psycopg
import pytest


def interrupted_soon():
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    return time.monotonic()


def locks_waited_for(database):
    with database.transaction() as tx:
        # Other tests wait on this server too: what counts is who waits for this table.
        table = f'"{database.schema}".asked'
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
        return tx.rows(waiting, [table])[0][0]


def test_reading_a_frame_that_waits_for_a_lock_is_interrupted(empty_database):
    with empty_database.transaction() as tx:
        tx.execute("CREATE TABLE asked (x integer)")
    with psycopg.connect(empty_database.dsn) as blocker:
        blocker.execute(f'LOCK TABLE "{empty_database.schema}".asked IN ACCESS EXCLUSIVE MODE')
        begun = interrupted_soon()
        with pytest.raises(KeyboardInterrupt), empty_database.transaction() as tx:
            tx.frame("SELECT x FROM asked", schema={"x": pl.Int32})

        assert time.monotonic() - begun < 4
        assert locks_waited_for(empty_database) == 0


def test_reading_a_frame_that_comes_slowly_is_interrupted(empty_database):
    begun = interrupted_soon()
    with pytest.raises(KeyboardInterrupt), empty_database.transaction() as tx:
        tx.frame(
            "SELECT n, pg_sleep(3) FROM generate_series(1, 3) n",
            schema={"n": pl.Int32, "s": pl.String},
        )

    assert time.monotonic() - begun < 4
    with empty_database.transaction() as tx:
        assert tx.frame("SELECT 1", schema={"n": pl.Int32}).rows() == [(1,)]


def test_an_error_after_some_rows_is_told_and_the_connection_goes_on(empty_database):
    with pytest.raises(psycopg.errors.DivisionByZero), empty_database.transaction() as tx:
        tx.frame("SELECT 1 / (50000 - n) FROM generate_series(1, 60000) n", schema={"n": pl.Int32})

    with empty_database.transaction() as tx:
        assert tx.frame("SELECT 1", schema={"n": pl.Int32}).rows() == [(1,)]
