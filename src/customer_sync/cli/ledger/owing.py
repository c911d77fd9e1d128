"""Commands about what customers owe: balance, statement, ageing."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from customer_sync.cli.failure import NOT_AGREED
from customer_sync.cli.ledger.report import (
    AsCsv,
    AtDay,
    Customer,
    Since,
    Until,
    day_of,
    days_between,
    for_programs,
    reading_books,
    refuse_both,
    today,
)
from customer_sync.cli.options import AsJson, Limit, WorkspaceFolder
from customer_sync.cli.output import say, table

if TYPE_CHECKING:
    from customer_sync.engine.ledger.owing import AgeingReport, CustomerStatement

__all__ = ["register"]

DEBTOR = ("customer", "name", "currency", "amount", "functional")
BALANCE = ("account", "currency", "amount", "functional")
LINE = ("date", "entry", "kind", "type", "number", "due_date", "currency", "amount", "balance")
LINE_CSV = ("section", *LINE, "open", "functional")
OPEN = ("date", "due", "type", "number", "currency", "amount", "open")


def register(group: typer.Typer) -> None:
    """Add the commands."""
    group.command(
        epilog="Examples: customer-sync ledger balance; customer-sync ledger balance 17 --json"
    )(balance)
    group.command(
        epilog="Examples: customer-sync ledger statement 17; customer-sync ledger statement 17 "
        "--from 2026-01-01 --to 2026-03-31; customer-sync ledger statement 17 --csv"
    )(statement)
    group.command(
        epilog="Examples: customer-sync ledger ageing; customer-sync ledger ageing --at 2026-03-31 --csv"
    )(ageing)


def balance(
    customer: Annotated[
        int | None,
        typer.Argument(metavar="CUSTOMER", help="The customer's number. Default: who owes most."),
    ] = None,
    limit: Limit = 50,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Say what a customer owes and how it stands, or who owes most."""
    from customer_sync.engine.ledger import balance as ask
    from customer_sync.engine.ledger import debtors

    refuse_both(as_json=as_json, as_csv=as_csv)
    with reading_books(workspace) as (tx, rules):
        rows = debtors(tx, rules.books, limit=limit + 1) if customer is None else []
        found = None if customer is None else ask(tx, rules.books, customer, today())
    if found is not None:
        _print_balance(found.as_json(), customer, as_json=as_json, as_csv=as_csv)
    elif not for_programs(rows[:limit], rows[:limit], DEBTOR, as_json=as_json, as_csv=as_csv):
        table(rows, DEBTOR, as_json=False, empty="Nobody owes anything.", limit=limit)


def _print_balance(told: dict[str, Any], asked: int | None, *, as_json: bool, as_csv: bool) -> None:
    if for_programs(told, told["balances"], BALANCE, as_json=as_json, as_csv=as_csv):
        return
    say(f"Customer {told['customer']} {told['name']}".rstrip() + f", {told['day']}")
    _retired(asked, told["customer"])
    table(told["balances"], BALANCE, as_json=False, empty="Nothing was ever posted.")
    _print_credit(told["credit"], told["currency"])


def _print_credit(credit: dict[str, Any] | None, currency: str) -> None:
    if credit is None:
        return
    say("")
    say(f"  owes {credit['balance']} {currency}, {credit['overdue']} of it overdue")
    if credit["days_overdue"]:
        say(
            f"  the oldest is {credit['days_overdue']} days late; dunning level {credit['dunning']}"
        )
    if credit["limit"] is not None:
        say(f"  credit limit {credit['limit']}, available {credit['available']}")
    say(f"  state: {credit['state']}")


def _retired(asked: int | None, customer: int) -> None:
    if asked != customer:
        say(f"  customer {asked} is customer {customer} now")


def statement(
    customer: Customer,
    since: Since = None,
    until: Until = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show a customer's account: what it owed before, every change, and what is still open.

    The exit code is 3 when what is open is not the closing balance: then run doctor.
    """
    from customer_sync.engine.ledger import statement as ask

    refuse_both(as_json=as_json, as_csv=as_csv)
    first, last = days_between(since, until)
    with reading_books(workspace) as (tx, rules):
        found = ask(tx, rules.books, customer, since=first, until=last or today())
    told, rows = found.as_json(), _statement_rows(found)
    if not for_programs(told, rows, LINE_CSV, as_json=as_json, as_csv=as_csv):
        _print_statement(found, customer)
    raise typer.Exit(0 if found.adds_up else NOT_AGREED)


def _statement_rows(found: "CustomerStatement") -> list[dict[str, Any]]:
    told = found.as_json()
    sections = ("opening", "line", "closing", "open")
    keys = {"line": "lines"}
    renamed = {
        "opening": {"amount": "balance"},
        "closing": {"amount": "balance"},
        "open": {"due": "due_date"},
    }
    return [
        {"section": section} | {renamed.get(section, {}).get(name, name): value for name, value in row.items()}
        for section in sections
        for row in told[keys.get(section, section)]
    ]  # fmt: skip


def _print_statement(found: "CustomerStatement", asked: int) -> None:
    told = found.as_json()
    since = f" from {told['from']}" if told["from"] else ""
    say(
        f"Statement of customer {told['customer']} {told['name']}".rstrip()
        + f"{since} to {told['to']}"
    )
    _retired(asked, told["customer"])
    for row in told["opening"]:
        say(f"  opening balance: {row['amount']} {row['currency']}")
    say("")
    table(told["lines"], LINE, as_json=False, empty="Nothing was posted in these days.")
    say("")
    for row in told["closing"]:
        worth = (
            f" ({row['functional']} {told['currency']})"
            if row["currency"] != told["currency"]
            else ""
        )
        say(f"  closing balance: {row['amount']} {row['currency']}{worth}")
    if not told["closing"]:
        say("  closing balance: nothing")
    if told["open"]:
        say("")
        say("Still open:")
        table(told["open"], OPEN, as_json=False, empty="")
    if not told["adds_up"]:
        say("What is open is not the closing balance: run customer-sync doctor.")


def ageing(
    customer: Annotated[
        int | None,
        typer.Argument(metavar="CUSTOMER", help="Only of this customer.", show_default=False),
    ] = None,
    at: AtDay = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show how old what customers owe is, as of any day.

    The exit code is 3 when the customers do not come to the control accounts: then run doctor.
    """
    from customer_sync.engine.ledger import ageing as ask

    refuse_both(as_json=as_json, as_csv=as_csv)
    with reading_books(workspace) as (tx, rules):
        found = ask(tx, rules.books, day_of(at) or today(), customer)
    columns = ("customer", "name", "currency", *found.buckets, "total", "functional")
    told = found.as_json()
    if not for_programs(told, told["customers"], columns, as_json=as_json, as_csv=as_csv):
        _print_ageing(found, told, columns)
    raise typer.Exit(0 if found.adds_up else NOT_AGREED)


def _print_ageing(found: "AgeingReport", told: dict[str, Any], columns: tuple[str, ...]) -> None:
    say(f"What is owed, by days overdue, as of {told['day']}; functional: {told['currency']}")
    totals = [{**row, "name": "total"} for row in told["totals"]] if told["customers"] else []
    table([*told["customers"], *totals], columns, as_json=False, empty="Nobody owes anything.")
    if found.adds_up:
        say("The total is that of the control accounts, to the last unit.")
    else:
        say("The total is not that of the control accounts: run customer-sync doctor.")
