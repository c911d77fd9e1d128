"""Lenses of coded values: boolean, language, currency, tax id, value maps, constants.

Decides which words stand for which code. Promises that a source's own words (ja/nein, DEU) are
kept when the value changes, and never to guess: what stands for several codes is a fault. Must
not know other fields of the record.
"""

import re
from collections.abc import Mapping
from functools import cache

import pycountry
from babel import Locale
from babel.numbers import list_currencies
from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

from customer_sync.core.mapping.codes import IGNORED
from customer_sync.core.mapping.row import Cell, Cells, Fault, RowLens, Texts, ValueLens
from customer_sync.core.mapping.text import plain

__all__ = ["Boolean", "Constant", "Currency", "Language", "TaxId", "Values", "currency_code"]

# Yes and no; a pair that comes first wins where a word is in several.
_VOCABULARIES = (
    ("true", "false"), ("1", "0"), ("yes", "no"), ("y", "n"), ("t", "f"), ("ja", "nein"),
    ("j", "n"), ("oui", "non"), ("o", "n"), ("si", "no"), ("sí", "no"), ("s", "n"),
    ("sim", "não"), ("ja", "nej"), ("tak", "nie"), ("ja", "nee"), ("ano", "ne"), ("on", "off"),
    ("active", "inactive"), ("x", "-"), ("wahr", "falsch"), ("vrai", "faux"), ("-1", "0"),
    ("1.0", "0.0"),
)  # fmt: skip
_TRUE = frozenset(yes for yes, _ in _VOCABULARIES)
_FALSE = frozenset(no for _, no in _VOCABULARIES)


class Boolean(ValueLens):
    """Yes or no, in any known vocabulary or in ``words``: ``ja/nein``, or ``x/`` for x or blank."""

    normal: str | None = r"\A(?:true|false)\z"

    def __init__(self, *, words: str | None = None) -> None:
        self._words: tuple[str, str] | None = None
        if words is not None:
            yes, _, no = words.partition("/")
            self._words = (plain(yes), plain(no))
            self.normal = None
        self._flag = self._words is not None and not all(self._words)

    @property
    def expects(self) -> str:
        """Return the two words."""
        return "/".join(self._words) if self._words else "yes/no, ja/nein, true/false, 1/0"

    def read_text(self, text: str, /) -> Cell:
        """Return true or false."""
        word = plain(text).casefold()
        yes, no = self._said()
        if word in yes:
            return "true"
        return "false" if word in no else Fault("boolean_unknown")

    def blank(self, text: str | None, /) -> Cell:
        """Return what a blank stands for where one of the two words is blank."""
        if not self._flag or self._words is None:
            return None
        return "true" if not self._words[0] else "false"

    def clear(self, texts: Texts, /) -> Texts | None:
        """Return a blank, unless a blank means no."""
        return None if self._flag else (None,)

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the word, of the image's vocabulary and case."""
        yes, no = self._words or _vocabulary(image)
        if value not in {"true", "false"}:
            return None
        word = yes if value == "true" else no
        if self._words is None and image and image.strip().isupper():
            return word.upper()
        return (
            word.capitalize() if self._words is None and image and image.strip().istitle() else word
        )

    def _said(self) -> tuple[frozenset[str], frozenset[str]]:
        if self._words is None:
            return _TRUE, _FALSE
        return frozenset({self._words[0].casefold()}), frozenset({self._words[1].casefold()})


def _vocabulary(image: str | None) -> tuple[str, str]:
    word = plain(image or "").casefold()
    for vocabulary in _VOCABULARIES:
        if word in vocabulary:
            return vocabulary
    return _VOCABULARIES[0]


@cache
def _languages() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for item in pycountry.languages:
        code = getattr(item, "alpha_2", None) or item.alpha_3
        for key in ("alpha_2", "alpha_3", "bibliographic"):
            if hasattr(item, key):
                found[getattr(item, key)] = code
    for locale in sorted(_OWN_NAMES):
        for code, name in Locale(locale).languages.items():
            if len(code) == 2 and code in found:
                found.setdefault(str(name).casefold(), found[code])
    return found


_OWN_NAMES = frozenset(
    {"de", "en", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "fi", "cs", "hu", "tr", "ja"}
)


class Language(ValueLens):
    """A language, by code, locale (``de_AT``) or name."""

    normal = r"\A(?:de|en|fr|es|it|nl|pt|pl|sv|da|fi|cs|hu|tr|ja|zh)\z"

    def read_text(self, text: str, /) -> Cell:
        """Return the shortest ISO 639 code."""
        word = plain(text).casefold()
        known = _languages()
        return known.get(word) or known.get(re.split("[-_.]", word)[0]) or Fault("language_unknown")

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the code, in the image's case and length."""
        if self.read_text(value) != value:
            return None
        image = (image or "").strip()
        item = pycountry.languages.get(alpha_2=value)
        text = item.alpha_3 if len(image) == 3 and item is not None else value
        return text.upper() if image.isupper() else text


