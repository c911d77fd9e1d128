"""Read Parquet by row groups: the footer, then only the bytes of the columns asked for.

Decides how large a page of a large row group is: groups are read once and handed out in slices.
Must not know keys or records.
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from customer_sync.systems.file.source import Position, Source, Steps, Table
from customer_sync.systems.file.values import as_texts

__all__ = ["ParquetReader"]

FOOTER_BYTES = 64 << 10
TAIL_BYTES = 8  # the length of the footer, and the magic


class _Pieces(io.RawIOBase):
    """A file of which only some byte ranges are here."""

    def __init__(self, size: int, pieces: dict[int, bytes]) -> None:
        self._size = size
        self._pieces = pieces
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        size = self._size - self._at if size < 0 else min(size, self._size - self._at)
        for start, piece in self._pieces.items():
            if start <= self._at and self._at + size <= start + len(piece):
                found = piece[self._at - start : self._at - start + size]
                self._at += size
                return found
        raise OSError("a byte range that was not read is needed")


class ParquetReader:
    """Reads one Parquet file."""

    def __init__(self, source: Source, /) -> None:
        self._source = source
        self._known: tuple[str, int, int, bytes, Any] | None = None
        self._group: tuple[str, int, tuple[str, ...], pl.DataFrame] | None = None

    def columns(self, version: str) -> Steps[Sequence[str]]:
        """Return the names in the schema."""
        _, _, _, _, metadata = yield from self._footer(version)
        return [str(name) for name in metadata.schema.to_arrow_schema().names]

    def page(
        self, version: str, position: Position | None, columns: Sequence[str], limit: int
    ) -> Steps[Table]:
        """Return the next rows: the rest of a row group, or a slice of it."""
        _, _, _, _, metadata = yield from self._footer(version)
        known = yield from self.columns(version)
        for name in columns:
            if name not in known:
                raise self._source.drifted(f"has no column {name!r} any more.", column=name)
        at = position or {"g": 0, "r": 0, "l": 1}
        if at["g"] >= metadata.num_row_groups:
            frame = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
            return Table(frame=frame, places=np.empty(0, np.int64), position=None, total=0)
        group = yield from self._read_group(version, at["g"], tuple(columns))
        frame = group.slice(at["r"], limit)
        places = np.arange(at["l"], at["l"] + frame.height, dtype=np.int64)
        return Table(
            frame=frame,
            places=places,
            total=metadata.num_rows,
            position=_next(at, frame.height, group.height, metadata.num_row_groups),
        )

    def _footer(self, version: str) -> Steps[tuple[str, int, int, bytes, Any]]:
        if self._known is not None and self._known[0] == version:
            return self._known
        import pyarrow as pa
        import pyarrow.parquet as pq

        size = (yield from self._source.part(version, 0, 4)).size
        start = max(size - FOOTER_BYTES, 0)
        tail = (yield from self._source.part(version, start, size - start)).content
        if size < TAIL_BYTES + 4 or tail[-4:] != b"PAR1":
            raise self._source.drifted(
                "is no whole Parquet file: it is empty or its end is missing."
            )
        needed = int.from_bytes(tail[-8:-4], "little") + TAIL_BYTES
        if needed > len(tail):
            start = max(size - needed, 0)
            tail = (yield from self._source.part(version, start, size - start)).content
        try:
            metadata = pq.read_metadata(pa.PythonFile(_Pieces(size, {start: tail})))
        except (pa.ArrowException, OSError):
            raise self._source.drifted("has a Parquet footer that cannot be read.") from None
        self._known = (version, size, start, tail, metadata)
        return self._known

    def _read_group(
        self, version: str, group: int, columns: tuple[str, ...]
    ) -> Steps[pl.DataFrame]:
        held = self._group
        if held is not None and held[:3] == (version, group, columns):
            return held[3]
        import pyarrow as pa
        import pyarrow.parquet as pq

        _, size, start, tail, metadata = yield from self._footer(version)
        pieces = {start: tail}
        for offset, length in _ranges(metadata.row_group(group), columns):
            pieces[offset] = (yield from self._source.part(version, offset, length)).content
        try:
            file = pq.ParquetFile(
                pa.PythonFile(_Pieces(size, pieces)), metadata=metadata, pre_buffer=False
            )
            table = file.read_row_group(group, columns=list(columns), use_threads=False)
        except (pa.ArrowException, OSError):
            raise self._source.drifted(f"has a row group {group} that cannot be read.") from None
        raw = pl.DataFrame(table)
        frame = pl.DataFrame([as_texts(raw[name]).alias(name) for name in columns])
        self._group = (version, group, columns, frame)
        return frame


def _next(at: Position, taken: int, height: int, groups: int) -> Position | None:
    place = at["l"] + taken
    if at["r"] + taken < height:
        return {"g": at["g"], "r": at["r"] + taken, "l": place}
    return {"g": at["g"] + 1, "r": 0, "l": place} if at["g"] + 1 < groups else None


def _ranges(group: Any, columns: Sequence[str]) -> list[tuple[int, int]]:
    """Return the byte ranges of the columns' chunks."""
    found = []
    for number in range(group.num_columns):
        chunk = group.column(number)
        if chunk.path_in_schema.partition(".")[0] in columns or chunk.path_in_schema in columns:
            start = chunk.data_page_offset
            if chunk.dictionary_page_offset is not None:
                start = min(start, chunk.dictionary_page_offset)
            found.append((start, chunk.total_compressed_size))
    return found
