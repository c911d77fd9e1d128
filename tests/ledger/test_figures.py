"""What the books say of customers reaches other systems, and follows merging and splitting."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import errors
from trading import CUSTOMERS, Company

from customer_sync.engine.session import running
from customer_sync.engine.steward import decide_value
from customer_sync.infra.pg import Database
from customer_sync.kernel.errors import InvalidInputError

FIGURES = ("balance", "overdue", "credit_available", "credit_state", "orders", "first_order", "last_order", "lifetime_value")  # fmt: skip


class Crm:
    """A CRM in a database of its own, told what customers owe."""

    def __init__(self, company: Company) -> None:
        path = company.path.with_name("crm.sqlite")
        self.db = sqlite3.connect(path, isolation_level=None)
        columns = ", ".join(
            f"{name} TEXT" for name in ("email", "first", "last", "credit", *FIGURES)
        )
        self.db.execute(f"CREATE TABLE people (id INTEGER PRIMARY KEY, {columns})")
        told = {name: {"field": name, "direction": "out"} for name in FIGURES}
        fields = {
            "email": "email", "given_name": "first", "family_name": "last",
            "credit_limit": {"field": "credit", "direction": "in"}, **told,
        }  # fmt: skip
        company.systems = {
            "crm": {
                "system": "crm", "connector": "sql", "settings": {"url": f"sqlite:///{path}"},
                "streams": {"people": {"table": "people", "create": True, "fields": fields}},
            }
        }  # fmt: skip
        company.publish()

    def shows(self, *names: str) -> list[tuple[Any, ...]]:
        return self.db.execute(
            f"SELECT {', '.join(names)} FROM people ORDER BY email, id"
        ).fetchall()


@pytest.fixture
def crm(company: Company) -> Crm:
    return Crm(company)


def test_a_balance_reaches_the_crm_in_the_sync_that_posts_the_document(company: Company, crm: Crm):
    company.buyer()
    company.invoice(due="2026-03-15")

    company.sync()

    assert crm.shows(
        "balance", "overdue", "credit_state", "orders", "first_order", "lifetime_value"
    ) == [("119", "0", "ok", "1", "2026-02-10", "100")]
    assert company.rows("SELECT balance FROM customer") == [("119 EUR",)]


def test_a_payment_takes_the_balance_down_and_nothing_is_said_twice(company: Company, crm: Crm):
    company.buyer()
    company.invoice()
    company.sync()
    assert crm.shows("balance", "overdue") == [("119", "119")]
    company.payment(amount="100.50")

    company.sync()
    assert crm.shows("balance", "overdue") == [("18.5", "18.5")]

    company.sync()
    assert "figures" not in company.counts
    assert company.counts.get("sent", 0) == 0


def test_what_becomes_overdue_by_itself_is_told_on_that_day(company: Company, crm: Crm):
    company.buyer()
    company.invoice(due="2026-03-05")
    company.sync()
    assert crm.shows("overdue", "credit_state") == [("0", "ok")]

    company.at = datetime(2026, 3, 6, tzinfo=UTC)
    company.sync()
    assert crm.shows("overdue", "credit_state") == [("119", "ok")]

    company.at = datetime(2026, 4, 9, tzinfo=UTC)
    company.sync()
    assert crm.shows("credit_state") == [("blocked",)]


def test_available_credit_follows_the_limit(company: Company, crm: Crm):
    company.buyer()
    company.invoice(due="2026-03-15")
    company.sync()
    assert crm.shows("credit_available") == [(None,)]

    crm.db.execute("UPDATE people SET credit = '100'")
    company.sync()

    assert crm.shows("credit_available", "credit_state") == [("-19", "over_limit")]


def test_what_a_system_writes_over_a_figure_is_put_right(company: Company, crm: Crm):
    company.buyer()
    company.invoice()
    company.sync()

    crm.db.execute("UPDATE people SET balance = '0'")
    company.sync()

    assert crm.shows("balance") == [("119",)]
    assert company.rows("SELECT balance FROM customer") == [("119 EUR",)]


def test_nobody_may_claim_a_figure(company: Company, crm: Crm):
    company.buyer()
    company.invoice()
    company.sync()

    with running(company.session(), "set") as session, pytest.raises(InvalidInputError) as caught:
        decide_value(session, 1, "balance", "5 EUR", by="test")
    assert "computed from the books" in caught.value.message
    with pytest.raises(errors.RaiseException), company.db.transaction() as tx:
        tx.execute("UPDATE customer SET balance = '5 EUR'")


def test_customers_that_become_one_owe_together_and_their_payments_meet(company: Company, crm: Crm):
    company.streams = {
        **company.streams, "customers": {**CUSTOMERS, "merged_into": "merged"},
    }  # fmt: skip
    company.publish()
    company.buyer("c1", email="ann@mail.example")
    company.buyer("c2", email="bob@mail.example")
    company.invoice("i1", "c1")
    company.payment("p1", "c2", amount="100")
    company.sync()
    assert company.owed() == {1: 119, 2: -100}
    assert crm.shows("balance", "overdue") == [("119", "119"), ("-100", "0")]
    before = company.rows("SELECT * FROM posting ORDER BY entry, line")

    company.change("customers", "c1", merged="c2")
    company.sync()

    assert company.owed() == {2: 19}
    assert company.rows("SELECT balance, overdue FROM customer WHERE retired_into IS NULL") == [
        ("19 EUR", "19 EUR")
    ]
    assert company.rows("SELECT amount::float FROM allocation WHERE released_at IS NULL") == [
        (100,)
    ]
    after = company.rows("SELECT * FROM posting ORDER BY entry, line")
    assert after[: len(before)] == before
    assert company.events()[-1] == "document.settled"


def test_without_a_stream_that_is_told_nothing_is_computed(database: Database, company: Company):
    company.buyer()
    company.invoice()

    company.sync()

    assert company.rows("SELECT balance FROM customer") == [(None,)]
    assert company.rows("SELECT count(*) FROM follower WHERE name = 'figures'") == [(0,)]
