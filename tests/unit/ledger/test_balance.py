import polars as pl

from customer_sync.core.ledger import balances, unbalanced
from customer_sync.model.document import POSTINGS


def postings(*rows):
    return pl.DataFrame(
        [(entry, line, account, party, currency, amount, functional, None)
         for line, (entry, account, party, currency, amount, functional) in enumerate(rows)],
        schema=POSTINGS, orient="row",
    )  # fmt: skip


def test_balances_are_kept_apart_by_party_account_and_currency():
    frame = postings(
        (0, "1200", 7, "USD", 100, 90),
        (0, "4000", None, "USD", -100, -90),
        (1, "1200", 7, "USD", -40, -36),
        (1, "1100", None, "USD", 40, 36),
        (2, "1200", 8, "EUR", 5, 5),
        (2, "4000", None, "EUR", -5, -5),
    )

    rows = balances(frame).rows()

    assert rows == [
        (None, "1100", "USD", 40, 36),
        (None, "4000", "EUR", -5, -5),
        (None, "4000", "USD", -100, -90),
        (7, "1200", "USD", 60, 54),
        (8, "1200", "EUR", 5, 5),
    ]


def test_a_balance_of_nothing_has_no_row_but_one_of_functional_alone_has():
    frame = postings((0, "1200", 7, "USD", 100, 90), (1, "1200", 7, "USD", -100, -85))

    assert balances(frame).rows() == [(7, "1200", "USD", 0, 5)]
    assert balances(postings((0, "1200", 7, "USD", 0, 0))).is_empty()


def test_an_entry_balances_per_currency_and_in_functional():
    even = [(0, "1200", 7, "USD", 100, 90), (0, "4000", None, "USD", -100, -90)]
    crossed = [(1, "1200", 7, "USD", 100, 90), (1, "4000", None, "EUR", -100, -90)]
    uneven = [(2, "1200", 7, "USD", 100, 90), (2, "4000", None, "USD", -100, -89)]

    rows = unbalanced(postings(*even, *crossed, *uneven)).rows()

    assert rows == [(1, "EUR", -100), (1, "USD", 100), (2, None, 1)]
