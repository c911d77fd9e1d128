"""What verify reports is read back from both sides, and every difference has its reason."""

from customer_sync.engine.session import running
from customer_sync.engine.verify import verify
from customer_sync.systems.simulated import Behaviour

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
