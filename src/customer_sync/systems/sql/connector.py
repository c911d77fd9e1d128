"""The SQL connector: the flows that read, write, settle and discover.

It composes what the other modules decide into calls, one transaction each, and turns a refused
statement into what it means: a column that has vanished, a record that cannot be written.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl

from customer_sync.connect.port import (
    ID,
    Answer,
    Capabilities,
    Flow,
    Page,
    ReadRequest,
    SqlCall,
    SqlReply,
    StreamShape,
    Write,
    record_schema,
)
from customer_sync.kernel.errors import ConfigurationError, SchemaDriftError
from customer_sync.model.config import SystemConfig
from customer_sync.systems.sql import settling, writing
from customer_sync.systems.sql.position import (
    SHOWN_AGAIN_MAX,
    Position,
    as_instant,
    fits,
    is_settled,
    next_sweep,
)
from customer_sync.systems.sql.reading import (
    Rows,
    clock,
    clock_statement,
    count_statement,
    gone_frame,
    ids_statement,
    key_list,
    page_statement,
    place_of_last,
    readable,
    repeated_statement,
)
from customer_sync.systems.sql.stream import SETTINGS, Plan, Stream, stream_of, url_of
from customer_sync.systems.sql.table import TableFacts, reflect, table_names

__all__ = ["Connector"]

IDS_PER_STATEMENT = 1_000
CURSOR_NAMES = (
    "updated_at",
    "modified_at",
    "changed_at",
    "last_modified",
    "write_date",
    "updated",
    "modified",
)
DEFAULT_SCHEMA: tuple[str | None, ...] = (None,)


class Connector:
    """Any database that SQLAlchemy reaches."""

    STREAM_SETTINGS = SETTINGS

    def __init__(self, config: SystemConfig, /) -> None:
        """Take the system's configuration; do no I/O."""
        self._config = config
        self._url = url_of(config)
        self._facts: dict[str, TableFacts] = {}

    def capabilities(self, stream: str) -> Capabilities:
        """Return what that stream can do, without I/O."""
        return stream_of(self._config, stream).capabilities()

    # -- shapes ----------------------------------------------------------------------------------

    def shape(self, stream: str) -> Flow[StreamShape]:
        """Return the configured stream as the database shows it now."""
        settings = stream_of(self._config, stream)
        self._facts.pop(stream, None)
        plan = yield from self._plan(settings)
        counted = yield from self._ask(plan, [count_statement(plan)])
        return StreamShape(
            stream=stream, fields=plan.facts.shapes(plan.key), count=counted.results[0][1][0][0]
        )

    def discover(self) -> Flow[list[StreamShape]]:
        """Return every table and view of the database as a stream it could offer."""
        schemas = self._config.settings.get("schemas") or DEFAULT_SCHEMA
        replies = yield [SqlCall(url=self._url, inspect=table_names(schemas))]
        reply = _sql(replies[0])
        if reply.error is not None:
            raise ConfigurationError("The database does not show its tables.") from None
        shapes = []
        for facts in reply.inspected:
            name = facts.name if facts.schema is None else f"{facts.schema}.{facts.name}"
            counts = yield [SqlCall(url=self._url, statements=[(facts.count(), None)])]
            counted = _sql(counts[0])
            shapes.append(
                StreamShape(
                    stream=name,
                    fields=facts.shapes(facts.primary_key),
                    settings=_proposed(name, facts),
                    count=None if counted.error else counted.results[0][1][0][0],
                )
            )
        return shapes

    # -- reading ---------------------------------------------------------------------------------

    def read(self, request: ReadRequest) -> Flow[Page]:
        """Return one page."""
        plan = yield from self._plan(stream_of(self._config, request.stream))
        plan.require(request.fields)
        if request.mode == "ids":
            return (yield from self._read_ids(plan, request))
        mode = "changes" if request.mode == "changes" and plan.stream.config.cursor else "listing"
        position = Position.of(request.cursor) if request.cursor else Position(mode=mode)
        if position.mode != mode:
            raise SchemaDriftError(
                "The cursor belongs to another way of reading this stream.",
                context={"stream": request.stream},
                hint="Read the stream anew, without a cursor.",
            )
        _require_fit(plan, position)
        if mode == "listing":
            return (yield from self._read_listing(plan, request, position))
        return (yield from self._read_changes(plan, request, position))

    def _read_ids(self, plan: Plan, request: ReadRequest) -> Flow[Page]:
        keys = {external_id: plan.key_of(external_id) for external_id in dict.fromkeys(request.ids)}
        known = [key for key in keys.values() if key is not None]
        statement = ids_statement(plan, request.fields)
        chunks = [
            (statement, key_list(plan, known[start : start + IDS_PER_STATEMENT]))
            for start in range(0, len(known), IDS_PER_STATEMENT)
        ]
        frames = [pl.DataFrame(schema=record_schema(request.fields))]
        faults: list[tuple[str, str]] = []
        if chunks:
            reply = yield from self._ask(plan, chunks)
            for names, rows, _ in reply.results:
                shown, broken = yield from self._checked(plan, request.fields, Rows(names, rows))
                frames.append(shown)
                faults += broken
            frames = [pl.concat(frames)]
        found = {*frames[0].get_column(ID), *(place for place, _ in faults)}
        gone = [external_id for external_id in keys if external_id not in found]
        return Page(
            records=pl.concat([*frames, gone_frame(request.fields, gone)]),
            cursor=None,
            more=False,
            faults=faults,
        )

    def _read_listing(self, plan: Plan, request: ReadRequest, position: Position) -> Flow[Page]:
        statements = [page_statement(plan, request.fields, position, request.limit)]
        if position.total is None:
            statements.append(count_statement(plan))
        reply = yield from self._ask(plan, statements)
        total = position.total if position.total is not None else reply.results[1][1][0][0]
        rows = Rows(*reply.results[0][:2])
        records, faults = yield from self._checked(plan, request.fields, rows)
        more = rows.count >= request.limit
        cursor = None
        if more:
            last = place_of_last(plan, rows, plan.key)
            cursor = replace(position, at=last, total=total).text()
        return Page(records=records, cursor=cursor, more=more, faults=faults, total=total)

    def _read_changes(self, plan: Plan, request: ReadRequest, position: Position) -> Flow[Page]:
        cursor = plan.stream.config.cursor
        assert cursor is not None
        statements = [
            clock_statement(plan.dialect),
            page_statement(plan, request.fields, position, request.limit),
        ]
        looks_for_nulls = position.phase == "nulls" or (
            plan.column(cursor).nullable and position.ceiling is None and position.shown == 0
        )
        if looks_for_nulls:
            statements.append(
                page_statement(plan, request.fields, position, request.limit, is_null_phase=True)
            )
        reply = yield from self._ask(plan, statements)
        now = clock(reply.results[0][1][0][0])
        if looks_for_nulls and reply.results[2][1]:
            return (
                yield from self._null_page(plan, request, position, Rows(*reply.results[2][:2]))
            )
        if position.phase == "nulls":
            position = replace(position, phase="main", at=position.start, start=())
        rows = Rows(*reply.results[1][:2])
        records, faults = yield from self._checked(plan, request.fields, rows)
        more = rows.count >= request.limit
        order = [cursor, *(name for name in plan.key if name != cursor)]
        last = place_of_last(plan, rows, order) if rows.count else ()
        reached = _reached(plan, position, last=last, now=now, shown=rows.count)
        if not more:
            reached = yield from self._next_sweep(plan, reached, now)
        return Page(records=records, cursor=reached.text(), more=more, faults=faults)

    def _next_sweep(self, plan: Plan, reached: Position, now: datetime) -> Flow[Position]:
        """Return where the next sweep starts: in the overlap, or after it where that is old and large."""
        cursor, lag = plan.stream.config.cursor, plan.stream.lag
        assert cursor is not None
        zone = plan.zone(cursor)
        following = next_sweep(reached, clock=now, lag=lag, zone=zone)
        is_strict = len(reached.at) > 1
        if not is_strict or not is_settled(reached.top, clock=now, lag=lag, zone=zone):
            return following
        after = Position(mode=reached.mode, at=reached.at, top=reached.top)
        if reached.shown == 0:
            return after
        if reached.shown <= SHOWN_AGAIN_MAX:
            return following
        counted = yield from self._ask(plan, [count_statement(plan, after=following.at[0])])
        return after if counted.results[0][1][0][0] > SHOWN_AGAIN_MAX else following

    def _null_page(
        self, plan: Plan, request: ReadRequest, position: Position, rows: Rows
    ) -> Flow[Page]:
        """Return a page of rows without a cursor value; they come first in every sweep."""
        records, faults = yield from self._checked(plan, request.fields, rows)
        last = place_of_last(plan, rows, plan.key)
        start = position.start if position.phase == "nulls" else position.at
        following = replace(position, phase="nulls", at=last, start=start)
        return Page(records=records, cursor=following.text(), more=True, faults=faults)

    def _checked(
        self, plan: Plan, fields: Sequence[str], rows: Rows
    ) -> Flow[tuple[pl.DataFrame, list[tuple[str, str]]]]:
        """Return rows as records; without text, without a key or with one on several rows, as faults."""
        records, faults = readable(plan, fields, rows)
        ids = records.get_column(ID)
        if ids.null_count():
            faults += [("", "the key is null")] * ids.null_count()
            records = records.filter(pl.col(ID).is_not_null())
        if plan.facts.is_unique(plan.key) or plan.stream.overrides.get("unique"):
            return records, faults
        repeated = yield from self._repeated(plan, records.get_column(ID).unique().to_list())
        if repeated:
            shown = records.filter(pl.col(ID).is_in(repeated)).get_column(ID).unique().sort()
            faults += [(external_id, "the key is on several rows") for external_id in shown]
            records = records.filter(~pl.col(ID).is_in(repeated))
        return records, faults

    def _repeated(self, plan: Plan, ids: Sequence[str]) -> Flow[list[str]]:
        keys = [key for key in map(plan.key_of, ids) if key is not None]
        if not keys:
            return []
        statement = repeated_statement(plan)
        reply = yield from self._ask(
            plan,
            [
                (statement, key_list(plan, keys[start : start + IDS_PER_STATEMENT]))
                for start in range(0, len(keys), IDS_PER_STATEMENT)
            ],
        )
        found = [plan.id_of(tuple(row)) for _, rows, _ in reply.results for row in rows]
        return [external_id for external_id in found if external_id is not None]

    # -- writing ---------------------------------------------------------------------------------

    def write(self, stream: str, writes: Sequence[Write]) -> Flow[list[Answer]]:
        """Write records in one transaction; answer each, in order."""
        plan = yield from self._plan(stream_of(self._config, stream))
        plan.require(())
        return (yield from writing.write(plan, writes))

    def settle(self, stream: str, writes: Sequence[Write]) -> Flow[list[Answer]]:
        """Find out by reading alone what became of writes whose answer was lost."""
        plan = yield from self._plan(stream_of(self._config, stream))
        plan.require(())
        return (yield from settling.settle(plan, writes))

    # -- calls -----------------------------------------------------------------------------------

    def _plan(self, stream: Stream) -> Flow[Plan]:
        """Return the stream with the facts of its table, reflected once."""
        facts = self._facts.get(stream.name)
        if facts is None:
            facts = yield from _reflected(stream)
            self._facts[stream.name] = facts
        plan = Plan(stream=stream, facts=facts)
        if plan.facts.missing(plan.own()):  # perhaps it has come back
            facts = yield from _reflected(stream)
            self._facts[stream.name] = facts
            plan = Plan(stream=stream, facts=facts)
        return plan

    def _ask(self, plan: Plan, statements: Sequence[tuple[Any, Any]]) -> Flow[SqlReply]:
        """Read; where that is refused, say which mapped column has vanished or changed its type."""
        replies = yield [SqlCall(url=plan.stream.url, statements=statements)]
        reply = _sql(replies[0])
        if reply.error is None:
            return reply
        self._facts.pop(plan.stream.name, None)
        facts = yield from _reflected(plan.stream)
        changed = [
            column.name
            for column in plan.facts.columns.values()
            if column.name not in facts.columns or facts.columns[column.name].kind != column.kind
        ]
        if changed:
            raise SchemaDriftError(
                f"The table {facts.name!r} has lost or changed the column {', '.join(changed)}.",
                context={"stream": plan.stream.name, "table": facts.name, "fields": changed},
                hint="Map another column, or bring it back.",
            )
        raise ConfigurationError(
            f"The database refuses to read the stream {plan.stream.name!r}.",
            context={"stream": plan.stream.name, "error": type(reply.error).__name__},
            hint="Check `where`, `deleted` and the cursor: they are SQL of this database.",
        )


