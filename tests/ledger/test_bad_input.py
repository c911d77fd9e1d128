"""An accountant with bad input: each document stops itself, with a code that says why, and the others are posted."""

import json
import secrets
import threading
from collections.abc import Callable

import pytest
from trading import INVOICES, Company

from customer_sync.kernel.errors import CustomerSyncError

LONG = secrets.token_hex(8_000)  # no index takes it, however it is compressed
DOLLARS = {"currency": "USD", "rate": "0.9"}
BAD: dict[str, tuple[dict[str, str], tuple[str, str]]] = {
    "huge": ({"total": "1e30"}, ("total", "amount_too_large")),
    "nan": ({"total": "NaN"}, ("total", "number_invalid")),
    "infinite": ({"total": "Infinity"}, ("total", "number_invalid")),
    "tax_no_number": ({"tax": "NaN"}, ("tax", "number_invalid")),
    "tax_negative": ({"tax": "-19", "lines": "[]"}, ("tax", "tax_exceeds_total")),
    "tax_over": ({"tax": "500", "lines": "[]"}, ("tax", "tax_exceeds_total")),
    "currency": ({"currency": "XXQ"}, ("currency", "currency_unknown")),
    "first_day": ({"issued": "0001-01-01"}, ("date", "date_implausible")),
    "last_day": ({"issued": "9999-12-31"}, ("date", "date_implausible")),
    "no_day": ({"issued": "2026-02-30"}, ("date", "date_invalid")),
    "for_ever": (
        {"service_from": "2026-01-01", "service_to": "9999-12-31"},
        ("service_end", "date_implausible"),
    ),
    "rate_zero": (DOLLARS | {"rate": "0"}, ("rate", "rate_invalid")),
    "rate_negative": (DOLLARS | {"rate": "-1"}, ("rate", "rate_invalid")),
    "rate_huge": (DOLLARS | {"rate": "1e20"}, ("rate", "rate_invalid")),
    "rate_tiny": (DOLLARS | {"rate": "1e-13"}, ("rate", "rate_invalid")),
    "line_nan": ({"lines": '[{"price": "NaN"}]'}, ("lines", "list_element_invalid")),
    "lines_deep": ({"lines": "[" * 5_000}, ("lines", "json_invalid")),
    "number_long": ({"number": LONG}, ("number", "text_too_long")),
    "campaign_long": ({"campaign": LONG}, ("campaign", "text_too_long")),
}


def test_each_bad_invoice_stops_itself_and_says_why(company: Company):
    company.buyer()
    company.invoice("good")
    for name, (said, _) in BAD.items():
        company.invoice(name, **said)
    company.invoice("customer_long", LONG)

    company.sync()

    told = {id_: (field, code) for id_, field, code in company.rejects()}
    assert told == {name: why for name, (_, why) in BAD.items()} | {
        "customer_long": ("customer", "text_too_long")
    }
    assert company.owed() == {1: 119}

    company.sync(whole=True)
    assert company.owed() == {1: 119}


def test_each_bad_payment_stops_itself_and_says_why(company: Company):
    company.buyer()
    company.payment("payout_long", payout=LONG)
    company.payment("processor_long", processor=LONG)
    company.payment("pays_long", pays=LONG)
    company.payment("pays_itself", pays="pays_itself")
    company.payment("round", pays="about")
    company.payment("about", pays="round")
    company.payment("back", amount="-119")
    company.payment("nothing", amount="0")

    company.sync()

    assert sorted(company.rejects()) == [
        ("about", "allocations", "allocation_unknown"), ("payout_long", "payout", "text_too_long"),
        ("pays_itself", "allocations", "allocation_unknown"), ("pays_long", "lines", "line_invalid"),
        ("processor_long", "processor", "text_too_long"), ("round", "allocations", "allocation_unknown"),
    ]  # fmt: skip
    assert company.states()["nothing"] == ("noted", None)
    assert company.owed() == {1: -3 * 119 + 119}


def test_what_becomes_nothing_is_reversed_and_what_becomes_something_is_posted(company: Company):
    company.buyer()
    company.payment("p")
    company.sync()

    company.change("payments", "p", amount="0")
    company.sync()
    assert (company.states()["p"], company.owed()) == (("noted", None), {1: 0})

    company.change("payments", "p", amount="20")
    company.sync()
    assert (company.states()["p"], company.owed()) == (("posted", None), {1: -20})


def test_a_hundred_thousand_lines_are_one_invoice(company: Company):
    lines = json.dumps([{"price": "0.01", "vat": 19}] * 100_000)
    company.buyer()
    company.invoice("long", total="1190", tax="190", lines=lines)

    company.sync()

    assert company.owed() == {1: 1190}
    assert company.balances() == {"1200": 1190, "2100": -190, "4000": -1000}


def test_a_document_that_is_void_before_it_was_ever_seen_is_posted_when_it_is_issued(
    company: Company,
):
    company.buyer()
    company.invoice("v", status="void")
    company.sync()
    assert (company.states()["v"], company.entries()) == (("void", None), [])

    company.change("invoices", "v", status="open")
    company.sync()
    assert company.owed() == {1: 119}


def test_one_id_in_two_streams_is_two_documents(company: Company):
    company.buyer()
    company.invoice("1")
    company.payment("1", pays="1")

    company.sync()

    assert company.owed() == {1: 0}


def test_a_stream_that_turns_out_to_hold_credit_notes_is_posted_anew(company: Company):
    company.buyer()
    company.invoice()
    company.sync()

    company.streams["invoices"] = INVOICES | {"entity": "credit_note"}
    company.publish()
    company.sync(whole=True)

    assert company.owed() == {1: -119}
    assert company.entries() == [("i1", "post"), ("i1", "reverse"), ("i1", "post")]


def test_a_refund_without_a_payment_is_what_the_customer_owes(company: Company):
    company.streams["payments"] = company.streams["payments"] | {"entity": "refund"}
    company.publish()
    company.buyer()
    company.payment("r")

    company.sync()

    assert company.owed() == {1: 119}


def test_an_account_with_postings_keeps_what_it_is(company: Company):
    company.buyer()
    company.invoice()
    company.sync()

    company.ledger = {"accounts": {"4000": {"name": "Revenue", "type": "liability"}}}
    with pytest.raises(CustomerSyncError) as refused:
        company.publish()
    assert "4000" in refused.value.message

    company.ledger = {"accounts": {"4000": {"name": "Sales", "type": "revenue"}}}
    company.publish()
    company.invoice("i2")
    company.sync()
    assert company.owed() == {1: 238}


def test_two_who_close_at_once_and_one_who_reopens_leave_one_state_and_no_error(company: Company):
    company.buyer()
    company.invoice()
    company.sync()
    failures: list[BaseException] = []

    def shut(work: Callable[[str], None]) -> None:
        try:
            for _ in range(10):
                work("2026-02")
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=shut, args=[work])
        for work in (company.close, company.close, company.reopen)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    company.close("2026-02")

    assert failures == []
    assert company.rows("SELECT period, state FROM period") == [("2026-02", "closed")]
    assert company.unsound() == {}
