"""The command that checks on live data what must always hold."""

from dataclasses import asdict

import typer

from customer_sync.cli.failure import FAILED
from customer_sync.cli.options import AsJson, WorkspaceFolder
from customer_sync.cli.output import print_json, say, table
from customer_sync.cli.progress import ProgressShown

__all__ = ["register"]

FINDING = ("name", "ok", "count", "examples", "meaning")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Examples: customer-sync doctor; customer-sync doctor --json")(doctor)


def doctor(workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """Check on live data what must always hold; the exit code is 1 when something does not."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.doctor import doctor as examine

    with (
        open_workspace(workspace_folder(workspace)) as opened,
        ProgressShown(quiet=True) as shown,
        opened.session("doctor", shown) as session,
    ):
        found = examine(session)
    is_sound = all(one.ok for one in found)
    if as_json:
        print_json({"ok": is_sound, "findings": [one.as_json() for one in found]})
    else:
        table([asdict(one) for one in found], FINDING, as_json=False, empty="Nothing to check.")
        for one in found:
            if one.remedy:
                say(f"{one.name}: {one.remedy}")
        say("All that must hold holds." if is_sound else "Something that must hold does not.")
    raise typer.Exit(0 if is_sound else FAILED)
