"""What documents say that they settle, and cannot: it is told with a remedy, and closed by what arrives."""

from typing import Any

from trading import PAYMENTS, Company

from customer_sync.engine.publish import in_force
from customer_sync.engine.status import status
from customer_sync.infra import entropy


def refunds(stream: str | None) -> dict[str, Any]:
    """Return the payments of the shop as if they were refunds, which name what they pay back."""
    named = {"field": "pays", "stream": stream} if stream else "pays"
    return {**PAYMENTS, "entity": "refund", "fields": {**PAYMENTS["fields"], "allocations": named}}


def told(company: Company) -> list[tuple[Any, ...]]:
    return company.rows(
        "SELECT external_id, stage, code, detail FROM reject WHERE resolved_at IS NULL ORDER BY 1"
    )


def test_a_payment_of_what_is_not_known_says_so_until_that_arrives(company: Company):
    company.buyer()
    company.payment(pays="i2")
    company.sync()
    assert [row[:3] for row in told(company)] == [("p1", "settle", "allocation_unknown")]
    assert told(company)[0][3].endswith("It names i2 of shop.invoices.")
    assert company.states() == {"p1": ("posted", None)}

    company.sync()
    assert company.rows("SELECT times FROM reject") == [(1,)]

    company.invoice("i2")
    company.sync()

    assert told(company) == []
    assert company.owed() == {1: 0}


def test_what_cannot_be_settled_is_no_agreement(company: Company):
    company.buyer()
    company.payment(pays="i2")
    company.sync()

    with company.db.transaction() as tx:
        found = status(tx, in_force(company.db), now=entropy.now())

    (stream,) = [one for one in found.streams if one.stream == "payments"]
    assert [one.code for one in stream.rejected] == ["allocation_unknown"]
    assert "name its stream" in stream.rejected[0].remedy


def test_a_refund_that_names_an_invoice_is_told_that_it_cannot_settle_it(company: Company):
    company.streams = {**company.streams, "payments": refunds(None)}
    company.publish()
    company.buyer()
    company.invoice()
    company.payment(pays="i1")

    company.sync()

    assert [row[:3] for row in told(company)] == [("p1", "settle", "allocation_unfit")]


def test_the_stream_that_has_one_of_that_id_is_named(company: Company):
    notes = {**company.streams["invoices"], "entity": "credit_note", "guest": None}
    notes["settings"] = {}
    company.shop.execute("CREATE TABLE notes AS SELECT * FROM invoices")
    company.streams = {
        **company.streams,
        "notes": {**notes, "table": "notes", "key": "id"},
        "payments": refunds("invoices"),
    }
    company.publish()
    company.buyer()
    company.add(
        "notes", id="n1", customer_id="c1", number="N", currency="EUR", issued="2026-02-12", total="50", tax="0",
    )  # fmt: skip
    company.payment(pays="n1", amount="50")

    company.sync()
    ((*_, detail),) = told(company)
    assert detail.endswith("It names n1 of shop.invoices; there is one in shop.notes.")

    company.streams["payments"] = refunds("notes")
    company.publish()
    company.sync(whole=True)
    company.change("payments", "p1", paid="2026-02-21")
    company.sync()
    assert told(company) == []
    assert company.owed() == {1: 0}


def test_a_payment_of_what_was_withdrawn_stands_to_the_customers_credit(company: Company):
    company.buyer()
    company.invoice(status="void")
    company.invoice("i2", status="draft")
    company.payment(pays="i1")
    company.payment("p2", pays="i2")

    company.sync()

    assert told(company) == []
    assert company.owed() == {1: -238}


def test_what_waits_itself_is_not_told_twice(company: Company):
    company.buyer()
    company.invoice(currency="USD")
    company.payment(pays="i1", currency="EUR")

    company.sync()

    assert [row[2] for row in told(company)] == ["rate_missing"]
