"""Fixtures for every test: a real PostgreSQL, and a schema of one's own in it.

A skipped test proves nothing. With CUSTOMER_SYNC_CI=1 it fails the session, so that a machine which
lacks a server is noticed; elsewhere it says what is missing.
"""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from customer_sync.infra.pg import Database, embedded, migrate
from customer_sync.store.protection import run_time_database

IN_CI = os.environ.get("CUSTOMER_SYNC_CI") == "1"
PG15 = Path("/usr/lib/postgresql/15/bin")

# CI judges a change, so it plays the same examples for the same code; elsewhere they are new each time.
settings.register_profile("ci", derandomize=True)
if IN_CI:
    settings.load_profile("ci")

_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _skipped.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if IN_CI and _skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if IN_CI and _skipped:
        terminalreporter.section("skipped, which fails in CI")
        for nodeid in _skipped:
            terminalreporter.line(nodeid)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `pg15` on both the newest and the oldest server supported."""
    if "pg_server" in metafunc.fixturenames and metafunc.definition.get_closest_marker("pg15"):
        metafunc.parametrize("pg_server", [18, 15], indirect=True, ids=["pg18", "pg15"])


@pytest.fixture(scope="session")
def pg_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded server; every worker of one run joins the same."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    server = embedded(shared / "pg")
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        # Waiting for the disk proves nothing here; what kills a server has one of its own.
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
        connection.execute("SELECT pg_reload_conf()")
    yield server.dsn
    server.close()


@pytest.fixture(scope="session")
def pg15_dsn() -> Iterator[str]:
    """A cluster of Debian's PostgreSQL 15, on a free port of the loopback."""
    if not (PG15 / "initdb").exists():
        pytest.skip("PostgreSQL 15 is not installed: apt-get install postgresql-15")
    folder = Path(tempfile.mkdtemp(prefix="customer-sync-pg15-"))
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    shutil.chown(folder, account.pw_uid, account.pw_gid)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [PG15 / program, "-D", folder / "data", *arguments],
            check=True, user=account.pw_uid, group=account.pw_gid, cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    run("initdb", "--auth=trust", "--username=postgres", "--locale=C.UTF-8", "--no-sync")
    flags = (
        f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c fsync=off"
    )
    run("pg_ctl", "start", "-w", "-s", "-l", str(folder / "log"), "-o", flags)
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "stop", "-s", "-m", "immediate")
        shutil.rmtree(folder)


@pytest.fixture
def pg_server(request: pytest.FixtureRequest) -> str:
    """The server of this test: the embedded one, or both in turn where marked `pg15`."""
    version = getattr(request, "param", 18)
    return str(request.getfixturevalue("pg15_dsn" if version == 15 else "pg_dsn"))


@pytest.fixture
def empty_database(pg_server: str) -> Iterator[Database]:
    """A schema of one's own with nothing in it."""
    database = Database(pg_server, f"t_{secrets.token_hex(6)}")
    schema = sql.Identifier(database.schema)
    with database.transaction() as tx:
        tx.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
    yield database
    with database.transaction() as tx:
        tx.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(schema))
    database.close()


@pytest.fixture
def database(empty_database: Database) -> Iterator[Database]:
    """A schema of one's own, migrated to the newest version, as commands act on it: not as its owner.

    The role stays behind; it goes with the server.
    """
    migrate(empty_database)
    found = run_time_database(empty_database, empty_database.dsn, afresh=True)
    assert found.role
    yield found
    found.close()
