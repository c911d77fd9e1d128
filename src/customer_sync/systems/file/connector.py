"""The connector of files: a stream is one file, a record one row of it.

Decides that a file whose version is unchanged has nothing to show, that a changed file is shown
whole again, and that a file which changes while it is listed is begun again from its start. All
writes of a batch go into one atomic replacement. Must not know any format, nor do any I/O.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from customer_sync.connect.port import (
    GONE,
    ID,
    OUTSIDE,
    Answer,
    Capabilities,
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
from customer_sync.kernel.errors import ConfigurationError, InvalidInputError, RetryableError
from customer_sync.model.config import StreamConfig, SystemConfig
from customer_sync.systems.file.formats import FormatCode, code_of
from customer_sync.systems.file.records import (
    SeenKeys,
    columns_read,
    ids_of,
    key_columns,
    records_of,
)
from customer_sync.systems.file.settings import FileSettings, settings_of, stream_faults
from customer_sync.systems.file.shaping import discovered_stream, file_shape
from customer_sync.systems.file.source import FileMovedError, Position, Reader, Source, Steps, Table
from customer_sync.systems.file.writing import Writer

__all__ = ["Connector"]

WRITE_ROWS_MAX = 10_000  # each batch writes the whole file
READ_ROWS_MAX = 50_000
TRIES = 3
BEGINNINGS_MAX = 5  # of one listing, before somebody waits until the file rests
WAIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cursor:
    """Which version was read, where to go on (None: nowhere), how often it was begun."""

    version: str
    position: Position | None
    beginnings: int = 1

    def text(self) -> str:
        """Return the cursor as the engine keeps it."""
        return json.dumps({"v": self.version, "at": self.position, "n": self.beginnings})


def _cursor(text: str | None) -> _Cursor | None:
    if text is None:
        return None
    try:
        found: dict[str, Any] = json.loads(text)
        return _Cursor(version=found["v"], position=found["at"], beginnings=found["n"])
    except (ValueError, KeyError, TypeError):
        raise InvalidInputError("This is not a cursor of a file stream.") from None


@dataclass(slots=True, kw_only=True)
class _Stream:
    """One stream's settings, and what is remembered of the version last read."""

    config: StreamConfig
    settings: FileSettings
    source: Source
    code: FormatCode
    reader: Reader
    seen: SeenKeys


