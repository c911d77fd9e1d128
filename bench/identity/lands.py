"""The countries of the invented customers: names with their frequencies, places, streets, telephones, mailboxes.

Decides what is ordinary where: names are Zipf-distributed lists of Faker plus a composed tail of rare family
names, so that some names say much and others nothing. Must not know records or systems.
"""

import importlib
import itertools
from bisect import bisect
from dataclasses import dataclass
from random import Random

from bench.identity.words import (
    ARABIC_FAMILY,
    ARABIC_FEMALE,
    ARABIC_MALE,
    FAMILY_PARTS,
    JAPANESE_FAMILY,
    JAPANESE_GIVEN,
    PLACES,
    STREETS,
    TELEPHONES,
)

__all__ = ["LANDS", "Land", "land", "telephone"]

# Country, share of the customers, sources of names in Faker with their weights, language.
LANDS: tuple[tuple[str, float, tuple[tuple[str, float], ...], str], ...] = (
    ("US", 15, (("en_US", 0.82), ("es_ES", 0.12), ("ar_AA", 0.01), ("ru_RU", 0.02)), "en"),
    ("GB", 11, (("en_GB", 0.93), ("pl_PL", 0.03), ("ar_AA", 0.02)), "en"),
    ("IE", 3, (("en_IE", 0.95), ("pl_PL", 0.05)), "en"),
    ("DE", 16, (("de_DE", 0.87), ("pl_PL", 0.04), ("ru_RU", 0.04), ("ar_AA", 0.02), ("it_IT", 0.03)), "de"),
    ("AT", 5, (("de_AT", 0.95), ("ru_RU", 0.03)), "de"),
    ("CH", 5, (("de_CH", 0.65), ("fr_CH", 0.22), ("it_IT", 0.11)), "de"),
    ("FR", 9, (("fr_FR", 0.9), ("ar_AA", 0.05), ("pt_PT", 0.04)), "fr"),
    ("BE", 4, (("nl_BE", 0.55), ("fr_BE", 0.42), ("ar_AA", 0.03)), "nl"),
    ("NL", 6, (("nl_NL", 0.95), ("ar_AA", 0.04)), "nl"),
    ("ES", 6, (("es_ES", 0.97),), "es"),
    ("IT", 6, (("it_IT", 0.97),), "it"),
    ("PT", 2, (("pt_PT", 1),), "pt"),
    ("PL", 4, (("pl_PL", 0.97), ("uk_UA", 0.03)), "pl"),
    ("SE", 3, (("sv_SE", 0.95), ("ar_AA", 0.03)), "sv"),
    ("GR", 2, (("el_GR", 1),), "el"),
    ("JP", 2, (("ja_JP", 1),), "ja"),
    ("RU", 0.7, (("ru_RU", 1),), "ru"),
    ("UA", 0.7, (("uk_UA", 1),), "uk"),
    ("AE", 0.6, (("ar_AA", 0.8), ("en_GB", 0.2)), "ar"),
)  # fmt: skip
TAIL_SHARE = 0.3  # of the people bear a composed, rare family name, where the language composes any
FEMALE_TRAIL = {"ski": "ska", "cki": "cka", "dzki": "dzka"}


class Weighted:
    """Things drawn by weight."""

    def __init__(self, things: list, exponent: float) -> None:
        self.things = things
        weights = [1 / (place + 3) ** exponent for place in range(len(things))]
        self._sums = list(itertools.accumulate(weights))

    def draw(self, dice: Random):
        return self.things[bisect(self._sums, dice.random() * self._sums[-1])]


@dataclass(slots=True)
class Names:
    """The names of one source."""

    source: str
    male: Weighted
    female: Weighted
    family: Weighted
    parts: tuple[tuple[str, ...], tuple[str, ...]] | None
    middle_male: list[str]
    middle_female: list[str]

    def given(self, dice: Random, sex: str) -> str:
        return (self.male if sex == "m" else self.female).draw(dice)

    def surname(self, dice: Random) -> str:
        if self.parts and dice.random() < TAIL_SHARE:
            return (dice.choice(self.parts[0]) + dice.choice(self.parts[1])).capitalize()
        return self.family.draw(dice)


def gendered(family: str, sex: str, source: str) -> str:
    """Return a family name in the form of its bearer: Kowalska, Иванова, Παπαδοπούλου."""
    if sex == "m":
        return family
    if source == "pl_PL":
        for male, female in FEMALE_TRAIL.items():
            if family.endswith(male):
                return family.removesuffix(male) + female
    if source in {"ru_RU", "uk_UA"}:
        if family.endswith(("ов", "ев", "ин", "ёв", "єв")):
            return family + "а"
        if family.endswith(("ский", "цкий", "ський", "цький")):
            return family[:-2] + ("ая" if source == "ru_RU" else "а")
    if source == "el_GR" and family.endswith("ος"):
        return family[:-2] + "ου"
    if source == "el_GR" and family.endswith(("ης", "ας")):
        return family[:-1]
    return family


