"""Candidates: hashed blocking keys; two records that carry the same key are worth comparing.

Decides which records meet at all, so what these keys miss is lost. Promises that a key holds no
personal value and that the number of keys of a record is bounded. Must not compare.
"""

from collections.abc import Mapping
from functools import lru_cache

import polars as pl

from customer_sync.core.identity.nickname import name_groups
from customer_sync.core.identity.place import SEPARATOR
from customer_sync.core.identity.profile import Profile, each
from customer_sync.core.identity.spelling import CACHED, folded, sound
from customer_sync.kernel.digest import numbers
from customer_sync.kernel.frames import empty

__all__ = [
    "BLOCK_MAX",
    "CANDIDATE_KEYS",
    "RULES",
    "WEAK_RULES",
    "candidate_keys",
    "candidate_pairs",
    "implied_pairs",
    "is_free_domain",
]

BLOCK_MAX = 60  # a key of more records proposes nothing: a hub, of which narrower keys hold a part
CANDIDATE_KEYS = {"link": pl.Int64, "rule": pl.Int8, "key": pl.Int64}
RULES = {
    1: "the same e-mail address",
    2: "the same phone number",
    3: "the same tax id",
    4: "the same name of the mailbox, at whatever provider",
    5: "the same two names in any order, whatever their spelling or short form",
    6: "a family name that sounds the same, the same birth date",
    7: "the same given name or a short form of it, the same birth date",
    8: "the same birth date and postcode",
    9: "a family name that sounds the same, the same first letter, the same postcode",
    10: "a family name that sounds the same, the same first letter, the same town",
    11: "the same house, a family name that sounds the same",
    13: "the same first word of the organisation, a family name that sounds the same",
    14: "the same organisation's name",
    15: "a word of the organisation's name that few carry",
    16: "the organisation's first word sounds the same, the same postcode",
    17: "the organisation's first word sounds the same, the same town",
    18: "the same house, of two organisations",
    19: "the same domain, not of a provider of mailboxes",
    20: "given and family name that sound the same, the same year of birth",
    22: "given and family name that sound the same",
    23: "a family name that few carry",
    24: "a family name that sounds the same, the same first letter, as long as few carry both",
    25: "the same given name or a short form of it, the same town",
    26: "the same given name or a short form of it, the same first word of the organisation",
    27: "the same birth date and house number",
    28: "the same birth date, a town that sounds the same",
    29: "the same house, of two persons",
    30: "the same birth date, a street that sounds the same",
    31: "the same birth date",
    32: "the same house number and postcode",
    33: "the same house number, a street that begins the same",
    34: "the same postcode, a street that begins the same",
    35: "a family name that sounds the same, the same town",
}
# Many meet by one of these, and hardly any are one party: it takes two rules to propose such a pair.
WEAK_RULES = frozenset({15, 23, 24, 25, 31, 32, 33, 34, 35})
_ROWS = 20_000  # at once: more objects of Python at a time only make its collector work
_WORDS_MAX = 3
_FREE = frozenset({
    "gmail", "googlemail", "yahoo", "ymail", "rocketmail", "hotmail", "outlook", "live", "msn", "aol", "icloud",
    "me", "mac", "gmx",
    "web", "t-online", "freenet", "arcor", "posteo", "mailbox", "orange", "free", "laposte", "wanadoo", "sfr",
    "neuf", "bbox",
    "libero", "virgilio", "tiscali", "alice", "tin", "fastwebnet", "mail", "yandex", "ya", "rambler", "bk", "list",
    "inbox", "ukr",
    "seznam", "centrum", "atlas", "email", "volny", "wp", "o2", "onet", "interia", "op", "poczta", "gazeta", "tlen",
    "telenet", "skynet",
    "proximus", "ziggo", "kpnmail", "planet", "hetnet", "xs4all", "home", "casema", "bluewin", "hispeed", "sunrise",
    "protonmail", "proton",
    "pm", "btinternet", "sky", "virginmedia", "ntlworld", "talktalk", "comcast", "verizon", "att", "sbcglobal",
    "bellsouth", "cox",
    "charter", "earthlink", "qq", "163", "126", "sina", "naver", "daum", "hanmail", "rediffmail", "terra",
    "telefonica", "movistar", "ono",
    "sapo", "clix", "uol", "bol", "ig", "telia", "spray", "online", "telenor", "tele2", "luukku", "suomi24",
    "kolumbus", "freemail",
    "citromail", "indamail", "otenet", "forthnet", "aon", "chello", "a1", "fastmail", "zoho", "hushmail",
    "tutanota", "shaw", "rogers",
    "sympatico", "bigpond", "optusnet", "xtra", "eircom", "example",
})  # fmt: skip
_PARTICLES = frozenset({
    "van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "du", "la", "le", "ter", "zu", "al",
    "el", "bin",
    "ibn", "st", "y", "e",
})  # fmt: skip
_STREET_KINDS = frozenset({
    "street", "road", "avenue", "drive", "lane", "court", "place", "square", "boulevard", "way", "calle", "avenida",
    "via", "viale",
    "piazza", "corso", "rue", "rua", "ulica", "strasse", "platz", "aleja", "north", "south", "east", "west",
    "plaza", "paseo", "the",
    "of", "de", "la", "le", "del", "des", "du", "di", "da", "den", "der", "am", "an", "im", "saint", "allee",
    "gatan", "vagen", "utca", "ut",
    "odos", "caddesi", "sokak", "chemin", "g", "terrace", "close", "crescent",
})  # fmt: skip


