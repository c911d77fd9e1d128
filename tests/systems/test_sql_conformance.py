"""The SQL connector passes the conformance kit on each kind of database."""

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sql_servers import Shop
from sqlalchemy import text

from customer_sync.connect.conformance import ConformanceSuite, Subject
from customer_sync.connect.driver import standard_driver
from customer_sync.model.config import SystemConfig
from customer_sync.systems.sql import Connector

FIELDS = ("email", "first", "note")
TABLES = {
    "sqlite": """CREATE TABLE contacts (id integer PRIMARY KEY, email varchar(100) UNIQUE,
        first varchar(100), note text, deleted boolean NOT NULL DEFAULT 0, merged_into integer,
        updated_at timestamp DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')))""",
    "postgresql": """CREATE TABLE contacts (id bigserial PRIMARY KEY, email varchar(100) UNIQUE,
        first varchar(100), note text, deleted boolean NOT NULL DEFAULT false, merged_into bigint,
        updated_at timestamptz DEFAULT clock_timestamp())""",
    "mariadb": """CREATE TABLE contacts (id bigint PRIMARY KEY AUTO_INCREMENT, email varchar(100) UNIQUE,
        first varchar(100), note text, deleted bool NOT NULL DEFAULT false, merged_into bigint,
        updated_at datetime(6) DEFAULT (UTC_TIMESTAMP(6)))""",
}
TRUE = {"sqlite": "deleted = 1", "postgresql": "deleted", "mariadb": "deleted"}


class People:
    """The people who use the database beside us."""

    def __init__(self, shop: Shop, *, flags: bool) -> None:
        self.shop = shop
        self.flags = flags
        self.frozen: datetime | None = None

    def now(self) -> object:
        moment = self.frozen or datetime.now(UTC)
        if self.shop.kind == "sqlite":
            return moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        return moment if self.shop.kind == "postgresql" else moment.replace(tzinfo=None)

    def insert(self, connection, fields: Mapping[str, str | None]) -> str:
        names = ", ".join([*fields, "updated_at"])
        values = ", ".join(f":{name}" for name in [*fields, "updated_at"])
        statement = f"INSERT INTO contacts ({names}) VALUES ({values}) RETURNING id"
        return str(
            connection.execute(text(statement), {**fields, "updated_at": self.now()}).scalar()
        )

    def create(self, fields: Mapping[str, str | None]) -> str:
        with self.shop.engine.begin() as connection:
            return self.insert(connection, fields)

    def edit(self, record_id: str, fields: Mapping[str, str | None]) -> None:
        changes = ", ".join(f"{name} = :{name}" for name in [*fields, "updated_at"])
        values = {**fields, "updated_at": self.now()}
        self.shop.execute(f"UPDATE contacts SET {changes} WHERE id = {int(record_id)}", **values)

    def delete(self, record_id: str) -> None:
        if self.flags:
            self.edit(record_id, {"deleted": True})
        else:
            self.shop.execute(f"DELETE FROM contacts WHERE id = {int(record_id)}")

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
    without = ("duplicate", "empty_listing", "pass_time")

    @pytest.fixture
    def subject(self, request):
        shop = request.getfixturevalue(f"{self.kind}_shop")
        shop.execute(TABLES[self.kind])
        people = People(shop, flags=self.flags)
        flags = {"deleted": TRUE[self.kind], "merged_into": "merged_into"} if self.flags else {}
        settings = {"touch": True} | ({"deactivate": {"deleted": True}} if self.flags else {})
        config = SystemConfig.model_validate({
            "system": "shop", "connector": "sql", "settings": {"url": shop.url},
            "streams": {"contacts": {
                "fields": {"email": "email", "given_name": "first", "note": "note"},
                "cursor": "updated_at", "settings": settings, **flags,
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
                merge=people.merge if self.flags else None,
                drop_field=people.drop_field,
                retype_field=people.retype_field,
                stand_still=people.stand_still,
                late_commit=None if self.kind == "sqlite" else people.late_commit,
            )


class TestSqlite(SqlSuite):
    kind = "sqlite"
    without = (*SqlSuite.without, "late_commit")  # SQLite has one writer at a time


class TestSqliteWithoutFlags(SqlSuite):
    kind = "sqlite"
    flags = False
    without = (*SqlSuite.without, "late_commit", "merge")


class TestPostgresql(SqlSuite):
    kind = "postgresql"


@pytest.mark.mariadb
class TestMariadb(SqlSuite):
    kind = "mariadb"
