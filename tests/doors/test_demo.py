"""The demo: what a newcomer sees first must be true from the first line to the last."""

import csv
import sqlite3
from contextlib import closing
from datetime import date

import pytest

from customer_sync.cli import main
from customer_sync.cli.demo.company import company
from customer_sync.cli.demo.differences import KINDS
from customer_sync.cli.demo.erp import Erp
from customer_sync.cli.demo.mishaps import Picker, spoil
from customer_sync.cli.demo.report import Report
from customer_sync.cli.demo.trade import trade
from customer_sync.core.ledger import DIFFERENCE_KINDS


def test_the_same_seed_invents_the_same_company():
    first, second = company(300), company(300)
    assert first.cards == second.cards
    assert company(300, seed=1).cards != first.cards


def test_the_company_is_international_messy_and_overlapping():
    made = company(600)
    assert len({party.land.code for party in made.parties}) >= 12
    emails = [card.email for cards in made.cards.values() for card in cards]
    assert None in emails
    assert "" in emails
    assert "none@none.com" in emails
    assert any(email and email.isupper() for email in emails)
    assert len(made.among("shop", "erp", "crm")) > 30
    phones = [party.phone for party in made.parties]
    assert len(phones) > len(set(phones)), "households share a telephone"
    keys = [card.party for card in made.cards["shop"]]
    assert len(keys) > len(set(keys)), "somebody registered twice"


def test_every_mishap_names_the_value_that_mends_it():
    made = company(600)
    for one in spoil(made, Picker(made)):
        card = next(card for card in made.cards[one.system] if card.key == one.key)
        assert getattr(card, one.field) != one.right
        assert one.right


def test_the_file_has_what_makes_such_files_hard(tmp_path):
    erp = Erp(tmp_path / "erp.csv")
    erp.build(company(100).cards["erp"])
    content = erp.path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in content
    assert '"sagt ""ruft zurück""; dann\nnicht erreichbar"'.encode() in content


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("precious")
    assert main(["demo", "--workspace", str(tmp_path)]) == 1
    assert "no demo" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_expectation_that_is_not_met_is_told(capsys):
    report = Report()
    report.expect(is_met=False, what="the sun shines")
    assert not report.end("here")
    assert "not so: the sun shines" in capsys.readouterr().out


def test_a_difference_of_every_kind_is_planted():
    assert set(DIFFERENCE_KINDS) - {"unexplained"} == KINDS


def test_the_same_seed_invents_the_same_trade_in_three_currencies():
    cards = company(300).cards["shop"]
    first, second = (trade(cards, until=date(2026, 6, 1)) for _ in range(2))
    assert first.rows == second.rows
    assert {row["currency"] for row in first.rows["invoices"]} == {"EUR", "USD", "GBP"}
    assert all(len(rows) > 3 for rows in first.rows.values())


@pytest.mark.slow
def test_the_demo_ends_in_agreement_and_can_be_played_again(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CUSTOMER_SYNC_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    folder = tmp_path / "demo"
    for _ in range(2):
        code = main(["demo", "--workspace", str(folder), "--customers", "500"])
        out = capsys.readouterr().out
        assert code == 0, out
    assert "All sides agree" in out
    assert "NOT AS EXPECTED" not in out
    assert "\x1b[" not in out
    with closing(sqlite3.connect(folder / "data/shop.sqlite")) as shop:
        found = shop.execute("SELECT phone FROM customers WHERE phone = '030 4455 667'").fetchall()
    assert len(found) == 1
    with (folder / "data/erp_customers.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert [row["Telefon"] for row in rows].count("+49304455667") == 1
    assert [row["Kreditlimit"] for row in rows].count("25.500,00") == 1
