"""The proof that all agree in the end, whatever happens: many companies, each from a seed of its own.

A few of them here; `make simulate` plays as many as are wanted, and CI the first 150.
"""

import os
from collections.abc import Iterator

import pytest
from tests.simulation.play import ground, played
from tests.simulation.scenario import Outcome, total

from customer_sync.engine.faults import FAULT_POINTS
from customer_sync.infra.pg import Database
from customer_sync.systems.simulated import FAULTS

SCENARIOS = 20
PARTS = SCENARIOS // 10
SEED = 1
SCENARIOS_OLDEST = 3
pytestmark = [pytest.mark.simulation, pytest.mark.timeout(0)]


@pytest.fixture(scope="module")
def workspace(pg_dsn: str) -> Iterator[Database]:
    database = ground(pg_dsn, f"simulation_{os.getpid()}")
    yield database
    database.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_every_scenario_ends_in_agreement(workspace: Database, part: int) -> None:
    outcomes = _stormy(workspace, SEED + part * 10, 10)
    failed = [_told(outcome) for outcome in outcomes if outcome.problems]

    assert not failed, "\n".join(failed)
    assert sum(total(outcomes).edits.values()) >= 20 * len(outcomes)


def test_scenarios_end_in_agreement_on_the_oldest_server(pg15_dsn: str) -> None:
    database = ground(pg15_dsn, f"simulation_{os.getpid()}")
    outcomes = _stormy(database, SEED, SCENARIOS_OLDEST)
    database.close()

    assert not [_told(outcome) for outcome in outcomes if outcome.problems]
    assert sum(total(outcomes).fired.values()) > 0


def test_scenarios_stop_the_process_at_every_fault_point_and_see_every_fault(
    workspace: Database,
) -> None:
    whole, seed = Outcome(seed=0), 500_000
    missing = {f"stop.{name}" for name in FAULT_POINTS} | set(FAULTS)
    while missing and seed < 500_100:
        one = played(workspace, seed)
        whole = total([whole, one])
        missing -= {*whole.fired, *(name.rpartition(".")[2] for name in whole.fired)}
        seed += 1

    assert not missing


def _stormy(workspace: Database, seed: int, wanted: int) -> list[Outcome]:
    """Play these seeds; one in fair weather proves nothing here and does not count."""
    outcomes = [played(workspace, one) for one in range(seed, seed + wanted)]
    return [outcome for outcome in outcomes if outcome.fired or outcome.problems]


def _told(outcome: Outcome) -> str:
    command = f"python -m tests.simulation --scenarios 1 --seed {outcome.seed}"
    return "\n".join([f"seed {outcome.seed} (rerun: {command}):", *outcome.problems])
