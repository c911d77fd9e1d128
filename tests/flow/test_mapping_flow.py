"""What a mapping says holds on the whole way: systems, claims, golden values, deliveries."""

import json

from customer_sync.systems.simulated import Behaviour

BASE = {"email": "email", "given_name": "first"}


def rejects(company) -> list[tuple]:
    return company.rows(
        "SELECT field, code, whole FROM reject WHERE resolved_at IS NULL ORDER BY field, code"
    )


def golden(company, column: str):
    ((value,),) = company.rows(f"SELECT {column} FROM customer WHERE retired_into IS NULL")
    return value


def one(company, name: str, field: str):
    (record,) = company.shown(name)
    return record.get(field)


def edit(company, system: str, /, **fields) -> None:
    company.platforms[system].edit("contacts", company.only(system), **fields)


def is_quiet(company) -> bool:
    """Nothing waits, and another sync claims and writes nothing."""

    def state():
        return company.rows(
            "SELECT (SELECT count(*) FROM claim), (SELECT count(*) FROM outbound)"
        ), [len(platform.log) for platform in company.platforms.values()]

    before = state()
    company.sync(whole=True)
    return state() == before and before[0][0][1] == 0


# -- value maps -----------------------------------------------------------------------------------

TIER = {"field": "tier", "values": {"G": "gold", "S": "silver"}, "unmapped": "reject"}


def test_an_unmapped_value_is_set_aside_and_the_rest_of_the_record_flows(world):
    company = world(
        crm={"fields": {**BASE, "loyalty.tier": TIER}},
        shop={"fields": {**BASE, "loyalty.tier": "level"}},
    )
    company.platforms["crm"].create("contacts", email="ann@acme.example", first="Ann", tier="X")

    company.sync()

    assert rejects(company) == [("loyalty.tier", "value_unmapped", False)]
    assert one(company, "shop", "first") == "Ann"
    assert golden(company, "loyalty_tier") is None
    assert is_quiet(company)


def test_a_value_set_aside_is_not_overwritten_until_it_is_mended(world):
    company = world(
        crm={"fields": {**BASE, "loyalty.tier": TIER}},
        shop={"fields": {**BASE, "loyalty.tier": "level"}},
    )
    company.platforms["crm"].create("contacts", email="ann@acme.example", first="Ann", tier="X")
    company.sync()

    edit(company, "shop", level="gold", first="Anna")
    company.sync()
    kept = (one(company, "crm", "tier"), one(company, "crm", "first"))
    edit(company, "crm", tier="S")
    company.sync()

    assert kept == ("X", "Anna")
    assert one(company, "shop", "level") == "silver"
    assert rejects(company) == []
    assert is_quiet(company)


def test_a_value_the_map_cannot_show_leaves_the_record_as_it_is(world):
    company = world(
        crm={"fields": {**BASE, "loyalty.tier": TIER}},
        shop={"fields": {**BASE, "loyalty.tier": "level"}},
    )
    company.platforms["crm"].create("contacts", email="ann@acme.example", first="Ann", tier="G")
    company.sync()

    edit(company, "shop", level="diamond", first="Anna")
    company.sync()

    assert (one(company, "crm", "tier"), one(company, "crm", "first")) == ("G", "Anna")
    assert golden(company, "loyalty_tier") == "diamond"


# -- policies of a field --------------------------------------------------------------------------


def test_never_clear_neither_says_nothing_nor_is_emptied(world):
    company = world(
        crm={"fields": {**BASE, "job_title": {"field": "job", "never_clear": True}}},
        shop={"fields": {**BASE, "job_title": "job"}},
    )
    company.platforms["crm"].create("contacts", email="ann@acme.example", first="Ann", job="CEO")
    company.sync()

    edit(company, "crm", job=None)
    company.sync()
    after_crm = one(company, "shop", "job")
    refilled = one(company, "crm", "job")
    edit(company, "shop", job=None)
    company.sync()

    assert after_crm == "CEO"
    assert refilled == "CEO"
    assert one(company, "crm", "job") == "CEO"
    assert (one(company, "shop", "job"), golden(company, "job_title")) == (None, None)
    assert is_quiet(company)


