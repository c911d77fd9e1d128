"""What a simulated platform answers to its connector, and what goes wrong on the way.

Faults act here, around the operation; the operation itself is performed or it is not. Every write
of a batch stands alone: a refused one stops none of the others. Messages name fields, never values.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from customer_sync.kernel.errors import (
    PushUnconfirmedError,
    RateLimitedError,
    SchemaDriftError,
    SystemDownError,
)
from customer_sync.systems.simulated.behaviour import ACTIVE
from customer_sync.systems.simulated.faults import Fault

if TYPE_CHECKING:  # the platform owns its gate
    from customer_sync.systems.simulated.platform import Platform, Record, Stream

__all__ = ["Gate"]

Refusal = tuple[str, str]


class Gate:
    """The operations of one platform: read, by_ids, write, find_tokens, find, shape, ping."""

    def __init__(self, platform: "Platform") -> None:
        self._platform = platform
        self._calls = 0
        self._waiting: list[Callable[[], Any]] = []
        self._answers: dict[str, tuple[Any, dict[str, Any]]] = {}

    def perform(self, operation: str, arguments: Mapping[str, Any], *, is_write: bool) -> Any:
        """Answer one operation; afterwards perform the writes that were held back before it."""
        held_back, self._waiting = self._waiting, []
        try:
            self._limit(operation)
            if self._fires(operation, "lost_request"):
                raise SystemDownError("the simulated platform was not reached")
            if is_write:
                return self._perform_write(operation, arguments)
            return self._perform_read(operation, arguments)
        finally:
            for write in held_back:
                write()

    def perform_held_back(self) -> None:
        """Perform the writes that were held back."""
        held_back, self._waiting = self._waiting, []
        for write in held_back:
            write()

    # -- faults -----------------------------------------------------------------------------------

    def _fires(self, operation: str, fault: Fault) -> bool:
        faults = self._platform.faults
        return faults is not None and faults.fires(operation, fault)

    def _limit(self, operation: str) -> None:
        behaviour = self._platform.behaviour
        self._calls += 1
        every = behaviour.calls_per_limit
        if (every and self._calls % every == 0) or self._fires(operation, "rate_limited"):
            raise RateLimitedError(
                "the simulated platform asks for patience", after_s=behaviour.limit_after_s
            )

    def _perform_write(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        self._race(operation, "race_before", arguments)
        if self._fires(operation, "late"):
            self._waiting.append(lambda: self._run(operation, arguments))
            raise PushUnconfirmedError("the simulated platform did not answer in time")
        answer = self._run(operation, arguments)
        if self._fires(operation, "doubled"):
            self._run(operation, arguments)
        self._race(operation, "race_after", arguments)
        if self._fires(operation, "lost_answer"):
            raise PushUnconfirmedError("the answer of the simulated platform was lost")
        return answer

    def _perform_read(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        answer = self._run(operation, arguments)
        if self._fires(operation, "lost_answer"):
            raise SystemDownError("the answer of the simulated platform was lost")
        if operation != "read":
            return answer
        rows = answer["rows"]
        if len(rows) > 1 and self._fires(operation, "page_cut"):
            return answer | {"rows": rows[: len(rows) // 2], "more": True}
        if arguments["order"] == "id" and self._fires(operation, "empty_listing"):
            return {"rows": [], "more": False, "total": self._total(0)}
        return answer

    def _race(self, operation: str, fault: Fault, arguments: Mapping[str, Any]) -> None:
        """Let people edit one of the records that the batch is about."""
        faults = self._platform.faults
        stream = arguments["stream"]
        held = self._platform.stream(stream).records
        live = {key for key, record in held.items() if not record.deleted}
        ids = [write["id"] for write in arguments["writes"] if write["id"] in live]
        if faults and faults.race_fields and ids and faults.fires(operation, fault):
            name = faults.race_fields[faults.pick(len(faults.race_fields))]
            value = f"raced {len(self._platform.log)}"
            self._platform.edit(stream, ids[faults.pick(len(ids))], {name: value})

    # -- reading ----------------------------------------------------------------------------------

    def _run(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        operations: dict[str, Callable[..., Any]] = {
            "read": self._read,
            "by_ids": self._by_ids,
            "write": self._write,
            "find_tokens": self._find_tokens,
            "find": self._find,
            "shape": self._shape,
            "streams": lambda: sorted(self._platform.streams),
            "ping": lambda: None,
        }
        return operations[operation](**arguments)

    def _stream(self, name: str, fields: Sequence[str]) -> "Stream":
        stream = self._platform.stream(name)
        vanished = [field for field in fields if stream.lacks(field)]
        if vanished:
            raise SchemaDriftError(
                f"stream {name} has no field {', '.join(vanished)}",
                context={"system": self._platform.name, "stream": name, "fields": vanished},
            )
        return stream

    def _read(
        self,
        *,
        stream: str,
        fields: Sequence[str],
        order: str,
        after: tuple[Any, ...] | None,
        limit: int,
    ) -> dict[str, Any]:
        """Answer rows in the order of change (changed_at, id) or of id, after a position."""
        behaviour = self._platform.behaviour
        held = self._stream(stream, fields)
        if order == "id" and behaviour.empty_listing:
            return {"rows": [], "more": False, "total": self._total(0)}
        gone_too = behaviour.deletes == "flag" or (behaviour.deletes == "feed" and order != "id")
        shown = [record for record in held.records.values() if gone_too or not record.deleted]
        found = sorted(
            (record for record in shown if after is None or _position(record, order) > after),
            key=lambda record: _position(record, order),
        )
        cap = min(limit, behaviour.page_rows_max)
        # A capped search ends there, and claims that this was all.
        capped = found[: behaviour.search_rows_max]
        rows = [self._shown(record, fields) for record in capped[:cap]]
        return {
            "rows": self._repeated(rows),
            "more": len(capped) > cap,
            "now": self._platform.now,
            "total": self._total(len(shown)) if order == "id" else None,
        }

    def _total(self, count: int) -> int | None:
        return count if self._platform.behaviour.tells_total else None

    def _repeated(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rate = self._platform.behaviour.repeats
        if not rate:
            return rows
        draw = self._platform.random.random
        return [row for row in rows for _ in range(2 if draw() < rate else 1)]

    def _by_ids(
        self, *, stream: str, fields: Sequence[str], ids: Sequence[str]
    ) -> list[dict[str, Any] | None]:
        held = self._stream(stream, fields)
        return [
            self._shown(held.records[key], fields) if key in held.records else None for key in ids
        ]

    def _shown(self, record: "Record", fields: Sequence[str] | None) -> dict[str, Any]:
        tells_time = self._platform.behaviour.tells_time
        names = record.fields if fields is None else [n for n in fields if n in record.fields]
        return {
            "id": record.id,
            "fields": {name: record.fields[name] for name in names},
            "version": str(record.version),
            "changed_at": record.changed_at,  # what a position in its listing is made of
            "told_at": record.changed_at if tells_time else None,
            "deleted": record.deleted,
            "merged_into": record.merged_into,
        }

    def _find_tokens(self, *, tokens: Sequence[str]) -> list[dict[str, Any] | None]:
        return [self._answers[t][1] if t in self._answers else None for t in tokens]

    def _find(self, *, stream: str, name: str, value: str) -> list[dict[str, Any]]:
        """Answer the live records that show this value, as the platform itself stores it."""
        stored = self._platform.behaviour.stored({name: value})[name]
        found = self._stream(stream, [name]).showing(name, stored)
        return [self._shown(record, None) for record in found]

    def _shape(self, *, stream: str) -> dict[str, Any]:
        held = self._platform.stream(stream)
        seen = {name: "text" for record in held.records.values() for name in record.fields}
        live = [record for record in held.records.values() if not record.deleted]
        return {
            "types": {k: v for k, v in (seen | held.types).items() if k not in held.dropped},
            "declared": held.is_declared,
            "dropped": sorted(held.dropped),
            "count": len(live),
        }

    # -- writing ----------------------------------------------------------------------------------

    def _write(self, *, stream: str, writes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [self._write_one(stream, write) for write in writes]

    def _write_one(self, stream: str, write: Mapping[str, Any]) -> dict[str, Any]:
        token = write["token"]
        digest = (stream, write["kind"], write["id"], dict(write["patch"]))
        if token in self._answers:
            first, answer = self._answers[token]
            return answer if first == digest else _refused("key_reused", "token with another input")
        answer = self._act(stream, write)
        if self._platform.behaviour.tokens and answer["outcome"] == "accepted":
            self._answers[token] = (digest, answer)
        return answer

    def _act(self, stream: str, write: Mapping[str, Any]) -> dict[str, Any]:
        kind = write["kind"]
        if not self._can(kind):
            return _refused("not_offered", f"the platform does not offer {kind}")
        record: Record | None = None
        if kind != "create":
            try:
                record = self._platform.present(stream, write["id"])
            except KeyError:
                return {"outcome": "moved", "code": "gone", "reason": "the record is gone"}
            if self._has_moved(record, write):
                return self._answer("moved", record) | {
                    "code": "moved",
                    "reason": "the record was changed since it was read",
                }
        fields = {ACTIVE: "false"} if kind == "deactivate" else dict(write["patch"])
        refusal = self._refusal(stream, record, fields)
        if refusal and kind != "delete":
            return _refused(*refusal)
        return self._accept(stream, write, fields)

    def _accept(
        self, stream: str, write: Mapping[str, Any], fields: Mapping[str, str | None]
    ) -> dict[str, Any]:
        held = self._platform.stream(stream)
        kept = {name: value for name, value in fields.items() if not held.lacks(name)}
        key = self._platform.change(
            stream,
            write["id"],
            by=write["token"],
            kind=write["kind"],
            fields=kept,
        )
        return self._answer("accepted", held.records[key])

    def _answer(self, outcome: str, record: "Record") -> dict[str, Any]:
        answer: dict[str, Any] = {"outcome": outcome, "id": record.id}
        if self._platform.behaviour.answers_record and not record.deleted:
            answer["record"] = self._shown(record, None)
        return answer

    def _can(self, kind: str) -> bool:
        behaviour = self._platform.behaviour
        return {
            "create": behaviour.creates,
            "update": behaviour.updates,
            "delete": behaviour.can_delete,
            "deactivate": behaviour.can_deactivate,
        }[kind]

    def _has_moved(self, record: "Record", write: Mapping[str, Any]) -> bool:
        match self._platform.behaviour.precondition:
            case "version":
                return write["version"] is not None and write["version"] != str(record.version)
            case "values":
                expected = write["expected"]
                return any(record.fields.get(name) != value for name, value in expected.items())
            case "none":
                return False

    def _refusal(
        self, stream: str, record: "Record | None", fields: Mapping[str, str | None]
    ) -> Refusal | None:
        """Return why the platform refuses these values, if it does."""
        behaviour = self._platform.behaviour
        held = self._platform.stream(stream)
        after = {**(record.fields if record else {}), **behaviour.stored(fields)}
        for name, value in fields.items():
            if held.lacks(name) and behaviour.unknown == "refuse":
                return "unknown_field", f"no field {name}"
            if len(after[name] or "") > behaviour.lengths.get(name, len(after[name] or "")):
                return "too_long", f"{name} is longer than {behaviour.lengths[name]}"
            if held.types.get(name) == "number" and not _is_number(value):
                return "type", f"{name} is not a number"
        missing = [name for name in behaviour.required if not after.get(name)]
        if missing:
            return "required", f"{missing[0]} is required"
        return self._duplicate(held, record, after)

    def _duplicate(
        self, held: "Stream", record: "Record | None", after: Mapping[str, str | None]
    ) -> Refusal | None:
        for name in self._platform.behaviour.unique:
            value = after.get(name)
            if value and any(other is not record for other in held.showing(name, value)):
                return "duplicate", f"another record has the same {name}"
        return None


def _position(record: "Record", order: str) -> tuple[Any, ...]:
    return (record.id,) if order == "id" else (record.changed_at, record.id)


def _refused(code: str, reason: str) -> dict[str, Any]:
    return {"outcome": "refused", "code": code, "reason": reason}


def _is_number(value: str | None) -> bool:
    return value is None or value.lstrip("-").replace(".", "", 1).isdigit()
