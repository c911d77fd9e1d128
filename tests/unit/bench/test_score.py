import polars as pl
import pytest
from bench.identity.score import scored, trapped


def a_truth(*rows):
    return pl.DataFrame(
        [(system, key, entity, kind, traps) for system, key, entity, kind, traps in rows],
        schema={
            "system": pl.String, "external_id": pl.String, "entity": pl.Int64, "kind": pl.String,
            "traps": pl.List(pl.String),
        },
        orient="row",
    )  # fmt: skip


def found(*customers):
    keys = ["1", "2", "3", "4", "5"]
    return pl.DataFrame(
        {
            "system": ["crm", "shop", "erp", "crm", "shop"],
            "external_id": keys,
            "customer": customers,
        }
    ).drop_nulls("customer")


TRUTH = a_truth(
    ("crm", "1", 1, "person", ["household"]),
    ("shop", "2", 1, "person", ["household", "nickname"]),
    ("erp", "3", 1, "person", []),
    ("crm", "4", 2, "person", ["household"]),
    ("shop", "5", 3, "organisation", []),
)


def test_what_is_true_scores_one():
    scores = scored(TRUTH, found("a", "a", "a", "b", "c"))

    for name in ("pairs", "across", "records", "clusters", "persons", "companies"):
        assert getattr(scores, name).f1 == 1, name
    assert scores.wrong_pairs == 0


def test_all_apart_finds_nothing_and_is_precise():
    scores = scored(TRUTH, found("a", "b", "c", "d", "e"))

    assert (scores.pairs.precision, scores.pairs.recall) == (1, 0)
    assert scores.clusters.recall == 0
    assert scores.records.precision == 1
    assert scores.records.recall == pytest.approx((3 * (1 / 3) + 1 + 1) / 5)


def test_counted_by_hand():
    # One and two of entity 1 with entity 2; the third of entity 1 alone.
    scores = scored(TRUTH, found("a", "a", "b", "a", "c"))

    assert scores.pairs.precision == pytest.approx(1 / 3)
    assert scores.pairs.recall == pytest.approx(1 / 3)
    assert scores.wrong_pairs == 2
    # Across systems: (1, 2) and the wrong (2, 4); (1, 4) are both of the crm.
    assert scores.across.precision == pytest.approx(1 / 2)
    assert scores.records.precision == pytest.approx((2 / 3 + 2 / 3 + 1 + 1 / 3 + 1) / 5)
    assert scores.records.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert (scores.clusters.precision, scores.clusters.recall) == (0, 0)


def test_an_exact_customer_counts_once():
    truth = TRUTH.with_columns(entity=pl.Series([1, 1, 2, 2, 3]))
    scores = scored(truth, found("a", "a", "b", "c", "c"))

    assert scores.clusters.precision == 1 / 2
    assert scores.clusters.recall == 1 / 2


def test_a_person_merged_with_a_company_counts_against_both():
    scores = scored(TRUTH, found("a", "a", "a", "b", "b"))

    assert scores.persons.precision == pytest.approx(3 / 4)
    assert scores.companies.precision == 0
    assert scores.companies.recall == 1


def test_a_record_without_customer_stands_alone():
    scores = scored(TRUTH, found("a", "a", None, None, None))

    assert scores.pairs.precision == 1
    assert scores.pairs.recall == pytest.approx(1 / 3)


def test_by_trap():
    table = trapped(TRUTH, found("a", "a", "b", "a", "c"))
    rows = {row["trap"]: row for row in table.to_dicts()}

    assert rows["household"]["wrong"] == 2
    assert "nickname" not in rows or rows["nickname"]["wrong"] == 0
    assert (rows["nickname"]["true"], rows["nickname"]["found"]) == (2, 1)
    assert (rows["household"]["true"], rows["household"]["found"]) == (3, 1)