class Land:
    """One country."""

    def __init__(
        self,
        code: str,
        sources: tuple[tuple[str, float], ...],
        language: str,
        *,
        without: frozenset[str],
    ) -> None:
        self.code = code
        self.language = language
        kept = [(source, weight) for source, weight in sources if source not in without] or list(
            sources[:1]
        )
        self._sources = [_names(source) for source, _ in kept]
        self._sums = list(itertools.accumulate(weight for _, weight in kept))
        self.places = Weighted(list(PLACES[code]), 0.7)

    def names(self, dice: Random) -> Names:
        return self._sources[bisect(self._sums, dice.random() * self._sums[-1])]

    def address(self, dice: Random) -> tuple[str, str | None, str, str, str | None, str]:
        """Return street, unit, city, postal code, region, country."""
        city, pattern, region = self.places.draw(dice)
        kind = STREETS[self.code]
        # A few streets of every town carry half of its people.
        base = dice.choice(kind.bases[:12]) if dice.random() < 0.25 else dice.choice(kind.bases)
        street = kind.form(base, dice.choice(kind.trails))
        number = str(int(dice.paretovariate(0.8)) % 240 + dice.randrange(1, 20))
        if dice.random() < 0.06:
            number += dice.choice("abcABC")
        whole = kind.line(street, number)
        unit = kind.unit(dice) if dice.random() < kind.unit_share else None
        return whole, unit, city, _digits(dice, pattern), region or None, self.code


def _digits(dice: Random, pattern: str) -> str:
    if "#" not in pattern and "@" not in pattern and "N" not in pattern:
        return pattern
    return "".join(
        str(dice.randrange(10)) if letter == "#"
        else str(dice.randrange(2, 10)) if letter == "~"
        else dice.choice("ABDEFGHJLNPQRSTUWXYZ") if letter == "@"
        else letter
        for letter in pattern
    )  # fmt: skip


def telephone(dice: Random, country: str, *, is_mobile: bool) -> str:
    """Return a number that the country could issue, as E.164."""
    return _digits(dice, dice.choice(TELEPHONES[country][0 if is_mobile else 1]))


_known: dict[str, Names] = {}


def _names(source: str) -> Names:
    if source not in _known:
        by_hand = {"ja_JP": _japanese, "ar_AA": _arabic}
        _known[source] = by_hand[source]() if source in by_hand else _of_faker(source)
    return _known[source]


def _of_faker(source: str) -> Names:
    provider = importlib.import_module(f"faker.providers.person.{source}").Provider

    def listed(*names: str) -> list[str]:
        found: dict[str, float] = {}
        for name in names:
            values = getattr(provider, name, None)
            if isinstance(values, dict):
                found |= dict(sorted(values.items(), key=lambda pair: -pair[1]))
            elif values:
                found |= dict.fromkeys(values, 1.0)
        return [name for name in found if name and name != "Doe"]

    family = listed("last_names_male", "male_last_names", "unisex_last_names")
    family = family or listed("last_names")
    shuffle = Random(source)
    male, female = listed("first_names_male"), listed("first_names_female")
    for names in (male, female, family):
        if names == sorted(names) or source in {
            "el_GR",
            "ar_AA",
            "uk_UA",
            "es_ES",
            "en_IE",
            "de_AT",
            "de_DE",
            "it_IT",
        }:
            shuffle.shuffle(names)
    return Names(
        source=source,
        male=Weighted(male, 0.75),
        female=Weighted(female, 0.75),
        family=Weighted(family, 0.7),
        parts=FAMILY_PARTS.get(source.partition("_")[0]),
        middle_male=listed("middle_names_male") or male,
        middle_female=listed("middle_names_female") or female,
    )


def _japanese() -> Names:
    male = [name for name in JAPANESE_GIVEN if name[3] == "m"]
    female = [name for name in JAPANESE_GIVEN if name[3] == "f"]
    texts = [[name[0] for name in names] for names in (male, female, JAPANESE_FAMILY)]
    return Names(
        source="ja_JP", male=Weighted(texts[0], 0.6), female=Weighted(texts[1], 0.6), family=Weighted(texts[2], 0.6),
        parts=None, middle_male=texts[0], middle_female=texts[1],
    )  # fmt: skip


def _arabic() -> Names:
    texts = [
        [name[0].replace("@", " ").replace("_", " ") for name in names]
        for names in (ARABIC_MALE, ARABIC_FEMALE, ARABIC_FAMILY)
    ]
    return Names(
        source="ar_AA", male=Weighted(texts[0], 0.7), female=Weighted(texts[1], 0.7), family=Weighted(texts[2], 0.5),
        parts=None, middle_male=texts[0], middle_female=texts[1],
    )  # fmt: skip


def land(code: str, *, without: frozenset[str] = frozenset()) -> Land:
    """Return the country, without these sources of names where others are left."""
    found = next(one for one in LANDS if one[0] == code)
    return Land(code, found[2], found[3], without=without)
