"""What the role that commands act as may do, and whether that protects what must never change.

Decides the rights: to read everything; to add; to change what is not declared append-only; to take
rows out of what is transient. Promises that a table a migration declares by `CALL append_only(...)`
is neither changed nor emptied by that role. Must not know how the role comes to be.
"""

import re
from collections.abc import Sequence
from typing import Any, cast

from customer_sync.infra.pg import Database, Right, Transaction, load, migrations, run_time
from customer_sync.kernel.errors import ConfigurationError

__all__ = [
    "append_only_tables", "excess", "owned", "rights", "run_time_database", "unguarded",
]  # fmt: skip

STATEMENTS = load(__file__)

# What comes and goes. Every other table keeps its rows.
LOSING_ROWS = [
    "candidate_key", "given", "inbox", "ledger_edit", "match_key", "outbound", "plan_customer", "plan_patch",
    "plan_record", "profile", "profiled", "restoration", "schedule_due", "term",
]  # fmt: skip
# What only triggers write, with the rights of the owner.
KEPT_BY_TRIGGERS = ["balance", "seal"]
# Views through which rows are locked, which PostgreSQL counts as changing them.
LOCKED_THROUGH = ["ripe_outbound"]
_DECLARED = re.compile(r"^CALL append_only\('(\w+)'\);", re.MULTILINE)


def run_time_database(owner: Database, dsn: str, *, afresh: bool) -> Database:
    """Return the database as who runs commands: not the owner, wherever that can be had.

    Args:
        owner: Speaks as the owner of a schema that is up to date.
        dsn: Where commands log in; the owner's own address, or that of another user.
        afresh: Tables changed, so give every right anew.

    Raises:
        ConfigurationError: The two addresses are not of the same database.
    """
    login = owner if owner.dsn == dsn else Database(dsn, owner.schema)
    with login.transaction() as tx:
        user, is_owner = cast(
            "tuple[str, bool | None]", tx.rows(STATEMENTS["who"], [owner.schema])[0]
        )
    if is_owner is None:
        login.close()
        raise ConfigurationError(
            "the owner's address and the other one are not of the same database",
            hint="set CUSTOMER_SYNC_OWNER_URL and CUSTOMER_SYNC_DATABASE_URL to one database",
        )
    if is_owner:
        role = run_time(login, rights, afresh=afresh)
        login.close()
        return Database(dsn, owner.schema, role=role)
    if login is not owner:
        run_time(owner, rights, user=user, afresh=afresh)
    return login


def rights(tx: Transaction, role: str) -> Sequence[Right]:
    """Return what a role should be able to do, and what it can."""
    params = {
        "role": role,
        "losing": LOSING_ROWS,
        "locked": LOCKED_THROUGH,
        "kept": KEPT_BY_TRIGGERS,
    }
    rows: Any = tx.rows(STATEMENTS["rights"], params)
    return [
        Right(relation=name, is_sequence=is_sequence, wanted=tuple(wanted), held=tuple(held))
        for name, is_sequence, wanted, held in rows
    ]


def append_only_tables() -> list[str]:
    """Return the tables that migrations declare as only ever added to."""
    return sorted(name for one in migrations() for name in _DECLARED.findall(one.text))


def unguarded(tx: Transaction) -> list[str]:
    """Return tables whose guard against change is missing or switched off."""
    rows = tx.rows(STATEMENTS["unguarded"], [append_only_tables()])
    return cast("list[str]", [row[0] for row in rows])


def owned(tx: Transaction) -> list[str]:
    """Return the tables that who runs commands owns: their guards could be switched off."""
    return cast("list[str]", [row[0] for row in tx.rows(STATEMENTS["owned"])])


def excess(tx: Transaction) -> list[str]:
    """Return what who runs commands, being no owner, could nevertheless do more than it needs with."""
    if owned(tx):
        return []
    who = cast("str", tx.rows(STATEMENTS["who"], [None])[0][0])
    return [one.relation for one in rights(tx, who) if one.excess]
