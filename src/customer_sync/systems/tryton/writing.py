"""Push creates, updates and deletions to Tryton, and find out what became of lost ones.

A batch is one call and one transaction of Tryton: when it is refused it is halved until the bad
record stands alone, so one bad record stops only itself. It promises that a write is made only
while the party and every child it touches still have the timestamps that were read just before;
that a record is shown as accepted only where nothing can have come in between; that once any write
of a batch may have been made, no failure is passed on as "nothing was done".
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any

from customer_sync.connect.port import CHANGED_AT, Answer, Flow, Write
from customer_sync.kernel.errors import CustomerSyncError, DoubtfulError
from customer_sync.systems.tryton import party
from customer_sync.systems.tryton.patch import Codes, PatchFault, codes_in, values_of
from customer_sync.systems.tryton.protocol import Fault, Rpc, Session

__all__ = ["read_parties", "settle", "write"]

_CODES = {
    "lang": "ir.lang",
    "country": "country.country",
    "subdivision": "country.subdivision",
}
# What Tryton's messages (English: the context asks for it) say, and what it means to us.
_MEANINGS = (
    ("must be unique", "duplicate"),
    ("a value is required", "required"),
    ("is not valid", "invalid_value"),
    ("not one of the allowed", "invalid_value"),
    ("too long", "too_long"),
    ("could not be deleted", "in_use"),
    ("cannot be deleted", "in_use"),
    ("is used on", "in_use"),
    ("are used on", "in_use"),
    ("not allowed to", "forbidden"),
)
_GENERAL = "Tryton refuses this record."
_QUOTED = re.compile(r'"[^"]*"|“[^”]*”|<[^>]*>')
_SHOWN_MIN = 3  # a shorter value is found in any sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """One write that can be sent: its values, and what must still be so."""

    write: Write
    values: Mapping[str, Any] = field(default_factory=dict)
    then: Mapping[str, Any] = field(default_factory=dict)  # what takes a second call
    row: Mapping[str, Any] | None = None  # the party as it was read just before

    @property
    def id(self) -> int:
        return _number(self.write)


_Outcomes = dict[str, Answer]


def write(session: Session, writes: Sequence[Write]) -> Flow[list[Answer]]:
    """Write parties; answer each, in order."""
    answers: _Outcomes = {}
    rows = yield from _present(session, [w for w in writes if w.kind != "create"])
    codes = yield from _codes(session, [w.patch for w in writes])
    items = _sendable(writes, rows, codes, answers)
    for request, kinds in (
        (_create, {"create"}),
        (_update, {"update", "deactivate"}),
        (_delete, {"delete"}),
    ):
        chosen = [item for item in items if item.write.kind in kinds]
        if chosen:
            yield from _push(session, chosen, request, answers)
    yield from _finish(session, items, answers)
    yield from _show(session, items, answers)
    return [answers[w.token] for w in writes]


def read_parties(session: Session, ids: Sequence[int]) -> Flow[dict[int, dict[str, Any]]]:
    """Return the parties of these ids that exist, with their children."""
    if not ids:
        return {}
    wanted = sorted(set(ids))
    arguments = [[("id", "in", wanted)], 0, len(wanted), [("id", "ASC")], party.FIELDS]
    (rows,) = yield from session.ask(
        [Rpc(method=f"model.{party.PARTY}.search_read", arguments=arguments)]
    )
    return {row["id"]: row for row in rows}


# -- before sending --------------------------------------------------------------------------------


def _present(session: Session, writes: Sequence[Write]) -> Flow[dict[int, dict[str, Any]]]:
    return (yield from read_parties(session, [_number(w) for w in writes]))


def _codes(session: Session, patches: Sequence[Mapping[str, str | None]]) -> Flow[Codes]:
    wanted = {kind: sorted(codes) for kind, codes in codes_in(patches).items() if codes}
    if not wanted:
        return Codes()
    answers = yield from session.ask(
        [
            Rpc(
                method=f"model.{_CODES[kind]}.search_read",
                arguments=[[("code", "in", codes)], 0, None, None, ["code"]],
            )
            for kind, codes in wanted.items()
        ]
    )
    known = {
        kind: {row["code"]: row["id"] for row in rows}
        for kind, rows in zip(wanted, answers, strict=True)
    }
    return Codes(**known)


def _sendable(
    writes: Sequence[Write],
    rows: Mapping[int, dict[str, Any]],
    codes: Codes,
    answers: _Outcomes,
) -> list[_Item]:
    """Answer what need not be sent at all, and return the rest."""
    items = []
    for w in writes:
        row = rows.get(_number(w))
        answer = None if w.kind == "create" else _precondition(w, row)
        if answer is not None:
            answers[w.token] = answer
            continue
        try:
            patch = {"active": "false"} if w.kind == "deactivate" else w.patch
            values = {} if w.kind == "delete" else values_of(patch, row, codes)
            if row is not None and not row["active"] and values and "active" not in values:
                raise PatchFault("inactive", "Tryton takes no change of an inactive party.")  # noqa: TRY301  # as those of the patch
        except PatchFault as fault:
            answers[w.token] = _refused(w, fault.code, fault.reason)
        else:
            items.append(_item(w, values, row))
    return items


def _item(w: Write, values: dict[str, Any], row: Mapping[str, Any] | None) -> _Item:
    """Return what to send. Tryton lets nobody change an inactive party, not even in one go.

    So an inactive one is created active and then put out of use, and activated before the rest.
    """
    rest = {name: value for name, value in values.items() if name != "active"}
    if w.kind == "create" and values.get("active") is False:
        return _Item(write=w, values=rest, then={"active": False})
    if row is not None and not row["active"] and values.get("active") and rest:
        return _Item(write=w, values={"active": True}, then=rest, row=row)
    return _Item(write=w, values=values, row=row)


def _precondition(w: Write, row: Mapping[str, Any] | None) -> Answer | None:
    """Return why this may not be done to the party as it stands, or None."""
    if row is None:
        if w.kind == "delete":
            return Answer(token=w.token, outcome="accepted", external_id=w.external_id)
        return Answer(token=w.token, outcome="moved", external_id=w.external_id, code="gone")
    if row["replaced_by"] is not None and w.kind != "delete":
        return replace(_moved(w, row), code="merged")
    if w.expected_version is not None and w.expected_version != party.version(row):
        return _moved(w, row)
    shown = party.texts(row)
    if any(not _same(name, shown.get(name), value) for name, value in w.expected.items()):
        return _moved(w, row)
    return None


# -- sending ---------------------------------------------------------------------------------------

_Request = Callable[[Sequence[_Item]], Rpc]


def _create(items: Sequence[_Item]) -> Rpc:
    return Rpc(
        method=f"model.{party.PARTY}.create",
        arguments=[[dict(item.values) for item in items]],
        is_write=True,
    )


def _update(items: Sequence[_Item]) -> Rpc:
    arguments: list[Any] = []
    for item in items:
        arguments += [[item.id], dict(item.values)]
    return Rpc(
        method=f"model.{party.PARTY}.write",
        arguments=arguments,
        timestamps=_timestamps(items),
        is_write=True,
    )


def _delete(items: Sequence[_Item]) -> Rpc:
    return Rpc(
        method=f"model.{party.PARTY}.delete",
        arguments=[[item.id for item in items]],
        timestamps=_timestamps(items),
        is_write=True,
    )


def _timestamps(items: Sequence[_Item]) -> dict[str, str]:
    """Return what Tryton shall check; it looks only at the rows that it writes or deletes."""
    stamps: dict[str, str] = {}
    for item in items:
        if item.row is not None:
            stamps |= party.timestamps(item.row)
    return stamps


def _push(
    session: Session, items: Sequence[_Item], request: _Request, answers: _Outcomes
) -> Flow[None]:
    """Send items as one call; halve what is refused."""
    try:
        value = yield from session.attempt(request(items))
    except CustomerSyncError as failure:
        may_be_done = any(a.outcome == "accepted" for a in answers.values())
        if not isinstance(failure, DoubtfulError) and not may_be_done:
            raise
        # "Nothing was done" is true of this call, but would be read as true of the whole batch.
        for item in items:
            answers[item.write.token] = _unknown(item.write)
        return
    if not isinstance(value, Fault):
        _accept(items, value, answers)
    elif len(items) == 1:
        answers[items[0].write.token] = _answer_to_fault(items[0], value)
    else:
        half = len(items) // 2
        yield from _push(session, items[:half], request, answers)
        yield from _push(session, items[half:], request, answers)


def _accept(items: Sequence[_Item], value: Any, answers: _Outcomes) -> None:
    """Answer what was done; a create returns the ids of what it made, in order."""
    ids = value if isinstance(value, list) else [item.write.external_id for item in items]
    for item, id_ in zip(items, ids, strict=True):
        answers[item.write.token] = Answer(
            token=item.write.token, outcome="accepted", external_id=str(id_)
        )


def _answer_to_fault(item: _Item, fault: Fault) -> Answer:
    if fault.kind == "ConcurrencyException":
        return Answer(token=item.write.token, outcome="moved", external_id=item.write.external_id)
    if fault.kind == "UserWarning":
        return _refused(item.write, "warning", "Tryton asks a person to confirm this.")
    if fault.kind != "UserError":
        return _refused(item.write, "system_failure", "Tryton failed at this record.")
    return _refused(item.write, _meaning(fault, item), _without_values(fault.message, item))


def _meaning(fault: Fault, item: _Item) -> str:
    text = fault.message.lower()
    for words, code in _MEANINGS:
        if words in text:
            return code
    # Whatever else keeps a party from being deleted, it is that something needs it.
    return "in_use" if item.write.kind == "delete" else "refused"


def _without_values(message: str, item: _Item) -> str:
    """Return Tryton's message where nothing personal is left in it, else a general one.

    Tryton quotes names of fields and of people alike, so everything quoted goes.
    """
    text = _QUOTED.sub("…", message).strip()
    shown = party.texts(item.row) if item.row else {}
    values = [*item.write.patch.values(), *item.write.expected.values(), *shown.values()]
    for value in values:
        if value and len(value) >= _SHOWN_MIN and value.casefold() in text.casefold():
            return _GENERAL
    return text or _GENERAL


def _finish(session: Session, items: Sequence[_Item], answers: _Outcomes) -> Flow[None]:
    """Make the second call of what takes two; what was created stays so, whatever comes of it."""
    seconds = [
        replace(item, write=replace(item.write, external_id=answer.external_id),
                values=item.then, then={}, row=None)
        for item in items
        if item.then and (answer := answers[item.write.token]).outcome == "accepted"
    ]  # fmt: skip
    if not seconds:
        return
    outcomes = dict(answers)
    yield from _push(session, seconds, _update, outcomes)
    for item in seconds:
        if item.write.kind != "create":
            answers[item.write.token] = outcomes[item.write.token]


# -- after sending ---------------------------------------------------------------------------------


def _show(session: Session, items: Sequence[_Item], answers: _Outcomes) -> Flow[None]:
    """Add what Tryton shows now to the answers, where it is surely what was just written."""
    shown = [i for i in items if i.write.kind != "delete" and _id_to_show(answers[i.write.token])]
    ids = [int(answers[item.write.token].external_id or 0) for item in shown]
    try:
        rows = yield from read_parties(session, ids)
    except CustomerSyncError:
        return  # the writes stand; the next poll shows the records
    for item, id_ in zip(shown, ids, strict=True):
        answer, row = answers[item.write.token], rows.get(id_)
        if answer.outcome == "moved":
            answers[item.write.token] = _moved(item.write, row)
        elif row is not None and _is_untouched(item, row):
            answers[item.write.token] = _accepted(item.write, row)


def _id_to_show(answer: Answer) -> bool:
    return answer.outcome in {"accepted", "moved"} and answer.external_id is not None


def _is_untouched(item: _Item, row: Mapping[str, Any]) -> bool:
    """Say whether a party read after our write cannot have been written by anybody else since.

    A created party carries one moment, that of its transaction, and any later write would carry
    another. Its children carry the same, but Tryton itself may write them again soon after (it
    asks VIES about a tax number); then they must show what was sent. An update leaves no such
    trace; there the record must show exactly what it showed before, with the patch: then it does
    not matter whether somebody wrote the same again.
    """
    after = party.texts(row)
    patch = {"active": "false"} if item.write.kind == "deactivate" else item.write.patch
    implied = _implied(patch)
    if item.row is None:
        if not party.is_as_created(row):
            return False
        return party.is_unwritten(row) or all(
            _same(name, after[name], value) for name, value in patch.items()
        )
    before = party.texts(item.row)
    return all(
        _same(name, after[name], patch[name] if name in patch else before[name])
        for name in after
        if name not in implied
    )


def _implied(patch: Mapping[str, str | None]) -> set[str]:
    """Return the fields that move when the patched ones do: two views of the same children."""
    views = (
        {"email", "emails"},
        {"phone", "mobile", "phones"},
        {*party.ADDRESS_PARTS, "addresses"},
        {"tax_identifier", "identifiers"},
    )
    moved = {"write_date"}
    for view in views:
        if view & patch.keys():
            moved |= view - patch.keys()
    return moved


# -- settling --------------------------------------------------------------------------------------


def settle(session: Session, writes: Sequence[Write]) -> Flow[list[Answer]]:
    """Tell by reading alone what became of writes whose answer was lost."""
    rows = yield from _present(session, [w for w in writes if w.kind != "create"])
    answers = []
    for w in writes:
        if w.kind == "create":
            answers.append((yield from _settled_create(session, w)))
        else:
            answers.append(_settled(w, rows.get(_number(w))))
    return answers


def _settled(w: Write, row: Mapping[str, Any] | None) -> Answer:
    if w.kind == "delete":
        if row is None:
            return Answer(token=w.token, outcome="accepted", external_id=w.external_id)
        return _refused(w, "not_done", "The party is still there.")
    if row is None:
        return _refused(w, "not_done", "The party is gone.")
    shown = party.texts(row)
    patch = {"active": "false"} if w.kind == "deactivate" else w.patch
    if all(_same(name, shown.get(name), value) for name, value in patch.items()):
        return Answer(token=w.token, outcome="accepted", external_id=w.external_id)
    old = {"active": "true"} if w.kind == "deactivate" else w.expected
    if old and all(_same(name, shown.get(name), value) for name, value in old.items()):
        return _refused(w, "not_done", "The party shows the old values.")
    return _unknown(w)


def _settled_create(session: Session, w: Write) -> Flow[Answer]:
    """Look for a party of our own user's making that shows the whole patch."""
    domain = _identifying(w.patch)
    if domain is None:
        return _unknown(w)
    arguments = [[*domain, ("create_uid", "=", session.user_id)], 0, 3, None, party.FIELDS]
    (rows,) = yield from session.ask(
        [Rpc(method=f"model.{party.PARTY}.search_read", arguments=arguments)]
    )
    if not rows:
        return _refused(w, "not_done", "There is no such party.")
    shown = [party.texts(row) for row in rows]
    if len(rows) == 1 and all(_same(n, shown[0].get(n), v) for n, v in w.patch.items()):
        return Answer(token=w.token, outcome="accepted", external_id=str(rows[0]["id"]))
    return _unknown(w)


