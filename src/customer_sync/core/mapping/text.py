"""Lenses of plain text: text, organisation, reference.

Decides what of a text is formatting: white space around it and the Unicode form (and for
organisations, runs of white space inside). Promises that formatting in the source is kept until
the text itself changes. Must not know what a text means.
"""

import re
import unicodedata

from customer_sync.core.mapping.row import Cell, Fault, Texts, ValueLens

__all__ = ["Organisation", "Text", "plain"]

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ASCII_TRIMMED = r"\A[!-~](?:[ -~]*[!-~])?\z"


def plain(text: str) -> str:
    """Return a text in its normal form: NFC, trimmed."""
    return text.strip() if text.isascii() else unicodedata.normalize("NFC", text).strip()


class Text(ValueLens):
    """Any text. With ``keep_empty`` a blank text is an empty text, and not nothing."""

    is_text = True
    normal = _ASCII_TRIMMED

    def __init__(self, *, keep_empty: bool = False) -> None:
        self._keep_empty = keep_empty

    def read_text(self, text: str, /) -> Cell:
        """Return the text in its normal form."""
        return Fault("text_control") if _CONTROL.search(text) else plain(text)

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the value."""
        return value

    def blank(self, text: str | None, /) -> Cell:
        """Return an empty text where that means something."""
        return "" if self._keep_empty and text is not None else None

    def is_exact(self, values: Texts, /) -> bool:
        """Return whether the value is not blank, or blank texts are values."""
        return self._keep_empty or values[0] != ""


class Organisation(Text):
    """The name of an organisation: text whose inner white space is formatting."""

    normal = r"\A[!-~]+(?: [!-~]+)*\z"

    def read_text(self, text: str, /) -> Cell:
        """Return the name with single spaces."""
        return Fault("text_control") if _CONTROL.search(text) else " ".join(plain(text).split())

    def is_exact(self, values: Texts, /) -> bool:
        """Return whether the value has no inner white space to lose."""
        value = values[0]
        return value is None or " ".join(value.split()) == value != ""
