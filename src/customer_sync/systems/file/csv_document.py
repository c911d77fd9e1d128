"""Change cells of a CSV or TSV file and keep every other byte of it.

Decides how a new cell is written: quoted where it must be or where the old cell was, empty and
unquoted for null. A new row is written in the style of the last one. Must not know records.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from customer_sync.connect.port import FileReply
from customer_sync.systems.file.csv_reader import (
    column_numbers,
    dialect_with_columns,
    readable_rows,
)
from customer_sync.systems.file.delimited import (
    columns_frame,
    row_spans,
    rows_of,
    settled_encoding,
    unquoted,
)
from customer_sync.systems.file.dialect import ASCII
from customer_sync.systems.file.document import UnfitValueError
from customer_sync.systems.file.source import Source

__all__ = ["CsvDocument"]


class CsvDocument:
    """A delimited file in memory; rows are kept as bytes and cut into cells only when touched."""

    is_open = False

    def __init__(self, source: Source, content: bytes, /) -> None:
        self._source = source
        self._content = content
        reply = FileReply(version="", size=len(content), content=content)
        dialect = dialect_with_columns(source, reply, is_final=True)
        assert dialect is not None
        body = content[dialect.body_offset :]
        self._rows = rows_of(body, dialect, line=dialect.body_line, is_final=True)
        self._dialect = replace(dialect, encoding=settled_encoding(self._rows, dialect))
        self._good, _ = readable_rows(self._rows, self._dialect, source, is_end=True)
        self.columns: Sequence[str] = dialect.columns
        self._changed: dict[int, str] = {}
        self._removed: set[int] = set()
        self._added: list[str] = []

    def texts(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return these columns of every readable row as first read, and ``@row``, its number."""
        numbers = column_numbers(self._source, self._dialect, columns)
        frame = columns_frame(self._rows, self._good, self._dialect, numbers)
        frame.columns = list(columns)
        return frame.with_columns(pl.Series("@row", np.flatnonzero(self._good), dtype=pl.Int64))

    def row(self, number: int, columns: Sequence[str]) -> Mapping[str, str | None]:
        """Return what a row says now, changes included."""
        raw = self._raw(number)
        spans = row_spans(raw, self._dialect)
        numbers = column_numbers(self._source, self._dialect, columns)
        said = [unquoted(raw[slice(*spans[at])], self._dialect) for at in numbers]
        return {
            name: None if value in self._source.settings.null_values else value
            for name, value in zip(columns, said, strict=True)
        }

    def change(self, number: int, values: Mapping[str, str | None]) -> None:
        """Change cells of a row: all of them or none."""
        raw = self._raw(number)
        spans = row_spans(raw, self._dialect)
        numbers = column_numbers(self._source, self._dialect, list(values))
        edits = sorted(zip(numbers, values.values(), strict=True), reverse=True)
        for at, value in edits:
            start, end = spans[at]
            old = raw[start:end]
            if self._said(old) != value:
                raw = raw[:start] + self._cell(value, is_quoted=self._is_quoted(old)) + raw[end:]
        self._set(number, raw)

    def append(self, values: Mapping[str, str | None]) -> int:
        """Add a row, empty but for these values; return its number."""
        style = self._style()
        given = {
            at: self._cell(value, is_quoted=style[at])
            for at, value in zip(
                column_numbers(self._source, self._dialect, list(values)),
                values.values(),
                strict=True,
            )
        }
        cells = [given.get(at, "") for at in range(len(self.columns))]
        self._added.append(self._dialect.delimiter.join(cells))
        return self._rows.count + len(self._added) - 1

    def remove(self, number: int) -> None:
        """Remove a row, its line end with it."""
        self._removed.add(number)

    def content(self) -> bytes:
        """Return the whole file with the changes."""
        base, size = self._dialect.body_offset, self._dialect.unit_bytes
        pieces, at = [], 0
        for number in sorted({*self._changed, *self._removed}):
            if number >= self._rows.count:
                continue
            start, end = (
                int(edge[number]) * size + base for edge in (self._rows.starts, self._rows.ends)
            )
            pieces.append(self._content[at:start])
            if number not in self._removed:
                pieces.append(self._bytes(self._changed[number]))
            at = end
        pieces.append(self._content[at:])
        return b"".join([*pieces, self._tail(b"".join(pieces[-1:]) or b"".join(pieces))])

    # -- one row ----------------------------------------------------------------------------------

    def _raw(self, number: int) -> str:
        if number >= self._rows.count:
            return self._added[number - self._rows.count]
        if number in self._changed:
            return self._changed[number]
        start, end = self._rows.starts[number], self._rows.ends[number]
        return self._rows.units[start:end].tobytes().decode(self._dialect.codec)

    def _set(self, number: int, raw: str) -> None:
        if number >= self._rows.count:
            self._added[number - self._rows.count] = raw
        elif raw != self._raw(number):
            self._changed[number] = raw

    def _tail(self, before: bytes) -> bytes:
        added = [
            row
            for at, row in enumerate(self._added, start=self._rows.count)
            if at not in self._removed
        ]
        if not added:
            return b""
        end = self._dialect.line_end
        has_end = before.endswith(self._bytes(end[-1])) or len(before) == len(self._dialect.mark)
        text = end.join(added)
        return self._bytes(text + end if has_end else end + text)

    def _bytes(self, text: str) -> bytes:
        return text.encode(self._dialect.codec)

    # -- one cell ---------------------------------------------------------------------------------

    def _said(self, cell: str) -> str | None:
        said = unquoted(cell, self._dialect)
        return None if said in self._source.settings.null_values else said

    def _is_quoted(self, cell: str) -> bool:
        return bool(self._dialect.quote) and cell.startswith(self._dialect.quote)

    def _style(self) -> list[bool]:
        """Return which cells of the last readable row are quoted."""
        good = np.flatnonzero(self._good)
        if not len(good):
            return [False] * len(self.columns)
        raw = self._raw(int(good[-1]))
        return [self._is_quoted(raw[start:end]) for start, end in row_spans(raw, self._dialect)]

    def _cell(self, value: str | None, *, is_quoted: bool) -> str:
        if value is None:
            return ""
        self._refuse_unfit(value)
        quote = self._dialect.quote
        fence = {self._dialect.delimiter, "\r", "\n"}
        if quote and (is_quoted or not value or value.startswith(quote) or fence & set(value)):
            return quote + value.replace(quote, quote * 2) + quote
        if not value or fence & set(value):
            raise UnfitValueError("not_representable", "the file has no quotes to hold this value")
        return value

    def _refuse_unfit(self, value: str) -> None:
        if value in self._source.settings.null_values:
            raise UnfitValueError("null_value", "this text stands for nothing in the file")
        encoding = self._dialect.encoding
        try:
            value.encode("utf-8" if encoding == ASCII else encoding)
        except UnicodeEncodeError:
            reason = f"the file's encoding, {self._dialect.codec}, cannot hold this value"
            raise UnfitValueError("encoding", reason) from None
