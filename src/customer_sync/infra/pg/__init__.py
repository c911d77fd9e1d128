"""PostgreSQL: a connection with frames, named statements, migrations and an embedded server."""

from customer_sync.infra.pg.database import Database, Transaction
from customer_sync.infra.pg.migrate import Applied, Migration, migrate, migrations
from customer_sync.infra.pg.server import EmbeddedServer, embedded
from customer_sync.infra.pg.statements import Statements, load

__all__ = [
    "Applied",
    "Database",
    "EmbeddedServer",
    "Migration",
    "Statements",
    "Transaction",
    "embedded",
    "load",
    "migrate",
    "migrations",
]
