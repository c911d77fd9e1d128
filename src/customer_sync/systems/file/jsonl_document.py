"""Change values of a JSON Lines file and keep every other letter of it.

Decides the type of a new value: as the value it replaces, else as the column has elsewhere, else a
string. A line keeps the order of its keys, its spaces and what is unknown. Must not know records.
"""

import codecs
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from customer_sync.systems.file.document import UnfitValueError
from customer_sync.systems.file.jsonl_lines import LINE_BYTES_MAX, Number, json_object, json_text
from customer_sync.systems.file.source import Source

__all__ = ["JsonlDocument"]

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_SPACE = re.compile(r"[ \t\r\n]*")
_STRICT = json.JSONDecoder()


class JsonlDocument:
    """A JSON Lines file in memory, by its lines."""

    is_open = True

    def __init__(self, source: Source, content: bytes, /) -> None:
        self._mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
        self._cut(content)
        self._rows = {
            at: row for at, line in enumerate(self._lines) if (row := _row(line)) is not None
        }
        self.columns: Sequence[str] = list(
            dict.fromkeys(k for row in self._rows.values() for k in row)
        )
        self._removed: set[int] = set()
        self._kinds: dict[str, type | None] = {}

    def _cut(self, content: bytes) -> None:
        body = content[len(self._mark) :]
        lines = body.split(b"\n")
        last = lines.pop()
        self._lines = [line + b"\n" for line in lines] + ([last] if last else [])
        self._line_end = b"\r\n" if self._lines and self._lines[0].endswith(b"\r\n") else b"\n"

    def texts(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return these columns of every readable row as first read, and ``@row``, its number."""
        rows = self._rows.values()
        texts = {name: [json_text(row.get(name)) for row in rows] for name in columns}
        frame = pl.DataFrame(texts, schema=dict.fromkeys(columns, pl.String))
        return frame.with_columns(pl.Series("@row", list(self._rows), dtype=pl.Int64))

    def row(self, number: int, columns: Sequence[str]) -> Mapping[str, str | None]:
        """Return what a row says now, changes included."""
        return {name: json_text(self._rows[number].get(name)) for name in columns}

    def change(self, number: int, values: Mapping[str, str | None]) -> None:
        """Change values of a row: all of them or none."""
        row, text = self._rows[number], self._lines[number].decode()
        for name, value in values.items():
            if json_text(row.get(name)) != value:
                text = _with_value(text, name, self._literal(name, value, row.get(name)))
        self._keep(number, text)

    def append(self, values: Mapping[str, str | None]) -> int:
        """Add a row of these values; return its number."""
        members = [
            f"{_string(name)}: {self._literal(name, value, None)}" for name, value in values.items()
        ]
        if self._lines and not self._lines[-1].endswith(b"\n"):
            self._lines[-1] += self._line_end
        self._lines.append(b"")
        self._keep(len(self._lines) - 1, "{" + ", ".join(members) + "}" + self._line_end.decode())
        return len(self._lines) - 1

    def remove(self, number: int) -> None:
        """Remove a line."""
        self._removed.add(number)

    def content(self) -> bytes:
        """Return the whole file with the changes."""
        kept = (line for at, line in enumerate(self._lines) if at not in self._removed)
        return self._mark + b"".join(kept)

    def _keep(self, number: int, text: str) -> None:
        row = json_object(text)
        assert row is not None
        self._lines[number], self._rows[number] = text.encode(), row

    # -- one value --------------------------------------------------------------------------------

    def _literal(self, name: str, value: str | None, old: Any) -> str:
        if value is None:
            return "null"
        try:
            value.encode()
        except UnicodeEncodeError:
            raise UnfitValueError("encoding", "UTF-8 cannot hold this value") from None
        kind = type(old) if old is not None else self._kind(name)
        if kind in {Number, int}:
            return _fit(value, "number", is_fit=_NUMBER.fullmatch(value) is not None)
        if kind is bool:
            return _fit(value, "boolean", is_fit=value in {"true", "false"})
        if kind in {dict, list}:
            return _fit(value, "JSON value", is_fit=_is_json(value))
        return _string(value)

    def _kind(self, name: str) -> type | None:
        """Return the type of the column where it has a value."""
        if name not in self._kinds:
            values = (row.get(name) for row in self._rows.values())
            self._kinds[name] = next((type(v) for v in values if v is not None), None)
        return self._kinds[name]


def _row(line: bytes) -> Mapping[str, Any] | None:
    if len(line) > LINE_BYTES_MAX:
        return None  # as reading has it
    try:
        return json_object(line.decode())
    except UnicodeDecodeError:
        return None


def _fit(value: str, what: str, *, is_fit: bool) -> str:
    if not is_fit:
        raise UnfitValueError("type_mismatch", f"the column holds a {what}, and this is none")
    return value


def _is_json(value: str) -> bool:
    try:
        is_value = isinstance(_STRICT.decode(value), dict | list) and "\n" not in value
    except (ValueError, RecursionError):
        return False
    return is_value and json_object(f'{{"":{value}}}') is not None


def _string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _with_value(line: str, name: str, literal: str) -> str:
    """Return the line with the literal as the last member of that name, or as a new last member."""
    spans, end = _members(line)
    if name in spans:
        start, stop = spans[name]
        return line[:start] + literal + line[stop:]
    comma = ", " if spans else ""
    return f"{line[:end]}{comma}{_string(name)}: {literal}{line[end:]}"


def _members(line: str) -> tuple[dict[str, tuple[int, int]], int]:
    """Return where the value of each member stands, and where a new member would."""
    at = _after_space(line, line.index("{") + 1)
    spans: dict[str, tuple[int, int]] = {}
    end = at
    while line[at] != "}":
        name, at = _STRICT.raw_decode(line, at)
        at = _after_space(line, _after_space(line, at) + 1)
        start = at
        _, at = _STRICT.raw_decode(line, at)
        spans[name] = (start, at)
        end = at
        at = _after_space(line, at)
        if line[at] == ",":
            at = _after_space(line, at + 1)
    return spans, end


def _after_space(line: str, at: int) -> int:
    found = _SPACE.match(line, at)
    assert found is not None
    return found.end()
