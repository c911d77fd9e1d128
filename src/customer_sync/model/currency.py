"""Minor units of currencies, after ISO 4217: the smallest amounts that are ever posted.

The libraries at hand follow the habits of each country (CLDR) and not the standard: there a dinar of Iraq
has no fils, yet its amounts have three places in every bank's file.
"""

from collections.abc import Mapping

__all__ = ["UNITS_E4", "UNIT_E4_COMMODITY", "UNIT_E4_DEFAULT"]

UNIT_E4_DEFAULT = 100  # two places
UNIT_E4_COMMODITY = 10_000  # points are whole

_PLACES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

# Currency -> its minor unit in ten-thousandths; all others have UNIT_E4_DEFAULT.
UNITS_E4: Mapping[str, int] = {
    currency: 10 ** (4 - places) for places, names in _PLACES.items() for currency in names.split()
}
