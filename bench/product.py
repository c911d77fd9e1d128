"""What is measured of Customer Sync: the path of `customer-sync publish` and `customer-sync sync`, unchanged."""

import os
import resource
import sqlite3
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from psycopg import sql

from bench import company
from bench.spans import Spans
from customer_sync.app import Workspace, open_workspace
from customer_sync.engine.session import silent
from customer_sync.engine.sync import sync
from customer_sync.store.ownership import schema_name

__all__ = ["changes", "load", "singles", "tables"]

PEAK_SCALE = 1 if sys.platform == "darwin" else 1024
SIZES = """
SELECT c.relname, pg_table_size(c.oid), pg_indexes_size(c.oid)
FROM pg_class c WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' ORDER BY 2 DESC
"""


@contextmanager
def _open(folder: str, dsn: str) -> Iterator[Workspace]:
    with open_workspace(Path(folder), {**os.environ, "CUSTOMER_SYNC_DATABASE_URL": dsn}) as opened:
        yield opened


def _sync(
    opened: Workspace, progress: Any = silent, *, whole: bool = False
) -> tuple[float, dict[str, int]]:
    with opened.session("sync", progress) as session:
        began = perf_counter()
        done = sync(session, whole=whole)
        took = perf_counter() - began
        if done.failures:
            title, error = done.failures[0]
            raise RuntimeError(f"{title}: {error.code}: {error.message}")
        return took, dict(session.counts)


def load(*, folder: str, dsn: str, whole: bool = False) -> dict[str, Any]:
    """Publish the folder when it changed, and sync: a first load, or the same again."""
    spans = Spans()
    spans.attach()
    peaks: list[tuple[int, int]] = []

    def progress(_title: str, rows: int, _total: int | None) -> None:
        peaks.append((rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_SCALE))

    began = perf_counter()
    with _open(folder, dsn) as opened:
        opened.publish_changed()
        _, counts = _sync(opened, progress, whole=whole)
    seconds = perf_counter() - began
    quarter = [peak for rows, peak in peaks if rows * 4 >= counts.get("read", 0)]
    return {
        "seconds": seconds,
        "counts": counts,
        "spans": dict(spans.seconds),
        "peak_quarter_bytes": quarter[0] if quarter else None,
    }


def changes(*, folder: str, dsn: str, schema: str, count: int, round_: int) -> dict[str, Any]:
    """Sync with nothing to do; change some customers in their database; sync again."""
    with _open(folder, dsn) as opened, psycopg.connect(dsn) as connection:
        idle, _ = _sync(opened)
        idle_again, _ = _sync(opened)
        company.change(connection, schema, count=count, round_=round_)
        seconds, counts = _sync(opened)
    if counts.get("changed") != count:
        raise RuntimeError(f"{counts.get('changed')} customers changed instead of {count}")
    return {"seconds": seconds, "idle_s": min(idle, idle_again), "counts": counts}


def singles(*, folder: str, dsn: str, schema: str, count: int) -> dict[str, Any]:
    """Change one customer at a time, and sync until the second system shows it."""
    text = sql.SQL(
        "UPDATE {}.customers SET last_name = %s, updated_at = clock_timestamp() WHERE id = %s"
    ).format(sql.Identifier(schema))
    wanted = sql.SQL(
        "SELECT id, email FROM {}.customers WHERE tier = 'platinum' ORDER BY id LIMIT %s"
    )
    took: list[float] = []
    with _open(folder, dsn) as opened, psycopg.connect(dsn, autocommit=True) as connection:
        _sync(opened)
        chosen = connection.execute(wanted.format(sql.Identifier(schema)), [count + 1]).fetchall()
        for number, (key, email) in enumerate(chosen):
            name = f"Single{number}"
            connection.execute(text, [name, key])
            seconds, _ = _sync(opened)
            took.append(seconds)
            _require_shown(Path(folder) / "shop.sqlite", email, name)
    took = took[1:]  # the first makes the staging tables
    return {"seconds": took, "p50_s": statistics.median(took), "p95_s": _percentile(took, 95)}


def _require_shown(shop: Path, email: str, name: str) -> None:
    connection = sqlite3.connect(shop)
    shown = connection.execute(
        "SELECT last_name FROM customers WHERE email = ?", [email]
    ).fetchall()
    connection.close()
    if shown != [(name,)]:
        raise RuntimeError("the second system does not show what was changed")


def _percentile(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def tables(*, dsn: str, name: str) -> dict[str, Any]:
    """Return rows and bytes of each table of a workspace."""
    schema = schema_name(name)
    found: dict[str, Any] = {}
    with psycopg.connect(dsn) as connection:
        for table, heap, indexes in connection.execute(SIZES, [schema]).fetchall():
            place = sql.Identifier(schema, table)
            counted = connection.execute(
                sql.SQL("SELECT count(*) FROM {}").format(place)
            ).fetchone()
            assert counted is not None
            found[table] = {"rows": counted[0], "heap_bytes": heap, "index_bytes": indexes}
    return {"tables": found}
