"""What is compared, that it is the same both ways, and what the shipped model makes of named traps."""

import json
import math
import subprocess
import sys
from importlib import resources

import lightgbm
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_sync.core import identity
from customer_sync.core.identity import (
    FEATURES,
    Comparable,
    Model,
    explained,
    features,
    lacks_families,
    profiles,
    terms,
)
from customer_sync.core.identity.features import MIXED, ORGANISATION, PERSON
from customer_sync.core.identity.profile import each
from customer_sync.core.identity.trees import Trees
from customer_sync.kernel.errors import CapabilityMissingError
from customer_sync.model.config import MatchConfig

NO_COUNTS = pl.DataFrame(schema={"term": pl.Int64, "records": pl.Int64})
ANNA = {"kind": "person", "given_name": "Anna", "family_name": "Hartwig"}
HOME = json.dumps({"street": "Lindenweg 4", "city": "Ulm", "postal_code": "89073", "country": "DE"})
AWAY = json.dumps(
    {"street": "Hafenstr. 9", "city": "Bremen", "postal_code": "28195", "country": "DE"}
)
MAIL = "anna.hartwig@gmx.de"


def compared(one, other, *, counts=NO_COUNTS, turned=False):
    frame = pl.from_dicts([{"link": 1, **one}, {"link": 2, **other}], infer_schema_length=None)
    found = profiles(frame, region="DE", match=MatchConfig())
    pair = {"left": [2], "right": [1]} if turned else {"left": [1], "right": [2]}
    said = terms(found, salt="s")
    if counts is not NO_COUNTS:
        counts = said.select("term").unique().with_columns(records=pl.lit(counts, pl.Int64))
    return features(pl.DataFrame(pair), found, terms=said, counts=counts), list(each(found))


def values(one, other, **options):
    found, _ = compared(one, other, **options)
    return dict(zip(FEATURES, found.matrix[0].tolist(), strict=True))


@pytest.mark.parametrize(
    "one, other, feature, value",
    [
        ({"given_name": "Bill"},    {"given_name": "William"},  "given_level", 3),
        ({"given_name": "B."},      {"given_name": "Bernd"},    "given_level", 2),
        ({"given_name": "Anna"},    {"given_name": "Ute"},      "given_level", 0),
        ({"family_name": "Müller"}, {"family_name": "Mueller"}, "family_level", 3),
        ({"family_name": "Meyer"},  {"family_name": "Maier"},   "family_level", 2),
        ({"birth_date": "1980-02-03"}, {"birth_date": "1980-03-02"}, "birth_level", 3),
        ({"birth_date": "1980-02-03"}, {"birth_date": "1980-02-08"}, "birth_level", 2),
        ({"birth_date": "1980-02-03"}, {"birth_date": "1981-02-08"}, "birth_level", 1.5),
        ({"birth_date": "1980-02-03"}, {"birth_date": "1951-11-24"}, "birth_years", 29),
        ({"name_suffix": "Jr"},     {},                         "suffix_same", 0.5),
        ({"name_suffix": "Jr"},     {"name_suffix": "Sr"},      "suffix_same", 0),
        ({"phone": "+4930123456"},  {"phones": '["+49301","+4930123456"]'}, "phone_same", 1),
        ({"email": "a@b.de"},       {"email": "c@b.de"},        "mail_same", 0),
        ({"email": "a@b.de"},       {"email": "c@b.de"},        "domain_same", 1),
        ({"email": "a@gmx.de"},     {"email": "c@gmx.de"},      "domain_same", None),
        ({"email": "hartwig78@gmx.de"}, {"birth_date": "1978-05-06"}, "mail_year_fits", 1),
        ({"email": "hartwig78@gmx.de"}, {"email": "anna1978@web.de"}, "mail_years_same", 1),
        ({"email": "hartwig78@gmx.de"}, {"email": "anna52@web.de"}, "mail_years_same", 0),
        ({"billing_address": HOME}, {"billing_address": HOME.replace("Lindenweg 4", "Lindenweg 44")}, "house_same", 0.5),
        ({"billing_address": HOME}, {"billing_address": HOME.replace("Lindenweg 4", "Lindenweg 5")}, "house_same", 0),
        ({"billing_address": HOME}, {"billing_address": HOME.replace("89073", "89703")}, "postcode_same", 0.75),
        ({"billing_address": HOME}, {"billing_address": HOME.replace("89073", "89099")}, "postcode_same", 0.5),
        ({"organisation": "Alpha Werke GmbH"}, {"organisation": "Alpha Handel GmbH"}, "firm_odd_least", 1),
        ({"organisation": "Alpha GmbH"}, {"organisation": "Alpha AG"}, "form_same", 0),
        ({"tax_id": "DE136695976"}, {"tax_id": "DE136695976"},  "tax_same", 1),
        ({"billing_address": HOME}, {"shipping_address": HOME}, "house_same", 1),
        ({},                        {"email": "c@b.de"},        "mail_same", None),
    ],
)  # fmt: skip
def test_a_comparison_says_what_it_is_named(one, other, feature, value):
    base = (
        {"family_name": "Hartwig", "birth_date": None}
        if feature in {"given_level", "suffix_same"}
        else {}
    )

    found = values(base | one, base | other)[feature]

    assert math.isnan(found) if value is None else found == pytest.approx(value)


