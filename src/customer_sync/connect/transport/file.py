"""Perform the file calls of connectors: on the local disk, and on any address fsspec knows.

Decides what the version of a file is: the digest of its content, so that every change of content
changes it, whatever the clock of the file system does. A digest is kept while the file's size,
inode and times stay as they were, and only once the last change lies further back than the clock of
the file system is coarse; a store that names its content itself (an entity tag) is believed.

Promises: a replaced file is the old one or the new one, never a part of either, whatever crashes;
what is read belongs to the version in its reply; two processes of ours never replace one local file
at the same time. A remote file is uploaded under a name of its own, measured, and moved into place
only if the old one still has its version. A thread keeps a connection while it is in use, and none
that failed or rested. Reading the address of a folder (it ends in ``/``) returns the names of its
files as a JSON array. Addresses in errors carry no password.

Must not know: what is in a file.
"""

import errno
import ftplib
import hashlib
import json
import os
import re
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from customer_sync.connect.port import FileRead, FileReplace, FileReply, FileStat
from customer_sync.infra.entropy import now, token
from customer_sync.kernel.errors import (
    CapabilityMissingError,
    ConfigurationError,
    CredentialError,
    CustomerSyncError,
    OperatorError,
    PushUnconfirmedError,
    RetryableError,
    SystemDownError,
)

__all__ = ["FileCall", "FileTransport", "shown_address"]

FileCall = FileStat | FileRead | FileReplace

BLOCK_BYTES = 1 << 20
LOCAL_COARSE_S = 2.0  # FAT keeps times to two seconds; the others are finer
REMOTE_COARSE_S = 5.0  # whole seconds, and a clock that is not ours
STEADY_TRIES = 3
KEPT_S = 20.0  # a connection that rested longer is made anew: servers close what is idle
OWN_TAGS = ("ETag", "etag", "md5", "md5Hash", "content_md5", "crc32c", "generation", "version_id")


