"""Documents and their allocations: held, settled, released, and never given to another party."""

from datetime import date

import polars as pl
import psycopg
import pytest
from books import JANUARY, NOW, Books

from customer_sync.kernel.frames import empty
from customer_sync.model.document import (
    ALLOCATION_CHANGES,
    DOCUMENT_OUTCOMES,
    DOCUMENTS,
    ENTRIES,
    POSTINGS,
)
from customer_sync.store import documents, receivables

pytestmark = pytest.mark.pg15

CONTROL = {"invoice": "1200", "payment": "2150"}


def work(
    *wanted: dict, known: bool = False, allocations: pl.DataFrame | None = None
) -> documents.Work:
    """Documents posted by hand: document, type, party, amount_e4; is_changed where only noted."""
    rows = []
    for number, one in enumerate(wanted):
        rows.append({
            "party": None, "amount_e4": 0, "stream": 20, "external_id": f"d{one['document']}", "rule": one.get("type"), "number": f"N{one['document']}",
            "status": "issued", "customer_ref": "c", "date": JANUARY, "due_date": date(2026, 2, 1), "currency": "EUR",
            "rate_e12": 10**12, "total_e4": abs(one.get("amount_e4", 0)), "state": "posted", "digest": 1, "version": 1,
            "entry": number, "is_changed": True, "kind": "post", "period": "2026-01", "snapshot": "{}", **one,
        })  # fmt: skip
    frame = pl.DataFrame(rows, infer_schema_length=None)

    def shaped(schema: dict, of: pl.DataFrame) -> pl.DataFrame:
        return of.select((pl.col(n) if n in of.columns else pl.lit(None)).cast(t).alias(n) for n, t in schema.items())  # fmt: skip

    posted = frame.filter(pl.col("entry").is_not_null())
    account = pl.col("type").replace(CONTROL)
    lines = pl.concat([
        posted.with_columns(pl.col("party").cast(pl.Int64), line=pl.lit(1), account=account, functional_e4="amount_e4"),
        posted.with_columns(line=pl.lit(2), account=pl.lit("4000"), amount_e4=-pl.col("amount_e4"), functional_e4=-pl.col("amount_e4"),
                            party=pl.lit(None, pl.Int64)),
    ])  # fmt: skip
    return documents.Work(
        documents=shaped({**DOCUMENTS, "snapshot": pl.String()}, frame),
        new=pl.Series("document", [] if known else frame["document"], dtype=pl.Int64),
        outcomes=shaped(DOCUMENT_OUTCOMES, frame),
        entries=shaped(ENTRIES, posted),
        postings=shaped(POSTINGS, lines),
        allocations=empty(ALLOCATION_CHANGES) if allocations is None else allocations,
    )


def changes(*rows: tuple) -> pl.DataFrame:
    """ALLOCATION_CHANGES: allocation, debit, credit, amount_e4, entry."""
    return pl.DataFrame(list(rows), schema=ALLOCATION_CHANGES, orient="row")


def nothing(**given) -> documents.Work:
    return documents.Work(
        documents=empty({**DOCUMENTS, "snapshot": pl.String()}), new=pl.Series([], dtype=pl.Int64), outcomes=empty(DOCUMENT_OUTCOMES),
        entries=empty(ENTRIES), postings=empty(POSTINGS), **given,
    )  # fmt: skip


def done(books: Books, given: documents.Work) -> list[int]:
    with books.db.transaction() as tx:
        return list(documents.commit(tx, given, now=NOW))


INVOICE = {"document": 1, "type": "invoice", "party": 7, "amount_e4": 100_0000}
PAYMENT = {"document": 2, "type": "payment", "party": 8, "amount_e4": -30_0000}
SETTLES = changes((None, 1, 2, 30_0000, None))


@pytest.fixture
def trade(books: Books) -> Books:
    """A customer of two records: an invoice on one, a payment on the other, allocated."""
    books.customers({7: 1, 8: 1, 9: 2})
    done(books, work(INVOICE, PAYMENT, allocations=SETTLES))
    return books


