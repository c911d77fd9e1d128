"""The books in the language of hledger.

Promises a file that `hledger check --strict` accepts: accounts and commodities are declared, entries
balance, and assertions at the end say what the kept balances are. Must not know where lines come from.
"""

import polars as pl

from customer_sync.engine.ledger.notation import Books, amount, line_of_text

__all__ = ["closing", "entries", "opening"]


def opening(books: Books) -> str:
    """Return the commodities with their digits, and the declaration of every account."""
    units = pl.DataFrame(
        {"currency": books.commodities, "amount_e4": 10_000_000},
        schema={"currency": pl.String, "amount_e4": pl.Int64},
    )
    shown = units.select(
        pl.concat_str(pl.lit("commodity "), _marked(amount(books)), pl.lit(" "), _symbol())
    )
    accounts = books.balances.join(
        books.chart.select(account="code", title="name"), on="account", maintain_order="left"
    ).unique("name", keep="first", maintain_order=True)
    declared = accounts.select(
        pl.concat_str(pl.lit("account "), "name", pl.lit("  ; title:"), _plain("title"))
    )
    head = [f"; journal up to seal {books.seal} {books.chain}", "decimal-mark ."]
    return "\n".join([*head, *shown.to_series().to_list(), *declared.to_series().to_list(), ""])


def entries(lines: pl.DataFrame, books: Books) -> str:
    """Return transactions of lines that are in the order of the books."""
    document = pl.when(pl.col("document").is_null()).then(pl.lit("")).otherwise(
        pl.concat_str(pl.lit(", document:"), pl.col("document").cast(pl.String))
    )  # fmt: skip
    number = pl.when(_plain("number") == "").then(pl.lit("")).otherwise(
        pl.concat_str(pl.lit(", number:"), _plain("number"))
    )  # fmt: skip
    head = pl.concat_str(
        pl.lit("\n"), pl.col("date").cast(pl.String), pl.lit(" * "), _plain("kind"), pl.lit(" | "), _plain("memo"),
        pl.lit("  ; entry:"), pl.col("entry").cast(pl.String), document, number, pl.lit("\n"),
    )  # fmt: skip
    posting = pl.concat_str(
        pl.lit("    "), "name", pl.lit("  "), amount(books), pl.lit(" "), _symbol()
    )
    text = pl.when(pl.col("line") == 1).then(pl.concat_str(head, posting)).otherwise(posting)
    return "\n".join([*lines.select(text).to_series().to_list(), ""])


def closing(books: Books) -> str:
    """Return what every account came to, as assertions in one transaction that moves nothing."""
    if books.balances.is_empty():
        return ""
    said = books.balances.select(
        pl.concat_str(
            pl.lit("    "), "name", pl.lit("  0 "), _symbol(), pl.lit(" = "), amount(books), pl.lit(" "), _symbol()
        )
    )  # fmt: skip
    return "\n".join(["", f"{books.after} * kept balances", *said.to_series().to_list(), ""])


def _symbol() -> pl.Expr:
    """Return the commodity; one with digits is quoted."""
    is_letters = pl.col("currency").str.contains(r"^[A-Za-z]+$")
    quoted = pl.concat_str(pl.lit('"'), "currency", pl.lit('"'))
    return pl.when(is_letters).then("currency").otherwise(quoted)


def _marked(text: pl.Expr) -> pl.Expr:
    # A directive without a decimal mark would leave open what the mark is.
    return (
        pl.when(text.str.contains(".", literal=True))
        .then(text)
        .otherwise(pl.concat_str(text, pl.lit(".")))
    )


def _plain(column: str) -> pl.Expr:
    """Return a text that begins no comment and no tag."""
    return (
        line_of_text(column)
        .str.replace_all(r"[;,|]", " ")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
    )
