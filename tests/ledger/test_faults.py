"""A process that ends at any named point of the document path: nothing is lost, nothing is posted twice."""

import json
from collections import Counter
from typing import Any

import pytest
from trading import Company

from customer_sync.engine.faults import (
    ABSORB_AFTER_COMMIT,
    ABSORB_BEFORE_COMMIT,
    ABSORB_DECIDED,
    INTAKE_PAGE_READ,
)
from customer_sync.engine.session import running
from customer_sync.engine.sync import sync

POINTS = (INTAKE_PAGE_READ, ABSORB_DECIDED, ABSORB_BEFORE_COMMIT, ABSORB_AFTER_COMMIT)


class KilledError(BaseException):
    """The process ends here."""


def trade(company: Company) -> None:
    """A guest, a subscription, a foreign invoice that is paid, a change, a stranger, and one in a closed month."""
    company.buyer()
    company.invoice("i1", currency="USD", rate="0.90")
    company.payment("p1", currency="USD", rate="0.95", pays="i1")
    company.invoice("i2", customer=None, mail="guest@mail.example", name="Gus Guest")
    company.invoice(
        "i3", issued="2026-01-05", total="365", tax="0", lines=json.dumps([{"price": "365"}]),
        service_from="2026-01-01", service_to="2026-12-31",
    )  # fmt: skip
    company.invoice("i4", "late")


def later(company: Company) -> None:
    """The stranger turns up, an invoice changes, another is withdrawn."""
    company.buyer("late")
    company.change("invoices", "i2", total="238", tax="38", lines=json.dumps([{"price": 200}]))
    company.change("invoices", "i1", status="void")


def killed(company: Company, point: str, turn: int) -> bool:
    """Sync until a point is passed for that time; return whether it was reached."""
    left = Counter({point: turn})

    def fault(name: str) -> None:
        left[name] -= 1
        if name == point and left[name] == 0:
            raise KilledError

    session = company.session()
    session.fault = fault
    try:
        with running(session, "sync"):
            sync(session)
    except KilledError:
        return True
    return False


def stands(company: Company) -> dict[str, Any]:
    """What the books hold, by what the systems call it."""
    live = company.rows(
        "SELECT d.external_id, count(*) FROM entry e JOIN document d ON d.id = e.document WHERE e.kind = 'post'"
        " AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.id) GROUP BY 1 ORDER BY 1"
    )
    schedules = company.rows("SELECT count(*) FROM recognition")
    return {
        "states": company.states(), "balances": company.balances(), "live": live, "owed": sorted(company.owed().values()),
        "recognised": schedules, "rejects": company.rejects(), "people": company.rows("SELECT count(*) FROM customer"),
    }  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_what_is_posted_is_the_same_wherever_the_process_ended(company: Company, point: str):
    trade(company)
    turn = 1
    while killed(company, point, turn):
        assert company.unsound() == {}
        turn += 1
    first = stands(company)
    later(company)
    again = 1
    while killed(company, point, again):
        assert company.unsound() == {}
        again += 1

    company.sync()

    assert turn > 2
    assert again > 2
    assert [count for _, count in first["live"]] == [1, 1, 1, 1]
    assert first["balances"] == {
        "1200": 484, "1300.stripe": 113.05, "2100": -36.1, "2200": -306.0, "4000": -249.0, "4900": -5.95,
    }  # fmt: skip
    assert stands(company)["states"] == {
        "i1": ("void", None), "i2": ("posted", None), "i3": ("posted", None), "i4": ("posted", None), "p1": ("posted", None),
    }  # fmt: skip
    assert [count for _, count in stands(company)["live"]] == [1, 1, 1, 1]
    assert sum(stands(company)["owed"]) == 365 + 238 + 119 - 113.05