def test_set_if_empty_fills_and_never_replaces(world):
    company = world(
        crm={"fields": {**BASE, "note": {"field": "note", "set_if_empty": True}}},
        shop={"fields": {**BASE, "note": "note"}},
    )
    company.platforms["shop"].create("contacts", email="ann@acme.example", first="Ann", note="one")
    company.sync()
    filled = one(company, "crm", "note")

    edit(company, "shop", note="two")
    company.sync()

    assert filled == "one"
    assert one(company, "crm", "note") == "one"
    assert golden(company, "note") == "two"
    assert is_quiet(company)


def test_a_default_goes_out_and_never_comes_back(world):
    company = world(
        crm={"fields": {**BASE, "country": {"field": "country", "default": "DE"}}},
        shop={"fields": {**BASE, "country": "country"}},
    )
    company.platforms["shop"].create(
        "contacts", email="ann@acme.example", first="Ann", country=None
    )
    company.sync()
    at_first = (
        one(company, "crm", "country"),
        one(company, "shop", "country"),
        golden(company, "country"),
    )
    quiet = is_quiet(company)
    edit(company, "shop", country="FR")
    company.sync()
    french = one(company, "crm", "country")
    edit(company, "shop", country=None)
    company.sync()

    assert at_first == ("DE", None, None)
    assert quiet
    assert french == "FR"
    assert (one(company, "crm", "country"), golden(company, "country")) == ("DE", None)
    assert is_quiet(company)


def test_direction_in_is_only_read_and_out_only_written(world):
    company = world(
        crm={"fields": {**BASE, "job_title": {"field": "job", "direction": "in"}}},
        shop={"fields": {**BASE, "job_title": {"field": "job", "direction": "out"}}},
    )
    company.platforms["crm"].create("contacts", email="ann@acme.example", first="Ann", job="CEO")
    company.sync()
    sent = one(company, "shop", "job")

    edit(company, "shop", job="CFO")
    company.sync(whole=True)

    assert sent == "CEO"
    assert one(company, "crm", "job") == "CEO"
    assert golden(company, "job_title") == "CEO"
    company.sql("UPDATE customer SET job_title = 'CTO' WHERE true")
    company.sync()
    assert (one(company, "crm", "job"), one(company, "shop", "job")) == ("CEO", "CTO")


def test_a_record_without_a_required_value_is_set_aside_whole(world):
    company = world(
        crm={"fields": {**BASE, "tax_id": {"field": "vat", "required": True}}},
        shop={"fields": BASE},
    )
    company.platforms["crm"].create("contacts", email="ann@acme.example", first="Ann", vat=None)
    company.sync()
    set_aside = (rejects(company), company.shown("shop"))

    edit(company, "crm", vat="DE136695976")
    company.sync()

    assert set_aside == ([("tax_id", "required_missing", True)], [])
    assert one(company, "shop", "first") == "Ann"
    assert rejects(company) == []


def test_a_text_too_long_is_cut_there_and_whole_everywhere_else(world):
    company = world(
        crm={"fields": {**BASE, "note": {"field": "note", "length": 10}}},
        shop={"fields": {**BASE, "note": "note"}},
    )
    company.platforms["shop"].create(
        "contacts", email="ann@acme.example", first="Ann", note="0123456789ABC"
    )
    company.sync()
    cut = (one(company, "crm", "note"), one(company, "shop", "note"), golden(company, "note"))
    quiet = is_quiet(company)
    edit(company, "crm", note="new")
    company.sync()

    assert cut == ("0123456789", "0123456789ABC", "0123456789ABC")
    assert quiet
    assert one(company, "shop", "note") == "new"


# -- absent, null, empty --------------------------------------------------------------------------


def test_a_field_the_record_does_not_have_clears_nothing(world):
    company = world(
        crm={"fields": {**BASE, "job_title": "job"}}, shop={"fields": {**BASE, "job_title": "job"}}
    )
    company.platforms["shop"].create("contacts", email="ann@acme.example", first="Ann", job="CEO")
    company.platforms["crm"].create(
        "contacts", email="ann@acme.example", first="Ann"
    )  # no `job` at all

    company.sync()
    company.sync(whole=True)

    assert one(company, "shop", "job") == "CEO"
    assert golden(company, "job_title") == "CEO"


def test_clearing_a_field_in_one_system_clears_it_in_the_others(world):
    company = world(
        "erp",
        crm={"fields": {**BASE, "phone": "phone"}},
        shop={"fields": {**BASE, "phone": "phone"}},
    )
    company.platforms["crm"].create(
        "contacts", email="ann@acme.example", first="Ann", phone="+4930901820"
    )
    company.sync()
    filled = one(company, "shop", "phone")

    edit(company, "shop", phone="")
    company.sync()

    assert filled == "+4930901820"
    assert one(company, "crm", "phone") is None
    assert one(company, "erp", "phone") is None
    assert golden(company, "phone") is None
    assert is_quiet(company)


