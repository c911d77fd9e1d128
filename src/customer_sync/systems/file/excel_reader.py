"""Read Excel: the file whole, its rows in slices. Must not know keys or records."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from customer_sync.systems.file.excel_sheet import ExcelSheet, excel_sheet
from customer_sync.systems.file.source import Position, Source, Steps, Table

__all__ = ["ExcelReader", "sheet_frame"]


class ExcelReader:
    """Reads one sheet of one Excel file."""

    def __init__(self, source: Source, /) -> None:
        self._source = source
        self._known: tuple[str, ExcelSheet] | None = None

    def columns(self, version: str) -> Steps[Sequence[str]]:
        """Return the names in the header."""
        return [name for name in (yield from self._sheet(version)).columns if name]

    def page(
        self, version: str, position: Position | None, columns: Sequence[str], limit: int
    ) -> Steps[Table]:
        """Return the next slice of rows."""
        sheet = yield from self._sheet(version)
        start = position["r"] if position else 0
        end = start + limit
        more = end < len(sheet.numbers)
        return Table(
            frame=sheet_frame(self._source, sheet, columns).slice(start, limit),
            places=np.array(sheet.numbers[start:end], dtype=np.int64),
            position={"r": end, "l": sheet.numbers[end]} if more else None,
            faults=sheet.faults if start == 0 else (),
        )

    def _sheet(self, version: str) -> Steps[ExcelSheet]:
        if self._known is None or self._known[0] != version:
            size = (yield from self._source.stat()).size
            content = (yield from self._source.part(version, 0, size)).content
            self._known = (version, excel_sheet(self._source, content))
        return self._known[1]


def sheet_frame(source: Source, sheet: ExcelSheet, columns: Sequence[str]) -> pl.DataFrame:
    """Return the columns as texts.

    Raises:
        SchemaDriftError: One is not there, or is there twice.
    """
    for name in columns:
        if list(sheet.columns).count(name) != 1:
            raise source.drifted(f"has no column {name!r}, or has it twice.", column=name)
    places = [list(sheet.columns).index(name) for name in columns]
    texts = {
        name: [row[at] for row in sheet.rows] for name, at in zip(columns, places, strict=True)
    }
    return pl.DataFrame(texts, schema=dict.fromkeys(columns, pl.String))
