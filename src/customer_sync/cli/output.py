"""How results look: tables for people, plain columns for pipes, JSON for machines.

Decides nothing about content. Promises that nothing is cut or coloured where no terminal reads it.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from customer_sync.infra.secrets import redacted

__all__ = ["is_terminal", "line_of", "moment", "print_json", "say", "table"]


def is_terminal() -> bool:
    """Return whether a person reads the standard output."""
    return sys.stdout.isatty()


def say(text: str) -> None:
    """Print a line."""
    print(redacted(text))


def print_json(value: object) -> None:
    """Print a value as JSON."""
    print(redacted(json.dumps(value, indent=2, ensure_ascii=False, default=_plain)))


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

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        drawn.add_column(title, overflow="fold")
    for row in cells:
        # As text: a value in square brackets is not markup.
        drawn.add_row(*(Text(redacted(cell)) for cell in row))
    Console().print(drawn)


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
