"""Reconciling: what a system says against what the ledger holds, every difference by its cause.

Decides, document by document, why the two differ. Promises that the effects of a document's causes add up
to its difference, by construction and per customer too, and that what no cause explains is named: the
journal holding something else for a document than the ledger decided is nobody's doing but a tamperer's.
Must not know how either side was read.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from customer_sync.core.ledger.money import unit_e4
from customer_sync.core.ledger.rule import Rules
from customer_sync.model.document import DIFFERENCES

__all__ = ["BROUGHT", "DIFFERENCE_KINDS", "OWED", "reconciled", "totals"]

DIFFERENCE_KINDS = (
    "missing_in_ledger", "missing_in_source", "posted_twice", "amount", "tax", "rounding", "date", "currency",
    "wrong_customer", "waiting", "unexplained",
)  # fmt: skip
_KEY = ["stream", "external_id"]


# What a document of a type does to what its customer owes, and to what a payout brings; others do nothing.
OWED = {"invoice": 1, "credit_note": -1, "payment": -1, "refund": 1}
BROUGHT = {"payment": 1, "refund": -1, "fee": -1, "payout": -1}


def reconciled(
    shown: pl.DataFrame, held: pl.DataFrame, first: date, last: date, rules: Rules
) -> pl.DataFrame:
    """Return DIFFERENCES, sorted.

    Args:
        shown: DOCUMENTS as the system shows them: those of the window, and those of ``held`` it still has.
        held: HELD of that system: those of the window, and those of ``shown``.
        first: the first day of the window.
        last: its last day.
        rules: the workspace's.
    """
    pairs = _paired(_issued(shown, rules), held, first, last, rules)
    both = pl.col("is_shown") & pl.col("is_held")
    same = both & (pl.col("currency") == pl.col("held_currency"))
    causes = pl.concat([
        _alone(pairs.filter(~both), held),
        _across(pairs.filter(both & (pl.col("currency") != pl.col("held_currency")))),
        _together(pairs.filter(same), rules),
    ])  # fmt: skip
    # What has no effect is told where it is a difference by itself.
    told = (pl.col("effect_e4") != 0) | pl.col("kind").is_in(["date", "tax", "waiting"])
    return causes.filter(told).sort("kind", *_KEY, "currency", "effect_e4", "party")


def totals(
    shown: pl.DataFrame,
    held: pl.DataFrame,
    differences: pl.DataFrame,
    window: tuple[date, date],
    rules: Rules,
    *,
    by: Sequence[str] = ("type", "currency"),
    signs: Mapping[str, int] | None = None,
) -> pl.DataFrame:
    """Return what both sides come to: shown_e4, held_e4, difference_e4, explained_e4, unexplained_e4.

    Sums both sides by themselves, so that a cause that were forgotten would show as unexplained.

    Args:
        shown: as ``reconciled`` takes it.
        held: the same.
        differences: what it returned.
        window: the first day, and the last.
        rules: the workspace's.
        by: type, currency, party or payout, one row each. Whose it is where one side does not say is what the
            other says; the payout is what the system says.
        signs: type -> its sign in the sums; documents of other types are left out. None: each as it is.
    """
    said, stands = _sides(shown, held, window, rules)
    causes = differences.filter(pl.col("kind") != "unexplained")
    sums = _summed(said, "total_e4", by, signs).rename({"sum": "shown_e4"})
    for rows, column, name in (
        (stands, "held_e4", "held_e4"),
        (causes, "effect_e4", "explained_e4"),
    ):
        other = _summed(rows, column, by, signs).rename({"sum": name})
        sums = sums.join(other, on=list(by), how="full", coalesce=True, nulls_equal=True)
    sums = (
        sums.with_columns(pl.col("shown_e4", "held_e4", "explained_e4").fill_null(0))
        .with_columns(difference_e4=pl.col("shown_e4") - pl.col("held_e4"))
        .with_columns(unexplained_e4=pl.col("difference_e4") - pl.col("explained_e4"))
    )
    columns = [*by, "shown_e4", "held_e4", "difference_e4", "explained_e4", "unexplained_e4"]
    return sums.select(columns).sort(by)


def _summed(
    rows: pl.DataFrame, column: str, by: Sequence[str], signs: Mapping[str, int] | None
) -> pl.DataFrame:
    sign = pl.lit(1, pl.Int64)
    if signs is not None:
        rows = rows.filter(pl.col("type").is_in(list(signs)))
        sign = pl.col("type").replace_strict(signs, return_dtype=pl.Int64)
    return rows.group_by(by).agg(sum=(pl.col(column) * sign).sum())


def _sides(
    shown: pl.DataFrame, held: pl.DataFrame, window: tuple[date, date], rules: Rules
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what each side has in the window, whoever's it is and whichever payout's."""
    issued = _issued(shown, rules)
    known = held.select(*_KEY, other_party="party", other_payout=_payout())
    said = issued.filter(pl.col("date").is_between(*window)).join(known, on=_KEY, how="left")
    said = said.with_columns(
        party=pl.coalesce("party", "other_party"), payout=pl.coalesce(_payout(), "other_payout")
    )
    posted = held.filter(pl.col("state") == "posted")
    known = issued.select(*_KEY, other_party="party", other_payout=_payout())
    stands = posted.filter(pl.col("date").is_between(*window)).join(known, on=_KEY, how="left")
    return said, stands.with_columns(
        party=pl.coalesce("party", "other_party"),
        payout=pl.coalesce("other_payout", _payout()),
        held_e4=_posted(),
    )


