"""Business rules across the canonical fields of one record: reject, flag, derive, default.

Decides, rule by rule in the order written, what a rule's condition holds for. Promises that a rule
that cannot be computed for a record is reported for that record, and that a rule which names
unknown fields never compiles. A value that a rule derives or defaults is the record's own from
there on: it is claimed like any other. In conditions, numbers compare as numbers, booleans as
booleans, all else as text; money has ``NAME.amount`` and ``NAME.currency``, an address its parts
(``billing_address.city``). Must not know source fields.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import polars as pl
from polars.exceptions import PolarsError

from customer_sync.core.mapping.expression import ExpressionError, parse, texts_of
from customer_sync.core.mapping.place import ADDRESS_PARTS
from customer_sync.core.mapping.registry import canonical_lens
from customer_sync.core.mapping.row import Fault, RowLens, cells_of
from customer_sync.model.config import Rule
from customer_sync.model.field import Field

__all__ = ["CompiledRule", "Judged", "RuleError", "apply_rules", "compile_rules"]


Assignment: TypeAlias = tuple[str, pl.Expr, RowLens, bool]


class RuleError(ValueError):
    """A rule that cannot mean what it says: its number, the reason, and what to do about it."""

    def __init__(self, number: int, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.number = number
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """One rule, ready to run."""

    number: int
    when: pl.Expr
    looks_at: frozenset[str]
    reject: str | None
    flag: str | None
    assignments: tuple[Assignment, ...]


@dataclass(slots=True, kw_only=True)
class Judged:
    """What the rules made of the records of a batch."""

    values: dict[str, pl.Series]
    assigned: dict[str, list[int]] = field(default_factory=dict)
    rejected: list[tuple[int, str]] = field(default_factory=list)
    failed: list[tuple[int, int, str | None, bool]] = field(default_factory=list)
    flagged: list[tuple[int, str]] = field(default_factory=list)


def compile_rules(rules: Sequence[Rule], fields: Mapping[str, Field]) -> tuple[CompiledRule, ...]:
    """Return the rules ready to run over these canonical fields.

    Raises:
        RuleError: A rule does not parse, names an unknown field, or cannot be computed.
    """
    columns = [_typed(name, fields) for name in _known_names(fields)]
    texts = pl.DataFrame(schema=dict.fromkeys(fields, pl.String))
    typed = texts.select(columns)
    return tuple(
        _compiled(number, rule, fields, typed) for number, rule in enumerate(rules, start=1)
    )


def _compiled(
    number: int, rule: Rule, fields: Mapping[str, Field], typed: pl.DataFrame
) -> CompiledRule:
    when = _checked(number, rule.when, typed)
    if typed.select(when).dtypes != [pl.Boolean]:
        raise RuleError(
            number, f"its condition is not true or false: {rule.when}", "Compare something."
        )
    assignments = []
    looks_at = set(when.meta.root_names())
    for texts, replaces in ((rule.derive, True), (rule.default, False)):
        for name, sql in (texts or {}).items():
            expression = _checked(number, sql, typed)
            looks_at |= set(expression.meta.root_names())
            assignments.append((name, expression, canonical_lens(fields[name]), replaces))
    if not (rule.reject or rule.flag or assignments):
        raise RuleError(number, "it does nothing", "Give one of reject, flag, derive, default.")
    return CompiledRule(
        number=number,
        when=when,
        looks_at=frozenset(looks_at),
        reject=rule.reject,
        flag=rule.flag,
        assignments=tuple(assignments),
    )


def _checked(number: int, sql: str, typed: pl.DataFrame) -> pl.Expr:
    try:
        expression = parse(sql)
    except ExpressionError as error:
        raise RuleError(number, f"it does not parse: {error}", "Write an SQL expression.") from None
    unknown = sorted(set(expression.meta.root_names()) - set(typed.columns))
    if unknown:
        raise RuleError(
            number,
            f"it names {', '.join(unknown)}, which this stream does not map",
            "Use the canonical fields of this stream.",
        )
    try:
        typed.select(expression)
    except PolarsError as error:
        reason = str(error).splitlines()[0]
        raise RuleError(
            number, f"it cannot be computed: {reason}", "Compare like with like."
        ) from None
    return expression


def apply_rules(
    rules: Sequence[CompiledRule],
    values: dict[str, pl.Series],
    fields: Mapping[str, Field],
    known: Callable[[str, int], bool],
) -> Judged:
    """Return what the rules make of these canonical columns.

    Args:
        rules: The rules in their order.
        values: One column a canonical field.
        fields: The canonical fields by name.
        known: Whether a record says anything about a field: a default fills only where it does.
    """
    judged = Judged(values=values)
    place = 0
    while place < len(rules):
        # Rules that assign nothing see the same values: their conditions are computed together.
        count = 1
        while not rules[place + count - 1].assignments and place + count < len(rules):
            count += 1
        group = rules[place : place + count]
        frame = _frame(group, judged.values, fields)
        for rule, told in zip(group, _conditions(frame, group), strict=True):
            _apply(rule, frame, told, judged, known)
        place += count
    return judged


def _apply(
    rule: CompiledRule,
    frame: pl.DataFrame,
    told: tuple[list[bool], list[int]],
    judged: Judged,
    known: Callable[[str, int], bool],
) -> None:
    truth, failed = told
    judged.failed.extend((row, rule.number, None, rule.reject is not None) for row in failed)
    rows = [row for row, holds in enumerate(truth) if holds]
    if not rows:
        return
    if rule.reject is not None:
        judged.rejected.extend((row, rule.reject) for row in rows)
    if rule.flag is not None:
        judged.flagged.extend((row, rule.flag) for row in rows)
    for assignment in rule.assignments:
        _assign(assignment, _Place(rule.number, frame, rows, known), judged)


@dataclass(frozen=True, slots=True)
class _Place:
    number: int
    frame: pl.DataFrame
    rows: list[int]
    known: Callable[[str, int], bool]


def _assign(assignment: Assignment, place: _Place, judged: Judged) -> None:
    name, expression, lens, replaces = assignment
    found, broken = texts_of(place.frame, expression)
    (got,) = lens.get([found])
    new = cells_of(got)
    old = judged.values[name].to_list()
    for row in place.rows:
        cell = Fault("value_invalid") if row in broken else new[row]
        if isinstance(cell, Fault):
            judged.failed.append((row, place.number, name, False))
        elif replaces or (old[row] is None and place.known(name, row)):
            old[row] = cell
            judged.assigned.setdefault(name, []).append(row)
    judged.values[name] = pl.Series(name, old, dtype=pl.String)


def _conditions(
    frame: pl.DataFrame, rules: Sequence[CompiledRule]
) -> list[tuple[list[bool], list[int]]]:
    count = len(frame)
    try:
        found = frame.select(**{str(rule.number): rule.when for rule in rules})
        columns = [found[str(rule.number)] for rule in rules]
        if len(found) != count:
            columns = [column.new_from_index(0, count) for column in columns]
        return [([value is True for value in column.to_list()], []) for column in columns]
    except PolarsError:
        told = [texts_of(frame, rule.when) for rule in rules]
        return [([text == "true" for text in texts.to_list()], failed) for texts, failed in told]


def _frame(
    rules: Sequence[CompiledRule], values: Mapping[str, pl.Series], fields: Mapping[str, Field]
) -> pl.DataFrame:
    names = sorted(frozenset[str]().union(*(rule.looks_at for rule in rules)))
    frame = pl.DataFrame([column.alias(name) for name, column in values.items()])
    typed = [_typed(name, fields) for name in names]
    return (
        frame.select(typed)
        if any(name not in values or _is_typed(fields[name]) for name in names)
        else frame
    )


def _is_typed(canonical: Field) -> bool:
    return canonical.kind in {"number", "boolean"} and not canonical.many


def _known_names(fields: Mapping[str, Field]) -> list[str]:
    names = list(fields)
    for name, canonical in fields.items():
        if canonical.kind == "money" and not canonical.many:
            names += [f"{name}.amount", f"{name}.currency"]
        if canonical.kind == "address" and not canonical.many:
            names += [f"{name}.{part}" for part in ADDRESS_PARTS]
    return names


def _typed(name: str, fields: Mapping[str, Field]) -> pl.Expr:
    if name not in fields:
        return _part(name).alias(name)
    column = pl.col(name)
    if fields[name].many:
        return column
    if fields[name].kind == "number":
        return column.cast(pl.Float64, strict=False)
    return column == "true" if fields[name].kind == "boolean" else column


def _part(name: str) -> pl.Expr:
    whole, _, part = name.rpartition(".")
    if part == "amount":
        return pl.col(whole).str.extract(r"^(\S+)").cast(pl.Float64, strict=False)
    if part == "currency":
        return pl.col(whole).str.extract(r"(\S+)$")
    return pl.col(whole).str.json_path_match(f"$.{part}")
