"""The command that opens the ledger's database to people who speak SQL."""

import typer

from customer_sync.cli.failure import FAILED
from customer_sync.cli.options import WorkspaceFolder

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog='Examples: customer-sync psql; customer-sync psql -c "UPDATE customer SET '
        "payment_terms = '30 days net' WHERE id = 17\"; then: customer-sync sync",
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )(psql)


def psql(context: typer.Context, workspace: WorkspaceFolder = None) -> None:
    """Open psql on the workspace's database; what follows is handed on to it.

    It acts as the role that commands act as, in the workspace's schema: the table `customer` may be
    edited, and what must not change cannot be. An edit reaches every system at the next sync.
    """
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.infra.pg import psql as run

    with open_workspace(workspace_folder(workspace)) as opened:
        code = run(opened.db, context.args)
    raise typer.Exit(FAILED if code else 0)
