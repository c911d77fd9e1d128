"""A plan is the real thing, rolled back; applying it does that and nothing else."""

import pytest

from customer_sync.engine.apply import apply
from customer_sync.engine.plan import discard, opened, plan
from customer_sync.engine.session import running
from customer_sync.kernel.errors import ConflictError, InvalidInputError, NotFoundError
from customer_sync.systems.simulated import Behaviour

pytestmark = pytest.mark.pg15

TABLES = (
    "customer", "link", "image", "claim", "golden_change", "match_key", "outbound", "attempt", "reject",
    "review", "batch", "ledger_edit",
)  # fmt: skip


def planned(company, **options):
    company.tick()
    with running(company.session(), "plan") as session:
        return plan(session, **options)


def applied(company, number, **options):
    with running(company.session(), "apply") as session:
        return apply(session, number, **options)


def content(company):
    return {name: sorted(map(repr, company.rows(f"SELECT * FROM {name}"))) for name in TABLES}


def cells(effects):
    return {cell["field"]: (cell["before"], cell["after"]) for cell in effects}


@pytest.fixture
def company(world):
    made = world("crm", "shop")
    made.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    return made


def test_a_plan_changes_nothing_but_tells_what_a_sync_would_do(company):
    before = content(company), company.shown("shop")

    made = planned(company)

    assert (content(company), company.shown("shop")) == before
    assert (made.total, made.created, made.changed) == (1, 1, 0)
    [customer] = made.customers
    assert customer["identity"] == "crm.contacts/1"
    assert cells(customer["golden"])["family_name"] == (None, "Lee")
    assert {cell["winner"] for cell in customer["golden"]} == {"crm.contacts/1"}
    [patch] = customer["patches"]
    assert (patch["stream"], patch["kind"], patch["record"]) == ("shop.contacts", "create", None)
    assert cells(patch["fields"])["last"] == (None, "Lee")
    crm, shop = made.streams
    assert (crm.read, crm.created, shop.creates, shop.updates) == (1, 1, 1, 0)


def test_applying_does_exactly_what_was_planned(company):
    company.sync()
    shop = company.only("shop")
    company.platforms["shop"].edit("contacts", shop, last="King")
    company.platforms["crm"].create("contacts", email="bob@acme.test", first="Bob")
    made = planned(company)

    done = applied(company, made.number)

    assert (done.applied, done.refused, done.sent, done.waiting) == (2, [], 2, 0)
    for customer in made.customers:
        golden = cells(customer["golden"])
        email = golden["email"][1] if "email" in golden else "ann@acme.test"
        [row] = company.rows("SELECT given_name, family_name FROM customer WHERE email = %s", email)
        for field, value in zip(("given_name", "family_name"), row, strict=True):
            if field in golden:
                assert value == golden[field][1]
        for patch in customer["patches"]:
            name = patch["stream"].split(".")[0]
            [record] = [r for r in company.shown(name) if r["email"] == email]
            assert {f["field"]: f["after"] for f in patch["fields"]}.items() <= record.items()
    assert company.rows("SELECT count(*) FROM inbox") == [(0,)]
    assert company.rows("SELECT count(*) FROM plan_customer") == [(0,)]
    settled = content(company)
    company.sync()
    assert content(company)["claim"] == settled["claim"]
    assert company.rows("SELECT count(*) FROM outbound") == [(0,)]


def test_a_plan_says_whose_value_wins_and_by_which_rule(company):
    company.platforms["shop"].create(
        "contacts", email="ann@acme.test", first="Ann", last="Lee", phone="+4930901820"
    )
    company.sync()
    company.tick()
    company.platforms["crm"].edit("contacts", "1", phone="+4930901821")
    one_side = planned(company).customers[0]["golden"][0]
    company.tick()
    company.platforms["shop"].edit("contacts", "1", phone="+4930901822")
    both_sides = planned(company).customers[0]["golden"][0]

    assert (one_side["winner"], one_side["rule"]) == ("crm.contacts/1", "changed on one side only")
    assert both_sides["winner"] == "shop.contacts/1"
    assert "most recent" in both_sides["rule"]
    assert (both_sides["before"], both_sides["after"]) == ("+4930901820", "+4930901822")


def test_a_plan_is_applied_once(company):
    made = planned(company)
    applied(company, made.number)

    with pytest.raises(ConflictError, match="applied already"):
        applied(company, made.number)
    with pytest.raises(NotFoundError):
        applied(company, 99)


