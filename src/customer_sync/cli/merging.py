"""Commands on sameness: how alike two are, let a customer go into another, and take that back."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from customer_sync.cli.failure import NOT_AGREED
from customer_sync.cli.options import AsJson, ByWhom, WorkspaceFolder
from customer_sync.cli.output import print_json, say, table
from customer_sync.cli.standing import status_of

if TYPE_CHECKING:
    from customer_sync.engine.merge import Merged
    from customer_sync.engine.session import Session

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        epilog="Examples: customer-sync compare 17 23; "
        "customer-sync compare crm.contacts/4711 shop.customers/98 --json"
    )(compare)
    app.command(
        epilog="Examples: customer-sync merge 23 17; customer-sync merge 23 17 --by ann --json"
    )(merge)
    app.command(epilog="Examples: customer-sync unmerge 23; customer-sync unmerge 23 --json")(
        unmerge
    )


def compare(
    one: Annotated[
        str,
        typer.Argument(metavar="ONE", help="A customer's number, or a record: system.stream/id."),
    ],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Likewise.")],
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Tell how alike two customers or records are, and what speaks for and against their being one."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.likeness import likeness

    with (
        open_workspace(workspace_folder(workspace)) as opened,
        opened.session("compare") as session,
    ):
        found = likeness(session, one, other)
    if as_json:
        print_json(asdict(found))
        return
    say(
        f"{found.one} of customer {found.customers[0]}, {found.other} of customer {found.customers[1]}:"
    )
    said = {"join": "joined by itself", "ask": "left to a person", "apart": "not joined"}[
        found.verdict
    ]
    say(
        f"score {found.score:.3f} ({said}; asked from {found.review:g}, joined from {found.automatic:g}; "
        f"model {found.model})"
    )
    if found.veto is not None:
        say(f"excluded: {found.veto}")
    if found.kept_apart:
        say("a steward said that they are not the same")
    rows = [
        {**asdict(reason), "contribution": f"{reason.contribution:+.2f}"}
        for reason in found.reasons
    ]
    table(rows, ("field", "contribution", "words"), as_json=False, empty="Nothing was compared.")


def merge(
    customer: Annotated[int, typer.Argument(metavar="CUSTOMER", help="The one that goes.")],
    into: Annotated[int, typer.Argument(metavar="INTO", help="The one that stays.")],
    by: ByWhom = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Let one customer go into another: its records, and all that is posted to it, are the other's.

    Its number stands for the other for ever; `unmerge` takes it back. The exit code is 3 when not
    everything agrees afterwards.
    """
    from customer_sync.engine.merge import merge_customers

    done = _done(
        workspace, as_json, "merge",
        lambda session, who: merge_customers(session, customer, into, by=by or who),
    )  # fmt: skip
    if not as_json:
        say(f"To take it back: customer-sync unmerge {done[1].customer}")
    raise typer.Exit(0 if done[0] else NOT_AGREED)


def unmerge(
    customer: Annotated[
        int, typer.Argument(metavar="CUSTOMER", help="The one that was merged into another.")
    ],
    by: ByWhom = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Take a merge back: the records that a customer went with are its own again, with what changed in them.

    It is remembered that the two are not the same. The exit code is 3 when not everything agrees afterwards.
    """
    from customer_sync.engine.merge import unmerge_customer

    done = _done(
        workspace, as_json, "unmerge",
        lambda session, who: unmerge_customer(session, customer, by=by or who),
    )  # fmt: skip
    raise typer.Exit(0 if done[0] else NOT_AGREED)


def _done(
    workspace: Path | None, as_json: bool, kind: str, do: "Callable[[Session, str], Merged]"
) -> "tuple[bool, Merged]":
    """Do it, tell what it came to, and return whether everything agrees afterwards."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.standing import agrees

    with open_workspace(workspace_folder(workspace)) as opened:
        with opened.session(kind) as session:
            done = do(session, opened.settings.by)
            run = session.run
        is_agreed = agrees(status_of(opened))
    if as_json:
        print_json({"agreed": is_agreed, "run": run, **asdict(done)})
    else:
        how = "went into" if kind == "merge" else "is apart again from"
        say(
            f"Customer {done.customer} {how} customer {done.other}: {done.records} records moved, "
            f"{done.changed} values changed."
        )
        for message in done.failures:
            say(f"Its deliveries wait: {message}")
    return is_agreed, done
