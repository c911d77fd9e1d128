"""The configuration as the core uses it: posting rules as a frame, closed periods as a map of days.

Promises that a frame of rules holds one row per line, in the order written, the line of the control
account first: the last line takes the remainders of conversion, and a customer's never does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from customer_sync.model.currency import UNIT_E4_DEFAULT, UNITS_E4
from customer_sync.model.ledger_config import LedgerConfig, root_of

__all__ = ["Calendar", "Rules", "calendar", "compiled"]

_LINES = {
    "rule": pl.String(), "measure": pl.String(), "order": pl.Int32(), "sign": pl.Int64(), "base": pl.String(),
    "varies": pl.String(), "is_control": pl.Boolean(),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What documents are posted by."""

    config: LedgerConfig
    functional: str
    functional_unit: int
    accounts: tuple[str, ...]  # those that a line of a document may name
    lines: pl.DataFrame
    with_control: tuple[str, ...]
    without_lines: tuple[str, ...]
    names: tuple[str, ...]


def compiled(config: LedgerConfig, functional: str) -> Rules:
    """Return the rules of a configuration, for a functional currency."""
    chart = config.chart()
    rows: list[tuple[str, str, int, int, str, str | None, bool]] = []
    for name, lines in config.all_rules().items():
        for line in sorted(lines, key=lambda line: not config.is_control(line.account)):
            base, _, varies = line.account.partition(".{")
            control = config.is_control(line.account)
            order = len(rows)
            rows.append((name, line.amount, order, line.sign, base, varies[:-1] or None, control))
    assert all(root_of(row[4], chart) in chart for row in rows)
    frame = pl.DataFrame(rows, schema=_LINES, orient="row")
    return Rules(
        config=config,
        functional=functional,
        functional_unit=UNITS_E4.get(functional, UNIT_E4_DEFAULT),
        accounts=tuple(
            code
            for code, account in chart.items()
            if account.active and not account.control and account.commodity is None
        ),
        lines=frame,
        with_control=tuple(frame.filter("is_control")["rule"].unique()),
        without_lines=tuple(name for name, lines in config.all_rules().items() if not lines),
        names=tuple(config.all_rules()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Which periods are closed, and the first open day after each."""

    next_open: Mapping[str, date]

    def is_closed(self, day: pl.Expr) -> pl.Expr:
        """Return whether a day lies in a closed period."""
        return period_of(day).is_in(list(self.next_open))

    def open_day(self, day: pl.Expr) -> pl.Expr:
        """Return the day, or the first open one after its closed period."""
        if not self.next_open:
            return day
        later = period_of(day).replace_strict(self.next_open, default=None, return_dtype=pl.Date)
        return pl.coalesce(later, day)


def calendar(periods: pl.DataFrame) -> Calendar:
    """Return the calendar of PERIODS; a period without a row is open."""
    closed = set(periods.filter(pl.col("state") == "closed")["period"])
    next_open = {}
    for period in closed:
        day = _next_month(date.fromisoformat(f"{period}-01"))
        while day.isoformat()[:7] in closed:
            day = _next_month(day)
        next_open[period] = day
    return Calendar(next_open=next_open)


def period_of(day: pl.Expr) -> pl.Expr:
    """Return the period that a day lies in."""
    return day.dt.strftime("%Y-%m")


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
