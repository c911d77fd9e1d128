"""The lens of lists of things: the lines of a document, and what it pays for.

Decides how the objects of a JSON array become objects of canonical keys, each value in the normal form
of its kind. One way: documents are read, never written. Promises exact numbers, and that one element
which cannot be read is a fault of the whole. Must not know what is posted.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from customer_sync.core.mapping.row import Cell, Fault, RowLens, ValueLens
from customer_sync.core.mapping.structure import dug
from customer_sync.model.document import LINE_FIELDS
from customer_sync.model.field import Kind

__all__ = ["ITEM_KEYS", "Items"]

_NUMBERS = ("amount", "quantity", "unit_price", "tax", "tax_rate")
_DATES = ("service_start", "service_end")
_LINE_KINDS: Final[Mapping[str, Kind]] = {
    name: "number" if name in _NUMBERS else "date" if name in _DATES else "text"
    for name in LINE_FIELDS
}
# Canonical keys of each element, by canonical field.
ITEM_KEYS: Final[Mapping[str, Mapping[str, Kind]]] = {
    "lines": _LINE_KINDS,
    "allocations": {"document": "text", "amount": "number"},
}
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Items(ValueLens):
    """A JSON array of objects in one field, read key by key; without keys: ids of other records."""

    def __init__(
        self,
        *,
        items: Mapping[str, Sequence[str | int]],
        readers: Mapping[str, RowLens],
        root: Sequence[str | int],
    ) -> None:
        """Take the steps to each canonical key within an element, their lenses, and those to the array."""
        self._items = items
        self._readers = readers
        self._root = root

    @property
    def expects(self) -> str:
        """Return what should stand there."""
        return "a JSON array of objects" if self._items else "an id, or a JSON array of ids"

    def read_text(self, text: str, /) -> Cell:
        """Return the elements; what is no JSON, where ids are meant, is one id."""
        try:
            # Numbers stay as they are written: a float would not.
            found = json.loads(text, parse_float=str, parse_int=str)
        except (ValueError, RecursionError):
            found = text
        if isinstance(found, str):
            return Fault("json_invalid") if self._items else _COMPACT([{"document": text.strip()}])
        found = dug(found, self._root)
        if found is None:
            return None
        if not isinstance(found, list):
            return Fault("json_type")
        read = [self._element(one) for one in found]
        return Fault("list_element_invalid") if None in read else _COMPACT(read)

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return nothing: documents are read, never written."""

    def _element(self, element: object) -> dict[str, str] | None:
        """Return what an element says; None where it cannot be read."""
        if not self._items:
            return {"document": element} if isinstance(element, str) else None
        if not isinstance(element, dict):
            return None
        told = {}
        for key, steps in self._items.items():
            value = dug(element, steps)
            if isinstance(value, dict | list):
                return None
            text = str(value).lower() if isinstance(value, bool) else value
            # Numbers were read as texts, so this is a text or nothing.
            (cell,) = self._readers[key].read((text if isinstance(text, str) else None,))
            if isinstance(cell, Fault):
                return None
            if cell is not None:
                told[key] = cell
        return told
