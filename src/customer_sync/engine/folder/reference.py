"""Where the folder's files name secrets.

Decides which `${NAME}` counts: one in a place that is filled in when a connector is made. Promises
file, line and key of each, also when the folder has problems. Must not know any secret.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from customer_sync.engine.folder.problem import key_path
from customer_sync.engine.folder.yaml_text import Path, read_yaml
from customer_sync.infra.secrets import REFERENCE

__all__ = ["Reference", "references"]

OF_STREAM = ("url", "table", "settings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One `${NAME}`: where it stands, and whether it says what to take when nothing is set."""

    name: str
    file: str
    line: int
    key: str
    has_default: bool

    @property
    def place(self) -> str:
        """Return file, line and key as people read them."""
        return f"{self.file}:{self.line} {self.key}"


def references(files: Mapping[str, str]) -> list[Reference]:
    """Return every secret that the files of systems name, in their order."""
    found = []
    for file, text in files.items():
        read = read_yaml(text.removeprefix("\ufeff"))
        for path, value in _filled(read.data):
            found += [
                Reference(
                    name=match[1],
                    file=file,
                    line=read.line(path),
                    key=key_path(path),
                    has_default=match[2] is not None,
                )
                for match in REFERENCE.finditer(value)
            ]
    return found


def _filled(data: Any) -> Iterator[tuple[Path, str]]:
    """Yield the texts that are filled in when a connector is made."""
    if not isinstance(data, dict):
        return
    yield from _texts(data.get("settings"), ("settings",))
    streams = data.get("streams")
    for name, stream in streams.items() if isinstance(streams, dict) else ():
        for key in OF_STREAM if isinstance(stream, dict) else ():
            yield from _texts(stream.get(key), ("streams", name, key))


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(one, (*path, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _texts(one, (*path, number))
