"""What verify and doctor found while the engine was built, kept so that it stays mended."""

from customer_sync.engine.session import running
from customer_sync.engine.verify import verify

ANN = {"email": "ann@acme.test", "first": "Ann", "last": "Lee", "phone": "+4930901820"}


def test_a_linked_record_that_a_rule_rejects_is_not_written_over(world):
    rules = [{"when": "given_name = 'Test'", "reject": "a test record"}]
    company = world("shop", crm={"rules": rules})
    id_ = company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.platforms["crm"].edit("contacts", id_, first="Test", last="King")
    company.sync()
    assert company.shown("crm")[0]["last"] == "King"
    assert company.shown("crm")[0]["first"] == "Test"


def test_a_system_connected_later_gets_the_customers_there_are(world):
    company = world("crm", "shop")
    shop = company.documents.pop("shop")
    company.publish()
    company.platforms["crm"].create("contacts", **ANN)
    company.sync()
    company.documents["shop"] = shop
    company.publish()
    company.sync()
    assert len(company.shown("shop")) == 1


def test_an_owner_policy_published_later_holds(world):
    company = world(
        "crm", "shop", workspace={"policies": {"default": {"policy": "owner", "owner": ["crm"]}}}
    )
    company.platforms["crm"].create("contacts", **ANN)
    company.platforms["shop"].create("contacts", **ANN | {"last": "King"})
    company.sync()
    company.workspace["policies"] = {"default": {"policy": "owner", "owner": ["shop"]}}
    company.publish()
    company.sync()
    assert company.rows("SELECT family_name FROM customer") == [("King",)]


def test_a_gone_record_of_a_retired_customer_comes_back_to_the_living(world):
    company = world("crm")
    crm = company.platforms["crm"]
    a = crm.create("contacts", email="a@acme.test", last="A")
    b = crm.create("contacts", email="b@acme.test", last="B")
    company.sync()
    crm.merge("contacts", a, b)
    company.sync()
    assert company.rows(
        "select count(*) from link l join customer c on c.id=l.customer where c.retired_into is not null and l.state=0"
    ) == [(0,)]


def test_stream_without_keys(world):
    fields = {"family_name": "last", "given_name": "first"}
    ref = {"fields": {"email": "email", "reference.shop": "shop_id"}}
    company = world(crm=ref, shop={"fields": fields})
    company.platforms["shop"].create("contacts", first="A", last="B")
    company.sync()
    assert company.rows("SELECT count(*) FROM customer") == [(1,)]


def test_a_field_that_only_goes_out_agrees_once_it_was_delivered(world):
    fields = {"email": "email", "job_title": {"field": "job", "direction": "out"}}
    company = world("crm", shop={"fields": fields})
    company.platforms["crm"].create("contacts", email="ann@acme.test")
    company.sync()
    company.sql("UPDATE customer SET job_title = 'Buyer'")
    company.sync()

    with running(company.session(), "verify") as session:
        assert verify(session).agreed


def test_a_flag_asks_once_and_withdraws_itself(world):
    company = world(crm={"rules": [{"when": "given_name is null", "flag": "no given name"}]})
    id_ = company.platforms["crm"].create("contacts", email="ann@acme.test", last="Lee")
    open_reviews = "SELECT kind, subject, detail FROM review WHERE decided_at IS NULL"
    company.sync()
    company.sync(whole=True)
    asked = company.rows(open_reviews)

    company.platforms["crm"].edit("contacts", id_, first="Ann")
    company.sync()

    assert asked == [("flag", f"crm.contacts/{id_}", "no given name")]
    assert company.rows(open_reviews) == []


def test_a_conflict_to_ask_withdraws_when_the_systems_settle_it(world):
    company = world("crm", "shop", workspace={"policies": {"family_name": "ask"}})
    crm, shop = company.platforms["crm"], company.platforms["shop"]
    id_ = crm.create("contacts", **ANN)
    company.sync()
    crm.edit("contacts", id_, last="King")
    shop.edit("contacts", company.only("shop"), last="Queen")
    company.sync()
    asked = company.rows("SELECT kind FROM review WHERE decided_at IS NULL")

    shop.edit("contacts", company.only("shop"), last="Prince")
    company.sync()

    assert asked == [("conflict",)]
    assert company.rows("SELECT kind FROM review WHERE decided_at IS NULL") == []
    assert {record["last"] for name in ("crm", "shop") for record in company.shown(name)} == {
        "Prince"
    }


def test_a_merge_in_a_system_takes_the_whole_customer_along(world):
    company = world("crm", "shop")
    crm = company.platforms["crm"]
    loser = crm.create("contacts", email="a@acme.test", first="Ann", last="Lee")
    winner = crm.create("contacts", email="b@acme.test", first="Ann", last="Lee")
    company.sync()
    crm.merge("contacts", loser, winner)

    company.sync()
    company.sync()

    assert company.rows("SELECT count(DISTINCT customer) FROM link") == [(1,)]
    assert company.rows("SELECT count(*) FROM customer WHERE retired_into IS NULL") == [(1,)]
    assert len(company.shown("crm")) == 1


def test_a_merge_into_a_record_as_new_as_the_merge_is_followed_at_once(world):
    company = world("crm", "shop")
    crm = company.platforms["crm"]
    loser = crm.create("contacts", email="a@acme.test", first="Ann", last="Lee")
    company.sync()
    winner = crm.create("contacts", email="b@acme.test", first="Ann", last="Lee")
    crm.merge("contacts", loser, winner)

    company.sync()

    assert company.rows("SELECT count(*) FROM customer WHERE retired_into IS NULL") == [(1,)]
    before = company.rows("SELECT id, customer, since, seen FROM link ORDER BY id")
    company.sync(whole=True)
    assert company.rows("SELECT id, customer, since, seen FROM link ORDER BY id") == before


def test_a_system_that_never_shows_what_it_is_sent_is_left_to_a_person(world):
    """Whatever is written there, its people (or a rule of its own) change it back at once."""
    company = world(
        "crm", "shop", workspace={"policies": {"default": {"policy": "owner", "owner": ["crm"]}}}
    )
    crm, shop = company.platforms["crm"], company.platforms["shop"]
    id_ = crm.create("contacts", **ANN)
    company.sync()
    there = company.only("shop")

    def stubborn(name):
        if name == "deliver.confirmed":
            shop.edit("contacts", there, last="Shop")
            crm.edit("contacts", id_, last=f"Crm{len(shop.log)}")

    company.fault = stubborn
    crm.edit("contacts", id_, last="Crm")
    company.sync()

    assert len(shop.log) < 100
