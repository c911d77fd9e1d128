"""Explanations: why two records were scored as they were, in words for people.

Decides how comparisons are told: field by field, the weightiest first, with what each added to or took
from the log odds. Promises that the contributions add up to the score before calibration. Must not
decide anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from customer_sync.core.identity.features import FEATURES, Features
from customer_sync.core.identity.model import Model
from customer_sync.core.identity.place import SEPARATOR
from customer_sync.core.identity.profile import Profile

__all__ = ["Reason", "explained"]

_NUMBERS = {name: place for place, name in enumerate(FEATURES)}
# Which comparisons are told together, in the words of the field they are about.
_FIELDS = {
    "given name": ("given_alike", "given_level", "given_all_alike", "second_same", "sex_same", "given_records"),
    "family name": ("family_alike", "family_level", "family_records"),
    "name": ("name_alike", "name_words", "swapped_alike", "name_records"),
    "suffix": ("suffix_same",),
    "e-mail": (
        "mail_same", "mail_records", "local_alike", "mail_fits_name", "mail_fits_least", "mail_year_fits",
        "mail_years_same", "role_same", "domain_same",
    ),
    "phone": ("phone_same", "phone_records", "phone_alike"),
    "birth date": ("birth_level", "birth_years", "birth_records"),
    "address": (
        "street_alike", "house_same", "unit_same", "postcode_same", "town_alike", "address_records", "home_records",
        "country_same",
    ),
    "tax id": ("tax_same",),
    "organisation": (
        "firm_alike", "firm_words_alike", "firm_begins", "firm_odd_least", "firm_odd_most", "firm_records",
        "firm_word_records",
    ),
    "legal form": ("form_same",),
    "what is known": ("fields_compared", "kind_known"),
}  # fmt: skip
_SUFFIX = {1.0: "the same suffix", 0.5: "only one has a suffix: {0}", 0.0: "suffixes differ: {0}"}
_GIVEN = {
    4.0: "the same given name: {0}", 3.0: "given names that are forms of one: {0}", 2.0: "an initial that fits: {0}",
    1.0: "given names that sound the same: {0}", 0.0: "given names differ: {0}",
}  # fmt: skip
_FAMILY = {
    3.0: "the same family name: {0}", 2.0: "family names that sound the same: {0}",
    1.0: "family names share a word: {0}", 0.0: "family names differ: {0}",
}  # fmt: skip
_BIRTH = {
    4.0: "the same birth date: {0}", 3.0: "birth dates with day and month changed: {0}",
    2.0: "birth dates one slip apart: {0}", 1.5: "birth dates two slips apart: {0}",
    1.0: "birth dates differ in part: {0}", 0.0: "birth dates differ: {0}",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What one field said.

    Attributes:
        field: in words.
        words: what was found, with the values: personal, for people who may see them.
        contribution: what it added to the log odds; below zero it speaks against.
    """

    field: str
    words: str
    contribution: float


def explained(model: Model, found: Features, left: Profile, right: Profile) -> list[Reason]:
    """Return the reasons for the score of the first pair of some features, the weightiest first."""
    added = model.contributions(found)[0]
    row = found.matrix[0]
    reasons = [
        Reason(
            field=field,
            words=_words(field, row, left, right),
            contribution=float(sum(added[_NUMBERS[name]] for name in names)),
        )
        for field, names in _FIELDS.items()
    ]
    reasons.append(
        Reason(
            field="at first", words="two records that share any key", contribution=float(added[-1])
        )
    )
    told = [reason for reason in reasons if reason.contribution]
    return sorted(told, key=lambda reason: (-abs(reason.contribution), reason.field))


def _words(field: str, row: npt.NDArray[np.float32], left: Profile, right: Profile) -> str:
    if field in _TOLD:
        name, told, value = _TOLD[field]
        level = float(row[_NUMBERS[name]])
        values = _two(value(left), value(right))
        if np.isnan(level):
            return f"not given by both: {values}" if values else "given by neither"
        words = told.get(level, "{0}").format(values)
    else:
        values = _two(*(_said(field, one) for one in (left, right)))
        words = values or "given by neither"
    return words + _carried(field, row)


def _carried(field: str, row: npt.NDArray[np.float32]) -> str:
    name = _CARRIED.get(field)
    if name is None or np.isnan(row[_NUMBERS[name]]):
        return ""
    records = round(2 ** float(row[_NUMBERS[name]]))
    return f", carried by {records} record{'' if records == 1 else 's'}"


_CARRIED = {
    "given name": "given_records", "family name": "family_records", "e-mail": "mail_records", "phone": "phone_records",
    "birth date": "birth_records", "organisation": "firm_records",
}  # fmt: skip
_TOLD: Mapping[str, tuple[str, Mapping[float, str], Callable[[Profile], str]]] = {
    "given name": ("given_level", _GIVEN, lambda one: one.given),
    "family name": ("family_level", _FAMILY, lambda one: one.family),
    "suffix": ("suffix_same", _SUFFIX, lambda one: one.suffix),
    "birth date": ("birth_level", _BIRTH, lambda one: one.birth_date),
}


def _said(field: str, one: Profile) -> str:
    """Return what a record says of a field."""
    places = (text.split(SEPARATOR) for text in one.addresses)
    values = {
        "name": " ".join(part for part in (one.given, one.family) if part),
        "e-mail": ", ".join((*one.emails, *one.roles)),
        "phone": ", ".join(one.phones),
        "address": "; ".join(" ".join(part for part in parts if part) for parts in places),
        "tax id": one.tax_id,
        "organisation": one.firm,
        "legal form": one.form,
    }
    return values.get(field, "")


def _two(one: str, other: str) -> str:
    if one == other:
        return one
    return f"{one or '(nothing)'} / {other or '(nothing)'}"
