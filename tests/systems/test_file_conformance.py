"""A CSV file passes the conformance kit."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest

from customer_sync.connect.conformance import ConformanceSuite, Subject
from customer_sync.connect.driver import standard_driver
from customer_sync.infra import entropy
from customer_sync.model.config import SystemConfig
from customer_sync.systems.file import Connector

FIELDS = ("email", "note")


def a_config(path: Path) -> SystemConfig:
    stream = {
        "url": str(path),
        "cursor": "at",
        "fields": {"email": "email", "note": "note"},
        "settings": {"new_key": "uuid"},
    }
    return SystemConfig(system="files", connector="file", streams={"people": stream})


@dataclass
class Sheet:
    """People who edit the file by hand."""

    path: Path
    numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    def create(self, fields: Mapping[str, str | None]) -> str:
        key = str(next(self.numbers))
        cells = [key, *(fields.get(name) for name in FIELDS), self.stamp()]
        with self.path.open("ab") as file:
            file.write((",".join(self.cell(value) for value in cells) + "\n").encode())
        return key

    def duplicate(self, key: str) -> None:
        with self.path.open("ab") as file:
            file.write(f"{key},twin@acme.test,twin,{self.stamp()}\n".encode())

    def edit(self, key: str, fields: Mapping[str, str | None]) -> None:
        self.rewrite(
            lambda row: row | dict(fields) | {"at": self.stamp()} if row["id"] == key else row
        )

    def delete(self, key: str) -> None:
        self.rewrite(lambda row: None if row["id"] == key else row)

    def drop_field(self, name: str) -> None:
        self.rewrite(lambda row: {k: v for k, v in row.items() if k != name}, without=name)

    def rewrite(self, change, without=None) -> None:
        frame = pl.read_csv(self.path, infer_schema=False)
        rows = [new for row in frame.to_dicts() if (new := change(row)) is not None]
        names = [name for name in frame.columns if name != without]
        lines = [
            ",".join(names),
            *(",".join(self.cell(row[name]) for name in names) for row in rows),
        ]
        self.path.write_bytes(("\n".join(lines) + "\n").encode())

    @staticmethod
    def stamp() -> str:
        return entropy.now().isoformat()

    @staticmethod
    def cell(value: str | None) -> str:
        return "" if value is None else '"' + value.replace('"', '""') + '"'


class TestCsvFile(ConformanceSuite):
    without = (
        "bad",
        "empty_listing",
        "late_commit",
        "merge",
        "pass_time",
        "retype_field",
        "stand_still",
    )

    @pytest.fixture
    def subject(self, tmp_path):
        path = tmp_path / "people.csv"
        path.write_text("id,email,note,at\n")
        sheet = Sheet(path)
        driver = standard_driver()
        yield Subject(
            connector=Connector(a_config(path)),
            driver=driver,
            stream="people",
            fields=FIELDS,
            example=lambda number: {"email": f"person{number}@acme.test", "note": "a note"},
            text_field="note",
            create=sheet.create,
            edit=sheet.edit,
            delete=sheet.delete,
            drop_field=sheet.drop_field,
            duplicate=sheet.duplicate,
            reconnect=lambda: Connector(a_config(path)),
        )
        driver.close()
