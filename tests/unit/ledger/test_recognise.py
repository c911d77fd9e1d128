from datetime import date

from tests.unit.ledger.books import ONE, RULES, Books, a_document, a_line

from customer_sync.core.ledger import months, unbalanced

YEAR = {"service_start": date(2026, 1, 1), "service_end": date(2026, 12, 31)}


def test_revenue_of_a_service_period_waits_and_comes_day_by_day():
    books = Books()
    books.absorb(a_document(total=365, tax=0, date=date(2026, 1, 1), **YEAR))
    assert books.sums() == {"1200": 365, "2200": -365}

    books.recognise(date(2026, 2, 28))

    assert books.sums() == {"1200": 365, "2200": -306, "4000": -59}
    dates = books.entries.filter(kind="recognise")["date"].to_list()
    assert dates == [date(2026, 1, 31), date(2026, 2, 28)]
    assert unbalanced(books.postings).is_empty()


def test_the_months_add_up_to_the_last_unit_in_both_currencies():
    books = Books()
    books.absorb(
        a_document(total=100, tax=0, currency="USD", rate=0.87654, **YEAR, date=date(2026, 1, 1))
    )

    each = months(books.schedules, RULES)

    assert each.height == 12
    assert each["amount_e4"].sum() == -100 * ONE
    assert each["functional_e4"].sum() == round(-87.65 * ONE)
    assert (each["amount_e4"] % 100 == 0).all()


def test_recognising_again_recognises_nothing():
    books = Books()
    books.absorb(a_document(total=365, tax=0, date=date(2026, 1, 1), **YEAR))
    books.recognise(date(2026, 6, 30))
    entries = books.entries.height

    books.recognise(date(2026, 6, 30))
    assert books.entries.height == entries

    books.recognise(date(2026, 7, 31))
    assert books.entries.height == entries + 1


def test_nothing_is_recognised_before_it_was_posted_nor_in_a_closed_period():
    books = Books(closed=["2026-04"])
    books.absorb(a_document(total=365, tax=0, date=date(2026, 3, 10), **YEAR))

    books.recognise(date(2026, 5, 31))

    dates = books.entries.filter(kind="recognise")["date"].to_list()
    assert dates == [date(2026, 3, 10)] * 2 + [
        date(2026, 3, 31),
        date(2026, 5, 1),
        date(2026, 5, 31),
    ]


def test_a_voided_subscription_takes_back_what_was_recognised():
    books = Books()
    books.absorb(a_document(total=365, tax=0, date=date(2026, 1, 1), **YEAR))
    books.recognise(date(2026, 3, 31))

    books.absorb(a_document(total=365, tax=0, date=date(2026, 1, 1), status="void", **YEAR))

    assert books.sums() == {}


def test_a_changed_subscription_is_recognised_anew():
    books = Books()
    books.absorb(a_document(total=365, tax=0, date=date(2026, 1, 1), **YEAR))
    books.recognise(date(2026, 3, 31))

    books.absorb(a_document(total=730, tax=0, date=date(2026, 1, 1), **YEAR))
    books.recognise(date(2026, 3, 31))

    assert books.sums() == {"1200": 730, "2200": -550, "4000": -180}


def test_each_line_has_its_own_service_period_and_discounts_wait_with_it():
    books = Books()
    books.absorb(
        a_document(total=108, tax=0, date=date(2026, 1, 1)),
        lines=[
            a_line(1, 1, 59, service_start=date(2026, 1, 1), service_end=date(2026, 2, 28)),
            a_line(1, 2, 50, account="4000.goods"),
            a_line(1, 3, 1, kind="discount", service_start=date(2026, 1, 1), service_end=date(2026, 1, 1)),
        ],
    )  # fmt: skip
    assert books.sums() == {"1200": 108, "2200": -58, "4000.goods": -50}

    books.recognise(date(2026, 1, 31))

    assert books.sums() == {"1200": 108, "2200": -28, "4000": -31, "4000.goods": -50, "4100": 1}
