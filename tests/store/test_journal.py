"""What may stand in the journal, and what may be done to it: the same by every door."""

import threading
from collections.abc import Callable, Sequence
from functools import partial

import psycopg
import pytest
from books import JANUARY, QUESTIONS, Books, Entry, Line, sale

from customer_sync.infra.pg import Database, Transaction
from customer_sync.kernel.errors import CredentialError
from customer_sync.store import soundness

pytestmark = pytest.mark.pg15

REFUSED = (psycopg.errors.CheckViolation, psycopg.errors.NotNullViolation)


def test_what_was_posted_is_read_back_and_adds_up(books: Books):
    books.customers({7: 1, 8: 1})

    first, second = books.post(sale(7, 119_0000), sale(8, -19_0000, memo="half back"))

    assert second == first + 1
    assert books.rows("SELECT party, account, amount FROM balance ORDER BY 1, 2") == [
        (0, "4000", -100), (7, "1200", 119), (8, "1200", -19),
    ]  # fmt: skip
    assert books.unsound() == {}


def test_amounts_are_exact_to_the_last_of_eighteen_digits(books: Books):
    books.customers({7: 1})
    amount = 9 * 10**18

    books.post(sale(7, amount), sale(7, 1), sale(7, -3))

    assert books.rows("SELECT (amount * 10000)::bigint FROM balance WHERE party = 7") == [
        (amount - 2,)
    ]
    assert books.unsound() == {}


EUR = "EUR"
FIT = [("1200", 7, EUR, 100, 100), ("4000", None, EUR, -100, -100)]
UNFIT = {
    "is not zero": [("1200", 7, EUR, 100, 100), ("4000", None, EUR, -99, -99)],
    "is zero only over two currencies": [("1200", 7, EUR, 100, 100), ("4000", None, "USD", -100, -100)],
    "is not zero in the functional currency": [("1200", 7, "USD", 100, 90), ("4000", None, "USD", -100, -91)],
    "is not zero by the least amount": [("1200", 7, EUR, 1, 1)],
    "names nobody on a control account": [("1200", None, EUR, 100, 100), ("4000", None, EUR, -100, -100)],
    "names an account that is not there": [("1200", 7, EUR, 100, 100), ("4001", None, EUR, -100, -100)],
    "names an account no longer in use": [("1200", 7, EUR, 100, 100), ("9999", None, EUR, -100, -100)],
    "brings money where only points are": [("2300", 7, EUR, 100, 100), ("4000", None, EUR, -100, -100)],
    "names a party that cannot be": [("1200", 0, EUR, 100, 100), ("4000", None, EUR, -100, -100)],
    "has no such currency": [("1200", 7, "eur", 100, 100), ("4000", None, "eur", -100, -100)],
}  # fmt: skip


def refused(db: Database, work: Callable[[Transaction], object]) -> bool:
    """Return whether the journal refuses it; what it does not refuse is rolled back."""
    try:
        with db.transaction() as tx:
            work(tx)
            tx.discard()
    except REFUSED:
        return True
    return False


def values(lines: Sequence[tuple]) -> str:
    """Return the postings of entry 1 as plain SQL."""
    texts = (
        f"(1, {number}, '{account}', {'NULL' if party is None else party}, '{currency}', {amount}, {functional})"
        for number, (account, party, currency, amount, functional) in enumerate(lines, 1)
    )
    return ", ".join(texts)


def by_hand(tx: Transaction, lines: Sequence[tuple]) -> None:
    head(tx, 1, lines=len(lines))
    tx.execute(POSTING + values(lines))


def by_commit(books: Books, tx: Transaction, lines: Sequence[tuple]) -> None:
    unfit = [
        Line(account=a, party=p, currency=c, amount=m, functional=f) for a, p, c, m, f in lines
    ]
    books.post_in(tx, sale(7, 100), Entry(lines=unfit))


def test_the_program_refuses_an_entry_that(books: Books):
    passed = [
        why
        for why, lines in UNFIT.items()
        if not refused(books.db, partial(by_commit, books, lines=lines))
    ]

    assert passed == []
    assert not refused(books.db, partial(by_commit, books, lines=FIT))


def test_plain_sql_refuses_an_entry_that(books: Books):
    for db in (books.db, books.owner):
        passed = [
            why for why, lines in UNFIT.items() if not refused(db, partial(by_hand, lines=lines))
        ]

        assert passed == []
        assert not refused(db, partial(by_hand, lines=FIT))


def head(tx, id_: int, *, lines: int, day: str = "2026-01-15", period: str = "2026-01") -> None:
    tx.execute(
        "INSERT INTO entry (id, kind, date, period, rule, lines) VALUES (%s, 'correct', %s, %s, 'by hand', %s)",
        [id_, day, period, lines],
    )


