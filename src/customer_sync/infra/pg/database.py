"""One workspace's schema in one PostgreSQL: transactions that speak in frames.

A `Database` keeps its idle connections and hands one to each transaction; a program of one thread
therefore uses one connection. It may be shared by threads and survives a fork. Every transaction
sets its role and search path itself. Staging tables and presence belong to a connection, so a pooler
between us and the server has to be in session mode.

What cannot be a bug of ours is raised in the kernel's tree (see `failures`). A connection lost
while idle is replaced unseen; one lost within a transaction is a `SystemDownError` (nothing was
written); one lost during the commit is a `DoubtfulError`, because nobody can know.
"""

import io
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import LiteralString
from weakref import WeakKeyDictionary

import polars as pl
import psycopg
from psycopg import generators, sql
from psycopg.abc import PQGen
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn
from psycopg.types.string import TextLoader
from psycopg.waiting import Wait

from customer_sync.infra.pg import csv
from customer_sync.infra.pg.failures import translated
from customer_sync.infra.pg.held import Held, can_hold
from customer_sync.kernel.errors import ConfigurationError, DoubtfulError, StoreError

__all__ = ["Database", "Params", "Query", "Transaction"]

Params = Sequence[object] | Mapping[str, object] | None
Connection = psycopg.Connection[tuple[object, ...]]
Cursor = psycopg.Cursor[tuple[object, ...]]
Row = tuple[object, ...]
Query = LiteralString | sql.SQL | sql.Composed

SERVER_VERSION_MIN = 15  # unique indexes with NULLS NOT DISTINCT, and MERGE
CONNECT_TIMEOUT_S = 10
FEW_ROWS = 8  # up to this, one INSERT (0.3 ms) is cheaper than a COPY and its messages (1 ms)
IDLE_MAX = 4  # connections kept for the next transaction; more are closed when they are done

# One message, so one round trip. Frames are read back in UTC and ISO, whatever the server's habit.
_BEGIN = sql.SQL(
    "BEGIN{}; {}SET LOCAL search_path TO {}, pg_temp; SET LOCAL timezone TO 'UTC'; "
    "SET LOCAL datestyle TO 'ISO'; SET LOCAL client_min_messages TO warning"
)


class Database:
    """A schema in a database, and the connections to it."""

    def __init__(self, dsn: str, schema: str, *, role: str | None = None) -> None:
        """Remember where, and as whom to act there; nothing connects before the first transaction.

        Args:
            dsn: the address.
            schema: where the workspace's tables are.
            role: what each transaction changes to; who logs in when not given.
        """
        self.dsn = dsn
        self.schema = schema
        self.role = role
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()
        path = sql.Identifier(schema)
        change = sql.SQL("SET LOCAL ROLE {}; ")
        acting = change.format(sql.Identifier(role)) if role else sql.SQL("")
        self._begin = {
            is_snapshot: _BEGIN.format(sql.SQL(level), acting, path).as_string().encode()
            for is_snapshot, level in ((False, ""), (True, " ISOLATION LEVEL REPEATABLE READ"))
        }

    @contextmanager
    def transaction(self, *, snapshot: bool = False) -> Iterator["Transaction"]:
        """Run the block in one transaction: committed at its end, rolled back when it raises.

        Args:
            snapshot: See one state of the database throughout (repeatable read).

        Raises:
            RetryableError: The connection was lost or another transaction was in the way.
            DoubtfulError: The connection was lost during the commit.
            OperatorError: The database cannot be used as it stands.
        """
        with _translating():
            connection = self._begun(snapshot=snapshot)
        tx = Transaction(connection)
        try:
            with _translating():
                yield tx
        except BaseException:
            self._roll_back(connection)
            raise
        self._end(connection, discard=tx.is_discarded)
        if not tx.is_discarded:
            tx.keep_staging()

    def close(self) -> None:
        """Close the idle connections; the database may be used again."""
        for connection in self._taken_idle():
            connection.close()

    def _begun(self, *, snapshot: bool) -> Connection:
        begin = self._begin[snapshot]
        with self._lock:
            connection = self._idle.pop() if self._idle and self._pid == os.getpid() else None
        if connection is not None:
            # The server may have gone and come back since; nothing is lost yet, so try afresh.
            with suppress(psycopg.OperationalError):
                connection.execute(begin)
                return connection
            connection.close()
            self.close()
        connection = _connected(self.dsn)
        connection.execute(begin)
        return connection

    def _end(self, connection: Connection, *, discard: bool) -> None:
        if discard:
            self._roll_back(connection)
            return
        try:
            outcome = connection.execute("COMMIT").statusmessage
        except psycopg.Error as error:
            lost = connection.closed
            self._roll_back(connection)
            if lost:
                raise DoubtfulError(
                    "the connection was lost during a commit",
                    hint="read again before repeating: it may have been committed",
                ) from error
            known = translated(error)
            raise known or error from error
        self._keep(connection)
        # PostgreSQL answers ROLLBACK to the COMMIT of a failed transaction, and calls it success.
        assert outcome == "COMMIT", "an error was caught within a transaction, outside a savepoint"

    def _roll_back(self, connection: Connection) -> None:
        try:
            connection.execute("ROLLBACK")
        except psycopg.Error:
            # The server rolls back what a lost connection had begun; a half-read COPY lands here.
            connection.close()
        else:
            self._keep(connection)

    def _keep(self, connection: Connection) -> None:
        with self._lock:
            self._forget_parent()
            if len(self._idle) < IDLE_MAX:
                self._idle.append(connection)
                return
        connection.close()

    def _taken_idle(self) -> list[Connection]:
        with self._lock:
            self._forget_parent()
            taken, self._idle = self._idle, []
        return taken

    def _forget_parent(self) -> None:
        # After a fork the connections are the parent's: closing them here would end its sessions.
        if self._pid != os.getpid():
            _PARENTS.extend(self._idle)
            self._idle = []
            self._pid = os.getpid()


