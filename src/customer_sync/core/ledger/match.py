"""What pays for what: a pure function of the items that are there, whatever came first.

What the source says comes first; what it leaves is matched oldest first within a customer and currency,
when that is the policy. Amounts that the source keeps for a document not seen yet are left alone. Two
documents of different customers are only matched by their source's word. Must not know what was matched
before, nor exchange rates.
"""

import polars as pl

__all__ = ["ORDER", "matched"]

ORDER = ["date", "stream", "external_id"]
_PAIR = ["debit", "credit"]


def matched(items: pl.DataFrame, given: pl.DataFrame, *, oldest_first: bool) -> pl.DataFrame:
    """Return debit, credit and amount_e4 of every pair, once each, sorted.

    Args:
        items: ITEMS and ``free_e4``, what of each may be matched here, never negative.
        given: GIVEN of those items.
        oldest_first: whether to match what the source left.
    """
    said = _said(items, given)
    if not oldest_first:
        return said.sort(_PAIR)
    ahead = given.filter(pl.col("other").is_null()).group_by("document").agg(
        used=pl.col("amount_e4").sum(), is_whole=pl.col("amount_e4").is_null().any()
    )  # fmt: skip
    used = pl.concat([
        said.select(document="debit", used="amount_e4"),
        said.select(document="credit", used="amount_e4"),
        ahead.select("document", "used"),
    ]).group_by("document").agg(pl.col("used").sum())  # fmt: skip
    left = items.join(used, on="document", how="left", maintain_order="left").with_columns(
        free_e4=(pl.col("free_e4") - pl.col("used").fill_null(0)).clip(0)
    )
    # Kept without an amount, all that is left is kept.
    left = left.join(ahead.filter("is_whole"), on="document", how="anti", maintain_order="left")
    both = pl.concat([said, _oldest_first(left)])
    return both.group_by(_PAIR).agg(pl.col("amount_e4").sum()).sort(_PAIR)


def _said(items: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs that the source gives, as far as both sides have it."""
    side = items.select("document", "currency", "amount_e4", "free_e4")
    pairs = (
        given.filter(pl.col("other").is_not_null())
        .select("document", "other", said="amount_e4")
        .join(side, on="document")
        .join(side, left_on="other", right_on="document", suffix="_other")
        .filter(
            pl.col("currency") == pl.col("currency_other"),
            pl.col("amount_e4").sign() == -pl.col("amount_e4_other").sign(),
        )
    )
    is_debit = pl.col("amount_e4") > 0
    # Both sides may tell of the same pair; it is one.
    pairs = (
        pairs.select(
            debit=pl.when(is_debit).then("document").otherwise("other"),
            credit=pl.when(is_debit).then("other").otherwise("document"),
            debit_free=pl.when(is_debit).then("free_e4").otherwise("free_e4_other"),
            credit_free=pl.when(is_debit).then("free_e4_other").otherwise("free_e4"),
            amount_e4=pl.col("said").fill_null(
                pl.min_horizontal(pl.col("amount_e4").abs(), pl.col("amount_e4_other").abs())
            ),
        )
        .group_by(_PAIR)
        .agg(pl.all().max())
    )
    ranks = items.sort(ORDER).select("document", rank=pl.int_range(pl.len()))
    pairs = pairs.join(ranks.select(debit="document", debit_rank="rank"), on="debit").join(
        ranks.select(credit="document", credit_rank="rank"), on="credit"
    )
    for own, other in (("debit", "credit_rank"), ("credit", "debit_rank")):
        upto = pl.col("amount_e4").cum_sum().over(own).clip(upper_bound=pl.col(f"{own}_free"))
        pairs = pairs.sort(own, other).with_columns(upto=upto)
        step = pl.col("upto") - pl.col("upto").shift(fill_value=0).over(own)
        pairs = pairs.with_columns(amount_e4=step)
    return pairs.filter(pl.col("amount_e4") > 0).select(*_PAIR, "amount_e4")


def _oldest_first(items: pl.DataFrame) -> pl.DataFrame:
    """Return pairs as two queues meet: each item is an interval of what came before it, pairs are overlaps."""
    group = ["customer", "currency"]
    is_debit = pl.col("amount_e4") > 0
    queue = items.filter(pl.col("free_e4") > 0).sort(ORDER)
    both = is_debit.any().over(group) & (~is_debit).any().over(group)
    queue = queue.filter(both).select(
        *group,
        end=pl.col("free_e4").cum_sum().over([*group, is_debit]),
        debit=pl.when(is_debit).then("document"),
        credit=pl.when(~is_debit).then("document"),
    )
    # Between two ends lies one debit and one credit: those whose ends come next.
    cuts = queue.sort([*group, "end"]).with_columns(
        pl.col("debit").backward_fill().over(group),
        pl.col("credit").backward_fill().over(group),
        amount_e4=pl.col("end") - pl.col("end").shift(fill_value=0).over(group),
    )
    is_pair = pl.col("debit").is_not_null() & pl.col("credit").is_not_null()
    pairs = cuts.filter(is_pair & (pl.col("amount_e4") > 0))
    return pairs.select(*_PAIR, "amount_e4")
