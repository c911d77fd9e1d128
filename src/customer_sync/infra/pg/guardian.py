"""Stop an embedded server once nobody uses it. A program of its own, run by path.

Every process that uses the server holds a shared lock on the file `users`; the kernel drops it when
the process ends, however it ends. This program sleeps in the kernel until it gets that lock alone,
which is the moment the last user is gone, stops the server and ends. There is at most one: it holds
`guardian`, and lets go of it before `users`, so whoever comes next starts another.

It must stay free of every import beyond the standard library: it lives as long as the server does,
and weighs 8 MB this way instead of 120.
"""

import fcntl
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

STOP_WAIT_S = 120
POLL_S = 0.02
ANSWER_WAIT_S = 10
SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")  # answered with one letter


def postmaster(cluster: Path) -> int | None:
    """Return the process id of the server that answers for `cluster`, or None.

    The file alone proves nothing: after a crash or a restart of a container its number may belong
    to a stranger. A server that answers on the socket named there is the one.
    """
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid, port, folder = int(lines[0]), int(lines[3]), cluster / lines[4].strip()
    except (OSError, ValueError, IndexError):
        return None
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(ANSWER_WAIT_S)
        try:
            probe.connect(f"{folder}/.s.PGSQL.{port}")
            # A dying server still accepts; only a live one starts a session that answers.
            probe.sendall(SSL_REQUEST)
            return pid if probe.recv(1) else None
        except OSError:
            return None


def stop(cluster: Path) -> None:
    """Stop the server: clients are disconnected, a checkpoint is written."""
    pid = postmaster(cluster)
    if pid is None:
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)  # "fast": do not wait for clients, there are none
        deadline = time.monotonic() + STOP_WAIT_S
        while (cluster / "postmaster.pid").exists() and time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(POLL_S)


def main(folder: Path) -> None:
    """Wait for the last user of `folder` to go, then stop its server."""
    with (folder / "guardian").open("a") as mine, (folder / "users").open("a") as users:
        try:
            fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        fcntl.flock(users, fcntl.LOCK_EX)
        stop(folder / "cluster")
        fcntl.flock(mine, fcntl.LOCK_UN)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
