"""JSON Lines, Parquet and Excel: read with their types, written without touching anything else."""

import io
import json
import re
import zipfile
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.systems.file_world import connector, create, delete, read_all, rows, run, update

from customer_sync.kernel.errors import SchemaDriftError
from customer_sync.systems.file.jsonl_lines import LINE_BYTES_MAX

# -- JSON Lines -----------------------------------------------------------------------------------


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "people.jsonl"
    path.write_bytes(
        b'{"id": 1, "email":"a@b.de","n": 1.50,  "on": true, "deep": {"z":[1, 2.0]}}\r\n'
        b'{"id": 2, "email": null, "n": 3}\r\n'
        b"\r\n"
        b"not json\r\n"
        b'{"id": 3, "email": "\\u00e9", "n'
    )
    return path


FIELDS = ["email", "n", "on", "deep"]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_json_lines_are_read_with_absent_and_null_apart(lines, limit):
    records, faults, _ = read_all(connector(lines, FIELDS), FIELDS, limit=limit)
    assert records.select("@id", "@absent", *FIELDS).rows() == [
        ("1", None, "a@b.de", "1.50", "true", '{"z":[1,2.0]}'),
        ("2", "on,deep", None, "3", None, None),
    ]
    assert faults == [
        ("line 4", "not a JSON object"),
        ("line 5", "torn last line: the file ends in the middle of it"),
    ]


def test_json_lines_whose_values_cannot_be_said_are_set_aside_one_by_one(tmp_path):
    path = tmp_path / "people.jsonl"
    deep = {n: "[" * n + "]" * n for n in (99, 900, 100_000)}
    path.write_text(
        '{"id": 1, "email": "Su\\ud800r"}\n'
        '{"id": 2, "email": "\\ud83d\\ude00"}\n'
        f'{{"id": 3, "email": {deep[900]}}}\n'
        f'{{"id": 4, "email": {deep[99]}}}\n'
        f'{{"id": 5, "email": {deep[100_000]}}}\n'
        '{"id": 6, "\\udc00": 1}'
    )

    records, faults, _ = read_all(connector(path, ["email"]), ["email"])

    assert records.select("@id", "email").rows() == [("2", "😀"), ("4", deep[99])]
    half = "half a character (a lone surrogate) in a text"
    assert faults == [
        ("line 1", half),
        ("line 3", "nested more than 100 deep"),
        ("line 5", "nested more than 100 deep"),
        ("line 6", half),
    ]


@pytest.mark.parametrize("value", ["[" * 900 + "]" * 900, '["\\ud800"]'])
def test_a_json_value_that_could_not_be_read_again_is_refused(lines, value):
    old = lines.read_bytes()
    (answer,) = run(connector(lines, FIELDS).write("people", [update("1", {"deep": value})]))
    assert (answer.outcome, answer.code) == ("refused", "type_mismatch")
    assert lines.read_bytes() == old


def test_json_values_keep_their_types_and_lines_their_letters(lines):
    old = lines.read_bytes()
    writes = [
        update("1", {"n": "2.50", "on": "false"}, {"n": "1.50", "on": "true"}, "a"),
        update("2", {"deep": '{"q":1}'}, {"deep": None}, "b"),
        update("1", {"n": "many"}, token="c"),
        create({"id": "9", "email": 'x"y', "n": "7"}, "d"),
    ]
    answers = run(connector(lines, FIELDS).write("people", writes))
    assert [(a.outcome, a.code) for a in answers] == [
        ("accepted", ""), ("accepted", ""), ("refused", "type_mismatch"), ("accepted", ""),
    ]  # fmt: skip
    new = old.replace(b'1.50,  "on": true', b'2.50,  "on": false').replace(
        b'"n": 3}', b'"n": 3, "deep": {"q":1}}'
    )
    assert lines.read_bytes() == new + b'\r\n{"id": 9, "email": "x\\"y", "n": 7}\r\n'


def test_a_removed_line_is_gone_with_its_end(lines):
    old = lines.read_bytes().split(b"\r\n")
    assert run(connector(lines, FIELDS).write("people", [delete("2")]))[0].outcome == "accepted"
    assert lines.read_bytes().split(b"\r\n") == [old[0], *old[2:]]


def test_an_empty_json_lines_file_says_so(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"")
    assert read_all(connector(tmp_path / "a.jsonl"))[1] == [("file", "the file is empty")]


@pytest.mark.parametrize("last", [b'{"id": 2, "email": "b@x.test"}\n', b""])
def test_a_line_too_long_to_be_a_record_is_one_fault_and_hides_no_other(tmp_path, last):
    path = tmp_path / "people.jsonl"
    long = b'{"id": 9, "email": "' + b"x" * LINE_BYTES_MAX + b'"}\n'
    path.write_bytes(b'{"id": 1, "email": "a@x.test"}\n' + long + last)
    reached = connector(path, ["email"])

    records, faults, _ = read_all(reached, ["email"])
    answer = run(reached.write("people", [update("1", {"email": "c@x.test"})]))[0]

    assert records["@id"].to_list() == ["1", "2"][: 1 + bool(last)]
    assert faults == [("line 2", "longer than 64 MiB: too long to be a record")]
    assert answer.outcome == "accepted"
    assert path.read_bytes() == b'{"id": 1, "email": "c@x.test"}\n' + long + last


