"""The laws of the journal: always in balance, and the same whatever came first."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.ledger.books import ONE, Books, a_document

from customer_sync.core.ledger import balances, compiled, unbalanced
from customer_sync.model.ledger_config import LedgerConfig

START = date(2026, 1, 1)
POLICIES = ("oldest_first", "given")
REDATING = {
    policy: compiled(LedgerConfig(closed_period="redate", allocation=policy), "EUR")
    for policy in POLICIES
}
CENTS = st.integers(1, 30_000).map(lambda cents: cents / 100)
MONEY = ["invoice", "invoice", "payment", "payment", "credit_note", "refund"]


@st.composite
def a_version(draw, document, type_):
    total = draw(CENTS)
    currency = draw(st.sampled_from(["EUR", "USD"]))
    given = {
        "type": type_, "total": total, "party": draw(st.sampled_from([7, 7, 8])), "currency": currency,
        "date": START + timedelta(days=draw(st.integers(0, 80))),
        "tax": round(total * 0.09375 / 1.09375, 2) if draw(st.booleans()) else 0,
    }  # fmt: skip
    if currency == "USD":
        given["rate"] = draw(st.integers(7000, 13000)) / 10_000
    others = st.tuples(st.integers(1, 7).map(lambda n: f"d{n}"), st.one_of(st.none(), CENTS))
    told = draw(st.lists(others, max_size=2, unique_by=lambda one: one[0]))
    told = [
        (name, amount and round(amount * ONE)) for name, amount in told if name != f"d{document}"
    ]
    status = draw(st.sampled_from(["issued", "issued", "issued", "void"]))
    return a_document(document, status=status, **given), told


@st.composite
def histories(draw):
    """Per document its versions, oldest first; the last one can always be posted or is void."""
    histories = {}
    for document in range(1, draw(st.integers(2, 7)) + 1):
        type_ = draw(st.sampled_from(MONEY))
        versions = [draw(a_version(document, type_)) for _ in range(draw(st.integers(1, 3)))]
        if draw(st.booleans()):
            spoilt, told = versions[0]
            spoilt = spoilt | draw(st.sampled_from([{"party": None}, {"date": None}, {"currency": "GBP"}]))  # fmt: skip
            versions.insert(draw(st.integers(0, len(versions) - 1)), (spoilt, told))
        histories[document] = versions
    return histories


def draw_batches(data, history):
    """Versions in any order across documents, in their own order within one, at most one a batch."""
    rest = {document: list(versions) for document, versions in history.items()}
    found = []
    while rest:
        chosen = data.draw(st.lists(st.sampled_from(sorted(rest)), min_size=1, unique=True))
        found.append([rest[document].pop(0) for document in chosen])
        rest = {document: versions for document, versions in rest.items() if versions}
    return found


def absorb(books, batch):
    return books.absorb(
        *(row for row, _ in batch), given={row["document"]: told for row, told in batch}
    )


def played(rules, found):
    books = Books(rules=rules)
    for batch in found:
        absorb(books, batch)
    return books


def sums(books):
    return balances(books.postings).rows()


def open_amounts(books):
    """What is open of each document, by its postings on control accounts, where anything is."""
    control = books.postings.filter(pl.col("party").is_not_null())
    rows = control.group_by("document").agg(pl.col("amount_e4", "functional_e4").sum()).rows()
    return {document: (amount, worth) for document, amount, worth in rows if amount or worth}


@settings(max_examples=25, deadline=None)
@given(st.data(), histories(), st.sampled_from(POLICIES))
def test_another_order_and_other_batches_give_the_same_balances(data, history, policy):
    rules = REDATING[policy]
    one = played(rules, draw_batches(data, history))
    other = played(rules, draw_batches(data, history))
    fresh = played(rules, [[versions[-1] for versions in history.values()]])

    assert sums(one) == sums(other) == sums(fresh)
    assert open_amounts(one) == open_amounts(fresh)
    assert sorted(one.pairs.values()) == sorted(fresh.pairs.values())


@settings(max_examples=25, deadline=None)
@given(st.data(), histories(), st.sampled_from(POLICIES))
def test_whatever_happens_everything_stays_in_balance(data, history, policy):
    """Documents, changes, voids, closes, merges, unmerges and replays, in any order."""
    books = Books(rules=REDATING[policy])
    last = {}
    for batch in draw_batches(data, history):
        before = books.entries.height
        absorb(books, batch)
        last |= {row["document"]: (row, told) for row, told in batch}
        if data.draw(st.booleans()):
            books.merge(
                p7=data.draw(st.sampled_from([1, 2])), p8=data.draw(st.sampled_from([1, 2]))
            )

        assert unbalanced(books.postings).is_empty()
        new = books.entries.filter(pl.col("entry") >= before)
        assert not set(new["period"]) & set(books.closed)
        assert_open_is_what_is_not_settled(books)

        if data.draw(st.booleans()):
            books.closed = sorted(
                {*books.closed, data.draw(st.sampled_from(["2026-01", "2026-02"]))}
            )
        height = books.entries.height
        absorb(books, [last[document] for document in data.draw(st.permutations(sorted(last)))])
        assert books.entries.height == height


@settings(max_examples=12, deadline=None)
@given(st.data(), histories())
def test_closing_periods_moves_days_and_no_balance(data, history):
    found = draw_batches(data, history)
    closing = Books(rules=REDATING["oldest_first"])
    for batch in found:
        closing.closed = sorted(
            {*closing.closed, data.draw(st.sampled_from(["2026-01", "2026-02"]))}
        )
        absorb(closing, batch)

    assert sums(closing) == sums(played(REDATING["oldest_first"], found))


@settings(max_examples=12, deadline=None)
@given(st.data(), histories())
def test_unmerging_restores_exactly(data, history):
    books = played(REDATING["oldest_first"], draw_batches(data, history))
    before, pairs = sums(books), sorted(books.pairs.values())

    books.merge(p7=1, p8=1)
    assert unbalanced(books.postings).is_empty()
    books.merge(p7=7, p8=8)

    assert sums(books) == before
    assert sorted(books.pairs.values()) == pairs


def assert_open_is_what_is_not_settled(books):
    items = books.open_items()
    expected = {
        document: amount - settled if amount > 0 else amount + settled
        for document, amount, settled in items.select("document", "amount_e4", "settled_e4").rows()
    }
    found = {document: amount for document, (amount, _) in open_amounts(books).items() if amount}
    assert found == {document: amount for document, amount in expected.items() if amount}
    assert all(
        abs(settled) <= abs(amount)
        for amount, settled in items.select("amount_e4", "settled_e4").rows()
    )
    # What is wholly settled is worth nothing any more.
    assert set(open_amounts(books)) == {d for d, amount in expected.items() if amount}


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_recognising_between_changes_gives_what_recognising_at_the_end_gives(data):
    found = []
    for _ in range(data.draw(st.integers(1, 4))):
        first = START + timedelta(days=data.draw(st.integers(0, 60)))
        service = {"service_start": first, "service_end": first + timedelta(days=data.draw(st.integers(0, 90)))}  # fmt: skip
        status = data.draw(st.sampled_from(["issued", "issued", "void"]))
        total = data.draw(CENTS)
        found.append(a_document(1, total=total, tax=0, status=status, currency="USD", rate=0.87, **service))  # fmt: skip
    between, after = Books(), Books()
    for row in found:
        between.absorb(row)
        between.recognise(START + timedelta(days=data.draw(st.integers(0, 120))))
        after.absorb(row)

    for books in (between, after):
        books.recognise(START + timedelta(days=200))
        assert unbalanced(books.postings).is_empty()

    assert sums(between) == sums(after)
    assert "2200" not in between.sums()
