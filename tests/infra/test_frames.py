"""Frames go into PostgreSQL and come back exactly."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from customer_sync.infra.pg import Database
from customer_sync.infra.pg.held import ROWS_MAX, can_hold

pytestmark = pytest.mark.pg15

AWKWARD = [
    "", None, " ", "  padded ", '"', '""', 'say "hi"', ",", "a,b", "\n", "a\nb", "a\r\nb", "\r",
    "\\", "\\N", "\\.", "NULL", "null", "nan", "'", "''", "ü", "日本語", "👩‍👩‍👧", "\t", "\u2028", "{}",
    '{a,"b"}', "%s", "%", "$1", "0", "t", "\ufeff", "x" * 100_000,
]  # fmt: skip

TYPED = pl.DataFrame(
    {
        "text": ["a", "", None],
        "whole": [1, -(2**63), None],
        "small": [1, -5, None],
        "real": [0.1, float("inf"), None],
        "tiny": [5e-324, 1.7976931348623157e308, float("-inf")],
        "yes": [True, False, None],
        "day": [date(2024, 2, 29), date(1, 1, 1), None],
        "hour": [time(23, 59, 59, 999999), time(0), None],
        "at": [datetime(2024, 2, 29, 12, 0, 0, 1, UTC), datetime(1, 1, 1, tzinfo=UTC), None],
        "naive": [datetime(2024, 2, 29, 12), datetime(9999, 12, 31, 23, 59, 59, 999999), None],
        "money": [Decimal("0.01"), Decimal("-99999999999999999999.99"), None],
        "raw": [b"\x00\xff", b"", None],
    },
    schema={
        "text": pl.String, "whole": pl.Int64, "small": pl.Int16, "real": pl.Float64,
        "tiny": pl.Float64, "yes": pl.Boolean, "day": pl.Date, "hour": pl.Time,
        "at": pl.Datetime("us", "UTC"), "naive": pl.Datetime("us"),
        "money": pl.Decimal(38, 2), "raw": pl.Binary,
    },
)  # fmt: skip


def back(database: Database, frame: pl.DataFrame) -> pl.DataFrame:
    """Take a frame there and back twice: as few rows, and among many."""
    few = frame.with_row_index("row")
    many = pl.concat([few, few.clear(ROWS_MAX + 1).with_columns(row=pl.lit(1_000_000, pl.UInt32))])
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    query = f"SELECT {columns} FROM there WHERE row < 1000000 ORDER BY row"
    came = []
    for staged in (few, many):
        with database.transaction() as tx:
            tx.stage("there", staged)
            came.append(tx.frame(query, schema=frame.schema))
    assert_frame_equal(*came)
    return came[0]


def test_awkward_text_survives_as_the_only_column(empty_database):
    frame = pl.DataFrame({"text": AWKWARD})

    assert back(empty_database, frame)["text"].to_list() == AWKWARD


@pytest.mark.parametrize("others", [1, 2])
def test_awkward_text_survives_beside_others(empty_database, others):
    frame = pl.DataFrame({f"c{n}": AWKWARD[n:] + AWKWARD[:n] for n in range(others + 1)})

    assert_frame_equal(back(empty_database, frame), frame)


def test_every_dtype_survives(empty_database):
    assert_frame_equal(back(empty_database, TYPED), TYPED)


def test_every_dtype_that_travels_with_a_statement_survives(empty_database):
    frame = TYPED.drop("real", "tiny", "hour", "money", "raw")

    assert can_hold(frame)
    assert_frame_equal(back(empty_database, frame), frame)


def test_an_empty_frame_survives(empty_database):
    assert_frame_equal(back(empty_database, TYPED.clear()), TYPED.clear())


def test_not_a_number_survives(empty_database):
    frame = pl.DataFrame({"real": [float("nan"), None]})

    assert_frame_equal(back(empty_database, frame), frame)


def test_many_rows_with_line_breaks_survive(empty_database):
    """Polars parses large input in parallel and has to guess where a row begins."""
    frame = pl.DataFrame({"n": range(200_000)}).with_columns(
        a=pl.concat_str(pl.lit('x,"\n'), pl.col("n"), pl.lit('\n",')),
        b=pl.when(pl.col("n") % 3 == 0)
        .then(pl.lit(""))
        .when(pl.col("n") % 3 == 1)
        .then(None)
        .otherwise(pl.lit("\n\n")),
    )

    assert_frame_equal(back(empty_database, frame), frame)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            *[
                st.one_of(
                    st.none(),
                    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
                )
            ]
            * 2
        ),
        min_size=1,
    )
)
def test_any_text_survives(empty_database, rows):
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String}, orient="row")

    assert_frame_equal(back(empty_database, frame), frame)


def test_lists_become_arrays_and_come_back_as_json(empty_database):
    lists = [["a", 'q"u\\o,te', "", None, "{}", "NULL"], [], None]

    with empty_database.transaction() as tx:
        tx.stage("there", pl.DataFrame({"row": [1, 2, 3], "tags": lists}))
        types = tx.rows("SELECT pg_typeof(tags)::text FROM there")
        came = tx.frame(
            "SELECT row, to_json(tags) FROM there ORDER BY row",
            schema={"row": pl.Int64, "tags": pl.List(pl.String)},
        )

    assert types[0] == ("text[]",)
    assert came["tags"].to_list() == lists


def test_structs_become_json(empty_database):
    frame = pl.DataFrame({"row": [1, 2], "what": [{"a": "x\n", "b": 1}, {"a": None, "b": 2}]})

    with empty_database.transaction() as tx:
        tx.stage("there", frame)
        came = tx.frame("SELECT * FROM there ORDER BY row", schema=frame.schema)

    assert_frame_equal(came, frame)


def test_digits_beyond_the_scale_are_a_bug_and_never_cut(empty_database):
    with empty_database.transaction() as tx, pytest.raises(AssertionError, match="finer digits"):
        tx.frame("SELECT 1.005 AS money", schema={"money": pl.Decimal(38, 2)})


def test_a_query_that_fails_half_way_is_raised(empty_database):
    with empty_database.transaction() as tx:
        for query in ("SELECT 1 / (50000 - n) FROM generate_series(1, 60000) AS n", "SELECT 1 / 0"):
            with pytest.raises(psycopg.errors.DivisionByZero), tx.savepoint():
                tx.frame(query, schema={"n": pl.Int64})

        assert tx.frame("SELECT 1", schema={"n": pl.Int64}).rows() == [(1,)]


def test_parameters_reach_a_frame(empty_database):
    with empty_database.transaction() as tx:
        came = tx.frame(
            "SELECT u.id, %s || '%%' FROM unnest(%s::bigint[]) AS u (id) ORDER BY 1",
            ['it\'s \\ "so"', [3, 1, 2]],
            schema={"id": pl.Int64, "text": pl.String},
        )

    assert came.rows() == [(n, 'it\'s \\ "so"%') for n in (1, 2, 3)]