def _identifying(patch: Mapping[str, str | None]) -> list[Any] | None:
    """Return the search that finds what a create made: by code, else by name and e-mail."""
    if patch.get("code"):
        return [("code", "=", patch["code"])]
    emails = json.loads(patch.get("emails") or "[]")
    email = patch.get("email") or (emails[0] if emails else None)
    if not patch.get("name") or not email:
        return None
    mechanism = [("type", "=", "email"), ("value", "=", email)]
    return [("name", "=", patch["name"]), ("contact_mechanisms", "where", mechanism)]


# -- answers ---------------------------------------------------------------------------------------


def _accepted(w: Write, row: Mapping[str, Any]) -> Answer:
    meta = party.meta(row)
    assert meta[CHANGED_AT].tzinfo is UTC
    return Answer(
        token=w.token,
        outcome="accepted",
        external_id=str(row["id"]),
        record=party.texts(row),
        version=party.version(row),
        changed_at=meta[CHANGED_AT],
    )


def _moved(w: Write, row: Mapping[str, Any] | None) -> Answer:
    if row is None:
        return Answer(token=w.token, outcome="moved", external_id=w.external_id, code="gone")
    return Answer(
        token=w.token,
        outcome="moved",
        external_id=w.external_id,
        record=party.texts(row),
        version=party.version(row),
        changed_at=party.meta(row)[CHANGED_AT],
    )


def _refused(w: Write, code: str, reason: str) -> Answer:
    return Answer(
        token=w.token, outcome="refused", external_id=w.external_id, code=code, reason=reason
    )


def _unknown(w: Write) -> Answer:
    return Answer(token=w.token, outcome="unknown", external_id=w.external_id)


def _number(w: Write) -> int:
    """Return the id as Tryton's; what is no id of Tryton's names no party."""
    text = w.external_id or ""
    return int(text) if text.isascii() and text.isdigit() else 0


def _same(name: str, left: str | None, right: str | None) -> bool:
    """Compare two texts of one field; lists as sets, an empty text as nothing."""
    if (left or None) == (right or None):
        return True
    if name not in party.LISTS:
        return False
    try:
        return _as_set(left) == _as_set(right)
    except ValueError:
        return False


def _as_set(text: str | None) -> list[str]:
    return sorted(json.dumps(element, sort_keys=True) for element in json.loads(text or "[]"))