def test_an_empty_text_and_nothing_are_agreement(world):
    company = world(
        crm={"fields": {**BASE, "note": "note"}},
        shop={"fields": {**BASE, "note": "note"}, "behaviour": Behaviour(empty_is_null=True)},
    )
    company.platforms["crm"].create("contacts", email="ann@acme.example", first="Ann", note="")
    company.platforms["shop"].create("contacts", email="ann@acme.example", first="Ann", note=None)

    company.sync()

    assert one(company, "crm", "note") == ""
    assert is_quiet(company)


# -- many values ----------------------------------------------------------------------------------


def lists(world):
    company = world(
        crm={"fields": {**BASE, "emails": "mails"}},
        shop={"fields": {**BASE, "emails": {"field": "mails", "separator": ";"}}},
    )
    company.platforms["crm"].create(
        "contacts",
        email="a@acme.example",
        first="Ann",
        mails='["a@acme.example", "b@acme.example"]',
    )
    company.sync()
    return company


def mails(company, name: str) -> set[str]:
    text = one(company, name, "mails") or ""
    return set(json.loads(text) if text.startswith("[") else text.replace(" ", "").split(";")) - {
        ""
    }


def test_a_list_reaches_the_other_system_in_its_own_writing(world):
    company = lists(world)

    assert mails(company, "shop") == {"a@acme.example", "b@acme.example"}
    assert is_quiet(company)


def test_adding_in_one_and_removing_in_the_other_at_once_loses_neither(world):
    company = lists(world)

    edit(company, "crm", mails='["a@acme.example", "b@acme.example", "c@acme.example"]')
    edit(company, "shop", mails="b@acme.example")
    company.sync()

    assert mails(company, "crm") == mails(company, "shop") == {"b@acme.example", "c@acme.example"}
    assert is_quiet(company)


def test_adding_in_both_at_once_keeps_both(world):
    company = lists(world)

    edit(company, "crm", mails='["a@acme.example", "b@acme.example", "c@acme.example"]')
    edit(company, "shop", mails="d@acme.example;a@acme.example;b@acme.example")
    company.sync()

    wanted = {f"{letter}@acme.example" for letter in "abcd"}
    assert mails(company, "crm") == mails(company, "shop") == wanted
    assert (one(company, "shop", "mails") or "").startswith("d@acme.example;a@acme.example")


def test_a_list_with_an_unreadable_element_is_set_aside_and_left_as_it_is(world):
    company = lists(world)

    edit(company, "crm", mails='["a@acme.example", "b(at)acme"]')
    company.sync()
    edit(company, "shop", mails="a@acme.example;c@acme.example")
    company.sync()

    assert rejects(company) == [("emails", "list_element_invalid", False)]
    assert one(company, "crm", "mails") == '["a@acme.example", "b(at)acme"]'


def test_emptying_a_list_empties_it_everywhere(world):
    company = lists(world)

    edit(company, "shop", mails="")
    company.sync()

    assert mails(company, "crm") == set()
    assert is_quiet(company)


# -- structure ------------------------------------------------------------------------------------

PARTS = {"street": "str", "city": "ort", "postal_code": "plz", "country": "land"}


def test_an_address_is_one_unit_between_parts_and_json(world):
    company = world(
        crm={"fields": {**BASE, "billing_address": {"fields": PARTS}}},
        shop={"fields": {**BASE, "billing_address": "address"}},
    )
    company.platforms["crm"].create(
        "contacts",
        email="ann@acme.example",
        first="Ann",
        str="Weg 1",
        ort="Bonn",
        plz="53111",
        land="Deutschland",
    )
    company.sync()
    first = json.loads(one(company, "shop", "address"))

    edit(company, "crm", ort="Köln", plz="50667")
    company.sync()
    moved = json.loads(one(company, "shop", "address"))
    edit(company, "shop", address=json.dumps({"street": "Rue 2", "city": "Lyon", "country": "FR"}))
    company.sync()

    assert first == {"street": "Weg 1", "city": "Bonn", "postal_code": "53111", "country": "DE"}
    assert moved == {"street": "Weg 1", "city": "Köln", "postal_code": "50667", "country": "DE"}
    (record,) = company.shown("crm")
    assert {name: record[name] for name in PARTS.values()} == {
        "str": "Rue 2", "ort": "Lyon", "plz": None, "land": "Frankreich",
    }  # fmt: skip
    assert is_quiet(company)


