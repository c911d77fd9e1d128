"""The crosswalk as people exchange it: which record is which customer, out to a file and in again.

Importing tells the product what another tool or a person already knew, so that nothing has to be
matched anew. A customer id that this workspace has means that customer; any other groups rows: its
records are one customer, whichever id it gets here. Promises that what is imported is remembered
like a steward's word, that no record is torn from the customer it has, and that every row is
accounted for.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from customer_sync.core.decide import Stream
from customer_sync.engine.intake import reread
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Database
from customer_sync.kernel.errors import InvalidInputError
from customer_sync.store import crosswalk, links, reviews

__all__ = ["COLUMNS", "Imported", "export_links", "import_links"]

COLUMNS = ("system", "stream", "external_id", "customer_id")
ROWS_MAX = 5_000_000
CHUNK_ROWS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: this record is that customer."""

    line: int
    stream: int
    external_id: str
    customer: str


@dataclass(slots=True, kw_only=True)
class Imported:
    """What became of the lines: tied as said, so already, refused (line, reason)."""

    rows: int = 0
    tied: int = 0
    already: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def export_links(db: Database, path: Path) -> int:
    """Write the crosswalk as CSV; return how many links it has."""
    with db.transaction() as tx:
        frame = links.exported(tx)
    aside = path.with_name(f".{path.name}.unfinished")
    frame.write_csv(aside)
    aside.replace(path)
    return frame.height


def import_links(session: Session, path: Path, *, by: str) -> Imported:
    """Tie records to customers as a file says.

    Args:
        session: the run.
        path: CSV with the columns of COLUMNS.
        by: whose word it is.

    Raises:
        InvalidInputError: The file is no such CSV; nothing was imported.
    """
    streams = {(one.system, one.name): one for one in session.rules.tied}
    done = Imported()
    rows = list(_rows(path, streams, done))
    before = _owners(session, rows)
    wanted: dict[Row, int | None] = {}
    for customer, group in _groups(session, rows).items():
        known = [before[row] for row in group if row in before]
        # A customer that is not here is whoever one of its records is, or becomes.
        owner = customer if isinstance(customer, int) else next(iter(known), None)
        wanted |= dict.fromkeys(group, owner)
    _anchor(session, wanted)
    _tie(session, wanted, before, done, by)
    return done


def _rows(path: Path, streams: Mapping[tuple[str, str], Stream], done: Imported) -> Iterator[Row]:
    seen: set[tuple[int, str]] = set()
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        if tuple(header) != COLUMNS:
            raise InvalidInputError(
                "the file has other columns than expected",
                hint=f"its first line should be: {','.join(COLUMNS)}",
            )
        for cells in reader:
            if not cells:
                continue
            done.rows += 1
            if done.rows > ROWS_MAX:
                raise InvalidInputError(f"the file has more than {ROWS_MAX} lines", hint="split it")
            row = _row(cells, reader.line_num, streams, done)
            if row is None:
                continue
            if (row.stream, row.external_id) in seen:
                _refuse(done, row.line, "the record is in the file twice")
                continue
            seen.add((row.stream, row.external_id))
            yield row


def _row(
    cells: Sequence[str], line: int, streams: Mapping[tuple[str, str], Stream], done: Imported
) -> Row | None:
    if len(cells) != len(COLUMNS) or not all(cells):
        _refuse(done, line, "a cell is missing")
        return None
    system, name, external_id, customer = cells
    stream = streams.get((system, name))
    if stream is None:
        _refuse(done, line, f"there is no stream {system}.{name}")
        return None
    return Row(line=line, stream=stream.id, external_id=external_id, customer=customer)


def _refuse(done: Imported, line: int, reason: str) -> None:
    done.refused.append((line, reason))


def _groups(session: Session, rows: Sequence[Row]) -> dict[int | str, list[Row]]:
    """Return the rows by customer: an id of this workspace, or the file's own word for one."""
    numbers = {row.customer for row in rows if row.customer.isdecimal() and len(row.customer) < 19}
    with session.db.transaction() as tx:
        known = crosswalk.existing(tx, [int(number) for number in numbers])
    groups: dict[int | str, list[Row]] = {}
    for row in rows:
        is_known = row.customer in numbers and int(row.customer) in known
        customer = known[int(row.customer)] if is_known else row.customer
        groups.setdefault(customer, []).append(row)
    return groups


def _read(session: Session, rows: Sequence[Row]) -> None:
    for stream in session.rules.tied:
        ids = [row.external_id for row in rows if row.stream == stream.id]
        for start in range(0, len(ids), CHUNK_ROWS):
            reread(session, stream, ids[start : start + CHUNK_ROWS])


def _owners(session: Session, rows: Sequence[Row]) -> dict[Row, int]:
    """Return whose these records are now."""
    frame = pl.DataFrame(
        [(number, row.stream, row.external_id) for number, row in enumerate(rows)],
        schema={"row": pl.Int64, "stream": pl.Int32, "external_id": pl.String},
        orient="row",
    )
    with session.db.transaction() as tx:
        found = crosswalk.linked(tx, frame)
    return {rows[number]: customer for number, customer in found.items()}


def _anchor(session: Session, wanted: dict[Row, int | None]) -> None:
    """Find an owner for groups that have none: whoever the first of their records becomes."""
    groups: dict[str, list[Row]] = {}
    for row, owner in wanted.items():
        if owner is None:
            groups.setdefault(row.customer, []).append(row)
    place = 0
    while groups:
        tried = {name: group[place] for name, group in groups.items() if place < len(group)}
        if not tried:
            return
        _read(session, list(tried.values()))
        owners = _owners(session, list(tried.values()))
        for name, row in tried.items():
            if row in owners:
                wanted |= dict.fromkeys(groups.pop(name), owners[row])
        place += 1


def _tie(
    session: Session,
    wanted: Mapping[Row, int | None],
    before: Mapping[Row, int],
    done: Imported,
    by: str,
) -> None:
    """Remember what is not so yet, read those records, and see what became of each."""
    open_rows = []
    with session.db.transaction() as tx:
        for row, customer in wanted.items():
            if customer is None:
                _refuse(done, row.line, "no record of this customer could be read")
            elif before.get(row) == customer:
                done.already += 1
            elif row in before:
                reason = f"the record belongs to customer {before[row]} already"
                _refuse(done, row.line, reason)
            else:
                open_rows.append(row)
                reviews.remember(
                    tx, stream=row.stream, external_id=row.external_id, customer=customer,
                    same=True, by=by, now=session.now(),
                )  # fmt: skip
    _read(session, open_rows)
    after = _owners(session, open_rows)
    for row in open_rows:
        if after.get(row) == wanted[row]:
            done.tied += 1
        elif row in after:
            _refuse(done, row.line, f"the record came to customer {after[row]}")
        else:
            _refuse(done, row.line, "the record is not there, or was set aside; it is remembered")
