"""Any database that SQLAlchemy reaches, as a system: a stream is a table or a view."""

from customer_sync.systems.sql.connector import Connector

__all__ = ["Connector"]