POSTING = "INSERT INTO posting (entry, line, account, party, currency, amount, functional) VALUES "


def test_plain_sql_that_balances_is_posted_and_sealed(books: Books):
    books.customers({7: 1})

    with books.db.transaction() as tx:
        head(tx, 1, lines=2)
        tx.execute(POSTING + "(1, 1, '1200', 7, 'EUR', 5, 5), (1, 2, '4000', NULL, 'EUR', -5, -5)")

    assert books.rows("SELECT count(*) FROM seal") == [(1,)]
    assert books.rows("SELECT amount FROM balance WHERE party = 7") == [(5,)]


def test_an_entry_comes_whole_or_not_at_all(books: Books):
    two = "(1, {}, '1100', NULL, 'EUR', 5, 5), (1, {}, '4000', NULL, 'EUR', -5, -5)"
    torn = {
        "a line is missing": (3, two.format(1, 2)),
        "a line is left out": (2, two.format(1, 3)),
        "lines begin at nought": (2, two.format(0, 1)),
        "the entry is not there": (2, two.format(1, 2).replace("(1, ", "(2, ")),
    }

    for why, (lines, postings) in torn.items():
        with pytest.raises(psycopg.errors.CheckViolation, match="not whole"):
            with books.db.transaction() as tx:
                head(tx, 1, lines=lines)
                tx.execute(POSTING + postings)
            pytest.fail(why)


def test_nothing_is_added_to_a_posted_entry(books: Books):
    (id_,) = books.post(sale(7, 5_0000))

    with pytest.raises(psycopg.errors.CheckViolation, match="not whole"):
        with books.db.transaction() as tx:
            tx.execute(
                POSTING
                + f"({id_}, 3, '1100', NULL, 'EUR', 5, 5), ({id_}, 4, '4000', NULL, 'EUR', -5, -5)"
            )


def test_a_date_outside_its_period_is_refused(books: Books):
    with pytest.raises(psycopg.errors.CheckViolation, match="not in its period"):
        books.post(sale(7, 5_0000, date=JANUARY, period="2026-02"))


def test_what_was_reversed_is_not_reversed_again(books: Books):
    (id_,) = books.post(sale(7, 5_0000))
    books.post(sale(7, -5_0000, kind="reverse", reverses=id_))

    with pytest.raises(psycopg.errors.UniqueViolation):
        books.post(sale(7, -5_0000, kind="reverse", reverses=id_))


