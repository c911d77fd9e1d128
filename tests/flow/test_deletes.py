"""A deletion in one system, and what becomes of the customer's records in the others."""

import pytest
from tests.flow.conftest import FIELDS

from customer_sync.engine import ask
from customer_sync.engine import plan as plans
from customer_sync.engine.apply import apply
from customer_sync.engine.session import running
from customer_sync.engine.undo import undo
from customer_sync.engine.verify import verify
from customer_sync.kernel.errors import ConfigurationError
from customer_sync.systems.simulated import Behaviour

STATUS = {"field": "status", "values": {"A": "true", "I": "false"}, "empty": "null"}
WITH_STATUS = {"fields": {**FIELDS, "active": STATUS}}
ANN = {"email": "ann@acme.test", "first": "Ann", "last": "Lee", "phone": "+4930901820"}
PASSED_ON = {"elsewhere": "deactivate"}


@pytest.fixture(params=["feed", "flag", "keys"])
def company(world, request):
    """A CRM that passes its deletions on, a shop that knows a status, and a till that knows none."""
    behaviour = Behaviour(deletes=request.param)
    made = world(crm={"deletes": PASSED_ON, "behaviour": behaviour}, shop=WITH_STATUS, till={})
    made.ann = made.platforms["crm"].create("contacts", **ANN)
    made.platforms["crm"].create("contacts", email="bob@acme.test", first="Bob", last="Ray")
    made.sync()
    made.sync()
    return made


def ann_in(company, system: str):
    found = [r for r in company.platforms[system].records("contacts") if r.fields["first"] == "Ann"]
    [record] = found
    return record


def status_of_ann(company) -> str | None:
    return ann_in(company, "shop").fields.get("status")


def active(company) -> list[str | None]:
    return [value for (value,) in company.rows("SELECT active::text FROM customer ORDER BY id")]


def agrees(company) -> bool:
    with running(company.session(), "verify") as session:
        return verify(session).agreed


def test_a_deletion_deactivates_the_customer_where_that_can_be_shown(company):
    company.platforms["crm"].delete("contacts", company.ann)

    company.sync()

    assert status_of_ann(company) == "I"
    assert ann_in(company, "till").fields["last"] == "Lee"
    assert active(company)[0] == "false"
    assert active(company)[1] in {None, "true"}
    assert len(company.shown("crm")) == 1
    company.sync()
    company.sync(whole=True)
    assert status_of_ann(company) == "I"
    assert agrees(company)


def test_why_names_the_deletion_that_made_a_customer_inactive(company):
    company.platforms["crm"].delete("contacts", company.ann)
    company.sync()

    with company.db.transaction() as tx:
        view = ask.why(tx, company.rules, 1, "active")

    assert view.value == "false"
    assert "a record that its system deleted" in view.reason
    assert "gone" in {claim.state for claim in view.claims if claim.is_winner}


def test_by_default_a_deletion_is_nobody_elses_business(world):
    company = world(crm={}, shop=WITH_STATUS)
    ann = company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.platforms["crm"].delete("contacts", ann)

    company.sync()

    assert status_of_ann(company) is None


def test_a_record_that_comes_back_is_active_again(company):
    crm = company.platforms["crm"]
    crm.delete("contacts", company.ann)
    company.sync()
    held = crm.stream("contacts").records[company.ann]
    held.deleted = False
    company.tick()
    crm.edit("contacts", company.ann, last="Lee-King")

    company.sync()

    assert status_of_ann(company) == "A"
    assert ann_in(company, "shop").fields["last"] == "Lee-King"
    assert agrees(company)


def test_one_of_two_records_of_a_customer_is_no_customer_lost(world):
    company = world(crm={"deletes": PASSED_ON}, shop=WITH_STATUS)
    crm = company.platforms["crm"]
    first = crm.create("contacts", **ANN)
    second = crm.create("contacts", **ANN)
    company.sync()

    crm.delete("contacts", first)
    company.sync()
    assert status_of_ann(company) is None

    crm.delete("contacts", second)
    company.sync()
    assert status_of_ann(company) == "I"