def shown_address(url: str) -> str:
    """Return the address without user, password and query: fit for an error message.

    A password with an unescaped slash or at sign is hidden too, at the price of a path that has one.
    """
    before, found, after = url.rpartition("://")
    if not found:
        return url
    place, path = re.match(r"([^/?#]*)([^?#]*)", after).groups()  # type: ignore[union-attr]  # matches all
    if "@" in path and re.search(r":(?!\d+$)", place.rpartition("@")[2]):
        place, path = re.match(r"([^/]*)(.*)", path.rpartition("@")[2]).groups()  # type: ignore[union-attr]
    chain = "".join(f"{name}::" for name in re.findall(r"(\w+)(?:://[^:]*)?::", before))
    return f"{chain}{before.rpartition('::')[2]}://{place.rpartition('@')[2]}{path}"


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a file system says of a file: while it stays the same, so may the content."""

    identity: tuple[object, ...]
    size: int
    modified_at: datetime | None
    tag: str | None = None


class FileTransport:
    """Performs FileStat, FileRead and FileReplace; safe to use from several threads."""

    def __init__(self) -> None:
        self._digests: dict[str, tuple[tuple[object, ...], str]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._kept = _Connections()

    def perform(self, calls: Sequence[FileCall]) -> list[FileReply]:
        """Perform the calls in order; answer each.

        Raises:
            OperatorError: A folder is missing, or a file may not be read or written.
            SystemDownError: The file system does not answer; nothing was done.
            PushUnconfirmedError: It stopped answering while a file was being replaced.
        """
        return [self._one(call) for call in calls]

    def close(self) -> None:
        """Forget every remembered digest, and let go of this thread's connections."""
        self._digests.clear()
        self._kept.clear()

    def _one(self, call: FileCall) -> FileReply:
        place = self._place(call.url)
        with _named(call.url), place.connected():
            if isinstance(call, FileStat):
                return self._stat(place)
            if isinstance(call, FileRead):
                if call.url.endswith("/"):
                    return FileReply(version=None, content=json.dumps(place.names()).encode())
                return self._read(place, call.offset, call.length)
            return self._replace(place, call)

    def _place(self, url: str) -> "_Local | _Remote":
        if "://" not in url and "::" not in url:
            return _Local(url)
        if url.startswith("file://"):
            return _Local(url.removeprefix("file://"))
        with _named(url):
            return _Remote(url, self._kept)

    # -- versions ---------------------------------------------------------------------------------

    def _stat(self, place: "_Local | _Remote") -> FileReply:
        for _ in range(STEADY_TRIES):
            facts = place.facts()
            if facts is None:
                return FileReply(version=None)
            version = self._version(place, facts)
            if version is not None:
                return FileReply(version=version, size=facts.size, modified_at=facts.modified_at)
        raise RetryableError("A file kept changing while it was read.", after_s=1.0)

    def _version(self, place: "_Local | _Remote", facts: _Facts) -> str | None:
        """Return the version of the content these facts name; None where they no longer hold."""
        if facts.tag is not None:
            return facts.tag
        known = self._digests.get(place.name)
        if known is not None and known[0] == facts.identity:
            return known[1]
        started_at = now()
        digest = hashlib.sha256()
        for block in place.blocks():
            digest.update(block)
        again = place.facts()
        if again is None or again.identity != facts.identity:
            return None
        version = digest.hexdigest()
        if place.is_settled(facts, started_at):
            self._digests[place.name] = (facts.identity, version)
        return version

    # -- reading ----------------------------------------------------------------------------------

    def _read(self, place: "_Local | _Remote", offset: int, length: int | None) -> FileReply:
        for _ in range(STEADY_TRIES):
            before = self._stat(place)
            if before.version is None:
                return before
            content = place.read(offset, length)
            after = self._stat(place)
            if after.version == before.version:
                return replace(after, content=content)
        raise RetryableError("A file kept changing while it was read.", after_s=1.0)

    # -- replacing --------------------------------------------------------------------------------

    def _replace(self, place: "_Local | _Remote", call: FileReplace) -> FileReply:
        with self._guard:
            lock = self._locks.setdefault(place.name, threading.Lock())
        with lock, place.locked():
            present = self._stat(place)
            if present.version != call.expected:
                return present
            is_done = place.replace(
                call.content, lambda: self._stat(place).version == call.expected
            )
            return replace(self._stat(place), replaced=is_done)


# -- the local disk -------------------------------------------------------------------------------