def candidate_keys(found: pl.DataFrame, *, salt: str) -> pl.DataFrame:
    """Return the blocking keys of profiles: (link, rule, key), distinct.

    Args:
        found: profiles.
        salt: the workspace's, so that keys of two workspaces cannot be compared.
    """
    parts = [_keys_of(part, salt) for part in found.iter_slices(_ROWS)]
    return parts[0] if len(parts) == 1 else pl.concat([empty(CANDIDATE_KEYS), *parts])


def _keys_of(found: pl.DataFrame, salt: str) -> pl.DataFrame:
    links: list[int] = []
    rules: list[int] = []
    texts: list[str] = []
    for one in each(found):
        said = _keys(one)
        links += [one.link] * len(said)
        texts += said
        rules += said.values()
    return pl.DataFrame(
        [
            pl.Series("link", links, pl.Int64),
            pl.Series("rule", rules, pl.Int8),
            pl.Series("key", numbers(texts, salt)),
        ]
    )


def candidate_pairs(
    keys: pl.DataFrame, others: pl.DataFrame | None = None, *, block_max: int = BLOCK_MAX
) -> pl.DataFrame:
    """Return the pairs (left, right) of links worth comparing, each once, left below right.

    They share a key which is no hub; two keys of different rules, where those are weak (WEAK_RULES).

    Args:
        keys: of the records that are new.
        others: of the records that are known; new ones meet them, they do not meet each other. None: there are none.
        block_max: how many records may carry a key that proposes.
    """
    every = keys if others is None else pl.concat([keys, others])
    carried = every.group_by("key").agg(carriers=pl.len())
    good = carried.filter(pl.col("carriers").is_between(2, block_max)).select("key")
    left = keys.join(good, on="key", how="semi").select("link", "rule", "key")
    right = every.join(good, on="key", how="semi").select(other="link", key="key")
    met = left.join(right, on="key").filter(pl.col("link") != pl.col("other"))
    rules = met.group_by(
        left=pl.min_horizontal("link", "other"), right=pl.max_horizontal("link", "other")
    ).agg(
        first=pl.col("rule").min(),
        last=pl.col("rule").max(),
        is_weak=pl.col("rule").is_in(list(WEAK_RULES)).all(),
    )
    worth = ~pl.col("is_weak") | (pl.col("first") != pl.col("last"))
    return rules.filter(worth).select("left", "right").sort("left", "right")


