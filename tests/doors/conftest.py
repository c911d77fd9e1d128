"""The command line as people meet it: real folders, a real PostgreSQL, real files and databases."""

import csv
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from customer_sync.cli import main
from customer_sync.engine.folder import starter
from customer_sync.store.ownership import schema_name

if TYPE_CHECKING:
    from ledger_desk import TradingDesk

sys.path[:0] = [str(Path(__file__).parents[1] / name) for name in ("doors", "ledger", "store")]


@dataclass
class Ran:
    """One command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Desk:
    """A starter workspace, and somebody who types commands in it."""

    folder: Path
    environment: dict[str, str]
    capture: Any
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def run(self, *arguments: str) -> Ran:
        """Run a command in this process."""
        self.capture.readouterr()
        code = main([*arguments, "--workspace", str(self.folder)])
        return Ran(code, *self.capture.readouterr())

    def start(self, *arguments: str, **changed: str) -> subprocess.Popen[str]:
        """Start a command as a process of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "customer_sync", *arguments],
            cwd=self.folder, env=os.environ | self.environment | changed,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.started.append(process)
        return process

    def process(self, *arguments: str, **changed: str) -> Ran:
        """Run a command as a process of its own."""
        process = self.start(*arguments, **changed)
        out, err = process.communicate(timeout=120)
        return Ran(process.returncode, out, err)

    # -- the systems ----------------------------------------------------------------------------

    def crm(self) -> dict[str, dict[str, str]]:
        with (self.folder / "data" / "crm.csv").open(encoding="utf-8", newline="") as file:
            return {row["id"]: row for row in csv.DictReader(file)}

    def edit_crm(self, old: str, new: str) -> None:
        path = self.folder / "data" / "crm.csv"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def shop(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "data" / "shop.sqlite")) as shop:
            rows = shop.execute(statement, values).fetchall()
            shop.commit()
            return rows

    def tamper(self, statements: str) -> None:
        """Write past every guard, as the owner of the tables."""
        name = re.search(
            r'^workspace: "(.*)"', (self.folder / "workspace.yaml").read_text(), re.MULTILINE
        )
        assert name is not None
        url = self.environment["CUSTOMER_SYNC_DATABASE_URL"]
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(
                sql.SQL("SET search_path TO {}").format(sql.Identifier(schema_name(name[1])))
            )
            owner.execute(statements.encode())

    def edit_file(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def desk(
    pg_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Desk]:
    """A starter workspace of its own on the shared server."""
    name = f"desk_{tmp_path.name.replace('-', '_').lower()}"[:40] + f"_{os.getpid()}"
    environment = {"CUSTOMER_SYNC_DATABASE_URL": pg_dsn, "CUSTOMER_SYNC_BY": "tester"}
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    monkeypatch.delenv("CUSTOMER_SYNC_WORKSPACE", raising=False)
    starter(tmp_path, name=name)
    made = Desk(tmp_path, environment, capsys)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.kill()
        process.communicate()
    with psycopg.connect(pg_dsn, autocommit=True) as connection:
        schema = sql.Identifier(schema_name(name))
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(schema))


@pytest.fixture
def books(desk: Desk) -> Iterator["TradingDesk"]:
    """A starter workspace that is in agreement, with empty books of its customers."""
    from ledger_desk import trading

    made = trading(desk)
    yield made
    made.keeper.books.owner.close()
    made.keeper.db.close()


@pytest.fixture
def shop(desk: Desk) -> Desk:
    """A starter workspace whose shop has issued three invoices, absorbed."""
    from ledger_desk import selling

    selling(desk)
    ran = desk.run("sync")
    assert ran.code == 0, ran.out + ran.err
    return desk
