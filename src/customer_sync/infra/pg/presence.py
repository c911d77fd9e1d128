"""Who is still there: a process shows that a run of it lives by holding an advisory lock.

The lock ends with the connection, so a process that was killed is known to be gone at once, without
a heartbeat and without a clock. Locks are per schema and number.
"""

from contextlib import suppress

import psycopg

from customer_sync.infra.closing import Closing

__all__ = ["PRESENT", "Presence"]

# A condition for SQL: the run numbered {run} lives in the current schema.
PRESENT = """EXISTS (
    SELECT 1 FROM pg_locks p
    WHERE p.locktype = 'advisory' AND p.objsubid = 2 AND p.granted
      AND p.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND p.classid = (hashtext(current_schema()) & 2147483647)::bigint::oid
      AND p.objid = ({run} & 2147483647)::bigint::oid
)"""


class Presence(Closing):
    """Holds the lock of one run until it is closed or its process ends."""

    def __init__(self, dsn: str, schema: str, run: int) -> None:
        """Connect and take the lock."""
        self._connection = psycopg.connect(
            dsn, autocommit=True, application_name="customer-sync presence"
        )
        self._connection.execute(
            "SELECT pg_advisory_lock(hashtext(%s) & 2147483647, (%s::bigint & 2147483647)::integer)",
            (schema, run),
        )

    def close(self) -> None:
        """Let go of the lock."""
        with suppress(psycopg.Error):
            self._connection.close()
