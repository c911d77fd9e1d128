"""Which records meet, what is counted of them, and what may never be one."""

import json

import polars as pl
import pytest

from customer_sync.core.identity import (
    candidate_keys,
    candidate_pairs,
    implied_pairs,
    profiles,
    terms,
    vetoed,
)
from customer_sync.core.identity.candidates import RULES
from customer_sync.model.config import MatchConfig


def home(street, town="Ulm", postcode="89073"):
    return json.dumps({"street": street, "city": town, "postal_code": postcode})


def two(one, other):
    frame = pl.from_dicts([{"link": 1, **one}, {"link": 2, **other}], infer_schema_length=None)
    return profiles(frame, region="DE", match=MatchConfig())


def person(given, family, **values):
    return {"kind": "person", "given_name": given, "family_name": family, **values}


def firm(name, **values):
    return {"kind": "organisation", "organisation": name, **values}


@pytest.mark.parametrize(
    "trap, one, other",
    [
        ("nickname",        person("William", "Smith"),                     person("Bill", "Smyth".replace("y", "i"))),
        ("street glued, slips", person("Anna", "Berg", billing_address=home("Coplanddrive 11")), person("Ute", "Berk", billing_address=home("Copland Drive 11"))),
        ("swapped names",   person("Anna", "Schmidt"),                      person("Schmidt", "Anna")),
        ("transliterated",  person("Юлия", "Щербакова", birth_date="1980-02-03"), person("Yulia", "Shcherbakova", birth_date="1980-02-03")),
        ("name change",     person("Anna", "Berg", birth_date="1980-02-03"), person("Anna", "Thal", birth_date="1980-02-03")),
        ("initial",         person("A.", "Berg", billing_address=home("Weg 1")), person("Anna", "Berg", billing_address=home("Weg 1"))),
        ("moved",           person("Anna", "Berg", email="a@berg.de"),      person("Anna", "Thal", email="a@berg.de")),
        ("junk name",       person("test", "test", phone="+4930123456"),    person("Anna", "Thal", phone="+4930123456")),
        ("legal form",      firm("Müller Maschinenbau GmbH"),               firm("Mueller Maschinenbau")),
        ("cut at 35",       firm("Westfälische Gesellschaft für Anlagenbau mbH"), firm("Westfälische Gesellschaft für Anla")),
        ("renamed",         firm("Alpha AG", email="a@alpha-works.de"),     firm("Beta AG", email="b@alpha-works.de")),
    ],
)  # fmt: skip
def test_what_may_be_one_party_meets(trap, one, other):
    keys = candidate_keys(two(one, other), salt="s")

    assert candidate_pairs(keys).rows() == [(1, 2)]


def test_users_of_one_provider_do_not_meet():
    keys = candidate_keys(
        two(firm("Alpha", email="x@gmx.de"), firm("Beta", email="y@gmx.de")), salt="s"
    )

    assert candidate_pairs(keys).is_empty()


@pytest.mark.parametrize(
    "what, one, other, is_proposed",
    [
        ("a rare family name",   {},                                 {},                                  False),
        ("and the same town",    {"billing_address": home("Weg 1")}, {"billing_address": home("Ring 9")}, True),
        ("and the same birth",   {"birth_date": "1980-02-03"},       {"birth_date": "1980-02-03"},        True),
    ],
)  # fmt: skip
def test_a_weak_key_proposes_only_with_another(what, one, other, is_proposed):
    keys = candidate_keys(
        two(person("Anna", "Thalberg", **one), person("Ute", "Thalberg", **other)), salt="s"
    )

    assert candidate_pairs(keys).rows() == ([(1, 2)] if is_proposed else [])


def test_a_key_of_many_proposes_nothing():
    keys = pl.DataFrame({"link": [1, 2, 3, 1, 2], "rule": [1, 1, 1, 2, 2], "key": [5, 5, 5, 6, 6]})

    assert candidate_pairs(keys, block_max=2).rows() == [(1, 2)]


