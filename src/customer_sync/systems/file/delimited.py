"""Cut a delimited file into rows and cells: many at once where quoting is regular, one by one else.

A row ends at a line end outside quotes. A cell is quoted when it *starts* with the quote, and its
closing quote is followed by a delimiter or a line end; a quote inside an unquoted cell is a letter.
A line in which a quote is opened and never properly closed is a broken row by itself, so that it
costs one record and not the rest of the file. Must not know keys or records.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from customer_sync.systems.file.dialect import ASCII, Dialect, encoding_of_line

__all__ = ["Rows", "cells_of", "columns_frame", "decoded", "row_spans", "rows_of", "unquoted"]

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Where rows start and end (code units, line end included), their widths and line numbers."""

    units: Array
    starts: Array
    ends: Array
    widths: Array  # cells; 0: a blank line; -1: broken quoting
    lines: Array
    is_regular: bool

    @property
    def count(self) -> int:
        """How many rows there are, blank and broken ones included."""
        return len(self.starts)

    def first(self, count: int) -> "Rows":
        """Return only the first rows."""
        return Rows(
            units=self.units,
            starts=self.starts[:count],
            ends=self.ends[:count],
            widths=self.widths[:count],
            lines=self.lines[:count],
            is_regular=self.is_regular,
        )


def rows_of(content: bytes, dialect: Dialect, *, line: int, is_final: bool) -> Rows:
    """Return the whole rows of a piece of a file that starts at a row.

    Args:
        content: The piece.
        dialect: How to read it.
        line: The number of its first line.
        is_final: Nothing follows, so that the last row needs no line end.
    """
    whole = len(content) - len(content) % dialect.unit_bytes
    units = np.frombuffer(content[:whole], dtype=dialect.unit)
    return _regular(units, dialect, line, is_final=is_final) or _irregular(
        units, dialect, line, is_final=is_final
    )


def _regular(units: Array, dialect: Dialect, line: int, *, is_final: bool) -> Rows | None:
    """Cut by vectors; None where the quoting is not regular."""
    breaks = np.flatnonzero(units == ord(dialect.line_end[-1]))
    cuts = np.flatnonzero(units == ord(dialect.delimiter))
    ends, inner = breaks + 1, cuts
    quotes = np.flatnonzero(units == ord(dialect.quote)) if dialect.quote else np.empty(0, np.intp)
    if len(quotes):
        inside = np.cumsum(units == ord(dialect.quote), dtype=np.uint8) & 1
        ends, inner = ends[inside[breaks] == 0], cuts[inside[cuts] == 0]
        if is_final and len(quotes) % 2:
            return None
    if is_final and len(units) and (not len(ends) or ends[-1] < len(units)):
        ends = np.append(ends, len(units))
    if not len(ends):
        return _rows(units, ends, ends, ends, ends, is_regular=True)
    if not _is_quoting_regular(units, quotes[quotes < ends[-1]], dialect):
        return None
    starts = np.concatenate(([0], ends[:-1]))
    widths = np.diff(np.searchsorted(inner, ends), prepend=0) + 1
    lines = line + np.searchsorted(breaks, starts)
    widths[_is_blank(units, starts, ends)] = 0
    return _rows(units, starts, ends, widths, lines, is_regular=True)


def _rows(
    units: Array, starts: Array, ends: Array, widths: Array, lines: Array, *, is_regular: bool
) -> Rows:
    return Rows(
        units=units, starts=starts, ends=ends, widths=widths, lines=lines, is_regular=is_regular
    )


def _is_blank(units: Array, starts: Array, ends: Array) -> Array:
    """Tell which rows hold nothing but their line end."""
    sizes = ends - starts
    blank = np.asarray((sizes == 1) & np.isin(units[starts], (10, 13)))
    pairs = np.flatnonzero(sizes == 2)
    if len(pairs):
        blank[pairs] = (units[starts[pairs]] == 13) & (units[starts[pairs] + 1] == 10)
    return blank


