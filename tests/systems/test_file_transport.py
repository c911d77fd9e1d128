"""The file transport: versions that tell, replacements that are whole."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid

import fsspec
import pytest

from customer_sync.connect.port import FileRead, FileReplace, FileStat
from customer_sync.connect.transport.file import FileTransport, shown_address
from customer_sync.kernel.errors import (
    ConfigurationError,
    CredentialError,
    OperatorError,
    SystemDownError,
)


@pytest.fixture
def transport():
    made = FileTransport()
    yield made
    made.close()


def one(transport, call):
    return transport.perform([call])[0]


def test_an_edit_of_the_same_size_with_the_same_times_changes_the_version(transport, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"one")
    before = one(transport, FileStat(url=str(path))).version
    times = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert one(transport, FileStat(url=str(path))).version != before


def test_a_version_remembered_of_an_old_file_notices_a_change_that_hides_its_time(
    transport, tmp_path
):
    path = tmp_path / "a.csv"
    path.write_bytes(b"one")
    time.sleep(2.2)  # only now is the digest remembered
    before = one(transport, FileStat(url=str(path))).version
    assert one(transport, FileStat(url=str(path))).version == before
    assert transport._digests
    times = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert one(transport, FileStat(url=str(path))).version != before


def test_touching_a_file_changes_no_version(transport, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"one")
    before = one(transport, FileStat(url=str(path))).version
    os.utime(path, (1, 1))
    assert one(transport, FileStat(url=str(path))).version == before


def test_a_missing_file_has_no_version_and_a_missing_folder_is_an_error(transport, tmp_path):
    assert one(transport, FileStat(url=str(tmp_path / "none.csv"))).version is None
    with pytest.raises(ConfigurationError):
        one(transport, FileStat(url=str(tmp_path / "none" / "a.csv")))
    with pytest.raises(ConfigurationError):
        one(transport, FileStat(url=str(tmp_path)))


def test_a_range_is_read(transport, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"0123456789")
    reply = one(transport, FileRead(url=path.as_uri(), offset=2, length=3))
    assert (reply.content, reply.size) == (b"234", 10)


def test_a_replacement_of_another_version_is_not_made(transport, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"theirs")
    reply = one(transport, FileReplace(url=str(path), content=b"ours", expected="old"))
    assert not reply.replaced
    assert path.read_bytes() == b"theirs"
    assert not one(transport, FileReplace(url=str(path), content=b"ours", expected=None)).replaced


def test_a_replacement_keeps_mode_and_link_and_leaves_nothing_else(transport, tmp_path):
    path, link = tmp_path / "a.csv", tmp_path / "link.csv"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    version = one(transport, FileStat(url=str(link))).version
    reply = one(transport, FileReplace(url=str(link), content=b"new", expected=version))
    assert reply.replaced
    assert reply.version == one(transport, FileStat(url=str(path))).version
    assert (path.read_bytes(), path.stat().st_mode & 0o777, link.is_symlink()) == (
        b"new",
        0o640,
        True,
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "link.csv"]


def test_names_of_a_folder(transport, tmp_path):
    (tmp_path / "b.csv").write_bytes(b"")
    (tmp_path / "inner").mkdir()
    assert json.loads(one(transport, FileRead(url=f"{tmp_path}/")).content) == ["b.csv"]


class TroubledFileSystem(fsspec.AbstractFileSystem):
    """A file system that fails in the way its file is named after."""

    protocol = "troubled"

    def info(self, path, **options):
        raise {"forbidden": PermissionError, "slow": TimeoutError, "broken": ConnectionError}[path]


@pytest.mark.parametrize(
    "name, error",
    [("forbidden", CredentialError), ("slow", SystemDownError), ("broken", SystemDownError)],
)
def test_trouble_is_named_by_what_to_do(transport, name, error):
    fsspec.register_implementation("troubled", TroubledFileSystem, clobber=True)
    with pytest.raises(error):
        one(transport, FileStat(url=f"troubled://{name}"))


def test_a_remote_address_is_read_and_replaced(transport):
    url = f"memory://{uuid.uuid4().hex}/a.csv"
    assert one(transport, FileReplace(url=url, content=b"one", expected=None)).replaced
    first = one(transport, FileRead(url=url, offset=1))
    assert first.content == b"ne"
    fsspec.filesystem("memory").pipe_file(url.removeprefix("memory:/"), b"two")
    assert one(transport, FileStat(url=url)).version != first.version
    assert not one(transport, FileReplace(url=url, content=b"x", expected=first.version)).replaced


def test_an_unknown_kind_of_address_is_the_operators_business(transport):
    with pytest.raises(OperatorError):
        one(transport, FileStat(url="nosuchthing://somewhere/a.csv"))


def test_an_address_is_shown_without_its_secrets():
    shown = shown_address("sftp://user:secret@host:22/a.csv?key=secret")
    assert "secret" not in shown
    assert shown == "sftp://host:22/a.csv"


REPLACE_FOR_EVER = """
import sys
from customer_sync.connect.port import FileReplace, FileStat
from customer_sync.connect.transport.file import FileTransport
path, size = sys.argv[1], int(sys.argv[2])
transport = FileTransport()
letter = b"a"
print("ready", flush=True)
while True:
    version = transport.perform([FileStat(url=path)])[0].version
    letter = b"b" if letter == b"a" else b"a"
    transport.perform([FileReplace(url=path, content=letter * size, expected=version)])
"""


def test_a_process_killed_while_it_replaces_leaves_a_whole_file(tmp_path):
    path, size = tmp_path / "a.csv", 4_000_000
    path.write_bytes(b"a" * size)
    for delay_ms in (5, 13, 29, 47, 71, 3):
        command = [sys.executable, "-c", REPLACE_FOR_EVER, str(path), str(size)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(delay_ms / 1000)
            process.send_signal(signal.SIGKILL)
        content = path.read_bytes()
        assert content in {b"a" * size, b"b" * size}
    transport = FileTransport()
    version = one(transport, FileStat(url=str(path))).version
    assert one(transport, FileReplace(url=str(path), content=b"end", expected=version)).replaced
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
