"""Closed periods: nothing gets in by any door, and closing waits for those who post."""

import threading
from datetime import date

import psycopg
import pytest
from bookkeeping import Bookkeeper
from books import NOW, sale

from customer_sync.store import periods

pytestmark = pytest.mark.pg15


def close(keeper: Bookkeeper, period: str, state: str = periods.CLOSED) -> bool:
    with keeper.db.transaction() as tx:
        return periods.set_state(tx, period, state, by="ann", now=NOW)


def test_nothing_is_posted_into_a_closed_period_until_it_is_reopened(keeper: Bookkeeper):
    keeper.books.post(sale(7, 1_0000))
    assert close(keeper, "2026-01")
    assert not close(keeper, "2026-01")

    with pytest.raises(psycopg.errors.CheckViolation, match="2026-01 is closed"):
        keeper.books.post(sale(7, 1_0000, date=date(2026, 1, 31)))
    keeper.books.post(sale(7, 1_0000, date=date(2026, 2, 1)))

    assert close(keeper, "2026-01", periods.OPEN)
    keeper.books.post(sale(7, 1_0000))
    with keeper.db.transaction() as tx:
        assert periods.every(tx).rows() == [
            ("2026-01", "open", None, "ann"),
            ("2026-02", "open", None, None),
        ]


def test_a_period_may_be_closed_before_anything_is_posted_there(keeper: Bookkeeper):
    close(keeper, "2025-12")

    with pytest.raises(psycopg.errors.CheckViolation):
        keeper.books.post(sale(7, 1_0000, date=date(2025, 12, 31)))


def test_closing_waits_for_who_is_posting(keeper: Bookkeeper):
    entered, closed = threading.Event(), threading.Event()

    def post() -> None:
        with keeper.db.transaction() as tx:
            keeper.books.post_in(tx, sale(7, 1_0000))
            entered.set()
            assert not closed.wait(0.3), "closed under the feet of who is posting"

    poster = threading.Thread(target=post)
    poster.start()
    entered.wait()
    close(keeper, "2026-01")
    closed.set()
    poster.join()

    assert keeper.books.rows("SELECT count(*) FROM entry") == [(1,)]


def test_what_was_held_open_stays_open_until_it_is_committed(keeper: Bookkeeper):
    with keeper.db.transaction() as tx:
        assert periods.hold(tx, ["2026-02", "2026-01", "2026-01"]).rows() == [
            ("2026-01", "open"),
            ("2026-02", "open"),
        ]
        closing = threading.Thread(target=close, args=[keeper, "2026-01"])
        closing.start()
        keeper.books.post_in(tx, sale(7, 1_0000))
    closing.join()

    with keeper.db.transaction() as tx:
        assert periods.hold(tx, ["2026-01"]).rows() == [("2026-01", "closed")]


def test_a_period_is_a_month(keeper: Bookkeeper):
    with pytest.raises(psycopg.errors.CheckViolation):
        close(keeper, "2026-13")
