"""The books in the language of Beancount.

Promises a file that `bean-check` accepts without tolerance: entries balance exactly, and `balance`
directives say what the kept balances are. Must not know where lines come from.
"""

import polars as pl

from customer_sync.engine.ledger.notation import Books, amount, line_of_text

__all__ = ["closing", "entries", "opening"]


def opening(books: Books) -> str:
    """Return options, commodities and the opening of every account."""
    lines = [
        f"; journal up to seal {books.seal} {books.chain}",
        'option "inferred_tolerance_default" "*:0"',
        'option "tolerance_multiplier" "0"',
        f'option "operating_currency" "{books.functional}"',
        *(f"{books.first} commodity {one}" for one in books.commodities),
    ]
    accounts = books.balances.join(
        books.chart.select(account="code", title="name"), on="account", maintain_order="left"
    ).unique("name", keep="first", maintain_order=True)
    opened = accounts.select(
        pl.concat_str(
            pl.lit(f"{books.first} open "), "name", pl.lit('\n  title: "'), _quoted("title"), pl.lit('"')
        )
    )  # fmt: skip
    return "\n".join([*lines, *opened.to_series().to_list(), ""])


def entries(lines: pl.DataFrame, books: Books) -> str:
    """Return transactions of lines that are in the order of the books."""
    number = pl.when(line_of_text("number") == "").then(pl.lit("")).otherwise(
        pl.concat_str(pl.lit('\n  number: "'), _quoted("number"), pl.lit('"'))
    )  # fmt: skip
    document = pl.when(pl.col("document").is_null()).then(pl.lit("")).otherwise(
        pl.concat_str(pl.lit("\n  document: "), pl.col("document").cast(pl.String))
    )  # fmt: skip
    head = pl.concat_str(
        pl.lit("\n"), pl.col("date").cast(pl.String), pl.lit(' * "'), _quoted("kind"), pl.lit('" "'), _quoted("memo"),
        pl.lit('"\n  entry: '), pl.col("entry").cast(pl.String), document, number, pl.lit("\n"),
    )  # fmt: skip
    posting = pl.concat_str(
        pl.lit("  "), "name", pl.lit("  "), amount(books), pl.lit(" "), "currency"
    )
    text = pl.when(pl.col("line") == 1).then(pl.concat_str(head, posting)).otherwise(posting)
    return "\n".join([*lines.select(text).to_series().to_list(), ""])


def closing(books: Books) -> str:
    """Return what every account came to, as assertions of the day after the last entry."""
    said = books.balances.select(
        pl.concat_str(
            pl.lit(f"{books.after} balance "), "name", pl.lit("  "), amount(books), pl.lit(" ~ 0 "), "currency"
        )
    )  # fmt: skip
    return "\n".join(["", *said.to_series().to_list(), ""])


def _quoted(column: str) -> pl.Expr:
    text = line_of_text(column)
    return text.str.replace_all("\\", "\\\\", literal=True).str.replace_all(
        '"', '\\"', literal=True
    )
