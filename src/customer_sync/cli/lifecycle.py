"""Commands about the life of customers: one timeline each, and what they all brought."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from customer_sync.cli.failure import NOT_AGREED
from customer_sync.cli.ledger.report import (
    AsCsv,
    Customer,
    Since,
    Until,
    days_between,
    for_programs,
    reading_books,
    refuse_both,
)
from customer_sync.cli.options import AsJson, Limit, WorkspaceFolder
from customer_sync.cli.output import say, table

__all__ = ["register"]

LIFETIME = ("customer", "name", "lifetime", "orders", "first", "last")
COHORT = ("cohort", "month", "customers", "active")
ACCOUNT = ("account", "name", "revenue")
MONTHS_SHOWN_MAX = 13


class RevenueBy(StrEnum):
    """What tells rows of revenue apart."""

    CAMPAIGN = "campaign"
    SOURCE = "source"
    SEGMENT = "segment"
    PERIOD = "period"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Examples: customer-sync timeline 17; customer-sync timeline 17 --csv")(
        timeline
    )
    group = typer.Typer(
        help="What was earned, and by whom.",
        epilog="Examples: customer-sync report revenue --by campaign; customer-sync report customers",
        no_args_is_help=True,
    )
    group.command(
        epilog="Examples: customer-sync report revenue --by campaign; customer-sync report revenue "
        "--by segment --segment country --from 2026-01-01 --to 2026-03-31 --csv"
    )(revenue)
    group.command(
        epilog="Examples: customer-sync report customers; customer-sync report customers --json"
    )(customers)
    app.add_typer(group, name="report")


def timeline(
    customer: Customer,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Tell all that happened with a customer, oldest first: records, values, orders, invoices, payments.

    Each line names the journal entry and the audit event behind it: see `ledger entries --entry` and `audit`.
    """
    from customer_sync.engine.ledger import timeline as ask
    from customer_sync.engine.ledger.timeline import COLUMNS

    refuse_both(as_json=as_json, as_csv=as_csv)
    with reading_books(workspace) as (tx, rules):
        found = ask(tx, rules.books, customer)
    if for_programs(found.as_json(), found.lines, COLUMNS, as_json=as_json, as_csv=as_csv):
        return
    known = f", known before as {', '.join(map(str, found.retired))}" if found.retired else ""
    say(f"Customer {found.customer}{known}")
    table(found.lines, COLUMNS, as_json=False, empty="Nothing happened yet.")


def revenue(
    by: Annotated[RevenueBy, typer.Option(help="What tells rows apart.")],
    segment: Annotated[
        str,
        typer.Option(
            help="The field of customers that `--by segment` means; of an address, a part: billing_address.country."
        ),
    ] = "kind",
    since: Since = None,
    until: Until = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show recognised revenue by campaign, source, segment or period, in the functional currency.

    It adds up to the revenue accounts of the same days; the exit code is 3 when it does not.
    """
    from customer_sync.engine.ledger import revenue_report

    refuse_both(as_json=as_json, as_csv=as_csv)
    first, last = days_between(since, until)
    with reading_books(workspace) as (tx, rules):
        found = revenue_report(tx, rules, by.value, segment=segment, since=first, until=last)
    told = found.as_json()
    if not for_programs(told, told["rows"], (by.value, "revenue"), as_json=as_json, as_csv=as_csv):
        _print_revenue(told, by.value)
    raise typer.Exit(0 if found.adds_up else NOT_AGREED)


def _print_revenue(told: dict[str, Any], by: str) -> None:
    rows = [{by: row[by] or "(none)", "revenue": row["revenue"]} for row in told["rows"]]
    table(
        [*rows, {by: "total", "revenue": told["total"]}], (by, "revenue"), as_json=False, empty=""
    )
    say("")
    accounts = [
        *told["accounts"],
        {"account": "", "name": "total", "revenue": told["accounts_total"]},
    ]
    table(accounts, ACCOUNT, as_json=False, empty="")
    if told["adds_up"]:
        say(f"The total is that of the revenue accounts: {told['total']} {told['currency']}.")
    else:
        say("The total is not that of the revenue accounts: run customer-sync doctor.")


def customers(
    limit: Limit = 20,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show what customers brought in their lifetime, and which of those who began in a month came back."""
    from customer_sync.engine.ledger import customers_report

    refuse_both(as_json=as_json, as_csv=as_csv)
    with reading_books(workspace) as (tx, rules):
        found = customers_report(tx, rules, limit=limit)
    told = found.as_json()
    if for_programs(told, told["lifetime"], LIFETIME, as_json=as_json, as_csv=as_csv):
        return
    say(f"{told['customers']} customers; what they brought, in {told['currency']}:")
    table(told["lifetime"], LIFETIME, as_json=False, empty="Nobody bought anything yet.")
    _print_cohorts(told["cohorts"])


def _print_cohorts(cells: list[dict[str, Any]]) -> None:
    """Print a row for each cohort: how many of a hundred bought again in each month after their first."""
    rows: dict[Any, dict[str, Any]] = {}
    for cell in cells:
        row = rows.setdefault(
            cell["cohort"], {"cohort": f"{cell['cohort']:%Y-%m}", "customers": cell["customers"]}
        )
        row[str(cell["month"])] = f"{100 * cell['active'] // cell['customers']} %"
    months = sorted({cell["month"] for cell in cells})[:MONTHS_SHOWN_MAX]
    if rows:
        say("")
        say("Of those who began in a month, how many bought in each month after it:")
        table(
            list(rows.values()), ("cohort", "customers", *map(str, months)), as_json=False, empty=""
        )
