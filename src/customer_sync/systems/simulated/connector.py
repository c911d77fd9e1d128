"""The connector of a simulated platform: the port, over MemoryCalls.

What a stream can do follows from the platform's behaviour. A cursor is the text of a position in
the order of change (instant, id) and of the highest instant seen; a new round starts the declared
lag and one tick of the platform's clock below that, or below the instant at which the round began,
so a record is shown twice rather than not at all.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from customer_sync.connect.condition import condition_columns, holds
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
    Flow,
    MemoryCall,
    MemoryReply,
    Page,
    ReadRequest,
    StreamShape,
    Write,
    record_schema,
)
from customer_sync.connect.transport.memory import platform_named
from customer_sync.kernel.errors import ConfigurationError
from customer_sync.model.config import StreamConfig, SystemConfig
from customer_sync.systems.simulated.behaviour import ACTIVE, Behaviour
from customer_sync.systems.simulated.platform import Platform

__all__ = ["Connector"]


class Connector:
    """Speaks to one simulated platform, named by the setting ``platform``."""

    def __init__(self, config: SystemConfig, /) -> None:
        self._config = config
        self._platform = str(config.settings.get("platform", config.system))

    # -- what it can do ---------------------------------------------------------------------------

    def capabilities(self, stream: str) -> Capabilities:
        """Return what the platform's behaviour allows."""
        behaviour = self._behaviour()
        lag_s = self._stream(stream).lag_s
        return Capabilities(
            cursor=behaviour.cursor,
            deletes=behaviour.deletes,
            create=behaviour.creates,
            update=behaviour.updates,
            delete=behaviour.can_delete,
            deactivate=behaviour.can_deactivate,
            read_rows_max=behaviour.page_rows_max,
            write_rows_max=behaviour.write_rows_max,
            precondition=behaviour.precondition,
            idempotent=behaviour.tokens,
            settles=behaviour.tokens or bool(behaviour.unique),
            field_lengths=behaviour.lengths,
            lag_s=behaviour.lag_s if lag_s is None else lag_s,
        )

    def shape(self, stream: str) -> Flow[StreamShape]:
        """Return the stream as the platform shows it; one never declared takes any mapped field."""
        shown = yield from self._call("shape", stream=self._held(stream))
        types = dict(shown["types"])
        if not shown["declared"]:
            mapped = [n for n in _source_fields(self._stream(stream)) if n not in shown["dropped"]]
            types = dict.fromkeys(mapped, "text") | types
        return self._shape(stream, types, count=shown["count"])

    def discover(self) -> Flow[list[StreamShape]]:
        """Return every stream of the platform."""
        shapes = []
        for name in (yield from self._call("streams")):
            shown = yield from self._call("shape", stream=name)
            shapes.append(self._shape(name, shown["types"], count=shown["count"]))
        return shapes

    def _shape(self, stream: str, types: dict[str, str], *, count: int) -> StreamShape:
        behaviour = self._behaviour()
        key = FieldShape(name="id", type="text", nullable=False, is_key=True, is_writable=False)
        fields = [
            FieldShape(
                name=name,
                type=kind,
                nullable=name not in behaviour.required,
                length=behaviour.lengths.get(name),
            )
            for name, kind in sorted(types.items())
            if name != "id"
        ]
        return StreamShape(
            stream=stream, fields=[key, *fields], settings={"key": "id"}, count=count
        )

    # -- reading ----------------------------------------------------------------------------------

    def read(self, request: ReadRequest) -> Flow[Page]:
        """Return one page."""
        match request.mode:
            case "ids":
                return (yield from self._read_ids(request))
            case "keys":
                return (yield from self._read_by_id(request, fields=()))
            case "changes" if self._behaviour().cursor:
                return (yield from self._read_changes(request))
            case "listing" | "changes":
                return (yield from self._read_by_id(request, fields=tuple(request.fields)))

    def _read_ids(self, request: ReadRequest) -> Flow[Page]:
        rows = yield from self._call(
            "by_ids",
            stream=self._held(request.stream),
            fields=self._asked(request),
            ids=list(request.ids),
        )
        gone: dict[str, Any] = {
            "fields": {},
            "version": None,
            "changed_at": None,
            "told_at": None,
            "merged_into": None,
        }
        shown = [
            row or gone | {"id": key, "deleted": True}
            for key, row in zip(request.ids, rows, strict=True)
        ]
        return Page(
            records=self._frame(request.stream, shown, request.fields), cursor=None, more=False
        )

    def _read_by_id(self, request: ReadRequest, *, fields: Sequence[str]) -> Flow[Page]:
        after = json.loads(request.cursor)["id"] if request.cursor else None
        limit = self._limit(request)
        answer = yield from self._call(
            "read",
            stream=self._held(request.stream),
            fields=self._asked(request) if fields else self._where_fields(request.stream),
            order="id",
            after=(after,) if after is not None else None,
            limit=limit,
        )
        rows = answer["rows"]
        more = self._has_more(answer, limit)
        # The end of a listing is the start of the next: a platform without a feed is listed anew.
        cursor = json.dumps({"id": rows[-1]["id"]}) if more else None
        return Page(
            records=self._frame(request.stream, rows, fields),
            cursor=cursor,
            more=more,
            total=answer["total"],
        )

    def _read_changes(self, request: ReadRequest) -> Flow[Page]:
        place = json.loads(request.cursor) if request.cursor else {"high": None}
        limit = self._limit(request)
        answer = yield from self._call(
            "read",
            stream=self._held(request.stream),
            fields=self._asked(request),
            order="change",
            after=self._after(request.stream, place),
            limit=limit,
        )
        rows = answer["rows"]
        # What changes while a round goes on may be stamped like a row that it has passed already.
        began = place.get("began") or answer["now"].isoformat()
        highs = [place["high"], rows[-1]["changed_at"].isoformat() if rows else None]
        high = max((_instant(h) for h in highs if h), default=None)
        cursor: dict[str, Any] = {}
        if more := self._has_more(answer, limit):
            cursor = {
                "at": rows[-1]["changed_at"].isoformat(),
                "id": rows[-1]["id"],
                "began": began,
            }
        elif high:
            high = min(high, _instant(began))
        cursor["high"] = high.isoformat() if high else None
        return Page(
            records=self._frame(request.stream, rows, request.fields),
            cursor=json.dumps(cursor),
            more=more,
        )

    def _after(self, stream: str, place: dict[str, Any]) -> tuple[datetime, str] | None:
        """Return the position to read after: within a round where it stopped, else the overlap."""
        if place.get("at"):
            return _instant(place["at"]), place["id"]
        if not place["high"]:
            return None
        behaviour = self._behaviour()
        overlap_s = self.capabilities(stream).lag_s + behaviour.resolution_s
        # The empty text sorts before every id, so records of that very instant are shown.
        return _instant(place["high"]) - timedelta(seconds=overlap_s), ""

    def _limit(self, request: ReadRequest) -> int:
        behaviour = self._behaviour()
        caps = [request.limit, behaviour.page_rows_max, behaviour.search_rows_max]
        return max(1, min(cap for cap in caps if cap is not None))

    @staticmethod
    def _has_more(answer: dict[str, Any], limit: int) -> bool:
        """Believe a full page to have a next one: a search at its cap says that it is done."""
        rows = answer["rows"]
        return bool(rows) and (answer["more"] or len(rows) >= limit)

    def _asked(self, request: ReadRequest) -> list[str]:
        key = self._stream(request.stream).key
        asked = dict.fromkeys([*request.fields, *self._where_fields(request.stream)])
        return [name for name in asked if name != key]

    def _where_fields(self, stream: str) -> list[str]:
        """Return the fields that the stream's condition looks at; the platform knows no conditions."""
        config = self._stream(stream)
        return [name for name in condition_columns(config.where) if name != config.key]

    def _frame(
        self, stream: str, rows: Sequence[dict[str, Any]], fields: Sequence[str]
    ) -> pl.DataFrame:
        # What the platform tells twice is one record; the later telling stands.
        latest = {row["id"]: row for row in rows}
        config = self._stream(stream)
        records = pl.DataFrame(
            [_record(row, fields, config.key) for row in latest.values()],
            schema=record_schema(fields),
            orient="row",
        )
        if config.where is None or not latest:
            return records
        looked_at = condition_columns(config.where)
        whole = [_record(row, looked_at, config.key) for row in latest.values()]
        shown = pl.DataFrame(whole, schema=record_schema(looked_at), orient="row")
        return records.with_columns((~holds(config.where, shown) & ~records[GONE]).alias(OUTSIDE))

    # -- writing ----------------------------------------------------------------------------------

    def write(self, stream: str, writes: Sequence[Write]) -> Flow[list[Answer]]:
        """Write one batch and answer each of its writes."""
        asked = [
            {
                "token": write.token,
                "kind": write.kind,
                "id": write.external_id,
                "patch": dict(write.patch),
                "expected": dict(write.expected),
                "version": write.expected_version,
            }
            for write in writes
        ]
        replies: Sequence[MemoryReply] = yield [  # type: ignore[assignment]
            MemoryCall(
                platform=self._platform,
                operation="write",
                arguments={"stream": self._held(stream), "writes": asked},
                is_write=True,
            )
        ]
        answers = replies[0].value
        return [_answer(w, a) for w, a in zip(writes, answers, strict=True)]

    def settle(self, stream: str, writes: Sequence[Write]) -> Flow[list[Answer]]:
        """Find out by reading what became of writes.

        A request may still be on its way while its answer is given up. This platform performs such
        a request before it answers a second question, so one is asked before the one that counts.
        """
        yield from self._call("ping")
        if self._behaviour().tokens:
            found = yield from self._call("find_tokens", tokens=[write.token for write in writes])
            return [
                _answer(write, answer) if answer else _not_done(write)
                for write, answer in zip(writes, found, strict=True)
            ]
        settled = []
        for write in writes:
            if write.kind == "create":
                settled.append((yield from self._settle_create(stream, write)))
            else:
                settled.append((yield from self._settle_change(stream, write)))
        return settled

    def _settle_create(self, stream: str, write: Write) -> Flow[Answer]:
        unique = [name for name in self._behaviour().unique if write.patch.get(name)]
        if not unique:
            return _unknown(write, "nothing tells a record made by this write from others")
        found = yield from self._call(
            "find", stream=self._held(stream), name=unique[0], value=write.patch[unique[0]]
        )
        if not found:
            return _not_done(write)
        shown = self._behaviour().stored(write.patch)
        if all(found[0]["fields"].get(name) == value for name, value in shown.items()):
            # It may have been changed since, so it does not show what the write alone left there.
            return _answer(write, {"outcome": "accepted", "id": found[0]["id"]})
        return _unknown(write, f"a record with the same {unique[0]} shows other values")

    def _settle_change(self, stream: str, write: Write) -> Flow[Answer]:
        [row] = yield from self._call(
            "by_ids", stream=self._held(stream), fields=[], ids=[write.external_id]
        )
        is_gone = row is None or row["deleted"]
        if write.kind == "delete":
            return _accepted(write) if is_gone else _not_done(write)
        if is_gone:
            return _unknown(write, "the record is gone")
        patch: dict[str, str | None] = {ACTIVE: "false"}
        if write.kind == "update":
            patch = dict(write.patch)
        fields = [*patch, *(name for name in write.expected if name not in patch)]
        [row] = yield from self._call(
            "by_ids", stream=self._held(stream), fields=fields, ids=[write.external_id]
        )
        return self._compared(write, row, patch)

    def _compared(self, write: Write, row: dict[str, Any], patch: dict[str, str | None]) -> Answer:
        if write.expected_version is not None and row["version"] == write.expected_version:
            return _not_done(write)
        shown = self._behaviour().stored(patch)
        if all(row["fields"].get(name) == value for name, value in shown.items()):
            # What the record shows now may be later than the write, so the record is not passed on.
            return _accepted(write)
        if write.expected and all(row["fields"].get(k) == v for k, v in write.expected.items()):
            return _not_done(write)
        return _unknown(write, "the record shows neither the old values nor the new")

    # -- the platform -----------------------------------------------------------------------------

    def _call(self, operation: str, **arguments: Any) -> Flow[Any]:
        replies: Sequence[MemoryReply] = yield [  # type: ignore[assignment]
            MemoryCall(platform=self._platform, operation=operation, arguments=arguments)
        ]
        return replies[0].value

    def _behaviour(self) -> Behaviour:
        platform = platform_named(self._platform)
        assert isinstance(platform, Platform)
        return platform.behaviour

    def _stream(self, name: str) -> StreamConfig:
        if name not in self._config.streams:
            raise ConfigurationError(f"system {self._config.system} has no stream {name}")
        return self._config.streams[name]

    def _held(self, name: str) -> str:
        """Return the platform's own name of a stream."""
        return self._stream(name).table or name