def implied_pairs(strong: pl.DataFrame, compared: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs (left, right) that no key proposed and two strong pairs imply: of records both like a third.

    A pair that was never compared counts nothing in a cluster, so these are worth comparing too.

    Args:
        strong: (left, right) that would be joined.
        compared: (left, right) of all that were compared.
    """
    turned = strong.select(left="right", right="left")
    both = pl.concat([strong.select("left", "right"), turned])
    met = both.join(both, left_on="right", right_on="left", suffix="_far")
    far = met.select(left="left", right="right_far").filter(pl.col("left") < pl.col("right"))
    return far.unique().join(compared, on=["left", "right"], how="anti").sort("left", "right")


def is_free_domain(domain: str) -> bool:
    """Tell whether a domain is of a provider of mailboxes, so that it says nothing about its users."""
    words = domain.split(".")
    return words[0] in _FREE or (len(words) > 2 and words[-3] in _FREE)


# -- the keys of a record: their texts, each with its rule ------------------------------------------

_Keys = dict[str, int]


def _keys(one: Profile) -> _Keys:
    said: _Keys = {}
    for address in one.emails:
        said[f"1|{address}"] = 1
    for address in one.roles:
        said[f"1|{address}"] = 1
    for number in one.phones:
        said[f"2|{number}"] = 2
    if one.tax_id:
        said[f"3|{one.tax_id}"] = 3
    if one.is_organisation is not True:
        _tell_a_person(said, one)
    if one.firm and one.is_organisation is not False:
        _tell_a_firm(said, one)
    return said


def _tell_a_person(said: _Keys, one: Profile) -> None:
    for address in one.emails:
        name = _mailbox(address)
        if name:
            said[f"4|{name}"] = 4
    first, heard, meant = _names(one.given, one.family)
    said.update(_keys_of_names(one.given, one.family))
    if one.birth_date:
        _tell_a_birth(said, one)
    for address in one.addresses[:2]:
        _tell_a_home(said, address, first, heard, meant)
    if one.firm:
        work = sound(one.firm.split()[0])
        for family in heard:
            said[f"13|{work}|{family}"] = 13
        for group in meant:
            said[f"26|{work}|{group}"] = 26


@lru_cache(CACHED)
def _names(given: str, family: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return the first given name, the sounds of the family name, and what the given name may stand for."""
    first = given.split(" ", 1)[0]
    return first, tuple(map(sound, _family_words(family))), _meant(first)


@lru_cache(CACHED)
def _mailbox(address: str) -> str:
    """Return the letters of a mailbox's name; empty where they are few."""
    name = "".join(filter(str.isalpha, address.partition("@")[0]))
    return folded(name) if len(name) > 4 else ""


def _tell_a_birth(said: _Keys, one: Profile) -> None:
    first, heard, meant = _names(one.given, one.family)
    date = one.birth_date
    said[f"31|{date}"] = 31
    for family in heard:
        said[f"6|{family}|{date}"] = 6
    for group in meant:
        said[f"7|{group}|{date}"] = 7
    if first and heard:
        said[f"20|{_both(first, heard[0])}|{date[:4]}"] = 20
    for address in one.addresses[:1]:
        street, number, _, postcode, town, _ = address.split(SEPARATOR)
        where = {8: postcode, 27: number, 28: sound(town), 30: _street(street) if street else ""}
        for rule, place in where.items():
            if place:
                said[f"{rule}|{date}|{place}"] = rule


@lru_cache(CACHED)
def _both(first: str, other: str) -> str:
    """Return how two names sound, in any order."""
    one, two = sound(first), sound(other)
    return f"{one}|{two}" if one < two else f"{two}|{one}"


def _ordered(one: str, other: str) -> str:
    return f"{one}|{other}" if one < other else f"{other}|{one}"


@lru_cache(CACHED)
def _keys_of_names(given_name: str, family_name: str) -> Mapping[str, int]:
    given, families = given_name.split(), _family_words(family_name)
    said: _Keys = {}
    if not given or not families:
        return said
    first, last = given[0], families[-1]
    meant, last_meant = _meant(first), _meant(last)[0]
    # Of a full name in one field, which word begins the family name is a guess.
    others = dict.fromkeys((*families, *given[1:4]))
    if len(first) > 1:
        for other in others:
            group = _meant(other)[0]
            for mine in meant:
                said[f"5|{_ordered(mine, group)}"] = 5
            said[f"22|{_both(first, other)}"] = 22
        said[f"4|{folded(first + last)}"] = 4
    for second in given[1:2]:
        said[f"5|{_ordered(_meant(second)[0], last_meant)}"] = 5
    for family in families:
        said[f"23|{folded(family)}"] = 23
        said[f"24|{first[0]}|{sound(family)}"] = 24
    said[f"4|{folded(first[0] + last)}"] = 4
    return said


def _tell_a_home(
    said: _Keys, address: str, first: str, heard: tuple[str, ...], meant: tuple[str, ...]
) -> None:
    house, postcode, town = _home(address)
    said.update(_keys_of_a_home(address))
    area = postcode[:3] or town
    if house:
        said[f"29|{house}|{area}"] = 29
        for family in heard:
            said[f"11|{house}|{family}"] = 11
    for family in heard if first else ():
        if postcode:
            said[f"9|{family}|{first[0]}|{postcode}"] = 9
        if town:
            said[f"10|{family}|{first[0]}|{town}"] = 10
    if town:
        said.update({f"25|{group}|{town}": 25 for group in meant})
        said.update({f"35|{family}|{town}": 35 for family in heard})


@lru_cache(CACHED)
def _keys_of_a_home(address: str) -> Mapping[str, int]:
    """Return the weak keys of a place, which hold although street and number were typed wrongly."""
    street, number, _, postcode, _, _ = address.split(SEPARATOR)
    begins = folded(street.replace(" ", ""))[:5]
    said: _Keys = {}
    if number and postcode:
        said[f"32|{number}|{postcode}"] = 32
    if number and begins:
        said[f"33|{number}|{begins}"] = 33
    if begins and postcode:
        said[f"34|{begins}|{postcode}"] = 34
    return said


@lru_cache(CACHED)
def _home(address: str) -> tuple[str, str, str]:
    """Return street and number as one hears them, the postcode, and the town as one hears it."""
    street, number, _, postcode, town, _ = address.split(SEPARATOR)
    digits = "".join(filter(str.isdigit, number))
    house = f"{_street(street)}|{digits}" if street and number else ""
    return house, postcode, sound(town)


def _tell_a_firm(said: _Keys, one: Profile) -> None:
    words = one.firm.split()
    said[f"14|{folded(''.join(words))[:24]}"] = 14
    rare = sorted((word for word in words if len(word) > 2), key=len, reverse=True)
    for word in rare[:_WORDS_MAX]:
        said[f"15|{folded(word)}"] = 15
    heard = sound(words[0])
    for address in one.addresses[:2]:
        house, postcode, town = _home(address)
        if postcode:
            said[f"16|{heard}|{postcode}"] = 16
        if town:
            said[f"17|{heard}|{town}"] = 17
        if house:
            said[f"18|{house}|{postcode[:3] or town}"] = 18
    domains = [address.rpartition("@")[2] for address in (*one.emails, *one.roles)]
    for domain in dict.fromkeys([*domains, one.domain]):
        if domain and not is_free_domain(domain):
            said[f"19|{domain}"] = 19


@lru_cache(CACHED)
def _meant(name: str) -> tuple[str, ...]:
    """Return what a given name may stand for; itself where nothing is known of it."""
    return name_groups(name)[:3] or ((folded(name),) if name else ())


@lru_cache(CACHED)
def _family_words(family: str) -> tuple[str, ...]:
    """Return the telling words of a family name, the first and the last."""
    words = family.split()
    told = [word for word in words if word not in _PARTICLES and len(word) > 1] or words
    return tuple(told) if len(told) < 2 else (told[0], told[-1])


@lru_cache(CACHED)
def _street(street: str) -> str:
    """Return how the telling word of a street sounds."""
    words = [word for word in street.split() if word not in _STREET_KINDS] or street.split()
    return sound(max(words, key=len).removesuffix("strasse") or street)
