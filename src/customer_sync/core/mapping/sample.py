"""Made-up canonical values of every kind, for checking the lens laws.

Decides which values are worth trying: international ones, long and short ones, and those that
tools are known to break on (one-word names, leap days, both sides of a clock change, exact
decimals). Promises the same values for the same seed. Must not look at real data.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final

from customer_sync.core.mapping.place import address_text
from customer_sync.core.mapping.structure import canonical_list
from customer_sync.model.field import Field

__all__ = ["sample_value"]

_GIVEN = (
    "Ann",
    "José",
    "Anna Maria",
    "Zoë",
    "Jean-Pierre",
    "Ludwig",
    "O",
    "太郎",
    "Олена",
    "Nguyễn",
    "محمد",
)
_FAMILY = (
    "Lee",
    "Müller",
    "van der Berg",
    "de la Cruz",
    "O'Brien",
    "García Márquez",
    "山田",
    "Øst",
    "Łoś",
    "Smith-Jones",
)
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("Dr.", "Prof. Dr.", "Frau"),
    "given_name": _GIVEN,
    "middle_name": ("J.", "Maria", "Luis"),
    "family_name": _FAMILY,
    "name_suffix": ("Jr.", "PhD"),
    "organisation": (
        "Acme GmbH",
        "Müller & Söhne KG",
        "Café Zoë",
        "株式会社山田",
        "Smith, Jones Ltd.",
    ),
    "kind": ("person", "organisation"),
}
_TEXTS = (
    "A",
    "gold",
    "net 30",
    "Ärger über Öl",
    "a,b;c|d",
    '"quoted"',
    "日本語",
    "x" * 300,
    "0",
    "null",
    "007",
    "two  spaces",
)
_ADDRESSES = (
    {"street": "Hauptstr. 5", "postal_code": "10115", "city": "Berlin", "country": "DE"},
    {
        "street": "1 Main St",
        "street2": "Apt 4",
        "city": "Springfield",
        "region": "IL",
        "postal_code": "01101",
        "country": "US",
    },
    {"city": "São Paulo", "country": "BR"},
    {"country": "FR"},
    {"street": "東京都千代田区1-1"},
)


def sample_value(field: Field, random: Random) -> str | None:
    """Return a canonical value of a field; now and then nothing."""
    if random.random() < 0.1:
        return None
    if field.many:
        return canonical_list([_one(field, random) for _ in range(random.randint(1, 3))])
    return _one(field, random)


def _one(field: Field, random: Random) -> str:
    if field.kind == "text":
        return random.choice(_NAMES.get(field.name, _TEXTS))
    return _KINDS[field.kind](random)


def _phone(random: Random) -> str:
    prefix, length = random.choice(
        (
            ("+4930", 7),
            ("+1202555", 4),
            ("+33142", 6),
            ("+3933812", 5),
            ("+44207946", 4),
            ("+8135555", 4),
        )
    )
    return prefix + "".join(random.choice("123456789") for _ in range(length))


def _decimal(random: Random) -> str:
    whole = random.choice((0, 1, 12, 999, 1000, 1234567, random.randrange(10**9)))
    part = random.choice(("", ".5", ".05", ".25", ".99"))
    sign = "-" if random.random() < 0.2 and (whole or part) else ""
    return f"{sign}{whole}{part}"


def _date(random: Random) -> str:
    day = random.choice((date(2024, 2, 29), date(1930, 1, 2), date(2001, 12, 31)))
    return (day + timedelta(days=random.randrange(400))).isoformat()


def _instant(random: Random) -> str:
    start = random.choice(
        (
            datetime(2024, 3, 31, 0, 30, tzinfo=UTC),
            datetime(2024, 10, 27, 0, 30, tzinfo=UTC),
            datetime(1999, 12, 31, 22, 59, 59, tzinfo=UTC),
        )
    )
    moment = start + timedelta(seconds=random.randrange(100_000))
    return moment.replace(tzinfo=None).isoformat() + "Z"


_KINDS: Final[Mapping[str, Callable[[Random], str]]] = {
    "email": lambda random: random.choice(
        ("ann@example.com", "jose.garcia+tag@firma.de", "o'brien@example.ie", "müller@bücher.de",
        f"u{random.randrange(10**6)}@example.org")
    ),
    "phone": _phone,
    "country": lambda random: random.choice(("DE", "US", "FR", "GB", "BR", "JP", "CI", "CZ")),
    "region": lambda random: random.choice(("DE-BY", "US-CA", "CA-QC", "FR-75C")),
    "language": lambda random: random.choice(("de", "en", "fr", "pt", "zh", "ja")),
    "currency": lambda random: random.choice(("EUR", "USD", "JPY", "CHF")),
    "date": _date,
    "instant": _instant,
    "boolean": lambda random: random.choice(("true", "false")),
    "number": _decimal,
    "money": lambda random: f"{_decimal(random)} {random.choice(('EUR', 'USD', 'JPY'))}",
    "tax_id": lambda random: random.choice(("DE136695976", "FR40303265045", "GB980780684",
    "EL094259216")),
    "url": lambda random: random.choice(
        ("https://example.com", "http://example.com/a?b=C", "https://www.bücher.de/x")
    ),
    "address": lambda random: address_text(random.choice(_ADDRESSES)),
    "reference": lambda random: random.choice(("1", "00042", "a-b/c", "Ünïcode")),
}  # fmt: skip
