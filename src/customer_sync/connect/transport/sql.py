"""The SQL transport: performs SqlCalls on any database that SQLAlchemy reaches.

One transaction a call. It decides what a driver's error means for the caller:

* no connection, or lost before the commit: SystemDownError, nothing was done;
* lost while a write was being committed: PushUnconfirmedError, nobody knows;
* a lock not granted, a deadlock, a serialisation failure: RetryableError, nothing was done;
* wrong user or password, or not allowed: CredentialError;
* any other refusal of a statement: ``SqlReply.error``, rolled back.

A statement with the execution option ``raw_rows`` is answered with the rows as the driver made
them. SQLite keeps any bytes as text: those that are no UTF-8 arrive as lone surrogates in it.

No error raised here holds a password, a statement or a value, nor a cause that does.
"""

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    NoSuchModuleError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from customer_sync.connect.port import Call, Reply, SqlCall, SqlReply
from customer_sync.kernel.errors import (
    ConfigurationError,
    CredentialError,
    CustomerSyncError,
    PushUnconfirmedError,
    RetryableError,
    SystemDownError,
)

__all__ = ["SeveralRowsError", "SqlTransport", "database_url"]

CONNECT_TIMEOUT_S = 10
LOCK_TIMEOUT_S = 30
ANSWER_TIMEOUT_S = 900  # a database that says nothing for so long is taken for gone
POOL_SIZE = 4
POOL_OVERFLOW = 12

DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"} | {
    name: f"{name}+pymysql" for name in ("mysql", "mariadb")
}

# MySQL and MariaDB number their errors; PostgreSQL has SQLSTATEs.
MYSQL_LOCKED = {1205, 1213}
MYSQL_FORBIDDEN = {1044, 1045, 1142, 1143, 1227, 1370, 1698, 1820, 1862, 3118}
MYSQL_UNKNOWN_DATABASE = {1049}
MYSQL_DOWN = {1040, 1053, 1203, 1317, 1927, 2002, 2003, 2005, 2006, 2013, 2055, 4031}
LOCKED_STATES = ("40", "55P03", "57014")
FORBIDDEN_STATES = ("28", "42501", "0L", "0P")
DOWN_STATES = ("08", "53", "57P", "58")
# libpq reports no SQLSTATE for a connection that was not made, only the server's words.
FORBIDDEN_WORDS = (
    "authentication failed",
    "no password supplied",
    "access denied",
    "no pg_hba.conf",
    "role ",
)

UNDECODABLE = "Could not decode to UTF-8"  # what Python says of SQLite's text; it has no number

Result = tuple[Sequence[str], Sequence[tuple[Any, ...]], int]


class SeveralRowsError(Exception):
    """An update or delete of one record matched several rows: its key names no single one."""


class SqlTransport:
    """Performs SqlCalls; keeps one pool of connections a database."""

    def __init__(self) -> None:
        self._engines: dict[tuple[int, str], Engine] = {}
        self._lock = Lock()

    def perform(self, calls: Sequence[Call]) -> list[Reply]:
        """Perform each call in a transaction of its own."""
        return [self._answer(cast("SqlCall", call)) for call in calls]

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            engines = list(self._engines.values())
            self._engines.clear()
        for engine in engines:
            engine.dispose()

    def _answer(self, call: SqlCall) -> SqlReply:
        engine = self._engine(call.url)
        with _connect(engine) as connection:
            if call.inspect is not None:
                return _inspect(connection, call)
            return _transact(connection, call)

    def _engine(self, address: str) -> Engine:
        key = (os.getpid(), address)  # a connection does not survive a fork
        with self._lock:
            if key not in self._engines:
                self._engines[key] = _make_engine(database_url(address))
            return self._engines[key]


def database_url(address: str) -> URL:
    """Return the address with the driver the product comes with, where it names none."""
    try:
        url = make_url(address)
    except ArgumentError:
        raise ConfigurationError(
            "The address of the database cannot be read.",
            hint="Write it as postgresql://user:password@host/database, mysql://... or sqlite:///path.",
        ) from None
    return url.set(drivername=DRIVERS.get(url.drivername, url.drivername))


# -- engines -------------------------------------------------------------------------------------


def _make_engine(url: URL) -> Engine:
    try:
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args=_connect_arguments(url),
            **({} if _is_memory(url) else {"pool_size": POOL_SIZE, "max_overflow": POOL_OVERFLOW}),
        )
    except (ModuleNotFoundError, NoSuchModuleError):
        raise ConfigurationError(
            f"The driver of {url.drivername!r} is not installed.",
            context={"driver": url.drivername},
            hint="Install the Python driver of this database.",
        ) from None
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    if url.get_backend_name() in {"mysql", "mariadb"}:
        event.listen(engine, "connect", _prepare_mysql)
        event.listen(engine, "begin", _begin_mysql)
    return engine


