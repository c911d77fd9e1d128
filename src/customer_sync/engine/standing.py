"""Does everything agree, by what the workspace knows of itself?

Decides what counts as agreement: every stream was read, the last time without failing; nothing
waits, failed, is set aside, is unknown or asked. Quick, because no system is asked; ``verify`` reads
the systems themselves.
"""

from customer_sync.engine.status import Status, StreamStatus

__all__ = ["agrees", "stream_agrees"]


def agrees(status: Status) -> bool:
    """Return whether everything agrees, as far as is known."""
    asked = sum(status.reviews.values())
    is_clear = not (asked or status.unabsorbed or status.ledger)
    return is_clear and all(map(stream_agrees, status.streams))


def stream_agrees(stream: StreamStatus) -> bool:
    """Return whether nothing of this stream stands out."""
    differing = sum(count for name, count in stream.statuses.items() if name != "agreed")
    is_clear = not (
        differing
        or stream.waiting
        or stream.failing
        or stream.rejected
        or stream.held
        or stream.unknown
        or stream.is_asked
    )
    is_read = stream.read_at is not None and (stream.failure is None or stream.is_paused)
    return is_clear and (is_read or not stream.is_connected)
