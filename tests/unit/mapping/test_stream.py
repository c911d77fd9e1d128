"""A whole stream: absent, null and empty; all faults; rules; configuration that cannot mean what it says."""

import re

import pytest

from customer_sync.core.mapping import CODES, check_laws, compile_stream
from customer_sync.kernel.errors import ConfigurationError
from customer_sync.model.config import Configuration, FieldMapping


def test_absent_null_and_empty_are_three_things(stream, frame):
    mapping = stream(
        {
            "note": {"field": "a", "empty": "keep"},
            "email": "b",
            "active": {"field": "c", "format": "x/"},
        }
    )

    mapped = mapping.get(
        frame(
            {"@id": "1", "@absent": "a,c", "a": None, "b": "x@y.de", "c": None},
            {"@id": "2", "@absent": None, "a": None, "b": None, "c": None},
            {"@id": "3", "@absent": None, "a": "", "b": "", "c": "x"},
        )
    )

    assert mapped.values["note"].to_list() == [None, None, ""]
    assert mapped.values["email"].to_list() == ["x@y.de", None, None]
    assert mapped.values["active"].to_list() == [None, "false", "true"]
    assert set(mapped.silent.rows()) == {(0, "note"), (0, "active")}


def test_a_part_that_is_absent_makes_the_whole_address_silent(stream, frame):
    mapping = stream({"billing_address": {"fields": {"street": "s", "city": "c"}}})

    mapped = mapping.get(frame({"@absent": "s", "s": None, "c": "Berlin"}))

    assert mapped.silent.rows() == [(0, "billing_address")]
    assert mapped.values["billing_address"].to_list() == [None]


def test_a_column_that_was_not_delivered_is_silent(stream, frame):
    mapping = stream({"note": "a", "email": "b"})

    assert mapping.get(frame({"a": "x"})).silent.rows() == [(0, "email")]


def test_every_fault_of_a_record_is_reported_and_none_shows_its_value(stream, frame):
    mapping = stream(
        {
            "email": "mail",
            "phone": "tel",
            "country": {"field": "land", "required": True},
            "family_name": {"field": "name", "required": True},
        }
    )

    mapped = mapping.get(
        frame({"mail": "hans@", "tel": "secret", "land": "Atlantis", "name": None})
    )

    told = {
        (fault["field"], fault["source"], fault["code"], fault["whole"])
        for fault in mapped.rejects.to_dicts()
    }
    assert told == {
        ("email", "mail", "email_invalid", False),
        ("phone", "tel", "phone_invalid", False),
        ("country", "land", "country_unknown", True),
        ("family_name", "name", "required_missing", True),
    }
    assert not any(
        value in detail
        for detail in mapped.rejects["detail"]
        for value in ("hans", "secret", "Atlantis")
    )
    assert set(mapped.silent["field"]) == {"email", "phone", "country"}


def test_one_bad_record_leaves_the_others_alone(stream, frame):
    mapping = stream({"email": "mail"})

    mapped = mapping.get(frame(*[{"mail": f"a{n}@x.de"} for n in range(99)], {"mail": "bad"}))

    assert mapped.values["email"].null_count() == 1
    assert mapped.rejects["row"].to_list() == [99]


def test_a_value_to_be_ignored_is_silent_without_a_reject(stream, frame):
    mapping = stream(
        {"loyalty.tier": {"field": "t", "values": {"G": "gold"}, "unmapped": "ignore"}}
    )

    mapped = mapping.get(frame({"t": "?"}))

    assert (mapped.rejects.height, mapped.silent.rows()) == (0, [(0, "loyalty.tier")])


def test_a_value_outside_the_map_names_the_known_ones(stream, frame):
    mapping = stream({"loyalty.tier": {"field": "t", "values": {"G": "gold", "S": "silver"}}})

    assert "one of G, S" in mapping.get(frame({"t": "?"})).rejects["detail"][0]


def test_an_emptied_field_that_is_never_cleared_claims_nothing(stream, frame):
    mapping = stream({"note": {"field": "a", "never_clear": True}})

    assert mapping.get(frame({"a": None})).silent.rows() == [(0, "note")]


