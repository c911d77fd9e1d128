"""Scores of pairs, where the model alone does not know enough: small workspaces, and records of one value."""

import polars as pl
import pytest

from customer_sync.core.identity import Model, compared, profiles, terms
from customer_sync.model.config import MatchConfig

MANY = 100_000
FEW = 20
MODEL = Model.shipped()
ANN = {"given_name": "Ann", "family_name": "Lee", "email": "ann@acme.test", "phone": "+4930901820"}


def score(one, other, *, size=MANY, carriers=1):
    """Return (score, veto) of two records in a workspace of so many, each of whose values so many carry."""
    names = sorted({*one, *other})
    rows = [
        {"link": link, **{name: said.get(name) for name in names}}
        for link, said in ((1, one), (2, other))
    ]
    frame = pl.DataFrame(rows, schema={"link": pl.Int64, **dict.fromkeys(names, pl.String)})
    found = profiles(frame, region="DE", match=MatchConfig())
    said = terms(found, salt="s")
    counts = said.select("term").unique().with_columns(records=pl.lit(carriers, pl.Int64))
    pairs = pl.DataFrame({"left": [1], "right": [2]})
    scores = compared(pairs, found, terms=said, counts=counts, size=size, model=MODEL)
    return scores.select("score", "veto").row(0)


def test_a_name_alone_joins_nobody_where_nobody_knows_whether_it_is_rare():
    one, other = ANN | {"phone": None}, ANN | {"email": "lee@mail.test", "phone": None}

    few, many = score(one, other, size=FEW, carriers=2)[0], score(one, other, carriers=2)[0]

    assert MODEL.review <= few < MODEL.automatic
    assert few <= many


@pytest.mark.parametrize("same", ["email", "phone"])
def test_a_name_with_a_witness_joins_in_the_smallest_workspace(same):
    other = {"given_name": "Ann", "family_name": "Lee", same: ANN[same]}

    assert score(ANN, other, size=FEW, carriers=2)[0] >= MODEL.automatic


def test_who_says_nothing_but_an_address_is_whose_address_it_is():
    assert score(ANN, {"email": ANN["email"]}, carriers=2)[0] >= MODEL.automatic


def test_an_address_of_many_says_nothing_of_who_says_nothing_else():
    assert score(ANN, {"email": ANN["email"]}, carriers=200)[0] < MODEL.automatic


def test_an_address_that_another_name_has_too_joins_nobody():
    other = {"given_name": "Roberto", "family_name": "Quintana", "email": ANN["email"]}

    assert score(ANN, other, carriers=2)[0] < MODEL.automatic


def test_what_a_rule_excludes_is_told_with_its_score():
    elder = ANN | {"name_suffix": "Sr"}

    found, veto = score(elder, ANN | {"name_suffix": "Jr"}, carriers=2)

    assert veto == "suffix"
    assert 0 <= found <= 1


def test_no_pairs_have_no_scores():
    none = pl.DataFrame(schema={"left": pl.Int64, "right": pl.Int64})
    found = profiles(pl.DataFrame(schema={"link": pl.Int64}), region="DE", match=MatchConfig())
    said = terms(found, salt="s")
    counts = pl.DataFrame(schema={"term": pl.Int64, "records": pl.Int64})

    assert compared(none, found, terms=said, counts=counts, size=0, model=MODEL).is_empty()


def test_numbered_names_are_different_names():
    one = {"given_name": "Given113", "family_name": "Family113", "phone": "+493090180113"}
    other = {"given_name": "Given13", "family_name": "Family13", "phone": "+493090180013"}

    assert score(one, other, size=FEW)[1] == "number"
    assert score(one, one | {"phone": None}, size=FEW)[1] is None
