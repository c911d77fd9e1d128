"""Say what was measured: ratios, peak memory, where the time went, and which targets were reached."""

import json
import os
import platform
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["keep", "show"]

MIB = 2**20
FIRST_LOAD_OF_DLT_MIN = 0.4
AGAIN_OF_DLT_MIN = 3.0
CHANGES_RATIO_MAX = 1.5
PEAK_BYTES_MAX = 1 << 30
POSTED_PER_S_MIN = 20_000
AGE_RATIO_MIN = 0.8
STATEMENT_MS_MAX = 10
RECONCILE_S_MAX = 5
Result = Mapping[str, Any]


def keep(result: dict[str, Any], path: Path) -> None:
    """Write the result down, with the machine, the day and the commit."""
    result["machine"] = _machine()
    result["date"] = datetime.now(UTC).date().isoformat()
    result["commit"] = _commit()
    result["targets"] = [
        {"target": target, "measured": value, "reached": is_reached}
        for target, value, is_reached in _targets(result)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1), encoding="utf-8")


def show(result: Result) -> None:
    """Print it, in tables that fit docs/benchmarks.md."""
    print(f"\n{result['date']}, commit {result['commit']}, {result['machine']}\n")
    if "load" in result:
        _show_loads(result)
        _show_where(result["load"]["first"])
        _show_tables(result["load"]["first"], result["rows"])
    if "changes" in result:
        _show_changes(result)
    if "ledger" in result:
        _show_ledger(result["ledger"])
    _table(
        ("target", "measured", "reached"),
        [
            (one["target"], one["measured"], "yes" if one["reached"] else "NO")
            for one in result["targets"]
        ],
    )


def _show_loads(result: Result) -> None:
    load, rows = result["load"], result["rows"]
    dlt = {name: _dlt(load, name) for name in ("first", "again")}
    titles = {
        "first": "customer-sync, first load", "again": "customer-sync, unchanged, all read again",
        "skipped": "customer-sync, same content written again", "copy": "COPY into one table",
    }  # fmt: skip
    lines = []
    for name, one in load.items():
        other = dlt["again" if name.endswith(("again", "skipped")) else "first"]
        share = f"{other / one['seconds']:.2f}" if other else "-"
        lines.append(
            (titles.get(name, name), f"{one['seconds']:.1f}", f"{rows / one['seconds']:,.0f}", share,
             f"{one['peak_bytes'] / MIB:,.0f}", f"{one['cpu_s']:.1f}")
        )  # fmt: skip
    _table((f"{rows:,} customers", "s", "rows/s", "speed, of dlt", "peak MiB", "own CPU s"), lines)


def _show_where(first: Result) -> None:
    whole = first["seconds"]
    parts: dict[str, float] = dict(first["spans"])
    parts["rest"] = whole - sum(parts.values())
    groups: dict[str, float] = defaultdict(float)
    for name, seconds in parts.items():
        groups[name.partition(":")[0]] += seconds
    _table(
        ("where the time of a first load goes", "s", "share"),
        [(name, f"{seconds:.2f}", f"{seconds / whole:.1%}") for name, seconds in _largest(groups)],
    )
    within = [(name, seconds) for name, seconds in _largest(parts) if ":" in name]
    _table(
        ("of it", "s", "share"),
        [
            (name, f"{seconds:.2f}", f"{seconds / whole:.1%}")
            for name, seconds in within
            if seconds > 0.005 * whole
        ],
    )


