"""Recognition: revenue of a service period, day by day.

Decides what of each schedule belongs to each month, straight along its days, and makes what is not made
yet. Promises that the months of a schedule add up to it to the last unit, in both currencies, and that
recognising again up to the same day changes nothing. Must not read the clock: the caller says until when.
"""

from datetime import date

import polars as pl

from customer_sync.core.ledger.entry import entries
from customer_sync.core.ledger.money import rounded, unit_e4
from customer_sync.core.ledger.rule import Calendar, Rules
from customer_sync.model.document import POSTINGS, RECOGNISED

__all__ = ["months", "recognise"]


def months(schedules: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Return SCHEDULES month by month: also ``until``, the last day of it there, and both amounts."""
    first = pl.col("start").dt.truncate("1mo")
    each = schedules.with_columns(
        month=pl.date_ranges(first, "end", "1mo"), unit=unit_e4(rules.config.loyalty.commodity)
    )
    each = each.explode("month").with_columns(
        until=pl.min_horizontal(pl.col("month").dt.month_end(), "end")
    )
    days = (pl.col("end") - pl.col("start")).dt.total_days() + 1
    done = (pl.col("until") - pl.col("start")).dt.total_days() + 1
    for name, unit in (
        ("amount_e4", pl.col("unit")),
        ("functional_e4", pl.lit(rules.functional_unit)),
    ):
        # All of it on the last day; before, whole units of what its days amount to.
        part = pl.col(name).cast(pl.Int128) * done
        upto = rounded(part, (days * unit).cast(pl.Int128)).cast(pl.Int64) // days
        step = upto - upto.shift(fill_value=0).over("entry", "line")
        each = each.with_columns(step.alias(f"{name}_step"))
    return each.with_columns(amount_e4="amount_e4_step", functional_e4="functional_e4_step")


def recognise(
    schedules: pl.DataFrame, recognised: pl.DataFrame, until: date, rules: Rules, days: Calendar
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return ENTRIES, POSTINGS and RECOGNISED of what is due and not recognised yet.

    Args:
        schedules: SCHEDULES whose entry was not reversed.
        recognised: RECOGNISED of those.
        until: the day up to which months must have ended.
        rules: the workspace's.
        days: the calendar.
    """
    due = months(schedules, rules).filter(pl.col("until") <= until)
    due = due.join(recognised, on=["entry", "line", "until"], how="anti", maintain_order="left")
    due = due.filter((pl.col("amount_e4") != 0) | (pl.col("functional_e4") != 0))
    # Nothing is recognised before it was posted.
    due = due.rename({"entry": "schedule", "date": "posted"}).with_columns(
        date=days.open_day(pl.max_horizontal("until", "posted"))
    )
    key = ["document", "schedule", "until"]
    made = due.select(*key, "date").unique().sort(*key).with_columns(
        entry=pl.int_range(pl.len(), dtype=pl.Int64), rule=pl.lit("straight_line"),
        memo=pl.col("until").dt.strftime("%Y-%m"),
    )  # fmt: skip
    due = due.join(made.select(*key, "entry"), on=key)
    return (
        entries(made, "recognise"),
        _postings(due, rules),
        due.select("line", "until", entry="schedule", made="entry").select(RECOGNISED.keys()),
    )


def _postings(due: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    sides = [
        due.with_columns(
            account=pl.lit(rules.config.deferral),
            amount_e4=-pl.col("amount_e4"),
            functional_e4=-pl.col("functional_e4"),
            side=pl.lit(0),
        ),
        due.with_columns(side=pl.lit(1)),
    ]
    lines = pl.concat(sides).sort("entry", "line", "side")
    number = (pl.int_range(pl.len(), dtype=pl.Int32) + 1).over("entry")
    nobody = pl.lit(None, pl.Int64)
    return lines.with_columns(line=number, party=nobody).select(POSTINGS.keys())
