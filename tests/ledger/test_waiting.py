"""Documents that cannot be posted yet: they wait with a reason, stop nobody else, and post themselves."""

import json

import pytest
from trading import CUSTOMERS, INVOICES, Company

from customer_sync.engine.publish import in_force
from customer_sync.engine.retry import retry
from customer_sync.engine.review import decide_review
from customer_sync.engine.session import running
from customer_sync.engine.standing import agrees
from customer_sync.engine.status import status
from customer_sync.infra import entropy


def test_a_customer_that_was_never_read_is_fetched_at_once(company: Company):
    company.buyer()
    company.invoice()

    company.sync(only=("shop.invoices",))

    assert company.states() == {"i1": ("posted", None)}
    assert company.rows("SELECT email FROM customer") == [("c1@mail.example",)]


def test_a_document_waits_for_a_customer_that_is_nowhere_and_blocks_nothing(company: Company):
    company.buyer()
    company.invoice("i1", "nobody")
    company.invoice("i2")

    company.sync()

    assert company.states() == {"i1": ("waiting", "customer_missing"), "i2": ("posted", None)}
    assert company.rejects() == [("i1", "", "customer_missing")]
    assert company.rows("SELECT detail FROM reject")[0][0].endswith(
        "It names nobody of shop.customers."
    )


def test_a_waiting_document_posts_itself_when_its_customer_arrives(company: Company):
    company.buyer()
    company.invoice("i1", "late")
    company.sync()

    company.buyer("late")
    company.sync()

    assert company.states() == {"i1": ("posted", None)}
    assert company.rejects() == []
    assert company.events() == ["document.waiting", "document.posted"]
    assert company.owed() == {2: 119}


def test_what_waits_is_not_agreement(company: Company):
    company.buyer()
    company.invoice("i1", "nobody")
    company.sync()

    with company.db.transaction() as tx:
        found = status(tx, in_force(company.db), now=entropy.now())

    assert not agrees(found)
    (stream,) = [one for one in found.streams if one.stream == "invoices"]
    assert [(one.code, one.count) for one in stream.rejected] == [("customer_missing", 1)]
    assert "reference" in stream.rejected[0].remedy


def test_a_document_in_a_foreign_currency_waits_for_its_rate(company: Company):
    company.buyer()
    company.invoice(currency="USD")
    company.sync()
    assert company.states() == {"i1": ("waiting", "rate_missing")}

    company.change("invoices", "i1", rate="0.9")
    company.sync()

    assert company.balances() == {"1200": 107.1, "2100": -17.1, "4000": -90}


def test_a_document_dated_in_a_closed_period_is_parked_until_that_is_open_again(company: Company):
    company.buyer()
    company.close("2026-02")
    company.invoice()
    company.invoice("i2", issued="2026-03-01")
    company.sync()
    assert company.states() == {"i1": ("parked", "period_closed"), "i2": ("posted", None)}
    assert sorted(company.events()) == ["document.parked", "document.posted"]

    company.reopen("2026-02")
    company.sync()

    assert company.states() == {"i1": ("posted", None), "i2": ("posted", None)}


def test_a_change_of_what_is_posted_in_a_closed_period_is_set_aside(company: Company):
    company.buyer()
    company.invoice()
    company.sync()
    company.close("2026-02")

    company.change("invoices", "i1", total="238", tax="38", lines=json.dumps([{"price": 200}]))
    company.sync()
    assert company.states() == {"i1": ("posted", "period_closed")}
    assert company.owed() == {1: 119}
    assert company.rejects() == [("i1", "", "period_closed")]

    company.reopen("2026-02")
    company.sync()
    assert company.states() == {"i1": ("posted", None)}
    assert company.owed() == {1: 238}


def test_a_closed_period_moves_documents_to_the_next_open_day_by_policy(company: Company):
    company.ledger = {"closed_period": "redate"}
    company.publish()
    company.buyer()
    company.close("2026-02")
    company.close("2026-03")
    company.invoice()

    company.sync()

    assert company.rows("SELECT date::text, period FROM entry") == [("2026-04-01", "2026-04")]
    assert company.rows("SELECT date::text FROM document") == [("2026-02-10",)]
    assert company.events() == ["document.posted", "document.redated"]
    detail = company.rows("SELECT detail FROM event WHERE kind = 'document.redated'")
    assert detail == [("2026-02-10 -> 2026-04-01",)]


