"""Read JSON Lines by pages: byte ranges cut at line ends.

Decides that a line which is no JSON object, or none that can be kept, is one fault naming its line,
that so is a line too long to be one, which is passed over without being held, that a last line
without its end counts only when it is a whole object, and that a missing key is absent and not
null. UTF-8 only, as the format says, with or without a byte order mark. Must not know keys or
records.
"""

import codecs
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from customer_sync.systems.file.jsonl_lines import (
    LINE_BYTES_MAX,
    NO_OBJECT,
    json_fault,
    json_object,
    json_text,
)
from customer_sync.systems.file.source import Position, Source, Steps, Table

__all__ = ["JsonlReader"]

CHUNK_BYTES_MIN = 64 << 10
CHUNK_BYTES_MAX = 8 << 20
SAMPLE_ROWS = 1_000
TOO_LONG = b""  # stands in for a line that was passed over; a line itself is never empty


class JsonlReader:
    """Reads one JSON Lines file."""

    def __init__(self, source: Source, /) -> None:
        self._source = source
        self._line_bytes = 300.0

    def columns(self, version: str) -> Steps[Sequence[str]]:
        """Return the keys of the first thousand lines, in the order met."""
        lines, _ = yield from self._lines(version, 0, SAMPLE_ROWS)
        found = [json_object(_decoded(line) or "") or {} for line in lines]
        return list(dict.fromkeys(key for row in found for key in row))

    def page(
        self, version: str, position: Position | None, columns: Sequence[str], limit: int
    ) -> Steps[Table]:
        """Return the rows of the next byte range."""
        at = position or {"o": 0, "l": 1}
        lines, end = yield from self._lines(version, at["o"], limit)
        rows: list[Mapping[str, Any]] = []
        places: list[int] = []
        faults = [] if lines or at["o"] else [("file", "the file is empty")]
        for place, line in enumerate(lines, start=at["l"]):
            row = json_object(_decoded(line) or "")
            if row is not None:
                rows.append(row)
                places.append(place)
            elif line == TOO_LONG or line.strip(b"\r\n \xef\xbb\xbf"):
                faults.append((f"line {place}", _reason(line)))
        self._line_bytes = max(sum(map(len, lines)) / max(len(lines), 1), 1.0)
        values = {name: [row.get(name) for row in rows] for name in columns}
        texts = {
            name: [value if type(value) is str else json_text(value) for value in column]
            for name, column in values.items()
        }
        return Table(
            frame=pl.DataFrame(texts, schema=dict.fromkeys(columns, pl.String)),
            places=np.array(places, dtype=np.int64),
            absent=_absent(rows, columns),
            faults=faults,
            position=None if end is None else {"o": end, "l": at["l"] + len(lines)},
        )

    def _lines(
        self, version: str, offset: int, limit: int
    ) -> Steps[tuple[list[bytes], int | None]]:
        """Return at most ``limit`` lines with their ends, and where the next begins if there is one."""
        length = int(min(max(limit * self._line_bytes * 1.1, CHUNK_BYTES_MIN), CHUNK_BYTES_MAX))
        while True:
            reply = yield from self._source.part(version, offset, length)
            is_end = offset + len(reply.content) >= reply.size
            lines = reply.content.split(b"\n")
            rest = lines.pop()
            lines = [line + b"\n" for line in lines]
            if is_end and rest:
                lines.append(rest)
            if lines or is_end:
                is_end = is_end and len(lines) <= limit
                lines = lines[:limit]
                return lines, None if is_end else offset + sum(map(len, lines))
            if length >= LINE_BYTES_MAX:
                return [TOO_LONG], (yield from self._next_line(version, offset + length))
            length = min(length * 4, LINE_BYTES_MAX)

    def _next_line(self, version: str, offset: int) -> Steps[int | None]:
        """Return where the line ends that goes on at ``offset``; None where the file does too."""
        while True:
            reply = yield from self._source.part(version, offset, CHUNK_BYTES_MAX)
            found = reply.content.find(b"\n")
            next_ = offset + (found + 1 if found >= 0 else len(reply.content))
            if next_ >= reply.size:
                return None
            if found >= 0:
                return next_
            offset = next_


def _decoded(line: bytes) -> str | None:
    try:
        return line.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        return None


def _reason(line: bytes) -> str:
    if line == TOO_LONG:
        return f"longer than {LINE_BYTES_MAX >> 20} MiB: too long to be a record"
    text = _decoded(line)
    reason = "not in UTF-8" if text is None else json_fault(text)
    if not line.endswith(b"\n") and (text is None or reason == NO_OBJECT):
        return "torn last line: the file ends in the middle of it"
    return reason


def _absent(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pl.Series:
    """Return per row the columns it does not have at all, with commas between."""
    wanted = set(columns)
    found = [
        ",".join(name for name in columns if name not in row) if wanted - row.keys() else None
        for row in rows
    ]
    return pl.Series(found, dtype=pl.String)
