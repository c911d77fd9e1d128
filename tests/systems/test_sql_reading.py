"""Reading SQL systems: nothing is missed, nothing is silently wrong, whatever clocks and commits do."""

import threading
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from sql_servers import Shop
from sqlalchemy import text

from customer_sync.connect.port import record_schema
from customer_sync.kernel.errors import ConfigurationError, SchemaDriftError

FIELDS = {"email": "email"}


def a_table(shop: Shop, columns="updated_at timestamp", key="id integer PRIMARY KEY") -> None:
    shop.execute(f"CREATE TABLE people ({key}, email varchar(100), {columns})")


def a_stream(shop: Shop, **more):
    return shop.stream(**{"table": "people", "fields": FIELDS, "cursor": "updated_at"} | more)


def clock_text(shop: Shop, back_s: float = 0) -> str:
    moment = datetime.now(UTC) - timedelta(seconds=back_s)
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")[: 23 if shop.kind == "sqlite" else 26]


def add(shop: Shop, number: int, stamp: str | int | None) -> None:
    shop.execute(
        "INSERT INTO people (id, email, updated_at) VALUES (:id, :email, :stamp)",
        id=number, email=f"p{number}@acme.test", stamp=stamp,
    )  # fmt: skip


def naive(shop: Shop) -> str:
    return "updated_at datetime(6) NULL" if shop.kind != "postgresql" else "updated_at timestamp"


def test_equal_timestamps_over_page_borders_lose_and_repeat_nothing(shop):
    a_table(shop, naive(shop))
    for number in range(1, 24):
        add(shop, number, "2024-05-01 10:00:00")
    add(shop, 24, "2024-05-01 10:00:01")

    ids, _ = a_stream(shop).ids(limit=5)

    assert ids == [str(number) for number in range(1, 25)]


def test_a_row_of_the_instant_just_read_is_shown_and_the_overlap_is_all_that_repeats(shop):
    a_table(shop, naive(shop))
    add(shop, 1, "2024-05-01 09:00:00")
    add(shop, 2, "2024-05-01 10:00:00")
    stream = a_stream(shop)
    _, cursor = stream.ids()
    add(shop, 3, "2024-05-01 10:00:00")
    add(shop, 4, "2024-05-01 09:59:45")

    again, cursor = stream.ids(cursor)
    third, _ = stream.ids(cursor)

    assert sorted(again) == ["2", "3", "4"]
    assert sorted(third) == sorted(again)


def test_the_lag_is_configurable(shop):
    a_table(shop, naive(shop))
    add(shop, 1, "2024-05-01 10:00:00")
    stream = a_stream(shop, lag_s=600)
    _, cursor = stream.ids()
    add(shop, 2, "2024-05-01 09:51:00")
    add(shop, 3, "2024-05-01 09:49:00")

    again, _ = stream.ids(cursor)

    assert sorted(again) == ["1", "2"]


def test_a_timestamp_in_the_future_does_not_carry_the_cursor_past_the_databases_clock(shop):
    a_table(shop, naive(shop))
    add(shop, 1, "2099-01-01 00:00:00")
    stream = a_stream(shop)
    _, cursor = stream.ids()
    add(shop, 2, clock_text(shop))

    again, _ = stream.ids(cursor)

    assert "2" in again


def test_rows_without_a_cursor_value_are_shown_in_every_sweep_and_page(shop):
    a_table(shop, naive(shop))
    for number in range(1, 6):
        add(shop, number, None)
    for number in range(6, 9):
        add(shop, number, "2024-05-01 10:00:00")
    stream = a_stream(shop)

    first, cursor = stream.ids(limit=2)
    add(shop, 9, None)
    again, _ = stream.ids(cursor, limit=2)

    assert sorted(first) == [str(n) for n in range(1, 9)]
    assert len(first) == len(set(first))
    assert {"1", "2", "3", "4", "5", "9"} <= set(again)


