"""The embedded server: joined by many processes, stopped by none of them, alive after any kill."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from customer_sync.infra.pg import Database, EmbeddedServer, embedded, guardian
from customer_sync.kernel.errors import StoreError

USER = """
import sys
from pathlib import Path
from customer_sync.infra.pg import Database, embedded
server = embedded(Path(sys.argv[1]))
with Database(server.dsn, "public").transaction() as tx:
    print(tx.rows("SELECT 1")[0][0], flush=True)
sys.stdin.read()
"""


def user(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def connected(process: subprocess.Popen[str]) -> bool:
    return process.stdout.readline() == "1\n"


def finish(process: subprocess.Popen[str]) -> None:
    process.communicate()


def asked(server: EmbeddedServer, *queries: str) -> list[object]:
    database = Database(server.dsn, "public")
    with database.transaction() as tx:
        answers = [tx.rows(query)[0][0] for query in queries]
    database.close()
    return answers


def is_stopped(folder: Path, *, within_s: float = 20) -> bool:
    return holds(lambda: not (folder / "cluster" / "postmaster.pid").exists(), within_s=within_s)


def holds(condition, *, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


def test_two_processes_that_start_at_once_share_one_server(folder):
    first, second = user(folder), user(folder)

    assert connected(first)
    assert connected(second)

    finish(first)
    time.sleep(0.5)
    assert guardian.postmaster(folder / "cluster") is not None, "stopped under its second user"
    finish(second)
    assert is_stopped(folder)


def test_a_killed_user_does_not_keep_the_server(folder):
    process = user(folder)
    assert connected(process)

    process.kill()
    finish(process)

    assert is_stopped(folder)


def test_the_server_comes_back_after_being_killed(folder):
    server = embedded(folder)
    database = Database(server.dsn, "public")
    with database.transaction() as tx:
        tx.execute("CREATE TABLE kept AS SELECT 1 AS n")
    os.kill(server.pid(), signal.SIGKILL)

    again = embedded(folder)

    with database.transaction() as tx:
        assert tx.rows("SELECT n FROM kept") == [(1,)]
    database.close()
    again.close()
    server.close()
    assert is_stopped(folder)


def test_the_data_survives_a_restart(folder):
    for expected in (1, 2):
        server = embedded(folder)
        database = Database(server.dsn, "public")
        with database.transaction() as tx:
            tx.execute("CREATE TABLE IF NOT EXISTS seen (at timestamptz)")
            tx.execute("INSERT INTO seen VALUES (now())")
            assert tx.rows("SELECT count(*) FROM seen") == [(expected,)]
        database.close()
        server.close()
        assert is_stopped(folder)


def test_a_number_that_a_stranger_has_now_does_not_stop_the_start(folder):
    embedded(folder).close()
    assert is_stopped(folder)
    stranger = subprocess.Popen(["sleep", "60"], user=(folder / "cluster").stat().st_uid)
    pid_file = folder / "cluster" / "postmaster.pid"
    pid_file.write_text(f"{stranger.pid}\n{folder / 'cluster'}\n1\n5432\n/nowhere\n\n 1 1\nready\n")

    embedded(folder).close()

    assert stranger.poll() is None
    assert is_stopped(folder)
    stranger.kill()
    stranger.wait()


def test_a_half_made_cluster_is_made_anew(folder):
    (folder / "cluster.unfinished").mkdir(parents=True)
    (folder / "cluster.unfinished" / "PG_VERSION").write_text("18\n")

    server = embedded(folder)

    assert server.pid() is not None
    server.close()


def test_a_long_and_awkward_folder_name_works(tmp_path):
    folder = tmp_path / ("long " * 20 + "ünï'cøde % $HOME") / ("x" * 100)

    server = embedded(folder)

    assert asked(server, "SELECT 1") == [1]
    server.close()
    assert is_stopped(folder)


def test_a_short_and_awkward_folder_name_works(tmp_path_factory):
    folder = tmp_path_factory.mktemp('a b\'c $x "y"')

    server = embedded(folder)

    assert asked(server, "SELECT 1") == [1]
    server.close()


def test_commits_are_durable(folder):
    server = embedded(folder)
    names = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
    said = asked(server, *(f"SHOW {name}" for name in names))
    server.close()

    assert said == ["on", "on", "on", "256MB"]


def test_a_cluster_of_another_version_is_refused(folder):
    embedded(folder).close()
    assert is_stopped(folder)
    (folder / "cluster" / "PG_VERSION").write_text("14\n")

    with pytest.raises(StoreError, match="PostgreSQL 14"):
        embedded(folder)


def test_a_server_that_cannot_start_says_why(folder):
    embedded(folder).close()
    assert is_stopped(folder)
    with (folder / "cluster" / "postgresql.conf").open("a") as conf:
        conf.write("\nno_such_setting = 1\n")

    with pytest.raises(StoreError, match=r"does not start.*no_such_setting|does not start.*FATAL"):
        embedded(folder)


def test_no_more_than_one_guardian_waits(folder):
    server = embedded(folder)
    again = [embedded(folder) for _ in range(3)]

    def guards():
        return [
            p
            for p in psutil.process_iter(["cmdline"])
            if str(folder) in (p.info["cmdline"] or []) and guardian.__file__ in p.info["cmdline"]
        ]

    assert holds(lambda: len([p for p in guards() if p.status() != "zombie"]) == 1, within_s=5)
    for each in [server, *again]:
        each.close()
    assert is_stopped(folder)


def test_a_forked_child_keeps_the_server(folder):
    server = embedded(folder)
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(go)
        os.read(ready, 1)
        os._exit(0)
    os.close(ready)

    server.close()

    assert not is_stopped(folder, within_s=1)
    os.close(go)
    os.waitpid(child, 0)
    assert is_stopped(folder)
