"""Records that a system no longer shows: found by comparing key sets, believed only when confirmed.

A deletion is never read from silence alone: each missing record is asked for by its id, and only one
that its system says is gone becomes gone; one that is there, and of which the stream's `where` no
longer holds, becomes out of scope. An empty listing, or more deletions than the workspace's limits
allow, stops for a person's approval.
"""

from dataclasses import dataclass

import polars as pl

from customer_sync.connect.port import GONE, ID, OUTSIDE, record_schema
from customer_sync.core.decide import Stream
from customer_sync.engine.intake import Pulled, pages, read_ids, take_up
from customer_sync.engine.session import Session
from customer_sync.store import links, reviews, settings, sightings

__all__ = ["Missing", "confirmed_missing", "sweep_missing"]

CHUNK_ROWS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Records confirmed to be gone or out of scope, read when `mark` was the last batch.

    known: live links of the stream. asked: how many are missing, when that needs a person's approval.
    """

    records: pl.DataFrame
    mark: int = 0
    known: int = 0
    asked: int = 0
    is_partial: bool = False  # rows that could not be read hide which records are there


def sweep_missing(
    session: Session, stream: Stream, pulled: Pulled, *, approved: bool = False
) -> int:
    """Mark records gone that a stream no longer has; return how many."""
    if pulled.is_known:
        return 0
    found = confirmed_missing(session, stream, pulled, approved=approved)
    if found.records.height:
        take_up(session, stream, found.records, mark=found.mark)
    gone = int(found.records[GONE].sum())
    session.add({"gone": gone, "out_of_scope": found.records.height - gone})
    if found.asked:
        _ask(session, stream, found.asked, found.known)
        return gone
    if found.known:
        _withdraw(session, stream)
    if not found.is_partial:
        with session.db.transaction() as tx:
            settings.keep_listed(tx, stream.id)
    return gone


def confirmed_missing(
    session: Session, stream: Stream, pulled: Pulled, *, approved: bool = False
) -> Missing:
    """Find the records that a stream no longer has, each asked for by its id; changes nothing."""
    none = pl.DataFrame(schema=record_schema(stream.map.source_fields))
    with session.db.transaction() as tx:
        there = sightings if stream.is_document else links
        known = there.live_count(tx, stream.id) if _looks(session, stream) else 0
    if not known:
        return Missing(records=none)
    present, faults = (pulled.keys, pulled.faults) if pulled.is_listing else _keys(session, stream)
    if faults:
        return Missing(records=none, is_partial=True)
    missing = _missing(session, stream, present)
    if not missing:
        return Missing(records=none, known=known)
    is_empty = not sum(len(ids) for ids in present)
    is_braked = not approved and (is_empty or _is_mass(session, len(missing), known))
    if is_braked and stream.config.where is None:
        return Missing(records=none, known=known, asked=len(missing))
    mark, records = read_ids(session, stream, missing)
    gone, outside = records.filter(GONE), records.filter(pl.col(OUTSIDE) & ~pl.col(GONE))
    # To exist and not to match is said of each record by itself: only what is gone needs a person.
    asked = gone.height if is_braked and _is_mass(session, gone.height, known) else 0
    told = [outside] if asked else [gone, outside]
    return Missing(records=pl.concat(told), mark=mark, known=known, asked=asked)


def _looks(session: Session, stream: Stream) -> bool:
    """Tell whether missing records say anything: of a feed or a flag, only what left the scope does."""
    deletes = session.connector(stream).capabilities(stream.name).deletes
    return deletes == "keys" or stream.config.where is not None


def _keys(session: Session, stream: Stream) -> tuple[list[pl.Series], int]:
    """Return the ids a stream shows now, and how many of its rows could not be read."""
    keys, faults = [], 0
    for _, page in pages(session, stream, mode="keys", cursor=None):
        keys.append(page.records.filter(~(pl.col(GONE) | pl.col(OUTSIDE)))[ID])
        faults += len(page.faults)
    return keys, faults


def _missing(session: Session, stream: Stream, present: list[pl.Series]) -> list[str]:
    """Return the ids of live links that are not among those present; flat in memory on the known side."""
    there = pl.concat(present).unique() if present else pl.Series(ID, [], dtype=pl.String)
    lookup = pl.DataFrame({ID: there})
    kept = sightings if stream.is_document else links
    missing: list[str] = []
    after = ""
    while True:
        with session.db.transaction() as tx:
            chunk = kept.live_ids(tx, stream.id, after=after, limit=CHUNK_ROWS)
        if chunk.is_empty():
            return missing
        missing += chunk.join(lookup, left_on="external_id", right_on=ID, how="anti")[
            "external_id"
        ].to_list()
        after = str(chunk["external_id"][-1])


def _is_mass(session: Session, missing: int, known: int) -> bool:
    limits = session.rules.config.workspace.limits
    if missing <= limits.delete_min and missing < known:
        return False
    return missing > limits.delete_max or missing * 100 > known * limits.delete_max_percent


def _ask(session: Session, stream: Stream, missing: int, known: int) -> None:
    detail = f"{missing} of {known} records of {stream.title} are no longer shown; approve that they were deleted"
    with session.db.transaction() as tx:
        reviews.add(
            tx, [("mass_delete", stream.title, [], detail)], run=session.run, now=session.now()
        )


def _withdraw(session: Session, stream: Stream) -> None:
    with session.db.transaction() as tx:
        reviews.withdraw(tx, "mass_delete", stream.title, now=session.now())
