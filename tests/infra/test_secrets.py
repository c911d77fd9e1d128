"""Secrets come from the environment or the key store, and never reach a log."""

import base64
import hashlib
import json
import threading

import pytest
import structlog
from cryptography.fernet import Fernet

from customer_sync.infra import entropy, observe
from customer_sync.infra.secrets import KeyStore, expand, redacted
from customer_sync.kernel.errors import CredentialError


@pytest.fixture
def store(tmp_path):
    return KeyStore(tmp_path / "secrets", "correct horse")


@pytest.mark.parametrize(
    "text, expanded",
    [
        ("plain", "plain"),
        ("${A_NAME}", "from env"),
        ("x${A_NAME}y${A_NAME}", "xfrom envyfrom env"),
        ("${MISSING:-else}", "else"),
        ("${MISSING:-}", ""),
        ("$A_NAME ${} {A_NAME}", "$A_NAME ${} {A_NAME}"),
        ("${KEPT}", "from store"),
        ("${KEPT:-else}", "from store"),
    ],
)
def test_names_are_replaced(store, text, expanded):
    store.write("KEPT", "from store")

    assert expand(text, {"A_NAME": "from env"}, store) == expanded


def test_a_missing_name_is_named():
    with pytest.raises(CredentialError, match="NOT_THERE is not set"):
        expand("postgresql://${NOT_THERE}", {})


def test_the_key_store_keeps_what_was_written(store):
    store.write("A", "1")
    store.write("B", "2")

    assert KeyStore(store.path, "correct horse").read() == {"A": "1", "B": "2"}
    assert store.path.stat().st_mode & 0o777 == 0o600
    assert b'"A"' not in store.path.read_bytes()


def test_one_is_forgotten_and_the_others_stay(store):
    assert store.write("A", "1")
    assert store.write("B", "2")
    assert not store.write("B", "3")

    assert store.remove("A")

    assert not store.remove("A")
    assert store.read() == {"B": "3"}


def test_equal_stores_are_not_equal_files(store, tmp_path):
    other = KeyStore(tmp_path / "other", "correct horse")
    store.write("A", "1")
    other.write("A", "1")

    salt, other_salt = (one.path.read_bytes().split(b".")[0] for one in (store, other))

    assert salt != other_salt


def test_a_file_from_before_salts_is_read_and_written_anew(store):
    key = hashlib.scrypt(b"correct horse", salt=b"customer-sync", n=2**14, r=8, p=1, dklen=32)
    old = Fernet(base64.urlsafe_b64encode(key)).encrypt(b'{"A": "1"}')
    store.path.write_bytes(old)
    store.path.chmod(0o600)

    assert store.read() == {"A": "1"}

    store.write("B", "2")
    assert store.read() == {"A": "1", "B": "2"}


def test_many_may_write_at_once(store):
    threads = [threading.Thread(target=store.write, args=(f"N{n}", str(n))) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.read() == {f"N{n}": str(n) for n in range(6)}


def test_another_key_is_refused(store):
    store.write("A", "1")

    with pytest.raises(CredentialError, match="another key"):
        KeyStore(store.path, "wrong").read()


def test_a_file_others_may_read_is_refused(store):
    store.write("A", "1")
    store.path.chmod(0o644)

    with pytest.raises(CredentialError, match="others may read"):
        store.read()


def test_a_log_shows_neither_secrets_nor_personal_values(capsys):
    expand("${PASSWORD_X}", {"PASSWORD_X": "hunter2-secret"})
    observe.set_up(as_json=True)
    observe.mark_personal(["nickname"])
    try:
        log = structlog.get_logger()
        log.info(
            "connected",
            url="mysql://root:hunter2-secret@h",
            email="a@b.c",
            rows=[{"nickname": "Al", "n": 1}],
        )
        try:
            raise ValueError("hunter2-secret")
        except ValueError:
            log.exception("failed")
        log.debug("not shown")
    finally:
        structlog.reset_defaults()

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert lines[0]["url"] == "mysql://root:[secret]@h"
    assert lines[0]["email"] == "[personal]"
    assert lines[0]["rows"] == [{"nickname": "[personal]", "n": 1}]
    assert "[secret]" in lines[1]["exception"]
    assert "hunter2" not in json.dumps(lines)
    assert len(lines) == 2


def test_a_secret_within_another_is_blotted_too():
    expand("${LONG}${SHORT}", {"LONG": "abcdefgh", "SHORT": "abcd"})

    assert redacted("abcdefgh abcd") == "[secret] [secret]"


def test_tokens_differ_and_the_clock_is_in_utc():
    assert len({entropy.token() for _ in range(1000)}) == 1000
    assert entropy.now().utcoffset().total_seconds() == 0
    assert 0 <= entropy.seed() < 2**63
