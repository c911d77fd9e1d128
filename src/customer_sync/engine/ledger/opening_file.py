"""Opening balances from a file: one open item a line, tied to the customer's record by its own id.

Promises that the file is posted whole or not at all, unless asked otherwise; that giving it again posts
nothing twice; and that every line that cannot be posted says why. Must not hold a value in what it says.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import polars as pl

from customer_sync.engine.codes import explained
from customer_sync.engine.ledger.chart import keep_chart
from customer_sync.engine.ledger.opening import OPENING, open_balances
from customer_sync.engine.session import Session
from customer_sync.kernel.errors import InvalidInputError
from customer_sync.store import audit

__all__ = ["COLUMNS", "OpenedFile", "Refused", "open_file"]

REQUIRED = ("system", "stream", "external_id", "date", "currency", "amount")
COLUMNS = (*REQUIRED, "number", "due_date", "functional")
ROWS_MAX = 5_000_000
_LARGEST = Decimal(10) ** 15  # refused by its size later; more would not fit the frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A line that cannot be posted, and why."""

    line: int
    code: str
    cause: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """What became of the lines. known: were posted before."""

    rows: int
    posted: int
    known: int
    refused: list[Refused]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    number: int
    values: dict[str, Any]
    code: str | None = None


def open_file(session: Session, path: Path, *, skip_bad: bool = False) -> OpenedFile:
    """Post the opening balances that a CSV file holds.

    Args:
        session: the run.
        path: CSV, its first line names COLUMNS; the last three may be left out.
        skip_bad: post the lines that can be posted though others cannot.

    Raises:
        InvalidInputError: The file is no such CSV; nothing was posted.
    """
    rules = session.rules.books
    streams = {(one.system, one.name): one.id for one in session.rules.connected}
    lines = [_line(number, row, streams, rules.functional) for number, row in _rows(path)]
    unread = [line for line in lines if line.code is not None]
    readable = [line for line in lines if line.code is None]
    rows = pl.DataFrame([line.values for line in readable], schema=OPENING)
    with session.db.transaction() as tx:
        keep_chart(tx, rules.config)
    # A line that cannot even be read keeps all the others from being posted, too.
    is_torn = bool(unread) and not skip_bad
    now = session.now()
    done = open_balances(session.db, rows, now=now, only_whole=not skip_bad, trial=is_torn)
    refused = [_refused(line.number, line.code or "") for line in unread]
    refused += [_refused(readable[row].number, code) for row, code in done.rejects.rows()]
    if done.posted:
        with session.db.transaction() as tx:
            audit.add_one(
                tx, "balance.opened", run=session.run, configuration=session.rules.version, now=now,
                detail=f"{done.posted} opening balances",
            )  # fmt: skip
    session.add({"opened": done.posted, "refused": len(refused)})
    return OpenedFile(
        rows=len(lines), posted=done.posted, known=done.known,
        refused=sorted(refused, key=lambda one: one.line),
    )  # fmt: skip


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            _check(header)
            for count, cells in enumerate(filter(None, reader)):
                if count >= ROWS_MAX:
                    raise InvalidInputError(f"the file has more than {ROWS_MAX} lines", hint="split it")  # fmt: skip
                is_even = len(cells) == len(header)
                yield reader.line_num, dict(zip(header, cells, strict=True)) if is_even else {}
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(
            "the file cannot be read as CSV", hint="save it as CSV, UTF-8, with commas"
        ) from error


def _check(header: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    strange = [name for name in header if name not in COLUMNS]
    if missing or strange or len(set(header)) != len(header):
        raise InvalidInputError(
            "the file has other columns than expected",
            hint=f"its first line names, in any order: {','.join(COLUMNS)}; the last three may be left out",
        )


def _line(
    number: int, row: dict[str, str], streams: dict[tuple[str, str], int], functional: str
) -> _Line:
    told = {name: value.strip() for name, value in row.items()}
    if not all(told.get(name) for name in REQUIRED):
        return _Line(number=number, values={}, code="opening_incomplete")
    stream = streams.get((told["system"], told["stream"]))
    if stream is None:
        return _Line(number=number, values={}, code="opening_stream")
    day, due = _date(told["date"]), _date(told.get("due_date", ""))
    if day is None or (told.get("due_date") and due is None):
        return _Line(number=number, values={}, code="opening_date")
    amount, converted = _e4(told["amount"]), _e4(told.get("functional", ""))
    if amount is None or (told.get("functional") and converted is None):
        return _Line(number=number, values={}, code="opening_number")
    if told["currency"] == functional and converted is None:
        converted = amount
    values = {
        "stream": stream, "external_id": told["external_id"], "number": told.get("number") or None, "date": day,
        "due_date": due, "currency": told["currency"], "amount_e4": amount, "functional_e4": converted,
    }  # fmt: skip
    return _Line(number=number, values=values)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-01-31") else None
    except ValueError:
        return None


def _e4(text: str) -> int | None:
    """Return a plain number in ten-thousandths; None where it is none, or finer, or too large to be an amount."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite() or abs(value) >= _LARGEST:
        return None
    shifted = value.scaleb(4)
    return int(shifted) if shifted == shifted.to_integral_value() else None


def _refused(line: int, code: str) -> Refused:
    cause, remedy = explained(code)
    return Refused(line=line, code=code, cause=cause, remedy=remedy)
