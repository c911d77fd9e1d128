"""Addresses for comparison: street words in one spelling, house number, unit, postcode, town, country.

Decides what is only another way to write an address. Promises an answer to any text. Must not know
which towns and streets there are.
"""

import json
import re
from functools import lru_cache

from customer_sync.core.identity.spelling import CACHED, is_junk, plain

__all__ = ["PARTS", "SEPARATOR", "parsed"]

PARTS = ("street", "number", "unit", "postcode", "town", "country")
SEPARATOR = "\x1d"  # no plain word holds it, so an address is one text
_BOX = re.compile(
    r"\b(?:p ?o box|po box|pob|p o b|postfach|postbus|boite postale|b ?p|casella postale|c ?p|"
    r"apartado(?: de correos)?|"
    r"apdo(?: de correos)?|boks|postboks|box|skrytka(?: pocztowa)?|skr poczt|"
    r"postilokero|pl|p o|thyrida|a ya|ab on|caixa postal|"
    r"postafiok|pf) ?(?:no |nr )?(\d[\d ]*)"
)
_UNIT = re.compile(
    r"\b(?:apartment|apt|unit|flat|suite|ste|room|rm|floor|fl|wohnung|whg|top|appartement|appt|app|apto|piso|planta|pta|puerta|"
    r"interno|int|scala|lokal|lok|m|kv|lgh|byt|etage|etg|og|stock|bldg|building|bat|batiment|dept|ap|bus|lakas|em|"
    r"emelet) "
    r"?(?:no |nr )?([a-z]?\d+[a-z]?|[a-z])\b"
)
_NUMBER = re.compile(r"\b(\d{1,5}) ?([a-z]\b)?")
_ORDINAL = re.compile(r"^\d+(?:st|nd|rd|th|er|eme)$")
_WORDS = {
    "st": "street", "str": "strasse", "rd": "road", "ave": "avenue", "av": "avenue", "aven": "avenue",
    "blvd": "boulevard",
    "bvd": "boulevard", "bd": "boulevard", "bld": "boulevard", "boul": "boulevard", "dr": "drive", "drv": "drive",
    "ln": "lane",
    "ct": "court", "crt": "court", "pl": "place", "sq": "square", "hwy": "highway", "pkwy": "parkway",
    "cir": "circle",
    "ter": "terrace", "terr": "terrace", "tce": "terrace", "cres": "crescent", "cr": "crescent", "gdns": "gardens",
    "gr": "grove",
    "n": "north", "s": "south", "e": "east", "w": "west", "ne": "northeast", "nw": "northwest", "se": "southeast",
    "sw": "southwest", "mt": "mount", "ft": "fort", "c": "calle", "cl": "calle", "cll": "calle", "avda": "avenida",
    "avd": "avenida",
    "avenue": "avenue", "pza": "plaza", "plza": "plaza", "pso": "paseo", "ctra": "carretera", "cno": "camino",
    "v": "via", "vle": "viale", "v le": "viale", "pzza": "piazza", "p zza": "piazza", "cso": "corso", "lgo": "largo",
    "r": "rue", "rua": "rua", "chem": "chemin", "che": "chemin", "imp": "impasse", "all": "allee", "pce": "place",
    "rte": "route",
    "fbg": "faubourg", "fg": "faubourg", "ul": "ulica", "ulitsa": "ulica", "vulytsia": "ulica", "vul": "ulica",
    "al": "aleja",
    "pr": "prospekt", "prosp": "prospekt", "per": "pereulok", "nam": "namesti", "tr": "trida", "os": "osiedle",
    "gt": "gate", "vn": "vagen", "v g": "vagen", "g": "gatan", "u": "utca", "ut": "ut", "krt": "korut",
    "odos": "odos",
    "cad": "caddesi", "sok": "sokak", "sk": "sokak", "mah": "mahallesi", "bul": "bulvari", "pltz": "platz",
}  # fmt: skip
_ENDINGS = tuple(
    (re.compile(pattern), ending)
    for pattern, ending in (
        (r"(?<=[a-z]{2})(?:str|strasse|straat)$", "strasse"), (r"(?<=[a-z]{3})pl(?:atz)?$", "platz"),
        (r"(?<=[a-z]{3})(?:vagen|vag|vej|veien|vei|veg)$", "vagen"),
        (r"(?<=[a-z]{3})(?:gatan|gata|gaten|gate|gade)$", "gatan"),
        (r"(?<=[a-z]{3})(?:g)$", "g"), (r"(?<=[a-z]{3})(?:katu)$", "katu"), (r"(?<=[a-z]{3})(?:lein|ln)$", "lein"),
    )
)  # fmt: skip
_SAINT_NEXT = re.compile(r"^(?:st|ste|saint|sainte|sankt|san|santa) (?=[a-z])")
_COUNTRIES = frozenset({"US", "CA", "AU"})
_KEEP = frozenset({"of", "the", "de", "la", "le", "del", "des", "du", "di", "da"})


