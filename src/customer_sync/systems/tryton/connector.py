"""The connector: one Tryton database, its parties as a stream.

It decides which call answers which question of the port; what a party looks like is in ``party``,
what changed in ``changes``, how to write in ``writing``. It opens no connection and keeps nothing
but the session.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl

from customer_sync.connect.condition import condition_columns, holds
from customer_sync.connect.port import (
    GONE,
    ID,
    MERGED_INTO,
    META_SCHEMA,
    OUTSIDE,
    Answer,
    Capabilities,
    FieldShape,
    Flow,
    Page,
    ReadRequest,
    StreamShape,
    Write,
    record_schema,
)
from customer_sync.infra import entropy
from customer_sync.kernel.errors import ConfigurationError, SchemaDriftError
from customer_sync.model.config import SystemConfig
from customer_sync.systems.tryton import changes, party, writing
from customer_sync.systems.tryton.changes import Cursor
from customer_sync.systems.tryton.protocol import Rpc, Session

__all__ = ["Connector"]

READ_ROWS_MAX = 1_000  # 600 to 1,500 a second with children: a page is a second or two
KEY_ROWS_MAX = 10_000  # ids alone are cheap
WRITE_ROWS_MAX = 200  # one transaction of about a second; longer ones make `lag_s` a lie
LAG_S = 60.0  # longer than an import of 10,000 parties in one transaction
SETTINGS = {"table": party.PARTY, "key": "id", "cursor": "write_date", "version": "_timestamp",
            "merged_into": "replaced_by"}  # fmt: skip


class Connector:
    """Parties of one Tryton database."""

    def __init__(self, config: SystemConfig, /) -> None:
        """Check the settings; do no I/O.

        Raises:
            ConfigurationError: A setting is missing, or a stream is of another model.
        """
        for name, stream in config.streams.items():
            if stream.table not in {None, party.PARTY}:
                raise ConfigurationError(
                    f"The stream {name} asks for a model that this connector does not read.",
                    context={"table": stream.table},
                    hint=f"table: {party.PARTY}",
                )
        self._config = config
        self._session = Session(config)

    def capabilities(self, stream: str) -> Capabilities:
        """Return what a stream of parties can do."""
        return Capabilities(
            cursor=True,
            deletes="keys",
            delete=True,
            deactivate=True,
            read_rows_max=READ_ROWS_MAX,
            write_rows_max=WRITE_ROWS_MAX,
            precondition="version",
            settles=True,
            time_zone="UTC",
            lag_s=self._lag_s(stream),
        )

    def shape(self, stream: str) -> Flow[StreamShape]:
        """Return the fields of a party as this Tryton has them now."""
        fields, count = yield from self._session.ask(
            [
                Rpc(method=f"model.{party.PARTY}.fields_get", arguments=[None]),
                Rpc(method=f"model.{party.PARTY}.search_count", arguments=[[]]),
            ]
        )
        return StreamShape(
            stream=stream, fields=_shapes(fields), settings=dict(SETTINGS), count=count
        )

    def discover(self) -> Flow[list[StreamShape]]:
        """Return the one stream there is: the parties."""
        shape = yield from self.shape("parties")
        return [shape]

    def read(self, request: ReadRequest) -> Flow[Page]:
        """Return one page of parties."""
        unknown = sorted(set(request.fields) - set(party.FIELD_NAMES))
        if unknown:
            raise SchemaDriftError(
                "A party does not have a field of this name.", context={"fields": unknown}
            )
        match request.mode:
            case "ids":
                return (yield from self._read_ids(request))
            case "keys":
                return (yield from self._read_keys(request))
            case "listing":
                return (yield from self._read_listing(request))
            case "changes":
                return (yield from self._read_changes(request))

    def write(self, stream: str, writes: Sequence[Write]) -> Flow[list[Answer]]:
        """Write parties."""
        assert len(writes) <= WRITE_ROWS_MAX, stream
        return (yield from writing.write(self._session, writes))

    def settle(self, stream: str, writes: Sequence[Write]) -> Flow[list[Answer]]:
        """Find out what became of writes."""
        assert len(writes) <= WRITE_ROWS_MAX, stream
        return (yield from writing.settle(self._session, writes))

    def _lag_s(self, stream: str) -> float:
        configured = self._config.streams.get(stream)
        lag_s = configured.lag_s if configured else None
        return LAG_S if lag_s is None else lag_s

    # -- pages -------------------------------------------------------------------------------------

    def _read_ids(self, request: ReadRequest) -> Flow[Page]:
        ids = [int(id_) for id_ in request.ids if id_.isdigit()]
        rows = yield from writing.read_parties(self._session, ids)
        records = [
            _record(rows[int(id_)]) if id_.isdigit() and int(id_) in rows else _gone(id_)
            for id_ in dict.fromkeys(request.ids)
        ]
        return Page(records=self._framed(request, records), cursor=None, more=False)

    def _framed(self, request: ReadRequest, records: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
        """Return records as a frame, those marked that the stream's condition does not hold of."""
        frame, where = _frame(records, request.fields), self._where(request.stream)
        if where is None or frame.is_empty():
            return frame
        texts = [{name: row.get(name) for name in condition_columns(where)} for row in records]
        shown = pl.DataFrame(texts, schema=dict.fromkeys(condition_columns(where), pl.String))
        return frame.with_columns((~holds(where, shown) & ~frame[GONE]).alias(OUTSIDE))

    def _where(self, stream: str) -> str | None:
        configured = self._config.streams.get(stream)
        return configured.where if configured else None

    def _read_keys(self, request: ReadRequest) -> Flow[Page]:
        if self._where(request.stream):  # it looks at fields of the party
            return (yield from self._read_listing(request))
        rows_max = min(request.limit, KEY_ROWS_MAX)
        rows, total = yield from self._listed(_id_of(request.cursor), rows_max, ["replaced_by"])
        records = [
            {
                ID: str(row["id"]),
                GONE: row["replaced_by"] is not None,
                MERGED_INTO: None if row["replaced_by"] is None else str(row["replaced_by"]),
            }
            for row in rows
        ]
        return self._listing(request, records, more=len(rows) >= rows_max, total=total)

    def _listing(
        self, request: ReadRequest, records: Sequence[Mapping[str, Any]], *, more: bool, total: int
    ) -> Page:
        cursor = str(records[-1][ID]) if more else None
        return Page(records=self._framed(request, records), cursor=cursor, more=more, total=total)

    def _read_listing(self, request: ReadRequest) -> Flow[Page]:
        rows_max = min(request.limit, READ_ROWS_MAX)
        rows, total = yield from self._listed(_id_of(request.cursor), rows_max, party.FIELDS)
        records = [_record(row) for row in rows]
        return self._listing(request, records, more=len(rows) >= rows_max, total=total)

    def _listed(
        self, after: int, rows_max: int, fields: Sequence[str]
    ) -> Flow[tuple[list[dict[str, Any]], int]]:
        rows, total = yield from self._session.ask(
            [
                Rpc(
                    method=f"model.{party.PARTY}.search_read",
                    arguments=[[("id", ">", after)], 0, rows_max, [("id", "ASC")], list(fields)],
                ),
                Rpc(method=f"model.{party.PARTY}.search_count", arguments=[[]]),
            ]
        )
        return rows, total

    def _read_changes(self, request: ReadRequest) -> Flow[Page]:
        now = entropy.now().replace(tzinfo=None)
        if request.cursor is None:
            cursor = yield from self._first_cursor(request.stream, now)
        else:
            cursor = Cursor.parse(request.cursor)
        if cursor.listed is not None:
            return (yield from self._first_listing(request, cursor))
        if cursor.position is None:
            top = yield from self._newest()
            if top is None or top < cursor.since:
                idle = replace(cursor, top=top or cursor.top)
                return Page(records=_frame([], request.fields), cursor=idle.text(), more=False)
            cursor = cursor.began(top=top, now=now)
        return (yield from self._pass(request, cursor, now))

    def _first_cursor(self, stream: str, now: datetime) -> Flow[Cursor]:
        """Note where the changes will begin, before the first listing, which takes its time."""
        top = yield from self._newest()
        if top is None:
            return Cursor(since=changes.EPOCH, listed=0)
        since = changes.next_since(top=top, seen_at=now, now=now, lag_s=self._lag_s(stream))
        return Cursor(since=since, top=top, seen_at=now, listed=0)

    def _first_listing(self, request: ReadRequest, cursor: Cursor) -> Flow[Page]:
        rows_max = min(request.limit, READ_ROWS_MAX)
        rows, total = yield from self._listed(cursor.listed or 0, rows_max, party.FIELDS)
        more = len(rows) >= rows_max
        after = replace(cursor, listed=rows[-1]["id"] if more else None)
        return Page(
            records=self._framed(request, [_record(row) for row in rows]),
            cursor=after.text(),
            more=more,
            total=total,
        )

    def _newest(self) -> Flow[datetime | None]:
        answers = yield from self._session.ask(changes.newest_requests())
        return changes.newest(answers)

    def _pass(self, request: ReadRequest, cursor: Cursor, now: datetime) -> Flow[Page]:
        """Show the parties of the next events, each once a page, as they stand now."""
        assert cursor.position is not None
        assert cursor.top is not None
        rows_max = min(request.limit, READ_ROWS_MAX)
        answers = yield from self._session.ask(
            changes.event_requests(cursor.position, cursor.top, rows_max)
        )
        events, more = changes.events_of(answers, rows_max)
        ids: dict[int, None] = {}
        position = cursor.position
        for event in events:
            if len(ids) == rows_max and event.party not in ids:
                more = True
                break
            ids[event.party] = None
            position = event.position
        rows = yield from writing.read_parties(self._session, list(ids))
        records = [_record(rows[id_]) if id_ in rows else _gone(str(id_)) for id_ in ids]
        following = (
            replace(cursor, position=position)
            if more
            else cursor.ended(now=now, lag_s=self._lag_s(request.stream))
        )
        return Page(records=self._framed(request, records), cursor=following.text(), more=more)


