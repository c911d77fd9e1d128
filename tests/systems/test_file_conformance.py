"""A file of each format passes the conformance kit, whole."""

from typing import ClassVar

import pytest
from file_people import CsvSheet, ExcelSheet, JsonlSheet, ParquetSheet, Sheet, TsvSheet

from customer_sync.connect.conformance import TEXTS, ConformanceSuite, Subject
from customer_sync.connect.driver import standard_driver
from customer_sync.connect.port import Connector as AnyConnector
from customer_sync.model.config import SystemConfig
from customer_sync.systems.file import Connector

FIELDS = ("email", "note", "active")
NO_COLUMN = {"email": "bad@acme.test", "nickname": "Bobby"}


def a_connector(sheet: Sheet, where: str | None = None) -> AnyConnector:
    flags = {"deleted": "deleted = 1", "merged_into": "merged_into"} if sheet.flags else {}
    stream = {
        "url": str(sheet.path),
        "cursor": "at",
        "where": where,
        "fields": {"email": "email", "note": "note", "active": "active"},
        "settings": {"new_key": "uuid", "deactivate": {"active": "no"}},
    }
    config = {"system": "files", "connector": "file", "streams": {"people": stream | flags}}
    return Connector(SystemConfig.model_validate(config))


class FileSuite(ConformanceSuite):
    kind: ClassVar[type[Sheet]]
    suffix = ""
    flags = False
    bad: ClassVar[dict[str, str | None]] = NO_COLUMN
    # A file is replaced as a whole and has no search: nothing commits late, nothing is capped.
    where: str | None = None
    without: tuple[str, ...] = ("cap", "lack_field", "late_commit", "leave_scope", "merge")

    @pytest.fixture
    def subject(self, tmp_path):
        sheet = self.kind(tmp_path / f"people.{self.suffix}", flags=self.flags)
        with standard_driver() as driver:
            yield Subject(
                connector=a_connector(sheet, self.where),
                driver=driver,
                stream="people",
                fields=FIELDS,
                example=lambda number: {"email": f"person{number}@acme.test", "note": "a note"},
                text_field="note",
                texts=TEXTS,
                shows_empty=self.suffix != "xlsx",
                create=sheet.create,
                edit=sheet.edit,
                delete=sheet.delete,
                bad=self.bad,
                merge=sheet.merge if self.flags else None,
                drop_field=None if self.suffix == "jsonl" else sheet.drop_field,
                leave_scope=sheet.leave_scope if self.where else None,
                lack_field=sheet.lack_field if self.suffix == "jsonl" else None,
                retype_field=sheet.retype_field,
                duplicate=sheet.duplicate,
                empty_listing=sheet.empty_listing,
                stand_still=sheet.stand_still,
                pass_time=sheet.pass_time,
                reconnect=lambda: a_connector(sheet, self.where),
            )


class TestCsv(FileSuite):
    kind = CsvSheet
    suffix = "csv"


class TestCsvWithFlags(FileSuite):
    kind = CsvSheet
    suffix = "csv"
    flags = True
    without = ("cap", "lack_field", "late_commit", "leave_scope")


class TestCsvWithAFilter(FileSuite):
    kind = CsvSheet
    suffix = "csv"
    where = "email like '%@acme.test'"
    without = ("cap", "lack_field", "late_commit", "merge")


class TestParquetWithAFilter(FileSuite):
    kind = ParquetSheet
    suffix = "parquet"
    where = "email like '%@acme.test'"
    bad: ClassVar[dict[str, str | None]] = {"email": "bad@acme.test", "age": "many years"}
    without = ("cap", "lack_field", "late_commit", "merge")


class TestTsv(FileSuite):
    kind = TsvSheet
    suffix = "tsv"


class TestJsonLines(FileSuite):
    """A line has its own fields: none vanishes from all, a record lacks it."""

    kind = JsonlSheet
    suffix = "jsonl"
    bad: ClassVar[dict[str, str | None]] = {"email": "bad@acme.test", "note": "Bobby \ud800"}
    without = ("cap", "drop_field", "late_commit", "leave_scope", "merge")


class TestParquet(FileSuite):
    kind = ParquetSheet
    suffix = "parquet"
    bad: ClassVar[dict[str, str | None]] = {"email": "bad@acme.test", "age": "many years"}


class TestExcel(FileSuite):
    kind = ExcelSheet
    suffix = "xlsx"
    bad: ClassVar[dict[str, str | None]] = {"email": "bad@acme.test", "note": "Bobby \x01"}


class TestExcelWithFlags(FileSuite):
    kind = ExcelSheet
    suffix = "xlsx"
    flags = True
    without = ("cap", "lack_field", "late_commit", "leave_scope")
