"""Records of one person are one customer, whatever lies between them; two who only share a house or a mailbox are two."""

import pytest

from customer_sync.engine.doctor import doctor
from customer_sync.engine.likeness import likeness
from customer_sync.engine.merge import unmerge_customer
from customer_sync.engine.review import decide_review
from customer_sync.engine.session import running
from customer_sync.kernel.errors import ConflictError, InvalidInputError, NotFoundError

pytestmark = pytest.mark.pg15

FIELDS = {
    "email": "email", "given_name": "first", "family_name": "last", "phone": "phone",
    "birth_date": "born",
}  # fmt: skip
KATE = {
    "first": "Katharina", "last": "Brandner", "phone": "+4930901821", "born": "1971-03-04",
    "email": "katharina.brandner@mail.test",
}  # fmt: skip
# Like her, but not surely: the same name, and nothing else in common.
NAMESAKE = {"first": "Katharina", "last": "Brandner", "email": "k.b@acme.test"}


@pytest.fixture
def company(world):
    return world("crm", crm={"fields": FIELDS}, shop={"fields": FIELDS})


def living(company):
    return [
        id_
        for (id_,) in company.rows("SELECT id FROM customer WHERE retired_into IS NULL ORDER BY id")
    ]


def questions(company):
    return company.rows(
        "SELECT id, customers FROM review WHERE kind = 'duplicate_customer' AND decided_at IS NULL ORDER BY id"
    )


def decided(company, number, answer, **more):
    company.tick()
    with running(company.session(), "review") as session:
        return decide_review(session, number, answer, by="ann", **more)


def assert_sound(company):
    with running(company.session(), "doctor") as session:
        assert [finding for finding in doctor(session) if not finding.ok] == []


def test_a_short_name_another_address_and_a_slip_are_one_person(company):
    company.platforms["crm"].create("contacts", **KATE)
    company.sync()
    other = {**KATE, "first": "Kathi", "email": "kathi71@shop.test", "last": "Brandnr"}
    company.platforms["shop"].create("contacts", **other)
    company.sync()

    assert len(living(company)) == 1
    assert company.rows("SELECT DISTINCT customer FROM link WHERE stream > 9") == [
        (living(company)[0],)
    ]
    (detail,) = company.rows(
        "SELECT detail FROM event WHERE kind = 'record.linked' AND detail IS NOT NULL"
    )[0]
    assert detail.startswith("score 0.9")
    assert_sound(company)


def test_a_household_stays_two(company):
    crm = company.platforms["crm"]
    crm.create("contacts", **KATE)
    company.sync()
    crm.create("contacts", **{**KATE, "first": "Benjamin", "born": "1969-11-20"})
    company.sync()

    assert len(living(company)) == 2
    assert_sound(company)


def test_whoever_may_be_the_same_is_a_customer_of_its_own_and_a_question(company):
    company.platforms["crm"].create("contacts", **KATE)
    company.sync()
    company.platforms["shop"].create("contacts", **NAMESAKE)
    company.sync()

    ids = living(company)
    assert len(ids) == 2
    assert [customers for _, customers in questions(company)] == [ids]
    # Who may be there already is not created there.
    assert len(company.shown("crm")) == 1
    assert sorted(one["email"] for one in company.shown("shop")) == [
        NAMESAKE["email"], KATE["email"]
    ]  # fmt: skip


@pytest.fixture
def asked(company):
    company.platforms["shop"].create("contacts", **NAMESAKE)
    company.sync()
    company.platforms["crm"].create("contacts", **{**KATE, "email": None})
    company.sync()
    assert len(questions(company)) == 1
    return company


def test_the_answer_same_makes_them_one(asked):
    number, ids = questions(asked)[0]

    decided(asked, number, "same")
    asked.sync()

    assert living(asked) == [min(ids)]
    assert questions(asked) == []
    shown = [*asked.shown("crm"), *asked.shown("shop")]
    assert len(shown) == 3
    assert {(one["phone"], one["born"]) for one in shown} == {(KATE["phone"], KATE["born"])}
    assert_sound(asked)


def test_the_answer_separate_is_never_asked_again(asked):
    number, ids = questions(asked)[0]

    decided(asked, number, "separate")
    asked.sync()
    # Even when they come to look the same.
    change(asked, "crm", KATE["phone"], email=NAMESAKE["email"])

    assert living(asked) == ids
    assert questions(asked) == []
    assert [len(asked.shown(name)) for name in ("crm", "shop")] == [2, 2]
    assert_sound(asked)


def test_the_older_customer_stays_unless_another_one_is_named(asked):
    number, ids = questions(asked)[0]

    with pytest.raises(InvalidInputError, match="is about the customers"):
        decided(asked, number, "same", customer=max(ids) + 1)
    decided(asked, number, "same", customer=max(ids))

    assert living(asked) == [max(ids)]


def change(company, name, phone, **fields):
    """Edit the record of a system that shows a phone number, and sync."""
    platform = company.platforms[name]
    record = next(one for one in platform.records("contacts") if one.fields.get("phone") == phone)
    platform.edit("contacts", record.id, **fields)
    company.sync()


