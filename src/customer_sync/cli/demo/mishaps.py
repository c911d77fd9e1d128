"""What is wrong in the sample company on purpose, so that the demo has something to explain.

Decides which cards are spoilt, and what a person would write there to mend them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import NAMESPACE_URL, uuid5

from customer_sync.cli.demo.company import Card, Company, Party, System

__all__ = ["Mishap", "Picker", "spoil"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """One spoilt card: whose, and the right value of the cell that is wrong."""

    system: System
    key: str
    field: str
    right: str


@dataclass(slots=True)
class Picker:
    """Hands out parties, each once, so that no two stories meet."""

    company: Company
    taken: set[int] = field(default_factory=set)

    def pick(self, *systems: System, fits: Callable[[Party], bool]) -> Party:
        """Return a party that exactly these systems know, once each."""
        for number in self.company.among(*systems):
            party = self.company.parties[number]
            if number not in self.taken and fits(party):
                self.taken.add(number)
                return party
        message = f"the sample company has nobody left in {', '.join(systems)}"
        raise LookupError(message)

    def person(self, *systems: System) -> Party:
        """Return a person whose name has two Latin words."""
        return self.pick(*systems, fits=lambda party: party.land.code in {"DE", "AT", "CH", "FR", "PL"}
                         and party.given.isalpha() and party.family.isalpha())  # fmt: skip

    def firm(self, *systems: System) -> Party:
        """Return a firm with a tax id."""
        return self.pick(*systems, fits=lambda party: bool(party.tax_id))


def spoil(company: Company, picker: Picker) -> list[Mishap]:
    """Spoil cards; return what would mend them. Two more are doubtful, and only a person can tell."""
    _spouse(company, picker.person("shop"))
    _spelling(company, picker.pick("shop", fits=lambda party: bool(set("öü") & set(party.given))))
    reached = picker.person("shop", "crm")
    born = picker.person("shop", "crm")
    lost = picker.firm("erp", "crm")
    untaxed = picker.pick(
        "erp", fits=lambda party: party.land.code in {"DE", "FR", "NL"} and bool(party.tax_id)
    )
    shop_key = company.card("shop", reached.number).key
    return [
        _spoilt(company, "crm", reached, "email", reached.email, wrong=reached.email.replace("@", "(at)"),
                shop_key=shop_key),
        _spoilt(company, "shop", born, "birth", born.birth, wrong="1980-02-31"),
        _spoilt(company, "erp", lost, "country", lost.land.code, wrong="Atlantis", street=lost.street, city=lost.city),
        _spoilt(company, "erp", untaxed, "tax_id", untaxed.tax_id, wrong="", street=untaxed.street,
                city=untaxed.city, country=untaxed.land.code),
    ]  # fmt: skip


def _spoilt(  # a card has many cells
    company: Company,
    system: System,
    party: Party,
    cell: str,
    right: str,
    *,
    wrong: str,
    **others: str,
) -> Mishap:
    card = company.card(system, party.number)
    _replace(company, system, card, replace(card, **{cell: wrong, **others}))  # type: ignore[arg-type]
    return Mishap(system=system, key=card.key, field=cell, right=right)


def _replace(company: Company, system: System, card: Card, new: Card) -> None:
    cards = company.cards[system]
    cards[cards.index(card)] = new


def _spouse(company: Company, party: Party) -> None:
    """Let another of the family use the same mailbox: the same address, another person."""
    other = replace(party, number=len(company.parties), given="Wilhelmine", phone="")
    company.parties.append(other)
    card = replace(
        company.card("shop", party.number), party=other.number, given=other.given, phone=None
    )
    company.cards["crm"].append(replace(card, key=_new_key("spouse")))


def _spelling(company: Company, party: Party) -> None:
    """Let the CRM know Jürgen as Juergen: the same address, a name that no rule should guess about."""
    given = party.given.replace("ü", "ue").replace("ö", "oe")
    card = replace(company.card("shop", party.number), given=given, phone=None)
    company.cards["crm"].append(replace(card, key=_new_key("spelling")))


def _new_key(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))
