"""Whose schema it is: a workspace never writes into tables of another, or of another program."""

import hashlib
from typing import cast

from customer_sync.infra.pg import Database, load
from customer_sync.kernel.errors import StoreError

__all__ = ["claim", "refuse_foreign", "schema_name"]

STATEMENTS = load(__file__)
NAME_LENGTH_MAX = 63  # PostgreSQL cuts longer names without a word
PREFIX = "customer_sync_"


def schema_name(workspace: str) -> str:
    """Return the schema of a workspace: its name, marked as ours."""
    name = PREFIX + workspace
    if len(name) <= NAME_LENGTH_MAX:
        return name
    digest = hashlib.sha256(workspace.encode()).hexdigest()[:8]
    return f"{name[: NAME_LENGTH_MAX - 9]}_{digest}"


def refuse_foreign(db: Database) -> None:
    """Check, before anything is made, that no other program's tables are in the schema.

    Raises:
        StoreError: There are.
    """
    with db.transaction() as tx:
        rows = tx.rows(STATEMENTS["is_foreign"], [db.schema])
    if rows and rows[0][0]:
        raise StoreError(
            f"the schema {db.schema} holds tables of another program",
            context={"schema": db.schema},
            hint="use another database, or give the workspace another name",
        )


def claim(db: Database, workspace: str) -> None:
    """Make the schema this workspace's, once.

    Raises:
        StoreError: It is another workspace's.
    """
    with db.transaction() as tx:
        tx.execute(STATEMENTS["claim"], [workspace])
        owner = cast("str", tx.rows(STATEMENTS["owner"])[0][0])
    if owner != workspace:
        raise StoreError(
            f"the schema {db.schema} belongs to the workspace {owner}",
            context={"schema": db.schema, "owner": owner},
            hint="use another database, or give the workspace another name",
        )
