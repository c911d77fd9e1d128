"""The key store at the command line: values go in unseen, names come out, values never."""

import io
import os
import subprocess
import sys
import termios
import time

import pytest

URL = "sqlite:///data/shop.sqlite"
WRITTEN = "${SHOP_URL:-" + URL + "}"
KEY = "correct horse battery"


@pytest.fixture
def typed(monkeypatch):
    """Feed the standard input of the next command."""
    monkeypatch.setenv("CUSTOMER_SYNC_KEY", KEY)
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.fixture
def secret_shop(desk, typed):
    """The starter, whose shop's address is a secret that nobody has set."""
    desk.edit_file("systems/shop.yaml", WRITTEN, "${SHOP_SECRET_URL}")
    return desk


def kept_file(desk):
    return desk.folder / ".customer-sync" / "secrets"


def test_a_configuration_takes_a_secret_from_the_key_store(secret_shop, typed):
    typed(f"{URL}\n")

    assert secret_shop.run("config", "secret", "set", "SHOP_SECRET_URL").code == 0

    ran = secret_shop.run("sync")
    assert ran.code == 0
    assert "Everything agrees" in ran.out
    with_published = secret_shop.run("config", "export", str(secret_shop.folder / "out"))
    assert with_published.code == 0
    assert URL not in (secret_shop.folder / "out" / "systems" / "shop.yaml").read_text()


def test_the_environment_goes_first(secret_shop, typed, monkeypatch):
    typed("sqlite:////nowhere/shop.sqlite")
    monkeypatch.setenv("SHOP_SECRET_URL", URL)

    kept = secret_shop.run("config", "secret", "set", "SHOP_SECRET_URL")

    assert "set in the environment too" in kept.out
    assert secret_shop.run("sync").code == 0


def test_a_missing_secret_is_named_with_file_line_key_and_remedy(secret_shop):
    lines = (secret_shop.folder / "systems" / "shop.yaml").read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "SHOP_SECRET_URL" in text)

    ran = secret_shop.run("discover", "shop")
    synced = secret_shop.run("sync")

    assert ran.code == 1
    assert f"systems/shop.yaml:{line} settings.url: SHOP_SECRET_URL is not set" in ran.err
    assert "customer-sync config secret set SHOP_SECRET_URL" in ran.err
    assert "Code: credential" in ran.err
    assert synced.code == 3
    assert f"systems/shop.yaml:{line} settings.url: SHOP_SECRET_URL is not set" in synced.out


def test_without_its_key_the_store_is_named_as_locked(secret_shop, typed, monkeypatch):
    typed(URL)
    secret_shop.run("config", "secret", "set", "SHOP_SECRET_URL")
    monkeypatch.delenv("CUSTOMER_SYNC_KEY")

    ran = secret_shop.run("discover", "shop")
    listed = secret_shop.run("config", "secret", "list")

    assert ran.code == 1
    assert "set CUSTOMER_SYNC_KEY, which opens the key store" in ran.err
    assert listed.code == 1
    assert "with which key" in listed.err


def test_names_are_listed_with_where_they_come_from_and_are_named(secret_shop, typed, monkeypatch):
    monkeypatch.setenv("CRM_FILE_NAME", "crm.csv")
    secret_shop.edit_file("systems/crm.yaml", "url: data/crm.csv", "url: data/${CRM_FILE_NAME}")
    typed("hidden-value")
    secret_shop.run("config", "secret", "set", "OLD_TOKEN")

    listed = secret_shop.run("config", "secret", "list", "--json")

    found = {row["name"]: (row["from"], len(row["named_in"])) for row in listed.json}
    assert found == {
        "CRM_FILE_NAME": ("environment", 1),
        "OLD_TOKEN": ("key store", 0),
        "SHOP_SECRET_URL": ("missing", 1),
    }
    assert "hidden-value" not in listed.out


