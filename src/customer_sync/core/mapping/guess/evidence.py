"""What the values of a source field say: how many a lens reads, and which options it needs.

Decides formats, regions and separators only where the values settle them. Promises never to pick
one of two readings that fit equally well: it says instead that nobody can tell. Must not know
names of fields.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers.phonenumberutil import NumberParseException

from customer_sync.core.mapping.place import country_code
from customer_sync.core.mapping.registry import NO_REGION, Draft, lens_of
from customer_sync.core.mapping.row import Fault
from customer_sync.model.config import FieldMapping
from customer_sync.model.field import Field

__all__ = [
    "REGIONS",
    "Settled",
    "countries_of",
    "date_options",
    "is_list",
    "list_options",
    "number_options",
    "phone_options",
    "share_read",
    "tax_options",
]

REGIONS: Final = (
    "DE", "FR", "ES", "IT", "NL", "PL", "GB", "US", "AT", "CH", "BE", "PT", "SE", "DK", "NO", "FI",
    "CZ", "HU", "IE", "LU", "GR", "TR", "JP", "AU", "BR", "IN",
)  # fmt: skip
GOOD_SHARE: Final = 0.8  # of values a lens reads; the rest is what is wrong with real data
LEAD: Final = 0.15  # by which one region has to read more than the next one


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Options that the values settle, why, and what nobody can tell from them."""

    options: Mapping[str, str]
    why: str = ""
    doubt: str = ""


def share_read(field: Field, options: Mapping[str, object], values: Sequence[str]) -> float:
    """Return the share of values that the lens of a mapping reads; 1 where there are none."""
    if not values:
        return 1.0
    mapping = FieldMapping.model_validate({"field": "value", **options})
    lens, _ = lens_of(Draft(fields=(field,), mapping=mapping, region=NO_REGION, currency="EUR"))
    good = sum(not isinstance(lens.read((text,))[0], Fault) for text in values)
    return good / len(values)


def countries_of(values: Sequence[str]) -> Counter[str]:
    """Return how often each country is named."""
    codes = (country_code(text) for text in values)
    return Counter(code for code in codes if code is not None)


# -- phone numbers ---

_ONLY: Final = "only international ones are read"


def phone_options(  # noqa: PLR0911 - one rule after another
    values: Sequence[str],
    countries: Mapping[str, int],
    tongues: Sequence[str],
    home: str | None = None,
) -> Settled:
    """Return the region of national numbers: that of the records, or the one that fits by far best.

    Args:
        values: Phone numbers as written.
        countries: How often the records themselves name each country.
        tongues: Countries whose language the field names are in.
        home: The workspace's own region, where one was chosen.
    """
    national = [text for text in values if not text.strip().startswith(("+", "00"))]
    if not national:
        return Settled(options={}, why="all numbers are international")
    main = _main(countries)
    if len(countries) > 1 and main is None:
        return Settled(
            options={"region": NO_REGION},
            doubt=f"national numbers of several countries; {_ONLY}",
        )
    if main is not None and _valid_share(national, main) >= GOOD_SHARE / 2:
        return Settled(options={"region": main}, why=f"the records are of {main}")
    shares = sorted(((_valid_share(national, region), region) for region in REGIONS), reverse=True)
    for tongue in tongues:
        if _valid_share(national, tongue) >= GOOD_SHARE:
            return Settled(options={"region": tongue}, why=f"field names and numbers fit {tongue}")
    best, region = shares[0]
    if best >= GOOD_SHARE and best - shares[1][0] >= LEAD:
        return Settled(options={"region": region}, why=f"the numbers are valid in {region} alone")
    if home is not None and _valid_share(national, home) >= GOOD_SHARE:
        return Settled(
            options={"region": home}, why=f"the numbers fit {home}, the workspace's region"
        )
    return Settled(
        options={"region": NO_REGION},
        doubt=f"national numbers, and nothing says of which country; {_ONLY}",
    )


def _main(countries: Mapping[str, int]) -> str | None:
    total = sum(countries.values())
    if not total:
        return None
    best = max(countries, key=lambda code: countries[code])
    return best if countries[best] >= 0.9 * total else None


def _valid_share(values: Sequence[str], region: str) -> float:
    return sum(_is_valid(text, region) for text in values) / len(values)


