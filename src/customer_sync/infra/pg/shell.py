"""PostgreSQL's own shell, psql, on a workspace's schema and as the role that commands act as.

Decides where psql is (on the PATH, else the one that the embedded server came with) and what it is told.
Promises that no password is among its arguments, where every process of the machine could read it.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence

from psycopg.pq import Conninfo

from customer_sync.infra.pg.database import Database
from customer_sync.infra.pg.server import binaries
from customer_sync.kernel.errors import StoreError

__all__ = ["psql"]


def psql(database: Database, arguments: Sequence[str]) -> int:
    """Run psql until it ends; return its exit code.

    Raises:
        StoreError: psql is not there.
    """
    program = shutil.which("psql") or shutil.which(binaries() / "psql")
    if program is None:
        raise StoreError("psql is not installed", hint="install PostgreSQL's client programs")
    given = Conninfo.parse(database.dsn.encode())
    address = {
        one.envvar.decode(): one.val.decode()
        for one in given
        if one.envvar is not None and one.val is not None
    }
    schema = database.schema.replace('"', '""')
    options = [address.get("PGOPTIONS", ""), f'-c search_path="{schema}"']
    if database.role is not None:
        options.append(f"-c role={_escaped(database.role)}")
    environment = {**os.environ, **address, "PGOPTIONS": " ".join(options).strip()}
    # Ctrl-C is psql's: there it stops a query, not the session.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run([program, *arguments], env=environment, check=False).returncode  # noqa: S603 - psql, no shell
    finally:
        signal.signal(signal.SIGINT, before)


def _escaped(text: str) -> str:
    """Return a value as PGOPTIONS takes it: spaces and backslashes escaped."""
    return text.replace("\\", "\\\\").replace(" ", "\\ ")
