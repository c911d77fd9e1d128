"""The journal: write balanced entries, and read them back as books.

Promises that what `commit` wrote balances, names a party on control accounts, lies in open periods and
is sealed: the database's own triggers hold that, and hold it for every other door too. Writing takes
its locks in one order (documents, periods, balances, seal), so callers post once per transaction, after
everything else that locks. Must not know why anything is posted.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import cast

import polars as pl

from customer_sync.infra.pg import Transaction, load
from customer_sync.kernel.frames import empty
from customer_sync.model.document import ENTRIES

__all__ = [
    "ACCOUNTS", "BOOK", "FOUND", "PARTY_ACCOUNTS", "TRIAL_BALANCE", "Wanted", "account_before", "accounts",
    "add_accounts", "allocate", "balances", "commit", "entries", "find", "general_ledger", "head", "id_of", "money",
    "party_accounts", "posted", "span", "trial_balance",
]  # fmt: skip

STATEMENTS = load(__file__)
E4 = 10_000

ACCOUNTS: dict[str, pl.DataType] = {
    "code": pl.String(),
    "name": pl.String(),
    "type": pl.String(),
    "is_control": pl.Boolean(),
    "commodity": pl.String(),
    "active": pl.Boolean(),
}
TRIAL_BALANCE: dict[str, pl.DataType] = {
    "account": pl.String(),
    "name": pl.String(),
    "type": pl.String(),
    "currency": pl.String(),
    "debit_e4": pl.Int64(),
    "credit_e4": pl.Int64(),
    "amount_e4": pl.Int64(),
    "functional_e4": pl.Int64(),
}
BALANCES: dict[str, pl.DataType] = {
    "party": pl.Int64(),
    "account": pl.String(),
    "currency": pl.String(),
    "amount_e4": pl.Int64(),
    "functional_e4": pl.Int64(),
}
# party 0: postings that name none.
PARTY_ACCOUNTS: dict[str, pl.DataType] = {
    "account": pl.String(),
    "party": pl.Int64(),
    "customer": pl.Int64(),
    "currency": pl.String(),
    "amount_e4": pl.Int64(),
    "functional_e4": pl.Int64(),
}
# Postings with what their entry and their party tell, in the order of the books.
BOOK: dict[str, pl.DataType] = {
    **ENTRIES,
    "number": pl.String(),
    "line": pl.Int32(),
    "account": pl.String(),
    "party": pl.Int64(),
    "customer": pl.Int64(),
    "currency": pl.String(),
    "amount_e4": pl.Int64(),
    "functional_e4": pl.Int64(),
}
# external_id, stream: of the entry's document. reversed_by: the entry that takes it back.
FOUND: dict[str, pl.DataType] = {
    **BOOK,
    "external_id": pl.String(),
    "stream": pl.Int32(),
    "reversed_by": pl.Int64(),
}
_BEFORE: dict[str, pl.DataType] = {
    "currency": pl.String(),
    "amount_e4": pl.Int64(),
    "functional_e4": pl.Int64(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries are asked for: those that have all that is said. document: its number, or its system's id."""

    entry: int | None = None
    customer: int | None = None
    document: str | None = None
    account: str | None = None
    period: str | None = None
    since: date | None = None
    until: date | None = None


def add_accounts(tx: Transaction, chart: pl.DataFrame) -> None:
    """Bring the chart of accounts (ACCOUNTS) up to date; what is not in it stays as it is."""
    tx.stage("new_account", chart.select(list(ACCOUNTS)))
    tx.execute(STATEMENTS["add_accounts"])


def accounts(tx: Transaction) -> pl.DataFrame:
    """Return the chart of accounts, by code."""
    return tx.frame(STATEMENTS["accounts"], schema=ACCOUNTS)


def posted(tx: Transaction, codes: pl.Series) -> list[str]:
    """Return which of these accounts were posted to."""
    if codes.is_empty():
        return []
    return [cast("str", row[0]) for row in tx.rows(STATEMENTS["posted"], [codes.to_list()])]


# -- writing --------------------------------------------------------------------------------------


def allocate(tx: Transaction, count: int) -> pl.Series:
    """Return ids for new entries, ascending."""
    rows = tx.rows(STATEMENTS["allocate_entries"], [count])
    return pl.Series("entry", [row[0] for row in rows], dtype=pl.Int64)


