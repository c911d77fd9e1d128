"""The command `demo`: the whole product on an invented company, on this machine, in two minutes."""

from pathlib import Path
from typing import Annotated

import typer

from customer_sync.cli.failure import AGREED, NOT_AGREED

__all__ = ["register"]

CUSTOMERS = 2_000
CUSTOMERS_MIN = 500  # fewer hold not enough people for every story


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: customer-sync demo --workspace build/demo")(demo)


def demo(
    workspace: Annotated[
        Path,
        typer.Option("--workspace", "-w", metavar="DIR", help="Where to build it; made anew."),
    ] = Path("customer-sync-demo"),
    customers: Annotated[
        int, typer.Option("--customers", min=CUSTOMERS_MIN, help="How many customers to invent.")
    ] = CUSTOMERS,
) -> None:
    """Build an invented company, bring its systems into agreement, and show how."""
    from customer_sync.cli.demo.story import tell

    raise typer.Exit(AGREED if tell(workspace, customers=customers) else NOT_AGREED)
