"""A record that leaves a stream's `where` is out of scope: neither deleted nor forgotten."""

import sqlite3
from collections import Counter

import pytest
from tests.flow.conftest import FIELDS

from customer_sync.engine import plan as plans
from customer_sync.engine.publish import publish
from customer_sync.engine.session import running
from customer_sync.engine.status import status
from customer_sync.engine.verify import verify
from customer_sync.model.config import Configuration
from customer_sync.model.frame import STATES
from customer_sync.systems import sql
from customer_sync.systems.simulated import Behaviour

ANN = {"email": "ann@acme.test", "first": "Ann", "last": "Lee", "phone": "+4930901820"}
BOB = {"email": "bob@acme.test", "first": "Bob", "last": "Ray"}


def states(company, system: str = "crm") -> dict[str, str]:
    query = """SELECT l.external_id, l.state FROM link l JOIN stream s ON s.id = l.stream
        WHERE s.system = %s"""
    return {key: STATES[state] for key, state in company.rows(query, system)}


def events(company) -> list[str]:
    return [kind for (kind,) in company.rows("SELECT kind FROM event ORDER BY id")]


def verified(company):
    with running(company.session(), "verify") as session:
        return verify(session)


@pytest.fixture(params=["feed", "flag", "keys", "none"])
def company(world, request):
    """A CRM that has Ann within its `where`, and a shop that has her by us."""
    behaviour = Behaviour(deletes=request.param)
    made = world(crm={"where": "status = 'on'", "behaviour": behaviour}, shop={})
    made.ann = made.platforms["crm"].create("contacts", **ANN, status="on")
    made.platforms["crm"].create("contacts", **BOB, status="on")
    made.sync()
    return made


def test_a_record_that_leaves_the_filter_is_out_of_scope_and_not_gone(company):
    company.platforms["crm"].edit("contacts", company.ann, status="off")

    company.sync()

    assert sorted(states(company).values()) == ["live", "out of scope"]
    assert states(company)[company.ann] == "out of scope"
    assert events(company).count("record.out_of_scope") == 1
    assert "record.gone" not in events(company)
    company.sync()
    company.sync(whole=True)
    assert events(company).count("record.out_of_scope") == 1


def test_it_is_sent_nothing_claims_no_more_and_made_no_second_time(company):
    company.platforms["crm"].edit("contacts", company.ann, status="off", phone="+4930901821")
    company.sync()
    [there] = [
        r for r in company.platforms["shop"].records("contacts") if r.fields["first"] == "Ann"
    ]
    company.platforms["shop"].edit("contacts", there.id, last="King")

    company.sync()

    crm = company.platforms["crm"].record("contacts", company.ann).fields
    assert (crm["last"], len(company.shown("crm"))) == ("Lee", 2)
    shop = company.platforms["shop"].record("contacts", there.id).fields
    assert (shop["phone"], shop["last"]) == (ANN["phone"], "King")
    images = company.rows("SELECT count(*) FROM image WHERE fields LIKE %s", "%901821%")
    assert images == [(0,)], "what is out of scope is not kept"


def test_it_is_no_disagreement(company):
    company.platforms["crm"].edit("contacts", company.ann, status="off")
    found = verified(company)
    assert {one.code for one in found.differences} == {"record_out_of_scope"}
    company.sync()

    assert verified(company).agreed
    with company.db.transaction() as tx:
        now = status(tx, company.rules)
    assert now.streams[0].links == {"live": 1, "out of scope": 1}


def test_it_comes_back_with_what_changed_meanwhile(company):
    crm = company.platforms["crm"]
    crm.edit("contacts", company.ann, status="off")
    company.sync()
    crm.edit("contacts", company.ann, phone="+4930901821")
    company.sync()

    crm.edit("contacts", company.ann, status="on")
    company.sync()

    assert events(company).count("record.in_scope") == 1
    assert "+4930901821" in {row.get("phone") for row in company.shown("shop")}
    assert len(company.rows("SELECT 1 FROM customer")) == 2
    assert verified(company).agreed


def test_an_out_of_scope_record_that_is_deleted_stays_out_of_scope_until_it_is_seen(company):
    crm = company.platforms["crm"]
    crm.edit("contacts", company.ann, status="off")
    company.sync()
    crm.delete("contacts", company.ann)

    company.sync()

    assert len(company.shown("shop")) == 2
    assert verified(company).agreed


