"""Lenses of structure: join, split, lists, several columns of one kind, JSON paths.

Decides how texts are taken apart and put together around an inner lens. Promises that what was not
mapped (other keys of a JSON object, the order of a list) stays as it stands. Must not know kinds.
"""

import json
import re
from collections.abc import Sequence
from decimal import Decimal

from customer_sync.core.mapping.row import Cell, Cells, Fault, RowLens, Texts, ValueLens
from customer_sync.core.mapping.text import plain

__all__ = [
    "Columns",
    "Join",
    "JsonPath",
    "ListOf",
    "Split",
    "canonical_list",
    "dug",
    "path_steps",
    "single",
]

_ENCODE = json.JSONEncoder(ensure_ascii=False).encode
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def canonical_list(values: Sequence[str]) -> str | None:
    """Return the canonical text of many values; an empty list is nothing."""
    # Byte for byte what kernel.frames.json_array writes, so that equal sets are equal texts.
    return _COMPACT(sorted(set(values))) if values else None


def _elements(value: str | None) -> list[str]:
    return [str(item) for item in json.loads(value)] if value else []


class Join(RowLens):
    """Several source fields, one canonical text, joined by ``separator``."""

    is_text = True

    def __init__(self, *, arity: int, separator: str) -> None:
        self.arity = arity
        self._separator = separator

    def read(self, texts: Texts, /) -> Cells:
        """Return the joined text of the fields that hold something."""
        parts = [plain(text) for text in texts if text is not None and text.strip()]
        return (plain(self._separator.join(parts)) or None if parts else None,)

    def write(self, values: Texts, texts: Texts, /) -> Texts | None:
        """Return the text split at its first separators, the last field taking the rest."""
        parts: list[str | None] = list((values[0] or "").split(self._separator, self.arity - 1))
        return tuple(parts + [None] * (self.arity - len(parts)))

    def is_exact(self, values: Texts, /) -> bool:
        """Return whether the split text joins to itself (no doubled or trailing separators)."""
        return self.read(self.write(values, (None,) * self.arity) or ()) == values


class Split(RowLens):
    """One source field, several canonical fields, separated by ``separator``."""

    def __init__(self, *, inner: Sequence[ValueLens], separator: str) -> None:
        self._inner = tuple(inner)
        self.width = len(self._inner)
        self._separator = separator

    @property
    def expects(self) -> str:
        """Return the number of parts and their separator."""
        return f"{self.width} parts with '{self._separator}' between"

    def read(self, texts: Texts, /) -> Cells:
        """Return each part, read by the lens of its field."""
        parts = self._parts(texts[0])
        return tuple(lens.cell(part) for lens, part in zip(self._inner, parts, strict=True))

    def write(self, values: Texts, texts: Texts, /) -> Texts | None:
        """Return the parts joined; None where a part holds the separator."""
        old = self._parts(texts[0])
        parts = []
        for lens, value, text in zip(self._inner, values, old, strict=True):
            new = text if lens.cell(text) == value else _written(lens, value, text)
            if value is not None and new is None:
                return None
            parts.append(new or "")
        while parts and not parts[-1]:
            parts.pop()
        text = self._separator.join(parts)
        return (text,) if self.read((text,)) == values else None

    def is_exact(self, values: Texts, /) -> bool:
        """Return whether no part holds the separator."""
        return self.write(values, (None,)) is not None

    def _parts(self, text: str | None) -> list[str | None]:
        parts: list[str | None] = list((text or "").split(self._separator, self.width - 1))
        return parts + [None] * (self.width - len(parts))


def _written(lens: ValueLens, value: str | None, text: str | None) -> str | None:
    return None if value is None else lens.write_text(value, text)


