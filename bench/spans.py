"""A light stopwatch around functions of the product: where the time of a load goes.

Each span counts its own time, without that of the spans within it, so the spans of one thread sum up
to the whole. Functions are wrapped where the engine looks them up; the product knows nothing of it.
"""

import functools
from collections import defaultdict
from collections.abc import Callable
from time import perf_counter
from typing import Any

__all__ = ["Spans"]


class Spans:
    """Seconds by name of span."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self.seconds: dict[str, float] = defaultdict(float)
        self._within: list[float] = []

    def wrap(self, owner: Any, name: str, span: str | Callable[..., str]) -> None:
        """Count the time of `owner.name` as `span`, or as what `span` makes of the arguments."""
        inner = getattr(owner, name)

        @functools.wraps(inner)
        def timed(*given: Any, **named: Any) -> Any:
            title = span if isinstance(span, str) else span(*given)
            self._within.append(0.0)
            began = perf_counter()
            try:
                return inner(*given, **named)
            finally:
                took = perf_counter() - began
                self.seconds[title] += took - self._within.pop()
                if self._within:
                    self._within[-1] += took

        setattr(owner, name, timed)

    def attach(self) -> None:
        """Wrap what a load goes through."""
        from customer_sync.connect.driver import Driver
        from customer_sync.core.decide import tie
        from customer_sync.engine import absorb, sync
        from customer_sync.infra.pg import Database, Transaction
        from customer_sync.store import audit, snapshot
        from customer_sync.store import commit as commits

        self.wrap(Driver, "run", "read")
        self.wrap(absorb, "_digested", "compare")
        self.wrap(snapshot, "news", "compare")
        self.wrap(absorb, "observe", "map")
        self.wrap(absorb, "match_keys", "match")
        self.wrap(snapshot, "load_snapshot", "match")
        self.wrap(tie, "resolve", "match")
        self.wrap(absorb, "decide", "decide")
        self.wrap(commits, "commit", "commit: rest")
        self.wrap(audit, "add", "commit: rest")
        self.wrap(Transaction, "copy_in", _table)
        self.wrap(Database, "_end", "commit: COMMIT")
        self.wrap(sync, "sweep_missing", "look for what is gone")
        self.wrap(sync, "_deliver", "deliver")


def _table(tx: object, table: str, *_frame: object) -> str:
    staging = "pg_temp."
    return (
        f"stage: {table.removeprefix(staging)}" if table.startswith(staging) else f"commit: {table}"
    )