def _issued(shown: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Return what should stand in the books: neither void, nor a draft, nor of a rule that posts nothing."""
    is_silent = pl.coalesce("rule", "type").is_in(list(rules.without_lines))
    is_withdrawn = pl.col("status").is_in(["void", "draft"]).fill_null(value=False)
    return shown.filter(~is_withdrawn & ~is_silent)


def _payout() -> pl.Expr:
    """Return the payout that a document belongs to; a payout is its own."""
    return pl.when(pl.col("type") == "payout").then("external_id").otherwise("payout")


def _posted() -> pl.Expr:
    """Return what live entries hold of a document, with the sign of its total."""
    sign = pl.when(pl.col("total_e4") < 0).then(-1).otherwise(1)
    return pl.coalesce(pl.col("posted_e4").abs() * sign, pl.col("total_e4") * pl.col("entries"))


def _paired(
    shown: pl.DataFrame, held: pl.DataFrame, first: date, last: date, rules: Rules
) -> pl.DataFrame:
    said = shown.select(
        *_KEY, "type", "party", "currency", "tax_e4", payout=_payout(), day="date", total_e4="total_e4",
        is_shown=pl.lit(value=True),
    )  # fmt: skip
    stands = held.select(
        *_KEY,
        "document",
        "number",
        "reason",
        "state",
        "entries",
        posted_e4=_posted(),
        held_type="type",
        held_party="party",
        held_currency="currency",
        held_day="date",
        held_total_e4="total_e4",
        held_tax_e4="tax_e4",
        held_payout=_payout(),
    )
    is_posted = (pl.col("state") == "posted").fill_null(value=False)
    return said.join(stands, on=_KEY, how="full", coalesce=True).with_columns(
        type=pl.coalesce("type", "held_type"),
        payout=pl.coalesce("payout", "held_payout"),
        # Whose it is where one side does not say.
        party=pl.coalesce("party", "held_party"),
        held_party=pl.coalesce("held_party", "party"),
        is_shown=pl.col("is_shown").fill_null(value=False),
        is_held=is_posted,
        shown_in=pl.col("day").is_between(first, last).fill_null(value=False),
        held_in=(pl.col("held_day").is_between(first, last) & is_posted).fill_null(value=False),
        cap=unit_e4(rules.config.loyalty.commodity) * rules.config.rounding.cap,
    )


def _cause(
    pairs: pl.DataFrame, kind: str | pl.Expr, effect: pl.Expr, *, party: str = "party",
    currency: str = "currency", reason: pl.Expr | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Return DIFFERENCES of one kind."""
    return pairs.with_columns(
        kind=pl.lit(kind) if isinstance(kind, str) else kind,
        effect_e4=effect.cast(pl.Int64).fill_null(0),
        party=party,
        currency=currency,
        reason=pl.lit(None, pl.String) if reason is None else reason,
    ).select(DIFFERENCES.keys())


def _alone(pairs: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Return what only one side has."""
    unposted = pairs.filter("is_shown", "shown_in")
    is_waiting = pl.col("state").is_in(["waiting", "parked", "rejected"]).fill_null(value=False)
    is_waiting |= (pl.col("reason") == "undone").fill_null(value=False)  # set apart
    kind = pl.when(is_waiting).then(pl.lit("waiting")).otherwise(pl.lit("missing_in_ledger"))
    reason = pl.coalesce("reason", "state")
    missing = _cause(unposted, kind, pl.col("total_e4"), reason=reason)
    strays = pairs.filter(~pl.col("is_shown") & pl.col("held_in"))
    is_twice = pl.col("document").is_in(_twins(strays, held).implode())
    stray_kind = (
        pl.when(is_twice).then(pl.lit("posted_twice")).otherwise(pl.lit("missing_in_source"))
    )
    stray = _cause(
        strays, stray_kind, -pl.col("posted_e4"), party="held_party", currency="held_currency"
    )
    return pl.concat([missing, stray])


def _twins(strays: pl.DataFrame, held: pl.DataFrame) -> pl.Series:
    """Return which of them stand there twice: by their number, or else by amount, day and customer."""
    posted = held.filter(pl.col("state") == "posted").join(strays, on="document", how="anti")
    numbered = strays.join(
        posted, left_on=["type", "held_currency", "number"], right_on=["type", "currency", "number"], how="semi"
    )  # fmt: skip
    alike = strays.filter(pl.col("number").is_null()).join(
        posted,
        left_on=["type", "held_currency", "held_total_e4", "held_day", "held_party"],
        right_on=["type", "currency", "total_e4", "date", "party"], how="semi",
    )  # fmt: skip
    return pl.concat([numbered["document"], alike["document"]])


def _across(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return what stands in two currencies, on both sides."""
    said = _cause(pairs.filter("shown_in"), "currency", pl.col("total_e4"))
    stands = _cause(
        pairs.filter("held_in"), "currency", -pl.col("posted_e4"), party="held_party", currency="held_currency"
    )  # fmt: skip
    return pl.concat([said, stands])


def _together(pairs: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Return why a document that both have differs; the effects of its causes add up.

    shown - held = (total - held total) where shown, + held total moved into or out of the window,
    - what the journal holds beside the held total, where it holds it.
    """
    off = pl.col("total_e4") - pl.col("held_total_e4")
    beside = pl.col("posted_e4") - pl.col("held_total_e4")
    moved = pl.col("held_total_e4") * (
        pl.col("shown_in").cast(pl.Int64) - pl.col("held_in").cast(pl.Int64)
    )
    tax = (pl.col("tax_e4") - pl.col("held_tax_e4")).fill_null(0)
    is_aside, is_small = pl.col("reason").is_not_null(), off.abs() <= pl.col("cap")
    said, twice = pairs.filter("shown_in"), pl.col("entries") > 1
    dated = pairs.filter(pl.col("day") != pl.col("held_day"))
    swapped = said.filter(pl.col("party") != pl.col("held_party"), "held_in")
    plain = said.filter(~is_aside)
    large = plain.filter(~is_small)
    return pl.concat([
        _cause(dated.filter("shown_in"), "date", moved),
        _cause(dated.filter("held_in", ~pl.col("shown_in")), "date", moved, party="held_party"),
        _cause(said.filter(is_aside), "waiting", off, reason=pl.col("reason")),
        _cause(plain.filter(is_small), "rounding", off),
        _cause(large.filter(tax != 0), "tax", tax),
        # The same total at another tax moves nothing that a customer owes, and is wrong all the same.
        _cause(plain.filter((off == 0) & (tax != 0)), "tax", pl.lit(0)),
        _cause(large, "amount", off - tax),
        _cause(pairs.filter(twice, "held_in"), "posted_twice", -beside, party="held_party"),
        _cause(pairs.filter(~twice, "held_in"), "unexplained", -beside, party="held_party"),
        _cause(swapped, "wrong_customer", pl.col("held_total_e4")),
        _cause(swapped, "wrong_customer", -pl.col("held_total_e4"), party="held_party"),
    ])  # fmt: skip
