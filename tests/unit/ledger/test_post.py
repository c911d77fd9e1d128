from datetime import date

import polars as pl
import pytest
from tests.unit.ledger.books import DAY, ONE, RULES, Books, a_document, a_line

from customer_sync.core.ledger import compiled, unbalanced
from customer_sync.model.ledger_config import LedgerConfig


def test_an_invoice_debits_the_customer_and_credits_revenue_and_tax():
    books = Books()

    books.absorb(a_document(total=119, tax=19))

    assert books.sums() == {"1200": 119, "2100": -19, "4000": -100}
    control = books.postings.filter(account="1200")
    assert control.select("party", "document").rows() == [(7, 1)]
    assert books.postings.filter(pl.col("account") != "1200")["party"].to_list() == [None, None]


def test_discount_and_shipping_have_accounts_of_their_own():
    books = Books()

    books.absorb(a_document(total=107, tax=7, shipping=5, discount=15))

    assert books.sums() == {"1200": 107, "2100": -7, "4000": -110, "4010": -5, "4100": 15}


@pytest.mark.parametrize(("type_", "given", "sums"), [
    ("credit_note", {"total": 119, "tax": 19}, {"2150": -119, "2100": 19, "4200": 100}),
    ("payment", {"total": 119, "fee": 2, "processor": "Stripe"}, {"2150": -119, "1300.stripe": 117, "6100": 2}),
    ("payment", {"total": 119}, {"2150": -119, "1300": 119}),
    ("refund", {"total": 10, "processor": "PayPal EU"}, {"2150": 10, "1300.paypal-eu": -10}),
    ("fee", {"total": 3, "processor": "stripe", "party": None}, {"6100": 3, "1300.stripe": -3}),
    ("payout", {"total": 90, "processor": "stripe", "party": None}, {"1100": 90, "1300.stripe": -90}),
])  # fmt: skip
def test_every_type_has_a_sound_rule(type_, given, sums):
    books = Books()

    books.absorb(a_document(type=type_, **given))

    assert books.sums() == sums


def test_a_stream_may_post_by_another_rule():
    books = Books()

    books.absorb(
        a_document(type="refund", rule="refund_with_return", total=119, tax=19, processor="x")
    )

    assert books.sums() == {"1300.x": -119, "2100": 19, "4200": 100}


def test_an_order_is_noted_and_nothing_is_posted():
    books = Books()

    books.absorb(a_document(type="order", total=10))

    assert books.state(1) == "noted"
    assert books.postings.is_empty()


# -- tax and rounding -----------------------------------------------------------------------------


def test_prices_that_include_an_awkward_tax_come_apart_to_the_cent():
    books = Books()

    books.absorb(
        a_document(total=107.5, tax=None, prices_include_tax=True),
        lines=[a_line(1, 1, 50, rate=9.375), a_line(1, 2, 57.5, rate=9.375)],
    )

    assert books.sums() == {"1200": 107.5, "2100": -9.22, "4000": -98.28}


def test_prices_without_an_awkward_tax_get_it_line_by_line():
    books = Books()

    books.absorb(
        a_document(total=54.43, tax=None),
        lines=[a_line(1, 1, 19.99, rate=9.375), a_line(1, 2, 29.78, rate=9.375)],
    )

    assert books.sums() == {"1200": 54.43, "2100": -4.66, "4000": -49.77}


def test_tax_given_by_the_source_is_authority_and_its_cent_is_rounding():
    """The source says 4.67 of tax, its lines make 4.66; its total is what the customer owes."""
    books = Books()

    books.absorb(
        a_document(total=54.43, tax=4.67),
        lines=[a_line(1, 1, 19.99, rate=9.375), a_line(1, 2, 29.78, rate=9.375)],
    )

    assert books.sums() == {"1200": 54.43, "2100": -4.67, "4000": -49.77, "8900": 0.01}


