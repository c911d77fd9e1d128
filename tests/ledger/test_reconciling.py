"""What a system says beside what the ledger holds: every difference has its cause, in every view."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from bookkeeping import RULES, Bookkeeper
from trading import Company

from customer_sync.engine.ledger.reconciling import Reconciliation, reconcile, reconcile_system
from customer_sync.engine.session import running
from customer_sync.kernel.errors import InvalidInputError, NotFoundError
from customer_sync.model.document import DOCUMENTS

ONE = 10_000
MARCH = (date(2026, 3, 1), date(2026, 3, 31))
DAY = date(2026, 3, 10)


def document(id_: int, **given: Any) -> dict[str, Any]:
    money = {
        f"{name}_e4": round(given.pop(name) * ONE) for name in ("total", "tax") if name in given
    }
    usual = {
        "document": id_, "stream": 20, "external_id": f"d{id_}", "number": f"N{id_}", "type": "invoice", "status": "issued",
        "party": 7, "customer_ref": "c7", "date": DAY, "currency": "EUR", "total_e4": 119 * ONE, "tax_e4": 19 * ONE,
    }  # fmt: skip
    return dict.fromkeys(DOCUMENTS) | usual | money | given


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=DOCUMENTS)


@pytest.fixture
def shop(keeper: Bookkeeper) -> Bookkeeper:
    """Customers 1 and 2, whose records are 7 and 8."""
    keeper.books.customers({7: 1, 8: 2})
    return keeper


def compared(
    keeper: Bookkeeper, *shown: dict[str, Any], window: tuple[date, date] = MARCH
) -> Reconciliation:
    with keeper.db.transaction(snapshot=True) as tx:
        return reconcile(
            tx,
            RULES,
            frame(*shown),
            window,
            system="shop",
            streams={20: "invoices", 21: "payments"},
        )


def kinds(found: Reconciliation) -> list[tuple[str, str, int]]:
    rows = found.differences.select("kind", "external_id", pl.col("effect_e4") // ONE).rows()
    return sorted(rows)


def test_what_agrees_is_told_as_such(shop):
    rows = [document(1), document(2, party=8, total=50, tax=0)]
    shop.absorb(frame(*rows))

    found = compared(shop, *rows)

    assert found.agrees
    assert found.documents == 2
    assert found.totals.select("type", pl.col("shown_e4", "held_e4") // ONE).rows() == [
        ("invoice", 169, 169)
    ]


# document as posted (None: it is not), as shown, and what is told
CASES = {
    "missing in the ledger": (None, {}, [("missing_in_ledger", 119)]),
    "missing in the source": ({}, None, [("missing_in_source", -119)]),
    "withdrawn in the source": ({}, {"status": "void"}, [("missing_in_source", -119)]),
    "amount": ({}, {"total": 139}, [("amount", 20)]),
    "tax": ({}, {"total": 122, "tax": 22}, [("tax", 3)]),
    "tax alone": ({}, {"tax": 18}, [("tax", 0)]),
    "rounding": ({}, {"total": 119.02}, [("rounding", 0)]),
    "date": ({}, {"date": date(2026, 3, 12)}, [("date", 0)]),
    "period, left": ({}, {"date": date(2026, 4, 1)}, [("date", -119)]),
    "period, entered": ({"date": date(2026, 2, 27)}, {}, [("date", 119)]),
    "currency": ({}, {"currency": "USD", "rate_e12": 10**12}, [("currency", -119), ("currency", 119)]),
    "wrong customer": ({}, {"party": 8}, [("wrong_customer", -119), ("wrong_customer", 119)]),
    "waiting": ({"party": None}, {}, [("waiting", 119)]),
    "waiting for its rate": ({"currency": "USD"}, {"currency": "USD"}, [("waiting", 119)]),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_every_difference_is_told_by_its_cause_and_adds_up(shop, case):
    posted, shown, expected = CASES[case]
    others = [document(2), document(3, type="payment", stream=21, total=100, tax=0, payout="po1")]
    posted_rows = others + ([] if posted is None else [document(1, **posted)])
    shown_rows = others + ([] if shown is None else [document(1, **shown)])
    shop.absorb(frame(*posted_rows))

    found = compared(shop, *shown_rows)

    assert kinds(found) == [(kind, "d1", effect) for kind, effect in sorted(expected)]
    assert found.is_explained
    assert not found.agrees
    for view in (found.totals, found.customers, found.payouts):
        assert (view["difference_e4"] == view["explained_e4"]).all()


def test_what_was_posted_twice_is_told(shop):
    shop.absorb(frame(document(1), document(2, number="N1")))

    found = compared(shop, document(1))

    assert kinds(found) == [("posted_twice", "d2", -119)]
    assert found.is_explained


def test_a_wrong_customer_is_told_on_both_sides(shop):
    shop.absorb(frame(document(1)))

    found = compared(shop, document(1, party=8))

    rows = found.customers.select(
        "customer", pl.col("shown_e4", "held_e4", "explained_e4") // ONE
    ).rows()
    assert rows == [(1, 0, 119, -119), (2, 119, 0, 119)]


def test_a_payout_is_what_it_carries_and_clears(shop):
    carried = [
        document(1, stream=21, type="payment", total=100, tax=0, payout="po1"), document(2, stream=21, type="refund", total=30, tax=0, payout="po1"),
        document(3, stream=21, type="payout", total=70, tax=0, party=None, external_id="po1"), document(4, stream=21, type="payment", total=10, tax=0, payout="po2"),
    ]  # fmt: skip
    shop.absorb(frame(*carried))
    shown = [
        *carried[:2],
        document(3, stream=21, type="payout", total=65, tax=0, party=None, external_id="po1"),
        carried[3],
    ]

    found = compared(shop, *shown)

    rows = found.payouts.select(
        "payout", pl.col("shown_e4", "held_e4", "explained_e4", "left_e4") // ONE, "state"
    ).rows()
    assert rows == [("po1", 5, 0, 5, 0, "cleared"), ("po2", 10, 10, 0, 10, "payout_missing")]
    assert found.is_explained


def test_what_somebody_posted_past_the_ledger_is_unexplained(shop):
    shop.absorb(frame(document(1)))
    with shop.books.owner.transaction() as tx:
        tx.execute("ALTER TABLE posting DISABLE TRIGGER ALL")
        tx.execute("UPDATE posting SET amount = amount + 1 WHERE account = '1200'")

    found = compared(shop, document(1))

    assert kinds(found) == [("unexplained", "d1", -1)]
    assert not found.is_explained


def test_a_past_period_is_reconciled_as_it_is_now(shop):
    shop.absorb(frame(document(1), document(2, date=date(2026, 4, 2))))
    shop.absorb(frame(document(1, total=200, tax=19)))

    found = compared(shop, document(1, total=200, tax=19))

    assert found.agrees
    assert compared(shop, document(1), window=(date(2026, 4, 1), date(2026, 4, 30))).differences[
        "external_id"
    ].to_list() == ["d2"]


def test_empty_sides_agree(shop):
    assert compared(shop).agrees


# -- through a real system --------------------------------------------------------------------------


def reconciled(
    company: Company, since: str = "2026-02-01", until: str = "2026-02-28"
) -> Reconciliation:
    window = (date.fromisoformat(since), date.fromisoformat(until))
    with running(company.session(), "reconcile") as session:
        return reconcile_system(session, "shop", window)


def test_what_was_absorbed_agrees_with_its_system(company: Company):
    company.buyer()
    company.invoice()
    company.invoice(
        "i2", currency="USD", rate="0.9", customer=None, mail="guest@mail.example", name="Gil Guest"
    )
    company.payment(payout="po1")
    company.sync()

    found = reconciled(company)

    assert found.agrees
    assert found.documents == 3
    assert found.totals.select("type", "currency").rows() == [
        ("invoice", "EUR"),
        ("invoice", "USD"),
        ("payment", "EUR"),
    ]
    assert company.unsound() == {}


def test_one_planted_difference_of_each_kind_is_explained(company: Company):
    for id_ in ("c1", "c2"):
        company.buyer(id_)
    for number in range(1, 11):
        company.invoice(f"i{number}", number=f"N{number}")
    company.invoice("copy", number="N10")
    company.invoice("late", issued="2026-01-31")
    company.invoice("stranger", customer="c9")
    company.payment(payout="po1")
    company.sync()
    company.invoice("new")
    company.change("invoices", "i1", total="139", lines='[{"price": 120}]')
    company.change("invoices", "i2", tax="19.50", total="119.50")
    company.change("invoices", "i3", total="119.01")
    company.change("invoices", "i4", issued="2026-02-11")
    company.change("invoices", "i5", currency="USD", rate="0.9")
    company.change("invoices", "i6", customer_id="c2")
    company.change("invoices", "late", issued="2026-02-01")
    company.remove("invoices", "i7")
    company.remove("invoices", "copy")
    company.change("payments", "p1", amount="100")

    found = reconciled(company)

    told = {(kind, id_) for kind, id_ in found.differences.select("kind", "external_id").rows()}
    assert told == {
        ("missing_in_ledger", "new"), ("amount", "i1"), ("tax", "i2"), ("rounding", "i3"), ("date", "i4"), ("currency", "i5"),
        ("wrong_customer", "i6"), ("date", "late"), ("missing_in_source", "i7"), ("posted_twice", "copy"), ("waiting", "stranger"),
        ("amount", "p1"),
    }  # fmt: skip
    assert found.is_explained
    assert found.customers["unexplained_e4"].to_list() == [0] * found.customers.height
    assert found.payouts.filter(payout="po1")["explained_e4"].to_list() == [-19 * ONE]

    company.sync(whole=True)
    after = reconciled(company)

    assert {
        (kind, id_) for kind, id_ in after.differences.select("kind", "external_id").rows()
    } == {("waiting", "stranger")}


def test_reading_to_reconcile_changes_nothing(company: Company):
    company.buyer()
    company.invoice()
    company.sync()
    before = (
        company.rows("SELECT count(*), max(id) FROM event WHERE kind LIKE %s", "document.%"),
        company.states(),
    )
    company.change("invoices", "i1", total="500", lines='[{"price": 481}]')

    reconciled(company)

    assert (
        company.rows("SELECT count(*), max(id) FROM event WHERE kind LIKE %s", "document.%"),
        company.states(),
    ) == before
    company.sync()
    assert company.owed() == {1: 500}


@pytest.mark.parametrize(("system", "error"), [("crm", NotFoundError), ("", NotFoundError)])
def test_who_has_no_documents_is_said(company: Company, system: str, error: type[Exception]):
    with running(company.session(), "reconcile") as session:
        with pytest.raises(error, match="with documents"):
            reconcile_system(session, system, MARCH)
        with pytest.raises(InvalidInputError):
            reconcile_system(session, "shop", (MARCH[1], MARCH[0]))
