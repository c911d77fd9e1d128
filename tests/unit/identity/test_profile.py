"""Records as they are compared: what is only another way of writing is gone, what tells is kept."""

import json

import polars as pl
import pytest

from customer_sync.core.identity import packed, profiles, unpacked
from customer_sync.core.identity.firm import firm_parts
from customer_sync.core.identity.nickname import name_groups
from customer_sync.core.identity.place import parsed
from customer_sync.core.identity.profile import PROFILE, each
from customer_sync.core.identity.spelling import folded, plain, sound
from customer_sync.model.config import MatchConfig


def a_profile(**values):
    frame = pl.DataFrame({"link": [7], **{name: [value] for name, value in values.items()}})
    (found,) = each(profiles(frame, region="DE", match=MatchConfig()))
    return found


@pytest.mark.parametrize(
    "said, given, family, suffix",
    [
        ({"given_name": "Dr. Anna", "family_name": "Müller"},             "anna", "muller", ""),
        ({"given_name": "Bob", "family_name": "Smith, Jr."},              "bob", "smith", "jr"),
        ({"given_name": "Bob", "family_name": "Smith", "name_suffix": "Sr"}, "bob", "smith", "sr"),
        ({"family_name": "Lee, Ann"},                                     "ann", "lee", ""),
        ({"given_name": "Юлия", "family_name": "Щербакова"},              "yuliya", "shcherbakova", ""),
        ({"given_name": "JosÃ©", "family_name": "NuÃ±ez"},                "jose", "nunez", ""),
        ({"given_name": "Mary-Ann", "middle_name": "K.", "family_name": "O'Neil"}, "mary ann k", "oneil", ""),
        ({"given_name": "test", "family_name": "xxx"},                    "", "", ""),
        ({"given_name": "Anna Maria Berg"},                               "anna maria", "berg", ""),
    ],
)  # fmt: skip
def test_names_are_words_without_titles_accents_and_scripts(said, given, family, suffix):
    found = a_profile(**said)

    assert (found.given, found.family, found.suffix) == (given, family, suffix)


@pytest.mark.parametrize(
    "said, is_organisation",
    [
        ({"organisation": "Huber GmbH"}, True),
        ({"family_name": "Huber Maschinenbau GmbH"}, True),
        ({"given_name": "Ann", "family_name": "Lee", "organisation": "Huber GmbH"}, False),
        ({"given_name": "Ann", "family_name": "Lee"}, False),
        ({"kind": "organisation", "given_name": "Ann", "family_name": "Lee"}, True),
        ({"email": "ann@lee.org"}, None),
    ],
)
def test_an_organisation_is_told_by_what_is_said_else_by_its_name(said, is_organisation):
    assert a_profile(**said).is_organisation is is_organisation


@pytest.mark.parametrize(
    "name, words, form",
    [
        ("Müller & Söhne GmbH & Co. KG", "muller and sohne", "gmbhcokg"),
        ("Mueller G.m.b.H.",             "mueller", "gmbh"),
        ("ACME, Inc.",                   "acme", "inc"),
        ("Foo S.p.A.",                   "foo", "spa"),
        ("ООО Ромашка",                  "romashka", "ooo"),
        ("Nowak Sp. z o.o.",             "nowak", "spzoo"),
        ("The Acme Holdings",            "acme group".replace("group", "holding"), ""),
        ("GmbH",                         "gmbh", ""),
    ],
)  # fmt: skip
def test_an_organisations_name_is_told_from_its_legal_form(name, words, form):
    assert firm_parts(name) == (words, form)


