from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.ledger.books import ONE, RULES, a_document, documents_of

from customer_sync.core.ledger import BROUGHT, OWED, reconciled, totals
from customer_sync.model.document import HELD

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
DAY = date(2026, 3, 10)


def a_held(document=1, total=119, tax=19, **given):
    """What the ledger holds of a_document(document)."""
    total, tax = round(total * ONE), round(tax * ONE)
    row = {
        "document": document, "stream": 1, "external_id": f"d{document}", "type": "invoice", "number": None,
        "state": "posted", "reason": None, "party": 7, "date": DAY, "currency": "EUR", "total_e4": total, "tax_e4": tax,
        "entries": 1, "posted_e4": total, "payout": None,
    }  # fmt: skip
    row |= given
    if row["state"] != "posted":
        row |= {"entries": 0, "posted_e4": None}
    return row


def explained(shown, held):
    shown, held = documents_of(*shown), pl.DataFrame(list(held), schema=HELD)
    causes = reconciled(shown, held, FIRST, LAST, RULES)
    return causes, totals(shown, held, causes, (FIRST, LAST), RULES)


def kinds(causes):
    return [(kind, effect / ONE) for kind, effect in causes.select("kind", "effect_e4").rows()]


def test_what_agrees_needs_no_explaining():
    causes, sums = explained([a_document()], [a_held()])

    assert causes.is_empty()
    assert sums["difference_e4"].to_list() == [0]


@pytest.mark.parametrize(("shown", "held", "causes"), [
    ([a_document()], [], [("missing_in_ledger", 119)]),
    ([], [a_held()], [("missing_in_source", -119)]),
    ([a_document(status="void")], [a_held()], [("missing_in_source", -119)]),
    ([a_document()], [a_held(state="waiting", reason="customer_missing")], [("waiting", 119)]),
    ([a_document()], [a_held(state="parked", reason="period_closed")], [("waiting", 119)]),
    ([a_document()], [a_held(reason="rejected", total=100, tax=19)], [("waiting", 19)]),
    ([a_document()], [a_held(party=3), a_held(2, number="R1")],
     [("missing_in_source", -119), ("wrong_customer", -119), ("wrong_customer", 119)]),
    ([a_document()], [a_held(), a_held(2, number="R1")], [("missing_in_source", -119)]),
    ([a_document()], [a_held(number="R1"), a_held(2, number="R1")], [("posted_twice", -119)]),
    ([a_document()], [a_held(), a_held(2)], [("posted_twice", -119)]),
    ([a_document()], [a_held(), a_held(2, party=9)], [("missing_in_source", -119)]),
    ([a_document(type="order", total=50)], [], []),
    ([a_document(type="order", total=50)], [a_held(type="order", state="noted")], []),
    ([a_document()], [a_held(entries=2, posted_e4=238 * ONE)], [("posted_twice", -119)]),
    ([a_document()], [a_held(total=110, tax=19)], [("amount", 9)]),
    ([a_document()], [a_held(total=100, tax=0)], [("tax", 19)]),
    ([a_document()], [a_held(total=90, tax=9)], [("amount", 19), ("tax", 10)]),
    ([a_document()], [a_held(total=119.01)], [("rounding", -0.01)]),
    ([a_document()], [a_held(date=date(2026, 4, 1))], [("date", 119)]),
    ([a_document(date=date(2026, 2, 27))], [a_held()], [("date", -119)]),
    ([a_document()], [a_held(date=date(2026, 3, 11))], [("date", 0)]),
    ([a_document()], [a_held(date=date(2026, 4, 1), total=100)], [("amount", 19), ("date", 100)]),
    ([a_document()], [a_held(currency="USD")], [("currency", 119), ("currency", -119)]),
    ([a_document()], [a_held(party=8)], [("wrong_customer", -119), ("wrong_customer", 119)]),
    ([a_document()], [a_held(posted_e4=100 * ONE)], [("unexplained", 19)]),
])  # fmt: skip
def test_every_difference_has_its_kind(shown, held, causes):
    found, sums = explained(shown, held)

    assert kinds(found) == causes
    unexplained = sum(effect for kind, effect in causes if kind == "unexplained")
    assert sums["unexplained_e4"].sum() == unexplained * ONE


def test_the_reason_of_what_waits_is_told():
    causes, _ = explained([a_document()], [a_held(state="waiting", reason="rate_missing")])

    assert causes.select("reason", "document").rows() == [("rate_missing", 1)]


