"""A real Tryton for tests, and the people who work in it behind the connector's back."""

import base64
import contextlib
import functools
import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from customer_sync.cli.demo.tryton_server import TrytonServer, installation, start
from customer_sync.connect.driver import Driver, standard_driver
from customer_sync.kernel.errors import ConfigurationError
from customer_sync.model.config import SystemConfig
from customer_sync.systems.tryton import Connector

CONTEXT = {"active_test": False, "language": "en"}
STREAM = "parties"
CHILD_TABLES = {
    "contact_mechanisms": "party_contact_mechanism",
    "addresses": "party_address",
    "identifiers": "party_identifier",
}


def started(folder: Path) -> TrytonServer:
    """Start a server, or skip with the reason; in CI a missing server is a failure."""
    try:
        installation()
    except ConfigurationError as missing:
        if os.environ.get("CUSTOMER_SYNC_CI") == "1":
            raise
        pytest.skip(f"{missing.message} {missing.hint}")
    return start(folder)


class Erp:
    """One server, with what people do in it."""

    def __init__(self, server: TrytonServer) -> None:
        self.server = server
        self.http = httpx.Client(timeout=60)
        self.driver: Driver = standard_driver()
        self.frozen: datetime | None = None
        self.log_in()

    def log_in(self) -> None:
        """A session, because checking a password takes Tryton longer than anything else."""
        user, secret = self.server.user, {"password": self.server.password}
        body = {"id": 0, "method": "common.db.login", "params": [user, secret, "en"]}
        reply = self.http.post(f"{self.server.url}/{self.server.database}/rpc/", json=body)
        id_, token, _ = reply.raise_for_status().json()["result"]
        text = base64.b64encode(f"{user}:{id_}:{token}".encode()).decode()
        self.http.headers["authorization"] = f"Session {text}"

    def close(self) -> None:
        self.http.close()
        self.driver.close()

    def call(self, method: str, *params):
        body = {"id": 0, "method": method, "params": [*params, CONTEXT]}
        reply = self.http.post(f"{self.server.url}/{self.server.database}/rpc/", json=body)
        answer = reply.raise_for_status().json()
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def party(self, method: str, *params):
        return self.call(f"model.party.party.{method}", *params)

    @functools.cached_property
    def shared_connector(self) -> Connector:
        """One session for many tests: logging in is what takes Tryton longest."""
        return self.connector()

    def connector(
        self, *, lag_s: float | None = None, where: str | None = None, **settings: str
    ) -> Connector:
        stream = {
            "fields": {"organisation": "name"},
            "lag_s": lag_s,
            "where": where,
            "table": "party.party",
        }
        return Connector(
            SystemConfig.model_validate({
                "system": "erp",
                "connector": "tryton",
                "settings": self.server.settings | settings,
                "streams": {STREAM: stream},
            })
        )  # fmt: skip

    def clear(self) -> None:
        self.party("delete", self.party("search", []))

    # -- what people do ----------------------------------------------------------------------------

    def forget_sessions(self) -> None:
        """End every session, as Tryton does after a while."""
        with contextlib.closing(sqlite3.connect(self._file, timeout=30)) as database, database:
            database.execute("delete from ir_session")
        self.log_in()

    def create(self, name: str | None, **values) -> str:
        [id_] = self.party("create", [{"name": name, **values}])
        return str(id_)

    def edit(self, id_: str, **values) -> None:
        self.party("write", [int(id_)], values)

    def delete(self, id_: str) -> None:
        self.party("delete", [int(id_)])

    def children(self, id_: str, name: str) -> list[int]:
        return self.party("read", [int(id_)], [name])[0][name]

    def merge(self, loser: str, winner: str) -> None:
        session = self.call("wizard.party.replace.create")[0]
        asked = {"ask": {"source": int(loser), "destination": int(winner)}}
        warning = f"party.replace name {loser} {winner}"
        self.call("model.res.user.warning.create", [{"user": 1, "name": warning}])
        self.call("wizard.party.replace.execute", session, asked, "replace")

    def country(self, code: str) -> int:
        return self.call("model.country.country.search", [["code", "=", code]])[0]

    def database_moment(self) -> datetime:
        """Let a row be written, and return the moment it was stamped with."""
        id_ = self.create("clock")
        with contextlib.closing(sqlite3.connect(self._file, timeout=30)) as database:
            [(text,)] = database.execute("select create_date from party_party where id = ?", (id_,))
        self.delete(id_)
        return datetime.fromisoformat(text)

    def stamp(self, table: str, id_: str | int, moment: datetime) -> None:
        """Let a row carry the moment at which its transaction began, as a long one's does."""
        text = moment.isoformat(" ", "microseconds")
        with sqlite3.connect(self._file, timeout=30) as database:
            database.execute(
                f"update {table} set create_date = ?, write_date = ? where id = ?",
                (text, text, id_),
            )
        database.close()

    def stamp_party(self, id_: str, moment: datetime) -> None:
        """Let a party, and what belongs to it, carry a moment."""
        self.stamp("party_party", id_, moment)
        for name, table in CHILD_TABLES.items():
            for child in self.children(id_, name):
                self.stamp(table, child, moment)

    @contextlib.contextmanager
    def one_instant(self) -> Iterator[None]:
        """Let whatever happens within carry one moment."""
        self.frozen = self.database_moment()
        yield
        self.frozen = None

    def freeze(self, id_: str) -> None:
        """Stamp a party with the moment at which everything happens, if there is one."""
        if self.frozen is not None:
            self.stamp_party(id_, self.frozen)

    def pass_time(self, seconds: float) -> None:
        """Let everything written so far lie further back."""
        shifted = "strftime('%Y-%m-%d %H:%M:%f', {0}, '-{1} seconds')"
        with contextlib.closing(sqlite3.connect(self._file, timeout=30)) as database, database:
            for table in ("party_party", *CHILD_TABLES.values()):
                for column in ("create_date", "write_date"):
                    earlier = shifted.format(column, seconds)
                    database.execute(f"update {table} set {column} = {earlier}")

    @contextlib.contextmanager
    def hidden(self) -> Iterator[None]:
        """Let a rule of access hide every party, as a mistake of an administrator does."""
        rule = {"domain": '[["id", "=", -1]]'}
        group = {
            "name": "nothing", "model": "party.party", "global_p": True, "perm_read": True,
            "rules": [["create", [rule]]],
        }  # fmt: skip
        [id_] = self.call("model.ir.rule.group.create", [group])
        yield
        self.call("model.ir.rule.group.delete", [id_])

    def late_commit(self, create: Callable[[], str]) -> Callable[[], str]:
        """Begin now, commit later. SQLite lets only one write at a time, so the date is set."""
        began = self.database_moment()

        def commit() -> str:
            id_ = create()
            self.stamp_party(id_, began)
            return id_

        return commit

    @property
    def _file(self) -> Path:
        return self.server.folder / f"{self.server.database}.sqlite"
