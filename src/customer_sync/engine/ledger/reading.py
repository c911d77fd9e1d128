"""The books as an accountant reads them: entries, the trial balance, the general ledger of an account.

Reads only. Promises that a trial balance says whether debits are credits, and that an account's opening
balance and its lines come to its closing balance. Must not know who asks.
"""

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from customer_sync.core.decide import Published
from customer_sync.core.ledger import Rules
from customer_sync.engine.ledger.notation import Amounts, amounts
from customer_sync.engine.ledger.owing import resolved
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.errors import InvalidInputError, NotFoundError
from customer_sync.store import journal

__all__ = [
    "AccountBook",
    "TrialBalance",
    "account_book",
    "days_of",
    "found_entries",
    "trial_balance",
]

_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_KEY = ["account", "currency"]
_BOTH = ["amount_e4", "functional_e4"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBalance:
    """What every account came to. rows: opening, debit, credit and closing by account and currency."""

    since: date | None
    until: date | None
    rows: pl.DataFrame
    write: Amounts

    @property
    def adds_up(self) -> bool:
        """Return whether it comes to nothing, in each currency and in the functional one."""
        sums = self.rows.group_by("currency").agg(pl.col("closing_e4", "functional_e4").sum())
        return bool((sums["closing_e4"] == 0).all()) and sums["functional_e4"].sum() == 0

    def totals(self) -> pl.DataFrame:
        """Return the sums of debits and credits by currency."""
        columns = ["opening_e4", "debit_e4", "credit_e4", "closing_e4", "functional_e4"]
        return self.rows.group_by("currency").agg(pl.col(columns).sum()).sort("currency")

    def as_json(self) -> dict[str, Any]:
        """Return everything as values that the JSON writer knows."""
        return {
            "from": self.since, "to": self.until, "currency": self.write.functional,
            "accounts": self.write.told(self.rows), "totals": self.write.told(self.totals()), "adds_up": self.adds_up,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBook:
    """The general ledger of one account. opening, closing: by currency."""

    account: str
    name: str
    since: date | None
    until: date | None
    opening: pl.DataFrame
    lines: pl.DataFrame
    closing: pl.DataFrame
    write: Amounts

    def as_json(self) -> dict[str, Any]:
        """Return everything as values that the JSON writer knows."""
        return {
            "account": self.account, "name": self.name, "from": self.since, "to": self.until,
            "currency": self.write.functional, "opening": self.write.told(self.opening),
            "lines": self.write.told(self.lines), "closing": self.write.told(self.closing),
        }  # fmt: skip


def days_of(period: str) -> tuple[date, date]:
    """Return the first and the last day of a period, such as 2026-01.

    Raises:
        InvalidInputError: There is no such period.
    """
    if not _PERIOD.fullmatch(period) or period.startswith("0000"):
        raise InvalidInputError(
            "a period is a year and a month", hint="write it like 2026-01", context={"given": period[:20]}
        )  # fmt: skip
    year, month = int(period[:4]), int(period[5:])
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def trial_balance(
    tx: Transaction, rules: Rules, *, since: date | None = None, until: date | None = None
) -> TrialBalance:
    """Return what every account came to; between days, with what it came to before."""
    moved = journal.trial_balance(tx, since=since, until=until)
    moved = moved.rename({"amount_e4": "moved_e4", "functional_e4": "functional_moved_e4"})
    # Nothing lies before the first day that there is.
    since = None if since == date.min else since
    before = journal.trial_balance(tx, until=since - timedelta(days=1)) if since else moved.clear()
    if not since:
        before = before.rename({"moved_e4": "amount_e4", "functional_moved_e4": "functional_e4"})
    opening = before.select(
        *_KEY, "name", "type", opening_e4="amount_e4", functional_opening_e4="functional_e4"
    )
    keys = [*_KEY, "name", "type"]
    both = moved.join(opening, on=keys, how="full", coalesce=True).with_columns(
        pl.col(pl.Int64).fill_null(0)
    )
    rows = both.select(
        "account", "name", "type", "currency", "opening_e4", "debit_e4", "credit_e4",
        closing_e4=pl.col("opening_e4") + pl.col("moved_e4"),
        functional_e4=pl.col("functional_opening_e4") + pl.col("functional_moved_e4"),
    ).sort(_KEY)  # fmt: skip
    return TrialBalance(since=since, until=until, rows=rows, write=amounts(rules))


def account_book(
    tx: Transaction, rules: Rules, account: str, *, since: date | None, until: date | None
) -> AccountBook:
    """Return the postings of an account and its sub-accounts, with what it came to after each.

    Raises:
        NotFoundError: There is no such account.
    """
    chart = _chart(tx, account)
    lines = journal.general_ledger(tx, account, since=since, until=until)
    opening = journal.account_before(tx, account, since or date.min)
    brought = dict(opening.select("currency", "amount_e4").rows())
    start = pl.col("currency").replace_strict(brought, default=0, return_dtype=pl.Int64)
    running = lines.with_columns(
        balance_e4=start + pl.col("amount_e4").cum_sum().over("currency")
    ).select(
        "date", "entry", "line", "kind", "rule", "document", "number", "reverses", "memo", "account", "customer",
        "currency", "amount_e4", "balance_e4", "functional_e4",
    )  # fmt: skip
    moves = pl.concat([opening, lines.select(opening.columns)])
    return AccountBook(
        account=account, name=chart[account], since=since, until=until, opening=opening, lines=running,
        closing=moves.group_by("currency").agg(pl.col(_BOTH).sum()).sort("currency"), write=amounts(rules),
    )  # fmt: skip


def _chart(tx: Transaction, account: str) -> dict[str, str]:
    """Return code -> name of all accounts; this one is among them."""
    chart = dict(journal.accounts(tx).select("code", "name").rows())
    if account not in chart:
        raise NotFoundError(
            f"there is no account {account[:40]}", hint="see the accounts with: customer-sync ledger trial-balance"
        )  # fmt: skip
    return chart


def found_entries(
    tx: Transaction, rules: Published, books: Rules, wanted: journal.Wanted, *, limit: int
) -> list[dict[str, Any]]:
    """Return the newest entries that are asked for, each with its lines.

    Raises:
        NotFoundError: There is no such customer, or no such account.
        InvalidInputError: There is no such period.
    """
    if wanted.period is not None:
        days_of(wanted.period)
    if wanted.account is not None:
        _chart(tx, wanted.account)
    if wanted.customer is not None:
        wanted = replace(wanted, customer=resolved(tx, wanted.customer))
    found = journal.find(tx, wanted, limit=limit)
    titles = {stream.id: stream.title for stream in rules.streams.values()}
    found = found.with_columns(
        stream=pl.col("stream").replace_strict(titles, default=None, return_dtype=pl.String),
        debit_e4=pl.when(pl.col("amount_e4") > 0).then("amount_e4"),
        credit_e4=pl.when(pl.col("amount_e4") < 0).then(-pl.col("amount_e4")),
    )
    return amounts(books).told(
        found.select(
            "entry", "date", "kind", "rule", "document", "number", "stream", "external_id", "reverses", "reversed_by",
            "memo", "line", "account", "customer", "currency", "debit_e4", "credit_e4", "functional_e4",
        )
    )  # fmt: skip
