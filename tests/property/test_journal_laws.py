"""Whatever is posted, by whatever door: balanced entries keep every invariant, others are refused whole."""

import sys
from datetime import date
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "store"))

from books import Books, Entry, Line

from customer_sync.infra.pg import Database

ACCOUNTS = ("1100", "1200", "2150", "3000", "4000", "8900")
CONTROL = ("1200", "2150")
AMOUNTS = st.integers(-(10**15), 10**15)


@st.composite
def balanced(draw: st.DrawFn) -> Entry:
    """An entry of some lines; the last of each currency, and the last of all in euros, takes what is left."""
    lines: list[Line] = []
    for currency in draw(
        st.lists(st.sampled_from(["EUR", "USD", "JPY"]), min_size=1, max_size=3, unique=True)
    ):
        amounts = draw(st.lists(AMOUNTS, min_size=1, max_size=4))
        values = (
            amounts
            if currency == "EUR"
            else draw(st.lists(AMOUNTS, min_size=len(amounts), max_size=len(amounts)))
        )
        for amount, value in zip([*amounts, -sum(amounts)], [*values, -sum(values)], strict=True):
            account = draw(st.sampled_from(ACCOUNTS))
            party = draw(st.integers(1, 6)) if account in CONTROL else None
            lines.append(
                Line(
                    account=account, amount=amount, functional=value, currency=currency, party=party
                )
            )
    day = draw(st.dates(date(2025, 11, 1), date(2026, 3, 31)))
    return Entry(
        lines=draw(st.permutations(lines)),
        date=day,
        memo=draw(st.none() | st.text("aé|\n;", max_size=4)),
    )


@st.composite
def unbalanced(draw: st.DrawFn) -> Entry:
    entry = draw(balanced())
    lines = list(entry.lines)
    place = draw(st.integers(0, len(lines) - 1))
    line, more = lines[place], draw(st.integers(1, 10**6))
    in_amount, in_functional = draw(st.sampled_from([(1, 0), (0, 1), (1, 1), (-1, 0), (0, -1)]))
    lines[place] = Line(account=line.account, amount=line.amount + more * in_amount, party=line.party, currency=line.currency,
                        functional=(line.functional or 0) + more * in_functional)  # fmt: skip
    return Entry(lines=lines, date=entry.date)


def by_sql(books: Books, entry: Entry) -> None:
    with books.owner.transaction() as tx:
        id_ = tx.rows("SELECT nextval('entry_id')")[0][0]
        tx.execute("INSERT INTO entry (id, kind, date, period, rule, lines) VALUES (%s, 'correct', %s, %s, 'by hand', %s)",
                   [id_, entry.date, f"{entry.date:%Y-%m}", len(entry.lines)])  # fmt: skip
        values = [
            (id_, place, line.account, line.party, line.currency, line.amount, line.functional)
            for place, line in enumerate(entry.lines, 1)
        ]
        row = "(%s, %s, %s, %s, %s, %s / 10000::numeric, %s / 10000::numeric)"
        tx.execute("INSERT INTO posting (entry, line, account, party, currency, amount, functional) VALUES " + ", ".join([row] * len(values)),
                   [cell for one in values for cell in one])  # fmt: skip


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(balanced(), max_size=6), st.lists(unbalanced(), min_size=1, max_size=3),
    st.dictionaries(st.integers(1, 6), st.integers(1, 3)), st.booleans(),
)  # fmt: skip
def test_invariants_hold_whatever_is_posted(database: Database, fit, unfit, ties, is_by_hand):
    books = Books(database)
    books.customers({party: ties.get(party, 4) for party in range(1, 7)})
    before = books.rows("SELECT count(*) FROM entry")[0][0]

    for entry in fit if is_by_hand else []:
        by_sql(books, entry)
    if not is_by_hand and fit:
        books.post(*fit)
    for entry in unfit:
        with pytest.raises(psycopg.errors.CheckViolation, match="does not balance"):
            by_sql(books, entry)
        with pytest.raises(psycopg.errors.CheckViolation, match="does not balance"):
            books.post(*fit, entry)

    assert books.rows("SELECT count(*) FROM entry")[0][0] == before + len(fit)
    assert books.unsound() == {}
    books.owner.close()
