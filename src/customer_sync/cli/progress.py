"""Show how far a run is: bars with rate and time left on a terminal, else one line a stream."""

import sys
import time
from types import TracebackType
from typing import Any, Self

__all__ = ["ProgressShown"]


class ProgressShown:
    """Told by the engine what is being done; shows it on the standard error."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bars: Any = None
        self._tasks: dict[str, Any] = {}
        self._last: tuple[str, int] | None = None
        self._begun_s = 0.0

    def __enter__(self) -> Self:
        if not self._quiet and sys.stderr.isatty():
            self._bars = _bars()
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            self._bars.stop()
        else:
            self._close_line()

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Take notice: so many of so many (None: nobody knows) are done."""
        if self._quiet:
            return
        if self._bars is None:
            if self._last is not None and self._last[0] != what:
                self._close_line()
            if self._last is None:
                self._begun_s = time.monotonic()
            self._last = (what, done)
            return
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total, rate="")
        task = self._tasks[what]
        self._bars.update(task, completed=done, total=total)
        elapsed_s = self._bars.tasks[task].elapsed or 0.0
        if elapsed_s:
            self._bars.update(task, rate=f"{done / elapsed_s:,.0f}/s")

    def _close_line(self) -> None:
        if self._last is None:
            return
        what, done = self._last
        self._last = None
        sys.stderr.write(f"{what}: {done} records, {time.monotonic() - self._begun_s:.1f} s\n")


def _bars() -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True),
    )  # fmt: skip
