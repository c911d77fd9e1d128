"""The SQL connector passes the conformance kit on each kind of database."""

import itertools
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sql_servers import Shop
from sqlalchemy import text

from customer_sync.connect.conformance import ConformanceSuite, Subject
from customer_sync.connect.driver import standard_driver
from customer_sync.model.config import SystemConfig
from customer_sync.systems.sql import Connector

FIELDS = ("email", "first", "note")
COLUMNS = """email varchar(100) UNIQUE, first varchar(100), note text, deleted {boolean},
    merged_into bigint, updated_at {moment}"""
KEYS = {
    "sqlite": "integer PRIMARY KEY",
    "postgresql": "bigserial PRIMARY KEY",
    "mariadb": "bigint PRIMARY KEY AUTO_INCREMENT",
}
BOOLEANS = {
    "sqlite": "boolean NOT NULL DEFAULT 0",
    "postgresql": "boolean NOT NULL DEFAULT false",
    "mariadb": "bool NOT NULL DEFAULT false",
}
MOMENTS = {
    "sqlite": "timestamp DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))",
    "postgresql": "timestamptz DEFAULT clock_timestamp()",
    "mariadb": "datetime(6) DEFAULT (UTC_TIMESTAMP(6))",
}
LOCAL_MOMENTS = {"sqlite": "timestamp", "postgresql": "timestamp", "mariadb": "datetime(6)"}
EARLIER = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', updated_at, '-' || :s || ' seconds')",
    "postgresql": "updated_at - make_interval(secs => :s)",
    "mariadb": "DATE_SUB(updated_at, INTERVAL :s SECOND)",
}
TRUE = {"sqlite": "deleted = 1", "postgresql": "deleted", "mariadb": "deleted"}


def a_table(kind: str, *, key: str, moment: str) -> str:
    columns = COLUMNS.format(boolean=BOOLEANS[kind], moment=moment)
    return f"CREATE TABLE contacts (id {key}, {columns})"


class People:
    """The people who use the database beside us."""

    def __init__(self, shop: Shop, *, flags: bool, zone: str | None, has_key: bool) -> None:
        self.shop = shop
        self.flags = flags
        self.zone = zone
        self.numbers = None if has_key else itertools.count(1)
        self.frozen: datetime | None = None

    def now(self) -> object:
        moment = self.frozen or datetime.now(UTC)
        if self.zone is not None:  # a clock on the wall of the people, without a word of its zone
            moment = moment.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        if self.shop.kind == "sqlite":
            return moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        return moment if self.shop.kind == "postgresql" else moment.replace(tzinfo=None)

    def insert(self, connection, fields: Mapping[str, str | None]) -> str:
        row = {**fields, "updated_at": self.now()}
        if self.numbers is not None:
            row["id"] = next(self.numbers)
        names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
        statement = f"INSERT INTO contacts ({names}) VALUES ({values}) RETURNING id"
        return str(connection.execute(text(statement), row).scalar())

    def create(self, fields: Mapping[str, str | None]) -> str:
        with self.shop.engine.begin() as connection:
            return self.insert(connection, fields)

    def duplicate(self, record_id: str) -> None:
        row = {"id": int(record_id), "note": "twin", "updated_at": self.now()}
        self.shop.execute(
            "INSERT INTO contacts (id, note, updated_at) VALUES (:id, :note, :updated_at)", **row
        )

    def edit(self, record_id: str, fields: Mapping[str, str | None]) -> None:
        changes = ", ".join(f"{name} = :{name}" for name in [*fields, "updated_at"])
        values = {**fields, "updated_at": self.now()}
        self.shop.execute(f"UPDATE contacts SET {changes} WHERE id = {int(record_id)}", **values)

    def delete(self, record_id: str) -> None:
        if self.flags:
            self.edit(record_id, {"deleted": True})
        else:
            self.shop.execute(f"DELETE FROM contacts WHERE id = {int(record_id)}")

    def leave_scope(self, record_id: str) -> None:
        self.edit(record_id, {"first": None})

    def pass_time(self, seconds: float) -> None:
        """What was written lies further back."""
        earlier = EARLIER[self.shop.kind]
        self.shop.execute(f"UPDATE contacts SET updated_at = {earlier}", s=seconds)

    @contextmanager
    def empty_listing(self):
        """A view that shows nothing stands where the table was."""
        self.shop.execute(
            "ALTER TABLE contacts RENAME TO hidden",
            "CREATE VIEW contacts AS SELECT * FROM hidden WHERE 1 = 0",
        )
        yield
        self.shop.execute("DROP VIEW contacts", "ALTER TABLE hidden RENAME TO contacts")

    def merge(self, loser: str, winner: str) -> None:
        self.edit(loser, {"deleted": True, "merged_into": int(winner)})

    def drop_field(self, name: str) -> None:
        self.shop.execute(f"ALTER TABLE contacts DROP COLUMN {name}")

    def retype_field(self, name: str) -> None:
        self.drop_field(name)
        self.shop.execute(f"ALTER TABLE contacts ADD COLUMN {name} integer")

    @contextmanager
    def stand_still(self):
        self.frozen = datetime.now(UTC).replace(microsecond=0)
        yield
        self.frozen = None

    def late_commit(self, fields: Mapping[str, str | None]) -> Callable[[], str]:
        connection = self.shop.engine.connect()
        transaction = connection.begin()
        key = self.insert(connection, fields)

        def commit() -> str:
            transaction.commit()
            connection.close()
            return key

        return commit


