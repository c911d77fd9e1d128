"""The simulated system passes the conformance kit, whatever habits its platform has."""

from collections.abc import Callable, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

import pytest

from customer_sync.connect.conformance import ConformanceSuite, Subject
from customer_sync.connect.driver import standard_driver
from customer_sync.model.config import SystemConfig
from customer_sync.systems.simulated import Behaviour, Connector, Platform, forget, register

STREAM = "contacts"
FIELDS = ("email", "first", "note")
TAKEN = {"email": "person0@acme.test", "first": "Bobby", "note": "taken"}


def a_config(where: str | None = None) -> SystemConfig:
    fields = {"email": "email", "given_name": "first", "note": "note"}
    return SystemConfig(
        system="shop",
        connector="simulated",
        settings={"platform": "conformance"},
        streams={STREAM: {"fields": fields, "where": where}},
    )


def an_example(number: int) -> dict[str, str | None]:
    return {"email": f"person{number}@acme.test", "first": f"Ann {number}", "note": "a note"}


@dataclass
class People:
    """The people on the platform: what the kit may do behind the connector's back."""

    platform: Platform

    def create(self, fields: Mapping[str, str | None]) -> str:
        return self.platform.create(STREAM, fields)

    def edit(self, record_id: str, fields: Mapping[str, str | None]) -> None:
        self.platform.edit(STREAM, record_id, fields)

    def delete(self, record_id: str) -> None:
        self.platform.delete(STREAM, record_id)

    def merge(self, loser: str, winner: str) -> None:
        self.platform.merge(STREAM, loser, winner)

    def drop_field(self, name: str) -> None:
        self.platform.drop_field(STREAM, name)

    def retype_field(self, name: str) -> None:
        self.platform.retype_field(STREAM, name, "number")

    @contextmanager
    def empty_listing(self):
        before = self.platform.behaviour
        self.platform.behaviour = replace(before, empty_listing=True)
        yield
        self.platform.behaviour = before

    @contextmanager
    def cap(self):
        before = self.platform.behaviour
        self.platform.behaviour = replace(before, search_rows_max=3)
        yield
        self.platform.behaviour = before

    def lack_field(self, record_id: str, name: str) -> None:
        del self.platform.stream(STREAM).records[record_id].fields[name]

    def leave_scope(self, record_id: str) -> None:
        self.platform.edit(STREAM, record_id, {"first": None})

    def late_commit(self, fields: Mapping[str, str | None]) -> Callable[[], str]:
        lag_s = self.platform.behaviour.lag_s
        key = self.platform.create_late(STREAM, fields, delay_s=lag_s)
        self.platform.advance(lag_s / 2)

        def commit() -> str:
            self.platform.advance(lag_s / 2)
            return key

        return commit


class SimulatedSuite(ConformanceSuite):
    behaviour = Behaviour()
    where: str | None = None
    without: tuple[str, ...] = ("bad", "duplicate", "leave_scope")
    bad: Mapping[str, str | None] | None = None

    @pytest.fixture
    def subject(self):
        platform = register(Platform("conformance", seed=7, behaviour=self.behaviour))
        platform.declare(STREAM, *FIELDS, "active")
        people = People(platform)
        with standard_driver() as driver:
            yield Subject(
                connector=Connector(a_config(self.where)),
                driver=driver,
                stream=STREAM,
                fields=FIELDS,
                example=an_example,
                text_field="note",
                create=people.create,
                edit=people.edit,
                delete=people.delete,
                now=lambda: platform.now,
                changed_at_tolerance_s=self.behaviour.resolution_s,
                reconnect=lambda: Connector(a_config(self.where)),
                cap=people.cap,
                lack_field=people.lack_field,
                leave_scope=people.leave_scope if self.where else None,
                merge=people.merge,
                drop_field=people.drop_field,
                retype_field=people.retype_field,
                empty_listing=people.empty_listing,
                stand_still=nullcontext,
                pass_time=platform.advance,
                late_commit=people.late_commit,
                bad=self.bad,
                shown=lambda name, value: self.behaviour.stored({name: value})[name],
                shows_empty=not self.behaviour.empty_is_null,
            )
        forget("conformance")


class TestWellBehaved(SimulatedSuite):
    pass


class TestWithAFilter(SimulatedSuite):
    where = "first like 'Ann%'"
    without = ("bad", "duplicate")


class TestCoarseClockAndLateCommits(SimulatedSuite):
    behaviour = Behaviour(
        ids="random",
        resolution_s=1.0,
        lag_s=30.0,
        repeats=0.5,
        deletes="flag",
        precondition="values",
    )


class TestForgetful(SimulatedSuite):
    """No tokens, no preconditions, no records in answers, no feed of deletions, silent search cap."""

    behaviour = Behaviour(
        tokens=False,
        precondition="none",
        answers_record=False,
        deletes="keys",
        search_rows_max=3,
        tells_total=False,
        page_rows_max=5,
    )


class TestWithoutAChangeFeed(SimulatedSuite):
    behaviour = Behaviour(cursor=False, deletes="keys", can_delete=True, can_deactivate=True)


class TestUniqueWithoutTokens(SimulatedSuite):
    without = ("duplicate", "leave_scope")
    behaviour = Behaviour(
        tokens=False, unique=("email",), required=("email",), lengths={"note": 200}, deletes="none"
    )
    bad = TAKEN


class TestReadOnly(SimulatedSuite):
    behaviour = Behaviour(creates=False, updates=False)


class TestWritersThatChangeWhatTheyAreSent(SimulatedSuite):
    behaviour = Behaviour(
        upper=("note", "first"),
        trims=True,
        empty_is_null=True,
        lengths={"note": 40},
        too_long="truncate",
        unique=("email",),
        tokens=False,
    )
    without = ("duplicate", "leave_scope")
    bad = TAKEN
