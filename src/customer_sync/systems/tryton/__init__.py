"""Tryton, the ERP: its parties as records, over JSON-RPC."""

from customer_sync.systems.tryton.connector import Connector

__all__ = ["Connector"]
