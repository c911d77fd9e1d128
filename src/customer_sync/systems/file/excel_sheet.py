"""Read one sheet of an Excel file as texts, each row with its number.

Decides the text of a cell: whole numbers without a fraction, dates without a time where the cell
shows none, the stored result of a formula. A formula without a stored result is not known, and its
row is a fault. Must not know keys or records.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zipfile import BadZipFile

from customer_sync.systems.file.source import Source

__all__ = ["ExcelSheet", "cell_text", "excel_sheet"]

_TIME_CODE = re.compile(r"[hs]", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class ExcelSheet:
    """The rows of a sheet below its header; ``numbers`` are theirs as Excel shows them."""

    title: str
    columns: Sequence[str]
    first_column: int = 1
    numbers: list[int] = field(default_factory=list)
    rows: list[tuple[str | None, ...]] = field(default_factory=list)
    formulas: set[tuple[int, int]] = field(default_factory=set)  # (row number, column index)
    faults: list[tuple[str, str]] = field(default_factory=list)


def cell_text(cell: Any) -> str | None:  # noqa: PLR0911  # one line per type of cell
    """Return what a cell shows, as a text that can be turned back."""
    value = cell.value
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        if value.time() == time() and not _TIME_CODE.search(cell.number_format):
            return value.date().isoformat()
        return value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    return str(value)


def excel_sheet(source: Source, content: bytes) -> ExcelSheet:
    """Return the sheet of the settings, or the first one.

    Raises:
        SchemaDriftError: It is no Excel file, has no such sheet, or no header.
    """
    values = _sheet(source, content, data_only=True)
    plain = _sheet(source, content, data_only=False)
    rows = list(values.iter_rows())
    filled = [at for at, row in enumerate(rows) if any(c.value is not None for c in row)]
    if not filled:
        raise source.drifted("is empty: not even its header is there.")
    first = filled[0]
    header = [str(cell.value) if cell.value is not None else "" for cell in rows[first]]
    if not source.settings.header:
        header = [f"column_{at + 1}" for at in range(len(header))]
        first -= 1
    found = ExcelSheet(title=values.title, columns=header)
    for row in rows[first + 1 :]:
        _take(found, row, plain)
    return found


def _take(found: ExcelSheet, row: Sequence[Any], plain: Any) -> None:
    texts = tuple(cell_text(cell) for cell in row)
    number = int(row[0].row)
    formulas = {
        (number, at)
        for at, cell in enumerate(row)
        if plain.cell(number, cell.column).data_type == "f"
    }
    found.formulas |= formulas
    if any(texts[at] is None for _, at in formulas):
        found.faults.append((f"row {number}", "a formula has no stored result: save it in Excel"))
    elif any(text is not None for text in texts):
        found.numbers.append(number)
        found.rows.append(texts)


def _sheet(source: Source, content: bytes, *, data_only: bool) -> Any:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=data_only)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError, EOFError):
        raise source.drifted(
            "is no whole Excel file: it is empty, torn or of another kind."
        ) from None
    wanted = source.settings.sheet
    if wanted is None:
        return book.worksheets[0]
    if wanted not in book.sheetnames:
        raise source.drifted(f"has no sheet {wanted!r} any more.", sheet=wanted)
    return book[wanted]
