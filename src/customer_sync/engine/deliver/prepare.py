"""Before the call: take outbounds, and write the attempts down.

One transaction: what is taken is computed, dropped when nothing is left to send, braked when it flaps,
and written down with its token before anything leaves this process.
"""

import json
from collections.abc import Mapping, Sequence

import polars as pl

from customer_sync.core.decide import Stream
from customer_sync.engine.absorb import absorb_ledger
from customer_sync.engine.deliver.patch import computed, digest_of
from customer_sync.engine.deliver.push import FOREVER, KINDS, RELEASED, Push
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.store import audit, outbox, reviews

__all__ = ["prepare"]


def prepare(
    session: Session, stream: Stream, limit: int, *, wanted: Mapping[int, str] | None = None
) -> tuple[list[Push], int]:
    """Take outbounds, compute their patches, and write the attempts down."""
    now = session.now()
    only = None if wanted is None else list(wanted)
    with session.db.transaction() as tx:
        taken = outbox.take(
            tx, stream.id, run=session.run, now=now, limit=limit, kinds=KINDS, only=only
        )
        if taken.is_empty():
            return [], 0
        found = computed(tx, session, stream, taken)
        if found is None:
            tx.discard()
        else:
            pushes, settled, mark = found
            outbox.drop(tx, settled["outbound"].to_list())
            outbox.mark_seen(tx, settled["link"].drop_nulls().to_list(), mark=mark)
            if wanted is not None:
                pushes = _as_foreseen(tx, session, pushes, wanted)
            pushes = _braked(tx, session, stream, pushes)
            _write_down(tx, session, stream, pushes, mark)
            return pushes, taken.height
    absorb_ledger(session)
    return [], taken.height


def _braked(
    tx: Transaction, session: Session, stream: Stream, pushes: Sequence[Push]
) -> list[Push]:
    """Return the pushes that may go; one record written again and again in a run is left to a person.

    A system that shows something else each time (or two rules that contradict each other) would
    otherwise be written for ever.
    """
    limit = session.rules.config.workspace.limits.flap_max
    kept: list[Push] = []
    flapping: list[Push] = []
    for push in pushes:
        key = (stream.id, push.customer, push.link)
        session.delivered[key] = session.delivered.get(key, 0) + 1
        (kept if session.delivered[key] <= limit else flapping).append(push)
    if flapping:
        reason = f"written {limit} times in one run, and it still shows something else"
        rows = [(push.outbound, "flapping", reason, FOREVER) for push in flapping]
        outbox.release(tx, pl.DataFrame(rows, schema=RELEASED, orient="row"), now=session.now())
        asked = [
            (
                "flapping",
                f"{stream.title}/{p.write.external_id or p.customer}",
                [p.customer],
                reason,
            )
            for p in flapping
        ]
        reviews.add(tx, asked, run=session.run, now=session.now())
    return kept


def _as_foreseen(
    tx: Transaction, session: Session, pushes: Sequence[Push], wanted: Mapping[int, str]
) -> list[Push]:
    """Return the pushes whose patch has the digest wanted; let go of the others."""
    kept = [p for p in pushes if digest_of(session, p.write.patch) == wanted[p.outbound]]
    sending = {push.outbound for push in kept}
    others = [(p.outbound, None, None, 0.0) for p in pushes if p.outbound not in sending]
    released = pl.DataFrame(others, schema=RELEASED, orient="row")
    outbox.release(tx, released, now=session.now())
    return kept


def _write_down(
    tx: Transaction, session: Session, stream: Stream, pushes: Sequence[Push], mark: int
) -> None:
    if not pushes:
        return
    rows = [
        {
            "token": push.write.token, "outbound": push.outbound, "customer": push.customer, "stream": stream.id,
            "link": push.link, "kind": push.kind, "external_id": push.write.external_id,
            "patch": json.dumps(push.write.patch), "expected": json.dumps(push.write.expected),
            "expected_version": push.write.expected_version, "sent": json.dumps(push.sent),
            "digest": digest_of(session, push.write.patch),
        }
        for push in pushes
    ]  # fmt: skip
    schema = {name: kind for name, kind in outbox.ATTEMPTS.items() if name not in {"mark", "tries"}}
    frame = pl.DataFrame(rows, schema={**schema, "digest": pl.String}, orient="row")
    outbox.add_attempts(tx, frame, mark=mark, run=session.run, now=session.now())
    events = frame.select(
        kind=pl.concat_str(pl.lit("sent."), "kind"), stream="stream", link="link", customer="customer",
        detail="token", digest="digest",
        fields=pl.Series([",".join(str(cell["field"]) for cell in push.sent) for push in pushes]),
    )  # fmt: skip
    audit.add(
        tx,
        events,
        run=session.run,
        batch=None,
        configuration=session.rules.version,
        now=session.now(),
    )
