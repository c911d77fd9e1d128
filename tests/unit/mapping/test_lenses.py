"""What each lens reads and writes: tables that a steward can check."""

import polars as pl
import pytest

from customer_sync.core.mapping.amount import Number
from customer_sync.core.mapping.code import Boolean, Language
from customer_sync.core.mapping.contact import Email, Url
from customer_sync.core.mapping.row import cells_of
from customer_sync.core.mapping.text import Organisation, Text

DE = "Europe/Berlin"
ADDRESS = '{"city":"Berlin","country":"DE","postal_code":"10115","street":"Hauptstr. 5"}'

READS = [
    # canonical field,  mapping options,                        source text,                 canonical value or fault
    ("note",            {},                                     "  Ärger ",                  "Ärger"),
    ("note",            {},                                     "A\u0308",                   "Ä"),
    ("note",            {},                                     "",                          None),
    ("note",            {},                                     "   ",                       None),
    ("note",            {"empty": "keep"},                      "",                          ""),
    ("note",            {},                                     "a\x00b",                    "!text_control"),
    ("organisation",    {"lens": "organisation"},               "Acme   GmbH ",              "Acme GmbH"),
    ("email",           {},                                     "Ann@Example.COM",           "ann@example.com"),
    ("email",           {},                                     "Ann Lee <ann@example.com>", "ann@example.com"),
    ("email",           {},                                     "mailto:ann@example.com",    "ann@example.com"),
    ("email",           {},                                     "ann@bücher.de",             "ann@bücher.de"),
    ("email",           {},                                     "ann@xn--bcher-kva.de",      "ann@bücher.de"),
    ("email",           {},                                     "ann@",                      "!email_invalid"),
    ("email",           {},                                     "a@x.de; b@x.de",            "!email_several"),
    ("phone",           {},                                     "030 / 123 456",             "+4930123456"),
    ("phone",           {},                                     "+49 (0)30 123456",          "+4930123456"),
    ("phone",           {},                                     "0049 30 123456",            "+4930123456"),
    ("phone",           {"region": "US"},                       "(202) 555-0123",            "+12025550123"),
    ("phone",           {"region": "IT"},                       "06 12345678",               "+390612345678"),
    ("phone",           {},                                     "030 123456 ext. 7",         "+4930123456"),
    ("phone",           {},                                     "call me",                   "!phone_invalid"),
    ("phone",           {"region": "ZZ"},                       "030 123456",                "!phone_region_missing"),
    ("phone",           {"region": "ZZ"},                       "+49 30 123456",             "+4930123456"),
    ("credit_limit",    {"currency": "EUR"},                    "$ 5",                       "!currency_ambiguous"),
    ("credit_limit",    {"currency": "CAD"},                    "$ 5",                       "5 CAD"),
    ("phone",           {},                                     "12",                        "!phone_invalid"),
    ("country",         {},                                     "Deutschland",               "DE"),
    ("country",         {},                                     "deu",                       "DE"),
    ("country",         {},                                     "UK",                        "GB"),
    ("country",         {},                                     "Côte d’Ivoire",             "CI"),
    ("country",         {},                                     "日本",                      "JP"),
    ("country",         {},                                     "Atlantis",                  "!country_unknown"),
    ("language",        {},                                     "de_AT",                     "de"),
    ("language",        {},                                     "GER",                       "de"),
    ("language",        {},                                     "Französisch",               "fr"),
    ("language",        {},                                     "Klingonisch?",              "!language_unknown"),
    ("currency",        {},                                     "eur",                       "EUR"),
    ("currency",        {},                                     "€",                         "EUR"),
    ("currency",        {},                                     "$",                         "!currency_ambiguous"),
    ("currency",        {},                                     "taler",                     "!currency_unknown"),
    ("birth_date",      {},                                     "1990-12-31",                "1990-12-31"),
    ("birth_date",      {},                                     "31.12.1990",                "1990-12-31"),
    ("birth_date",      {},                                     "1990-12-31T00:00:00",       "1990-12-31"),
    ("birth_date",      {"format": "%m/%d/%Y"},                 "12/31/1990",                "1990-12-31"),
    ("birth_date",      {},                                     "01/02/1990",                "!date_ambiguous"),
    ("birth_date",      {},                                     "1990-02-30",                "!date_invalid"),
    ("birth_date",      {},                                     "0000-00-00",                None),
    ("custom.seen",     {},                                     "2024-07-01T12:00:00+02:00", "2024-07-01T10:00:00Z"),
    ("custom.seen",     {"zone": DE},                           "2024-07-01 12:00:00",       "2024-07-01T10:00:00Z"),
    ("custom.seen",     {"zone": "America/Los_Angeles"},        "2024-07-01 20:00:00",       "2024-07-02T03:00:00Z"),
    ("custom.seen",     {"zone": DE},                           "2024-03-31 02:30:00",       "!instant_gap"),
    ("custom.seen",     {"zone": DE},                           "2024-10-27 02:30:00",       "!instant_overlap"),
    ("custom.seen",     {},                                     "2024-07-01 12:00:00",       "!instant_zone_missing"),
    ("custom.seen",     {},                                     "yesterday",                 "!instant_invalid"),
    ("custom.seen",     {"format": "epoch"},                    "1719828000",                "2024-07-01T10:00:00Z"),
    ("active",          {},                                     "Ja",                        "true"),
    ("active",          {},                                     "0",                         "false"),
    ("active",          {},                                     "não",                       "false"),
    ("active",          {"format": "x/"},                       "",                          "false"),
    ("active",          {"format": "x/"},                       None,                        "false"),
    ("active",          {},                                     "perhaps",                   "!boolean_unknown"),
    ("loyalty.points",  {},                                     "10.50",                     "10.5"),
    ("loyalty.points",  {},                                     "1.234,50",                  "1234.5"),
    ("loyalty.points",  {},                                     "1,234.50",                  "1234.5"),
    ("loyalty.points",  {},                                     "1'234.50",                  "1234.5"),
    ("loyalty.points",  {},                                     "10,5",                      "10.5"),
    ("loyalty.points",  {},                                     "0,123",                     "0.123"),
    ("loyalty.points",  {},                                     "1,234",                     "!number_ambiguous"),
    ("loyalty.points",  {"format": "1.234,56"},                 "1.234",                     "1234"),
    ("loyalty.points",  {"format": "1,234.56"},                 "1,234",                     "1234"),
    ("loyalty.points",  {},                                     "5-",                        "-5"),
    ("loyalty.points",  {},                                     "1E3",                       "1000"),
    ("loyalty.points",  {},                                     "-0.00",                     "0"),
    ("loyalty.points",  {},                                     "NaN",                       "!number_invalid"),
    ("loyalty.points",  {},                                     "1.2.3,4",                   "!number_invalid"),
    ("credit_limit",    {},                                     "5900.00",                   "5900 EUR"),
    ("credit_limit",    {"currency": "USD"},                    "5900.00",                   "5900 USD"),
    ("credit_limit",    {},                                     "4,66 €",                    "4.66 EUR"),
    ("credit_limit",    {},                                     "CHF 1'000.05",              "1000.05 CHF"),
    ("credit_limit",    {"currency": "USD"},                    "$12",                       "12 USD"),
    ("credit_limit",    {},                                     "much",                      "!number_invalid"),
    ("tax_id",          {},                                     "DE 136 695 976",            "DE136695976"),
    ("tax_id",          {"region": "DE"},                       "136695976",                 "DE136695976"),
    ("tax_id",          {},                                     "GR094259216",               "EL094259216"),
    ("tax_id",          {},                                     "DE136695977",               "!tax_id_invalid"),
    ("tax_id",          {},                                     "136695976",                 "!tax_id_country_missing"),
    ("website",         {},                                     "WWW.Acme.com/",             "https://www.acme.com"),
    ("website",         {},                                     "HTTP://acme.com/A?b=C",     "http://acme.com/A?b=C"),
    ("website",         {},                                     "not a site",                "!url_invalid"),
    ("website",         {},                                     "javascript:alert(1)",       "!url_invalid"),
    ("loyalty.tier",    {"values": {"G": "gold"}},              "G",                         "gold"),
    ("loyalty.tier",    {"values": {"G": "gold"}},              "B",                         "!value_unmapped"),
    ("loyalty.tier",    {"values": {"G": "gold"}, "unmapped": "keep"}, "B",                  "B"),
    ("loyalty.tier",    {"values": {"G": "gold", "": "none"}},  "",                          "none"),
    ("emails",          {},                                     "B@x.de; a@x.de,b@x.de",     '["a@x.de","b@x.de"]'),
    ("emails",          {},                                     '["b@x.de","a@x.de"]',      '["a@x.de","b@x.de"]'),
    ("emails",          {},                                     "[]",                        None),
    ("emails",          {},                                     "a@x.de, b@",                "!list_element_invalid"),
    ("emails",          {},                                     "[1",                        "!list_invalid"),
    ("phones",          {"separator": "|"},                     "030 123456|030 123457",     '["+4930123456","+4930123457"]'),
    ("note",            {"path": "$.a.b[0]"},                   '{"a": {"b": ["x"]}}',       "x"),
    ("note",            {"path": "$.a.b"},                      "{}",                        None),
    ("note",            {"path": "$.a"},                        '{"a": {}}',                 "!json_type"),
    ("note",            {"path": "$.a"},                        "{a",                        "!json_invalid"),
    ("active",          {"path": "$.ok"},                       '{"ok": true}',              "true"),
    ("loyalty.points",  {"path": "$.n"},                        '{"n": 12.50}',              "12.5"),
    ("loyalty.points",  {"path": "$.n"},                        '{"n": 0.12345678901234567890123}', "!json_precision"),
    ("billing_address", {},                                     '{"street": "Hauptstr. 5", "postal_code": "10115", "city": "Berlin", "country": "Germany"}', ADDRESS),
    ("billing_address", {},                                     "Hauptstr. 5",               "!address_json"),
    ("reference.erp",   {},                                     " 0042 ",                    "0042"),
]  # fmt: skip