VALUE = (
    st.text(st.characters(codec="utf-8"), max_size=10) | st.integers() | st.booleans() | st.none()
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(["a", "b", "email"]), VALUE), min_size=1, max_size=5),
    st.booleans(),
    st.data(),
)
def test_writing_one_json_value_changes_nothing_else(tmp_path_factory, people, is_ascii, data):
    path = tmp_path_factory.mktemp("jsonl") / "people.jsonl"
    text = [json.dumps({"id": str(n)} | row, ensure_ascii=is_ascii) for n, row in enumerate(people)]
    path.write_bytes("\n".join(text).encode())
    row = data.draw(st.integers(0, len(people) - 1))
    answer = run(connector(path, ["email"]).write("people", [update(str(row), {"email": "new"})]))[
        0
    ]
    after = path.read_bytes().decode().split("\n")
    assert [line for n, line in enumerate(after) if n != row] == [
        line for n, line in enumerate(text) if n != row
    ]
    if answer.outcome == "accepted":
        assert json.loads(after[row]) == {"id": str(row)} | people[row] | {"email": "new"}
    else:
        assert (answer.code, after[row]) == ("type_mismatch", text[row])


# -- Parquet --------------------------------------------------------------------------------------

TYPED = ["n", "amount", "on", "day", "at", "tags", "share"]


@pytest.fixture
def parquet(tmp_path):
    path = tmp_path / "people.parquet"
    schema = pa.schema(
        [
            pa.field("id", pa.int32(), nullable=False),
            pa.field("n", pa.string(), metadata={"k": "v"}),
            ("amount", pa.decimal128(12, 2)),
            ("on", pa.bool_()),
            ("day", pa.date32()),
            ("at", pa.timestamp("us", "UTC")),
            ("tags", pa.list_(pa.string())),
            ("share", pa.float64()),
        ],
        metadata={"owner": "erp"},
    )
    at = datetime(2024, 5, 6, 7, 8, 9)
    table = pa.table(
        {
            "id": list(range(10)),
            "n": [None, *"bcdefghij"],
            "amount": [Decimal("10.50")] * 10,
            "on": [True] * 10,
            "day": [date(2024, 1, 2)] * 10,
            "at": [at] * 10,
            "tags": [["a", 'b"']] * 10,
            "share": [0.5] * 10,
        },
        schema=schema,
    )
    pq.write_table(table, path, row_group_size=4, compression="zstd")
    return path


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_parquet_is_read_by_row_groups(parquet, limit):
    records, faults, _ = read_all(connector(parquet, TYPED), TYPED, limit=limit)
    assert records["@id"].to_list() == [str(n) for n in range(10)]
    assert rows(records, *TYPED)[1][1:4] == ("b", "10.50", "true")
    assert rows(records, *TYPED)[1][4:] == (
        "2024-01-02",
        "2024-05-06T07:08:09.000000+00:00",
        '["a","b\\""]',
        "0.5",
    )
    assert (records["n"][0], faults) == (None, [])


def test_parquet_keeps_schema_groups_and_what_is_not_written(parquet):
    old, shape = pq.read_table(parquet), pq.ParquetFile(parquet).metadata
    patch = {"amount": "7.25", "on": "false", "day": "2025-02-03", "at": "2025-01-01T00:00:00.000000+00:00",
             "n": None, "tags": '["z"]', "share": "0.25"}  # fmt: skip
    writes = [
        update("5", patch, {"amount": "10.50"}, "a"),
        update("6", {"amount": "a lot"}, token="b"),
        update("6", {"amount": "1.234"}, token="c"),
        create({"id": "77", "n": "x"}, "d"),
        delete("0", token="e"),
    ]
    answers = run(connector(parquet, TYPED).write("people", writes))
    assert [(a.outcome, a.code) for a in answers] == [
        ("accepted", ""), ("refused", "type_mismatch"), ("refused", "type_mismatch"), ("accepted", ""), ("accepted", ""),
    ]  # fmt: skip
    new, file = pq.read_table(parquet), pq.ParquetFile(parquet).metadata
    assert new.schema.equals(old.schema, check_metadata=True)
    assert [file.row_group(n).num_rows for n in range(file.num_row_groups)] == [3, 4, 3]
    assert (
        file.row_group(0).column(0).compression
        == shape.row_group(0).column(0).compression
        == "ZSTD"
    )
    kept = [row for row in old.to_pylist() if row["id"] not in {0, 5}]
    assert [row for row in new.to_pylist() if row["id"] not in {5, 77}] == kept
    changed = next(row for row in new.to_pylist() if row["id"] == 5)
    assert (changed["amount"], changed["on"], changed["day"], changed["tags"]) == (
        Decimal("7.25"), False, date(2025, 2, 3), ["z"],
    )  # fmt: skip
    records = read_all(connector(parquet, TYPED), TYPED)[0]
    shown = records.filter(pl.col("@id") == "5").select(TYPED).row(0, named=True)
    assert shown == patch == {name: answers[0].record[name] for name in patch}