def test_what_is_parked_is_looked_at_again_when_the_policy_changes(company: Company):
    company.buyer()
    company.close("2026-02")
    company.invoice()
    company.sync()

    company.ledger = {"closed_period": "redate"}
    company.publish()
    company.sync()

    assert company.states() == {"i1": ("posted", None)}


# what is wrong                                          the code                     the field
FAULTS = [
    ({"total": "twelve"},                               "number_invalid",            "total"),
    ({"total": None},                                   "total_missing",             "total"),
    ({"issued": None},                                  "date_missing",              "date"),
    ({"currency": "EURO"},                              "currency_unknown",          "currency"),
    ({"total": "119.001"},                              "amount_precision",          "total"),
    ({"total": "119.10"},                               "total_differs",             "total"),
    ({"lines": "[{"},                                   "json_invalid",              "lines"),
    ({"lines": '[{"price": "x"}]'},                     "list_element_invalid",      "lines"),
    ({"service_from": "2026-01-01"},                    "service_period_invalid",    "service_end"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "code", "field"), FAULTS)
def test_a_bad_document_is_a_reject_with_code_and_remedy_and_a_mended_one_posts(
    company: Company, wrong: dict[str, str], code: str, field: str
):
    company.buyer()
    company.invoice(**wrong)
    company.invoice("i2")
    company.sync()

    assert company.states() == {"i1": ("rejected", "rejected"), "i2": ("posted", None)}
    assert company.rejects() == [("i1", field, code)]

    company.invoice()
    company.sync()
    assert company.states()["i1"] == ("posted", None)
    assert company.rejects() == []


def test_a_fault_in_a_posted_document_leaves_standing_what_was_posted(company: Company):
    company.buyer()
    company.invoice()
    company.sync()

    company.change("invoices", "i1", total="twelve")
    company.sync()

    assert company.states() == {"i1": ("posted", "rejected")}
    assert company.owed() == {1: 119}
    assert company.rejects() == [("i1", "total", "number_invalid")]


def test_a_reject_is_retried_by_a_person(company: Company):
    company.buyer()
    company.invoice(total="119.10")
    company.sync()
    company.ledger = {"rounding": {"cap": 50}}
    company.publish()

    with running(company.session(), "retry") as session:
        done = retry(session)

    assert done.records == 1
    assert company.states() == {"i1": ("posted", None)}
    assert company.balances()["8900"] == -0.1


def test_a_document_that_names_another_customer_is_posted_anew_for_that_one(company: Company):
    company.buyer()
    company.buyer("c2")
    company.invoice()
    company.sync()

    company.change("invoices", "i1", customer_id="c2")
    company.sync()

    assert company.entries() == [("i1", "post"), ("i1", "reverse"), ("i1", "post")]
    assert company.owed() == {1: 0, 2: 119}


def test_a_changed_customer_never_alters_what_was_issued(company: Company):
    company.buyer()
    company.invoice()
    company.sync()
    before = company.rows("SELECT snapshot, party, entry FROM document")

    company.change("customers", "c1", last="Married", email="new@mail.example")
    company.sync()

    assert company.rows("SELECT snapshot, party, entry FROM document") == before
    assert company.entries() == [("i1", "post")]


# -- guests ---------------------------------------------------------------------------------------


def test_a_guest_becomes_a_customer_by_what_the_document_says(company: Company):
    company.invoice("i1", None, mail="guest@mail.example", name="Gus Guest")

    company.sync()

    assert company.states() == {"i1": ("posted", None)}
    assert company.rows("SELECT email, given_name, family_name FROM customer") == [
        ("guest@mail.example", "Gus", "Guest")
    ]


def test_the_same_guest_twice_is_one_customer(company: Company):
    company.invoice("i1", None, mail="guest@mail.example", name="Gus Guest")
    company.sync()
    company.invoice("i2", None, mail="Guest@Mail.Example", name="Gus Guest")
    company.invoice("i3", None, mail="guest@mail.example")

    company.sync()

    assert company.owed() == {1: 357}


def test_a_guest_is_the_customer_known_by_that_address(company: Company):
    company.buyer(email="ann@mail.example")
    company.invoice("i1", None, mail="ann@mail.example", name="Ann C1")

    company.sync()

    assert company.owed() == {1: 119}


