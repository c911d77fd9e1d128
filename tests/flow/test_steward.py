"""A person's word outranks what records said until now, and reaches every system."""

import pytest

from customer_sync.engine.session import running
from customer_sync.engine.steward import decide_value
from customer_sync.kernel.errors import InvalidInputError, NotFoundError

pytestmark = pytest.mark.pg15

OWNER_CRM = {"policies": {"default": {"policy": "owner", "owner": ["crm"]}}}


def decide(company, field, value, customer=None):
    number = customer or company.rows("SELECT id FROM customer")[0][0]
    with running(company.session(), "decide") as session:
        return decide_value(session, number, field, value, by="eve")


@pytest.fixture
def company(world):
    made = world("crm", "shop", workspace=OWNER_CRM)
    made.platforms["crm"].create(
        "contacts", email="ann@acme.test", first="Ann", last="Lee", phone="+4930901820"
    )
    made.sync()
    return made


def names(company):
    return {record["last"] for name in ("crm", "shop") for record in company.shown(name)}


def test_a_decided_value_reaches_every_system_whoever_owns_the_field(company):
    done = decide(company, "family_name", "King")
    company.sync()

    assert done.as_json() == {"customers": 1, "cells": 1, "changed": 1}
    assert names(company) == {"King"}
    assert company.rows("SELECT count(*) FROM outbound") == [(0,)]


def test_a_later_edit_of_a_record_moves_over_a_decision(company):
    decide(company, "family_name", "King")
    company.sync()
    company.platforms["shop"].edit("contacts", company.only("shop"), last="Queen")
    company.sync()
    queen = names(company)
    decide(company, "family_name", "King")
    company.sync()

    assert (queen, names(company)) == ({"Queen"}, {"King"})


def test_a_decision_may_clear_a_value(company):
    decide(company, "phone", None)
    company.sync()

    assert company.rows("SELECT phone FROM customer") == [(None,)]
    assert company.shown("crm")[0]["phone"] is None


def test_confirming_the_value_that_stands_settles_a_conflict(world):
    company = world("crm", "shop", workspace={"policies": {"phone": "ask"}})
    company.platforms["crm"].create("contacts", email="ann@acme.test", phone="+4930901820")
    company.platforms["shop"].create("contacts", email="ann@acme.test", phone="+4930901821")
    company.sync()
    [(stands,)] = company.rows("SELECT phone FROM customer")
    asked = company.rows("SELECT kind, subject FROM review WHERE decided_at IS NULL")

    decide(company, "phone", stands)
    company.sync(whole=True)

    assert asked == [("conflict", "1/phone")]
    assert company.rows("SELECT decision, by FROM review") == [("value decided", "eve")]
    assert {r["phone"] for name in ("crm", "shop") for r in company.shown(name)} == {stands}


def test_an_accountants_first_edit_moves_over_although_another_system_owns_the_field(company):
    company.sql("UPDATE customer SET family_name = 'King' WHERE true")
    company.sync()

    assert names(company) == {"King"}


def test_what_cannot_be_decided_is_refused_before_anything_is_written(company):
    claims = company.rows("SELECT count(*) FROM claim")

    with pytest.raises(InvalidInputError, match="no canonical field"):
        decide(company, "colour", "red")
    with pytest.raises(InvalidInputError) as refused:
        decide(company, "email", "no mail")
    with pytest.raises(NotFoundError):
        decide(company, "family_name", "King", customer=77)

    assert "no mail" not in str(refused.value)
    assert company.rows("SELECT count(*) FROM claim") == claims


def test_every_decision_is_audited_without_its_value(company):
    decide(company, "family_name", "King")

    [(fields, detail)] = company.rows(
        "SELECT fields, detail FROM audit_event WHERE kind = 'steward.decided'"
    )
    assert (fields, detail) == ("family_name", "by eve")
