"""CSV and TSV: every encoding and hostile content read right, every other byte kept when written."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.systems.file_world import connector, create, delete, read_all, rows, run, update

from customer_sync.connect.port import FileReplace, ReadRequest
from customer_sync.kernel.errors import ConfigurationError, InvalidInputError, SchemaDriftError
from customer_sync.systems.file import csv_reader

HEAD = "id,email,name\n"


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "people.csv"


def wrote(path, content, encoding="utf-8"):
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_line_ends_and_delimiters_are_found_out(path, encoding, line_end, delimiter):
    lines = [["id", "email", "name"], ["1", "a@b.de", "Jürgen"], ["2", "c@d.de", "Zoë"]]
    wrote(path, "".join(delimiter.join(line) + line_end for line in lines), encoding)
    records, faults, _ = read_all(connector(path), limit=1)
    assert rows(records, "email", "name") == [("1", "a@b.de", "Jürgen"), ("2", "c@d.de", "Zoë")]
    assert faults == []


def test_the_first_line_that_is_not_ascii_decides_the_encoding_of_every_page(path):
    plain = "".join(f"{n},a{n}@b.de,Ann\n" for n in range(5000))
    wrote(path, HEAD.encode() + plain.encode() + "x,e,Müller\n".encode("cp1252"))
    records, faults, _ = read_all(connector(path), limit=300)
    assert rows(records, "name")[-1] == ("x", "Müller")
    assert (records.height, faults) == (5001, [])


def test_a_line_that_is_not_in_the_encoding_is_one_fault(path):
    wrote(path, HEAD.encode() + "1,a,Zoë\n".encode() + b"2,b,M\xfcller\n3,c,d\n")
    records, faults, _ = read_all(connector(path))
    assert records["@id"].to_list() == ["1", "3"]
    assert faults == [("line 3", "not in the file's encoding, utf-8")]


def test_hostile_cells_are_read(path):
    cells = [
        'a "quoted" word',
        "two\r\nlines",
        "a,b",
        "",
        "  space ",
        "日本語 🎉",
        "x" * 300_000,
        '"',
        "\x00",
    ]
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(["id", "email", "name"])
    writer.writerows([str(n), cell, "end"] for n, cell in enumerate(cells))
    wrote(path, sink.getvalue())
    for limit in (1, 4, 10_000):
        records, faults, _ = read_all(connector(path), limit=limit)
        assert [email or "" for email in records["email"]] == cells
        assert faults == []


def test_an_empty_cell_is_null_and_a_quoted_one_is_empty_text(path):
    wrote(path, HEAD + '1,,""\n2,NULL,x\n')
    records, _, _ = read_all(connector(path, null_values=["NULL"]))
    assert rows(records, "email", "name") == [("1", None, ""), ("2", None, "x")]


def test_bad_rows_are_faults_with_their_lines_and_cost_no_other_row(path):
    wrote(
        path,
        HEAD
        + '1,"two\nlines",a\n2,b\n\n3,c,d\n,x,y\n3,again,z\n4,"open,q\n5,"x"y,z\n6,5" pipe,z\n7,to',
    )
    for limit in (1, 2, 10_000):
        records, faults, _ = read_all(connector(path), limit=limit)
        assert rows(records, "email") == [("1", "two\nlines"), ("3", "c"), ("6", '5" pipe')]
        assert sorted(faults) == [
            ("3", "the same key on line 6 and line 8"),
            ("line 10", "a quoted cell is not closed, or goes on after its quote"),
            ("line 12", "torn last line: the file ends in the middle of it"),
            ("line 4", "2 cells where the header has 3"),
            ("line 7", "no key"),
            ("line 9", "a quoted cell is not closed, or goes on after its quote"),
        ]


def test_a_new_process_in_the_middle_of_a_listing_still_sees_a_duplicate(path):
    wrote(path, HEAD + "1,a,b\n2,c,d\n1,e,f\n")
    cursor, faults = None, []
    for _ in range(3):
        page = run(
            connector(path).read(
                ReadRequest(stream="people", fields=["email"], cursor=cursor, limit=1)
            )
        )
        cursor, faults = page.cursor, [*faults, *page.faults]
    assert faults == [("1", "the same key on line 2 and line 4")]


def test_a_last_line_without_its_end_counts_unless_the_end_is_required(path):
    wrote(path, HEAD + "1,a,b\n2,c,d")
    assert read_all(connector(path))[0].height == 2
    records, faults, _ = read_all(connector(path, final_line_end="required"))
    assert (records.height, len(faults)) == (1, 1)


def test_an_empty_file_a_lost_column_and_no_file_are_drift_and_never_an_empty_listing(path):
    with pytest.raises(SchemaDriftError):
        read_all(connector(path))
    with pytest.raises(SchemaDriftError, match="empty"):
        read_all(connector(wrote(path, "")))
    with pytest.raises(SchemaDriftError, match="email"):
        read_all(connector(wrote(path, "id,mail,name\n1,a,b\n")))
    with pytest.raises(SchemaDriftError, match="id"):
        read_all(connector(wrote(path, "key,email,name\n1,a,b\n")))
    assert read_all(connector(wrote(path, HEAD)))[0].height == 0


def test_without_a_header_columns_are_numbered(path):
    wrote(path, "1;a;b\n2;c;d\n")
    made = connector(path, fields=["column_2"], stream={"key": "column_1"}, header=False)
    assert rows(read_all(made, ["column_2"])[0], "column_2") == [("1", "a"), ("2", "c")]


def test_an_unchanged_file_is_only_looked_at(path):
    wrote(path, HEAD + "1,a,b\n")
    made = connector(path)
    _, _, cursor = read_all(made, mode="changes")
    calls = []
    request = ReadRequest(stream="people", fields=["email"], cursor=cursor)
    page = run(made.read(request), between=calls.extend)
    assert (page.records.height, page.more, [type(call).__name__ for call in calls]) == (
        0,
        False,
        ["FileStat"],
    )
    wrote(path, HEAD + "1,x,b\n")
    assert rows(run(made.read(request)).records, "email") == [("1", "x")]


def test_a_file_that_changes_while_it_is_listed_is_begun_again(path):
    wrote(path, HEAD + "".join(f"{n},old,b\n" for n in range(10)))
    made = connector(path)
    first = run(made.read(ReadRequest(stream="people", fields=["email"], mode="listing", limit=4)))
    wrote(path, HEAD + "".join(f"{n},new,b\n" for n in range(3, 10)))
    shown, cursor = [], first.cursor
    while True:
        page = run(
            made.read(
                ReadRequest(
                    stream="people", fields=["email"], mode="listing", limit=4, cursor=cursor
                )
            )
        )
        shown += rows(page.records, "email")
        cursor = page.cursor
        if not page.more:
            break
    assert shown == [(str(n), "new") for n in range(3, 10)]


def test_conditions_mark_and_filter_records(path):
    wrote(path, "id,email,name,gone,age\n1,a,b,1,9\n2,c,d,0,30\n3,e,f,,40\n")
    made = connector(path, stream={"deleted": "gone = 1", "where": "age > 10 or gone = 1"})
    records = read_all(made)[0]
    assert records.select("@id", "@gone").rows() == [("1", True), ("2", False), ("3", False)]
    outside = connector(path, stream={"where": "age > 10"})
    page = run(
        outside.read(
            ReadRequest(stream="people", fields=["email"], mode="ids", ids=["1", "2", "9"])
        )
    )
    marks = page.records.select("@id", "@gone", "@outside").rows()
    assert marks == [("2", False, False), ("9", True, False), ("1", False, True)]


@pytest.mark.parametrize(
    "text, zone, shown",
    [
        ("2024-06-01T10:00:00Z", "UTC", "2024-06-01T10:00:00"),
        ("2024-06-01 10:00", "Europe/Berlin", "2024-06-01T08:00:00"),
        ("2024-06-01T10:00:00.25+05:30", "UTC", "2024-06-01T04:30:00.250000"),
        ("2024-06-01", "America/New_York", "2024-06-01T04:00:00"),
    ],
)
def test_the_cursor_column_says_when_a_record_changed(path, text, zone, shown):
    wrote(path, f"id,email,name,at\n1,a,b,{text}\n2,a,b,17\n")
    records = read_all(connector(path, stream={"cursor": "at"}, zone=zone))[0]
    assert records["@changed_at"][0].replace(tzinfo=None).isoformat() == shown
    assert records["@changed_at"][1] is None


def test_several_key_columns_make_a_json_array(path):
    wrote(path, "shop,no,email,name\nde,1,a,b\n,2,c,d\n")
    made = connector(path, stream={"key": ["shop", "no"]})
    records, faults, _ = read_all(made)
    assert (records["@id"].to_list(), faults) == (['["de", "1"]'], [("line 3", "no key")])
    answer = run(made.write("people", [update('["de", "1"]', {"email": "z"}, {"email": "a"})]))[0]
    assert (answer.outcome, path.read_text()) == (
        "accepted",
        "shop,no,email,name\nde,1,z,b\n,2,c,d\n",
    )


# -- writing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_one_cell_is_written_and_every_other_byte_kept(path, encoding):
    text = '"id";email; name ;"name"\r\n"1";a@b.de;  ;"Jürgen ""J"""\r\n\r\nbad\r\n2;"";x;y\r\n3;c;5" p;z'
    wrote(path, text, encoding)
    answer = run(
        connector(path).write("people", [update("1", {"name": 'Zoë; "Z"'}, {"name": 'Jürgen "J"'})])
    )[0]
    assert answer.outcome == "accepted"
    assert answer.record == {"id": "1", "email": "a@b.de", "name": 'Zoë; "Z"'}
    new = text.replace('"Jürgen ""J"""', '"Zoë; ""Z"""')
    assert path.read_bytes() == new.encode(encoding)