def test_both_records_deleted_at_once_are_a_customer_lost(world):
    company = world(crm={"deletes": PASSED_ON}, shop=WITH_STATUS)
    crm = company.platforms["crm"]
    both = [crm.create("contacts", **ANN), crm.create("contacts", **ANN)]
    company.sync()
    for record in both:
        crm.delete("contacts", record)

    company.sync()

    assert status_of_ann(company) == "I"


def racing(world, against_edit: str, *, reads_first: str):
    """Ann is edited in the shop, and deleted in the CRM, before either has heard of the other."""
    crm = {"deletes": {**PASSED_ON, "against_edit": against_edit}}
    order = {"crm": crm, "shop": WITH_STATUS}
    company = world(**{name: order[name] for name in ([reads_first, *order])})
    ann = company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.sync()
    company.tick()
    company.platforms["shop"].edit("contacts", ann_in(company, "shop").id, last="King")
    company.tick()
    company.platforms["crm"].delete("contacts", ann)
    company.sync()
    company.sync()
    return company


@pytest.mark.parametrize("reads_first", ["crm", "shop"])
def test_an_edit_that_the_deleted_record_had_not_shown_wins_whatever_is_read_first(
    world, reads_first
):
    company = racing(world, "edit", reads_first=reads_first)

    assert status_of_ann(company) in {None, "A"}
    assert active(company) in ([None], ["true"])
    assert company.shown("crm") == []
    assert agrees(company)


@pytest.mark.parametrize("reads_first", ["crm", "shop"])
def test_the_deletion_wins_where_the_policy_says_so(world, reads_first):
    company = racing(world, "delete", reads_first=reads_first)

    assert status_of_ann(company) == "I"
    assert ann_in(company, "shop").fields["last"] == "King"
    assert agrees(company)


def test_an_edit_long_after_the_deletion_takes_nothing_back(company):
    company.platforms["crm"].delete("contacts", company.ann)
    company.sync()
    company.tick(3_600)
    company.platforms["shop"].edit("contacts", ann_in(company, "shop").id, last="King")
    company.platforms["till"].edit("contacts", ann_in(company, "till").id, phone="+4930901821")

    company.sync()

    assert status_of_ann(company) == "I"
    assert agrees(company)


def test_people_elsewhere_may_decide_otherwise(company):
    company.platforms["crm"].delete("contacts", company.ann)
    company.sync()
    company.tick(3_600)
    company.platforms["shop"].edit("contacts", ann_in(company, "shop").id, status="A")

    company.sync()
    company.sync()

    assert status_of_ann(company) == "A"
    assert active(company)[0] == "true"


def test_mass_deletions_are_passed_on_only_when_approved(world):
    crm = {"deletes": PASSED_ON, "behaviour": Behaviour(deletes="keys")}
    company = world(crm=crm, shop=WITH_STATUS)
    for number in range(40):
        company.platforms["crm"].create(
            "contacts", email=f"p{number}@acme.test", first=f"P{number}"
        )
    company.sync()
    company.platforms["crm"].behaviour = Behaviour(deletes="keys", empty_listing=True)

    company.sync()

    assert {row.get("status") for row in company.shown("shop")} == {None}


def test_a_plan_shows_what_applying_it_does_and_undoing_takes_it_back(company):
    company.platforms["crm"].delete("contacts", company.ann)
    company.tick()
    with running(company.session(), "plan") as session:
        made = plans.plan(session)
    assert status_of_ann(company) is None
    shop = next(effect for effect in made.streams if effect.stream == "shop.contacts")
    assert shop.updates == 1

    with running(company.session(), "apply") as session:
        apply(session, made.number)
        run = session.run

    assert status_of_ann(company) == "I"
    with running(company.session(), "undo") as session:
        undo(session, run)
    assert status_of_ann(company) in {None, "A"}


def test_the_audit_tells_who_deactivated_the_customer(company):
    company.platforms["crm"].delete("contacts", company.ann)

    company.sync()

    rows = company.rows(
        "SELECT kind, fields FROM event WHERE fields LIKE %s ORDER BY id", "%active%"
    )
    assert ("record.gone", "active") in rows
    assert ("customer.changed", "active") in rows


def test_passing_deletions_on_to_nobody_is_refused(world):
    with pytest.raises(ConfigurationError, match="no other system would hear of it"):
        world(crm={**WITH_STATUS, "deletes": PASSED_ON}, shop={})
