"""Plan, apply, undo and decide at the command line."""

import pytest


def customer(desk, words):
    return desk.run("customers", "--search", words, "--json").json[0]["customer"]


def test_a_plan_tells_everything_and_changes_nothing_and_applying_does_it(desk):
    crm, shop = desk.crm(), desk.shop("SELECT * FROM customers")

    planned = desk.run("plan", "--json")
    shown = desk.run("plan", "show", "--json")
    before = (desk.crm(), desk.shop("SELECT * FROM customers"))
    applied = desk.run("apply", "--json")

    assert planned.code == applied.code == 0
    assert planned.json == shown.json
    assert planned.json["created"] == 10
    assert [one["created"] for one in planned.json["streams"]] == [8, 2]
    assert before == (crm, shop)
    assert applied.json["applied"] == 10
    assert applied.json["agreed"] is True
    assert desk.run("sync").code == 0
    assert desk.run("apply").code == desk.run("apply", "1").code == 1


def test_a_plan_reads_field_by_field_with_the_rule_that_chose(desk):
    desk.run("sync")
    desk.edit_crm("García Márquez", "García Ruiz")

    ran = desk.run("plan")

    number = customer(desk, "josé")
    assert f"Customer {number}\n" in ran.out
    assert 'family_name: "García Márquez" -> "García Ruiz"  [crm.contacts/' in ran.out
    assert "update shop.customers/" in ran.out
    assert 'last: "García Márquez" -> "García Ruiz"' in ran.out
    assert "0 customers to create, 1 to change" in ran.out
    assert "customer-sync apply 1" in ran.out


def test_a_plan_of_a_workspace_in_agreement_is_empty(desk):
    desk.run("sync")

    ran = desk.run("plan", "--whole")

    assert ran.code == 0
    assert "Nothing would change." in ran.out


def test_a_plan_says_how_many_customers_it_does_not_show(desk):
    ran = desk.run("plan", "--limit", "2")

    assert ran.out.count("New customer, from") == 2
    assert "... of 10 customers in all" in ran.out


def test_a_discarded_plan_cannot_be_applied(desk):
    desk.run("plan")

    done = desk.run("plan", "discard", "1")
    ran = desk.run("apply", "1")

    assert done.code == 0
    assert ran.code == 1
    assert "was discarded" in ran.err
    assert desk.run("plan", "show", "99").code == desk.run("plan", "discard", "99").code == 1


def test_a_plan_for_one_stream_reads_only_that(desk):
    desk.run("sync")
    desk.edit_crm("García Márquez", "García Ruiz")
    desk.shop("UPDATE customers SET last = 'Johansson Berg' WHERE first = 'Emma'")

    planned = desk.run("plan", "--stream", "shop.customers", "--json").json
    wrong = desk.run("plan", "--stream", "shop.costumers")

    assert planned["total"] == 1
    assert wrong.code == 2


def test_what_moved_since_the_plan_is_refused_with_a_reason(desk):
    desk.run("sync")
    desk.edit_crm("García Márquez", "García Ruiz")
    desk.edit_crm("Annika" if "Annika" in str(desk.crm()) else "Anna,Müller", "Annika,Müller")
    desk.run("plan")
    number = customer(desk, "josé")
    assert desk.run("set", str(number), "family_name", "García Soto").code == 0

    ran = desk.run("apply", "--json")

    assert ran.code == 3
    assert [one["customer"] for one in ran.json["refused"]] == [str(number)]
    assert ran.json["refused"][0]["reason"]
    assert desk.shop("SELECT first FROM customers WHERE id = 1") == [("Annika",)]


def test_a_sample_is_applied_first_and_the_rest_later(desk):
    desk.run("plan")

    first = desk.run("apply", "--sample", "3")
    rest = desk.run("apply", "--json")

    assert first.code == 3
    assert "7 customers are left: customer-sync apply 1" in first.out
    assert rest.code == 0
    assert rest.json["left"] == 0


# -- undo, runs, set --------------------------------------------------------------------------------


def test_a_run_is_undone_and_its_values_are_as_before(desk):
    desk.run("sync")
    desk.edit_crm("García Márquez", "Wrong")
    run = desk.run("sync", "--json").json["run"]

    ran = desk.run("undo", str(run), "--json")

    assert ran.code == 0
    assert ran.json["restored"] == 1
    assert desk.shop("SELECT last FROM customers WHERE first = 'José'") == [("García Márquez",)]
    assert "Wrong" not in str(desk.crm())
    assert desk.run("sync").code == 0
    listed = desk.run("runs", "--json").json
    assert [one["kind"] for one in listed[:2]] == ["sync", "undo"]
    assert "restored 1" in listed[1]["detail"]
    assert desk.run("undo", "999").code == 1


