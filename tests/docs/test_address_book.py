"""The connector that docs/connectors.md explains passes the conformance kit."""

import importlib.util
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from customer_sync.connect.conformance import ConformanceSuite, Subject
from customer_sync.connect.driver import standard_driver
from customer_sync.model.config import SystemConfig

PATH = Path(__file__).resolve().parents[2] / "docs" / "examples" / "address_book.py"
STREAM = "people"
FIELDS = ("email", "first", "note")


def example_module() -> Any:
    spec = importlib.util.spec_from_file_location("address_book", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["address_book"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CONNECTOR = example_module().Connector


def a_config(path: Path) -> SystemConfig:
    stream = {"url": str(path), "fields": {"email": "email", "given_name": "first", "note": "note"}}
    document = {"system": "book", "connector": "address_book", "streams": {STREAM: stream}}
    return SystemConfig.model_validate(document)


@dataclass
class People:
    """Whoever edits the file by hand."""

    path: Path
    numbers: Any

    def load(self) -> dict[str, dict[str, str | None]]:
        return json.loads(self.path.read_text("utf-8"))

    def save(self, records: Mapping[str, Mapping[str, str | None]]) -> None:
        self.path.write_text(json.dumps(records), "utf-8")

    def create(self, fields: Mapping[str, str | None]) -> str:
        id_ = f"p{next(self.numbers):03}"
        self.save(self.load() | {id_: dict(fields)})
        return id_

    def edit(self, record_id: str, fields: Mapping[str, str | None]) -> None:
        records = self.load()
        self.save(records | {record_id: {**records[record_id], **fields}})

    def delete(self, record_id: str) -> None:
        self.save({id_: record for id_, record in self.load().items() if id_ != record_id})

    def lack_field(self, record_id: str, name: str) -> None:
        records = self.load()
        del records[record_id][name]
        self.save(records)

    def drop_field(self, name: str) -> None:
        records = self.load().items()
        self.save({i: {k: v for k, v in record.items() if k != name} for i, record in records})


class TestAddressBook(ConformanceSuite):
    without = (
        "bad", "cap", "duplicate", "empty_listing", "late_commit", "leave_scope", "merge", "pass_time",
        "retype_field", "stand_still",
    )  # fmt: skip

    @pytest.fixture
    def subject(self, tmp_path: Path):
        people = People(tmp_path / "book.json", count(1))
        people.save({})
        config = a_config(people.path)
        with standard_driver() as driver:
            yield Subject(
                connector=CONNECTOR(config),
                driver=driver,
                stream=STREAM,
                fields=FIELDS,
                example=lambda n: {"email": f"p{n}@acme.test", "first": f"Ann {n}", "note": "n"},
                text_field="note",
                create=people.create,
                edit=people.edit,
                delete=people.delete,
                drop_field=people.drop_field,
                lack_field=people.lack_field,
                unknown_id="nobody",
                reconnect=lambda: CONNECTOR(config),
            )
