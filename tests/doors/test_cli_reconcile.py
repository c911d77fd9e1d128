"""Reconcile at the command line, with a shop whose invoices are read from its database."""

import csv
import io

import pytest

FEBRUARY = ("--system", "shop", "--from", "2026-02-01", "--to", "2026-02-28")


def test_both_sides_agree_after_a_sync(shop):
    ran = shop.run("ledger", "reconcile", *FEBRUARY)
    told = shop.run("ledger", "reconcile", *FEBRUARY, "--json").json

    assert ran.code == 0, ran.err
    assert "Both sides agree, document by document." in ran.out
    assert told["agrees"]
    assert [(row["type"], row["shown"], row["held"]) for row in told["totals"]] == [
        ("invoice", "357.00", "357.00")
    ]


def test_differences_are_explained_in_every_format(shop):
    shop.shop("UPDATE invoices SET total = '129' WHERE id = 1")
    shop.shop("DELETE FROM invoices WHERE id = 2")
    shop.shop(
        "INSERT INTO invoices SELECT 4, 'R4', customer_id, currency, issued, '50', '0', NULL, NULL FROM invoices WHERE id = 3"
    )

    plain = shop.run("ledger", "reconcile", *FEBRUARY)
    told = shop.run("ledger", "reconcile", *FEBRUARY, "--json").json
    rows = list(
        csv.DictReader(io.StringIO(shop.run("ledger", "reconcile", *FEBRUARY, "--csv").out))
    )
    customers = list(
        csv.DictReader(
            io.StringIO(
                shop.run("ledger", "reconcile", *FEBRUARY, "--csv", "--view", "customers").out
            )
        )
    )

    assert plain.code == 0, plain.err
    assert "Every difference is explained" in plain.out
    assert "run sync" in plain.out
    expected = [
        ("amount", "1", "10.00"),
        ("missing_in_ledger", "4", "50.00"),
        ("missing_in_source", "2", "-119.00"),
    ]
    assert [
        (row["kind"], row["external_id"], row["effect"]) for row in told["differences"]
    ] == expected
    assert [(row["kind"], row["external_id"], row["effect"]) for row in rows] == expected
    assert (told["totals"][0]["difference"], told["totals"][0]["explained"]) == ("-59.00", "-59.00")
    assert [row["difference"] for row in customers] == ["-59.00"]


def test_what_is_not_explained_is_said_and_exits_with_3(shop, pg_dsn):
    shop.tamper(
        "ALTER TABLE posting DISABLE TRIGGER ALL; UPDATE posting SET amount = amount + 1 WHERE account = '1200' AND entry = 1"
    )

    ran = shop.run("ledger", "reconcile", *FEBRUARY)

    assert ran.code == 3
    assert "Not everything is explained: -1.00 EUR" in ran.out


@pytest.mark.parametrize(("words", "code", "said"), [
    (("--system", "crm", "--from", "2026-02-01", "--to", "2026-02-28"), 1, "systems with documents: shop"),
    (("--system", "shop", "--from", "2026-02-28", "--to", "2026-02-01"), 2, "--to is before --from"),
    (("--system", "shop", "--from", "February", "--to", "2026-02-01"), 2, "February"),
    (("--system", "shop"), 2, "--from"),
])  # fmt: skip
def test_wrong_usage_says_what_to_do(shop, words, code, said):
    ran = shop.run("ledger", "reconcile", *words)

    assert ran.code == code
    assert said in ran.err


def test_a_system_that_is_down_is_said(shop):
    (shop.folder / "data" / "shop.sqlite").unlink()

    ran = shop.run("ledger", "reconcile", *FEBRUARY)

    assert ran.code == 1
    assert "What to do" in ran.err
