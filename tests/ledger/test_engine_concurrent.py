"""Eight real writers through the engine at once: posting, allocating, merging customers, closing; nothing breaks."""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from itertools import count
from time import perf_counter

import polars as pl
import pytest
from trading import Company

from customer_sync.connect.port import ID, record_schema
from customer_sync.engine.intake import fetch_customers
from customer_sync.engine.ledger import ageing, close, reopen, trial_balance
from customer_sync.engine.ledger.absorb import absorb_documents
from customer_sync.engine.ledger.clearing import clear_payouts
from customer_sync.engine.ledger.figures import keep_figures
from customer_sync.engine.ledger.recognition import recognise_due
from customer_sync.engine.ledger.resettle import resettle
from customer_sync.engine.ledger.unfit import tell_unfit
from customer_sync.engine.ledger.waiting import post_waiting
from customer_sync.engine.merge import merge_customers, unmerge_customer
from customer_sync.engine.session import Session, running
from customer_sync.infra import entropy
from customer_sync.store import snapshot as snapshots

BUYERS = 40
POSTERS, KEEPERS = 4, 2
TURNS, INVOICES_PER_TURN = 6, 20


class Trade:
    """What the writers share: the company, the numbers of what was done, and what went wrong."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.papers = {one.stream.name: one for one in company.rules.documents.values()}
        self.ids = count(1)
        self.stop = threading.Event()
        self.failures: list[BaseException] = []
        self.done: Counter[str] = Counter()
        self.turn = threading.Lock()

    def session(self) -> Session:
        session = self.company.session()
        session.now, session.token = entropy.now, lambda: f"t{next(self.ids)}"
        return session

    def guarded(self, work: Callable[[Session], None]) -> threading.Thread:
        def run() -> None:
            try:
                with running(self.session(), "sync") as session:
                    work(session)
            except BaseException as error:
                self.failures.append(error)
                self.stop.set()

        return threading.Thread(target=run)

    def did(self, what: str, number: int = 1) -> None:
        with self.turn:
            self.done[what] += number

    # -- writers ----------------------------------------------------------------------------------

    def post(self, number: int, session: Session) -> None:
        """Sell, and be paid for some of it; then correct and withdraw some."""
        chance = random.Random(number)
        for turn in range(TURNS):
            sold = [self._invoice(chance, f"{number}/{turn}/{n}") for n in range(INVOICES_PER_TURN)]
            paid = [
                self._payment(chance, row) for row in chance.sample(sold, INVOICES_PER_TURN // 2)
            ]
            changed = [
                {**row, "total": "50", "tax": None, "lines": None} for row in chance.sample(sold, 3)
            ]
            void = [{**row, "status": "void"} for row in chance.sample(sold, 2)]
            for name, rows in (
                ("invoices", sold),
                ("payments", paid),
                ("invoices", changed),
                ("invoices", void),
            ):
                self._absorb(session, name, rows)
                self.did("documents", len(rows))

    def _absorb(self, session: Session, name: str, rows: list[dict[str, str | None]]) -> None:
        paper = self.papers[name]
        schema = record_schema(paper.stream.map.source_fields)
        full = [dict.fromkeys(schema) | {"@gone": False, "@outside": False} | row for row in rows]
        frame = pl.DataFrame(full, schema=schema)
        with session.db.transaction() as tx:
            mark = snapshots.last_batch(tx)
        while frame.height:
            done = absorb_documents(
                session, paper, frame, mark=mark, fetch=partial(fetch_customers, session)
            )
            frame = frame.filter(pl.col(ID).is_in(done.stale))
            with session.db.transaction() as tx:
                mark = snapshots.last_batch(tx)

    @staticmethod
    def _invoice(chance: random.Random, id_: str) -> dict[str, str | None]:
        day = date(2026, 1, 1) + timedelta(days=chance.randrange(180))
        currency, rate = chance.choice([("EUR", None), ("USD", "0.9"), ("USD", "0.93")])
        serves = chance.random() < 0.2
        return {
            ID: id_, "number": id_, "customer_id": f"c{chance.randint(1, BUYERS)}", "currency": currency, "rate": rate,
            "issued": str(day), "total": str(chance.randint(1, 500)),
            "service_from": str(day) if serves else None, "service_to": str(day + timedelta(days=90)) if serves else None,
        }  # fmt: skip

    @staticmethod
    def _payment(chance: random.Random, sold: dict[str, str | None]) -> dict[str, str | None]:
        named = json.dumps([{"document": sold[ID]}]) if chance.random() < 0.5 else None
        return {
            ID: f"p{sold[ID]}", "customer_id": sold["customer_id"], "currency": sold["currency"],
            "rate": sold["rate"], "paid": sold["issued"], "amount": sold["total"], "processor": "card",
            "pays": sold[ID] if named else None,
        }  # fmt: skip

    def keep(self, session: Session) -> None:
        """Do what follows documents: settle anew, recognise, clear, and post what waits."""
        while not self.stop.is_set():
            for paper in self.papers.values():
                post_waiting(session, paper, partial(fetch_customers, session))
            tell_unfit(session)
            recognise_due(session, date(2026, 7, 1))
            clear_payouts(session)
            self.did("settled", resettle(session))
            keep_figures(session)
            self.did("kept")

    def merge(self, session: Session) -> None:
        """Merge customers and take that back, as an accountant does; in the end all of it is taken back."""
        chance = random.Random(1)
        home = self._homes(session)
        customers, gone = sorted({*home.values()}), list[int]()
        while not self.stop.is_set():
            standing = [customer for customer in customers if customer not in gone]
            if len(standing) < 3 or (gone and chance.random() < 0.4):
                unmerge_customer(session, gone.pop(), by="ann")
            else:
                one, into = chance.sample(standing, 2)
                merge_customers(session, one, into, by="ann")
                gone.append(one)
            self.did("merged")
            self.stop.wait(0.02)
        while gone:
            unmerge_customer(session, gone.pop(), by="ann")
        assert self._homes(session) == home

    @staticmethod
    def _homes(session: Session) -> dict[int, int]:
        with session.db.transaction() as tx:
            return dict(tx.rows("SELECT id, customer FROM link WHERE stream > 9 ORDER BY id"))  # type: ignore[arg-type]

    def close(self, session: Session) -> None:
        chance = random.Random(2)
        while not self.stop.is_set():
            period = f"2026-0{chance.randint(1, 6)}"
            close(session, period, by="ann")
            self.stop.wait(0.05)
            reopen(session, period, by="ann", reason="late invoice")
            self.did("closed")

    def look(self, session: Session) -> None:
        """Read what must hold at every commit, while all of it goes on."""
        books = session.rules.books
        while not self.stop.is_set():
            with session.db.transaction(snapshot=True) as tx:
                assert trial_balance(tx, books).adds_up
                assert ageing(tx, books, date(2026, 12, 31), None).adds_up
            self.did("looked")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_eight_writers_through_the_engine_break_nothing(company: Company):
    for number in range(1, BUYERS + 1):
        company.buyer(f"c{number}")
    company.sync()
    trade = Trade(company)
    posters = [trade.guarded(partial(trade.post, number)) for number in range(POSTERS)]
    others = [trade.guarded(trade.keep) for _ in range(KEEPERS)]
    others += [trade.guarded(work) for work in (trade.merge, trade.close, trade.look)]
    began = perf_counter()

    for thread in [*posters, *others]:
        thread.start()
    for thread in posters:
        thread.join()
    took = perf_counter() - began
    trade.stop.set()
    for thread in others:
        thread.join()

    assert trade.failures == []
    assert min(trade.done[name] for name in ("kept", "merged", "closed", "looked")) > 0, trade.done
    with running(trade.session(), "sync") as session:
        for name in [f"2026-0{month}" for month in range(1, 7)]:
            reopen(session, name, by="ann", reason="the end")
        for paper in trade.papers.values():
            post_waiting(session, paper)
        resettle(session)
    assert company.unsound() == {}
    states = Counter(state for state, _ in company.states().values())
    assert set(states) == {"posted", "void"}
    assert states["void"] == POSTERS * TURNS * 2
    with company.db.transaction(snapshot=True) as tx:
        assert trial_balance(tx, company.rules.books).adds_up
    print(
        f"{trade.done['documents'] / took:,.0f} documents/s by {POSTERS} of 8 writers; {dict(trade.done)}"
    )