class ListOf(ValueLens):
    """A JSON array or a separated text in one field, one canonical list."""

    def __init__(self, *, inner: ValueLens, separator: str | None) -> None:
        self._inner = inner
        self._separator = separator

    @property
    def expects(self) -> str:
        """Return what an element should be."""
        return self._inner.expects

    def read_text(self, text: str, /) -> Cell:
        """Return the distinct elements, sorted."""
        parts = self._split(text)
        if parts is None:
            return Fault("list_invalid")
        cells = [self._inner.cell(part) for part in parts]
        if any(isinstance(cell, Fault) for cell in cells):
            return Fault("list_element_invalid")
        return canonical_list([cell for cell in cells if isinstance(cell, str)])

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the list with the image's elements and order kept where they still belong."""
        old = (self._split(image) if image else None) or []
        wanted = _elements(value)
        kept = []
        for part in old:
            cell = self._inner.cell(part)
            if isinstance(cell, str) and cell in wanted:
                kept.append(part)
                wanted.remove(cell)
        new = [self._inner.write_text(element, None) for element in wanted]
        if any(text is None for text in new):
            return None
        return self._joined([*kept, *(text for text in new if text is not None)], image, value)

    def is_exact(self, values: Texts, /) -> bool:
        """Return whether the elements can be written without being taken apart otherwise."""
        return values[0] is None or self.write_text(values[0], None) is not None

    def _split(self, text: str) -> list[str] | None:
        if text.lstrip().startswith("["):
            try:
                found = json.loads(text)
            except ValueError:
                return None
            parts = [
                item if isinstance(item, str) else _json_text(item)
                for item in found
                if item is not None
            ]
            return [part for part in parts if part.strip()]
        parts = [
            part.strip()
            for part in re.split(
                r"[;,\n]" if self._separator is None else re.escape(self._separator), text
            )
        ]
        return [part for part in parts if part]

    def _joined(self, parts: list[str], image: str | None, value: str) -> str | None:
        is_array = image.lstrip().startswith("[") if image else self._separator is None
        if not is_array:
            text = self._mark(image).join(parts)
            if self.cell(text) == value:
                return text
            if self._separator is not None:
                return None
        return json.dumps(parts, ensure_ascii=False)

    def _mark(self, image: str | None) -> str:
        if self._separator is not None:
            return self._separator
        found = re.search(r"[;,\n] ?", image or "")
        return found.group() if found else ", "


class Columns(RowLens):
    """Several source fields of one kind, one canonical list."""

    def __init__(self, *, arity: int, inner: ValueLens) -> None:
        self.arity = arity
        self._inner = inner

    def read(self, texts: Texts, /) -> Cells:
        """Return the distinct values of all fields, sorted."""
        cells = [self._inner.cell(text) for text in texts]
        for cell in cells:
            if isinstance(cell, Fault):
                return (cell,)
        return (canonical_list([cell for cell in cells if isinstance(cell, str)]),)

    def write(self, values: Texts, texts: Texts, /) -> Texts | None:
        """Return the fields with values that still belong kept, and new ones in the free fields."""
        wanted = _elements(values[0])
        new: list[str | None] = []
        for text in texts:
            cell = self._inner.cell(text)
            is_kept = isinstance(cell, str) and cell in wanted
            if is_kept:
                wanted.remove(str(cell))
            new.append(text if is_kept else None)
        for place, text in enumerate(new):
            if text is None and wanted:
                new[place] = self._inner.write_text(wanted.pop(0), None)
        return None if wanted else tuple(new)

    def is_exact(self, values: Texts, /) -> bool:
        """Return whether there is a field for each value."""
        return len(_elements(values[0])) <= self.arity


_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']+)'\]")


def path_steps(path: str) -> list[str | int] | None:
    """Return the steps of a JSON path such as ``$.addresses[0].city``; None where it is not one."""
    rest = path.removeprefix("$")
    rest = rest if rest.startswith(("[", ".")) else f".{rest}"
    steps: list[str | int] = []
    while rest:
        found = _STEP.match(rest)
        if found is None:
            return None
        steps.append(int(found[2]) if found[2] is not None else found[1] or found[3])
        rest = rest[found.end() :]
    return steps or None


