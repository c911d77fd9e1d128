"""Lenses of names in one source field: of a person, and of a party (person or organisation).

Decides how a full name falls into parts: titles, particles (van der, de la), suffixes, a comma
(``Lee, Ann``), and the family name first where Chinese, Japanese or Korean letters are used.
Promises that a name is written in a form that reads back as its parts, where there is one: "Ann
Lee" can never grow into "Ann Lee Lee". Must not know people.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from customer_sync.core.mapping.row import Cells, RowLens, Texts
from customer_sync.core.mapping.text import plain

__all__ = ["NAME_PARTS", "PARTY_PARTS", "PartyName", "PersonName", "has_legal_form"]

NAME_PARTS = ("title", "given_name", "middle_name", "family_name", "name_suffix")
PARTY_PARTS = ("given_name", "family_name", "organisation", "kind")

_TITLES = frozenset({
    "dr", "prof", "mr", "mrs", "ms", "miss", "herr", "frau", "mme", "mlle", "m", "sig", "sig.ra",
    "sra", "srta", "dott", "ing", "dipl.-ing", "mag", "sir", "dame", "lord", "lady", "rev", "hr",
    "fr", "med", "h.c", "phil", "univ.-prof",
})  # fmt: skip
_SUFFIXES = frozenset({
    "jr", "sr", "ii", "iii", "iv", "phd", "ph.d", "md", "m.d", "mba", "esq", "llm", "msc", "bsc",
    "cpa",
})  # fmt: skip
_PARTICLES = frozenset({
    "van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "das", "do", "du", "la",
    "le", "ten", "ter", "zu", "zum", "zur", "vom", "el", "al", "bin", "ibn", "ben", "af", "av",
    "'t", "st.",
})  # fmt: skip
_LEGAL_FORMS = frozenset({
    "gmbh", "mbh", "ag", "kg", "ohg", "ug", "gbr", "ev", "eg", "kgaa", "se", "inc",
    "incorporated", "llc", "llp", "lp", "ltd", "limited", "plc", "corp", "corporation", "company",
    "co", "pty", "bv", "nv", "vof", "sa", "sas", "sarl", "eurl", "snc", "srl", "spa", "sl", "slu",
    "lda", "ltda", "ab", "oy", "oyj", "as", "asa", "aps", "kft", "zrt", "sro", "spzoo", "doo",
    "ood", "kk", "pvt", "pte", "gesmbh", "sicav", "foundation", "stiftung", "association",
    "verein", "university", "bank",
    "тов", "ооо", "зао", "пао", "αε", "επε", "ικε",  # noqa: RUF001 - Cyrillic and Greek are meant
})  # fmt: skip
_AMBIGUOUS_FORMS = frozenset(
    {"as", "se", "sa", "co", "ag", "ab", "sl", "kk", "lp", "bank", "company", "ug", "ev", "eg"}
)
_LEADING_FORMS = frozenset({"тов", "ооо", "зао", "пао"})  # noqa: RUF001
# Written without a blank, before or after the name.
_CJK_FORMS = ("株式会社", "有限会社", "合同会社", "(株)", "（株）", "有限公司", "주식회사", "(주)")  # noqa: RUF001
_CJK = re.compile(r"^[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+$")
_WORD = r"([A-ZÀ-ÖØ-Þ][A-Za-zÀ-ÖØ-öø-ž'-]*)"
_TWO_WORDS = rf"\A{_WORD} {_WORD}\z"
_AFFIXED = (
    rf"(?i)\A(?:{'|'.join(map(re.escape, sorted(_TITLES)))}) "
    rf"| (?:{'|'.join(map(re.escape, sorted(_SUFFIXES)))})\z"
)


@dataclass(slots=True)
class _Parts:
    title: str = ""
    given: str = ""
    middle: str = ""
    family: str = ""
    suffix: str = ""
    is_comma: bool = False


def _bare(word: str) -> str:
    return word.casefold().rstrip(".,")


def _strip_title(words: list[str]) -> str:
    found: list[str] = []
    while len(words) > 1 and _bare(words[0]) in _TITLES and (len(words[0]) > 1 or found):
        found.append(words.pop(0))
    return " ".join(found)


def _strip_suffix(words: list[str]) -> str:
    found: list[str] = []
    while len(words) > 2 - bool(found) and _bare(words[-1]) in _SUFFIXES:
        found.insert(0, words.pop().strip(","))
    if found and words[-1].endswith(","):
        words[-1] = words[-1].rstrip(",")
    return " ".join(found)


def _family_start(words: list[str]) -> int:
    for place in range(1, len(words) - 1):
        if words[place].casefold() in _PARTICLES and words[place][0].islower():
            return place
    return len(words) - 1


def _split(text: str, *, has_middle: bool) -> _Parts:
    words = plain(text).split()
    parts = _Parts()
    parts.title = _strip_title(words)
    parts.suffix = _strip_suffix(words)
    rest = " ".join(words)
    if "," in rest:
        family, _, given = rest.partition(",")
        parts.family, parts.is_comma = family.strip(), True
        given_words = given.split()
        if not parts.title:
            parts.title = _strip_title(given_words)
    elif len(words) == 2 and all(_CJK.match(word) for word in words):
        parts.family, given_words = words[0], words[1:]
    elif len(words) == 1 and parts.title:
        parts.family, given_words = words[0], []
    elif len(words) <= 1:
        given_words = words
    else:
        start = _family_start(words)
        parts.family, given_words = " ".join(words[start:]), words[:start]
    count = 1 if has_middle else len(given_words)
    parts.given, parts.middle = " ".join(given_words[:count]), " ".join(given_words[count:])
    return parts


class PersonName(RowLens):
    """A full name in one field; its parts are the canonical fields ``names``, in that order."""

    is_text = True

    def __init__(self, *, names: tuple[str, ...]) -> None:
        self._names = names
        self.width = len(names)
        self._has_middle = "middle_name" in names

    def read(self, texts: Texts, /) -> Cells:
        """Return the parts; a title or suffix without a canonical field stays in the source."""
        text = texts[0]
        if text is None or not text.strip():
            return (None,) * self.width
        parts = _split(text, has_middle=self._has_middle)
        found = {
            "title": parts.title,
            "given_name": parts.given,
            "middle_name": parts.middle,
            "family_name": parts.family,
            "name_suffix": parts.suffix,
        }
        return tuple(found[name] or None for name in self._names)

    def ready_rows(
        self, sources: Sequence[pl.Series], /
    ) -> tuple[pl.Series, list[pl.Series]] | None:
        """Return the names of two plain words, which have but one reading."""
        name = pl.col("name")
        parts = {
            "given_name": name.str.extract(_TWO_WORDS, 1),
            "family_name": name.str.extract(_TWO_WORDS, 2),
        }
        nothing = pl.lit(None, dtype=pl.String)
        is_plain = name.str.contains(_TWO_WORDS) & ~name.str.contains(_AFFIXED)
        told = (
            sources[0].to_frame("name").lazy()
            .select(
                (name.is_null() | is_plain).alias("known"),
                *(parts.get(part, nothing).alias(part) for part in self._names),
            )
            .collect()
        )  # fmt: skip
        return told["known"], [told[part] for part in self._names]

    def write(self, values: Texts, texts: Texts, /) -> Texts | None:
        """Return the first form that reads back as the parts, the image's own order first."""
        forms = list(self._forms(values, texts[0]))
        for form in forms:
            if self.read((form,)) == values:
                return (form,)
        return (forms[0],) if forms else None

    def is_exact(self, values: Texts, /) -> bool:
        """Return whether some form reads back as the parts."""
        return any(self.read((form,)) == values for form in self._forms(values, None))

    def _forms(self, values: Texts, image: str | None) -> Iterator[str]:
        old = _split(image, has_middle=self._has_middle) if image and image.strip() else _Parts()
        new: Mapping[str, str | None] = dict(zip(self._names, values, strict=True))
        title = new.get("title", old.title)
        suffix = new.get("name_suffix", old.suffix)
        given, family = new.get("given_name"), new.get("family_name")
        middle = new.get("middle_name") if self._has_middle else None
        plain_form = _joined(title, given, middle, family, suffix)
        comma_form = _joined(_joined(family) + ",", title, given, middle, suffix)
        asian_form = _joined(family, given)
        is_asian = all(_CJK.match(part) for part in (family, given) if part) and family and given
        yield from (asian_form,) if is_asian else ()
        yield from (comma_form, plain_form) if old.is_comma else (plain_form, comma_form)
        yield _joined(given, middle, family)
        # Where nothing reads back beside the image's own title and suffix, they give way.
        yield _joined(_joined(family) + ",", given, middle)


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def has_legal_form(text: str) -> bool:
    """Return whether a name carries a legal form, such as GmbH or Inc."""
    if plain(text).startswith(_CJK_FORMS) or plain(text).endswith(_CJK_FORMS):
        return True
    words = [_form(word) for word in re.split(r"[\s,&()]+", plain(text)) if word]
    if len(words) < 2:
        return False
    if words[0] in _LEADING_FORMS:
        return True
    said = {"".join(words[-count:]) for count in (1, 2, 3, 4) if count < len(words)}
    if said & (_LEGAL_FORMS - _AMBIGUOUS_FORMS) or set(words[1:]) & (
        _LEGAL_FORMS - _AMBIGUOUS_FORMS
    ):
        return True
    last = re.split(r"[\s,&()]+", plain(text))[-1]
    # Forms that are also syllables of names count only at the end and not as an ordinary word.
    return words[-1] in _AMBIGUOUS_FORMS and (
        last.isupper() or last.endswith(".") or words[-1] in _WORDS
    )


