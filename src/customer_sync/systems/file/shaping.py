"""Show what a file holds: its columns, their likely types, its likely key, how many rows.

Decides what a column's type is from a sample, and proposes the key: the first column that is filled
in every sampled row, never twice the same, and named like a key. Must not know streams' mappings.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from customer_sync.connect.port import FieldShape, StreamShape
from customer_sync.kernel.errors import CustomerSyncError, OperatorError, SchemaDriftError
from customer_sync.systems.file.formats import code_of
from customer_sync.systems.file.settings import FileSettings, format_of
from customer_sync.systems.file.source import Position, Reader, Source, Steps, Table

__all__ = ["discovered_stream", "file_shape"]

SAMPLE_ROWS = 1_000
COUNT_ROWS = 50_000
_KEY_NAME = re.compile(r"(^|[_\W])(id|key|no|nr|num|number|nummer|code|uuid|guid)$", re.IGNORECASE)
_CAMEL_KEY = re.compile(r"[a-z](Id|ID|No|Nr|Key|Number|Code)$")
_CHANGE_NAME = re.compile(r"(updated|modified|changed|last_?mod)", re.IGNORECASE)
_TYPES = (
    ("integer", r"^-?(0|[1-9]\d*)$"),
    ("number", r"^-?\d+([.,]\d+)?$"),
    ("boolean", r"(?i)^(true|false|yes|no)$"),
    ("instant", r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d"),
    ("date", r"^\d{4}-\d\d-\d\d$"),
)


def file_shape(stream: str, source: Source, reader: Reader) -> Steps[StreamShape]:
    """Return the shape of a file as it is now, its rows counted."""
    version = (yield from source.stat()).version or ""
    columns = list(dict.fromkeys((yield from reader.columns(version))))
    try:
        table = yield from reader.page(version, None, columns, SAMPLE_ROWS)
        count = yield from _count(version, reader, table, columns[:1])
    except SchemaDriftError as error:
        # The columns are known all the same, so that a mapping can be checked against them.
        fields = [FieldShape(name=name, type="text") for name in columns]
        return StreamShape(
            stream=stream, fields=fields, settings={"url": source.url, "problem": _said(error)}
        )
    key = _key(table.frame)
    fields = [_field(table.frame[name], is_key=name == key) for name in columns]
    return StreamShape(
        stream=stream, fields=fields, settings=_proposed(source, key, columns), count=count
    )


def discovered_stream(url: str) -> Steps[StreamShape | None]:
    """Return the stream that a file could be; None where it is no file of a known format."""
    name = format_of(url)
    base = url.rpartition("/")[2]
    if name is None or base.startswith((".", "~$")):
        return None
    settings = FileSettings.model_validate(
        {"format": name, "delimiter": "\t" if name == "tsv" else None}
    )
    source = Source(url=url, settings=settings)
    stream = re.sub(r"\W+", "_", base.rpartition(".")[0].lower()).strip("_") or "file"
    try:
        return (yield from file_shape(stream, source, code_of(name).reader(source)))
    except OperatorError as problem:
        return StreamShape(
            stream=stream, fields=(), settings={"url": url, "problem": _said(problem)}
        )


def _said(problem: CustomerSyncError) -> str:
    return problem.message


def _proposed(source: Source, key: str | None, columns: Sequence[str]) -> Mapping[str, Any]:
    changed = next((name for name in columns if _CHANGE_NAME.search(name)), None)
    found = {"url": source.url, "key": key, "cursor": changed}
    return {name: value for name, value in found.items() if value is not None}


def _count(version: str, reader: Reader, table: Table, columns: Sequence[str]) -> Steps[int]:
    if table.total is not None:
        return table.total
    count = table.frame.height
    at: Position | None = table.position
    while at is not None:
        table = yield from reader.page(version, at, columns, COUNT_ROWS)
        count, at = count + table.frame.height, table.position
    return count


def _key(sample: pl.DataFrame) -> str | None:
    """Return the column that could name the rows."""
    fit = [
        name
        for name in sample.columns
        if sample.height and not sample[name].null_count() and sample[name].is_unique().all()
    ]
    named = [name for name in fit if _KEY_NAME.search(name) or _CAMEL_KEY.search(name)]
    return next(iter(named), None)


def _field(values: pl.Series, *, is_key: bool) -> FieldShape:
    filled = values.drop_nulls()
    kind = next((name for name, pattern in _TYPES if _all_match(filled, pattern)), "text")
    return FieldShape(
        name=values.name,
        type=kind,
        nullable=values.null_count() > 0 or not len(values),
        is_key=is_key,
    )


def _all_match(filled: pl.Series, pattern: str) -> bool:
    return bool(len(filled)) and bool(filled.str.contains(pattern).all())
