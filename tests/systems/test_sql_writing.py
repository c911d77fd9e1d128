"""Writing SQL systems: what is asked is done once, or not at all and with a reason."""

import pytest
from sql_servers import Shop, create, remove, update

from customer_sync.connect.driver import Driver, standard_driver
from customer_sync.connect.port import SqlCall
from customer_sync.connect.transport.sql import SqlTransport
from customer_sync.kernel.errors import (
    ConfigurationError,
    CredentialError,
    CustomerSyncError,
    RetryableError,
    SystemDownError,
)

NAMES = ("email", "name", "credit", "weight", "since", "seen", "agreed", "raw", "extra")
FIELDS = {f"custom.{name}": name for name in NAMES}


def a_shop(shop: Shop, more="", key=None) -> None:
    kind = "mysql" if shop.kind == "mariadb" else shop.kind
    keys = {
        "sqlite": "id integer PRIMARY KEY", "postgresql": "id serial PRIMARY KEY",
        "mysql": "id integer PRIMARY KEY AUTO_INCREMENT",
    }  # fmt: skip
    seen = {"sqlite": "datetime", "postgresql": "timestamp", "mysql": "datetime(6)"}[kind]
    raw = {"sqlite": "blob", "postgresql": "bytea", "mysql": "varbinary(20)"}[kind]
    extra = {"sqlite": "json", "postgresql": "jsonb", "mysql": "json"}[kind]
    shop.execute(
        f"CREATE TABLE people ({key or keys[kind]}, email varchar(20) UNIQUE, name varchar(10) NOT NULL DEFAULT '', "
        f"credit numeric(8,2), weight real, since date, seen {seen}, agreed boolean, raw {raw}, extra {extra}{more})"
    )


def a_stream(shop: Shop, **more):
    return shop.stream(**{"table": "people", "fields": FIELDS} | more)


FULL = {
    "email": "a@x.test", "name": "Zoë 😀", "credit": "1234.50", "weight": "1.5", "since": "2024-02-29",
    "seen": "2024-05-01T10:00:00.123456", "agreed": "true", "raw": "00ff", "extra": '{"a": 1}',
}  # fmt: skip


def shown(shop: Shop) -> dict[str, str]:
    return FULL | ({"credit": "1234.5"} if shop.kind == "sqlite" else {})


def test_every_type_is_written_shown_and_recognised_again(shop):
    a_shop(shop)
    stream = a_stream(shop)

    (made,) = stream.write(create(**FULL))
    (row,) = stream.sweep(*NAMES, mode="listing")[0]
    (changed,) = stream.write(update(made.external_id, {"name": "Bo"}, expected=dict(made.record)))

    assert dict(made.record) == shown(shop)
    assert {name: row[name] for name in NAMES} == shown(shop)
    assert changed.outcome == "accepted"


def test_every_type_can_be_emptied_under_its_old_value(shop):
    a_shop(shop)
    stream = a_stream(shop)
    (made,) = stream.write(create(**FULL))
    nulls = {name: None for name in NAMES if name != "name"}

    for name in nulls:
        (answer,) = stream.write(update("1", {name: None}, {name: made.record[name]}))
        assert answer.outcome == "accepted", name
        (stale,) = stream.write(update("1", {name: FULL[name]}, {name: made.record[name]}))
        assert stale.outcome == "moved", name
        (back,) = stream.write(update("1", {name: FULL[name]}, {name: None}))
        assert back.outcome == "accepted", name