def test_what_undoing_cannot_take_back_is_asked_and_answered(desk):
    desk.run("sync")
    desk.edit_crm("García Márquez", "Wrong")
    run = desk.run("sync", "--json").json["run"]
    desk.edit_crm("Wrong", "Wronger")
    desk.run("sync")

    undone = desk.run("undo", str(run))
    review = desk.run("reviews", "--json").json[0]
    decided = desk.run("reviews", "decide", str(review["id"]), "value", "García Márquez")

    assert undone.code == 3
    assert review["kind"] == "undo"
    assert review["answers"] == ["keep", "value", "done"]
    assert decided.code == 0
    assert desk.shop("SELECT last FROM customers WHERE first = 'José'") == [("García Márquez",)]
    assert desk.run("reviews", "--json").json == []
    assert desk.run("sync").code == 0


def test_a_value_set_by_hand_reaches_every_system_and_is_explained(desk):
    desk.run("sync")
    number = str(customer(desk, "josé"))

    ran = desk.run("set", number, "family_name", "García Soto", "--by", "eve", "--json")

    assert ran.code == 0
    assert ran.json["changed"] == 1
    assert desk.shop("SELECT last FROM customers WHERE first = 'José'") == [("García Soto",)]
    assert "García Soto" in str(desk.crm())
    assert "by eve" in desk.run("audit", "--customer", number).out
    assert desk.run("sync").code == 0
    assert desk.run("set", number, "phone", "--clear").code == 0
    assert desk.shop("SELECT phone FROM customers WHERE first = 'José'") == [(None,)]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["email"], 2),
        (["email", ""], 2),
        (["email", "a@b.example", "--clear"], 2),
        (["email", "no address"], 2),
        (["emial", "a@b.example"], 2),
    ],
)
def test_a_wrong_value_is_refused_without_being_repeated(desk, arguments, code):
    desk.run("sync")

    ran = desk.run("set", "1", *arguments)

    assert ran.code == code
    assert "no address" not in ran.err
    assert "What to do" in ran.err or "no address" in arguments
    assert desk.run("set", "999999", "email", "a@b.example").code == 1


# -- questions about values -------------------------------------------------------------------------


def contested(desk):
    desk.edit_file("workspace.yaml", "default: most_recent", "default: ask")
    desk.run("sync")
    desk.edit_crm("García Márquez", "García Ruiz")
    desk.shop("UPDATE customers SET last = 'García Soto' WHERE first = 'José'")
    assert desk.run("sync").code == 3
    return desk.run("reviews", "--json").json[0]


@pytest.mark.parametrize(
    ("answer", "last"),
    [(["value", "García Luz"], "García Luz"), (["keep"], None)],
)
def test_a_conflict_is_asked_and_the_answer_reaches_every_system(desk, answer, last):
    review = contested(desk)
    number = str(review["customers"][0])
    stands = desk.run("why", number, "family_name", "--json").json["value"]

    ran = desk.run("reviews", "decide", str(review["id"]), *answer)

    assert review["kind"] == "conflict"
    assert review["answers"] == ["keep", "value"]
    assert ran.code == 0
    assert desk.shop("SELECT last FROM customers WHERE first = 'José'") == [(last or stands,)]
    assert (last or stands) in str(desk.crm())
    assert desk.run("sync").code == 0
    assert desk.run("reviews", "decide", str(review["id"]), "keep").code == 1


def test_an_answer_that_does_not_fit_is_refused(desk):
    review = str(contested(desk)["id"])

    codes = [
        desk.run("reviews", "decide", review, *answer).code
        for answer in (["same"], ["value"], ["keep", "x"], ["perhaps"])
    ]

    assert codes == [2, 2, 2, 2]


def test_audit_finds_what_a_record_said_when_it_was_first_seen(desk):
    desk.run("sync")
    number = str(customer(desk, "josé"))

    found = desk.run("audit", "--customer", number, "--field", "email", "--json").json
    none = desk.run("audit", "--customer", number, "--field", "tax_id", "--json").json

    assert {"customer.created", "record.linked"} <= {event["kind"] for event in found}
    assert none == []
