"""One scenario, all from one seed: a company, its people, bad weather, a process that is stopped.

The process is stopped by raising `Stopped` at a named fault point of the engine; what it had not
committed is lost, its presence ends, and the next run starts anew, as after kill -9.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

from psycopg import sql
from tests.simulation.company import RACED, System, draw_company
from tests.simulation.people import People
from tests.simulation.trade import STREAMS, Trade

from customer_sync.connect.driver import Driver
from customer_sync.engine.faults import FAULT_POINTS
from customer_sync.engine.publish import publish
from customer_sync.engine.session import Session
from customer_sync.engine.sync import sync
from customer_sync.infra.pg import Database
from customer_sync.infra.pg.presence import Presence
from customer_sync.model.config import Configuration
from customer_sync.store import runs
from customer_sync.store.protection import append_only_tables
from customer_sync.systems.simulated import (
    PEOPLE,
    Connector,
    FaultPlan,
    Operation,
    Platform,
    forget,
    register,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
# Within a transaction an accountant's SQL would wait for the row lock of its own thread, for ever.
OUTSIDE = tuple(
    name for name in FAULT_POINTS if name not in {"absorb.decided", "absorb.before_commit"}
)
EDITS_MIN = 20
ROUNDS = (2, 4)
ROUNDS_TO_REST_MAX = 6
TOKENS_MAX = 120  # in one sync; a few dozen are usual
REST_S = 7_200.0  # longer than any delivery waits for another try


class Stopped(BaseException):
    """The process is stopped here."""


class RunawayError(RuntimeError):
    """One sync makes attempts without end."""


class Journal(list[Operation]):
    """A platform's log whose entries are numbered in one order over all platforms."""

    def __init__(self, clock: Iterator[int]) -> None:
        super().__init__()
        self._clock = clock
        self.numbers: list[int] = []

    def append(self, operation: Operation) -> None:
        super().append(operation)
        self.numbers.append(next(self._clock))


@dataclass(frozen=True, kw_only=True)
class LedgerEdit:
    """What an accountant wrote: the columns before and after."""

    number: int
    customer: int
    before: dict[str, str | None]
    after: dict[str, str | None]


@dataclass(kw_only=True)
class Outcome:
    """What a scenario came to."""

    seed: int
    problems: list[str] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)
    edits: Counter[str] = field(default_factory=Counter)
    armed: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    writes: int = 0


