"""Play many scenarios in several processes, and tell what came of them."""

import argparse
import multiprocessing
import os
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from psycopg import sql
from tests.simulation.scenario import Outcome, run, total

from customer_sync.connect.driver import standard_driver
from customer_sync.infra.pg import Database, embedded, migrate
from customer_sync.store.protection import run_time_database

__all__ = ["UNSYNCED", "ground", "main", "played"]

UNSYNCED = (
    "options=-csynchronous_commit%3Doff"  # a simulation's database may be lost with its machine
)
CHUNK = 2
TOLD_EVERY = 50  # scenarios between two lines of progress


def ground(dsn: str, schema: str) -> Database:
    """Return a workspace of one's own, migrated, that commits without waiting for the disk."""
    database = Database(f"{dsn}{'&' if '?' in dsn else '?'}{UNSYNCED}", schema)
    with database.transaction() as tx:
        tx.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        tx.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    migrate(database)
    database.close()
    return run_time_database(database, database.dsn, afresh=True)


def played(database: Database, seed: int) -> Outcome:
    """Play one scenario; whatever it raises is a problem of that seed."""
    try:
        with standard_driver() as driver:
            return run(database, driver, seed)
    except Exception:  # the seed must be told
        outcome = Outcome(seed=seed)
        outcome.problems.append("crash: " + traceback.format_exc())
        return outcome


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument(
        "--scenarios", type=int, default=100, help="that many in which a fault fired"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the first; the others follow")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--failures", type=int, default=10, help="stop after that many")
    chosen = parser.parse_args(arguments)
    started = time.monotonic()
    outcomes: list[Outcome] = []
    failed = calm = 0
    with tempfile.TemporaryDirectory(
        prefix="customer-sync-simulation-", ignore_cleanup_errors=True
    ) as folder:
        server = embedded(Path(folder) / "pg")
        for outcome in _outcomes(server.dsn, chosen):
            if outcome.problems:
                failed += 1
                _tell(outcome)
            elif not outcome.fired:
                calm += 1
                continue
            outcomes.append(outcome)
            if len(outcomes) % TOLD_EVERY == 0:
                rate = len(outcomes) / (time.monotonic() - started)
                print(f"{len(outcomes)} scenarios, {failed} failed, {rate:.2f}/s", flush=True)
            if failed >= chosen.failures or len(outcomes) >= chosen.scenarios:
                break
        server.close()
    _report(outcomes, failed, calm, time.monotonic() - started)
    return 1 if failed else 0


def _outcomes(dsn: str, chosen: argparse.Namespace) -> Iterator[Outcome]:
    """Yield outcomes in the order of their seeds, without end."""
    seeds = iter(range(chosen.seed, chosen.seed + 100 * chosen.scenarios))
    if chosen.processes == 1:
        database = ground(dsn, "simulation_0")
        yield from (played(database, seed) for seed in seeds)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(chosen.processes, _begin, (dsn,)) as pool:
        yield from pool.imap(_play, seeds, chunksize=CHUNK)


_ground: list[Database] = []


def _begin(dsn: str) -> None:
    _ground.append(ground(dsn, f"simulation_{os.getpid()}"))


def _play(seed: int) -> Outcome:
    return played(_ground[0], seed)


def _tell(outcome: Outcome) -> None:
    print(f"seed {outcome.seed} FAILED")
    for problem in outcome.problems:
        print(f"  {problem}")
    print(f"  rerun: python -m tests.simulation --scenarios 1 --seed {outcome.seed}", flush=True)


def _report(outcomes: list[Outcome], failed: int, calm: int, took_s: float) -> None:
    whole = total(outcomes)
    print(
        f"{len(outcomes)} scenarios in {took_s:.1f} s ({len(outcomes) / took_s:.2f}/s), {failed} failed"
    )
    print(
        f"{calm} more, in which no fault fired, do not count; {whole.rounds} rounds to rest at most"
    )
    print(f"edits: {_counted(whole.edits)}; our writes {whole.writes}")
    print(f"fired: {_counted(whole.fired)}", flush=True)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items()))
