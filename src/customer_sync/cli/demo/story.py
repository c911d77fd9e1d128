"""The demo's acts, in order: build a company, synchronize it, edit on every side, synchronize again.

Decides what is done and what must come of it. Every number told is read from the database, the
systems or the engine's own counts. Promises to build only in a folder of its own.
"""

import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path

import psycopg
from psycopg import sql

from customer_sync.app import STATE, Workspace, open_workspace
from customer_sync.cli.demo.books import differ, tell_books
from customer_sync.cli.demo.company import SYSTEMS, Company, Party, company
from customer_sync.cli.demo.crm import Crm
from customer_sync.cli.demo.differences import Differences
from customer_sync.cli.demo.edits import Edit, Sides, edits, mend
from customer_sync.cli.demo.erp import Erp
from customer_sync.cli.demo.mishaps import Mishap, Picker, spoil
from customer_sync.cli.demo.report import Report
from customer_sync.cli.demo.shop import Shop
from customer_sync.cli.demo.trade import trade
from customer_sync.engine.agreement import Agreement
from customer_sync.engine.provenance import FieldView, why
from customer_sync.engine.publish import in_force
from customer_sync.engine.review import decide_review
from customer_sync.engine.standing import agrees
from customer_sync.engine.status import rejects, reviews, status
from customer_sync.engine.sync import sync
from customer_sync.engine.verify import verify
from customer_sync.infra import entropy
from customer_sync.infra.pg import embedded
from customer_sync.kernel.errors import ConflictError
from customer_sync.store.ownership import schema_name

__all__ = ["tell"]

NAME = "demo"
MARK = ".customer-sync-demo"
FILES = ("workspace.yaml", "systems/shop.yaml", "systems/erp.yaml", "systems/crm.yaml")
BY = "demo"


@dataclass(slots=True, kw_only=True)
class _Stage:
    """What the acts play with."""

    report: Report
    folder: Path
    made: Company
    picker: Picker
    mishaps: list[Mishap]
    shop: Shop
    erp: Erp
    crm: Crm
    own_cells: dict[str, tuple[str, ...]]


def tell(folder: Path, *, customers: int) -> bool:
    """Play the demo in a folder; return whether everything was as expected.

    Raises:
        ConflictError: The folder holds something that is not a demo.
    """
    folder = folder.absolute()
    _clear(folder)
    report = Report()
    # The demo brings its own database: what the environment names is somebody's real one.
    environment = {k: v for k, v in os.environ.items() if k != "CUSTOMER_SYNC_DATABASE_URL"}
    with closing(embedded(folder / STATE / "pg")) as server:
        stage = _build(report, folder, server.dsn, customers)
        with open_workspace(folder, environment) as opened:
            _play(stage, opened)
    here = Path.cwd()
    return report.end(str(folder.relative_to(here) if folder.is_relative_to(here) else folder))


