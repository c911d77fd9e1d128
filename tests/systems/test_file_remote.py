"""Files on another machine: the transport and the whole kit over SFTP and FTP, by real servers."""

import json
from typing import ClassVar

import pytest
from file_people import CsvSheet, Sheet
from remote_servers import PASSWORD, QUOTED, FtpServer, RefusingFtpServer, SftpServer

from customer_sync.connect.conformance import ConformanceSuite, Subject
from customer_sync.connect.driver import standard_driver
from customer_sync.connect.port import FileRead, FileReplace, FileStat
from customer_sync.connect.transport.file import FileTransport, shown_address
from customer_sync.kernel.errors import (
    CapabilityMissingError,
    CredentialError,
    PushUnconfirmedError,
    SystemDownError,
)
from customer_sync.model.config import SystemConfig
from customer_sync.systems.file import Connector

OLD, NEW = b"old" * 100_000, b"new" * 200_000


@pytest.fixture(params=[SftpServer, FtpServer], ids=["sftp", "ftp"])
def server(request, tmp_path):
    made = request.param(tmp_path)
    yield made
    made.close()


@pytest.fixture
def transport():
    made = FileTransport()
    yield made
    made.close()


def one(transport, call):
    return transport.perform([call])[0]


def test_a_remote_file_is_read_in_parts_and_replaced_as_a_whole(server, transport):
    (server.folder / "a.csv").write_bytes(OLD)
    url = server.url("a.csv")

    part = one(transport, FileRead(url=url, offset=299_000, length=5_000))
    done = one(transport, FileReplace(url=url, content=NEW, expected=part.version))

    assert (part.content, part.size) == (OLD[299_000:304_000], len(OLD))
    assert done.replaced
    assert done.version == one(transport, FileStat(url=url)).version != part.version
    assert (server.folder / "a.csv").read_bytes() == NEW
    assert [path.name for path in server.folder.iterdir()] == ["a.csv"]


def test_a_new_remote_file_is_made_only_where_there_is_none(server, transport):
    url = server.url("a.csv")

    assert one(transport, FileStat(url=url)).version is None
    assert one(transport, FileReplace(url=url, content=b"one", expected=None)).replaced
    assert not one(transport, FileReplace(url=url, content=b"two", expected=None)).replaced
    assert (server.folder / "a.csv").read_bytes() == b"one"


def test_names_of_a_remote_folder(server, transport):
    (server.folder / "b.csv").write_bytes(b"")
    (server.folder / "inner").mkdir()

    assert json.loads(one(transport, FileRead(url=server.url(""))).content) == ["b.csv"]


def test_an_edit_before_a_replacement_is_not_overwritten(server, transport):
    path, url = server.folder / "a.csv", server.url("a.csv")
    path.write_bytes(OLD)
    before = one(transport, FileStat(url=url)).version
    path.write_bytes(OLD[:-1] + b"!")

    reply = one(transport, FileReplace(url=url, content=NEW, expected=before))

    assert not reply.replaced
    assert path.read_bytes() == OLD[:-1] + b"!"


def test_an_edit_during_the_upload_is_not_overwritten(server, transport):
    """Uploading takes long; the file is looked at once more before the new one takes its place."""
    path, url = server.folder / "a.csv", server.url("a.csv")
    path.write_bytes(OLD)
    before = one(transport, FileStat(url=url)).version
    whole = transport._place(url)
    upload = whole._upload

    def interrupted(new, content):
        upload(new, content)
        path.write_bytes(b"theirs")

    whole._upload = interrupted
    is_done = whole.replace(NEW, lambda: one(transport, FileStat(url=url)).version == before)

    assert not is_done
    assert path.read_bytes() == b"theirs"
    assert [path.name for path in server.folder.iterdir()] == ["a.csv"]


def test_an_upload_that_is_cut_off_leaves_the_old_file_whole(server, transport):
    path, url = server.folder / "a.csv", server.url("a.csv")
    path.write_bytes(OLD)
    before = one(transport, FileStat(url=url)).version
    server.mishaps.upload_bytes_max = 100_000

    with pytest.raises(SystemDownError):
        one(transport, FileReplace(url=url, content=NEW, expected=before))

    assert path.read_bytes() == OLD
    server.mishaps.upload_bytes_max = None
    assert one(transport, FileReplace(url=url, content=NEW, expected=before)).replaced
    assert path.read_bytes() == NEW


