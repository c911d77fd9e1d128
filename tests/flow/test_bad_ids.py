"""A record whose id cannot be kept is set aside, whatever the connector, and costs no other record."""

import pytest

from customer_sync.engine.plan import plan
from customer_sync.engine.session import running

pytestmark = pytest.mark.pg15

BAD = {"C\0NUL": "the id holds a NUL character", "x" * 6_000: "the id is over 1000 bytes long"}
SET_ASIDE = "SELECT code, detail, external_id FROM reject WHERE resolved_at IS NULL ORDER BY detail"


@pytest.fixture
def company(world):
    built = world("crm", "shop")
    built.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    for number, id_ in enumerate([*BAD, "é" * 500]):
        fields = {"email": f"bo{number}@acme.test", "first": "Bo", "last": "King"}
        built.platforms["crm"].change("contacts", id_, by="people", kind="create", fields=fields)
    return built


@pytest.mark.parametrize("whole", [False, True])
def test_an_id_that_cannot_be_kept_is_set_aside_with_its_reason(company, whole):
    company.sync(whole=whole)
    company.sync(whole=whole)

    found = company.rows(SET_ASIDE)
    assert [row[:2] for row in found] == [
        ("row_unreadable", reason) for reason in sorted(BAD.values())
    ]
    assert [row[2].split("…")[0] for row in found] == ["C␀NUL", "x" * 40]
    assert sorted(row["email"] for row in company.shown("shop")) == [
        "ann@acme.test",
        "bo2@acme.test",  # an id of exactly 1,000 bytes is kept
    ]


def test_a_plan_counts_such_a_record_and_does_not_stop(company):
    with running(company.session(), "plan") as session:
        made = plan(session)

    assert [effect.faults for effect in made.streams if effect.read] == [len(BAD)]
    assert made.failures == []


def test_a_mark_beside_the_id_that_cannot_be_kept_sets_its_record_aside_too(company):
    platform = company.platforms["crm"]
    platform.stream("contacts").records[company.only("crm")].merged_into = "w\0"
    company.sync()

    assert len(company.rows(SET_ASIDE)) == len(BAD) + 1


def test_a_nul_in_a_value_sets_only_its_field_aside(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", email="ann@acme.test", first="A\0nn", last="Lee")

    company.sync()

    [shown] = company.shown("shop")
    assert (shown["last"], shown.get("first")) == ("Lee", None)
    assert company.rows("SELECT field, code FROM reject") == [("given_name", "text_control")]
