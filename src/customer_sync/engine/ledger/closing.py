"""Close a period of the books, or open it again: known to every door, and told in the audit trail.

Promises that nothing is posted into a closed period, by no door, and that closing waits for those who
are posting. Must not know what becomes of documents dated in one.
"""

import re

from customer_sync.engine.session import Session
from customer_sync.kernel.errors import InvalidInputError
from customer_sync.store import audit, periods

__all__ = ["close", "reopen"]

_EVENTS = {periods.CLOSED: "period.closed", periods.OPEN: "period.reopened"}
_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
REASON_MAX = 500


def close(session: Session, period: str, *, by: str) -> bool:
    """Close a period, such as 2026-01; return whether it was open.

    Raises:
        InvalidInputError: There is no such period, or it has not begun.
    """
    _check(period)
    if period > f"{session.now():%Y-%m}":
        raise InvalidInputError(
            f"the period {period[:20]} has not begun yet", hint="name a month that has begun, like 2026-01"
        )  # fmt: skip
    return _set(session, period, periods.CLOSED, by=by)


def reopen(session: Session, period: str, *, by: str, reason: str) -> bool:
    """Open a closed period again; return whether it was closed. The audit trail keeps the reason.

    Raises:
        InvalidInputError: There is no such period, or no reason is given.
    """
    said = " ".join(reason.split())[:REASON_MAX]
    if not said:
        raise InvalidInputError(
            "a closed period is reopened for a reason", hint="say it with --reason: the audit trail keeps it"
        )  # fmt: skip
    return _set(session, period, periods.OPEN, by=by, reason=said)


def _set(session: Session, period: str, state: str, *, by: str, reason: str | None = None) -> bool:
    _check(period)
    now = session.now()
    with session.db.transaction() as tx:
        is_changed = periods.set_state(tx, period, state, by=by, now=now)
        if is_changed:
            audit.add_one(
                tx,
                _EVENTS[state],
                run=session.run,
                configuration=session.rules.version,
                now=now,
                detail=" ".join(
                    part for part in (period, f"by {by}", reason and f"reason: {reason}") if part
                ),
            )
    return is_changed


def _check(period: str) -> None:
    if not _PERIOD.fullmatch(period):
        raise InvalidInputError(
            "a period is a year and a month", hint="write it like 2026-01", context={"given": period[:20]}
        )  # fmt: skip
