"""The two lens laws, checked on samples and on made-up values before a mapping is published.

Decides whether a two-way field may go live. Promises that a real value never appears in what it
reports: counter-examples from samples show only the shape of a text. Rests on
``RowLens.is_exact``: a lens that may lose something on purpose (a cut text, a name without order)
says for which values.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

import polars as pl

from customer_sync.core.mapping.binding import Binding
from customer_sync.core.mapping.row import Cells, Fault, Texts, cells_of
from customer_sync.core.mapping.sample import sample_value
from customer_sync.core.mapping.stream import StreamMap
from customer_sync.model.field import Field

__all__ = ["LawBreak", "check_laws"]

IMAGES_MAX = 50  # distinct source rows that made-up values are written into


@dataclass(frozen=True, slots=True, kw_only=True)
class LawBreak:
    """A two-way field that does not come back as it went out."""

    field: str
    law: Literal["get-put", "put-get"]
    lens: str
    counter_example: str
    remedy: str


def check_laws(
    stream_map: StreamMap, samples: pl.DataFrame, *, seed: int = 0, cases: int = 200
) -> list[LawBreak]:
    """Return the first break of each law by each two-way field.

    Args:
        stream_map: The mapping.
        samples: Source records, as read.
        seed: Which made-up values to try.
        cases: How many made-up values a field.
    """
    random = Random(seed)  # noqa: S311 - repeatable choice of test values, no secret
    found: list[LawBreak] = []
    for binding in stream_map.bindings:
        if binding.is_in and binding.is_out and binding.constant_text is None:
            rows = _rows(binding, samples)
            found.extend(_get_put(binding, rows))
            fields = [stream_map.fields[name] for name in binding.names]
            found.extend(_put_get(binding, fields, rows, random, cases))
    return found + _rule_breaks(stream_map, samples)


def _rows(binding: Binding, samples: pl.DataFrame) -> list[Texts]:
    if any(name not in samples.columns for name in binding.sources):
        return []
    columns = (samples[name].to_list() for name in binding.sources)
    return list(dict.fromkeys(zip(*columns, strict=True)))


def _frames(rows: Sequence[Texts], names: Sequence[str]) -> list[pl.Series]:
    columns: Sequence[Sequence[str | None]] = list(zip(*rows, strict=True))
    return [
        pl.Series(name, column, dtype=pl.String)
        for name, column in zip(names, columns, strict=True)
    ]


def _get_put(binding: Binding, rows: Sequence[Texts]) -> Iterator[LawBreak]:
    if not rows:
        return
    sources = _frames(rows, binding.sources)
    got = binding.get(sources, len(rows))
    golden = {name: one.value.alias(name) for name, one in zip(binding.names, got, strict=True)}
    exempt = [_is_exempt(binding, cells) for cells in zip(*map(cells_of, got), strict=True)]
    written = zip(*(column.to_list() for column in binding.put(golden, sources)), strict=True)
    for before, after, is_exempt in zip(rows, written, exempt, strict=True):
        if not is_exempt and before != after:
            yield _break(binding, "get-put", f"{_shapes(before)} would become {_shapes(after)}")
            return


def _is_exempt(binding: Binding, cells: Cells) -> bool:
    # What cannot be read says nothing, and a default is meant to fill what is empty.
    is_filled = binding.default is not None and all(cell is None for cell in cells)
    return is_filled or any(isinstance(cell, Fault) for cell in cells)


def _put_get(
    binding: Binding, fields: Sequence[Field], rows: Sequence[Texts], random: Random, cases: int
) -> Iterator[LawBreak]:
    lens = binding.lens
    nothing: Texts = (None,) * len(binding.sources)
    images = [nothing, *rows[:IMAGES_MAX]]
    for case in range(cases):
        image = images[case % len(images)]
        values = tuple(sample_value(field, random) for field in fields)
        is_clear = all(value is None for value in values)
        if not is_clear and not lens.is_exact(values):
            continue
        new = lens.clear(image) if is_clear else lens.write(values, image)
        if new is not None and (shown := lens.read(new)) != values:
            seen = ["unreadable" if isinstance(cell, Fault) else cell for cell in shown]
            yield _break(binding, "put-get", f"{list(values)} would come back as {seen}")
            return


def _rule_breaks(stream_map: StreamMap, samples: pl.DataFrame) -> list[LawBreak]:
    assigned = {name for rule in stream_map.rules for name, *_ in rule.assignments}
    names = [name for name in stream_map.outward if name in assigned]
    if not names or not len(samples):
        return []
    mapped = stream_map.get(samples)
    set_aside = set(mapped.rejects.filter(pl.col("whole"))["row"].to_list())
    breaks = []
    for name in names:
        silent = set(mapped.silent.filter(pl.col("field") == name)["row"].to_list())
        written = stream_map.put(mapped.values.select(name), samples)
        before = [samples[source].to_list() for source in written.columns]
        after = [column.to_list() for column in written.get_columns()]
        if any(
            old[row] != new[row]
            for old, new in zip(before, after, strict=True)
            for row in range(len(samples))
            if row not in silent | set_aside
        ):
            breaks.append(
                LawBreak(
                    field=name,
                    law="get-put",
                    lens="rule",
                    counter_example="a rule changes the value that the source itself shows",
                    remedy="Give the field `direction: in`, or correct the value at its source.",
                )
            )
    return breaks


def _break(binding: Binding, law: Literal["get-put", "put-get"], example: str) -> LawBreak:
    return LawBreak(
        field=", ".join(binding.names),
        law=law,
        lens=binding.lens_name,
        counter_example=example,
        remedy="Give the field `direction: in`, or another lens, format or value map.",
    )


def _shapes(texts: Texts) -> list[str | None]:
    return [None if text is None else _shape(text) for text in texts]


def _shape(text: str) -> str:
    letters = re.sub(r"[^\W\d_]", "a", text)
    return re.sub(r"\d", "9", letters)[:60]
