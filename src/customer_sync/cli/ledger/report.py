"""How reports of the ledger look: as text for people, as CSV for spreadsheets, as JSON for programs.

Decides nothing about content; amounts arrive as exact plain numbers.
"""

import csv
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import typer

from customer_sync.infra.secrets import redacted
from customer_sync.kernel.errors import InvalidInputError

__all__ = ["AsCsv", "Day", "day_of", "print_csv", "refuse_both", "today"]

AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets.")]
Day = datetime | None


def day_of(given: Day) -> date | None:
    """Return the day that an option names."""
    return None if given is None else given.date()


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


def print_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print rows as CSV, with a header."""
    writer = csv.writer(_Redacted(), lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if row.get(name) is None else row[name] for name in columns])


class _Redacted:
    @staticmethod
    def write(text: str) -> int:
        return sys.stdout.write(redacted(text))
