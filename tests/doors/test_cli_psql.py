"""psql on the ledger: accountants edit customers there, and nothing that must not change."""

import os
import signal
import subprocess
import sys
import time

import psycopg


def test_an_edit_by_sql_reaches_every_system(desk):
    desk.run("sync")

    ran = desk.process(
        "psql", "-Atc", "UPDATE customer SET job_title = 'Head' WHERE id = 1 RETURNING job_title"
    )
    synced = desk.run("sync")

    assert (ran.code, ran.out.split()[0]) == (0, "Head")
    assert synced.code == 0
    assert desk.run("why", "1", "job_title", "--json").json["value"] == "Head"


def test_what_must_not_change_cannot_be_changed_there(desk):
    desk.run("sync")

    ran = desk.process("psql", "-c", "DELETE FROM event")

    assert ran.code == 1
    assert "permission denied" in ran.err


def test_the_password_is_not_among_its_arguments(desk, pg_dsn):
    secret = "pa55-w0rd"
    query = "SELECT pg_backend_pid(), pg_sleep(5)"
    address = pg_dsn.replace("postgres@", f"postgres:{secret}@", 1)
    assert secret in address
    desk.run("sync")
    process = desk.start("psql", "-c", query, CUSTOMER_SYNC_DATABASE_URL=address)

    shown = _arguments_of_its_psql(process.pid)
    process.terminate()

    assert query in shown
    assert secret not in shown


def test_ctrl_c_is_left_to_psql(desk):
    desk.run("sync")
    process = subprocess.Popen(
        [sys.executable, "-m", "customer_sync", "psql", "-At"], cwd=desk.folder,
        env=os.environ | desk.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write("SELECT pg_sleep(60);\n")
    process.stdin.flush()
    _arguments_of_its_psql(process.pid)
    _wait_for(desk, "SELECT pg_sleep(60)%")

    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert (
        "canceling statement" in err
    )  # psql had its say; that it ends then is psql's habit without a terminal
    assert "Interrupted" not in out + err


def _arguments_of_its_psql(parent: int) -> str:
    """Return them once it has them: a process shows its name in brackets while it begins."""
    for _ in range(300):
        children = subprocess.run(
            ["ps", "--ppid", str(parent), "-o", "args="],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        if "psql" in children and "[psql]" not in children:
            return children
        time.sleep(0.1)
    raise AssertionError("psql never began")


def _wait_for(desk, query: str) -> None:
    count = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE %s AND state = 'active'"
    with psycopg.connect(
        desk.environment["CUSTOMER_SYNC_DATABASE_URL"], autocommit=True
    ) as connection:
        for _ in range(300):
            if connection.execute(count, [query]).fetchone()[0]:
                return
            time.sleep(0.1)
    raise AssertionError("the query never began")
