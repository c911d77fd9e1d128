"""Statements that write, and the answers their results become.

All writes of a batch go in one transaction, each with its precondition, and are read back in it.
If the
database refuses one, all are rolled back and sent again with a savepoint each, so that the
refused one
stops itself alone; if it refuses only at the commit, each goes in a transaction of its own. Two
writes
of one record go one after the other, each read back before the next.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID, uuid5

from sqlalchemy import and_, case, delete, func, insert, select, update
from sqlalchemy.exc import DataError, IntegrityError

from customer_sync.connect.port import Answer, Flow, SqlCall, SqlReply, Write
from customer_sync.connect.transport.sql import SeveralRowsError
from customer_sync.kernel.errors import DoubtfulError, RetryableError
from customer_sync.systems.sql.position import as_instant, from_instant
from customer_sync.systems.sql.reading import (
    GONE_LABEL,
    Rows,
    clock,
    clock_statement,
    ids_statement,
    is_sayable,
    key_list,
)
from customer_sync.systems.sql.stream import Plan
from customer_sync.systems.sql.table import ColumnFacts
from customer_sync.systems.sql.values import ValueRefusedError, bind, restore, same, show_one

__all__ = ["Shown", "answerable", "new_key", "read_back", "show", "write"]

KEYS_FROM_TOKENS = UUID("8a5b0c58-6f5e-5d0b-9d5a-7b0c3f6f1e52")
RETURNING = ("postgresql", "sqlite", "mssql", "oracle")
KEY_ATTEMPTS_MAX = 5

Results: TypeAlias = Sequence[tuple[Sequence[str], Sequence[tuple[Any, ...]], int]]
Task: TypeAlias = Literal["update", "insert", "delete", "show"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One write, ready: its statement and the key it names (None: the database makes it)."""

    place: int
    task: Task
    statement: Any
    parameters: Mapping[str, Any]
    key: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A record as it stood right after a write."""

    external_id: str
    record: Mapping[str, str | None]
    version: str | None
    changed_at: datetime | None
    is_gone: bool = False


@dataclass(kw_only=True)
class Batch:
    """Writes on their way: what is prepared, and what is answered."""

    plan: Plan
    writes: Sequence[Write]
    now: datetime | None = None
    first_key: int | None = None
    answers: dict[int, Answer] = field(default_factory=dict)
    statements: dict[Any, Any] = field(default_factory=dict)


def write(plan: Plan, writes: Sequence[Write]) -> Flow[list[Answer]]:
    """Write records; answer each, in order."""
    batch = Batch(plan=plan, writes=writes)
    yield from _prelude(batch)
    waves = _waves(batch)
    if waves:
        yield from _send(batch, waves)
    return [batch.answers[place] for place in range(len(writes))]


def _prelude(batch: Batch) -> Flow[None]:
    """Read what the statements need to know: the database's clock, the largest key."""
    plan, overrides = batch.plan, batch.plan.stream.overrides
    statements = []
    if overrides.get("touch"):
        statements.append(clock_statement(plan.dialect))
    makes_keys = overrides.get("new_key") == "max_plus_one"
    if makes_keys and any(one.kind == "create" for one in batch.writes):
        (column,) = plan.columns(plan.key)
        statements.append((select(func.coalesce(func.max(column), 0)), None))
    if not statements:
        return
    (reply,) = yield [SqlCall(url=plan.stream.url, statements=statements)]
    assert isinstance(reply, SqlReply)
    values = [rows[0][0] for _, rows, _ in reply.results]
    if overrides.get("touch"):
        batch.now = clock(values.pop(0))
    if values:
        batch.first_key = int(values[0]) + 1


# -- preparing -----------------------------------------------------------------------------------


def _waves(batch: Batch) -> list[list[Step]]:
    """Return the steps such that no wave writes one record twice; answer what cannot be sent."""
    waves: list[list[Step]] = []
    taken: dict[tuple[Any, ...], int] = {}
    for place, one in enumerate(batch.writes):
        try:
            step = _step(batch, place, one)
        except ValueRefusedError as refusal:
            batch.answers[place] = _refused(one, refusal.code, refusal.reason)
            continue
        if step is None:
            batch.answers[place] = _moved(one, None)
            continue
        wave = 0
        if step.key is not None:
            wave = taken.get(step.key, -1) + 1
            taken[step.key] = wave
        while len(waves) <= wave:
            waves.append([])
        waves[wave].append(step)
    return waves