def test_a_total_off_by_a_cent_is_rounding_and_off_by_more_than_the_cap_a_reject():
    books = Books()

    posted = books.absorb(
        a_document(1, total=5900.01, net=5900, tax=0),
        a_document(2, total=5900.06, net=5900, tax=0),
    )

    assert books.sums() == {"1200": 5900.01, "4000": -5900, "8900": -0.01}
    assert posted.rejects.rows() == [(2, "total", "total_differs", None)]
    assert books.state(2) == "rejected"


def test_tax_of_the_document_is_taken_out_of_lines_that_include_it():
    books = Books()

    books.absorb(
        a_document(total=100, tax=15.97, prices_include_tax=True),
        lines=[
            a_line(1, 1, 60),
            a_line(1, 2, 50, account="4000.books"),
            a_line(1, 3, 10, kind="discount"),
        ],
    )

    sums = books.sums()
    assert sums["2100"] == -15.97
    assert sums["4000"] + sums["4000.books"] + sums["4100"] == pytest.approx(-84.03)
    assert "8900" not in sums


def test_tax_may_be_told_apart_by_its_code():
    config = LedgerConfig(rules={"invoice": [
        {"debit": "1200", "amount": "total"}, {"credit": "2100.{tax}", "amount": "tax"},
        {"credit": "4000", "amount": "items"}, {"credit": "4010", "amount": "shipping"},
        {"debit": "4100", "amount": "discount"},
    ]})  # fmt: skip
    books = Books(rules=compiled(config, "EUR"))

    books.absorb(
        a_document(total=226.01, tax=26.01),
        lines=[
            a_line(1, 1, 100, rate=19, tax_code="DE 19"),
            a_line(1, 2, 100, rate=7, tax_code="DE 7"),
        ],
    )

    assert books.sums() == {
        "1200": 226.01, "2100": -0.01, "2100.de-19": -19, "2100.de-7": -7, "4000": -200,
    }  # fmt: skip


def test_lines_may_be_finer_than_a_cent_and_postings_never_are():
    books = Books()

    books.absorb(
        a_document(total=1, tax=0),
        lines=[a_line(1, line, 0.3333) for line in (1, 2, 3)],
    )

    assert books.sums() == {"1200": 1, "4000": -1}


def test_a_total_finer_than_its_currency_is_a_reject():
    books = Books()

    posted = books.absorb(
        a_document(1, total=10.001, tax=0),
        a_document(2, total=10.001, tax=0, currency="BHD", rate=2.4),
        a_document(3, total=10.5, tax=0, currency="JPY", rate=0.006),
    )

    assert posted.rejects["document"].to_list() == [1, 3]
    assert set(posted.rejects["code"]) == {"amount_precision"}


# -- currencies -----------------------------------------------------------------------------------


def test_the_functional_amount_stands_beside_and_balances_to_the_last_unit():
    books = Books()

    books.absorb(
        a_document(total=10.01, tax=None, currency="USD", rate=0.8765),
        lines=[
            a_line(1, 1, 3.33),
            a_line(1, 2, 3.33, account="4000.a"),
            a_line(1, 3, 3.35, account="4000.b"),
        ],
    )

    assert unbalanced(books.postings).is_empty()
    functional = books.sums("functional_e4")
    assert functional["1200"] == 8.77
    assert round(sum(functional.values()), 9) == 0


def test_a_foreign_document_without_a_rate_waits_and_posts_when_it_has_one():
    books = Books()

    first = books.absorb(a_document(currency="USD", total=100, tax=0))
    books.absorb(a_document(currency="USD", total=100, tax=0, rate=0.9))

    assert first.outcomes.select("state", "reason").rows() == [("waiting", "rate_missing")]
    assert books.sums("functional_e4") == {"1200": 90, "4000": -90}


# -- customers ------------------------------------------------------------------------------------


def test_a_document_whose_customer_is_unknown_waits_alone():
    books = Books()

    first = books.absorb(a_document(1, party=None), a_document(2))
    books.absorb(a_document(1, party=9))

    assert first.outcomes.select("state", "reason").rows() == [
        ("waiting", "customer_missing"), ("posted", None),
    ]  # fmt: skip
    assert books.state(1) == "posted"


