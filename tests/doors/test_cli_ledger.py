"""The ledger at the command line: what customers owe, the books, periods, interchange."""

import csv
import io
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ledger_desk import FEBRUARY, JANUARY, MARCH, a_quarter

from customer_sync.cli import main

BEAN_CHECK = Path(sys.executable).with_name("bean-check")


def table_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# -- what customers owe ---------------------------------------------------------------------------


def test_the_balance_of_a_customer_and_who_owes_most(books):
    first, second, third = a_quarter(books)

    one = books.run("balance", str(first), "--json").json
    most = books.run("balance", "--json").json
    plain = books.run("balance", str(first))

    assert [(row["account"], row["amount"]) for row in one["balances"]] == [
        ("1200", "69.00"),
        ("2150", "0.00"),
    ]
    assert (one["credit"]["balance"], one["credit"]["overdue"], one["credit"]["state"]) == (
        "69.00",
        "69.00",
        "blocked",
    )
    assert [(row["customer"], row["currency"], row["amount"], row["functional"]) for row in most] == [
        (second, "USD", "1000.00", "900.00"), (first, "EUR", "69.00", "69.00"), (third, "EUR", "-30.00", "-30.00"),
    ]  # fmt: skip
    assert plain.code == 0
    assert "owes 69.00 EUR, 69.00 of it overdue" in plain.out


def test_a_statement_runs_from_its_opening_to_its_closing_and_tells_what_is_open(books):
    first, *_ = a_quarter(books)

    told = books.run(
        "statement", str(first), "--from", "2026-02-01", "--to", "2026-02-28", "--json"
    ).json
    whole = books.run("statement", str(first))

    assert told["opening"] == [{"currency": "EUR", "amount": "119.00", "functional": "119.00"}]
    assert [(row["number"], row["amount"], row["balance"]) for row in told["lines"]] == [
        ("R2", "50.00", "169.00"), ("P1", "-100.00", "69.00"),
    ]  # fmt: skip
    assert told["closing"] == [{"currency": "EUR", "amount": "69.00", "functional": "69.00"}]
    assert [(row["number"], row["due"], row["open"]) for row in told["open"]] == [
        ("R1", "2026-01-24", "19.00"), ("R2", "2026-02-24", "50.00"),
    ]  # fmt: skip
    assert told["adds_up"]
    assert whole.code == 0
    assert "closing balance: 69.00 EUR" in whole.out


def test_a_statement_as_csv_has_a_line_for_everything(books):
    first, *_ = a_quarter(books)

    rows = table_of(
        books.run(
            "statement", str(first), "--from", "2026-02-01", "--to", "2026-02-28", "--csv"
        ).out
    )

    assert [(row["section"], row["number"], row["balance"] or row["open"]) for row in rows] == [
        ("opening", "", "119.00"), ("line", "R2", "169.00"), ("line", "P1", "69.00"), ("closing", "", "69.00"),
        ("open", "R1", "19.00"), ("open", "R2", "50.00"),
    ]  # fmt: skip


def test_an_ageing_is_that_of_its_day_and_comes_to_the_control_accounts(books):
    first, second, third = a_quarter(books)

    early = books.run("ageing", "--at", "2026-01-31", "--json").json
    late = books.run("ageing", "--at", "2026-03-31", "--json").json
    rows = table_of(books.run("ageing", "--at", "2026-03-31", "--csv").out)

    assert [(row["customer"], row["1-30"], row["total"]) for row in early["customers"]] == [
        (first, "119.00", "119.00")
    ]
    assert {row["customer"]: (row["31-60"], row["61-90"], row["1-30"], row["credit"]) for row in late["customers"]} == {
        first: ("50.00", "19.00", "0.00", "0.00"), second: ("0.00", "0.00", "1000.00", "0.00"),
        third: ("0.00", "0.00", "0.00", "-30.00"),
    }  # fmt: skip
    assert [(row["currency"], row["total"]) for row in late["totals"]] == [
        ("EUR", "39.00"),
        ("USD", "1000.00"),
    ]
    assert late["adds_up"]
    assert [row["total"] for row in rows] == [row["total"] for row in late["customers"]]
    assert (
        books.run("ageing", str(first), "--at", "2026-03-31", "--json").json["totals"][0]["total"]
        == "69.00"
    )
    assert "to the last unit" in books.run("ageing").out


