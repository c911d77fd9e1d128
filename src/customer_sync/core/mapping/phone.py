"""The lens of phone numbers: any way of writing them to E.164.

Decides what is a possible number: the library's judgement of length and country, not its list of
allotted ranges, which is older than some real numbers. Promises that the fast path, built from the
library's own metadata, never differs from the library (tests/property). Must not know whose it is.
"""

import re
from dataclasses import dataclass, replace
from functools import cache

import phonenumbers
import polars as pl
from phonenumbers import NumberParseException, PhoneMetadata, ValidationResult

from customer_sync.core.mapping.row import Cell, Fault, ValueLens

__all__ = ["Phone"]

_PUNCTUATION = r"[ ().\-/]"
_COMMON_REGIONS = (
    "US", "DE", "FR", "IT", "ES", "NL", "BE", "AT", "CH", "PL", "CZ", "SE", "DK", "NO", "FI",
    "PT", "IE",
    "LU", "GR", "AU", "NZ", "JP", "IN", "ZA", "IL", "TR", "CN",
)  # fmt: skip
_WRITTEN = r"\A[0-9(][0-9 ().\-/]{4,24}\z"


class Phone(ValueLens):
    """A phone number; national ones are of ``region``."""

    def __init__(self, *, region: str | None = None) -> None:
        self._region = region
        self._national = national(region) if region else None

    @property
    def expects(self) -> str:
        """Return the region that national numbers are read in."""
        return (
            f"an international number, or a national one of {self._region}" if self._region else ""
        )

    def read_text(self, text: str, /) -> Cell:
        """Return the number in E.164; an extension stays in the source."""
        try:
            number = phonenumbers.parse(text, self._region)
        except NumberParseException as error:
            missing = error.error_type == NumberParseException.INVALID_COUNTRY_CODE
            national = missing and self._region is None and not text.strip().startswith(("+", "00"))
            return Fault("phone_region_missing" if national else "phone_invalid")
        if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
            return Fault("phone_invalid")
        return _settled(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the number in E.164."""
        return value

    def ready(self, source: pl.Series) -> tuple[pl.Series, pl.Series] | None:
        """Return the numbers known to be canonical, or national in plain writing."""
        number = pl.col("number")
        known, value = _international(number), number
        if self._national is not None:
            digits = number.str.replace_all(_PUNCTUATION, "")
            is_national = number.str.contains(_WRITTEN) & self._national.matches(digits)
            known = known | is_national
            canonical = self._national.canonical(digits)
            value = pl.when(is_national).then(canonical).otherwise(number)
        told = source.to_frame("number").lazy().select(known=known, value=value).collect()
        return told["known"], told["value"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a region writes plain national numbers: an optional prefix, then the body."""

    code: str
    prefix: str
    international_prefix: str
    body: str
    lengths: tuple[int, ...]

    def matches(self, digits: pl.Expr) -> pl.Expr:
        """Return which digits the library surely reads as a national number of this region."""
        tests = digits.str.contains(rf"\A{self.prefix}(?:{self.body})\z")
        tests &= (digits.str.len_bytes() - len(self.prefix)).is_in(list(self.lengths))
        tests &= ~digits.str.starts_with("00")
        return tests if self.prefix else tests & ~digits.str.starts_with(self.code)

    def canonical(self, digits: pl.Expr) -> pl.Expr:
        """Return those digits in E.164."""
        return pl.lit(f"+{self.code}") + digits.str.slice(len(self.prefix))


def _settled(number: str) -> Cell:
    # A few numbers read differently once international (a national prefix that stays): refuse them
    # rather than let them change with each round.
    try:
        again = phonenumbers.parse(number, None)
    except NumberParseException:
        return Fault("phone_invalid")
    same = phonenumbers.format_number(again, phonenumbers.PhoneNumberFormat.E164) == number
    return number if same else Fault("phone_invalid")


def _international(number: pl.Expr) -> pl.Expr:
    good, length, prefixed = international_patterns()
    return number.str.contains(good) & number.str.contains(length) & ~number.str.contains(prefixed)


@cache
def international_patterns() -> tuple[str, str, str]:
    """Return the patterns of E.164 numbers: good body, good length, national prefix after the code.

    A number that matches the first two and not the third reads as itself: the library strips a
    national prefix only where the number starts with one, and never the country code of a ``+``.
    """
    good, length, prefixed = [], [], []
    for plan in filter(None, map(plain_plan, _COMMON_REGIONS)):
        good.append(f"{plan.code}(?:{plan.body})")
        length.append(f"{plan.code}(?:{'|'.join(f'[0-9]{{{n}}}' for n in plan.lengths)})")
        prefixed.append(f"{plan.code}{plan.prefix or 'none'}")
    return (
        rf"\A\+(?:{'|'.join(good)})\z",
        rf"\A\+(?:{'|'.join(length)})\z",
        rf"\A\+(?:{'|'.join(prefixed)})",
    )


@cache
def national(region: str) -> Plan | None:
    """Return how that region writes national numbers; None: only the library knows."""
    plan = plain_plan(region)
    if plan is None or plan.international_prefix not in {"00", "011"}:
        return None
    if plan.prefix in {"", "0"}:
        return plan
    # Where prefix and country code are the same digit (US), plain numbers carry neither.
    return replace(plan, prefix="") if plan.prefix == plan.code else None


def plain_plan(region: str) -> Plan | None:
    """Return the plan of a country's main region, where patterns can tell it."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.general_desc is None or metadata.country_code is None:
        return None
    prefix = metadata.national_prefix_for_parsing or ""
    is_main = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[metadata.country_code][0] == region
    if metadata.national_prefix_transform_rule or not re.fullmatch("[0-9]?", prefix) or not is_main:
        return None
    return Plan(
        code=str(metadata.country_code),
        prefix=prefix,
        international_prefix=metadata.international_prefix or "",
        body=str(metadata.general_desc.national_number_pattern).replace(r"\d", "[0-9]"),
        lengths=tuple(metadata.general_desc.possible_length),
    )
