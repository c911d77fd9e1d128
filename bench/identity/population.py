"""Invent the customers themselves: persons in their households, companies in their groups, and what befalls them.

Decides who exists, who resembles whom (the traps between entities) and what changed over time. Promises the
same population for the same recipe. Must not know systems: what they show of it is export's.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from random import Random

from bench.identity.lands import LANDS, Land, Names, gendered, land, telephone
from bench.identity.romanise import romanised
from bench.identity.taxes import tax_id
from bench.identity.words import (
    BRANCHES_OF_TRADE,
    COMPANY_WORDS,
    FORMS,
    FRANCHISES,
    MAIL_HOSTS,
)

__all__ = ["Address", "Company", "Person", "Rates", "Recipe", "people"]

Address = tuple[str, str | None, str, str, str | None, str]
MEMORY = 4000  # how many earlier people a namesake, a recycled number or a work place is taken from


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often each trap between entities befalls them; drawn anew for each seed."""

    company: float = 0.16
    household: float = 0.40
    shared_mail: float = 0.26
    twins: float = 0.03
    junior: float = 0.035
    father_son: float = 0.02
    namesake: float = 0.03
    recycled_phone: float = 0.03
    recycled_mail: float = 0.012
    married: float = 0.06
    moved: float = 0.14
    new_mail: float = 0.25
    new_phone: float = 0.15
    group: float = 0.1
    franchise: float = 0.03
    branch: float = 0.08
    renamed: float = 0.07
    contact: float = 0.1
    double_surname: float = 0.05

    def drawn(self, dice: Random, without: frozenset[str]) -> "Rates":
        """Return the rates of one seed: each between 0.6 and 1.5 of the usual, none of those left out."""
        drawn = {one.name: getattr(self, one.name) * dice.uniform(0.6, 1.5) for one in fields(self)}
        drawn["company"] = self.company * dice.uniform(0.8, 1.2)
        return Rates(**(drawn | dict.fromkeys(without & drawn.keys(), 0.0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What to invent: how many records, of which seed, how noisy, without which traps and sources of names."""

    records: int
    seed: int
    noise: float = 1.0
    without: frozenset[str] = frozenset()
    names_without: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class Company:
    """A legal entity."""

    entity: int
    country: str
    language: str
    core: str
    form: str
    address: Address
    phone: str
    tax: str | None
    host: str
    second_address: Address | None = None
    former_core: str | None = None
    former_address: Address | None = None
    former_until: float = 0.0
    leads_with_form: bool = False
    traps: set[str] = field(default_factory=set)

    kind = "organisation"


@dataclass(slots=True, kw_only=True)
class Person:
    """A natural person, with what was before."""

    entity: int
    country: str
    language: str
    source: str
    sex: str
    given: str
    family: str
    middle: str | None
    suffix: str | None
    born: date
    address: Address
    mobile: str
    landline: str | None
    mails: list[str]
    roman: tuple[str, str]
    former_family: str | None = None
    former_address: Address | None = None
    former_mail: str | None = None
    former_mobile: str | None = None
    until: dict[str, float] = field(default_factory=dict)
    shared_mail: str | None = None
    employer: Company | None = None
    work_mail: str | None = None
    job: str | None = None
    traps: set[str] = field(default_factory=set)

    kind = "person"


def people(recipe: Recipe, dice: Random) -> Iterator[Person | Company]:
    """Yield entities for ever, household by household."""
    yield from _World(recipe, dice)


class _World:
    """What is invented so far, as far as later entities may resemble it."""

    def __init__(self, recipe: Recipe, dice: Random) -> None:
        self.dice = dice
        self.rates = Rates().drawn(dice, recipe.without)
        self.lands = {code: land(code, without=recipe.names_without) for code, *_ in LANDS}
        shares = [share * dice.uniform(0.7, 1.4) for _, share, *_ in LANDS]
        self.codes = dice.choices([code for code, *_ in LANDS], shares, k=MEMORY)
        self.entities = 0
        self.taken: set[str] = set()  # mailboxes and hosts: nobody gets one that another has
        self.persons: list[Person] = []
        self.companies: list[Company] = []

    def __iter__(self) -> Iterator[Person | Company]:
        while True:
            place = self.lands[self.dice.choice(self.codes)]
            found: list[Person] | list[Company]
            if self.dice.random() < self.rates.company:
                found = self._companies(place)
                self._remember(self.companies, found)
            else:
                found = self._household(place)
                self._remember(self.persons, found)
            yield from found

    def _remember(self, known: list, found: list) -> None:
        for one in found:
            if len(known) < MEMORY:
                known.append(one)
            else:
                known[self.dice.randrange(MEMORY)] = one

    def _number(self) -> int:
        self.entities += 1
        return self.entities

    # -- persons ----------------------------------------------------------------------------------

    def _household(self, place: Land) -> list[Person]:
        dice, rates = self.dice, self.rates
        names = place.names(dice)
        family, home = names.surname(dice), place.address(dice)
        landline = telephone(dice, place.code, is_mobile=False) if dice.random() < 0.4 else None
        first = self._person(place, names, family, home, landline)
        members = [first]
        if dice.random() < rates.household:
            members += self._others(place, names, family, home, landline, first)
        if len(members) > 1:
            for one in members:
                one.traps.add("household")
            if dice.random() < rates.shared_mail:
                for one in members:
                    one.shared_mail = first.mails[0]
                    one.traps.add("shared_mail")
        for one in members:
            self._befall(one, place, names)
        return members

    def _others(
        self,
        place: Land,
        names: Names,
        family: str,
        home: Address,
        landline: str | None,
        first: Person,
    ) -> list[Person]:
        dice, rates = self.dice, self.rates
        chance = dice.random()
        if chance < rates.twins:
            other = self._person(place, names, family, home, landline, born=first.born)
            if dice.random() < 0.4:  # parents like names that sound alike
                other.sex = first.sex
                other.given = _alike(first.given, names, first.sex, dice)
            first.traps.add("twins")
            other.traps.add("twins")
            return [other] if other.given != first.given else []
        if chance < rates.twins + rates.junior + rates.father_son:
            older = first.born - timedelta(days=int(dice.uniform(20, 40) * 365))
            other = self._person(place, names, family, home, landline, born=older, sex=first.sex)
            other.given, other.family, other.middle = first.given, first.family, first.middle
            other.roman, trap = first.roman, "father_son"
            if chance < rates.twins + rates.junior:
                trap = "junior"
                first.suffix, other.suffix = dice.choice(
                    (("Jr.", "Sr."), ("Jr", "Sr"), ("II", None), ("jun.", "sen."))
                )
            other.mails = self._mails(other, place)
            first.traps.add(trap)
            other.traps.add(trap)
            return [other]
        count = 1 + (dice.random() < 0.35) + (dice.random() < 0.15)
        others = []
        for number in range(count):
            theirs = family if dice.random() < 0.8 else names.surname(dice)
            sex = (
                ("f" if first.sex == "m" else "m") if number == 0 and dice.random() < 0.9 else None
            )
            years = dice.uniform(-6, 6) if number == 0 else -dice.uniform(18, 40)
            born = first.born - timedelta(days=int(years * 365.25))
            others.append(
                self._person(
                    place, names, theirs, home, landline, born=min(born, date(2008, 1, 1)), sex=sex
                )
            )
        return others

    def _person(
        self, place: Land, names: Names, family: str, home: Address, landline: str | None,
        born: date | None = None, sex: str | None = None,
    ) -> Person:  # fmt: skip
        dice = self.dice
        sex = sex or dice.choice("mf")
        given = names.given(dice, sex)
        if dice.random() < 0.04 and " " not in given:
            second = names.given(dice, sex)
            given = f"{given}{dice.choice('- ')}{second}"
        family = gendered(family, sex, names.source)
        if (
            names.source in {"es_ES", "pt_PT"}
            and place.code in {"ES", "PT"}
            and dice.random() < 0.75
        ):
            family = f"{family} {names.surname(dice)}"
        elif dice.random() < self.rates.double_surname:
            family = f"{family}-{names.surname(dice)}"
        person = Person(
            entity=self._number(), country=place.code, language=place.language, source=names.source, sex=sex,
            given=given, family=family, middle=names.given(dice, sex) if dice.random() < 0.3 else None, suffix=None,
            born=born or date(1940, 1, 1) + timedelta(days=int(dice.betavariate(2, 2) * 24_800)),
            address=home, mobile=telephone(dice, place.code, is_mobile=True), landline=landline, mails=[],
            roman=romanised(given, family, names.source, dice),
        )  # fmt: skip
        person.mails = self._mails(person, place)
        return person

    def _mails(self, person: Person, place: Land) -> list[str]:
        count = 1 + (self.dice.random() < 0.35)
        return [self._mail(person, place) for _ in range(count)]

    def _mail(self, person: Person, place: Land) -> str:
        dice = self.dice
        given, family = (_letters(part) for part in person.roman)
        number = str(dice.choice((person.born.year % 100, person.born.year, dice.randrange(1000))))
        local = dice.choice((
            f"{given}.{family}", f"{given}{family}", f"{given[:1]}{family}", f"{given}{number}", f"{family}{number}",
            f"{given}.{family}{number}", f"{given}_{family}", f"{given[:1]}.{family}{number}", f"{family}.{given}",
            f"{dice.choice(_HANDLES)}{dice.choice(_HANDLES)}{number}", f"{dice.choice(_HANDLES)}{dice.randrange(10_000)}",
        ))  # fmt: skip
        return self._free(
            local or dice.choice(_HANDLES) + number, f"@{dice.choice(MAIL_HOSTS[place.code])}"
        )

    def _free(self, name: str, rest: str) -> str:
        """Return the name with the rest, and with digits where somebody has it."""
        found = f"{name}{rest}"
        while found in self.taken:
            found = f"{name}{self.dice.randrange(1, 1000)}{rest}"
        self.taken.add(found)
        return found

    def _befall(self, one: Person, place: Land, names: Names) -> None:
        """Let time pass: marriage, a move, a new telephone and mailbox, a job, somebody else's old number."""
        dice, rates = self.dice, self.rates
        if dice.random() < rates.married * (1.6 if one.sex == "f" else 0.4):
            one.former_family, one.until["family"] = one.family, dice.random()
            new = gendered(names.surname(dice), one.sex, names.source)
            one.family = f"{one.family}-{new}" if dice.random() < 0.2 else new
            one.roman = romanised(one.given, one.family, names.source, dice)
            one.traps.add("changed_name")
        if dice.random() < rates.moved:
            one.former_address, one.until["address"] = one.address, dice.random()
            one.address = place.address(dice)
            one.traps.add("moved")
        if dice.random() < rates.new_mail:
            one.former_mail, one.until["mail"] = one.mails[0], dice.random()
            one.mails[0] = self._mail(one, place)
        if dice.random() < rates.new_phone:
            one.former_mobile, one.until["mobile"] = one.mobile, dice.random()
            one.mobile = telephone(dice, place.code, is_mobile=True)
        if self.companies and dice.random() < rates.contact:
            self._employ(one, dice.choice(self.companies))
        if self.persons:
            self._resemble(one, dice.choice(self.persons))

    def _employ(self, one: Person, company: Company) -> None:
        dice = self.dice
        given, family = (_letters(part) for part in one.roman)
        local = dice.choice(
            (f"{given}.{family}", f"{given[:1]}.{family}", f"{given[:1]}{family}", given, family)
        )
        one.employer, one.work_mail = company, self._free(local or "x", f"@{company.host}")
        one.traps.add("contact")

    def _resemble(self, one: Person, other: Person) -> None:
        dice, rates = self.dice, self.rates
        if dice.random() < rates.recycled_phone and other.country == one.country:
            one.mobile = other.former_mobile or other.mobile
            one.traps.add("recycled_phone")
            other.traps.add("recycled_phone")
        if dice.random() < rates.recycled_mail:
            one.mails[0] = other.former_mail or other.mails[0]
            one.traps.add("recycled_mail")
            other.traps.add("recycled_mail")
        if (
            dice.random() < rates.namesake * 3
            and other.country == one.country
            and not one.traps & {"twins", "junior", "father_son"}
        ):
            one.given, one.family, one.sex = other.given, other.family, other.sex
            one.source, one.roman = other.source, other.roman
            if dice.random() < 0.4:
                street, unit, *_, region, code = one.address
                one.address = (street, unit, other.address[2], other.address[3], region, code)
            one.traps.add("namesake")
            other.traps.add("namesake")

    # -- companies --------------------------------------------------------------------------------

    def _companies(self, place: Land) -> list[Company]:
        dice, rates = self.dice, self.rates
        core = self._core(place)
        first = self._company(place, core)
        found = [first]
        chance = dice.random()
        if chance < rates.group:
            found += self._group(place, first)
        elif chance < rates.group + rates.franchise:
            brand = dice.choice(FRANCHISES)
            for one in [first, *(self._company(place, brand) for _ in range(dice.randrange(1, 4)))]:
                one.core = brand if dice.random() < 0.5 else f"{brand} {one.address[2]}"
                one.host = f"{_letters(brand)}.com" if dice.random() < 0.4 else one.host
                one.traps.add("franchise")
                if one is not first:
                    found.append(one)
        for one in found:
            if dice.random() < rates.branch:
                one.second_address = place.address(dice)
                one.traps.add("branch")
            if dice.random() < rates.renamed:
                one.former_core, one.former_until = one.core, dice.random()
                one.core = self._core(place)
                one.traps.add("renamed")
            if dice.random() < rates.moved:
                one.former_address = one.address
                one.former_until = one.former_until or dice.random()
                one.address = place.address(dice)
        return found

    def _group(self, place: Land, first: Company) -> list[Company]:
        """Return sisters: the same core name, another legal entity; abroad, or next door for another trade."""
        dice = self.dice
        sisters = []
        for _ in range(dice.choice((1, 1, 2, 3))):
            where = self.lands[dice.choice(self.codes)] if dice.random() < 0.45 else place
            sister = self._company(where, first.core)
            sister.host = first.host if dice.random() < 0.4 else sister.host
            if where is place:
                trade = dice.choice(BRANCHES_OF_TRADE[where.language])
                last = first.core.split(" ")[-1]
                name = dice.random()
                if name < 0.45:
                    sister.core = f"{first.core.removesuffix(last).strip() or first.core} {trade}"
                elif name < 0.8:
                    sister.core = f"{first.core} {dice.choice(('Holding', 'Services', 'Immobilien', 'International', 'II', 'Beteiligungs', 'Vertrieb', 'Verwaltungs'))}"
                else:
                    sister.form = dice.choice(FORMS[where.code])
                    sister.core = sister.core if sister.form != first.form else f"{sister.core} 2"
                if dice.random() < 0.4:
                    sister.address = first.address
                if dice.random() < 0.15:
                    sister.phone = first.phone
            elif dice.random() < 0.4:
                sister.core = f"{first.core} {where.places.draw(dice)[0] if dice.random() < 0.4 else where.code}"
            sister.traps.add("group")
            sisters.append(sister)
        first.traps.add("group")
        return sisters

    def _core(self, place: Land) -> str:
        dice = self.dice
        words, trades = COMPANY_WORDS[place.language], BRANCHES_OF_TRADE[place.language]
        names = place.names(dice)
        family = (
            romanised("", names.surname(dice), names.source, dice)[1]
            if place.language not in {"el", "ja", "ru", "uk"}
            else names.surname(dice)
        )
        invented = "".join(
            dice.choice(_SYLLABLES) for _ in range(dice.choice((2, 3, 3)))
        ).capitalize()
        return dice.choice((
            f"{dice.choice(words)} {dice.choice(trades)}", f"{family} {dice.choice(trades)}", f"{family} & {names.surname(dice)}" if place.language != "ar" else f"{family} Brothers",
            f"{invented} {dice.choice(trades)}", invented, f"{family} {dice.choice(words)} {dice.choice(trades)}",
            f"{dice.choice(words)} {dice.choice(words)} {dice.choice(trades)}", family,
            f"{names.given(dice, 'm') if place.language != 'ar' else ''} {family}".strip(),
        ))  # fmt: skip

    def _company(self, place: Land, core: str) -> Company:
        dice = self.dice
        stem = _letters(romanised("", core, place.names(dice).source, dice)[1])[:18] or "firma"
        top = {"GB": "co.uk", "US": "com", "JP": "co.jp", "AE": "ae"}.get(
            place.code, place.code.lower()
        )
        number = str(dice.randrange(100)) if dice.random() < 0.3 else ""
        host = self._free(f"{stem}{number}", f".{top if dice.random() < 0.7 else 'com'}")
        return Company(
            entity=self._number(), country=place.code, language=place.language, core=core,
            form=dice.choice(FORMS[place.code]), address=place.address(dice),
            phone=telephone(dice, place.code, is_mobile=False), tax=tax_id(dice, place.code), host=host,
            leads_with_form=place.code in {"RU", "UA", "JP"},
        )  # fmt: skip


def _alike(given: str, names: Names, sex: str, dice: Random) -> str:
    """Return a name that begins as this one does, where a few draws find one."""
    for _ in range(60):
        other = names.given(dice, sex)
        if other != given and other[:2] == given[:2]:
            return other
    return names.given(dice, sex)


def _letters(text: str) -> str:
    """Return what of a name goes into an address."""
    for letter, plain in _LETTERS:
        text = text.replace(letter, plain)
    bare = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in bare if letter.isascii() and letter.isalnum())


def _words(text: str, between: str = " ") -> tuple[str, ...]:
    return tuple(text.split(between))


_LETTERS = (
    ("ä", "ae"),
    ("ö", "oe"),
    ("ü", "ue"),
    ("ß", "ss"),
    ("ł", "l"),
    ("Ł", "L"),
    ("ø", "o"),
    ("å", "a"),
)
_HANDLES = _words("sunny star dragon moto music berlin alpha gamer happy tiger king lady moon ocean pixel rocket bear fox eagle luna sky blue red max mini super mega chef runner biker coffee cat dog racer boss dream")  # fmt: skip
_SYLLABLES = _words("ba be bo ca ce co da de do fa fi ga go ka ki ko la le lo ma me mi na ne no pa pe ra re ri ro sa se so ta te to va ve vi xa ze zo tec net lux mar ter")  # fmt: skip
