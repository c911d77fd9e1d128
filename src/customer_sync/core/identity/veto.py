"""Vetoes: what two records may never be one party for, whatever their score.

Decides few hard rules, each named, each about two stated facts that exclude each other. What may be
a slip of the keyboard is no veto: the model weighs it. Promises symmetry. Must not know scores.
"""

import re
from collections.abc import Callable

import polars as pl
from rapidfuzz.distance import OSA, JaroWinkler

from customer_sync.core.identity.nickname import name_groups
from customer_sync.core.identity.profile import Profile, each
from customer_sync.core.identity.spelling import folded, sound
from customer_sync.kernel.frames import among

__all__ = ["VETOED", "VETOES", "veto_of", "vetoed"]

VETOED = {"left": pl.Int64, "right": pl.Int64, "veto": pl.String}
# The code of each veto, and what it says to people.
VETOES = {
    "kind": "one is a person, the other an organisation",
    "tax_id": "different tax ids of one country",
    "suffix": "one is the elder, the other the younger of that name",
    "generation": "the same name, but born in different generations",
    "twin": "born on the same day with the same family name, but different given names",
    "number": "different numbers in their names",
    "legal_entity": "the same name, but different legal forms: different companies of one group",
}
_GENERATION_YEARS = 15
_NUMBER = re.compile(r"\d+")


def vetoed(
    pairs: pl.DataFrame, found: pl.DataFrame, *, waived: frozenset[str] = frozenset()
) -> pl.DataFrame:
    """Return the pairs (left, right) that a rule excludes, with the code of the first that does.

    Args:
        pairs: (left, right) links; worth asking only for pairs that the model would join.
        found: profiles, among them those of every pair.
        waived: the rules that do not hold in this workspace (`Model.waived`).
    """
    asked = pl.DataFrame({"link": pl.concat([pairs["left"], pairs["right"]])})
    by_link = {one.link: one for one in each(among(found, asked, "link"))}
    rows = []
    for left, right in zip(pairs["left"].to_list(), pairs["right"].to_list(), strict=True):
        veto = veto_of(by_link[left], by_link[right], waived)
        if veto:
            rows.append((left, right, veto))
    return pl.DataFrame(rows, schema=VETOED, orient="row")


def veto_of(one: Profile, other: Profile, waived: frozenset[str] = frozenset()) -> str | None:
    """Return the code of the first rule that excludes that two records are one party."""
    if {one.is_organisation, other.is_organisation} == {True, False}:
        return "kind"
    if _differ_in_tax_id(one, other):
        return "tax_id"
    rules = _FIRM_RULES if one.is_organisation and other.is_organisation else _PERSON_RULES
    for code, excludes in rules:
        if code not in waived and excludes(one, other):
            return code
    return None


def _differ_in_tax_id(one: Profile, other: Profile) -> bool:
    a, b = one.tax_id, other.tax_id
    # Ids of different make are two ids of one party; one slip is a slip.
    same_make = len(a) == len(b) and a[:2].isalpha() == b[:2].isalpha()
    if not (a and b) or a == b or not same_make or (a[:2].isalpha() and a[:2] != b[:2]):
        return False
    return OSA.distance(a, b) > 2


def _differ_in_suffix(one: Profile, other: Profile) -> bool:
    # "Sr" and "II" may be one man, and so may "Jr" and "II".
    said = {one.suffix, other.suffix}
    return "" not in said and len(said) == 2 and said not in ({"jr", "ii"}, {"sr", "ii"})


def _differ_in_generation(one: Profile, other: Profile) -> bool:
    a, b = one.birth_date, other.birth_date
    if not (a and b) or a[5:] == b[5:] or abs(int(a[:4]) - int(b[:4])) < _GENERATION_YEARS:
        return False
    if a[8:] + a[5:7] == b[5:7] + b[8:] or OSA.distance(a, b) < 3:
        return False
    return bool(one.family) and folded(one.family) == folded(other.family)


def _are_twins(one: Profile, other: Profile) -> bool:
    a, b = one.birth_date, other.birth_date
    if not a or a != b or not one.family or folded(one.family) != folded(other.family):
        return False
    return _other_given(one.given, other.given)


def _other_given(a: str, b: str) -> bool:
    """Tell whether given names are surely of two people: no word of one is near any word of the other."""
    mine, theirs = a.split(), b.split()
    if not mine or not theirs or min(map(len, mine)) < 3 or min(map(len, theirs)) < 3:
        return False
    return all(_is_far(left, right) for left in mine for right in theirs)


def _is_far(a: str, b: str) -> bool:
    if set(name_groups(a)) & set(name_groups(b)) or sound(a) == sound(b):
        return False
    return bool(JaroWinkler.similarity(folded(a), folded(b)) < 0.75)


def _differ_in_number(one: Profile, other: Profile) -> bool:
    # Names that somebody numbered, of test systems too: "Branch 12", "Given113 Family113".
    mine, theirs = (
        set(_NUMBER.findall(f"{party.given} {party.family} {party.firm}")) for party in (one, other)
    )
    return bool(mine and theirs) and mine.isdisjoint(theirs)


def _differ_in_form(one: Profile, other: Profile) -> bool:
    if not (one.form and other.form) or one.form == other.form:
        return False
    loose = {one.form, other.form} & _LOOSE
    if loose or (one.tax_id and one.tax_id == other.tax_id):
        return False
    # A form that begins the other was cut off: "GmbH" of "GmbH & Co. KG" would be, so it is no veto.
    if one.form.startswith(other.form) or other.form.startswith(one.form):
        return False
    return folded(one.firm) == folded(other.firm)


_LOOSE = frozenset({"co", "inc", "corp", "ltd", "llc", "ev", "youxian", "jusik"})
_Rule = tuple[str, Callable[[Profile, Profile], bool]]
_PERSON_RULES: tuple[_Rule, ...] = (
    ("suffix", _differ_in_suffix),
    ("number", _differ_in_number),
    ("generation", _differ_in_generation),
    ("twin", _are_twins),
)
_FIRM_RULES: tuple[_Rule, ...] = (
    ("number", _differ_in_number),
    ("legal_entity", _differ_in_form),
)