def test_another_configuration_is_refused(company):
    made = planned(company)
    company.workspace["region"] = "DE"
    company.publish()

    with pytest.raises(ConflictError, match="version 1"):
        applied(company, made.number)

    assert company.rows("SELECT count(*) FROM customer") == [(0,)]


def test_what_moved_is_refused_alone(company):
    company.platforms["crm"].create("contacts", email="bob@acme.test", first="Bob", last="Ray")
    company.sync()
    company.platforms["crm"].edit("contacts", "1", last="King")
    company.platforms["crm"].edit("contacts", "2", last="Roe")
    made = planned(company)
    company.sql("UPDATE customer SET job_title = 'boss' WHERE given_name = 'Ann'")

    done = applied(company, made.number)

    [ann] = company.rows("SELECT id::text FROM customer WHERE given_name = 'Ann'")
    assert [(one.customer, one.reason) for one in done.refused] == [
        (ann[0], "an accountant edited the customer since the plan")
    ]
    assert done.applied == 1
    assert {r["first"]: r["last"] for r in company.shown("shop")} == {"Ann": "Lee", "Bob": "Roe"}
    company.sync()
    assert {r["first"]: r["last"] for r in company.shown("shop")} == {"Ann": "King", "Bob": "Roe"}
    assert company.rows("SELECT job_title FROM customer WHERE given_name = 'Ann'") == [("boss",)]


def test_a_record_that_changed_since_the_plan_is_refused_and_read_again(company):
    company.sync()
    company.platforms["crm"].edit("contacts", "1", last="King")
    made = planned(company)
    company.platforms["crm"].edit("contacts", "1", last="Queen")
    company.sync()

    done = applied(company, made.number)

    assert [one.reason for one in done.refused] == ["a record of it changed since the plan"]
    assert done.sent == 0
    company.sync()
    assert company.shown("shop")[0]["last"] == "Queen"


def test_a_customer_that_came_into_being_since_the_plan_is_not_created_twice(company):
    made = planned(company)
    company.platforms["shop"].create(
        "contacts", email="ann@acme.test", first="Ann", phone="+4930901820"
    )
    with running(company.session(), "sync") as session:
        from customer_sync.engine.intake import pull

        pull(session, next(s for s in company.rules.connected if s.system == "shop"))

    done = applied(company, made.number)
    company.sync()

    assert [one.customer for one in done.refused] == ["crm.contacts/1"]
    assert company.rows("SELECT count(*) FROM customer") == [(1,)]
    assert company.shown("shop")[0]["last"] == "Lee"


def test_a_sample_is_applied_before_the_rest(company):
    for number in range(5):
        company.platforms["crm"].create(
            "contacts", email=f"c{number}@acme.test", first=f"C{number}"
        )
    made = planned(company)

    first = applied(company, made.number, sample=2)
    after_first = len(company.shown("shop"))
    again = applied(company, made.number, sample=2)
    rest = applied(company, made.number)

    assert (made.total, first.applied, first.left, after_first) == (6, 2, 4, 2)
    assert (again.applied, again.left) == (2, 2)
    assert (rest.applied, rest.left, rest.refused) == (2, 0, [])
    assert len(company.shown("shop")) == 6
    assert company.rows("SELECT count(*) FROM customer") == [(6,)]


def test_a_plan_counts_all_and_tells_of_some(company):
    for number in range(5):
        company.platforms["crm"].create(
            "contacts", email=f"c{number}@acme.test", first=f"C{number}"
        )

    made = planned(company, details_max=2)

    assert (made.total, made.created, len(made.customers)) == (6, 6, 2)
    assert made.streams[1].creates == 6
    assert company.rows("SELECT count(*), count(detail) FROM plan_customer") == [(6, 2)]
    assert applied(company, made.number).applied == 6


def test_a_plan_is_kept_and_discarded_with_all_it_read(company):
    made = planned(company)

    kept = opened(company.db)
    with running(company.session(), "discard") as session:
        discard(session, made.number)

    assert kept.as_json() == made.as_json()
    assert company.rows("SELECT count(*) FROM inbox") == [(0,)]
    assert company.rows("SELECT count(*) FROM plan_customer") == [(0,)]
    with pytest.raises(ConflictError, match="discarded"):
        applied(company, made.number)