def _largest(parts: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(parts.items(), key=lambda part: -part[1])


def _show_tables(first: Result, rows: int) -> None:
    lines, whole = [], 0
    for name, one in first["tables"].items():
        size = one["heap_bytes"] + one["index_bytes"]
        whole += size
        if one["rows"] >= rows / 1000:
            sizes = (one["heap_bytes"], one["index_bytes"], size)
            lines.append(
                (name, f"{one['rows'] / rows:.2f}", *(f"{part / rows:.0f}" for part in sizes))
            )
    lines.append(("all", "", "", "", f"{whole / rows:.0f}"))
    _table(("per customer", "rows", "heap bytes", "index bytes", "bytes"), lines)


def _show_changes(result: Result) -> None:
    changes = result["changes"]
    lines = [
        (f"{changes['count']:,} changes among {changes[name]['rows']:,}", f"{changes[name]['seconds'] * 1000:.0f}",
         f"{changes[name]['idle_s'] * 1000:.0f}", f"{changes[name]['peak_bytes'] / MIB:,.0f}")
        for name in ("large", "small")
    ]  # fmt: skip
    _table(("sync of what changed", "ms", "nothing to do, ms", "peak MiB"), lines)
    singles = result["singles"]
    _table(
        ("one change, to the other system", "p50 ms", "p95 ms"),
        [
            (
                f"{len(singles['seconds'])} times",
                f"{singles['p50_s'] * 1000:.1f}",
                f"{singles['p95_s'] * 1000:.1f}",
            )
        ],
    )


def _show_ledger(ledger: Result) -> None:
    lines = [
        (f"{int(batch):,}", f"{one['documents_per_s']:,.0f}", f"{one['best_per_s']:,.0f}",
         f"{ledger['copy'][batch]['documents_per_s']:,.0f}",
         f"{one['seconds'] / ledger['copy'][batch]['seconds']:.2f}", f"{one['decide_s'] / one['seconds']:.0%}")
        for batch, one in ledger["posting"].items()
    ]  # fmt: skip
    _table(
        ("documents a batch", "posted/s", "best/s", "COPY/s", "time, of COPY", "deciding"), lines
    )
    said = ledger["statement"]
    _table(
        (f"one among {ledger['parties']:,} customers, {said['postings']:,} postings", "p50 ms", "p95 ms"),
        [("statement", f"{said['p50_s'] * 1000:.1f}", f"{said['p95_s'] * 1000:.1f}")],
    )  # fmt: skip
    month, other = ledger["month"], ledger["beancount"]
    _table(
        ("the same journal", "s", "documents/s"),
        [
            ("a month reconciled", f"{month['seconds']:.1f}", f"{month['documents_per_s']:,.0f}"),
            ("exported for Beancount", f"{other['export_s']:.1f}", f"{other['documents'] / other['export_s']:,.0f}"),
            ("Beancount loads it", f"{other['seconds']:.1f}", f"{other['documents_per_s']:,.0f}"),
        ],
    )  # fmt: skip


def _dlt(load: Result, name: str) -> float | None:
    """Return the seconds of dlt's faster strategy."""
    found = [
        one["seconds"]
        for title, one in load.items()
        if title.startswith("dlt") and title.endswith(name)
    ]
    return min(found, default=None)


def _targets(result: Result) -> Iterator[tuple[str, str, bool]]:
    load = result.get("load", {})
    for name, least, title in (
        ("first", FIRST_LOAD_OF_DLT_MIN, "first load"), ("again", AGAIN_OF_DLT_MIN, "unchanged file"),
    ):  # fmt: skip
        other = _dlt(load, name)
        if other:
            share = other / load[name]["seconds"]
            yield f"{title}: at least {least:g} of dlt's speed", f"{share:.2f}", share >= least
    if "changes" in result:
        both = result["changes"]
        ratio = both["large"]["seconds"] / both["small"]["seconds"]
        yield (
            f"changes among 100 times more customers: at most {CHANGES_RATIO_MAX:g} of the cost",
            f"{ratio:.2f}", ratio <= CHANGES_RATIO_MAX,
        )  # fmt: skip
    if "ledger" in result:
        yield from _ledger_targets(result["ledger"])
    if "first" in load:
        first = load["first"]
        peak = max(first["peak_bytes"], load["again"]["peak_bytes"])
        grown = first["peak_bytes"] - (first["peak_quarter_bytes"] or 0)
        yield (
            "memory of a load: under 1 GiB (flat is for you to judge)",
            f"{peak / MIB:,.0f} MiB, {grown / MIB:,.0f} of them after the first quarter",
            peak < PEAK_BYTES_MAX,
        )


def _ledger_targets(ledger: Result) -> Iterator[tuple[str, str, bool]]:
    large = ledger["posting"]["10000"]
    rate, age = large["documents_per_s"], large["seconds"] / ledger["old"]["seconds"]
    yield (
        f"{POSTED_PER_S_MIN:,} documents/s at 10,000 a batch",
        f"{rate:,.0f}",
        rate >= POSTED_PER_S_MIN,
    )
    old = f"posting does not slow down with age: at least {AGE_RATIO_MIN:g} of the speed"
    yield old, f"{age:.2f}", age >= AGE_RATIO_MIN
    p50 = ledger["statement"]["p50_s"] * 1000
    yield f"a statement under {STATEMENT_MS_MAX} ms", f"{p50:.1f} ms at p50", p50 < STATEMENT_MS_MAX
    month = ledger["month"]["seconds"]
    yield f"a month reconciled under {RECONCILE_S_MAX} s", f"{month:.1f} s", month < RECONCILE_S_MAX


def _table(head: tuple[str, ...], lines: list[tuple[str, ...]]) -> None:
    widths = [max(len(str(row[place])) for row in [head, *lines]) for place in range(len(head))]
    for row in [head, tuple("-" * width for width in widths), *lines]:
        print(
            "| "
            + " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True))
            + " |"
        )
    print()


def _machine() -> str:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    found = (_processor(), f"{os.cpu_count()} cores", f"{memory:.0f} GiB", platform.system())
    return ", ".join([*found, f"Python {platform.python_version()}"])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")),
        platform.machine(),
    )


def _commit() -> str:
    def said(*words: str) -> str:
        done = subprocess.run(["git", *words], check=False, capture_output=True, text=True)
        return done.stdout.strip()

    changed = " and changes" if said("status", "--porcelain", "--untracked-files=no", "src") else ""
    return said("rev-parse", "--short", "HEAD") + changed