@pytest.mark.parametrize(
    "zone", ["America/Los_Angeles", "UTC", "Europe/Berlin", "Pacific/Auckland"]
)
def test_naive_local_times_lose_no_change_on_either_side_of_utc(shop, zone):
    from zoneinfo import ZoneInfo

    a_table(shop, naive(shop))
    local = datetime.now(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0)
    add(shop, 1, local.isoformat(sep=" "))
    stream = a_stream(shop, settings={"zone": zone})
    page = stream.page()
    add(shop, 2, local.isoformat(sep=" "))

    again, _ = stream.ids(page.cursor)

    changed_at = page.records["@changed_at"][0]
    assert abs(changed_at - datetime.now(UTC)) < timedelta(seconds=30)
    assert "2" in again


def test_the_hour_that_comes_twice_hides_nothing(shop):
    a_table(shop, naive(shop))
    # Berlin, 27 October 2024: 02:59 summer time is followed by 02:00 winter time.
    add(shop, 1, "2024-10-27 02:59:00")
    stream = a_stream(shop, settings={"zone": "Europe/Berlin"})
    _, cursor = stream.ids()
    add(shop, 2, "2024-10-27 02:05:00")

    again, _ = stream.ids(cursor)

    assert "2" in again


def test_zoned_timestamps_are_instants_whatever_the_session_says(postgresql_shop):
    shop = postgresql_shop
    a_table(shop, "updated_at timestamptz")
    add(shop, 1, "2024-05-01 10:00:00+05:30")
    add(shop, 2, "2024-05-01 10:00:00.25-08")

    rows, _, _ = a_stream(shop).sweep("updated_at")

    assert [(row["@id"], row["updated_at"]) for row in rows] == [
        ("1", "2024-05-01T04:30:00Z"),
        ("2", "2024-05-01T18:00:00.250000Z"),
    ]
    assert rows[0]["@changed_at"] == datetime(2024, 5, 1, 4, 30, tzinfo=UTC)


@pytest.mark.mariadb
def test_a_timestamp_column_is_an_instant_whatever_the_servers_zone(mariadb_shop):
    shop = mariadb_shop
    a_table(shop, "updated_at timestamp(6) NULL")
    shop.execute("SET GLOBAL time_zone = '+05:30'")
    try:
        shop.engine.dispose()
        shop.execute("INSERT INTO people VALUES (1, 'a', '2024-05-01 10:00:00')")
        stream = a_stream(shop)
        rows, _, cursor = stream.sweep("updated_at")
        again, _ = stream.ids(cursor)
    finally:
        shop.execute("SET GLOBAL time_zone = 'SYSTEM'")

    assert rows[0]["updated_at"] == "2024-05-01T04:30:00Z"
    assert rows[0]["@changed_at"] == datetime(2024, 5, 1, 4, 30, tzinfo=UTC)
    assert again == ["1"]


def test_a_real_late_commit_is_shown(postgresql_shop):
    shop = postgresql_shop
    a_table(shop, "updated_at timestamptz DEFAULT now()")
    late = shop.engine.connect()
    transaction = late.begin()
    late.execute(text("INSERT INTO people (id, email) VALUES (1, 'late')"))
    shop.execute("INSERT INTO people (id, email) VALUES (2, 'early')")
    stream = a_stream(shop)
    first, cursor = stream.ids()
    transaction.commit()
    late.close()

    second, _ = stream.ids(cursor)

    assert first == ["2"]
    assert "1" in second


def test_a_late_commit_during_a_long_sweep_is_shown(postgresql_shop):
    shop = postgresql_shop
    a_table(shop, "updated_at timestamptz DEFAULT clock_timestamp()")
    shop.execute(
        "INSERT INTO people (id, email, updated_at) SELECT n, 'x', clock_timestamp() - interval '1 day' "
        "FROM generate_series(1, 10) n"
    )
    late = shop.engine.connect()
    transaction = late.begin()
    late.execute(text("INSERT INTO people (id, email) VALUES (100, 'late')"))
    shop.execute("INSERT INTO people (id, email) VALUES (101, 'early')")
    stream = a_stream(shop, lag_s=1)
    page = stream.page(limit=11)
    # While the sweep goes on the clock moves far beyond the lag, and the largest timestamp with it.
    shop.execute(
        "INSERT INTO people (id, email, updated_at) VALUES (102, 'x', clock_timestamp() + interval '20 s')"
    )
    transaction.commit()
    late.close()
    rest, cursor = stream.ids(page.cursor, limit=11)

    again, _ = stream.ids(cursor)

    assert "100" in {*page.records["@id"], *rest, *again}