def _clear(folder: Path) -> None:
    """Take away an earlier demo; refuse anything else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise ConflictError(
            f"{folder} is not empty, and no demo", hint="name a new folder with --workspace DIR"
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    for name in ("data", "systems"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _build(report: Report, folder: Path, server: str, customers: int) -> _Stage:
    """Invent the company, and make its three systems and the configuration."""
    with report.act("Build a company with three systems") as lines:
        with psycopg.connect(server, autocommit=True) as connection:
            text = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE")
            connection.execute(text.format(sql.Identifier(schema_name(NAME))))
        made = company(customers)
        picker = Picker(made)
        mishaps = spoil(made, picker)
        (folder / "data").mkdir()
        shop, erp = Shop(folder / "data/shop.sqlite"), Erp(folder / "data/erp_customers.csv")
        crm = Crm(server)
        traded = trade(made.cards["shop"], until=entropy.now().date())
        shop.build(made.cards["shop"], traded)
        erp.build(made.cards["erp"])
        crm.build(made.cards["crm"])
        _configure(folder, crm)
        counts = ", ".join(f"{len(made.cards[name])} in the {name}" for name in SYSTEMS)
        lands = len({party.land.code for party in made.parties})
        lines += [
            f"{len(made.parties)} customers of {lands} countries: {counts}",
            f"the shop's last year: {traded.count()} invoices, payments, credit notes, refunds and payouts",
            "shop: SQLite; ERP: a CSV file with semicolons, German titles and columns of its own; CRM: PostgreSQL",
        ]
    return _Stage(
        report=report, folder=folder, made=made, picker=picker, mishaps=mishaps, shop=shop, erp=erp, crm=crm,
        own_cells=erp.own_cells(),
    )  # fmt: skip


def _configure(folder: Path, crm: Crm) -> None:
    place = resources.files("customer_sync.cli.demo").joinpath("workspace")
    (folder / "systems").mkdir()
    for name in FILES:
        text = place.joinpath(name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace("{{crm_url}}", crm.url), encoding="utf-8")


def _play(stage: _Stage, opened: Workspace) -> None:
    report = stage.report
    sides = Sides(company=stage.made, shop=stage.shop, erp=stage.erp, crm=stage.crm, db=opened.db)
    with report.act("Publish the configuration, tried on samples of every system") as lines:
        done = opened.publish_changed()
        names = len(in_force(opened.db).config.systems)
        lines.append(f"version {done.version}: {names} systems, {len(done.warnings)} warnings")
    _sync(stage, opened, "First sync")
    _waiting(stage, opened)
    made = _edit(stage, sides)
    _sync(stage, opened, "Second sync")
    _what_happened(stage, opened, sides, made)
    _verify(stage, opened, is_end=False)
    _settle(stage, opened, sides, made)
    _verify(stage, opened, is_end=True)
    _truth(stage, opened)
    differ(report, opened, Differences(stage.shop.path))
    tell_books(report, opened)
    report.expect(_agrees(opened), "everything agrees in the end")


def _agrees(opened: Workspace) -> bool:
    rules = in_force(opened.db)
    with opened.db.transaction(snapshot=True) as tx:
        return agrees(status(tx, rules))


def _sync(stage: _Stage, opened: Workspace, title: str) -> None:
    with stage.report.act(title) as lines, opened.session("sync") as session:
        done = sync(session)
        number = partial(_count, session.counts)
        with opened.db.transaction() as tx:
            text = "SELECT (SELECT count(*) FROM link WHERE state = 0), (SELECT count(*) FROM customer)"
            links, customers = tx.rows(text, [])[0]
        lines += [
            f"read {number('read')} records: {number('created')} new customers, {number('gone')} records gone",
            f"delivered {number('accepted')} changes, {number('refused')} refused",
            f"set aside {number('rejects')}, held for a person {number('doubtful')}",
            f"now {links} records are linked to {customers} customers",
        ]
        stage.report.expect(not done.failures, f"{title.lower()} reaches every system")


def _count(counts: Mapping[str, int], name: str) -> int:
    return counts.get(name, 0)


def _waiting(stage: _Stage, opened: Workspace) -> None:
    """Say what was set aside and what waits for a person."""
    rules = in_force(opened.db)
    with opened.db.transaction() as tx:
        found, asked = rejects(tx, rules), reviews(tx)
    stage.report.rejects(found)
    places = {(one.system, one.record) for one in found}
    missed = [one for one in stage.mishaps if (one.system, one.key) not in places]
    stage.report.expect(not missed, "every planted mistake is set aside with a reason")
    stage.report.expect(len(asked) == 2, "two records are held for a person, and no more")


# -- people edit, and what becomes of it ----------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class _Done:
    edits: list[Edit]
    invalid: tuple[Party, int]
    deleted: Party
    newcomer: str


def _edit(stage: _Stage, sides: Sides) -> _Done:
    """Edit on every side; spoil one value, delete one record, register one customer."""
    with stage.report.act("People edit on every side, three times against each other") as lines:
        made = edits(sides, stage.picker)
        spoilt, deleted = stage.picker.person("shop", "crm"), stage.picker.person("shop", "crm")
        key = sides.key("shop", spoilt)
        customer = sides.customer("shop", key)
        assert customer is not None, "the first sync linked it"
        stage.shop.edit(key, entropy.now(), email=spoilt.email.replace("@", " at "))
        stage.crm.delete(sides.key("crm", deleted))
        email = "soledad.quispe@correo.pe.example"
        stage.shop.register(
            entropy.now(), email=email, first_name="Soledad", last_name="Quispe", phone="+51 1 2345678",
            city="Cusco", country="PE", language="es", tier="S",
        )  # fmt: skip
        conflicts = sum(edit.is_conflict for edit in made)
        by_sql = sum("accountant" in edit.what for edit in made)
        lines += [
            f"{len(made)} edits, {conflicts} of them made on two sides at once; {by_sql} by plain SQL in the ledger",
            "an e-mail address without @ in the shop, a contact deleted in the CRM, a new customer in the shop",
        ]
    return _Done(edits=made, invalid=(spoilt, customer), deleted=deleted, newcomer=email)


def _what_happened(stage: _Stage, opened: Workspace, sides: Sides, made: _Done) -> None:
    """Say what became of everything, as every side shows it now."""
    report, rules = stage.report, in_force(opened.db)
    views: list[FieldView] = []
    with report.act("What happened, read back from every side"):
        for edit in made.edits:
            edit.shown = sides.shown(edit.name, edit.keys, edit.customer)
            with opened.db.transaction() as tx:
                views.append(why(tx, rules, edit.customer, edit.name))
    report.edits(made.edits, views)
    _rest(stage, opened, sides, made)
    conflict = next(v for e, v in zip(made.edits, views, strict=True) if e.is_conflict)
    report.why(conflict)


def _rest(stage: _Stage, opened: Workspace, sides: Sides, made: _Done) -> None:
    """Say what became of the invalid value, the deleted record and the new customer."""
    report, (spoilt, customer) = stage.report, made.invalid
    contact = stage.crm.shown(sides.key("crm", spoilt))
    kept = sides.in_ledger(customer)["email"]
    with opened.db.transaction() as tx:
        found = [
            one
            for one in rejects(tx, in_force(opened.db))
            if one.record == sides.key("shop", spoilt)
        ]
    gone = stage.crm.shown(sides.key("crm", made.deleted))
    there = stage.shop.shown(sides.key("shop", made.deleted))
    new = stage.crm.find(made.newcomer)
    rows: list[dict[str, object]] = [
        {"and": "e-mail without @ in the shop", "became": f"set aside: {', '.join(one.code for one in found)}; "
         f"CRM and ledger keep {kept}"},
        {"and": "contact deleted in the CRM", "became": f"CRM: {'there' if gone else 'gone, not made anew'}; "
         f"shop: {'still there' if there and not there['deleted'] else 'gone'}"},
        {"and": "new customer in the shop", "became": f"CRM: {new.get('full_name') or 'missing'}, "
         f"shop number {new.get('shop_no')}; ERP: only once it invoices them"},
    ]  # fmt: skip
    report.rows(rows)
    is_kept = kept == spoilt.email == str(contact["email"]).strip().lower()
    report.expect(bool(found) and is_kept, "an invalid e-mail goes nowhere")
    report.expect(
        not gone and bool(there), "a deleted contact stays deleted, the customer lives on"
    )
    report.expect(new.get("full_name") == "Soledad Quispe", "a new customer reaches the CRM")


# -- agreement ------------------------------------------------------------------------------------


def _verify(stage: _Stage, opened: Workspace, *, is_end: bool) -> None:
    title = "Read every system again" if is_end else "Do all sides agree? Read every system again"
    with stage.report.act(title) as lines, opened.session("verify") as session:
        found = verify(session)
        lines.extend([*stage.report.agreement(found), *(_typing(found) if is_end else [])])
    if is_end:
        stage.report.expect(found.agreed, "all sides agree in every field")
    else:
        unexplained = [one for one in found.differences if one.why not in {"rejected", "held"}]
        stage.report.expect(
            not unexplained, "what does not agree is what was set aside, and nothing else"
        )


def _typing(found: Agreement) -> list[str]:
    whole = found.entry[-1] if found.entry else None
    if whole is None or whole.reduction is None:
        return []
    product, people = f"{whole.by_product} by the product", f"{whole.by_people} by people"
    return [
        f"fields written, {whole.window}: {product}, {people}; {whole.reduction:.0%} needed no hand"
    ]


def _settle(stage: _Stage, opened: Workspace, sides: Sides, made: _Done) -> None:
    """Mend what was set aside, in the systems; answer what waits for a person; synchronize."""
    report, truth = stage.report, stage.made.known_as()
    with report.act("People mend what was set aside, and answer two questions") as lines:
        mend(sides, stage.mishaps)
        spoilt, _ = made.invalid
        stage.shop.edit(sides.key("shop", spoilt), entropy.now(), email=spoilt.email)
        with opened.db.transaction() as tx:
            asked = reviews(tx)
        for one in asked:
            title, _, record = one.subject.partition("/")
            party = truth[title.partition(".")[0], record]
            same = [
                customer for customer in one.customers if party in _parties(opened, customer, truth)
            ]
            with opened.session("review") as session:
                decide_review(
                    session, one.id, "same" if same else "separate", by=BY, customer=same[0] if same else None
                )  # fmt: skip
            answer = f"is customer {same[0]}" if same else "is somebody else"
            lines.append(f"{one.subject}: same e-mail address, another first name: it {answer}")
        lines.append(f"{len(stage.mishaps) + 1} values corrected in the systems themselves")
    _sync(stage, opened, "Third sync")
    with opened.db.transaction() as tx:
        left = len(rejects(tx, in_force(opened.db))) + len(reviews(tx))
    report.expect(not left, "nothing is set aside and nothing waits any more")


def _parties(opened: Workspace, customer: int, truth: dict[tuple[str, str], int]) -> set[int]:
    return {truth[place] for place, owner in _links(opened) if owner == customer and place in truth}


def _links(opened: Workspace) -> Sequence[tuple[tuple[str, str], int]]:
    text = (
        "SELECT s.system, l.external_id, l.customer FROM link l JOIN stream s ON s.id = l.stream "
        "WHERE l.state < 2"
    )
    with opened.db.transaction() as tx:
        return [((str(a), str(b)), int(str(c))) for a, b, c in tx.rows(text, [])]


def _truth(stage: _Stage, opened: Workspace) -> None:
    """Hold the links against who everybody really is, and the file against what the ERP alone knows."""
    with stage.report.act("Was everybody recognised? The generator knows who is who") as lines:
        truth = stage.made.known_as()
        pairs = [(truth[place], owner) for place, owner in _links(opened) if place in truth]
        owners = Counter(owner for _, owner in set(pairs))
        parties = Counter(party for party, _ in set(pairs))
        wrong = sum(count > 1 for count in owners.values())
        missed = sum(count > 1 for count in parties.values())
        cells = stage.erp.own_cells()
        kept = sum(cells.get(key) == own for key, own in stage.own_cells.items())
        lines += [
            f"{len(pairs)} records of {len(parties)} people and firms",
            f"{wrong} taken for somebody else, {missed} taken for two",
            f"the ERP's own columns are untouched in {kept} of {len(stage.own_cells)} rows",
        ]
        stage.report.expect(len(pairs) == len(truth), "every record is linked")
        stage.report.expect(not wrong and not missed, "everybody is recognised")
        stage.report.expect(kept == len(stage.own_cells), "the ERP's own columns are untouched")