@pytest.mark.parametrize("field, options, text, expected", READS)
def test_a_lens_reads(field, options, text, expected, stream, frame):
    mapping = stream(
        {field: {"field": "source"} | options}, fields={"custom.seen": {"kind": "instant"}}
    )

    mapped = mapping.get(frame({"source": text}))

    codes = mapped.rejects["code"].to_list()
    assert (f"!{codes[0]}" if codes else mapped.values[field][0]) == expected


WRITES = [
    # canonical field,  mapping options,                        image,                       golden,                   source after
    ("note",            {},                                     " Ärger ",                   "Ärger",                  " Ärger "),
    ("note",            {},                                     "old",                       None,                     None),
    ("organisation",    {"lens": "organisation"},               "Acme  GmbH",                "Acme GmbH",              "Acme  GmbH"),
    ("email",           {},                                     "Ann@X.DE",                  "ann@x.de",               "Ann@X.DE"),
    ("email",           {},                                     "Ann@X.DE",                  "bob@x.de",               "bob@x.de"),
    ("phone",           {},                                     "030/123456",                "+4930123456",            "030/123456"),
    ("phone",           {},                                     "030/123456",                "+4930123457",            "+4930123457"),
    ("phone",           {},                                     "call me",                   None,                     "call me"),
    ("phone",           {},                                     "call me",                   "+4930123457",            "+4930123457"),
    ("country",         {},                                     "Deutschland",               "FR",                     "Frankreich"),
    ("country",         {},                                     "DEU",                       "FR",                     "FRA"),
    ("country",         {},                                     "de",                        "FR",                     "fr"),
    ("country",         {},                                     None,                        "FR",                     "FR"),
    ("birth_date",      {},                                     "31.12.1990",                "1991-01-02",             "02.01.1991"),
    ("birth_date",      {},                                     "1990-12-31 00:00:00",       "1991-01-02",             "1991-01-02 00:00:00"),
    ("birth_date",      {"format": "%d/%m/%Y"},                 None,                        "0991-01-02",             "02/01/0991"),
    ("birth_date",      {},                                     "0000-00-00",                None,                     "0000-00-00"),
    ("custom.seen",     {"zone": DE},                           "2024-07-01 12:00:00",       "2024-12-24T11:00:00Z",   "2024-12-24 12:00:00"),
    ("custom.seen",     {"zone": DE},                           "2024-07-01 12:00:00",       "2024-10-27T00:30:00Z",   "2024-10-27T00:30:00Z"),
    ("custom.seen",     {},                                     "2024-07-01T12:00:00+02:00", "2024-12-24T11:00:00Z",   "2024-12-24T13:00:00+02:00"),
    ("active",          {},                                     "Ja",                        "false",                  "Nein"),
    ("active",          {},                                     "1",                         "false",                  "0"),
    ("active",          {"format": "x/"},                       "x",                         "false",                  ""),
    ("active",          {"format": "x/"},                       "x",                         None,                     "x"),
    ("loyalty.points",  {},                                     "1.234,50",                  "7777.25",                "7.777,25"),
    ("loyalty.points",  {},                                     "10.50",                     "10.5",                   "10.50"),
    ("loyalty.points",  {"format": "1.234,56"},                 None,                        "1000000.5",              "1.000.000,50"),
    ("credit_limit",    {},                                     "5900.00",                   "5900.01 EUR",            "5900.01"),
    ("credit_limit",    {},                                     "5900.00",                   "10 USD",                 "5900.00"),
    ("credit_limit",    {},                                     "4,66 €",                    "4.67 EUR",               "4,67 €"),
    ("credit_limit",    {},                                     "4,66 €",                    "4.67 USD",               "4,67 USD"),
    ("tax_id",          {"region": "DE"},                       "136 695 976",               "DE136695976",            "136 695 976"),
    ("website",         {},                                     "www.acme.com",              "https://acme.de",        "acme.de"),
    ("loyalty.tier",    {"values": {"G": "gold", "S": "silver"}}, "G",                       "silver",                 "S"),
    ("loyalty.tier",    {"values": {"G": "gold", "A": "gold"}}, "A",                         "gold",                   "A"),
    ("loyalty.tier",    {"values": {"G": "gold", "A": "gold"}}, None,                        "gold",                   "G"),
    ("loyalty.tier",    {"values": {"G": "gold"}},              "G",                         "bronze",                 "G"),
    ("emails",          {},                                     "B@x.de; a@x.de",            '["a@x.de","c@x.de"]',   "a@x.de; c@x.de"),
    ("emails",          {},                                     None,                        '["a@x.de"]',             '["a@x.de"]'),
    ("note",            {"path": "$.a.b"},                      '{"a": {"b": "x", "c": 1}}', "y",                      '{"a": {"b": "y", "c": 1}}'),
    ("note",            {"path": "$.a.b"},                      None,                        "y",                      '{"a": {"b": "y"}}'),
    ("loyalty.points",  {"path": "$.n"},                        '{"n": 12.50}',              "7.25",                   '{"n": 7.25}'),
    ("billing_address", {},                                     '{"city": "Bonn", "id": 7}', ADDRESS,                  '{"city": "Berlin", "id": 7, "street": "Hauptstr. 5", "postal_code": "10115", "country": "DE"}'),
    # policies
    ("note",            {"never_clear": True},                  "old",                       None,                     "old"),
    ("note",            {"set_if_empty": True},                 "old",                       "new",                    "old"),
    ("note",            {"set_if_empty": True},                 " ",                         "new",                    "new"),
    ("note",            {"default": "Unknown"},                 None,                        None,                     "Unknown"),
    ("note",            {"default": "Unknown"},                 "Unknown",                   None,                     "Unknown"),
    ("note",            {"default": "Unknown"},                 "Unknown",                   "known",                  "known"),
    ("note",            {"length": 4},                          None,                        "abc defg",               "abc"),
    ("note",            {"length": 4},                          "abc",                       "abc defg",               "abc"),
    ("note",            {"length": 4},                          " abc",                      "abc defg",               " abc"),
    ("phone",           {"length": 4},                          "1",                         "+4930123456",            "1"),
]  # fmt: skip


