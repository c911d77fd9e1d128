"""What every use case of one run is given: the workspace, its configuration, its systems, its clock."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from customer_sync.connect.driver import Driver
from customer_sync.connect.port import Connector
from customer_sync.core.decide import Published, Stream
from customer_sync.infra.pg import Database
from customer_sync.infra.pg.presence import Presence
from customer_sync.store import runs

__all__ = ["Progress", "Session", "running"]

Progress = Callable[[str, int, int | None], None]


def silent(_what: str, _done: int, _total: int | None) -> None:
    """Tell nobody."""


def nowhere(_name: str) -> None:
    """Pass a fault point that is not armed."""


@dataclass(slots=True, kw_only=True)
class Session:
    """One run over one workspace.

    now: reads the clock. token: draws an idempotency token. progress: is told (what, done, total).
    fault: named points where simulations stop the process. delivered: how often this run wrote a
    record. lookahead: read the next page while one is absorbed. turn: held while a connector
    is driven, so that reading ahead never meets another call.
    """

    db: Database
    rules: Published
    driver: Driver
    connectors: Mapping[str, Connector]
    run: int
    now: Callable[[], datetime]
    token: Callable[[], str]
    progress: Progress = silent
    fault: Callable[[str], None] = nowhere
    counts: dict[str, int] = field(default_factory=dict)
    delivered: dict[tuple[int, int, int | None], int] = field(default_factory=dict)
    lookahead: bool = False
    turn: Lock = field(default_factory=Lock)

    def connector(self, stream: Stream) -> Connector:
        """Return the connector of a stream's system."""
        return self.connectors[stream.system]

    def add(self, counts: Mapping[str, int]) -> None:
        """Add to the run's counts."""
        for name, number in counts.items():
            self.counts[name] = self.counts.get(name, 0) + number


@contextmanager
def running(session: Session, kind: str) -> Iterator[Session]:
    """Open a run for the block: numbered, shown to be alive, and closed with its outcome."""
    with session.db.transaction() as tx:
        session.run = runs.start(tx, kind, session.rules.version)
    with Presence(session.db.dsn, session.db.schema, session.run):
        try:
            yield session
        except BaseException as error:
            with session.db.transaction() as tx:
                runs.finish(tx, session.run, "failed", f"{type(error).__name__}")
            raise
        with session.db.transaction() as tx:
            runs.finish(tx, session.run, "done", runs.described(session.counts))