def test_what_was_posted_is_neither_changed_nor_deleted_by_anybody(books: Books):
    books.post(sale(7, 5_0000))

    for table, column in (("entry", "memo"), ("posting", "amount"), ("seal", "chain")):
        changes = (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", f"TRUNCATE {table}")  # fmt: skip
        for change in changes:
            with pytest.raises(CredentialError), books.db.transaction() as tx:
                tx.execute(change)
            with pytest.raises(psycopg.errors.RaiseException, match="only ever added to"):
                with books.owner.transaction() as tx:
                    tx.execute(change)


def test_who_runs_commands_cannot_get_past_the_journal(books: Books):
    books.post(sale(7, 5_0000))

    for statement in (
        "UPDATE balance SET amount = 0",
        "DELETE FROM balance",
        "INSERT INTO balance VALUES (7, '1200', 'EUR', 1, 1)",
        "INSERT INTO seal VALUES (9, '{[1,2)}', 1, 'x', 'x')",
        "DELETE FROM account",
        "DELETE FROM document",
        "DELETE FROM allocation",
        "DELETE FROM period",
        "ALTER TABLE posting DISABLE TRIGGER posted",
        "CREATE OR REPLACE FUNCTION post() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    ):
        with pytest.raises(CredentialError), books.db.transaction() as tx:
            tx.execute(statement)


def test_an_account_with_postings_stays_what_it_is(books: Books):
    books.post(sale(7, 5_0000))

    for change in ("is_control = NOT is_control", "type = 'equity'", "commodity = 'USD'", "code = '1201'"):  # fmt: skip
        with pytest.raises(psycopg.errors.CheckViolation, match="has postings"):
            with books.db.transaction() as tx:
                tx.execute(f"UPDATE account SET {change} WHERE code = '1200'")
    with books.db.transaction() as tx:
        tx.execute("UPDATE account SET name = 'Debtors', active = false WHERE code = '1200'")


# -- what an owner tampered with ------------------------------------------------------------------

TAMPERED = [
    # what somebody did past every guard                                             what finds it
    ("UPDATE posting SET amount = amount + 1, functional = functional + 1 WHERE line = 1 AND entry = {1}", {"entries_unsound", "control_differs", "balances_differ", "seals_broken"}),
    ("UPDATE posting SET amount = amount * 2, functional = functional * 2 WHERE entry = {1}", {"control_differs", "balances_differ", "seals_broken"}),
    ("UPDATE posting SET party = 8 WHERE line = 1 AND entry = {1}",                          {"balances_differ", "seals_broken"}),
    ("UPDATE posting SET account = '1100' WHERE account = '4000' AND entry = {1}",            {"balances_differ", "seals_broken"}),
    ("UPDATE posting SET document = 5 WHERE entry = {1}",                                    {"seals_broken"}),
    ("UPDATE entry SET memo = 'other' WHERE id = {1}",                                       {"seals_broken"}),
    ("UPDATE entry SET date = '2026-02-01', period = '2026-02' WHERE id = {1}",              {"seals_broken"}),
    ("UPDATE entry SET period = '2026-02' WHERE id = {1}",                                   {"seals_broken", "entries_unsound"}),
    ("DELETE FROM posting WHERE entry = {1}; DELETE FROM entry WHERE id = {1}",              {"control_differs", "balances_differ", "seals_broken"}),
    ("DELETE FROM posting WHERE entry = {1}",                                                {"entries_unsound", "control_differs", "balances_differ", "seals_broken"}),
    ("DELETE FROM entry WHERE id = {1}",                                                     {"entries_unsound", "seals_broken"}),
    ("INSERT INTO entry (id, kind, date, period, rule, lines) VALUES (99, 'post', '2026-01-01', '2026-01', 'x', 2); INSERT INTO posting VALUES (99, 1, '1100', NULL, 'EUR', 1, 1), (99, 2, '4000', NULL, 'EUR', -1, -1)", {"balances_differ", "entries_unsealed"}),
    ("UPDATE balance SET amount = 0 WHERE party = 7",                                         {"control_differs", "balances_differ"}),
    ("DELETE FROM balance WHERE party = 0",                                                   {"balances_differ"}),
    ("DELETE FROM link WHERE id = 7",                                                         {"control_differs"}),
    ("DELETE FROM seal WHERE number = 2",                                                     {"seals_broken", "entries_unsealed"}),
    ("UPDATE seal SET content = sha256('x') WHERE number = 2",                                {"seals_broken"}),
    ("UPDATE seal SET chain = sha256('x') WHERE number = 2",                                  {"seals_broken"}),
    ("ALTER TABLE posting DISABLE TRIGGER posted",                                            {"journal_unguarded"}),
    ("DROP TRIGGER allocated ON allocation",                                                  {"journal_unguarded"}),
]  # fmt: skip


def test_what_an_owner_tampered_with_is_found(books: Books):
    books.customers({7: 1, 8: 2})
    ids = [books.post(sale(7, amount), sale(8, amount))[0] for amount in (5_0000, 6_0000, 7_0000)]
    assert books.unsound() == {}

    for statement, expected in TAMPERED:
        with books.owner.transaction() as tx:
            if "TRIGGER" not in statement:
                unguard(tx)
            for one in statement.format(*ids).split("; "):
                tx.execute(one)
            found = {question for question in QUESTIONS if soundness.wrong(tx, question)}
            tx.discard()

        assert found - {"journal_unguarded"} == expected - {"journal_unguarded"}, statement
        assert ("journal_unguarded" in found) == ("journal_unguarded" in expected or "TRIGGER" not in statement)  # fmt: skip


def unguard(tx: Transaction) -> None:
    """Switch every guard off, as only the owner of the tables can."""
    for table in ("entry", "posting", "seal", "document", "allocation", "account"):
        tx.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def test_a_reversal_that_is_no_mirror_is_found(books: Books):
    books.customers({7: 1})
    (id_,) = books.post(sale(7, 5_0000))
    (other,) = books.post(sale(7, -4_0000, kind="reverse", reverses=id_))

    assert books.unsound() == {"reversals_unlike": [other]}


# -- many at once ---------------------------------------------------------------------------------


def test_many_post_to_the_same_accounts_and_nothing_is_lost(books: Books):
    books.customers(dict.fromkeys(range(1, 21), 1))

    def work(number: int) -> None:
        for turn in range(10):
            books.post(*(sale((number * turn + place) % 20 + 1, 1_0000) for place in range(5)))

    threads = [threading.Thread(target=work, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert books.rows("SELECT amount FROM balance WHERE account = '4000'") == [(-300,)]
    assert books.rows("SELECT count(*) FROM seal") == [(60,)]
    assert books.unsound() == {}