@pytest.mark.parametrize("field, options, image, golden, expected", WRITES)
def test_a_lens_writes(field, options, image, golden, expected, stream, frame):
    mapping = stream(
        {field: {"field": "source"} | options}, fields={"custom.seen": {"kind": "instant"}}
    )
    images, wanted = frame({"source": image}), frame({field: golden})

    once = mapping.put(wanted, images)

    assert once["source"].to_list() == [expected]
    assert mapping.put(wanted, once)["source"].to_list() == [expected]


NAMES = [
    # full name,                    given,          middle,  family
    ("Ann Lee",                     "Ann",          None,    "Lee"),
    ("Lee, Ann",                    "Ann",          None,    "Lee"),
    ("Dr. Ann Lee",                 "Ann",          None,    "Lee"),
    ("Ludwig van der Rohe",         "Ludwig",       None,    "van der Rohe"),
    ("María de la Cruz",            "María",        None,    "de la Cruz"),
    ("García Márquez, Gabriel",     "Gabriel",      None,    "García Márquez"),
    ("Martin Luther King Jr.",      "Martin",       "Luther", "King"),
    ("Madonna",                     "Madonna",      None,    None),
    ("Frau Müller",                 None,           None,    "Müller"),
    ("山田 太郎",                    "太郎",          None,    "山田"),
    ("Van Morrison",                "Van",          None,    "Morrison"),
]  # fmt: skip


