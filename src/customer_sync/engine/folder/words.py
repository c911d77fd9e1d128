"""Say in plain words what pydantic found wrong with a file.

Decides message and remedy per kind of fault. Promises that no value that might be a secret or
personal is quoted: only key names, and choices that stand in our own models. Must not know YAML.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from customer_sync.engine.folder.problem import Problem, did_you_mean, key_path
from customer_sync.engine.folder.yaml_text import Path, Read

__all__ = ["translated"]

_KINDS = {
    "string": "a text", "int": "a whole number", "float": "a number", "bool": "true or false",
    "list": "a list", "dict": "keys with values", "model": "keys with values",
}  # fmt: skip


def translated(
    error: ValidationError, model: type[BaseModel], file: str, read: Read
) -> list[Problem]:
    """Return the problems of one file."""
    problems: dict[tuple[Path, bool], Problem] = {}
    found = error.errors(include_url=False, include_context=True)
    unknown = {tuple(one["loc"]) for one in found if one["type"] == "extra_forbidden"}
    for one in found:
        given = tuple(one["loc"])
        if one["type"] == "missing" and _is_misspelt(given, unknown):
            continue
        path = _known((*given, *(one.get("ctx") or {}).get("path", ())), read)
        is_key = given[-1:] == ("[key]",)
        if one["type"] in {"extra_forbidden", "missing"}:
            path = given
        message, remedy = _words(dict(one), path, model, read)
        shown = key_path(path)
        # A choice of types gives an error each; they are one problem.
        problems.setdefault(
            (path, is_key),
            Problem(file=file, line=read.line(path), key=shown, message=message, remedy=remedy),
        )
    return list(problems.values())


def _is_misspelt(missing: Path, unknown: set[Path]) -> bool:
    """Tell whether a missing key stands there with a typing error: that is one problem, not two."""
    beside = [str(path[-1]) for path in unknown if path[:-1] == missing[:-1]]
    return bool(get_close_matches(str(missing[-1]), beside, n=1, cutoff=0.6))


def _known(given: Path, read: Read) -> Path:
    """Return the part of a location that stands in the file; the rest names types."""
    for end in range(len(given), 0, -1):
        if given[:end] in read.lines:
            return given[:end]
    return ()


def _words(one: dict[str, Any], path: Path, model: type[BaseModel], read: Read) -> tuple[str, str]:
    kind, context = one["type"], one.get("ctx") or {}
    key = str(path[-1]) if path else ""
    if kind == "contradiction":
        return context["reason"], context["remedy"]
    if kind == "extra_forbidden":
        known = _keys(_model_at(model, path[:-1], read))
        return f"there is no key '{key}' here", did_you_mean(
            key, known, otherwise=f"Known keys: {', '.join(known)}."
        )
    if kind == "missing":
        about = _about(_model_at(model, path[:-1], read), key)
        return f"'{key}' is missing", f"Add it{': ' + about if about else '.'}"
    if kind == "string_pattern_mismatch":
        return (
            f"'{one['input']}' is no name",
            "Use lower-case letters, digits and _, beginning with a letter.",
        )
    if kind == "literal_error":
        return _choice(one["input"], str(context["expected"]))
    return _shape(one, kind, context)


def _choice(given: object, expected: str) -> tuple[str, str]:
    choices = expected.replace(" or ", ", ").replace("'", "").split(", ")
    remedy = f"Use one of: {', '.join(choices)}."
    if not isinstance(given, str):
        return "this is none of the values that are possible here", remedy
    return f"'{given}' is not possible here", did_you_mean(given, choices, otherwise=remedy)


def _shape(one: dict[str, Any], kind: str, context: dict[str, Any]) -> tuple[str, str]:
    if kind.startswith(("greater_than", "less_than")):
        bound = next(iter(context.values()), "")
        word = {"greater_than_equal": "at least", "less_than_equal": "at most"}.get(kind, "beyond")
        return f"the number has to be {word} {bound:g}", "Correct the number."
    wanted = _KINDS.get(kind.split("_", maxsplit=1)[0])
    if wanted is None:
        return str(one["msg"]).replace("Input", "this"), "Correct it."
    found = _what(one["input"])
    if kind == "string_type" and found in {"a number", "true or false"}:
        return f"{found} stands where a text is needed", "Put it in quotes."
    return f"this should be {wanted}, and is {found}", f"Write {wanted} here."


def _what(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "keys with values"


# -- which model stands where ---------------------------------------------------------------------


def _keys(model: type[BaseModel] | None) -> Sequence[str]:
    if model is None:
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _about(model: type[BaseModel] | None, key: str) -> str:
    if model is None:
        return ""
    for name, field in model.model_fields.items():
        if key in {name, field.alias}:
            return field.description or ""
    return ""


def _model_at(model: type[BaseModel], path: Path, read: Read) -> type[BaseModel] | None:
    """Return the model of the mapping at a path, or None where there is none."""
    current: Any = model
    for part in path:
        current = _inner(current, part)
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _inner(annotation: Any, part: str | int) -> Any:
    """Return the type of a key or an item of an annotated type."""
    for one in _choices(annotation):
        if isinstance(one, type) and issubclass(one, BaseModel):
            for name, field in one.model_fields.items():
                if part in {name, field.alias}:
                    return _choices(field.annotation)[0]
        origin, inside = get_origin(one), get_args(one)
        if origin is dict and isinstance(part, str):
            return _choices(inside[1])[0]
        if origin is list and isinstance(part, int):
            return _choices(inside[0])[0]
    return None


def _choices(annotation: Any) -> list[Any]:
    """Return the types of a union without None, annotations taken off."""
    if hasattr(annotation, "__metadata__"):
        return _choices(annotation.__origin__)
    if get_origin(annotation) in {Union, UnionType}:
        return [
            found
            for one in get_args(annotation)
            for found in _choices(one)
            if found is not type(None)
        ]
    return [annotation]
