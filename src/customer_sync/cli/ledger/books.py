"""Commands that read the books: entries, the trial balance, the general ledger of an account."""

from typing import Annotated, Any

import typer

from customer_sync.cli.failure import NOT_AGREED
from customer_sync.cli.ledger.report import (
    AsCsv,
    AtDay,
    Since,
    Until,
    day_of,
    days_between,
    for_programs,
    reading_books,
    refuse_both,
)
from customer_sync.cli.options import AsJson, Limit, WorkspaceFolder
from customer_sync.cli.output import say, table
from customer_sync.kernel.errors import InvalidInputError

__all__ = ["register"]

ENTRY = (
    "entry", "date", "kind", "rule", "document", "number", "reverses", "reversed_by", "account", "customer", "currency",
    "debit", "credit",
)  # fmt: skip
ENTRY_WHOLE = (
    "entry", "date", "kind", "rule", "document", "number", "stream", "external_id", "reverses", "reversed_by", "memo",
    "line", "account", "customer", "currency", "debit", "credit", "functional",
)  # fmt: skip
TRIAL = ("account", "name", "type", "currency", "opening", "debit", "credit", "closing", "functional")  # fmt: skip
BOOK = (
    "date", "entry", "kind", "rule", "document", "number", "reverses", "account", "customer", "currency", "amount",
    "balance", "functional",
)  # fmt: skip


def register(group: typer.Typer) -> None:
    """Add the commands."""
    group.command(
        epilog="Examples: customer-sync ledger entries --customer 17; customer-sync ledger entries "
        "--document RE-1001; customer-sync ledger entries --account 1200 --period 2026-01"
    )(entries)
    group.command(
        "trial-balance",
        epilog="Examples: customer-sync ledger trial-balance; customer-sync ledger trial-balance "
        "--at 2026-03-31; customer-sync ledger trial-balance --period 2026-03 --csv",
    )(trial_balance)
    group.command(
        "account",
        epilog="Examples: customer-sync ledger account 4000; customer-sync ledger account 1300 "
        "--from 2026-01-01 --to 2026-01-31 --csv",
    )(account_book)


def entries(
    customer: Annotated[
        int | None, typer.Option(help="That concern this customer.", show_default=False)
    ] = None,
    document: Annotated[
        str | None,
        typer.Option(help="Of this document: its number, or its id there.", show_default=False),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(help="With a line on this account or below it.", show_default=False),
    ] = None,
    period: Annotated[
        str | None, typer.Option(help="Of this period: 2026-01.", show_default=False)
    ] = None,
    entry: Annotated[int | None, typer.Option(help="This one entry.", show_default=False)] = None,
    limit: Limit = 50,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Find journal entries, newest first, each with all its lines, its document and what it reverses."""
    from customer_sync.engine.ledger import found_entries
    from customer_sync.store.journal import Wanted

    refuse_both(as_json=as_json, as_csv=as_csv)
    wanted = Wanted(entry=entry, customer=customer, document=document, account=account, period=period)  # fmt: skip
    with reading_books(workspace) as (tx, rules):
        rows = found_entries(tx, rules, rules.books, wanted, limit=limit + 1)
    numbers = list(dict.fromkeys(row["entry"] for row in rows))
    shown = [row for row in rows if row["entry"] in set(numbers[:limit])]
    whole = [{name: row[name] for name in ENTRY_WHOLE} for row in shown]
    if for_programs(whole, whole, ENTRY_WHOLE, as_json=as_json, as_csv=as_csv):
        return
    table(shown, ENTRY, as_json=False, empty="There is no such entry.")
    if len(numbers) > limit:
        say(f"... there are more entries; show them with --limit {limit * 10}")


def trial_balance(
    at: AtDay = None,
    period: Annotated[
        str | None,
        typer.Option(
            help="Of one period, 2026-01: before, debits, credits, after.", show_default=False
        ),
    ] = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show what every account came to: now, at the end of a day, or over one period.

    The exit code is 3 when it does not come to nothing as a whole: then run doctor.
    """
    from customer_sync.engine.ledger import days_of
    from customer_sync.engine.ledger import trial_balance as ask

    refuse_both(as_json=as_json, as_csv=as_csv)
    if at is not None and period is not None:
        raise InvalidInputError("--at and --period exclude each other", hint="give one of them")
    since, until = days_of(period) if period else (None, day_of(at))
    with reading_books(workspace) as (tx, rules):
        found = ask(tx, rules.books, since=since, until=until)
    told = found.as_json()
    if not for_programs(told, told["accounts"], TRIAL, as_json=as_json, as_csv=as_csv):
        rows = [*told["accounts"], *_totals(told)]
        table(rows, _trial_columns(found.since), as_json=False, empty="Nothing was ever posted.")
        say(
            "Debits equal credits, in every currency."
            if found.adds_up
            else "Debits do not equal credits: run customer-sync doctor."
        )
    raise typer.Exit(0 if found.adds_up else NOT_AGREED)


def _totals(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**row, "name": "total"} for row in told["totals"]]


def _trial_columns(since: object) -> tuple[str, ...]:
    """Return the columns: what was before is nothing where everything is shown."""
    return TRIAL if since else tuple(name for name in TRIAL if name != "opening")


def account_book(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's code.")],
    since: Since = None,
    until: Until = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show the general ledger of an account and its sub-accounts: every line, with what it came to."""
    from customer_sync.engine.ledger import account_book as ask

    refuse_both(as_json=as_json, as_csv=as_csv)
    first, last = days_between(since, until)
    with reading_books(workspace) as (tx, rules):
        found = ask(tx, rules.books, account, since=first, until=last)
    told = found.as_json()
    if for_programs(told, told["lines"], BOOK, as_json=as_json, as_csv=as_csv):
        return
    say(f"Account {told['account']} {told['name']}")
    for row in told["opening"]:
        say(f"  before: {row['amount']} {row['currency']}")
    table(told["lines"], BOOK, as_json=False, empty="Nothing was posted in these days.")
    for row in told["closing"]:
        say(f"  after: {row['amount']} {row['currency']}")
