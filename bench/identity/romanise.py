"""Write names of other scripts in Latin letters: each person has one official way, and systems have theirs.

Decides the ways (two to four a script). Promises that Latin names stay as they are. Must not know records.
"""

from random import Random

from bench.identity.words import (
    ARABIC_FAMILY,
    ARABIC_FEMALE,
    ARABIC_MALE,
    JAPANESE_FAMILY,
    JAPANESE_GIVEN,
    ROMANISATIONS,
)

__all__ = ["is_foreign", "romanised"]

_BY_HAND = {
    name[0].replace("@", " ").replace("_", " "): tuple(form.replace("@", " ") for form in name[1:])
    for name in (*ARABIC_MALE, *ARABIC_FEMALE, *ARABIC_FAMILY)
}
_JAPANESE = {name[0]: tuple(dict.fromkeys(name[2:4])) for name in JAPANESE_FAMILY} | {
    name[0]: (name[2],) for name in JAPANESE_GIVEN
}
_DIGRAPHS = {"ου": "ou", "ού": "ou", "μπ": "b", "ντ": "d", "γκ": "g", "αυ": "av", "ευ": "ev"}


def is_foreign(text: str) -> bool:
    """Return whether a text has letters that are not Latin."""
    return any(letter > "ɏ" and letter.isalpha() for letter in text)


def romanised(given: str, family: str, source: str, dice: Random) -> tuple[str, str]:
    """Return the names in Latin letters, both in one way."""
    if not is_foreign(given + family):
        return given, family
    schemes = ROMANISATIONS.get(source)
    scheme = dice.choice(schemes) if schemes else {}
    return _text(given, scheme, dice), _text(family, scheme, dice)


def _text(text: str, scheme: dict[str, str], dice: Random) -> str:
    return "-".join(
        " ".join(_word(word, scheme, dice) for word in part.split(" "))
        for part in _whole(text, dice).split("-")
    )


def _whole(text: str, dice: Random) -> str:
    return dice.choice(_BY_HAND[text]) if text in _BY_HAND else text


def _word(word: str, scheme: dict[str, str], dice: Random) -> str:
    for known in (_BY_HAND, _JAPANESE):
        if word in known:
            return dice.choice(known[word])
    if not scheme or not is_foreign(word):
        return word
    lower = word.lower()
    for pair, plain in _DIGRAPHS.items():
        lower = lower.replace(pair, plain)
    found = "".join(scheme.get(letter, letter) for letter in lower)
    return found[:1].upper() + found[1:]
