"""The examples of docs/mapping.md are true, and nothing that a mapping can say is missing there."""

import re
from pathlib import Path

import polars as pl
import pytest
from ruamel.yaml import YAML

from customer_sync.core.mapping import LENSES, check_laws, compile_stream
from customer_sync.model.config import Configuration, FieldMapping

PAGE = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")
EXAMPLES = [
    YAML(typ="safe").load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
]
IDS = [", ".join(example["fields"])[:40] for example in EXAMPLES]


def compiled(example: dict):
    own = {name: {"kind": kind} for name, kind in example.get("custom", {}).items()}
    stream = {"fields": example["fields"], "rules": example.get("rules", [])}
    told = {"entity": example["entity"]} if "entity" in example else {}
    systems = {
        name: {"system": name, "connector": "sql", "streams": {"s": {**stream, **told}}}
        for name in ("x", "erp")
    }
    config = {"workspace": {"workspace": "w", "fields": own}, "systems": systems}
    return compile_stream(Configuration.model_validate(config), "x", "s")


def frame(record: dict) -> pl.DataFrame:
    return pl.DataFrame(
        [
            pl.Series(name, [value], dtype=pl.String)
            for name, value in (record or {"_": None}).items()
        ]
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=IDS)
def test_the_record_is_read_as_the_page_says(example):
    mapped = compiled(example).get(frame(example["record"]))

    silent = set(mapped.silent["field"])
    said = {
        name: value for name, value in mapped.values.to_dicts()[0].items() if name not in silent
    }
    assert said == example["canonical"]
    codes = {name or "": code for name, code in mapped.rejects.select("field", "code").rows()}
    assert codes == example.get("rejects", {})


@pytest.mark.parametrize("example", [e for e in EXAMPLES if "change" in e])
def test_the_change_is_written_as_the_page_says(example):
    record = frame(example["record"])
    golden = pl.DataFrame(
        [
            pl.Series(name, [value], dtype=pl.String)
            for name, value in {**example["canonical"], **example["change"]}.items()
        ]
    )

    after = record.update(compiled(example).put(golden, record), include_nulls=True)

    assert after.to_dicts() == [example["written"]]


@pytest.mark.parametrize("example", EXAMPLES, ids=IDS)
def test_every_example_keeps_the_laws(example):
    assert check_laws(compiled(example), frame(example["record"])) == []


def test_every_lens_has_a_section_with_an_example():
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE))

    assert {name for name in LENSES if "```yaml" not in sections.get(name, "")} - {
        "address"
    } == set()
    assert set(sections) <= set(LENSES)


def test_every_option_of_a_mapping_is_told():
    assert [
        name for name in FieldMapping.model_fields if not re.search(rf"`{name}\b|\b{name}:", PAGE)
    ] == []