def test_what_an_owner_tampered_with_shows_in_the_reports(books):
    a_quarter(books)
    with books.keeper.books.owner.transaction() as tx:
        tx.execute(
            "ALTER TABLE document DISABLE TRIGGER USER; UPDATE document SET party = NULL WHERE number = 'R1'"
        )
        tx.execute("ALTER TABLE posting DISABLE TRIGGER USER")
        tx.execute(
            "UPDATE posting SET amount = amount + 1 WHERE account = '4000' AND entry = (SELECT min(id) FROM entry)"
        )

    ran = books.run("trial-balance", "--at", "2026-12-31")

    assert ran.code == 3
    assert "doctor" in ran.out


@pytest.mark.parametrize(
    "words",
    [("balance", "999"), ("statement", "999"), ("ageing", "999"), ("entries", "--customer", "999")],
)
def test_who_is_no_customer_is_said_with_a_remedy(books, words):
    ran = books.run(*words)

    assert ran.code == 1
    assert "there is no customer 999" in ran.err
    assert "customers --search" in ran.err


def test_a_retired_customer_is_answered_for_by_the_one_it_became(books):
    first, second, _ = a_quarter(books)
    with books.keeper.books.owner.transaction() as tx:
        tx.execute("UPDATE link SET customer = %s WHERE customer = %s", [first, second])
        tx.execute("ALTER TABLE customer DISABLE TRIGGER USER")
        tx.execute("UPDATE customer SET retired_into = %s WHERE id = %s", [first, second])

    told = books.run("balance", str(second), "--json").json

    assert told["customer"] == first
    assert {(row["currency"], row["amount"]) for row in told["balances"]} >= {
        ("EUR", "69.00"),
        ("USD", "1000.00"),
    }
    assert f"customer {second} is customer {first} now" in books.run("statement", str(second)).out


def test_points_are_an_account_of_their_own(books):
    first, *_ = list(books.party)
    usual = {"type": "points", "party": books.party[first], "currency": "PTS"}
    [earned, *_] = books.post(
        {**usual, "number": "E1", "date": JANUARY, "points": "earned", "total": 500}, {**usual, "number": "U1", "date": FEBRUARY, "points": "redeemed", "total": 120},
        {**usual, "number": "X1", "date": MARCH, "points": "expired", "total": 30},
    )  # fmt: skip
    books.post(
        {
            "number": "R1",
            "type": "invoice",
            "party": books.party[first],
            "date": JANUARY,
            "total": 10,
        }
    )

    told = books.run("loyalty", str(first), "--json").json
    early = books.run("loyalty", str(first), "--at", "2026-01-31", "--json").json
    books.post(
        {
            **usual,
            "document": earned,
            "number": "E1",
            "date": JANUARY,
            "points": "earned",
            "total": 450,
        }
    )
    corrected = books.run("loyalty", str(first), "--json").json

    assert [told[name] for name in ("earned", "redeemed", "expired", "held")] == [
        "500",
        "-120",
        "-30",
        "350",
    ]
    assert [(row["what"], row["points"], row["balance"]) for row in told["lines"]] == [
        ("earned", "500", "500"), ("redeemed", "-120", "380"), ("expired", "-30", "350"),
    ]  # fmt: skip
    assert early["held"] == "500"
    assert (corrected["earned"], corrected["held"]) == ("450", "300")
    assert told["tier_by"] == "systems"
    assert "holds 300 PTS" in books.run("loyalty", str(first)).out
    assert table_of(books.run("loyalty", str(first), "--csv").out)[0]["number"] == "E1"
    assert [row["amount"] for row in books.run("balance", "--json").json] == [
        "10.00"
    ]  # points are no money


def test_a_tier_is_by_the_rules_where_there_are_any(books):
    first, *_ = list(books.party)
    (books.desk.folder / "ledger.yaml").write_text(
        "loyalty:\n  tiers: {silver: 100, gold: 400}\n", encoding="utf-8"
    )
    assert books.desk.run("publish").code == 0
    books.post(
        {
            "type": "points",
            "party": books.party[first],
            "currency": "PTS",
            "number": "E1",
            "date": JANUARY,
            "points": "earned",
            "total": 399,
        }
    )

    told = books.run("loyalty", str(first), "--json").json

    assert (told["tier"], told["tier_by"]) == ("silver", "rules")


# -- the books ------------------------------------------------------------------------------------


def test_entries_are_found_by_customer_document_account_and_period(books):
    first, second, _ = a_quarter(books)

    def found(*words: str) -> set[tuple[str, str]]:
        return {(row["kind"], row["number"]) for row in books.run("entries", *words, "--json").json}

    assert found("--document", "R1") == {("post", "R1"), ("allocate", "P1")}
    assert found("--customer", str(second)) == {("post", "R3")}
    assert found("--account", "1300") == {("post", "P1"), ("post", "P2")}
    assert found("--account", "6100", "--period", "2026-02") == {("post", "P1")}
    assert found("--customer", str(first), "--period", "2026-01") == {("post", "R1")}
    assert found("--document", "nothing") == set()
    assert len(books.run("entries", "--limit", "1").out.splitlines()) > 3


