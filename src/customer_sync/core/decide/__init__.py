"""The decision: from what was observed and what is known to everything that must change."""

from customer_sync.core.decide.batch import Effects, Observation, Snapshot, decide
from customer_sync.core.decide.published import (
    LEDGER_STREAM,
    OWN_STREAMS,
    STEWARD_STREAM,
    Published,
    Stream,
    published,
)
from customer_sync.core.decide.show import desired, differing

__all__ = [
    "LEDGER_STREAM", "OWN_STREAMS", "STEWARD_STREAM", "Effects", "Observation", "Published", "Snapshot", "Stream",
    "decide", "desired", "differing", "published",
]  # fmt: skip
