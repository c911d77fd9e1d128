"""Commands about customers: find them, write them out, exchange which record is which customer."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from customer_sync.cli.failure import NOT_AGREED
from customer_sync.cli.options import AsJson, Limit, WorkspaceFolder, named_folder
from customer_sync.cli.output import line_of, moment, print_json, say, table
from customer_sync.cli.progress import ProgressShown

__all__ = ["register"]

REFUSED_SHOWN_MAX = 20
LINK = ("system", "stream", "record", "state", "status", "reason", "remedy")
NOBODY = "recognises nobody: a role mailbox or made up; see `match` in workspace.yaml"
CLAIM = (
    "system", "stream", "record", "state", "value", "at", "is_current", "is_winner", "overridden_by",
)  # fmt: skip
CHANGE = ("at", "before", "after", "system", "stream", "record", "run")
AUDIT_SHOWN = ("at", "run", "kind", "system", "stream", "record", "customer", "fields", "detail")
AUDIT = ("id", "batch", "configuration", *AUDIT_SHOWN, "digest")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    customers_group = typer.Typer(
        help="Customers of the ledger: listed, found, written to a file.",
        epilog="Examples: customer-sync customers; customer-sync customers --search 'ann lee'; "
        "customer-sync customers export customers.csv",
    )
    customers_group.callback(invoke_without_command=True)(customers)
    customers_group.command(
        "export", epilog="Example: customer-sync customers export customers.csv"
    )(export_customers)
    app.add_typer(customers_group, name="customers")
    links_group = typer.Typer(
        help="Which record is which customer: written to a file, read from one.",
        no_args_is_help=True,
    )
    links_group.command("export", epilog="Example: customer-sync links export links.csv")(
        export_links
    )
    links_group.command("import", epilog="Example: customer-sync links import links.csv")(
        import_links
    )
    app.add_typer(links_group, name="links")
    app.command(epilog="Example: customer-sync show 17")(show)
    app.command(epilog="Example: customer-sync why 17 email")(why)
    app.command(
        epilog="Examples: customer-sync audit --customer 17; customer-sync audit --system shop "
        "--field email --since 2026-01-31"
    )(audit)


def customers(
    context: typer.Context,
    search: Annotated[
        str | None,
        typer.Option(
            help="Words in id, name, organisation, e-mail, phone or tax id.", show_default=False
        ),
    ] = None,
    limit: Limit = 50,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """List customers, or find them by words."""
    if context.invoked_subcommand is not None:
        return
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.store import browse

    with open_workspace(workspace_folder(workspace)) as opened, opened.db.transaction() as tx:
        rows = browse.customers(tx, (search or "").split(), limit=limit + 1)
    empty = "No customer has these words." if search else "There are no customers yet."
    table(rows, browse.CUSTOMER, as_json=as_json, empty=empty, limit=limit)


def export_customers(
    context: typer.Context,
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV, or Parquet when it ends in .parquet.")
    ],
    workspace: WorkspaceFolder = None,
) -> None:
    """Write all customers with all their fields to a file."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.customer_file import export_customers as export_now
    from customer_sync.engine.publish import in_force

    with open_workspace(workspace_folder(named_folder(context, workspace))) as opened:
        count = export_now(opened.db, in_force(opened.db), path)
    say(f"Wrote {count} customers to {path}.")


