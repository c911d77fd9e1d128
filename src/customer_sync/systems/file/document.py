"""The document: one whole version of a file that can be changed cell by cell and written again.

A document keeps everything that is not changed exactly as it stands. Must not know streams, tokens
or preconditions.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import polars as pl

from customer_sync.systems.file.source import Source

__all__ = ["Document", "UnfitValueError"]


class UnfitValueError(Exception):
    """A value cannot stand in a cell as it is; ``code`` says why, ``reason`` says it to people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Document(Protocol):
    """What every format offers to be written through. A row keeps its number."""

    columns: Sequence[str]
    is_open: bool  # a row may have columns that no other has

    def __init__(self, source: Source, content: bytes, /) -> None:
        """Take the whole content of a file.

        Raises:
            SchemaDriftError: It is not a file of this format.
        """

    def texts(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return these columns of every readable row as first read, and ``@row``, its number."""

    def row(self, number: int, columns: Sequence[str]) -> Mapping[str, str | None]:
        """Return what a row says now, changes included."""

    def change(self, number: int, values: Mapping[str, str | None]) -> None:
        """Change cells of a row: all of them or none.

        Raises:
            UnfitValueError: A value cannot stand there.
        """

    def append(self, values: Mapping[str, str | None]) -> int:
        """Add a row, empty but for these values; return its number.

        Raises:
            UnfitValueError: A value cannot stand there.
        """

    def remove(self, number: int) -> None:
        """Remove a row."""

    def content(self) -> bytes:
        """Return the whole file with the changes."""