def test_a_torn_parquet_file_is_drift(parquet):
    parquet.write_bytes(parquet.read_bytes()[:-20])
    with pytest.raises(SchemaDriftError):
        read_all(connector(parquet, TYPED), TYPED)


# -- Excel ----------------------------------------------------------------------------------------


@pytest.fixture
def excel(tmp_path):
    path = tmp_path / "people.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["id", "email", "n", "day", "twice", "note"])
    sheet.append([1, "a@b.de", 1.5, datetime(2024, 1, 2), "=C2*2", "keep"])
    sheet.append([2, None, 3, datetime(2024, 1, 3), None, None])
    sheet["D2"].number_format = sheet["D3"].number_format = "yyyy-mm-dd"
    sheet["B2"].font = openpyxl.styles.Font(bold=True)
    other = book.create_sheet("other")
    other["A1"] = "=SUM(1,2)"
    book.save(path)
    stored_result(path, r"<f>C2\*2</f>(<v ?/>|<v></v>)", "<f>C2*2</f><v>3</v>")
    return path


def stored_result(path, old, new):
    """Give a formula the result that Excel would have stored with it."""
    sink = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(sink, "w") as target:
        for part in source.infolist():
            data = source.read(part)
            target.writestr(
                part,
                re.sub(old.encode(), new.encode(), data) if "sheet1" in part.filename else data,
            )
    path.write_bytes(sink.getvalue())


EXCEL = ["email", "n", "day", "twice"]


@pytest.mark.parametrize("limit", [1, 100])
def test_excel_is_read(excel, limit):
    records, faults, _ = read_all(connector(excel, EXCEL), EXCEL, limit=limit)
    assert rows(records, *EXCEL) == [
        ("1", "a@b.de", "1.5", "2024-01-02", "3"),
        ("2", None, "3", "2024-01-03", None),
    ]
    assert faults == []


def test_a_formula_without_a_result_is_a_fault_and_not_an_empty_value(excel):
    stored_result(excel, "</f><v>3</v></c>", "</f><v/></c>")
    records, faults, _ = read_all(connector(excel, EXCEL), EXCEL)
    assert (records["@id"].to_list(), faults[0][0]) == (["2"], "row 2")


def test_excel_keeps_formats_formulas_results_and_every_other_part(excel):
    old = {part: zipfile.ZipFile(excel).read(part) for part in zipfile.ZipFile(excel).namelist()}
    writes = [
        update("1", {"email": "x & <y>", "day": "2025-03-04"}, {"email": "a@b.de"}, "a"),
        update("1", {"twice": "9"}, token="b"),
        update("2", {"email": "new", "n": "4.5"}, {"email": None}, "c"),
        update("2", {"n": "many"}, token="d"),
        create({"id": "3", "email": "third"}, "e"),
    ]
    answers = run(connector(excel, EXCEL).write("people", writes))
    assert [(a.outcome, a.code) for a in answers] == [
        ("accepted", ""), ("refused", "formula"), ("accepted", ""), ("refused", "type_mismatch"), ("accepted", ""),
    ]  # fmt: skip
    records, faults, _ = read_all(connector(excel, EXCEL), EXCEL)
    assert rows(records, *EXCEL) == [
        ("1", "x & <y>", "1.5", "2025-03-04", "3"),
        ("2", "new", "4.5", "2024-01-03", None),
        ("3", "third", None, None, None),
    ]
    assert faults == []
    book = openpyxl.load_workbook(excel)
    assert (book.active["B2"].font.bold, book.active["E2"].value, book.active["F2"].value) == (
        True,
        "=C2*2",
        "keep",
    )
    with zipfile.ZipFile(excel) as archive:
        new = {part: archive.read(part) for part in archive.namelist()}
    assert {part for part in old if old[part] != new[part]} == {"xl/worksheets/sheet1.xml"}
    assert run(connector(excel, EXCEL).write("people", [delete("2")]))[0].outcome == "accepted"
    assert read_all(connector(excel, EXCEL), EXCEL)[0]["@id"].to_list() == ["1", "3"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04torn", b"plain text"])
def test_what_is_no_excel_file_is_drift(tmp_path, content):
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(SchemaDriftError):
        read_all(connector(tmp_path / "a.xlsx", EXCEL), EXCEL)


def test_a_missing_sheet_is_drift(excel):
    with pytest.raises(SchemaDriftError, match="gone"):
        read_all(connector(excel, EXCEL, sheet="gone"), EXCEL)