def commit(
    tx: Transaction,
    new: pl.DataFrame,
    postings: pl.DataFrame,
    *,
    ids: pl.Series,
    now: datetime,
    stamp: int = 0,
) -> None:
    """Append entries and their postings; the database refuses all of them, or none.

    Args:
        tx: nothing that locks follows in it.
        new: model.document.ENTRIES, numbered 0..n-1.
        postings: model.document.POSTINGS of these numbers.
        ids: from `allocate`: the id of each number.
        now: when they are posted.
        stamp: the batch that posts them.
    """
    if new.is_empty():
        assert postings.is_empty(), "postings without an entry"
        return
    postings = postings.sort("entry", "line").with_columns(
        line=(pl.int_range(pl.len()).over("entry") + 1).cast(pl.Int32)
    )
    counts = postings.group_by("entry").agg(lines=pl.len().cast(pl.Int32))
    stamped = new.join(counts, on="entry", how="left", maintain_order="left").with_columns(
        entry=id_of("entry", ids), stamp=pl.lit(stamp, pl.Int64), at=pl.lit(now)
    )
    tx.copy_in("entry", stamped.rename({"entry": "id"}))
    tx.copy_in(
        "posting",
        postings.select(
            id_of("entry", ids), "line", "account", "party", "currency",
            money("amount_e4").alias("amount"), money("functional_e4").alias("functional"), "document",
        ),
    )  # fmt: skip


def id_of(number: str, ids: pl.Series) -> pl.Expr:
    """Return the ids of a column of numbers; null where there is none."""
    return pl.lit(ids).gather(pl.col(number)).alias(number)


def money(column: str) -> pl.Expr:
    """Return ten-thousandths of a unit as the plain number that PostgreSQL reads."""
    value = pl.col(column)
    units, rest = value.abs() // E4, value.abs() % E4
    sign = pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    fraction = rest.cast(pl.String).str.zfill(4)
    return pl.concat_str(sign, units.cast(pl.String), pl.lit("."), fraction).alias(column)


# -- reading --------------------------------------------------------------------------------------


def trial_balance(
    tx: Transaction, *, since: date | None = None, until: date | None = None
) -> pl.DataFrame:
    """Return debits, credits and balance of every account and currency (TRIAL_BALANCE).

    Without dates from the kept balances, whose cost does not grow with the age of the journal; then
    only `amount_e4` and `functional_e4` are known and debits and credits are those of the balance.
    """
    if since is None and until is None:
        return tx.frame(STATEMENTS["trial_balance"], schema=TRIAL_BALANCE)
    return tx.frame(
        STATEMENTS["trial_balance_between"], _between(since, until), schema=TRIAL_BALANCE
    )


def general_ledger(
    tx: Transaction,
    account: str,
    *,
    since: date | None = None,
    until: date | None = None,
) -> pl.DataFrame:
    """Return the postings of an account and its sub-accounts between two dates (BOOK), by date and entry."""
    found = _between(since, until) | {"account": account}
    return tx.frame(STATEMENTS["general_ledger"], found, schema=BOOK)


def account_before(tx: Transaction, account: str, since: date) -> pl.DataFrame:
    """Return currency and both amounts that an account came to before a day."""
    found = {"since": since, "account": account}
    return tx.frame(STATEMENTS["account_before"], found, schema=_BEFORE)


def find(tx: Transaction, wanted: Wanted, *, limit: int) -> pl.DataFrame:
    """Return the postings (FOUND) of the newest `limit` entries that are asked for, newest first."""
    asked = asdict(wanted) | _between(wanted.since, wanted.until) | {"limit": limit}
    return tx.frame(STATEMENTS["found_entries"], asked, schema=FOUND)


def entries(tx: Transaction, *, after: tuple[date, int] | None, limit: int) -> pl.DataFrame:
    """Return the postings (BOOK) of the next `limit` entries by date and id, beyond `after`."""
    day, entry = after or (date.min, 0)
    params = {"date": day, "entry": entry, "limit": limit}
    return tx.frame(STATEMENTS["entries"], params, schema=BOOK)


def balances(tx: Transaction, parties: pl.Series) -> pl.DataFrame:
    """Return what the postings of these parties add up to (BALANCES), by key."""
    if parties.is_empty():
        return empty(BALANCES)
    return tx.frame(STATEMENTS["balances"], [parties.to_list()], schema=BALANCES)


def party_accounts(tx: Transaction) -> pl.DataFrame:
    """Return every account, party and customer that was posted to, and what it came to (PARTY_ACCOUNTS)."""
    return tx.frame(STATEMENTS["party_accounts"], schema=PARTY_ACCOUNTS)


def span(tx: Transaction) -> tuple[date, date] | None:
    """Return the first and the last day of the journal; None while it is empty."""
    first, last = tx.rows(STATEMENTS["span"])[0]
    return None if first is None else cast("tuple[date, date]", (first, last))


def head(tx: Transaction) -> tuple[int, str]:
    """Return the number and the digest of the last seal: who keeps it can prove later what stood."""
    rows = tx.rows(STATEMENTS["head"])
    return cast("tuple[int, str]", rows[0]) if rows else (0, "")


def _between(since: date | None, until: date | None) -> dict[str, object]:
    return {"since": since or date.min, "until": until or date.max}
