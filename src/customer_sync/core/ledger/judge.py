"""Whether a document can be posted as it is: rejected, waiting, parked, or fit.

Promises all faults of a document at once, and that what it is told of a document that is posted already
never takes that posting away: a change that cannot be posted is set aside. Must not know amounts of lines.
"""

from collections.abc import Sequence

import polars as pl

from customer_sync.core.ledger.rule import Calendar, Rules
from customer_sync.model.document import (
    AMOUNT_E4_MAX,
    FIRST_DAY,
    LAST_DAY,
    RATE_E12_MAX,
    RATE_E12_ONE,
)

__all__ = ["faults", "judged"]

_AMOUNTS = ["total_e4", "net_e4", "tax_e4", "discount_e4", "shipping_e4", "fee_e4"]
_DAYS = ("date", "service_start", "service_end")
_POINTS = ("earned", "redeemed", "expired")


def judged(documents: pl.DataFrame, rules: Rules, days: Calendar) -> pl.DataFrame:
    """Add what should become of documents: ``desired``, a state of a document, and its ``reason``.

    Args:
        documents: DOCUMENTS, and ``unit``, ``lines_e4`` (the sum of the sizes of their lines),
            ``has_unknown_account``, ``standing_state``, ``posted_on``.
        rules: the workspace's.
        days: the calendar.
    """
    is_posted = pl.col("standing_state") == "posted"
    frame = documents.with_columns(
        is_faulty=pl.any_horizontal([when for _, _, when in _tests(rules)])
    )
    foreign = pl.col("currency") != rules.functional
    wait = (
        pl.when(pl.col("rule").is_in(list(rules.with_control)) & pl.col("party").is_null())
        .then(pl.lit("customer_missing"))
        .when(foreign & pl.col("rate_e12").is_null() & ~_is_points(rules))
        .then(pl.lit("rate_missing"))
    )
    withdrawn = pl.col("status").is_in(["void", "draft"])
    silent = pl.col("rule").is_in(list(rules.without_lines))
    # A change to what stands in a closed period is as much a posting there as a new document.
    closed = days.is_closed(pl.col("posted_on")) | (
        days.is_closed(pl.col("date")) & ~withdrawn & ~silent
    )
    parks = closed.fill_null(value=False) & (rules.config.closed_period == "park")
    frame = frame.with_columns(wait=wait, parks=parks)
    moves = ~((withdrawn | silent) & ~is_posted.fill_null(value=False))
    desired = (
        pl.when(pl.col("is_faulty") & ~withdrawn)
        .then(pl.lit("rejected"))
        .when(pl.col("wait").is_not_null() & ~withdrawn & ~silent)
        .then(pl.lit("waiting"))
        .when(pl.col("parks") & moves)
        .then(pl.lit("parked"))
        .when(pl.col("status") == "void")
        .then(pl.lit("void"))
        .when(withdrawn | silent)
        .then(pl.lit("noted"))
        .otherwise(pl.lit("posted"))
    )
    reason = (
        pl.when(pl.col("desired") == "waiting")
        .then("wait")
        .when(pl.col("desired") == "parked")
        .then(pl.lit("period_closed"))
    )
    return frame.with_columns(desired=desired).with_columns(reason=reason).drop("wait", "parks")


def faults(documents: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Return document, field and code of every fault of documents that were judged faulty."""
    tests = _tests(rules) if documents.height else _tests(rules)[:1]
    found = [
        documents.filter(when).select(
            "document", pl.lit(field, pl.String).alias("field"), pl.lit(code).alias("code")
        )
        for code, field, when in tests
    ]
    return pl.concat(found).sort("document", "code", "field")


def _tests(rules: Rules) -> Sequence[tuple[str, str | None, pl.Expr]]:
    """Return code, field and condition of everything that makes a document unfit; conditions are never null."""
    total, unit, rate = pl.col("total_e4"), pl.col("unit"), pl.col("rate_e12")
    tax, has_no_lines = pl.col("tax_e4"), pl.col("lines_e4") == 0
    # Sums of what may be at its largest do not fit; so all amounts together are held to the largest.
    sizes = [pl.col(name).cast(pl.Float64).abs().fill_null(0) for name in _AMOUNTS]
    size = pl.sum_horizontal(*sizes, pl.col("lines_e4"))
    converted = size * rate.fill_null(0).cast(pl.Float64) / RATE_E12_ONE
    points = (pl.col("type") == "points") & ~pl.col("points").is_in(_POINTS).fill_null(value=False)
    halves = pl.col("service_start").is_null() != pl.col("service_end").is_null()
    backwards = (pl.col("service_end") < pl.col("service_start")).fill_null(value=False)
    tests = [
        ("total_missing", "total", total.is_null()),
        ("date_missing", "date", pl.col("date").is_null()),
        ("document_currency_missing", "currency", pl.col("currency").is_null()),
        ("points_kind_unknown", "points", points),
        ("rule_unknown", "type", ~pl.col("rule").is_in(list(rules.names)) & ~points),
        ("rate_invalid", "rate", (rate <= 0) | (rate > RATE_E12_MAX)),
        *(
            ("date_implausible", name, ~pl.col(name).is_between(FIRST_DAY, LAST_DAY))
            for name in _DAYS
        ),
        ("tax_exceeds_total", "tax", has_no_lines & (tax.abs() > total.abs())),
        ("tax_exceeds_total", "tax", has_no_lines & (tax.sign() * total.sign() < 0)),
        ("amount_precision", "total", total % unit != 0),
        ("amount_too_large", "total", pl.max_horizontal(size, converted) > float(AMOUNT_E4_MAX)),
        ("service_period_invalid", "service_end", halves | backwards),
        ("line_invalid", "lines", pl.col("is_unreadable")),
        ("account_unknown", "lines", pl.col("has_unknown_account")),
    ]
    return [(code, field, when.fill_null(value=False)) for code, field, when in tests]


def _is_points(rules: Rules) -> pl.Expr:
    return pl.col("currency") == rules.config.loyalty.commodity
