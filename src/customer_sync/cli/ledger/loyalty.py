"""The command about loyalty points of a customer."""

import typer

from customer_sync.cli.ledger.report import (
    AsCsv,
    AtDay,
    Customer,
    day_of,
    for_programs,
    reading_books,
    refuse_both,
    today,
)
from customer_sync.cli.options import AsJson, WorkspaceFolder
from customer_sync.cli.output import say, table

__all__ = ["register"]

LINE = ("date", "entry", "what", "reverses", "number", "points", "balance")


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command(
        epilog="Examples: customer-sync ledger loyalty 17; customer-sync ledger loyalty 17 --at 2026-03-31 --json"
    )(loyalty)


def loyalty(
    customer: Customer,
    at: AtDay = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show the points that a customer earned, redeemed and lost, what it holds, and its tier."""
    from customer_sync.engine.ledger import loyalty as ask

    refuse_both(as_json=as_json, as_csv=as_csv)
    with reading_books(workspace) as (tx, rules):
        found = ask(tx, rules.books, customer, day_of(at) or today())
    told = found.as_json()
    if for_programs(told, told["lines"], LINE, as_json=as_json, as_csv=as_csv):
        return
    say(f"Customer {told['customer']} {told['name']}".rstrip() + f", {told['day']}")
    say(
        f"  holds {told['held']} {told['commodity']}, tier {told['tier'] or 'none'} (by {told['tier_by']})"
    )
    say(f"  earned {told['earned']}, redeemed {told['redeemed']}, expired {told['expired']}")
    table(told["lines"], LINE, as_json=False, empty="It never had points.")
