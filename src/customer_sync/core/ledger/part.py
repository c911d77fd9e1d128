"""The parts of a document: which amount of it is revenue, shipping, discount, tax, fee.

Decides what a source left unsaid: the tax of a line from its rate, with prices that include it or not;
revenue from net or total where there are no lines. Promises to change nothing that was given: total and
tax of the document are its source's, and what then does not add up shows when the entry is balanced.
Amounts of the document itself are without tax; those of lines include it where prices do. A discount
takes away what it says.
"""

import polars as pl

from customer_sync.core.ledger.money import quotient

__all__ = ["PARTS", "parts"]

PARTS = ["document", "measure", "account", "tax_code", "start", "end", "amount_e4"]
_RATE_E6_ONE = 1_000_000
_OWN = ["total", "tax", "shipping", "discount", "fee", "items"]


def parts(documents: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Return the parts of documents, several rows a measure where lines differ; zeros are left out.

    Args:
        documents: DOCUMENTS and ``unit``.
        lines: LINES, also of other documents.
    """
    of_documents = [
        "document",
        "prices_include_tax",
        "unit",
        "tax_e4",
        "service_start",
        "service_end",
    ]
    joined = lines.join(
        documents.select(of_documents), on="document", suffix="_of_document", maintain_order="left"
    )
    taxed = _netted(_taxed(joined))
    said = taxed.group_by("document").agg(
        pl.col("tax").sum().alias("lines_tax"),
        pl.col("net").filter(pl.col("kind") == "shipping").sum().alias("lines_shipping"),
        pl.col("net").filter(pl.col("kind") == "discount").sum().alias("lines_discount"),
        (pl.col("kind") == "item").any().alias("has_items"),
    )
    known = documents.select(
        "document", "total_e4", "net_e4", "tax_e4", "shipping_e4", "discount_e4", "fee_e4",
        "service_start", "service_end",
    ).join(said, on="document", how="left", maintain_order="left")  # fmt: skip
    return pl.concat([_own(known), _of_lines(taxed, known)]).filter(pl.col("amount_e4") != 0)


def _taxed(lines: pl.DataFrame) -> pl.DataFrame:
    """Add ``line_tax``: given, else by rate, else its share of the document's where prices include it."""
    rate, amount, unit = pl.col("tax_rate_e6"), pl.col("amount_e4").cast(pl.Int128), pl.col("unit")
    base = pl.when("prices_include_tax").then(rate + _RATE_E6_ONE).otherwise(_RATE_E6_ONE)
    by_rate = quotient(amount * rate, (base * unit).cast(pl.Int128)).cast(pl.Int64) * unit
    lines = lines.with_columns(line_tax=pl.coalesce("tax_e4", by_rate))
    shares = (
        pl.col("prices_include_tax")
        & pl.col("tax_e4_of_document").is_not_null()
        & pl.col("line_tax").is_null().all().over("document")
    )
    lines = lines.with_columns(shares=shares.fill_null(value=False))
    if lines["shares"].any():
        lines = pl.concat([lines.filter(~pl.col("shares")), _shared(lines.filter("shares"))])
    return lines.with_columns(pl.col("line_tax").fill_null(0))


def _shared(lines: pl.DataFrame) -> pl.DataFrame:
    sign = pl.when(pl.col("kind") == "discount").then(-1).otherwise(1)
    lines = lines.sort("document", "line").with_columns(signed=sign * pl.col("amount_e4"))
    whole = pl.col("signed").sum().over("document")
    upto = pl.col("signed").cum_sum().over("document")
    tax = pl.col("tax_e4_of_document").cast(pl.Int128)
    # A share of what is nothing as a whole is nothing.
    divisor = pl.when(whole == 0).then(1).otherwise(whole.abs() * pl.col("unit")).cast(pl.Int128)
    direction = pl.when(whole == 0).then(0).otherwise(whole.sign())
    shared = quotient(tax * upto * direction, divisor).cast(pl.Int64) * pl.col("unit")
    lines = lines.with_columns(shared=shared)
    step = pl.col("shared") - pl.col("shared").shift(fill_value=0).over("document")
    return lines.with_columns(line_tax=step * sign).drop("signed", "shared")


def _netted(lines: pl.DataFrame) -> pl.DataFrame:
    included = pl.col("prices_include_tax").fill_null(value=False)
    away = pl.col("kind") == "discount"
    return lines.with_columns(
        net=pl.col("amount_e4") - pl.when(included).then("line_tax").otherwise(0),
        tax=pl.when(away).then(-pl.col("line_tax")).otherwise("line_tax"),
        start=pl.coalesce("service_start", "service_start_of_document"),
        end=pl.coalesce("service_end", "service_end_of_document"),
    )


def _own(known: pl.DataFrame) -> pl.DataFrame:
    """Return what the document says itself, and what follows where it has no lines."""
    tax = pl.coalesce("tax_e4", "lines_tax", pl.lit(0, pl.Int64))
    shipping, discount = pl.col("shipping_e4").fill_null(0), pl.col("discount_e4").fill_null(0)
    net = pl.coalesce("net_e4", pl.col("total_e4") - tax)
    wide = known.select(
        "document",
        "service_start",
        "service_end",
        total="total_e4",
        # What lines say of tax by its code stands in their own rows; here stands the difference.
        tax=tax - pl.col("lines_tax").fill_null(0),
        shipping=shipping,
        discount=discount,
        fee=pl.col("fee_e4").fill_null(0),
        items=pl.when(pl.col("has_items").fill_null(value=False))
        .then(0)
        .otherwise(
            net
            - pl.coalesce("shipping_e4", "lines_shipping", pl.lit(0, pl.Int64))
            + pl.coalesce("discount_e4", "lines_discount", pl.lit(0, pl.Int64))
        ),
    )
    long = wide.unpivot(
        _OWN, index=["document", "service_start", "service_end"], variable_name="measure",
        value_name="amount_e4",
    )  # fmt: skip
    nothing = pl.lit(None, pl.String)
    return long.select(
        "document",
        "measure",
        nothing.alias("account"),
        nothing.alias("tax_code"),
        pl.col("service_start").alias("start"),
        pl.col("service_end").alias("end"),
        "amount_e4",
    )


def _of_lines(lines: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return what lines say of items, of tax, and of shipping and discount where the document does not."""
    own = known.select("document", "shipping_e4", "discount_e4")
    lines = lines.join(own, on="document", maintain_order="left")
    told = ((pl.col("kind") == "shipping") & pl.col("shipping_e4").is_not_null()) | (
        (pl.col("kind") == "discount") & pl.col("discount_e4").is_not_null()
    )
    nothing = pl.lit(None, pl.String)
    nets = lines.filter(~told).select(
        "document",
        pl.col("kind").replace({"item": "items"}).alias("measure"),
        "account",
        nothing.alias("tax_code"),
        "start",
        "end",
        pl.col("net").alias("amount_e4"),
    )
    taxes = lines.select(
        "document",
        pl.lit("tax").alias("measure"),
        nothing.alias("account"),
        "tax_code",
        pl.lit(None, pl.Date).alias("start"),
        pl.lit(None, pl.Date).alias("end"),
        pl.col("tax").alias("amount_e4"),
    )
    return pl.concat([nets, taxes])
