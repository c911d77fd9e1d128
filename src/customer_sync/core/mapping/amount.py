"""Lenses of amounts: numbers and money, exact to the last digit.

Decides which sign is the decimal one: that of ``format``, else the only possible one. Promises
never to round and never to guess: "1,234" without a format is a fault. Money is only written where
its currency can be told from what stands there. Must not know exchange rates.
"""

import re
from decimal import Decimal, InvalidOperation

from customer_sync.core.mapping.code import currency_code
from customer_sync.core.mapping.row import Cell, Cells, Fault, RowLens, Texts, ValueLens

__all__ = ["Money", "Number", "normal_number"]

_PLAIN = re.compile(r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?$", re.ASCII)
_SPACES = re.compile("[\\s'\u2019\u00a0\u202f]")
_GROUPED = {
    ",": re.compile(r"^[+-]?\d{1,3}(?:\.\d{3})*(?:,\d+)?$", re.ASCII),
    ".": re.compile(r"^[+-]?\d{1,3}(?:,\d{3})*(?:\.\d+)?$", re.ASCII),
}
_UNGROUPED = {
    ",": re.compile(r"^[+-]?\d+(?:,\d+)?$", re.ASCII),
    ".": re.compile(r"^[+-]?\d+(?:\.\d+)?$", re.ASCII),
}


def normal_number(text: str) -> str:
    """Return a plain number in its normal form: no exponent, no trailing zeros."""
    number = Decimal(text)
    written = format(number, "f")
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    written = written.removeprefix("+")
    return "0" if written in {"-0", ""} else _no_leading_zeros(written)


def _no_leading_zeros(text: str) -> str:
    return str(Decimal(text)) if "E" not in str(Decimal(text)) else text


class Number(ValueLens):
    """A number, plain or of ``format``: an example such as ``1.234,56``."""

    normal = r"\A-?[1-9][0-9]{0,17}\z"

    def __init__(self, *, example: str | None = None) -> None:
        self._example = example
        self._decimal = _decimal_sign(example) if example else None
        whole, _, part = (example or "").rpartition(self._decimal or ".")
        self._places = len(part) if whole else 0

    @property
    def expects(self) -> str:
        """Return the example."""
        return self._example or "1234.56"

    def read_text(self, text: str, /) -> Cell:
        """Return the number in its normal form."""
        word = _SPACES.sub("", text)
        if len(word) > 1 and word.endswith("-"):
            word = "-" + word[:-1]
        sign = self._decimal or _sign_of(word)
        if sign is None:
            return Fault("number_ambiguous")
        plain = _plain(word, sign)
        if plain is None:
            return Fault("number_invalid")
        try:
            return normal_number(plain)
        except InvalidOperation:
            return Fault("number_invalid")

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the number, styled as the format or the image is."""
        if not _PLAIN.match(value):
            return None
        for text in (self._styled(value, image), value):
            if self.cell(text) == value:
                return text
        return None

    def _styled(self, value: str, image: str | None) -> str:
        model = self._example or _SPACES.sub("", image or "")
        sign = self._decimal or (_sign_of(model) if model else ".")
        if not model or sign is None:
            return value
        places = self._places if self._example else len(model.partition(sign)[2])
        whole, _, part = value.partition(".")
        group = "." if sign == "," else ","
        if group in model:
            digits = whole.removeprefix("-")
            whole = whole[: len(whole) - len(digits)] + f"{int(digits):,}".replace(",", group)
        part = part.ljust(places, "0") if places <= 12 else part
        return f"{whole}{sign}{part}" if part else whole


def _decimal_sign(example: str) -> str:
    marks = [char for char in example if char in ".,"]
    if not marks:
        return "."
    # One mark with three digits behind it, used once, is read as the example's own decimal sign.
    return marks[-1]


def _sign_of(word: str) -> str | None:
    if "," not in word:
        return "," if word.count(".") > 1 else "."
    if "." in word:
        return "," if word.rfind(",") > word.rfind(".") else "."
    if word.count(",") > 1:
        return "."
    whole, _, part = word.partition(",")
    could_group = (
        len(part) == 3 and whole.lstrip("+-") not in {"", "0"} and len(whole.lstrip("+-")) <= 3
    )
    return None if could_group else ","


def _plain(word: str, sign: str) -> str | None:
    if sign == "." and _PLAIN.match(word):
        return word
    if _GROUPED[sign].match(word) or _UNGROUPED[sign].match(word):
        group = "." if sign == "," else ","
        return word.replace(group, "").replace(sign, ".")
    return None


_MONEY = re.compile(
    r"^(?P<before>[^\d\s+\-.,]{1,4})?\s*(?P<number>[+-]?[\d.,'\u2019\s\u00a0\u202f]*\d[.,]?-?)\s*(?P<after>[^\d\s.,]{1,4}\.?)?$"
)


# Currencies whose own sign is "$": where one of them is configured, the sign means it.
_DOLLARS = frozenset(
    {"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP", "UYU"}
)


class Money(RowLens):
    """An amount: its currency beside it, in a field of its own, or the configured one."""

    def __init__(self, *, currency: str | None, example: str | None, has_field: bool) -> None:
        self._currency = currency
        self._number = Number(example=example)
        self._has_field = has_field
        self.arity = 2 if has_field else 1

    @property
    def expects(self) -> str:
        """Return the example and the currency."""
        return f"{self._number.expects} {self._currency or 'EUR'}"

    def read(self, texts: Texts, /) -> Cells:
        """Return number and currency."""
        text = texts[0]
        if text is None or not text.strip():
            return (None,)
        found = _MONEY.match(text.strip())
        if found is None:
            return (Fault("number_invalid"),)
        number = self._number.cell(found["number"])
        if not isinstance(number, str):
            return (number or Fault("number_invalid"),)
        currency = self._currency_of(found["before"] or found["after"], texts)
        return (f"{number} {currency}" if isinstance(currency, str) else currency,)

    def write(self, values: Texts, texts: Texts, /) -> Texts | None:
        """Return the amount; None where its currency could not be told."""
        number, _, currency = (values[0] or "").partition(" ")
        old = _MONEY.match((texts[0] or "").strip())
        image = old["number"] if old else None
        text = self._number.write_text(number, image)
        if text is None or not isinstance(currency_code(currency), str):
            return None
        for new in self._forms(text, currency, texts, old):
            if self.read(new) == values:
                return new
        return None

    def clear(self, texts: Texts, /) -> Texts | None:
        """Return no amount; a currency field keeps what it says."""
        return (None, *texts[1:])

    def _forms(
        self, text: str, currency: str, texts: Texts, old: re.Match[str] | None
    ) -> list[Texts]:
        if self._has_field:
            return [(text, texts[1]), (text, currency)]
        said = bool(old and (old["before"] or old["after"]))
        if not said:
            # An amount column without a sign may be numeric: it takes a bare number or nothing.
            return (
                [(text,)]
                if currency == self._currency or self._currency
                else [(f"{text} {currency}",)]
            )
        assert old is not None
        same = currency_code(old["before"] or old["after"]) == currency
        mark = (old["before"] or old["after"]) if same else currency
        return [(f"{mark} {text}",) if old["before"] else (f"{text} {mark}",)]

    def _currency_of(self, said: str | None, texts: Texts) -> Cell:
        field = texts[1] if self._has_field else None
        if field is not None and field.strip():
            return currency_code(field)
        if said and not (said == "$" and self._currency in _DOLLARS):
            return currency_code(said)
        return self._currency or Fault("currency_missing")
