"""Read one line of a JSON Lines file, and say its values as texts that can be turned back.

Decides the text of a value: a string is itself, a number its own letters (``1.50`` stays ``1.50``),
true and false their words, null and missing null, deeper values compact JSON. Must not know files.
"""

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["Number", "json_object", "json_text"]


class Number(str):
    """A number of JSON, by its letters."""

    __slots__ = ()


_DECODER = json.JSONDecoder(parse_float=Number, parse_constant=Number)


def json_object(line: str) -> Mapping[str, Any] | None:
    """Return the object on a line; None where there is none."""
    try:
        found = _DECODER.decode(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def json_text(value: Any) -> str | None:
    """Return the text of a value."""
    if isinstance(value, Number):
        return str.__str__(value)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return _compact(value)


def _compact(value: Any) -> str:
    """Return deeper values as JSON without spaces, numbers by their letters."""
    if isinstance(value, dict):
        inner = ",".join(f"{_compact(str(key))}:{_compact(v)}" for key, v in value.items())
        return "{" + inner + "}"
    if isinstance(value, list):
        return "[" + ",".join(_compact(v) for v in value) + "]"
    if isinstance(value, Number):
        return str.__str__(value)
    return json.dumps(value, ensure_ascii=False)
