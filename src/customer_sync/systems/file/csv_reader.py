"""Read CSV and TSV by pages: byte ranges cut at row ends, parsed many rows at once.

Decides which rows cannot be read: another number of cells than the header, broken quoting, bytes
that are not in the file's encoding, a torn last line. Each is one fault that names its line. Must
not know keys or records.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from customer_sync.connect.port import FileReply
from customer_sync.kernel.errors import ConfigurationError
from customer_sync.systems.file.delimited import (
    Rows,
    cells_of,
    columns_frame,
    decoded,
    rows_of,
    settled_encoding,
)
from customer_sync.systems.file.dialect import Dialect, dialect_of
from customer_sync.systems.file.source import Array, Position, Source, Steps, Table

__all__ = ["CsvReader", "dialect_with_columns", "readable_rows"]

HEAD_BYTES = 64 << 10
CHUNK_BYTES_MIN = 64 << 10
CHUNK_BYTES_MAX = 8 << 20
ROW_BYTES_MAX = 64 << 20  # beyond this, an open quote is taken for a broken one
ROW_BYTES_GUESS = 160


class CsvReader:
    """Reads one delimited file."""

    def __init__(self, source: Source, /) -> None:
        self._source = source
        self._known: tuple[str, Dialect] | None = None
        self._row_bytes = float(ROW_BYTES_GUESS)

    def columns(self, version: str) -> Steps[Sequence[str]]:
        """Return the names in the header."""
        return (yield from self._dialect(version)).columns

    def page(
        self, version: str, position: Position | None, columns: Sequence[str], limit: int
    ) -> Steps[Table]:
        """Return the rows of the next byte range."""
        head = yield from self._dialect(version)
        wanted = column_numbers(self._source, head, columns)
        at = position or {"o": head.body_offset, "l": head.body_line, "e": head.encoding}
        dialect = replace(head, encoding=at["e"])
        rows, is_final = yield from self._rows(version, dialect, at["o"], at["l"], limit)
        dialect = replace(dialect, encoding=settled_encoding(rows, dialect))
        good, faults = readable_rows(rows, dialect, self._source, is_end=is_final)
        frame = columns_frame(rows, good, dialect, wanted)
        frame.columns = list(columns)
        return Table(
            frame=frame,
            places=rows.lines[good],
            faults=faults,
            position=None if is_final else self._next(rows, dialect, at),
        )

    def _next(self, rows: Rows, dialect: Dialect, at: Position) -> Position:
        end = int(rows.ends[-1])
        self._row_bytes = max(end * dialect.unit_bytes / rows.count, 1.0)
        last = rows.units[rows.starts[-1] : end]
        stop = ord(dialect.line_end[-1])
        line = int(rows.lines[-1]) + int(np.count_nonzero(last == stop))
        return {"o": at["o"] + end * dialect.unit_bytes, "l": line, "e": dialect.encoding}

    def _rows(
        self, version: str, dialect: Dialect, offset: int, line: int, limit: int
    ) -> Steps[tuple[Rows, bool]]:
        """Return at most ``limit`` whole rows, at least one if any is there; whether it is all."""
        length = int(min(max(limit * self._row_bytes * 1.1, CHUNK_BYTES_MIN), CHUNK_BYTES_MAX))
        while True:
            length += length % 2  # never half of a wide code unit
            reply = yield from self._source.part(version, offset, length)
            is_end = offset + len(reply.content) >= reply.size
            is_final = is_end or length >= ROW_BYTES_MAX
            rows = rows_of(reply.content, dialect, line=line, is_final=is_final)
            if rows.count > limit:
                return rows.first(limit), False
            if rows.count and not (is_final and not is_end):
                return rows, is_end
            if is_end:
                return rows, True
            if is_final:
                return rows.first(1), False
            length *= 4

    def _dialect(self, version: str) -> Steps[Dialect]:
        if self._known is not None and self._known[0] == version:
            return self._known[1]
        length = HEAD_BYTES
        while True:
            reply = yield from self._source.part(version, 0, length)
            found = dialect_with_columns(self._source, reply, is_final=length >= reply.size)
            if found is not None:
                self._known = (version, found)
                return found
            length *= 4


def column_numbers(source: Source, dialect: Dialect, columns: Sequence[str]) -> list[int]:
    """Return where those columns are.

    Raises:
        SchemaDriftError: One is not there, or is there twice.
    """
    for name in columns:
        seen = list(dialect.columns).count(name)
        if seen == 0:
            raise source.drifted(f"has no column {name!r} any more.", column=name)
        if seen > 1:
            raise source.drifted(f"has {seen} columns {name!r}: which one is meant?", column=name)
    return [list(dialect.columns).index(name) for name in columns]


def dialect_with_columns(source: Source, reply: FileReply, *, is_final: bool) -> Dialect | None:
    """Return the dialect and the columns that the start of a file shows; None if too short."""
    dialect = dialect_of(reply.content, source.settings)
    body = reply.content[len(dialect.mark) :]
    rows = rows_of(body, dialect, line=1, is_final=is_final)
    filled = np.flatnonzero(rows.widths)
    if not len(filled):
        if is_final:
            raise source.drifted("is empty: not even its header is there.")
        return None
    first = int(filled[0])
    cut = rows.first(first + 1)
    settled = replace(dialect, encoding=settled_encoding(cut, dialect))
    raw = cut.units[cut.starts[first] : cut.ends[first]].tobytes()
    cells = _header_cells(source, raw, settled)
    if not source.settings.header:
        names = tuple(f"column_{number + 1}" for number in range(len(cells)))
        return replace(dialect, columns=names)
    line = int(cut.lines[first]) + 1 + raw.decode(settled.codec).rstrip("\r\n").count("\n")
    return replace(
        settled,
        columns=tuple(cell or "" for cell in cells),
        body_offset=len(dialect.mark) + int(cut.ends[first]) * dialect.unit_bytes,
        body_line=line,
    )


def _header_cells(source: Source, raw: bytes, dialect: Dialect) -> list[str | None]:
    try:
        return cells_of(raw.decode(dialect.codec), dialect)
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"The header of {source.shown} is not in {dialect.encoding}.",
            context={"file": source.shown},
            hint="Set the stream's encoding.",
        ) from None


def readable_rows(
    rows: Rows, dialect: Dialect, source: Source, *, is_end: bool
) -> tuple[Array, list[tuple[str, str]]]:
    """Return which rows are records, and a fault for each that is not."""
    width = len(dialect.columns)
    good = rows.widths == width
    reasons: dict[int, str] = {}
    for at in np.flatnonzero(~good & (rows.widths != 0)):
        found = int(rows.widths[at])
        reasons[int(at)] = (
            "a quoted cell is not closed, or goes on after its quote"
            if found < 0
            else f"{found} cells where the header has {width}"
        )
    if rows.count and is_end and _is_torn(rows, dialect, source, good):
        good[-1] = False
        reasons[rows.count - 1] = "torn last line: the file ends in the middle of it"
    if good.any() and decoded(rows.units.tobytes(), dialect.encoding) is None:
        for at in np.flatnonzero(good):
            raw = rows.units[rows.starts[at] : rows.ends[at]].tobytes()
            if decoded(raw, dialect.encoding) is None:
                good[at] = False
                reasons[int(at)] = f"not in the file's encoding, {dialect.encoding}"
    return good, [(f"line {rows.lines[at]}", reasons[at]) for at in sorted(reasons)]


def _is_torn(rows: Rows, dialect: Dialect, source: Source, good: Array) -> bool:
    """Tell whether the last line is cut off: no line end, and not whole (or not known to be)."""
    if rows.widths[-1] == 0 or rows.units[rows.ends[-1] - 1] == ord(dialect.line_end[-1]):
        return False
    return not good[-1] or source.settings.final_line_end == "required"
