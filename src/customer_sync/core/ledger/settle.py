"""Settling: who has paid what, as entries, and what exchange rates made of it.

Level-triggered: the pairs that should stand are computed from the items that are there (`match`), and
only what differs from the pairs that do stand is released or made. Promises that what is open of a
document is the sum of its postings on control accounts, and that every balance, realised exchange
differences included, depends on the pairs that stand in the end and on nothing that happened before:

* what is settled of a document is worth ``f(x)`` of the functional amount it was posted with, where x
  is how much of it is settled; so all of it is worth all of it;
* a pair's exchange difference is that of its own amount, so releasing it takes back just what was posted;
* the cents by which the two differ go to the rounding account, and back.
"""

from dataclasses import dataclass

import polars as pl

from customer_sync.core.ledger.entry import entries
from customer_sync.core.ledger.match import ORDER, matched
from customer_sync.core.ledger.money import quotient
from customer_sync.core.ledger.rule import Calendar, Rules
from customer_sync.model.document import ALLOCATION_CHANGES, POSTINGS

__all__ = ["Settled", "Unsettled", "settle"]

_PAIR = ["debit", "credit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """What stands, as far as it may change.

    Seeds are the documents observed, those that theirs or others' GIVEN tie to them, and all that stand
    allocated to any of these. For every customer of a seed there must be every item dated as its earliest
    seed or later, every item that is open, and every item allocated to one of those; and all allocations
    and GIVEN among them. What lies before cannot change.
    """

    items: pl.DataFrame  # ITEMS, as they stand
    allocations: pl.DataFrame  # ALLOCATIONS
    given: pl.DataFrame  # GIVEN, as it is now


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What settling changes; entries are numbered from the number that was asked for."""

    changes: pl.DataFrame  # ALLOCATION_CHANGES
    entries: pl.DataFrame  # ENTRIES
    postings: pl.DataFrame  # POSTINGS


def settle(
    standing: Unsettled, withdrawn: pl.DataFrame, new: pl.DataFrame, rules: Rules, days: Calendar,
    *, first: int = 0,
) -> Settled:  # fmt: skip
    """Decide which allocations are released and made.

    Args:
        standing: what stands.
        withdrawn: ``document`` of what was reversed.
        new: ITEMS of what was posted, each with its customer.
        rules: the workspace's.
        days: the calendar.
        first: the number of the first entry.
    """
    items = pl.concat([standing.items, new]).with_columns(
        item=pl.int_range(standing.items.height + new.height, dtype=pl.Int64)
    )
    assert not items["customer"].has_nulls()
    former = items.head(standing.items.height)
    present = items.filter(
        (pl.col("item") >= former.height)
        | ~pl.col("document").is_in(withdrawn["document"].implode())
    )
    assert present["document"].is_unique().all()
    free = _free(present, standing.allocations, former.height)
    oldest_first = rules.config.allocation == "oldest_first"
    wanted = matched(free, standing.given, oldest_first=oldest_first)
    moves = _moves(standing.allocations, wanted, former, present, days)
    return _effects(moves, items, rules, first)


def _free(present: pl.DataFrame, allocations: pl.DataFrame, count: int) -> pl.DataFrame:
    """Add ``free_e4``: what of each item is not tied to documents that are not here."""
    here = pl.concat([
        allocations.select(document=side, here="amount_e4") for side in _PAIR
    ]).group_by("document").agg(pl.col("here").sum())  # fmt: skip
    tied = pl.col("settled_e4") - pl.col("here").fill_null(0)
    elsewhere = pl.when(pl.col("item") < count).then(tied).otherwise(0)
    return present.join(here, on="document", how="left", maintain_order="left").with_columns(
        free_e4=pl.col("amount_e4").abs() - elsewhere
    )


def _moves(
    allocations: pl.DataFrame,
    wanted: pl.DataFrame,
    former: pl.DataFrame,
    present: pl.DataFrame,
    days: Calendar,
) -> pl.DataFrame:
    """Return pairs to release and to make, in their order, each with its two items and its day.

    A pair stands as it is when its amount is as wanted and both its documents are as they were. One that
    stands in several parts is released, and made in one.
    """
    stood = _with_items(allocations, former)
    wanted = _with_items(wanted, present).join(
        stood.filter(pl.len().over(_PAIR) == 1).select(*_PAIR, "debit_item", "credit_item", stood_e4="amount_e4"),
        on=[*_PAIR, "debit_item", "credit_item"], how="left", maintain_order="left",
    )  # fmt: skip
    is_same = (pl.col("stood_e4") == pl.col("amount_e4")).fill_null(value=False)
    same = wanted.filter(is_same).select(_PAIR)
    made = wanted.filter(~is_same).select(
        pl.lit(None, pl.Int64).alias("allocation"), *stood.columns[1:]
    )
    released = stood.join(same, on=_PAIR, how="anti", maintain_order="left")
    moves = pl.concat([
        released.with_columns(sign=pl.lit(-1, pl.Int64)),
        made.with_columns(sign=pl.lit(1, pl.Int64)),
    ])  # fmt: skip
    moves = moves.sort("sign", "credit_rank", "debit_rank").with_row_index("move")
    return moves.with_columns(
        amount_e4=pl.col("amount_e4") * pl.col("sign"), date=days.open_day(pl.col("date"))
    )


def _with_items(pairs: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    ranked = items.sort(ORDER).select(
        "document", "item", "date", rank=pl.int_range(pl.len(), dtype=pl.Int64)
    )
    if "allocation" not in pairs.columns:
        pairs = pairs.with_columns(allocation=pl.lit(None, pl.Int64))
    for side in _PAIR:
        renamed = {name: f"{side}_{name}" for name in ("item", "date", "rank")}
        pairs = pairs.join(
            ranked.rename(renamed), left_on=side, right_on="document", maintain_order="left"
        )
    return pairs.select(
        "allocation", *_PAIR, "amount_e4", "debit_item", "credit_item", "debit_rank", "credit_rank",
        date=pl.max_horizontal("debit_date", "credit_date"),
    )  # fmt: skip


def _effects(moves: pl.DataFrame, items: pl.DataFrame, rules: Rules, first: int) -> Settled:
    key = ["credit_item", "sign", "date"]
    # One entry tells what became of one credit, on one day.
    numbers = moves.select(*key, "credit").unique(maintain_order=True).with_columns(
        entry=pl.int_range(pl.len(), dtype=pl.Int64) + first
    )  # fmt: skip
    moves = moves.join(numbers.drop("credit"), on=key, maintain_order="left")
    valued = moves
    for side in _PAIR:
        valued = valued.join(
            _worth(moves, items, side, rules.functional_unit), on="move", maintain_order="left"
        )
    made = numbers.select(
        "entry",
        "date",
        document="credit",
        rule=pl.when(pl.col("sign") > 0).then(pl.lit("allocate")).otherwise(pl.lit("release")),
    )
    return Settled(
        changes=moves.with_columns(pl.col("amount_e4").abs()).select(ALLOCATION_CHANGES.keys()),
        entries=entries(made, "allocate"),
        postings=_postings(valued, items, rules),
    )


def _worth(moves: pl.DataFrame, items: pl.DataFrame, side: str, unit: int) -> pl.DataFrame:
    """Return what each move is worth on one side: ``part`` of what it was posted with, ``plain`` by itself."""
    of = items.select(
        pl.col("item").alias(f"{side}_item"),
        whole=pl.col("amount_e4").abs(),
        worth=pl.col("functional_e4").abs(),
        before="settled_e4",
    )
    rows = moves.select("move", f"{side}_item", "amount_e4").join(
        of, on=f"{side}_item", maintain_order="left"
    )
    after = pl.col("before") + pl.col("amount_e4").cum_sum().over(f"{side}_item")
    rows = rows.with_columns(after=after)
    value = _share(pl.col("after"), unit) - _share(pl.col("after") - pl.col("amount_e4"), unit)
    plain = pl.col("amount_e4").sign() * _share(pl.col("amount_e4").abs(), unit)
    return rows.select("move", value.alias(f"{side}_part"), plain.alias(f"{side}_plain"))


def _share(settled: pl.Expr, unit: int) -> pl.Expr:
    whole = pl.col("whole").cast(pl.Int128) * unit
    return quotient(pl.col("worth").cast(pl.Int128) * settled, whole).cast(pl.Int64) * unit


def _postings(moves: pl.DataFrame, items: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Return the lines: the credit, what it pays, the exchange difference by itself, and its cents."""
    of = items.select("item", "account", "party", "currency")
    credit = moves.group_by("entry", "credit", item="credit_item").agg(
        pl.col("amount_e4").sum(), functional_e4=pl.col("credit_part").sum()
    )
    debits = moves.select(
        "entry", item="debit_item", document="debit", amount_e4=-pl.col("amount_e4"),
        functional_e4=-pl.col("debit_part"),
    )  # fmt: skip
    sides = pl.concat([
        credit.rename({"credit": "document"}).select(debits.columns).with_columns(order=pl.lit(0)),
        debits.with_columns(order=pl.lit(1)),
    ]).join(of, on="item")  # fmt: skip
    difference = pl.col("debit_plain") - pl.col("credit_plain")
    # A released gain is taken from the gains.
    is_gain = difference * pl.col("sign") < 0
    exchange = rules.config.exchange
    rounding = pl.col("debit_part") - pl.col("credit_part") - difference
    currency = items.select(credit_item="item", currency="currency")
    rest = moves.join(currency, on="credit_item").select(
        "entry", "currency",
        pl.when(is_gain).then(pl.lit(exchange.gains)).otherwise(pl.lit(exchange.losses)).alias("account"),
        difference.alias("difference"), rounding.alias("rounding"), document="credit",
    )  # fmt: skip
    others = pl.concat([
        rest.select("entry", "document", "currency", "account", functional_e4="difference"),
        rest.select(
            "entry", "document", "currency", account=pl.lit(rules.config.rounding.account), functional_e4="rounding"
        ),
    ]).group_by("entry", "document", "currency", "account").agg(pl.col("functional_e4").sum())  # fmt: skip
    others = others.filter(pl.col("functional_e4") != 0).with_columns(
        order=pl.lit(2), amount_e4=pl.lit(0, pl.Int64), party=pl.lit(None, pl.Int64)
    )
    columns = [name for name in POSTINGS if name != "line"]
    lines = pl.concat([sides.select(*columns, "order"), others.select(*columns, "order")])
    lines = lines.sort("entry", "order", "document", "account")
    number = (pl.int_range(pl.len(), dtype=pl.Int32) + 1).over("entry")
    return lines.with_columns(line=number).select(POSTINGS.keys())