def test_a_name_in_one_field_and_in_parts_agree(world):
    company = world(
        crm={
            "fields": {
                "email": "email",
                "given_name, family_name, organisation, kind": {
                    "field": "name",
                    "lens": "party_name",
                },
            }
        },
        shop={"fields": {**BASE, "family_name": "last", "organisation": "firm"}},
    )
    company.platforms["crm"].create("contacts", email="ann@acme.example", name="Ann van der Berg")
    company.platforms["crm"].create("contacts", email="info@acme.example", name="Acme GmbH")

    company.sync()

    shown = {record["email"]: record for record in company.shown("shop")}
    assert (shown["ann@acme.example"]["first"], shown["ann@acme.example"]["last"]) == (
        "Ann",
        "van der Berg",
    )
    assert shown["info@acme.example"]["firm"] == "Acme GmbH"
    assert is_quiet(company)


def test_the_whole_name_changed_moves_its_parts(world):
    company = world(
        crm={
            "fields": {
                "email": "email",
                "given_name, family_name": {"field": "name", "lens": "person_name"},
            }
        },
        shop={"fields": {**BASE, "family_name": "last"}},
    )
    company.platforms["crm"].create("contacts", email="ann@acme.example", name="Ann Lee")
    company.sync()

    edit(company, "crm", name="Ann King")
    edit(company, "shop", first="Anna")
    company.sync()

    assert (one(company, "shop", "first"), one(company, "shop", "last")) == ("Anna", "King")
    assert one(company, "crm", "name") == "Anna King"
    assert is_quiet(company)


def test_a_company_becoming_a_person_leaves_no_company_behind(world):
    party = {"field": "name", "lens": "party_name"}
    company = world(
        crm={"fields": {"email": "email", "given_name, family_name, organisation, kind": party}},
        shop={"fields": {**BASE, "family_name": "last", "organisation": "firm", "kind": "kind"}},
    )
    company.platforms["crm"].create("contacts", email="ann@acme.example", name="Acme GmbH")
    company.sync()

    edit(company, "crm", name="Ann Lee")
    company.sync()

    (record,) = company.shown("shop")
    assert (record["first"], record["last"], record["firm"], record["kind"]) == (
        "Ann",
        "Lee",
        None,
        "person",
    )
    assert is_quiet(company)


def test_a_part_of_a_name_changed_elsewhere_does_not_grow_the_whole(world):
    company = world(
        crm={
            "fields": {
                "email": "email",
                "given_name, family_name": {"field": "name", "lens": "person_name"},
            }
        },
        shop={"fields": {**BASE, "family_name": "last"}},
    )
    company.platforms["crm"].create("contacts", email="ann@acme.example", name="Lee, Ann")
    company.sync()

    edit(company, "shop", last="Ann Lee")
    company.sync()
    edit(company, "shop", last="King")
    company.sync()

    assert one(company, "crm", "name") == "King, Ann"
    assert is_quiet(company)


# -- rules ----------------------------------------------------------------------------------------


def test_rules_reject_flag_and_derive(world):
    rules = [
        {
            "when": "country = 'DE' and tax_id is null and organisation is not null",
            "reject": "no tax id",
        },
        {"when": "organisation is not null", "derive": {"kind": "'organisation'"}},
        {"when": "note is null", "default": {"note": "'from the crm'"}},
        {"when": "given_name is null", "flag": "no given name"},
    ]
    fields = {
        **BASE, "organisation": "firm", "country": {"field": "country", "direction": "in"}, "tax_id": "vat",
        "note": {"field": "note", "direction": "in"},
    }  # fmt: skip
    company = world(
        crm={"fields": fields, "rules": rules},
        shop={"fields": {**BASE, "kind": "kind", "note": "note"}},
    )
    create = company.platforms["crm"].create
    create(
        "contacts",
        email="a@acme.example",
        first=None,
        firm="Acme GmbH",
        country="DE",
        vat=None,
        note=None,
    )
    create(
        "contacts",
        email="b@acme.example",
        first=None,
        firm="Bcme GmbH",
        country="DE",
        vat="DE136695976",
        note=None,
    )

    company.sync()

    (record,) = company.shown("shop")
    assert (record["email"], record["kind"], record["note"]) == (
        "b@acme.example",
        "organisation",
        "from the crm",
    )
    assert [(code, whole) for _, code, whole in rejects(company)] == [("rule_rejected", True)]


