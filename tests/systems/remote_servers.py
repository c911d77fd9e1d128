"""Real servers of files for tests: SFTP and FTP over sockets, each serving a folder of this disk.

They can be told to hang up in the middle of an upload, or when a file is moved, as a network does.
"""

import asyncio
import os
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import aioftp
import paramiko

USER, PASSWORD = "ann", "s3cret:/@ %"  # what an address must write as %XX
QUOTED = "s3cret%3A%2F%40%20%25"
ANSWER_WAIT_S = 10


class Mishaps:
    """When the server hangs up: after so many bytes of an upload, or instead of moving a file."""

    def __init__(self) -> None:
        self.upload_bytes_max: int | None = None
        self.before_move: Callable[[], None] | None = None
        self.after_move: Callable[[], None] | None = None


class RemoteServer(ABC):
    """One server of one folder."""

    scheme = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mishaps = Mishaps()
        self.port = 0

    def url(self, name: str, *, password: str = QUOTED) -> str:
        return f"{self.scheme}://{USER}:{password}@127.0.0.1:{self.port}/{name}"

    @abstractmethod
    def hang_up(self) -> None:
        """Cut every connection there is."""

    @abstractmethod
    def close(self) -> None:
        """Serve nobody any more."""


# -- SFTP -----------------------------------------------------------------------------------------


class _Door(paramiko.ServerInterface):
    def check_auth_password(self, username, password):
        known = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username):
        return "password"

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED


class _Handle(paramiko.SFTPHandle):
    """A file in use; its upload may be cut off."""

    written = 0

    def write(self, offset, data):
        limit = self.server.mishaps.upload_bytes_max
        self.written += len(data)
        if limit is not None and self.written > limit:
            self.server.hang_up()
            return paramiko.SFTP_FAILURE
        return super().write(offset, data)


class _Files(paramiko.SFTPServerInterface):
    """The folder, as SFTP asks for it."""

    def __init__(self, door, remote, *more, **options):
        super().__init__(door, *more, **options)
        self.remote = remote

    def real(self, path):
        return self.remote.folder / path.lstrip("/")

    def list_folder(self, path):
        try:
            entries = sorted(self.real(path).iterdir())
        except OSError as problem:
            return paramiko.SFTPServer.convert_errno(problem.errno)
        return [paramiko.SFTPAttributes.from_stat(e.stat(), e.name) for e in entries]

    def stat(self, path):
        try:
            return paramiko.SFTPAttributes.from_stat(self.real(path).stat())
        except OSError as problem:
            return paramiko.SFTPServer.convert_errno(problem.errno)

    lstat = stat

    def open(self, path, flags, attr):
        try:
            descriptor = os.open(self.real(path), flags, 0o644)
        except OSError as problem:
            return paramiko.SFTPServer.convert_errno(problem.errno)
        mode = "rb" if not flags & (os.O_WRONLY | os.O_RDWR) else "wb"
        handle = _Handle(flags)
        handle.server = self.remote
        file = os.fdopen(descriptor, mode)
        handle.readfile = handle.writefile = file
        return handle

    def remove(self, path):
        self.real(path).unlink()
        return paramiko.SFTP_OK

    def posix_rename(self, oldpath, newpath):
        mishaps = self.remote.mishaps
        if mishaps.before_move is not None:
            mishaps.before_move()
            return paramiko.SFTP_FAILURE
        self.real(oldpath).replace(self.real(newpath))
        if mishaps.after_move is not None:
            mishaps.after_move()
        return paramiko.SFTP_OK


class SftpServer(RemoteServer):
    """SSH with SFTP, as one listens on a port."""

    scheme = "sftp"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._key = paramiko.ECDSAKey.generate()
        self._transports: list[paramiko.Transport] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(self._key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, self)
            self._transports.append(transport)
            try:
                transport.start_server(server=_Door())
            except (paramiko.SSHException, EOFError):
                transport.close()

    def hang_up(self) -> None:
        for transport in self._transports:
            transport.close()
        self._transports.clear()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.hang_up()


# -- FTP ------------------------------------------------------------------------------------------


class _Disk(aioftp.PathIO):
    """The disk behind the FTP server; its uploads may be cut off."""

    remote: "FtpServer"

    async def write(self, file, data):
        limit = self.remote.mishaps.upload_bytes_max
        written = file.tell() + len(data)
        await super().write(file, data)
        if limit is not None and written > limit:
            self.remote.hang_up()
            raise ConnectionResetError

    async def rename(self, source, destination):
        mishaps = self.remote.mishaps
        if mishaps.before_move is not None:
            mishaps.before_move()
            raise ConnectionResetError
        await super().rename(source, destination)
        if mishaps.after_move is not None:
            mishaps.after_move()


class _Overwriting(aioftp.Server):
    """A server that moves a file over an existing one, as those of Unix do; this library's refuses."""

    async def rnto(self, connection, rest):
        real_path, _ = self.get_paths(connection, rest)
        rename_from = connection.rename_from
        del connection.rename_from
        await connection.path_io.rename(rename_from, real_path)
        connection.response("250", "")
        return True


class FtpServer(RemoteServer):
    """Plain FTP, as one listens on a port."""

    scheme = "ftp"
    kind: type[aioftp.Server] = _Overwriting

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        disk = type("Disk", (_Disk,), {"remote": self})
        user = aioftp.User(USER, PASSWORD, base_path=folder)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self.kind([user], path_io_factory=disk)
        self._run(self._server.start("127.0.0.1", 0))
        self.port = self._server.server_port

    def _run(self, task):
        return asyncio.run_coroutine_threadsafe(task, self._loop).result(ANSWER_WAIT_S)

    def hang_up(self) -> None:
        """Cut the streams; the server then ends each connection by itself."""
        for connection in list(self._server.connections.values()):
            self._loop.call_soon_threadsafe(connection.command_connection.close)

    def close(self) -> None:
        self._run(self._server.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class RefusingFtpServer(FtpServer):
    """FTP that moves no file over an existing one."""

    kind = aioftp.Server