def test_a_default_is_never_read_back(stream, frame):
    mapping = stream({"family_name": {"field": "name", "default": "Unknown"}})

    sent = mapping.put(frame({"family_name": None}), frame({"name": None}))

    assert sent["name"].to_list() == ["Unknown"]
    assert mapping.get(sent).values["family_name"].to_list() == [None]
    assert mapping.get(sent).rejects.height == 0


def test_a_part_that_cannot_be_read_is_never_emptied(stream, frame):
    mapping = stream({"title, name_suffix": {"field": "a", "lens": "split", "separator": ";"}})
    image = frame({"a": "\x00;Jr."})

    written = mapping.put(frame({"title": None, "name_suffix": "Sr."}), image)

    assert written["a"].to_list() == ["\x00;Jr."]


def test_directions(stream, frame):
    mapping = stream(
        {
            "email": {"field": "a", "direction": "in"},
            "phone": {"field": "b", "direction": "out"},
            "kind": {"field": "c", "constant": "person", "direction": "out"},
        }
    )

    written = mapping.put(
        frame({"email": "x@y.de", "phone": "+4930123456"}),
        frame({"a": "old", "b": None, "c": None}),
    )

    assert (mapping.canonical, mapping.outward, mapping.out_sources) == (
        ("email",),
        ("kind", "phone"),
        ("b", "c"),
    )
    assert written.row(0, named=True) == {"b": "+4930123456", "c": "person"}


def test_golden_columns_that_are_not_there_are_left_as_they_are(stream, frame):
    mapping = stream(
        {"given_name, family_name": {"field": "n", "lens": "person_name"}, "email": "m"}
    )

    written = mapping.put(frame({"family_name": "Smith"}), frame({"n": "Ann Lee", "m": "a@x.de"}))

    assert written.row(0) == ("Ann Smith", "a@x.de")


def test_an_empty_batch_is_mapped_to_empty_frames(stream, frame):
    mapping = stream({"note": "a", "given_name, family_name": {"field": "n", "lens": "person_name"}, "kind": {"constant": "person"}},
                     rules=[{"when": "note = 'x'", "flag": "x"}])  # fmt: skip

    empty = frame({"a": "x", "n": "y"}).clear()
    mapped = mapping.get(empty)

    assert mapped.values.shape == (0, 4)
    assert mapping.put(mapped.values, empty).shape == (0, 2)


RULES = [
    # rule,                                                                     record,                               outcome
    ({"when": "country in ('DE','FR') and tax_id is null", "reject": "no id"},  {"country": "DE"},                    ("rejected", "no id")),
    ({"when": "country in ('DE','FR') and tax_id is null", "reject": "no id"},  {"country": "US"},                    None),
    ({"when": "loyalty.tier = 'gold'", "flag": "a good one"},                   {"tier": "gold"},                     ("flagged", "a good one")),
    ({"when": "loyalty.points > 9", "flag": "many"},                            {"points": "10"},                     ("flagged", "many")),
    ({"when": "credit_limit.amount >= 1000.5", "flag": "rich"},                 {"credit": "1000,50"},                ("flagged", "rich")),
    ({"when": "credit_limit.currency <> 'EUR'", "flag": "foreign"},             {"credit": "10 USD"},                 ("flagged", "foreign")),
    ({"when": "not active", "flag": "asleep"},                                  {"active": "no"},                     ("flagged", "asleep")),
    ({"when": "billing_address.city = 'Bonn'", "flag": "old capital"},          {"city": "Bonn"},                     ("flagged", "old capital")),
    ({"flag": "always"},                                                        {},                                   ("flagged", "always")),
    ({"derive": {"note": "upper(country)"}},                                    {"country": "DE", "note": "x"},       ("note", "DE")),
    ({"default": {"note": "'n/a'"}},                                            {"note": None},                       ("note", "n/a")),
    ({"default": {"note": "'n/a'"}},                                            {"note": "x"},                        ("note", "x")),
    ({"when": "country = 'DE'", "default": {"language": "'DE'"}},               {"country": "DE"},                    ("language", "de")),
]  # fmt: skip