def test_a_guest_who_later_names_an_account_moves_there_by_reversal(company: Company):
    company.buyer("c1", email="other@mail.example")
    company.invoice("i1", None, mail="guest@mail.example", name="Gus Guest")
    company.sync()

    company.change("invoices", "i1", customer_id="c1")
    company.sync()

    owed = company.rows(
        "SELECT c.email, sum(b.functional)::int FROM balance b JOIN link l ON l.id = b.party"
        " JOIN customer c ON c.id = l.customer GROUP BY 1 ORDER BY 1"
    )
    assert owed == [("guest@mail.example", 0), ("other@mail.example", 119)]


def test_a_document_that_names_nobody_at_all_waits(company: Company):
    company.invoice("i1", None)

    company.sync()

    assert company.states() == {"i1": ("waiting", "customer_missing")}
    assert company.rows("SELECT count(*) FROM customer") == [(0,)]


def test_a_guest_in_doubt_is_asked_about_and_the_document_waits(company: Company):
    company.workspace["match"] = {"method": "exact"}
    company.publish()
    company.buyer(email="shared@mail.example")
    company.invoice("i1", None, mail="shared@mail.example", name="Somebody Else")

    company.sync()

    assert company.states() == {"i1": ("waiting", "customer_missing")}
    assert company.rows("SELECT kind FROM review WHERE decided_at IS NULL") == [
        ("possible_duplicate",)
    ]


def test_guests_are_read_anew_when_their_mapping_changes(company: Company):
    invoices = {**INVOICES, "guest": {"fields": {"email": "mail"}}}
    company.streams = {"customers": CUSTOMERS, "invoices": invoices}
    company.publish()
    company.invoice("i1", None, mail="guest@mail.example", name="Gus Guest")
    company.sync()

    company.streams = {"customers": CUSTOMERS, "invoices": INVOICES}
    company.publish()
    company.sync()

    assert company.rows("SELECT given_name FROM customer") == [("Gus",)]
    assert company.entries() == [("i1", "post")]


def test_a_person_decides_whose_a_guest_is_and_the_document_posts(company: Company):
    company.workspace["match"] = {"method": "exact"}
    company.publish()
    company.buyer(email="shared@mail.example")
    company.invoice("i1", None, mail="shared@mail.example", name="Somebody Else")
    company.sync()
    ((number,),) = company.rows("SELECT id FROM review WHERE decided_at IS NULL")

    with running(company.session(), "decide") as session:
        decide_review(session, number, "separate", by="test")

    assert company.states() == {"i1": ("posted", None)}
    assert [(owner != 1, owed) for owner, owed in company.owed().items()] == [(True, 119)]


def test_a_customer_that_could_not_be_read_is_asked_for_again_at_the_next_sync(company: Company):
    company.buyer()
    company.invoice()
    company.shop.execute("ALTER TABLE customers RENAME TO away")
    company.sync(only=("shop.invoices",))
    assert company.states() == {"i1": ("waiting", "customer_unread")}
    assert company.rejects() == [("i1", "", "customer_unread")]

    company.shop.execute("ALTER TABLE away RENAME TO customers")
    company.sync(only=("shop.payments",))  # no customer and no invoice is read in the ordinary way

    assert company.states() == {"i1": ("posted", None)}
    assert company.rejects() == []


def test_a_customer_that_could_be_asked_for_and_is_nowhere_is_waited_for(company: Company):
    company.invoice()
    company.shop.execute("ALTER TABLE customers RENAME TO away")
    company.sync(only=("shop.invoices",))
    company.shop.execute("ALTER TABLE away RENAME TO customers")

    company.sync(only=("shop.payments",))

    assert company.states() == {"i1": ("waiting", "customer_missing")}


def test_a_void_document_that_changes_leaves_a_trace_and_posts_nothing(company: Company):
    company.buyer()
    company.invoice("i1", status="void")
    company.sync()
    assert company.events() == ["document.void"]

    company.change("invoices", "i1", total=999.0)
    company.sync()

    assert company.events() == ["document.void", "document.observed"]
    assert company.states() == {"i1": ("void", None)}
    assert company.owed() == {}


def test_what_waits_and_is_looked_at_again_leaves_no_trace(company: Company):
    company.buyer()
    company.invoice("i1", "nobody")
    company.sync()
    before = company.rows("SELECT count(*) FROM batch")

    company.sync()

    assert company.rows("SELECT count(*) FROM batch") == before
    assert company.events() == ["document.waiting"]