def test_a_default_counts_as_set_and_a_broken_folder_is_listed_too(desk, typed):
    desk.edit_file("systems/shop.yaml", "connector:", "conector:")

    listed = desk.run("config", "secret", "list", "--json")

    assert [(row["name"], row["from"]) for row in listed.json] == [("SHOP_URL", "default")]


def test_one_is_replaced_and_removed(desk, typed):
    for value, is_new in (("first-value", True), ("second-value", False)):
        typed(value)
        assert desk.run("config", "secret", "set", "TOKEN", "--json").json == {
            "name": "TOKEN", "is_new": is_new,
        }  # fmt: skip

    assert desk.run("config", "secret", "remove", "TOKEN", "--json").json["removed"]
    again = desk.run("config", "secret", "remove", "TOKEN")

    assert (again.code, "not in the key store" in again.err) == (1, True)
    assert "TOKEN" not in desk.run("config", "secret", "list", "--json").out


@pytest.mark.parametrize(
    "arguments, value, said",
    [
        (["TOKEN", "a-value-typed-here"], "", "may not stand on the command line"),
        (["no-name"], "x", "no name of a secret"),
        (["CUSTOMER_SYNC_DATABASE_URL"], "x", "environment only"),
        (["TOKEN"], "\n", "is empty"),
        (["TOKEN"], "a\0b", "no text"),
        (["TOKEN"], "x" * 100_001, "larger than 100,000"),
    ],
)
def test_what_cannot_be_meant_is_refused(desk, typed, arguments, value, said):
    typed(value)

    ran = desk.run("config", "secret", "set", *arguments)

    assert ran.code == 2
    assert said in ran.err
    assert "a-value-typed-here" not in ran.out + ran.err
    assert not kept_file(desk).exists()


def test_without_any_key_nothing_is_kept(desk, typed, monkeypatch):
    typed("x")
    monkeypatch.delenv("CUSTOMER_SYNC_KEY")

    ran = desk.run("config", "secret", "set", "TOKEN")

    assert ran.code == 1
    assert "set CUSTOMER_SYNC_KEY" in ran.err
    assert not kept_file(desk).exists()


def test_the_key_may_stand_in_a_file_of_its_owner(desk, typed, monkeypatch):
    monkeypatch.delenv("CUSTOMER_SYNC_KEY")
    key = desk.folder / "key"
    key.write_text(f"{KEY}\n")
    monkeypatch.setenv("CUSTOMER_SYNC_KEY_FILE", str(key))
    key.chmod(0o640)
    typed("x")
    refused = desk.run("config", "secret", "set", "TOKEN")
    key.chmod(0o600)

    kept = desk.run("config", "secret", "set", "TOKEN")

    assert (refused.code, f"chmod 600 {key}" in refused.err) == (1, True)
    assert kept.code == 0
    monkeypatch.setenv("CUSTOMER_SYNC_KEY_FILE", str(desk.folder / "none"))
    assert "cannot be read" in desk.run("config", "secret", "list").err


def test_a_person_is_asked_and_the_value_is_not_shown(desk):
    master, slave = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "customer_sync", "config", "secret", "set", "TOKEN"],
        cwd=desk.folder, env=os.environ | {"CUSTOMER_SYNC_KEY": KEY},
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    said = b""
    while b"not shown" not in said:
        said += os.read(master, 1000)
    while termios.tcgetattr(master)[3] & termios.ECHO:  # what is typed before that is thrown away
        time.sleep(0.01)
    os.write(master, b"typed-value-1\n")
    while b"is kept" not in said:
        said += os.read(master, 1000)
    assert process.wait(timeout=60) == 0
    os.close(master)

    assert b"typed-value-1" not in said
    assert b"typed-value-1" not in kept_file(desk).read_bytes()


def test_help_names_examples(desk):
    for command in ("set", "list", "remove"):
        shown = desk.run("config", "secret", command, "--help")
        assert f"config secret {command}" in shown.out.split("Example")[1]
