"""The life of customers at the command line: the timeline of one, and what they all brought."""

import csv
import io
from datetime import date

import pytest
from ledger_desk import a_quarter

from customer_sync.cli import main


def table_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_timeline_joins_systems_and_ledger_and_names_what_is_behind_each_line(shop):
    [[buyer]] = shop.shop("SELECT customer_id FROM invoices WHERE id = 1")
    shop.shop("INSERT INTO orders VALUES (1, 'O1', ?, 'EUR', '2026-02-01', '119')", buyer)
    shop.shop("INSERT INTO payments VALUES (1, ?, 'EUR', '2026-02-20', '119', 'card')", buyer)
    shop.shop("UPDATE customers SET phone = '+49301112223' WHERE id = ?", buyer)
    shop.shop("UPDATE invoices SET total = '129' WHERE id = 2")
    shop.run("sync")
    customer = next(str(row["customer"]) for row in shop.run("ledger", "balance", "--json").json)

    told = shop.run("timeline", customer, "--json").json
    plain = shop.run("timeline", customer)
    lines = told["lines"]

    what = [line["what"] for line in lines]
    assert {
        "first seen",
        "matched",
        "changed",
        "order",
        "invoice",
        "payment",
        "settled",
        "reversed",
    } <= set(what)
    assert [line["at"] for line in lines if line["what"] == "order"] == ["2026-02-01"]
    invoice = next(line for line in lines if line["number"] == "R1" and line["what"] == "invoice")
    assert (invoice["amount"], invoice["currency"], invoice["system"], invoice["stream"]) == (
        "119.00",
        "EUR",
        "shop",
        "invoices",
    )
    assert invoice["detail"] == "campaign spring; source web"
    entry = shop.run("ledger", "entries", "--entry", str(invoice["entry"]), "--json").json
    assert {row["number"] for row in entry} == {"R1"}
    events = {
        event["id"]: event["kind"] for event in shop.run("audit", "--limit", "1000", "--json").json
    }
    assert events[invoice["event"]] == "document.posted"
    assert any(
        events[line["event"]] == "document.reposted" for line in lines if line["what"] == "reversed"
    )
    assert all(
        line["event"] in events
        for line in lines
        if line["what"] in {"first seen", "matched", "changed", "order"}
    )
    assert any("phone:" in (line["detail"] or "") for line in lines if line["what"] == "changed")
    assert [line["entry"] for line in lines if line["what"] == "order"] == [None]
    assert plain.code == 0
    assert table_of(shop.run("timeline", customer, "--csv").out)[0].keys() == lines[0].keys()


def test_revenue_adds_up_to_its_accounts_however_it_is_told(shop):
    by_campaign = shop.run("report", "revenue", "--by", "campaign", "--json").json
    plain = shop.run("report", "revenue", "--by", "campaign")
    by_country = shop.run(
        "report", "revenue", "--by", "segment", "--segment", "country", "--json"
    ).json
    by_period = shop.run(
        "report",
        "revenue",
        "--by",
        "period",
        "--from",
        "2026-02-01",
        "--to",
        "2026-02-28",
        "--json",
    ).json
    nothing = shop.run("report", "revenue", "--by", "source", "--from", "2026-03-01", "--json").json

    assert [(row["campaign"], row["revenue"]) for row in by_campaign["rows"]] == [
        ("spring", "200.00"),
        (None, "100.00"),
    ]
    assert [(row["account"], row["revenue"]) for row in by_campaign["accounts"]] == [
        ("4000", "300.00")
    ]
    assert (by_campaign["total"], by_campaign["accounts_total"], by_campaign["adds_up"]) == (
        "300.00",
        "300.00",
        True,
    )
    assert "The total is that of the revenue accounts: 300.00 EUR." in plain.out
    assert [row["revenue"] for row in by_country["rows"]] == ["300.00"]
    assert [(row["period"], row["revenue"]) for row in by_period["rows"]] == [("2026-02", "300.00")]
    assert nothing["rows"] == []
    assert nothing["adds_up"]
    assert table_of(shop.run("report", "revenue", "--by", "source", "--csv").out) == [
        {"source": "web", "revenue": "300.00"}
    ]


def test_revenue_in_foreign_currencies_is_told_in_the_functional_one(books):
    a_quarter(books)

    told = books.desk.run("report", "revenue", "--by", "period", "--json").json

    assert [(row["period"], row["revenue"]) for row in told["rows"]] == [
        ("2026-01", "100.00"),
        ("2026-02", "50.00"),
        ("2026-03", "900.00"),
    ]
    assert told["adds_up"]


def test_a_part_of_an_address_tells_revenue_apart(books):
    first, second, _ = a_quarter(books)
    with books.keeper.books.owner.transaction() as tx:
        tx.execute("UPDATE customer SET billing_address = NULL")
        for customer, country in ((first, "DE"), (second, "CH")):
            text = f'{{"city":"X","country":"{country}"}}'
            tx.execute("UPDATE customer SET billing_address = %s WHERE id = %s", [text, customer])

    words = ("report", "revenue", "--by", "segment", "--segment")
    told = books.desk.run(*words, "billing_address.country", "--json").json
    whole = books.desk.run(*words, "billing_address.planet")

    assert {row["segment"]: row["revenue"] for row in told["rows"]} == {
        "CH": "900.00",
        "DE": "150.00",
    }
    assert told["adds_up"]
    assert whole.code == 2


def test_revenue_to_a_day_before_its_first_is_wrong_usage(books):
    days = ("--from", "2026-02-01", "--to", "2026-01-01")

    ran = books.desk.run("report", "revenue", "--by", "period", *days)

    assert ran.code == 2
    assert "--to is before --from" in ran.err


def test_what_customers_brought_and_who_came_back(books):
    first, second, third = a_quarter(books)
    books.post(
        {
            "number": "R9",
            "type": "invoice",
            "party": books.party[third],
            "date": date(2026, 3, 20),
            "total": 10,
        }
    )

    told = books.desk.run("report", "customers", "--json").json
    plain = books.desk.run("report", "customers")

    assert [(row["customer"], row["lifetime"], row["orders"], row["first"], row["last"]) for row in told["lifetime"]] == [
        (second, "900.00", 1, "2026-03-10", "2026-03-10"), (first, "150.00", 2, "2026-01-10", "2026-02-10"),
        (third, "10.00", 1, "2026-03-20", "2026-03-20"),
    ]  # fmt: skip
    assert [(row["cohort"], row["month"], row["customers"], row["active"]) for row in told["cohorts"]] == [
        ("2026-01-01", 0, 1, 1), ("2026-01-01", 1, 1, 1), ("2026-01-01", 2, 1, 0), ("2026-03-01", 0, 2, 2),
    ]  # fmt: skip
    assert "100 %" in plain.out
    assert [
        row["customer"]
        for row in table_of(books.desk.run("report", "customers", "--limit", "1", "--csv").out)
    ] == [str(second)]


def test_what_does_not_exist_is_said(books):
    assert books.desk.run("timeline", "999").code == 1
    assert (
        books.desk.run("report", "revenue", "--by", "segment", "--segment", "shoe size").code == 2
    )
    assert books.desk.run("report", "revenue", "--by", "colour").code == 2
    empty = books.desk.run("report", "customers")
    assert empty.code == 0
    assert "Nobody bought anything yet." in empty.out


@pytest.mark.parametrize(
    "words", [("timeline",), ("report",), ("report", "revenue"), ("report", "customers")]
)
def test_every_command_explains_itself_with_an_example(capsys, words):
    assert main([*words, "--help"]) == 0
    assert "Example" in capsys.readouterr().out
