"""What every lens shares: cells, faults, and running a rule of one row over whole columns.

A lens of this package states two plain functions of one row, ``read`` and ``write``; this module
runs them over columns. Promises: each distinct value is read once per call; values that match the
lens's ``normal`` pattern are known to be canonical already and never reach a library; batches up
to ``SMALL_ROWS`` use no Polars operation at all, because a column costs it more than half a
millisecond whatever its size. Must not know configuration, systems or the policies of a field.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import polars as pl

from customer_sync.core.mapping.lens import Got

__all__ = ["Cell", "Cells", "Fault", "RowLens", "Texts", "ValueLens"]

# Reading a column of normal texts takes Polars 0.4 to 1 ms whether it holds 1 or 1,000, and a
# Python loop about 1 us a text: they meet near 400. What needs a library (e-mail: 55 us a value)
# costs both the same.
SMALL_ROWS = 64


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a value cannot be read: a code of ``codes.CODES``."""

    code: str


Cell: TypeAlias = str | Fault | None
Cells: TypeAlias = tuple[Cell, ...]
Texts: TypeAlias = tuple[str | None, ...]


class RowLens(ABC):
    """A lens of ``arity`` source fields and ``width`` canonical fields, stated for one row."""

    arity: int = 1
    width: int = 1
    is_text: bool = False  # its written text may be cut to a length without becoming another thing

    @property
    def expects(self) -> str:
        """Return what a person should have written, or the empty text."""
        return ""

    @abstractmethod
    def read(self, texts: Texts, /) -> Cells:
        """Return the canonical cells that a row of source texts shows."""

    @abstractmethod
    def write(self, values: Texts, texts: Texts, /) -> Texts | None:
        """Return source texts that show ``values`` as well as can be; None where none do."""

    def clear(self, texts: Texts, /) -> Texts | None:
        """Return source texts that show nothing; None where this lens cannot show nothing."""
        return (None,) * len(texts)

    def is_exact(self, values: Texts, /) -> bool:
        """Return whether ``write`` promises to show exactly these values."""
        return bool(values)

    def get(self, sources: Sequence[pl.Series]) -> list[Got]:
        """Return the canonical columns of these source columns."""
        ready = self.ready_rows(sources) if len(sources[0]) > SMALL_ROWS else None
        if ready is None:
            return self._got_rows(sources)
        known, values = ready
        rows = (~known.fill_null(value=False)).arg_true()
        if not len(rows):
            return [Got(value=column) for column in values]
        rest = self._got_rows([source.gather(rows) for source in sources])
        return [
            _completed(column, rows, cells_of(got))
            for column, got in zip(values, rest, strict=True)
        ]

    def ready_rows(
        self, sources: Sequence[pl.Series], /
    ) -> tuple[pl.Series, list[pl.Series]] | None:
        """Return (rows known without Python code, their values); None: no row is."""
        return None

    def _got_rows(self, sources: Sequence[pl.Series]) -> list[Got]:
        memo: dict[Texts, Cells] = {}
        rows = []
        for texts in zip(*(source.to_list() for source in sources), strict=True):
            cells = memo.get(texts)
            if cells is None:
                cells = memo[texts] = self.read(texts)
            rows.append(cells)
        columns = zip(*rows, strict=True) if rows else [()] * self.width
        return [_got(list(column)) for column in columns]

    def put(self, values: Sequence[pl.Series], sources: Sequence[pl.Series]) -> list[pl.Series]:
        """Return the source columns such that they show ``values``."""
        return self.put_rows(values, sources, lambda v, t, _: _written(self, v, t))

    def put_rows(
        self,
        values: Sequence[pl.Series],
        sources: Sequence[pl.Series],
        change: Callable[[Texts, Texts, Cells], Texts],
    ) -> list[pl.Series]:
        """Return the source columns, changed by ``change`` in each row that shows other values.

        A change after which a row reads as it did before is no change.
        """
        shown = self.get(sources)
        rows = differing(values, shown)
        if not rows:
            return list(sources)
        wanted = [column.to_list() for column in values]
        texts = [column.to_list() for column in sources]
        cells = [cells_of(got) for got in shown]
        changed: dict[int, Texts] = {}
        for row in rows:
            old = tuple(column[row] for column in texts)
            new = change(
                tuple(column[row] for column in wanted), old, tuple(column[row] for column in cells)
            )
            if new != old:
                changed[row] = new
        telling = self._telling(changed, cells) if changed else {}
        for row, new in telling.items():
            for column, text in zip(texts, new, strict=True):
                column[row] = text
        return [
            pl.Series(source.name, column, dtype=pl.String)
            for source, column in zip(sources, texts, strict=True)
        ]

    def _telling(
        self, changed: Mapping[int, Texts], cells: Sequence[list[Cell]]
    ) -> Mapping[int, Texts]:
        """Return the changes that read otherwise than the rows did; all are read at once."""
        columns = zip(*changed.values(), strict=True)
        read = self.get([pl.Series("", column, dtype=pl.String) for column in columns])
        after = zip(*map(cells_of, read), strict=True)
        return {
            row: new
            for (row, new), seen in zip(changed.items(), after, strict=True)
            if seen != tuple(column[row] for column in cells)
        }


