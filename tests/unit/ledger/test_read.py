import json
from datetime import date

import polars as pl
import pytest
from tests.unit.ledger.books import ONE, Books

from customer_sync.core.ledger import read
from customer_sync.model.document import DOCUMENT_FIELDS, DOCUMENTS, LINES


def texts(*rows):
    base = {
        "stream": 1,
        "type": "invoice",
        "rule": None,
        "party": 7,
        "date": "2026-03-10",
        "currency": "EUR",
    }
    rows = [base | {"document": n, "external_id": f"d{n}"} | row for n, row in enumerate(rows, 1)]
    names = dict.fromkeys(DOCUMENT_FIELDS, pl.String)
    schema = {
        "document": pl.Int64,
        "stream": pl.Int32,
        "external_id": pl.String,
        "type": pl.String,
        "rule": pl.String,
        "party": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema | names)  # fmt: skip


def test_canonical_texts_become_a_document():
    documents, lines, named = read(texts({
        "total": "107.5", "rate": "0.000057312345", "prices_include_tax": "true", "due_date": "2026-04-09", "status": "open",
        "lines": json.dumps([{"amount": "50", "tax_rate": "9.375"}, {"quantity": "3", "unit_price": "19.1666", "account": "4000.x"}]),
        "allocations": '[{"document": "o-1"}, {"document": "o-2", "amount": "7.25"}]',
    }))  # fmt: skip

    assert dict(documents.schema) == DOCUMENTS
    assert dict(lines.schema) == LINES
    row = documents.to_dicts()[0]
    assert (row["total_e4"], row["rate_e12"], row["status"]) == (1_075_000, 57_312_345, "issued")
    assert (row["prices_include_tax"], row["due_date"]) == (True, date(2026, 4, 9))
    assert lines.select("line", "kind", "amount_e4", "tax_rate_e6", "account").rows() == [
        (1, "item", 50 * ONE, 93_750, None), (2, "item", 574_998, None, "4000.x"),
    ]  # fmt: skip
    assert named.rows() == [(1, "o-1", None), (1, "o-2", 72_500)]


def test_what_a_mapping_does_not_give_is_not_there():
    frame = texts({"total": "5"}).select("document", "stream", "external_id", "type", "rule", "party", "total")  # fmt: skip

    documents, lines, named = read(frame)

    assert documents.select("total_e4", "tax_e4", "date").rows() == [(5 * ONE, None, None)]
    assert lines.is_empty()
    assert named.is_empty()


@pytest.mark.parametrize("lines", [
    "no json", "{}", "[1]", '[{"amount": {"x": 1}}]', '[{"amount": "ten"}]', '[{"kind": "gift", "amount": "1"}]', "[{}]",
    '[{"amount": "1", "tax": "much"}]', '[{"amount": "1", "service_start": "2026-01-01"}]',
    '[{"amount": "1", "service_start": "soon", "service_end": "2026-01-01"}]',
])  # fmt: skip
def test_a_line_that_cannot_be_read_makes_its_own_document_a_reject(lines):
    told = {"total": "1", "lines": lines}, {"total": "1", "lines": '[{"amount": "1"}]'}
    documents, kept, _ = read(texts(*told))
    books = Books()

    effects = books.absorb(*documents.to_dicts(), lines=kept.to_dicts())

    assert effects.rejects.select("document", "code").rows() == [(1, "line_invalid")]
    assert books.state(2) == "posted"


def test_an_allocation_that_cannot_be_read_makes_its_document_a_reject():
    documents, _, named = read(
        texts({"total": "1", "allocations": '[{"document": "o", "amount": "x"}]'})
    )

    assert documents["is_unreadable"].to_list() == [True]
    assert named.is_empty()


def test_an_amount_that_does_not_fit_is_told_and_not_cut():
    documents, _, _ = read(texts({"total": "99999999999999999999"}))

    effects = Books().absorb(*documents.to_dicts())

    assert effects.rejects["code"].to_list() == ["amount_too_large"]


def test_a_discount_takes_away_what_it_says_with_or_without_a_sign():
    documents, lines, _ = read(texts(
        {"total": "9", "lines": '[{"amount": "10"}, {"kind": "discount", "amount": "-1"}]'},
        {"total": "9", "lines": '[{"amount": "10"}, {"kind": "discount", "amount": "1"}]'},
    ))  # fmt: skip
    books = Books()

    books.absorb(*documents.to_dicts(), lines=lines.to_dicts())

    assert books.sums() == {"1200": 18, "4000": -20, "4100": 2}