def test_new_records_meet_known_ones_and_known_ones_not_each_other():
    schema = {"link": pl.Int64, "rule": pl.Int8, "key": pl.Int64}
    new = pl.DataFrame([(9, 1, 5)], schema=schema, orient="row")
    known = pl.DataFrame([(1, 1, 5), (2, 1, 5)], schema=schema, orient="row")

    assert candidate_pairs(new, known).rows() == [(1, 9), (2, 9)]


def test_keys_hold_no_value_and_differ_by_salt_and_rule():
    found = two(person("Anna", "Berg", email="a@berg.de"), person("Anna", "Berg"))
    mine, theirs = (candidate_keys(found, salt=salt) for salt in ("s", "t"))

    assert set(mine["key"]).isdisjoint(theirs["key"])
    assert set(mine["rule"]) <= set(RULES)


def test_terms_are_the_same_for_values_of_one_spelling():
    found = two(person("Anna", "Müller"), person("Anna", "Mueller"))
    said = terms(found, salt="s")

    assert sorted(said.filter(link=1)["term"]) == sorted(said.filter(link=2)["term"])


BORN = {"birth_date": "1980-02-03"}


@pytest.mark.parametrize(
    "veto, one, other",
    [
        ("kind",         person("Anna", "Berg"),                         firm("Berg AG")),
        ("twin",         person("Anna", "Berg", **BORN),                 person("Maria", "Berg", **BORN)),
        (None,           person("Anna Maria", "Berg", **BORN),           person("Maria", "Berg", **BORN)),
        (None,           person("Bill", "Berg", **BORN),                 person("William", "Berg", **BORN)),
        (None,           person("A.", "Berg", **BORN),                   person("Maria", "Berg", **BORN)),
        ("generation",   person("Karl", "Berg", **BORN),                 person("Karl", "Berg", birth_date="1951-11-23")),
        (None,           person("Karl", "Berg", **BORN),                 person("Karl", "Berg", birth_date="1960-02-03")),
        ("suffix",       person("Karl", "Berg", name_suffix="Jr."),      person("Karl", "Berg", name_suffix="Senior")),
        (None,           person("Karl", "Berg", name_suffix="Jr."),      person("Karl", "Berg")),
        ("tax_id",       firm("Berg AG", tax_id="DE136695976"),          firm("Berg AG", tax_id="DE811907980")),
        (None,           firm("Berg AG", tax_id="DE136695976"),          firm("Berg AG", tax_id="DE136695967")),
        (None,           firm("Berg AG", tax_id="DE136695976"),          firm("Berg AG", tax_id="ATU12345675")),
        ("legal_entity", firm("Berg AG"),                                firm("Berg GmbH")),
        (None,           firm("Berg GmbH & Co. KG"),                     firm("Berg GmbH")),
        ("number",       firm("Pizza Store 12"),                         firm("Pizza Store 14")),
    ],
)  # fmt: skip
def test_what_excludes_each_other_is_vetoed_by_name(veto, one, other):
    pair = pl.DataFrame({"left": [1], "right": [2]})

    found = vetoed(pair, two(one, other))["veto"].to_list()
    back = vetoed(pair, two(other, one))["veto"].to_list()

    assert found == back == ([veto] if veto else [])


def test_a_rule_that_is_waived_excludes_nobody():
    pair = pl.DataFrame({"left": [1], "right": [2]})
    both = two(person("Anna", "Berg", **BORN), person("Maria", "Berg", **BORN))

    assert vetoed(pair, both, waived=frozenset({"twin"})).is_empty()


def test_two_records_like_a_third_are_compared_too():
    strong = pl.DataFrame({"left": [1, 2, 5], "right": [2, 3, 6]})
    compared = pl.DataFrame({"left": [1, 2, 5, 1], "right": [2, 3, 6, 9]})

    assert implied_pairs(strong, compared).rows() == [(1, 3)]
    assert implied_pairs(strong, pl.DataFrame({"left": [1], "right": [3]})).is_empty()
