"""The laws of golden values: no order of arrival, no lost override, no value from nowhere."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_sync.core.golden import Policies, merge
from customer_sync.model.frame import INSTANT

START = datetime(2026, 1, 1, tzinfo=UTC)
FIELDS = ("email", "name")
RANKS = pl.DataFrame(
    [(field, stream, rank) for field in FIELDS for rank, stream in enumerate((12, 10, 11))],
    schema={"field": pl.String, "stream": pl.Int32, "rank": pl.Int32}, orient="row",
)  # fmt: skip
SCHEMA = {
    "customer": pl.Int64, "link": pl.Int64, "stream": pl.Int32, "since": pl.Int64, "field": pl.String, "element": pl.String,
    "value": pl.String, "at": INSTANT, "stamp": pl.Int64, "basis": pl.Int64, "seen": pl.Int64,
}  # fmt: skip


@st.composite
def claims(draw):
    """Claims as absorb makes them: seen is older than the stamp, basis between them."""
    rows = []
    for link in range(draw(st.integers(1, 4))):
        since = draw(st.integers(1, 6))
        for field in FIELDS:
            if draw(st.booleans()):
                stamp = draw(st.integers(since, 12))
                seen = draw(st.integers(0, stamp - 1))
                rows.append((
                    1, link, 10 + link % 3, since, field, "", draw(st.sampled_from([None, "a", "bb", "ccc"])),
                    START + timedelta(hours=draw(st.integers(0, 3))), stamp, draw(st.integers(min(seen + 1, stamp), stamp)), seen,
                ))  # fmt: skip
    return rows


def golden(rows, kind):
    policies = Policies(kinds=dict.fromkeys(FIELDS, kind), ranks=RANKS)
    frame = merge(pl.DataFrame(rows, schema=SCHEMA, orient="row"), policies)
    return {
        (field, value, link) for field, value, link in frame.select("field", "value", "link").rows()
    }


@settings(max_examples=150, deadline=None)
@given(claims(), st.integers(0, 3), st.randoms())
def test_the_order_of_claims_never_matters(rows, kind, random):
    shuffled = random.sample(rows, len(rows))

    assert golden(rows, kind) == golden(shuffled, kind)


@settings(max_examples=150, deadline=None)
@given(claims(), st.integers(0, 3))
def test_every_golden_value_is_what_its_record_says(rows, kind):
    said = {(row[4], row[6], row[1]) for row in rows}

    assert golden(rows, kind) <= said


@settings(max_examples=150, deadline=None)
@given(claims(), st.integers(0, 3))
def test_a_change_that_had_seen_everything_wins_under_every_policy(rows, kind):
    knowing = (1, 99, 11, 1, "email", "", "knowing", START, 50, 50, 49)

    result = golden([*rows, knowing], kind)

    assert ("email", "knowing", 99) in result
    assert len([cell for cell in result if cell[0] == "email"]) == 1


@settings(max_examples=150, deadline=None)
@given(claims(), st.integers(0, 3))
def test_taking_a_record_away_restores_what_held_without_it(rows, kind):
    """Unmerge is exact: golden values are a function of the claims that are there, nothing else."""
    other = (1, 99, 11, 1, "email", "", "other", START, 50, 50, 0)
    before = golden(rows, kind)

    golden([*rows, other], kind)

    assert golden(rows, kind) == before


def test_two_who_did_not_know_of_each_other_are_settled_by_the_owner():
    crm = (1, 1, 10, 1, "email", "", "crm", START, 5, 5, 3)
    shop = (1, 2, 12, 1, "email", "", "shop", START + timedelta(hours=1), 6, 6, 3)

    assert golden([crm, shop], 0) == {("email", "shop", 2)}  # stream 12 is ranked first
    assert golden([crm, shop], 1) == {("email", "shop", 2)}  # and it is the more recent
    assert golden([crm, shop], 3) == {("email", "crm", 1)}  # to ask: what stood first stands


def test_only_to_ask_contests():
    rows = [
        (1, 1, 10, 1, "email", "", "crm", START, 5, 5, 3),
        (1, 2, 12, 1, "email", "", "shop", START, 6, 6, 3),
    ]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")

    contested = [
        merge(frame, Policies(kinds={"email": kind}, ranks=RANKS))["contested"].to_list()
        for kind in range(4)
    ]

    assert contested == [[False], [False], [False], [True]]