def _record(row: Mapping[str, Any]) -> dict[str, Any]:
    return party.texts(row) | party.meta(row)


def _gone(id_: str) -> dict[str, Any]:
    return {ID: id_, GONE: True}


def _frame(records: Iterable[Mapping[str, Any]], fields: Sequence[str]) -> pl.DataFrame:
    schema = record_schema(fields)
    assert schema.keys() >= META_SCHEMA.keys()
    rows = [{name: record.get(name) for name in schema} | {OUTSIDE: False} for record in records]
    return pl.DataFrame(rows, schema=schema)


def _id_of(cursor: str | None) -> int:
    return int(cursor) if cursor and cursor.isdigit() else 0


def _shapes(fields: Mapping[str, Any]) -> list[FieldShape]:
    """Return our fields as far as this Tryton still has what they are made of."""
    made_of = {
        "identifiers": "identifiers",
        "tax_identifier": "tax_identifier",
        **dict.fromkeys([*party.PRIMARIES, *party.POOLS], "contact_mechanisms"),
        **dict.fromkeys([*party.ADDRESS_PARTS, "addresses"], "addresses"),
    }
    always = {"id", "write_date"}
    return [
        shape
        for shape in party.SHAPES
        if shape.name in always or made_of.get(shape.name, shape.name) in fields
    ]
