"""Read one version of a file: what every format shares when it reads.

Decides how a change of the file between two calls is noticed: each reply must name the version that
the page began with, else nothing of it is used. Must not know any format, key or record.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
import polars as pl

from customer_sync.connect.port import Call, FileRead, FileReply, FileStat, Reply
from customer_sync.connect.transport.file import shown_address
from customer_sync.kernel.errors import SchemaDriftError
from customer_sync.systems.file.settings import FileSettings

__all__ = ["FileMovedError", "Position", "Reader", "Source", "Steps", "Table"]

T = TypeVar("T")
Steps: TypeAlias = Generator[Sequence[Call], Sequence[Reply], T]
Position: TypeAlias = Mapping[str, Any]  # "l": the place of the next row; the rest is the format's
Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


class FileMovedError(Exception):
    """The file is no longer the version that was being read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of one stream, and how it is set."""

    url: str
    settings: FileSettings

    @property
    def shown(self) -> str:
        """The address, fit for messages."""
        return shown_address(self.url)

    def stat(self) -> Steps[FileReply]:
        """Return what the file is now.

        Raises:
            SchemaDriftError: There is no such file. No file is never an empty one.
        """
        reply = (yield [FileStat(url=self.url)])[0]
        assert isinstance(reply, FileReply)
        if reply.version is None:
            raise SchemaDriftError(f"{self.shown} does not exist.", context={"file": self.shown})
        return reply

    def part(self, version: str, offset: int, length: int) -> Steps[FileReply]:
        """Return bytes of exactly that version.

        Raises:
            FileMovedError: The file has another version by now.
        """
        reply = (yield [FileRead(url=self.url, offset=offset, length=length)])[0]
        assert isinstance(reply, FileReply)
        if reply.version != version:
            raise FileMovedError
        return reply

    def whole(self) -> Steps[FileReply]:
        """Return the whole file as it is now."""
        reply = (yield [FileRead(url=self.url)])[0]
        assert isinstance(reply, FileReply)
        if reply.version is None:
            raise SchemaDriftError(f"{self.shown} does not exist.", context={"file": self.shown})
        return reply

    def drifted(self, what: str, **context: object) -> SchemaDriftError:
        """Return the error that says what of the file is no longer as mapped."""
        return SchemaDriftError(f"{self.shown} {what}", context={"file": self.shown, **context})


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows read: the columns asked for as texts, where each row stands, and where to go on."""

    frame: pl.DataFrame
    places: Array  # line or row numbers, as people count
    position: Position | None  # None: that was the end
    absent: pl.Series | None = None  # per row, the asked columns it does not have at all
    faults: Sequence[tuple[str, str]] = field(default_factory=list)
    total: int | None = None


class Reader(Protocol):
    """How one format is read page by page."""

    def __init__(self, source: Source, /) -> None:
        """Take the file; do no I/O."""

    def columns(self, version: str) -> Steps[Sequence[str]]:
        """Return the columns of that version."""

    def page(
        self, version: str, position: Position | None, columns: Sequence[str], limit: int
    ) -> Steps[Table]:
        """Return the next rows of that version, at most ``limit``."""