class SqlSuite(ConformanceSuite):
    kind = ""
    flags = True
    zone: str | None = None  # of timestamps that do not say theirs
    has_key = True
    where: str | None = None
    without: tuple[str, ...] = ("cap", "duplicate", "lack_field", "leave_scope")

    @pytest.fixture
    def subject(self, request):
        shop = request.getfixturevalue(f"{self.kind}_shop")
        moment = MOMENTS[self.kind] if self.zone is None else LOCAL_MOMENTS[self.kind]
        key = KEYS[self.kind] if self.has_key else "bigint"
        shop.execute(a_table(self.kind, key=key, moment=moment))
        people = People(shop, flags=self.flags, zone=self.zone, has_key=self.has_key)
        flags = {"deleted": TRUE[self.kind], "merged_into": "merged_into"} if self.flags else {}
        settings = {
            "touch": True,
            **({"deactivate": {"deleted": True}} if self.flags else {}),
            **({"zone": self.zone} if self.zone else {}),
            **({} if self.has_key else {"new_key": "max_plus_one"}),
        }
        config = SystemConfig.model_validate({
            "system": "shop", "connector": "sql", "settings": {"url": shop.url},
            "streams": {"contacts": {
                "fields": {"email": "email", "given_name": "first", "note": "note"},
                "cursor": "updated_at", "settings": settings, "where": self.where, **flags,
            }},
        })  # fmt: skip
        with standard_driver() as driver:
            yield Subject(
                connector=Connector(config),
                driver=driver,
                stream="contacts",
                fields=FIELDS,
                example=lambda n: {
                    "email": f"p{n}@acme.test",
                    "first": f"Ann {n}",
                    "note": "a note",
                },
                text_field="note",
                create=people.create,
                edit=people.edit,
                delete=people.delete,
                reconnect=lambda: Connector(config),
                bad={"email": "p0@acme.test", "first": "Bobby", "note": "taken"},
                leave_scope=people.leave_scope if self.where else None,
                merge=people.merge if self.flags else None,
                drop_field=people.drop_field,
                retype_field=people.retype_field,
                duplicate=None if self.has_key else people.duplicate,
                empty_listing=people.empty_listing,
                stand_still=people.stand_still,
                pass_time=people.pass_time,
                late_commit=None if self.kind == "sqlite" else people.late_commit,
            )


class TestSqlite(SqlSuite):
    kind = "sqlite"
    without = (*SqlSuite.without, "late_commit")  # SQLite has one writer at a time


class TestSqliteWithoutFlags(SqlSuite):
    kind = "sqlite"
    flags = False
    without = (*SqlSuite.without, "late_commit", "merge")


class TestSqliteBehindUtc(SqlSuite):
    kind = "sqlite"
    zone = "America/Los_Angeles"
    without = (*SqlSuite.without, "late_commit")


class TestSqliteAheadOfUtc(SqlSuite):
    kind = "sqlite"
    zone = "Pacific/Kiritimati"
    without = (*SqlSuite.without, "late_commit")


class TestSqliteWithoutAKey(SqlSuite):
    kind = "sqlite"
    has_key = False
    without = ("cap", "lack_field", "late_commit", "leave_scope")


class TestSqliteWithAFilter(SqlSuite):
    kind = "sqlite"
    where = "first LIKE 'Ann%'"  # neither holds of a null, nor fails to hold
    without = ("cap", "duplicate", "lack_field", "late_commit")


class TestPostgresql(SqlSuite):
    kind = "postgresql"


class TestPostgresqlWithAFilter(SqlSuite):
    kind = "postgresql"
    flags = False
    where = "first LIKE 'Ann%'"
    without = ("cap", "duplicate", "lack_field", "merge")


class TestPostgresqlBehindUtc(SqlSuite):
    kind = "postgresql"
    zone = "America/Los_Angeles"


class TestPostgresqlAheadOfUtc(SqlSuite):
    kind = "postgresql"
    zone = "Asia/Kolkata"


class TestPostgresqlWithoutAKey(SqlSuite):
    kind = "postgresql"
    has_key = False
    without = ("cap", "lack_field", "leave_scope")


@pytest.mark.mariadb
class TestMariadb(SqlSuite):
    kind = "mariadb"


@pytest.mark.mariadb
class TestMariadbBehindUtc(SqlSuite):
    kind = "mariadb"
    zone = "America/Los_Angeles"


@pytest.mark.mariadb
class TestMariadbWithAFilter(SqlSuite):
    kind = "mariadb"
    where = "first LIKE 'Ann%'"
    without = ("cap", "duplicate", "lack_field")


@pytest.mark.mariadb
class TestMariadbAheadOfUtc(SqlSuite):
    kind = "mariadb"
    zone = "Asia/Kolkata"


@pytest.mark.mariadb
class TestMariadbWithoutAKey(SqlSuite):
    kind = "mariadb"
    has_key = False
    without = ("cap", "lack_field", "leave_scope")
