"""What became of a write whose answer was lost: found out by reading alone.

An update whose columns show the new values was done; one whose columns show the old ones, or whose
version has not moved, was not. A create with a known key was done if the key is there; any other is
searched for by all its values. What reading cannot tell stays unknown.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, select

from customer_sync.connect.port import Answer, Flow, SqlCall, SqlReply, Write
from customer_sync.systems.sql.reading import Rows, ids_statement, key_list
from customer_sync.systems.sql.stream import Plan
from customer_sync.systems.sql.values import ValueRefusedError, expression, restore, same, show_one
from customer_sync.systems.sql.writing import Shown, answerable, new_key, show

__all__ = ["settle"]


def settle(plan: Plan, writes: Sequence[Write]) -> Flow[list[Answer]]:
    """Answer what reading tells about each write."""
    ids = [_known_id(plan, one) for one in writes]
    for place, one in enumerate(writes):
        if one.kind == "create" and ids[place] is None:
            ids[place] = yield from _searched(plan, one)
    found = yield from _present(plan, ids)
    return [
        _answer(plan, one, external_id, found.get(external_id or ""))
        for one, external_id in zip(writes, ids, strict=True)
    ]


AMBIGUOUS = "@several"


def _known_id(plan: Plan, one: Write) -> str | None:
    if one.kind != "create":
        return one.external_id
    try:
        key = new_key(plan, one)
    except ValueRefusedError:
        return None
    return plan.id_of(key) if key else None


def _searched(plan: Plan, one: Write) -> Flow[str | None]:
    """Return the one record that holds every value of a create; a mark where there are several."""
    try:
        values = {
            name: restore(text, plan.column(name), plan.dialect) for name, text in one.patch.items()
        }
    except (ValueRefusedError, KeyError):
        return None  # it can never have been written
    table, dialect = plan.facts.table, plan.dialect
    conditions = [
        same(plan.column(name), dialect, table.c[name], f"new_{n}") for n, name in enumerate(values)
    ]
    columns = [
        expression(plan.column(name), dialect, table.c[name]).label(name) for name in plan.key
    ]
    statement = select(*columns).select_from(table).where(and_(*conditions)).limit(2)
    statement = statement.execution_options(raw_rows=True)
    parameters = {f"new_{n}": value for n, value in enumerate(values.values())}
    (reply,) = yield [SqlCall(url=plan.stream.url, statements=[(statement, parameters)])]
    assert isinstance(reply, SqlReply)
    if reply.error is not None or not one.patch:
        return AMBIGUOUS
    rows = reply.results[0][1]
    if len(rows) > 1:
        return AMBIGUOUS
    return plan.id_of(tuple(rows[0])) if rows else None


def _present(plan: Plan, ids: Sequence[str | None]) -> Flow[dict[str, Shown]]:
    keys = [plan.key_of(one) for one in dict.fromkeys(ids) if one is not None and one != AMBIGUOUS]
    known = [key for key in keys if key is not None]
    if not known:
        return {}
    fields = list(plan.facts.columns)
    call = SqlCall(
        url=plan.stream.url, statements=[(ids_statement(plan, fields), key_list(plan, known))]
    )
    (reply,) = yield [call]
    assert isinstance(reply, SqlReply)
    if reply.error is not None:
        return {}
    names, rows, _ = reply.results[0]
    return show(plan, Rows(names, rows), fields)


def _answer(  # noqa: PLR0911 - one line per thing that reading can find
    plan: Plan, one: Write, external_id: str | None, present: Shown | None
) -> Answer:
    if external_id == AMBIGUOUS:
        return _unknown(one, "several", "Several records hold the values of this create.")
    if one.kind == "create":
        return _not_done(one) if present is None else _accepted(plan, one, present)
    if one.kind == "delete":
        if present is not None:
            return _not_done(one)
        return Answer(token=one.token, outcome="accepted", external_id=external_id)
    if present is None:  # nothing is left of it; sent again, it is answered as gone
        return _not_done(one)
    patch = one.patch
    if one.kind == "deactivate":
        patch = {
            name: show_one(value, plan.column(name))
            for name, value in plan.stream.deactivate.items()
        }
    if _shows(plan, present.record, patch):
        return _accepted(plan, one, present)
    return _undecided(plan, one, present, patch)


def _undecided(plan: Plan, one: Write, present: Shown, patch: Mapping[str, str | None]) -> Answer:
    """Answer for a record that does not show the new values: is it the old one, or a third?"""
    if one.expected_version is not None and plan.stream.config.version:
        if present.version == one.expected_version:
            return _not_done(one)
        return _unknown(one, "changed", "The record shows neither the old nor the new values.")
    old = {name: text for name, text in one.expected.items() if name in patch}
    if old and _shows(plan, present.record, old):
        return _not_done(one)
    return _unknown(one, "changed", "The record shows neither the old nor the new values.")


def _shows(plan: Plan, record: Mapping[str, str | None], texts: Mapping[str, str | None]) -> bool:
    return all(_is_equal(plan, name, record.get(name), text) for name, text in texts.items())


def _is_equal(plan: Plan, name: str, shown: str | None, text: str | None) -> bool:
    """Compare as the column does: ``10.5`` is ``10.50`` in a decimal one."""
    if shown == text:
        return True
    if shown is None or text is None or name not in plan.facts.columns:
        return False
    facts = plan.column(name)
    try:
        left: Any = restore(shown, facts, plan.dialect)
        right: Any = restore(text, facts, plan.dialect)
    except ValueRefusedError:
        return False
    return bool(left == right)


def _accepted(plan: Plan, one: Write, present: Shown) -> Answer:
    record = {name: present.record[name] for name in plan.shown()}
    return Answer(
        token=one.token,
        outcome="accepted",
        external_id=present.external_id,
        record=answerable(record),
        version=present.version,
        changed_at=present.changed_at,
    )


def _not_done(one: Write) -> Answer:
    return Answer(
        token=one.token,
        outcome="refused",
        external_id=one.external_id,
        code="not_done",
        reason="The record does not show this write.",
    )


def _unknown(one: Write, code: str, reason: str) -> Answer:
    return Answer(
        token=one.token, outcome="unknown", external_id=one.external_id, code=code, reason=reason
    )