@pytest.mark.parametrize("text, given, middle, family", NAMES)
def test_a_full_name_falls_into_parts(text, given, middle, family, stream, frame):
    mapping = stream(
        {"given_name, middle_name, family_name": {"field": "name", "lens": "person_name"}}
    )

    values = mapping.get(frame({"name": text})).values

    assert values.row(0, named=True) == {
        "given_name": given,
        "middle_name": middle,
        "family_name": family,
    }


RENAMED = [
    # image,              given,   family,            after
    ("Ann Lee",           "Ann",   "Lee",             "Ann Lee"),
    ("Ann Lee",           "Ann",   "Smith",           "Ann Smith"),
    ("Lee, Ann",          "Ann",   "Smith",           "Smith, Ann"),
    ("Dr. Ann Lee",       "Ann",   "Smith",           "Dr. Ann Smith"),
    ("Ann Lee",           "Ann",   "García Márquez",  "García Márquez, Ann"),
    (None,                None,    "Müller",          "Müller,"),
    ("山田 太郎",          "花子",   "山田",             "山田 花子"),
]  # fmt: skip


@pytest.mark.parametrize("image, given, family, after", RENAMED)
def test_a_full_name_is_written_so_that_it_reads_back(image, given, family, after, stream, frame):
    mapping = stream({"given_name, family_name": {"field": "name", "lens": "person_name"}})

    written = mapping.put(
        frame({"given_name": given, "family_name": family}), frame({"name": image})
    )

    assert written["name"].to_list() == [after]
    assert mapping.get(written).values.row(0) == (given, family)


