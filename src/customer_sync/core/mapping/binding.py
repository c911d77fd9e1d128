"""A field mapping of a stream, ready to run: its lens between the policies of the field.

Decides default, never clear, set if empty, length and required. Promises that an unreadable source
value is never emptied, a default is never read back, and a text that says the same is left as it
is. Must not know other fields of the record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from customer_sync.core.mapping.lens import Got
from customer_sync.core.mapping.row import SMALL_ROWS, Cells, Fault, RowLens, Texts

__all__ = ["Binding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One mapping: canonical fields, source fields, lens and policies."""

    names: tuple[str, ...]
    sources: tuple[str, ...]
    lens: RowLens
    lens_name: str
    is_in: bool
    is_out: bool
    set_if_empty: bool = False
    never_clear: bool = False
    required: bool = False
    default: str | None = None  # canonical
    default_text: str | None = None  # as written to the source
    constant_text: str | None = None  # written always, whatever the customer says
    length: int | None = None

    def get(self, sources: Sequence[pl.Series], rows: int) -> list[Got]:
        """Return the canonical columns; a default that stands in the source is nothing."""
        if not self.sources:
            (value,) = self.lens.read(())
            return [Got(value=pl.Series([value], dtype=pl.String).new_from_index(0, rows))]
        got = self.lens.get(sources)
        return [_without(got[0], self.default)] if self.default is not None else got

    def put(self, golden: Mapping[str, pl.Series], sources: Sequence[pl.Series]) -> list[pl.Series]:
        """Return the source columns showing the golden values, as policies allow."""
        if self.constant_text is not None:
            value = pl.Series(sources[0].name, [self.constant_text], dtype=pl.String)
            return [value.new_from_index(0, len(sources[0]))]
        if not any(name in golden for name in self.names):
            return list(sources)
        values = self._wanted(golden, sources)
        return self.lens.put_rows(values, sources, self.change)

    def _wanted(
        self, golden: Mapping[str, pl.Series], sources: Sequence[pl.Series]
    ) -> list[pl.Series]:
        values = [golden.get(name) for name in self.names]
        if any(value is None for value in values):
            shown = self.lens.get(sources)
            values = [got.value if v is None else v for v, got in zip(values, shown, strict=True)]
        wanted = [value for value in values if value is not None]
        if self.default is not None:
            wanted = [wanted[0].fill_null(self.default)]
        return wanted

    def change(self, values: Texts, texts: Texts, cells: Cells) -> Texts:
        """Return one row's source texts changed to show the values."""
        if self.set_if_empty and self._shows_something(cells):
            return texts
        wants_nothing = all(value is None or value == self.default for value in values)
        is_emptied = wants_nothing and self._shows_something(cells)
        # What cannot be read was never agreed on, so nobody asked for it to be emptied.
        is_unreadable = any(
            isinstance(cell, Fault) and value in {None, self.default}
            for cell, value in zip(cells, values, strict=True)
        )
        if is_unreadable or (is_emptied and self.never_clear):
            return texts
        new = self._new(values, texts)
        if new is None:
            return texts
        new = self._cut(new, texts)
        return texts if new is None else new

    def _new(self, values: Texts, texts: Texts) -> Texts | None:
        if all(value is None for value in values):
            return self.lens.clear(texts)
        if self.default is not None and values == (self.default,):
            return (self.default_text,)
        return self.lens.write(values, texts)

    def _cut(self, new: Texts, texts: Texts) -> Texts | None:
        length = self.length
        if length is None or all(text is None or len(text) <= length for text in new):
            return new
        # Half an address or number is another address or number: only texts are cut.
        if not self.lens.is_text:
            return None
        return tuple(
            text if text is None or text == old else text[:length].rstrip()
            for text, old in zip(new, texts, strict=True)
        )

    def _shows_something(self, cells: Cells) -> bool:
        return any(cell is not None and cell != self.default for cell in cells)


def _without(got: Got, default: str | None) -> Got:
    if len(got.value) <= SMALL_ROWS:
        values = [None if value == default else value for value in got.value.to_list()]
        return Got(value=pl.Series("", values, dtype=pl.String), fault=got.fault)
    is_default = got.value.eq_missing(pl.Series([default], dtype=pl.String))
    return Got(value=got.value.set(is_default, None), fault=got.fault)