def test_records_that_come_to_look_the_same_become_one_and_can_be_set_apart_again(asked):
    change(asked, "crm", KATE["phone"], email=NAMESAKE["email"])

    (customer,) = living(asked)
    ((other,),) = asked.rows("SELECT id FROM customer WHERE retired_into IS NOT NULL")
    assert questions(asked) == []  # it answered itself
    assert_sound(asked)

    with running(asked.session(), "unmerge") as session:
        unmerge_customer(session, other, by="ann")
    change(asked, "crm", KATE["phone"], last="Brandner-King")

    assert living(asked) == sorted([customer, other])
    assert_sound(asked)


PEOPLE = [
    KATE,
    {**KATE, "first": "Kathi", "email": "kathi71@shop.test"},
    {**KATE, "first": "Benjamin", "born": "1969-11-20", "email": "ben@mail.test"},
    {**KATE, "phone": "+4930777123", "email": None},
    {"first": "Ben", "last": "Brandner", "born": "1969-11-20", "email": "ben@mail.test"},
]


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 0, 4, 1, 3)])
@pytest.mark.parametrize("is_one_batch", [True, False])
def test_the_same_records_in_any_order_are_the_same_customers(world, order, is_one_batch):
    company = world("crm", crm={"fields": FIELDS, "create": False})
    for number in order:
        company.platforms["crm"].create("contacts", **PEOPLE[number])
        if not is_one_batch:
            company.sync()
    company.sync()

    assert groups(company, order) == [{0, 1, 3}, {2, 4}]


def groups(company, came):
    """Return which people are one customer, by their numbers."""
    found = {}
    rows = company.rows("SELECT customer FROM link WHERE stream > 9 ORDER BY id")
    for number, (customer,) in zip(came, rows, strict=True):
        found.setdefault(customer, set()).add(number)
    return sorted(found.values(), key=min)


def test_by_exact_keys_nobody_is_compared_and_scores_can_be_switched_on_later(world):
    company = world(
        "crm", crm={"fields": FIELDS}, shop={"fields": FIELDS},
        workspace={"match": {"method": "exact"}},
    )  # fmt: skip
    company.platforms["crm"].create("contacts", **KATE)
    company.sync()
    other = {**KATE, "first": "Kathi", "email": "kathi71@shop.test", "phone": None}
    company.platforms["shop"].create("contacts", **other)
    company.sync()
    assert len(living(company)) == 2
    assert company.rows("SELECT count(*) FROM profile") == [(0,)]

    company.workspace["match"] = {"method": "scored"}
    company.publish()
    company.platforms["shop"].create(
        "contacts", **{**other, "email": "k3@shop.test", "last": "Brandnr"}
    )
    company.sync()

    assert company.rows("SELECT count(*) FROM profile") == company.rows(
        "SELECT count(*) FROM link WHERE stream > 9"
    )
    assert len(living(company)) < 3
    assert_sound(company)


def test_what_is_kept_to_compare_is_what_records_say(company):
    crm = company.platforms["crm"]
    crm.create("contacts", **KATE)
    crm.create("contacts", **NAMESAKE)
    company.sync()
    change(company, "crm", KATE["phone"], last="Lee", email=None)
    for record in company.platforms["shop"].records("contacts"):
        company.platforms["shop"].edit("contacts", record.id, born="1980-05-06")
    company.sync()

    def kept():
        return [
            company.rows(f"SELECT * FROM {table} ORDER BY 1, 2")
            for table in ("profile", "candidate_key")
        ] + [company.rows("SELECT * FROM term WHERE records > 0 ORDER BY 1")]

    before = kept()
    company.sql("TRUNCATE profiled")
    company.sync()

    assert kept() == before
    assert company.rows("SELECT count(*) FROM term WHERE records < 0") == [(0,)]


def test_how_alike_two_are_is_told_with_what_speaks_for_and_against(asked):
    ((_, ids),) = questions(asked)

    with running(asked.session(), "compare") as session:
        found = likeness(session, str(ids[0]), str(ids[1]))
        same = likeness(session, found.one, found.other)
        with pytest.raises(NotFoundError, match="no record"):
            likeness(session, "crm.contacts/nobody", str(ids[0]))
        with pytest.raises(ConflictError, match="one and the same"):
            likeness(session, found.one, found.one)

    assert found == same
    assert found.verdict == "ask"
    assert found.review <= found.score < found.automatic
    assert "the same family name" in next(
        r.words for r in found.reasons if r.field == "family name"
    )
    assert sum(reason.contribution for reason in found.reasons) == pytest.approx(
        _log_odds(found), abs=5
    )


def _log_odds(found):
    from math import log

    return log(found.score / (1 - found.score))


def test_what_our_own_write_changed_is_compared_again(company):
    numbered = {**KATE, "last": "Brandner8"}
    company.platforms["crm"].create("contacts", **numbered)
    company.platforms["shop"].create("contacts", **numbered)
    company.sync()
    assert len(living(company)) == 1
    # While the CRM shows another number, nobody is like the second record of the shop.
    company.tick()
    company.platforms["crm"].edit("contacts", company.only("crm"), last="Miller21")
    company.tick()
    company.platforms["shop"].edit("contacts", company.only("shop"), last="Brandner9")
    company.platforms["shop"].create("contacts", **{**numbered, "last": "Brandner9"})

    company.sync()

    assert {one["last"] for one in company.shown("crm")} == {"Brandner9"}
    assert len(living(company)) == 1 or questions(company)
    assert_sound(company)
