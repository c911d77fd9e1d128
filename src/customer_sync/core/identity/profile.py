"""Profiles: records in the form in which they are compared.

Decides what of a record is worth comparing and how it is spelt: names without titles, accents and
scripts, addresses in parts, values that identify nobody left out. Promises that equal records give
equal profiles, that any text gives one, and that packing loses nothing. Must not compare.

Value by value in plain Python over remembered values, not in expressions: it is as fast for a million
records as expressions would be, and a hundred times faster for one (decision 42).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

import phonenumbers
import polars as pl
from phonenumbers import NumberParseException, PhoneNumberFormat

from customer_sync.core.identity.firm import firm_parts, has_legal_form
from customer_sync.core.identity.place import parsed
from customer_sync.core.identity.spelling import CACHED, is_junk, plain
from customer_sync.model.config import MatchConfig

__all__ = [
    "ITEM",
    "PROFILE",
    "PROFILE_VERSION",
    "Profile",
    "each",
    "framed",
    "packed",
    "profiles",
    "unpacked",
]

_FIELD, ITEM = "\x1f", "\x1e"  # no plain text holds them
PROFILE_VERSION = 1  # what is packed says how it was made; another version is made anew
PROFILE: Mapping[str, type[pl.DataType]] = {
    "link": pl.Int64,
    "is_organisation": pl.Boolean,
    "given": pl.String,  # plain words of first and middle names, in their order
    "family": pl.String,
    "suffix": pl.String,  # jr, sr, ii...
    "sex": pl.String,  # f or m, where a title says so
    "firm": pl.String,  # the organisation's name without its legal form
    "form": pl.String,
    # Columns of several values hold them with ITEM between: columns of lists cost a hundred times as much to make.
    "emails": pl.String,
    "roles": pl.String,  # mailboxes of many: info@
    "phones": pl.String,
    "addresses": pl.String,  # as `place.parsed` writes them
    "birth_date": pl.String,
    "tax_id": pl.String,
    "domain": pl.String,  # of the web site
    "country": pl.String,
}
_SEVERAL = frozenset({"emails", "roles", "phones", "addresses"})
_COLUMNS = (
    "kind", "given_name", "middle_name", "family_name", "name_suffix", "title", "organisation", "email", "emails",
    "phone",
    "phones", "billing_address", "shipping_address", "addresses", "birth_date", "tax_id", "website", "country",
)  # fmt: skip
_MANY_MAX = 4  # values of one kind that are compared; more is a list of everybody
_TEXT_MAX = 400
_ROWS = 20_000  # at once: more objects of Python at a time only make its collector work
_CELL_MAX = 20_000  # a list or an address longer than this was never typed
_TITLES = {
    "mr": "m", "herr": "m", "monsieur": "m", "sir": "m", "sig": "m", "signor": "m", "sr d": "m", "senor": "m",
    "don": "m", "pan": "m",
    "hr": "m", "mister": "m", "dhr": "m", "lord": "m", "mrs": "f", "ms": "f", "miss": "f", "frau": "f", "mme": "f",
    "madame": "f",
    "mlle": "f", "sra": "f", "srta": "f", "senora": "f", "dona": "f", "signora": "f", "sigra": "f", "pani": "f",
    "mevr": "f", "mevrouw": "f",
    "fru": "f", "lady": "f", "dame": "f", "dr": "", "prof": "", "ing": "", "dipl": "", "mag": "", "dott": "",
    "dottssa": "", "rev": "",
    "med": "", "phil": "", "doktor": "", "doctor": "", "professor": "", "drs": "", "mgr": "", "inz": "",
}  # fmt: skip
_ADDRESSED = frozenset(
    {
        "herr",
        "frau",
        "mr",
        "mrs",
        "ms",
        "mme",
        "monsieur",
        "madame",
        "dhr",
        "mevr",
        "firma",
        "company",
    }
)
_SUFFIXES = {
    "jr": "jr", "junior": "jr", "jnr": "jr", "jun": "jr", "sr": "sr", "senior": "sr", "snr": "sr", "sen": "sr",
    "ii": "ii", "2nd": "ii",
    "iii": "iii", "3rd": "iii", "iv": "iv", "4th": "iv", "hijo": "jr", "padre": "sr", "fils": "jr", "pere": "sr",
    "filho": "jr",
}  # fmt: skip
_DEGREES = frozenset(
    {"phd", "md", "mba", "esq", "llm", "msc", "bsc", "cpa", "ma", "ba", "bc", "csc"}
)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
# Dates that forms fill in, and dates of nobody alive.
_PLACEHOLDERS = frozenset({
    "1900-01-01", "1901-01-01", "1970-01-01", "1899-12-30", "1899-12-31", "1950-01-01", "2000-01-01", "1980-01-01",
    "1990-01-01", "1911-11-11", "1999-01-01",
})  # fmt: skip
_YEARS = range(1900, 2101)
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_TYPED = re.compile(r"(\d)\1{6,}|1234567")
# Mailboxes of nobody, beyond those of the configuration.
_NOBODY = re.compile(
    r"(?:no-?mail|no-?reply|none?|keine?|sin(?:email|correo)|nada|brak|geen|ingen|aucun|nessuno|na|test|x+)[0-9]*@"
)
_TAG = re.compile(r"\+.*")
_GOOGLE = frozenset({"gmail.com", "googlemail.com"})


class Profile(NamedTuple):
    """One record as it is compared; see PROFILE. What is not said is the empty text or nothing."""

    link: int
    is_organisation: bool | None
    given: str
    family: str
    suffix: str
    sex: str
    firm: str
    form: str
    emails: tuple[str, ...]
    roles: tuple[str, ...]
    phones: tuple[str, ...]
    addresses: tuple[str, ...]
    birth_date: str
    tax_id: str
    domain: str
    country: str


def profiles(values: pl.DataFrame, *, region: str, match: MatchConfig) -> pl.DataFrame:
    """Return the comparison form of records, one row each, as PROFILE.

    Args:
        values: ``link`` and any canonical columns; any text may stand in them.
        region: where national phone numbers are of.
        match: which mailboxes and values identify nobody.
    """
    known = [name for name in _COLUMNS if name in values.columns]
    mailbox = _Mailboxes(match)
    parts = [_profiled(part, known, region, mailbox) for part in values.iter_slices(_ROWS)]
    return parts[0] if len(parts) == 1 else pl.concat([framed([]), *parts])


def _profiled(
    values: pl.DataFrame, known: Sequence[str], region: str, mailbox: "_Mailboxes"
) -> pl.DataFrame:
    columns = [values[name].to_list() if name in known else repeat(None) for name in _COLUMNS]
    links = values["link"].to_list()
    said = zip(links, zip(*columns, links, strict=False), strict=False)
    return framed([_profile(link, one[:-1], region, mailbox) for link, one in said])


def framed(rows: Sequence[Profile]) -> pl.DataFrame:
    """Return profiles as a frame, with null for what is not said."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(PROFILE)
    made = []
    for (name, dtype), column in zip(PROFILE.items(), columns, strict=True):
        if name in _SEVERAL:
            said = [ITEM.join(one) or None for one in column]
        else:
            said = [one or None for one in column] if dtype == pl.String else list(column)
        made.append(pl.Series(name, said, dtype))
    return pl.DataFrame(made)