def test_a_growing_number_as_cursor_shows_late_commits(postgresql_shop):
    shop = postgresql_shop
    shop.execute("CREATE TABLE people (id int PRIMARY KEY, email text, updated_at bigserial)")
    shop.execute("INSERT INTO people (id, email) SELECT n, 'x' FROM generate_series(1, 5) n")
    stream = a_stream(shop)
    _, cursor = stream.ids(limit=2)
    late = shop.engine.connect()
    transaction = late.begin()
    late.execute(text("INSERT INTO people (id, email) VALUES (6, 'late')"))
    shop.execute("INSERT INTO people (id, email) VALUES (7, 'early')")
    first, cursor = stream.ids(cursor)
    transaction.commit()
    late.close()

    second, _ = stream.ids(cursor)

    assert "7" in first
    assert "6" in second


def test_the_overlap_of_numbers_ends_after_the_lag(sqlite_shop):
    shop = sqlite_shop
    a_table(shop, "updated_at integer")
    for number in range(1, 6):
        add(shop, number, number)
    stream = a_stream(shop, lag_s=0)
    _, cursor = stream.ids()
    _, cursor = stream.ids(cursor)

    again, _ = stream.ids(cursor)

    assert again == ["5"]


def test_many_rows_of_one_old_instant_are_not_shown_for_ever(sqlite_shop):
    shop = sqlite_shop
    a_table(shop)
    with shop.engine.begin() as connection:
        rows = [{"id": n} for n in range(1, 10_502)]
        connection.execute(
            text("INSERT INTO people VALUES (:id, 'x', '2024-05-01 10:00:00')"), rows
        )
    stream = a_stream(shop)
    first, cursor = stream.ids(limit=4_000)
    again, cursor = stream.ids(cursor)
    add(shop, 20_000, clock_text(shop))

    third, _ = stream.ids(cursor)

    assert (len(first), again, third) == (10_501, [], ["20000"])


def test_a_date_as_cursor_shows_the_whole_day_again(shop):
    a_table(shop, "updated_at date")
    add(shop, 1, "2024-05-01")
    stream = a_stream(shop)
    _, cursor = stream.ids()
    add(shop, 2, "2024-05-01")

    again, _ = stream.ids(cursor)

    assert again == ["1", "2"]


def test_concurrent_writers_lose_no_row(postgresql_shop):
    shop = postgresql_shop
    shop.execute(
        "CREATE TABLE people (id serial PRIMARY KEY, email text, updated_at timestamptz DEFAULT now())"
    )

    def insert() -> None:
        for _ in range(60):
            with shop.engine.begin() as connection:
                connection.execute(text("INSERT INTO people (email) VALUES ('x')"))
                connection.execute(text("SELECT pg_sleep(random() * 0.01)"))

    writers = [threading.Thread(target=insert) for _ in range(4)]
    for writer in writers:
        writer.start()
    stream, seen, cursor = a_stream(shop, lag_s=2), set(), None
    while any(writer.is_alive() for writer in writers):
        ids, cursor = stream.ids(cursor, limit=7)
        seen |= set(ids)
    ids, _ = stream.ids(cursor, limit=7)

    assert len(seen | set(ids)) == 240


def test_composite_keys_page_and_come_back(shop):
    shop.execute(
        "CREATE TABLE people (country varchar(2), number integer, email varchar(100), PRIMARY KEY (country, number))"
    )
    for country in ("DE", "FR"):
        for number in range(1, 4):
            shop.execute("INSERT INTO people VALUES (:c, :n, 'x')", c=country, n=number)
    stream = shop.stream(table="people", fields=FIELDS, key=["country", "number"])

    ids, _ = stream.ids(mode="listing", limit=2)
    page = stream.page("email", mode="ids", ids=['["FR", "2"]', '["IT", "1"]', "rubbish"])

    assert ids == [f'["{c}", "{n}"]' for c in ("DE", "FR") for n in (1, 2, 3)]
    assert page.records.select("@id", "@gone").rows() == [
        ('["FR", "2"]', False), ('["IT", "1"]', True), ("rubbish", True),
    ]  # fmt: skip


