"""Measure everything in one run: the same file, the same server, each contender in its own process.

Contenders take turns, and the order turns round at each repetition. Prints the tables and the targets,
and writes build/bench/result.json.
"""

import argparse
import os
import shutil
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.process import measure, serving
from bench.report import keep, show

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "build" / "bench"
ROWS = 1_000_000
REPEATED_ROWS_MAX = 200_000  # longer runs are measured once: they scatter by a few percent
CHANGES = 1_000
CHANGE_ROUNDS = 3
SINGLES = 50
POSTING_BATCHES = (
    (10_000, 20),
    (100, 30),
    (1, 100),
)  # the large ones first: they are the ledger's age
STATEMENT_COUNT = 200
MONTH_DOCUMENTS = 100_000
DATASET = "bench_dlt"
STRATEGIES = ("delete-insert", "upsert")
Measured = dict[str, Any]


def main(given: Sequence[str] | None = None) -> None:
    """Measure, print and keep."""
    options = _options(given)
    with serving(PLACE / "server") as dsn:
        bench = _Bench(dsn, options.rows)
        result: Measured = {"rows": options.rows}
        if "load" in options.only:
            result["load"] = bench.loads(options.repeat, without_dlt=options.without_dlt)
        if "changes" in options.only:
            result |= bench.changes(min(CHANGES, options.rows // 200))
        if "ledger" in options.only:
            result["ledger"] = bench.ledger(options.rows)
    result["rotations"] = options.repeat
    keep(result, PLACE / "result.json")
    show(result)


def _options(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="customers to load")
    parser.add_argument(
        "--repeat", type=int, default=0, help="how often; by default 3, or 1 for long runs"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=["load", "changes", "ledger"],
        default=["load", "changes", "ledger"],
    )
    parser.add_argument("--without-dlt", action="store_true", help="for a machine without it")
    options = parser.parse_args(given)
    options.repeat = options.repeat or (3 if options.rows <= REPEATED_ROWS_MAX else 1)
    return options


class _Bench:
    """One run's file, server and folders."""

    def __init__(self, dsn: str, rows: int) -> None:
        self.dsn = dsn
        self.rows = rows

    @property
    def file(self) -> Path:
        """The customers, invented when first asked for."""
        return self._population(self.rows)

    def _population(self, rows: int) -> Path:
        path = PLACE / f"customers_{rows}.csv"
        if not path.exists():
            _say(f"inventing {rows} customers")
            measure("population:make", path=str(path), rows=rows)
        return path

    # -- loads ------------------------------------------------------------------------------------

    def loads(self, repeat: int, *, without_dlt: bool) -> dict[str, Measured]:
        """Load the file, and load it again unchanged: each contender, alternating."""
        contenders: list[Callable[[], dict[str, Measured]]] = [self._own, self._plain_copy]
        if not without_dlt:
            contenders[1:1] = [self._dlt]
        runs: dict[str, list[Measured]] = {}
        for turn in range(repeat):
            for contender in contenders if turn % 2 == 0 else contenders[::-1]:
                for name, found in contender().items():
                    runs.setdefault(name, []).append(found)
        return {name: _median(found) for name, found in runs.items()}

    def _own(self) -> dict[str, Measured]:
        folder = PLACE / "export"
        self._clean("customer_sync_export", "export")
        self._write_file_folder(folder)
        found: dict[str, Measured] = {}
        found["first"] = self._load("customer-sync, first load", folder)
        found["first"] |= measure("product:tables", dsn=self.dsn, name="export") | {
            "peak_bytes": found["first"]["peak_bytes"], "cpu_s": found["first"]["cpu_s"],
        }  # fmt: skip
        found["again"] = self._load("customer-sync, all read again", folder, whole=True)
        if found["again"]["counts"]["read"] != self.rows:
            raise SystemExit("the file was not read again: nothing was measured")
        os.utime(self.file)  # an export writes its file anew, though nothing in it changed
        found["skipped"] = self._load("customer-sync, same content written again", folder)
        return found

    def _write_file_folder(self, folder: Path) -> None:
        arguments = {"folder": str(folder), "name": "export", "path": str(self.file)}
        measure("company:file_folder", **arguments)

    def _load(self, title: str, folder: Path, *, whole: bool = False) -> Measured:
        given = {"folder": str(folder), "dsn": self.dsn, "whole": whole}
        return self._measured(title, "product:load", **given)

    def _dlt(self) -> dict[str, Measured]:
        found: dict[str, Measured] = {}
        for strategy in STRATEGIES:
            self._clean(DATASET, "dlt", f"{DATASET}_staging")
            given = {
                "path": str(self.file), "dsn": self.dsn, "dataset": DATASET, "folder": str(PLACE / "dlt"),
                "strategy": strategy,
            }  # fmt: skip
            for name in ("first", "again"):
                title = f"dlt {strategy}, {name}"
                found[f"dlt {strategy} {name}"] = self._measured(title, "dlt_merge:merge", **given)
        self._clean(DATASET, "dlt", f"{DATASET}_staging")
        return found

    def _plain_copy(self) -> dict[str, Measured]:
        self._clean("none", "none")
        found = self._measured("COPY", "plain_copy:copy", path=str(self.file), dsn=self.dsn)
        return {"copy": found}

    # -- changes ----------------------------------------------------------------------------------

    def changes(self, count: int) -> dict[str, Any]:
        """Change so many customers among all, and among a hundredth; then one at a time."""
        sizes = {"large": self.rows, "small": self.rows // 100}
        first = {name: self._filled(name, rows) for name, rows in sizes.items()}
        runs: dict[str, list[Measured]] = {name: [] for name in sizes}
        for turn in range(CHANGE_ROUNDS):
            for name in list(sizes) if turn % 2 == 0 else list(sizes)[::-1]:
                found = self._measured(
                    f"{count} changes among {sizes[name]}", "product:changes", **self._company(name),
                    schema=f"bench_{name}", count=count, round_=turn,
                )  # fmt: skip
                runs[name].append(found)
        measured = {name: _median(found) | {"rows": sizes[name]} for name, found in runs.items()}
        singles = self._measured(
            "one change at a time",
            "product:singles",
            **self._company("large"),
            schema="bench_large",
            count=SINGLES,
        )
        return {"database": first, "changes": {"count": count, **measured}, "singles": singles}

    def _filled(self, name: str, rows: int) -> Measured:
        folder, schema = PLACE / name, f"bench_{name}"
        self._clean(f"customer_sync_{name}", name, schema)
        measure(
            "company:fill", dsn=self.dsn, schema=schema, path=str(self._population(rows)), folder=str(folder),
            name=name, is_flagged=True,
        )  # fmt: skip
        found = self._load(f"customer-sync, first load of {rows} from a database", folder)
        measure("company:settle", folder=str(folder))
        return found

    def _company(self, name: str) -> dict[str, str]:
        return {"folder": str(PLACE / name), "dsn": self.dsn}

    # -- the ledger -------------------------------------------------------------------------------

    def ledger(self, parties: int) -> Measured:
        """Post documents by batches of 1, 100 and 10,000, young and old; the same rows by COPY; statements."""
        self._clean("bench_journal", "none")
        measure("journal:fill", dsn=self.dsn, parties=parties)
        found: Measured = {"parties": parties, "posting": {}, "copy": {}}
        for number, (batch, batches) in enumerate(POSTING_BATCHES):
            given = {"dsn": self.dsn, "batch": batch, "batches": batches}
            title = f"{batch} documents a batch"
            found["posting"][str(batch)] = self._measured(
                f"posting, {title}", "journal:posting", parties=parties, seed=number, **given
            )
            found["copy"][str(batch)] = self._measured(f"COPY, {title}", "journal:plain", **given)
        batch, _ = POSTING_BATCHES[0]
        found["old"] = self._measured(
            "posting, when all that is there", "journal:posting", dsn=self.dsn, batch=batch, batches=3,
            parties=parties, seed=99,
        )  # fmt: skip
        found["statement"] = self._measured(
            "statement", "journal:statement", dsn=self.dsn, count=STATEMENT_COUNT, parties=parties
        )
        found["month"] = self._measured(
            f"reconcile of {MONTH_DOCUMENTS} documents", "journal:month", dsn=self.dsn,
            documents_=MONTH_DOCUMENTS, parties=parties,
        )  # fmt: skip
        found["beancount"] = self._measured(
            "Beancount, the same journal", "journal:beancount", dsn=self.dsn, path=str(PLACE / "books.beancount"),
        )  # fmt: skip
        return found

    # -- in common --------------------------------------------------------------------------------

    def _clean(self, schema: str, folder: str, *others: str) -> None:
        measure("plain_copy:drop", dsn=self.dsn, schemas=[schema, *others])
        shutil.rmtree(PLACE / folder, ignore_errors=True)

    def _measured(self, title: str, task: str, **arguments: Any) -> Measured:
        measure("plain_copy:settle", dsn=self.dsn)
        found = measure(task, **arguments)
        seconds = found["seconds"]
        shown = seconds if isinstance(seconds, float) else found["p50_s"]
        _say(f"{title}: {shown:.3f} s, {found['peak_bytes'] / 2**20:.0f} MiB")
        return found


def _median(runs: Sequence[Measured]) -> Measured:
    """Return the run in the middle, and the seconds of all."""
    ordered = sorted(runs, key=lambda run: run["seconds"])
    seconds = [run["seconds"] for run in runs]
    middle = ordered[(len(ordered) - 1) // 2]
    return middle | {"seconds": statistics.median(seconds), "all_seconds": seconds}


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
