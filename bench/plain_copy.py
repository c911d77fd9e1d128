"""The floor: PostgreSQL's own COPY of the file into one table with a primary key."""

from pathlib import Path
from time import perf_counter
from typing import Any, LiteralString

import psycopg

__all__ = ["copy", "drop", "settle"]

CHUNK_BYTES = 1 << 20
TABLE: LiteralString = """
DROP TABLE IF EXISTS bench_copy;
CREATE TABLE bench_copy (id text PRIMARY KEY, email text, phone text, first_name text, last_name text,
    company text, street text, zip text, city text, country text, language text, tier text, points integer)
"""


def copy(*, path: str, dsn: str) -> dict[str, Any]:
    """Load the file into a new table."""
    started = perf_counter()
    with psycopg.connect(dsn) as connection:
        connection.execute(TABLE)
        with (
            Path(path).open("rb") as file,
            connection.cursor() as cursor,
            cursor.copy("COPY bench_copy FROM STDIN (FORMAT csv, HEADER)") as into,
        ):
            while chunk := file.read(CHUNK_BYTES):
                into.write(chunk)
        rows = cursor.rowcount
    return {"seconds": perf_counter() - started, "rows": rows}


def drop(*, dsn: str, schemas: list[str]) -> dict[str, Any]:
    """Remove what an earlier measurement left."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bench_copy")
        for schema in schemas:
            name = psycopg.sql.Identifier(schema)
            connection.execute(psycopg.sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
    return settle(dsn=dsn)


def settle(*, dsn: str) -> dict[str, Any]:
    """Let the server finish writing, so that no contender pays for the one before."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    return {}
