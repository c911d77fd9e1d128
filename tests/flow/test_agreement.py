"""What one system learns, all others show; and nothing echoes: on the newest server and the oldest."""

import pytest

pytestmark = pytest.mark.pg15


def test_a_new_record_becomes_a_customer_and_reaches_the_other_system(world):
    company = world("crm", "shop")
    company.platforms["crm"].create(
        "contacts", email="Ann@Acme.test", first="Ann", last="Lee", phone="+4930901820"
    )

    company.sync()

    assert company.rows("SELECT email, given_name FROM customer") == [("ann@acme.test", "Ann")]
    assert company.shown("shop") == [
        {"email": "ann@acme.test", "first": "Ann", "last": "Lee", "phone": "+4930901820"}
    ]
    assert company.rows("SELECT count(*) FROM outbound") == [(0,)]
    assert company.rows("SELECT count(*) FROM link") == [(2,)]


def test_the_same_person_in_two_systems_is_one_customer(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    company.platforms["shop"].create(
        "contacts", email="ANN@acme.test", first="Ann", phone="+4930901820"
    )

    company.sync()

    assert company.rows("SELECT count(*) FROM customer") == [(1,)]
    assert company.shown("crm")[0]["phone"] == "+4930901820"
    assert company.shown("shop")[0]["last"] == "Lee"


def test_a_change_moves_over_and_does_not_echo(world):
    company = world("crm", "shop", "erp")
    company.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    company.sync()
    company.platforms["shop"].edit("contacts", company.only("shop"), last="King")

    company.sync()
    claims = company.rows("SELECT count(*) FROM claim")
    company.sync()

    assert company.shown("crm")[0]["last"] == "King"
    assert company.shown("erp")[0]["last"] == "King"
    assert company.rows("SELECT count(*) FROM claim") == claims == [(2,)]
    assert company.rows("SELECT count(*) FROM outbound") == [(0,)]


def test_an_accountants_sql_reaches_every_system(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    company.sync()
    company.sql("UPDATE customer SET family_name = 'King', phone = '030 901820' WHERE true")

    company.sync()

    assert {record["last"] for name in ("crm", "shop") for record in company.shown(name)} == {
        "King"
    }


def test_an_owner_keeps_its_field_only_where_both_changed(world):
    company = world(
        "crm", "shop", workspace={"policies": {"default": {"policy": "owner", "owner": ["crm"]}}}
    )
    id_ = company.platforms["crm"].create(
        "contacts", email="ann@acme.test", first="Ann", last="Lee"
    )
    company.sync()
    shop = company.only("shop")

    company.platforms["shop"].edit("contacts", shop, last="King")
    company.sync()
    one_side = company.shown("crm")[0]["last"]
    company.platforms["crm"].edit("contacts", id_, last="Crm")
    company.platforms["shop"].edit("contacts", shop, last="Shop")
    company.sync()

    assert one_side == "King"
    assert company.shown("crm")[0]["last"] == company.shown("shop")[0]["last"] == "Crm"


def test_one_person_in_more_systems_than_a_shared_value_may_have_parties_is_one_customer(world):
    names = ["crm", "shop", "erp", "desk", "till", "fair", "club"]
    company = world(*names)
    for name in names:
        company.platforms[name].create("contacts", email="ann@acme.test", first="Ann", last="Lee")

    company.sync()

    assert len(names) > company.rules.config.workspace.match.shared_max
    assert company.rows("SELECT count(*), count(DISTINCT customer) FROM link") == [(7, 1)]
