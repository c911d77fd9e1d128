"""Commands about periods: list them, close one, reopen one."""

from typing import Annotated

import typer

from customer_sync.cli.options import AsJson, WorkspaceFolder
from customer_sync.cli.output import print_json, say, table
from customer_sync.cli.progress import ProgressShown

__all__ = ["register"]

PERIOD = ("period", "state", "closed_at", "by")
# What is not in the books of a period that is closed, by how it stands.
UNPOSTED = {
    "waiting": "documents dated in it are waiting and not posted",
    "parked": "documents dated in it are parked and not posted",
    "rejected": "documents dated in it are rejected and not posted",
    "changed": "documents posted in it changed at their source, and the change is not posted",
    "undated": "documents have no day that can be read; they may be of it, and are not posted",
}
Period = Annotated[str, typer.Argument(metavar="PERIOD", help="A year and a month: 2026-01.")]


def register(group: typer.Typer) -> None:
    """Add the commands."""
    group.command(epilog="Example: customer-sync ledger periods")(periods)
    group.command(epilog="Example: customer-sync ledger close 2026-01")(close)
    group.command(
        epilog="Example: customer-sync ledger reopen 2026-01 --reason 'late invoice of a supplier'"
    )(reopen)


def periods(workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """List the periods that were posted into or closed."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.store.periods import every

    with open_workspace(workspace_folder(workspace)) as opened, opened.db.transaction() as tx:
        found = every(tx)
    table(found.to_dicts(), PERIOD, as_json=as_json, empty="Nothing was ever posted or closed.")


def close(period: Period, workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """Close a period: nothing is posted into it any more, by no door. Waits for who is posting."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.ledger import close as close_now
    from customer_sync.engine.ledger import days_of
    from customer_sync.store.documents import unposted

    first, last = days_of(period)
    with (
        open_workspace(workspace_folder(workspace)) as opened,
        ProgressShown(quiet=True) as shown,
        opened.session("close", shown) as session,
    ):
        is_changed = close_now(session, period, by=opened.settings.by)
        with opened.db.transaction() as tx:
            left = unposted(tx, first, last)
    if as_json:
        print_json({"period": period, "state": "closed", "changed": is_changed, "unposted": left})
        return
    say(f"{period} is closed." if is_changed else f"{period} was closed already.")
    for state, count in left.items():
        say(f"  {count} {UNPOSTED[state]}; see: customer-sync rejects")


def reopen(
    period: Period,
    reason: Annotated[str, typer.Option(help="Why; the audit trail keeps it.", show_default=False)],
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Open a closed period again, for a reason that the audit trail keeps."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.ledger import reopen as reopen_now

    with (
        open_workspace(workspace_folder(workspace)) as opened,
        ProgressShown(quiet=True) as shown,
        opened.session("reopen", shown) as session,
    ):
        is_changed = reopen_now(session, period, by=opened.settings.by, reason=reason)
    if as_json:
        print_json({"period": period, "state": "open", "changed": is_changed})
        return
    say(f"{period} is open again." if is_changed else f"{period} was open.")
