"""What could not be read is not forgotten: status tells it until the stream is read."""

import pytest

from customer_sync.engine.deliver import deliver
from customer_sync.engine.intake import pull
from customer_sync.engine.plan import plan
from customer_sync.engine.session import running
from customer_sync.engine.standing import agrees
from customer_sync.engine.status import status
from customer_sync.systems.simulated import FaultPlan

pytestmark = pytest.mark.pg15

DOWN = {"lost_request": 1.0}


@pytest.fixture
def company(world):
    built = world("crm", "shop")
    built.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    built.sync()
    return built


def standing(company):
    with company.db.transaction() as tx:
        return status(tx, company.rules, now=company.now())


def failures(company):
    return {one.system: one.failure for one in standing(company).streams if one.failure}


def go_down(company, name):
    company.platforms[name].faults = FaultPlan(seed=1, rates=DOWN)


def come_back(company, name):
    company.platforms[name].faults = None


def test_a_stream_that_could_not_be_read_stands_out_until_it_is_read(company):
    assert agrees(standing(company))
    go_down(company, "shop")
    company.sync()
    first = failures(company)["shop"]
    company.sync()

    again = failures(company)

    assert list(again) == ["shop"]
    assert (again["shop"].code, again["shop"].at) == ("system_down", first.at)
    assert not agrees(standing(company))

    come_back(company, "shop")
    company.sync()

    assert failures(company) == {}
    assert agrees(standing(company))


def test_a_stream_of_a_system_at_rest_does_not_stand_out(company):
    go_down(company, "shop")
    company.sync()
    company.documents["shop"]["paused"] = True
    company.publish()

    assert agrees(standing(company))


def test_planning_tells_it_too_and_clears_it(company):
    go_down(company, "shop")
    with running(company.session(), "plan") as session:
        plan(session)
    told = failures(company)
    come_back(company, "shop")
    with running(company.session(), "plan") as session:
        plan(session)

    assert list(told) == ["shop"]
    assert failures(company) == {}


def test_a_stream_that_could_not_be_written_to_says_why_until_something_is_written(company):
    company.platforms["crm"].edit("contacts", "1", last="King")
    company.tick()
    with running(company.session(), "sync") as session:
        pull(session, company.rules.connected[0])
    go_down(company, "shop")
    with running(company.session(), "retry") as session:
        deliver(session)
    told = {one.system: one.unwritten for one in standing(company).streams if one.unwritten}
    come_back(company, "shop")
    company.sync()

    assert list(told) == ["shop"]
    assert told["shop"].code == "system_down"
    assert told["shop"].at <= company.now()
    assert not any(one.unwritten for one in standing(company).streams)
    assert company.shown("shop")[0]["last"] == "King"
