"""A whole run can be taken back, as far as what it did still stands."""

import pytest

from customer_sync.engine.apply import apply
from customer_sync.engine.doctor import doctor
from customer_sync.engine.merge import merge_customers
from customer_sync.engine.plan import plan
from customer_sync.engine.retry import retry
from customer_sync.engine.session import running
from customer_sync.engine.undo import undo
from customer_sync.kernel.errors import ConflictError, NotFoundError
from customer_sync.systems.simulated import Behaviour

pytestmark = pytest.mark.pg15


def removable():
    return {"behaviour": Behaviour(can_deactivate=True, can_delete=True)}


def undone(company, run=None, **options):
    number = run or company.rows("SELECT max(id) FROM run")[0][0]
    company.tick()
    with running(company.session(), "undo") as session:
        return undo(session, number, **options)


def sick(company):
    with running(company.session(), "doctor") as session:
        return [finding for finding in doctor(session) if not finding.ok]


def asked(company):
    return company.rows(
        "SELECT subject FROM review WHERE kind = 'undo' AND decided_at IS NULL ORDER BY 1"
    )


def last_names(company):
    return {record["last"] for name in ("crm", "shop") for record in company.shown(name)}


@pytest.fixture
def company(world):
    made = world("crm", "shop")
    made.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    made.sync()
    return made


def test_a_changed_value_goes_back_everywhere_and_stays_there(company):
    company.platforms["crm"].edit("contacts", "1", last="King", phone="+4930901820")
    company.sync()

    done = undone(company)
    names = last_names(company)
    company.sync(whole=True)

    assert (done.customers, done.restored, done.asked) == (1, 2, 0)
    assert names == last_names(company) == {"Lee"}
    assert company.shown("shop")[0]["phone"] is None
    assert company.rows("SELECT count(*) FROM outbound") == [(0,)]


def test_undoing_an_undo_brings_the_value_back(company):
    company.platforms["crm"].edit("contacts", "1", last="King")
    company.sync()
    undone(company)

    undone(company)
    company.sync()

    assert last_names(company) == {"King"}


def test_a_value_that_moved_since_is_left_and_asked_about(company):
    company.platforms["crm"].edit("contacts", "1", last="King", phone="+4930901820")
    company.sync()
    [(run,)] = company.rows("SELECT max(id) FROM run")
    company.platforms["shop"].edit("contacts", company.only("shop"), last="Queen")
    company.sync()

    done = undone(company, run)
    company.sync()

    assert (done.restored, done.asked) == (1, 1)
    assert asked(company) == [(f"run {run}/1/family_name",)]
    assert last_names(company) == {"Queen"}
    assert company.shown("crm")[0]["phone"] is None


def test_undoing_twice_changes_nothing_more(company):
    company.platforms["crm"].edit("contacts", "1", last="King")
    company.sync()
    [(run,)] = company.rows("SELECT max(id) FROM run")
    undone(company, run)
    claims = company.rows("SELECT count(*) FROM claim")

    again = undone(company, run)

    assert (again.restored, again.asked) == (0, 0)
    assert company.rows("SELECT count(*) FROM claim") == claims


@pytest.mark.parametrize("removal", ["deactivate", "delete"])
def test_records_the_run_created_elsewhere_are_removed_and_not_created_again(world, removal):
    company = world("crm", shop=removable())
    company.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    company.sync()
    shop = company.only("shop")

    done = undone(company, removal=removal)
    company.platforms["crm"].edit("contacts", "1", last="King")
    company.sync()
    company.sync(whole=True)

    record = company.platforms["shop"].record("contacts", shop)
    assert (done.removed, done.deactivated, done.asked) == (1, 1, 0)
    assert record.deleted if removal == "delete" else record.fields["active"] == "false"
    assert record.fields["last"] == "Lee"
    assert len(company.platforms["shop"].stream("contacts").records) == 1
    assert company.rows("SELECT active FROM customer") == [("false",)]
    assert company.rows("SELECT count(*) FROM outbound") == [(0,)]


def test_what_a_connector_cannot_remove_is_asked_about(company):
    [(run,)] = company.rows("SELECT max(id) FROM run")

    done = undone(company, run)

    assert (done.removed, done.deactivated) == (0, 1)
    assert asked(company) == [(f"run {run}/shop.contacts/{company.only('shop')}",)]


def test_a_record_that_somebody_changed_since_is_not_removed(world):
    company = world("crm", shop=removable())
    company.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    company.sync()
    [(run,)] = company.rows("SELECT max(id) FROM run")
    company.platforms["shop"].edit("contacts", company.only("shop"), phone="+4930901820")
    company.sync()

    done = undone(company, run)

    assert done.removed == 0
    assert len(company.shown("shop")) == 1
    assert asked(company) == [(f"run {run}/shop.contacts/{company.only('shop')}",)]


