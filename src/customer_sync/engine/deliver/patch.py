"""Before the call: what outbounds come to.

The patch is computed when it is sent: golden values against the record's image. Writes nothing, so that
a plan may ask the same.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from customer_sync.connect.port import Write
from customer_sync.core.decide import Stream, desired
from customer_sync.core.decide.observe import displayed
from customer_sync.core.decide.route import accepted_cells, held_cells, with_references
from customer_sync.engine.deliver.push import Push
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.digest import salted
from customer_sync.kernel.frames import apart, beside, pick, where
from customer_sync.model.frame import EXCLUDED, LIVE
from customer_sync.store import outbox, snapshot
from customer_sync.store.snapshot import accepted as unpacked_accepted

__all__ = ["computed", "digest_of"]


def computed(
    tx: Transaction, session: Session, stream: Stream, taken: pl.DataFrame
) -> tuple[list[Push], pl.DataFrame, int] | None:
    """Compute what outbounds (store.outbox.TAKEN) come to; writes nothing.

    Returns:
        What to send, the outbounds that have nothing to send any more, and the batch whose golden
        values these are. None when accountants edited one of the customers: that is absorbed first,
        or it would be delivered past its claim.
    """
    due = outbox.load_due(tx, session.rules, taken)
    if due.edited:
        return None
    mark = snapshot.last_batch(tx)
    return *_pushes(session, stream, taken, due, mark), mark


def _pushes(
    session: Session, stream: Stream, taken: pl.DataFrame, due: outbox.Due, mark: int
) -> tuple[list[Push], pl.DataFrame]:
    """Return what to send, and the outbounds that have nothing to send any more."""
    there = where(due.others, due.others["stream"] == stream.id)
    known = beside(
        pick(taken, *(name for name in taken.columns if name != "customer")), due.links, "link"
    )
    # A record set apart from the sync is told nothing more, but may still be taken back or removed.
    is_put = pl.col("kind") == "put"
    known = where(known, (pl.col("state") == LIVE) | (pl.col("state") == EXCLUDED) & ~is_put)
    fresh = apart(where(taken, pl.col("link").is_null() & is_put), there, "customer")
    is_restore = pl.col("kind") == "restore"
    puts = [
        *_restores(session, where(known, is_restore), mark),
        *_updates(session, stream, where(known, is_put), due, mark),
        *_creates(session, stream, fresh, due, mark),
        *_removals(session, where(known, ~is_put & ~is_restore), mark),
    ]
    sending = pl.DataFrame({"outbound": [p.outbound for p in puts]}, schema={"outbound": pl.Int64})
    return puts, apart(taken, sending, "outbound")


def _updates(
    session: Session, stream: Stream, rows: pl.DataFrame, due: outbox.Due, mark: int
) -> list[Push]:
    if rows.is_empty() or not session.connector(stream).capabilities(stream.name).update:
        return []
    values, fields, rejected = displayed(stream, pick(rows, "link", "image"))
    golden = beside(pick(rows, "link", "customer"), due.golden, "customer")
    golden = with_references(golden, due.others, stream, session.rules)
    kept = pl.concat(
        [
            accepted_cells(unpacked_accepted(pick(rows, "link", "image", "accepted"))),
            held_cells(rejected),
        ]
    )
    wanted = desired(golden, values, kept, stream.map.outward)
    after = stream.map.put(wanted, fields)
    pushes = []
    for row, target, before, canonical, present in zip(
        rows.iter_rows(named=True), after.iter_rows(named=True), fields.iter_rows(named=True),
        wanted.iter_rows(named=True), values.iter_rows(named=True), strict=True,
    ):  # fmt: skip
        patch = {name: value for name, value in target.items() if value != before[name]}
        if patch:
            meant = _meant(canonical, present)
            write = Write(
                token=session.token(), kind="update", external_id=row["external_id"], patch=patch,
                expected={name: before[name] for name in patch}, expected_version=row["version"],
            )  # fmt: skip
            pushes.append(_as_push(write, row, meant, mark))
    return pushes


def _creates(
    session: Session, stream: Stream, rows: pl.DataFrame, due: outbox.Due, mark: int
) -> list[Push]:
    if rows.is_empty() or not session.connector(stream).capabilities(stream.name).create:
        return []
    golden = beside(pick(rows, "customer"), due.golden, "customer")
    golden = with_references(golden, due.others, stream, session.rules)
    blank = pl.DataFrame(
        {name: [None] * rows.height for name in stream.map.source_fields},
        schema=dict.fromkeys(stream.map.source_fields, pl.String),
    )
    wanted = pick(golden, *(name for name in stream.map.outward if name in golden.columns))
    after = stream.map.put(wanted, blank)
    # What the mapping cannot write (a value outside its map) is not meant: it is no agreement later.
    readable = stream.map.get(blank.with_columns(after.get_columns())).values
    pushes = []
    for row, target, canonical, read in zip(
        rows.iter_rows(named=True), after.iter_rows(named=True), wanted.iter_rows(named=True),
        readable.iter_rows(named=True), strict=True,
    ):  # fmt: skip
        patch = {name: value for name, value in target.items() if value is not None}
        if not patch:  # nothing of this customer shows there: an empty record helps nobody
            continue
        meant = [
            {"field": name, "value": canonical.get(name)}
            for name in stream.map.canonical
            if canonical.get(name) is None or read.get(name) is not None
        ]
        write = Write(token=session.token(), kind="create", external_id=None, patch=patch)
        pushes.append(_as_push(write, row, meant, mark))
    return pushes


def _removals(session: Session, rows: pl.DataFrame, mark: int) -> list[Push]:
    return [
        _as_push(
            Write(
                token=session.token(), kind=row["kind"], external_id=row["external_id"], patch={},
                expected_version=row["version"],
            ),
            row, [], mark,
        )
        for row in rows.iter_rows(named=True)
    ]  # fmt: skip


def _restores(session: Session, rows: pl.DataFrame, mark: int) -> list[Push]:
    """Say again what records showed before a run wrote into them; who moved since is not overwritten."""
    pushes = []
    for row in where(rows, pl.col("patch").is_not_null()).iter_rows(named=True):
        write = Write(
            token=session.token(), kind="update", external_id=row["external_id"], patch=json.loads(row["patch"]),
            expected=json.loads(row["expected"]), expected_version=row["version"],
        )  # fmt: skip
        pushes.append(replace(_as_push(write, row, [], mark), restores=True))
    return pushes


def _meant(canonical: Mapping[str, Any], present: Mapping[str, Any]) -> list[dict[str, str | None]]:
    return [
        {"field": name, "value": value}
        for name, value in canonical.items()
        if name != "link" and value != present.get(name)
    ]


def _as_push(
    write: Write, row: Mapping[str, Any], meant: list[dict[str, str | None]], mark: int
) -> Push:
    return Push(
        write=write, outbound=row["outbound"], customer=row["customer"], link=row["link"], sent=meant, mark=mark,
        tries=row["tries"],
    )  # fmt: skip


def digest_of(session: Session, patch: Mapping[str, str | None]) -> str:
    """Return the salted digest of a patch: proves what was sent without holding it."""
    return salted(session.rules.salt, json.dumps(patch, sort_keys=True))