class _Local:
    """A file on a disk of this machine, by its real path: a symbolic link stays a link."""

    def __init__(self, path: str) -> None:
        self.name = os.path.realpath(path)
        self._folder = str(Path(self.name).parent)

    def facts(self) -> _Facts | None:
        try:
            found = Path(self.name).stat()
        except FileNotFoundError:
            Path(self._folder).stat()  # a missing folder is an error, a missing file an answer
            return None
        if not stat.S_ISREG(found.st_mode):
            raise ConfigurationError("The address names a folder or a device, not a file.")
        identity = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        modified_at = datetime.fromtimestamp(found.st_mtime, UTC)
        return _Facts(identity, found.st_size, modified_at)

    def is_settled(self, facts: _Facts, started_at: datetime) -> bool:
        """Tell whether a later change of content must show in the facts."""
        _, _, _, mtime_ns, ctime_ns = facts.identity
        changed_s = max(int(str(mtime_ns)), int(str(ctime_ns))) / 1e9
        return started_at.timestamp() - changed_s > LOCAL_COARSE_S

    def blocks(self) -> Iterator[bytes]:
        with Path(self.name).open("rb", buffering=0) as file:
            while block := file.read(BLOCK_BYTES):
                yield block

    def read(self, offset: int, length: int | None) -> bytes:
        with Path(self.name).open("rb") as file:
            file.seek(offset)
            return file.read() if length is None else file.read(length)

    def names(self) -> list[str]:
        with os.scandir(self.name) as entries:
            return sorted(entry.name for entry in entries if entry.is_file())

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Do nothing: a disk of this machine has no connection that could fail."""
        yield

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against other processes of ours; no lock file is left beside the data."""
        import fcntl

        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def replace(self, content: bytes, is_unchanged: Callable[[], bool]) -> bool:
        """Write beside the file, flush to the disk, then take its name if the file is unchanged.

        The temporary name is always the same, so that what a crash leaves is overwritten by the
        next writer; the lock keeps a second writer out.
        """
        new = Path(self._folder) / f".{Path(self.name).name}.customer-sync-new"
        with suppress(FileNotFoundError):
            new.unlink()
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(new, flags, 0o666), "wb") as file:
                file.write(content)
                file.flush()
                self._keep_attributes(file.fileno())
                os.fsync(file.fileno())
            if not is_unchanged():  # a large file is long in writing, and people go on
                new.unlink()
                return False
            new.replace(self.name)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise
        self._flush_folder()
        return True

    def _keep_attributes(self, descriptor: int) -> None:
        try:
            old = Path(self.name).stat()
        except FileNotFoundError:
            return
        made = os.fstat(descriptor)
        if (old.st_uid, old.st_gid) != (made.st_uid, made.st_gid):
            os.fchown(descriptor, old.st_uid, old.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
        with suppress(OSError, AttributeError):  # not every disk or system has extended attributes
            for name in os.listxattr(self.name):
                os.setxattr(descriptor, name, os.getxattr(self.name, name))

    def _flush_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as problem:
            if problem.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF}:
                raise PushUnconfirmedError(
                    "A replaced file may not have reached the disk."
                ) from None
        finally:
            os.close(descriptor)


# -- everything else fsspec knows -----------------------------------------------------------------


