"""Commands that run: bring everything into agreement, and say how it stands."""

import sys
from typing import Annotated

import typer

from customer_sync.cli.failure import NOT_AGREED
from customer_sync.cli.options import AsJson, WorkspaceFolder
from customer_sync.cli.output import print_json, say
from customer_sync.cli.progress import ProgressShown
from customer_sync.cli.standing import print_standing

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        epilog="Examples: customer-sync sync; customer-sync sync --stream shop.customers --whole"
    )(sync)
    app.command(epilog="Examples: customer-sync status; customer-sync status --json")(status)


def sync(
    whole: Annotated[
        bool,
        typer.Option("--whole", help="Read every stream from its start, not only what changed."),
    ] = False,
    stream: Annotated[
        list[str] | None,
        typer.Option(metavar="SYSTEM.STREAM", help="Read only this stream; may be given again."),
    ] = None,
    publish: Annotated[
        bool,
        typer.Option("--publish/--no-publish", help="Publish the folder first when it changed."),
    ] = True,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Bring all systems into agreement: read what changed, decide, deliver, report what agrees."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.review import stream_named
    from customer_sync.engine.standing import standing
    from customer_sync.engine.sync import sync as sync_now

    with open_workspace(workspace_folder(workspace)) as opened:
        if publish:
            done = opened.publish_changed()
            for one in done.warnings:
                sys.stderr.write(f"Warning: {one.stream} could not be looked at: {one.reason}\n")
            if done.is_new and not as_json:
                say(f"Published version {done.version} of the configuration.")
        with ProgressShown(quiet=as_json) as shown, opened.session("sync", shown) as session:
            only = [stream_named(session, title).title for title in stream or ()]
            synced = sync_now(session, whole=whole, only=only)
            found = standing(opened.db, session.rules.config)
            run, counts = session.run, dict(session.counts)
    failures = [
        {"stream": title, "code": error.code, "message": error.message, "hint": error.hint}
        for title, error in synced.failures
    ]
    is_agreed = found.is_agreed and not failures
    if as_json:
        document = {"run": run, "counts": counts, "failures": failures, "status": found.document()}
        print_json({"agreed": is_agreed, **document})
    else:
        for failure in failures:
            say(f"{failure['stream']}: {failure['message']}")
            if failure["hint"]:
                say(f"  What to do: {failure['hint']}")
        print_standing(found)
    raise typer.Exit(0 if is_agreed else NOT_AGREED)


def status(workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """Say how the workspace stands: what agrees, what waits, and what needs you."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.publish import in_force
    from customer_sync.engine.standing import standing

    with open_workspace(workspace_folder(workspace)) as opened:
        found = standing(opened.db, in_force(opened.db).config)
    if as_json:
        print_json(found.document())
    else:
        print_standing(found)
    raise typer.Exit(0 if found.is_agreed else NOT_AGREED)