_SIGNS = {
    "€": "EUR", "£": "GBP", "zł": "PLN", "₹": "INR", "₺": "TRY", "₽": "RUB", "₪": "ILS",
    "₩": "KRW", "kč": "CZK", "us$": "USD", "a$": "AUD", "c$": "CAD", "nz$": "NZD", "r$": "BRL",
    "chf.": "CHF", "sfr": "CHF",
}  # fmt: skip
_AMBIGUOUS = frozenset({"$", "¥", "kr", "kr.", "dollar"})


@cache
def _currencies() -> frozenset[str]:
    return frozenset(item.alpha_3 for item in pycountry.currencies) | frozenset(list_currencies())


def currency_code(text: str) -> Cell:
    """Return the ISO 4217 code that a code or sign stands for."""
    word = plain(text)
    if word.upper() in _currencies():
        return word.upper()
    if word.casefold() in _AMBIGUOUS:
        return Fault("currency_ambiguous")
    return _SIGNS.get(word.casefold()) or Fault("currency_unknown")


class Currency(ValueLens):
    """A currency, by code or by a sign of only one."""

    def read_text(self, text: str, /) -> Cell:
        """Return the ISO 4217 code."""
        return currency_code(text)

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the code."""
        if self.read_text(value) != value:
            return None
        return value.lower() if image and image.strip().islower() else value


# What a tax id is called where the library does not list it as `vat`.
_TAX_MODULES = {
    "EL": "vat",
    "AU": "abn",
    "BR": "cnpj",
    "CA": "bn",
    "IN": "gstin",
    "MX": "rfc",
    "US": "ein",
    "XI": "vat",
}
_SCHEMES = frozenset({
    "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "GB", "GR",
    "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI",
    "SK", "TR", "ZA",
    *_TAX_MODULES,
})  # fmt: skip


class TaxId(ValueLens):
    """A tax id, with its country's prefix or of ``region``."""

    def __init__(self, *, region: str | None = None) -> None:
        self._region = {"GR": "EL"}.get(region or "", region)

    @property
    def expects(self) -> str:
        """Return the country of ids without a prefix."""
        return f"a tax id of {self._region}, or one with its country prefix" if self._region else ""

    def read_text(self, text: str, /) -> Cell:
        """Return country prefix and compact number."""
        word = re.sub(r"[\W_]", "", plain(text)).upper()
        prefix = {"GR": "EL"}.get(word[:2], word[:2])
        if prefix in _SCHEMES and (found := _tax_id(prefix, word[2:])):
            return found
        if self._region and (found := _tax_id(self._region, word)):
            return found
        known = prefix in _SCHEMES or self._region
        return Fault("tax_id_invalid" if known else "tax_id_country_missing")

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the id, without prefix where the image has none and the region says it."""
        bare = value[2:]
        image = re.sub(r"[\W_]", "", image or "").upper()
        if (
            image
            and self._region
            and not image.startswith(self._region)
            and value[:2] == self._region
        ):
            return bare if self.cell(bare) == value else value
        return value


def _tax_id(prefix: str, number: str) -> str | None:
    module = get_cc_module("GR" if prefix == "EL" else prefix, _TAX_MODULES.get(prefix, "vat"))
    if prefix == "XI":
        module = get_cc_module("GB", "vat")
    if module is None or not number:
        return None
    try:
        compact = module.validate(number)
    except ValidationError:
        return None
    compact = re.sub(r"[\W_]", "", compact).upper().removeprefix(prefix)
    return f"{prefix}{compact}"


class Values(ValueLens):
    """A value map of the configuration, on top of the lens of the canonical field's kind."""

    def __init__(self, *, values: Mapping[str, str], unmapped: str, inner: ValueLens) -> None:
        self._values = {plain(source): target for source, target in values.items()}
        self._unmapped = unmapped
        self._inner = inner
        self._back: dict[str, str] = {}
        for source, target in values.items():
            self._back.setdefault(target, source)

    @property
    def expects(self) -> str:
        """Return the values of the map."""
        return "one of " + ", ".join(sorted(self._values)[:20])

    def read_text(self, text: str, /) -> Cell:
        """Return the canonical value of a source value."""
        found = self._values.get(plain(text))
        if found is not None:
            return found
        if self._unmapped == "keep":
            return self._inner.cell(text)
        return Fault(IGNORED if self._unmapped == "ignore" else "value_unmapped")

    def blank(self, text: str | None, /) -> Cell:
        """Return what the map says of the empty text."""
        return self._values.get("")

    def clear(self, texts: Texts, /) -> Texts | None:
        """Return a blank, unless a blank means a value."""
        return None if "" in self._values else (None,)

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the first source value of the map that stands for it."""
        if value in self._back:
            return self._back[value]
        text = self._inner.write_text(value, image) if self._unmapped == "keep" else None
        return text if text is not None and self.cell(text) == value else None


class Constant(RowLens):
    """A canonical value that every record has; no source field. Nothing is ever written."""

    arity = 0

    def __init__(self, *, value: str) -> None:
        self.value = value

    def read(self, texts: Texts, /) -> Cells:
        """Return the value."""
        return (self.value,)

    def write(self, values: Texts, texts: Texts, /) -> Texts | None:
        """Write nothing."""
        return None
