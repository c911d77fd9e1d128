"""What people changed, cell by cell, read from the platforms' logs through the mappings."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl
from tests.simulation.company import STREAM

from customer_sync.connect.port import ABSENT
from customer_sync.core.decide import LEDGER_STREAM, Stream
from customer_sync.systems.simulated import PEOPLE

if TYPE_CHECKING:
    from tests.simulation.scenario import World

__all__ = ["HELD", "Change", "Histories", "histories"]

HELD = "(set aside)"  # what a record says of a field that cannot be read
Key = tuple[int, str]  # stream, external id; of the ledger, the customer


@dataclass(frozen=True, kw_only=True)
class Change:
    """One person's change of one cell. value: None where it was emptied or taken out of a list."""

    number: int
    key: Key
    cell: tuple[str, str]
    value: str | None


@dataclass(kw_only=True)
class Histories:
    changes: dict[Key, list[Change]] = field(default_factory=lambda: defaultdict(list))
    gone: set[Key] = field(default_factory=set)
    merges: list[tuple[Key, Key]] = field(default_factory=list)
    overrun: set[tuple[Key, tuple[str, str]]] = field(default_factory=set)

    def of(self, key: Key) -> list[Change]:
        return self.changes.get(key, [])

    def last(self, key: Key, cell: tuple[str, str]) -> str | None:
        """Return what people said last of a cell."""
        said = [change.value for change in self.of(key) if change.cell == cell]
        return said[-1] if said else None

    def is_gone(self, key: Key) -> bool:
        return key in self.gone

    def is_overrun(self, key: Key, cell: tuple[str, str]) -> bool:
        """Whether a list was written whole in the moment in which people added to it or took away.

        A system that knows no precondition cannot tell, and nobody but its log knows what was added.
        """
        return (key, cell) in self.overrun


def histories(world: "World") -> Histories:
    """Return all that people changed since the beginning, in the order in which it happened."""
    found = Histories()
    for stream in world.rules.connected:
        platform = world.platforms[stream.system]
        for id_, record in platform.stream(STREAM).records.items():
            if record.deleted:
                found.gone.add((stream.id, id_))
            if record.merged_into:
                found.merges.append(((stream.id, id_), (stream.id, record.merged_into)))
        _follow(world, stream, found)
    _follow_ledger(world, found)
    return found


def _follow(world: "World", stream: Stream, found: Histories) -> None:  # noqa: C901 - one pass
    """Replay the log: what did each record say after each operation?"""
    journal = world.platforms[stream.system].log
    numbered = [
        (operation, number)
        for operation, number in zip(journal, journal.numbers, strict=True)  # type: ignore[attr-defined]
        if operation.stream == STREAM
    ]
    sources = list(stream.map.source_fields)
    states: dict[str, dict[str, str | None]] = defaultdict(dict)
    rows = []
    for operation, _ in numbered:
        state = states[operation.id]
        state.update(operation.fields)
        absent = [name for name in sources if name not in state]
        rows.append(
            {name: state.get(name) for name in sources} | {ABSENT: ",".join(absent) or None}
        )
    if not rows:
        return
    schema = {ABSENT: pl.String, **dict.fromkeys(sources, pl.String)}
    mapped = stream.map.get(pl.DataFrame(rows, schema=schema))
    held = {(row["row"], row["field"]) for row in mapped.rejects.iter_rows(named=True)}
    silent = {(row["row"], row["field"]) for row in mapped.silent.iter_rows(named=True)}
    said: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    is_blind = world.platforms[stream.system].behaviour.precondition == "none"
    typed: dict[tuple[str, tuple[str, str]], datetime] = {}
    many = set(world.rules.many)
    for row, ((operation, number), values) in enumerate(
        zip(numbered, mapped.values.iter_rows(named=True), strict=True)
    ):
        if operation.kind in {"delete", "merge"}:
            continue
        for name, value in values.items():
            is_held = (row, name) in held or (
                (row, name) in silent and value is None and name not in _absent(rows[row], stream)
            )
            cells = {(name, ""): HELD} if is_held else dict(_cells(name, value, many))
            before = {cell: v for cell, v in said[operation.id].items() if cell[0] == name}
            for cell in sorted({*cells, *before}):
                if cells.get(cell) == before.get(cell):
                    continue
                key = (stream.id, operation.id)
                if operation.by == PEOPLE:
                    change = Change(number=number, key=key, cell=cell, value=cells.get(cell))
                    found.changes[key].append(change)
                    typed[operation.id, cell] = operation.at
                elif is_blind and name in many and typed.get((operation.id, cell)) == operation.at:
                    found.overrun.add((key, cell))
            for cell in before:
                del said[operation.id][cell]
            said[operation.id].update(cells)


def _absent(row: Mapping[str, str | None], stream: Stream) -> set[str]:
    missing = set((row[ABSENT] or "").split(","))
    return {
        name
        for binding in stream.map.bindings
        for name in binding.names
        if missing & set(binding.sources)
    }


def _cells(name: str, value: str | None, many: set[str]) -> Iterator[tuple[tuple[str, str], str]]:
    if value is None:
        return
    if name not in many:
        yield (name, ""), value
        return
    for element in json.loads(value):
        yield (name, element), element


def _follow_ledger(world: "World", found: Histories) -> None:
    stream = world.rules.streams[LEDGER_STREAM]
    many = set(world.rules.many)
    for edit in world.ledger_edits:
        sources = stream.map.source_fields
        rows = [{name: side.get(name) for name in sources} for side in (edit.before, edit.after)]
        mapped = stream.map.get(pl.DataFrame(rows, schema=dict.fromkeys(sources, pl.String)))
        was, now = mapped.values.iter_rows(named=True)
        key = (LEDGER_STREAM, str(edit.customer))
        for name in was:
            before, after = dict(_cells(name, was[name], many)), dict(_cells(name, now[name], many))
            for cell in sorted({*before, *after}):
                if before.get(cell) != after.get(cell):
                    found.changes[key].append(
                        Change(number=edit.number, key=key, cell=cell, value=after.get(cell))
                    )
