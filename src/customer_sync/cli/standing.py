"""How a workspace stands, in words: what agrees, and for the rest what to do next."""

from typing import TYPE_CHECKING

from customer_sync.cli.output import say, table

if TYPE_CHECKING:
    from customer_sync.engine.standing import Standing

__all__ = ["print_standing"]

COLUMNS = (
    "system", "stream", "records", "pending", "refused", "set_aside", "unknown", "state", "read_at",
)  # fmt: skip


def print_standing(found: "Standing") -> None:
    """Print it."""
    rows = [
        {
            "system": one.system, "stream": one.stream, "records": one.live, "pending": one.pending,
            "refused": one.refused, "set_aside": one.set_aside, "unknown": one.unknown,
            "state": _state(one.is_agreed, connected=one.connected, paused=one.paused),
            "read_at": one.read_at,
        }
        for one in found.streams
    ]  # fmt: skip
    table(rows, COLUMNS, as_json=False, empty="No stream is configured yet.")
    say("")
    if found.is_agreed:
        say(f"Everything agrees: {found.customers} customers in the ledger.")
        return
    say(f"Not everything agrees yet; {found.customers} customers in the ledger.")
    for what in _next_steps(found):
        say(f"  {what}")


def _state(is_agreed: bool, *, connected: bool, paused: bool) -> str:
    if not connected:
        return "disconnected"
    if paused:
        return "paused"
    return "agreed" if is_agreed else "not agreed"


def _next_steps(found: "Standing") -> list[str]:
    def total(name: str) -> int:
        return sum(getattr(one, name) for one in found.streams)

    steps = []
    if total("set_aside"):
        steps.append(f"{total('set_aside')} records are set aside; see why: customer-sync rejects")
    if found.reviews:
        steps.append(f"{found.reviews} questions wait for you: customer-sync reviews")
    if total("refused"):
        steps.append(
            f"{total('refused')} changes were refused; correct them, then: customer-sync retry"
        )
    if total("unknown"):
        steps.append(f"of {total('unknown')} changes nobody knows whether they were made: reviews")
    if total("pending") or found.ledger_edits or any(one.read_at is None for one in found.streams):
        steps.append("changes are on their way: customer-sync sync")
    return steps
