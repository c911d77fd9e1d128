"""Files as systems: CSV, TSV, JSON Lines, Parquet and Excel, on a disk or any fsspec address.

A stream is one file. What is in it is kept byte for byte except the cells that are written.
"""

from customer_sync.systems.file.connector import Connector

__all__ = ["Connector"]
