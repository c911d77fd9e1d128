"""Terms: the values of a record whose number of carriers in the workspace says what sharing them is worth.

Decides what is counted. Promises that a term holds no personal value, and that values in a profile
and terms are in the same order. Must not keep the counts.
"""

import polars as pl

from customer_sync.core.identity.place import SEPARATOR
from customer_sync.core.identity.profile import Profile, each
from customer_sync.core.identity.spelling import folded
from customer_sync.kernel.digest import numbers
from customer_sync.kernel.frames import empty

__all__ = ["KINDS", "TERMS", "terms"]

TERMS = {"link": pl.Int64, "kind": pl.Int8, "place": pl.Int8, "term": pl.Int64}
# Which values are counted; the number of a kind is in the digest, so it never changes its meaning.
KINDS = {
    "given": 1, "family": 2, "name": 3, "birth_date": 4, "address": 5, "postcode": 6, "firm": 7, "email": 8, "phone": 9,
    "firm_word": 10, "home": 11,
}  # fmt: skip
_ROWS = 20_000  # at once: more objects of Python at a time only make its collector work


def terms(found: pl.DataFrame, *, salt: str) -> pl.DataFrame:
    """Return the counted values of profiles: (link, kind, place, term); place is that of the value among its like.

    The caller keeps how many records carry each term, a record counted once.

    Args:
        found: profiles.
        salt: the workspace's.
    """
    parts = [_terms_of(part, salt) for part in found.iter_slices(_ROWS)]
    return parts[0] if len(parts) == 1 else pl.concat([empty(TERMS), *parts])


def _terms_of(found: pl.DataFrame, salt: str) -> pl.DataFrame:
    links: list[int] = []
    kinds: list[int] = []
    places: list[int] = []
    texts: list[str] = []
    for one in each(found):
        for kind, place, text in _said(one):
            links.append(one.link)
            kinds.append(kind)
            places.append(place)
            texts.append(f"{kind}|{text}")
    return pl.DataFrame(
        [
            pl.Series("link", links, pl.Int64),
            pl.Series("kind", kinds, pl.Int8),
            pl.Series("place", places, pl.Int8),
            pl.Series("term", numbers(texts, salt)),
        ]
    )


def _said(one: Profile) -> list[tuple[int, int, str]]:
    found = _said_of_names(one)
    if one.birth_date:
        found.append((KINDS["birth_date"], 0, one.birth_date))
    for place, address in enumerate(one.addresses):
        found += _said_of_a_place(place, address)
    if one.firm:
        found.append((KINDS["firm"], 0, folded(one.firm)))
        longest = max(one.firm.split(), key=len)
        found.append((KINDS["firm_word"], 0, folded(longest)))
    found += [(KINDS["email"], place, text) for place, text in enumerate(one.emails)]
    found += [(KINDS["phone"], place, text) for place, text in enumerate(one.phones)]
    return found


def _said_of_names(one: Profile) -> list[tuple[int, int, str]]:
    first, family = folded(one.given.split(" ", 1)[0]), folded(one.family)
    found = []
    if first:
        found.append((KINDS["given"], 0, first))
    if family:
        found.append((KINDS["family"], 0, family))
    if first and family:
        both = f"{first} {family}" if first < family else f"{family} {first}"
        found.append((KINDS["name"], 0, both))
        for address in one.addresses[:1]:
            street, number, *_ = address.split(SEPARATOR)
            if street:
                found.append((KINDS["home"], 0, f"{both}|{folded(street)}|{number}"))
    return found


def _said_of_a_place(place: int, address: str) -> list[tuple[int, int, str]]:
    street, number, _, postcode, town, _ = address.split(SEPARATOR)
    found = []
    if street:
        found.append((KINDS["address"], place, f"{folded(street)}|{number}|{postcode or town}"))
    if postcode or town:
        found.append((KINDS["postcode"], place, postcode or town))
    return found
