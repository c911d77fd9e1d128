"""Use cases of the books in a running company: periods with their audit events, the doctor."""

import pytest

from customer_sync.engine.doctor import doctor
from customer_sync.engine.ledger import close, reopen
from customer_sync.engine.session import running
from customer_sync.kernel.errors import InvalidInputError


def test_closing_and_reopening_is_told_in_the_audit_trail(world):
    company = world("crm")

    with running(company.session(), "close") as session:
        changed = [close(session, "2026-01", by="ann"), close(session, "2026-01", by="bob"), reopen(session, "2026-01", by="ann", reason="late\ninvoice")]  # fmt: skip

    assert changed == [True, False, True]
    assert company.rows("SELECT kind, detail FROM event WHERE starts_with(kind, 'period.') ORDER BY id") == [
        ("period.closed", "2026-01 by ann"), ("period.reopened", "2026-01 by ann reason: late invoice"),
    ]  # fmt: skip


@pytest.mark.parametrize("period", ["2026", "2026-13", "January", "", "2026-01-01"])
def test_what_is_no_period_is_refused(world, period):
    with running(world("crm").session(), "close") as session:
        with pytest.raises(InvalidInputError):
            close(session, period, by="ann")


def test_the_doctor_examines_the_journal(world):
    company = world("crm")
    company.sql(
        "INSERT INTO account VALUES ('1200', 'R', 'asset', true), ('4000', 'S', 'revenue', false)"
    )
    company.platforms["crm"].create("contacts", email="ann@acme.test")
    company.sync()
    company.sql(
        "INSERT INTO entry (id, kind, date, period, rule, lines) VALUES (nextval('entry_id'), 'post', '2026-01-01', '2026-01', 'x', 2);"
        "INSERT INTO posting SELECT e.id, n, CASE n WHEN 1 THEN '1200' ELSE '4000' END, CASE n WHEN 1 THEN l.id END, 'EUR', 3 - 2 * n, 3 - 2 * n"
        " FROM entry e, generate_series(1, 2) n, (SELECT min(id) AS id FROM link WHERE stream > 1) l"
    )

    def failing() -> list[str]:
        with running(company.session(), "doctor") as session:
            return [finding.name for finding in doctor(session) if not finding.ok]

    assert failing() == []

    company.sql("UPDATE balance SET amount = 5 WHERE party > 0")

    assert failing() == ["control_is_customers", "balances_recomputed"]