class World:
    """The company at work, and the engine between its systems."""

    def __init__(self, database: Database, driver: Driver, seed: int) -> None:
        self.db = database
        self.seed = seed
        self.random = Random(f"scenario {seed}")
        self.fired: Counter[str] = Counter()
        self.armed: Counter[str] = Counter()
        self.journal = count(1)
        self.ledger_edits: list[LedgerEdit] = []
        self._driver = driver
        self._tokens = count(1)
        self._drawn = 0
        self._stop: tuple[str, int] | None = None
        self._passed: Counter[str] = Counter()
        self._edits_within = 0.0
        company = draw_company(self.random)
        self.systems = {system.name: system for system in company.systems}
        self.platforms = {system.name: self._platform(system) for system in company.systems}
        self.trade = Trade(seed, company.systems)
        self.people = People(
            self.random, [(system, self.platforms[system.name]) for system in company.systems]
        )
        # Every other company weighs all that records have in common.
        match = {"method": "scored" if seed % 2 else "exact"}
        self._publish({**company.workspace, "match": match})

    def _platform(self, system: System) -> Platform:
        raced = [name for name in RACED if name in system.sources]
        seed = self.random.randrange(1_000_000)
        faults = FaultPlan(seed=seed, rates=system.rates, race_fields=raced)
        name = f"{system.name}-{self.db.schema}"
        platform = Platform(name, seed=seed, behaviour=system.behaviour, faults=faults)
        platform.log = Journal(self.journal)
        return register(platform)

    def _publish(self, workspace: dict[str, Any]) -> None:
        documents = {
            name: system.document(self.platforms[name].name)
            for name, system in self.systems.items()
        }
        if self.trade.system is not None:
            documents[self.trade.system]["streams"] |= STREAMS
        config = Configuration.model_validate({"workspace": workspace, "systems": documents})
        self.rules, _ = publish(self.db, config, {}, salt="salt")
        self.connectors = {name: Connector(system) for name, system in config.systems.items()}

    def close(self) -> None:
        for platform in self.platforms.values():
            forget(platform.name)

    # -- time and the store -----------------------------------------------------------------------

    def now(self) -> datetime:
        return max([START, *(platform.now for platform in self.platforms.values())])

    def tick(self, seconds: float) -> None:
        for platform in self.platforms.values():
            platform.advance(seconds)

    def rows(self, text: str, *params: object) -> list[tuple[Any, ...]]:
        with self.db.transaction() as tx:
            return tx.rows(sql.SQL(text), list(params))  # type: ignore[arg-type]

    # -- people -----------------------------------------------------------------------------------

    def people_act(self, *, with_ledger: bool) -> None:
        draw = self.random.random()
        if with_ledger and draw < 0.18:
            self._edit_ledger()
        elif with_ledger and draw < 0.21:
            self._insert_ledger()
        else:
            self.people.act()
        self.trade.act(self.platforms)

    def _edit_ledger(self) -> None:
        live = self.rows("SELECT id FROM customer WHERE retired_into IS NULL ORDER BY id")
        if not live:
            return
        customer = self.random.choice(live)[0]
        after = self.people.ledger_edit()
        [name] = after
        with self.db.transaction() as tx:
            column = sql.Identifier(name)
            query = sql.SQL("SELECT {} FROM customer WHERE id = %s FOR UPDATE").format(column)
            before = tx.rows(query, [customer])[0][0]
            update = sql.SQL("UPDATE customer SET {} = %s WHERE id = %s").format(column)
            tx.execute(update, [after[name], customer])
        edit = LedgerEdit(
            number=next(self.journal), customer=customer, before={name: before}, after=after
        )
        self.ledger_edits.append(edit)

    def _insert_ledger(self) -> None:
        person = self.people.ledger_person()
        with self.db.transaction() as tx:
            columns = sql.SQL(", ").join(map(sql.Identifier, person))
            insert = sql.SQL("INSERT INTO customer ({}) VALUES (%s, %s, %s) RETURNING id")
            [(customer,)] = tx.rows(insert.format(columns), list(person.values()))
        blank = dict.fromkeys(person)
        self.ledger_edits.append(
            LedgerEdit(number=next(self.journal), customer=customer, before=blank, after=person)
        )

    # -- the engine -------------------------------------------------------------------------------

    def arm(self) -> None:
        """Choose where the next run is stopped, if it is, and how often people edit while it works."""
        self._stop = None
        if self.random.random() < 0.75:
            name = self.random.choice(FAULT_POINTS)
            self._stop = (name, self.random.choice((1, 1, 2, 3)))
            self.armed[name] += 1
        self._edits_within = self.random.choice((0.0, 0.05, 0.15))

    def disarm(self) -> None:
        self._stop, self._edits_within = None, 0.0
        for platform in self.platforms.values():
            assert platform.faults is not None
            platform.faults.active = False
            platform.come_to_rest()

    def rearm(self) -> None:
        for platform in self.platforms.values():
            assert platform.faults is not None
            platform.faults.active = True

    def _fault(self, name: str) -> None:
        assert name in FAULT_POINTS, name
        self._passed[name] += 1
        if self._stop == (name, self._passed[name]):
            self._stop = None
            self.fired[f"stop.{name}"] += 1
            raise Stopped(name)
        if self.random.random() < self._edits_within:
            self.fired["edit.within"] += 1
            self.people_act(with_ledger=name in OUTSIDE)

    def sync(self, *, whole: bool = False) -> None:
        """Run once; a run that is stopped leaves what it had committed, and no more."""
        self._passed.clear()
        session = Session(
            db=self.db, rules=self.rules, driver=self._driver, connectors=self.connectors, run=0,
            now=self.now, token=self._token, fault=self._fault,
        )  # fmt: skip
        self._drawn = 0
        with self.db.transaction() as tx:
            session.run = runs.start(tx, "sync", session.rules.version)
        with suppress(Stopped), Presence(self.db.dsn, self.db.schema, session.run):
            sync(session, whole=whole)
            with self.db.transaction() as tx:
                runs.finish(tx, session.run, "done", runs.described(session.counts))

    def _token(self) -> str:
        """Draw a token; a run that draws without end is told from one that works."""
        self._drawn += 1
        if self._drawn > TOKENS_MAX:
            last = self.rows(
                "SELECT link, customer, stream, kind, patch, outcome, code FROM attempt ORDER BY at DESC, token DESC LIMIT 3"
            )
            raise RunawayError(f"one sync delivers without end: {last}")
        return f"t{next(self._tokens):05}"

    def state(self) -> tuple[int, ...]:
        """Return what grows when anything is done."""
        [row] = self.rows(
            "SELECT (SELECT count(*) FROM attempt), (SELECT count(*) FROM claim), (SELECT count(*) FROM golden_change),"
            " (SELECT coalesce(sum(seen + since + state + customer), 0) FROM link), (SELECT count(*) FROM outbound),"
            " (SELECT count(*) FROM customer), (SELECT count(*) FROM entry)"
        )
        logs = (len(platform.log) for platform in self.platforms.values())
        return (*(int(number) for number in row), *logs)

    def rest(self) -> int | None:
        """Sync without faults until nothing changes; return the rounds it took, None for too many."""
        self.disarm()
        before = self.state()
        for round_ in range(1, ROUNDS_TO_REST_MAX + 1):
            self.tick(REST_S)
            self.sync()
            after = self.state()
            if after == before:
                return round_
            before = after
        return None

    def raced(self) -> Counter[str]:
        """Return what went wrong between the engine and its systems, people's races among it."""
        found = Counter(self.fired)
        for platform in self.platforms.values():
            assert platform.faults is not None
            found += platform.faults.histogram
        return found

    def writes(self) -> int:
        """Return how many changes our own writes made."""
        return sum(
            operation.by != PEOPLE
            for platform in self.platforms.values()
            for operation in platform.log
        )


