"""Change cells of a Parquet file; its schema, metadata, row groups and compression stay.

Must not know records.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from customer_sync.systems.file.document import UnfitValueError
from customer_sync.systems.file.source import Source
from customer_sync.systems.file.values import as_texts, from_text

__all__ = ["ParquetDocument"]


class ParquetDocument:
    """A Parquet file in memory, and what is to change in it."""

    is_open = False

    def __init__(self, source: Source, content: bytes, /) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            self._file = pq.ParquetFile(io.BytesIO(content))
            self._schema: Any = self._file.schema_arrow
            self._frame = pl.DataFrame(self._file.read())
        except (pa.ArrowException, OSError):
            raise source.drifted("is no whole Parquet file.") from None
        self._source = source
        self.columns: Sequence[str] = list(self._schema.names)
        self._changed: dict[int, dict[str, str | None]] = {}
        self._removed: set[int] = set()
        self._added = 0

    def texts(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return these columns of every row as first read, and ``@row``, its number."""
        for name in columns:
            if name not in self.columns:
                raise self._source.drifted(f"has no column {name!r} any more.", column=name)
        return pl.DataFrame([as_texts(self._frame[name]) for name in columns]).with_row_index(
            "@row"
        )

    def row(self, number: int, columns: Sequence[str]) -> Mapping[str, str | None]:
        """Return what a row says now, changes included."""
        changed = self._changed.get(number, {})
        return {
            name: changed[name] if name in changed else self._text(number, name) for name in columns
        }

    def change(self, number: int, values: Mapping[str, str | None]) -> None:
        """Change cells of a row: all of them or none."""
        read = {name: self._fit(name, value) for name, value in values.items()}
        self._changed[number] = self._changed.get(number, {}) | read

    def append(self, values: Mapping[str, str | None]) -> int:
        """Add a row at the end of the last row group; return its number."""
        number = self._frame.height + self._added
        empty: dict[str, str | None] = dict.fromkeys(self.columns)
        self.change(number, empty | dict(values))
        self._added += 1
        return number

    def remove(self, number: int) -> None:
        """Remove a row."""
        self._removed.add(number)

    def content(self) -> bytes:
        """Return the whole file with the changes, row group by row group."""
        import pyarrow.parquet as pq

        sink = io.BytesIO()
        options = {"compression": self._compression()}
        with pq.ParquetWriter(sink, self._schema, **options) as writer:
            at = 0
            groups = self._file.num_row_groups
            for group in range(groups):
                size = self._file.metadata.row_group(group).num_rows
                last = group == groups - 1
                numbers = range(at, at + size + (self._added if last else 0))
                self._write_group(writer, numbers, size)
                at += size
            if not groups and self._added:
                self._write_group(writer, range(self._added), 0)
        return sink.getvalue()

    def _write_group(self, writer: Any, numbers: range, size: int) -> None:
        added = len(numbers) - size
        frame = self._frame.slice(numbers.start, size)
        frame = pl.concat([frame, self._frame.clear(added)]) if added else frame
        touched = [number for number in self._changed if number in numbers]
        columns = [self._column(frame[name], touched, numbers.start) for name in self.columns]
        kept = [number not in self._removed for number in numbers]
        whole = pl.DataFrame(columns).filter(pl.Series(kept, dtype=pl.Boolean))
        table = whole.to_arrow().cast(self._schema)
        writer.write_table(table, row_group_size=max(whole.height, 1))

    def _column(self, values: pl.Series, touched: Sequence[int], start: int) -> pl.Series:
        edits = [n for n in touched if values.name in self._changed[n]]
        if not edits:
            return values
        new = [from_text(self._changed[n][values.name], values.dtype) for n in edits]
        cells = pl.concat([values, *(cell.cast(values.dtype) for cell in new if cell is not None)])
        places = list(range(len(values)))
        for at, number in enumerate(edits):
            places[number - start] = len(values) + at
        return cells.gather(places).alias(values.name)

    def _compression(self) -> dict[str, str] | str:
        metadata = self._file.metadata
        if not metadata.num_row_groups:
            return "snappy"
        group = metadata.row_group(0)
        chunks = [group.column(at) for at in range(group.num_columns)]
        return {chunk.path_in_schema: _codec(chunk.compression) for chunk in chunks}

    def _text(self, number: int, name: str) -> str | None:
        text: str | None = as_texts(self._frame[name].slice(number, 1)).item()
        return text

    def _fit(self, name: str, value: str | None) -> str | None:
        kind = self._frame.schema[name]
        read = from_text(value, kind)
        if read is None:
            raise UnfitValueError("type_mismatch", f"the column holds {kind}, and this is none")
        if value is None and not self._schema.field(name).nullable:
            raise UnfitValueError("required", f"the column {name!r} may not be empty")
        text: str | None = as_texts(read).item()
        return text


def _codec(name: str) -> str:
    return "none" if name == "UNCOMPRESSED" else name.lower()
