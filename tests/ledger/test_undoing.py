"""Undoing a run that posted documents: what came in by it is reversed and set apart; what was there before follows its system."""

from datetime import date

import pytest
from trading import Company

from customer_sync.engine.ledger.reconciling import reconcile_system
from customer_sync.engine.session import running
from customer_sync.engine.undo import Undone, undo
from customer_sync.engine.verify import verify

DOUBLED = {"total": "238", "tax": "38", "lines": "[]"}


def latest(company: Company) -> int:
    ((run,),) = company.rows("SELECT max(id) FROM run")
    assert isinstance(run, int)
    return run


def undone(company: Company, run: int | None = None) -> Undone:
    """Undo a run, the latest if none is named."""
    run = run or latest(company)
    with running(company.session(), "undo") as session:
        done = undo(session, run)
    assert company.unsound() == {}
    return done


@pytest.fixture
def sold(company: Company) -> Company:
    """A company whose last run posted an invoice, its payment, and something that waits."""
    company.buyer()
    company.sync()
    company.invoice()
    company.payment(pays="i1")
    company.invoice("i2", "nobody")
    company.sync()
    return company


def test_what_came_in_by_a_run_is_reversed_and_stays_so_whatever_its_system_shows(sold: Company):
    done = undone(sold)

    assert (done.reversed, done.reposted, done.posted) == (3, 0, 0)
    assert (sold.owed(), sold.balances()) == ({1: 0}, {})
    assert sold.states() == {"i1": ("void", None), "i2": ("void", None), "p1": ("void", None)}
    assert sold.rejects() == []

    sold.change("invoices", "i1", total="238")
    sold.buyer("nobody")
    sold.sync()
    sold.sync(whole=True)
    assert sold.balances() == {}


def test_undoing_the_undoing_posts_what_is_said_by_now(sold: Company):
    before = sold.balances()
    undone(sold)

    done = undone(sold)
    assert (done.reposted, done.reversed) == (3, 0)
    assert sold.balances() == before
    assert sold.states()["i2"] == ("waiting", "customer_missing")

    undone(sold)
    assert sold.balances() == {}
    sold.change("invoices", "i1", **DOUBLED)
    sold.sync()
    undone(sold, latest(sold) - 1)
    assert sold.balances()["4000"] == -200


def test_undoing_twice_reverses_once(sold: Company):
    run = latest(sold)
    undone(sold)
    entries = sold.entries()

    done = undone(sold, run)

    assert done.reversed == 0
    assert sold.entries() == entries


def test_a_document_that_a_run_changed_stays_and_is_told(company: Company):
    company.buyer()
    company.invoice()
    company.sync()
    company.change("invoices", "i1", **DOUBLED)
    company.sync()

    done = undone(company)

    assert (done.reversed, done.posted) == (0, 1)
    assert company.owed() == {1: 238}


def test_a_document_that_was_changed_since_stays(company: Company):
    company.buyer()
    company.invoice()
    company.sync()
    run = latest(company)
    company.change("invoices", "i1", **DOUBLED)
    company.sync()

    done = undone(company, run)

    assert done.reversed == 0
    assert company.owed() == {1: 238}


def test_a_run_that_brought_customers_and_documents_is_undone_whole_and_back(company: Company):
    company.buyer()
    company.invoice()
    company.invoice("g1", None, mail="guest@mail.example", name="Gus Guest")
    company.sync()
    before = company.balances()

    assert undone(company).reversed == 2
    assert company.balances() == {}
    company.sync(whole=True)
    assert company.balances() == {}

    undone(company, latest(company) - 1)
    assert company.balances() == before
    assert company.unsound() == {}


def test_a_closed_period_parks_the_reversal_until_it_is_open(sold: Company):
    run = latest(sold)
    sold.close("2026-02")
    before = sold.balances()

    undone(sold, run)
    assert sold.balances() == before
    assert sold.states()["i1"] == ("posted", "period_closed")

    sold.reopen("2026-02")
    sold.sync()
    assert sold.balances() == {}


def test_a_closed_period_dates_the_reversal_anew(sold: Company):
    run = latest(sold)
    sold.ledger = {"closed_period": "redate"}
    sold.publish()
    sold.close("2026-02")

    undone(sold, run)

    assert sold.balances() == {}
    days = sold.rows("SELECT DISTINCT date::text FROM entry WHERE kind = 'reverse'")
    assert days == [("2026-03-01",)]


def test_what_is_gone_while_it_was_set_apart_is_not_posted_again(sold: Company):
    undone(sold)
    sold.remove("invoices", "i1")
    sold.sync(whole=True)

    undone(sold, latest(sold) - 1)
    sold.sync(whole=True)

    assert sold.states()["i1"][0] == "void"
    assert sold.unsound() == {}


def test_reconciling_says_what_was_set_apart_and_verify_takes_it_as_decided(sold: Company):
    undone(sold)

    with running(sold.session(), "verify") as session:
        found = verify(session)
    (documents,) = found.documents
    assert (documents.agreeing, documents.by_kind) == (documents.documents, {})

    with running(sold.session(), "reconcile") as session:
        told = reconcile_system(session, "shop", (date(2026, 2, 1), date(2026, 2, 28)))
    assert told.is_explained
    assert set(told.differences["kind"]) == {"waiting"}
    assert set(told.differences["reason"]) == {"undone"}


def test_each_document_set_apart_leaves_an_event_of_its_own(sold: Company):
    undone(sold)
    undone(sold)

    told = sold.rows(
        "SELECT kind, detail FROM event WHERE kind IN ('document.excluded', 'document.included') ORDER BY id"
    )
    last = latest(sold)
    assert (
        told
        == [("document.excluded", f"undo of run {last - 2}")] * 3
        + [("document.included", f"undo of run {last - 1}")] * 3
    )