def emptied(database: Database) -> None:
    """Empty a workspace for the next scenario, numbers included: the same seed gives the same ids."""
    owner = Database(database.dsn, database.schema)
    with owner.transaction() as tx:
        tables = tx.rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'schema_version'"
        )
        guarded = [sql.Identifier(name) for name in append_only_tables()]
        for one in guarded:
            tx.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER append_only").format(one))
        names = sql.SQL(", ").join(sql.Identifier(str(name)) for (name,) in tables)
        tx.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))
        for one in guarded:
            tx.execute(sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER append_only").format(one))
        for (name,) in tx.rows(
            "SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema()"
        ):
            tx.execute(sql.SQL("ALTER SEQUENCE {} RESTART").format(sql.Identifier(str(name))))
    owner.close()


def run(database: Database, driver: Driver, seed: int) -> Outcome:
    """Play one scenario and check what must hold."""
    from tests.simulation.properties import Checkpoint, check

    emptied(database)
    world = World(database, driver, seed)
    outcome = Outcome(seed=seed)
    try:
        world.people.populate()
        quiet = Checkpoint()
        phases = 2 if world.random.random() < 0.2 else 1
        for phase in range(phases):
            _work(world, phase, phases)
            rounds = world.rest()
            outcome.rounds = max(outcome.rounds, rounds or 0)
            found, quiet = check(world, quiet, is_quiet=rounds is not None)
            outcome.problems += found
            if found:
                break
            world.rearm()
    finally:
        _summarise(world, outcome)
        world.close()
    return outcome


def _work(world: World, phase: int, phases: int) -> None:
    """Let people edit, and the engine run, both in turn and at once."""
    rounds = world.random.randint(*ROUNDS)
    edits = -(-EDITS_MIN // (rounds * phases))
    for _ in range(rounds):
        for _ in range(edits):
            world.people_act(with_ledger=True)
            if world.random.random() < 0.3:
                world.tick(world.random.choice((0.0, 1.0, 45.0)))
        world.tick(world.random.choice((0.5, 60.0)))
        world.arm()
        world.sync(whole=world.random.random() < 0.1)


def _summarise(world: World, outcome: Outcome) -> None:
    outcome.fired += world.raced()
    outcome.edits += Counter(world.people.counts) + Counter(world.trade.counts)
    outcome.armed += world.armed
    outcome.writes = world.writes()


def total(outcomes: Iterable[Outcome]) -> Outcome:
    """Add outcomes up."""
    whole = Outcome(seed=0)
    for one in outcomes:
        whole.fired += one.fired
        whole.edits += one.edits
        whole.armed += one.armed
        whole.writes += one.writes
        whole.rounds = max(whole.rounds, one.rounds)
    return whole
