"""Show the customers as three systems do: what each keeps, in which form, and how badly.

Decides which system knows whom, as of when, and with which faults. Promises, for one recipe, the same
frames of canonical columns and the same truth. Names of traps are kept per record, so that scores come by trap.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, fields
from random import Random
from typing import Any

import polars as pl

from bench.identity.noise import cut, mojibake, typo, unaccented
from bench.identity.population import Address, Company, Person, Recipe, people
from bench.identity.romanise import is_foreign, romanised
from bench.identity.words import (
    FORM_WORDS,
    JOBS,
    JUNK_MAILS,
    JUNK_NAMES,
    NICKNAMES,
    ROLES,
    TITLES,
)

__all__ = ["ADDRESS_PARTS", "COLUMNS", "SYSTEMS", "Corpus", "Faults", "Habits", "generate"]

SYSTEMS = ("crm", "shop", "erp")
COLUMNS = (
    "kind", "title", "given_name", "middle_name", "family_name", "name_suffix", "organisation", "job_title", "email",
    "phone", "phones", "tax_id", "birth_date", "language", "country", "website", "billing_address",
    "shipping_address",
)  # fmt: skip
ERP_LENGTH = 35
# How likely a system knows a customer: persons, companies; then another record of the same one there.
KNOWS = {"person": (0.52, 0.62, 0.38), "organisation": (0.62, 0.42, 0.72)}
AGAIN = {"crm": 0.10, "shop": 0.16, "erp": 0.05}
RECORDS_MAX = 6
ADDRESS_PARTS = ("street", "street2", "city", "postal_code", "region", "country")
Values = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """How often a record is spoilt in each way, at noise 1; drawn anew for each seed."""

    typo_given: float = 0.035
    typo_family: float = 0.035
    typo_organisation: float = 0.05
    typo_street: float = 0.05
    typo_phone: float = 0.012
    typo_mail: float = 0.012
    nickname: float = 0.11
    initial: float = 0.035
    swapped: float = 0.025
    one_field: float = 0.03
    unaccented: float = 0.25
    mojibake: float = 0.012
    junk_name: float = 0.008
    junk_value: float = 0.012
    junk_mail: float = 0.012
    role_mail: float = 0.02
    transliterated: float = 0.3
    title: float = 0.10
    half_surname: float = 0.15
    po_box: float = 0.03
    wrong_birth_date: float = 0.03
    placeholder_birth_date: float = 0.02
    day_month: float = 0.02
    foreign_address: float = 0.05
    wrong_postal_code: float = 0.03
    no_mail: float = 1.0
    no_phone: float = 1.0
    no_address: float = 1.0
    drop_form: float = 0.12
    other_form: float = 0.25
    abbreviated: float = 0.06
    person_as_company: float = 0.01
    stale: float = 0.1

    def drawn(self, dice: Random, recipe: Recipe) -> "Faults":
        """Return the rates of one seed: each between 0.6 and 1.5 of the usual, times the noise."""
        drawn = {}
        for one in fields(self):
            usual: float = getattr(self, one.name)
            if usual == 1.0:  # a factor, not a rate
                drawn[one.name] = dice.uniform(0.8, 1.2) * (1 + 0.25 * (recipe.noise - 1))
            else:
                drawn[one.name] = min(0.9, usual * dice.uniform(0.6, 1.5) * recipe.noise)
        return Faults(**(drawn | dict.fromkeys(recipe.without & drawn.keys(), 0.0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What the three systems of one seed are like: no two companies keep their customers alike.

    Attributes:
        knows: system -> factor of how likely it knows a customer.
        again: system -> factor of how likely it knows one twice.
        lacks: system, field -> factor of how likely the field is empty.
        births: system -> factor of how likely it knows a birth date.
        says_kind: system -> how likely it says whether a record is a person.
        is_upper: the ERP writes in capitals.
    """

    knows: dict[str, float]
    again: dict[str, float]
    lacks: dict[tuple[str, str], float]
    births: dict[str, float]
    says_kind: dict[str, float]
    is_upper: bool

    @classmethod
    def drawn(cls, dice: Random) -> "Habits":
        """Return the habits of one seed."""
        return cls(
            knows={system: dice.uniform(0.8, 1.25) for system in SYSTEMS},
            again={system: dice.uniform(0.4, 1.6) for system in SYSTEMS},
            lacks={
                (system, name): dice.uniform(0.6, 1.4)
                for system in SYSTEMS
                for name in ("mail", "phone", "address")
            },
            births={system: dice.uniform(0.4, 1.5) for system in SYSTEMS},
            says_kind={
                "crm": dice.choice((1.0, 1.0, 0.9, 0.0)), "erp": dice.choice((1.0, 0.8, 0.5, 0.0)), "shop": dice.choice((0.0, 0.0, 0.6)),
            },
            is_upper=dice.random() < 0.75,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Exports and the truth.

    Attributes:
        name: what it is called in tables.
        frames: system -> ``external_id`` and the canonical columns, all text.
        truth: ``system``, ``external_id``, ``entity``, ``kind``, ``traps`` (of the record and its entity, a list).
    """

    name: str
    frames: dict[str, pl.DataFrame]
    truth: pl.DataFrame


def generate(records: int, seed: int, noise: float = 1.0, **options: frozenset[str]) -> Corpus:
    """Invent so many records of three systems.

    Args:
        records: how many over the three systems.
        seed: the same number gives the same corpus; rates of traps and faults are drawn from it too.
        noise: 1 is usual, 2 spoils twice as often.
        options: ``without`` names traps and faults to leave out (``population.Rates``, ``Faults``);
            ``names_without`` names sources of names (``de_DE``) to leave out where a country has others.
    """
    recipe = Recipe(records=records, seed=seed, noise=noise, **options)
    dice = Random(seed * 7_919 + 17)
    habits = Habits.drawn(dice)
    views = _Views(recipe, habits, dice)
    rows: dict[str, list[Values]] = defaultdict(list)
    count = 0
    for one in people(recipe, dice):
        for system in _systems(one, habits, dice):
            rows[system].append(views.record(one, system))
            count += 1
        if count >= records:
            break
    return _corpus(recipe, rows, dice)


def _corpus(recipe: Recipe, rows: dict[str, list[Values]], dice: Random) -> Corpus:
    frames, truths = {}, []
    for system in SYSTEMS:
        found = rows[system]
        dice.shuffle(found)
        start = {"crm": 30_001, "shop": 1, "erp": 1_000_000}[system]
        ids = [
            f"{'003' if system == 'crm' else ''}{start + place:07d}" for place in range(len(found))
        ]
        columns = {name: [row.get(name) for row in found] for name in COLUMNS}
        frames[system] = pl.DataFrame(
            {"external_id": ids, **columns},
            schema=dict.fromkeys(("external_id", *COLUMNS), pl.String),
        )
        truths.append(
            pl.DataFrame(
                {
                    "system": [system] * len(found),
                    "external_id": ids,
                    "entity": [row["_entity"] for row in found],
                    "kind": [row["_kind"] for row in found],
                    "traps": [sorted(row["_traps"]) for row in found],
                },
                schema={
                    "system": pl.String,
                    "external_id": pl.String,
                    "entity": pl.Int64,
                    "kind": pl.String,
                    "traps": pl.List(pl.String),
                },
            )
        )
    return Corpus(name=f"seed {recipe.seed}", frames=frames, truth=pl.concat(truths))


def _systems(one: Person | Company, habits: Habits, dice: Random) -> list[str]:
    """Return the systems that know a customer, one entry a record."""
    found: list[str] = []
    for system, chance in zip(SYSTEMS, KNOWS[one.kind], strict=True):
        if dice.random() < chance * habits.knows[system]:
            found.append(system)
            while dice.random() < AGAIN[system] * habits.again[system]:
                found.append(system)
    return (found or [dice.choice(SYSTEMS)])[:RECORDS_MAX]


class _Views:
    """The three systems' ways of seeing."""

    def __init__(self, recipe: Recipe, habits: Habits, dice: Random) -> None:
        self.dice = dice
        self.habits = habits
        self.faults = Faults().drawn(dice, recipe)

    def record(self, one: Person | Company, system: str) -> Values:
        """Return one record: canonical values, and beneath them the truth."""
        traps = set(one.traps)
        row = (
            self._person(one, system, traps)
            if isinstance(one, Person)
            else self._company(one, system, traps)
        )
        row |= {"_entity": one.entity, "_kind": one.kind, "_traps": traps}
        return row

    def _hit(self, chance: float) -> bool:
        return self.dice.random() < chance

    def _lacks(self, system: str, name: str, usual: float) -> bool:
        return self._hit(usual * self.habits.lacks[system, name])

    # -- persons ----------------------------------------------------------------------------------

    def _person(self, one: Person, system: str, traps: set[str]) -> Values:
        dice, faults = self.dice, self.faults
        # A record shows the customer as of some moment; a stale one was never updated.
        moment = dice.random() * (0.5 if self._hit(faults.stale) else 1.0)
        moment = moment if self._hit(0.5) else 1.0
        at_work = bool(one.employer) and self._hit({"crm": 0.8, "erp": 0.35, "shop": 0.12}[system])
        row: Values = {
            "country": one.country,
            "language": one.language if system != "erp" else None,
        }
        self._names(one, system, moment, row, traps)
        self._reach(one, system, moment, row, traps, at_work=at_work)
        self._place(one, system, moment, row, traps, at_work=at_work)
        self._born(one, system, row, traps)
        if self._hit(self.habits.says_kind[system]):
            row["kind"] = "person"
        if at_work:
            assert one.employer
            row["organisation"] = self._firm(one.employer, system, 1.0, traps)
            if system == "crm":
                row["job_title"] = dice.choice(JOBS) if self._hit(0.7) else None
        return row

    def _names(self, one: Person, system: str, moment: float, row: Values, traps: set[str]) -> None:
        dice, faults = self.dice, self.faults
        given, family = self._script(one, system, moment, traps)
        middle = one.middle
        if middle and is_foreign(middle) and not is_foreign(given):
            middle = romanised(middle, "", one.source, dice)[0]
        if self._hit(faults.nickname) and (short := NICKNAMES.get(one.given)) and system != "erp":
            nick = dice.choice(short)
            given = (
                nick
                if is_foreign(given) or not is_foreign(nick)
                else romanised(nick, "", one.source, dice)[0]
            )
            traps.add("nickname")
        elif self._hit(faults.initial * (2 if system == "erp" else 1)):
            given = f"{given[0]}{dice.choice(('.', '', '.'))}"
            traps.add("initial")
        elif self._hit(0.25) and (" " in given or "-" in given):
            given = given.replace("-", " ").split(" ")[0]
        if (
            self._hit(faults.half_surname)
            and (" " in family or "-" in family)
            and family[0].isupper()
        ):
            parts = family.replace("-", " ").split(" ")
            family = parts[0] if self._hit(0.7) else parts[-1]
            traps.add("double_surname")
        if self._hit(faults.typo_given) and len(given) > 2:
            given = typo(given, dice)
            traps.add("typo_given")
        if self._hit(faults.typo_family):
            family = typo(family, dice)
            traps.add("typo_family")
        given, family = (self._letters(part, system, traps) for part in (given, family))
        if self._hit(faults.junk_name):
            given, family = dice.choice(JUNK_NAMES)
            traps.add("junk_name")
        if middle and self._hit({"crm": 0.4, "shop": 0.08, "erp": 0.2}[system]):
            if system == "crm":
                row["middle_name"] = middle if self._hit(0.5) else f"{middle[0]}."
            else:
                given = f"{given} {middle if self._hit(0.5) else middle[0]}"
        suffix = one.suffix if self._hit({"crm": 0.65, "shop": 0.25, "erp": 0.4}[system]) else None
        if suffix and system == "crm" and self._hit(0.6):
            row["name_suffix"] = suffix
        elif suffix:
            family = f"{family} {suffix}"
        if self._hit(faults.title) and (titles := TITLES.get(one.language)):
            title = dice.choice(titles)
            if system == "crm" or self._hit(0.5):
                row["title"] = title
            else:
                given = f"{title} {given}"
        if system == "erp" and self.habits.is_upper:
            given, family = cut(given.upper(), ERP_LENGTH), cut(family.upper(), ERP_LENGTH)
        elif system == "shop" and self._hit(0.12):
            given, family = (
                (given.lower(), family.lower())
                if self._hit(0.6)
                else (given.upper(), family.upper())
            )
        self._fields(given, family, row, traps, system)

    def _fields(self, given: str, family: str, row: Values, traps: set[str], system: str) -> None:
        """Put the names where this one's clerk put them."""
        faults = self.faults
        factor = {"crm": 0.5, "shop": 1.5, "erp": 1.0}[system]
        if self._hit(faults.swapped * factor):
            given, family = family, given
            traps.add("swapped")
        elif self._hit(faults.one_field * factor):
            whole = f"{given} {family}" if self._hit(0.6) else f"{family}, {given}"
            given, family = ("", cut(whole, ERP_LENGTH) if system == "erp" else whole)
            traps.add("one_field")
        row["given_name"], row["family_name"] = given.strip() or None, family.strip() or None
        if system == "erp" and self._hit(faults.person_as_company):
            row["organisation"], row["given_name"], row["family_name"] = (
                f"{given} {family}".strip(),
                None,
                None,
            )
            row["kind"] = "organisation" if row.get("kind") else None
            traps.add("person_as_company")

    def _script(self, one: Person, system: str, moment: float, traps: set[str]) -> tuple[str, str]:
        family = one.family
        is_former = one.former_family is not None and moment < one.until["family"]
        if is_former:
            assert one.former_family is not None
            family = one.former_family
            traps.add("changed_name_record")
        if not is_foreign(one.given + family):
            return one.given, family
        is_home = one.country in {"GR", "JP", "RU", "UA", "AE"}
        if is_home and system != "erp" and self._hit(0.7):
            return one.given, family
        traps.add("transliterated")
        if is_former or self._hit(self.faults.transliterated):
            return romanised(one.given, family, one.source, self.dice)
        return one.roman

    def _letters(self, text: str, system: str, traps: set[str]) -> str:
        if text.isascii() or is_foreign(text):
            return text
        if system == "erp" and self._hit(0.7):
            return unaccented(text, self.dice)
        if self._hit(self.faults.mojibake * 3):  # only names with accents suffer
            traps.add("mojibake")
            return mojibake(text, self.dice)
        return unaccented(text, self.dice) if self._hit(self.faults.unaccented) else text

    def _reach(
        self,
        one: Person,
        system: str,
        moment: float,
        row: Values,
        traps: set[str],
        *,
        at_work: bool,
    ) -> None:
        dice, faults = self.dice, self.faults
        if not self._lacks(
            system, "mail", {"crm": 0.15, "shop": 0.02, "erp": 0.38}[system] * self.faults.no_mail
        ):
            row["email"] = self._mail(one, moment, traps, at_work=at_work)
        else:
            traps.add("no_mail")
        if not self._lacks(
            system, "phone", {"crm": 0.25, "shop": 0.3, "erp": 0.33}[system] * self.faults.no_phone
        ):
            number = one.mobile
            if one.former_mobile and moment < one.until["mobile"]:
                number = one.former_mobile
            if at_work and one.employer and self._hit(0.45):
                number = one.employer.phone
            elif one.landline and self._hit({"crm": 0.3, "shop": 0.15, "erp": 0.45}[system]):
                number = one.landline
            if self._hit(faults.typo_phone):
                place = dice.randrange(5, len(number))
                number = number[:place] + str(dice.randrange(10)) + number[place + 1 :]
            row["phone"] = number
            if system == "crm" and one.landline and number != one.landline and self._hit(0.3):
                row["phones"] = json.dumps(sorted({number, one.landline}))
        else:
            traps.add("no_phone")

    def _mail(self, one: Person, moment: float, traps: set[str], *, at_work: bool) -> str:
        dice, faults = self.dice, self.faults
        if self._hit(faults.junk_mail):
            traps.add("junk_mail")
            return dice.choice(JUNK_MAILS)
        if at_work and one.work_mail and self._hit(0.85):
            if self._hit(0.12) and one.employer:
                traps.add("role_mail")
                return f"{ROLES[one.employer.entity % len(ROLES)]}@{one.employer.host}"
            return one.work_mail
        if one.shared_mail and self._hit(0.6):
            return one.shared_mail
        mail = one.mails[0] if len(one.mails) == 1 or self._hit(0.65) else one.mails[1]
        if one.former_mail and moment < one.until["mail"] and mail == one.mails[0]:
            mail = one.former_mail
        if self._hit(faults.typo_mail):
            local, _, host = mail.partition("@")
            mail = (
                f"{typo(local, dice)}@{host}"
                if self._hit(0.6)
                else f"{local}@{typo(host[:-3], dice)}{host[-3:]}"
            )
            mail = mail if mail.isascii() and " " not in mail else one.mails[0]
            traps.add("typo_mail")
        return mail

    def _place(
        self,
        one: Person,
        system: str,
        moment: float,
        row: Values,
        traps: set[str],
        *,
        at_work: bool,
    ) -> None:
        address = one.address
        if one.former_address and moment < one.until["address"]:
            address = one.former_address
            traps.add("moved_record")
        if at_work and one.employer and self._hit(0.85):
            address = one.employer.address
        if self._lacks(
            system,
            "address",
            {"crm": 0.22, "shop": 0.1, "erp": 0.05}[system] * self.faults.no_address,
        ):
            return
        row["billing_address"] = self._address(address, system, traps)
        row["country"] = address[5]
        if system == "shop" and self._hit(0.15):
            other = (
                one.employer.address
                if one.employer and self._hit(0.4)
                else one.former_address or address
            )
            row["shipping_address"] = self._address(other, system, traps)

    def _address(self, address: Address, system: str, traps: set[str]) -> str:
        """Return an address as the system keeps it, as canonical JSON."""
        dice, faults = self.dice, self.faults
        street, unit, city, postal, region, country = address
        if self._hit(faults.po_box):
            street, unit = (
                f"{_BOXES.get(country, 'P.O. Box')} {sum(map(ord, street)) % 9000 + 100}",
                None,
            )
            traps.add("po_box")
        street = self._short(street, system)
        if self._hit(faults.typo_street):
            street = typo(street, dice)
        if unit and self._hit(0.35):
            street, unit = (f"{street}, {unit}", None) if self._hit(0.5) else (street, None)
        if self._hit(faults.wrong_postal_code) and len(postal) > 3:
            place = dice.randrange(2, len(postal))
            postal = (
                postal[:place]
                + (str(dice.randrange(10)) if postal[place].isdigit() else postal[place])
                + postal[place + 1 :]
            )
        if is_foreign(street + city) and (system == "erp" or self._hit(0.3)):
            source = {"GR": "el_GR", "RU": "ru_RU", "UA": "uk_UA", "JP": "ja_JP"}.get(country, "")
            street, city = romanised(street, city, source, dice)
        street, city = (self._letters(part, system, traps) for part in (street, city))
        if system == "erp":
            street, city = (
                text.upper() if self.habits.is_upper else text for text in (street, city)
            )
            street, city = cut(street, ERP_LENGTH), cut(city, 25)
            region = region if self._hit(0.5) else None
        if self._hit(0.03):
            city = typo(city, dice)
        postal = postal.replace(" ", "") if self._hit(0.2) else postal
        if self._hit(faults.junk_value):
            street = dice.choice(("-", "n/a", "x", "unknown", "."))
        parts = dict(zip(ADDRESS_PARTS, (street, unit, city, postal, region, country), strict=True))
        return json.dumps(
            {name: value for name, value in sorted(parts.items()) if value},
            ensure_ascii=False,
            separators=(",", ":"),
        )

    def _short(self, street: str, system: str) -> str:
        """Return the street with its kind written as this clerk does."""
        for long, short in _STREET_WORDS:
            if long in street and self._hit(0.3 if system != "erp" else 0.6):
                return street.replace(long, short)
        return street

    def _born(self, one: Person, system: str, row: Values, traps: set[str]) -> None:
        dice, faults = self.dice, self.faults
        known = {"crm": 0.55, "shop": 0.22, "erp": 0.32}[system]
        if not self._hit(known * self.habits.births[system]):
            return
        born = one.born
        text = born.isoformat()
        if self._hit(faults.placeholder_birth_date):
            text = dice.choice(
                ("1900-01-01", "1970-01-01", f"{born.year}-01-01", "1901-01-01", "2000-01-01")
            )
            traps.add("placeholder_birth_date")
        elif self._hit(faults.day_month) and born.day <= 12:
            text = f"{born.year}-{born.day:02d}-{born.month:02d}"
            traps.add("day_month")
        elif self._hit(faults.wrong_birth_date):
            text = born.replace(
                day=min(28, max(1, born.day + dice.choice((-10, -1, 1, 10, 2))))
            ).isoformat()
            if self._hit(0.3):
                text = (
                    f"{born.year + dice.choice((-10, -1, 1, 10))}{born.isoformat()[4:]}"
                    if born.day < 29
                    else text
                )
            traps.add("wrong_birth_date")
        row["birth_date"] = text

    # -- companies --------------------------------------------------------------------------------

    def _company(self, one: Company, system: str, traps: set[str]) -> Values:
        dice, _faults = self.dice, self.faults
        moment = dice.random() if self._hit(0.4) else 1.0
        row: Values = {"country": one.country, "language": one.language if self._hit(0.6) else None}
        row["organisation"] = self._firm(one, system, moment, traps)
        if self._hit(self.habits.says_kind[system]):
            row["kind"] = "organisation"
        if one.tax and self._hit({"crm": 0.4, "shop": 0.3, "erp": 0.85}[system]):
            row["tax_id"] = one.tax
        if not self._lacks(
            system, "mail", {"crm": 0.3, "shop": 0.02, "erp": 0.4}[system] * self.faults.no_mail
        ):
            row["email"] = self._firm_mail(one, traps)
        if not self._lacks(
            system, "phone", {"crm": 0.3, "shop": 0.4, "erp": 0.3}[system] * self.faults.no_phone
        ):
            row["phone"] = (
                one.phone if self._hit(0.75) else one.phone[:-2] + f"{dice.randrange(100):02d}"
            )
        if system == "crm" and self._hit(0.5):
            row["website"] = f"https://{dice.choice(('www.', ''))}{one.host}"
        if not self._lacks(
            system,
            "address",
            {"crm": 0.2, "shop": 0.05, "erp": 0.02}[system] * self.faults.no_address,
        ):
            address = one.address
            if one.former_address and moment < one.former_until:
                address = one.former_address
                traps.add("moved_record")
            elif one.second_address and self._hit(0.4):
                address = one.second_address
                traps.add("branch_record")
            row["billing_address"] = self._address(address, system, traps)
        return row

    def _firm_mail(self, one: Company, traps: set[str]) -> str:
        dice = self.dice
        if self._hit(0.7):
            traps.add("role_mail")
            role = ROLES[
                (one.entity + (0 if self._hit(0.6) else dice.randrange(len(ROLES)))) % len(ROLES)
            ]
            return f"{role}@{one.host}"
        return f"{dice.choice('abcdefghjklmnprst')}.{dice.choice(_CLERKS)}@{one.host}"

    def _firm(self, one: Company, system: str, moment: float, traps: set[str]) -> str:
        """Return the name of a company as somebody wrote it."""
        dice, faults = self.dice, self.faults
        core, form = one.core, one.form
        if one.former_core and moment < one.former_until:
            core = one.former_core
            traps.add("renamed_record")
        if is_foreign(core) and (system == "erp" or self._hit(0.3)):
            source = {"el": "el_GR", "ru": "ru_RU", "uk": "uk_UA", "ja": "ja_JP"}.get(
                one.language, ""
            )
            core = romanised("", core, source, dice)[1]
            form = romanised("", form, source, dice)[1] if is_foreign(form) else form
            traps.add("transliterated")
        if self._hit(faults.typo_organisation):
            core = typo(core, dice)
            traps.add("typo_organisation")
        if self._hit(faults.abbreviated) and core.count(" ") >= 1:
            words = core.split(" ")
            core = " ".join(
                [
                    words[0],
                    *(
                        word[0] + "." if len(word) > 3 and self._hit(0.5) else word
                        for word in words[1:]
                    ),
                ]
            )
            traps.add("abbreviated")
        if self._hit(0.25):
            core = core.replace("&", dice.choice(("und", "and", "+", "et")))
        if self._hit(faults.drop_form * {"crm": 1.5, "shop": 3, "erp": 0.3}[system]):
            form = ""
        elif self._hit(faults.other_form):
            form = dice.choice(FORM_WORDS.get(form, (form,)))
        name = (f"{form} {core}" if one.leads_with_form else f"{core} {form}").strip()
        name = self._letters(name, system, traps)
        if system == "erp":
            longer = name.upper() if self.habits.is_upper else name
            name = cut(longer, ERP_LENGTH)
            if name != longer:
                traps.add("cut")
        elif system == "shop" and self._hit(0.15):
            name = name.lower()
        return name


_BOXES = {"DE": "Postfach", "AT": "Postfach", "CH": "Postfach", "FR": "BP", "NL": "Postbus", "BE": "Postbus", "ES": "Apdo. de Correos", "IT": "Casella Postale", "PT": "Apartado", "PL": "Skr. poczt.", "SE": "Box"}  # fmt: skip
_STREET_WORDS = (
    ("Street", "St"), ("Avenue", "Ave"), ("Road", "Rd"), ("Drive", "Dr"), ("Lane", "Ln"), ("Boulevard", "Blvd"), ("Court", "Ct"),
    ("Place", "Pl"), ("straße", "str."), ("strasse", "str."), ("avenue", "av."), ("boulevard", "bd"), ("place", "pl."), ("Calle", "C/"),
    ("Avenida", "Avda."), ("Plaza", "Pza."), ("Viale", "V.le"), ("Piazza", "P.za"), ("Corso", "C.so"), ("Via ", "V. "), ("Rua", "R."),
    ("straat", "str."), ("ul. ", ""), ("gatan", "g."), ("ул. ", "улица "), ("вул. ", "вулиця "),
)  # fmt: skip
_CLERKS = ("meyer", "smith", "martin", "rossi", "garcia", "nowak", "jansen", "silva", "weber", "jones", "dubois", "berg")  # fmt: skip
