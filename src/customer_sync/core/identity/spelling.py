"""One way of spelling: any text as plain lower-case ASCII words, and how words sound.

Decides what is only another way of writing: case, accents, scripts, punctuation, mojibake. Promises
that any text gives some answer, in time that its length bounds. Must not know names or places.
"""

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

__all__ = ["CACHED", "folded", "is_junk", "plain", "sound"]

CACHED = 200_000  # values remembered per function: names and towns come again, 30 MB at most
_CHARS_MAX = 300  # what is longer is no name and no street
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_APOSTROPHES = str.maketrans("", "", "'’`´ʼ\"‘.")  # noqa: RUF001 - people type them all
# What UTF-8 read as Latin 1 or Windows 1252 looks like: a lead byte, then bytes that follow one.
_MOJIBAKE = re.compile(r"[ÂÃÄÅÆÇÈÉÎÏÐÑÒÓØÙàáâãäåæçèé][\u0080-\u00bfŒœŠšŸŽžƒˆ˜–—‘-„†-•…‰‹›€™]")  # noqa: RUF001
_JUNK = re.compile(
    r"(?:x+|test\w*|(?:test|dummy|demo|guest|gast|invite|cliente?|customer|kunde|klant|client) ?\d*|n ?a|none|null|nil|"
    r"unknown|unbekannt|inconnu|desconocido|sconosciuto|onbekend|nieznany|anonym\w*|asdf\w*|qwert\w*|abc|"
    r"no ?name|noname|not (?:known|given|provided|available)|keine? angabe|ohne|sin nombre|tbd|tba|unbenannt|blank|"
    r"empty|undefined|deleted|geloscht|privat|private|na|aaa+|bbb+|-+|\d+|first ?name|last ?name|vorname|nachname|"
    r"prenom|nom|webshop|online|shop|walk ?in|cash|bar ?verkauf|diverse|divers|laufkunde|barverkauf|foo|bar|foobar)"
)
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^(?:kn|gn|pn)", "n"), (r"^(?:chr)", "kr"), (r"^wr", "r"), (r"^ps", "s"),
        (r"^(?:io|ye|ya|yu|y|j)(?=[aeiou])|^dzh|^dj", "j"),
        (r"^(?:y|j)", "j"),
        (r"ph|pf", "f"), (r"th|dt|dh", "t"), (r"kh|ck|cq|gh", "k"), (r"[qg]|c(?=[aourlkt]|$)", "k"),
        (r"x", "ks"), (r"(?:shch|tsch|tch|dsch|sch|ch|sh|cz|cs|sz|ts|tz|dz|zh|[sczj])+", "s"),
        (r"[vw]", "f"), (r"d", "t"), (r"b", "p"), (r"m", "n"),
    )
)  # fmt: skip


@lru_cache(CACHED)
def plain(text: str) -> str:
    """Return a text as lower-case ASCII words with one blank between them; the empty text of nothing."""
    if len(text) > _CHARS_MAX:
        text = text[:_CHARS_MAX]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _repaired(text))
        text = anyascii(text.translate(_APOSTROPHES))[: 2 * _CHARS_MAX]
    return _NOT_WORD.sub(" ", text.translate(_APOSTROPHES).lower()).strip()


def _repaired(text: str) -> str:
    """Undo mojibake, word by word and twice, where undoing gives a good text."""
    for _ in range(2):
        if not _MOJIBAKE.search(text):
            break
        text = " ".join(_decoded(word) for word in text.split(" "))
    return text


def _decoded(word: str) -> str:
    # A word cut within a letter loses that letter only.
    for encoding in ("cp1252", "latin-1"):
        try:
            found = word.encode(encoding)
        except UnicodeEncodeError:
            continue
        good = found.decode("utf-8", "ignore")
        if len(found) - len(good.encode()) <= 1 and good:
            return good
    return word


@lru_cache(CACHED)
def folded(words: str) -> str:
    """Return plain words without the differences between ways of writing a letter: ``mueller`` is ``muller``."""
    text = words.replace("ue", "u").replace("oe", "o").replace("ae", "a")
    text = text.replace("ij", "y").replace("ph", "f").replace("ck", "k").replace("th", "t")
    return re.sub(r"([a-z])\1+", r"\1", text)


@lru_cache(CACHED)
def sound(word: str) -> str:
    """Return the consonants that one hears of a plain word, the same in most tongues; coarse on purpose."""
    text = word.replace(" ", "")
    if not text or text[0].isdigit():
        return text
    for pattern, letter in _SOUNDS:
        text = pattern.sub(letter, text)
    first = "a" if text[:1] in "aeiou" else text[:1]
    rest = re.sub(r"[aeiouyhj]", "", text[1:])
    return re.sub(r"(.)\1+", r"\1", first + rest)


@lru_cache(CACHED)
def is_junk(words: str) -> bool:
    """Tell whether plain words were typed to get past a required field."""
    return not words or bool(_JUNK.fullmatch(words))
