"""Options that many commands share, so that they are called and explained the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AsJson", "ByWhom", "Limit", "PublishFirst", "Whole", "WorkspaceFolder", "named_folder"]

WorkspaceFolder = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        metavar="DIR",
        help="The workspace's folder. Default: CUSTOMER_SYNC_WORKSPACE, this folder, or one above.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
ByWhom = Annotated[
    str | None,
    typer.Option(
        "--by", help="Who decides. Default: CUSTOMER_SYNC_BY, or you.", show_default=False
    ),
]
Whole = Annotated[
    bool, typer.Option("--whole", help="Read every stream from its start, not only what changed.")
]
PublishFirst = Annotated[
    bool,
    typer.Option("--publish/--no-publish", help="Publish the folder first when it changed."),
]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Show at most so many.")]


def named_folder(context: typer.Context, own: Path | None) -> Path | None:
    """Return the folder named at a command, or at the group before it."""
    parent = context.parent
    above = parent.params.get("workspace") if parent is not None else None
    return own or (above if isinstance(above, Path) else None)