def open_items(books: Books, *customers: int) -> list[tuple]:
    with books.db.transaction() as tx:
        return (
            receivables.open_items(tx, customers).select("document", "amount_e4", "open_e4").rows()
        )


def test_what_is_settled_follows_allocations(trade: Books):
    assert open_items(trade, 1) == [(1, 100_0000, 70_0000)]
    assert trade.unsound() == {}

    done(trade, nothing(allocations=changes((1, 1, 2, 30_0000, None))))

    assert open_items(trade, 1) == [(1, 100_0000, 100_0000), (2, -30_0000, -30_0000)]
    assert trade.unsound() == {}


def test_nothing_is_settled_beyond_what_it_is(trade: Books):
    with pytest.raises(psycopg.errors.CheckViolation, match="document_settled"):
        done(trade, nothing(allocations=changes((None, 1, 2, 1, None))))


def test_an_allocation_is_released_once_and_never_changed(trade: Books):
    for statement in ("UPDATE allocation SET amount = 1", "UPDATE allocation SET released_at = NULL"):  # fmt: skip
        with pytest.raises(psycopg.errors.CheckViolation, match="only be released"):
            with trade.db.transaction() as tx:
                tx.execute(statement)
    release = nothing(allocations=changes((1, 1, 2, 30_0000, None)))
    done(trade, release)
    with pytest.raises(psycopg.errors.CheckViolation, match="only be released"):
        done(trade, release)


def test_a_posted_document_keeps_its_party(trade: Books):
    for change in ("party = 9", "party = NULL", "amount = 5", "currency = 'USD'", "account = '2150'"):  # fmt: skip
        with pytest.raises(psycopg.errors.CheckViolation, match="its party stays"):
            with trade.db.transaction() as tx:
                tx.execute(f"UPDATE document SET {change} WHERE id = 1")


def test_a_document_that_was_reversed_and_posted_again_names_another_party(trade: Books):
    release = changes((1, 1, 2, 30_0000, None))
    again = INVOICE | {"party": 9, "amount_e4": 40_0000, "version": 2}
    reversal = {**INVOICE, "amount_e4": -100_0000, "kind": "reverse", "reverses": 1}
    both = work(reversal, again, known=True, allocations=release)
    outcomes = both.outcomes.filter(pl.col("version") == 2)
    both = documents.Work(
        documents=both.documents.unique("document"), new=both.new, outcomes=outcomes, entries=both.entries,
        postings=both.postings, allocations=both.allocations,
    )  # fmt: skip

    done(trade, both)

    assert open_items(trade, 1) == [(2, -30_0000, -30_0000)]
    assert open_items(trade, 2) == [(1, 40_0000, 40_0000)]
    assert trade.unsound() == {}


def test_a_change_set_aside_leaves_what_was_posted(trade: Books):
    aside = {**INVOICE, "entry": None, "is_changed": False, "reason": "period_closed", "total_e4": 5, "digest": 2}  # fmt: skip

    done(trade, work(aside, known=True))

    assert trade.rows("SELECT reason, digest, total, state FROM document WHERE id = 1") == [
        ("period_closed", 2, 100, "posted")
    ]
    assert trade.unsound() == {}


def test_a_void_document_has_nothing_to_settle(trade: Books):
    release = changes((1, 1, 2, 30_0000, None))
    reversal = {**PAYMENT, "amount_e4": 30_0000, "kind": "reverse", "reverses": 2, "state": "void"}

    done(trade, work(reversal, known=True, allocations=release))

    assert trade.rows("SELECT state, account, amount, entry FROM document WHERE id = 2") == [("void", None, 0, 3)]  # fmt: skip
    assert trade.unsound() == {}