def each(frame: pl.DataFrame) -> Iterator[Profile]:
    """Return the rows of a frame of profiles."""
    columns = []
    for name, dtype in PROFILE.items():
        values = frame[name].to_list()
        if name in _SEVERAL:
            values = [tuple(one.split(ITEM)) if one else () for one in values]
        elif dtype == pl.String:
            values = [one or "" for one in values]
        columns.append(values)
    return map(Profile._make, zip(*columns, strict=True))


# -- packing ---------------------------------------------------------------------------------------


def packed(found: pl.DataFrame) -> pl.Series:
    """Return each profile, without its link, as one text of some 150 characters."""
    kind = pl.col("is_organisation").cast(pl.Int8).cast(pl.String)
    said = [one.fill_null("") for one in (kind, *(pl.col(name) for name in list(PROFILE)[2:]))]
    text = pl.concat_str([pl.lit(str(PROFILE_VERSION)), *said], separator=_FIELD)
    return found.select(profile=text.str.strip_chars_end(_FIELD))["profile"]


_SAID = {"": None, "0": False, "1": True}


def unpacked(texts: pl.Series, links: pl.Series) -> pl.DataFrame:
    """Return the profiles that were packed, with the links they are of.

    Raises:
        ValueError: a text was packed by another version; make its profile anew.
    """
    width = len(PROFILE)
    rows = []
    for text in texts.to_list():
        fields = text.split(_FIELD)
        if fields[0] != str(PROFILE_VERSION):
            raise ValueError(f"a profile of version {fields[0][:4]!r} cannot be compared")
        rows.append(fields + [""] * (width - len(fields)))
    columns = list(zip(*rows, strict=True)) if rows else [()] * width
    made = [links.cast(pl.Int64).alias("link")]
    made.append(pl.Series("is_organisation", [_SAID[kind] for kind in columns[1]], pl.Boolean))
    for name, column in zip(list(PROFILE)[2:], columns[2:], strict=True):
        made.append(pl.Series(name, [value or None for value in column], pl.String))
    return pl.DataFrame(made)