def _step(batch: Batch, place: int, one: Write) -> Step | None:
    """Return a write as a step; None where its id names no possible record."""
    if one.kind == "create":
        return _create(batch, place, one)
    if one.kind == "delete" and not batch.plan.stream.capabilities().delete:
        raise ValueRefusedError("no_delete", "The stream's settings forbid to delete.")
    key = batch.plan.key_of(one.external_id or "")
    if key is None:
        return None
    patch = one.patch if one.kind == "update" else _deactivation(batch.plan, one)
    values = _values(batch.plan, patch, is_expected=False)
    values |= _touch(batch, patch) if values and one.kind != "delete" else {}
    return _change(batch, one, key, values, place)


def _deactivation(plan: Plan, one: Write) -> Mapping[str, str | None]:
    if one.kind == "delete":
        return {}
    if not plan.stream.deactivate:
        raise ValueRefusedError("no_deactivate", "The stream has no setting `deactivate`.")
    return {
        name: show_one(value, plan.column(name)) for name, value in plan.stream.deactivate.items()
    }


def _change(
    batch: Batch, one: Write, key: tuple[Any, ...], values: Mapping[str, Any], place: int
) -> Step:
    plan = batch.plan
    old = _expected(plan, one)
    task: Task = "delete" if one.kind == "delete" else "update" if values else "show"
    shape = (task, tuple(values), tuple(old))
    if shape not in batch.statements:
        batch.statements[shape] = _statement(plan, task, list(values), list(old))
    parameters = {
        **{f"key_{n}": value for n, value in enumerate(key)},
        **{f"old_{n}": value for n, value in enumerate(old.values())},
        **{f"new_{n}": value for n, value in enumerate(values.values())},
    }
    return Step(
        place=place, task=task, statement=batch.statements[shape], parameters=parameters, key=key
    )


def _expected(plan: Plan, one: Write) -> dict[str, Any]:
    """Return what the row must show for the write to be made: its version, else old values."""
    version = plan.stream.config.version
    if version and one.expected_version is not None:
        return _values(plan, {version: one.expected_version}, is_expected=True)
    return _values(plan, one.expected, is_expected=True)


def _statement(plan: Plan, task: Task, new: Sequence[str], old: Sequence[str]) -> Any:
    table, dialect = plan.facts.table, plan.dialect
    keys = [
        table.c[name] == bind(f"key_{n}", plan.column(name), dialect)
        for n, name in enumerate(plan.key)
    ]
    olds = [
        same(plan.column(name), dialect, table.c[name], f"old_{n}") for n, name in enumerate(old)
    ]
    deleted = plan.stream.config.deleted
    # A record flagged as deleted is as gone as one that is not there: no write brings it back.
    live = [case((plan.condition(deleted), 1), else_=0) == 0] if deleted else []
    condition = and_(*keys, *olds, *live)
    if task == "delete":
        return delete(table).where(condition)
    if task == "show":
        return select(func.count()).select_from(table).where(condition)
    news = {name: bind(f"new_{n}", plan.column(name), dialect) for n, name in enumerate(new)}
    return update(table).where(condition).values(news)


def _values(plan: Plan, texts: Mapping[str, str | None], *, is_expected: bool) -> dict[str, Any]:
    """Return texts as the values of their columns."""
    missing = plan.facts.missing(texts)
    if missing:
        raise ValueRefusedError("field_missing", f"The table has no column {', '.join(missing)}.")
    values = {}
    for name, text in texts.items():
        facts = plan.column(name)
        if not is_expected and facts.is_computed:
            raise ValueRefusedError("not_writable", f"The database computes the column {name!r}.")
        if not is_expected and text is None and not facts.nullable:
            raise ValueRefusedError("null_refused", _must_have(name))
        try:
            values[name] = restore(text, facts, plan.dialect)
        except ValueRefusedError:
            if not is_expected or plan.dialect != "sqlite":
                raise
            values[name] = text  # SQLite shows whatever it was given, of any type
    return values


