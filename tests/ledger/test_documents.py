"""Documents reach the books from a real system, once, and as their system shows them now."""

from trading import Company


def test_an_invoice_and_its_payment_are_posted_for_their_customer(company: Company):
    company.buyer()
    company.invoice()
    company.payment()

    company.sync()

    assert company.states() == {"i1": ("posted", None), "p1": ("posted", None)}
    assert company.balances() == {"1300.stripe": 119, "2100": -19, "4000": -100}
    assert company.owed() == {1: 0}
    assert company.events() == ["document.posted", "document.posted"]


def test_what_is_shown_again_is_posted_once(company: Company):
    company.buyer()
    company.invoice()
    company.sync()
    before = company.entries()

    company.sync(whole=True)
    company.sync()

    assert company.entries() == before == [("i1", "post")]


def test_a_changed_document_is_reversed_and_posted_again(company: Company):
    company.buyer()
    company.invoice()
    company.sync()

    company.change("invoices", "i1", total="238", tax="38", lines='[{"price": 200}]')
    company.sync()

    assert company.entries() == [("i1", "post"), ("i1", "reverse"), ("i1", "post")]
    assert company.balances() == {"1200": 238, "2100": -38, "4000": -200}
    assert company.events() == ["document.posted", "document.reposted"]


def test_a_document_that_is_gone_is_void(company: Company):
    company.buyer()
    company.invoice()
    company.invoice("i2")
    company.sync()

    company.remove("invoices", "i1")
    company.sync()

    assert company.states() == {"i1": ("void", None), "i2": ("posted", None)}
    assert company.owed() == {1: 119}
    assert company.events()[-1] == "document.void"


def test_a_document_that_comes_back_is_posted_again(company: Company):
    company.buyer()
    company.invoice()
    company.invoice("i2")
    company.sync()
    company.remove("invoices", "i1")
    company.sync()

    company.invoice()
    company.sync()

    assert company.owed() == {1: 238}


def test_a_document_cancelled_by_its_status_is_void(company: Company):
    company.buyer()
    company.invoice()
    company.sync()

    company.change("invoices", "i1", status="void")
    company.sync()

    assert company.states() == {"i1": ("void", None)}
    assert company.balances() == {}
