"""Find customers in invented exports by every means, and score each: the same records for all.

Prints a table per corpus, one of means, and one by trap; writes build/bench/identity.json.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import polars as pl

from bench.identity.export import Corpus, generate
from bench.identity.score import Scores, scored, trapped
from bench.report import keep

__all__ = ["main"]

PLACE = Path(__file__).resolve().parents[2] / "build" / "bench"
THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
BATCHES = 10
Found = dict[str, tuple[pl.DataFrame, float]]  # contender -> its customers, and the seconds it took
HEAD = ("contender", "pair P", "R", "F1", "across F1", "B-cubed", "exact 2+", "persons F1", "companies F1", "wrong", "s")  # fmt: skip


def main(given: Sequence[str] | None = None) -> None:
    """Invent, find, score, print and keep."""
    options = _options(given)
    runs = []
    for corpus in _corpora(options):
        rows = _measured(corpus, options)
        runs.append({"corpus": corpus.name, "records": corpus.truth.height, "contenders": rows})
        _table(
            f"{corpus.name}, {corpus.truth.height:,} records",
            HEAD,
            [_line(name, one) for name, one in rows.items()],
        )
    result: dict[str, Any] = {
        "options": vars(options) | {"json": None, "pseudopeople": None},
        "runs": runs,
    }
    if len(runs) > 1 and not options.febrl:
        result["mean"] = _mean(runs)
        _table(
            f"mean of {len(runs)}", HEAD, [_line(name, one) for name, one in result["mean"].items()]
        )
    keep(result, options.json or PLACE / "identity.json")


def _options(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.identity", description=__doc__)
    parser.add_argument(
        "--records", type=int, default=100_000, help="records over the three systems"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--noise", type=float, default=1.0, help="2 spoils twice as often")
    parser.add_argument("--without", nargs="*", default=[], help="traps and faults to leave out")
    parser.add_argument(
        "--names-without", nargs="*", default=[], help="sources of names to leave out"
    )
    parser.add_argument(
        "--febrl", action="store_true", help="FEBRL 3 and 4 in place of invented records"
    )
    parser.add_argument(
        "--pseudopeople", type=Path, help="a folder with its sample's files, in place of these"
    )
    parser.add_argument(
        "--only", nargs="+", choices=sorted(CONTENDERS), help="by default all but sync"
    )
    parser.add_argument(
        "--through", choices=["sync"], help="also `customer-sync sync` and `links export`"
    )
    parser.add_argument(
        "--traps", action="store_true", help="print the last contender's results by trap"
    )
    parser.add_argument(
        "--bands",
        action="store_true",
        help="precision and recall of pairs at the model's thresholds",
    )
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args(given)
    options.only = options.only or ["email", "keys", "splink", "splink-tuned", "product"]
    if options.through and "sync" not in options.only:
        options.only.append("sync")
    return options


def _corpora(options: argparse.Namespace) -> Iterator[Corpus]:
    if options.febrl:
        from bench.identity.febrl import febrl3, febrl4

        yield from (febrl3(), febrl4())
        return
    if options.pseudopeople:
        from bench.identity.census import census

        yield census(options.pseudopeople)
        return
    for seed in options.seeds:
        yield generate(
            options.records, seed, options.noise,
            without=frozenset(options.without), names_without=frozenset(options.names_without),
        )  # fmt: skip


def _measured(corpus: Corpus, options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for name in options.only:
        for title, (customers, seconds) in CONTENDERS[name](corpus).items():
            scores = scored(corpus.truth, customers)
            rows[title] = scores.named() | {"seconds": seconds}
            traps = trapped(corpus.truth, customers)
            rows[title]["traps"] = traps.to_dicts()
            print(_said(title, scores, seconds), file=sys.stderr, flush=True)
    if options.traps:
        _show_traps(title, traps)
    if options.bands:
        from bench.identity.product import bands

        told = bands(corpus, corpus.truth)
        rows[title] |= told
        _table(
            f"{corpus.name}, single pairs by the shipped model",
            ("what", "share"),
            [(name, f"{share:.4f}") for name, share in told.items()],
        )
    return rows


# -- contenders: each is handed a corpus and gives customers, and how long it took ----------------


def _same_email(corpus: Corpus) -> Found:
    from bench.identity.prepared import prepared
    from bench.identity.references import same_email

    return {"same e-mail": _timed(lambda: same_email(prepared(corpus)))}


def _strong_keys(corpus: Corpus) -> Found:
    from bench.identity.prepared import prepared
    from bench.identity.references import strong_keys

    return {"strong exact keys": _timed(lambda: strong_keys(prepared(corpus)))}


def _splink(corpus: Corpus) -> Found:
    return _best_of_splink(corpus, "Splink, EM", is_tuned=False)


def _splink_tuned(corpus: Corpus) -> Found:
    return _best_of_splink(corpus, "Splink, tuned", is_tuned=True)


def _best_of_splink(corpus: Corpus, title: str, *, is_tuned: bool) -> Found:
    """Return what its best threshold gives: chosen with the truth, which is more than a user has."""
    from bench.identity.prepared import prepared
    from bench.identity.references import splink_by_threshold

    began = perf_counter()
    found = splink_by_threshold(prepared(corpus), is_tuned=is_tuned, thresholds=THRESHOLDS)
    seconds = perf_counter() - began
    best = max(found, key=lambda one: scored(corpus.truth, found[one]).pairs.f1)
    return {f"{title} (best threshold)": (found[best], seconds)}


def _product(corpus: Corpus) -> Found:
    from bench.identity.product import product_customers

    return {"customer-sync": _timed(lambda: product_customers(corpus))}


def _in_batches(corpus: Corpus) -> Found:
    from bench.identity.product import product_in_batches

    title = f"customer-sync, shuffled, {BATCHES} batches"
    return {title: _timed(lambda: product_in_batches(corpus, batches=BATCHES, seed=1))}


def _sync(corpus: Corpus) -> Found:
    """Return what the program itself finds: exports and configuration written, `sync`, `links export`."""
    from bench.identity.through import synced_customers

    return {"customer-sync sync": _timed(lambda: synced_customers(corpus, PLACE / "identity"))}


CONTENDERS: dict[str, Callable[[Corpus], Found]] = {
    "email": _same_email, "keys": _strong_keys, "splink": _splink, "splink-tuned": _splink_tuned,
    "product": _product, "batches": _in_batches, "sync": _sync,
}  # fmt: skip


def _timed(task: Callable[[], pl.DataFrame]) -> tuple[pl.DataFrame, float]:
    began = perf_counter()
    found = task()
    return found, perf_counter() - began


# -- tables ---------------------------------------------------------------------------------------


def _mean(runs: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    def averaged(values: list[Any]) -> Any:
        if isinstance(values[0], dict):
            return {name: averaged([value[name] for value in values]) for name in values[0]}
        return statistics.fmean(values)

    return {
        name: {
            key: averaged([run["contenders"][name][key] for run in runs])
            for key in runs[0]["contenders"][name]
            if key != "traps"
        }
        for name in runs[0]["contenders"]
    }


def _line(name: str, one: dict[str, Any]) -> tuple[str, ...]:
    figures = (
        one["pairs"]["precision"], one["pairs"]["recall"], *(one[part]["f1"] for part in ("pairs", "across", "records", "clusters", "persons", "companies")),
    )  # fmt: skip
    return (
        name,
        *(f"{figure:.3f}" for figure in figures),
        f"{one['wrong_pairs']:,.0f}",
        f"{one['seconds']:.1f}",
    )


def _said(title: str, scores: Scores, seconds: float) -> str:
    pairs = scores.pairs
    return (
        f"{title}: P {pairs.precision:.3f} R {pairs.recall:.3f} F1 {pairs.f1:.3f}, {seconds:.1f} s"
    )


def _show_traps(title: str, traps: pl.DataFrame) -> None:
    lines = [
        (
            row["trap"],
            f"{row['wrong']:,}",
            f"{row['true']:,}",
            "" if row["recall"] is None else f"{row['recall']:.3f}",
        )
        for row in traps.to_dicts()
    ]
    _table(f"{title}, by trap", ("trap", "wrong pairs", "true pairs", "recall"), lines)


def _table(title: str, head: tuple[str, ...], lines: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[place]) for row in [head, *lines]) for place in range(len(head))]
    print(f"\n{title}\n")
    for row in [head, tuple("-" * width for width in widths), *lines]:
        print(
            "| "
            + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            + " |"
        )


if __name__ == "__main__":
    main()