# -- custom fields and kinds ----------------------------------------------------------------------


def test_a_custom_field_goes_both_ways_and_through_the_ledger(world):
    company = world(
        workspace={"fields": {"custom.sector": {}}},
        crm={"fields": {**BASE, "custom.sector": "sector"}},
        shop={"fields": {**BASE, "custom.sector": "branch"}},
    )
    company.platforms["crm"].create(
        "contacts", email="ann@acme.example", first="Ann", sector="steel"
    )
    company.sync()
    there = (one(company, "shop", "branch"), golden(company, "custom ->> 'sector'"))

    edit(company, "shop", branch="wood")
    company.sync()
    back = one(company, "crm", "sector")
    company.sql(
        "UPDATE customer SET custom = jsonb_set(custom, '{sector}', '\"glass\"') WHERE true"
    )
    company.sync()

    assert there == ("steel", "steel")
    assert back == "wood"
    assert {one(company, "crm", "sector"), one(company, "shop", "branch")} == {"glass"}
    assert is_quiet(company)


def test_birth_dates_of_three_formats_agree(world):
    company = world(
        crm={"fields": {**BASE, "birth_date": {"field": "born", "format": "%d/%m/%Y"}}},
        shop={"fields": {**BASE, "birth_date": {"field": "born", "format": "%m/%d/%Y"}}},
        erp={"fields": {**BASE, "birth_date": "born"}},
    )
    company.platforms["crm"].create(
        "contacts", email="ann@acme.example", first="Ann", born="03/12/1980"
    )
    company.sync()

    shown = {name: one(company, name, "born") for name in ("crm", "shop", "erp")}
    assert shown == {"crm": "03/12/1980", "shop": "12/03/1980", "erp": "1980-12-03"}
    edit(company, "erp", born="29.02.1980")
    company.sync()
    assert one(company, "shop", "born") == "02/29/1980"
    edit(company, "crm", born="31/02/1980")
    company.sync()
    assert rejects(company) == [("birth_date", "date_invalid", False)]
    assert (one(company, "crm", "born"), one(company, "erp", "born")) == (
        "31/02/1980",
        "29.02.1980",
    )


def test_instants_agree_on_both_sides_of_utc(world):
    def seen(zone):
        return {"fields": {**BASE, "custom.seen": {"field": "seen", "zone": zone}}}

    company = world(
        workspace={"fields": {"custom.seen": {"kind": "instant"}}},
        crm=seen("Europe/Berlin"), shop=seen("America/Los_Angeles"), erp=seen("Asia/Kolkata"),
    )  # fmt: skip
    company.platforms["crm"].create(
        "contacts", email="ann@acme.example", first="Ann", seen="2026-07-01 00:30:00"
    )

    company.sync()

    assert one(company, "shop", "seen") == "2026-06-30T22:30:00Z"
    edit(company, "shop", seen="2026-01-01 20:00:00")
    company.sync()
    assert one(company, "crm", "seen") == "2026-01-02 05:00:00"
    assert one(company, "erp", "seen") == "2026-01-02T04:00:00Z"
    assert is_quiet(company)


# -- what is easily forgotten ---------------------------------------------------------------------


def test_a_list_longer_than_its_columns_is_left_alone_and_does_not_spin(world):
    company = world(
        crm={"fields": {**BASE, "emails": {"fields": ["mail1", "mail2"]}}},
        shop={"fields": {**BASE, "emails": "mails"}},
    )
    company.platforms["shop"].create(
        "contacts",
        email="a@acme.example",
        first="Ann",
        mails='["a@acme.example", "b@acme.example"]',
    )
    company.sync()
    fitted = {one(company, "crm", "mail1"), one(company, "crm", "mail2")}

    edit(company, "shop", mails='["a@acme.example", "b@acme.example", "c@acme.example"]')
    company.sync()

    assert (
        fitted
        == {"a@acme.example", "b@acme.example"}
        == {one(company, "crm", "mail1"), one(company, "crm", "mail2")}
    )
    assert is_quiet(company)