def _touch(batch: Batch, patch: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the cursor column set to the database's clock, where nobody else sets it."""
    name = batch.plan.stream.config.cursor
    if batch.now is None or name is None or name in patch:
        return {}
    facts, zone = batch.plan.column(name), batch.plan.zone(name)
    if batch.plan.dialect == "sqlite":
        return {name: from_instant(batch.now, "2000-01-01 00:00:00", zone)}
    like = batch.now if facts.kind == "zoned" and batch.plan.dialect == "postgresql" else None
    local = batch.now.astimezone(zone).replace(tzinfo=None)
    return {name: like or (local.date() if facts.kind == "date" else local)}


def _create(batch: Batch, place: int, one: Write) -> Step:
    plan = batch.plan
    values = _values(plan, one.patch, is_expected=False)
    key = new_key(plan, one)
    if key is None and batch.first_key is not None:
        key, batch.first_key = (batch.first_key,), batch.first_key + 1
    if key is not None:
        values = dict(zip(plan.key, key, strict=True)) | values
    _require_values(plan, values)
    values |= _touch(batch, one.patch)
    shape = ("insert", tuple(values))
    if shape not in batch.statements:
        batch.statements[shape] = _insert(plan, list(values), has_key=key is not None)
    parameters = {f"new_{n}": value for n, value in enumerate(values.values())}
    return Step(
        place=place,
        task="insert",
        statement=batch.statements[shape],
        parameters=parameters,
        key=key,
    )


def new_key(plan: Plan, one: Write) -> tuple[Any, ...] | None:
    """Return the key a created record will have, where it is known beforehand."""
    if all(one.patch.get(name) is not None for name in plan.key):
        return tuple(restore(one.patch[name], plan.column(name), plan.dialect) for name in plan.key)
    if plan.stream.overrides.get("new_key") == "uuid":
        # Made from the token: the same create sent twice makes one record.
        text = str(uuid5(KEYS_FROM_TOKENS, one.token))
        return tuple(restore(text, plan.column(name), plan.dialect) for name in plan.key)
    return None


def _require_values(plan: Plan, values: Mapping[str, Any]) -> None:
    """Refuse a create that leaves out what the table demands."""
    lacking = [
        facts.name
        for facts in plan.facts.columns.values()
        if facts.name not in values and not _is_made(plan, facts)
    ]
    if lacking:
        raise ValueRefusedError("null_refused", _must_have(*lacking))


def _is_made(plan: Plan, facts: ColumnFacts) -> bool:
    """Tell whether a new row may leave a column to the database."""
    if plan.stream.overrides.get("touch") and facts.name == plan.stream.config.cursor:
        return True
    if tuple(plan.facts.primary_key) == (facts.name,):
        # Elsewhere a trigger may make the key; SQLite would keep a row without one.
        return plan.dialect != "sqlite" or facts.has_default or facts.kind == "integer"
    return facts.has_default or facts.is_computed or facts.nullable


def _must_have(*names: str) -> str:
    several = "s" if len(names) > 1 else ""
    return f"The column{several} {', '.join(map(repr, names))} must have a value."


def _insert(plan: Plan, names: Sequence[str], *, has_key: bool) -> Any:
    table, dialect = plan.facts.table, plan.dialect
    values = {name: bind(f"new_{n}", plan.column(name), dialect) for n, name in enumerate(names)}
    statement = insert(table).values(values)
    if not has_key and dialect in RETURNING:
        return statement.returning(*plan.columns(plan.key))
    return statement


# -- sending -------------------------------------------------------------------------------------


def _send(batch: Batch, waves: list[list[Step]]) -> Flow[None]:
    reply = yield from _attempt(batch, waves, isolate=False)
    if reply.error is not None and sum(map(len, waves)) > 1:
        reply = yield from _attempt(batch, waves, isolate=True)
    if reply.error is None:
        _answer(batch, waves, reply)
        return
    yield from _one_by_one(batch, [step for wave in waves for step in wave])


def _one_by_one(batch: Batch, steps: Sequence[Step]) -> Flow[None]:
    """Send each step in a transaction of its own; what failed after another was done is unknown."""
    for step in steps:
        try:
            reply = yield from _attempt(batch, [[step]], isolate=False)
        except (RetryableError, DoubtfulError) as error:
            if len(steps) == 1:
                raise
            one = batch.writes[step.place]
            batch.answers[step.place] = Answer(
                token=one.token, outcome="unknown", code=error.code, reason=error.message
            )
            continue
        if reply.error is not None:
            batch.answers[step.place] = _refusal(batch.plan, batch.writes[step.place], reply.error)
        else:
            _answer(batch, [[step]], reply)


def _attempt(batch: Batch, waves: list[list[Step]], *, isolate: bool) -> Flow[SqlReply]:
    """Send every wave and its read-back in one transaction."""
    statements: list[tuple[Any, Any]] = []
    back = read_back(batch.plan)
    for wave in waves:
        start = len(statements)
        statements += [(step.statement, step.parameters) for step in wave]
        statements.append((back, _keys_after(batch.plan, wave, start)))
    (reply,) = yield [
        SqlCall(
            url=batch.plan.stream.url,
            statements=statements,
            is_write=True,
            isolate=isolate,
            one_row=True,
        )
    ]
    assert isinstance(reply, SqlReply)
    return reply


def read_back(plan: Plan) -> Any:
    """Return the statement that shows written records."""
    return ids_statement(plan, plan.shown())


def _keys_after(plan: Plan, wave: Sequence[Step], start: int) -> Any:
    def keys(results: Results) -> dict[str, Any]:
        made = [_made_key(step, results[start + n]) for n, step in enumerate(wave)]
        return key_list(plan, [key for key in made if key])

    return keys


def _made_key(step: Step, result: tuple[Sequence[str], Sequence[tuple[Any, ...]], int]) -> Any:
    if step.key is not None:
        return step.key
    rows = result[1]
    return tuple(rows[0]) if rows else None


# -- answering -----------------------------------------------------------------------------------


def _answer(batch: Batch, waves: list[list[Step]], reply: SqlReply) -> None:
    start = 0
    errors = reply.errors or [None] * len(reply.results)
    for wave in waves:
        end = start + len(wave)
        names, rows, _ = reply.results[end]
        shown = show(batch.plan, Rows(names, rows)) if names else {}
        for step, result, error in zip(
            wave, reply.results[start:end], errors[start:end], strict=True
        ):
            one = batch.writes[step.place]
            key = _made_key(step, result)
            present = shown.get(batch.plan.id_of(key) or "") if key else None
            if error is not None:
                batch.answers[step.place] = _refusal(batch.plan, one, error)
            else:
                answer = _outcome(one, step, result, present)
                if key and answer.external_id is None:
                    answer = replace(answer, external_id=batch.plan.id_of(key))
                batch.answers[step.place] = answer
        start = end + 1


def _outcome(
    one: Write,
    step: Step,
    result: tuple[Sequence[str], Sequence[tuple[Any, ...]], int],
    present: Shown | None,
) -> Answer:
    matched = result[1][0][0] if step.task == "show" else result[2]
    if step.task in {"update", "delete", "show"} and matched == 0:
        return _moved(one, present)
    if one.kind == "delete":
        return Answer(token=one.token, outcome="accepted", external_id=one.external_id)
    if present is None:
        # Done, but not to be seen under this key: only reading can tell what there is.
        return Answer(token=one.token, outcome="accepted", external_id=one.external_id)
    return Answer(
        token=one.token,
        outcome="accepted",
        external_id=present.external_id,
        record=answerable(present.record),
        version=present.version,
        changed_at=present.changed_at,
    )


def show(plan: Plan, rows: Rows, fields: Sequence[str] | None = None) -> dict[str, Shown]:
    """Return records read back, by external id."""
    fields, config = plan.shown() if fields is None else fields, plan.stream.config
    found = {}
    for place in range(rows.count):
        external_id = plan.id_of(rows.row(place, plan.key))
        if external_id is None:
            continue
        values = dict(zip(fields, rows.row(place, fields), strict=True))
        version = rows.column(config.version)[place] if config.version else None
        changed = plan.stream.changed_at
        found[external_id] = Shown(
            external_id=external_id,
            record={name: show_one(value, plan.column(name)) for name, value in values.items()},
            version=show_one(version, plan.column(config.version)) if config.version else None,
            is_gone=rows.column(GONE_LABEL)[place] == 1,
            changed_at=as_instant(rows.column(changed)[place], plan.zone(changed))
            if changed
            else None,
        )
    return found


def answerable(record: Mapping[str, str | None]) -> Mapping[str, str | None] | None:
    """Return the record, or None where a value is no text: reading will set it aside."""
    return record if all(map(is_sayable, record.values())) else None


def _moved(one: Write, present: Shown | None) -> Answer:
    if present is None or present.is_gone:
        return Answer(
            token=one.token,
            outcome="moved",
            external_id=one.external_id,
            code="gone",
            reason="The record is no longer there.",
        )
    return Answer(
        token=one.token,
        outcome="moved",
        external_id=one.external_id,
        record=answerable(present.record),
        version=present.version,
        changed_at=present.changed_at,
        code="changed",
        reason="The record has changed since it was read.",
    )


def _refused(one: Write, code: str, reason: str) -> Answer:
    return Answer(
        token=one.token, outcome="refused", external_id=one.external_id, code=code, reason=reason
    )


# What a database says about a constraint: SQLSTATE, MySQL's numbers, SQLite's words; in this order.
CONSTRAINTS: Sequence[tuple[str, str, frozenset[int], str, str]] = (
    (
        "duplicate",
        "23505",
        frozenset({1062, 1586}),
        "unique constraint",
        "Another record has this value already.",
    ),
    (
        "null_refused",
        "23502",
        frozenset({1048, 1364}),
        "not null constraint",
        "A column must have a value, here or in a table that a trigger writes to.",
    ),
    (
        "reference_missing",
        "23503",
        frozenset({1216, 1217, 1451, 1452}),
        "foreign key constraint",
        "A record that is referred to is missing, or this one is still referred to.",
    ),
    (
        "constraint",
        "23514",
        frozenset({3819, 4025}),
        "check constraint",
        "A rule of the table forbids this value.",
    ),
    (
        "too_long",
        "22001",
        frozenset({1406}),
        "string or blob too big",
        "A value is too long for its column.",
    ),
    (
        "out_of_range",
        "22003",
        frozenset({1264}),
        "integer overflow",
        "A number is too large for its column.",
    ),
)


# How databases name the column that lacks a value, in this order: SQLite, MySQL.
_LACKING = (
    re.compile(r"not null constraint failed: (?:\w+\.)*(\w+)", re.IGNORECASE),
    re.compile(
        r"(?:column|field) '([^']+)' (?:cannot be null|doesn't have a default)", re.IGNORECASE
    ),
)


def _lacking(plan: Plan, original: Any) -> str | None:
    """Return which column of the table lacks a value, where the database says it."""
    named = getattr(getattr(original, "diag", None), "column_name", None)
    found = (pattern.search(str(original)) for pattern in _LACKING)
    said = [named, *(match[1] for match in found if match)]
    return next((name for name in said if name in plan.facts.columns), None)


def _refusal(plan: Plan, one: Write, error: Exception) -> Answer:
    """Return why the database refused a write, without its words: they hold values."""
    if isinstance(error, SeveralRowsError):
        return _refused(one, "ambiguous_key", "The key is on several rows.")
    original = getattr(error, "orig", None)
    state = getattr(original, "sqlstate", None) or ""
    number = next((part for part in getattr(original, "args", ()) if isinstance(part, int)), None)
    words = str(original).lower()
    for code, known, numbers, phrase, reason in CONSTRAINTS:
        if (
            state == known
            or number in numbers
            or (not state and number is None and phrase in words)
        ):
            column = _lacking(plan, original) if code == "null_refused" else None
            return _refused(one, code, _must_have(column) if column else reason)
    if isinstance(error, (IntegrityError, DataError)):
        return _refused(one, "value_refused", "The database does not take a value.")
    return _refused(one, "statement_refused", "The database refuses the statement.")
