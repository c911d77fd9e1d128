"""Lenses of places: country, region, address.

Decides by which names a place is known: ISO codes, and the names of the CLDR in the languages of
``_LANGUAGES``. Promises that the style of writing (code or name, and its language) is kept when
the value changes. Must not know geography beyond the standards.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

import polars as pl
import pycountry
from babel import Locale

from customer_sync.core.mapping.row import Cell, Cells, Fault, RowLens, Texts, ValueLens
from customer_sync.core.mapping.text import plain

__all__ = ["ADDRESS_PARTS", "Address", "AddressJson", "Country", "Region", "country_code"]

ADDRESS_PARTS = ("street", "street2", "city", "postal_code", "region", "country")
_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_LANGUAGES = (
    "en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "fi", "cs", "hu", "tr",
    "el", "ja", "zh",
)  # fmt: skip
_PLAIN = r'\A[^\x00-\x1f"\\]*\z'  # no character that JSON escapes
_SAID = {
    "uk": "GB", "england": "GB", "great britain": "GB", "scotland": "GB", "wales": "GB",
    "el": "GR", "usa": "US", "u.s.a.": "US", "u.s.": "US", "america": "US", "holland": "NL",
    "korea": "KR",
}  # fmt: skip


@cache
def _countries() -> Mapping[str, str]:
    found: dict[str, str] = {}
    codes = {country.alpha_2 for country in pycountry.countries}
    for country in pycountry.countries:
        for key in ("alpha_2", "alpha_3", "name", "official_name", "common_name"):
            if hasattr(country, key):
                found[getattr(country, key).casefold()] = country.alpha_2
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if code in codes:
                found.setdefault(name.casefold(), code)
    return found | _SAID


@lru_cache(maxsize=4096)
def country_code(text: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code that a text stands for."""
    return _countries().get(plain(text).casefold())


@cache
def _names(language: str) -> Mapping[str, str]:
    return {code: str(name) for code, name in Locale(language).territories.items()}


class Country(ValueLens):
    """A country, by code or by name."""

    def read_text(self, text: str, /) -> Cell:
        """Return the alpha-2 code."""
        return country_code(text) or Fault("country_unknown")

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the country as the image writes it: by code, or by name in its language."""
        if pycountry.countries.get(alpha_2=value) is None:
            return None
        for text in (_styled(value, (image or "").strip()), value):
            if country_code(text) == value:
                return text
        return None


def _styled(value: str, image: str) -> str:
    shown = country_code(image) if image else None
    if shown is None or len(image) == 2:
        return value.lower() if image.islower() else value
    if len(image) == 3:
        country = pycountry.countries.get(alpha_2=value)
        return value if country is None else str(country.alpha_3)
    for language in _LANGUAGES:
        if _names(language).get(shown, "").casefold() == image.casefold():
            return _names(language).get(value, value)
    return value


@cache
def _regions() -> Mapping[str, str]:
    return {item.code: item.name for item in pycountry.subdivisions}


@cache
def _region_names(country: str) -> Mapping[str, str]:
    found = {}
    for code, name in _regions().items():
        if code.startswith(f"{country}-"):
            found[name.casefold()] = code
    for code in list(found.values()):
        found[code.partition("-")[2].casefold()] = code
    return found


class Region(ValueLens):
    """A state or province, by its ISO 3166-2 code, or within ``country`` by short code or name."""

    def __init__(self, *, country: str | None = None) -> None:
        self._country = country

    def read_text(self, text: str, /) -> Cell:
        """Return the ISO 3166-2 code."""
        text = plain(text)
        if text.upper() in _regions():
            return text.upper()
        found = _region_names(self._country).get(text.casefold()) if self._country else None
        return found or Fault("region_unknown")

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the region in the style of the image: full code, short code or name."""
        image = (image or "").strip()
        if value not in _regions():
            return None
        short = value.partition("-")[2]
        if image and self.cell(image) is not None and image.upper() not in _regions():
            shown = self.cell(image)
            is_name = isinstance(shown, str) and _regions()[shown].casefold() == image.casefold()
            styled = _regions()[value] if is_name else short
            return styled if self.cell(styled) == value else value
        return value


def address_text(parts: Mapping[str, str]) -> str:
    """Return the canonical address of its parts."""
    return _ENCODE(parts)


def _address_parts(value: str) -> dict[str, str]:
    return {key: str(text) for key, text in json.loads(value).items()}