@lru_cache(CACHED)
def parsed(text: str) -> str:
    """Return the parts of an address, a JSON object, as one text (see PARTS); empty where it says nothing."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(found, dict):
        return ""
    said = {key: value for key, value in found.items() if isinstance(value, str)}
    street, number, unit = _street(said.get("street", ""), said.get("street2", ""))
    postcode = plain(said.get("postal_code", "")).replace(" ", "")
    country = plain(said.get("country", "")).upper()[:2]
    if len(postcode) == 9 and postcode.isdigit():
        postcode = postcode[:5]  # ZIP+4 says the same town
    town = _town(said.get("city", ""))
    if not (street or postcode or town):
        return ""
    return SEPARATOR.join((street, number, unit, postcode, town, country))


@lru_cache(CACHED)
def _town(text: str) -> str:
    words = plain(text)
    if is_junk(words):
        return ""
    return _SAINT_NEXT.sub("saint ", words)


@lru_cache(CACHED)
def _street(street: str, more: str) -> tuple[str, str, str]:
    """Return street words, house number and unit."""
    words, extra = plain(street), plain(more)
    if not words:
        words, extra = extra, ""
    if is_junk(words) and not words.isdigit():
        return "", "", ""
    box = _BOX.search(words)
    if box and box.start() <= 3:
        return "pobox", box[1].replace(" ", ""), ""
    if _BOX.search(extra):
        extra = ""  # a box beside a street is a second way to reach the same house
    unit, words = _unit(words, extra)
    number, words = _numbered(words)
    return _spelt(words), number or _numbered(extra)[0], unit


def _unit(words: str, extra: str) -> tuple[str, str]:
    found = _UNIT.search(words)
    if found and found.start() > 3:
        return found[1], (words[: found.start()] + words[found.end() :]).strip()
    found = _UNIT.search(extra)
    return (found[1] if found else ""), words


def _numbered(words: str) -> tuple[str, str]:
    """Return the house number and the other words; a number before the street, or the first after it."""
    found = [one for one in _NUMBER.finditer(words) if not _ORDINAL.match(one[0])]
    if not found:
        return "", words
    first = found[0]
    number = first[1].lstrip("0") + (first[2] or "")
    if first.start() == 0:
        return number, words[first.end() :].strip()
    # What follows a number that follows the street is stairs and doors.
    return number, words[: first.start()].strip()


@lru_cache(CACHED)
def _spelt(words: str) -> str:
    parts = _SAINT_NEXT.sub("saint ", words).split()
    parts = [word for word in parts if word not in {"no", "nr", "num", "numero"}]
    spelt = [_WORDS.get(word, word) for word in parts]
    for place, word in enumerate(spelt):
        for pattern, ending in _ENDINGS:
            if pattern.search(word):
                spelt[place] = pattern.sub(ending, word)
                break
    # "Haupt Str." is "Hauptstrasse".
    if len(spelt) > 1 and spelt[-1] in {"strasse", "platz"}:
        spelt[-2:] = [spelt[-2] + spelt[-1]]
    return " ".join(spelt)