def test_a_changed_customer_is_reversed_on_the_old_and_posted_on_the_new():
    books = Books()
    books.absorb(a_document(party=7))

    books.absorb(a_document(party=8))

    owed = books.postings.filter(account="1200").group_by("party").agg(pl.col("amount_e4").sum())
    assert sorted(owed.rows()) == [(7, 0), (8, 119 * ONE)]
    assert books.entries.select("kind", "reverses").rows() == [
        ("post", None), ("reverse", 0), ("post", None),
    ]  # fmt: skip


# -- observed again, changed, withdrawn -----------------------------------------------------------


def test_the_same_observation_twice_posts_once():
    books = Books()
    lines = [a_line(1, 1, 100, tax=19)]
    books.absorb(a_document(), lines=lines)

    again = books.absorb(a_document(), lines=lines)

    assert again.entries.is_empty()
    assert again.outcomes.select("state", "version", "is_changed").rows() == [("posted", 1, False)]


def test_what_is_no_part_of_the_content_posts_nothing():
    books = Books()
    books.absorb(a_document())

    again = books.absorb(a_document(number="R-1", campaign="spring", due_date=DAY))

    assert again.entries.is_empty()


@pytest.mark.parametrize("change", [
    {"total": 120, "tax": 20}, {"date": date(2026, 3, 11)}, {"currency": "CHF", "rate": 1.1}, {"type": "credit_note", "total": 119},
])  # fmt: skip
def test_a_change_is_reversed_and_posted_anew(change):
    books = Books()
    books.absorb(a_document())

    posted = books.absorb(a_document(**change))

    assert posted.entries["kind"].to_list() == ["reverse", "post"]
    assert posted.outcomes["version"].to_list() == [2]
    fresh = Books()
    fresh.absorb(a_document(**change))
    assert books.sums() == fresh.sums()


def test_a_changed_line_is_a_change():
    books = Books()
    books.absorb(a_document(), lines=[a_line(1, 1, 100, tax=19)])

    books.absorb(a_document(), lines=[a_line(1, 1, 100, tax=19, account="4000.books")])

    assert books.sums() == {"1200": 119, "2100": -19, "4000.books": -100}


def test_a_voided_document_is_reversed_once_and_may_come_back():
    books = Books()
    books.absorb(a_document())

    books.absorb(a_document(status="void"))
    again = books.absorb(a_document(status="void"))
    assert books.sums() == {}
    assert again.entries.is_empty()
    assert books.state(1) == "void"

    books.absorb(a_document())
    assert books.sums()["1200"] == 119


def test_a_change_that_cannot_be_posted_is_set_aside_and_what_stands_stands():
    books = Books()
    books.absorb(a_document())

    posted = books.absorb(a_document(total=None, tax=None))

    assert posted.entries.is_empty()
    assert posted.outcomes.select("state", "reason").rows() == [("posted", "rejected")]
    assert books.sums()["1200"] == 119
    assert books.absorb(a_document()).outcomes["reason"].to_list() == [None]


@pytest.mark.parametrize("account", ["1200", "1200.x", "2300", "5300", "no", "4000x"])
def test_a_line_may_not_post_to_what_only_the_ledger_posts_to(account):
    books = Books()

    posted = books.absorb(a_document(), lines=[a_line(1, 1, 119, account=account)])

    assert posted.rejects["code"].to_list() == ["account_unknown"]


def test_all_faults_of_a_document_are_told_and_stop_no_other():
    books = Books()

    posted = books.absorb(
        a_document(1, total=None, date=None, currency=None, service_start=DAY),
        a_document(2, currency="USD", rate=-1, total=1, tax=0),
        a_document(3),
        a_document(4, type="points", currency="PTS", total=5),
        a_document(5, type="invoice", rule="no_such"),
        a_document(6, total=8e14, tax=0, net=8e14),
        a_document(7),
        lines=[a_line(7, 1, 100, account="9999")],
    )

    faults = posted.rejects.group_by("document").agg("code").sort("document").rows()
    assert faults == [
        (
            1,
            [
                "date_missing",
                "document_currency_missing",
                "service_period_invalid",
                "total_missing",
            ],
        ),
        (2, ["rate_invalid"]),
        (4, ["points_kind_unknown"]),
        (5, ["rule_unknown"]),
        (6, ["amount_too_large"]),
        (7, ["account_unknown"]),
    ]
    assert books.state(3) == "posted"