class _Connections(threading.local):
    """The file systems that this thread has in use, by address: most speak with one at a time."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Any, str, datetime]] = {}

    def place(self, url: str) -> tuple[Any, str]:
        """Return the file system of an address and the path in it, connected anew after a rest."""
        import fsspec

        fs, path, used_at = self._made.get(url, (None, "", None))
        if fs is None or used_at is None or (now() - used_at).total_seconds() > KEPT_S:
            self.drop(url)
            bare, login = _without_login(url)
            fs, path = fsspec.core.url_to_fs(bare, skip_instance_cache=True, **login)
        self._made[url] = (fs, path, now())
        return fs, path

    def drop(self, url: str) -> None:
        """Let go of a connection: it failed, or rested."""
        fs, _, _ = self._made.pop(url, (None, "", None))
        for name in ("ftp", "client"):  # fsspec closes neither FTP nor SSH by itself
            close = getattr(getattr(fs, name, None), "close", None)
            if close is not None and {"ftp", "sftp"} & {*_protocols(fs)}:
                with suppress(Exception):
                    close()

    def clear(self) -> None:
        """Let go of every one."""
        for url in list(self._made):
            self.drop(url)


def _without_login(url: str) -> tuple[str, dict[str, dict[str, str]]]:
    """Take user and password of a server out of an address: fsspec would not unescape them."""
    found = re.search(r"\b(ftp|sftp|ssh|smb)://([^/@:]*)(?::([^/@]*))?@", url)
    if found is None:
        return url, {}
    scheme, user, password = found.groups()
    login = {"username": unquote(user)}
    if password is not None:
        login["password"] = unquote(password)
    return f"{url[: found.start()]}{scheme}://{url[found.end() :]}", {scheme: login}


def _protocols(fs: Any) -> Sequence[str]:
    return [fs.protocol] if isinstance(fs.protocol, str) else list(fs.protocol)


class _Remote:
    """A file behind fsspec: an object store, a file server, the memory of this process."""

    def __init__(self, url: str, kept: _Connections) -> None:
        self.name = url
        self._kept = kept
        self._fs: Any
        self._fs, self._path = kept.place(url)

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Let go of the connection when something fails that is no answer about a file."""
        try:
            yield
        except (FileNotFoundError, PermissionError):
            raise
        except BaseException:
            self._kept.drop(self.name)
            raise

    def facts(self) -> _Facts | None:
        self._fs.invalidate_cache()
        try:
            info = self._fs.info(self._path)
        except FileNotFoundError:
            return None
        if info.get("type") == "directory":
            raise ConfigurationError("The address names a folder, not a file.")
        tag = next((f"{name}:{info[name]}" for name in OWN_TAGS if info.get(name)), None)
        identity = (str(sorted(info.items(), key=str)), str(self._modified_at()))
        return _Facts(identity, int(info.get("size") or 0), self._modified_at(), tag)

    def _modified_at(self) -> datetime | None:
        try:
            found = self._fs.modified(self._path)
        # fsspec raises the first where a file system keeps no such time; some fail at their own listing instead.
        except (NotImplementedError, KeyError, AttributeError):
            found = _listed_moment(self._fs.info(self._path))
        if not isinstance(found, datetime):
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def is_settled(self, facts: _Facts, started_at: datetime) -> bool:
        """Tell whether a later change of content must show in the facts."""
        changed_at = facts.modified_at
        return (
            changed_at is not None and (started_at - changed_at).total_seconds() > REMOTE_COARSE_S
        )

    def blocks(self) -> Iterator[bytes]:
        with self._fs.open(self._path, "rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield block

    def read(self, offset: int, length: int | None) -> bytes:
        end = None if length is None else offset + length
        try:
            found: bytes = self._fs.cat_file(self._path, start=offset, end=end)
        except FileNotFoundError:
            if self.facts() is None:
                raise
            # FTP in fsspec calls every failure so; the file is there.
            raise ConnectionError("the file could not be read to its end") from None
        return found

    def names(self) -> list[str]:
        entries = self._fs.ls(self._path, detail=True)
        return sorted(e["name"].rpartition("/")[2] for e in entries if e["type"] == "file")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold nothing: these file systems have no lock, so `expected` is all there is."""
        yield

    def replace(self, content: bytes, is_unchanged: Callable[[], bool]) -> bool:
        """Upload under a temporary name and move it, where moving is the file system's own.

        The name is new each time: without a lock, two processes must not write one upload together.
        An object store shows an upload only when it is whole, and moves by copying: there it is
        uploaded under its own name.
        """
        if not self._moves():
            with _doubtful():
                self._fs.pipe_file(self._path, content)
            return True
        folder, _, base = self._path.rpartition("/")
        new = f"{folder}/.{base}.{token()}.customer-sync-new"
        try:
            self._upload(new, content)
            is_done = is_unchanged()
            if is_done:
                self._move(new)
        except PushUnconfirmedError:
            raise
        except BaseException:
            self._discard(new)
            raise
        if not is_done:
            self._discard(new)
        return is_done

    def _upload(self, path: str, content: bytes) -> None:
        self._fs.pipe_file(path, content)
        self._fs.invalidate_cache()
        size = self._fs.info(path).get("size")
        if size != len(content):  # some servers take a connection cut off for the end of the file
            raise ConnectionError("the upload is not whole")

    def _move(self, new: str) -> None:
        try:
            with _doubtful():
                self._fs.mv(new, self._path)
        except ftplib.error_perm:
            raise CapabilityMissingError(
                f"The server of {shown_address(self.name)} moves no file over an existing one.",
                hint="Nothing was changed. Serve the file by SFTP, or let the stream be read only.",
            ) from None

    def _discard(self, path: str) -> None:
        with suppress(Exception):
            self._fs.rm_file(path)

    def _moves(self) -> bool:
        import fsspec

        kind = type(self._fs)
        return kind.mv is not fsspec.AbstractFileSystem.mv


def _listed_moment(info: Any) -> datetime | None:
    """Return the moment that a listing by FTP tells of a file: universal time, by the standard."""
    digits = str(info.get("modify", ""))[:14]
    if not re.fullmatch(r"\d{14}", digits):
        return None
    return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


@contextmanager
def _doubtful() -> Iterator[None]:
    try:
        yield
    except (PermissionError, ftplib.error_perm, ftplib.error_temp):
        raise  # the server said no: it was not done
    except Exception:  # noqa: BLE001  # each library of fsspec has its own
        raise PushUnconfirmedError("The answer to replacing a file was lost.") from None


# -- errors ---------------------------------------------------------------------------------------

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def _named(url: str) -> Iterator[None]:
    """Turn what a file system raises into an error that says what to do, naming the address."""
    where = {"file": shown_address(url)}
    try:
        yield
    except CustomerSyncError as problem:
        problem.context.setdefault("file", where["file"])
        raise
    except Exception as problem:  # noqa: BLE001  # each library of fsspec has its own
        # Without its cause: that may name the address with its password.
        is_refused = isinstance(problem, ftplib.error_perm) or _is_login_refused(problem)
        raise (_refused if is_refused else _translated)(problem, where) from None


def _translated(  # noqa: PLR0911  # one line per kind of trouble
    problem: Exception, where: dict[str, str]
) -> CustomerSyncError:
    name = where["file"]
    if isinstance(problem, PermissionError) or getattr(problem, "errno", None) == errno.EROFS:
        return CredentialError(
            f"{name} may not be read or written by this user.",
            context=where,
            hint="Give this user the file and its folder: a new version is written beside the old one.",
        )
    if isinstance(problem, FileNotFoundError | NotADirectoryError):
        return ConfigurationError(f"The folder of {name} does not exist.", context=where)
    if isinstance(problem, IsADirectoryError):
        return ConfigurationError(f"{name} is a folder, not a file.", context=where)
    if isinstance(problem, ImportError | ValueError):
        hint = "Check the address; another file system may need a package of its own."
        return ConfigurationError(f"{name} cannot be opened.", context=where, hint=hint)
    if isinstance(problem, NotImplementedError):  # fsspec's word for what a file system lacks
        return CapabilityMissingError(f"The file system of {name} cannot do this.", context=where)
    if _is_full(problem):
        return _no_room(where)
    if isinstance(problem, OSError):
        return SystemDownError(f"The file system of {name} does not answer.", context=where)
    return SystemDownError(
        f"The file system of {name} failed: {type(problem).__name__}.", context=where
    )


def _refused(problem: Exception, where: dict[str, str]) -> CustomerSyncError:
    """Return the error of a server that said no."""
    name = where["file"]
    if _is_login_refused(problem):
        hint = "Correct user and password in `url`; special characters are written as %XX."
        message = f"The server of {name} does not accept the user or password."
        return CredentialError(message, context=where, hint=hint)
    if _is_full(problem):
        return _no_room(where)
    return CredentialError(f"The server does not allow this with {name}.", context=where)


def _no_room(where: dict[str, str]) -> CustomerSyncError:
    message = f"There is no room to write {where['file']}; it is unchanged."
    return OperatorError(message, context=where)


def _is_login_refused(problem: Exception) -> bool:
    """Tell whether the server refused who we are: FTP by its code, SSH by the name of the error."""
    if isinstance(problem, ftplib.error_perm):
        return str(problem).startswith("530")
    names = {kind.__name__ for kind in type(problem).__mro__}
    return bool(names & {"AuthenticationException", "BadHostKeyException"})


def _is_full(problem: Exception) -> bool:
    if isinstance(problem, ftplib.Error):
        return str(problem).startswith(("452", "552"))
    return isinstance(problem, OSError) and problem.errno in _FULL
