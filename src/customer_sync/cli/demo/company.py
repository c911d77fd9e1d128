"""The sample company: two thousand customers, and what three systems have on file about them.

Decides who exists and which system knows whom, how it writes the name and what it leaves out; the
same seed always gives the same company. The mess is that of real files: the same person in capital
letters, without accents or without e-mail address, entered twice, behind a role mailbox, behind a
made-up address, on the telephone of the whole family. Must not know how a system stores anything.
"""

import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import NAMESPACE_URL, uuid5

import phonenumbers
from phonenumbers import PhoneNumberFormat
from stdnum.eu import vat

from customer_sync.cli.demo.lands import LANDS, Land, latin

__all__ = ["SYSTEMS", "Card", "Company", "Party", "company", "national_phone"]

System = Literal["shop", "erp", "crm"]
SYSTEMS: tuple[System, ...] = ("shop", "erp", "crm")
SEED = 20_260
MADE_UP = ("none@none.com", "test@test.com")
# Letters that do not fall apart into a Latin letter and its accent.
LATIN = {"ß": "ss", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "æ": "ae", "\u0131": "i"}
MADE_UP_PHONE = "+49 11111111"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One person or firm as it really is."""

    number: int
    land: Land
    given: str = ""
    family: str = ""
    firm: str = ""
    email: str
    phone: str
    street: str
    city: str
    postal: str
    tax_id: str = ""
    birth: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What one system has on file about a party; the empty text is an empty cell, None is nothing."""

    party: int
    key: str
    given: str | None = None
    family: str | None = None
    firm: str | None = None
    email: str | None = None
    phone: str | None = None
    street: str | None = None
    city: str | None = None
    postal: str | None = None
    country: str | None = None
    tax_id: str | None = None
    birth: str | None = None
    language: str | None = None
    shop_key: str | None = None
    tier: str | None = None
    dice: int = 0  # for whatever a system holds beside these


@dataclass(slots=True, kw_only=True)
class Company:
    """Everybody, and every system's cards."""

    parties: list[Party] = field(default_factory=list)
    cards: dict[System, list[Card]] = field(default_factory=lambda: {name: [] for name in SYSTEMS})

    def known_as(self) -> dict[tuple[str, str], int]:
        """Return the party of each (system, key): the truth that matching is measured against."""
        return {(name, card.key): card.party for name in SYSTEMS for card in self.cards[name]}

    def among(self, *systems: System) -> list[int]:
        """Return the parties that exactly one card of each of these systems, and no other, is about."""
        counts: dict[int, list[System]] = {}
        for name in SYSTEMS:
            for card in self.cards[name]:
                counts.setdefault(card.party, []).append(name)
        return [number for number, names in counts.items() if sorted(names) == sorted(systems)]

    def card(self, system: System, party: int) -> Card:
        """Return a system's first card about a party."""
        return next(card for card in self.cards[system] if card.party == party)


def company(count: int = 2000, *, seed: int = SEED) -> Company:
    """Return the company of this size."""
    dice = random.Random(seed)  # noqa: S311  # a sample, no secret
    made = Company()
    made.parties = list(_parties(count, dice))
    for party in made.parties:
        _enter(made, party, dice)
    return made


# -- who exists -----------------------------------------------------------------------------------


def _parties(count: int, dice: random.Random) -> Iterator[Party]:
    taken: set[str] = set()
    families: dict[str, Party] = {}
    for number in range(count):
        land = LANDS[number % len(LANDS)]
        party = _party(number, land, dice, taken)
        if party.given and land.code in families:  # another of the household, on its telephone
            first = families.pop(land.code)
            is_other = party.given[0] != first.given[0] and party.given not in first.given
            party = replace(party, phone=first.phone) if is_other else party
        elif party.given and number % 25 == 0:
            families[land.code] = party
        yield party


def _party(number: int, land: Land, dice: random.Random, taken: set[str]) -> Party:
    street, digits = _spelled(dice.choice(land.streets.split())), str(dice.randint(1, 180))
    base = Party(
        number=number, land=land, email="",
        phone=_filled(land.phone, dice, taken, _is_phone),
        street=f"{digits} {street}" if land.number_first else f"{street} {digits}",
        city=_spelled(dice.choice(land.cities.split())),
        postal=_filled(land.postal, dice, set()),
    )  # fmt: skip
    return _firm(base, dice, taken) if number % 10 in {3, 7, 9} else _person(base, dice, taken)


def _person(base: Party, dice: random.Random, taken: set[str]) -> Party:
    given, given_latin = latin(dice.choice(base.land.given.split()))
    family, family_latin = latin(dice.choice(base.land.family.split()))
    mailbox = _unique(f"{_ascii(given_latin)}.{_ascii(family_latin)}", taken)
    host = dice.choice(("postfach", "mailbox", "courriel", "correo"))
    birth = f"{dice.randint(1940, 2004)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
    return replace(
        base, given=given, family=family, birth=birth,
        email=f"{mailbox}@{host}.{base.land.code.lower()}.example",
    )  # fmt: skip