PARTIES = [
    # name,                        kind,            given,   family,    organisation
    ("Acme GmbH",                  "organisation",  None,    None,      "Acme GmbH"),
    ("Müller & Söhne GmbH & Co. KG", "organisation", None,   None,      "Müller & Söhne GmbH & Co. KG"),
    ("Acme, Inc.",                 "organisation",  None,    None,      "Acme, Inc."),
    ("Kraków Sp. z o.o.",          "organisation",  None,    None,      "Kraków Sp. z o.o."),
    ("Ann Lee",                    "person",        "Ann",   "Lee",     None),
    ("Lee, Ann",                   "person",        "Ann",   "Lee",     None),
]  # fmt: skip


@pytest.mark.parametrize("text, kind, given, family, organisation", PARTIES)
def test_a_party_is_told_by_its_legal_form(text, kind, given, family, organisation, stream, frame):
    mapping = stream(
        {"kind, given_name, family_name, organisation": {"field": "name", "lens": "party_name"}}
    )

    values = mapping.get(frame({"name": text})).values

    assert values.row(0, named=True) == {
        "kind": kind, "given_name": given, "family_name": family, "organisation": organisation
    }  # fmt: skip


def test_an_address_is_one_value_of_several_fields(stream, frame):
    parts = {"street": "line1", "city": "town", "postal_code": "zip", "country": "land"}
    mapping = stream({"billing_address": {"fields": parts}})
    image = frame({"line1": "Hauptstr. 5 ", "town": "Bonn", "zip": "10115", "land": "Germany"})

    written = mapping.put(frame({"billing_address": ADDRESS}), image)

    assert written.row(0) == ("Hauptstr. 5 ", "Berlin", "10115", "Germany")
    assert mapping.get(written).values["billing_address"].to_list() == [ADDRESS]


