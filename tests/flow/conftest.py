"""A small company for flow tests: simulated systems, a real PostgreSQL, and the engine between them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from customer_sync.connect.driver import standard_driver
from customer_sync.engine.publish import publish
from customer_sync.engine.session import Session, running
from customer_sync.engine.sync import Synced, sync
from customer_sync.infra.pg import Database
from customer_sync.model.config import Configuration
from customer_sync.systems.simulated import Behaviour, Connector, Platform, forget, register

START = datetime(2026, 1, 1, tzinfo=UTC)
FIELDS = {"email": "email", "given_name": "first", "family_name": "last", "phone": "phone"}


class World:
    """Systems by name, the ledger, and a clock of its own."""

    def __init__(
        self, database: Database, systems: dict[str, dict[str, Any]], workspace: dict[str, Any]
    ) -> None:
        self.db = database
        self.owner = Database(database.dsn, database.schema)
        self.platforms: dict[str, Platform] = {}
        self.documents: dict[str, Any] = {}
        for seed, (name, system) in enumerate(systems.items()):
            behaviour = system.pop("behaviour", Behaviour())
            self.platforms[name] = register(Platform(name, seed=seed, behaviour=behaviour))
            stream = {"fields": FIELDS, "create": True, **system}
            self.documents[name] = {
                "system": name, "connector": "simulated", "settings": {"platform": name},
                "streams": {"contacts": stream},
            }  # fmt: skip
        self.workspace = {"workspace": "test", **workspace}
        self.tokens = count(1)
        self.fault: Any = lambda _name: None
        self.publish()

    def publish(self) -> None:
        config = Configuration.model_validate(
            {"workspace": self.workspace, "systems": self.documents}
        )
        self.rules, _ = publish(self.db, config, {}, salt="salt")
        self.connectors = {name: Connector(system) for name, system in config.systems.items()}

    def now(self) -> datetime:
        return max([START, *(platform.now for platform in self.platforms.values())])

    def tick(self, seconds: float = 60) -> None:
        for platform in self.platforms.values():
            platform.advance(seconds)

    def session(self) -> Session:
        return Session(
            db=self.db, rules=self.rules, driver=standard_driver(), connectors=self.connectors, run=0,
            now=self.now, token=lambda: f"t{next(self.tokens)}", fault=self.fault,
        )  # fmt: skip

    def sync(self, *, whole: bool = False) -> Synced:
        self.tick()
        with running(self.session(), "sync") as session:
            done = sync(session, whole=whole)
            self.counts = session.counts
        return done

    def rows(self, text: str, *params: object) -> list[tuple[Any, ...]]:
        with self.db.transaction() as tx:
            return tx.rows(text, list(params))

    def sql(self, text: str, *params: object) -> None:
        """Do what only people do, as the owner of the tables."""
        with self.owner.transaction() as tx:
            tx.execute(text, list(params))

    def shown(self, name: str) -> list[dict[str, Any]]:
        records = self.platforms[name].records("contacts")
        return [
            dict(record.fields)
            for record in records
            if not record.deleted and not record.merged_into
        ]

    def only(self, name: str) -> str:
        """The id of the one record there."""
        return next(
            record.id for record in self.platforms[name].records("contacts") if not record.deleted
        )


@pytest.fixture
def world(database: Database) -> Iterator[Any]:
    made: list[World] = []

    def build(
        *names: str, workspace: dict[str, Any] | None = None, at: Database | None = None,
        **systems: dict[str, Any],
    ) -> World:  # fmt: skip
        all_systems = {**{name: {} for name in names}, **systems}
        made.append(World(at or database, all_systems, workspace or {}))
        return made[-1]

    yield build
    for one in made:
        one.owner.close()
        for name in one.platforms:
            forget(name)


__all__ = ["FIELDS", "START", "World", "timedelta"]
