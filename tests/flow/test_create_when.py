"""Creations only where the mapping says so, in the words of the mapping."""

import pytest

from customer_sync.kernel.errors import ConfigurationError

FIELDS = {"email": "email", "loyalty.tier": "tier"}


def test_only_customers_that_meet_the_condition_are_created(world):
    shop = {"fields": FIELDS, "create_when": "loyalty.tier = 'gold' and email is not null"}
    company = world(crm={"fields": FIELDS}, shop=shop)
    company.platforms["crm"].create("contacts", email="ann@acme.test", tier="gold")
    id_ = company.platforms["crm"].create("contacts", email="bob@acme.test", tier="silver")
    company.sync()
    first = [record["email"] for record in company.shown("shop")]

    company.platforms["crm"].edit("contacts", id_, tier="gold")
    company.sync()

    assert first == ["ann@acme.test"]
    assert {record["email"] for record in company.shown("shop")} == {
        "ann@acme.test",
        "bob@acme.test",
    }


@pytest.mark.parametrize("condition", ["loyalty_tier = 'gold'", "loyalty.tier = = 'gold'"])
def test_a_condition_that_cannot_be_computed_is_refused_when_it_is_published(world, condition):
    with pytest.raises(ConfigurationError, match="create_when"):
        world(crm={}, shop={"fields": FIELDS, "create_when": condition})
