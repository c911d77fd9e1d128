"""The connector port: the words between the engine and any system.

A connector is sans-I/O. Each of its methods is a generator that *yields* a list of typed calls
(``HttpCall``, ``SqlCall``, ``FileCall``s, ``MemoryCall``) and is *sent* the list of their replies, one a
call, in order; its ``return`` value is the result. ``connect.driver.Driver`` performs the calls.
So bulk, single, parallel and recorded runs share one body, and a test may play any reply.

Promises every connector keeps (the conformance kit checks them):

* every value of a record is a text or null, in a form from which ``write`` restores the source's type;
* a record is named by a text id that never changes meaning;
* reading changes with a returned cursor never misses a record that was committed late or at the same
  instant, within the declared lag: it shows a record twice rather than not at all;
* a failed call raises one of kernel.errors out of the driver into the generator; a connector need not
  catch it: a ``RetryableError`` means "nothing was done", a ``DoubtfulError`` "unknown what was done".
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

import polars as pl

from customer_sync.model.config import StreamConfig, SystemConfig

T = TypeVar("T")

# -- calls and replies ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """One HTTP request. ``is_write``: a lost answer leaves its outcome unknown."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    is_write: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """The answer to an HttpCall, whatever its status."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlCall:
    """Statements run in order in ONE transaction of the database at ``url``.

    Each statement is (SQLAlchemy executable, list of parameter sets or one mapping or None; or a function
    of the results so far that returns them: to read what was just created). A refused
    statement rolls the transaction back, unless ``isolate`` gives each statement a savepoint: then the
    refused ones are undone alone and named in ``SqlReply.errors``. With ``one_row`` an update or delete
    that matches several rows is refused. An insert without RETURNING is answered with its primary key.
    """

    url: str
    statements: Sequence[tuple[Any, Any]] = ()
    is_write: bool = False
    isolate: bool = False
    one_row: bool = False
    inspect: Any = None  # a function of a SQLAlchemy Inspector, instead of statements


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlReply:
    """Per statement: (column names, rows, row count). ``inspected`` where the call asked to inspect."""

    results: Sequence[tuple[Sequence[str], Sequence[tuple[Any, ...]], int]] = ()
    errors: Sequence[Exception | None] = ()  # one a statement, where the call asked to isolate them
    inspected: Any = None
    error: Exception | None = None  # a refused statement (constraint, type): nothing was committed


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStat:
    """Ask for size and version of a file (fsspec address)."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """Read ``length`` bytes from ``offset`` (None: to the end)."""

    url: str
    offset: int = 0
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReplace:
    """Replace a file atomically, if it still has ``expected`` version (None: must not exist)."""

    url: str
    content: bytes
    expected: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReply:
    """``version`` changes with every change of content; None where the file does not exist."""

    version: str | None
    size: int = 0
    modified_at: datetime | None = None
    content: bytes = b""
    replaced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryCall:
    """A call to a platform that lives in this process (the simulated one)."""

    platform: str
    operation: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    is_write: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryReply:
    """What the simulated platform answered."""

    value: Any = None


Call: TypeAlias = HttpCall | SqlCall | FileStat | FileRead | FileReplace | MemoryCall
Reply: TypeAlias = HttpReply | SqlReply | FileReply | MemoryReply
Flow: TypeAlias = Generator[Sequence[Call], Sequence[Reply], T]

# -- what a stream can do ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What one stream of a connector can do; the engine adapts to this and never asks who it is."""

    cursor: bool = False  # read(mode="changes") with a cursor returns only what changed since
    deletes: Literal["none", "flag", "feed", "keys"] = (
        "keys"  # keys: compare the key set of a full listing
    )
    is_whole: bool = (
        False  # changes shows nothing, or (when anything changed or was deleted) everything
    )
    create: bool = True
    update: bool = True
    delete: bool = False
    deactivate: bool = False
    read_rows_max: int = 10_000
    write_rows_max: int = 1_000
    precondition: Literal["none", "values", "version"] = "none"
    idempotent: bool = False  # a token repeated is answered as the first time
    settles: bool = False  # settle() can tell what became of a write
    field_lengths: Mapping[str, int] = field(default_factory=dict)
    time_zone: str = "UTC"
    lag_s: float = 0.0  # how late a commit may follow its own timestamp


# -- reading ----------------------------------------------------------------------------------------

ID = "@id"  # String: the external id
CHANGED_AT = "@changed_at"  # Datetime(us, UTC) or null: by the source's own clock
VERSION = "@version"  # String or null: for the precondition
GONE = "@gone"  # Boolean: the system says that the record was deleted
MERGED_INTO = "@merged_into"  # String or null: the record it was merged into
OUTSIDE = "@outside"  # Boolean: it exists, and the stream's `where` does not hold of it
ABSENT = "@absent"  # String or null: comma-separated source fields the record does not have at all

