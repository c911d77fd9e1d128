"""Commands that run: bring everything into agreement, and say how it stands."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from customer_sync.cli.failure import NOT_AGREED, remedy
from customer_sync.cli.options import AsJson, Limit, PublishFirst, Whole, WorkspaceFolder
from customer_sync.cli.output import print_json, say, table
from customer_sync.cli.progress import ProgressShown
from customer_sync.cli.publishing import publish_first
from customer_sync.cli.standing import print_status, status_document, status_of

if TYPE_CHECKING:
    from customer_sync.engine.agreement import Agreement

__all__ = ["register"]

AGREEMENT = ("system", "stream", "records", "fields", "agreeing", "accuracy", "state")
DIFFERENCE = ("system", "stream", "record", "customer", "field", "shown", "wanted", "why", "remedy")
DOCUMENTS = ("system", "documents", "agreeing", "redated", "unread", "state")
DOCUMENT = (
    "system",
    "stream",
    "external_id",
    "kind",
    "type",
    "customer",
    "currency",
    "effect",
    "reason",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        epilog="Examples: customer-sync sync; customer-sync sync --stream shop.customers --whole"
    )(sync)
    app.command(epilog="Examples: customer-sync status; customer-sync status --json")(status)
    app.command(epilog="Examples: customer-sync verify; customer-sync verify --json")(verify)


def sync(
    whole: Whole = False,
    stream: Annotated[
        list[str] | None,
        typer.Option(metavar="SYSTEM.STREAM", help="Read only this stream; may be given again."),
    ] = None,
    publish: PublishFirst = True,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Bring all systems into agreement: read what changed, decide, deliver, report what agrees."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.review import stream_named
    from customer_sync.engine.standing import agrees
    from customer_sync.engine.sync import sync as sync_now

    with open_workspace(workspace_folder(workspace)) as opened:
        if publish:
            publish_first(opened, as_json=as_json)
        with ProgressShown(quiet=as_json) as shown, opened.session("sync", shown) as session:
            only = [stream_named(session, title).title for title in stream or ()]
            synced = sync_now(session, whole=whole, only=only)
            run, counts = session.run, dict(session.counts)
        found = status_of(opened)
    failures = [
        {"stream": title, "code": error.code, "message": error.message, "hint": remedy(error)}
        for title, error in synced.failures
    ]
    is_agreed = agrees(found) and not failures
    if as_json:
        document = {
            "run": run,
            "counts": counts,
            "failures": failures,
            "status": status_document(found),
        }
        print_json({"agreed": is_agreed, **document})
    else:
        for failure in failures:
            say(f"{failure['stream']}: {failure['message']}")
            if failure["hint"]:
                say(f"  What to do: {failure['hint']}")
        print_status(found, failed=len(failures))
    raise typer.Exit(0 if is_agreed else NOT_AGREED)


def status(workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """Say how the workspace stands: what agrees, what waits, and what needs you."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.standing import agrees

    with open_workspace(workspace_folder(workspace)) as opened:
        found = status_of(opened)
    if as_json:
        print_json(status_document(found))
    else:
        print_status(found)
    raise typer.Exit(0 if agrees(found) else NOT_AGREED)


def verify(limit: Limit = 20, workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """Read every system again and compare it with the ledger, field by field; change nothing."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.verify import verify as verify_now

    with (
        open_workspace(workspace_folder(workspace)) as opened,
        ProgressShown(quiet=as_json) as shown,
        opened.session("verify", shown) as session,
    ):
        found = verify_now(session, limit_differences=limit)
    if as_json:
        print_json(found.as_json())
    else:
        _print_agreement(found)
    raise typer.Exit(0 if found.agreed else NOT_AGREED)


def _print_agreement(found: "Agreement") -> None:
    rows = [
        {
            "system": one.system, "stream": one.stream, "records": one.records,
            "fields": one.fields, "agreeing": one.agreeing, "accuracy": _percent(one.accuracy),
            "state": "agreed" if one.agreed else one.error[1] if one.error else "not agreed",
        }
        for one in found.streams
    ]  # fmt: skip
    table(rows, AGREEMENT, as_json=False, empty="No stream is configured yet.")
    if found.differences:
        say("")
        differences = [asdict(one) for one in found.differences]
        table(differences, DIFFERENCE, as_json=False, empty="")
        if found.differing > len(found.differences):
            say(f"... of {found.differing} in all; show more with --limit")
    say("")
    _print_documents(found)
    if found.ledger_unabsorbed:
        say(f"{found.ledger_unabsorbed} customers were edited in the ledger: customer-sync sync")
    say(f"Data accuracy: {_percent(found.accuracy)} of {found.fields} fields.")
    say("Everything agrees." if found.agreed else "Not everything agrees.")


def _print_documents(found: "Agreement") -> None:
    rows = [
        {**asdict(one), "state": "agreed" if one.agreed else one.error[1] if one.error else "not agreed"}
        for one in found.documents
    ]  # fmt: skip
    if not rows:
        return
    table(rows, DOCUMENTS, as_json=False, empty="")
    listed = [row for one in found.documents for row in one.listed]
    say("")
    if listed:
        table(listed, DOCUMENT, as_json=False, empty="")
        differing = sum(sum(one.by_kind.values()) for one in found.documents)
        if differing > len(listed):
            say(f"... of {differing} in all; show more with --limit")
        say(
            "  the causes and what to do: customer-sync ledger reconcile, and customer-sync rejects"
        )
        say("")


def _percent(share: float | None) -> str:
    # Rounded down: 100 % is said only when it is all of them.
    return "-" if share is None else f"{int(share * 10_000) / 100:.2f} %"
