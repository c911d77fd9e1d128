"""Which days are open: the calendar that a posting decision goes by, held until it is committed.

Promises to know every closed period from the first day on, so that what is moved to the next open one never
meets another that is closed. Must not know what is posted.
"""

from collections.abc import Iterable
from datetime import date

from customer_sync.core.ledger import Calendar, calendar
from customer_sync.infra.pg import Transaction
from customer_sync.store import periods

__all__ = ["open_days"]


def open_days(tx: Transaction, months: Iterable[str]) -> Calendar:
    """Return the calendar of these months and what follows them; none of it changes until `tx` ends."""
    wanted = set(months)
    if not wanted:
        return calendar(periods.hold(tx, []))
    known = periods.every(tx)
    first = min(wanted)
    closed = {
        period
        for period, state in known.select("period", "state").iter_rows()
        if state == periods.CLOSED and period >= first
    }
    return calendar(periods.hold(tx, [*wanted, *closed, *map(_following, closed)]))


def _following(period: str) -> str:
    day = date.fromisoformat(f"{period}-01")
    return f"{date(day.year + day.month // 12, day.month % 12 + 1, 1):%Y-%m}"