def test_money_takes_its_currency_from_the_field_beside_it(stream, frame):
    mapping = stream({"credit_limit": {"fields": {"amount": "limit", "currency": "cur"}}})
    image = frame({"limit": "10.00", "cur": "USD"})

    assert mapping.get(image).values["credit_limit"].to_list() == ["10 USD"]
    assert mapping.put(frame({"credit_limit": "9.5 JPY"}), image).row(0) == ("9.50", "JPY")


def test_several_fields_make_a_set(stream, frame):
    mapping = stream({"phones": {"fields": ["home", "work"], "lens": "list"}})
    image = frame({"home": "030 123456", "work": None})

    written = mapping.put(frame({"phones": '["+4930123456","+4930999999"]'}), image)

    assert mapping.get(image).values["phones"].to_list() == ['["+4930123456"]']
    assert written.row(0) == ("030 123456", "+4930999999")


def test_joined_and_split_texts_come_back(stream, frame):
    mapping = stream(
        {
            "job_title": {"fields": ["role", "team"], "lens": "join", "separator": ", "},
            "title, name_suffix": {"field": "affixes", "lens": "split", "separator": "|"},
        }
    )
    image = frame({"role": "Head", "team": "Sales", "affixes": "Dr.|Jr."})

    values = mapping.get(image).values
    written = mapping.put(
        frame({"job_title": "Chief, Sales", "title": None, "name_suffix": "Sr."}), image
    )

    assert values.row(0, named=True) == {
        "title": "Dr.",
        "name_suffix": "Jr.",
        "job_title": "Head, Sales",
    }
    assert written.row(0) == ("Chief", "Sales", "|Sr.")


def test_two_paths_into_one_json_field_are_written_together(stream, frame):
    mapping = stream(
        {"email": {"field": "doc", "path": "$.mail"}, "note": {"field": "doc", "path": "$.x.note"}}
    )
    image = frame({"doc": '{"mail": "a@x.de", "keep": [1]}'})

    written = mapping.put(frame({"email": "b@x.de", "note": "hi"}), image)

    assert written["doc"].to_list() == ['{"mail": "b@x.de", "keep": [1], "x": {"note": "hi"}}']


def test_constants_and_expressions_are_read_and_never_written(stream, frame):
    mapping = stream(
        {
            "kind": {"constant": "person"},
            "organisation": {
                "expression": "coalesce(company, first || ' ' || last)",
                "direction": "in",
            },
        }
    )

    mapped = mapping.get(frame({"company": None, "first": "Ann", "last": "Lee"}))

    assert mapping.source_fields == ("company", "first", "last")
    assert (mapping.outward, mapping.out_sources) == ((), ())
    assert mapped.values.row(0, named=True) == {"kind": "person", "organisation": "Ann Lee"}


def test_an_expression_that_fails_for_one_record_is_that_records_fault(stream, frame):
    mapping = stream({"loyalty.points": {"expression": "cast(a as int) * 2"}})

    mapped = mapping.get(frame({"a": "2"}, {"a": "x"}, {"a": None}))

    assert mapped.values["loyalty.points"].to_list() == ["4", None, None]
    assert mapped.rejects.select("row", "code").rows() == [(1, "expression_failed")]
    assert mapped.silent.rows() == [(1, "loyalty.points")]


@pytest.mark.parametrize(
    "lens", [Email(), Text(), Organisation(), Url(), Boolean(), Language(), Number()]
)
def test_texts_that_a_normal_pattern_matches_read_as_themselves_whatever_the_size(lens):
    texts = [
        "ann@acme.de", "Ann@acme.de", "a b", "a  b", " a", "a\n", "", "https://acme.de", "https://Acme.de/",
        "true", "TRUE", "de", "DE", "12", "012", "12\n", "true\n", "ann@acme.de\n", "\u00e9", "e\u0301",
    ]  # fmt: skip

    small = lens.get([pl.Series("x", texts, dtype=pl.String)])[0]
    large = lens.get([pl.Series("x", texts * 10, dtype=pl.String)])[0]

    assert cells_of(small) == [lens.cell(text) for text in texts] == cells_of(large)[: len(texts)]
