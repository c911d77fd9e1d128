"""Commands that look before they leap: plan a sync, show or discard the plan, apply it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from customer_sync.cli.failure import NOT_AGREED
from customer_sync.cli.options import (
    AsJson,
    PublishFirst,
    Whole,
    WorkspaceFolder,
    named_folder,
)
from customer_sync.cli.output import counted, line_of, print_json, say, table
from customer_sync.cli.progress import ProgressShown
from customer_sync.cli.publishing import publish_first
from customer_sync.cli.standing import print_status, status_document, status_of

if TYPE_CHECKING:
    from customer_sync.engine.apply import Applied
    from customer_sync.engine.plan import Plan

__all__ = ["register"]

CUSTOMERS_SHOWN = 20
REFUSED_SHOWN_MAX = 20
# On the left what reading comes to, on the right what would be written to the system.
STREAM = (
    "stream", "read", "no_op", "creates", "updates", "no_customer_changed", "reject", "hold", "gone", "out_of_scope",
    "write_new", "write_changed", "write_removed",
)  # fmt: skip
SET_ASIDE = ("stream", "record", "field", "code", "detail")
REFUSED = ("customer", "reason")

Number = Annotated[
    int | None,
    typer.Argument(metavar="PLAN", help="The plan's number. Default: the newest open one."),
]
CustomersShown = Annotated[
    int | None,
    typer.Option(
        "--limit",
        min=0,
        help=f"Tell of at most so many customers. Default: {CUSTOMERS_SHOWN}; with --json all.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Compute what a sync would do, customer by customer and field by field; change nothing.",
        epilog="Examples: customer-sync plan; customer-sync plan --stream shop.customers --whole; "
        "customer-sync plan show 3 --limit 100; customer-sync plan discard 3; then: "
        "customer-sync apply 3",
    )
    group.callback(invoke_without_command=True)(plan)
    group.command("show", epilog="Examples: customer-sync plan show; customer-sync plan show 3")(
        show_plan
    )
    group.command("discard", epilog="Example: customer-sync plan discard 3")(discard_plan)
    app.add_typer(group, name="plan")
    app.command(
        epilog="Examples: customer-sync apply; customer-sync apply 3 --sample 10; "
        "customer-sync apply 3"
    )(apply)


def plan(
    context: typer.Context,
    stream: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SYSTEM.STREAM",
            help="Read only this stream, or this system; may be given again.",
        ),
    ] = None,
    whole: Whole = False,
    publish: PublishFirst = True,
    limit: CustomersShown = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Compute what a sync would do now; nothing is sent, and no customer changes.

    The exit code is 3 when a stream could not be read.
    """
    if context.invoked_subcommand is not None:
        return
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.plan import plan as plan_now

    with open_workspace(workspace_folder(workspace)) as opened:
        if publish:
            publish_first(opened, as_json=as_json)
        with ProgressShown(quiet=as_json) as shown, opened.session("plan", shown) as session:
            made = plan_now(session, streams=stream or None, whole=whole)
    _tell(made, limit, as_json=as_json)
    raise typer.Exit(NOT_AGREED if made.failures else 0)


def show_plan(
    context: typer.Context,
    number: Number = None,
    limit: CustomersShown = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show a plan as it was made."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.plan import opened as opened_plan

    folder = workspace_folder(named_folder(context, workspace))
    with open_workspace(folder) as opened:
        found = opened_plan(opened.db, number)
    _tell(found, limit, as_json=as_json)


def discard_plan(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="PLAN", help="The plan's number.")],
    workspace: WorkspaceFolder = None,
) -> None:
    """Throw a plan away, and all that was read for it."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.plan import discard

    folder = workspace_folder(named_folder(context, workspace))
    with open_workspace(folder) as opened, opened.session("plan") as session:
        discard(session, number)
    say(f"Plan {number} is discarded.")


def apply(
    number: Number = None,
    sample: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Only the next so many customers; the plan stays open for the rest.",
            show_default=False,
        ),
    ] = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Do what a plan says; a customer of whom something moved since is refused, with the reason.

    The exit code is 3 when any was refused, or not everything agrees afterwards.
    """
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.apply import apply as apply_now
    from customer_sync.engine.plan import latest
    from customer_sync.engine.standing import agrees
    from customer_sync.kernel.errors import NotFoundError

    with open_workspace(workspace_folder(workspace)) as opened:
        chosen = number if number is not None else latest(opened.db)
        if chosen is None:
            raise NotFoundError("no plan is open", hint="make one: customer-sync plan")
        with ProgressShown(quiet=as_json) as shown, opened.session("apply", shown) as session:
            done = apply_now(session, chosen, sample=sample)
            run = session.run
        found = status_of(opened)
    is_agreed = agrees(found) and not (done.refused or done.failures or done.left)
    if as_json:
        document = {"run": run, **done.as_json(), "status": status_document(found)}
        document["failures"] = _failures(done.failures)
        print_json({"agreed": is_agreed, **document})
    else:
        _tell_applied(done, run)
        say("")
        print_status(found, failed=len(done.failures))
    raise typer.Exit(0 if is_agreed else NOT_AGREED)