def test_a_customer_of_whom_others_tell_by_now_is_left_to_a_person(world):
    company = world("crm", shop={"create": False})
    company.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    company.sync()
    [(run,)] = company.rows("SELECT max(id) FROM run")
    company.platforms["shop"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    company.sync()

    done = undone(company, run)

    assert (done.deactivated, asked(company)) == (0, [(f"run {run}/1",)])
    assert company.rows("SELECT active FROM customer") == [(None,)]


def test_a_customer_taken_back_before_it_was_delivered_is_created_nowhere(world):
    company = world("crm", shop={"behaviour": Behaviour(updates=True, creates=False)})
    company.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    with running(company.session(), "sync") as session:
        from customer_sync.engine.intake import pull

        pull(session, company.rules.connected[0])
    waiting = company.rows("SELECT count(*) FROM outbound WHERE link IS NULL")

    done = undone(company)
    company.platforms["shop"].behaviour = Behaviour()
    company.sync()

    assert (waiting, done.deactivated) == ([(1,)], 1)
    assert company.shown("shop") == []


def test_only_runs_that_are_over_can_be_undone(company):
    with pytest.raises(NotFoundError):
        undone(company, 99)
    with running(company.session(), "sync") as going_on, pytest.raises(ConflictError):
        undone(company, going_on.run)


def test_what_was_undone_is_audited_without_values(company):
    company.platforms["crm"].edit("contacts", "1", last="King")
    company.sync()
    undone(company)

    details = company.rows(
        "SELECT detail FROM audit_event WHERE kind IN ('run.undone', 'steward.decided')"
    )
    assert len(details) == 2
    assert not any("King" in text or "Lee" in text for (text,) in details)


def test_lists_go_back_element_by_element(world):
    fields = {"email": "email", "phones": {"field": "phones", "separator": ";"}}
    company = world(crm={"fields": fields}, shop={"fields": fields})
    company.platforms["crm"].create(
        "contacts", email="ann@acme.test", phones="+4930901820;+4930901821"
    )
    company.sync()
    company.platforms["crm"].edit("contacts", "1", phones="+4930901821;+4930901822")
    company.sync()
    changed = company.shown("shop")[0]["phones"]

    done = undone(company)
    company.sync()

    assert sorted(changed.split(";")) == ["+4930901821", "+4930901822"]
    assert (done.restored, done.asked) == (1, 0)
    for name in ("crm", "shop"):
        shown = company.shown(name)[0]["phones"]
        assert sorted(shown.split(";")) == ["+4930901820", "+4930901821"]


def test_an_applied_plan_is_undone_like_any_run(company):
    company.platforms["crm"].edit("contacts", "1", last="King")
    company.tick()
    with running(company.session(), "plan") as session:
        made = plan(session)
    with running(company.session(), "apply") as session:
        apply(session, made.number)
    applied = last_names(company)

    undone(company)

    assert (applied, last_names(company)) == ({"King"}, {"Lee"})


def joined(world, **shop):
    """A company whose CRM and shop knew Ann before they met, and whose first run made them agree."""
    company = world("crm", shop={"create": False, **shop})
    crm, shop = company.platforms["crm"], company.platforms["shop"]
    crm.create("contacts", email="ann@acme.test", first="Ann", last="Lee", phone="+4930901820")
    company.tick()
    shop.create("contacts", email="ann@acme.test", first="Ann", last="Lee-King")
    company.sync()
    return company


def shown_now(company):
    return {
        name: [(r["last"], r["phone"]) for r in company.shown(name)] for name in ("crm", "shop")
    }


def test_what_the_first_run_wrote_into_records_that_were_there_is_written_back(world):
    company = joined(world)
    agreed = shown_now(company)

    done = undone(company)
    company.sync()
    company.sync(whole=True)

    assert agreed["crm"] == agreed["shop"]
    assert shown_now(company) == {
        "crm": [("Lee", "+4930901820")],
        "shop": [("Lee-King", None)],
    }
    assert (done.deactivated, done.apart, done.rewritten, done.asked) == (1, 2, 2, 0)
    assert company.rows("SELECT active FROM customer") == [("false",)]
    assert company.rows("SELECT count(*) FROM outbound") == [(0,)]
    assert company.rows("SELECT count(*) FROM restoration") == [(0,)]
    assert sick(company) == []


def test_undoing_that_lets_the_records_take_part_and_agree_again(world):
    company = joined(world)
    agreed = shown_now(company)
    undone(company)
    company.sync()

    done = undone(company, company.rows("SELECT id FROM run WHERE kind = 'undo'")[0][0])
    company.sync()
    company.sync(whole=True)

    assert done.included == 2
    assert shown_now(company) == agreed
    assert company.rows("SELECT active FROM customer") == [(None,)]
    assert company.rows("SELECT count(*) FROM outbound") == [(0,)]
    assert sick(company) == []


def test_an_edit_made_while_set_apart_is_heard_when_the_record_takes_part_again(world):
    company = joined(world)
    undone(company)
    [(undoing,)] = company.rows("SELECT id FROM run WHERE kind = 'undo'")
    company.tick()
    company.platforms["crm"].edit("contacts", "1", last="Queen")
    company.sync()
    apart = shown_now(company)

    undone(company, undoing)
    company.sync()

    assert apart["shop"] == [("Lee-King", None)]
    assert last_names(company) == {"Queen"}


def test_what_somebody_changed_since_is_not_written_back(world):
    company = joined(world)
    [(run,)] = company.rows("SELECT max(id) FROM run")
    company.platforms["shop"].edit("contacts", company.only("shop"), last="Queen")
    company.sync()

    done = undone(company, run)

    assert done.rewritten == 1
    assert asked(company) == [(f"run {run}/crm.contacts/1",)]
    assert last_names(company) == {"Queen"}
    assert company.shown("shop")[0]["phone"] is None


def test_what_is_changed_in_the_moment_of_writing_back_is_left_to_a_person(world):
    company = joined(world)
    [(run,)] = company.rows("SELECT max(id) FROM run")
    company.platforms["shop"].edit("contacts", company.only("shop"), phone="+4930999999")

    undone(company, run)
    company.sync()

    assert company.shown("shop")[0]["phone"] == "+4930999999"
    assert asked(company) == [(f"shop.contacts/{company.only('shop')}",)]
    assert company.rows("SELECT count(*) FROM outbound") == [(0,)]
    assert company.rows("SELECT count(*) FROM restoration") == [(0,)]


def test_writing_back_that_is_refused_waits_to_be_tried_again(world):
    company = joined(world)
    company.platforms["shop"].behaviour = Behaviour(updates=False)
    undone(company)
    waiting = company.rows("SELECT kind, code FROM outbound")
    company.platforms["shop"].behaviour = Behaviour()
    company.tick()
    with running(company.session(), "retry") as session:
        retry(session)

    assert waiting == [("restore", "not_offered")]
    assert shown_now(company)["shop"] == [("Lee-King", None)]


def test_a_record_that_joined_a_known_customer_is_set_apart_from_it(company):
    company.platforms["shop"].create("contacts", email="eve@acme.test", first="Eve", last="Ray")
    company.sync()
    company.platforms["crm"].create("contacts", email="eve@acme.test", first="Eve", last="Ray-Lee")
    company.sync()
    names = last_names(company)

    undone(company)
    company.sync()

    last = {record["last"] for record in company.shown("crm")}
    assert names == {"Lee", "Ray-Lee"}
    assert last == {"Lee", "Ray", "Ray-Lee"}
    assert {record["last"] for record in company.shown("shop")} == {"Lee", "Ray"}


def test_undoing_a_merge_sets_nothing_apart_and_says_how_to_take_it_back(company):
    company.platforms["crm"].create("contacts", email="eve@acme.test", first="Eve", last="Ray")
    company.sync()
    first, second = (id_ for (id_,) in company.rows("SELECT id FROM customer ORDER BY id"))
    company.tick()
    with running(company.session(), "merge") as session:
        merge_customers(session, second, first, by="ann")
        run = session.run

    done = undone(company, run)

    assert (done.apart, done.rewritten) == (0, 0)
    assert company.rows("SELECT count(*) FROM link WHERE state = 3") == [(0,)]
    assert (
        f"unmerge {second}" in company.rows("SELECT detail FROM review WHERE kind = 'undo'")[0][0]
    )


def test_what_a_system_shows_in_its_own_way_is_written_back_too(world):
    company = world("crm", shop={"create": False, "behaviour": Behaviour(upper=("last",))})
    company.platforms["shop"].create("contacts", email="ann@acme.test", first="Ann", last="Ray")
    company.tick()
    company.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    company.sync()
    written = company.shown("shop")[0]["last"]

    done = undone(company)

    assert (written, company.shown("shop")[0]["last"]) == ("LEE", "RAY")
    assert (done.rewritten, done.asked) == (1, 0)