def test_a_record_never_in_scope_is_nobodys(company):
    company.platforms["crm"].create("contacts", email="c@acme.test", first="Cid", status="off")

    company.sync()

    assert len(company.rows("SELECT 1 FROM customer")) == 2


def test_a_filter_changed_by_a_new_version_moves_records_out_and_in(world):
    company = world(crm={"where": "status = 'on'"}, shop={})
    crm = company.platforms["crm"]
    keys = [
        crm.create(
            "contacts", email=f"p{n}@acme.test", first=f"P{n}", status="on" if n % 2 else "off"
        )
        for n in range(8)
    ]
    company.sync()
    assert len(company.shown("shop")) == 4

    company.documents["crm"]["streams"]["contacts"]["where"] = "status = 'off'"
    company.publish()
    company.sync()

    expected = {key: "out of scope" if n % 2 else "live" for n, key in enumerate(keys)}
    assert states(company) == expected
    assert company.rows("SELECT count(*) FROM review WHERE decided_at IS NULL") == [(0,)]
    assert len(company.shown("shop")) == 8, "who left the scope is not removed elsewhere"
    assert verified(company).agreed


def test_many_that_are_gone_still_wait_for_a_person_beside_those_that_left(world):
    company = world(crm={"where": "status = 'on'", "behaviour": Behaviour(deletes="keys")}, shop={})
    crm = company.platforms["crm"]
    keys = [crm.create("contacts", email=f"p{n}@acme.test", status="on") for n in range(40)]
    company.sync()
    for key in keys[:10]:
        crm.delete("contacts", key)
    for key in keys[10:15]:
        crm.edit("contacts", key, status="off")

    company.sync()

    assert Counter(states(company).values()) == {"live": 35, "out of scope": 5}
    assert company.rows("SELECT kind FROM review WHERE decided_at IS NULL") == [("mass_delete",)]


def test_a_plan_counts_what_leaves_the_scope(company):
    company.platforms["crm"].edit("contacts", company.ann, status="off")
    company.tick()

    with running(company.session(), "plan") as session:
        made = plans.plan(session)

    crm = next(effect for effect in made.streams if effect.stream == "crm.contacts")
    assert (crm.gone, crm.out_of_scope) == (0, 1)
    assert states(company)[company.ann] == "live"


@pytest.mark.parametrize("deleted", [None, "deleted = 1"])
def test_a_table_tells_what_left_the_filter_from_what_was_deleted(world, tmp_path, deleted):
    company = world(shop={})
    path = tmp_path / "crm.db"
    database = sqlite3.connect(path, isolation_level=None)
    database.execute(
        "CREATE TABLE people (id integer PRIMARY KEY, email text, first text, last text, phone text,"
        " land text, deleted integer DEFAULT 0)"
    )
    for n in range(4):
        values = (f"p{n}@acme.test", f"P{n}")
        database.execute("INSERT INTO people (email, first, land) VALUES (?, ?, 'DE')", values)
    stream = {"table": "people", "fields": FIELDS, "where": "land = 'DE'", "deleted": deleted}
    document = {
        "system": "crm", "connector": "sql", "settings": {"url": f"sqlite:///{path}"},
        "streams": {"people": {name: value for name, value in stream.items() if value}},
    }  # fmt: skip
    config = Configuration.model_validate(
        {"workspace": company.workspace, "systems": company.documents | {"crm": document}}
    )
    company.rules, _ = publish(company.db, config, {}, salt="salt")
    company.connectors["crm"] = sql.Connector(config.systems["crm"])
    company.sync()
    database.execute("UPDATE people SET land = NULL WHERE id = 1")
    database.execute("UPDATE people SET land = 'FR' WHERE id = 2")
    database.execute("DELETE FROM people WHERE id = 3")

    company.sync()

    out = "out of scope"
    assert states(company) == {"1": out, "2": out, "3": "gone", "4": "live"}
    database.execute("UPDATE people SET land = 'DE'")
    company.sync()
    assert states(company) == {"1": "live", "2": "live", "3": "gone", "4": "live"}
    assert len(company.shown("shop")) == 4
    database.close()
