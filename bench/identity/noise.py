"""Spoil texts as people, scanners and old software do.

Decides single faults, not how often. Promises a text for a text. Must not know records.
"""

import unicodedata
from random import Random

__all__ = ["cut", "mojibake", "typo", "unaccented"]

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEAR = {
    letter: [
        other
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
        if 0 <= row + down < 3 and 0 <= place + right < len(_KEYS[row + down]) and (down or right)
        for other in _KEYS[row + down][place + right]
    ]
    for row, keys in enumerate(_KEYS)
    for place, letter in enumerate(keys)
}
_SCANNED = (("m", "rn"), ("rn", "m"), ("l", "1"), ("o", "0"), ("cl", "d"), ("i", "l"), ("e", "c"), ("u", "v"), ("h", "b"), ("S", "5"), ("B", "8"), ("g", "q"))  # fmt: skip
_HEARD = (
    ("ph", "f"), ("f", "ph"), ("ck", "k"), ("k", "ck"), ("ei", "ie"), ("ie", "ei"), ("ai", "ei"), ("tt", "t"), ("t", "tt"),
    ("ss", "s"), ("s", "ss"), ("ll", "l"), ("l", "ll"), ("nn", "n"), ("n", "nn"), ("th", "t"), ("y", "i"), ("i", "y"),
    ("c", "k"), ("z", "s"), ("v", "w"), ("dt", "tt"), ("sch", "sh"), ("d", "t"), ("ae", "e"), ("ou", "u"), ("mm", "m"), ("rr", "r"),
)  # fmt: skip
_PLAIN = str.maketrans(
    {"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "æ": "ae", "đ": "d", "œ": "oe"}
)
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
)


def typo(text: str, dice: Random) -> str:
    """Return the text with one slip: of the finger, of the scanner, of the ear."""
    if len(text) < 3:
        return text
    chance = dice.random()
    if chance < 0.6:
        return _finger(text, dice)
    pairs = [pair for pair in (_SCANNED if chance < 0.72 else _HEARD) if pair[0] in text[1:]]
    if not pairs:
        return _finger(text, dice)
    old, new = dice.choice(pairs)
    return text[0] + text[1:].replace(old, new, 1)


def _finger(text: str, dice: Random) -> str:
    place = dice.randrange(1 if dice.random() < 0.85 else 0, len(text))
    kind = dice.randrange(4)
    letter = text[place]
    if kind == 0 and place + 1 < len(text):
        return text[:place] + text[place + 1] + letter + text[place + 2 :]
    if kind == 1:
        return text[:place] + text[place + 1 :]
    if kind == 2:
        return text[:place] + letter + text[place:]
    near = _NEAR.get(letter.lower())
    return text[:place] + (dice.choice(near) if near else letter) + text[place + 1 :]


def unaccented(text: str, dice: Random) -> str:
    """Return the text without accents; German umlauts as two letters or as one."""
    if text.isascii():
        return text
    if dice.random() < 0.6:
        text = text.translate(_UMLAUTS)
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def mojibake(text: str, dice: Random) -> str:
    """Return the text as one that was read in the wrong encoding, or lost its letters."""
    if text.isascii():
        return text
    if dice.random() < 0.25:
        return "".join(letter if letter.isascii() else "?" for letter in text)
    wrong = text.encode("utf-8").decode("cp1252", errors="replace")
    return wrong.replace("\x00", "")


def cut(text: str, length: int) -> str:
    """Return what fits into a column."""
    return text[:length].rstrip()
