"""How a workspace stands, in words: what agrees, and for the rest what to do next."""

from typing import TYPE_CHECKING, Any

from customer_sync.cli.output import counted, moment, say, table

if TYPE_CHECKING:
    from customer_sync.app import Workspace
    from customer_sync.engine.status import Status, StreamStatus

__all__ = ["print_status", "status_document", "status_of"]

COLUMNS = (
    "system", "stream", "records", "agreed", "pending", "failing", "set_aside", "state", "read_at",
)  # fmt: skip
ENDED = ("gone", "out_of_scope")


def status_of(opened: "Workspace") -> "Status":
    """Return how an open workspace stands now."""
    from customer_sync.engine.ask import status
    from customer_sync.engine.publish import in_force
    from customer_sync.infra import entropy

    rules = in_force(opened.db)
    with opened.db.transaction(snapshot=True) as tx:
        return status(tx, rules, now=entropy.now())


def status_document(found: "Status") -> dict[str, Any]:
    """Return it for machines."""
    from customer_sync.engine.standing import agrees, stream_agrees

    document = found.as_json()
    for one, stream in zip(document["streams"], found.streams, strict=True):
        one["agreed"] = stream_agrees(stream)
    return {"agreed": agrees(found), **document}


def print_status(found: "Status", *, failed: int = 0) -> None:
    """Print it; `failed`: so many streams could just now not be read or written."""
    from customer_sync.engine.standing import agrees

    rows = [_row(one) for one in found.streams]
    # Records that are there no more matter to few: a column only where there are some.
    ended = [name for name in ENDED if any(row[name] for row in rows)]
    table(
        rows,
        [*COLUMNS[:3], *ended, *COLUMNS[3:]],
        as_json=False,
        empty="No stream is configured yet.",
    )
    say("")
    if agrees(found) and failed:
        say(f"Not everything agrees: what was read before does, but {failed} failed just now.")
        return
    if agrees(found):
        say(f"Everything agrees: {found.customers} customers in the ledger.")
        return
    say(f"Not everything agrees yet; {found.customers} customers in the ledger.")
    for what in _next_steps(found):
        say(f"  {what}")


def _row(one: "StreamStatus") -> dict[str, object]:
    from customer_sync.engine.standing import stream_agrees

    state = "agreed" if stream_agrees(one) else "not agreed"
    if one.is_paused:
        state = f"{state}, paused"
    elif one.failure is not None:
        state = "not read"
    return {
        "system": one.system, "stream": one.stream,
        "records": one.links.get("live", 0) + sum(one.documents.values()),
        "gone": one.links.get("gone", 0), "out_of_scope": one.links.get("out of scope", 0),
        "agreed": one.statuses.get("agreed", 0) + _settled(one),
        "pending": one.statuses.get("pending", 0) + one.waiting,
        "failing": sum(problem.count for problem in one.failing) + one.unknown,
        "set_aside": sum(problem.count for problem in one.rejected) + one.held,
        "state": state if one.is_connected else "disconnected", "read_at": one.read_at,
    }  # fmt: skip


def _settled(one: "StreamStatus") -> int:
    """Return how many documents are what they should be, whether by posting or not."""
    return sum(one.documents.get(state, 0) for state in ("posted", "noted", "void"))


def _next_steps(found: "Status") -> list[str]:
    steps = []
    for stream in found.streams:
        if stream.failure is not None and stream.is_connected and not stream.is_paused:
            steps.append(
                f"{stream.system}.{stream.stream}: could not be read since "
                f"{moment(stream.failure.at)}: {stream.failure.reason}"
            )
        if stream.unwritten is not None and _is_waiting(stream):
            steps.append(
                f"{stream.system}.{stream.stream}: could not be written to since "
                f"{moment(stream.unwritten.at)}: {stream.unwritten.reason}"
            )
        for problem in (*stream.rejected, *stream.failing):
            title = f"{stream.system}.{stream.stream}: {problem.count} x {problem.code}"
            steps.append(f"{title}: {problem.cause} {problem.remedy}")
    steps += [
        f"the ledger: {problem.count} x {problem.code}: {problem.cause} {problem.remedy}"
        for problem in found.ledger
    ]
    if found.ledger or any(stream.rejected or stream.held for stream in found.streams):
        steps.append("see every record that is set aside: customer-sync rejects")
    asked = sum(found.reviews.values())
    if asked:
        steps.append(f"{counted(asked, 'question')} for you to answer: customer-sync reviews")
    if found.unabsorbed or any(_is_moving(stream) for stream in found.streams):
        steps.append("changes are on their way: customer-sync sync")
    return steps


def _is_waiting(stream: "StreamStatus") -> bool:
    """Something is to be written there: else that it could not be is of no interest any more."""
    is_due = stream.waiting or stream.unknown or stream.failing or stream.statuses.get("pending")
    return bool(is_due) and stream.is_connected and not stream.is_paused


def _is_moving(stream: "StreamStatus") -> bool:
    is_pending = stream.waiting or stream.statuses.get("pending")
    return bool(is_pending) or (stream.is_connected and stream.read_at is None)
