"""The first ten minutes, as docs/getting-started.md tells them, are really walked."""

import re
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer_sync.cli.program import run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "getting-started.md"
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BEFORE, AFTER = "Alpen Optik GmbH,030 901820", "Alpen Optik GmbH,030 5551234"


@pytest.fixture
def own_database(pg_dsn: str) -> Iterator[str]:
    """A database of one's own: the page says what the workspace is called."""
    name = f"docs_{token_hex(6)}"
    with psycopg.connect(pg_dsn, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield make_conninfo(pg_dsn, dbname=name)
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def blocks(kind: str) -> list[str]:
    return [body for one, body in BLOCK.findall(PAGE.read_text("utf-8")) if one == kind]


def walked(lines: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Run commands as a shell would; return their exit codes."""
    codes = {}
    for line in lines:
        program, *words = shlex.split(line)
        if program == "cd":
            monkeypatch.chdir(folder / words[0])
        else:
            assert program == "customer-sync"
            codes[line] = run(words)
    return codes


def shop_phones(folder: Path) -> list[str | None]:
    with closing(sqlite3.connect(folder / "my-company" / "data" / "shop.sqlite")) as shop:
        return [phone for (phone,) in shop.execute("SELECT phone FROM customers")]


def test_the_page_is_walked_from_its_first_command_to_its_last(
    own_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.setenv("CUSTOMER_SYNC_DATABASE_URL", own_database)
    monkeypatch.chdir(tmp_path)
    *first, change, last = [block.splitlines() for block in blocks("sh")]

    codes = walked([line for block in first for line in block], tmp_path, monkeypatch)
    said, errors = capsys.readouterr()
    assert {line for line, code in codes.items() if code} == set(), errors
    path = tmp_path / "my-company" / "data" / "crm.csv"
    before = path.read_text("utf-8")
    assert BEFORE in before
    path.write_text(before.replace(BEFORE, AFTER), "utf-8")
    codes |= walked(change + last, tmp_path, monkeypatch)

    assert {line for line, code in codes.items() if code} == set()
    assert any("5551234" in (phone or "") for phone in shop_phones(tmp_path))
    for line in blocks("text")[0].splitlines():
        words = line.split()
        found = [row.split()[: len(words)] for row in said.splitlines()]
        assert line in said or words in found or words[0] == "system", line