# The staging tables that committed transactions left on a connection, empty: name -> columns.
_STAGED: WeakKeyDictionary[Connection, dict[str, list[tuple[str, str]]]] = WeakKeyDictionary()

# Keeps a parent's connections from being collected, and so closed, in a forked child.
_PARENTS: list[Connection] = []


class Transaction:
    """One open transaction. Usable only within the block that gave it."""

    def __init__(self, connection: Connection) -> None:
        """Speak over `connection`, which has begun."""
        self._connection = connection
        self._staged: dict[str, list[tuple[str, str]]] = {}
        self._filled: set[str] = set()
        self._held = Held()
        self.is_discarded = False

    def execute(self, statement: Query, params: Params = None) -> Cursor:
        """Run one statement. Lists are passed as arrays: `unnest(%s::bigint[])`."""
        whole = self._held.completed(statement, params)
        with _translating():
            if whole is None:
                return self._connection.execute(statement, params)
            return self._connection.execute(whole[0], whole[1])

    def rows(self, statement: Query, params: Params = None) -> list[Row]:
        """Run one query and fetch all it returns."""
        return self.execute(statement, params).fetchall()

    def frame(
        self,
        query: Query,
        params: Params = None,
        *,
        schema: Mapping[str, pl.DataType | type[pl.DataType]],
    ) -> pl.DataFrame:
        """Run one SELECT and return its columns, in order, as a frame of `schema`.

        NULL and the empty string stay apart. Lists and structs are read from JSON, so the query
        says `to_json(column)` for them.
        """
        dtypes = {name: _instance(dtype) for name, dtype in schema.items()}
        whole = self._held.completed(query, params)
        if whole is not None:
            query, params = whole[0], whole[1]
            # What belongs to few rows is few rows: fetching them costs a third of a COPY of them.
            if csv.is_readable(dtypes):
                return csv.framed(self._fetched(query, params), dtypes)
        inner = sql.SQL(query) if isinstance(query, str) else query
        # A line of one NULL column would be blank, and a blank line is no row.
        marker = sql.SQL("SELECT 0, q.* FROM ({}\n) AS q" if len(dtypes) == 1 else "{}\n")
        copy = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(marker.format(inner))
        with _translating():
            text = _copied_out(self._connection, copy, params)
        if len(dtypes) == 1:
            return csv.parsed(text, {"": pl.Int64(), **dtypes}).drop("")
        return csv.parsed(text, dtypes)

    def _fetched(self, query: LiteralString, params: Params) -> list[Row]:
        with _translating(), self._connection.cursor() as cursor:
            for kind in ("json", "jsonb"):  # a frame takes JSON as the text it is
                cursor.adapters.register_loader(kind, TextLoader)
            return cursor.execute(query, params).fetchall()

    def copy_in(self, table: str, frame: pl.DataFrame) -> int:
        """Append `frame` to the columns of `table` named as its own; return the number of rows."""
        if frame.is_empty():
            return 0
        into_table = sql.SQL("{} ({})").format(
            sql.Identifier(*table.split(".")),
            sql.SQL(", ").join(map(sql.Identifier, frame.columns)),
        )
        if frame.height <= FEW_ROWS and csv.is_plain(frame):
            return self._insert(into_table, frame)
        copy = sql.SQL("COPY {} FROM STDIN").format(into_table)
        with _translating(), self._connection.cursor() as cursor:
            with cursor.copy(copy) as into:
                for chunk in csv.chunks(frame):
                    into.write(chunk)
            return cursor.rowcount

    def _insert(self, into_table: sql.Composed, frame: pl.DataFrame) -> int:
        row = sql.SQL("({})").format(sql.SQL(", ").join([sql.Placeholder()] * frame.width))
        statement = sql.SQL("INSERT INTO {} VALUES {}").format(
            into_table, sql.SQL(", ").join([row] * frame.height)
        )
        return self.execute(statement, [cell for cells in frame.rows() for cell in cells]).rowcount

    def stage(self, name: str, frame: pl.DataFrame, *, analyze: bool = False) -> None:
        """Hold `frame` as the table `name` until the transaction ends: few rows here, more there.

        Staging again under the same name replaces what was held. Statements may only read it.

        Args:
            name: The table's name; statements refer to it as it is.
            frame: The rows; every column takes the PostgreSQL type of its dtype.
            analyze: Tell the planner about the rows: worth it above some thousands of them.
        """
        if can_hold(frame):
            self._held.keep(name, frame)
            return
        self._held.forget(name)
        columns = [(column, csv.column_type(dtype)) for column, dtype in frame.schema.items()]
        table = sql.Identifier("pg_temp", name)
        there = self._staged.get(name) or _STAGED.get(self._connection, {}).get(name)
        if there != columns:
            self.execute(self._staging(name, columns, exists=there is not None))
            self._staged[name] = columns
        elif name in self._filled:
            self.execute(sql.SQL("DELETE FROM {}").format(table))
        self._filled.add(name)
        self.copy_in(f"pg_temp.{name}", frame)
        if analyze:
            self.execute(sql.SQL("ANALYZE {}").format(table))

    def _staging(self, name: str, columns: list[tuple[str, str]], *, exists: bool) -> sql.Composed:
        # A table is made once per connection and emptied at each commit: making one for every
        # transaction costs 1.5 ms and bloats the catalogues.
        table = sql.Identifier("pg_temp", name)
        drop = sql.SQL("DROP TABLE IF EXISTS {}; " if exists else "").format(table)
        definitions = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind))
            for column, kind in columns
        )
        create = sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DELETE ROWS")
        return sql.Composed([drop, create.format(sql.Identifier(name), definitions)])

    def keep_staging(self) -> None:
        """Remember, once it is committed, which staging tables this connection has."""
        _STAGED.setdefault(self._connection, {}).update(self._staged)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo only the block, not the transaction, when the block raises."""
        staged, filled, held = dict(self._staged), set(self._filled), self._held.copied()
        try:
            with _translating(), self._connection.transaction():
                yield
        except BaseException:
            self._staged, self._filled, self._held = staged, filled, held
            raise

    def discard(self) -> None:
        """Roll back at the end of the block although nothing failed: a plan is the real thing."""
        self.is_discarded = True


def _connected(dsn: str) -> Connection:
    try:
        connection: Connection = psycopg.connect(
            dsn,
            autocommit=True,  # BEGIN and COMMIT are ours: BEGIN and the path are one round trip
            connect_timeout=CONNECT_TIMEOUT_S,
            application_name="customer-sync",
        )
    except psycopg.ProgrammingError:
        # Its words quote the address, and that may hold a password.
        raise ConfigurationError(
            "the address of the database cannot be read",
            hint="write CUSTOMER_SYNC_DATABASE_URL as postgresql://user:password@host:5432/database, "
            "special letters of the password as %XX",
        ) from None
    version = connection.info.server_version // 10_000
    if version < SERVER_VERSION_MIN:
        connection.close()
        raise StoreError(
            f"the server is PostgreSQL {version}; {SERVER_VERSION_MIN} or later is needed",
            context={"version": version},
            hint="upgrade the server or point CUSTOMER_SYNC_DATABASE_URL at a newer one",
        )
    assert connection.info.transaction_status is TransactionStatus.IDLE
    return connection


def _copied_out(connection: Connection, copy: sql.Composed, params: Params) -> bytes:
    cursor = psycopg.ClientCursor(connection)  # COPY takes no parameters: they are quoted into it
    # psycopg's wait wakes for signals, and cancels the statement when one of them interrupts us.
    return connection.wait(_copying(connection.pgconn, cursor.mogrify(copy, params).encode()))


def _copying(pgconn: PGconn, query: bytes) -> PQGen[bytes]:
    # psycopg waits anew for every row; waiting only when nothing has arrived is three times as
    # fast (900,000 rows/s).
    pgconn.send_query(query)
    result = (yield from generators.execute(pgconn))[-1]
    if result.status != ExecStatus.COPY_OUT:
        raise psycopg.errors.error_from_result(result)
    text = io.BytesIO()
    while (got := pgconn.get_copy_data(1))[0] >= 0:
        if got[0]:
            text.write(got[1])
        else:
            yield Wait.R
            pgconn.consume_input()
    outcome = (yield from generators.fetch_many(pgconn))[-1]
    if outcome.status != ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(outcome)
    return text.getvalue()


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        known = translated(error)
        if known is None:
            raise
        raise known from error


def _instance(dtype: pl.DataType | type[pl.DataType]) -> pl.DataType:
    return dtype if isinstance(dtype, pl.DataType) else dtype()
