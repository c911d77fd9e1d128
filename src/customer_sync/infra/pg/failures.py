"""Say what a caller should do about what psycopg raised.

Only what an operator or a retry can put right is translated. What remains (a constraint broken, a
syntax error) is a bug of ours and is left as psycopg raised it. No message of PostgreSQL is copied
into ours, because it may quote a row; the SQLSTATE says as much.
"""

import re

import psycopg

from customer_sync.kernel.errors import (
    CredentialError,
    CustomerSyncError,
    StoreConflictError,
    StoreError,
    SystemDownError,
)

# Classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html
_CONFLICTS = {"40001", "40P01", "55P03"}
_DOWN = {"57P01", "57P02", "57P03", "57P05", "53300", "25P03", "57014"}
_CREDENTIALS = {"28000", "28P01", "42501"}
_UNUSABLE_CLASSES = {"53", "58", "XX", "F0"}
_UNUSABLE = {"3D000", "25006"}

# libpq gives no SQLSTATE for a connection that was refused, only its text.
_REFUSED_WHO = re.compile(
    r"authentication failed|role .* does not exist|no password supplied|pg_hba"
)
_REFUSED_WHAT = re.compile(r"database .* does not exist")


def translated(error: psycopg.Error) -> CustomerSyncError | None:
    """Return the error the caller should see, or None when it is a bug of ours."""
    state = error.sqlstate
    if state is None:
        return _unconnected(error)
    context = {"sqlstate": state}
    if state in _CONFLICTS:
        return StoreConflictError("another transaction was in the way", context=context)
    if state in _DOWN or state.startswith("08"):
        return SystemDownError("the database stopped answering", context=context)
    if state in _CREDENTIALS:
        return CredentialError(
            "the database does not allow this to the configured user",
            context=context,
            hint="see customer-sync doctor, and docs/operations.md about the roles in the database",
        )
    if state in _UNUSABLE or state[:2] in _UNUSABLE_CLASSES:
        return StoreError(
            "the database cannot do its work now",
            context=context,
            hint="read the server's log: full disk, read-only standby or damaged files",
        )
    return None


def _unconnected(error: psycopg.Error) -> CustomerSyncError | None:
    if not isinstance(error, psycopg.OperationalError):
        return None
    text = str(error)
    if _REFUSED_WHO.search(text):
        return CredentialError(
            "the database refused the configured user",
            hint="check CUSTOMER_SYNC_DATABASE_URL and the server's pg_hba.conf",
        )
    if _REFUSED_WHAT.search(text):
        return StoreError("the configured database does not exist", hint="create it first")
    return SystemDownError("the database does not answer")
