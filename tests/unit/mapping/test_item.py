"""Lists in one field: lines of documents, and what they pay for."""

import polars as pl
import pytest

from customer_sync.core.mapping import compile_stream
from customer_sync.core.mapping.stream import Mapped
from customer_sync.kernel.errors import ConfigurationError
from customer_sync.model.config import Configuration

AMOUNT = {"items": {"amount": "price", "service_start": "$.period.from"}}


def told(field: str, mapping: dict[str, object], text: str | None) -> Mapped:
    stream = {"entity": "invoice", "fields": {field: {"field": "body", **mapping}}}
    systems = {"x": {"system": "x", "connector": "sql", "streams": {"s": stream}}}
    config = Configuration.model_validate({"workspace": {"workspace": "w"}, "systems": systems})
    frame = pl.DataFrame({"body": [text]}, schema={"body": pl.String})
    return compile_stream(config, "x", "s").get(frame)


# field          mapping        what stands there                                       what is said
READ = [
    ("lines",       AMOUNT,     '[{"price": 10.50}]',                                   '[{"amount":"10.5"}]'),
    ("lines",       AMOUNT,     '[{"price": "0.1"}, {"price": 12345678901234.5678}]',   '[{"amount":"0.1"},{"amount":"12345678901234.5678"}]'),
    ("lines",       AMOUNT,     '[{"price": 1, "period": {"from": "2026-01-05"}}]',     '[{"amount":"1","service_start":"2026-01-05"}]'),
    ("lines",       AMOUNT,     '[{"price": null, "other": [1]}]',                      "[{}]"),
    ("lines",       AMOUNT,     "[]",                                                   "[]"),
    ("lines",       AMOUNT,     "null",                                                 None),
    ("lines",       AMOUNT,     "  ",                                                   None),
    ("lines",       AMOUNT,     None,                                                   None),
    ("lines",       {**AMOUNT, "path": "$.rows"}, '{"rows": [{"price": 2}]}',           '[{"amount":"2"}]'),
    ("lines",       {**AMOUNT, "path": "$.rows"}, "{}",                                 None),
    ("allocations", {},         "I-7",                                                  '[{"document":"I-7"}]'),
    ("allocations", {},         "007",                                                  '[{"document":"007"}]'),
    ("allocations", {},         "1e5",                                                  '[{"document":"1e5"}]'),
    ("allocations", {},         '["a", "b"]',                                           '[{"document":"a"},{"document":"b"}]'),
    ("allocations", {"items": {"document": "id", "amount": "sum"}}, '[{"id": 12, "sum": 3.20}]', '[{"document":"12","amount":"3.2"}]'),
]  # fmt: skip


@pytest.mark.parametrize(("field", "mapping", "text", "said"), READ)
def test_a_list_is_read_element_by_element(
    field: str, mapping: dict[str, object], text: str | None, said: str | None
):
    found = told(field, mapping, text)

    assert found.rejects.is_empty()
    assert found.values[field].to_list() == [said]


# field          mapping     what stands there             the code
TORN = [
    ("lines",       AMOUNT,  "[{",                         "json_invalid"),
    ("lines",       AMOUNT,  "seven",                      "json_invalid"),
    ("lines",       AMOUNT,  '{"price": 1}',               "json_type"),
    ("lines",       AMOUNT,  '[{"price": "x"}]',           "list_element_invalid"),
    ("lines",       AMOUNT,  '[{"price": {"net": 1}}]',    "list_element_invalid"),
    ("lines",       AMOUNT,  "[12]",                       "list_element_invalid"),
    ("allocations", {},      '[{"id": "a"}]',              "list_element_invalid"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "mapping", "text", "code"), TORN)
def test_a_list_that_cannot_be_read_is_a_fault(
    field: str, mapping: dict[str, object], text: str, code: str
):
    found = told(field, mapping, text)

    assert found.rejects["code"].to_list() == [code]


# mapping                            what is said about it
REFUSED = [
    ({},                             "what a line holds"),
    ({"items": {"sum": "price"}},    "'sum' is nothing"),
    ({"items": {"amount": "a..b"}},  "no such JSON path"),
]  # fmt: skip


@pytest.mark.parametrize(("mapping", "reason"), REFUSED)
def test_a_list_that_cannot_mean_anything_is_refused(mapping: dict[str, object], reason: str):
    with pytest.raises(ConfigurationError) as caught:
        told("lines", mapping, "[]")

    assert reason in caught.value.message