def _is_memory(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}


def _connect_arguments(url: URL) -> dict[str, Any]:
    match url.get_backend_name():
        case "sqlite":
            return {"timeout": LOCK_TIMEOUT_S}
        case "postgresql":
            return {
                "connect_timeout": CONNECT_TIMEOUT_S,
                "keepalives_idle": 30,
                "tcp_user_timeout": 60_000,
                "application_name": "customer-sync",
            }
        case "mysql" | "mariadb":
            return {
                "connect_timeout": CONNECT_TIMEOUT_S,
                "read_timeout": ANSWER_TIMEOUT_S,
                "write_timeout": ANSWER_TIMEOUT_S,
                "charset": "utf8mb4",
            }
        case _:
            return {}


def _prepare_sqlite(raw: Any, _record: object) -> None:
    raw.isolation_level = None  # the driver begins no transaction; _begin_sqlite does


def _begin_sqlite(connection: Connection) -> None:
    # A write takes its lock first: upgrading a read lock later fails without waiting.
    is_write = connection.get_execution_options().get("is_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


def _prepare_mysql(raw: Any, _record: object) -> None:
    with raw.cursor() as cursor:
        # Without strict mode a value that does not fit is cut or clipped, and reported as a
        # success.
        cursor.execute("SET SESSION sql_mode = CONCAT_WS(',', @@sql_mode, 'STRICT_ALL_TABLES')")


def _begin_mysql(connection: Connection) -> None:
    # TIMESTAMP columns are shown in the session's zone: read in UTC, where no hour comes twice.
    # A write
    # keeps the server's own zone, because triggers and defaults write local times by it.
    is_write = connection.get_execution_options().get("is_write", False)
    zone = "DEFAULT" if is_write else "'+00:00'"
    connection.exec_driver_sql(f"SET SESSION time_zone = {zone}")


def _connect(engine: Engine) -> Connection:
    url = engine.url
    if url.get_backend_name() == "sqlite" and not _is_memory(url):
        _require_file(url)
    try:
        return engine.connect()
    except PoolTimeoutError:
        raise RetryableError(
            "Every connection to the database is in use.", context=_place(url)
        ) from None
    except DBAPIError as error:
        raise _connect_failure(error, url) from None


def _require_file(url: URL) -> None:
    # SQLite would make an empty database in place of one that is missing.
    database = str(url.database)
    if not database.startswith("file:") and not Path(database).exists():
        raise ConfigurationError(
            "The SQLite file does not exist.", context=_place(url), hint="Correct `url`."
        )


# -- a transaction -------------------------------------------------------------------------------


def _inspect(connection: Connection, call: SqlCall) -> SqlReply:
    try:
        return SqlReply(inspected=call.inspect(inspect(connection)))
    except DBAPIError as error:
        _raise_unless_refused(error, connection)
        return SqlReply(error=error)
    except SQLAlchemyError as error:  # such as: no such table
        return SqlReply(error=error)


def _transact(connection: Connection, call: SqlCall) -> SqlReply:
    connection = connection.execution_options(is_write=call.is_write)
    try:
        transaction = connection.begin()
        reply = _run(connection, call)
    except SeveralRowsError as error:
        _roll_back(connection)
        return SqlReply(error=error)
    except StatementError as error:
        _raise_unless_refused(error, connection)
        _roll_back(connection)
        return SqlReply(error=error)
    try:
        transaction.commit()
    except DBAPIError as error:
        return _uncommitted(error, call, connection)
    return reply


def _run(connection: Connection, call: SqlCall) -> SqlReply:
    results: list[Result] = []
    errors: list[Exception | None] = []
    for statement, given in call.statements:
        parameters = given(results) if callable(given) else given
        error = None
        result: Result = ((), (), 0)
        if call.isolate:
            result, error = _isolated(connection, call, (statement, parameters))
        else:
            result = _executed(connection, call, (statement, parameters))
        results.append(result)
        errors.append(error)
    return SqlReply(results=results, errors=errors if call.isolate else ())


def _isolated(
    connection: Connection, call: SqlCall, statement: tuple[Any, Any]
) -> tuple[Result, Exception | None]:
    savepoint = connection.begin_nested()
    try:
        result = _executed(connection, call, statement)
    except SeveralRowsError as error:
        savepoint.rollback()
        return ((), (), 0), error
    except StatementError as error:
        _raise_unless_refused(error, connection)
        savepoint.rollback()
        return ((), (), 0), error
    savepoint.commit()
    return result, None


def _executed(connection: Connection, call: SqlCall, statement: tuple[Any, Any]) -> Result:
    executable, parameters = statement
    if _is_raw(executable):
        return _raw_result(connection, statement)
    result = connection.execute(executable, parameters)
    if call.one_row and executable.is_dml and result.rowcount > 1:
        raise SeveralRowsError
    if result.returns_rows:
        return tuple(result.keys()), [tuple(row) for row in result], result.rowcount
    if result.is_insert and not isinstance(parameters, list):
        return (), [tuple(result.inserted_primary_key or ())], result.rowcount
    return (), (), result.rowcount


def _is_raw(executable: Any) -> bool:
    return bool(executable.get_execution_options().get("raw_rows"))


def _raw_result(connection: Connection, statement: tuple[Any, Any]) -> Result:
    try:
        result = connection.execute(*statement)
        return tuple(result.keys()), _raw_rows(result), result.rowcount
    except (sqlite3.OperationalError, DBAPIError) as error:
        if UNDECODABLE not in str(getattr(error, "orig", None) or error):
            raise
    # A function a text makes reading several times slower: only the pages that need it pay.
    raw = cast("sqlite3.Connection", connection.connection.driver_connection)
    raw.text_factory = _lenient
    try:
        result = connection.execute(*statement)
        return tuple(result.keys()), _raw_rows(result), result.rowcount
    finally:
        raw.text_factory = str


def _lenient(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


def _raw_rows(result: CursorResult[Any]) -> Sequence[tuple[Any, ...]]:
    """Return the rows as the driver made them: a Row of each would cost as much as reading it."""
    cursor = result.cursor
    rows = cast("Sequence[tuple[Any, ...]]", cursor.fetchall())
    result.close()
    return rows


def _uncommitted(error: DBAPIError, call: SqlCall, connection: Connection) -> SqlReply:
    if call.is_write and _is_lost(error):
        raise PushUnconfirmedError(
            "The connection was lost while the write was being committed.",
            context=_place(connection.engine.url),
        ) from None
    _raise_unless_refused(error, connection)
    _roll_back(connection)
    return SqlReply(error=error)


def _roll_back(connection: Connection) -> None:
    try:
        connection.rollback()
    except DBAPIError:  # the connection died too; the server rolls back what was not committed
        connection.invalidate()


# -- what an error means -------------------------------------------------------------------------


def _place(url: URL) -> dict[str, object]:
    """Return what an error may tell about the database: never user, password or options."""
    return {
        "dialect": url.get_backend_name(),
        "host": url.host,
        "port": url.port,
        "database": url.database,
    }


def _number(error: StatementError) -> int | None:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def _state(error: StatementError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _words(error: StatementError) -> str:
    return str(error.orig).lower()


def _is_lost(error: StatementError) -> bool:
    invalidated = isinstance(error, DBAPIError) and error.connection_invalidated
    return invalidated or _state(error).startswith(DOWN_STATES) or _number(error) in MYSQL_DOWN


def _is_locked(error: StatementError) -> bool:
    return (
        _state(error).startswith(LOCKED_STATES)
        or _number(error) in MYSQL_LOCKED
        or "database is locked" in _words(error)
        or "database table is locked" in _words(error)
    )


def _is_forbidden(error: StatementError) -> bool:
    return (
        _state(error).startswith(FORBIDDEN_STATES)
        or _number(error) in MYSQL_FORBIDDEN
        or "attempt to write a readonly database" in _words(error)
    )


def _raise_unless_refused(error: StatementError, connection: Connection) -> None:
    """Raise what stops the call; return where only the statement was refused."""
    place = _place(connection.engine.url)
    failure: CustomerSyncError | None = None
    if _is_lost(error):
        failure = SystemDownError(
            "The connection to the database was lost; nothing was done.", context=place
        )
    elif _is_locked(error):
        failure = RetryableError(
            "The database is busy: a lock was not granted; nothing was done.", context=place
        )
    elif _is_forbidden(error):
        failure = CredentialError(
            "The database does not allow its user to do this.",
            context=place,
            hint="Grant the user of `url` what the stream needs; a SQLite file and its folder must "
            "be writable.",
        )
    if failure is not None:
        _roll_back(connection)
        raise failure from None


def _connect_failure(error: DBAPIError, url: URL) -> CustomerSyncError:
    words = _words(error)
    if _is_forbidden(error) or any(word in words for word in FORBIDDEN_WORDS):
        return CredentialError(
            "The database does not accept the user or password.",
            context=_place(url),
            hint="Correct `url`.",
        )
    unknown = "does not exist" in words or "unknown database" in words
    if _number(error) in MYSQL_UNKNOWN_DATABASE or (unknown and "database" in words):
        return ConfigurationError(
            "The server has no database of that name.", context=_place(url), hint="Correct `url`."
        )
    return SystemDownError("The database does not answer.", context=_place(url))
