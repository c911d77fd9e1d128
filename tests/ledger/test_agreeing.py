"""Verify reads documents too: each beside the books, every difference listed, what cannot be read is no agreement."""

from trading import Company

from customer_sync.engine.agreement import Agreement, DocumentAgreement
from customer_sync.engine.session import running
from customer_sync.engine.verify import verify


def verified(company: Company, *, limit: int = 100) -> tuple[Agreement, DocumentAgreement]:
    with running(company.session(), "verify") as session:
        found = verify(session, limit_differences=limit)
    (documents,) = found.documents
    return found, documents


def test_documents_that_are_posted_as_shown_agree(company: Company):
    company.buyer()
    company.invoice()
    company.payment()
    company.sync()

    found, documents = verified(company)

    assert (documents.documents, documents.agreeing, documents.by_kind) == (2, 2, {})
    assert found.agreed
    assert found.as_json()["documents"][0]["agreed"]


def test_every_difference_is_listed_by_its_cause_and_reading_changes_nothing(company: Company):
    company.buyer()
    for number in range(5):
        company.invoice(f"i{number}")
    company.invoice("w", "nobody")
    company.sync()
    before = company.balances()
    company.change("invoices", "i0", total="238")
    company.change("invoices", "i1", issued="not a day")
    company.remove("invoices", "i2")
    company.invoice("i9")

    found, documents = verified(company)
    _, short = verified(company, limit=2)

    assert not found.agreed
    assert found.accuracy == 1  # of customers: documents are counted beside
    assert {(one["external_id"], one["kind"], one["effect"], one["reason"]) for one in documents.listed} == {
        ("i0", "amount", "119.00", None), ("i2", "missing_in_source", "-119.00", None),
        ("i9", "missing_in_ledger", "119.00", None), ("w", "waiting", "119.00", "customer_missing"),
        ("i1", "unreadable", None, None),
    }  # fmt: skip
    assert (documents.documents, documents.agreeing) == (7, 2)
    assert len(short.listed) == 2
    assert company.balances() == before


def test_a_system_that_cannot_be_read_is_no_agreement(company: Company):
    company.buyer()
    company.invoice()
    company.sync()
    company.shop.execute("ALTER TABLE invoices RENAME TO away")

    found, documents = verified(company)

    assert not found.agreed
    assert documents.error is not None


def test_what_the_policy_posts_on_another_day_agrees(company: Company):
    company.ledger = {"closed_period": "redate"}
    company.publish()
    company.buyer()
    company.close("2026-02")
    company.invoice()
    company.sync()

    found, documents = verified(company)
    company.change("invoices", "i1", issued="2026-02-11")
    moved, _ = verified(company)

    assert (documents.agreeing, documents.redated) == (1, 1)
    assert found.agreed
    assert not moved.agreed