class ValueLens(RowLens):
    """A lens of one source field and one canonical field, stated for one text."""

    normal: str | None = None  # a pattern only of texts that read as themselves

    @abstractmethod
    def read_text(self, text: str, /) -> Cell:
        """Return the canonical value of a text that is not blank."""

    @abstractmethod
    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return a text that shows ``value``, formatted as ``image`` is; None where none can."""

    def blank(self, text: str | None, /) -> Cell:
        """Return the canonical value of null or a blank text."""
        return None

    def cell(self, text: str | None) -> Cell:
        """Return the canonical value of any text."""
        if text is None or not text or text.isspace():
            return self.blank(text)
        return self.read_text(text)

    def read(self, texts: Texts, /) -> Cells:
        """Return the one canonical cell of a row."""
        return (self.cell(texts[0]),)

    def write(self, values: Texts, texts: Texts, /) -> Texts | None:
        """Return the one source text of a row."""
        value = values[0]
        assert value is not None, "nothing is written by clear()"
        text = self.write_text(value, texts[0])
        return None if text is None else (text,)

    def get(self, sources: Sequence[pl.Series]) -> list[Got]:
        """Return the canonical column of one source column."""
        source = sources[0]
        if len(source) <= SMALL_ROWS:
            return [_got([self._quick_cell(text) for text in source.to_list()])]
        if source.null_count() == len(source) and self.blank(None) is None:
            return [Got(value=source)]
        return [self._get_many(source)]

    def _quick_cell(self, text: str | None) -> Cell:
        if text and self.normal is not None and _pattern(self.normal).match(text):
            return text
        return self.cell(text)

    def ready(self, source: pl.Series) -> tuple[pl.Series, pl.Series] | None:
        """Return (rows known without Python code, their values); None: no row is."""
        if self.normal is None:
            return None
        return source.str.contains(self.normal), source

    def _get_many(self, source: pl.Series) -> Got:
        ready = self.ready(source)
        if ready is None:
            texts = source.to_list()
            memo = {text: self.cell(text) for text in dict.fromkeys(texts)}
            return _got([memo[text] for text in texts])
        known, values = ready
        if self.blank(None) is None:
            known = known.fill_null(value=True)
        rows = (~known.fill_null(value=False)).arg_true()
        if not len(rows):
            return Got(value=values)
        return self._complete(source, values, rows)

    def _complete(self, source: pl.Series, values: pl.Series, rows: pl.Series) -> Got:
        rest = source.gather(rows).to_list()
        memo = {text: self.cell(text) for text in dict.fromkeys(rest)}
        return _completed(values, rows, [memo[text] for text in rest])


@cache
def _pattern(normal: str) -> re.Pattern[str]:
    return re.compile(normal.replace(r"\z", r"\Z"))  # the end of the text, in Python's words


def _written(lens: RowLens, values: Texts, texts: Texts) -> Texts:
    """Return ``texts`` changed to show ``values``, or as they are where nothing can."""
    is_nothing = all(value is None for value in values)
    new = lens.clear(texts) if is_nothing else lens.write(values, texts)
    return texts if new is None else new


def differing(values: Sequence[pl.Series], shown: Sequence[Got]) -> list[int]:
    """Return the rows in which the shown cells are not the wanted values."""
    if values and len(values[0]) <= SMALL_ROWS:
        wanted = zip(*(column.to_list() for column in values), strict=True)
        seen = zip(*(cells_of(got) for got in shown), strict=True)
        return [row for row, (a, b) in enumerate(zip(wanted, seen, strict=True)) if a != b]
    mask = pl.repeat(value=False, n=len(values[0]), eager=True)
    for column, got in zip(values, shown, strict=True):
        mask = mask | column.ne_missing(got.value)
        if got.fault is not None:
            mask = mask | got.fault.is_not_null()
    return mask.arg_true().to_list()


def cells_of(got: Got) -> list[Cell]:
    """Return a canonical column as cells."""
    values: list[Cell] = got.value.to_list()
    if got.fault is not None:
        for row, code in enumerate(got.fault.to_list()):
            if code is not None:
                values[row] = Fault(code)
    return values


def _completed(values: pl.Series, rows: pl.Series, found: Sequence[Cell]) -> Got:
    """Return the column with the cells of some rows put in, and nothing else turned into Python."""
    some = _got(list(found))
    value = values.clone().scatter(rows, some.value)  # scatter writes in place
    if some.fault is None:
        return Got(value=value)
    none = pl.Series("", [None], dtype=pl.String).new_from_index(0, len(values))
    return Got(value=value, fault=none.scatter(rows, some.fault))


def _got(cells: list[Cell]) -> Got:
    if Fault not in set(map(type, cells)):
        return Got(value=pl.Series("", cells, dtype=pl.String))
    values = [None if isinstance(cell, Fault) else cell for cell in cells]
    codes = [cell.code if isinstance(cell, Fault) else None for cell in cells]
    return Got(
        value=pl.Series("", values, dtype=pl.String),
        fault=pl.Series("", codes, dtype=pl.String),
    )
