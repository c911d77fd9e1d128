"""After the call: absorb what records show now, by the same door as all that is read."""

from collections.abc import Sequence

import polars as pl

from customer_sync.connect.port import (
    ABSENT,
    CHANGED_AT,
    GONE,
    ID,
    MERGED_INTO,
    OUTSIDE,
    VERSION,
    Answer,
    record_schema,
)
from customer_sync.core.decide import Stream
from customer_sync.engine.absorb import Answered, absorb
from customer_sync.engine.deliver.push import SETTLE_TRIES_MAX, Push
from customer_sync.engine.intake import read_ids
from customer_sync.engine.session import Session
from customer_sync.model.frame import SENT

__all__ = ["confirm"]


def confirm(session: Session, stream: Stream, written: Sequence[tuple[Push, Answer]]) -> None:
    """Absorb the records as they stood right after our writes; read those that the answer did not show."""
    if not written:
        return
    told = [(push, answer) for push, answer in written if answer.record is not None]
    untold = [(push, answer) for push, answer in written if answer.record is None]
    if told:
        records = _records(stream, [answer for _, answer in told])
        mark = min(push.mark for push, _ in told)
        done = absorb(session, stream, records, mark=mark, answered=_answered(told, exact=True))
        # Somebody read the record between our write and this answer: its present state decides.
        stale = set(done.stale)
        untold += [(push, answer) for push, answer in told if answer.external_id in stale]
    left = untold
    for _ in range(SETTLE_TRIES_MAX):
        if not left:
            return
        ids = [answer.external_id for _, answer in left if answer.external_id]
        mark, records = read_ids(session, stream, ids)
        done = absorb(session, stream, records, mark=mark, answered=_answered(left, exact=False))
        left = [(push, answer) for push, answer in left if answer.external_id in set(done.stale)]


def _records(stream: Stream, answers: Sequence[Answer]) -> pl.DataFrame:
    sources = stream.map.source_fields
    rows = [
        {
            ID: answer.external_id, CHANGED_AT: answer.changed_at, VERSION: answer.version, GONE: False,
            MERGED_INTO: None, OUTSIDE: False, ABSENT: None,
            **{name: (answer.record or {}).get(name) for name in sources},
        }
        for answer in answers
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=record_schema(sources), orient="row")


def _answered(written: Sequence[tuple[Push, Answer]], *, exact: bool) -> Answered:
    """Say what was sent. exact: the record is shown as our write left it, so what differs was made by it."""
    cells = [
        {
            ID: answer.external_id, "field": cell["field"], "value": cell["value"], "mark": push.mark,
            "answered": exact or None,
        }
        for push, answer in written
        for cell in push.sent
    ]  # fmt: skip
    schema = {
        ID: pl.String,
        "field": pl.String,
        "value": pl.String,
        "mark": pl.Int64,
        "answered": pl.Boolean,
    }
    owners = [
        (answer.external_id, push.customer)
        for push, answer in written
        if push.write.kind == "create"
    ]
    assert set(schema) - {ID} == set(SENT) - {"link"}
    return Answered(
        sent=pl.DataFrame(cells, schema=schema, orient="row"),
        owners=pl.DataFrame(owners, schema={ID: pl.String, "customer": pl.Int64}, orient="row"),
    )