# -- periods --------------------------------------------------------------------------------------

REDATING = compiled(LedgerConfig(closed_period="redate"), "EUR")


def test_a_document_in_a_closed_period_is_parked_and_posts_when_it_is_opened():
    books = Books(closed=["2026-03"])

    posted = books.absorb(a_document())
    assert posted.outcomes.select("state", "reason").rows() == [("parked", "period_closed")]
    assert posted.events.select("document", "code").rows() == [(1, "period_closed")]

    books.closed = []
    books.absorb(a_document())
    assert books.sums()["1200"] == 119


def test_a_document_in_a_closed_period_moves_to_the_next_open_day_with_a_reason():
    books = Books(rules=REDATING, closed=["2026-03", "2026-04"])

    posted = books.absorb(a_document())

    assert posted.entries.select("date", "period").rows() == [(date(2026, 5, 1), "2026-05")]
    assert posted.events.rows() == [(1, "redated", "2026-03-10 -> 2026-05-01")]


def test_a_change_of_what_stands_in_a_closed_period_never_touches_it():
    books = Books(rules=REDATING)
    books.absorb(a_document())
    books.closed = ["2026-03"]

    posted = books.absorb(a_document(total=10, tax=0))

    assert set(posted.entries["period"]) == {"2026-04"}
    assert books.sums() == {"1200": 10, "4000": -10}


def test_a_change_of_what_stands_in_a_closed_period_is_parked_by_policy():
    books = Books()
    books.absorb(a_document(1), a_document(2))
    books.closed = ["2026-03"]

    posted = books.absorb(a_document(1, total=10, tax=0), a_document(2, status="void"))

    assert posted.entries.is_empty()
    assert posted.outcomes.select("state", "reason").rows() == [("posted", "period_closed")] * 2


def test_seeing_again_what_stands_in_a_closed_period_says_nothing():
    books = Books()
    books.absorb(a_document())
    books.closed = ["2026-03"]

    posted = books.absorb(a_document())

    assert posted.outcomes.select("state", "reason").rows() == [("posted", None)]
    assert posted.events.is_empty()


# -- points ---------------------------------------------------------------------------------------


def test_points_are_a_commodity_of_their_own_without_value_in_money():
    books = Books()

    books.absorb(*(
        a_document(number, type="points", points=kind, currency="PTS", total=total)
        for number, (kind, total) in enumerate([("earned", 500), ("redeemed", 200), ("expired", 50)])
    ))  # fmt: skip

    assert books.sums() == {"2300": -250, "5300": 500, "5310": -200, "5320": -50}
    assert books.sums("functional_e4") == {}
    assert set(books.postings["currency"]) == {"PTS"}


# -- configuration --------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "said"), [
    ([{"debit": "1200", "amount": "total"}], "cannot be equal"),
    ([{"debit": "1200", "amount": "total"}, {"credit": "7777", "amount": "total"}], "not in the chart"),
    ([{"debit": "1200", "amount": "total"}, {"credit": "2150", "amount": "total"}], "control account"),
    ([{"debit": "1200", "credit": "4000", "amount": "total"}], "either"),
])  # fmt: skip
def test_a_rule_that_cannot_balance_is_refused(rule, said):
    with pytest.raises(ValueError, match=said):
        LedgerConfig(rules={"invoice": rule})


def test_the_default_rules_are_sound():
    assert set(RULES.names) >= {"invoice", "credit_note", "payment", "refund", "fee", "payout"}
    assert RULES.functional_unit == 100
