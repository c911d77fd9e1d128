"""Named statements, kept in a `.sql` file beside the module that uses them.

    -- name: claims_of_links
    -- Every live claim of the links staged in `wanted`; by the primary key of claim.
    SELECT ...

The comment below the name says what the statement is for and the index it relies on; a statement
without one is refused. Text is ours, never a caller's, which is why it is a `LiteralString`.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import LiteralString, cast

__all__ = ["Statements", "load"]

_HEADER = re.compile(r"^-- name: *(\w+) *$", re.MULTILINE)


class Statements(Mapping[str, LiteralString]):
    """The statements of one file, by name: `STATEMENTS["claims_of_links"]`."""

    def __init__(self, texts: dict[str, LiteralString], path: Path) -> None:
        """Hold `texts`, read from `path`."""
        self._texts = texts
        self.path = path

    def __getitem__(self, name: str) -> LiteralString:
        assert name in self._texts, f"{self.path.name} has no statement {name}"
        return self._texts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def load(module_file: str) -> Statements:
    """Read the statements beside a module, which calls `load(__file__)`."""
    path = Path(module_file).with_suffix(".sql")
    parts = _HEADER.split(path.read_text(encoding="utf-8"))
    texts: dict[str, LiteralString] = {}
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        body = text.strip()
        assert name not in texts, f"{path.name} names {name} twice"
        assert body.startswith("-- "), f"{path.name}: say what {name} is for"
        texts[name] = cast("LiteralString", body.rstrip(";"))
    return Statements(texts, path)
