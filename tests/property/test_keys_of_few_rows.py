"""Looking keys up among few rows answers as a join of many does."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from customer_sync.kernel.frames import FEW_ROWS, among, apart, beside, matched, unless, where

SCHEMA = {"number": pl.Int64, "text": pl.String, "flag": pl.Boolean}
ROW = st.tuples(
    st.none() | st.integers(1, 3), st.none() | st.sampled_from("xy"), st.none() | st.booleans()
)
FRAME = st.lists(ROW, max_size=6).map(lambda rows: pl.DataFrame(rows, schema=SCHEMA, orient="row"))
KEYS = st.sampled_from([["number"], ["number", "text"]])


@settings(deadline=None)
@given(FRAME, FRAME, KEYS)
def test_rows_of_a_key_are_those_that_a_join_finds(frame, other, keys):
    assert_frame_equal(among(frame, other, keys), frame.join(other, on=keys, how="semi"))
    assert_frame_equal(apart(frame, other, keys), frame.join(other, on=keys, how="anti"))


@settings(deadline=None)
@given(FRAME, FRAME)
def test_rows_side_by_side_are_those_that_a_join_finds(frame, other):
    theirs = other.select("number", pl.lit("theirs").alias("told")).unique("number")

    left = frame.join(theirs, on="number", how="left", maintain_order="left")
    assert_frame_equal(beside(frame, theirs, "number"), left)
    inner = frame.join(theirs, on="number")
    assert_frame_equal(matched(frame, theirs, "number"), inner, check_row_order=False)


@settings(deadline=None)
@given(FRAME)
def test_what_is_unknown_is_not_true(frame):
    assert_frame_equal(where(frame, "flag"), frame.filter("flag"))
    assert_frame_equal(where(frame, frame["number"] == 1), frame.filter(pl.col("number") == 1))
    assert_frame_equal(unless(frame, "flag"), frame.filter(pl.col("flag").ne_missing(True)))


def test_many_rows_are_joined_to_the_same_end():
    many = pl.DataFrame({"number": range(FEW_ROWS + 1)})
    one = many.head(1)

    assert among(many, one, "number").rows() == [(0,)]
    assert apart(many, one, "number").height == FEW_ROWS
