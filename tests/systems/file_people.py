"""People who edit a file by hand, in each format: with libraries that are not the connector's own.

They keep the file whole and say nothing to anyone; what they may do is what the conformance kit
asks of the platform of its subject.
"""

import itertools
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import openpyxl
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from customer_sync.infra import entropy

COLUMNS = ("id", "email", "note", "at", "deleted", "merged_into", "active")
Row = dict[str, str | int | None]


class Sheet(ABC):
    """One file, loaded and saved as rows of named cells."""

    def __init__(self, path: Path, *, flags: bool = False) -> None:
        self.path = path
        self.flags = flags
        self.columns = list(COLUMNS)
        self.numbers = itertools.count(1)
        self.frozen: tuple[str, float] | None = None
        self.save([])

    @abstractmethod
    def load(self) -> list[Row]:
        """Read its rows."""

    def save(self, rows: list[Row]) -> None:
        self.write(rows)
        if self.frozen is not None:
            os.utime(self.path, (self.frozen[1], self.frozen[1]))

    @abstractmethod
    def write(self, rows: list[Row]) -> None:
        """Put these rows in their place."""

    # -- what people do ---------------------------------------------------------------------------

    def create(self, fields: Mapping[str, str | None]) -> str:
        key = str(next(self.numbers))
        row = {"id": key, **fields, "at": self.stamp(), "deleted": "0", "active": "yes"}
        self.save([*self.load(), row])
        return key

    def edit(self, key: str, fields: Mapping[str, str | None]) -> None:
        self.rewrite(key, lambda row: row | dict(fields) | {"at": self.stamp()})

    def delete(self, key: str) -> None:
        if self.flags:
            self.edit(key, {"deleted": "1"})
        else:
            self.rewrite(key, lambda _: None)

    def leave_scope(self, key: str) -> None:
        self.edit(key, {"email": None})

    def merge(self, loser: str, winner: str) -> None:
        self.edit(loser, {"deleted": "1", "merged_into": winner})

    def duplicate(self, key: str) -> None:
        rows = self.load()
        twin = {"id": key, "email": "twin@acme.test", "note": "twin", "at": self.stamp()}
        self.save([*rows, twin | {"deleted": "0"}])

    def drop_field(self, name: str) -> None:
        rows = self.load()
        self.columns.remove(name)
        self.save(rows)

    def retype_field(self, name: str) -> None:
        self.save([row | {name: number} for number, row in enumerate(self.load(), start=7)])

    def lack_field(self, key: str, name: str) -> None:
        self.rewrite(key, lambda row: {k: v for k, v in row.items() if k != name})

    def rewrite(self, key: str, change: Callable[[Row], Row | None]) -> None:
        changed = [change(row) if row["id"] == key else row for row in self.load()]
        self.save([row for row in changed if row is not None])

    # -- what may be odd about time and listings --------------------------------------------------

    def stamp(self) -> str:
        return self.frozen[0] if self.frozen else entropy.now().isoformat()

    @contextmanager
    def stand_still(self):
        """Neither the stamps nor the file's own time move."""
        self.frozen = (entropy.now().isoformat(), self.path.stat().st_mtime)
        yield
        self.frozen = None

    def pass_time(self, seconds: float) -> None:
        """What is in the file lies further back."""
        at = self.path.stat().st_mtime - seconds
        os.utime(self.path, (at, at))

    @contextmanager
    def empty_listing(self):
        """Somebody saves the file without its rows, and puts them back."""
        rows = self.load()
        self.save([])
        yield
        self.save(rows)


class CsvSheet(Sheet):
    """Cells between separators; an empty cell without quotes is nothing, one with quotes empty."""

    separator = ","

    def load(self) -> list[Row]:
        frame = pl.read_csv(self.path, infer_schema=False, separator=self.separator)
        return frame.to_dicts()

    def write(self, rows: list[Row]) -> None:
        lines = [self.columns, *([row.get(name) for name in self.columns] for row in rows)]
        text = "".join(self.separator.join(map(self.cell, line)) + "\n" for line in lines)
        self.path.write_bytes(text.encode())

    @staticmethod
    def cell(value: str | int | None) -> str:
        return "" if value is None else '"' + str(value).replace('"', '""') + '"'


class TsvSheet(CsvSheet):
    """The same with tabs."""

    separator = "\t"


class JsonlSheet(Sheet):
    """A JSON object a line; a key that is not there is absent."""

    def load(self) -> list[Row]:
        return [json.loads(line) for line in self.path.read_text("utf-8").split("\n") if line]

    def write(self, rows: list[Row]) -> None:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        self.path.write_bytes(text.encode())


class ParquetSheet(Sheet):
    """Typed columns, in row groups of two rows."""

    kinds: ClassVar[dict[str, pa.DataType]] = {"age": pa.int32()}

    def load(self) -> list[Row]:
        return pq.read_table(self.path).to_pylist()

    def write(self, rows: list[Row]) -> None:
        names = [*self.columns, *self.kinds]
        columns = {name: [row.get(name) for row in rows] for name in names}
        numeric = {name for name, cells in columns.items() if any(type(c) is int for c in cells)}
        kinds = dict.fromkeys(names, pa.string()) | dict.fromkeys(numeric, pa.int64()) | self.kinds
        table = pa.table(columns, schema=pa.schema(list(kinds.items())))
        pq.write_table(table, self.path, row_group_size=2)


class ExcelSheet(Sheet):
    """The first sheet of a workbook; a cell holds something or nothing."""

    def load(self) -> list[Row]:
        sheet = openpyxl.load_workbook(self.path).worksheets[0]
        head, *rows = sheet.iter_rows(values_only=True)
        return [
            dict(zip(head, row, strict=True)) for row in rows if any(c is not None for c in row)
        ]

    def write(self, rows: list[Row]) -> None:
        book = openpyxl.Workbook()
        sheet = book.worksheets[0]
        sheet.append(self.columns)
        for number, row in enumerate(rows, start=2):
            for place, name in enumerate(self.columns, start=1):
                cell = sheet.cell(number, place, row.get(name))
                if isinstance(cell.value, str):
                    cell.data_type = "s"  # a text that begins with = is no formula
        book.save(self.path)
