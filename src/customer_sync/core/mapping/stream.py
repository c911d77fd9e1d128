"""The mapping of a whole stream: source frames to canonical frames, and back.

Decides how the field mappings and rules of a stream work together. Promises that ``get`` reports
every fault of a record and never stops at one, that it works a record at a time or a million
without another code path, and that ``put`` changes no source text that says the same already. Must
not know links, claims, or how records are read and written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from customer_sync.core.mapping.binding import Binding
from customer_sync.core.mapping.codes import CODES, IGNORED
from customer_sync.core.mapping.row import SMALL_ROWS
from customer_sync.core.mapping.rule import CompiledRule, Judged, apply_rules
from customer_sync.model.field import Field

__all__ = ["Mapped", "StreamMap"]

# As in the connector port: comma-separated source fields that the record does not have.
ABSENT = "@absent"
REJECTS = {
    "row": pl.UInt32, "field": pl.String, "source": pl.String,
    "code": pl.String, "detail": pl.String, "whole": pl.Boolean,
}  # fmt: skip
SILENT = {"row": pl.UInt32, "field": pl.String}
FLAGS = {"row": pl.UInt32, "remark": pl.String}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """What a batch of records says.

    values: a row a record, a column a canonical field; null: the record says "nothing there".
    silent: (row, field): the record says nothing about it: absent, ignored, unreadable.
    rejects: (row, field, source, code, detail, whole): every fault; whole: the record itself.
    flags: (row, remark).
    """

    values: pl.DataFrame
    silent: pl.DataFrame
    rejects: pl.DataFrame
    flags: pl.DataFrame


@dataclass(slots=True)
class _Findings:
    values: dict[str, pl.Series] = field(default_factory=dict)
    silent: dict[str, set[int]] = field(default_factory=dict)
    rejects: list[tuple[int, str | None, str | None, str, str, bool]] = field(default_factory=list)
    flags: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamMap:
    """The two-way rule between the source fields of one stream and canonical fields."""

    source_fields: tuple[str, ...]
    canonical: tuple[str, ...]
    outward: tuple[str, ...]
    out_sources: tuple[str, ...]
    bindings: tuple[Binding, ...]
    rules: tuple[CompiledRule, ...]
    fields: Mapping[str, Field]
    unmapped: tuple[str, ...] = ()  # canonical fields that only rules assign

    def get(self, records: pl.DataFrame) -> Mapped:
        """Return what these records say, in canonical form."""
        rows = len(records)
        findings = _Findings()
        absences = _absences(records)
        for binding in self.bindings:
            if binding.is_in:
                _read(binding, records, absences, findings)
        for name in self.unmapped:
            findings.values[name] = pl.Series(name, [None], dtype=pl.String).new_from_index(0, rows)
            findings.silent[name] = set(range(rows))
        if self.rules and rows:
            self._judge(findings)
        return self._mapped(findings)

    def put(self, golden: pl.DataFrame, images: pl.DataFrame) -> pl.DataFrame:
        """Return the fields ``out_sources`` as in ``images``, changed to show the golden values.

        A golden value that its lens cannot show (outside the value map, too long for what is not
        a text) leaves the image as it is. An unreadable image is overwritten, but never emptied;
        whoever calls decides whether it may be (see core.decide.show).
        """
        wanted = {name: golden[name] for name in self.outward if name in golden.columns}
        shown = {
            name: images[name] if name in images.columns else _nothing(name, len(images))
            for name in self.out_sources
        }
        for binding in self.bindings:
            if binding.is_out:
                new = binding.put(wanted, [shown[name] for name in binding.sources])
                shown.update(zip(binding.sources, new, strict=True))
        return pl.DataFrame([shown[name].alias(name) for name in self.out_sources])

    def _judge(self, findings: _Findings) -> None:
        def is_known(name: str, row: int) -> bool:
            return name in self.unmapped or row not in findings.silent.get(name, ())

        judged = apply_rules(self.rules, findings.values, self.fields, is_known)
        findings.values = judged.values
        findings.flags = judged.flagged
        for name, assigned in judged.assigned.items():
            findings.silent.get(name, set()).difference_update(assigned)
        findings.rejects.extend(_rule_rejects(judged))

    def _mapped(self, findings: _Findings) -> Mapped:
        columns = [findings.values[name].alias(name) for name in self.canonical]
        silent = [
            (row, name) for name in self.canonical for row in sorted(findings.silent.get(name, ()))
        ]
        return Mapped(
            values=pl.DataFrame(columns),
            silent=_rows(silent, SILENT),
            rejects=_rows(findings.rejects, REJECTS),
            flags=_rows(findings.flags, FLAGS),
        )


def _nothing(name: str, rows: int) -> pl.Series:
    return pl.Series(name, [None], dtype=pl.String).new_from_index(0, rows)


def _rows(
    rows: Sequence[tuple[object, ...]], schema: Mapping[str, type[pl.DataType]]
) -> pl.DataFrame:
    columns: Sequence[Sequence[object]] = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pl.DataFrame(
        [
            pl.Series(name, column, dtype=dtype)
            for (name, dtype), column in zip(schema.items(), columns, strict=True)
        ]
    )


def _absences(records: pl.DataFrame) -> dict[str, list[int]]:
    if ABSENT not in records.columns or records[ABSENT].null_count() == len(records):
        return {}
    found: dict[str, list[int]] = {}
    for row, names in enumerate(records[ABSENT].to_list()):
        for name in (names or "").split(","):
            found.setdefault(name.strip(), []).append(row)
    return found


def _read(
    binding: Binding, records: pl.DataFrame, absences: Mapping[str, list[int]], findings: _Findings
) -> None:
    rows = len(records)
    has_columns = all(name in records.columns for name in binding.sources)
    absent = {row for name in binding.sources for row in absences.get(name, ())}
    if not has_columns:
        absent = set(range(rows))
    sources = [
        records[name] if name in records.columns else _nothing(name, rows)
        for name in binding.sources
    ]
    faulty: set[int] = set()
    got = binding.get(sources, rows)
    for name, one in zip(binding.names, got, strict=True):
        value = _without_rows(one.value, absent) if absent else one.value
        faults = [(row, code) for row, code in _faults(one.fault) if row not in absent]
        faulty.update(row for row, _ in faults)
        findings.rejects.extend(
            _reject(row, name, code, binding) for row, code in faults if code != IGNORED
        )
        silent = absent.union(row for row, _ in faults)
        if binding.never_clear:
            silent.update(_null_rows(value))
        findings.values[name] = value
        if silent:
            findings.silent[name] = silent
    if binding.required:
        columns = [findings.values[name] for name in binding.names]
        missing = set.intersection(*(set(_null_rows(column)) for column in columns))
        findings.rejects.extend(_missing(row, binding) for row in sorted(missing - absent - faulty))


def _faults(fault: pl.Series | None) -> list[tuple[int, str]]:
    if fault is None:
        return []
    return [(row, code) for row, code in enumerate(fault.to_list()) if code is not None]


def _null_rows(column: pl.Series) -> list[int]:
    if not column.null_count():
        return []
    if len(column) <= SMALL_ROWS:
        return [row for row, value in enumerate(column.to_list()) if value is None]
    return column.is_null().arg_true().to_list()


def _without_rows(column: pl.Series, rows: set[int]) -> pl.Series:
    values = column.to_list()
    for row in rows:
        values[row] = None
    return pl.Series(column.name, values, dtype=pl.String)


def _reject(
    row: int, name: str, code: str, binding: Binding
) -> tuple[int, str | None, str | None, str, str, bool]:
    source = ", ".join(binding.sources) or None
    detail = CODES[code]
    if binding.lens.expects:
        detail = f"{detail} Expected: {binding.lens.expects}."
    return row, name, source, code, detail, binding.required


def _missing(row: int, binding: Binding) -> tuple[int, str | None, str | None, str, str, bool]:
    source = ", ".join(binding.sources) or None
    code = "required_missing"
    return row, ", ".join(binding.names), source, code, CODES[code], True


def _rule_rejects(
    judged: Judged,
) -> list[tuple[int, str | None, str | None, str, str, bool]]:
    found: list[tuple[int, str | None, str | None, str, str, bool]] = [
        (row, None, None, "rule_rejected", reason, True) for row, reason in judged.rejected
    ]
    for row, number, name, is_whole in judged.failed:
        code = "expression_failed" if name is None else "value_invalid"
        found.append((row, name, None, code, f"Rule {number}: {CODES[code]}", is_whole))
    return found