@pytest.mark.parametrize(
    "patch, code",
    [
        ({"name": "12345678901"},        "too_long"),
        ({"name": None},                 "null_refused"),
        ({"credit": "many"},             "not_decimal"),
        ({"credit": "NaN"},              "not_decimal"),
        ({"credit": "1234567.00"},       "out_of_range"),
        ({"credit": "1.005"},            "too_precise"),
        ({"agreed": "perhaps"},          "not_boolean"),
        ({"raw": "xyz"},                 "not_binary"),
        ({"extra": "{"},                 "not_json"),
        ({"missing": "1"},               "field_missing"),
        ({"email": "taken@x.test"},      "duplicate"),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_with_a_reason_and_stops_no_other(shop, patch, code):
    a_shop(shop)
    stream = a_stream(shop)
    stream.write(create(email="taken@x.test", name="T"), create(name="A"), create(name="B"))

    answers = stream.write(
        update("2", {"name": "AA"}), update("3", {"name": "BB"} | patch), create(name="C")
    )

    assert [a.outcome for a in answers] == ["accepted", "refused", "accepted"]
    # MariaDB's JSON is a text with a check.
    is_check = shop.kind in {"mysql", "mariadb"} and code == "not_json"
    assert answers[1].code == ("constraint" if is_check else code)
    assert answers[1].reason
    assert not any(str(v) in answers[1].reason for v in patch.values() if v and len(v) > 3)
    assert [name for (name,) in shop.query("SELECT name FROM people ORDER BY id")] == [
        "T",
        "AA",
        "B",
        "C",
    ]


def test_the_old_value_is_compared_to_the_letter(shop):
    a_shop(shop)
    stream = a_stream(shop)
    stream.write(create(name="Anna"))

    outcomes = [
        stream.write(update("1", {"name": "Bo"}, {"name": old}))[0].outcome
        for old in ("ANNA", "Änna", "Anna ", "Anna")
    ]

    assert outcomes == ["moved", "moved", "moved", "accepted"]


def test_a_version_is_the_precondition_where_there_is_one(shop):
    a_shop(shop, more=", version integer NOT NULL DEFAULT 1")
    stream = a_stream(shop, version="version")
    (made,) = stream.write(create(name="Anna"))
    shop.execute("UPDATE people SET version = 2")

    (moved,) = stream.write(update("1", {"name": "Bo"}, {"name": "Anna"}, version=made.version))
    (done,) = stream.write(update("1", {"name": "Bo"}, {"name": "Anna"}, version=moved.version))

    assert (made.version, moved.outcome, moved.version, done.outcome) == (
        "1",
        "moved",
        "2",
        "accepted",
    )


def test_what_a_trigger_makes_of_a_value_is_shown(sqlite_shop):
    a_shop(sqlite_shop)
    sqlite_shop.execute(
        "CREATE TRIGGER shout AFTER UPDATE ON people BEGIN "
        "UPDATE people SET name = upper(name) WHERE id = new.id; END"
    )
    stream = a_stream(sqlite_shop)
    stream.write(create(name="Anna"))

    (answer,) = stream.write(update("1", {"name": "Bo"}))

    assert answer.record["name"] == "BO"


def test_two_writes_of_one_record_are_each_shown_as_they_left_it(shop):
    a_shop(shop)
    stream = a_stream(shop)
    stream.write(create(name="A"))

    first, second = stream.write(
        update("1", {"name": "B"}, {"name": "A"}), update("1", {"name": "C"}, {"name": "B"})
    )

    assert (first.record["name"], second.record["name"]) == ("B", "C")


def test_deletes_and_deactivations_hold_their_precondition(shop):
    a_shop(shop, more=", active boolean DEFAULT true")
    stream = a_stream(shop, settings={"deactivate": {"active": False}})
    stream.write(create(name="A"), create(name="B"))

    answers = stream.write(
        remove("1", {"name": "other"}),
        remove("1", {"name": "A"}),
        remove("1"),
        remove("2", kind="deactivate"),
    )

    assert [(a.outcome, a.code) for a in answers] == [
        ("moved", "changed"), ("accepted", ""), ("moved", "gone"), ("accepted", ""),
    ]  # fmt: skip
    assert shop.query("SELECT name FROM people WHERE NOT active") == [("B",)]


def test_a_key_on_several_rows_is_never_written(shop):
    a_shop(shop, key="id integer")
    shop.execute("INSERT INTO people (id, name) VALUES (1, 'A'), (1, 'B'), (2, 'C')")

    answers = a_stream(shop).write(update("1", {"name": "X"}), update("2", {"name": "Y"}))

    assert [(a.outcome, a.code) for a in answers] == [
        ("refused", "ambiguous_key"),
        ("accepted", ""),
    ]
    assert sorted(name for (name,) in shop.query("SELECT name FROM people")) == ["A", "B", "Y"]


@pytest.mark.parametrize(
    "new_key, key",
    [("max_plus_one", "id integer PRIMARY KEY"), ("uuid", "id varchar(36) PRIMARY KEY")],
)
def test_new_keys_are_made_as_configured(shop, new_key, key):
    a_shop(shop, key=key)
    stream = a_stream(shop, settings={"new_key": new_key})
    one = create(name="A")

    first, second = stream.write(one, create(name="B"))

    assert first.outcome == second.outcome == "accepted"
    assert len({first.external_id, second.external_id}) == 2
    if new_key == "uuid":
        assert [a.code for a in stream.write(one)] == ["duplicate"]
        assert stream.settle(one)[0].external_id == first.external_id


def test_settling_tells_done_from_not_done_from_unknown(shop):
    a_shop(shop)
    stream = a_stream(shop)
    stream.write(
        *(create(name=name, credit="10.50") for name in ("done", "not", "third", "twin", "twin"))
    )
    answers = stream.settle(
        update("1", {"name": "done", "credit": "10.5"}, {"name": "old"}),
        update("2", {"name": "new"}, {"name": "not"}),
        update("3", {"name": "new"}, {"name": "old"}),
        create(name="third", credit="10.5"),
        create(name="nobody"),
        create(name="twin", credit="10.5"),
        remove("2"),
        remove("77"),
    )

    assert [(a.outcome, a.external_id) for a in answers] == [
        ("accepted", "1"), ("refused", "2"), ("unknown", "3"), ("accepted", "3"), ("refused", None),
        ("unknown", None), ("refused", "2"), ("accepted", "77"),
    ]  # fmt: skip
    assert answers[1].code == answers[4].code == "not_done"


def test_a_refusal_at_the_commit_stops_itself_alone(postgresql_shop):
    shop = postgresql_shop
    a_shop(shop)
    shop.execute(
        "ALTER TABLE people ADD parent integer REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED"
    )
    stream = shop.stream(table="people", fields={"name": "name", "custom.parent": "parent"})

    answers = stream.write(create(name="A"), create(name="B", parent="99"), create(name="C"))

    assert [(a.outcome, a.code) for a in answers] == [
        ("accepted", ""), ("refused", "reference_missing"), ("accepted", ""),
    ]  # fmt: skip
    assert shop.query("SELECT name FROM people ORDER BY name") == [("A",), ("C",)]


def test_a_locked_database_is_waited_for_and_then_retryable(sqlite_shop):
    a_shop(sqlite_shop)
    stream = a_stream(sqlite_shop)
    stream.write(create(name="A"))
    transport = SqlTransport()
    engine = transport._engine(sqlite_shop.url)
    with engine.connect() as connection:  # a pooled connection that waits no longer
        connection.exec_driver_sql("PRAGMA busy_timeout = 10")
    with sqlite_shop.engine.connect() as people, Driver({SqlCall: transport}) as driver:
        people.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(RetryableError):
            driver.run(stream.connector.write("people", [update("1", {"name": "B"})]))
        people.rollback()

    assert sqlite_shop.query("SELECT name FROM people") == [("A",)]


def _ask(url: str) -> CustomerSyncError:
    def flow():
        yield [SqlCall(url=url, inspect=lambda inspector: inspector.get_table_names())]

    with pytest.raises(CustomerSyncError) as caught, standard_driver() as driver:
        driver.run(flow())
    assert "s3cret" not in f"{caught.value} {caught.value.context} {caught.value.__cause__}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


def test_a_server_that_does_not_answer_is_down():
    free_port = 1
    assert isinstance(_ask(f"postgresql://ann:s3cret@127.0.0.1:{free_port}/shop"), SystemDownError)
    assert isinstance(_ask(f"mysql://ann:s3cret@127.0.0.1:{free_port}/shop"), SystemDownError)


@pytest.mark.mariadb
def test_a_wrong_password_is_a_credential_error(mariadb_url):
    url = mariadb_url.replace("root@", "ann:s3cret@")
    assert isinstance(_ask(f"{url}/shop"), CredentialError)


def test_a_wrong_password_on_postgresql_is_a_credential_error(pg15_dsn, pg_dsn):
    separator = "&" if "?" in pg_dsn else "?"
    assert isinstance(_ask(f"{pg_dsn}{separator}user=nobody_known"), CredentialError)


def test_a_database_that_is_not_there_is_a_configuration_error(tmp_path, pg15_dsn):
    assert isinstance(_ask(f"sqlite:///{tmp_path}/none.db"), ConfigurationError)
    assert isinstance(_ask("no address s3cret"), ConfigurationError)
    assert isinstance(_ask(pg15_dsn.removesuffix("/postgres") + "/none"), ConfigurationError)
    assert isinstance(_ask("oracle://ann:s3cret@host/x"), ConfigurationError)


@pytest.mark.parametrize(("truth", "kept"), [("true", 1), ("false", 0)])
def test_a_truth_is_written_into_a_number_column(shop, truth, kept):
    a_shop(shop, more=", active integer")
    stream = a_stream(shop, fields=FIELDS | {"custom.active": "active"})

    (made,) = stream.write(create(email="a@x.test", name="A", active=truth))
    (kept_so,) = stream.settle(create(email="a@x.test", name="A", active=truth))

    assert (made.outcome, made.record["active"]) == ("accepted", str(kept))
    assert shop.query("SELECT active FROM people") == [(kept,)]
    assert kept_so.outcome == "accepted"


def test_what_is_no_number_is_refused_in_good_english(sqlite_shop):
    a_shop(sqlite_shop, more=", active integer")
    stream = a_stream(sqlite_shop, fields=FIELDS | {"custom.active": "active"})

    (answer,) = stream.write(create(email="a@x.test", active="perhaps"))

    assert answer.reason == "The column 'active' takes an integer, and this is none."


def test_a_row_with_a_text_that_is_not_utf_8_is_written_and_its_record_not_shown(sqlite_shop):
    a_shop(sqlite_shop)
    sqlite_shop.execute(
        "INSERT INTO people (id, email, name) VALUES (1, 'a', cast(x'ff41' as text))"
    )
    stream = a_stream(sqlite_shop)
    one = update("1", {"email": "b"}, {"email": "a"})

    (made,) = stream.write(one)
    (settled,) = stream.settle(one)
    (moved,) = stream.write(update("1", {"email": "c"}, {"email": "a"}))

    assert [a.outcome for a in (made, settled, moved)] == ["accepted", "accepted", "moved"]
    assert made.record is settled.record is moved.record is None
    assert sqlite_shop.query("SELECT email, hex(name) FROM people") == [("b", "FF41")]


def test_a_create_that_lacks_what_the_table_demands_names_every_column(shop):
    key = "id varchar(20) PRIMARY KEY" if shop.kind == "sqlite" else None
    a_shop(shop, key=key, more=", first varchar(9) NOT NULL, last varchar(9) NOT NULL")

    (answer,) = a_stream(shop).write(create(email="a@x.test"))

    assert (answer.outcome, answer.code) == ("refused", "null_refused")
    columns = ["id", "first", "last"] if shop.kind == "sqlite" else ["first", "last"]
    assert answer.reason == f"The columns {', '.join(map(repr, columns))} must have a value."


def test_a_key_of_text_that_nobody_makes_is_refused_in_silence(shop):
    """SQLAlchemy would warn, and warnings fail tests."""
    a_shop(shop, key="id varchar(20) PRIMARY KEY")

    (answer,) = a_stream(shop).write(create(email="a@x.test"))

    assert (answer.code, answer.reason) == ("null_refused", "The column 'id' must have a value.")
    assert shop.query("SELECT * FROM people") == []


def test_a_column_that_a_trigger_empties_is_named(shop):
    """Only the database knows: nothing that is sent is null."""
    a_shop(shop)
    if shop.kind == "postgresql":
        shop.execute(
            "CREATE FUNCTION emptied() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN NEW.name = NULL; RETURN NEW; END'",
            "CREATE TRIGGER emptied BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION emptied()",
        )
    elif shop.kind == "sqlite":
        shop.execute(
            "CREATE TRIGGER emptied AFTER INSERT ON people BEGIN UPDATE people SET name = NULL; END"
        )
    else:
        shop.execute(
            "CREATE TRIGGER emptied BEFORE INSERT ON people FOR EACH ROW SET NEW.name = NULL"
        )

    (answer,) = a_stream(shop).write(create(email="a@x.test"))

    assert (answer.code, answer.reason) == ("null_refused", "The column 'name' must have a value.")