STATES = st.sampled_from(["posted", "posted", "posted", "waiting", "void"])
TOTALS = st.sampled_from([119, 119, 119.01, 100, 250.5, -30])
SIDES = st.fixed_dictionaries({
    "total": TOTALS, "tax": st.sampled_from([19, 19, 0]), "party": st.sampled_from([7, 7, 8, None]),
    "currency": st.sampled_from(["EUR", "EUR", "USD"]),
    "date": st.sampled_from([DAY, DAY, date(2026, 3, 11), date(2026, 2, 1)]),
})  # fmt: skip
KEPT = st.fixed_dictionaries({
    "state": STATES, "reason": st.sampled_from([None, None, "rejected"]), "entries": st.sampled_from([1, 1, 2]),
    "number": st.sampled_from([None, "R1", "R2"]), "payout": st.sampled_from([None, "po1", "po2"]), "tampered": st.sampled_from([0, 0, 0, 7]),
})  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), SIDES, SIDES, KEPT, st.booleans()), max_size=6)
)
def test_whatever_differs_is_explained_exactly_in_total_and_per_customer(cases):
    shown, held = [], []
    for number, (is_shown, is_held, said, stands, kept, agrees) in enumerate(cases):
        if is_shown:
            shown.append(a_document(number, rate=1, **said))
        if is_held:
            state = {name: value for name, value in kept.items() if name != "tampered"}
            row = a_held(number, **((said if agrees else stands) | state))
            if row["state"] == "posted":
                sums = row["total_e4"] * row["entries"]
                row["posted_e4"] = abs(sums) + kept["tampered"] * ONE
            held.append(row)

    causes, sums = explained(shown, held)
    frames = documents_of(*shown), pl.DataFrame(held, schema=HELD)

    assert (sums["difference_e4"] == sums["explained_e4"] + sums["unexplained_e4"]).all()
    named = causes.filter(pl.col("kind") == "unexplained")["effect_e4"].sum()
    assert sums["unexplained_e4"].sum() == named
    if not any(case[4]["tampered"] for case in cases):
        assert named == 0
    for by in (["party", "currency"], ["payout", "currency"]):
        sums = totals(frames[0], frames[1], causes, (FIRST, LAST), RULES, by=by)
        assert sums["unexplained_e4"].sum() == named
        if not named:
            assert (sums["unexplained_e4"] == 0).all()
    by_customer = causes.group_by("party").agg(pl.col("effect_e4").sum()).rows()
    assert {k: v for k, v in by_customer if v} == per_customer(shown, held)


def per_customer(shown, held):
    """The difference of each customer, summed from both sides; who says no customer means the other's."""
    said = {row["external_id"]: row for row in shown}
    kept = {row["external_id"]: row for row in held if row["state"] == "posted"}
    known = {row["external_id"]: row for row in held}
    sums = {}
    for name in {*said, *kept}:
        mine, its, any_ = said.get(name), kept.get(name), known.get(name)
        if mine and FIRST <= mine["date"] <= LAST:
            party = mine["party"] if mine["party"] is not None else (any_ or mine)["party"]
            sums[party] = sums.get(party, 0) + mine["total_e4"]
        if its and FIRST <= its["date"] <= LAST:
            party = its["party"] if its["party"] is not None else (mine or its)["party"]
            sign = -1 if its["total_e4"] < 0 else 1
            sums[party] = sums.get(party, 0) - abs(its["posted_e4"]) * sign
    return {party: amount for party, amount in sums.items() if amount}


def test_what_a_payout_brings_is_its_payments_less_refunds_and_fees():
    shown = [
        a_document(1, type="payment", total=100, payout="po1"), a_document(2, type="refund", total=30, payout="po1"),
        a_document(3, type="fee", total=5, payout="po1", party=None), a_document(4, type="payout", total=65, party=None, external_id="po1"),
        a_document(5, type="payment", total=10, payout="po2"),
    ]  # fmt: skip
    held = [
        a_held(1, type="payment", total=100, tax=0, posted_e4=-100 * ONE), a_held(3, type="fee", total=4, tax=0, posted_e4=None, party=None, payout="po1"),
        a_held(4, type="payout", total=65, tax=0, posted_e4=None, party=None, external_id="po1"),
        a_held(5, type="payment", total=10, tax=0, payout="po9"),
    ]  # fmt: skip
    frames = documents_of(*shown), pl.DataFrame(held, schema=HELD)
    causes = reconciled(*frames, FIRST, LAST, RULES)

    sums = totals(*frames, causes, (FIRST, LAST), RULES, by=["payout"], signs=BROUGHT)

    assert sums.select("payout", pl.exclude("payout") // ONE).rows() == [
        ("po1", 0, 31, -31, -31, 0), ("po2", 10, 10, 0, 0, 0),
    ]  # fmt: skip


def test_what_a_customer_owes_is_compared_with_the_sign_of_each_document():
    shown = [
        a_document(1),
        a_document(2, type="payment", total=100),
        a_document(3, type="fee", total=1),
    ]
    held = [a_held(1), a_held(2, type="payment", total=60, tax=0, party=8)]
    frames = documents_of(*shown), pl.DataFrame(held, schema=HELD)
    causes = reconciled(*frames, FIRST, LAST, RULES)

    sums = totals(*frames, causes, (FIRST, LAST), RULES, by=["party"], signs=OWED)

    assert sums.select("party", pl.exclude("party") // ONE).rows() == [
        (7, 19, 119, -100, -100, 0), (8, 0, -60, 60, 60, 0),
    ]  # fmt: skip
