"""What pays for what, as sources say it and as policy does; and revenue that is earned over time."""

import json
from datetime import UTC, datetime

import pytest
from trading import INVOICES, Company


def allocations(company: Company) -> list[tuple[str, str, float]]:
    found = company.rows(
        "SELECT c.external_id, d.external_id, a.amount::float FROM allocation a JOIN document d ON d.id = a.debit"
        " JOIN document c ON c.id = a.credit WHERE a.released_at IS NULL ORDER BY 1, 2"
    )
    return list(found)


def test_a_payment_pays_the_oldest_where_nobody_says_what_it_pays(company: Company):
    company.buyer()
    company.invoice("i1", issued="2026-02-10")
    company.invoice("i2", issued="2026-02-01")
    company.payment(amount="130")

    company.sync()

    assert allocations(company) == [("p1", "i1", 11), ("p1", "i2", 119)]


def test_a_payment_pays_what_its_source_says(company: Company):
    company.buyer()
    company.invoice("i1", issued="2026-02-01")
    company.invoice("i2", issued="2026-02-10")
    company.payment(pays="i2")

    company.sync()

    assert allocations(company) == [("p1", "i2", 119)]


def test_a_payment_is_kept_for_the_invoice_that_is_not_there_yet(company: Company):
    company.buyer()
    company.invoice("i1")
    company.payment(pays="i2")
    company.sync()
    assert allocations(company) == []

    company.invoice("i2", issued="2026-02-25")
    company.sync()

    assert allocations(company) == [("p1", "i2", 119)]


def test_a_payment_that_names_another_invoice_moves_there(company: Company):
    company.buyer()
    company.invoice("i1")
    company.invoice("i2")
    company.payment(pays="i1")
    company.sync()

    company.change("payments", "p1", pays="i2")
    company.sync()

    assert allocations(company) == [("p1", "i2", 119)]
    assert company.rows("SELECT external_id FROM given") == [("i2",)]


def test_a_payment_by_somebody_else_pays_the_invoice_it_names(company: Company):
    company.buyer("c1")
    company.buyer("c2")
    company.invoice("i1", "c1")
    company.sync()
    company.payment("p1", "c2", pays="i1")

    company.sync()

    assert allocations(company) == [("p1", "i1", 119)]
    assert company.owed() == {1: 0, 2: 0}


def test_an_invoice_that_goes_to_another_customer_frees_what_paid_for_it(company: Company):
    company.buyer("c1")
    company.buyer("c2")
    company.invoice("i1", "c1", issued="2026-02-01")
    company.invoice("i2", "c1", issued="2026-02-10")
    company.payment("p1", "c1")
    company.sync()
    assert allocations(company) == [("p1", "i1", 119)]

    company.change("invoices", "i1", customer_id="c2")
    company.sync()

    assert allocations(company) == [("p1", "i2", 119)]
    assert company.owed() == {1: 0, 2: 119}


def test_the_order_in_which_documents_come_does_not_matter(company: Company):
    """The same documents, read page by page in two orders, come to the same."""
    company.buyer()
    company.payment(pays="i2", amount="150")
    company.sync()
    company.invoice("i2", issued="2026-02-05")
    company.sync()
    company.invoice("i1", issued="2026-02-01")
    company.sync()

    # i2 is paid by its source's word; what is left pays the oldest, which came last.
    assert allocations(company) == [("p1", "i1", 31), ("p1", "i2", 119)]


def test_realised_exchange_differences_are_posted_when_it_is_paid(company: Company):
    company.buyer()
    company.invoice(currency="USD", rate="0.90")
    company.payment(currency="USD", rate="0.95")

    company.sync()

    assert company.owed() == {1: 0}
    assert company.balances() == {"1300.stripe": 113.05, "2100": -17.1, "4000": -90, "4900": -5.95}


# -- service periods --------------------------------------------------------------------------------


@pytest.fixture
def year(company: Company) -> Company:
    """A year's subscription from January on, invoiced in January, seen on the first of March."""
    company.buyer()
    company.invoice(
        issued="2026-01-05", total="365", tax="0", lines=json.dumps([{"price": "365"}]),
        service_from="2026-01-01", service_to="2026-12-31",
    )  # fmt: skip
    return company