@pytest.mark.parametrize(
    "address, parts",
    [
        ({"street": "Hauptstr. 12a", "city": "Köln", "postal_code": "50667", "country": "DE"}, ("hauptstrasse", "12a", "", "50667", "koln", "DE")),
        ({"street": "Haupt Straße 12 a"},                        ("hauptstrasse", "12a", "", "", "", "")),
        ({"street": "12 Main St Apt 4B", "postal_code": "63101-1234", "city": "St. Louis"}, ("main street", "12", "4b", "63101", "saint louis", "")),
        ({"street": "12 Main Street", "street2": "Suite 9"},     ("main street", "12", "9", "", "", "")),
        ({"street": "C/ Mayor, 12", "city": "León"},             ("calle mayor", "12", "", "", "leon", "")),
        ({"street": "Postfach 12 34", "city": "Ulm"},            ("pobox", "1234", "", "", "ulm", "")),
        ({"street": "221B Baker Street"},                        ("baker street", "221b", "", "", "", "")),
        ({"street": "5 42nd St"},                                ("42nd street", "5", "", "", "", "")),
    ],
)  # fmt: skip
def test_an_address_is_parts_in_one_spelling(address, parts):
    found = parsed(json.dumps(address))

    # The street alone is enough to tell an address apart from none.
    assert tuple(found.split("\x1d")) == parts


def test_mailboxes_of_many_are_apart_and_of_nobody_are_gone():
    found = a_profile(
        email="Ann.Lee+shop@GoogleMail.com", emails='["info@lee.de","none@lee.de","junk"]'
    )

    assert (found.emails, found.roles) == (("annlee@gmail.com",), ("info@lee.de",))


def test_phones_of_one_number_are_one_and_typed_ones_are_gone():
    found = a_profile(phone="030 123456", phones='["+4930123456","+490000000000","12"]')

    assert found.phones == ("+4930123456",)


@pytest.mark.parametrize(
    "date", ["1900-01-01", "1970-01-01", "0001-01-01", "9999-12-31", "soon", ""]
)
def test_a_date_that_a_form_filled_in_is_no_birth_date(date):
    assert a_profile(birth_date=date).birth_date == ""


@pytest.mark.parametrize(
    "one, other",
    [("William", "Bill"), ("Giuseppe", "Pino"), ("Aleksandr", "Sasha"), ("Francisco", "Paco"), ("Ekaterina", "Katya"), ("Johannes", "Hans"), ("Małgorzata", "Gosia")],
)  # fmt: skip
def test_short_forms_of_many_languages_are_known(one, other):
    assert set(name_groups(plain(one))) & set(name_groups(plain(other)))


@pytest.mark.parametrize("one, other", [("Anna", "Maria"), ("John", "Peter"), ("Paul", "Thomas")])
def test_two_names_are_two(one, other):
    assert not set(name_groups(plain(one))) & set(name_groups(plain(other)))


@pytest.mark.parametrize(
    "one, other", [("Mueller", "Müller"), ("Matthias", "Mathias"), ("Phillip", "Filip")]
)
def test_spellings_of_a_letter_fold_into_one(one, other):
    assert folded(plain(one)) == folded(plain(other))


@pytest.mark.parametrize(
    "one, other",
    [("Schmidt", "Schmitt"), ("Shevchenko", "Ševčenko"), ("Meyer", "Maier"), ("Yuliya", "Julia")],
)
def test_names_that_sound_the_same_have_one_sound(one, other):
    assert sound(plain(one)) == sound(plain(other))


def test_packing_loses_nothing():
    frame = pl.DataFrame(
        {
            "link": [1, 2, 3],
            "given_name": ["Ann", None, None],
            "family_name": ["Lee", None, None],
            "organisation": [None, "Acme Ltd", None],
            "emails": ['["a@b.de","c@d.de"]', None, None],
            "addresses": ['[{"street":"Main St 1","city":"Ulm"},{"city":"Bonn"}]', None, None],
        }
    )
    found = profiles(frame, region="DE", match=MatchConfig())

    again = unpacked(packed(found), found["link"])

    assert again.equals(found)
    assert again.schema == pl.Schema(PROFILE)


def test_a_profile_of_another_version_is_refused():
    with pytest.raises(ValueError, match="version"):
        unpacked(pl.Series(["0\x1f1"]), pl.Series([1]))


def test_no_records_make_no_profiles():
    frame = pl.DataFrame(schema={"link": pl.Int64, "email": pl.String})

    assert profiles(frame, region="", match=MatchConfig()).schema == pl.Schema(PROFILE)
