"""Deliver: send records what they should show, and take in what comes back.

    tx: write the attempts -> network -> tx: absorb the answers

    stream ─▶ prepare (patch) ─▶ send ─▶ answer (confirm, close)      what nobody answered: settle

No transaction stays open across a socket. The patch is computed when it is sent: golden values against
the record's image, so losing, doubling or reordering outbounds cannot corrupt. An attempt whose answer
was lost is unknown: it is settled by reading, never by sending again; where reading cannot tell, a
person is asked.
"""

from customer_sync.engine.deliver.patch import computed, digest_of
from customer_sync.engine.deliver.push import KINDS, TAKE_ROWS_MAX, Push
from customer_sync.engine.deliver.settle import settle_stream
from customer_sync.engine.deliver.stream import deliver, deliver_only, deliver_stream

__all__ = [
    "KINDS", "TAKE_ROWS_MAX", "Push", "computed", "deliver", "deliver_only", "deliver_stream", "digest_of",
    "settle_stream",
]  # fmt: skip
