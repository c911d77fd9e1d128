"""Read one YAML file into plain values, and remember the line of every key.

Decides what is refused before anybody asks what it means: duplicate keys, keys that are no text,
tags, nesting and expansion without end, more than one document. Promises plain data only (nothing
is ever constructed) and every fault of a file at once, as far as YAML lets one read on. Must not
know what the keys mean.
"""

from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

__all__ = ["Fault", "Path", "Read", "read_yaml"]

Path = tuple[str | int, ...]
NODES_MAX = 100_000  # a configuration has some hundreds; aliases of aliases would have billions
DEPTH_MAX = 30

_TEXT = "tag:yaml.org,2002:str"
_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "merge")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong: where (line from 1, keys), what, and what to do about it."""

    line: int
    path: Path
    message: str
    remedy: str


@dataclass(slots=True, kw_only=True)
class Read:
    """What a file says: plain data, the line of every key, and faults."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Return the line of a key, or of the nearest key above it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return 1


def read_yaml(text: str) -> Read:
    """Read a text; what is wrong with it is in ``faults``."""
    read = Read(lines={(): 1})
    yaml = YAML(typ="safe", pure=True)
    try:
        node = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        what = " ".join(str(error.problem or error.context or "it cannot be read").split())
        read.faults.append(_not_yaml(line, what))
        return read
    except (YAMLError, RecursionError, ValueError) as error:
        read.faults.append(_not_yaml(1, type(error).__name__))
        return read
    if node is not None:
        _Walk(yaml, read).enter(node)
    return read


def _not_yaml(line: int, what: str) -> Fault:
    return Fault(
        line=line,
        path=(),
        message=f"this is not YAML: {what}",
        remedy="Check indentation (spaces, no tabs), quotes and colons on this line and above it.",
    )


class _StopError(Exception):
    """The file is larger than any configuration: reading it ends here."""


class _Walk:
    """Turns nodes into plain data."""

    def __init__(self, yaml: YAML, read: Read) -> None:
        self._yaml = yaml
        self._read = read
        self._nodes = 0

    def enter(self, node: Node) -> None:
        try:
            self._read.data = self._value(node, ())
        except _StopError:
            self._fault(node, (), "this is nested or repeated without end", "Write it out plainly.")

    def _fault(self, node: Node, path: Path, message: str, remedy: str) -> None:
        line = node.start_mark.line + 1
        self._read.faults.append(Fault(line=line, path=path, message=message, remedy=remedy))

    def _value(self, node: Node, path: Path) -> Any:
        self._nodes += 1
        if self._nodes > NODES_MAX or len(path) > DEPTH_MAX:
            raise _StopError
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return self._sequence(node, path)
        assert isinstance(node, ScalarNode)
        return self._scalar(node, path)

    def _sequence(self, node: SequenceNode, path: Path) -> list[Any]:
        found = []
        for number, item in enumerate(node.value):
            self._read.lines[*path, number] = item.start_mark.line + 1
            found.append(self._value(item, (*path, number)))
        return found

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key is None:
                continue
            here = (*path, key)
            if key in found:
                first = self._read.lines[here]
                self._fault(
                    key_node,
                    here,
                    f"the key '{key}' is there twice; it stands on line {first} too",
                    "Keep one of them.",
                )
                continue
            self._read.lines[here] = key_node.start_mark.line + 1
            found[key] = self._value(value_node, here)
        return found

    def _key(self, node: Node, path: Path) -> str | None:
        if isinstance(node, ScalarNode) and node.tag == _TEXT:
            return str(node.value)
        shown = f"'{node.value}'" if isinstance(node, ScalarNode) else "this key"
        remedy = "Put the key in quotes."
        if isinstance(node, ScalarNode) and node.value == "<<":
            remedy = "Write the keys out; merging of mappings is not supported."
        self._fault(node, path, f"{shown} is no text, so it cannot be a key", remedy)
        return None

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        if node.tag == "tag:yaml.org,2002:timestamp":
            return str(node.value)
        if node.tag not in _TAGS:
            self._fault(node, path, f"the tag {node.tag} is not allowed", "Write a plain value.")
            return None
        try:
            return self._yaml.constructor.construct_object(node)
        except (ValueError, YAMLError):
            return str(node.value)
