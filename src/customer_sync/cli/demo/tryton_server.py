"""Start a real Tryton on this machine, with an empty database of its own.

``scripts/tryton.sh`` installs the ERP and prepares a database once; here that database is copied
and served, which takes a second. The server listens on the loopback address only. It belongs to the
demo and to the tests: the product itself never starts another company's software.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from customer_sync.kernel.errors import ConfigurationError, SystemDownError

__all__ = ["TrytonServer", "installation", "serving", "start"]

USER = "admin"
PASSWORD = "customer-sync"  # noqa: S105  # set by scripts/tryton.sh; loopback, invented customers
DATABASE = "customers"
START_S = 60.0  # two to three seconds on a quiet machine; a busy one gets the benefit of the doubt
STOP_S = 10.0
_PAUSE_S = 0.05


@dataclass(slots=True, kw_only=True)
class TrytonServer:
    """A running server. ``stop()`` may be called twice; ``restart()`` serves the same database."""

    url: str
    database: str
    user: str
    password: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def settings(self) -> dict[str, str]:
        """Return the settings of a system that connects to it."""
        return {
            "url": self.url,
            "database": self.database,
            "user": self.user,
            "password": self.password,
        }

    def stop(self) -> None:
        """Stop the server, and wait until it is gone."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(STOP_S)

    def restart(self) -> None:
        """Serve the same database at the same address again."""
        self.stop()
        self.process = _serve(installation(), self.folder)
        _wait(self)


def installation() -> Path:
    """Return the folder that ``scripts/tryton.sh`` made.

    Raises:
        ConfigurationError: It has not been made.
    """
    root = Path(__file__).resolve().parents[4]
    folder = Path(os.environ.get("CUSTOMER_SYNC_TRYTON") or root / "build" / "tryton")
    if not (folder / "venv" / "bin" / "trytond").exists() or not _template(folder).exists():
        raise ConfigurationError(
            "Tryton is not installed for the demo and the tests.",
            context={"folder": str(folder)},
            hint="Run scripts/tryton.sh (about half a minute), or `make tryton`.",
        )
    return folder


def start(folder: Path, *, port: int | None = None) -> TrytonServer:
    """Serve a fresh copy of the prepared database from ``folder``; return when it answers.

    Args:
        folder: Where the database, the configuration and the log go. A database that is there
            already is served as it is.
        port: The port on the loopback address; without it, a free one.

    Raises:
        ConfigurationError: Tryton is not installed.
        SystemDownError: It did not start; its log is in the folder.
    """
    installed = installation()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / f"{DATABASE}.sqlite").exists():
        shutil.copyfile(_template(installed), folder / f"{DATABASE}.sqlite")
    chosen = port or _free_port()
    (folder / "trytond.conf").write_text(
        f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{chosen}\n"
        "[session]\ntimeout = 86400\nmax_age = 864000\n"
    )
    server = TrytonServer(
        url=f"http://127.0.0.1:{chosen}",
        database=DATABASE,
        user=USER,
        password=PASSWORD,
        folder=folder,
        process=_serve(installed, folder),
    )
    _wait(server)
    return server


@contextlib.contextmanager
def serving(folder: Path, *, port: int | None = None) -> Iterator[TrytonServer]:
    """Serve for the length of a ``with`` block."""
    server = start(folder, port=port)
    try:
        yield server
    finally:
        server.stop()


def _template(installed: Path) -> Path:
    return installed / "template.sqlite"


def _serve(installed: Path, folder: Path) -> subprocess.Popen[bytes]:
    program = installed / "venv" / "bin" / "trytond"
    with (folder / "trytond.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603  # our own installation, no shell
            [str(program), "-c", str(folder / "trytond.conf"), "-d", DATABASE],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )


def _wait(server: TrytonServer) -> None:
    """Wait until it answers a call: a connection alone is taken before the modules are loaded."""
    end_s = time.monotonic() + START_S
    question = {"id": 0, "method": "common.server.version", "params": []}
    while server.process.poll() is None and time.monotonic() < end_s:
        with contextlib.suppress(httpx.HTTPError):
            reply = httpx.post(f"{server.url}/rpc/", json=question, timeout=START_S)
            if reply.status_code == httpx.codes.OK:
                return
        time.sleep(_PAUSE_S)
    server.stop()
    raise SystemDownError(
        "Tryton did not start.", context={"log": str(server.folder / "trytond.log")}
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number
