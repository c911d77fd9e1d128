"""What a steward said of sameness holds, whatever keys say."""

import pytest

from customer_sync.store import reviews

pytestmark = pytest.mark.pg15


def test_a_record_decided_to_be_a_customer_that_no_key_leads_to_is_that_customer(world):
    company = world("crm", "shop")
    company.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    company.sync()
    record = company.platforms["shop"].create(
        "contacts", email="a.lee@home.test", first="Ann", last="Lee"
    )
    ((customer,),) = company.rows("SELECT id FROM customer")
    ((stream,),) = company.rows("SELECT id FROM stream WHERE system = 'shop'")
    with company.db.transaction() as tx:
        reviews.remember(
            tx, stream=stream, external_id=record, customer=customer, same=True, by="ann",
            now=company.now(),
        )  # fmt: skip

    company.sync()

    assert company.rows("SELECT DISTINCT customer FROM link") == [(customer,)]