def test_each_line_of_an_entry_shows_its_document_its_rule_and_what_it_reverses(books):
    first, *_ = list(books.party)
    [id_] = books.post(
        {
            "number": "R1",
            "type": "invoice",
            "party": books.party[first],
            "date": JANUARY,
            "total": 10,
        }
    )
    row = {
        "document": id_,
        "number": "R1",
        "type": "invoice",
        "party": books.party[first],
        "date": JANUARY,
    }
    books.post(row | {"total": 12})

    lines = books.run("entries", "--document", "R1", "--json").json
    reversal = next(row for row in lines if row["reverses"])
    reversed_ = next(row for row in lines if row["entry"] == reversal["reverses"])

    assert reversal["kind"] == "reverse"
    assert reversed_["reversed_by"] == reversal["entry"]
    assert {(row["rule"], row["external_id"]) for row in lines if row["kind"] == "post"} == {
        ("invoice", "R1")
    }
    assert [
        row["debit"]
        for row in books.run("entries", "--entry", str(reversal["entry"]), "--json").json
        if row["debit"]
    ] == ["10.00"]


def test_the_trial_balance_of_now_of_a_day_and_of_a_period(books):
    a_quarter(books)

    now = books.run("trial-balance", "--json").json
    early = books.run("trial-balance", "--at", "2026-01-31", "--json").json
    month = books.run("trial-balance", "--period", "2026-02", "--json").json
    plain = books.run("trial-balance", "--period", "2026-02")

    def of(told, account, currency="EUR"):
        return next(
            row
            for row in told["accounts"]
            if (row["account"], row["currency"]) == (account, currency)
        )

    assert of(now, "4000")["closing"] == "-150.00"
    assert of(now, "4000", "USD")["functional"] == "-900.00"
    assert of(early, "1200")["closing"] == "119.00"
    revenue = of(month, "4000")
    assert (revenue["opening"], revenue["credit"], revenue["closing"]) == (
        "-100.00",
        "50.00",
        "-150.00",
    )
    assert of(month, "2100")["closing"] == "-19.00"  # nothing moved, and it stands
    assert now["adds_up"]
    assert month["adds_up"]
    assert plain.code == 0
    assert "Debits equal credits" in plain.out
    assert table_of(books.run("trial-balance", "--csv").out)[0]["account"] == "1200"


def test_the_general_ledger_of_an_account_runs(books):
    a_quarter(books)

    told = books.run("account", "4000", "--from", "2026-02-01", "--json").json
    clearing = books.run("account", "1300", "--json").json

    assert told["opening"] == [{"currency": "EUR", "amount": "-100.00", "functional": "-100.00"}]
    assert [(row["number"], row["amount"], row["balance"]) for row in told["lines"]] == [
        ("R2", "-50.00", "-150.00"), ("R3", "-1000.00", "-1000.00"),
    ]  # fmt: skip
    assert {row["account"] for row in clearing["lines"]} == {"1300", "1300.card"}
    assert table_of(books.run("account", "4000", "--csv").out)[0]["amount"] == "-100.00"
    assert books.run("account", "4711").code == 1


# -- periods --------------------------------------------------------------------------------------


def test_a_period_is_closed_and_reopened_for_a_reason_that_the_audit_trail_keeps(books):
    a_quarter(books)

    closed = books.run("close", "2026-01")
    again = books.run("close", "2026-01", "--json").json
    state = {row["period"]: row["state"] for row in books.run("periods", "--json").json}
    silent = books.run("reopen", "2026-01", "--reason", "  ")
    reopened = books.run("reopen", "2026-01", "--reason", "late invoice")

    assert closed.code == 0
    assert not again["changed"]
    assert state["2026-01"] == "closed"
    assert state["2026-02"] == "open"
    assert silent.code == 2
    assert reopened.code == 0
    assert [row[0] for row in books.rows("SELECT detail FROM event WHERE starts_with(kind, 'period.') ORDER BY id")] == [
        "2026-01 by tester", "2026-01 by tester reason: late invoice",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ("close", "2026-13"),
        ("close", "January"),
        ("reopen", "2026", "--reason", "x"),
        ("entries", "--period", "26-01"),
        ("trial-balance", "--period", "2026-1"),
    ],
)
def test_what_is_no_period_is_wrong_usage(books, words):
    ran = books.run(*words)

    assert ran.code == 2
    assert "2026-01" in ran.err