class Connector:
    """Reads and writes the files of one system."""

    NEEDED_KEYS = ("url",)
    STREAM_SETTINGS = tuple(FileSettings.model_fields)
    stream_faults = staticmethod(stream_faults)

    def __init__(self, config: SystemConfig, /) -> None:
        """Take the system's configuration; do no I/O."""
        self._config = config
        self._streams: dict[str, _Stream] = {}

    def capabilities(self, stream: str) -> Capabilities:
        """Return what a file can do."""
        known = self._stream(stream)
        return Capabilities(
            cursor=True,
            deletes="flag" if known.config.deleted else "keys",
            is_whole=True,
            create=True,
            update=True,
            delete=True,
            deactivate=bool(known.settings.deactivate),
            read_rows_max=READ_ROWS_MAX,
            write_rows_max=WRITE_ROWS_MAX,
            precondition="values",
            idempotent=known.settings.new_key != "max_plus_one",
            settles=True,
            time_zone=known.settings.zone,
        )

    # -- shapes -----------------------------------------------------------------------------------

    def shape(self, stream: str) -> Flow[StreamShape]:
        """Return the columns of the file as it is now."""
        known = self._stream(stream)
        return (yield from file_shape(stream, known.source, known.reader))

    def discover(self) -> Flow[list[StreamShape]]:
        """Return the files in the system's folder; without one, the streams configured."""
        folder = self._config.settings.get("folder")
        if not folder:
            shapes: list[StreamShape] = []
            for name in self._config.streams:
                shapes += [(yield from self.shape(name))]
            return shapes
        address = str(folder).rstrip("/") + "/"
        reply = (yield [FileRead(url=address)])[0]
        assert isinstance(reply, FileReply)
        found: list[StreamShape] = []
        for name in json.loads(reply.content):
            shape = yield from discovered_stream(address + name)
            found += [shape] if shape else []
        return found

    # -- reading ----------------------------------------------------------------------------------

    def read(self, request: ReadRequest) -> Flow[Page]:
        """Return one page."""
        known = self._stream(request.stream)
        if request.mode == "ids":
            return (yield from self._read_ids(known, request))
        cursor = _cursor(request.cursor)
        stat = yield from known.source.stat()
        assert stat.version is not None
        if cursor is not None and cursor.position is None and cursor.version == stat.version:
            return Page(records=_no_records(request.fields), cursor=request.cursor, more=False)
        return (yield from self._read_page(known, request, cursor, stat.version))

    def _read_page(
        self, known: _Stream, request: ReadRequest, cursor: _Cursor | None, version: str
    ) -> Steps[Page]:
        begun = cursor.beginnings if cursor and cursor.position is not None else 0
        at = cursor.position if cursor and cursor.version == version else None
        for _ in range(TRIES):
            begun += at is None
            if begun > BEGINNINGS_MAX:
                break
            try:
                page, position = yield from self._page(known, version, at, request)
            except FileMovedError:
                version, at = (yield from known.source.stat()).version or "", None
                continue
            after = _Cursor(version=version, position=position, beginnings=begun)
            return Page(
                records=page.records,
                cursor=after.text(),
                more=position is not None,
                faults=page.faults,
                total=page.total,
            )
        raise RetryableError(
            f"{known.source.shown} keeps changing while it is read.", after_s=WAIT_S
        )

    def _page(
        self, known: _Stream, version: str, at: Position | None, request: ReadRequest
    ) -> Steps[tuple[Page, Position | None]]:
        fields = () if request.mode == "keys" else tuple(request.fields)
        columns = columns_read(known.config, fields)
        yield from self._recall_keys(known, version, at)
        table = yield from known.reader.page(version, at, columns, request.limit)
        records, faults = self._records(known, table, fields)
        if request.mode == "keys":
            records = _with_all(records, request.fields)
        page = Page(
            records=records,
            cursor=None,
            more=table.position is not None,
            faults=[*table.faults, *faults],
            total=table.total,
        )
        return page, table.position

    def _records(
        self, known: _Stream, table: Table, fields: Sequence[str]
    ) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
        found = records_of(
            table,
            known.config,
            fields,
            settings=known.settings,
            seen=known.seen,
            place_word=known.code.place_word,
        )
        if table.position is not None:
            known.seen.next_place = max(known.seen.next_place, table.position["l"])
        return found

    def _recall_keys(self, known: _Stream, version: str, until: Position | None) -> Steps[None]:
        """Know the keys of the pages before: read them again, if this process has not read them."""
        if until is None or known.seen.version != version:
            known.seen = SeenKeys(version=version)
        at: Position | None = None
        while until is not None and known.seen.next_place < until["l"]:
            columns = columns_read(known.config, ())
            table = yield from known.reader.page(version, at, columns, READ_ROWS_MAX)
            self._records(known, table, ())
            at = table.position
            if at is None:
                return

    def _read_ids(self, known: _Stream, request: ReadRequest) -> Steps[Page]:
        """Return exactly these records, found by going through the file once.

        A record outside ``where`` is marked as such; of what is in it, nothing is shown.
        """
        for _ in range(TRIES):
            version = (yield from known.source.stat()).version or ""
            try:
                shown, there = yield from self._scan(known, version, request)
            except FileMovedError:
                continue
            missing = [name for name in dict.fromkeys(request.ids) if name not in there]
            outside = sorted(there - set(shown[ID]))
            unseen = pl.DataFrame(
                {
                    ID: [*missing, *outside],
                    GONE: [True] * len(missing) + [False] * len(outside),
                    OUTSIDE: [False] * len(missing) + [True] * len(outside),
                },
                schema={ID: pl.String, GONE: pl.Boolean, OUTSIDE: pl.Boolean},
            )
            records = pl.concat([_no_records(request.fields), shown, unseen], how="diagonal")
            return Page(records=records, cursor=None, more=False)
        raise RetryableError(
            f"{known.source.shown} keeps changing while it is read.", after_s=WAIT_S
        )

    def _scan(
        self, known: _Stream, version: str, request: ReadRequest
    ) -> Steps[tuple[pl.DataFrame, set[str]]]:
        """Return the records asked for, and which of their ids the file has."""
        known.seen = SeenKeys(version=version)
        columns = columns_read(known.config, request.fields)
        wanted = pl.Series(list(request.ids), dtype=pl.String).implode()
        shown, there = [_no_records(request.fields)], set[str]()
        at: Position | None = None
        while True:
            table = yield from known.reader.page(version, at, columns, READ_ROWS_MAX)
            here, _ = self._records(known, table, request.fields)
            shown.append(here.filter(pl.col(ID).is_in(wanted)))
            there.update(ids_of(table.frame, key_columns(known.config)).drop_nulls())
            there.intersection_update(request.ids)
            at = table.position
            if at is None:
                return pl.concat(shown), there

    # -- writing ----------------------------------------------------------------------------------

    def write(self, stream: str, writes: Sequence[Write]) -> Flow[list[Answer]]:
        """Write all of them in one replacement of the file; answer each."""
        known = self._stream(stream)
        for _ in range(TRIES):
            reply = yield from known.source.whole()
            document = known.code.document(known.source, reply.content)
            writer = Writer(document, known.config, known.settings)
            answers = writer.apply(writes)
            if not writer.is_changed:
                return answers
            call = FileReplace(
                url=known.source.url, content=document.content(), expected=reply.version
            )
            done = (yield [call])[0]
            assert isinstance(done, FileReply)
            if done.replaced:
                return answers
        raise RetryableError(
            f"{known.source.shown} keeps changing while it is written.", after_s=WAIT_S
        )

    def settle(self, stream: str, writes: Sequence[Write]) -> Flow[list[Answer]]:
        """Find out by reading what became of writes whose answer was lost."""
        known = self._stream(stream)
        reply = yield from known.source.whole()
        document = known.code.document(known.source, reply.content)
        return Writer(document, known.config, known.settings).settle(writes)

    def _stream(self, name: str) -> _Stream:
        if name not in self._streams:
            config = self._config.streams.get(name)
            if config is None:
                raise ConfigurationError(f"System {self._config.system} has no stream {name}.")
            self._streams[name] = _made(name, config)
        return self._streams[name]


def _made(name: str, config: StreamConfig) -> _Stream:
    settings = settings_of(name, config)
    source = Source(url=config.url or "", settings=settings)
    code = code_of(settings.format)
    return _Stream(
        config=config,
        settings=settings,
        source=source,
        code=code,
        reader=code.reader(source),
        seen=SeenKeys(version=""),
    )


def _no_records(fields: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(schema=record_schema(fields))


def _with_all(records: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """Return the records with the fields that were not read, as null."""
    return records.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in fields)