def test_a_key_on_several_rows_is_a_fault_in_every_mode(shop):
    a_table(shop, naive(shop), key="id integer")
    for number, stamp in [
        (1, "2024-05-01"),
        (2, "2024-05-02"),
        (3, "2024-05-03"),
        (2, "2024-05-04"),
    ]:
        add(shop, number, f"{stamp} 10:00:00")
    stream = a_stream(shop)

    for mode in ("listing", "changes", "keys"):
        rows, faults, _ = stream.sweep(mode=mode, limit=2)
        assert sorted(row["@id"] for row in rows) == ["1", "3"], mode
        assert {place for place, _ in faults} == {"2"}, mode
    by_id = stream.page(mode="ids", ids=["1", "2"])
    assert by_id.records["@id"].to_list() == ["1"]
    assert [place for place, _ in by_id.faults] == ["2"]


def test_a_null_key_is_a_fault(sqlite_shop):
    a_table(sqlite_shop, key="id text")
    sqlite_shop.execute("INSERT INTO people VALUES (NULL, 'x', '2024-05-01 10:00:00')")

    page = a_stream(sqlite_shop).page(mode="listing")

    assert page.records.is_empty()
    assert len(page.faults) == 1


def test_a_renamed_column_or_table_is_drift_and_is_named(shop):
    a_table(shop, naive(shop))
    stream = a_stream(shop)
    stream.ids()
    shop.execute("ALTER TABLE people RENAME COLUMN email TO mail")

    with pytest.raises(SchemaDriftError) as caught:
        stream.page("email")
    assert caught.value.context["fields"] == ["email"]
    with pytest.raises(SchemaDriftError, match="email"):
        a_stream(shop).page("email")

    shop.execute("ALTER TABLE people RENAME TO persons")
    with pytest.raises(SchemaDriftError, match="people"):
        a_stream(shop).page("email")


def test_a_retyped_cursor_column_is_drift(postgresql_shop):
    shop = postgresql_shop
    a_table(shop, "updated_at timestamp")
    add(shop, 1, "2024-05-01 10:00:00")
    stream = a_stream(shop)
    _, cursor = stream.ids()
    shop.execute("ALTER TABLE people ALTER updated_at TYPE integer USING 7")

    for same in (stream, a_stream(shop)):
        with pytest.raises(SchemaDriftError, match="updated_at"):
            same.ids(cursor)


def test_a_wrong_condition_is_a_configuration_error(shop):
    a_table(shop, naive(shop))

    with pytest.raises(ConfigurationError, match="refuses"):
        a_stream(shop, where="no_such_column = 1").page()


def test_a_cursor_of_another_origin_is_refused(sqlite_shop):
    a_table(sqlite_shop)

    for cursor in ("rubbish", "[]", '{"m": "listing", "p": "main"}', "{}"):
        with pytest.raises(SchemaDriftError):
            a_stream(sqlite_shop).page(cursor=cursor)


def test_where_and_deleted_are_the_authors_sql(shop):
    a_table(shop, f"{naive(shop)}, state varchar(20)")
    for number, state in enumerate(["on", "off", "50% off: now", None], start=1):
        add(shop, number, "2024-05-01 10:00:00")
        shop.execute("UPDATE people SET state = :s WHERE id = :n", s=state, n=number)
    stream = a_stream(
        shop, where="state IS NULL OR state <> '50% off: now'", deleted="state = 'off'"
    )

    rows, _, _ = stream.sweep(mode="listing")
    out_of_scope = stream.page(mode="ids", ids=["3"])

    assert {row["@id"]: row["@gone"] for row in rows} == {"1": False, "2": True, "4": False}
    assert out_of_scope.records["@gone"].to_list() == [False]


