"""Bugs that the simulation found, each as the smallest story that shows it."""

import pytest

from customer_sync.systems.simulated import Behaviour

pytestmark = pytest.mark.pg15

FIELDS = {"email": "email", "given_name": "first", "family_name": "last"}


def test_one_reading_may_hold_claims_that_had_seen_different_golden_values(world):
    company = world("crm", "shop")
    id_ = company.platforms["crm"].create("contacts", email="ann@acme.test", last="Lee")
    company.sync()

    company.platforms["crm"].edit("contacts", id_, last="King", phone="+4930901820")
    company.sync()

    assert company.shown("shop")[0]["last"] == "King"
    assert company.shown("shop")[0]["phone"] == "+4930901820"


def test_capitals_that_change_nothing_are_not_sent_for_ever(world):
    capitals = Behaviour(upper=("last",))
    company = world("crm", shop={"behaviour": capitals})
    company.platforms["shop"].create("contacts", email="ann@acme.test", last="LEE")
    company.platforms["crm"].create("contacts", email="ann@acme.test", last="Lee")
    company.sync()

    [(attempts,)] = company.rows("SELECT count(*) FROM attempt")
    company.sync()

    assert company.rows("SELECT count(*) FROM outbound") == [(0,)]
    assert company.rows("SELECT count(*) FROM attempt") == [(attempts,)]


def test_what_a_silent_system_cuts_off_is_not_taken_for_an_edit(world):
    cutting = Behaviour(lengths={"first": 3}, too_long="truncate", answers_record=False)
    company = world("crm", shop={"behaviour": cutting})
    id_ = company.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann")
    company.sync()

    company.platforms["crm"].edit("contacts", id_, first="Maximilian")
    company.sync()
    company.sync()

    assert company.shown("shop")[0]["first"] == "Max"
    assert company.shown("crm")[0]["first"] == "Maximilian"


def test_a_field_that_is_only_delivered_is_emptied_too(world):
    fields = {**FIELDS, "note": {"field": "memo", "direction": "out"}}
    company = world(crm={"fields": {**FIELDS, "note": "memo"}}, shop={"fields": fields})
    id_ = company.platforms["crm"].create("contacts", email="ann@acme.test", memo="late payer")
    company.sync()
    before = company.shown("shop")[0]["memo"]

    company.platforms["crm"].edit("contacts", id_, memo=None)
    company.sync()

    assert (before, company.shown("shop")[0]["memo"]) == ("late payer", None)


def test_a_field_that_is_only_delivered_and_cut_off_is_not_sent_for_ever(world):
    cutting = Behaviour(lengths={"memo": 4}, too_long="truncate")
    fields = {**FIELDS, "note": {"field": "memo", "direction": "out"}}
    company = world(
        crm={"fields": {**FIELDS, "note": "memo"}}, shop={"fields": fields, "behaviour": cutting}
    )
    company.platforms["crm"].create("contacts", email="ann@acme.test", memo="late payer")

    company.sync()
    attempts = company.rows("SELECT count(*) FROM attempt")
    company.sync()

    assert company.shown("shop")[0]["memo"] == "late"
    assert company.rows("SELECT count(*) FROM outbound") == [(0,)]
    assert company.rows("SELECT count(*) FROM attempt") == attempts