# -- how a plan reads -----------------------------------------------------------------------------


def _tell(made: "Plan", limit: int | None, *, as_json: bool) -> None:
    if as_json:
        document = made.as_json()
        document["customers"] = document["customers"][:limit]
        document["failures"] = _failures(made.failures)
        print_json(document)
        return
    say(f"Plan {made.number} ({made.state}), by version {made.configuration} of the configuration.")
    table([_stream(asdict(one)) for one in made.streams], STREAM, as_json=False, empty="")
    for one in _failures(made.failures):
        say(f"{one['stream']} could not be read: {one['message']}")
    shown = CUSTOMERS_SHOWN if limit is None else limit
    for customer in made.customers[:shown]:
        say("")
        _tell_customer(customer)
    say("")
    if made.total > shown:
        say(f"... of {made.total} customers in all; show more: --limit {made.total}")
    if made.set_aside:
        say("Would be set aside:")
        rows = [asdict(one) for one in made.set_aside[: max(shown, 1)]]
        table(rows, SET_ASIDE, as_json=False, empty="")
        if len(made.set_aside) > len(rows):
            say("  ... see all of them with --json")
        say("")
    _tell_total(made)


def _stream(effect: dict[str, Any]) -> dict[str, object]:
    return {
        "stream": effect["stream"], "read": effect["read"], "no_op": effect["unchanged"],
        "creates": effect["created"], "updates": effect["changed"],
        "no_customer_changed": effect["unaffected"], "reject": effect["rejected"] + effect["faults"],
        "hold": effect["held"] + effect["asked"], "gone": effect["gone"],
        "out_of_scope": effect["out_of_scope"],
        "write_new": effect["creates"], "write_changed": effect["updates"],
        "write_removed": effect["removals"],
    }  # fmt: skip


def _tell_customer(customer: dict[str, Any]) -> None:
    new = "New customer, from" if customer["is_new"] else "Customer"
    into = f", merged into {customer['merged_into']}" if customer["merged_into"] else ""
    say(f"{new} {customer['identity']}{into}")
    for link in customer["links"]:
        say(f"  record {line_of(link)}")
    for cell in customer["golden"]:
        say(f"  {_cell(cell)}")
    for patch in customer["patches"]:
        title = f"{patch['stream']}/{patch['record']}" if patch["record"] else patch["stream"]
        say(f"  {patch['kind']} {line_of(title)}")
        for cell in patch["fields"]:
            say(f"    {_cell(cell)}")


def _cell(cell: dict[str, Any]) -> str:
    """Return one field: old -> new, and the rule that chose it."""
    before, after = (_value(cell[side]) for side in ("before", "after"))
    why = f"{cell['winner']}: {cell['rule']}" if cell["winner"] else cell["rule"]
    return f"{cell['field']}: {before} -> {after}  [{line_of(why)}]"


def _value(value: str | None) -> str:
    return "(none)" if value is None else f'"{line_of(value)}"'


def _tell_total(made: "Plan") -> None:
    if made.reviews:
        say(f"It would ask {counted(made.reviews, 'question')}.")
    for stream in made.streams:
        if stream.asked:
            say(
                f"  were {stream.asked} records of {stream.stream} that are not shown any more deleted?"
            )
    if not (made.total or made.set_aside or made.reviews):
        say("Nothing would change.")
        return
    others = made.total - made.created - made.changed
    say(
        f"{made.created} customers to create, {made.changed} to change, {others} touched otherwise."
    )
    if made.state == "open":
        say(
            f"Do it: customer-sync apply {made.number}. "
            f"Throw it away: customer-sync plan discard {made.number}"
        )


def _tell_applied(done: "Applied", run: int) -> None:
    say(f"Applied plan {done.number} as run {run}: {done.applied} customers, {done.sent} writes.")
    if done.left:
        say(f"{done.left} customers are left: customer-sync apply {done.number}")
    if done.waiting:
        say(f"{done.waiting} deliveries were not in the plan and wait: customer-sync sync")
    if done.refused:
        say(f"{len(done.refused)} customers were refused and left as they are; plan anew:")
        rows = [asdict(one) for one in done.refused[:REFUSED_SHOWN_MAX]]
        table(rows, REFUSED, as_json=False, empty="")
        if len(done.refused) > REFUSED_SHOWN_MAX:
            say("  ... see all of them with --json")
    for one in _failures(done.failures):
        say(f"{one['stream']}: {one['message']}")


def _failures(failures: list[tuple[str, str, str]]) -> list[dict[str, str]]:
    names = ("stream", "code", "message")
    return [dict(zip(names, failure, strict=True)) for failure in failures]