@pytest.mark.parametrize("rule, record, outcome", RULES)
def test_rules(rule, record, outcome, stream, frame):
    mapping = stream(
        {"country": "country", "tax_id": "tax", "loyalty.tier": "tier", "loyalty.points": "points", "credit_limit": "credit",
         "active": "active", "billing_address": {"fields": {"city": "city"}}, "note": {"field": "note", "direction": "in"}},
        rules=[rule],
    )  # fmt: skip
    full = dict.fromkeys(mapping.source_fields) | record

    mapped = mapping.get(frame(full))

    rejected = [("rejected", row["detail"]) for row in mapped.rejects.to_dicts() if row["whole"]]
    flagged = [("flagged", remark) for remark in mapped.flags["remark"]]
    value = (
        [(outcome[0], mapped.values[outcome[0]][0])]
        if outcome and outcome[0] in mapped.values.columns
        else []
    )
    assert (rejected + flagged + value or [None]) == [outcome]


def test_rules_see_what_earlier_rules_derived(stream, frame):
    mapping = stream(
        {"country": "c"},
        rules=[
            {"when": "country = 'DE'", "derive": {"language": "'de'"}},
            {"when": "language = 'de'", "flag": "speaks German"},
        ],
    )

    mapped = mapping.get(frame({"c": "DE"}, {"c": "FR"}))

    assert mapped.values["language"].to_list() == ["de", None]
    assert mapped.silent.rows() == [(1, "language")]
    assert mapped.flags.rows() == [(0, "speaks German")]


def test_a_rule_that_fails_for_one_record_sets_that_one_aside(stream, frame):
    mapping = stream({"note": "a"}, rules=[{"when": "cast(note as int) > 1", "reject": "too many"}])

    mapped = mapping.get(frame({"a": "1"}, {"a": "x"}, {"a": "2"}))

    assert sorted(mapped.rejects.select("row", "code").rows()) == [
        (1, "expression_failed"),
        (2, "rule_rejected"),
    ]


def test_a_derived_value_of_the_wrong_kind_is_reported(stream, frame):
    mapping = stream({"country": "c"}, rules=[{"derive": {"language": "country || '?'"}}])

    mapped = mapping.get(frame({"c": "DE"}))

    assert mapped.rejects.select("field", "code", "whole").rows() == [
        ("language", "value_invalid", False)
    ]


def test_a_default_of_a_rule_does_not_fill_what_a_record_is_silent_about(stream, frame):
    mapping = stream({"note": "a"}, rules=[{"default": {"note": "'n/a'"}}])

    mapped = mapping.get(frame({"@absent": "a", "a": None}, {"@absent": None, "a": None}))

    assert mapped.values["note"].to_list() == [None, "n/a"]
    assert mapped.silent.rows() == [(0, "note")]


