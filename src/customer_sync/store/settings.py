"""What the workspace remembers about itself: versions of its configuration, its streams, its salt."""

from datetime import datetime
from typing import cast

from customer_sync.infra.pg import Transaction, load

__all__ = [
    "cursor",
    "first_done",
    "is_first",
    "is_listed",
    "keep_listed",
    "latest",
    "lock",
    "publish",
    "read_again",
    "reading_done",
    "reading_failed",
    "salt",
    "streams",
    "version",
    "versions",
    "writing_done",
    "writing_failed",
]

STATEMENTS = load(__file__)


def salt(tx: Transaction, fresh: str) -> str:
    """Return the workspace's salt; the first caller's ``fresh`` one becomes it."""
    tx.execute(STATEMENTS["put"], ("salt", fresh))
    return cast("str", tx.rows(STATEMENTS["get"], ["salt"])[0][0])


def streams(tx: Transaction, wanted: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return the numbers of streams, numbering those that are new."""
    known = {
        (cast("str", s), cast("str", n)): cast("int", i)
        for s, n, i in tx.rows(STATEMENTS["streams"])
    }
    for system, name in wanted:
        if (system, name) not in known:
            tx.execute(STATEMENTS["add_stream"], {"system": system, "name": name})
    rows = tx.rows(STATEMENTS["streams"])
    return {(cast("str", s), cast("str", n)): cast("int", i) for s, n, i in rows}


def cursor(tx: Transaction, stream: int) -> str | None:
    """Return where to go on reading a stream."""
    rows = tx.rows(STATEMENTS["cursor"], [stream])
    return cast("str | None", rows[0][0]) if rows else None


def is_listed(tx: Transaction, stream: int, at: str | None) -> bool:
    """Tell whether missing records were looked for when reading stood at that cursor."""
    rows = tx.rows(STATEMENTS["listed"], [stream])
    return at is not None and bool(rows) and rows[0][0] == at


def keep_listed(tx: Transaction, stream: int) -> None:
    """Remember that missing records were looked for up to where reading stands."""
    tx.execute(STATEMENTS["keep_listed"], [stream])


def reading_failed(tx: Transaction, stream: int, *, code: str, reason: str, now: datetime) -> None:
    """Remember that a stream could not be read, until it is."""
    tx.execute(STATEMENTS["reading_failed"], [now, code, reason, stream])


def reading_done(tx: Transaction, stream: int) -> None:
    """Forget how reading a stream failed before: now it was read."""
    tx.execute(STATEMENTS["reading_done"], [stream])


def writing_failed(tx: Transaction, stream: int, *, code: str, reason: str, now: datetime) -> None:
    """Remember that a stream could not be written to, until it is."""
    tx.execute(STATEMENTS["writing_failed"], [now, code, reason, stream])


def writing_done(tx: Transaction, stream: int) -> None:
    """Forget how writing to a stream failed before: now something was written."""
    tx.execute(STATEMENTS["writing_done"], [stream])


def is_first(tx: Transaction, stream: int) -> bool:
    """Tell whether a stream was never read to its end yet, as it is mapped now."""
    rows = tx.rows(STATEMENTS["is_first"], [stream])
    return bool(rows and rows[0][0])


def first_done(tx: Transaction, stream: int, *, now: datetime) -> None:
    """Remember that a stream was read to its end."""
    tx.execute(STATEMENTS["first_done"], [now, stream])


def read_again(tx: Transaction, stream_ids: list[int]) -> None:
    """Let these streams be read from their start, and every record be compared anew."""
    if stream_ids:
        tx.execute(STATEMENTS["forget_cursor"], [stream_ids])
        tx.execute(STATEMENTS["forget_digests"], [stream_ids])
        tx.execute(STATEMENTS["forget_documents"], [stream_ids])


def lock(tx: Transaction) -> None:
    """Let one publisher at a time in, until the transaction ends."""
    tx.execute(STATEMENTS["lock"])


def latest(tx: Transaction) -> tuple[int, str, str] | None:
    """Return (version, digest, document) in force, or None before the first publication."""
    rows = tx.rows(STATEMENTS["latest"])
    return cast("tuple[int, str, str]", rows[0]) if rows else None


def version(tx: Transaction, number: int) -> tuple[object, ...] | None:
    """Return (version, digest, document, files, published_at)."""
    rows = tx.rows(STATEMENTS["version"], [number])
    return rows[0] if rows else None


def versions(tx: Transaction) -> list[tuple[object, ...]]:
    """Return (version, digest, published_at) of all versions."""
    return tx.rows(STATEMENTS["versions"])


def publish(tx: Transaction, digest: str, document: str, files: str) -> int:
    """Keep a new version; return its number."""
    return cast("int", tx.rows(STATEMENTS["publish"], (digest, document, files))[0][0])