@lru_cache(maxsize=50_000)
def _is_valid(text: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
    except NumberParseException:
        return False


# -- tax ids ---


def tax_options(field: Field, values: Sequence[str], countries: Mapping[str, int]) -> Settled:
    """Return the region of tax ids without a country prefix: the one whose check digits fit."""
    bare = share_read(field, {}, values)
    if bare >= GOOD_SHARE:
        return Settled(options={}, why="their check digits are right")
    candidates = [*countries, *(region for region in REGIONS if region not in countries)]
    shares = [(share_read(field, {"region": region}, values), region) for region in candidates]
    best, region = max(shares, key=lambda pair: pair[0])
    rivals = [other for share, other in shares if share >= best - LEAD and other != region]
    is_main = _main(countries) == region
    if best >= GOOD_SHARE and (not rivals or is_main):
        return Settled(options={"region": region}, why=f"their check digits are those of {region}")
    return Settled(options={}, doubt="tax ids without a country prefix; give `region`")


# -- dates ---

_DATE_FORMATS: Final = (
    "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y",
    "%Y%m%d", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%Y.%m.%d",
)  # fmt: skip


def date_options(field: Field, values: Sequence[str], country: str | None) -> Settled:
    """Return the format of dates, where day and month can be told apart."""
    if not values or share_read(field, {}, values) >= GOOD_SHARE:
        return Settled(options={}, why="dates that have but one reading")
    shares = {text: share_read(field, {"format": text}, values) for text in _DATE_FORMATS}
    best = max(shares.values())
    fitting = [text for text in _DATE_FORMATS if shares[text] == best]
    if best < GOOD_SHARE:
        return Settled(options={}, doubt="the values are no dates of one format; give `format`")
    if len(fitting) == 1:
        return Settled(options={"format": fitting[0]}, why="only this date format fits")
    wanted = "%m" if country == "US" else "%d"
    chosen = [text for text in fitting if country is not None and text.startswith(wanted)]
    if chosen:
        return Settled(options={"format": chosen[0]}, why=f"the date format of {country} fits")
    return Settled(
        options={}, doubt="day and month cannot be told apart in any value; give `format`"
    )


# -- amounts ---

_SWAPPABLE = re.compile(r"^[^\d]*-?\d{1,3}[.,]\d{3}[^\d]*$")


def number_options(field: Field, values: Sequence[str]) -> Settled:
    """Return the format of numbers, where the decimal sign can be told."""
    shares = {
        text: share_read(field, {"format": text}, values) for text in ("1.234,56", "1,234.56")
    }
    has_marks = [text for text in values if "," in text or _SWAPPABLE.match(text)]
    if not has_marks:
        return Settled(options={}, why="plain numbers")
    best = max(shares.values())
    fitting = [text for text, share in shares.items() if share == best]
    if best >= GOOD_SHARE and len(fitting) == 1:
        return Settled(options={"format": fitting[0]}, why="only this number format fits")
    if best >= GOOD_SHARE:
        return Settled(
            options={}, doubt="thousands and decimals cannot be told apart; give `format`"
        )
    if (
        not any(_SWAPPABLE.match(text) for text in values)
        and share_read(field, {}, values) >= GOOD_SHARE
    ):
        return Settled(options={}, why="numbers that have but one reading")
    return Settled(options={}, doubt="the values are no numbers of one format; give `format`")


# -- lists ---


def is_list(values: Sequence[str], mark: str = "@") -> bool:
    """Return whether some values hold several elements with this mark, or are JSON arrays."""
    return any(_is_array(text) or text.count(mark) > 1 for text in values)


def list_options(values: Sequence[str]) -> Settled:
    """Return the separator of a list, where it is not a JSON array and always the same."""
    texts = [text for text in values if not _is_array(text)]
    if not texts:
        return Settled(options={}, why="JSON arrays")
    marks = Counter(mark for text in texts for mark in ("|", ";", ",", "\n", "/") if mark in text)
    if len(marks) == 1 and len(texts) == len(values):
        (mark,) = marks
        return Settled(options={"separator": mark}, why=f"separated by {mark!r}")
    return Settled(options={}, why="separated texts")


def _is_array(text: str) -> bool:
    if not text.lstrip().startswith("["):
        return False
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False
