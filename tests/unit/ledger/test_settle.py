from datetime import date

import polars as pl
import pytest
from tests.unit.ledger.books import ONE, Books, a_document

from customer_sync.core.ledger import compiled, unbalanced
from customer_sync.model.ledger_config import LedgerConfig


def an_invoice(document, total, day=1, **given):
    return a_document(document, total=total, tax=0, date=date(2026, 1, day), **given)


def a_payment(document, total, day=20, **given):
    return a_document(document, type="payment", total=total, date=date(2026, 1, day), **given)


def owed(books, account="1200", column="amount_e4"):
    rows = books.postings.filter(account=account).group_by("document").agg(pl.col(column).sum())
    return {document: amount / ONE for document, amount in sorted(rows.rows()) if amount}


def test_a_payment_pays_the_oldest_first_and_what_is_left_is_credit():
    books = Books()

    books.absorb(an_invoice(1, 60, day=5), an_invoice(2, 50, day=3), a_payment(3, 100))
    assert owed(books) == {1: 10}

    books.absorb(a_payment(4, 30, day=21))
    assert owed(books) == {}
    assert owed(books, "2150") == {4: -20}


def test_an_older_invoice_that_arrives_late_is_paid_first():
    books = Books()
    books.absorb(an_invoice(1, 50, day=5), a_payment(2, 50))

    books.absorb(an_invoice(3, 50, day=2))

    assert owed(books) == {1: 50}


def test_what_the_source_allocates_comes_before_the_oldest():
    books = Books()

    books.absorb(
        an_invoice(1, 50, day=2), an_invoice(2, 50, day=5), a_payment(3, 60), given={3: [("d2", None)]}
    )  # fmt: skip

    assert owed(books) == {1: 40}


def test_an_amount_kept_for_an_invoice_not_seen_yet_pays_nothing_else():
    books = Books()
    books.absorb(an_invoice(1, 50), a_payment(2, 50), given={2: [("d3", 30 * ONE)]})
    assert owed(books) == {1: 30}

    books.absorb(an_invoice(3, 30, day=9))
    assert owed(books) == {1: 30}
    assert owed(books, "2150") == {}


def test_the_source_cannot_allocate_more_than_there_is():
    books = Books()

    books.absorb(
        an_invoice(1, 50), a_payment(2, 40), a_payment(3, 40, day=21),
        given={2: [("d1", 40 * ONE)], 3: [("d1", 40 * ONE)]},
    )  # fmt: skip

    assert owed(books) == {}
    assert owed(books, "2150") == {3: -30}


def test_by_policy_only_what_the_source_allocates_is_settled():
    books = Books(rules=compiled(LedgerConfig(allocation="given"), "EUR"))

    books.absorb(an_invoice(1, 50), a_payment(2, 50))

    assert owed(books) == {1: 50}
    assert owed(books, "2150") == {2: -50}


def test_a_refund_takes_from_the_credit():
    books = Books()

    books.absorb(
        a_document(1, type="credit_note", total=30, tax=0),
        a_document(2, type="refund", total=30, processor="x"),
    )

    assert books.sums() == {"1300.x": -30, "4200": 30}
    assert owed(books, "2150") == {}


@pytest.mark.parametrize(("rate", "account", "difference"), [
    (0.95, "4900", -5.5), (0.85, "5900", 5.5), (0.9, None, 0),
])  # fmt: skip
def test_paying_realises_the_exchange_difference(rate, account, difference):
    books = Books()

    books.absorb(
        an_invoice(1, 110, currency="USD", rate=0.9), a_payment(2, 110, currency="USD", rate=rate)
    )

    worth = books.sums("functional_e4")
    assert {name: worth[name] for name in ("4900", "5900") if name in worth} == (
        {account: difference} if account else {}
    )
    assert "1200" not in worth
    assert "2150" not in worth
    assert unbalanced(books.postings).is_empty()


def test_what_is_paid_in_parts_is_worth_what_it_was_posted_with_in_the_end():
    books = Books()
    books.absorb(an_invoice(1, 100, currency="USD", rate=0.87654))

    for number in (2, 3, 4):
        books.absorb(a_payment(number, 33.33, day=10 + number, currency="USD", rate=0.9))
    assert owed(books, column="functional_e4") == {1: 0.01}

    books.absorb(a_payment(5, 0.01, currency="USD", rate=0.9))
    assert owed(books, column="functional_e4") == {}


def test_currencies_do_not_pay_for_each_other():
    books = Books()

    books.absorb(an_invoice(1, 50), a_payment(2, 50, currency="USD", rate=0.9))

    assert owed(books) == {1: 50}


def test_a_voided_payment_opens_what_it_had_paid():
    books = Books()
    books.absorb(an_invoice(1, 50), a_payment(2, 50))

    books.absorb(a_payment(2, 50, status="void"))

    assert owed(books) == {1: 50}
    assert books.sums() == {"1200": 50, "4000": -50}
    assert books.pairs == {}


def test_a_changed_invoice_is_settled_anew():
    books = Books()
    books.absorb(an_invoice(1, 50), a_payment(2, 50))

    books.absorb(an_invoice(1, 40))

    assert owed(books, "2150") == {2: -10}


def test_customers_do_not_pay_for_each_other_until_they_are_merged():
    books = Books()
    books.absorb(an_invoice(1, 50, party=7), a_payment(2, 50, party=8))
    assert owed(books) == {1: 50}

    books.merge(p7=1, p8=1)
    assert owed(books) == {}

    books.merge(p7=7, p8=8)
    assert owed(books) == {1: 50}
    assert owed(books, "2150") == {2: -50}


def test_one_entry_tells_what_became_of_one_credit():
    books = Books()

    books.absorb(an_invoice(1, 30), an_invoice(2, 30, day=2), a_payment(3, 70))

    (entry,) = books.entries.filter(kind="allocate").to_dicts()
    assert (entry["document"], entry["rule"], entry["date"]) == (3, "allocate", date(2026, 1, 20))
    lines = (
        books.postings.filter(entry=entry["entry"])
        .select("account", "document", "amount_e4")
        .rows()
    )
    assert lines == [("2150", 3, 60 * ONE), ("1200", 1, -30 * ONE), ("1200", 2, -30 * ONE)]


def test_settling_never_touches_a_closed_period():
    books = Books(closed=["2026-01"], rules=compiled(LedgerConfig(closed_period="redate"), "EUR"))

    books.absorb(an_invoice(1, 30), a_payment(3, 30))

    assert set(books.entries["period"]) == {"2026-02"}


@pytest.mark.parametrize("parts", [(30, 20), (25, 25), (49, 1)])
def test_a_pair_that_stands_in_several_parts_is_settled_once(parts):
    """As somebody else's program may leave it: one payment allocated twice to one invoice."""
    books = Books()
    books.absorb(an_invoice(1, 50), a_payment(2, 50))
    books.pairs = {number: (1, 2, part * ONE) for number, part in enumerate(parts)}
    books.next_pair = len(parts)

    books.absorb(an_invoice(3, 70, day=9), a_payment(4, 60, day=21))

    for document, amount in ((1, 50), (2, 50), (3, 70), (4, 60)):
        settled = sum(pair[2] for pair in books.pairs.values() if document in pair[:2])
        assert settled <= amount * ONE
    assert sorted(pair for pair in books.pairs.values()) == [(1, 2, 50 * ONE), (3, 4, 60 * ONE)]