def test_names_that_changed_places_are_seen():
    swapped = {"given_name": "Hartwig", "family_name": "Anna"}

    assert values(ANNA, swapped)["swapped_alike"] == 1
    assert values(ANNA, swapped)["name_alike"] == 1


def test_the_nearest_of_several_addresses_tells():
    other = json.dumps({"street": "Am Markt 9", "city": "Bonn", "postal_code": "53111"})

    found = values({"billing_address": other, "shipping_address": HOME}, {"billing_address": HOME})

    assert (found["street_alike"], found["postcode_same"]) == (1, 1)


def test_counts_are_of_the_workspace_and_in_powers_of_two():
    assert values(ANNA, ANNA, counts=8)["name_records"] == 3
    assert values(ANNA, ANNA)["name_records"] == 0


@pytest.mark.parametrize(
    "one, other, kind",
    [
        (ANNA, ANNA, PERSON),
        ({"organisation": "Alpha AG"}, {"organisation": "Alpha AG"}, ORGANISATION),
        (ANNA, {"organisation": "Hartwig AG"}, MIXED),
        ({"email": MAIL}, {"organisation": "Alpha AG"}, ORGANISATION),
    ],
)
def test_pairs_are_told_by_what_both_are(one, other, kind):
    assert compared(one, other)[0].kind.tolist() == [kind]


TEXT = st.one_of(
    st.none(), st.text(max_size=12), st.sampled_from(["Anna", "Hanna Maria", "Müller", "J."])
)
RECORD = st.fixed_dictionaries(
    {
        "kind": st.sampled_from([None, "person", "organisation"]), "given_name": TEXT, "family_name": TEXT, "organisation": TEXT,
        "email": st.one_of(st.none(), st.emails(), st.just(MAIL)), "phone": st.sampled_from([None, "+4930123456", "+4930123465"]),
        "birth_date": st.one_of(st.none(), st.dates().map(str)), "tax_id": st.sampled_from([None, "DE136695976", "DE136695967"]),
        "billing_address": st.sampled_from([None, HOME, '{"city":"Ulm"}']), "shipping_address": st.sampled_from([None, HOME]),
    }
)  # fmt: skip


@given(one=RECORD, other=RECORD)
@settings(max_examples=60, deadline=None)
def test_any_two_records_compare_the_same_both_ways(one, other):
    here, _ = compared(one, other)
    there, _ = compared(one, other, turned=True)

    assert np.array_equal(here.matrix, there.matrix, equal_nan=True)
    assert Model.shipped().score(here).tolist() == Model.shipped().score(there).tolist()


@given(records=st.lists(RECORD, min_size=2, max_size=6))
@settings(max_examples=25, deadline=None)
def test_one_pair_alone_compares_as_it_does_among_others(records):
    frame = pl.from_dicts(
        [{"link": place, **record} for place, record in enumerate(records)],
        infer_schema_length=None,
    ).cast(dict.fromkeys(records[0], pl.String))
    found = profiles(frame, region="DE", match=MatchConfig())
    said = terms(found, salt="s")
    pairs = pl.DataFrame(
        [(one, other) for one in range(len(records)) for other in range(one)],
        schema={"left": pl.Int64, "right": pl.Int64}, orient="row",
    )  # fmt: skip
    whole = features(pairs, found, terms=said, counts=NO_COUNTS)
    scores = Model.shipped().score(whole)

    for row, pair in enumerate(pairs.iter_slices(1)):
        theirs = pl.concat([pair["left"], pair["right"]]).implode()
        two = profiles(frame.filter(pl.col("link").is_in(theirs)), region="DE", match=MatchConfig())
        alone = features(pair, two, terms=terms(two, salt="s"), counts=NO_COUNTS)
        assert np.array_equal(alone.matrix[0], whole.matrix[row], equal_nan=True)
        assert Model.shipped().score(alone)[0] == scores[row]


