"""What verify reports is read back from both sides, and every difference has its reason."""

import json

import pytest

from customer_sync.engine.session import running
from customer_sync.engine.verify import verify
from customer_sync.systems.simulated import Behaviour, FaultPlan

pytestmark = pytest.mark.pg15

ANN = {"email": "ann@acme.test", "first": "Ann", "last": "Lee", "phone": "+4930901820"}


def verified(company, **options):
    with running(company.session(), "verify") as session:
        return verify(session, **options)


def reasons(agreement):
    return sorted((one.system, one.field, one.why, one.code) for one in agreement.differences)


def test_systems_that_show_the_same_agree(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", **ANN)
    company.sync()

    report = verified(company)

    assert report.agreed
    assert (report.fields, report.agreeing, report.accuracy) == (8, 8, 1.0)
    assert report.differences == []


def test_an_edit_behind_our_back_is_unabsorbed_and_counts_against_accuracy(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.platforms["shop"].edit("contacts", company.only("shop"), last="King")

    report = verified(company)

    assert not report.agreed
    assert report.accuracy == 7 / 8
    assert reasons(report) == [("shop", "family_name", "unabsorbed", "record_changed")]
    assert (report.differences[0].shown, report.differences[0].wanted) == ("King", "Lee")


def test_verify_reads_and_changes_nothing(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.platforms["crm"].create("contacts", email="ben@acme.test", first="Ben")
    company.platforms["shop"].edit("contacts", company.only("shop"), last="King")
    tables = ("link", "claim", "customer", "outbound", "attempt", "reject", "batch", "audit_event")
    before = [company.rows(f"SELECT count(*) FROM {table}") for table in tables]

    verified(company)

    assert [company.rows(f"SELECT count(*) FROM {table}") for table in tables] == before


def test_a_new_record_is_unabsorbed_in_every_field(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", **ANN)

    report = verified(company)

    assert (report.fields, report.agreeing) == (4, 0)
    assert {one.code for one in report.differences} == {"record_new"}


def test_a_deletion_behind_our_back_is_unabsorbed(world):
    company = world("crm", shop={"behaviour": Behaviour(deletes="keys")})
    company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.platforms["shop"].delete("contacts", company.only("shop"))

    report = verified(company)

    assert {(one.system, one.code) for one in report.differences} == {("shop", "record_gone")}
    assert report.streams[1].unlisted == 0


def test_a_refused_write_is_failing_with_reason_and_remedy(world):
    company = world("crm", shop={"behaviour": Behaviour(lengths={"last": 5})})
    id_ = company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.platforms["crm"].edit("contacts", id_, last="Longer-than-five")
    company.sync()

    report = verified(company)

    (one,) = report.differences
    assert (one.system, one.field, one.why) == ("shop", "family_name", "failing")
    assert all([one.code, one.detail, one.remedy])
    assert report.accuracy == 7 / 8


def test_a_value_that_was_set_aside_counts_against_accuracy(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.platforms["shop"].edit("contacts", company.only("shop"), email="not an address")
    company.sync()

    report = verified(company)

    assert reasons(report) == [("shop", "email", "rejected", "email_invalid")]
    assert report.accuracy == 7 / 8


def test_a_record_rejected_by_a_rule_counts_whole(world):
    rules = [{"when": "given_name = 'Test'", "reject": "a test record"}]
    company = world("shop", crm={"rules": rules})
    company.platforms["crm"].create("contacts", **ANN | {"first": "Test"})
    company.sync()

    report = verified(company)

    assert {(one.why, one.code, one.detail) for one in report.differences} == {
        ("rejected", "rule_rejected", "a test record")
    }
    assert (report.fields, report.agreeing) == (4, 0)


def test_a_record_held_for_a_person_names_its_review(world):
    company = world("crm", "shop", workspace={"match": {"method": "exact"}})
    company.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    company.platforms["crm"].create(
        "contacts", email="bob@acme.test", first="Bob", phone="+4930901820"
    )
    company.sync()
    company.platforms["shop"].create(
        "contacts", email="ann@acme.test", phone="+4930901820", first="Cy", last="Doe"
    )
    company.sync()

    report = verified(company)

    held = [one for one in report.differences if one.why == "held"]
    assert {one.code for one in held} == {"identity_doubtful"}
    assert {one.review for one in held} == {company.rows("SELECT id FROM review")[0][0]}


def test_an_unabsorbed_ledger_edit_is_no_agreement(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.sql("UPDATE customer SET family_name = 'King'")

    report = verified(company)

    assert (report.agreed, report.ledger_unabsorbed) == (False, 1)
    assert {one.code for one in report.differences} == {"ledger_edit"}


def test_what_waits_is_pending_and_what_lacks_is_counted(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", **ANN)
    company.documents["shop"]["paused"] = True
    company.publish()
    company.sync()

    report = verified(company)

    assert report.streams[1].lacking == 1
    assert {(one.record, one.why, one.code) for one in report.differences} == {
        (None, "pending", "paused")
    }
    assert (report.fields, report.agreeing) == (8, 4)


def test_drift_that_nothing_explains_is_said_to_differ(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.sql(
        "SET LOCAL customer_sync.absorbing = 'on'; UPDATE customer SET family_name = 'King'"
    )

    report = verified(company)

    assert reasons(report) == [
        ("crm", "family_name", "differs", "unexplained"),
        ("shop", "family_name", "differs", "unexplained"),
    ]


def test_what_a_system_makes_of_a_value_is_agreement(world):
    company = world("crm", shop={"behaviour": Behaviour(upper=("last",))})
    company.platforms["crm"].create("contacts", **ANN)
    company.sync()

    report = verified(company)

    assert company.shown("shop")[0]["last"] == "LEE"
    assert report.agreed


def test_a_value_outside_the_value_map_cannot_be_shown_and_is_no_agreement(world):
    fields = {"email": "email", "loyalty.tier": {"field": "tier", "values": {"G": "gold"}}}
    company = world(
        crm={"fields": {"email": "email", "loyalty.tier": "tier"}}, shop={"fields": fields}
    )
    company.platforms["crm"].create("contacts", email="ann@acme.test", tier="platinum")
    company.sync()

    report = verified(company)

    assert reasons(report) == [("shop", "loyalty.tier", "failing", "value_unshowable")]


def test_a_field_that_is_set_only_if_empty_agrees_as_it_is_shown(world):
    fields = {"email": "email", "family_name": {"field": "last", "set_if_empty": True}}
    company = world(crm={}, shop={"fields": fields})
    crm = company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.platforms["crm"].edit("contacts", crm, last="King")
    company.sync()

    report = verified(company)

    assert company.shown("shop")[0]["last"] == "Lee"
    assert report.agreed


def test_a_system_that_cannot_be_read_is_no_agreement(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.platforms["shop"].faults = FaultPlan(seed=1, rates={"lost_request": 1.0})

    report = verified(company)

    assert not report.agreed
    assert report.streams[0].agreed
    assert report.streams[1].error[0] == "system_down"


def test_a_listing_cut_short_is_no_agreement(world):
    company = world("crm", "shop")
    for number in range(5):
        company.platforms["crm"].create("contacts", email=f"p{number}@acme.test")
    company.sync()
    company.platforms["shop"].behaviour = Behaviour(empty_listing=True)

    report = verified(company)

    assert report.streams[1].is_short
    assert not report.agreed
    assert report.streams[1].unlisted == 5


def test_differences_are_listed_up_to_a_limit_and_counted_in_full(world):
    company = world("crm")
    for number in range(5):
        company.platforms["crm"].create("contacts", email=f"p{number}@acme.test")

    report = verified(company, limit_differences=3)

    assert (len(report.differences), report.differing) == (3, 20)
    assert report.streams[0].by_why == {"unabsorbed": 20}
    assert report.streams[0].records_by_why == {"unabsorbed": 5}


def test_a_report_is_json_and_its_repr_shows_no_value(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.platforms["shop"].edit("contacts", company.only("shop"), last="King")

    report = verified(company)

    assert json.loads(json.dumps(report.as_json()))["systems"]["shop"]["accuracy"] == 0.75
    assert "King" not in repr(report)


def test_completion_counts_from_the_sources_commit_and_leaves_the_first_load_out(world):
    company = world("crm", "shop")
    id_ = company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    assert [one.changes for one in verified(company).completion] == [0, 0]
    company.platforms["crm"].edit("contacts", id_, last="King")
    company.sync()

    last, day = verified(company).completion

    assert (last.changes, last.open, day.changes) == (1, 0, 1)
    assert last.p50_s == last.p99_s == 60  # World.sync lets a minute pass before it reads


def test_a_change_that_is_not_everywhere_yet_is_open(world):
    company = world("crm", shop={"behaviour": Behaviour(lengths={"last": 5})})
    id_ = company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.platforms["crm"].edit("contacts", id_, last="Longer-than-five")
    company.sync()

    last, _ = verified(company).completion

    assert (last.changes, last.open, last.oldest_open_s) == (0, 1, 60)


def test_manual_entry_is_compared_with_what_the_product_wrote(world):
    company = world("crm", "shop", "erp")
    id_ = company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.platforms["crm"].edit("contacts", id_, last="King")
    company.sync()

    last, _ = verified(company).entry

    assert (last.by_people, last.by_product) == (1, 3)  # typed once; into the ledger, shop and erp
    assert last.reduction == 0.75
