"""Payouts clear: what a processor took, less its fees, is what it pays out, in euros too."""

import pytest
from trading import Company

PAYOUTS = {
    "entity": "payout",
    "table": "payouts",
    "fields": {
        "currency": "currency", "rate": "rate", "date": "paid", "total": "amount", "processor": "processor",
    },
}  # fmt: skip


@pytest.fixture
def seller(company: Company) -> Company:
    """A shop that took 119 dollars at 0.90, of which the processor keeps 4."""
    company.shop.execute(
        "CREATE TABLE payouts (id TEXT PRIMARY KEY, currency TEXT, rate TEXT, paid TEXT, amount TEXT, processor TEXT)"
    )
    company.streams = {**company.streams, "payouts": PAYOUTS}
    company.publish()
    company.buyer()
    company.invoice(currency="USD", rate="0.90")
    company.payment(currency="USD", rate="0.90", fee="4", payout="po1")
    return company


def payout(company: Company, **row: object) -> None:
    told = {"currency": "USD", "rate": "0.95", "paid": "2026-02-25", "amount": "115", **row}
    company.add("payouts", id="po1", processor="Stripe", **told)


def test_what_rates_left_of_a_payout_that_clears_is_realised(seller: Company):
    payout(seller)

    seller.sync()

    balances = seller.balances()
    assert "1300.stripe" not in balances
    assert (balances["1100"], balances["4900"]) == (109.25, -5.75)
    assert ("po1", "exchange") in seller.entries()
    assert "document.cleared" in seller.events()


def test_it_is_realised_once(seller: Company):
    payout(seller)
    seller.sync()
    before = seller.entries()

    seller.sync()
    seller.sync(whole=True)

    assert seller.entries() == before


def test_a_payout_that_does_not_clear_is_left_to_people(seller: Company):
    payout(seller, amount="114")

    seller.sync()

    assert ("po1", "exchange") not in seller.entries()
    assert seller.balances()["1300.stripe"] == pytest.approx(103.5 - 108.3)


def test_a_payout_that_comes_later_clears_then(seller: Company):
    seller.sync()
    assert ("po1", "exchange") not in seller.entries()
    payout(seller)

    seller.sync()

    assert "1300.stripe" not in seller.balances()


def test_a_corrected_payment_is_realised_anew(seller: Company):
    payout(seller)
    seller.sync()

    seller.change("payments", "p1", rate="0.92")
    seller.sync()

    balances = seller.balances()
    assert "1300.stripe" not in balances
    gained = balances["4900"] + balances["5900"]
    assert gained == pytest.approx(-(0.92 - 0.90) * 119 - (0.95 - 0.92) * 115, abs=0.001)


def test_in_a_closed_month_it_is_posted_on_the_next_open_day(seller: Company):
    seller.sync()
    seller.close("2026-02")
    payout(seller, paid="2026-03-02")
    seller.sync()

    days = seller.rows("SELECT period FROM entry WHERE kind = 'exchange' AND rule = 'clearing'")
    assert days == [("2026-03",)]