def test_a_value_passed_over_says_nothing_until_the_customer_has_one(world):
    tier = {**TIER, "unmapped": "ignore"}
    company = world(
        crm={"fields": {**BASE, "loyalty.tier": tier}},
        shop={"fields": {**BASE, "loyalty.tier": "level"}},
    )
    company.platforms["crm"].create("contacts", email="ann@acme.example", first="Ann", tier="n/a")
    company.sync()
    alone = (one(company, "crm", "tier"), golden(company, "loyalty_tier"), rejects(company))

    edit(company, "shop", level="gold")
    company.sync()

    assert alone == ("n/a", None, [])
    assert one(company, "crm", "tier") == "G"
    assert is_quiet(company)


def test_two_mappings_write_one_json_field_and_keep_the_rest(world):
    company = world(
        crm={"fields": {
            "email": {"field": "data", "path": "$.mail"}, "given_name": {"field": "data", "path": "$.name.first"},
        }},
        shop={"fields": BASE},
    )  # fmt: skip
    data = json.dumps({"mail": "ann@acme.example", "name": {"first": "Ann", "last": "Lee"}, "n": 1})
    company.platforms["crm"].create("contacts", data=data)
    company.sync()

    edit(company, "shop", first="Anna", email="anna@acme.example")
    company.sync()

    assert json.loads(one(company, "crm", "data")) == {
        "mail": "anna@acme.example", "name": {"first": "Anna", "last": "Lee"}, "n": 1,
    }  # fmt: skip
    assert is_quiet(company)


def test_a_constant_is_said_by_every_record_and_written_to_every_record(world):
    company = world(
        crm={"fields": {**BASE, "kind": {"constant": "person"}}},
        shop={"fields": {**BASE, "kind": "kind"}},
        erp={
            "fields": {**BASE, "note": {"field": "origin", "constant": "sync", "direction": "out"}}
        },
    )
    company.platforms["crm"].create("contacts", email="ann@acme.example", first="Ann")

    company.sync()

    assert one(company, "shop", "kind") == "person"
    assert one(company, "erp", "origin") == "sync"
    assert golden(company, "note") is None
    assert is_quiet(company)


def test_a_source_field_may_be_read_by_an_expression_beside_its_mapping(world):
    company = world(
        crm={"fields": {**BASE, "note": {"expression": "first || ' (crm)'", "direction": "in"}}},
        shop={"fields": {**BASE, "note": "note"}},
    )
    company.platforms["crm"].create("contacts", email="ann@acme.example", first="Ann")
    company.sync()

    edit(company, "shop", first="Anna")
    company.sync()

    assert one(company, "crm", "first") == "Anna"
    assert one(company, "shop", "note") == "Anna (crm)"
    assert is_quiet(company)


def test_an_unreadable_value_of_a_known_customer_keeps_the_last_good_one_elsewhere(world):
    company = world(
        crm={"fields": {**BASE, "phone": "phone"}}, shop={"fields": {**BASE, "phone": "phone"}}
    )
    company.platforms["crm"].create(
        "contacts", email="ann@acme.example", first="Ann", phone="+4930901820"
    )
    company.sync()

    edit(company, "crm", phone="call me", first="Anna")
    company.sync()
    kept = (
        one(company, "shop", "phone"),
        one(company, "crm", "phone"),
        one(company, "shop", "first"),
    )
    edit(company, "crm", phone="+4930901821")
    company.sync()

    assert kept == ("+4930901820", "call me", "Anna")
    assert one(company, "shop", "phone") == "+4930901821"
    assert rejects(company) == []
    assert is_quiet(company)


def test_a_record_set_aside_by_a_rule_later_keeps_what_others_have_and_is_not_written(world):
    rules = [{"when": "job_title = 'banned'", "reject": "banned"}]
    company = world(
        crm={"fields": {**BASE, "job_title": "job"}, "rules": rules},
        shop={"fields": {**BASE, "job_title": "job"}},
    )
    company.platforms["crm"].create("contacts", email="ann@acme.example", first="Ann", job="CEO")
    company.sync()

    edit(company, "crm", job="banned", first="Bad")
    company.sync()
    set_aside = (
        one(company, "shop", "job"),
        one(company, "shop", "first"),
        one(company, "crm", "first"),
    )
    edit(company, "crm", job="CTO")
    company.sync()

    assert set_aside == ("CEO", "Ann", "Bad")
    assert (one(company, "shop", "job"), one(company, "shop", "first")) == ("CTO", "Bad")
    assert rejects(company) == []
