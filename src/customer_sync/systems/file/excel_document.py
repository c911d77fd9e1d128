"""Change cells of an Excel sheet in its XML; every other part of the file stays as it is.

Formats, formulas and their stored results, other sheets, charts and pictures are not looked at.
Decides that a removed row becomes an empty one, since moving rows would break what points to them.
Must not know records.
"""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import polars as pl

from customer_sync.kernel.errors import CapabilityMissingError
from customer_sync.systems.file.document import UnfitValueError
from customer_sync.systems.file.excel_reader import sheet_frame
from customer_sync.systems.file.excel_sheet import excel_sheet
from customer_sync.systems.file.source import Source

__all__ = ["ExcelDocument"]

TEXT_LETTERS_MAX = 32_767  # Excel's own limit of a cell
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,12})?")
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # Excel knows no zones


class ExcelDocument:
    """An Excel file in memory, and what is to change in one sheet."""

    is_open = False

    def __init__(self, source: Source, content: bytes, /) -> None:
        self._source = source
        self._content = content
        self._sheet = excel_sheet(source, content)
        self._part = _sheet_part(content, self._sheet.title)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            self._xml = archive.read(self._part).decode()
        self.columns: Sequence[str] = [name for name in self._sheet.columns if name]
        self._rows = dict(zip(self._sheet.numbers, self._sheet.rows, strict=True))
        self._kinds = _cell_kinds(self._xml)
        self._last = max(
            (int(n) for n in re.findall(r'<row [^>]*?\br="(\d+)"', self._xml)), default=1
        )

    def texts(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return these columns of every readable row as first read, and ``@row``, its number."""
        frame = sheet_frame(self._source, self._sheet, columns)
        return frame.with_columns(pl.Series("@row", self._sheet.numbers, dtype=pl.Int64))

    def row(self, number: int, columns: Sequence[str]) -> Mapping[str, str | None]:
        """Return what a row says now, changes included."""
        return {name: self._rows[number][self._index(name)] for name in columns}

    def change(self, number: int, values: Mapping[str, str | None]) -> None:
        """Change cells of a row: all of them or none."""
        old = self.row(number, list(values))
        edits = {name: value for name, value in values.items() if old[name] != value}
        cells = {name: self._cell(number, name, value) for name, value in edits.items()}
        xml = self._xml
        for name, cell in cells.items():
            xml = self._with_cell(xml, number, self._index(name), cell)
        self._xml = xml
        texts = list(self._rows[number])
        for name, value in edits.items():
            texts[self._index(name)] = value
        self._rows[number] = tuple(texts)

    def append(self, values: Mapping[str, str | None]) -> int:
        """Add a row below the last one; return its number."""
        number = self._last + 1
        for name, value in values.items():
            self._cell(number, name, value)  # refused before anything is added
        row = f'<row r="{number}"></row></sheetData>'
        self._xml = self._xml.replace("<sheetData/>", "<sheetData></sheetData>", 1)
        self._xml = self._xml.replace("</sheetData>", row, 1)
        self._rows[number] = (None,) * len(self._sheet.columns)
        self._last = number
        self.change(number, values)
        return number

    def remove(self, number: int) -> None:
        """Empty every cell of a row."""
        self._xml = self._row_pattern(number).sub("", self._xml, count=1)
        del self._rows[number]

    def content(self) -> bytes:
        """Return the whole file with the changes."""
        sink = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(self._content)) as old,
            zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for part in old.infolist():
                data = self._xml.encode() if part.filename == self._part else old.read(part)
                new.writestr(part, data)
        return sink.getvalue()

    # -- cells ------------------------------------------------------------------------------------

    def _index(self, name: str) -> int:
        return list(self._sheet.columns).index(name)

    def _address(self, number: int, index: int) -> str:
        from openpyxl.utils import get_column_letter

        return f"{get_column_letter(index + self._sheet.first_column)}{number}"

    def _cell(self, number: int, name: str, value: str | None) -> tuple[str, str]:
        """Return the attributes and the inside of a cell that shows the value."""
        index = self._index(name)
        if (number, index) in self._sheet.formulas:
            raise UnfitValueError("formula", "the cell holds a formula, which is never overwritten")
        if value is None:
            return "", ""
        if _UNFIT.search(value) or len(value) > TEXT_LETTERS_MAX or not value:
            raise UnfitValueError("not_representable", "Excel cannot hold this value in a cell")
        kind = self._kind(number, index)
        if kind == "number":
            return "", f"<v>{_number(value)}</v>"
        if kind == "boolean":
            return ' t="b"', f"<v>{_truth(value)}</v>"
        text = escape(value).replace("\r", "&#13;")
        return ' t="inlineStr"', f'<is><t xml:space="preserve">{text}</t></is>'

    def _kind(self, number: int, index: int) -> str:
        """Return the type of the cell, or where it is empty that of its column."""
        letters = self._address(1, index).rstrip("0123456789")
        return self._kinds.get(f"{letters}{number}") or self._kinds.get(letters, "text")

    def _row_pattern(self, number: int) -> re.Pattern[str]:
        return re.compile(rf'<row (?=[^>]*?\br="{number}")[^>]*?(?:/>|>.*?</row>)', re.DOTALL)

    def _with_cell(self, xml: str, number: int, index: int, cell: tuple[str, str]) -> str:
        found = self._row_pattern(number).search(xml)
        if found is None:
            raise CapabilityMissingError("This Excel file does not number its rows: save it anew.")
        row = found.group()
        if row.endswith("/>"):
            row = f"{row[:-2]}></row>"
        return xml[: found.start()] + self._row_with(row, number, index, cell) + xml[found.end() :]

    def _row_with(self, row: str, number: int, index: int, cell: tuple[str, str]) -> str:
        address = self._address(number, index)
        old = re.search(rf'<c (?=[^>]*?\br="{address}")([^>]*?)(?:/>|>.*?</c>)', row, re.DOTALL)
        style = re.search(r'\bs="\d+"', old.group(1)) if old else None
        head = f'<c r="{address}"' + (f" {style.group()}" if style else "")
        new = f"{head}{cell[0]}>{cell[1]}</c>"
        if old is not None:
            return row[: old.start()] + new + row[old.end() :]
        return _inserted(row, index + self._sheet.first_column, new)


def _inserted(row: str, column: int, cell: str) -> str:
    """Return the row with a new cell before the first one to its right."""
    from openpyxl.utils import column_index_from_string

    for found in re.finditer(r'<c [^>]*?\br="([A-Z]+)\d+"', row):
        if column_index_from_string(found.group(1)) > column:
            return row[: found.start()] + cell + row[found.start() :]
    return row.removesuffix("</row>") + cell + "</row>"


def _cell_kinds(xml: str) -> dict[str, str]:
    """Return the type of each filled cell by its address, and of each column by its letters."""
    kinds: dict[str, str] = {}
    for found in re.finditer(r"<c ([^>]*?)(?<!/)>(.*?)</c>", xml, re.DOTALL):
        address = re.search(r'\br="([A-Z]+)(\d+)"', found.group(1))
        said = re.search(r'\bt="(\w+)"', found.group(1))
        if address is None or "<v" not in found.group(2):
            continue
        word = said.group(1) if said else "n"
        kind = {"n": "number", "b": "boolean"}.get(word, "text")
        kinds[address.group(1) + address.group(2)] = kind
        kinds[address.group(1)] = kind
    return kinds


def _number(value: str) -> str:
    if _NUMBER.fullmatch(value):
        return value
    try:
        parsed = datetime.fromisoformat(value)
        if parsed.tzinfo is None:
            return repr((parsed - _EPOCH).total_seconds() / 86_400)
    except ValueError:
        pass
    raise UnfitValueError("type_mismatch", "the cell holds a number or a date, and this is none")


def _truth(value: str) -> str:
    if value not in {"true", "false"}:
        raise UnfitValueError("type_mismatch", "the cell holds true or false, and this is neither")
    return "1" if value == "true" else "0"


def _sheet_part(content: bytes, title: str) -> str:
    """Return the name of the part that holds the sheet."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
        links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    wanted = next(
        s.get(_RELATION) for s in book.iter() if s.tag.endswith("}sheet") and s.get("name") == title
    )
    target = next(link.get("Target") or "" for link in links if link.get("Id") == wanted)
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
