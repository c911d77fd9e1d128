"""Independent programs read the books, recompute every balance, and come to ours to the last unit."""

import csv
import io
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from bookkeeping import Bookkeeper
from books import Entry, Line, sale
from hypothesis import given, settings
from hypothesis import strategies as st
from trade import Trade

from customer_sync.engine.ledger import export
from customer_sync.engine.ledger.notation import account_name
from customer_sync.store import journal, receivables

DOCUMENTS = int(os.environ.get("CUSTOMER_SYNC_TEST_DOCUMENTS", "50000"))
PARTIES = 4_000
BATCH = 5_000
BEAN_CHECK = Path(sys.executable).with_name("bean-check")
Balances = Mapping[tuple[str, str], Decimal]  # (customer or account, currency) -> amount


def programs() -> None:
    missing = [name for name, found in (("hledger (Debian package hledger)", shutil.which("hledger")),
                                        ("bean-check (beancount from PyPI)", BEAN_CHECK.exists() or None)) if not found]  # fmt: skip
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def written(keeper: Bookkeeper, folder: Path, style: str, book: str = "document") -> Path:
    path = folder / f"{book}.{style}"
    with path.open("w", encoding="utf-8") as file:
        export(keeper.db, file, style, functional="EUR", book=book)
    return path


def run(*words: object) -> str:
    done = subprocess.run(
        [str(word) for word in words], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def of_customer(name: str) -> str | None:
    """Return the customer in the name of an account."""
    found = re.search(r":C(\d+):L\d+$", name)
    return found and found[1]


def beancount_balances(path: Path) -> Balances:
    """Per customer, added up from the transactions that Beancount's own parser reads."""
    from beancount.core.data import Transaction
    from beancount.parser.parser import parse_file

    entries, errors, _ = parse_file(str(path))
    assert errors == []
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        for posting in entry.postings if isinstance(entry, Transaction) else ():
            customer = of_customer(posting.account)
            if customer:
                sums[customer, posting.units.currency] += posting.units.number
    return {key: amount for key, amount in sums.items() if amount}


def hledger_balances(path: Path) -> Balances:
    """Per customer, as hledger reports them."""
    text = run(
        "hledger",
        "-f",
        path,
        "balance",
        "--flat",
        "--no-total",
        "--layout=bare",
        "-O",
        "csv",
        "-E",
        "-c",
        "1000.0000 EUR",
    )
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in csv.DictReader(io.StringIO(text)):
        customer = of_customer(row["account"])
        if customer:
            sums[customer, row["commodity"]] += Decimal(row["balance"])
    return {key: amount for key, amount in sums.items() if amount}


def own_balances(keeper: Bookkeeper, book: str = "document") -> Balances:
    """Per customer, as the ledger keeps them."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    with keeper.db.transaction() as tx:
        for customer, _, currency, amount, functional in receivables.balances(tx).rows():
            is_functional = book == "functional" and currency != "PTS"
            key = (str(customer), "EUR" if is_functional else currency)
            sums[key] += Decimal(functional if is_functional else amount) / 10_000
    return {key: amount for key, amount in sums.items() if amount}


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_a_year_of_trade_is_accepted_and_comes_to_the_same(keeper: Bookkeeper, tmp_path: Path):
    programs()
    keeper.books.customers({party: party // 2 + 1 for party in range(1, PARTIES + 1)})
    trade = Trade(seed=1, parties=PARTIES).year(DOCUMENTS)
    for documents, lines in trade.batches(BATCH):
        keeper.absorb(documents, lines)
    assert keeper.books.unsound() == {}

    for book in ("document", "functional"):
        own = own_balances(keeper, book)
        assert len(own) > min(PARTIES, DOCUMENTS) // 10
        run(BEAN_CHECK, written(keeper, tmp_path, "beancount", book))
        assert beancount_balances(tmp_path / f"{book}.beancount") == own
        run(
            "hledger",
            "-f",
            written(keeper, tmp_path, "hledger", book),
            "check",
            "--strict",
            "ordereddates",
        )
        assert hledger_balances(tmp_path / f"{book}.hledger") == own


def test_a_program_that_accepts_the_books_has_checked_our_balances(
    keeper: Bookkeeper, tmp_path: Path
):
    programs()
    keeper.books.customers({7: 1})
    keeper.books.post(sale(7, 100_0000))
    with keeper.books.owner.transaction() as tx:
        tx.execute("UPDATE balance SET amount = amount + 0.01")

    for style, words in (("beancount", [BEAN_CHECK]), ("hledger", ["hledger", "check", "-f"])):
        path = written(keeper, tmp_path, style)
        done = subprocess.run([*map(str, words), str(path)], check=False, capture_output=True)
        assert done.returncode != 0, style


AWKWARD = 'a "quoted" \\ text; with, signs | and\nlines\t\x07 {1} 2026-01-01 * ünï'


def test_awkward_texts_and_accounts_are_accepted(keeper: Bookkeeper, tmp_path: Path):
    programs()
    keeper.books.customers({7: 1, 8: 1})
    chart = pl.DataFrame([(code, AWKWARD, "expense", False, None, True) for code in ("6.a", "6-a", "6_a", "6--a", "6.-a", "x.Y_z-", "a")],
                         schema=journal.ACCOUNTS, orient="row")  # fmt: skip
    with keeper.db.transaction() as tx:
        journal.add_accounts(tx, chart)
    points = [
        Line(account="2300", amount=-5_0000, party=7, currency="PTS", functional=0),
        Line(account="5300", amount=5_0000, currency="PTS", functional=0),
    ]
    difference = [
        Line(account="1200", amount=0, party=8, currency="USD", functional=5),
        Line(account="4900", amount=0, currency="USD", functional=-5),
    ]
    finer = [Line(account="1200", amount=1, party=8), Line(account="4000", amount=-1)]
    yen = [
        Line(account="1200", amount=3_0000, party=8, currency="JPY", functional=183),
        Line(account="4000", amount=-3_0000, currency="JPY", functional=-183),
    ]
    dinars = [
        Line(account="1200", amount=1_2340, party=8, currency="KWD", functional=3_7000),
        Line(account="4000", amount=-1_2340, currency="KWD", functional=-3_7000),
    ]
    keeper.books.post(
        *(Entry(lines=lines, memo=AWKWARD) for lines in (points, difference, finer, yen, dinars)),
        *(Entry(lines=[Line(account=code, amount=1_0000), Line(account="1100", amount=-1_0000)]) for code in chart["code"]),
        sale(7, -19_9900, date=date(2024, 2, 29)),
    )  # fmt: skip

    for book in ("document", "functional"):
        run(BEAN_CHECK, written(keeper, tmp_path, "beancount", book))
        run(
            "hledger",
            "-f",
            written(keeper, tmp_path, "hledger", book),
            "check",
            "--strict",
            "ordereddates",
        )
        assert beancount_balances(tmp_path / f"{book}.beancount") == own_balances(keeper, book)
        assert hledger_balances(tmp_path / f"{book}.hledger") == own_balances(keeper, book)


@pytest.mark.parametrize("style", ["beancount", "hledger", "csv"])
def test_the_same_journal_gives_the_same_text(keeper: Bookkeeper, tmp_path: Path, style: str):
    keeper.books.customers({7: 1, 8: 1})
    keeper.books.post(*(sale(7 + number % 2, number, memo=f"m{number}") for number in range(1, 40)))

    first = written(keeper, tmp_path, style).read_text()

    assert written(keeper, tmp_path, style).read_text() == first
    assert first.count("m17") == 1 if style != "csv" else 2


def test_empty_books_are_accepted(keeper: Bookkeeper, tmp_path: Path):
    programs()
    run(BEAN_CHECK, written(keeper, tmp_path, "beancount"))
    run("hledger", "-f", written(keeper, tmp_path, "hledger"), "check", "--strict")
    assert written(keeper, tmp_path, "csv").read_text().startswith("entry,date,")


def test_csv_holds_every_posting_exactly(keeper: Bookkeeper, tmp_path: Path):
    keeper.books.customers({7: 3})
    keeper.books.post(sale(7, 19_9900, memo=AWKWARD))

    text = written(keeper, tmp_path, "csv").read_bytes().decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))

    assert [(row["account"], row["customer"], row["party"], row["currency"], row["amount"]) for row in rows] == [
        ("1200", "3", "7", "EUR", "19.99"), ("4000", "", "", "EUR", "-19.99"),
    ]  # fmt: skip
    assert rows[0]["memo"] == AWKWARD


CODES = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,8}\Z")


@settings(deadline=None)
@given(st.lists(CODES, unique=True, min_size=2, max_size=30))
def test_two_accounts_never_have_one_name(codes: list[str]):
    names = pl.DataFrame({"code": codes}).select(account_name("code")).to_series()

    assert names.n_unique() == len(codes)
    assert names.str.contains(r"^[A-Z0-9][A-Za-z0-9-]*$").all()
