"""Statements are found by name beside their module."""

from pathlib import Path

import pytest

from customer_sync.infra.pg import load


def written(folder: Path, text: str) -> str:
    (folder / "noun.sql").write_text(text)
    return str(folder / "noun.py")


def test_a_statement_keeps_its_comment_and_loses_its_semicolon(tmp_path):
    module = written(
        tmp_path,
        "-- name: one\n-- Why; by which index.\nSELECT 1;\n\n-- name: two\n-- Why.\nSELECT 2\n",
    )

    statements = load(module)

    assert dict(statements) == {
        "one": "-- Why; by which index.\nSELECT 1",
        "two": "-- Why.\nSELECT 2",
    }


@pytest.mark.parametrize(
    "text, says",
    [
        ("-- name: one\nSELECT 1", "say what one is for"),
        ("-- name: one\n-- A.\nSELECT 1\n-- name: one\n-- A.\nSELECT 1", "names one twice"),
    ],
)
def test_a_careless_file_is_refused(tmp_path, text, says):
    with pytest.raises(AssertionError, match=says):
        load(written(tmp_path, text))


def test_an_unknown_name_is_a_bug(tmp_path):
    with pytest.raises(AssertionError, match="has no statement two"):
        load(written(tmp_path, "-- name: one\n-- A.\nSELECT 1"))["two"]
