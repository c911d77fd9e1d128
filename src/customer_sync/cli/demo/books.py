"""The demo's acts about money: what is in the books, and why the shop and they differ.

Decides what is shown of them. Every number told is read from the books or from the shop.
"""

from datetime import date, timedelta

import polars as pl

from customer_sync.app import Workspace
from customer_sync.cli.demo.differences import KINDS, Differences
from customer_sync.cli.demo.report import Report
from customer_sync.cli.ledger.reconciling import MEANINGS
from customer_sync.engine.ledger import ageing, trial_balance
from customer_sync.engine.ledger.reconciling import Reconciliation, reconcile_system
from customer_sync.engine.publish import in_force
from customer_sync.engine.sync import sync
from customer_sync.infra import entropy

__all__ = ["differ", "tell_books"]

DEBTORS_SHOWN = 5
DAYS = 400


def differ(report: Report, opened: Workspace, planted: Differences) -> None:
    """Plant one difference of each kind; reconcile; mend them; reconcile again."""
    with report.act("Behind everybody's back the shop and the books come to differ") as lines:
        planted.plant_openly(entropy.now())
        _sync(opened)
        planted.plant_unseen()
        lines.append(
            f"{len(KINDS)} differences are planted, one of each kind; no sync can see most of them"
        )
    with report.act("Reconcile a year of the shop with the books") as lines:
        found = _reconciled(opened)
        lines.append(f"{found.documents} documents read from the shop, each beside its own entry")
    report.rows([
        {"kind": row["kind"], "found": row["count"], "currency": row["currency"], "effect": row["effect"],
         "what to do": MEANINGS[row["kind"]].partition(": ")[2] or MEANINGS[row["kind"]]}
        for row in found.write.told(found.kinds())
    ])  # fmt: skip
    report.expect({*found.differences["kind"]} == KINDS, "every planted difference is found")
    report.expect(found.is_explained, "the differences found explain all of it, to the cent")
    with report.act("The shop says aloud what holds; sync, and reconcile again") as lines:
        planted.mend(entropy.now())
        _sync(opened)
        found = _reconciled(opened)
        said = "agree" if found.agrees else "do not agree"
        lines.append(f"{found.documents} documents: both sides {said}, document by document")
    report.expect(found.agrees, "shop and books agree, document by document")


def tell_books(report: Report, opened: Workspace) -> None:
    """Show the trial balance, and how old what customers owe is."""
    rules = in_force(opened.db).books
    with report.act("The books: trial balance in euros") as lines, opened.db.transaction() as tx:
        trial = trial_balance(tx, rules)
        aged = ageing(tx, rules, _today())
        count = tx.rows("SELECT count(*) FROM entry")[0][0]
        lines.append(f"{count} entries, every one balanced in its currency and in euros")
    by_account = trial.rows.group_by("account", "name").agg(pl.col("functional_e4").sum())
    shown = by_account.sort("account").filter(pl.col("functional_e4") != 0)
    report.rows([
        {"account": row["account"], "name": row["name"], "debit": _side(row, 1), "credit": _side(row, -1)}
        for row in shown.iter_rows(named=True)
    ])  # fmt: skip
    with report.act("What customers owe, by days overdue") as lines:
        lines.append(f"{aged.rows['customer'].n_unique()} customers owe something; the largest:")
    largest = aged.rows.sort("functional_e4", "customer", descending=True).head(DEBTORS_SHOWN)
    names = [name for name in aged.write.told(aged.rows.head(1))[0] if name != "functional"]
    both = [
        *aged.write.told(largest),
        *({"name": "all", **row} for row in aged.write.told(aged.totals)),
    ]
    report.rows([{name: row.get(name, "") for name in names} for row in both])
    report.expect(trial.adds_up, "debits equal credits, in every currency")
    report.expect(aged.adds_up, "what customers owe is what the control accounts say")


def _side(row: dict[str, int], sign: int) -> str:
    value = row["functional_e4"] * sign
    return f"{value / 10_000:,.2f}" if value > 0 else ""


def _sync(opened: Workspace) -> None:
    with opened.session("sync") as session:
        sync(session)


def _reconciled(opened: Workspace) -> Reconciliation:
    with opened.session("reconcile") as session:
        return reconcile_system(session, "shop", (_today() - timedelta(days=DAYS), _today()))


def _today() -> date:
    return entropy.now().date()
