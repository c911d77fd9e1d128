"""Profiles as numbers: one row of whole numbers a record, so that millions of pairs are compared in a few operations.

Decides nothing but the numbering: equal texts have equal numbers, -1 is nothing. Promises that what
is computed for a value is computed once. Must not compare records.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from customer_sync.core.identity.candidates import is_free_domain
from customer_sync.core.identity.nickname import name_groups
from customer_sync.core.identity.place import SEPARATOR
from customer_sync.core.identity.profile import Profile, each
from customer_sync.core.identity.spelling import CACHED, folded, sound

__all__ = ["PLACES", "Coded", "Ints", "coded"]

Ints = npt.NDArray[np.int32]
PLACES = 3  # values of a kind that take part
_WORDS = 4
# Each column and how many numbers it takes. The first are texts; those of _COUNTED are numbers as they are.
_TEXTS = {
    "first": 1, "family": 1, "given": 1, "whole": 1, "first_sound": 1, "family_sound": 1, "second": 1, "letter": 1,
    "groups": _WORDS, "words": _WORDS, "suffix": 1, "sex": 1, "firm": 1, "form": 1, "birth": 1, "tax": 1, "country": 1,
    "local": 1, "mail": PLACES, "role": PLACES, "domain": PLACES, "phone": PLACES,
    "street": PLACES, "house": PLACES, "unit": PLACES, "postcode": PLACES, "area": PLACES, "town": PLACES,
}  # fmt: skip
_COUNTED = ("kind", "fit", "mail_year", "year")
_ROWS = 20_000  # at once: more objects of Python at a time only make its collector work


def _spans() -> dict[str, slice]:
    spans, at = {}, 0
    for name, width in (_TEXTS | dict.fromkeys(_COUNTED, 1)).items():
        spans[name] = slice(at, at + width)
        at += width
    return spans


_SPANS = _spans()
_KINDS = {None: -1, False: 0, True: 1}  # 0 person, 1 organisation


class Coded(NamedTuple):
    """All profiles: ``rows`` has one row a record, ``texts`` says what the numbers of texts stand for."""

    links: npt.NDArray[np.int64]
    rows: Ints
    texts: list[str]

    @staticmethod
    def column(rows: Ints, name: str) -> Ints:
        """Return a column of some rows; one of several values is a matrix."""
        span = _SPANS[name]
        return rows[:, span.start] if span.stop - span.start == 1 else rows[:, span]

    @staticmethod
    def columns(rows: Ints, names: Sequence[str]) -> Ints:
        """Return columns of as many values each, which stand side by side: by row, column, value."""
        span = slice(_SPANS[names[0]].start, _SPANS[names[-1]].stop)
        return rows[:, span].reshape(len(rows), len(names), -1)


def coded(found: pl.DataFrame) -> Coded:
    """Return profiles as numbers."""
    numbers: dict[str, int] = {"": -1}
    texts: list[str] = []

    def number(text: str) -> int:
        known = numbers.get(text)
        if known is None:
            known = numbers[text] = len(texts)
            texts.append(text)
        return known

    width = _SPANS[_COUNTED[-1]].stop
    rows = np.empty((found.height, width), np.int32)
    at = 0
    for part in found.iter_slices(_ROWS):
        said = [[*map(number, _texts(one)), *_counted(one)] for one in each(part)]
        rows[at : at + len(said)] = said
        at += len(said)
    return Coded(found["link"].to_numpy(), rows, texts)


def _texts(one: Profile) -> Iterator[str]:
    """Return the texts of a record, as many and in the order that _TEXTS says."""
    yield from _named(one.given, one.family)
    yield one.suffix
    yield one.sex
    yield folded(one.firm)
    yield one.form
    yield one.birth_date
    yield one.tax_id
    yield one.country
    emails = one.emails
    yield _local(emails[0]) if emails else ""
    yield from _filled(emails)
    yield from _filled(one.roles)
    yield from _filled(_own_domains(one))
    yield from _filled(one.phones)
    yield from _homes(one.addresses)


def _filled(values: tuple[str, ...], width: int = PLACES) -> tuple[str, ...]:
    """Return so many values, with empty ones in place of what is missing."""
    return (*values, *_NOTHING)[:width]


_NOTHING = ("",) * _WORDS


@lru_cache(CACHED)
def _named(given: str, family: str) -> tuple[str, ...]:
    """Return the texts of names, from ``first`` to ``words``."""
    words = given.split()
    first = folded(words[0]) if words else ""
    every = tuple(folded(word) for word in f"{given} {family}".split())
    return (
        first,
        folded(family.replace(" ", "")),
        folded(given),
        " ".join(sorted(every)),
        sound(words[0]) if words else "",
        sound(family),
        words[1][0] if len(words) > 1 else "",
        first[:1],
        *_filled(name_groups(words[0]) if words else (), _WORDS),
        *_filled(tuple(word for word in every if len(word) > 1), _WORDS),
    )


@lru_cache(CACHED)
def _local(address: str) -> str:
    """Return the letters of a mailbox's name."""
    return folded("".join(filter(str.isalpha, address.partition("@")[0])))


@lru_cache(CACHED)
def _homes(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Return all streets, then all houses, and so on."""
    parts = [_home(address) for address in addresses[:PLACES]]
    parts += [_NOWHERE] * (PLACES - len(parts))
    return tuple(part for of_one_kind in zip(*parts, strict=True) for part in of_one_kind)


def _home(address: str) -> tuple[str, ...]:
    street, house, unit, postcode, town, _ = address.split(SEPARATOR)
    return folded(street), house, unit, postcode, postcode[:3], folded(town)


_NOWHERE = ("",) * 6


def _own_domains(one: Profile) -> tuple[str, ...]:
    """Return the domains that are not of a provider of mailboxes."""
    said = [_own_domain(address) for address in (*one.roles, *one.emails)]
    return tuple(domain for domain in (*said, one.domain) if domain)


@lru_cache(CACHED)
def _own_domain(address: str) -> str:
    domain = address.rpartition("@")[2]
    return "" if is_free_domain(domain) else domain


def _counted(one: Profile) -> tuple[int, int, int, int]:
    """Return the numbers of _COUNTED: kind; how well the own given name fits the mailbox; years."""
    emails = one.emails
    return (
        _KINDS[one.is_organisation],
        _fit(emails[0], one.given) if emails and one.given else -1,
        _mail_year(emails[0]) if emails else -1,
        int(one.birth_date[:4] or -1),
    )


@lru_cache(CACHED)
def _fit(address: str, given: str) -> int:
    """Return 2 where the given name stands in the mailbox, 1 where its initial begins it, else 0."""
    local, first = _local(address), folded(given.split(" ", 1)[0])
    if len(first) > 2 and first in local:
        return 2
    return int(local.startswith(first[0]))


@lru_cache(CACHED)
def _mail_year(address: str) -> int:
    """Return the year that a mailbox's name ends with: four digits of one who may live, or two digits."""
    digits = _DIGITS.search(address.partition("@")[0])
    if not digits or len(digits[0]) not in {2, 4}:
        return -1
    year = int(digits[0])
    return year if len(digits[0]) == 2 or year in _LIVING else -1


_DIGITS = re.compile(r"\d+$")
_LIVING = range(1910, 2016)
