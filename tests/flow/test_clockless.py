"""A source without a clock: what it shows first is of unknown age, what changes there later is news."""

import pytest

from customer_sync.systems.simulated import Behaviour

ANN = {"email": "ann@acme.test", "first": "Ann", "last": "Lee"}
OLD, NEW = "+4930111111", "+4930222222"
NO_CLOCK = {"behaviour": Behaviour(tells_time=False)}


def phones(company):
    return {name: company.shown(name)[0]["phone"] for name in company.platforms}


@pytest.mark.parametrize("order", [("file", "crm"), ("crm", "file")])
def test_what_it_shows_at_its_first_reading_does_not_win_over_what_has_a_time(world, order):
    company = world(**{name: dict(NO_CLOCK) if name == "file" else {} for name in order})
    company.platforms["crm"].create("contacts", **ANN, phone=NEW)
    company.platforms["file"].create("contacts", **ANN, phone=OLD)
    company.tick(3_600)

    company.sync()

    assert phones(company) == {"crm": NEW, "file": NEW}


def test_what_is_edited_there_later_is_news(world):
    company = world(crm={}, file=dict(NO_CLOCK))
    company.platforms["crm"].create("contacts", **ANN, phone=NEW)
    company.platforms["file"].create("contacts", **ANN, phone=NEW)
    company.sync()

    company.platforms["file"].edit("contacts", company.only("file"), phone=OLD)
    company.sync()

    assert phones(company) == {"crm": OLD, "file": OLD}


def test_a_record_added_there_after_the_first_reading_is_as_new_as_its_reading(world):
    company = world(crm={"create": False}, file={**NO_CLOCK, "create": False})
    company.platforms["crm"].create("contacts", **ANN, phone=OLD)
    company.platforms["file"].create("contacts", email="bob@acme.test", first="Bob")
    company.sync()

    company.tick(3_600)
    company.platforms["file"].create("contacts", **ANN, phone=NEW)
    company.sync()

    assert company.rows("SELECT phone FROM customer WHERE email = 'ann@acme.test'") == [(NEW,)]


def test_a_field_mapped_only_later_does_not_win_over_what_has_a_time(world):
    company = world(crm={}, file=dict(NO_CLOCK))
    company.documents["file"]["streams"]["contacts"]["fields"] = {"email": "email"}
    company.publish()
    company.platforms["crm"].create("contacts", **ANN, phone=NEW)
    company.platforms["file"].create("contacts", **ANN, phone=OLD)
    company.sync()

    company.documents["file"]["streams"]["contacts"]["fields"] = {
        "email": "email",
        "phone": "phone",
    }
    company.publish()
    company.sync()

    assert phones(company) == {"crm": NEW, "file": NEW}


def test_the_claim_has_no_time(world):
    company = world(crm={}, file=dict(NO_CLOCK))
    company.platforms["file"].create("contacts", **ANN, phone=OLD)
    company.sync()

    assert company.rows("SELECT count(*) FROM claim WHERE at IS NULL") == [(1,)]
