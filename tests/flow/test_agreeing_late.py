"""A record that comes to show the golden value after another form of it takes nothing away."""

from customer_sync.systems.simulated import Behaviour


def test_a_value_that_comes_to_agree_late_stays(world):
    company = world("crm", shop={"behaviour": Behaviour(upper=("last",))})
    company.platforms["crm"].create("contacts", email="ann@acme.test", first="Ann", last="Lee")
    company.sync()
    shop = company.only("shop")
    company.platforms["shop"].behaviour = Behaviour()

    company.platforms["shop"].edit("contacts", shop, last="Lee")
    company.sync()
    agreed = company.rows("SELECT family_name FROM customer")
    company.platforms["crm"].edit("contacts", "1", last="King")
    company.sync()

    assert agreed == [("Lee",)]
    assert company.shown("shop")[0]["last"] == "King"
