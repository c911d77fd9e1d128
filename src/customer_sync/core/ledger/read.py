"""Reading: from canonical texts, as mappings give them, to documents, lines and allocations.

Promises exact numbers, rounded to four places (rates: twelve), and that a line that cannot be read makes
its own document a reject and nothing else. Must not know systems: what their words mean is their
mapping's business.
"""

import json

import polars as pl

from customer_sync.core.ledger.money import quotient
from customer_sync.model.document import (
    DOCUMENT_FIELDS,
    DOCUMENTS,
    FIRST_DAY,
    LAST_DAY,
    LINE_FIELDS,
    LINES,
)

__all__ = ["read"]

_AMOUNTS = ("total", "net", "tax", "discount", "shipping", "fee")
_DATES = ("date", "due_date", "service_start", "service_end")
_PLAIN = ("number", "currency", "processor", "payout", "points", "campaign", "source")
_KINDS = ("item", "shipping", "discount")
_LARGEST = 9_200_000_000_000_000_000  # beyond what is posted, so that it is told as too large
_NAME_BYTES_MAX = 1_000  # no record's id is longer
_NAMED = {"document": pl.Int64(), "name": pl.String(), "amount_e4": pl.Int64()}


def read(texts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return DOCUMENTS, LINES, and what sources allocate: document, name of the other, amount_e4.

    Args:
        texts: document, stream, external_id, type, rule, party, and a text for any of DOCUMENT_FIELDS.
    """
    missing = [name for name in DOCUMENT_FIELDS if name not in texts.columns]
    texts = texts.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
    lines, torn = _decoded(texts, "lines", LINE_FIELDS)
    named, also_torn = _decoded(texts, "allocations", ("document", "amount"))
    lines, odd = _lines(lines)
    named = named.select("number", name="document", amount_e4=_number("amount"), said="amount")
    lost = named.filter(
        pl.col("name").is_null()
        | (pl.col("name").str.len_bytes() > _NAME_BYTES_MAX)
        | (pl.col("said").is_not_null() & pl.col("amount_e4").is_null())
    )
    unreadable = pl.concat([torn, also_torn, odd, lost["number"]]).unique()
    documents = _documents(texts).with_columns(
        is_unreadable=pl.col("document").is_in(unreadable.implode())
    )
    return (
        documents.select(pl.col(name).cast(kind) for name, kind in DOCUMENTS.items()),
        lines.filter(~pl.col("document").is_in(unreadable.implode())),
        named.filter(~pl.col("number").is_in(unreadable.implode()))
        .rename({"number": "document"})
        .select(pl.col(name).cast(kind) for name, kind in _NAMED.items()),
    )


def _documents(texts: pl.DataFrame) -> pl.DataFrame:
    status = pl.col("status").str.to_lowercase()
    return texts.select(
        "document", "stream", "external_id", "type", "rule", "party", *_PLAIN,
        *(pl.col(name).str.to_date("%Y-%m-%d", strict=False) for name in _DATES),
        *(_number(name).alias(f"{name}_e4") for name in _AMOUNTS),
        customer_ref="customer",
        status=pl.when(status.is_in(["draft", "void"])).then(status).otherwise(pl.lit("issued")),
        rate_e12=_number("rate", places=12),
        prices_include_tax=pl.col("prices_include_tax") == "true",
    )  # fmt: skip


def _number(name: str, places: int = 4) -> pl.Expr:
    """Return a number as an integer of so many places, null where it is none."""
    whole = pl.col(name).cast(pl.Decimal(38, places), strict=False).to_physical()
    return whole.clip(-_LARGEST, _LARGEST).cast(pl.Int64)


def _decoded(
    texts: pl.DataFrame, name: str, fields: tuple[str, ...]
) -> tuple[pl.DataFrame, pl.Series]:
    """Return the objects of JSON arrays, ``number`` of their document and ``line``; documents whose array is torn."""
    given = texts.select(number="document", text=name).filter(pl.col("text").is_not_null())
    shape = pl.List(pl.Struct(dict.fromkeys(fields, pl.String)))
    torn = given.clear()
    try:
        decoded = given.with_columns(object=pl.col("text").str.json_decode(shape))
    except pl.exceptions.ComputeError:
        # One torn text fails the column: only now, look at each.
        is_whole = pl.Series([_is_objects(text) for text in given["text"]], dtype=pl.Boolean)
        torn, given = given.filter(~is_whole), given.filter(is_whole)
        decoded = given.with_columns(object=pl.col("text").str.json_decode(shape))
    each = decoded.drop("text").filter(pl.col("object").list.len() > 0).explode("object")
    each = each.with_columns(line=(pl.int_range(pl.len(), dtype=pl.Int32) + 1).over("number"))
    return each.unnest("object"), torn["number"]


def _is_objects(text: str) -> bool:
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, list) and all(
        isinstance(one, dict) and not any(isinstance(cell, dict | list) for cell in one.values())
        for one in found
    )


def _lines(told: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Return LINES, and the documents of which one cannot be read."""
    product = _number("quantity").cast(pl.Int128) * _number("unit_price")
    computed = quotient(product, pl.lit(10_000, pl.Int128)).clip(-_LARGEST, _LARGEST).cast(pl.Int64)
    amount = pl.when(pl.col("amount").is_null()).then(computed).otherwise(_number("amount"))
    kind = pl.col("kind").fill_null("item")
    lines = told.select(
        "line",
        "tax_code",
        "account",
        document="number",
        kind=kind,
        # A discount takes away what it says, with or without a sign.
        amount_e4=pl.when(kind == "discount").then(amount.abs()).otherwise(amount),
        tax_e4=pl.when(kind == "discount").then(_number("tax").abs()).otherwise(_number("tax")),
        # Per cent with four places are millionths.
        tax_rate_e6=_number("tax_rate"),
        service_start=pl.col("service_start").str.to_date("%Y-%m-%d", strict=False),
        service_end=pl.col("service_end").str.to_date("%Y-%m-%d", strict=False),
        is_odd=_is_far("service_start")
        | _is_far("service_end")
        | _is_odd("tax", _number("tax"))
        | _is_odd("tax_rate", _number("tax_rate"))
        | _is_odd("service_start", pl.col("service_start").str.to_date("%Y-%m-%d", strict=False))
        | _is_odd("service_end", pl.col("service_end").str.to_date("%Y-%m-%d", strict=False)),
    )
    halves = pl.col("service_start").is_null() != pl.col("service_end").is_null()
    odd = lines.filter(
        pl.col("is_odd")
        | pl.col("amount_e4").is_null()
        | ~pl.col("kind").is_in(_KINDS)
        | halves
        | (pl.col("service_end") < pl.col("service_start")).fill_null(value=False)
    )
    return lines.select(pl.col(name).cast(kind_) for name, kind_ in LINES.items()), odd["document"]


def _is_far(name: str) -> pl.Expr:
    day = pl.col(name).str.to_date("%Y-%m-%d", strict=False)
    return ~day.is_between(FIRST_DAY, LAST_DAY).fill_null(value=True)


def _is_odd(name: str, value: pl.Expr) -> pl.Expr:
    return pl.col(name).is_not_null() & value.is_null()
