"""The decision: from what was observed and what is known to everything that must change."""

from customer_sync.core.decide.batch import Effects, Observation, Snapshot, decide
from customer_sync.core.decide.published import (
    BOOKS_STREAM,
    GUESTS,
    LEDGER_STREAM,
    OWN_STREAMS,
    STEWARD_STREAM,
    DocumentStream,
    Published,
    Stream,
    numbered_streams,
    published,
)
from customer_sync.core.decide.show import desired, differing

__all__ = [
    "BOOKS_STREAM", "GUESTS", "LEDGER_STREAM", "OWN_STREAMS", "STEWARD_STREAM", "DocumentStream", "Effects",
    "Observation", "Published", "Snapshot", "Stream", "decide", "desired", "differing", "numbered_streams",
    "published",
]  # fmt: skip
