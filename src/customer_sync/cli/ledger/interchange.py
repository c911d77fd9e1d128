"""Commands that exchange the books with other programs: export, and opening balances."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from customer_sync.cli.failure import NOT_AGREED
from customer_sync.cli.options import AsJson, WorkspaceFolder
from customer_sync.cli.output import print_json, say
from customer_sync.cli.progress import ProgressShown

__all__ = ["register"]

REFUSED_SHOWN_MAX = 20


class Style(StrEnum):
    """For which program the books are written."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"
    CSV = "csv"


class Currency(StrEnum):
    """In which currency amounts are written."""

    DOCUMENT = "document"
    FUNCTIONAL = "functional"


def register(group: typer.Typer) -> None:
    """Add the commands."""
    group.command(
        epilog="Examples: customer-sync ledger export --format beancount books.beancount; "
        "customer-sync ledger export --format hledger --amounts functional books.journal"
    )(export)
    group.command(
        "open-balances",
        epilog="Examples: customer-sync ledger open-balances opening.csv; "
        "customer-sync ledger open-balances opening.csv --skip-bad",
    )(open_balances)


def export(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Written whole, or not at all.")],
    style: Annotated[Style, typer.Option("--format", help="For which program.")],
    amounts: Annotated[
        Currency, typer.Option(help="In each document's currency, or all in the functional one.")
    ] = Currency.DOCUMENT,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Write the whole journal to a file that another accounting program can check."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.ledger import export_file
    from customer_sync.engine.publish import in_force

    with open_workspace(workspace_folder(workspace)) as opened:
        functional = in_force(opened.db).books.functional
        done = export_file(opened.db, path, style.value, functional=functional, book=amounts.value)
    if as_json:
        print_json({"file": str(path), "format": style.value, **asdict(done)})
        return
    # Where the books themselves went into a pipe, nothing else belongs there.
    is_aside = not path.is_file()
    typer.echo(f"Wrote {done.entries} entries to {path}.", err=is_aside)
    chain = done.chain or "nothing yet"
    typer.echo(
        f"  sealed up to {done.seal}: {chain}; keep this to prove later what stood", err=is_aside
    )


def open_balances(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV: system,stream,external_id,number,date,due_date,currency,amount,functional",
        ),
    ],
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Post the good lines though others cannot be posted.")
    ] = False,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Post what customers owed before the books began: every line once, all lines or none.

    The exit code is 3 when a line was refused; then nothing was posted, unless --skip-bad says so.
    """
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.ledger import open_file

    with (
        open_workspace(workspace_folder(workspace)) as opened,
        ProgressShown(quiet=True) as shown,
        opened.session("open-balances", shown) as session,
    ):
        done = open_file(session, path, skip_bad=skip_bad)
    refused = [asdict(one) for one in done.refused]
    if as_json:
        counts = {"rows": done.rows, "posted": done.posted, "known": done.known}
        print_json({**counts, "refused": refused})
    else:
        say(
            f"{done.rows} lines: {done.posted} posted, {done.known} so already, {len(refused)} refused."
        )
        for one in done.refused[:REFUSED_SHOWN_MAX]:
            say(f"  line {one.line}: {one.cause} {one.remedy} ({one.code})")
        if len(refused) > REFUSED_SHOWN_MAX:
            say("  ... see all of them with --json")
        if refused and not skip_bad:
            say("Nothing was posted: correct these lines, then give the whole file again.")
    raise typer.Exit(NOT_AGREED if refused else 0)