def _source_fields(stream: StreamConfig) -> list[str]:
    """Return the source fields that a stream maps, in the order written."""
    names: list[str] = []
    for _, mapping in stream.mappings():
        many = mapping.fields or []
        names += [mapping.field] if mapping.field else []
        names += many.values() if isinstance(many, dict) else many
    return list(dict.fromkeys(names))


def _record(row: dict[str, Any], fields: Sequence[str], key: str | list[str]) -> dict[str, Any]:
    shown = row["fields"] | ({key: row["id"]} if isinstance(key, str) else {})
    absent = [name for name in fields if row["deleted"] or name not in shown]
    return {name: None if row["deleted"] else shown.get(name) for name in fields} | {
        ID: row["id"],
        CHANGED_AT: row["told_at"],
        VERSION: row["version"],
        GONE: row["deleted"],
        MERGED_INTO: row["merged_into"],
        OUTSIDE: False,
        ABSENT: ",".join(absent) or None,
    }


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _answer(write: Write, answer: dict[str, Any]) -> Answer:
    record = answer.get("record")
    return Answer(
        token=write.token,
        outcome=answer["outcome"],
        external_id=answer.get("id", write.external_id),
        record=dict(record["fields"]) if record else None,
        version=record["version"] if record else None,
        changed_at=record["told_at"] if record else None,
        code=answer.get("code", ""),
        reason=answer.get("reason", ""),
    )


def _accepted(write: Write) -> Answer:
    return Answer(token=write.token, outcome="accepted", external_id=write.external_id)


def _not_done(write: Write) -> Answer:
    return Answer(
        token=write.token,
        outcome="refused",
        external_id=write.external_id,
        code="not_done",
        reason="the platform has not done it",
    )


def _unknown(write: Write, reason: str) -> Answer:
    return Answer(
        token=write.token,
        outcome="unknown",
        external_id=write.external_id,
        code="unknown",
        reason=reason,
    )