class Address(RowLens):
    """One source field a part, one canonical address."""

    def __init__(self, *, parts: tuple[str, ...]) -> None:
        self._parts = parts
        self.arity = len(parts)
        self._country = Country()

    def read(self, texts: Texts, /) -> Cells:
        """Return the address; nothing where no part, or only the country, is given."""
        found: dict[str, str] = {}
        for part, text in zip(self._parts, texts, strict=True):
            if text is None or not (clean := plain(text)):
                continue
            if part == "country":
                code = country_code(clean)
                if code is None:
                    return (Fault("address_country"),)
                clean = code
            found[part] = clean
        return (address_text(found) if found else None,)

    def ready_rows(
        self, sources: Sequence[pl.Series], /
    ) -> tuple[pl.Series, list[pl.Series]] | None:
        """Return the addresses that need no escapes in JSON and whose country is known."""
        columns = [
            self._country.get([source])[0].value if part == "country" else source
            for part, source in zip(self._parts, sources, strict=True)
        ]
        frame = pl.DataFrame(
            [*(column.alias(part) for part, column in zip(self._parts, columns, strict=True))]
        )
        if "country" in self._parts:
            frame = frame.with_columns(sources[self._parts.index("country")].alias("said"))
        told = (
            frame.lazy().select(known=_is_plain(self._parts), value=_built(self._parts)).collect()
        )
        return told["known"], [told["value"]]

    def write(self, values: Texts, texts: Texts, /) -> Texts | None:
        """Return the parts, each as it stands where it says the same."""
        wanted = _address_parts(values[0] or "{}")
        return tuple(
            self._part(part, wanted.get(part), text)
            for part, text in zip(self._parts, texts, strict=True)
        )

    def is_exact(self, values: Texts, /) -> bool:
        """Return whether the source has a field for each part of the address."""
        return set(_address_parts(values[0] or "{}")) <= set(self._parts)

    def _part(self, part: str, wanted: str | None, text: str | None) -> str | None:
        if part == "country":
            if wanted is None or self._country.cell(text) == wanted:
                return text if wanted else None
            return self._country.write_text(wanted, text)
        shown = (plain(text) or None) if text is not None else None
        return text if shown == wanted else wanted


def _is_plain(parts: Sequence[str]) -> pl.Expr:
    plain_parts = [pl.col(part).fill_null("").str.contains(_PLAIN) for part in parts]
    if "country" in parts:
        plain_parts.append(pl.col("country").is_null() == pl.col("said").is_null())
    return pl.all_horizontal(plain_parts)


def _built(parts: Sequence[str]) -> pl.Expr:
    texts = []
    for part in sorted(parts):
        text = pl.col(part).str.normalize("NFC").str.strip_chars()
        texts.append(pl.when(text != "").then(pl.lit(f'"{part}":"') + text + pl.lit('"')))
    body = pl.concat_str(texts, separator=",", ignore_nulls=True)
    return pl.when(body != "").then(pl.lit("{") + body + pl.lit("}"))


class AddressJson(ValueLens):
    """One source field that holds an address as a JSON object, its keys renamed by ``keys``."""

    def __init__(self, *, keys: Mapping[str, str] | None = None) -> None:
        self._keys = dict(keys or {part: part for part in ADDRESS_PARTS})
        self._address = Address(parts=tuple(self._keys))

    def read_text(self, text: str, /) -> Cell:
        """Return the address; keys that are not parts of one are passed over."""
        item = _json_object(text)
        if item is None:
            return Fault("address_json")
        texts = [item.get(key) for key in self._keys.values()]
        if any(isinstance(part, dict | list) for part in texts):
            return Fault("address_json")
        return self._address.read(tuple(None if part is None else str(part) for part in texts))[0]

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the JSON object with the parts of an address changed, and all else kept."""
        item = (_json_object(image) if image else None) or {}
        old = [item.get(key) for key in self._keys.values()]
        texts = tuple(None if part is None else str(part) for part in old)
        new = self._address.write((value,), texts) or texts
        for key, before, after in zip(self._keys.values(), texts, new, strict=True):
            if before != after:
                item[key] = after
        kept = {
            key: part for key, part in item.items() if part is not None or key not in self._keys
        }
        return json.dumps(kept, ensure_ascii=False)

    def is_exact(self, values: Texts, /) -> bool:
        """Return whether the object has a key for each part of the address."""
        return self._address.is_exact(values)


def _json_object(text: str) -> dict[str, object] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
