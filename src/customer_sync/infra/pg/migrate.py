"""Bring a schema to the shape the code expects, forward only.

A migration is a numbered file of plain SQL, `NNNN_name.sql`. Each is applied once, in order, in one
transaction with the row that records it, under an advisory lock, so any number of processes may
start at once. What was applied may not be edited afterwards, and a schema that is newer than the
code is left alone: an old worker must not write to tables it does not know.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import cast

from psycopg import sql

from customer_sync.infra.pg.database import Database, Transaction
from customer_sync.kernel.errors import StoreError

__all__ = ["Applied", "Migration", "migrate", "migrations"]

_NAME = re.compile(r"^(\d{4})_(\w+)\.sql$")
_FOLDER = "customer_sync.store"

_RECORD = """
CREATE TABLE IF NOT EXISTS schema_version (
    number integer PRIMARY KEY,
    name text NOT NULL,
    digest text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file of plain SQL."""

    number: int
    name: str
    text: str

    @property
    def digest(self) -> str:
        """What the file said, so that an edit after the fact is noticed."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One migration that this call applied."""

    number: int
    name: str


def migrations(folder: Traversable | None = None) -> list[Migration]:
    """Read the migrations of `folder` (the store's own), in order and without gaps."""
    place = folder or resources.files(_FOLDER).joinpath("migrations")
    found = [
        Migration(number=int(match[1]), name=match[2], text=item.read_text(encoding="utf-8"))
        for item in place.iterdir()
        if (match := _NAME.match(item.name))
    ]
    found.sort(key=lambda migration: migration.number)
    numbers = [migration.number for migration in found]
    assert numbers == list(range(1, len(found) + 1)), f"migrations are not 1..n: {numbers}"
    return found


def migrate(
    db: Database, *, upto: int | None = None, known: Sequence[Migration] | None = None
) -> list[Applied]:
    """Apply what is missing, up to number `upto`, and return what was applied.

    Raises:
        StoreError: The schema is newer than the code, or an applied migration was edited.
        CredentialError: Something is missing, and the user may not change the schema.
    """
    known = migrations() if known is None else known
    wanted = known if upto is None else known[:upto]
    if _is_done(db, wanted, known):
        return []
    applied = []
    for migration in wanted:
        with db.transaction() as tx:
            done = _prepared(tx, db.schema)
            _refuse_foreign(done, known)
            if migration.number not in done:
                _apply(tx, migration)
                applied.append(Applied(number=migration.number, name=migration.name))
    return applied


def _is_done(db: Database, wanted: Sequence[Migration], known: Sequence[Migration]) -> bool:
    """Look whether there is anything to do; looking needs no right to change the schema."""
    with db.transaction() as tx:
        if not tx.rows("SELECT to_regclass('schema_version') IS NOT NULL")[0][0]:
            return False
        done = _digests(tx)
    _refuse_foreign(done, known)
    return all(migration.number in done for migration in wanted)


def _prepared(tx: Transaction, schema: str) -> dict[int, str]:
    """Lock, make the schema and its record, and return the digests by number."""
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"migrate {schema}"])
    tx.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
    tx.execute(_RECORD)
    return _digests(tx)


def _digests(tx: Transaction) -> dict[int, str]:
    rows = tx.rows("SELECT number, digest FROM schema_version")
    return {cast("int", number): cast("str", digest) for number, digest in rows}


def _refuse_foreign(done: dict[int, str], known: Sequence[Migration]) -> None:
    digests = {migration.number: migration.digest for migration in known}
    newer = sorted(set(done) - set(digests))
    if newer:
        raise StoreError(
            f"the database is at version {newer[-1]} and this program knows {len(known)}",
            context={"database": newer[-1], "program": len(known)},
            hint="run the newer program; there is no way back",
        )
    edited = sorted(number for number, digest in done.items() if digests[number] != digest)
    if edited:
        raise StoreError(
            f"migration {edited[0]:04d} was edited after it had been applied",
            context={"numbers": edited},
            hint="put the file back as it was and add a new one",
        )


def _apply(tx: Transaction, migration: Migration) -> None:
    # Without parameters the whole file goes as one message, semicolons in bodies and all.
    tx.execute(migration.text)
    tx.execute(
        "INSERT INTO schema_version (number, name, digest) VALUES (%s, %s, %s)",
        [migration.number, migration.name, migration.digest],
    )
