"""A complete connector: an address book kept as one JSON file, `{"id": {"field": "text"}}`.

It is as small as a connector can be that reads, writes, and knows what became of a lost answer. The
file has a version, and is replaced only if it still has the one that was read, so nothing written
by people in between is lost. A record that is created takes its id from the token of the write, so
a write that is sent twice is one record.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from customer_sync.connect.port import (
    ABSENT,
    CHANGED_AT,
    GONE,
    ID,
    MERGED_INTO,
    OUTSIDE,
    VERSION,
    Answer,
    Capabilities,
    FieldShape,
    FileRead,
    FileReplace,
    FileReply,
    Flow,
    Page,
    ReadRequest,
    StreamShape,
    Write,
    record_schema,
)
from customer_sync.kernel.errors import ConfigurationError, RetryableError, SchemaDriftError
from customer_sync.model.config import SystemConfig

Records = dict[str, dict[str, str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The file as it was read."""

    records: Records
    version: str | None


class Connector:
    """One JSON file per stream."""

    def __init__(self, config: SystemConfig, /) -> None:
        """Take the system's configuration; do no I/O."""
        for name, stream in config.streams.items():
            if not stream.url:
                raise ConfigurationError(f"Stream {name} has no url: which file is it?")
        self._urls = {name: str(stream.url) for name, stream in config.streams.items()}

    def capabilities(self, stream: str) -> Capabilities:
        """Return what every stream can do; what is not said is not offered."""
        return Capabilities(delete=True, precondition="values", idempotent=True, settles=True)

    # -- shapes -----------------------------------------------------------------------------------

    def shape(self, stream: str) -> Flow[StreamShape]:
        """Return the fields that the records have now."""
        book = yield from self._book(stream)
        names = dict.fromkeys(name for record in book.records.values() for name in record)
        fields = [FieldShape(name=name, type="text") for name in names]
        return StreamShape(stream=stream, fields=fields, count=len(book.records))

    def discover(self) -> Flow[list[StreamShape]]:
        """Return the configured streams: a file says nothing of others."""
        shapes = []
        for stream in self._urls:
            shapes.append((yield from self.shape(stream)))  # noqa: PERF401 - a comprehension cannot yield
        return shapes

    # -- reading ----------------------------------------------------------------------------------

    def read(self, request: ReadRequest) -> Flow[Page]:
        """Return one page; the cursor is the last id shown, so that deletions hide no record."""
        book = yield from self._book(request.stream)
        _require(book, request.fields)
        if request.mode == "ids":
            return Page(records=_frame(request, book, request.ids), cursor=None, more=False)
        # A round that ended leaves no cursor: without changes to ask for, the next begins anew.
        ids = sorted(id_ for id_ in book.records if id_ > (request.cursor or ""))
        shown, more = ids[: request.limit], len(ids) > request.limit
        cursor = shown[-1] if more else None
        total = len(book.records)
        return Page(records=_frame(request, book, shown), cursor=cursor, more=more, total=total)

    def _book(self, stream: str) -> Flow[Book]:
        (reply,) = yield [FileRead(url=self._urls[stream])]
        assert isinstance(reply, FileReply)
        if reply.version is None:
            raise SchemaDriftError("The address book is not there.", context={"stream": stream})
        return Book(records=json.loads(reply.content or b"{}"), version=reply.version)

    # -- writing ----------------------------------------------------------------------------------

    def write(self, stream: str, writes: Sequence[Write]) -> Flow[list[Answer]]:
        """Write records, all in one replacement of the file; answer each, in order."""
        book = yield from self._book(stream)
        records = {id_: dict(record) for id_, record in book.records.items()}
        answers = [_written(records, write) for write in writes]
        if records != book.records:
            content = json.dumps(records, ensure_ascii=False, indent=1).encode()
            call = FileReplace(url=self._urls[stream], content=content, expected=book.version)
            # A lost answer is raised here, as a DoubtfulError; the engine will ask `settle`.
            (reply,) = yield [call]
            assert isinstance(reply, FileReply)
            if not reply.replaced:
                raise RetryableError("Somebody changed the address book meanwhile.")
        return answers

    def settle(self, stream: str, writes: Sequence[Write]) -> Flow[list[Answer]]:
        """Find out by reading alone what became of writes whose answer was lost."""
        book = yield from self._book(stream)
        return [_settled(book.records, write) for write in writes]


def _require(book: Book, fields: Sequence[str]) -> None:
    """Refuse to read as nothing what no record has any more."""
    known = {name for record in book.records.values() for name in record}
    missing = [name for name in fields if book.records and name not in known]
    if missing:
        raise SchemaDriftError(f"No record has {missing[0]} any more.", context={"field": missing})


def _frame(request: ReadRequest, book: Book, ids: Sequence[str]) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for id_ in ids:
        record = book.records.get(id_)
        meta = {ID: id_, CHANGED_AT: None, VERSION: None, GONE: record is None}
        absent = [name for name in request.fields if record is not None and name not in record]
        meta |= {MERGED_INTO: None, OUTSIDE: False, ABSENT: ",".join(absent) or None}
        rows.append(meta | {name: (record or {}).get(name) for name in request.fields})
    return pl.DataFrame(rows, schema=record_schema(request.fields), orient="row")


def _written(records: Records, write: Write) -> Answer:
    """Change the records as a write says; return its answer."""
    if write.kind == "create":
        records.setdefault(write.token, dict(write.patch))
        return _answer(write, write.token, records)
    id_ = write.external_id or ""
    if write.kind == "deactivate":
        reason = "an address book knows no inactive records"
        return Answer(token=write.token, outcome="refused", code="not_offered", reason=reason)
    if id_ not in records:
        # What should go is gone; what should change cannot.
        outcome = _answer(write, id_, records) if write.kind == "delete" else None
        return outcome or Answer(token=write.token, outcome="moved", external_id=id_, code="gone")
    if not _shows(records[id_], write.expected):
        return Answer(token=write.token, outcome="moved", external_id=id_, code="changed")
    if write.kind == "delete":
        del records[id_]
    else:
        records[id_] |= write.patch
    return _answer(write, id_, records)


def _settled(records: Records, write: Write) -> Answer:
    id_ = write.token if write.kind == "create" else write.external_id or ""
    record = records.get(id_)
    is_done = record is None if write.kind == "delete" else record is not None
    if is_done and write.kind == "update":
        is_done = _shows(record or {}, write.patch)
    if is_done:
        return _answer(write, id_, records)
    if write.kind == "update" and not _shows(record or {}, write.expected):
        return Answer(token=write.token, outcome="unknown", external_id=id_)
    return Answer(token=write.token, outcome="refused", external_id=id_, code="not_done")


def _shows(record: Mapping[str, str | None], values: Mapping[str, str | None]) -> bool:
    return all(record.get(name) == value for name, value in values.items())


def _answer(write: Write, id_: str, records: Records) -> Answer:
    record = dict(records[id_]) if id_ in records else None
    return Answer(token=write.token, outcome="accepted", external_id=id_, record=record)
