"""How a workspace stands, by what it knows: does all agree, and if not, what stands in the way.

Decides when all is agreed: nothing waits, was refused, is set aside, is unknown or asked. Reads
only the workspace's own tables, so it is quick; ``verify`` reads the systems themselves.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from customer_sync.infra.pg import Database
from customer_sync.model.config import Configuration
from customer_sync.store import standing as counts

__all__ = ["Standing", "StreamStanding", "standing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStanding:
    """One stream: records by what is known of them."""

    system: str
    stream: str
    read_at: datetime | None
    paused: bool
    connected: bool
    live: int
    gone: int
    excluded: int
    pending: int
    refused: int
    set_aside: int
    unknown: int

    @property
    def is_agreed(self) -> bool:
        """Return whether nothing of this stream stands out."""
        return not (self.pending or self.refused or self.set_aside or self.unknown) and (
            self.read_at is not None or not self.connected
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The workspace as it stands."""

    workspace: str
    version: int | None
    customers: int
    reviews: int
    ledger_edits: int
    streams: tuple[StreamStanding, ...]

    @property
    def is_agreed(self) -> bool:
        """Return whether everything agrees, as far as is known."""
        return not (self.reviews or self.ledger_edits) and all(s.is_agreed for s in self.streams)

    def document(self) -> dict[str, Any]:
        """Return it for machines."""
        found = asdict(self)
        for one, stream in zip(found["streams"], self.streams, strict=True):
            one["agreed"] = stream.is_agreed
        return {"agreed": self.is_agreed, **found}


def standing(db: Database, config: Configuration) -> Standing:
    """Count how the workspace stands.

    Args:
        db: the workspace.
        config: says which streams are connected, and which are paused.
    """
    with db.transaction(snapshot=True) as tx:
        rows = counts.streams(tx)
        customers, reviews, edits = counts.totals(tx)
        version = counts.version(tx)
    streams = []
    for row in rows:
        system = config.systems.get(row["system"])
        is_connected = system is not None and row["stream"] in system.streams
        if not is_connected and not row["live"]:
            continue
        streams.append(
            StreamStanding(
                paused=system is not None and system.paused, connected=is_connected,
                **{name: value for name, value in row.items() if name != "id"},
            )
        )  # fmt: skip
    return Standing(
        workspace=config.workspace.workspace, version=version, customers=customers, reviews=reviews,
        ledger_edits=edits, streams=tuple(streams),
    )  # fmt: skip
