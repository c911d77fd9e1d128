"""What customers owe: by statement, open items and opening balances."""

from datetime import date

import polars as pl
import pytest
from bookkeeping import Bookkeeper
from books import NOW, Entry, Line, sale

from customer_sync.engine.ledger import OPENING, open_balances
from customer_sync.store import journal, periods, receivables

DAYS = [date(2026, 1, 5), date(2026, 1, 20), date(2026, 2, 3)]


@pytest.fixture
def traded(keeper: Bookkeeper) -> Bookkeeper:
    keeper.books.customers({7: 1, 8: 1, 9: 2})
    applied = [
        Line(account="2150", amount=5_0000, party=8),
        Line(account="1200", amount=-5_0000, party=7),
    ]
    keeper.books.post(
        sale(7, 100_0000, date=DAYS[2]), sale(8, 20_0000, date=DAYS[0]), sale(9, 7_0000, date=DAYS[0]),
        sale(7, -30_0000, date=DAYS[1]), Entry(lines=applied, date=DAYS[1], kind="allocate"),
    )  # fmt: skip
    return keeper


def test_a_statement_runs_over_all_records_of_the_customer(traded: Bookkeeper):
    with traded.db.transaction() as tx:
        whole = receivables.statement(tx, 1)
        later = receivables.statement(tx, 1, since=DAYS[1], until=DAYS[1])

    assert whole.forward.is_empty()
    assert whole.lines.select("date", "amount_e4", "balance_e4").rows() == [
        (DAYS[0], 20_0000, 20_0000), (DAYS[1], -30_0000, -10_0000), (DAYS[2], 100_0000, 90_0000),
    ]  # fmt: skip
    assert later.forward.rows() == [("EUR", 20_0000, 20_0000)]
    assert later.lines.select("amount_e4", "balance_e4").rows() == [(-30_0000, -10_0000)]


def test_the_trial_balance_is_nothing_as_a_whole_and_the_same_both_ways(traded: Bookkeeper):
    with traded.db.transaction() as tx:
        kept = journal.trial_balance(tx)
        added = journal.trial_balance(tx, since=date(2000, 1, 1))
        january = journal.trial_balance(tx, until=date(2026, 1, 31))

    assert kept["amount_e4"].sum() == 0
    columns = ["account", "currency", "amount_e4", "functional_e4"]
    assert kept.select(columns).equals(added.select(columns))
    assert january.filter(account="1200").select("debit_e4", "credit_e4", "amount_e4").rows() == [(27_0000, 35_0000, -8_0000)]  # fmt: skip


def test_the_general_ledger_of_an_account_is_in_the_order_of_days(traded: Bookkeeper):
    with traded.db.transaction() as tx:
        found = journal.general_ledger(tx, "1200", until=DAYS[1])

    assert found.select("date", "customer", "amount_e4").rows() == [
        (DAYS[0], 1, 20_0000), (DAYS[0], 2, 7_0000), (DAYS[1], 1, -30_0000), (DAYS[1], 1, -5_0000),
    ]  # fmt: skip


def opening(*rows: dict) -> pl.DataFrame:
    usual = {"stream": 10, "number": None, "date": DAYS[0], "due_date": DAYS[1], "currency": "EUR"}
    full = [{**usual, "functional_e4": row.get("amount_e4"), **row} for row in rows]
    return pl.DataFrame(full, schema=OPENING)


def test_opening_balances_are_posted_once_and_age(keeper: Bookkeeper):
    keeper.books.customers({7: 1, 8: 1})
    rows = opening(
        {"external_id": "c7", "amount_e4": 119_0000, "number": "A1"}, {"external_id": "c7", "amount_e4": 1_0000, "number": "A2"},
        {"external_id": "c8", "amount_e4": -20_0000, "functional_e4": -18_0000, "currency": "USD"},
    )  # fmt: skip

    first, again = open_balances(keeper.db, rows, now=NOW), open_balances(keeper.db, rows, now=NOW)

    assert (first.posted, first.known, again.posted, again.known) == (3, 0, 0, 3)
    with keeper.db.transaction() as tx:
        items = (
            receivables.open_items(tx, [1])
            .select("number", "due_date", "account", "open_e4")
            .rows()
        )
    assert items == [
        ("A1", DAYS[1], "1200", 119_0000),
        ("A2", DAYS[1], "1200", 1_0000),
        (None, DAYS[1], "2150", -20_0000),
    ]
    assert keeper.books.unsound() == {}


def test_an_opening_balance_that_cannot_be_posted_says_why_and_stops_itself_only(
    keeper: Bookkeeper,
):
    keeper.books.customers({7: 1})
    with keeper.db.transaction() as tx:
        periods.set_state(tx, "2025-12", periods.CLOSED, by="ann", now=NOW)
    open_balances(
        keeper.db, opening({"external_id": "c7", "amount_e4": 100, "number": "old"}), now=NOW
    )

    done = open_balances(keeper.db, opening(
        {"external_id": "c7", "amount_e4": 5_0000},
        {"external_id": "nobody", "amount_e4": 5_0000},
        {"external_id": "c7", "amount_e4": 0, "number": "0"},
        {"external_id": "c7", "amount_e4": 500, "functional_e4": -500, "number": "1"},
        {"external_id": "c7", "amount_e4": 500, "currency": "euro", "number": "2"},
        {"external_id": "c7", "amount_e4": 500, "date": None, "number": "3"},
        {"external_id": "c7", "amount_e4": 500, "date": date(2025, 12, 31), "number": "4"},
        {"external_id": "c7", "amount_e4": 500, "number": "5"}, {"external_id": "c7", "amount_e4": 600, "number": "5"},
        {"external_id": "c7", "amount_e4": 200, "number": "old"},
        {"external_id": "c7", "amount_e4": 9 * 10**18 + 1, "number": "6"},
        {"external_id": "c7", "amount_e4": 10_0050, "number": "7"}, {"external_id": "c7", "amount_e4": 10_5000, "currency": "JPY", "number": "8"},
    ), now=NOW)  # fmt: skip

    assert done.posted == 1
    assert done.rejects.rows() == [
        (1, "opening_customer"), (2, "opening_amount"), (3, "opening_amount"), (4, "opening_currency"), (5, "opening_incomplete"),
        (6, "opening_period"), (7, "opening_twice"), (8, "opening_twice"), (9, "opening_differs"), (10, "opening_amount"),
        (11, "opening_amount"), (12, "opening_amount"),
    ]  # fmt: skip
    assert keeper.books.unsound() == {}
