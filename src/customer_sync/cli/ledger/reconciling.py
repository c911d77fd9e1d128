"""The command that lays what a system says beside what the ledger holds."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from customer_sync.cli.failure import NOT_AGREED
from customer_sync.cli.ledger.report import AsCsv, for_programs, refuse_both
from customer_sync.cli.options import AsJson, WorkspaceFolder
from customer_sync.cli.output import say, table
from customer_sync.cli.progress import ProgressShown

if TYPE_CHECKING:
    from customer_sync.engine.ledger.reconciling import Reconciliation

__all__ = ["register"]

SHOWN_MAX = 50
SUMS = ("shown", "held", "difference", "explained", "unexplained")
TOTAL = ("type", "currency", *SUMS)
KIND = ("kind", "currency", "count", "effect")
DIFFERENCE = (
    "kind", "stream", "external_id", "type", "customer", "payout", "currency", "effect", "reason", "document",
)  # fmt: skip
DIFFERENCE_SHOWN = DIFFERENCE[:-1]
CUSTOMER = ("customer", "currency", *SUMS)
PAYOUT = ("payout", "currency", *SUMS, "left", "state")

# What each kind of difference means, and what to do about it.
MEANINGS = {
    "amount": "The system has another total than the one that is posted: run sync; it is reversed and posted anew.",
    "currency": "The system has the document in another currency: run sync.",
    "date": "It stands in the books on another day: it was re-dated out of a closed period, or run sync.",
    "missing_in_ledger": "The ledger does not have it: run sync; if it stays, see rejects.",
    "missing_in_source": "The system does not have it any more, or withdrew it: run sync --whole.",
    "posted_twice": "It stands in the books twice: void the copy at its source, then sync.",
    "rounding": "A few minor units: the system changed them since, or rounds otherwise.",
    "tax": "The system has another tax than the one that is posted: run sync.",
    "unexplained": "The books hold something that the ledger never decided: run doctor.",
    "waiting": "The document, or its change, is set aside for the reason named: see rejects.",
    "wrong_customer": "The system has it with another customer: run sync; it is reversed and posted anew.",
}


class View(StrEnum):
    """What the CSV has a line for."""

    DOCUMENTS = "documents"
    CUSTOMERS = "customers"
    PAYOUTS = "payouts"


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command(
        epilog="Examples: customer-sync ledger reconcile --system shop --from 2026-01-01 --to 2026-01-31; "
        "customer-sync ledger reconcile --system shop --from 2026-01-01 --to 2026-01-31 --csv --view payouts"
    )(reconcile)


def reconcile(
    system: Annotated[str, typer.Option(help="Whose documents are read now.", show_default=False)],
    since: Annotated[
        datetime,
        typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.", show_default=False),
    ],
    until: Annotated[
        datetime,
        typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.", show_default=False),
    ],
    view: Annotated[View, typer.Option(help="What --csv has a line for.")] = View.DOCUMENTS,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Compare what a system says it sold, collected and refunded with what the ledger holds.

    Reads the system now, writes nothing, and names every difference by its cause. The exit code is 3 when
    the causes do not add up to the difference.
    """
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.ledger.reconciling import reconcile_system

    refuse_both(as_json=as_json, as_csv=as_csv)
    with (
        open_workspace(workspace_folder(workspace)) as opened,
        ProgressShown(quiet=as_json or as_csv) as shown,
        opened.session("reconcile", shown) as session,
    ):
        found = reconcile_system(session, system, (since.date(), until.date()))
    told = found.as_json()
    columns = {"documents": DIFFERENCE, "customers": CUSTOMER, "payouts": PAYOUT}[view.value]
    rows = told["differences" if view is View.DOCUMENTS else view.value]
    if not for_programs(told, rows, columns, as_json=as_json, as_csv=as_csv):
        _print(found, told)
    raise typer.Exit(0 if found.is_explained else NOT_AGREED)


def _print(found: "Reconciliation", told: dict[str, Any]) -> None:
    say(
        f"{told['system']} from {told['from']} to {told['to']}: {told['documents']} documents shown"
    )
    table(told["totals"], TOTAL, as_json=False, empty="Neither side has a document in these days.")
    if found.agrees:
        say("Both sides agree, document by document.")
        return
    say("")
    table(told["kinds"], KIND, as_json=False, empty="")
    for kind in dict.fromkeys(row["kind"] for row in told["kinds"]):
        say(f"  {kind}: {MEANINGS[kind]}")
    say("")
    rows = told["differences"]
    table(rows[:SHOWN_MAX], DIFFERENCE_SHOWN, as_json=False, empty="")
    if len(rows) > SHOWN_MAX:
        say(f"... and {len(rows) - SHOWN_MAX} more; see all of them with --csv or --json")
    _print_view("By customer (what is owed):", told["customers"], CUSTOMER)
    _print_view("By payout (what it brings):", told["payouts"], PAYOUT)
    say("")
    if found.is_explained:
        say("Every difference is explained: the causes add up to it, to the last unit.")
    else:
        left = [
            f"{row['unexplained']} {row['currency']}"
            for row in told["totals"]
            if float(row["unexplained"])
        ]
        say(f"Not everything is explained: {', '.join(left) or 'see the views'} remain.")


def _print_view(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    differing = [row for row in rows if float(row["difference"]) or float(row["unexplained"])]
    if differing:
        say("")
        say(title)
        table(differing[:SHOWN_MAX], columns, as_json=False, empty="")