def _sql(reply: object) -> SqlReply:
    assert isinstance(reply, SqlReply)
    return reply


def _reflected(stream: Stream) -> Flow[TableFacts]:
    schema, name = stream.place
    replies = yield [SqlCall(url=stream.url, inspect=reflect(name, schema))]
    reply = _sql(replies[0])
    if reply.error is not None:
        raise SchemaDriftError(
            f"The database has no table {name!r}.",
            context={"stream": stream.name, "table": name, "schema": schema, "fields": []},
            hint="Correct `table`, or bring the table back.",
        )
    facts: TableFacts = reply.inspected
    return facts


def _require_fit(plan: Plan, position: Position) -> None:
    """Check that a kept cursor still speaks of the columns as they are now."""
    cursor = plan.stream.config.cursor
    pairs: list[tuple[str, Any]] = []
    if position.mode == "changes" and cursor:
        pairs = [(cursor, value) for value in (*position.start[:1], position.top)]
        if position.phase == "main":
            pairs += [(cursor, value) for value in position.at[:1]]
    elif position.mode == "listing":
        pairs = list(zip(plan.key, position.at, strict=False))
    changed = sorted(
        {
            name
            for name, value in pairs
            if value is not None and not fits(value, plan.column(name).kind, plan.dialect)
        }
    )
    if changed:
        raise SchemaDriftError(
            f"The column {', '.join(changed)} has another type than when it was last read.",
            context={"stream": plan.stream.name, "table": plan.facts.name, "fields": changed},
            hint="Read the stream anew, without a cursor.",
        )