REFUSED = [
    # fields,                                                             rules,                              what the message names
    ({"shoe_size": "a"},                                                  [],                                 "shoe_size"),
    ({"email": {"field": "a", "lens": "emial"}},                          [],                                 "emial"),
    ({"email": {}},                                                       [],                                 "exactly one source field"),
    ({"email": {"field": "a", "lens": "date"}},                           [],                                 "does not give"),
    ({"email": "a", "note": "a"},                                         [],                                 "written by two"),
    ({"family_name": "a", "given_name, family_name": {"field": "b", "lens": "person_name"}}, [],              "mapped twice"),
    ({"given_name, family_name": {"field": "b"}, "email": {"field": "c", "constant": "x"}}, [],               "constant"),
    ({"given_name, email": {"field": "b", "lens": "person_name"}},        [],                                 "cannot give"),
    ({"email, phone": {"field": "b"}},                                    [],                                 "separator"),
    ({"note, job_title": {"field": "b", "lens": "text"}},                  [],                                 "gives 1 canonical field"),
    ({"loyalty.tier": {"field": "a", "lens": "values"}},                  [],                                 "value map"),
    ({"country": {"field": "a", "values": {"D": "Germany"}}},             [],                                 "no canonical country"),
    ({"note": {"field": "a", "path": "$..x"}},                            [],                                 "JSON path"),
    ({"note": {"expression": "a ||"}},                                    [],                                 "does not parse"),
    ({"note": {"expression": "a", "direction": "out"}},                   [],                                 "cannot be written back"),
    ({"custom.seen": {"field": "a", "zone": "Mars/Base"}},                [],                                 "time zone"),
    ({"phone": {"field": "a", "region": "Germany"}},                      [],                                 "not a region"),
    ({"loyalty.points": {"field": "a", "format": "lots"}},                [],                                 "number format"),
    ({"credit_limit": {"fields": ["a", "b", "c"]}},                       [],                                 "an amount and a currency"),
    ({"billing_address": {"fields": {"planet": "a"}}},                    [],                                 "parts of the address"),
    ({"addresses": {"fields": {"city": "a"}}},                            [],                                 "many addresses"),
    ({"email": {"field": "a", "lens": "list"}},                           [],                                 "one value"),
    ({"email": {"fields": ["a", "b"], "lens": "join"}},                   [],                                 "only texts"),
    ({"note": {"field": "a", "required": True, "default": "x"}},          [],                                 "never read back"),
    ({"email": {"field": "a", "default": "nobody"}},                      [],                                 "default"),
    ({"note": {"field": "a", "set_if_empty": True, "direction": "in"}},   [],                                 "set_if_empty"),
    ({"note": "a"},                                                       [{"when": "note =", "flag": "x"}],  "rules[1]"),
    ({"note": "a"},                                                       [{"when": "email = 'x'", "flag": "x"}], "email"),
    ({"note": "a"},                                                       [{"when": "note", "flag": "x"}],    "true or false"),
    ({"active": "a"},                                                     [{"when": "active > 5", "flag": "x"}, {"when": "upper(active) = 'X'", "flag": "x"}], "cannot be computed"),
    ({"note": "a"},                                                       [{"when": "note = 'x'"}],           "does nothing"),
    ({"note": "a"},                                                       [{"derive": {"shoe_size": "1"}}],   "shoe_size"),
]  # fmt: skip


@pytest.mark.parametrize("fields, rules, said", REFUSED)
def test_configuration_that_cannot_mean_what_it_says_is_refused(fields, rules, said, stream):
    with pytest.raises(ConfigurationError) as caught:
        stream(fields, rules=rules, fields={"custom.seen": {"kind": "instant"}})

    assert said in caught.value.message
    assert caught.value.message.startswith("shop.customers, ")
    assert caught.value.hint


def test_an_unknown_stream_is_refused():
    workspace = {"workspace": {"workspace": "acme"}, "systems": {}}

    with pytest.raises(ConfigurationError):
        compile_stream(Configuration.model_validate(workspace), "shop", "customers")


def test_a_rule_that_rewrites_a_two_way_field_breaks_a_law(stream, frame):
    mapping = stream({"note": "a"}, rules=[{"derive": {"note": "upper(note)"}}])

    found = check_laws(mapping, frame({"a": "quiet"}))

    assert [(one.field, one.law, one.lens) for one in found] == [("note", "get-put", "rule")]


def test_every_code_tells_cause_and_remedy():
    assert [
        code for code, text in CODES.items() if not re.fullmatch(r"[A-Z].+\. [A-Z].+\.", text)
    ] == []
    assert all(code == code.lower() and " " not in code for code in CODES)


def test_every_mapping_option_is_known_to_this_test():
    """A new option of the configuration needs a lens or a policy that honours it."""
    assert set(FieldMapping.model_fields) == {
        "field", "fields", "lens", "direction", "set_if_empty", "never_clear", "required", "default", "values", "unmapped",
        "region", "currency", "zone", "format", "separator", "path", "constant", "expression", "empty", "length",
        "stream", "items",
    }  # fmt: skip