def test_a_server_that_moves_no_file_over_another_changes_nothing(tmp_path, transport):
    """Taking the old file away first would leave nothing when the connection is cut in between."""
    server = RefusingFtpServer(tmp_path)
    (tmp_path / "a.csv").write_bytes(OLD)
    url = server.url("a.csv")
    before = one(transport, FileStat(url=url)).version

    with pytest.raises(CapabilityMissingError):
        one(transport, FileReplace(url=url, content=NEW, expected=before))

    assert (tmp_path / "a.csv").read_bytes() == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    server.close()


@pytest.mark.parametrize("is_moved", [False, True])
def test_a_move_whose_answer_was_lost_is_not_known_until_it_is_read(server, transport, is_moved):
    path, url = server.folder / "a.csv", server.url("a.csv")
    path.write_bytes(OLD)
    before = one(transport, FileStat(url=url)).version
    setattr(server.mishaps, "after_move" if is_moved else "before_move", server.hang_up)

    with pytest.raises(PushUnconfirmedError):
        one(transport, FileReplace(url=url, content=NEW, expected=before))

    assert one(transport, FileRead(url=url)).content == (NEW if is_moved else OLD)


def test_a_connection_that_was_cut_is_made_anew(server, transport):
    (server.folder / "a.csv").write_bytes(OLD)
    url = server.url("a.csv")
    one(transport, FileStat(url=url))
    server.hang_up()

    with pytest.raises(SystemDownError):
        one(transport, FileStat(url=url))
    assert one(transport, FileRead(url=url)).content == OLD


@pytest.mark.parametrize("trouble", ["password", "down"])
def test_trouble_is_named_without_the_password(server, transport, trouble):
    url = server.url("a.csv", password="wrong-one" if trouble == "password" else QUOTED)
    kind: type[Exception] = CredentialError
    if trouble == "down":
        url, kind = url.replace(str(server.port), "1"), SystemDownError

    with pytest.raises(kind) as caught:
        one(transport, FileStat(url=url))

    told = f"{caught.value} {caught.value.context} {caught.value.__cause__}"
    assert f"{server.scheme}://127.0.0.1" in told
    assert not any(secret in told for secret in ("wrong-one", PASSWORD, QUOTED, "ann"))


@pytest.mark.parametrize("url, shown", [
    ("sftp://user:secret@host:22/a.csv?key=secret", "sftp://host:22/a.csv"),
    ("sftp://host/folder@home/a.csv",               "sftp://host/folder@home/a.csv"),
    ("sftp://host:22/folder@home/a.csv",            "sftp://host:22/folder@home/a.csv"),
    ("sftp://user:sec/ret@host/a.csv",              "sftp://host/a.csv"),
    ("sftp://user:sec@ret@host/a.csv",              "sftp://host/a.csv"),
    ("simplecache::sftp://user:secret@host/a.csv",  "simplecache::sftp://host/a.csv"),
    ("sftp://user:secret@[bad/a.csv",               "sftp://[bad/a.csv"),
    ("/home/ann/a.csv",                             "/home/ann/a.csv"),
])  # fmt: skip
def test_an_address_is_shown_without_user_and_password(url, shown):
    assert shown_address(url) == shown


class RemoteSuite(ConformanceSuite):
    """A CSV file that people edit on the server, and the connector from afar."""

    server: ClassVar[type]
    without = (
        "bad", "cap", "lack_field", "late_commit", "leave_scope", "merge", "retype_field",
    )  # fmt: skip

    @pytest.fixture
    def subject(self, tmp_path):
        server = self.server(tmp_path)
        sheet: Sheet = CsvSheet(tmp_path / "people.csv")
        stream = {
            "url": server.url("people.csv"),
            "cursor": "at",
            "fields": {"email": "email", "note": "note"},
            "settings": {"new_key": "uuid"},
        }
        config = SystemConfig.model_validate(
            {"system": "files", "connector": "file", "streams": {"people": stream}}
        )
        with standard_driver() as driver:
            yield Subject(
                connector=Connector(config),
                driver=driver,
                stream="people",
                fields=("email", "note"),
                example=lambda number: {"email": f"person{number}@acme.test", "note": "a note"},
                text_field="note",
                create=sheet.create,
                edit=sheet.edit,
                delete=sheet.delete,
                drop_field=sheet.drop_field,
                duplicate=sheet.duplicate,
                empty_listing=sheet.empty_listing,
                stand_still=sheet.stand_still,
                pass_time=sheet.pass_time,
                reconnect=lambda: Connector(config),
            )
        server.close()


class TestCsvOverSftp(RemoteSuite):
    server = SftpServer


class TestCsvOverFtp(RemoteSuite):
    server = FtpServer
