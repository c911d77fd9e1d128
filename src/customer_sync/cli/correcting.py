"""Commands that correct: list the runs, undo one, decide a value by hand."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from customer_sync.cli.failure import NOT_AGREED
from customer_sync.cli.options import AsJson, ByWhom, Limit, WorkspaceFolder
from customer_sync.cli.output import counted, print_json, say, table
from customer_sync.cli.progress import ProgressShown
from customer_sync.cli.standing import status_of

if TYPE_CHECKING:
    from customer_sync.engine.undo import Undone

__all__ = ["register"]

RUN = ("run", "kind", "configuration", "started_at", "finished_at", "outcome", "detail")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Examples: customer-sync runs; customer-sync runs --limit 5 --json")(runs)
    app.command(
        epilog="Examples: customer-sync runs, to find its number; customer-sync undo 12; "
        "customer-sync undo 12 --delete"
    )(undo)
    app.command(
        "set",
        epilog="Examples: customer-sync set 17 phone '+49 30 901820'; "
        "customer-sync set 17 phone --clear; customer-sync set 17 family_name Lee --by ann",
    )(set_value)


def runs(limit: Limit = 20, workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """List the latest runs: what each was, how it ended, what it came to."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.store.runs import recent

    with open_workspace(workspace_folder(workspace)) as opened, opened.db.transaction() as tx:
        found = recent(tx, limit=limit + 1)
    rows = [dict(zip(RUN, row, strict=True)) for row in found]
    table(rows, RUN, as_json=as_json, empty="There was no run yet.", limit=limit)


def undo(
    run: Annotated[int, typer.Argument(metavar="RUN", help="The run's number; see: runs.")],
    delete: Annotated[
        bool,
        typer.Option(
            "--delete",
            help="Delete records that the run created elsewhere, where the system lets us; "
            "without it they are deactivated, where the system knows that.",
        ),
    ] = False,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Take back what a run did, as far as it still stands; ask about the rest.

    The exit code is 3 when something is asked or waits, or not everything agrees afterwards.
    """
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.standing import agrees
    from customer_sync.engine.undo import undo as undo_now

    removal: Literal["deactivate", "delete"] = "delete" if delete else "deactivate"
    with open_workspace(workspace_folder(workspace)) as opened:
        with ProgressShown(quiet=as_json) as shown, opened.session("undo", shown) as session:
            done = undo_now(session, run, removal=removal)
            own = session.run
        is_agreed = agrees(status_of(opened)) and not (done.asked or done.failures)
    if as_json:
        failures = [{"code": code, "message": message} for code, message in done.failures]
        document = {**done.as_json(), "failures": failures}
        print_json({"agreed": is_agreed, "undone_by": own, **document})
    else:
        say(
            f"Undid run {run} as run {own}: {done.restored} values restored, "
            f"{done.deactivated} customers deactivated, {done.removed} records taken away."
        )
        _say_of_documents(done, own)
        if done.apart:
            say(
                f"{done.apart} records that it brought in are set apart, {done.rewritten} of them to show "
                f"again what they did before; customer-sync undo {own} takes them in again."
            )
        if done.included:
            say(f"{done.included} records take part again.")
        for _, message in done.failures:
            say(f"Its deliveries wait: {message}")
        if done.asked:
            say(f"{counted(done.asked, 'question')} for you to answer: customer-sync reviews")
        say("Everything agrees." if is_agreed else "Not everything agrees: customer-sync status")
    raise typer.Exit(0 if is_agreed else NOT_AGREED)


def _say_of_documents(done: "Undone", own: int) -> None:
    if done.reversed:
        say(
            f"{done.reversed} documents that it brought in are set apart, and what was posted of them is "
            f"reversed; customer-sync undo {own} posts them again."
        )
    if done.reposted:
        say(f"{done.reposted} documents take part again.")
    if done.posted:
        say(
            f"{done.posted} documents that it changed stay in the books as they are, for these follow what "
            "their systems show: void or correct them there, then sync."
        )


def set_value(
    customer: Annotated[int, typer.Argument(metavar="CUSTOMER", help="The customer's number.")],
    field: Annotated[str, typer.Argument(metavar="FIELD", help="A canonical field, e.g. email.")],
    value: Annotated[
        str | None, typer.Argument(metavar="VALUE", help="The value; it is normalised.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="It has no value.")] = False,
    by: ByWhom = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Decide a value by hand, and deliver it; it stands until a record says something newer.

    The exit code is 3 when a system could not be written to; the delivery waits.
    """
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.deliver import deliver
    from customer_sync.engine.steward import decide_value
    from customer_sync.kernel.errors import InvalidInputError, OperatorError, RetryableError

    if (value is None) is not clear or value == "":
        raise InvalidInputError(
            "give either a value or --clear",
            hint="customer-sync set 17 phone '+49 30 901820', or customer-sync set 17 phone --clear",
        )
    failure: str | None = None
    with open_workspace(workspace_folder(workspace)) as opened, opened.session("set") as session:
        decided = decide_value(session, customer, field, value, by=by or opened.settings.by)
        try:
            deliver(session)
        except (RetryableError, OperatorError) as error:
            failure = error.message
        run = session.run
    if as_json:
        print_json({"run": run, **decided.as_json(), "failure": failure})
    else:
        say(_told(customer, field, run, is_changed=bool(decided.changed)))
        if failure:
            say(f"Its delivery waits: {failure}")
    raise typer.Exit(NOT_AGREED if failure else 0)


def _told(customer: int, field: str, run: int, *, is_changed: bool) -> str:
    what = "is decided" if is_changed else "had that value already; now it is decided"
    return f"{field} of customer {customer} {what} (run {run}). See: customer-sync why {customer} {field}"
