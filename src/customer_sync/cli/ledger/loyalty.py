"""The command about loyalty points of a customer."""

from datetime import datetime
from typing import Annotated

import typer

from customer_sync.cli.ledger.report import AsCsv, day_of, print_csv, refuse_both, today
from customer_sync.cli.options import AsJson, WorkspaceFolder
from customer_sync.cli.output import print_json, say, table

__all__ = ["register"]

LINE = ("date", "entry", "what", "reverses", "number", "points", "balance")


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command(
        epilog="Examples: customer-sync ledger loyalty 17; customer-sync ledger loyalty 17 --at 2026-03-31 --json"
    )(loyalty)


def loyalty(
    customer: Annotated[int, typer.Argument(metavar="CUSTOMER", help="The customer's number.")],
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at", formats=["%Y-%m-%d"], help="As of this day. Default: today.", show_default=False
        ),
    ] = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show the points that a customer earned, redeemed and lost, what it holds, and its tier."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.ledger import loyalty as ask
    from customer_sync.engine.publish import in_force

    refuse_both(as_json=as_json, as_csv=as_csv)
    with open_workspace(workspace_folder(workspace)) as opened:
        rules = in_force(opened.db).books
        with opened.db.transaction(snapshot=True) as tx:
            found = ask(tx, rules, customer, day_of(at) or today())
    told = found.as_json()
    if as_json:
        print_json(told)
    elif as_csv:
        print_csv(told["lines"], LINE)
    else:
        say(f"Customer {told['customer']} {told['name']}".rstrip() + f", {told['day']}")
        say(
            f"  holds {told['held']} {told['commodity']}, tier {told['tier'] or 'none'} (by {told['tier_by']})"
        )
        say(f"  earned {told['earned']}, redeemed {told['redeemed']}, expired {told['expired']}")
        table(told["lines"], LINE, as_json=False, empty="It never had points.")
