"""What commands about the books share: how days are asked for, and how reports look to people and programs.

Decides nothing about content; amounts arrive as exact plain numbers.
"""

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from customer_sync.cli.output import print_json
from customer_sync.infra.secrets import redacted
from customer_sync.kernel.errors import InvalidInputError

if TYPE_CHECKING:
    from customer_sync.core.decide import Published
    from customer_sync.infra.pg import Transaction

__all__ = [
    "AsCsv", "AtDay", "Customer", "Since", "Until", "day_of", "days_between", "for_programs", "reading_books",
    "refuse_both", "today",
]  # fmt: skip

AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets.")]
Customer = Annotated[int, typer.Argument(metavar="CUSTOMER", help="The customer's number.")]
Day = datetime | None
Since = Annotated[
    Day,
    typer.Option("--from", formats=["%Y-%m-%d"], help="From this day on.", show_default=False),
]
Until = Annotated[
    Day,
    typer.Option("--to", formats=["%Y-%m-%d"], help="Up to this day.", show_default=False),
]
AtDay = Annotated[
    Day,
    typer.Option(
        "--at", formats=["%Y-%m-%d"], help="As of the end of this day.", show_default=False
    ),
]


@contextmanager
def reading_books(workspace: Path | None) -> "Iterator[tuple[Transaction, Published]]":
    """Open a workspace, and read one state of its books within the block, with the configuration in force."""
    from customer_sync.app import open_workspace, workspace_folder
    from customer_sync.engine.publish import in_force

    with open_workspace(workspace_folder(workspace)) as opened:
        rules = in_force(opened.db)
        with opened.db.transaction(snapshot=True) as tx:
            yield tx, rules


def day_of(given: Day) -> date | None:
    """Return the day that an option names."""
    return None if given is None else given.date()


def days_between(since: Day, until: Day) -> tuple[date | None, date | None]:
    """Return the first and the last day that the options name.

    Raises:
        InvalidInputError: The last is before the first.
    """
    if since is not None and until is not None and until < since:
        raise InvalidInputError("--to is before --from", hint="name the first day, then the last")
    return day_of(since), day_of(until)


def today() -> date:
    """Return the day it is, in UTC."""
    from customer_sync.infra import entropy

    return entropy.now().date()


def refuse_both(*, as_json: bool, as_csv: bool) -> None:
    """Refuse to print in two ways at once.

    Raises:
        InvalidInputError: Both were asked for.
    """
    if as_json and as_csv:
        raise InvalidInputError("--json and --csv exclude each other", hint="give one of them")


def for_programs(
    told: object,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    as_json: bool,
    as_csv: bool,
) -> bool:
    """Print a report for programs where that was asked for; return whether it was.

    Args:
        told: the report, for JSON.
        rows: what CSV has a line for.
        columns: of that CSV.
        as_json: JSON was asked for.
        as_csv: CSV was asked for.
    """
    if as_json:
        print_json(told)
    elif as_csv:
        _print_csv(rows, columns)
    return as_json or as_csv


def _print_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print rows as CSV, with a header."""
    writer = csv.writer(_Redacted(), lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if row.get(name) is None else row[name] for name in columns])


class _Redacted:
    @staticmethod
    def write(text: str) -> int:
        return sys.stdout.write(redacted(text))
