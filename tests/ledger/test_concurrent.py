"""Eight at once: posting, settling, merging customers and closing periods. No invariant breaks; nobody sees a deadlock."""

import random
import threading
from datetime import date, timedelta
from time import perf_counter

import polars as pl
import pytest
from bookkeeping import Bookkeeper
from books import NOW

from customer_sync.infra.pg import Database
from customer_sync.kernel.frames import empty
from customer_sync.model.document import (
    ALLOCATION_CHANGES,
    DOCUMENT_OUTCOMES,
    DOCUMENTS,
    ENTRIES,
    POSTINGS,
)
from customer_sync.store import documents, periods

POSTERS, SETTLERS = 4, 2
TURNS = 20
DOCUMENTS_PER_TURN = 25
PARTIES, CUSTOMERS = 60, 20
NOTHING = pl.DataFrame(schema={"stream": pl.Int32, "external_id": pl.String})
PERIODS = [f"2026-{month:02}" for month in range(1, 7)]


class Company:
    """What the writers share: the books, and a number for each document."""

    def __init__(self, keeper: Bookkeeper) -> None:
        self.keeper = keeper
        self.db: Database = keeper.db
        self.stop = threading.Event()
        self.failures: list[BaseException] = []
        self.counts = {"posted": 0, "parked": 0, "allocated": 0, "merged": 0, "closed": 0}
        self.lock = threading.Lock()

    def did(self, what: str, count: int = 1) -> None:
        with self.lock:
            self.counts[what] += count

    def guarded(self, work) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                self.failures.append(error)
                self.stop.set()

        return threading.Thread(target=run)

    # -- writers ----------------------------------------------------------------------------------

    def post(self, number: int) -> None:
        chance = random.Random(number)
        for turn in range(TURNS):
            rows = [
                self._document(chance, f"{number}/{turn}/{place}")
                for place in range(DOCUMENTS_PER_TURN)
            ]
            frame = pl.DataFrame(rows, schema=DOCUMENTS)
            with self.db.transaction() as tx:
                frame = frame.with_columns(document=documents.allocate(tx, frame.height))
                outcomes = self.keeper.absorb_in(tx, frame)
            self.did("posted", outcomes.filter(state="posted").height)
            self.did("parked", outcomes.filter(state="parked").height)

    def _document(self, chance: random.Random, name: str) -> dict:
        kind = chance.choice(["invoice", "payment"])
        day = date(2026, 1, 1) + timedelta(days=chance.randrange(180))
        return dict.fromkeys(DOCUMENTS) | {
            "stream": 20, "external_id": name, "type": kind, "status": "issued", "party": chance.randint(1, PARTIES), "date": day,
            "currency": "EUR", "total_e4": chance.randint(1, 500) * 10_000,
        }  # fmt: skip

    def settle(self, number: int) -> None:
        """Pay what a customer owes from its credit, and now and then take an allocation back."""
        chance = random.Random(number)
        while not self.stop.is_set():
            concerned = pl.DataFrame(
                {"party": [chance.randint(1, PARTIES)], "since": [date(2027, 1, 1)]},
                schema=documents.CONCERNED,
            )
            with self.db.transaction() as tx:
                items, _ = documents.items(tx, documents.lock(tx, NOTHING, concerned))
                open_e4 = pl.col("amount_e4").abs() - pl.col("settled_e4")
                free = (
                    items.with_columns(open=open_e4)
                    .filter(pl.col("open") > 0)
                    .sort("date", "document")
                )
                debit, credit = (
                    free.filter(pl.col("amount_e4") > 0),
                    free.filter(pl.col("amount_e4") < 0),
                )
                if debit.height and credit.height:
                    self._allocate(tx, debit.row(0, named=True), credit.row(0, named=True))
                    self.did("allocated")
            if chance.random() < 0.1:
                self._release()

    def _allocate(self, tx, debit: dict, credit: dict) -> None:
        amount = min(debit["open"], credit["open"])
        entry = pl.DataFrame(
            [
                (
                    0,
                    credit["document"],
                    "allocate",
                    self._open_day(tx),
                    None,
                    None,
                    "allocation",
                    None,
                )
            ],
            schema=ENTRIES,
            orient="row",
        )
        entry = entry.with_columns(period=pl.col("date").dt.strftime("%Y-%m"))
        lines = [
            (0, 1, "2150", credit["party"], "EUR", amount, amount, credit["document"]),
            (0, 2, "1200", debit["party"], "EUR", -amount, -amount, debit["document"]),
        ]
        changes = pl.DataFrame(
            [(None, debit["document"], credit["document"], amount, 0)],
            schema=ALLOCATION_CHANGES,
            orient="row",
        )
        self._commit(tx, entry, pl.DataFrame(lines, schema=POSTINGS, orient="row"), changes)

    def _open_day(self, tx) -> date:
        states = periods.hold(tx, [*PERIODS, "2027-01"]).filter(state="open")
        return date.fromisoformat(states["period"][0] + "-28")

    def _release(self) -> None:
        with self.db.transaction() as tx:
            rows = tx.rows(
                "SELECT debit FROM allocation WHERE released_at IS NULL ORDER BY id DESC LIMIT 1"
            )
            named = pl.Series([row[0] for row in rows], dtype=pl.Int64)
            _, standing = documents.items(
                tx, documents.lock(tx, NOTHING, empty(documents.CONCERNED), named)
            )
            changes = standing.with_columns(entry=pl.lit(None, pl.Int64)).select(
                list(ALLOCATION_CHANGES)
            )
            self._commit(tx, empty(ENTRIES), empty(POSTINGS), changes)

    def _commit(
        self, tx, entries: pl.DataFrame, postings: pl.DataFrame, changes: pl.DataFrame
    ) -> None:
        work = documents.Work(
            documents=empty({**DOCUMENTS, "snapshot": pl.String()}), new=pl.Series([], dtype=pl.Int64), outcomes=empty(DOCUMENT_OUTCOMES),
            entries=entries, postings=postings, allocations=changes,
        )  # fmt: skip
        documents.commit(tx, work, now=NOW)

    def merge(self) -> None:
        """Tie records to other customers, and back."""
        chance = random.Random(1)
        while not self.stop.is_set():
            with self.db.transaction() as tx:
                tx.execute(
                    "UPDATE link SET customer = %s WHERE id = %s",
                    [chance.randint(1, CUSTOMERS), chance.randint(1, PARTIES)],
                )
            self.did("merged")
            self.stop.wait(0.005)

    def close(self) -> None:
        chance = random.Random(2)
        while not self.stop.is_set():
            state = chance.choice([periods.OPEN, periods.CLOSED])
            with self.db.transaction() as tx:
                periods.set_state(tx, chance.choice(PERIODS[:3]), state, by="ann", now=NOW)
            self.did("closed")
            self.stop.wait(0.01)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.pg15
def test_eight_writers_break_no_invariant_and_see_no_deadlock(keeper: Bookkeeper, record_property):
    keeper.books.customers({party: party % CUSTOMERS + 1 for party in range(1, PARTIES + 1)})
    company = Company(keeper)
    posters = [
        company.guarded(lambda number=number: company.post(number)) for number in range(POSTERS)
    ]
    others = [
        company.guarded(lambda number=number: company.settle(number)) for number in range(SETTLERS)
    ]
    others += [company.guarded(company.merge), company.guarded(company.close)]
    began = perf_counter()

    for thread in [*posters, *others]:
        thread.start()
    for thread in posters:
        thread.join()
    company.stop.set()
    for thread in others:
        thread.join()

    took = perf_counter() - began
    assert company.failures == []
    done = company.counts["posted"] + company.counts["parked"]
    assert done == POSTERS * TURNS * DOCUMENTS_PER_TURN
    assert min(company.counts.values()) > 0, company.counts
    assert keeper.books.unsound() == {}
    record_property("documents_per_s", round(done / took))
    print(f"{done / took:,.0f} documents/s by {POSTERS} of 8 writers; {company.counts}")