def test_what_is_earned_by_today_is_recognised(year: Company):
    year.sync()

    assert year.balances() == {"1200": 365, "2200": -306, "4000": -59}
    assert year.events() == ["document.posted", "document.recognised", "document.recognised"]


def test_a_month_is_recognised_once(year: Company):
    year.sync()
    before = year.entries()
    year.sync()

    assert year.entries() == before == [("i1", "post"), ("i1", "recognise"), ("i1", "recognise")]


def test_the_next_month_is_recognised_when_it_is_over(year: Company):
    year.sync()

    year.at = datetime(2026, 3, 31, 12, tzinfo=UTC)
    year.sync()

    assert year.balances() == {"1200": 365, "2200": -275, "4000": -90}


def test_all_of_it_is_recognised_at_the_end_and_nothing_is_due_any_more(year: Company):
    year.sync()

    year.at = datetime(2027, 1, 1, tzinfo=UTC)
    year.sync()

    assert year.balances() == {"1200": 365, "4000": -365}
    assert year.rows("SELECT count(*) FROM schedule_due") == [(0,)]
    assert year.rows("SELECT count(*) FROM recognition") == [(12,)]


def test_what_was_recognised_is_taken_back_with_its_document(year: Company):
    year.sync()

    year.change("invoices", "i1", status="void")
    year.sync()

    assert year.balances() == {}
    assert year.rows("SELECT count(*) FROM schedule_due") == [(0,)]


def test_a_changed_subscription_is_recognised_anew(year: Company):
    year.sync()

    year.change("invoices", "i1", total="730", lines=json.dumps([{"price": "730"}]))
    year.sync()

    assert year.balances() == {"1200": 730, "2200": -612, "4000": -118}


def test_what_is_earned_in_a_closed_period_is_recognised_in_the_next_open_one(year: Company):
    year.ledger = {"closed_period": "redate"}
    year.publish()
    year.close("2026-01")
    year.close("2026-02")

    year.sync()

    assert year.balances() == {"1200": 365, "2200": -306, "4000": -59}
    assert year.rows("SELECT DISTINCT period FROM entry") == [("2026-03",)]


# -- kept although nothing is posted ----------------------------------------------------------------


def test_what_no_posting_depends_on_is_kept_without_one(company: Company):
    company.buyer()
    company.invoice()
    company.sync()

    company.change("invoices", "i1", due="2026-04-01", number="N-2", campaign="spring")
    company.sync()

    assert company.rows("SELECT due_date::text, number, campaign FROM document") == [
        ("2026-04-01", "N-2", "spring")
    ]
    assert company.entries() == [("i1", "post")]


def test_what_leaves_the_scope_stays_as_it_was_and_comes_back(company: Company):
    company.streams = {
        **company.streams, "invoices": {**INVOICES, "where": "campaign is null"},
    }  # fmt: skip
    company.publish()
    company.buyer()
    company.invoice()
    company.invoice("i2")
    company.sync()

    company.change("invoices", "i1", campaign="spring", total="238", tax="138")
    company.sync()
    assert company.owed() == {1: 238}
    assert company.rows("SELECT presence FROM document ORDER BY external_id") == [(2,), (0,)]

    company.change("invoices", "i1", campaign=None)
    company.sync()
    assert company.owed() == {1: 357}


def test_many_documents_at_once_are_posted_like_one(company: Company):
    for number in range(30):
        company.buyer(f"c{number}")
    for number in range(300):
        company.invoice(f"i{number}", f"c{number % 30}")
        company.payment(f"p{number}", f"c{number % 30}", pays=f"i{number}", fee="3")

    company.sync()

    assert {state for state, _ in company.states().values()} == {"posted"}
    assert set(company.owed().values()) == {0}
    assert company.balances() == {
        "1300.stripe": 300 * 116,
        "2100": -5700,
        "4000": -30000,
        "6100": 900,
    }


def test_nothing_moves_with_a_customer_that_is_tied_to_another(company: Company):
    company.buyer("c1", email="ann@mail.example")
    company.buyer("c2", email="else@mail.example")
    company.invoice("i1", "c1")
    company.invoice("i2", "c2")
    company.sync()
    before = company.rows("SELECT * FROM posting ORDER BY entry, line")

    company.change("customers", "c2", email="ann@mail.example")
    company.sync()

    assert company.rows("SELECT * FROM posting ORDER BY entry, line") == before