# -- one record ------------------------------------------------------------------------------------


def _profile(
    link: int, said: tuple[str | None, ...], region: str, mailbox: "_Mailboxes"
) -> Profile:
    (
        kind, given_name, middle, family_name, suffix, title, organisation, email, emails, phone, phones,
        billing, shipping, addresses, born, tax_id, website, country,
    ) = said  # fmt: skip
    given, family, found_suffix, sex = _names(given_name, middle, family_name, suffix, title)
    firm, form = firm_parts(organisation[:_TEXT_MAX]) if organisation else ("", "")
    is_organisation = _kind(kind, given_name, family_name, firm)
    if is_organisation and not firm:
        firm, form = firm_parts(
            " ".join(one for one in (given_name, family_name) if one)[:_TEXT_MAX]
        )
        given = family = ""
    people, roles = mailbox.sorted_out(email, emails)
    places = _places(billing, shipping, addresses)
    if not country and places:
        country = places[0].rpartition("\x1d")[2]
    return Profile(
        link, is_organisation, given, family, found_suffix, sex, firm, form, people, roles,
        _phones(phone, phones, region), places, _birth_date(born) if born else "",
        _tax_id(tax_id) if tax_id else "", _host(website) if website else "", _country(country) if country else "",
    )  # fmt: skip


def _kind(
    kind: str | None, given_name: str | None, family_name: str | None, firm: str
) -> bool | None:
    """Tell an organisation from a person: as said, else by the names."""
    if kind in {"organisation", "person"}:
        return kind == "organisation"
    if given_name and family_name:
        return has_legal_form(family_name[:_TEXT_MAX]) and not firm
    one = given_name or family_name
    if one:
        return has_legal_form(one[:_TEXT_MAX])
    return True if firm else None


@lru_cache(CACHED)
def _names(
    given_name: str | None,
    middle: str | None,
    family_name: str | None,
    suffix: str | None,
    title: str | None,
) -> tuple[str, str, str, str]:
    """Return given and family names as plain words, the suffix, and the sex that a title tells."""
    if given_name and not family_name and "," in given_name:
        family_name, _, given_name = given_name.partition(",")
    elif family_name and not given_name and "," in family_name:
        family_name, _, given_name = family_name.partition(",")
    given, mark, sex = _bare(given_name)
    inner, _, _ = _bare(middle)
    family, late, other = _bare(family_name)
    if len(given) > 1 and not family:
        given, family = given[:-1], given[-1:]
    elif len(family) > 1 and not given:
        given, family = family[:-1], family[-1:]
    said = _SUFFIXES.get(plain(suffix or ""), "")
    for word in plain(title or "").split():
        sex = sex or _TITLES.get(word, "")
    return (
        " ".join([*given, *inner])[:80],
        " ".join(family)[:80],
        said or late or mark,
        sex or other,
    )


@lru_cache(CACHED)
def _bare(text: str | None) -> tuple[list[str], str, str]:
    """Return the words of a name without titles and suffixes, the suffix, and the sex of a title."""
    words = plain(text[:_TEXT_MAX]).split() if text else []
    if not words or is_junk(" ".join(words)) or (len(words) == 1 and words[0] in _ADDRESSED):
        return [], "", ""
    sex = suffix = ""
    while len(words) > 1 and words[0] in _TITLES:
        sex = sex or _TITLES[words.pop(0)]
    while len(words) > 1 and (words[-1] in _SUFFIXES or words[-1] in _DEGREES):
        suffix = _SUFFIXES.get(words.pop(), "") or suffix
    return words, suffix, sex


