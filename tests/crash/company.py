"""A workspace of a database and a file, edited while its syncing process is killed with SIGKILL; it trades, too.

Nothing is simulated: the command line runs in a process of its own, on the embedded server, and is
ended by the kernel at a random moment of a run that always has much to do.
"""

import csv
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from customer_sync.app import open_workspace
from customer_sync.engine.doctor import doctor
from customer_sync.engine.verify import verify
from customer_sync.infra.pg import Database

RECORDS = 300
EDITS = 60
SALES_PER_EDIT = 40
SYNC_ROUNDS_MAX = 6

# How often each document is posted and not reversed; and what customers owe, by currency.
LIVE = """
    SELECT d.type || '/' || d.external_id, count(*) FROM entry e JOIN document d ON d.id = e.document
    WHERE e.kind = 'post' AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.id) GROUP BY 1
"""
HELD = """
    SELECT p.currency, sum(p.amount) FROM posting p JOIN account a ON a.code = p.account AND a.is_control GROUP BY 1
"""

# By exact keys: of numbered names every tenth looks like another, and questions hold creations.
WORKSPACE = "workspace: crash\nregion: DE\ncurrency: EUR\nmatch: {method: exact}\n"
SYSTEM = """\
system: {name}
connector: {kind}
{settings}
streams:
  customers:
    {place}
    key: id
    create: true
    {more}
    fields: {{email: email, given_name: first, family_name: last, phone: phone}}
"""
# What the shop sold, and what was paid for it; no cursor, so that every sync shows all of it again.
SALES = """\
  invoices:
    entity: invoice
    table: invoices
    fields:
      number: number
      customer: customer_id
      status: status
      date: issued
      currency: currency
      rate: rate
      total: total
  payments:
    entity: payment
    table: payments
    fields:
      customer: customer_id
      allocations: invoice_id
      date: paid
      currency: currency
      rate: rate
      total: total
      processor: {constant: card}
"""
SALES_TABLES = """\
CREATE TABLE invoices (id INTEGER PRIMARY KEY, number, customer_id, status, issued, currency, rate, total);
CREATE TABLE payments (id INTEGER PRIMARY KEY, customer_id, invoice_id, paid, currency, rate, total);
"""


