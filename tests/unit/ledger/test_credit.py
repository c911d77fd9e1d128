from datetime import date, timedelta

import polars as pl
import pytest
from tests.unit.ledger.books import ONE, RULES, Books, a_document

from customer_sync.core.ledger import (
    aged,
    cleared,
    cohorts,
    credit,
    purchases,
    realised,
    revenue,
    tiers,
)
from customer_sync.model.document import CLEARING, OPEN
from customer_sync.model.ledger_config import Ageing, Dunning, LedgerConfig, Loyalty

DAY = date(2026, 6, 30)


def open_items(*rows):
    """customer, days late, open amount"""
    return pl.DataFrame(
        [(number, customer, "EUR", DAY - timedelta(days=late), amount * ONE, amount * ONE)
         for number, (customer, late, amount) in enumerate(rows)],
        schema=OPEN, orient="row",
    )  # fmt: skip


def limits(*rows):
    schema = {"customer": pl.Int64, "limit_e4": pl.Int64}
    return pl.DataFrame([(c, None if e is None else e * ONE) for c, e in rows], schema=schema, orient="row")  # fmt: skip


@pytest.mark.parametrize(("late", "bucket"), [
    (-5, "not_due"), (0, "not_due"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (90, "61-90"), (91, "over-90"),
])  # fmt: skip
def test_an_item_is_as_old_as_it_is_overdue(late, bucket):
    assert aged(open_items((1, late, 10)), DAY, Ageing())["bucket"].to_list() == [bucket]


def test_buckets_add_up_to_the_balance_and_credit_hides_no_delay():
    frame = aged(open_items((1, 40, 100), (1, 5, 50), (1, 40, -30), (2, 0, 7)), DAY, Ageing())

    assert frame.select("customer", "bucket", pl.col("amount_e4") // ONE).rows() == [
        (1, "1-30", 50), (1, "31-60", 100), (1, "credit", -30), (2, "not_due", 7),
    ]  # fmt: skip


def test_where_customers_stand():
    items = open_items((1, -3, 80), (2, 8, 50), (3, 40, 10), (4, 5, -20))

    frame = credit(items, limits((1, 50), (2, 60), (3, None), (5, 10)), DAY, LedgerConfig())

    rows = frame.select(
        "customer", pl.col("balance_e4", "overdue_e4", "available_e4") // ONE, "days_overdue", "dunning", "state"
    ).rows()  # fmt: skip
    assert rows == [
        (1, 80, 0, -30, 0, 0, "over_limit"),
        (2, 50, 50, 10, 8, 1, "ok"),
        (3, 10, 10, None, 40, 3, "blocked"),
        (4, -20, 0, None, 0, 0, "ok"),
        (5, 0, 0, 10, 0, 0, "ok"),
    ]


def test_too_little_is_not_dunned_and_by_choice_nobody_is_blocked():
    config = LedgerConfig(dunning=Dunning(minimum="10.50", block=None))

    frame = credit(open_items((1, 50, 10), (2, 50, 11)), limits(), DAY, config)

    assert frame.select("dunning", "state").rows() == [(0, "ok"), (3, "ok")]


def test_tiers_are_reached_by_the_points_held():
    points = pl.DataFrame({"customer": [1, 2, 3], "points_e4": [999 * ONE, 1000 * ONE, 6000 * ONE]})

    frame = tiers(points, Loyalty(tiers={"gold": 5000, "silver": 1000}))

    assert frame["tier"].to_list() == [None, "silver", "gold"]


# -- clearing -------------------------------------------------------------------------------------


def clearing(*rows):
    """payout, is it the payout itself, amount, functional"""
    return pl.DataFrame(
        [("1300.x", "USD", payout, number, DAY, is_payout, amount, worth)
         for number, (payout, is_payout, amount, worth) in enumerate(rows)],
        schema=CLEARING, orient="row",
    )  # fmt: skip


def test_a_payout_that_is_what_was_taken_less_fees_clears():
    rows = [
        ("po1", False, 100, 100),
        ("po1", False, -3, -3),
        ("po1", True, -97, -97),
        ("po2", False, 50, 50),
        ("po2", True, -49, -49),
        ("po3", False, 20, 20),
        (None, False, 5, 5),
    ]

    frame = cleared(clearing(*rows))

    assert frame.select("payout", "left_e4", "state").rows() == [
        (None, 5, "in_transit"), ("po1", 0, "cleared"), ("po2", 1, "differs"), ("po3", 20, "payout_missing"),
    ]  # fmt: skip
    assert frame["left_e4"].sum() == sum(row[2] for row in rows)


@pytest.mark.parametrize(("paid", "account"), [(95, "4900"), (85, "5900")])
def test_what_rates_left_of_a_cleared_payout_is_realised(paid, account):
    """Taken at 90, paid out at more: a gain. The clearing account is left with nothing."""
    rows = [("po1", False, 100, 90), ("po1", True, -100, -paid), ("po2", False, 10, 9), ("po2", True, -9, -8)]  # fmt: skip

    entries, postings = realised(cleared(clearing(*rows)), RULES, Books(closed=["2026-06"]).days())

    assert entries.select("kind", "document", "date").rows() == [("exchange", 1, date(2026, 7, 1))]
    assert postings.select("account", "amount_e4", "functional_e4").rows() == [
        ("1300.x", 0, paid - 90), (account, 0, 90 - paid),
    ]  # fmt: skip


# -- attribution ----------------------------------------------------------------------------------


def test_revenue_by_campaign_adds_up_to_the_revenue_accounts():
    books = Books()
    books.absorb(
        a_document(1, campaign="spring", source="mail"),
        a_document(2, campaign="spring", currency="USD", rate=0.9),
        a_document(3, discount=10),
        a_document(4, type="credit_note", total=11.9, tax=1.9, campaign="spring"),
    )
    told = pl.DataFrame(list(books.observed.values())).select("document", "campaign", "source")
    postings = books.postings.join(told, on="document", how="left")

    frame = revenue(postings, ["campaign"], RULES)

    by_campaign = {campaign: amount / ONE for campaign, amount in frame.rows()}
    assert by_campaign == {None: 100, "spring": 180}
    worth = books.sums("functional_e4")
    assert sum(by_campaign.values()) == -(worth["4000"] + worth["4100"] + worth["4200"])


def test_what_a_customer_bought_in_its_life():
    books = Books()
    books.absorb(a_document(1, party=7), a_document(2, party=7, date=date(2026, 5, 1)))
    whose = pl.DataFrame({"document": [1, 2], "customer": [7, 7]})
    orders = pl.DataFrame(
        {"customer": [7, 7, 9], "date": [date(2026, 3, 10), date(2026, 5, 1), DAY]}
    )

    frame = purchases(books.postings.join(whose, on="document"), orders, RULES)

    assert frame.rows() == [
        (7, 200 * ONE, 2, date(2026, 3, 10), date(2026, 5, 1)), (9, 0, 1, DAY, DAY),
    ]  # fmt: skip


def orders(*rows):
    return pl.DataFrame(rows, schema={"customer": pl.Int64, "date": pl.Date}, orient="row")


def test_a_cohort_is_who_began_in_one_month_and_each_month_says_who_came_back():
    frame = cohorts(orders(
        (1, date(2025, 11, 3)), (1, date(2025, 11, 30)), (1, date(2026, 1, 1)), (2, date(2025, 11, 9)), (3, date(2026, 1, 31)),
    ))  # fmt: skip

    assert frame.rows() == [
        (date(2025, 11, 1), 0, 2, 2), (date(2025, 11, 1), 1, 2, 0), (date(2025, 11, 1), 2, 2, 1), (date(2026, 1, 1), 0, 1, 1),
    ]  # fmt: skip


def test_without_orders_there_is_no_cohort():
    assert cohorts(orders()).is_empty()
