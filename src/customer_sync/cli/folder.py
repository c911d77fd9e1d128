"""Commands about the configuration folder: start it, check it, publish it, get it back, keep secrets."""

from pathlib import Path
from typing import Annotated

import typer

from customer_sync.cli import secret
from customer_sync.cli.options import AsJson, WorkspaceFolder
from customer_sync.cli.output import print_json, say, table

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        epilog="Example: customer-sync init my-company && cd my-company && customer-sync sync"
    )(init)
    app.command(epilog="Example: customer-sync check --workspace my-company")(check)
    app.command(epilog="Example: customer-sync publish")(publish)
    config = typer.Typer(
        help="Published versions of the configuration, and the secrets it names.",
        no_args_is_help=True,
    )
    config.command(epilog="Example: customer-sync config versions --json")(versions)
    config.command(epilog="Example: customer-sync config export ../as-published --version 3")(
        export
    )
    config.add_typer(secret.group(), name="secret")
    app.add_typer(config, name="config")


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    name: Annotated[
        str | None,
        typer.Option(help="The workspace's name. Default: the folder's.", show_default=False),
    ] = None,
) -> None:
    """Make a starter workspace: a commented configuration with sample data that runs as it is."""
    from customer_sync.engine.folder import starter

    for one in starter(directory, name=name):
        say(f"made {directory / one}")
    say(f"\nNext:\n  cd {directory}\n  customer-sync sync\n  customer-sync status")


def check(workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """Check the files of the folder; no database and no system is asked."""
    from customer_sync.app import workspace_folder
    from customer_sync.engine.folder import read_folder
    from customer_sync.kernel.errors import ConfigurationError

    try:
        found = read_folder(workspace_folder(workspace))
    except ConfigurationError as error:
        if as_json:
            print_json({"ok": False, **error.context})
            raise typer.Exit(1) from error
        raise
    streams = [
        f"{system.system}.{name}"
        for system in found.config.systems.values()
        for name in system.streams
    ]
    if as_json:
        print_json({"ok": True, "workspace": found.config.workspace.workspace, "streams": streams})
        return
    say(
        f"The configuration of {found.config.workspace.workspace} is sound: "
        f"{len(found.config.systems)} systems, {len(streams)} streams."
    )


def publish(workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """Publish the folder as a new version, after trying it against the systems."""
    from customer_sync.app import open_workspace, workspace_folder

    with open_workspace(workspace_folder(workspace)) as opened:
        done = opened.publish_changed()
    if as_json:
        warnings = [{"stream": one.stream, "reason": one.reason} for one in done.warnings]
        print_json({"version": done.version, "is_new": done.is_new, "warnings": warnings})
        return
    for one in done.warnings:
        say(f"Warning: {one.stream} could not be looked at: {one.reason}")
    say(
        f"Published version {done.version}."
        if done.is_new
        else f"Version {done.version} is in force and says the same; nothing to publish."
    )


def versions(workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """List the published versions."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.store import settings

    with open_workspace(workspace_folder(workspace)) as opened, opened.db.transaction() as tx:
        found = settings.versions(tx)
    columns = ("version", "digest", "published_at")
    rows = [dict(zip(columns, row, strict=True)) for row in found]
    table(rows, columns, as_json=as_json, empty="Nothing is published yet: customer-sync publish")


def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go.")],
    version: Annotated[
        int | None, typer.Option(help="Default: the one in force.", show_default=False)
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace files that differ.")] = False,
    workspace: WorkspaceFolder = None,
) -> None:
    """Write a published version back, exactly as its files were."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.folder import export as export_files

    with open_workspace(workspace_folder(workspace)) as opened:
        names = export_files(opened.db, version, directory, replace=replace)
    for name in names:
        say(f"wrote {directory / name}")