def _reached(
    plan: Plan, position: Position, *, last: tuple[Any, ...], now: datetime, shown: int
) -> Position:
    """Return the position with what this page teaches: the top, and how late the next sweep may start."""
    top = last[0] if last else position.top
    cursor = plan.stream.config.cursor
    assert cursor is not None
    ceiling = position.ceiling
    instant = as_instant(top, plan.zone(cursor)) if top is not None else None
    if ceiling is None and (instant is None or instant > now - plan.stream.lag):
        # Timestamps: from here on rows may come late. Numbers: when the sweep began.
        ceiling = (now if instant is None else now - plan.stream.lag).isoformat()
    return replace(
        position, at=last or position.at, top=top, ceiling=ceiling, shown=position.shown + shown
    )


def _proposed(name: str, facts: TableFacts) -> dict[str, Any]:
    """Return the settings a stream of this table would have."""
    settings: dict[str, Any] = {"table": name}
    key = list(facts.primary_key) or sorted(min(facts.uniques, key=len, default=()))
    if key:
        settings["key"] = key[0] if len(key) == 1 else key
    kinds = {"datetime", "zoned", "text"} if facts.dialect == "sqlite" else {"datetime", "zoned"}
    instants = {c.name for c in facts.columns.values() if c.kind in kinds}
    folded = {column.lower(): column for column in instants}
    cursor = next((folded[known] for known in CURSOR_NAMES if known in folded), None)
    if cursor:
        settings["cursor"] = cursor
    return settings
