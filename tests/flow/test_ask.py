"""Questions answered from the database alone."""

from datetime import timedelta

import pytest

from customer_sync.engine import ask
from customer_sync.kernel.errors import InvalidInputError, NotFoundError
from customer_sync.systems.simulated import Behaviour

ANN = {"email": "ann@acme.test", "first": "Ann", "last": "Lee", "phone": "+4930901820"}


def asked(company, question, *arguments, **options):
    with company.db.transaction() as tx:
        return question(tx, *arguments, **options)


@pytest.fixture
def company(world):
    built = world("crm", "shop")
    built.platforms["crm"].create("contacts", **ANN)
    built.sync()
    return built


def customer(company):
    return company.rows("SELECT id FROM customer")[0][0]


def test_status_counts_links_that_agree(company):
    report = asked(company, ask.status, company.rules, now=company.now())

    assert report.customers == 1
    assert [(s.system, s.links, s.statuses) for s in report.streams] == [
        ("crm", {"live": 1}, {"agreed": 1}),
        ("shop", {"live": 1}, {"agreed": 1}),
    ]
    assert report.last_run.outcome == "done"
    assert report.streams[0].read_age_s == 0


def test_status_names_a_refusal_and_its_remedy(world):
    company = world("crm", shop={"behaviour": Behaviour(lengths={"last": 5})})
    id_ = company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.platforms["crm"].edit("contacts", id_, last="Longer-than-five")
    company.sync()

    shop = asked(company, ask.status, company.rules).streams[1]

    assert shop.statuses == {"failing": 1}
    assert [(one.count, bool(one.remedy)) for one in shop.failing] == [(1, True)]


def test_status_counts_rejects_and_unabsorbed_edits(company):
    company.platforms["shop"].edit("contacts", company.only("shop"), email="not an address")
    company.sync()
    company.sql("UPDATE customer SET family_name = 'King'")

    report = asked(company, ask.status, company.rules)

    assert report.unabsorbed == 1
    assert [(one.code, one.count) for one in report.streams[1].rejected] == [("email_invalid", 1)]
    assert asked(company, ask.rejects, company.rules)[0].remedy


def test_show_gives_values_links_and_issues(company):
    view = asked(company, ask.show, company.rules, customer(company))

    assert view.values["family_name"] == "Lee"
    assert [(link.system, link.state, link.status) for link in view.links] == [
        ("crm", "live", "agreed"), ("shop", "live", "agreed"),
    ]  # fmt: skip
    assert "Lee" not in repr(view)


def test_an_unknown_customer_or_field_is_said_to_be_so(company):
    with pytest.raises(NotFoundError):
        asked(company, ask.show, company.rules, 999)
    with pytest.raises(InvalidInputError):
        asked(company, ask.why, company.rules, customer(company), "shoe_size")


def test_a_retired_id_resolves_through_the_whole_chain(company):
    id_ = customer(company)
    company.sql("SELECT set_config('customer_sync.absorbing', 'on', true)")
    company.sql("INSERT INTO customer (id, retired_into) VALUES (900, 901), (901, %s)", id_)

    view = asked(company, ask.show, company.rules, 900)

    assert (view.customer, view.retired) == (id_, [900, 901])


def test_why_tells_the_winner_and_who_was_overridden(company):
    company.platforms["shop"].edit("contacts", company.only("shop"), last="King")
    company.sync()

    view = asked(company, ask.why, company.rules, customer(company), "family_name")

    assert view.value == "King"
    assert [(c.system, c.value, c.is_winner, bool(c.overridden_by)) for c in view.claims] == [
        ("crm", "Lee", False, True),
        ("shop", "King", True, False),
    ]
    assert "shop.contacts" in view.reason
    assert [(change.before, change.after, change.system) for change in view.history] == [
        ("Lee", "King", "shop")
    ]


def test_why_names_the_policy_where_both_changed(world):
    company = world(
        "crm", "shop", workspace={"policies": {"default": {"policy": "owner", "owner": ["crm"]}}}
    )
    company.platforms["crm"].create("contacts", **ANN)
    company.platforms["shop"].create("contacts", **ANN | {"last": "King"})
    company.sync()

    view = asked(company, ask.why, company.rules, customer(company), "family_name")

    assert view.value == "Lee"
    assert "policy owner (crm)" in view.reason


def test_a_past_value_is_found_by_walking_back(company):
    before = company.now()
    company.tick()
    company.platforms["shop"].edit("contacts", company.only("shop"), last="King")
    company.sync()
    id_ = customer(company)

    def held(instant):
        return asked(company, ask.value_at, company.rules, id_, "family_name", instant)

    assert held(before).value == "Lee"
    assert held(company.now()).value == "King"
    assert not held(before - timedelta(days=1)).existed


def test_customers_are_found_by_words_and_by_ids(company):
    id_ = customer(company)

    def found(text):
        return [one.customer for one in asked(company, ask.search_customers, text, 10)]

    assert found("lee ann") == found(str(id_)) == found(company.only("shop")) == [id_]
    assert found("100%") == found("") == []


def test_the_audit_trail_is_filtered_and_holds_no_value(company):
    id_ = customer(company)

    events = asked(company, ask.audit, customer=id_, system="shop")

    assert {"sent.create", "answered.accepted"} <= {event.kind for event in events}
    assert "Lee" not in str(events)
    assert asked(company, ask.audit, field="phone", limit=5)
    assert asked(company, ask.audit, run=999) == []
