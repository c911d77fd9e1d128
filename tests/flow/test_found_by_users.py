"""What people who tried the product ran into, each held to what it should have been."""

import psycopg
import pytest

from customer_sync.engine.standing import agrees
from customer_sync.engine.status import status
from customer_sync.systems.simulated import Behaviour

ANN = {"email": "ann@acme.test", "first": "Ann", "last": "Lee", "phone": "+4930901820"}


def standing(company):
    with company.db.transaction() as tx:
        return status(tx, company.rules)


def test_a_customer_of_whom_nothing_shows_in_a_system_is_not_made_there_empty(world):
    company = world("shop", crm={"fields": {"organisation": "firm"}})
    company.platforms["shop"].create("contacts", **ANN)

    company.sync()

    assert company.shown("crm") == []
    assert agrees(standing(company))


def test_a_creation_that_was_refused_and_then_done_is_set_aside_no_more(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", **ANN)
    company.sql(
        "INSERT INTO reject (stage, stream, external_id, code, detail, whole, first_at, last_at, run)"
        " SELECT 'deliver', id, 'customer 1', 'refused', '', false, now(), now(), 1"
        " FROM stream WHERE system = 'shop'"
    )

    company.sync()

    assert company.rows("SELECT id FROM customer") == [(1,)]
    assert company.rows("SELECT count(*) FROM reject WHERE resolved_at IS NULL") == [(0,)]


def test_an_edit_of_the_ledger_that_is_set_aside_is_no_agreement(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.sql("UPDATE customer SET email = 'Kaputt AT x'")
    company.sync()

    found = standing(company)

    assert [problem.code for problem in found.ledger] == ["email_invalid"]
    assert not agrees(found)


@pytest.mark.parametrize(
    "change", ["id = id + 1000", "retired_into = 5", "stamp = stamp + 1", "created = 7"]
)
def test_the_number_of_a_customer_and_what_the_product_keeps_beside_it_stay(world, change):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", **ANN)
    company.sync()

    with pytest.raises(psycopg.errors.RaiseException):
        company.sql(f"UPDATE customer SET {change}")


def test_pain_33_a_name_that_a_target_has_once_is_told_and_never_gets_a_suffix(world):
    company = world("crm", shop={"behaviour": Behaviour(unique=("last",))})
    for first in ("Ann", "Bob"):
        mail = f"{first.lower()}@acme.test"
        company.platforms["crm"].create("contacts", email=mail, first=first, last="Smith")
    company.platforms["crm"].create("contacts", email="eve@acme.test", first="Eve", last="Moss")

    company.sync()
    company.sync()

    assert sorted(row["last"] for row in company.shown("shop")) == ["Moss", "Smith"]
    assert sorted(row["last"] for row in company.shown("crm")) == ["Moss", "Smith", "Smith"]
    assert [
        row[0] for row in company.rows("SELECT code FROM attempt WHERE outcome = 'refused'")
    ] != []

    (bob,) = [
        one.id
        for one in company.platforms["crm"].records("contacts")
        if one.fields["email"] not in {row["email"] for row in company.shown("shop")}
    ]
    company.platforms["crm"].edit("contacts", bob, last="Smith-Jones")
    company.sync()
    assert sorted(row["last"] for row in company.shown("shop")) == ["Moss", "Smith", "Smith-Jones"]