def test_rows_are_added_and_removed_in_the_style_of_the_file(path):
    wrote(path, 'id,email,name,other\r\n1,"a",b,\r\n2,"c",d,9')
    writes = [
        create({"id": "3", "email": "x"}, "t3"),
        delete("1", token="t1"),
        create({"id": "4", "name": "q,r"}, "t4"),
    ]
    answers = run(connector(path).write("people", writes))
    assert [(a.outcome, a.external_id) for a in answers] == [
        ("accepted", "3"),
        ("accepted", "1"),
        ("accepted", "4"),
    ]
    assert path.read_bytes() == b'id,email,name,other\r\n2,"c",d,9\r\n3,"x",,\r\n4,,"q,r",'


def test_what_cannot_be_written_is_refused_and_the_rest_is_done(path):
    wrote(path, HEAD + "1,a,Zoë\n2,c,d\n", "cp1252")
    made = connector(path, null_values=["NULL"])
    writes = [
        update("1", {"name": "日本"}, token="a"),
        update("1", {"nickname": "x"}, token="b"),
        update("2", {"name": "NULL"}, token="c"),
        update("9", {"name": "x"}, token="d"),
        update("2", {"name": "x"}, {"name": "other"}, token="e"),
        create({"name": "x"}, "f"),
        create({"id": "2", "name": "x"}, "g"),
        update("2", {"id": "7"}, token="h"),
        update("2", {"email": None}, {"email": "c"}, token="i"),
    ]
    answers = run(made.write("people", writes))
    assert [(a.outcome, a.code) for a in answers] == [
        ("refused", "encoding"), ("refused", "no_such_field"), ("refused", "null_value"), ("moved", "gone"),
        ("moved", "moved"), ("refused", "key_missing"), ("refused", "exists"), ("refused", "key_changed"),
        ("accepted", ""),
    ]  # fmt: skip
    assert path.read_bytes() == (HEAD + "1,a,Zoë\n2,,d\n").encode("cp1252")