def test_an_empty_table_is_an_empty_page_in_every_mode(shop):
    a_table(shop, naive(shop))

    for mode in ("changes", "listing", "keys", "ids"):
        page = a_stream(shop).page("email", mode=mode)
        assert page.records.is_empty()
        assert dict(page.records.schema) == record_schema(["email"])
        assert not page.more


def test_identifiers_are_quoted(shop):
    quote = "`" if shop.kind in {"mysql", "mariadb"} else '"'
    name = "odd; DROP --"
    shop.execute(
        f"CREATE TABLE {quote}{name}{quote} ({quote}select{quote} integer PRIMARY KEY, {quote}E mail{quote} varchar(9))",
        f"INSERT INTO {quote}{name}{quote} VALUES (1, 'x')",
    )
    stream = shop.stream(table=name, key="select", fields={"email": "E mail"})

    assert stream.page("E mail", mode="listing").records["E mail"].to_list() == ["x"]


def test_listings_tell_the_sources_own_count(shop):
    a_table(shop, naive(shop))
    for number in range(1, 6):
        add(shop, number, None)

    page = a_stream(shop).page(mode="listing", limit=2)

    assert page.total == 5
    assert a_stream(shop).page(mode="listing", limit=2, cursor=page.cursor).total == 5


def test_discover_proposes_table_key_and_cursor(shop):
    a_table(shop, naive(shop))
    stream = a_stream(shop)

    (shape,) = [s for s in stream.run(stream.connector.discover()) if s.stream == "people"]

    assert dict(shape.settings) == {"table": "people", "key": "id", "cursor": "updated_at"}
    assert shape.count == 0
    assert [(f.name, f.length, f.is_key) for f in shape.fields][:2] == [
        ("id", None, True),
        ("email", 100, False),
    ]


def test_pages_are_concatenated_without_a_change_of_schema(shop):
    a_table(shop, naive(shop))
    add(shop, 1, None)
    add(shop, 2, "2024-05-01 10:00:00")
    stream = a_stream(shop)

    pages = [stream.page("email", mode="listing", limit=1)]
    pages.append(stream.page("email", mode="listing", limit=1, cursor=pages[0].cursor))

    assert pl.concat([page.records for page in pages]).height == 2


@pytest.mark.parametrize("mode", ["changes", "listing"])
def test_a_text_that_is_not_utf_8_sets_its_row_aside_and_no_other(sqlite_shop, mode):
    a_table(sqlite_shop, "updated_at timestamp, name text")
    for number, name in ((1, "'Ann'"), (2, "cast(x'ff41' as text)"), (3, "'Zoë'")):
        sqlite_shop.execute(
            f"INSERT INTO people VALUES ({number}, 'x', '2024-05-01 10:00:00', {name})"
        )
    stream = a_stream(sqlite_shop, fields={"custom.name": "name"})

    page = stream.page("name", mode=mode)
    by_id = stream.page("name", mode="ids", ids=["1", "2"])

    assert page.records.select("@id", "name").rows() == [("1", "Ann"), ("3", "Zoë")]
    assert list(page.faults) == list(by_id.faults) == [("2", "not in UTF-8: the column name")]
    assert by_id.records["@id"].to_list() == ["1"]  # and 2 is not said to be gone


def test_a_key_that_is_not_utf_8_is_a_fault_or_a_clear_error_where_reading_must_go_on_by_it(
    sqlite_shop,
):
    a_table(sqlite_shop, key="id text PRIMARY KEY")
    sqlite_shop.execute("INSERT INTO people VALUES ('1', 'x', '2024-05-01 10:00:00')")
    sqlite_shop.execute("INSERT INTO people VALUES (cast(x'ff41' as text), 'x', '2024-05-01')")
    stream = a_stream(sqlite_shop)

    page = stream.page(mode="listing")

    assert page.records["@id"].to_list() == ["1"]
    assert list(page.faults) == [("", "not in UTF-8: the column id")]
    with pytest.raises(ConfigurationError, match=r"'people'.* not UTF-8 in id"):
        stream.page(mode="listing", limit=2)