def _is_quoting_regular(units: Array, quotes: Array, dialect: Dialect) -> bool:
    """Tell whether each quote opens a cell, closes one, or is half of a doubled quote."""
    if not len(quotes):
        return True
    if len(quotes) % 2:
        return False
    opening, closing = quotes[::2], quotes[1::2]
    fence = [ord(dialect.delimiter), 10, 13, ord(dialect.quote)]
    before = units[np.maximum(opening - 1, 0)]
    after = units[np.minimum(closing + 1, len(units) - 1)]
    doubled = np.concatenate(([False], opening[1:] == closing[:-1] + 1))
    opens = (opening == 0) | np.isin(before, fence[:2]) | doubled
    if dialect.line_end == "\r":
        opens |= before == 13
    closes = (closing == len(units) - 1) | np.isin(after, fence)
    return bool(opens.all() and closes.all())


# -- one by one -----------------------------------------------------------------------------------


@lru_cache
def _patterns(delimiter: str, quote: str, line_end: str) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of a cell, of a whole row, and of a row with a quoted cell still open."""
    stop, cut = re.escape(line_end[-1]), re.escape(delimiter)
    end = rf"(?:\r?{stop}|\Z)"
    plain = rf"[^{cut}{stop}]*"
    if not quote:
        return re.compile(plain), re.compile(rf"{plain}(?:{cut}{plain})*{end}"), re.compile(r"(?!)")
    q = re.escape(quote)
    quoted = rf"{q}[^{q}]*(?:{q}{q}[^{q}]*)*{q}(?={cut}|{end})"
    cell = rf"(?:{quoted}|(?!{q}){plain})"
    row = rf"{cell}(?:{cut}{cell})*{end}"
    still_open = rf"(?:{cell}{cut})*{q}[^{q}]*(?:{q}{q}[^{q}]*)*{q}?\r?\Z"
    return re.compile(cell), re.compile(row), re.compile(still_open)


def _as_text(units: Array) -> str:
    """Return the code units as a text with one letter each, whatever they mean."""
    return units.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def _irregular(units: Array, dialect: Dialect, line: int, *, is_final: bool) -> Rows:
    text = _as_text(units)
    _, row, still_open = _patterns(dialect.delimiter, dialect.quote, dialect.line_end)
    stop = dialect.line_end[-1]
    found: list[tuple[int, int, int, int]] = []
    at = 0
    while at < len(text):
        match = row.match(text, at)
        if match is None:
            if not is_final and still_open.match(text, at):
                break
            end = text.find(stop, at) + 1 or len(text)
            width = -1
        else:
            end = match.end()
            width = len(row_spans(text[at:end], dialect)) if text[at:end].strip("\r\n") else 0
        if not is_final and not text.endswith(stop, at, end):
            break
        found.append((at, end, width, line))
        line += text.count(stop, at, end)
        at = end
    table = np.array(found, dtype=np.int64).reshape(-1, 4)
    return _rows(units, *(table[:, column] for column in range(4)), is_regular=False)


def row_spans(row: str, dialect: Dialect) -> list[tuple[int, int]]:
    """Return where each cell of a whole row starts and ends, its quotes included."""
    cell, _, _ = _patterns(dialect.delimiter, dialect.quote, dialect.line_end)
    size = len(row) - len(_end_of(row, dialect))
    spans, at = [], 0
    while True:
        match = cell.match(row, at)
        end = min(match.end(), size) if match else size
        spans.append((at, end))
        if end >= size:
            return spans
        at = end + 1


def _end_of(row: str, dialect: Dialect) -> str:
    stop = dialect.line_end[-1]
    if row.endswith("\r\n") and stop == "\n":
        return "\r\n"
    if row.endswith(stop):
        return stop
    return "\r" if row.endswith("\r") else ""


def unquoted(cell: str, dialect: Dialect) -> str | None:
    """Return what a cell says: null where it is empty and not quoted."""
    quote = dialect.quote
    if quote and len(cell) > 1 and cell.startswith(quote) and cell.endswith(quote):
        return cell[1:-1].replace(quote * 2, quote)
    return cell or None


def cells_of(row: str, dialect: Dialect) -> list[str | None]:
    """Return what each cell of a whole row says."""
    return [unquoted(row[start:end], dialect) for start, end in row_spans(row, dialect)]


# -- from rows to columns -------------------------------------------------------------------------


def decoded(content: bytes, encoding: str) -> bytes | None:
    """Return the content as UTF-8; None where it is not in that encoding."""
    if encoding in {ASCII, "utf-8"}:
        if content.isascii():
            return content
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            return None
        return content
    try:
        return content.decode(encoding).encode()
    except UnicodeError:
        return None


def settled_encoding(rows: Rows, dialect: Dialect) -> str:
    """Return the encoding once these rows are seen: the first row that is not ASCII decides."""
    if dialect.encoding != ASCII:
        return dialect.encoding
    span = rows.units[: rows.ends[-1]] if rows.count else rows.units[:0]
    high = np.argmax(span > 127) if len(span) else 0
    if not len(span) or span[high] <= 127:
        return ASCII
    at = int(np.searchsorted(rows.ends, high, side="right"))
    return encoding_of_line(rows.units[rows.starts[at] : rows.ends[at]].tobytes())


def columns_frame(
    rows: Rows, take: Array, dialect: Dialect, columns: Sequence[int]
) -> pl.DataFrame:
    """Return the chosen columns of the chosen rows, as texts; columns are named by number.

    The rows must have the dialect's width and be in its encoding.
    """
    names = [str(column) for column in columns]
    if not take.any() or not columns:
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    content = decoded(_chosen(rows, take), dialect.encoding)
    assert content is not None
    if rows.is_regular and not _has_stray_end(content, dialect):
        frame = _by_polars(content, dialect, columns)
        if frame is not None and frame.height == int(take.sum()):
            return frame.select(names)
    return _by_cells(rows, take, dialect, columns)


def _has_stray_end(content: bytes, dialect: Dialect) -> bool:
    """Tell whether there is a carriage return that ends no line, which parsers disagree on."""
    if dialect.line_end == "\r":
        return b"\n" in content
    return b"\r" in content and content.count(b"\r") != content.count(b"\r\n")


def _chosen(rows: Rows, take: Array) -> bytes:
    if take.all():
        return rows.units[rows.starts[0] : rows.ends[-1]].tobytes()
    edges = np.flatnonzero(np.diff(take.astype(np.int8), prepend=0, append=0))
    runs = zip(edges[::2], edges[1::2], strict=True)
    pieces = [rows.units[rows.starts[a] : rows.ends[b - 1]].tobytes() for a, b in runs]
    return b"".join(pieces)


def _by_polars(content: bytes, dialect: Dialect, columns: Sequence[int]) -> pl.DataFrame | None:
    try:
        frame = pl.read_csv(
            content,
            has_header=False,
            separator=dialect.delimiter,
            quote_char=dialect.quote or None,
            eol_char=dialect.line_end[-1],
            columns=sorted(columns),
            infer_schema=False,
        )
    except pl.exceptions.PolarsError:
        return None
    if frame.width != len(columns):
        return None
    frame.columns = [str(column) for column in sorted(columns)]
    return frame


def _by_cells(rows: Rows, take: Array, dialect: Dialect, columns: Sequence[int]) -> pl.DataFrame:
    found: list[list[str | None]] = []
    for at in np.flatnonzero(take):
        content = rows.units[rows.starts[at] : rows.ends[at]].tobytes()
        cells = cells_of(content.decode(dialect.codec), dialect)
        found.append([cells[column] for column in columns])
    schema = {str(column): pl.String for column in columns}
    return pl.DataFrame(found, schema=schema, orient="row")