class JsonPath(ValueLens):
    """A value inside the JSON text of a source field, read and written by an inner lens."""

    def __init__(self, *, path: str, inner: ValueLens, kind: str) -> None:
        self._steps = path_steps(path) or []
        self._inner = inner
        self._kind = kind

    @property
    def expects(self) -> str:
        """Return what the inner lens expects."""
        return self._inner.expects

    def read_text(self, text: str, /) -> Cell:
        """Return the value at the path; no such place is nothing."""
        item = _loaded(text)
        if isinstance(item, Fault):
            return item
        found = dug(item, self._steps)
        if isinstance(found, dict | list) and not self._is_structured():
            return Fault("json_type")
        return self._inner.cell(None if found is None else _json_text(found))

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the JSON with the value at the path changed, all else as it stands."""
        return self._changed(value, image)

    def clear(self, texts: Texts, /) -> Texts | None:
        """Return the JSON with null at the path."""
        if texts[0] is None or not texts[0].strip():
            return texts
        text = self._changed(None, texts[0])
        return None if text is None else (text,)

    def is_exact(self, values: Texts, /) -> bool:
        """Return whether the inner lens shows the value exactly."""
        return self._inner.is_exact(values)

    def _is_structured(self) -> bool:
        return self._kind in {"address", "list"}

    def _changed(self, value: str | None, image: str | None) -> str | None:
        item = _loaded(image) if image and image.strip() else {}
        if isinstance(item, Fault):
            return None
        old = dug(item, self._steps)
        text = None
        if value is not None:
            text = self._inner.write_text(value, None if old is None else _json_text(old))
            if text is None:
                return None
        is_done = _place(item, self._steps, _typed(text, old, self._kind))
        return json.dumps(item, ensure_ascii=False) if is_done else None


def _loaded(text: str) -> object:
    try:
        item = json.loads(text, parse_float=_exact_float)
    except OverflowError:
        return Fault("json_precision")
    except (ValueError, RecursionError):
        return Fault("json_invalid")
    return item if isinstance(item, dict | list) else Fault("json_invalid")


def _exact_float(text: str) -> float:
    number = float(text)
    if Decimal(text) != Decimal(repr(number)):
        raise OverflowError
    return number


def _json_text(item: object) -> str:
    if isinstance(item, str):
        return item
    return json.dumps(item, ensure_ascii=False)


def dug(item: object, steps: Sequence[str | int]) -> object:
    """Return what stands at these steps inside of JSON, None where nothing does."""
    for step in steps:
        if isinstance(item, dict) and isinstance(step, str):
            item = item.get(step)
        elif isinstance(item, list) and isinstance(step, int) and step < len(item):
            item = item[step]
        else:
            return None
    return item


def _place(item: object, steps: Sequence[str | int], value: object) -> bool:
    for place, step in enumerate(steps):
        is_last = place == len(steps) - 1
        if isinstance(item, dict) and isinstance(step, str):
            if is_last:
                item[step] = value
                return True
            if item.get(step) is None:
                item[step] = [] if isinstance(steps[place + 1], int) else {}
            item = item[step]
        elif isinstance(item, list) and isinstance(step, int) and step <= len(item):
            if step == len(item):
                item.append([] if not is_last and isinstance(steps[place + 1], int) else {})
            if is_last:
                item[step] = value
                return True
            item = item[step]
        else:
            return False
    return False


def _typed(text: str | None, old: object, kind: str) -> object:
    if text is None:
        return None
    is_boolean = isinstance(old, bool) or (old is None and kind == "boolean")
    is_number = (isinstance(old, int | float) and not is_boolean) or (
        old is None and kind == "number"
    )
    is_structured = isinstance(old, dict | list) or (old is None and kind in {"address", "list"})
    if is_boolean and text in {"true", "false"}:
        return text == "true"
    if is_number or is_structured:
        try:
            return json.loads(text, parse_float=_exact_float)
        except (ValueError, OverflowError):
            return text
    return text


class _Single(ValueLens):
    """A lens of one source field and one canonical field, seen as a lens of one text."""

    def __init__(self, *, lens: RowLens) -> None:
        self._lens = lens

    @property
    def expects(self) -> str:
        """Return what the lens expects."""
        return self._lens.expects

    def read_text(self, text: str, /) -> Cell:
        """Return the value."""
        return self._lens.read((text,))[0]

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the text."""
        texts = self._lens.write((value,), (image,))
        return None if texts is None else texts[0]

    def is_exact(self, values: Texts, /) -> bool:
        """Return whether the lens shows the value exactly."""
        return self._lens.is_exact(values)


def single(lens: RowLens) -> ValueLens:
    """Return a lens of one source field and one canonical field as a lens of one text."""
    return lens if isinstance(lens, ValueLens) else _Single(lens=lens)
