"""Commands about what waits for a person: rejects and trying them again, reviews and answers."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from customer_sync.cli.failure import NOT_AGREED
from customer_sync.cli.options import AsJson, Limit, WorkspaceFolder, named_folder
from customer_sync.cli.output import print_json, say, table
from customer_sync.cli.progress import ProgressShown
from customer_sync.cli.standing import status_of

__all__ = ["register"]

REJECT = (
    "id", "system", "stream", "record", "field", "stage", "code", "detail", "cause", "remedy",
    "is_whole", "first_at", "last_at", "times",
)  # fmt: skip
REJECT_SHOWN = ("system", "stream", "record", "field", "code", "detail", "remedy")
REVIEW = ("id", "kind", "subject", "customers", "detail", "opened_at", "run")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Examples: customer-sync rejects; customer-sync rejects --json")(rejects)
    app.command(
        epilog="Examples: customer-sync retry; customer-sync retry --stream shop.customers"
    )(retry)
    group = typer.Typer(
        help="Questions that wait for a person: listed, and decided.",
        epilog="Examples: customer-sync reviews; customer-sync reviews decide 3 same",
    )
    group.callback(invoke_without_command=True)(reviews)
    group.command(
        epilog="Examples: customer-sync reviews decide 3 same --customer 17; "
        "customer-sync reviews decide 4 approve; "
        "customer-sync reviews decide 5 value 'Ann Lee'; customer-sync reviews decide 6 keep"
    )(decide)
    app.add_typer(group, name="reviews")


def rejects(limit: Limit = 50, workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """List what is set aside, each with the reason: correct it at its source, then retry."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.ask import rejects as ask
    from customer_sync.engine.publish import in_force

    with open_workspace(workspace_folder(workspace)) as opened:
        rules = in_force(opened.db)
        with opened.db.transaction() as tx:
            found = ask(tx, rules, limit=limit + 1)
    rows = [asdict(one) for one in found]
    if not as_json:
        for (
            row
        ) in rows:  # what a code says of itself ends with its remedy, which has a column of its own
            row["detail"] = (row["detail"] or "").removesuffix(row["remedy"]).strip()
    columns = REJECT if as_json else REJECT_SHOWN
    table(rows, columns, as_json=as_json, empty="Nothing is set aside.", limit=limit)


def retry(
    stream: Annotated[
        str | None,
        typer.Option(metavar="SYSTEM.STREAM", help="Only this stream.", show_default=False),
    ] = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Read what is set aside again, and try refused changes once more."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.retry import retry as retry_now
    from customer_sync.engine.review import stream_named
    from customer_sync.engine.standing import agrees

    with open_workspace(workspace_folder(workspace)) as opened:
        with ProgressShown(quiet=as_json) as shown, opened.session("retry", shown) as session:
            done = retry_now(session, stream_named(session, stream) if stream else None)
        is_agreed = agrees(status_of(opened)) and not done.failures
    failures = [{"stream": title, "message": error.message} for title, error in done.failures]
    if as_json:
        document = {"records": done.records, "deliveries": done.deliveries, "failures": failures}
        print_json({"agreed": is_agreed, **document})
    else:
        say(f"Read {done.records} records again; let {done.deliveries} deliveries go again.")
        for failure in failures:
            say(f"{failure['stream']}: {failure['message']}")
        say("Everything agrees." if is_agreed else "Not everything agrees: customer-sync status")
    raise typer.Exit(0 if is_agreed else NOT_AGREED)


def reviews(
    context: typer.Context,
    limit: Limit = 50,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """List the questions that wait for a person."""
    if context.invoked_subcommand is not None:
        return
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.review import POSSIBLE
    from customer_sync.store import reviews as store

    with open_workspace(workspace_folder(workspace)) as opened, opened.db.transaction() as tx:
        found = store.open_reviews(tx, limit=limit + 1)
    rows: list[dict[str, Any]] = [dict(zip(REVIEW, row, strict=True)) for row in found]
    for row in rows:
        row["answers"] = list(POSSIBLE.get(row["kind"], ()))
    columns = (*REVIEW, "answers") if as_json else (*REVIEW[:-1], "answers")
    table(rows, columns, as_json=as_json, empty="No question waits.", limit=limit)
    if rows and not as_json:
        say("Decide one: customer-sync reviews decide ID ANSWER")


def decide(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", help="The review's number.")],
    answer: Annotated[
        str,
        typer.Argument(
            metavar="ANSWER",
            help="same or separate (possible duplicate), approve (mass delete), done or not-done "
            "(unknown outcome), keep or value (conflict), keep, value or done (undo), done (flag, "
            "flapping).",
        ),
    ],
    value: Annotated[
        str | None,
        typer.Argument(
            metavar="VALUE", help="For value: what the field shall hold; '' for nothing."
        ),
    ] = None,
    customer: Annotated[
        int | None,
        typer.Option(help="For same: which customer, when there are several.", show_default=False),
    ] = None,
    workspace: WorkspaceFolder = None,
) -> None:
    """Answer a question; the answer is remembered for ever, and acted on now."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.review import ANSWERS, decide_review
    from customer_sync.kernel.errors import InvalidInputError

    known = {one: one for one in ANSWERS}
    if answer not in known:
        raise InvalidInputError(f"'{answer}' is no answer", hint=f"answers: {', '.join(ANSWERS)}")
    folder = workspace_folder(named_folder(context, workspace))
    with open_workspace(folder) as opened, opened.session("review") as session:
        done = decide_review(
            session, number, known[answer], by=opened.settings.by, customer=customer, value=value
        )
    say(f"Review {number} ({done.kind}, {done.subject}) is decided: {done.answer}.")
