"""Read one line of a JSON Lines file, and say its values as texts that can be turned back.

Decides the text of a value: a string is itself, a number its own letters (``1.50`` stays ``1.50``),
true and false their words, null and missing null, deeper values compact JSON. A line whose values no
text can say is no record: nested too deep, or with half a character. Must not know files.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["LINE_BYTES_MAX", "NO_OBJECT", "Number", "json_fault", "json_object", "json_text"]

NO_OBJECT = "not a JSON object"
LINE_BYTES_MAX = 64 << 20  # a longer line is no record: it would be held whole in memory
NESTING_MAX = 100  # far below where Python's own recursion ends
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")  # how a surrogate is written, in a pair or alone


class Number(str):
    """A number of JSON, by its letters."""

    __slots__ = ()


_DECODER = json.JSONDecoder(parse_float=Number, parse_constant=Number)
_TOO_DEEP = f"nested more than {NESTING_MAX} deep"


def json_object(line: str) -> Mapping[str, Any] | None:
    """Return the object on a line; None where there is none, or none whose values can be said."""
    try:
        found = _DECODER.decode(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and _unsayable(found, line) is None else None


def json_fault(line: str) -> str:
    """Return why there is no object on a line."""
    try:
        found = _DECODER.decode(line)
    except RecursionError:
        return _TOO_DEEP
    except ValueError:
        return NO_OBJECT
    return _unsayable(found, line) or NO_OBJECT


def _unsayable(found: Any, line: str) -> str | None:
    """Return why the values cannot be said as texts; looks closer only at lines that may be such."""
    if line.count("[") + line.count("{") > NESTING_MAX and _depth(found) > NESTING_MAX:
        return _TOO_DEEP
    if _HALF_CHARACTER.search(line):
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return "half a character (a lone surrogate) in a text"
    return None


def _depth(value: Any) -> int:
    level, depth = [value] if isinstance(value, dict | list) else [], 0
    while level:
        depth += 1
        inner = (list(v.values()) if isinstance(v, dict) else v for v in level)
        level = [v for values in inner for v in values if isinstance(v, dict | list)]
    return depth


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
