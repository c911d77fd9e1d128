"""What people do in the sample company after the first sync, and what must have become of it.

Decides each edit and what every side must show once all is synchronized, in each side's own words.
What is shown is read with the systems' own means, never with our connectors.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Json

from customer_sync.cli.demo.company import SYSTEMS, Company, Party, System
from customer_sync.cli.demo.crm import Crm
from customer_sync.cli.demo.erp import Erp
from customer_sync.cli.demo.mishaps import Mishap, Picker
from customer_sync.cli.demo.shop import Shop
from customer_sync.infra import entropy
from customer_sync.infra.pg import Database

__all__ = ["SIDES", "Edit", "Sides", "edits", "mend"]

SIDES = ("shop", "erp", "crm", "ledger")
# How each side calls a field: column, or key within the CRM's address.
CALLED: Mapping[str, tuple[str, str, str, str]] = {
    "phone": ("phone", "Telefon", "phone", "phone"),
    "email": ("email", "E-Mail", "email", "email"),
    "family_name": ("last_name", "Nachname", "full_name", "family_name"),
    "billing_address": ("street", "Straße", "line1", "street"),
    "loyalty.tier": ("tier", "", "tier", "loyalty_tier"),
    "payment_terms": ("", "Zahlungsziel", "terms", "payment_terms"),
    "credit_limit": ("", "Kreditlimit", "", "credit_limit"),
}


@dataclass(slots=True, kw_only=True)
class Sides:
    """The three systems and the ledger, each reached by its own means."""

    company: Company
    shop: Shop
    erp: Erp
    crm: Crm
    db: Database

    def key(self, system: System, party: Party) -> str:
        """Return the number a system knows a party by."""
        return self.company.card(system, party.number).key

    def customer(self, system: str, key: str) -> int | None:
        """Return the customer that a record is linked to."""
        text = (
            "SELECT l.customer FROM link l JOIN stream s ON s.id = l.stream "
            "WHERE s.system = %s AND l.external_id = %s"
        )
        with self.db.transaction() as tx:
            rows = tx.rows(text, [system, key])
        return int(str(rows[0][0])) if rows else None

    def account(self, customer: int, **values: str) -> None:
        """Change a customer in the ledger by plain SQL, as an accountant's own tool would."""
        sets = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder()) for name in values
        )
        with psycopg.connect(self.db.dsn) as connection:
            place = sql.Identifier(self.db.schema)
            connection.execute(sql.SQL("SET search_path TO {}").format(place))
            text = sql.SQL("UPDATE customer SET {} WHERE id = %s").format(sets)
            connection.execute(text, [*values.values(), customer])

    def in_ledger(self, customer: int) -> dict[str, Any]:
        """Return the ledger's row of a customer; the street of its address beside it."""
        text = sql.SQL(
            "SELECT *, billing_address::jsonb->>'street' AS street FROM {} WHERE id = %s"
        )
        with psycopg.connect(self.db.dsn, row_factory=psycopg.rows.dict_row) as connection:
            table = sql.Identifier(self.db.schema, "customer")
            row = connection.execute(text.format(table), [customer]).fetchone()
            return row or {}

    def shown(self, name: str, keys: Mapping[str, str], customer: int) -> dict[str, str]:
        """Return what every side shows of a field, in its own words."""
        rows: dict[str, Callable[[], dict[str, Any]]] = {
            "shop": lambda: self.shop.shown(keys["shop"]),
            "erp": lambda: self.erp.shown(keys["erp"]),
            "crm": lambda: self._contact(keys["crm"]),
            "ledger": lambda: self.in_ledger(customer),
        }
        found = {}
        for side, called in zip(SIDES, CALLED[name], strict=True):
            if called and (side in keys or side == "ledger"):
                found[side] = str(rows[side]().get(called) or "")
        return found

    def _contact(self, key: str) -> dict[str, Any]:
        row = self.crm.shown(key)
        return row | (row.get("address") or {})


@dataclass(slots=True, kw_only=True)
class Edit:
    """One thing that people did, to whom, and what every side must show afterwards."""

    what: str
    name: str
    keys: Mapping[str, str]
    customer: int
    expected: Mapping[str, str]
    is_conflict: bool = False
    shown: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_as_expected(self) -> bool:
        """Return whether every side shows what it must."""
        return all(self.shown.get(side) == value for side, value in self.expected.items())


class _Made:
    """Edits as they are made, one after the other."""

    def __init__(self, sides: Sides) -> None:
        self.sides = sides
        self.all: list[Edit] = []

    def to(self, party: Party, *systems: System) -> tuple[dict[str, str], int]:
        keys = {str(name): self.sides.key(name, party) for name in systems}
        customer = self.sides.customer(systems[0], keys[systems[0]])
        assert customer is not None, "the first sync linked every card that these stories are about"
        return keys, customer

    def add(  # one edit
        self, what: str, name: str, to: tuple[dict[str, str], int], expected: Mapping[str, str],
        *, is_conflict: bool = False,
    ) -> None:  # fmt: skip
        keys, customer = to
        self.all.append(
            Edit(
                what=what, name=name, keys=keys, customer=customer, expected=expected, is_conflict=is_conflict,
            )
        )  # fmt: skip