def test_the_same_plan_made_twice_has_the_same_digest(company):
    assert planned(company).digest == planned(company).digest


def test_unchanged_records_are_not_kept(company):
    company.sync()

    made = planned(company, whole=True)

    assert company.rows("SELECT count(*) FROM inbox") == [(0,)]
    assert [(s.read, s.unchanged) for s in made.streams] == [(1, 1), (1, 1)]
    assert made.total == 0


def test_an_accountants_edit_is_part_of_the_plan(company):
    company.sync()
    company.sql("UPDATE customer SET family_name = 'King' WHERE true")

    made = planned(company)
    done = applied(company, made.number)

    assert cells(made.customers[0]["golden"]) == {"family_name": ("Lee", "King")}
    assert made.customers[0]["golden"][0]["winner"] == "ledger"
    assert (done.sent, done.refused) == (2, [])
    assert {company.shown(name)[0]["last"] for name in ("crm", "shop")} == {"King"}


def test_rejected_and_held_records_are_counted_and_named(world):
    company = world("crm", "shop", workspace={"match": {"method": "exact"}})
    company.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    company.sync()
    company.platforms["crm"].create("contacts", email="no mail", first="Eve")
    company.platforms["crm"].create("contacts", email="ann@acme.test", first="Bert", last="Ray")

    made = planned(company)

    crm = made.streams[0]
    assert (crm.rejected, crm.held) == (1, 1)
    assert {(one.record, one.field) for one in made.set_aside} == {("2", "email"), ("3", "")}


def test_only_the_streams_named_are_read(company):
    company.platforms["shop"].create("contacts", email="bob@acme.test", first="Bob")

    made = planned(company, streams=["crm"])

    assert made.total == 1
    with pytest.raises(InvalidInputError, match="no stream"):
        planned(company, streams=["erp"])


def test_a_system_that_is_down_stops_only_its_own_part_of_the_plan(company):
    from customer_sync.systems.simulated import FaultPlan

    company.platforms["shop"].faults = FaultPlan(seed=0, rates={"lost_request": 1.0})

    made = planned(company)

    assert [failure[0] for failure in made.failures] == ["shop.contacts"]
    assert made.created == 1


def test_no_personal_value_stays_in_the_plans_own_row(company):
    planned(company)

    [(document,)] = company.rows("SELECT document FROM plan")
    assert "ann@acme.test" not in document
    assert "Lee" not in document


def test_records_confirmed_to_be_gone_are_part_of_the_plan(world):
    company = world("crm", shop={"behaviour": Behaviour(deletes="keys", cursor=False)})
    for number in range(3):
        company.platforms["crm"].create("contacts", email=f"c{number}@acme.test")
    company.sync()
    shop = company.only("shop")
    company.platforms["shop"].delete("contacts", shop)

    made = planned(company)
    live = company.rows("SELECT count(*) FROM link WHERE state = 0")
    applied(company, made.number)
    company.sync()

    assert (made.streams[1].gone, made.customers[0]["links"]) == (1, [f"shop.contacts/{shop} gone"])
    assert live == [(6,)]
    assert company.rows("SELECT count(*) FROM link WHERE state = 1") == [(1,)]
    assert len(company.shown("shop")) == 2


def test_a_mass_delete_is_told_and_not_applied(world):
    company = world("crm", shop={"behaviour": Behaviour(deletes="keys", cursor=False)})
    for number in range(10):
        company.platforms["crm"].create("contacts", email=f"c{number}@acme.test")
    company.sync()
    for record in company.platforms["shop"].records("contacts"):
        company.platforms["shop"].delete("contacts", record.id)

    made = planned(company)
    applied(company, made.number)

    assert (made.streams[1].asked, made.streams[1].gone) == (10, 0)
    assert company.rows("SELECT count(*) FROM link WHERE state <> 0") == [(0,)]


def test_a_plan_uses_up_no_numbers(world):
    company = world("crm", "shop")
    for number in range(3):
        company.platforms["crm"].create("contacts", email=f"p{number}@acme.test", last="Lee")
    numbers = "SELECT is_called, last_value FROM customer_id UNION ALL SELECT is_called, last_value FROM link_id"
    before = company.rows(numbers)

    made = planned(company)

    assert made.created == 3
    assert company.rows(numbers) == before
