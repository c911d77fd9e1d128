"""Set records apart from the sync, because the run that brought them in is undone; and take them in again.

What the run wrote into them is written back, where it still stands: from then on they show what they
showed before anybody here knew of them, and are told nothing more. Taking them in again is undoing
that undoing: they are told what they should show, as if it had never been.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.store import audit, reversals, snapshot

__all__ = ["set_apart", "take_in_again"]

RECORDS_MAX = 5_000  # set apart in one transaction; others absorb in between

Question = tuple[str, str, list[int], str]
Fields = Mapping[str, str | None]


@dataclass(slots=True, kw_only=True)
class _Written:
    """What a run wrote into one record, by source field: what stood before, what it wrote, what shows now."""

    shown: Fields
    is_edited: bool
    before: dict[str, str | None] = field(default_factory=dict)
    after: dict[str, str | None] = field(default_factory=dict)

    def stands(self) -> list[str]:
        """Return the fields that nobody changed since; a system may show in its own way what it was told."""
        return [
            name
            for name, value in sorted(self.after.items())
            if not self.is_edited or self.shown.get(name) == value
        ]


def set_apart(
    session: Session, run: int, spanned: tuple[int, int], left: Sequence[int]
) -> tuple[int, int, list[Question]]:
    """Set apart the records that came in by a run, and have them show what they did before.

    Args:
        session: the run that undoes.
        run: the run that is undone.
        spanned: its first and last batch.
        left: customers whose records are left as they are.

    Returns:
        How many records were set apart, how many of these are written back, and what a person must decide.
    """
    with session.db.transaction() as tx:
        arrived = reversals.arrived(tx, run, *spanned, left)
    restored, asked = 0, list[Question]()
    for chunk in arrived.iter_slices(RECORDS_MAX):
        with session.db.transaction() as tx:
            snapshot.begin(tx)
            restorations, questions = _restorations(tx, session, run, chunk)
            reversals.set_apart(tx, chunk, restorations, now=session.now())
            _tell(tx, session, chunk, "record.excluded", f"undo of run {run}")
        restored += restorations.height
        asked += questions
    return arrived.height, restored, asked


def take_in_again(session: Session, run: int) -> int:
    """Let the records that a run set apart take part again; return how many."""
    with session.db.transaction() as tx:
        snapshot.begin(tx)
        again = reversals.take_part(tx, run, now=session.now())
        _tell(tx, session, again, "record.included", f"undo of run {run}")
    return again.height


def _tell(tx: Transaction, session: Session, records: pl.DataFrame, kind: str, detail: str) -> None:
    events = records.select("customer", "stream", "link", kind=pl.lit(kind), detail=pl.lit(detail))
    audit.add(
        tx, events, run=session.run, batch=None, configuration=session.rules.version,
        now=session.now(),
    )  # fmt: skip


def _restorations(
    tx: Transaction, session: Session, run: int, records: pl.DataFrame
) -> tuple[pl.DataFrame, list[Question]]:
    """Return what these records are to show again, and questions about what has moved since."""
    written: dict[int, _Written] = {}
    for link, patch, expected, fields, is_edited in reversals.overwritten(
        tx, run, records
    ).iter_rows():
        one = written.setdefault(link, _Written(shown=json.loads(fields), is_edited=is_edited))
        for name, value in json.loads(patch).items():
            one.before.setdefault(name, json.loads(expected).get(name))
            one.after[name] = value
    rows, asked = [], list[Question]()
    named = {row["link"]: row for row in records.iter_rows(named=True)}
    for link, one in written.items():
        stands = one.stands()
        shown = {name: one.shown.get(name) for name in stands}
        back = {name: one.before[name] for name in stands if one.before[name] != shown[name]}
        if back:
            rows.append((link, json.dumps(back), json.dumps({name: shown[name] for name in back})))
        moved = sorted(set(one.after) - set(stands))
        if moved:
            asked.append(_question(session, run, named[link], moved))
    return pl.DataFrame(rows, schema=reversals.RESTORATIONS, orient="row"), asked


def _question(
    session: Session, run: int, record: Mapping[str, object], moved: Sequence[str]
) -> Question:
    stream = session.rules.streams.get(int(str(record["stream"])))
    title = stream.title if stream else f"stream {record['stream']}"
    detail = (
        f"{title}: {', '.join(moved)}: the run wrote it, and it shows something else since; "
        "it is left as it is"
    )
    subject = f"run {run}/{title}/{record['external_id']}"
    return ("undo", subject, [int(str(record["customer"]))], detail)