def test_a_repeated_write_changes_nothing_and_reading_settles_it(path):
    wrote(path, HEAD + "1,a,b\n2,c,d\n")
    made = connector(path, new_key="uuid")
    writes = [
        update("1", {"email": "z"}, {"email": "a"}),
        create({"email": "n"}, "t2"),
        delete("2", token="t3"),
    ]
    assert [a.code for a in run(made.settle("people", writes))] == ["not_done"] * 3
    answers = run(made.write("people", writes))
    content = path.read_bytes()
    assert run(made.write("people", writes)) == answers
    assert path.read_bytes() == content
    assert [a.outcome for a in run(made.settle("people", writes))] == ["accepted"] * 3


def test_new_keys_are_counted_on(path):
    wrote(path, HEAD + "7,a,b\nx,c,d\n")
    made = connector(path, new_key="max_plus_one")
    answers = run(made.write("people", [create({"email": "n"}, "a"), create({"email": "m"}, "b")]))
    assert [a.external_id for a in answers] == ["8", "9"]


def test_a_file_changed_by_another_between_read_and_replace_loses_nothing(path):
    wrote(path, HEAD + "1,a,b\n2,c,d\n")
    edits = [HEAD + "1,a,b\n2,THEIRS,d\n"]

    def between(calls):
        if edits and isinstance(calls[0], FileReplace):
            wrote(path, edits.pop())

    writes = [
        update("1", {"email": "z"}, {"email": "a"}, "a"),
        update("2", {"email": "z"}, {"email": "c"}, "b"),
    ]
    answers = run(connector(path).write("people", writes), between=between)
    assert [a.outcome for a in answers] == ["accepted", "moved"]
    assert path.read_text() == HEAD + "1,z,b\n2,THEIRS,d\n"