META_SCHEMA: dict[str, pl.DataType] = {
    ID: pl.String(),
    CHANGED_AT: pl.Datetime("us", "UTC"),
    VERSION: pl.String(),
    GONE: pl.Boolean(),
    MERGED_INTO: pl.String(),
    OUTSIDE: pl.Boolean(),
    ABSENT: pl.String(),
}


def record_schema(fields: Sequence[str]) -> dict[str, pl.DataType]:
    """Return the frame schema of records with these source fields: the meta columns, then one String each."""
    return META_SCHEMA | {name: pl.String() for name in fields}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """One page asked for.

    mode ``changes``: what changed since ``cursor`` (None: everything). ``listing``: every record, paged by
    ``cursor``. ``keys``: every record, only META columns needed. ``ids``: exactly these records; one that
    does not exist is answered with GONE. A record outside the stream's ``where`` is marked OUTSIDE by
    ``ids``; the other modes may leave it out or mark it.
    """

    stream: str
    fields: Sequence[str]
    mode: Literal["changes", "listing", "keys", "ids"] = "changes"
    cursor: str | None = None
    limit: int = 10_000
    ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page read: records in record_schema(fields), where to go on, and whether there is more now.

    ``faults`` are rows that could not be read as records (no key, duplicate key, torn line): (id or
    place, reason). ``total`` is the source's own count, where it tells one, of a whole listing.
    """

    records: pl.DataFrame
    cursor: str | None
    more: bool
    faults: Sequence[tuple[str, str]] = ()
    total: int | None = None


# -- writing ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One record to write. ``expected``: what its image shows for the patched fields (old values)."""

    token: str
    kind: Literal["create", "update", "delete", "deactivate"]
    external_id: str | None
    patch: Mapping[str, str | None]
    expected: Mapping[str, str | None] = field(default_factory=dict)
    expected_version: str | None = None


Outcome = Literal["accepted", "refused", "moved", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one write.

    accepted: done; ``record`` shows the record as it stood right after this write and nothing later (or
    None where the system cannot show that). refused: not done, for the reason. moved: not done, the
    precondition failed or the record is gone; ``record`` may show the present one. unknown: nobody knows.
    """

    token: str
    outcome: Outcome
    external_id: str | None = None
    record: Mapping[str, str | None] | None = None
    version: str | None = None
    changed_at: datetime | None = None
    code: str = ""
    reason: str = ""


# -- discovering ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldShape:
    """One source field: the system's own type, and what it allows."""

    name: str
    type: str
    nullable: bool = True
    length: int | None = None
    options: Sequence[str] | None = None
    is_key: bool = False
    is_writable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamShape:
    """One stream as the system shows it now."""

    stream: str
    fields: Sequence[FieldShape]
    settings: Mapping[str, Any] = field(
        default_factory=dict
    )  # proposed stream settings: table, key, cursor...
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFault:
    """What cannot work in a stream's configuration, whatever its system shows; `key` is at fault."""

    key: str
    message: str
    remedy: str


class Connector(Protocol):
    """What every kind of system offers. Made from its SystemConfig, secrets already filled in.

    A class may declare ``NEEDED_KEYS``, names of keys of a stream without which it cannot work;
    `check` then tells their absence without any system. ``STREAM_SETTINGS`` likewise: the names it knows
    under a stream's ``settings``. A static method ``stream_faults(stream: StreamConfig)`` returns what
    else cannot work, as a sequence of `StreamFault`.
    """

    def __init__(self, config: SystemConfig, /) -> None:
        """Take the system's configuration; do no I/O."""

    def capabilities(self, stream: str) -> Capabilities:
        """Return what that stream can do, without I/O."""

    def shape(self, stream: str) -> Flow[StreamShape]:
        """Return the configured stream as the system shows it now (for drift and for publishing)."""

    def discover(self) -> Flow[list[StreamShape]]:
        """Return the streams the system could offer."""

    def read(self, request: ReadRequest) -> Flow[Page]:
        """Return one page."""

    def write(self, stream: str, writes: Sequence[Write]) -> Flow[list[Answer]]:
        """Write records, at most ``write_rows_max``; answer each, in order."""

    def settle(self, stream: str, writes: Sequence[Write]) -> Flow[list[Answer]]:
        """Find out by reading alone what became of writes whose answer was lost.

        accepted: it was done. refused with code ``not_done``: it surely was not. unknown: cannot tell.
        """


ConnectorFactory: TypeAlias = "type[Connector]"
StreamSettings: TypeAlias = StreamConfig
