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
from customer_sync.core.decide.snapshot import MOVES, Moves, Scored

__all__ = [
    "BOOKS_STREAM", "GUESTS", "LEDGER_STREAM", "MOVES", "OWN_STREAMS", "STEWARD_STREAM", "DocumentStream", "Effects",
    "Moves", "Observation", "Published", "Scored", "Snapshot", "Stream", "decide", "desired", "differing",
    "numbered_streams", "published",
]  # fmt: skip
