"""Two customers that are one can be joined, and a merge taken back: exactly what was, and what changed since."""

import pytest

from customer_sync.engine.doctor import doctor
from customer_sync.engine.merge import merge_customers, unmerge_customer
from customer_sync.engine.session import running
from customer_sync.kernel.errors import ConflictError, NotFoundError

pytestmark = pytest.mark.pg15

VALUES = "SELECT id, given_name, family_name, email, phone, retired_into FROM customer ORDER BY id"
OWNERS = "SELECT stream, external_id, customer FROM link WHERE stream > 9 ORDER BY 1, 2"


@pytest.fixture
def company(world):
    """Two customers, each a record in the CRM and in the shop: Ann with a telephone, Anna without."""
    made = world("crm", "shop")
    crm = made.platforms["crm"]
    crm.create("contacts", email="ann@acme.test", first="Ann", last="Lee", phone="+4930901820")
    made.sync()
    crm.create("contacts", email="anna.lee@mail.test", first="Anna", last="Lee-King")
    made.sync()
    return made


def id_of(company, number):
    """The id of the first, second... customer; ids have gaps."""
    known = [id_ for (id_,) in company.rows("SELECT id FROM customer ORDER BY id")]
    return known[number - 1] if number <= len(known) else number


def merged(company, number, other):
    company.tick()
    customer, into = id_of(company, number), id_of(company, other)
    with running(company.session(), "merge") as session:
        return merge_customers(session, customer, into, by="ann")


def unmerged(company, number):
    company.tick()
    customer = id_of(company, number)
    with running(company.session(), "unmerge") as session:
        return unmerge_customer(session, customer, by="ann")


def numbered(company, row):
    """Return a row of which the first and the last value are ids, as numbers."""
    ids = {
        id_: place
        for place, (id_,) in enumerate(company.rows("SELECT id FROM customer ORDER BY id"), 1)
    }
    return (ids.get(row[0], row[0]), *row[1:-1], ids.get(row[-1], row[-1]))


def standing(company):
    """What is known, and what the systems show."""
    shown = {
        name: sorted(
            (r["email"], r["first"], r["last"], r.get("phone")) for r in company.shown(name)
        )
        for name in ("crm", "shop")
    }
    values = [numbered(company, row) for row in company.rows(VALUES)]
    owners = [numbered(company, ("", *row))[1:] for row in company.rows(OWNERS)]
    return values, owners, shown


def assert_sound(company):
    with running(company.session(), "doctor") as session:
        assert [finding for finding in doctor(session) if not finding.ok] == []
    assert company.rows("SELECT count(*) FROM outbound") == [(0,)]


def test_a_customer_goes_into_another_with_all_its_records(company):
    done = merged(company, 2, 1)
    company.sync(whole=True)

    values, owners, shown = standing(company)
    assert done.records >= 2
    assert {owner for _, _, owner in owners} == {1}
    assert values[0] == (1, "Anna", "Lee-King", "anna.lee@mail.test", "+4930901820", None)
    assert values[1][-1] == 1
    every = [("anna.lee@mail.test", "Anna", "Lee-King", "+4930901820")] * 2
    assert shown == {"crm": every, "shop": every}
    assert_sound(company)


def test_taking_a_merge_back_restores_what_was_everywhere(company):
    before = standing(company)
    merged(company, 2, 1)

    done = unmerged(company, 2)
    company.sync(whole=True)

    assert done.records >= 2
    assert standing(company) == before
    assert_sound(company)


def test_what_changed_since_goes_to_the_side_whose_record_it_came_through(company):
    crm = company.platforms["crm"]
    first, second = (record.id for record in crm.records("contacts"))
    merged(company, 2, 1)
    company.tick()
    crm.edit("contacts", second, phone="+4930111111")
    company.sync()
    company.tick()
    crm.edit("contacts", first, last="Queen")
    company.sync()

    unmerged(company, 2)
    company.sync(whole=True)

    values, _, _ = standing(company)
    assert values == [
        (1, "Ann", "Queen", "ann@acme.test", "+4930901820", None),
        (2, "Anna", "Lee-King", "anna.lee@mail.test", "+4930111111", None),
    ]
    assert_sound(company)


def test_a_chain_of_merges_is_taken_back_link_by_link(company):
    crm = company.platforms["crm"]
    crm.create("contacts", email="third@mail.test", first="Third", last="Man")
    company.sync()
    before = standing(company)
    merged(company, 3, 2)
    between = standing(company)
    merged(company, 2, 1)

    unmerged(company, 2)
    company.sync()
    back_once = standing(company)
    unmerged(company, 3)
    company.sync()

    assert back_once == between
    assert standing(company) == before
    assert_sound(company)


def test_the_first_of_a_chain_may_be_taken_back_alone(company):
    company.platforms["crm"].create("contacts", email="third@mail.test", first="Third", last="Man")
    company.sync()
    merged(company, 3, 2)
    merged(company, 2, 1)

    unmerged(company, 3)
    company.sync()
    unmerged(company, 2)
    company.sync(whole=True)

    values, owners, _ = standing(company)
    assert [row[:3] + row[-1:] for row in values] == [
        (1, "Ann", "Lee", None),
        (2, "Anna", "Lee-King", None),
        (3, "Third", "Man", None),
    ]
    assert [owner for _, _, owner in owners] == [1, 2, 3, 1, 2, 3]
    assert_sound(company)


def test_that_two_are_not_the_same_is_remembered_for_records_that_come_again(company):
    merged(company, 2, 1)
    unmerged(company, 2)
    shop = company.platforms["shop"]
    known = company.rows("SELECT external_id, customer, same FROM decision ORDER BY 2, 1")

    assert {(customer, same) for _, customer, same in known} == {
        (id_of(company, 1), False),
        (id_of(company, 2), False),
    }
    assert len(known) == 2 * len(shop.records("contacts"))


def test_a_merge_made_in_a_system_is_taken_back_too(company):
    crm = company.platforms["crm"]
    first, second = (record.id for record in crm.records("contacts"))
    crm.merge("contacts", second, first)
    company.sync()
    joined = [row[-1] for row in standing(company)[0]]

    unmerged(company, 2)
    company.sync()

    assert joined == [None, 1]
    assert [row[-1] for row in standing(company)[0]] == [None, None]


def test_only_what_was_merged_is_taken_back(company):
    with pytest.raises(ConflictError, match="was not merged"):
        unmerged(company, 1)
    with pytest.raises(NotFoundError):
        merged(company, 1, 99)
    with pytest.raises(ConflictError, match="one already"):
        merged(company, 1, 1)
    merged(company, 2, 1)
    with pytest.raises(ConflictError, match="one already"):
        merged(company, 2, 1)


def test_merging_twice_and_back_twice_is_possible(company):
    before = standing(company)
    for _ in range(2):
        merged(company, 2, 1)
        unmerged(company, 2)
    company.sync(whole=True)

    assert standing(company) == before
    assert_sound(company)


def test_it_is_audited_without_values(company):
    merged(company, 2, 1)
    unmerged(company, 2)

    told = company.rows(
        "SELECT kind, detail FROM audit_event WHERE kind LIKE 'customer.%%merged' ORDER BY id"
    )
    moved = company.rows("SELECT count(*) FROM audit_event WHERE kind = 'record.moved'")
    assert told == [
        ("customer.merged", f"{id_of(company, 2)} into {id_of(company, 1)}, by ann"),
        ("customer.unmerged", f"{id_of(company, 2)} from {id_of(company, 1)}, by ann"),
    ]
    assert moved[0][0] >= 4
