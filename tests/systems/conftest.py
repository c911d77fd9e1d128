"""Fixtures of the SQL connector's tests: an empty database of each kind."""

import secrets
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import create_engine, text

sys.path.insert(0, str(Path(__file__).parent))

from sql_servers import Shop, mariadb_server

from customer_sync.connect.transport.sql import database_url

KINDS = ["sqlite", "postgresql", pytest.param("mariadb", marks=pytest.mark.mariadb)]


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    yield from mariadb_server()


@pytest.fixture
def sqlite_shop(tmp_path: Path) -> Iterator[Shop]:
    path = tmp_path / "shop.db"
    sqlite3.connect(path).close()
    path.touch()
    shop = Shop(f"sqlite:///{path}")
    yield shop
    shop.close()


@pytest.fixture
def postgresql_shop(pg_dsn: str) -> Iterator[Shop]:
    schema = f"shop_{secrets.token_hex(5)}"
    separator = "&" if "?" in pg_dsn else "?"
    options = quote(f"-csearch_path={schema}")
    shop = Shop(f"{pg_dsn}{separator}options={options}")
    shop.execute(f"CREATE SCHEMA {schema}")
    yield shop
    shop.execute(f"DROP SCHEMA {schema} CASCADE")
    shop.close()


@pytest.fixture
def mariadb_shop(mariadb_url: str) -> Iterator[Shop]:
    name = f"shop_{secrets.token_hex(5)}"
    server = create_engine(database_url(mariadb_url))
    with server.begin() as connection:
        connection.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
    shop = Shop(f"{mariadb_url}/{name}")
    yield shop
    shop.close()
    with server.begin() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    server.dispose()


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest) -> Shop:
    """An empty database of each kind."""
    found: Shop = request.getfixturevalue(f"{request.param}_shop")
    return found