def edits(sides: Sides, picker: Picker) -> list[Edit]:
    """Let people edit on every side; return what they did."""
    made = _Made(sides)
    _alone(made, picker)
    _accountant(made, picker)
    _conflicts(made, picker)
    return made.all


def _alone(made: _Made, picker: Picker) -> None:
    sides, everywhere = made.sides, SYSTEMS
    to = made.to(picker.person(*everywhere), *everywhere)
    sides.shop.edit(to[0]["shop"], entropy.now(), phone="030 4455 667")
    e164 = "+49304455667"
    expected = {"shop": "030 4455 667", "erp": e164, "crm": e164, "ledger": e164}
    made.add("the shop changes a telephone number", "phone", to, expected)

    party = picker.person(*everywhere)
    to = made.to(party, *everywhere)
    given = sides.shop.shown(to[0]["shop"])["first_name"].strip()
    sides.crm.edit(to[0]["crm"], full_name=f"{given} Neumann")
    expected = {"shop": "Neumann", "erp": "Neumann", "crm": f"{given} Neumann", "ledger": "Neumann"}
    made.add("the CRM enters a new family name", "family_name", to, expected)

    to = made.to(picker.firm(*everywhere), *everywhere)
    sides.erp.edit(to[0]["erp"], entropy.now(), Straße="Neue Gasse 5")
    made.add(
        "the ERP's file shows a new street",
        "billing_address",
        to,
        dict.fromkeys(SIDES, "Neue Gasse 5"),
    )


def _accountant(made: _Made, picker: Picker) -> None:
    to = made.to(picker.firm("erp", "crm"), "erp", "crm")
    made.sides.account(to[1], payment_terms="prepaid")
    expected = {"erp": "Z00", "crm": "prepaid", "ledger": "prepaid"}
    made.add("an accountant sets terms by SQL", "payment_terms", to, expected)

    to = made.to(picker.firm("erp", "crm"), "erp", "crm")
    made.sides.account(to[1], credit_limit="25500 EUR")
    expected = {"erp": "25.500,00", "ledger": "25500 EUR"}
    made.add("an accountant grants credit by SQL", "credit_limit", to, expected)


def _conflicts(made: _Made, picker: Picker) -> None:
    sides, everywhere = made.sides, SYSTEMS
    to = made.to(picker.firm(*everywhere), *everywhere)
    sides.shop.edit(to[0]["shop"], entropy.now(), street="Uferweg 1")
    address = sides.crm.shown(to[0]["crm"])["address"] | {"line1": "Bergweg 2"}
    sides.crm.edit(to[0]["crm"], address=Json(address))
    made.add("shop and CRM change one address", "billing_address", to, dict.fromkeys(SIDES, "Bergweg 2"),
             is_conflict=True)  # fmt: skip

    to = made.to(picker.person("shop", "crm"), "shop", "crm")
    tier = sides.shop.shown(to[0]["shop"])["tier"]
    ours, name, theirs = ("S", "silver", "Bronze") if tier == "G" else ("G", "gold", _other(tier))
    sides.shop.edit(to[0]["shop"], entropy.now(), tier=ours)
    sides.crm.edit(to[0]["crm"], tier=theirs)
    expected = {"shop": ours, "crm": name.title(), "ledger": name}
    made.add("shop and CRM change one loyalty tier", "loyalty.tier", to, expected, is_conflict=True)

    to = made.to(picker.firm("erp", "crm"), "erp", "crm")
    wanted, code, other = (
        ("net 60", "Z60", "Z14") if _terms(sides, to) != "net 60" else ("net 30", "Z30", "Z14")
    )
    other = "Z00" if _terms(sides, to) == "net 14" else other
    sides.account(to[1], payment_terms=wanted)
    sides.erp.edit(to[0]["erp"], entropy.now(), Zahlungsziel=other)
    expected = {"erp": code, "crm": wanted, "ledger": wanted}
    made.add(
        "accountant and ERP change one customer's terms",
        "payment_terms",
        to,
        expected,
        is_conflict=True,
    )


def _other(tier: str | None) -> str:
    return "Silver" if tier != "S" else "Bronze"


def _terms(sides: Sides, to: tuple[dict[str, str], int]) -> str | None:
    terms = sides.in_ledger(to[1])["payment_terms"]
    return str(terms) if terms else None


def mend(sides: Sides, mishaps: list[Mishap]) -> None:
    """Correct in each system what was set aside, as its own people would."""
    now = entropy.now()
    for one in mishaps:
        if one.system == "shop":
            column = {"birth": "birth_date"}.get(one.field, one.field)
            sides.shop.edit(one.key, now, **{column: one.right})
        elif one.system == "crm":
            sides.crm.edit(one.key, **{one.field: one.right})
        else:
            title = {"country": "Land", "tax_id": "USt-IdNr."}[one.field]
            sides.erp.edit(one.key, now, **{title: one.right})
