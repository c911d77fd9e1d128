"""Databases for the tests of the SQL connector: SQLite, PostgreSQL, and a MariaDB started here."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from customer_sync.connect.driver import standard_driver
from customer_sync.connect.port import Page, ReadRequest, Write
from customer_sync.connect.transport.sql import database_url
from customer_sync.model.config import SystemConfig
from customer_sync.systems.sql import Connector

IN_CI = os.environ.get("CUSTOMER_SYNC_CI") == "1"
START_WAIT_S = 60


class Shop:
    """A database that people use beside us."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = create_engine(database_url(url))
        self.driver = standard_driver()

    @property
    def kind(self) -> str:
        return self.engine.dialect.name

    def execute(self, *statements: str, **values: object) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), values)

    def query(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), values)]

    def stream(self, **stream: object) -> "Stream":
        return Stream(self, stream)

    def close(self) -> None:
        self.engine.dispose()
        self.driver.close()


class Stream:
    """One stream of a shop, driven for real."""

    def __init__(self, shop: Shop, stream: dict[str, object]) -> None:
        self.shop = shop
        config = {"system": "shop", "connector": "sql", "settings": {"url": shop.url}}
        self.config = SystemConfig.model_validate({**config, "streams": {"people": stream}})
        self.connector = Connector(self.config)

    def run(self, flow):
        return self.shop.driver.run(flow)

    def page(self, *fields: str, mode="changes", cursor=None, limit=10_000, ids=()) -> Page:
        request = ReadRequest(
            stream="people", fields=fields, mode=mode, cursor=cursor, limit=limit, ids=ids
        )
        return self.run(self.connector.read(request))

    def sweep(self, *fields: str, mode="changes", cursor=None, limit=10_000):
        """Read to the end; return rows as dicts, faults, and the cursor."""
        rows, faults, pages = [], [], 0
        while True:
            page = self.page(*fields, mode=mode, cursor=cursor, limit=limit)
            rows += page.records.to_dicts()
            faults += page.faults
            cursor = page.cursor
            pages += 1
            assert pages < 10_000
            if not page.more:
                return rows, faults, cursor

    def ids(self, cursor=None, limit=10_000, mode="changes") -> tuple[list[str], str | None]:
        rows, _, cursor = self.sweep(mode=mode, cursor=cursor, limit=limit)
        return [row["@id"] for row in rows], cursor

    def write(self, *writes: Write):
        return self.run(self.connector.write("people", writes))

    def settle(self, *writes: Write):
        return self.run(self.connector.settle("people", writes))


def update(external_id, patch, expected=None, version=None):
    return Write(
        token=secrets.token_hex(4), kind="update", external_id=external_id, patch=patch,
        expected=expected or {}, expected_version=version,
    )  # fmt: skip


def create(**patch):
    return Write(token=secrets.token_hex(4), kind="create", external_id=None, patch=patch)


def remove(external_id, expected=None, kind="delete"):
    return Write(
        token=secrets.token_hex(4), kind=kind, external_id=external_id, patch={},
        expected=expected or {},
    )  # fmt: skip


def mariadb_server() -> Iterator[str]:
    """Start MariaDB on a free port of the loopback; give the address of its server."""
    server, installer = _program("mariadbd"), _program("mariadb-install-db")
    if server is None or installer is None:
        if IN_CI:
            pytest.fail("MariaDB is not installed, and CUSTOMER_SYNC_CI=1 forbids to go without it")
        pytest.skip("MariaDB is not installed: apt-get install mariadb-server")
    folder = Path(tempfile.mkdtemp(prefix="customer-sync-mariadb-"))
    account = pwd.getpwnam("mysql") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    shutil.chown(folder, account.pw_uid, account.pw_gid)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    common = ["--no-defaults", f"--user={account.pw_name}", f"--datadir={folder / 'data'}"]
    subprocess.run(
        [installer, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
    )  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                server, *common, f"--port={port}", "--bind-address=127.0.0.1",
                f"--socket={folder / 's.sock'}", f"--pid-file={folder / 'pid'}",
                "--innodb-flush-log-at-trx-commit=0",
            ],
            stdout=log, stderr=log, cwd="/",
        )  # fmt: skip
    try:
        _wait_for(process, port, folder / "log")
        yield f"mariadb://root@127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder)


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin")


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_WAIT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"MariaDB does not answer: {log.read_text(errors='replace')[-2000:]}")