def test_closing_tells_what_is_not_posted_there(books):
    party = min(books.party.values())
    invoice = {"type": "invoice", "date": FEBRUARY}
    books.post(
        {"number": "W1", "party": None, "total": 10} | invoice,
        {"number": "W2", "party": party, "total": 10} | invoice,
        {"number": "W3", "party": None, "total": 10} | invoice,
    )
    with books.keeper.books.owner.transaction() as tx:
        tx.execute("UPDATE document SET reason = 'rate_missing' WHERE number = 'W2'")
        tx.execute("UPDATE document SET date = NULL, state = 'rejected' WHERE number = 'W3'")

    ran = books.run("close", "2026-02", "--json")
    said = books.run("close", "2026-02").out

    assert ran.json["unposted"] == {"waiting": 1, "changed": 1, "undated": 1}
    assert "1 documents dated in it are waiting and not posted" in said
    assert "the change is not posted" in said
    assert "no day that can be read" in said


def test_a_period_that_has_not_begun_is_not_closed(books):
    ran = books.run("close", "9999-12")

    assert ran.code == 2
    assert "has not begun" in ran.err
    assert books.run("periods", "--json").json == []


def test_what_was_never_closed_is_not_reopened(books):
    ran = books.run("reopen", "2020-01", "--reason", "by mistake")

    assert ran.code == 0
    assert "2020-01 was open" in ran.out
    assert books.rows("SELECT 1 FROM event WHERE kind = 'period.reopened'") == []


@pytest.mark.parametrize(
    "words",
    [("statement", "{customer}"), ("account", "4000")],
)
def test_a_last_day_before_the_first_is_wrong_usage(books, words):
    first, *_ = a_quarter(books)
    asked = [word.format(customer=first) for word in words]

    ran = books.run(*asked, "--from", "2026-02-01", "--to", "2026-01-01")

    assert ran.code == 2
    assert "--to is before --from" in ran.err


def test_the_first_period_that_there_is_has_nothing_before_it(books):
    a_quarter(books)

    ran = books.run("trial-balance", "--period", "0001-01")

    assert ran.code == 0
    assert "Nothing was ever posted" in ran.out


def test_an_account_that_is_not_there_is_said(books):
    a_quarter(books)

    ran = books.run("entries", "--account", "7777")

    assert ran.code == 1
    assert "there is no account 7777" in ran.err


# -- interchange ----------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["beancount", "hledger", "csv"])
@pytest.mark.parametrize("amounts", ["document", "functional"])
def test_the_books_are_written_for_other_programs(books, tmp_path, style, amounts):
    a_quarter(books)
    path = tmp_path / "books.out"

    ran = books.run("export", "--format", style, "--amounts", amounts, str(path))

    assert ran.code == 0, ran.err
    assert "sealed up to" in ran.out
    if style == "beancount" and BEAN_CHECK.exists():
        subprocess.run([BEAN_CHECK, path], check=True)
    if style == "hledger" and shutil.which("hledger"):
        subprocess.run(["hledger", "-f", path, "check", "--strict"], check=True)
    if style == "csv":
        assert len(table_of(path.read_text())) == books.rows("SELECT count(*) FROM posting")[0][0]
    assert [one.name for one in tmp_path.iterdir() if "unfinished" in one.name] == []


def test_an_export_that_cannot_be_written_leaves_nothing(books, tmp_path):
    ran = books.run("export", "--format", "csv", str(tmp_path / "nowhere" / "books.csv"))
    onto = books.run("export", "--format", "csv", str(tmp_path))

    assert (ran.code, onto.code) == (2, 2)
    assert "there is no folder" in ran.err
    assert "nowhere" in ran.err
    assert "is a folder" in onto.err
    assert list(tmp_path.glob("*unfinished*")) == []


def test_an_export_into_a_pipe_leaves_the_pipe_what_it_is(books, tmp_path):
    a_quarter(books)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with ThreadPoolExecutor(max_workers=1) as pool:
        text = pool.submit(pipe.read_text)
        ran = books.run("export", "--format", "csv", str(pipe))

    assert ran.code == 0, ran.err
    assert ran.out == ""  # nothing but the books would be in a pipe of the shell
    assert "sealed up to" in ran.err
    assert len(table_of(text.result())) == books.rows("SELECT count(*) FROM posting")[0][0]
    assert pipe.is_fifo()


def test_an_export_through_a_link_keeps_the_link(books, tmp_path):
    a_quarter(books)
    (tmp_path / "real.csv").write_text("older")
    (tmp_path / "books.csv").symlink_to(tmp_path / "real.csv")

    assert books.run("export", "--format", "csv", str(tmp_path / "books.csv")).code == 0

    assert (tmp_path / "books.csv").is_symlink()
    assert table_of((tmp_path / "real.csv").read_text())