def living(given, born, street):
    place = json.dumps({"street": street, "city": "Ulm", "postal_code": "89073"})
    return {"given_name": given, "family_name": "Hartwig", "birth_date": born, "billing_address": place}  # fmt: skip


@pytest.mark.parametrize(
    "whose, other_birth, is_alone",
    [
        ("brothers and sisters", "1951-11-24", False),
        ("only what twins are",  "1980-02-03", True),
        ("nobody's birth date",  None,         False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("houses", [10, 40])
def test_a_workspace_lacks_families_where_other_given_names_were_born_the_same_day(
    whose, other_birth, is_alone, houses
):
    rows = [
        living(given, born, f"Lindenweg {100 + house}")
        for house in range(houses)
        for given, born in (("Anna", "1980-02-03"), ("Ute", other_birth))
    ]
    found = profiles(pl.DataFrame([{"link": at, **row} for at, row in enumerate(rows)]), region="DE", match=MatchConfig())  # fmt: skip
    pairs = pl.DataFrame({"left": range(0, 2 * houses, 2), "right": range(1, 2 * houses, 2)})
    told = features(pairs, found, terms=terms(found, salt="s"), counts=NO_COUNTS)

    assert lacks_families(told) is (is_alone and houses > 30)


def test_where_nobody_has_a_family_a_twin_is_a_wrong_given_name():
    model = Model.shipped()
    one, other = (
        living("Anna", "1980-02-03", "Lindenweg 14"),
        living("Ute", "1980-02-03", "Lindenweg 14"),
    )
    found, _ = compared(one, other)

    assert model.score(found)[0] < model.automatic < model.alone().score(found)[0]
    assert model.waived == frozenset()
    assert model.alone().waived == {"twin", "generation"}
    assert model.alone().version != model.version


def test_pairs_in_parts_compare_as_they_do_at_once():
    rows = [living(given, "1980-02-03", f"Lindenweg {at}") for at, given in enumerate(("Anna", "Ute", "Ana", "Otto"))]  # fmt: skip
    found = profiles(pl.DataFrame([{"link": 9 - at, **row} for at, row in enumerate(rows)]), region="DE", match=MatchConfig())  # fmt: skip
    said = terms(found, salt="s")
    pairs = pl.DataFrame({"left": [9, 6, 8], "right": [8, 7, 6]})
    ready = Comparable.of(found, terms=said, counts=NO_COUNTS)

    parts = [ready.features(part).matrix for part in pairs.iter_slices(1)]
    whole = features(pairs, found, terms=said, counts=NO_COUNTS).matrix

    assert np.array_equal(np.concatenate(parts), whole, equal_nan=True)


def test_no_pairs_have_no_features():
    found = profiles(pl.DataFrame({"link": [1]}), region="", match=MatchConfig())
    none = features(
        pl.DataFrame(schema={"left": pl.Int64, "right": pl.Int64}),
        found,
        terms=terms(found, salt="s"),
        counts=NO_COUNTS,
    )

    assert Model.shipped().score(none).tolist() == []


@pytest.mark.parametrize(
    "trap, one, other",
    [
        ("nickname, same phone", ANNA | {"given_name": "William", "phone": "+4930123456", "billing_address": HOME}, ANNA | {"given_name": "Bill", "phone": "+4930123456", "billing_address": HOME}),
        ("same mail and name",   ANNA | {"email": MAIL}, ANNA | {"email": MAIL}),
        ("moved, born the same", ANNA | {"birth_date": "1980-02-03", "email": MAIL}, ANNA | {"birth_date": "1980-02-03", "billing_address": HOME}),
        ("typed wrongly",        ANNA | {"billing_address": HOME, "email": MAIL}, ANNA | {"family_name": "Hartwgi", "billing_address": HOME, "email": MAIL}),
        ("umlaut",               ANNA | {"family_name": "Müller", "billing_address": HOME, "phone": "+4930123456"}, ANNA | {"family_name": "Mueller", "billing_address": HOME, "phone": "+4930123456"}),
        ("a company's form",     {"organisation": "Nordlicht Anlagenbau GmbH", "billing_address": HOME}, {"organisation": "Nordlicht Anlagenbau", "billing_address": HOME}),
    ],
)  # fmt: skip
def test_one_party_scores_above_the_automatic_threshold(trap, one, other):
    found, _ = compared(one, other, counts=2)

    assert Model.shipped().score(found)[0] > Model.shipped().automatic


@pytest.mark.parametrize(
    "trap, one, other",
    [
        ("household",    ANNA | {"email": MAIL, "billing_address": HOME}, ANNA | {"given_name": "Peter", "email": MAIL, "billing_address": HOME}),
        ("twins",        ANNA | {"birth_date": "1980-02-03", "billing_address": HOME}, ANNA | {"given_name": "Maria", "birth_date": "1980-02-03", "billing_address": HOME}),
        ("father",       ANNA | {"birth_date": "1980-02-03", "billing_address": HOME}, ANNA | {"birth_date": "1951-11-24", "billing_address": HOME}),
        ("a group",      {"organisation": "Nordlicht Anlagenbau GmbH", "billing_address": HOME}, {"organisation": "Nordlicht Immobilien GmbH", "billing_address": AWAY}),
        ("mixed kinds",  ANNA | {"email": MAIL}, {"kind": "organisation", "organisation": "Hartwig", "email": MAIL}),
        ("nothing",      {"kind": "person"}, {"kind": "person"}),
    ],
)  # fmt: skip
def test_two_parties_score_below_it(trap, one, other):
    found, _ = compared(one, other, counts=2)

    assert Model.shipped().score(found)[0] < Model.shipped().automatic


def test_contributions_add_up_to_the_score():
    found, _ = compared(
        ANNA | {"email": MAIL}, ANNA | {"email": MAIL, "given_name": "A."}, counts=2
    )
    model = Model.shipped()

    (person,) = (one for kind, one in model.ensembles.items() if kind == PERSON)
    raw = model.contributions(found).sum(axis=1)

    assert person.calibrated(raw)[0] == pytest.approx(model.score(found)[0])


def test_reasons_name_the_fields_in_words():
    found, (left, right) = compared(
        ANNA | {"email": MAIL}, ANNA | {"given_name": "Maria", "email": MAIL}, counts=4
    )

    said = {reason.field: reason for reason in explained(Model.shipped(), found, left, right)}

    assert said["given name"].words == "given names differ: anna / maria, carried by 4 records"
    assert said["given name"].contribution < 0
    assert said["family name"].words == "the same family name: hartwig, carried by 4 records"
    total = sum(reason.contribution for reason in said.values())
    assert total == pytest.approx(Model.shipped().contributions(found).sum())


def test_the_library_is_called_as_its_own_package_calls_it():
    text = json.loads(resources.files(identity).joinpath("shipped_model.json").read_text("utf-8"))
    dice = np.random.default_rng(1)
    rows = dice.uniform(0, 5, (500, len(FEATURES))).astype(np.float32)
    rows[dice.random(rows.shape) < 0.4] = np.nan

    for kind in ("person", "organisation"):
        booster, trees = lightgbm.Booster(model_str=text[kind]["trees"]), Trees(text[kind]["trees"])
        assert trees.raw(rows).tolist() == booster.predict(rows, raw_score=True).tolist()
        assert (
            trees.contributions(rows).tolist() == booster.predict(rows, pred_contrib=True).tolist()
        )
        assert [trees.raw(rows[at : at + 1])[0] for at in range(9)] == trees.raw(rows[:9]).tolist()


def test_scoring_does_not_import_what_takes_seconds():
    code = "import sys; from customer_sync.core.identity import Model; Model.shipped(); print([name for name in ('lightgbm', 'sklearn', 'scipy') if name in sys.modules])"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[]"


def test_a_text_that_is_no_ensemble_is_refused():
    with pytest.raises(ValueError, match=r"[Mm]odel"):
        Trees("nothing")


def test_rows_of_another_width_are_refused():
    text = json.loads(resources.files(identity).joinpath("shipped_model.json").read_text("utf-8"))

    with pytest.raises(ValueError, match="columns are asked for"):
        Trees(text["person"]["trees"]).raw(np.zeros((2, 3), np.float32))


def test_a_model_of_other_features_is_refused():
    with pytest.raises(CapabilityMissingError, match="other features"):
        Model.from_text(json.dumps({"features": ["given_alike"]}))
