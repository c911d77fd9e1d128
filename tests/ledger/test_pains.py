"""What users of other tools suffered with money, each by its number in the list of pains, and that it does not happen here."""

import json

import psycopg
import pytest
from trading import Company

from customer_sync.engine.session import running
from customer_sync.engine.sync import sync


def settled(company: Company) -> dict[str, float]:
    """What of each document is settled."""
    return {
        id_: float(amount)
        for id_, amount in company.rows("SELECT external_id, settled FROM document ORDER BY 1")
    }


def test_pain_32_paid_is_read_from_payments_and_never_inferred_from_what_the_invoice_says(
    company: Company,
):
    company.buyer()
    company.invoice(status="paid")
    company.sync()
    assert settled(company) == {"i1": 0}
    assert company.owed() == {1: 119}

    company.payment(pays="i1", amount="100")
    company.sync()

    assert settled(company) == {"i1": 100, "p1": 100}
    assert company.owed() == {1: 19}


def test_pain_32_a_payment_that_is_withdrawn_leaves_the_invoice_unpaid(company: Company):
    company.buyer()
    company.invoice(status="paid")
    company.invoice("i2", issued="2026-02-11", total="1", tax="0", lines=None)
    company.payment(pays="i1")
    company.payment("p2", pays="i2", amount="1")
    company.sync()
    assert company.owed() == {1: 0}

    company.remove("payments", "p1")
    company.sync(whole=True)

    assert settled(company)["i1"] == 0
    assert settled(company)["i2"] == 1
    assert company.owed() == {1: 119}


def test_pain_35_a_closed_period_is_met_before_anything_is_written_and_the_others_go_on(
    company: Company,
):
    company.buyer()
    company.close("2026-02")
    company.invoice("i1", issued="2026-02-10")
    company.invoice("i2", issued="2026-03-10")

    company.sync()

    assert company.states() == {"i1": ("parked", "period_closed"), "i2": ("posted", None)}
    assert company.rows("SELECT DISTINCT period FROM entry") == [("2026-03",)]
    assert company.rejects() == [("i1", "", "period_closed")]


def test_pain_36_a_sync_that_is_repeated_after_a_failure_makes_no_copies(company: Company):
    company.buyer()
    company.invoice()
    company.payment(pays="i1")

    class LostError(Exception):
        """The connection is lost after the commit, before anybody learnt of it."""

    def lost(name: str) -> None:
        if name == "absorb.after_commit":
            raise LostError

    for _ in range(4):
        session = company.session()
        session.fault = lost
        with pytest.raises(LostError), running(session, "sync"):
            sync(session)
            raise LostError  # all of it was done
    company.sync(whole=True)
    company.sync(whole=True)

    posted = company.rows("SELECT document, count(*) FROM entry WHERE kind = 'post' GROUP BY 1")
    assert [count for _, count in posted] == [1, 1]
    assert company.rows("SELECT count(*) FROM customer") == [(1,)]
    assert company.owed() == {1: 0}


@pytest.mark.parametrize(
    "total, tax, lines",
    [
        # A total of 4.67 that another computation makes 4.66; 5,900.00 that was booked as 5,900.01.
        ("29.24", "4.67", [{"price": "24.57", "vat": 19}]),
        ("5900.00", "900.00", [{"price": "1666.67", "vat": 18}, {"price": "1666.67", "vat": 18}, {"price": "1666.67", "vat": 18}]),
        # 9.375 % of 106.40 is 9.975.
        ("116.38", "9.98", [{"price": "106.40", "vat": "9.375"}]),
        ("116.37", "9.97", [{"price": "106.40", "vat": "9.375"}]),
    ],
)  # fmt: skip
def test_pain_37_the_total_that_was_issued_is_owed_to_the_cent(
    company: Company, total: str, tax: str, lines: list
):
    company.buyer()
    company.invoice(total=total, tax=tax, lines=json.dumps(lines))

    company.sync()

    balances = company.balances()
    assert company.states() == {"i1": ("posted", None)}
    assert balances["1200"] == float(total)
    assert -balances["2100"] == pytest.approx(float(tax), abs=0.011)
    assert abs(balances.get("8900", 0)) <= 0.05
    assert round(sum(balances.values()), 4) == 0


def test_pain_37_what_rounding_cannot_explain_is_refused(company: Company):
    company.buyer()
    company.invoice(total="119", tax="19", lines=json.dumps([{"price": "90", "vat": 19}]))

    company.sync()

    assert company.states() == {"i1": ("rejected", "rejected")}
    assert [code for _, _, code in company.rejects()] == ["total_differs"]
    assert company.balances() == {}


def test_pain_38_a_receivable_names_its_customer_from_the_first_and_keeps_it(company: Company):
    """Order before customer: the customer is read and linked before the very commit that posts."""
    company.buyer("c1")
    company.buyer("c2")
    company.invoice()
    company.sync(only=("shop.invoices",))
    assert company.rows(
        "SELECT count(*) FROM posting WHERE account = '1200' AND party IS NULL"
    ) == [(0,)]
    (before,) = company.rows("SELECT party, entry FROM document")
    party = before[0]

    # A change of the customer's own data, and of the invoice's text, leaves whom it concerns.
    company.change("customers", "c1", last="Renamed", email="other@mail.example")
    company.change("invoices", "i1", number="N-i1b")
    company.sync()
    assert company.rows("SELECT party FROM document") == [before[:1]]

    with pytest.raises(psycopg.errors.CheckViolation), company.db.transaction() as tx:
        tx.execute("UPDATE document SET party = party + 1")

    (before,) = company.rows("SELECT party, entry FROM document")
    assert before[0] == party
    # Another customer: the old entry is reversed where it stood, and a new one is made.
    company.change("invoices", "i1", customer_id="c2")
    company.sync()
    reversed_on = company.rows(
        "SELECT p.party FROM entry e JOIN posting p ON p.entry = e.id AND p.account = '1200' WHERE e.kind = 'reverse'"
        " AND e.reverses = %s", before[1],
    )  # fmt: skip
    assert company.owed() == {1: 0, 2: 119}
    assert reversed_on == [before[:1]]
