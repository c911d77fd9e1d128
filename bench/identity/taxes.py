"""Invent tax ids whose check digits are right, of the countries that have them.

Must not know who bears them.
"""

from functools import cache
from random import Random
from types import ModuleType

from stdnum import luhn
from stdnum.util import get_cc_module

__all__ = ["tax_id"]

# Pattern of the number without its country; the last two characters are searched for.
_PATTERNS = {
    "DE": "1########", "AT": "U########", "IT": "0######01##", "ES": "B########", "NL": "0########B01",
    "BE": "0#########", "PT": "5########", "PL": "5#########", "SE": "55########01", "GB": "9########", "GR": "09#######",
    "IE": "6######W", "CH": "E1########MWST",
}  # fmt: skip


@cache
def _module(country: str) -> ModuleType:
    return get_cc_module(country, "vat")


def tax_id(dice: Random, country: str) -> str | None:
    """Return a tax id with its country in front, or None where the country issues none that we know."""
    if country == "FR":
        return _french(dice)
    pattern = _PATTERNS.get(country)
    if pattern is None:
        return None
    module = _module(country)
    prefix = {"GR": "EL", "CH": "CH"}.get(country, country)
    for _ in range(400):
        number = "".join(str(dice.randrange(10)) if letter == "#" else letter for letter in pattern)
        if module.is_valid(number if country != "CH" else f"CH{number}"):
            return prefix + number
    return None


def _french(dice: Random) -> str:
    body = f"4{dice.randrange(10_000_000):07d}"
    siren = body + luhn.calc_check_digit(body)
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"