class _Mailboxes:
    """Which mailboxes are one person's, which are of many, and which of nobody."""

    def __init__(self, match: MatchConfig) -> None:
        roles = "|".join(map(re.escape, match.role_mailboxes))
        self._role = re.compile(rf"(?:{roles})[+@]") if roles else None
        self._junk = [re.compile(pattern) for pattern in match.junk]
        self._known: dict[str, tuple[str, int]] = {}

    def sorted_out(
        self, email: str | None, emails: str | None
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the mailboxes of a person, and those of many."""
        people: dict[str, None] = {}
        roles: dict[str, None] = {}
        for text in _several(email, emails):
            address, kind = self._known.get(text) or self._judged(text)
            if kind:
                (people if kind == 1 else roles)[address] = None
        return tuple(people)[:_MANY_MAX], tuple(roles)[:_MANY_MAX]

    def _judged(self, text: str) -> tuple[str, int]:
        address = text.strip().lower()
        name, at, domain = address.rpartition("@")
        is_address = name and at and "." in domain and len(address) <= 254 and address.isprintable()
        if (
            not is_address
            or _NOBODY.match(address)
            or any(pattern.search(address) for pattern in self._junk)
        ):
            found = ("", 0)
        elif (self._role and self._role.match(address)) or name == domain.partition(".")[0]:
            found = (address, 2)
        else:
            name = _TAG.sub("", name) or name
            if domain in _GOOGLE:
                name, domain = name.replace(".", "") or name, "gmail.com"
            found = (f"{name}@{domain}", 1)
        self._known[text] = found
        return found


def _several(one: str | None, many: str | None) -> list[str]:
    """Return the texts of a field that holds one and of one that holds a JSON array."""
    found = [one] if one else []
    if many and many != "[]" and len(many) < _CELL_MAX:
        try:
            said = json.loads(many)
        except (ValueError, RecursionError):
            return found
        if isinstance(said, list):
            found += [each for each in said if isinstance(each, str)]
    return found


def _phones(phone: str | None, phones: str | None, region: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in _several(phone, phones)[: 2 * _MANY_MAX]:
        number = text if _E164.fullmatch(text) else _parsed_phone(text[:40], region)
        if number and not _TYPED.search(number):
            found[number] = None
    return tuple(found)[:_MANY_MAX]


@lru_cache(CACHED)
def _parsed_phone(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region or None)
    except NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    found = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return found if _E164.fullmatch(found) else ""


def _places(billing: str | None, shipping: str | None, addresses: str | None) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in (billing, shipping):
        if text and len(text) < _CELL_MAX:
            found[parsed(text)] = None
    if addresses and addresses != "[]" and len(addresses) < _CELL_MAX:
        try:
            said = json.loads(addresses)
        except (ValueError, RecursionError):
            said = []
        for one in said if isinstance(said, list) else []:
            found[parsed(one if isinstance(one, str) else json.dumps(one))] = None
    found.pop("", None)
    return tuple(found)[:_MANY_MAX]


@lru_cache(CACHED)
def _country(text: str) -> str:
    return plain(text[:20]).upper()[:2]


@lru_cache(CACHED)
def _birth_date(text: str) -> str:
    said = _DATE.fullmatch(text[:10])
    if not said or text[:10] in _PLACEHOLDERS or int(said[1]) not in _YEARS:
        return ""
    return text[:10]


def _tax_id(text: str) -> str:
    found = "".join(char for char in text[:40].upper() if char.isascii() and char.isalnum())
    return "" if len(found) < 5 or len(set(found[2:])) == 1 else found


@lru_cache(CACHED)
def _host(text: str) -> str:
    host = text[:_TEXT_MAX].strip().lower().partition("://")[2] or text[:_TEXT_MAX].strip().lower()
    host = re.split(r"[/?#:]", host, maxsplit=1)[0].removeprefix("www.")
    return host if "." in host and host.isprintable() and not host.startswith(".") else ""
