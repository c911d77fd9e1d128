"""The command that looks at a system and proposes its configuration file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from customer_sync.cli.options import WorkspaceFolder
from customer_sync.cli.output import say

if TYPE_CHECKING:
    from customer_sync.model.config import Configuration

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog="Example: write systems/erp.yaml with system, connector, settings and `streams: {}` "
        "(files: `settings: {folder: exports}`), then: customer-sync discover erp --write"
    )(discover)


def discover(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="A system of this folder.")],
    stream: Annotated[
        str | None,
        typer.Option(help="Only this stream, table or file.", show_default=False),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Put it in place of systems/SYSTEM.yaml.")
    ] = False,
    workspace: WorkspaceFolder = None,
) -> None:
    """Look at a system and propose its configuration, each mapping with how sure it is."""
    from customer_sync.app import prepared, workspace_folder
    from customer_sync.connect.driver import standard_driver
    from customer_sync.connect.registry import connector
    from customer_sync.engine.discover import as_yaml
    from customer_sync.engine.discover import discover as look
    from customer_sync.engine.folder import read_folder
    from customer_sync.kernel.errors import ConflictError, NotFoundError
    from customer_sync.settings import settings

    folder = workspace_folder(workspace)
    read = read_folder(folder)
    systems = read.config.systems
    if system not in systems:
        raise NotFoundError(
            f"there is no system '{system}' in {folder}",
            hint=f"systems: {', '.join(systems)}; for another one write systems/{system}.yaml with "
            "system, connector, settings and `streams: {}`",
        )
    written = systems[system]
    if write and written.streams:
        raise ConflictError(
            f"systems/{system}.yaml has streams already",
            hint="look at the proposal without --write, and take over what you want",
        )
    filled = prepared(written, folder, settings(), read.files)
    with standard_driver() as driver:
        found = look(connector(filled), driver, filled, stream, region=_region(read.config))
    if not found:
        raise NotFoundError(
            f"system {system} shows no stream",
            hint="check its settings"
            + ("; for files give `settings: {folder: DIR}`" if filled.connector == "file" else ""),
        )
    text = as_yaml(found, written)
    if not write:
        say(text.rstrip())
        return
    _put(folder / "systems" / f"{system}.yaml", text)
    say(f"wrote systems/{system}.yaml; read it, then: customer-sync publish")


def _region(config: "Configuration") -> str | None:
    """Return the region that somebody chose; the default one says nothing about anybody."""
    workspace = config.workspace
    return workspace.region if "region" in workspace.model_fields_set else None


def _put(path: Path, text: str) -> None:
    from customer_sync.engine.folder.schema import header

    aside = path.with_name(f".{path.name}.unfinished")
    aside.write_text(header("system.json", depth=1) + text, encoding="utf-8")
    aside.replace(path)