WRITE_MANY = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.systems.file_world import connector, create, run
from customer_sync.kernel.errors import RetryableError
for n in range(25):
    while True:
        try:
            run(connector(sys.argv[2]).write("people", [create({"id": f"{sys.argv[3]}{n}", "email": "e"})]))
            break
        except RetryableError:
            pass
"""


def test_two_processes_that_write_at_once_lose_nothing(path):
    wrote(path, HEAD)
    here = str(Path(__file__).parents[2])
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE_MANY, here, str(path), name]) for name in "ab"
    ]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    ids = read_all(connector(path))[0]["@id"].to_list()
    assert sorted(ids) == sorted(f"{name}{n}" for name in "ab" for n in range(25))


def test_a_remote_address_is_read_and_written():
    import uuid

    import fsspec

    url = f"memory://{uuid.uuid4().hex}/people.csv"
    with fsspec.open(url, "wb") as file:
        file.write((HEAD + "1,a,b\n").encode())
    made = connector(url)
    assert (
        run(made.write("people", [update("1", {"email": "z"}, {"email": "a"})]))[0].outcome
        == "accepted"
    )
    assert rows(read_all(made)[0], "email") == [("1", "z")]


def test_shape_and_discovery_propose_types_and_key(path, tmp_path):
    wrote(
        path, "customer_id,email,vat,updated_at\n1,a,1.5,2024-01-01T00:00\n2,b,2,2024-01-01T00:00\n"
    )
    (tmp_path / "note.md").write_text("x")
    made = connector(path)
    shape = run(made.shape("people"))
    assert [(f.name, f.type, f.is_key) for f in shape.fields] == [
        ("customer_id", "integer", True), ("email", "text", False), ("vat", "number", False),
        ("updated_at", "instant", False),
    ]  # fmt: skip
    assert shape.count == 2
    made._config = made._config.model_copy(update={"settings": {"folder": str(tmp_path)}})
    found = run(made.discover())
    assert [(s.stream, s.settings["key"], s.settings["cursor"]) for s in found] == [
        ("people", "customer_id", "updated_at")
    ]


def test_settings_and_cursors_that_cannot_be_meant_are_refused(path):
    wrote(path, HEAD)
    with pytest.raises(ConfigurationError):
        connector(path, delimiter="||").capabilities("people")
    with pytest.raises(ConfigurationError):
        connector(path.with_suffix(".xyz")).capabilities("people")
    with pytest.raises(InvalidInputError):
        run(connector(path).read(ReadRequest(stream="people", fields=["email"], cursor="nonsense")))
    with pytest.raises(ConfigurationError):
        read_all(connector(path, encoding="nosuch"))


# -- properties -----------------------------------------------------------------------------------

CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12
) | st.sampled_from(["", '"', ",", "\n", "\r\n", ";", '5" pipe', " ", "é"])


@st.composite
def documents(draw):
    """A CSV file in which each cell is written in a way of its own; and its cells."""
    delimiter = draw(st.sampled_from(",;\t|"))
    line_end = draw(st.sampled_from(["\n", "\r\n"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    table = draw(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8))

    def cell(value):
        must = any(letter in value for letter in (delimiter, "\n", "\r")) or value.startswith('"')
        if must or draw(st.booleans()):
            return '"' + value.replace('"', '""') + '"'
        return value

    lines = [delimiter.join(["id", "email", "name"])]
    lines += [delimiter.join([str(n), cell(a), cell(b)]) for n, (a, b) in enumerate(table)]
    text = line_end.join(lines) + (line_end if draw(st.booleans()) else "")
    return text, encoding, delimiter, table


@settings(max_examples=150, deadline=None)
@given(documents(), CELL, st.integers(0, 7), st.integers(1, 4))
def test_writing_one_cell_changes_only_its_bytes(tmp_path_factory, document, value, row, limit):
    text, encoding, delimiter, table = document
    path = tmp_path_factory.mktemp("csv") / "people.csv"
    wrote(path, text, encoding)
    row %= len(table)
    made = connector(path, delimiter=delimiter)
    before, faults, _ = read_all(made, limit=limit)
    assert faults == []
    assert [(a or "", b or "") for a, b in before.select("email", "name").rows()] == table
    old = path.read_bytes()
    answer = run(made.write("people", [update(str(row), {"email": value})]))[0]
    assert answer.outcome == "accepted"
    after, faults, _ = read_all(made)
    expected = [
        (v if n != row else value, w)
        for n, (v, w) in enumerate(before.select("email", "name").rows())
    ]
    assert (after.select("email", "name").rows(), faults) == (expected, [])
    back = run(made.write("people", [update(str(row), {"email": before["email"][row]})]))[0]
    assert back.outcome == "accepted"
    restored = path.read_bytes()
    width = 2 if encoding == "utf-16" else 1
    start = next((n for n, (a, b) in enumerate(zip(old, restored, strict=False)) if a != b), None)
    if start is not None:  # only the quoting of that one cell may differ
        assert abs(len(old) - len(restored)) <= 4 * width + 8 * width * value.count('"')


@settings(max_examples=80, deadline=None)
@given(st.text(st.sampled_from('a",\n\r;é1'), max_size=80), st.integers(1, 3), st.integers(1, 64))
def test_any_text_at_all_is_read_the_same_by_pages_as_whole(
    tmp_path_factory, text, limit, chunk_bytes
):
    path = tmp_path_factory.mktemp("csv") / "people.csv"
    wrote(path, "id,email\n" + text)

    def made():
        return connector(path, fields=["email"], delimiter=",")

    whole = read_all(made(), ["email"])
    floor = csv_reader.CHUNK_BYTES_MIN
    csv_reader.CHUNK_BYTES_MIN = chunk_bytes
    try:
        paged = read_all(made(), ["email"], limit=limit)
    finally:
        csv_reader.CHUNK_BYTES_MIN = floor
    assert paged[0].equals(whole[0])
    assert sorted(paged[1]) == sorted(whole[1])