_WORDS = frozenset({"bank", "company", "co"})


def _form(word: str) -> str:
    letters = unicodedata.normalize("NFKD", word.casefold()).replace("ø", "o")
    return "".join(char for char in letters if char.isalnum())


class PartyName(RowLens):
    """A person or an organisation in one field, told apart by the legal form."""

    is_text = True

    def __init__(self, *, names: tuple[str, ...]) -> None:
        self._names = names
        self.width = len(names)
        self._person = PersonName(names=("given_name", "family_name"))

    def read(self, texts: Texts, /) -> Cells:
        """Return the parts of the person, or the organisation."""
        text = texts[0]
        if text is None or not text.strip():
            return (None,) * self.width
        if has_legal_form(text):
            found: dict[str, object] = {
                "organisation": " ".join(plain(text).split()),
                "kind": "organisation",
            }
        else:
            given, family = self._person.read(texts)
            found = {"given_name": given, "family_name": family, "kind": "person"}
        return tuple(_text(found.get(name)) for name in self._names)

    def write(self, values: Texts, texts: Texts, /) -> Texts | None:
        """Return the organisation where there is one, else the person."""
        new = dict(zip(self._names, values, strict=True))
        organisation = new.get("organisation")
        if organisation and new.get("kind") != "person":
            return (organisation,)
        person = (new.get("given_name"), new.get("family_name"))
        if not any(person):
            return (organisation,) if organisation else None
        image = texts[0]
        keeps_image = image is not None and not has_legal_form(image)
        return self._person.write(person, texts if keeps_image else (None,))

    def is_exact(self, values: Texts, /) -> bool:
        """Return whether the name reads back as these parts."""
        text = self.write(values, (None,))
        return text is not None and self.read(text) == values


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
