"""The role that commands act as: not the owner of the tables, and with the rights it needs.

Decides how that role comes to be. The owner migrates; everything else is done either by a user of
its own (two addresses), or by a role that each transaction of the owner's connection changes to.
Promises to make nothing where the owner may not: then there is no such role, and `None` says so.
Must not know what the tables mean: which rights are needed is handed in.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import LiteralString, cast

from psycopg import sql

from customer_sync.infra.pg.database import Database, Transaction
from customer_sync.kernel.errors import ConfigurationError

__all__ = ["Right", "role_of", "run_time"]

NAME_BYTES_MAX = 63  # PostgreSQL cuts longer names without a word

# What the owner may do about a role: it is there and may be taken on, or it may be made.
_STANDING = """
SELECT me.rolsuper OR me.rolcreaterole, r.oid IS NOT NULL, r.oid IS NOT NULL AND pg_has_role(
    r.oid, CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END)
FROM pg_roles me LEFT JOIN pg_roles r ON r.rolname = %s WHERE me.rolname = current_user
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What the role should be able to do with a table or a sequence, and what it can."""

    relation: str
    is_sequence: bool
    wanted: tuple[LiteralString, ...]
    held: tuple[LiteralString, ...]

    @property
    def missing(self) -> set[str]:
        """What it should be able to do and cannot."""
        return set(self.wanted) - set(self.held)

    @property
    def excess(self) -> set[str]:
        """What it can do and should not."""
        return set(self.held) - set(self.wanted)


Rights = Callable[[Transaction, str], Sequence[Right]]


def role_of(schema: str, database: str) -> str:
    """Return the role's name: roles are shared by all databases of a server, so it names both."""
    name = f"{schema}@{database}"
    if len(name.encode()) <= NAME_BYTES_MAX:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name.encode()[: NAME_BYTES_MAX - 9].decode(errors='ignore')}_{digest}"


def run_time(
    owner: Database, rights: Rights, *, user: str | None = None, afresh: bool = False
) -> str | None:
    """Return the role to act as, made and given its rights where they lack.

    Args:
        owner: Speaks as the owner of the schema.
        rights: Says what the role should be able to do.
        user: Who logs in to run commands, when that is not the owner: that user is the role.
        afresh: Give every right anew, for tables may have changed.

    Returns:
        None when the owner may neither make the role nor take it on.

    Raises:
        ConfigurationError: The user is not known where the owner is.
    """
    with owner.transaction() as tx:
        role = user or role_of(owner.schema, _database(tx))
        may_make, is_there, may_take_on = cast(
            "tuple[bool, bool, bool]", tx.rows(_STANDING, [role])[0]
        )
        if user is None and not (may_take_on or may_make):
            return None
        if user is not None and not is_there:
            raise ConfigurationError(
                "the owner's address and the other one are not of the same server",
                hint="set CUSTOMER_SYNC_OWNER_URL and CUSTOMER_SYNC_DATABASE_URL to one database",
            )
        complete = is_there and (user is not None or may_take_on) and _is_complete(tx, role, rights)
    if afresh or not complete:
        with owner.transaction() as tx:
            # Two who grant at once get in each other's way in the catalogue, of another schema too: the
            # rights on the database, and the owner's memberships, are rows that they share.
            tx.execute(_LOCK, ["customer_sync roles"])
            if user is None:
                _take_on(tx, role)
            _grant(tx, owner.schema, role, rights(tx, role))
    return role


def _database(tx: Transaction) -> str:
    return str(tx.rows("SELECT current_database()")[0][0])


def _is_complete(tx: Transaction, role: str, rights: Rights) -> bool:
    usage = "SELECT has_schema_privilege(%s, current_schema(), 'USAGE')"
    return bool(tx.rows(usage, [role])[0][0]) and not any(one.missing for one in rights(tx, role))


def _take_on(tx: Transaction, role: str) -> None:
    _, is_there, may_take_on = tx.rows(_STANDING, [role])[0]
    named = sql.Identifier(role)
    if not is_there:
        tx.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(named))
        may_take_on = False
    # A superuser needs no membership; PostgreSQL 16 does not give it to who made the role.
    if not may_take_on:
        tx.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(named))


def _grant(tx: Transaction, schema: str, role: str, rights: Sequence[Right]) -> None:
    where, who = sql.Identifier(schema), sql.Identifier(role)
    tx.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}").format(where, who))
    tx.execute(sql.SQL("REVOKE ALL ON ALL SEQUENCES IN SCHEMA {} FROM {}").format(where, who))
    tx.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(where, who))
    if not tx.rows("SELECT has_database_privilege(%s, current_database(), 'TEMP')", [role])[0][0]:
        grant = sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}")
        tx.execute(grant.format(sql.Identifier(_database(tx)), who))
    for right in rights:
        privileges = sql.SQL(", ".join(right.wanted))
        kind = sql.SQL("SEQUENCE" if right.is_sequence else "TABLE")
        named = sql.Identifier(schema, right.relation)
        if right.wanted:
            tx.execute(sql.SQL("GRANT {} ON {} {} TO {}").format(privileges, kind, named, who))
