"""How results look: tables for people, plain columns for pipes, JSON for machines.

Decides nothing about content. Promises that nothing is cut or coloured where no terminal reads it.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from io import TextIOWrapper
from typing import Any

from customer_sync.infra.secrets import redacted

__all__ = ["counted", "is_terminal", "line_of", "moment", "print_json", "say", "spell_out", "table"]

CELL_WIDTH_MIN = 8  # narrower columns break words letter by letter


def is_terminal() -> bool:
    """Return whether a person reads the standard output."""
    return sys.stdout.isatty()


def spell_out() -> None:
    """Let letters that the locale's encoding lacks be written as escapes, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and not _is_unicode(stream.encoding):
            stream.reconfigure(errors="backslashreplace")


def _is_unicode(encoding: str | None) -> bool:
    return (encoding or "").lower().startswith("utf")


def say(text: str) -> None:
    """Print a line."""
    print(redacted(text))


def counted(number: int, thing: str) -> str:
    """Return a number of things as people say it: 1 question, 2 questions."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def print_json(value: object) -> None:
    """Print a value as JSON."""
    is_ascii = not _is_unicode(sys.stdout.encoding)
    print(redacted(json.dumps(value, indent=2, ensure_ascii=is_ascii, default=_plain)))


def table(
    rows: Sequence[Mapping[str, object]],
    columns: Sequence[str],
    *,
    as_json: bool,
    empty: str,
    limit: int | None = None,
) -> None:
    """Print rows, at most ``limit`` of them (give one more, and a hint says that there are)."""
    shown = rows if limit is None else rows[:limit]
    if as_json:
        print_json([{name: row.get(name) for name in columns} for row in shown])
        return
    if not shown:
        say(empty)
        return
    cells = [[_cell(row.get(name)) for name in columns] for row in shown]
    titles = [name.replace("_", " ") for name in columns]
    if is_terminal():
        _rich(titles, cells)
    else:
        _columns(titles, cells)
    if limit is not None and len(rows) > limit:
        say(f"... there are more; show them with --limit {limit * 10}")


def moment(value: datetime | None) -> str:
    """Return an instant as people read it."""
    return "never" if value is None else value.strftime("%Y-%m-%d %H:%M:%S %Z").strip()


def _rich(titles: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if console.width < CELL_WIDTH_MIN * len(titles):
        _blocks(titles, cells)
        return
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        drawn.add_column(title, overflow="fold")
    for row in cells:
        # As text: a value in square brackets is not markup.
        drawn.add_row(*(Text(redacted(cell)) for cell in row))
    console.print(drawn)


def _blocks(titles: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print row by row, a line a cell: a terminal too narrow for columns."""
    for row in cells:
        for title, cell in zip(titles, row, strict=True):
            if cell:
                say(f"{title}: {cell}")
        say("")


def _columns(titles: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.cells import cell_len  # a Chinese letter takes two places

    lines = [list(titles), *(list(row) for row in cells)]
    widths = [max(cell_len(line[i]) for line in lines) for i in range(len(titles))]
    for line in lines:
        padded = (
            text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True)
        )
        say("  ".join(padded).rstrip())


def line_of(value: object) -> str:
    """Return a value as one line, as it may stand in a table."""
    return _cell(value)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    # A line break or an escape within a value must not break the line or the terminal.
    return "".join(c if c.isprintable() else " " for c in str(value))


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
