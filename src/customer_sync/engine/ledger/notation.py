"""How accounts, amounts and texts are written so that plain-text accounting programs accept them.

Decides names: `Assets:1200:C5:L17` is account 1200 of customer 5 by its record's link 17. Promises that
two accounts never have one name, and that amounts are exact. Must not know which program reads them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

import polars as pl

from customer_sync.core.ledger import Rules
from customer_sync.model.currency import UNIT_E4_COMMODITY, UNIT_E4_DEFAULT, UNITS_E4

__all__ = [
    "Amounts",
    "Books",
    "account_name",
    "amount",
    "amount_text",
    "line_of_text",
    "named",
    "party_names",
    "valued",
]

ROOTS = {
    "asset": "Assets", "liability": "Liabilities", "equity": "Equity", "revenue": "Income", "expense": "Expenses",
}  # fmt: skip
E4 = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What is the same for every line of an export.

    balances: account, party, customer, name, currency, amount_e4 of all that was posted to. first: the day
    of the first entry. after: the day after the last.
    """

    chart: pl.DataFrame
    functional: str
    in_functional: bool
    first: date
    after: date
    seal: int
    chain: str
    balances: pl.DataFrame

    def with_balances(self, balances: pl.DataFrame) -> Self:
        """Return the same with balances."""
        return replace(self, balances=balances)

    @property
    def points(self) -> Sequence[str]:
        """Commodities that are no money."""
        found: list[str] = self.chart["commodity"].drop_nulls().unique().sort().to_list()
        return found

    @property
    def commodities(self) -> Sequence[str]:
        """Currencies and points that amounts are in, sorted."""
        found: list[str] = self.balances["currency"].unique().sort().to_list()
        return found


def valued(lines: pl.DataFrame, books: Books) -> pl.DataFrame:
    """Return lines with the amounts of the book; points are points in every book."""
    if not books.in_functional:
        return lines
    points = books.chart.filter(pl.col("commodity").is_not_null())["code"]
    is_money = ~pl.col("account").is_in(points.implode())
    return lines.with_columns(
        amount_e4=pl.when(is_money).then("functional_e4").otherwise("amount_e4"),
        currency=pl.when(is_money).then(pl.lit(books.functional)).otherwise("currency"),
    )


def named(lines: pl.DataFrame, books: Books) -> pl.DataFrame:
    """Add `name`: the account of each line with its customer and party."""
    roots = books.chart.select(account="code", root=_root())
    found = lines.join(roots, on="account", how="left", maintain_order="left")
    party = pl.col("party").fill_null(0)
    customer = (
        pl.when(pl.col("customer").is_null()).then(pl.lit("C0")).otherwise(_tag("C", "customer"))
    )
    below = (
        pl.when(party == 0)
        .then(pl.lit(""))
        .otherwise(pl.concat_str(pl.lit(":"), customer, pl.lit(":"), _tag("L", "party")))
    )
    return found.with_columns(
        name=pl.concat_str("root", pl.lit(":"), account_name("account"), below)
    ).drop("root")


def party_names(lines: pl.DataFrame, books: Books) -> pl.DataFrame:
    """Return account, party, customer, name, currency and amount_e4, one row each, in the order of names' keys."""
    keys = ["account", "customer", "party", "currency"]
    sums = lines.group_by(keys).agg(pl.col("amount_e4").sum()).sort(keys, nulls_last=False)
    return named(sums, books)


def account_name(code: str) -> pl.Expr:
    """Return the part of a name that stands for an account's code: letters, digits and dashes.

    A dot becomes a dash; any other sign its hexadecimal number between two dashes and one; before a small
    letter, with which no name may begin, stands `A--`. Every code gives another name.
    """
    text = pl.col(code)
    for sign in "-_":
        # Held apart until dots are dashes, lest they be taken for one another.
        text = text.str.replace_all(sign, f"\x00{ord(sign):x}\x01", literal=True)
    text = text.str.replace_all(".", "-", literal=True)
    text = text.str.replace_all("\x00", "--", literal=True)
    text = text.str.replace_all("\x01", "-", literal=True)
    is_small = text.str.contains("^[a-z]")
    return pl.when(is_small).then(pl.concat_str(pl.lit("A--"), text)).otherwise(text)


def amount(books: Books) -> pl.Expr:
    """Return `amount_e4` in units of `currency`, with the digits it has, or more where an amount needs them."""
    return amount_text("amount_e4", pl.col("currency"), books.points)


def amount_text(column: str, currency: pl.Expr, points: Sequence[str]) -> pl.Expr:
    """Return ten-thousandths of a currency's unit as a plain number with the digits that the currency has."""
    units = {**UNITS_E4, **dict.fromkeys(points, UNIT_E4_COMMODITY)}
    unit = currency.replace_strict(units, default=UNIT_E4_DEFAULT, return_dtype=pl.Int64)
    value = pl.col(column)
    whole, rest = value.abs() // E4, (value.abs() % E4).cast(pl.String).str.zfill(4)
    digits = 5 - unit.cast(pl.String).str.len_chars()
    shown = pl.when(value % unit == 0).then(rest.str.head(digits)).otherwise(rest)
    point = pl.when(shown.str.len_chars() > 0).then(pl.lit(".")).otherwise(pl.lit(""))
    sign = pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.concat_str(sign, whole.cast(pl.String), point, shown).alias(column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """How reports write amounts: exact plain numbers. functional: the functional currency. points: no money."""

    functional: str
    points: Sequence[str]

    def told(self, frame: pl.DataFrame) -> list[dict[str, Any]]:
        """Return the rows of a frame; each ``NAME_e4`` is ``NAME``, in its row's currency or the functional one."""
        own = pl.col("currency") if "currency" in frame.columns else pl.lit(self.functional)
        texts = []
        for name in frame.columns:
            column = name.removesuffix("_e4")
            if column == name:
                texts.append(pl.col(name))
                continue
            currency = pl.lit(self.functional) if column.startswith("functional") else own
            texts.append(amount_text(name, currency, self.points).alias(column))
        return frame.select(texts).to_dicts()


def amounts(rules: Rules) -> Amounts:
    """Return how amounts are written under these rules."""
    return Amounts(functional=rules.functional, points=(rules.config.loyalty.commodity,))


def line_of_text(column: str) -> pl.Expr:
    """Return a text on one line, without signs that no text file should hold; empty for null."""
    return pl.col(column).fill_null("").str.replace_all(r"[\s\p{Cc}]+", " ").str.strip_chars()


def _root() -> pl.Expr:
    return pl.col("type").replace_strict(ROOTS)


def _tag(letter: str, column: str) -> pl.Expr:
    return pl.concat_str(pl.lit(letter), pl.col(column).cast(pl.String))