def _firm(base: Party, dice: random.Random, taken: set[str]) -> Party:
    word, word_latin = latin(dice.choice(base.land.firm.split()))
    family, family_latin = latin(dice.choice(base.land.family.split()))
    form = dice.choice(base.land.form.split("|"))
    domain = _unique(f"{_ascii(word_latin)}-{_ascii(family_latin)}", taken)
    # Two firms of one name and form in one country would be told apart by their town, or not at all.
    serial = domain.removeprefix(f"{_ascii(word_latin)}-{_ascii(family_latin)}")
    name = " ".join(part for part in (word, family, serial) if part)
    mailbox = dice.choice(("info", "einkauf", "office", "m.chef", "anna", "contact"))
    tax_id = _filled(base.land.tax_id, dice, taken, vat.is_valid) if base.land.tax_id else ""
    return replace(
        base, firm=f"{form}{name}" if base.land.family_first else f"{name} {form}", tax_id=tax_id,
        email=f"{mailbox}@{domain}.{base.land.code.lower()}.example",
    )  # fmt: skip


def _is_phone(number: str) -> bool:
    return phonenumbers.is_possible_number(phonenumbers.parse(number, None))


def _filled(pattern: str, dice: random.Random, taken: set[str], fits: object = None) -> str:
    while True:
        text = re.sub("#", lambda _: str(dice.randint(0, 9)), pattern)
        text = re.sub(r"(?<=\+4930)0", "4", text)
        if text not in taken and (not callable(fits) or fits(text)):
            taken.add(text)
            return text


def _unique(text: str, taken: set[str]) -> str:
    serial = next(n for n in range(1, 10_000) if f"{text}{n if n > 1 else ''}" not in taken)
    found = f"{text}{serial if serial > 1 else ''}"
    taken.add(found)
    return found


def _spelled(text: str) -> str:
    return text.replace("_", " ")


def _ascii(text: str) -> str:
    text = text.translate({ord(letter): plain for letter, plain in LATIN.items()})
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


# -- which system knows whom, and how it writes it ------------------------------------------------


def _enter(made: Company, party: Party, dice: random.Random) -> None:
    chances = {"shop": 0.55, "erp": 0.85 if party.firm else 0.3, "crm": 0.5}
    known = [name for name in SYSTEMS if dice.random() < chances[name]] or ["shop"]
    if party.number % 60 == 11 and "shop" in known:
        known = ["shop", *known]  # registered twice
    shop_key: str | None = None
    turn = dice.random()  # one for all of a party's cards: any two of them share a trace
    for place, name in enumerate(known):
        card = _card(made, name, party, dice)
        card = replace(card, shop_key=shop_key if dice.random() < 0.4 else None)
        # Whoever comes later may be hard to recognise, but never without a trace.
        card = card if place == 0 else _messed(card, party, turn, dice)
        if name == "shop" and shop_key is None:
            shop_key = card.key
        made.cards[name].append(card)


def _card(made: Company, name: System, party: Party, dice: random.Random) -> Card:
    return Card(
        party=party.number, key=_key(name, len(made.cards[name])),
        given=party.given or None, family=party.family or None, firm=party.firm or None,
        email=party.email, phone=party.phone, street=party.street, city=party.city, postal=party.postal,
        country=party.land.code, tax_id=party.tax_id or None, birth=party.birth or None,
        language=party.land.language, tier=dice.choice(("gold", "silver", "bronze", None)), dice=dice.getrandbits(30),
    )  # fmt: skip


def _key(name: System, count: int) -> str:
    return {
        "shop": f"{count + 1}",
        "erp": f"{70_001 + count}",
        "crm": str(uuid5(NAMESPACE_URL, f"crm/{count}")),
    }[name]


def _messed(card: Card, party: Party, turn: float, dice: random.Random) -> Card:
    """Write a card as another hand would: still the same party, by at least one trace."""
    card = replace(card, given=_respelled(card.given, dice), family=_respelled(card.family, dice))
    if card.email and dice.random() < 0.3:
        card = replace(card, email=dice.choice((card.email.upper(), f" {card.email} ")))
    by_tax = party.tax_id and turn < 0.4
    # A telephone tells who somebody is only together with the name as it stands.
    by_phone = not by_tax and turn < 0.5
    if by_tax:
        card = replace(
            card, email=None if turn < 0.2 else "", phone=None, firm=_other_form(card.firm)
        )
    elif by_phone:
        made_up = dice.choice((*MADE_UP, None, ""))
        card = replace(card, email=made_up, given=party.given or None, family=party.family or None)
    elif card.email and _is_shared_mailbox(card.email) and not party.tax_id:
        pass  # found by its telephone and its name
    elif turn > 0.85 and not _is_shared_mailbox(card.email or ""):
        card = replace(card, phone=dice.choice((MADE_UP_PHONE, None)))
    if dice.random() < 0.25:
        card = replace(card, birth=None, street=None, city=None, postal=None, country=None)
    return card


def _is_shared_mailbox(email: str) -> bool:
    return email.strip().lower().partition("@")[0] in {"info", "einkauf", "office", "contact"}


def _other_form(firm: str | None) -> str | None:
    return firm.replace(" Ltd", " Limited").replace("GmbH & Co.", "GmbH & CO.") if firm else firm


def _respelled(name: str | None, dice: random.Random) -> str | None:
    """Return the name in capitals, without accents, with stray blanks, or as it is."""
    if not name or not re.search(r"[a-zA-Z]", name):
        return name
    turn = dice.random()
    if turn < 0.15:
        return name if set(name) & set("ß\u0131") else name.upper()
    if turn < 0.3:
        return "".join(
            c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)
        )
    return f"  {name} " if turn < 0.35 else name


def national_phone(number: str | None, region: str) -> str | None:
    """Return a number as people of that region write it: their own country's without its code."""
    if not number or not number.startswith("+"):
        return number
    parsed = phonenumbers.parse(number, None)
    is_home = phonenumbers.region_code_for_number(parsed) == region
    style = PhoneNumberFormat.NATIONAL if is_home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)