def test_what_a_decision_looks_at_is_loaded(trade: Books):
    observed = pl.DataFrame({"stream": [20, 20], "external_id": ["d2", "new"]}, schema={"stream": pl.Int32, "external_id": pl.String})  # fmt: skip
    concerned = pl.DataFrame(
        {"party": [8, None], "since": [JANUARY, None]}, schema=documents.CONCERNED
    )

    with trade.db.transaction() as tx:
        held = documents.lock(tx, observed, concerned)
        stands = documents.standing(tx, observed)
        items, allocations = documents.items(tx, held)

    assert held.to_list() == [1, 2]
    assert stands.documents.select("document", "state", "party", "entry").rows() == [
        (2, "posted", 8, 2)
    ]
    assert stands.entries.select("entry", "document").rows() == [(2, 2)]
    assert stands.postings.select("account", "amount_e4").rows() == [
        ("2150", -30_0000),
        ("4000", 30_0000),
    ]
    assert items.select("document", "customer", "account", "amount_e4", "settled_e4").rows() == [
        (1, 1, "1200", 100_0000, 30_0000), (2, 1, "2150", -30_0000, 30_0000),
    ]  # fmt: skip
    assert allocations.rows() == [(1, 1, 2, 30_0000)]


def held(
    books: Books, *, since: date, party: int | None = 7, named: tuple[int, ...] = ()
) -> list[int]:
    observed = pl.DataFrame(schema={"stream": pl.Int32, "external_id": pl.String})
    concerned = pl.DataFrame({"party": [party], "since": [since]}, schema=documents.CONCERNED)
    with books.db.transaction() as tx:
        return documents.lock(tx, observed, concerned, pl.Series(named, dtype=pl.Int64)).to_list()


def test_what_is_settled_and_older_is_not_held(trade: Books):
    done(trade, work({**INVOICE, "document": 3, "amount_e4": 5_0000}, {**PAYMENT, "document": 4, "amount_e4": -5_0000},
                     allocations=changes((None, 3, 4, 5_0000, None))))  # fmt: skip
    later = date(2026, 1, 16)

    assert held(trade, since=later) == [1, 2]
    assert held(trade, since=JANUARY) == [1, 2, 3, 4]
    assert held(trade, since=later, party=None) == []
    assert held(trade, since=later, party=None, named=(3,)) == [3, 4]
    assert held(trade, since=later, party=9) == []


def test_what_settles_across_customers_after_an_unmerge_is_found(trade: Books):
    with trade.db.transaction() as tx:
        assert documents.crossing(tx).is_empty()
    trade.customers({8: 2})

    with trade.db.transaction() as tx:
        assert documents.crossing(tx)["allocation"].to_list() == [1]
    assert trade.unsound() == {}


def test_merging_and_unmerging_customers_touches_no_posting(trade: Books):
    before = trade.rows("SELECT * FROM posting ORDER BY 1, 2")
    with trade.db.transaction() as tx:
        apart = receivables.balances(tx)
    trade.customers({7: 2, 8: 2})
    with trade.db.transaction() as tx:
        merged = receivables.balances(tx, [2])
    trade.customers({7: 1, 8: 1})

    with trade.db.transaction() as tx:
        assert receivables.balances(tx).equals(apart)
    assert merged.select("customer", "account", "amount_e4").rows() == [
        (2, "1200", 100_0000),
        (2, "2150", -30_0000),
    ]
    assert trade.rows("SELECT * FROM posting ORDER BY 1, 2") == before


def test_what_an_owner_did_to_documents_is_found(trade: Books):
    for statement, expected in (
        ("UPDATE document SET amount = 90 WHERE id = 1", {"documents_unsound"}),
        ("UPDATE document SET entry = 99 WHERE id = 1", {"documents_unsound"}),
        ("UPDATE document SET entry = 2 WHERE id = 1", {"documents_unsound"}),
        ("UPDATE document SET settled = 1 WHERE id = 1", {"settled_differs"}),
        ("DELETE FROM allocation", {"settled_differs"}),
    ):
        with trade.owner.transaction() as tx:
            tx.execute(
                "ALTER TABLE document DISABLE TRIGGER USER; ALTER TABLE allocation DISABLE TRIGGER USER"
            )
            tx.execute(statement)
            found = {question for question in trade.questions if trade.asked(tx, question)}
            tx.discard()

        assert found - {"journal_unguarded"} == expected, statement