def opening_file(
    books,
    tmp_path,
    *lines: str,
    header: str = "system,stream,external_id,number,date,due_date,currency,amount,functional",
) -> str:
    path = tmp_path / "opening.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return str(path)


def test_opening_balances_are_posted_once(books, tmp_path):
    path = opening_file(
        books, tmp_path, "crm,contacts,C-1001,A1,2025-12-31,2026-01-14,EUR,119.50,", "crm,contacts,C-1002,,2025-12-31,,USD,-20,-18",
    )  # fmt: skip

    first, again = books.run("open-balances", path, "--json"), books.run("open-balances", path)

    assert first.code == 0, first.out
    assert first.json == {"rows": 2, "posted": 2, "known": 0, "refused": []}
    assert again.code == 0
    assert "2 lines: 0 posted, 2 so already, 0 refused." in again.out
    assert [(row["currency"], row["amount"]) for row in books.run("balance", "--json").json] == [
        ("EUR", "119.50"),
        ("USD", "-20.00"),
    ]
    assert books.run("trial-balance").code == 0
    assert books.desk.run("doctor").code == 0


def test_a_bad_line_keeps_the_whole_file_from_being_posted_unless_told_otherwise(books, tmp_path):
    path = opening_file(
        books, tmp_path, "crm,contacts,C-1001,A1,2025-12-31,,EUR,119.50,", "crm,contacts,nobody,,2025-12-31,,EUR,1,",
        "crm,nothing,C-1001,,2025-12-31,,EUR,1,", "crm,contacts,C-1001,,31.12.2025,,EUR,1,", "crm,contacts,C-1001,,2025-12-31,,EUR,1.000,00",
        "crm,contacts,C-1001,,2025-12-31,,EUR,1e99,", "crm,contacts,C-1001,,2025-12-31,,EUR,1.005,", "crm,contacts,C-1001,,2025-12-31,,USD,5,",
        "crm,contacts,C-1001",
    )  # fmt: skip

    ran = books.run("open-balances", path, "--json")
    posted = books.rows("SELECT count(*) FROM entry")[0][0]
    some = books.run("open-balances", path, "--skip-bad")

    assert ran.code == 3
    assert ran.json["posted"] == 0
    assert [(one["line"], one["code"]) for one in ran.json["refused"]] == [
        (3, "opening_customer"), (4, "opening_stream"), (5, "opening_date"), (6, "opening_amount"), (7, "opening_number"),
        (8, "opening_amount"), (9, "opening_incomplete"), (10, "opening_incomplete"),
    ]  # fmt: skip
    assert posted == 0
    assert some.code == 3
    assert "1 posted" in some.out
    assert "line 3:" in some.out


@pytest.mark.parametrize(
    "header",
    [
        "system,stream",
        "system,stream,external_id,date,currency,amount,colour",
        "system,stream,external_id,date,currency,amount,amount",
    ],
)
def test_a_file_of_other_columns_is_refused(books, tmp_path, header):
    ran = books.run("open-balances", opening_file(books, tmp_path, "a,b", header=header))

    assert ran.code == 2
    assert "system,stream,external_id" in ran.err


def test_a_file_that_is_no_text_is_refused(books, tmp_path):
    path = tmp_path / "opening.csv"
    path.write_bytes(b"system,stream,external_id,date,currency,amount\n\xff\xfe")

    assert books.run("open-balances", str(path)).code == 2
    assert books.run("open-balances", str(tmp_path / "none.csv")).code == 1


@pytest.mark.parametrize(
    "words",
    [
        ("statement", "1", "--json", "--csv"),
        ("trial-balance", "--at", "2026-01-01", "--period", "2026-01"),
    ],
)
def test_what_excludes_each_other_is_wrong_usage(books, words):
    assert books.run(*words).code == 2


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("balance",),
        ("loyalty",),
        ("statement",),
        ("ageing",),
        ("entries",),
        ("trial-balance",),
        ("account",),
        ("close",),
        ("reopen",),
        ("periods",),
        ("export",),
        ("open-balances",),
    ],
)
def test_every_command_explains_itself_with_an_example(capsys, words):
    code = main(["ledger", *words, "--help"])

    assert code == 0
    assert "Example" in capsys.readouterr().out


def test_empty_books_are_no_error(books):
    assert "Nobody owes anything" in books.run("balance").out
    for words in (("ageing",), ("trial-balance",), ("entries",), ("periods",)):
        ran = books.run(*words)
        assert ran.code == 0, ran.err