class Company:
    """A shop (SQLite) and a CRM (CSV) that overlap by half, kept together by the command line."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.edits = 0
        self.expected: dict[str, str] = {}
        (folder / "systems").mkdir(parents=True)
        (folder / "workspace.yaml").write_text(WORKSPACE)
        self._write_system(
            "shop", "sql", "settings: {url: sqlite:///shop.sqlite}", "table: customers", ""
        )
        with (folder / "systems" / "shop.yaml").open("a") as file:
            file.write(SALES)
        self._write_system("crm", "file", "", "url: crm.csv", "settings: {new_key: uuid}")
        self._fill()
        self.typical_s = self._sync_s()

    def _write_system(self, name: str, kind: str, settings: str, place: str, more: str) -> None:
        text = SYSTEM.format(name=name, kind=kind, settings=settings, place=place, more=more)
        (self.folder / "systems" / f"{name}.yaml").write_text(text)

    def _fill(self) -> None:
        people = [
            (f"user{n}@mail.com", f"Given{n}", f"Family{n}", f"+49309018{n:04}")
            for n in range(RECORDS)
        ]
        with sqlite3.connect(self.folder / "shop.sqlite") as shop:
            shop.execute(
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, email, first, last, phone)"
            )
            shop.executescript(SALES_TABLES)
            half = people[: RECORDS * 2 // 3]
            shop.executemany(
                "INSERT INTO customers (email, first, last, phone) VALUES (?, ?, ?, ?)", half
            )
        with (self.folder / "crm.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["id", "email", "first", "last", "phone"])
            rows.writerows([f"c{n}", *person] for n, person in enumerate(people[RECORDS // 3 :]))

    def edit(self) -> None:
        """People work on in the shop: one family name each, some of them new customers."""
        with sqlite3.connect(self.folder / "shop.sqlite", timeout=30) as shop:
            for _ in range(EDITS):
                self.edits += 1
                number = self.random.randrange(
                    RECORDS // 3
                )  # known to the shop alone: nobody else edits them
                email, last = f"user{number}@mail.com", f"Edited{self.edits}"
                if shop.execute(
                    "UPDATE customers SET last = ? WHERE email = ?", (last, email)
                ).rowcount:
                    self.expected[email] = last
            self.edits += 1
            new = f"new{self.edits}@mail.com"
            shop.execute(
                "INSERT INTO customers (email, first, last) VALUES (?, 'New', 'Comer')", (new,)
            )
            self.expected[new] = "Comer"
            self._sell(shop)

    def _sell(self, shop: sqlite3.Connection) -> None:
        """Customers buy and pay, the one just registered too; some invoices change, some are withdrawn."""
        newest = shop.execute("SELECT max(id) FROM customers").fetchone()[0]
        for number in range(SALES_PER_EDIT):
            customer = newest if number == 0 else self.random.randint(1, newest)
            money = self.random.choice([("EUR", None), ("USD", "0.9"), ("USD", "0.95")])
            day = f"2026-{self.random.randint(1, 6):02}-{self.random.randint(1, 28):02}"
            row = (
                f"R{self.edits}-{number}",
                customer,
                "issued",
                day,
                *money,
                str(self.random.randint(1, 900)),
            )
            new = shop.execute(
                "INSERT INTO invoices (number, customer_id, status, issued, currency, rate, total)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            ).lastrowid
            if self.random.random() < 0.5:
                shop.execute(
                    "INSERT INTO payments (customer_id, invoice_id, paid, currency, rate, total) VALUES (?, ?, ?, ?, ?, ?)",
                    (customer, new, day, *money, row[-1]),
                )
        there = [id_ for (id_,) in shop.execute("SELECT id FROM invoices WHERE status = 'issued'")]
        for change in ("total = CAST(total AS INTEGER) + 7", "status = 'void'"):
            shop.execute(f"UPDATE invoices SET {change} WHERE id = ?", (self.random.choice(there),))

    def kill_a_sync(self) -> float:
        """Edit, start a sync, and kill it at a random moment; return after how many seconds."""
        self.edit()
        process = self._start()
        after_s = self.random.uniform(0.3, 1.0) * self.typical_s
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
        return after_s

    def faults_at_rest(self) -> list[str]:
        """Sync until all agrees, then tell everything that is wrong; nothing is right."""
        codes = []
        for _ in range(SYNC_ROUNDS_MAX):
            process = self._start()
            codes.append(process.wait())
            if codes[-1] == 0:
                break
        faults = [] if codes[-1] == 0 else [f"sync ended with {codes}"]
        with open_workspace(self.folder) as workspace, workspace.session("verify") as session:
            faults += [
                f"doctor: {f.name} {f.count} {f.examples}" for f in doctor(session) if not f.ok
            ]
            agreement = verify(session)
            faults += [] if agreement.agreed else [f"verify: {agreement.as_json()}"]
            faults += self._books(workspace.db)
        return faults + self._lost_or_doubled()

    def _books(self, db: Database) -> list[str]:
        """Tell what the books hold otherwise than the shop does, computed from its tables alone."""
        with db.transaction() as tx:
            live = dict(tx.rows(LIVE))
            held = dict(tx.rows(HELD))
            trial = tx.rows("SELECT currency, sum(amount), sum(functional) FROM posting GROUP BY 1")
        with sqlite3.connect(self.folder / "shop.sqlite") as shop:
            issued = {
                f"{kind}/{id_}": (currency, sign * int(total))
                for kind, table, sign in (("invoice", "invoices", 1), ("payment", "payments", -1))
                for id_, currency, total in shop.execute(f"SELECT id, currency, total FROM {table}")
            }
            void = {
                f"invoice/{id_}"
                for (id_,) in shop.execute("SELECT id FROM invoices WHERE status = 'void'")
            }
        standing = {name: told for name, told in issued.items() if name not in void}
        owed: Counter[str] = Counter()
        for currency, total in standing.values():
            owed[currency] += total
        faults = [
            f"posted {live.get(name, 0)} times: {name}" for name in standing if live.get(name) != 1
        ]
        faults += [f"void and posted: {name}" for name in void if name in live]
        faults += [f"trial balance: {row}" for row in trial if row[1] or row[2]]
        wrong = {c: (held.get(c), total) for c, total in owed.items() if held.get(c, 0) != total}
        return faults + ([f"owed: {wrong}"] if wrong else [])

    def _lost_or_doubled(self) -> list[str]:
        with sqlite3.connect(self.folder / "shop.sqlite") as shop:
            there = {"shop": shop.execute("SELECT email, last FROM customers").fetchall()}
        with (self.folder / "crm.csv").open(newline="") as file:
            there["crm"] = [(row["email"], row["last"]) for row in csv.DictReader(file)]
        faults = []
        for name, rows in there.items():
            emails = [email for email, _ in rows]
            doubled = sorted({email for email in emails if emails.count(email) > 1})
            faults += [f"{name}: doubled {doubled}"] if doubled else []
            faults += [
                f"{name}: lost {email}" for email in self.expected if email not in set(emails)
            ]
            shown = dict(rows)
            faults += [
                f"{name}: {email} shows {shown.get(email)}, not {last}"
                for email, last in self.expected.items()
                if shown.get(email, last) != last
            ]
        return faults

    def _sync_s(self) -> float:
        started = time.monotonic()
        assert self._start().wait() == 0
        self.edit()
        started = time.monotonic()
        assert self._start().wait() == 0
        return time.monotonic() - started

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "customer_sync", "sync", "--workspace", str(self.folder)]
        environment = {**os.environ, "POLARS_MAX_THREADS": "1"}
        with (self.folder / "sync.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, env=environment)
