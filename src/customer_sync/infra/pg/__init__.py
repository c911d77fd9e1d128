"""PostgreSQL: a connection with frames, named statements, migrations and an embedded server."""

from customer_sync.infra.pg.database import Database, Transaction
from customer_sync.infra.pg.migrate import Applied, Migration, migrate, migrations
from customer_sync.infra.pg.role import Right, role_of, run_time
from customer_sync.infra.pg.server import EmbeddedServer, embedded
from customer_sync.infra.pg.shell import psql
from customer_sync.infra.pg.statements import Statements, load

__all__ = [
    "Applied",
    "Database",
    "EmbeddedServer",
    "Migration",
    "Right",
    "Statements",
    "Transaction",
    "embedded",
    "load",
    "migrate",
    "migrations",
    "psql",
    "role_of",
    "run_time",
]
