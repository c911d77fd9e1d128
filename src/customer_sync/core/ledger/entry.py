"""Balanced entries: from parts of documents and rules to postings, and from postings to their reversal.

Promises that every entry balances to the last unit, in its currency and in the functional one: what the
parts lack to the total goes to the rounding account up to its cap, what conversion leaves goes to the last
line. What differs by more is handed back.
"""

import polars as pl

from customer_sync.core.ledger.money import converted, rounded
from customer_sync.core.ledger.part import parts
from customer_sync.core.ledger.rule import Rules, period_of
from customer_sync.model.document import ENTRIES, POSTINGS

__all__ = ["entries", "entry_lines", "numbered", "reversals", "schedules"]

_DEFERRED = ("items", "discount")


def entry_lines(
    documents: pl.DataFrame, lines: pl.DataFrame, rules: Rules
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lines that documents are posted by, and the documents that do not add up.

    Args:
        documents: DOCUMENTS that are fit, ``rule`` and ``unit`` known.
        lines: LINES.
        rules: the workspace's.

    Returns:
        POSTINGS with ``document`` in the place of ``entry``, ``is_control``, and of what is deferred
        ``target``, ``start`` and ``end``; then ``document`` of what differs by more than the cap.
    """
    drawn = _drawn(documents, parts(documents, lines), rules)
    sums = drawn.group_by("document", maintain_order=True).agg(
        left=pl.col("amount_e4").cast(pl.Int128).sum(), unit=pl.col("unit").first()
    )
    over = pl.col("left").abs() > pl.col("unit") * rules.config.rounding.cap
    differing = sums.filter(over).select("document")
    missing = sums.filter((pl.col("left") != 0) & ~over)
    if differing.height:
        drawn = drawn.join(differing, on="document", how="anti", maintain_order="left")
    rounding = missing.select(
        "document",
        order=pl.lit(None, pl.Int32),
        account=pl.lit(rules.config.rounding.account),
        is_control=pl.lit(value=False),
        amount_e4=-pl.col("left").cast(pl.Int64),
        unit="unit",
    )
    whole = pl.concat([drawn, rounding], how="diagonal") if rounding.height else drawn
    return _converted(whole, documents, rules), differing


def _drawn(documents: pl.DataFrame, measured: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Return the lines of rules with their amounts in whole minor units."""
    of = documents.select("document", "rule", "unit", processor=_sub("processor"))
    lines = measured.join(of, on="document").join(rules.lines, on=["rule", "measure"])
    varying = (
        pl.when(pl.col("varies") == "processor")
        .then("processor")
        .when(pl.col("varies") == "tax")
        .then(_sub("tax_code"))
    )
    own = pl.when(pl.col("measure") == "items").then("account")
    target = pl.coalesce(own, pl.col("base") + varying, "base")
    deferred = pl.col("measure").is_in(_DEFERRED) & pl.col("end").is_not_null()
    keys = ["document", "order", "account", "is_control", "target", "start", "end"]
    lines = lines.select(
        "document",
        "order",
        "is_control",
        "unit",
        account=pl.when(deferred).then(pl.lit(rules.config.deferral)).otherwise(target),
        target=pl.when(deferred).then(target),
        start=pl.when(deferred).then("start"),
        end=pl.when(deferred).then("end"),
        amount_e4=pl.col("amount_e4") * pl.col("sign"),
    )
    sums = lines.group_by(keys).agg(pl.col("amount_e4").sum(), pl.col("unit").first())
    whole = sums.with_columns(amount_e4=rounded(pl.col("amount_e4"), pl.col("unit")))
    return whole.filter(pl.col("amount_e4") != 0)


def _sub(name: str) -> pl.Expr:
    """Return what a word adds to the code of an account, null where it says nothing."""
    word = pl.col(name).str.to_lowercase().str.replace_all(r"[^a-z0-9]+", "-").str.strip_chars("-")
    return pl.when(word.str.len_bytes() > 0).then(pl.lit(".") + word)


def _converted(lines: pl.DataFrame, documents: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    rate = (
        pl.when(pl.col("currency") == rules.functional)
        .then(pl.lit(10**12, pl.Int64))
        .when(pl.col("currency") == rules.config.loyalty.commodity)
        .then(pl.lit(0, pl.Int64))
        .otherwise("rate_e12")
    )
    of = documents.select("document", "currency", "party", rate=rate)
    lines = lines.join(of, on="document").sort(
        "document", "order", "account", "end", nulls_last=True
    )
    functional = converted(pl.col("amount_e4"), pl.col("rate"), rules.functional_unit)
    # The lines of a document stand together, so what is before its first one tells its own apart: a
    # window over each document takes three times as long.
    is_first = (pl.col("document") != pl.col("document").shift(1)).fill_null(value=True)
    is_last = (pl.col("document") != pl.col("document").shift(-1)).fill_null(value=True)
    worth = pl.col("functional_e4").cast(pl.Int128)
    row = pl.int_range(pl.len(), dtype=pl.Int32)
    lines = lines.with_columns(functional_e4=functional).with_columns(
        line=row - pl.when(is_first).then(row).forward_fill() + 1,
        before=pl.when(is_first).then(worth.cum_sum() - worth).forward_fill(),
        upto=worth.cum_sum(),
        party=pl.when("is_control").then("party"),
    )
    left = (pl.col("upto") - pl.col("before")).cast(pl.Int64)
    remainder = pl.when(is_last).then(left).otherwise(0)
    return lines.with_columns(functional_e4=pl.col("functional_e4") - remainder)


def numbered(documents: pl.DataFrame, first: int) -> pl.DataFrame:
    """Return document and ``entry``, numbered in their canonical order: date, stream, external id."""
    ordered = documents.sort("date", "stream", "external_id")
    return ordered.with_columns(entry=pl.int_range(pl.len(), dtype=pl.Int64) + first)


def entries(documents: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Return ENTRIES of frames that have entry, document, date, and rule and memo where there are any."""
    given = documents.columns
    frame = documents.with_columns(
        kind=pl.lit(kind),
        period=period_of(pl.col("date")),
        **{name: pl.lit(None, ENTRIES[name]) for name in ("reverses", "memo") if name not in given},
    )
    return frame.select(pl.col(name).cast(kind_) for name, kind_ in ENTRIES.items())


def reversals(
    standing: pl.DataFrame, postings: pl.DataFrame, first: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return entries that take standing ones back, dated as ``date`` says, and their postings."""
    ordered = standing.sort("document", "entry").with_columns(
        reverses=pl.col("entry"), entry=pl.int_range(pl.len(), dtype=pl.Int64) + first
    )
    numbers = ordered.select(pl.col("reverses").alias("standing"), pl.col("entry").alias("number"))
    lines = postings.join(numbers, left_on="entry", right_on="standing").select(
        pl.col("number").alias("entry"),
        "line",
        "account",
        "party",
        "currency",
        -pl.col("amount_e4"),
        -pl.col("functional_e4"),
        "document",
    )
    return entries(ordered, "reverse"), lines.select(POSTINGS.keys()).sort("entry", "line")


def schedules(lines: pl.DataFrame) -> pl.DataFrame:
    """Return what the deferred lines of entries are to be recognised as: SCHEDULES."""
    return lines.filter(pl.col("target").is_not_null()).select(
        "entry",
        "line",
        "document",
        pl.col("target").alias("account"),
        "currency",
        "amount_e4",
        "functional_e4",
        "start",
        "end",
        "date",
    )