def export_links(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="CSV.")],
    workspace: WorkspaceFolder = None,
) -> None:
    """Write the crosswalk as CSV: system, stream, external_id, customer_id."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.crosswalk import export_links as export_now

    with open_workspace(workspace_folder(workspace)) as opened:
        count = export_now(opened.db, path)
    say(f"Wrote {count} links to {path}.")


def import_links(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV: system,stream,external_id,customer_id")
    ],
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Tie records to customers as a file says; ids that are unknown here group their records."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.crosswalk import import_links as import_now

    with (
        open_workspace(workspace_folder(workspace)) as opened,
        ProgressShown(quiet=as_json) as shown,
        opened.session("links", shown) as session,
    ):
        done = import_now(session, path, by=opened.settings.by)
    refused = [{"line": line, "reason": reason} for line, reason in sorted(done.refused)]
    if as_json:
        counts = {"rows": done.rows, "tied": done.tied, "already": done.already}
        print_json({**counts, "refused": refused})
    else:
        say(f"{done.rows} lines: {done.tied} tied, {done.already} so already, {len(refused)} not.")
        for one in refused[:REFUSED_SHOWN_MAX]:
            say(f"  line {one['line']}: {one['reason']}")
        if len(refused) > REFUSED_SHOWN_MAX:
            say("  ... see all of them with --json")
    raise typer.Exit(NOT_AGREED if refused else 0)


def audit(
    customer: Annotated[
        int | None, typer.Option(help="Of this customer.", show_default=False)
    ] = None,
    system: Annotated[str | None, typer.Option(help="Of this system.", show_default=False)] = None,
    field: Annotated[
        str | None, typer.Option(help="Concerning this canonical field.", show_default=False)
    ] = None,
    run: Annotated[int | None, typer.Option(help="Of this run.", show_default=False)] = None,
    since: Annotated[
        datetime | None, typer.Option(help="From this time on, UTC.", show_default=False)
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(help="Before this time, UTC.", show_default=False)
    ] = None,
    limit: Limit = 50,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Say what happened, newest first."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.ask import audit as ask

    with open_workspace(workspace_folder(workspace)) as opened, opened.db.transaction() as tx:
        found = ask(
            tx, customer=customer, system=system, field=field, run=run, limit=limit + 1,
            since=since.replace(tzinfo=UTC) if since else None,
            until=until.replace(tzinfo=UTC) if until else None,
        )  # fmt: skip
    rows = [asdict(one) for one in found]
    columns = AUDIT if as_json else AUDIT_SHOWN
    table(rows, columns, as_json=as_json, empty="Nothing of that kind happened.", limit=limit)


def show(
    customer: Annotated[int, typer.Argument(metavar="CUSTOMER", help="The customer's number.")],
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show one customer: its values, its records everywhere, and what stands in the way."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.ask import show as ask
    from customer_sync.engine.publish import in_force

    with open_workspace(workspace_folder(workspace)) as opened:
        rules = in_force(opened.db)
        with opened.db.transaction(snapshot=True) as tx:
            found = ask(tx, rules, customer)
    if as_json:
        print_json(found.as_json())
        return
    say(f"Customer {found.customer}, last changed {moment(found.changed_at)}")
    if found.retired:
        say(f"  also known as {', '.join(str(one) for one in found.retired)}")
    for name, value in found.values.items():
        nobody = f"  ({NOBODY})" if name in found.nobody else ""
        say(f"  {name}: {line_of(value)}{nobody}")
    say("")
    links = [asdict(one) for one in found.links]
    table(links, LINK, as_json=False, empty="It has no record anywhere.")
    for waiting in found.waiting:
        what = "cannot be created" if waiting.is_failing else "is still to be created"
        say(f"It {what} in {waiting.system}.{waiting.stream}. {waiting.remedy}")
    for reject in found.rejects:
        place = f"{reject.system}.{reject.stream} {reject.record} {reject.field}".strip()
        say(f"Set aside: {place}: {reject.cause} {reject.remedy}")
    for review in found.reviews:
        say(f"Question {review.id} ({review.kind}): customer-sync reviews")


def why(
    customer: Annotated[int, typer.Argument(metavar="CUSTOMER", help="The customer's number.")],
    field: Annotated[str, typer.Argument(metavar="FIELD", help="A canonical field, e.g. email.")],
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Say why a field has its value: who claims what, what decided, how it came to be."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.ask import why as ask
    from customer_sync.engine.publish import in_force

    with open_workspace(workspace_folder(workspace)) as opened:
        rules = in_force(opened.db)
        with opened.db.transaction(snapshot=True) as tx:
            found = ask(tx, rules, customer, field)
    if as_json:
        print_json(found.as_json())
        return
    say(f"{found.field} of customer {found.customer}: {line_of(found.value)}")
    say(f"  {found.reason} (policy: {found.policy})")
    if found.is_nobody:
        say(f"  {NOBODY}")
    say("")
    claims = [asdict(one) for one in found.claims]
    table(claims, CLAIM, as_json=False, empty="No record claims it.")
    if found.history:
        say("")
        table([asdict(one) for one in found.history], CHANGE, as_json=False, empty="")
