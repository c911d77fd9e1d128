"""Lenses of ways to reach somebody: e-mail address, web address. Phone numbers are in ``phone``.

Decides what is an address and its normal form. Promises that no network is asked. Must not know
whether an address identifies anybody.
"""

import re
from urllib.parse import urlsplit

import polars as pl
from email_validator import EmailNotValidError, validate_email

from customer_sync.core.mapping.row import Cell, Fault, ValueLens

__all__ = ["Email", "Url"]

_SEVERAL = re.compile(r"@[^@\s,;]+[\s,;]+[^@\s,;]+@")
_HOST = re.compile(r"^(?=.{1,253}$)[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+$")


class Email(ValueLens):
    """An e-mail address, alone or as ``Name <address>``."""

    # A subset of what the library accepts unchanged. Any top level may end it but those reserved (arpa,
    # test, local, onion, invalid, localhost), told apart by length and first letter.
    normal = (
        r"\A[a-z0-9](?:[a-z0-9_+-]|\.[a-z0-9_+-]){0,30}"
        r"@(?:[a-z0-9](?:[a-z0-9]|-[a-z0-9]){0,25}\.){1,3}"
        r"(?:[a-z]{2,3}|[b-su-z][a-z]{3}|asia|team|tech|[a-km-np-z][a-z]{4}|[a-z]{6}|[a-hj-z][a-z]{6}"
        r"|[a-z]{8}|[a-km-z][a-z]{8})\z"
    )

    def ready(self, source: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Return the addresses known to be canonical but for ASCII capitals, in lower case."""
        # Not `to_lowercase` first: it makes an ASCII letter of the Kelvin sign.
        return source.str.contains(f"(?i-u){self.normal}"), source.str.to_lowercase()

    def read_text(self, text: str, /) -> Cell:
        """Return the address in lower case."""
        text = text.strip().removeprefix("mailto:")
        try:
            found = validate_email(
                text, check_deliverability=False, allow_display_name=True, test_environment=True
            )
        except EmailNotValidError:
            return Fault("email_several" if _SEVERAL.search(text) else "email_invalid")
        return _settled(found.normalized.lower())

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the address."""
        return value


def _settled(address: str) -> Cell:
    # Lower-casing may leave the library's normal form (İ becomes i with a dot above); such an
    # address would read differently the next time, so it is refused.
    try:
        again = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return Fault("email_invalid")
    return address if again.normalized.lower() == address else Fault("email_invalid")


class Url(ValueLens):
    """A web address; one without scheme is read as ``https``."""

    normal = r"\Ahttps?://[a-z0-9](?:[a-z0-9]|-[a-z0-9])*(?:\.[a-z0-9](?:[a-z0-9]|-[a-z0-9])*)+\z"

    def read_text(self, text: str, /) -> Cell:
        """Return the address with scheme and host in lower case, without a bare trailing slash."""
        text = text.strip()
        if any(char.isspace() for char in text):
            return Fault("url_invalid")
        return _web(text if "://" in text else f"https://{text.removeprefix('//')}")

    def write_text(self, value: str, image: str | None, /) -> str | None:
        """Return the address, without scheme where the image has none."""
        if image and image.strip() and "://" not in image and value.startswith("https://"):
            bare = value.removeprefix("https://")
            return bare if self.cell(bare) == value else value
        return value


def _web(text: str) -> Cell:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return Fault("url_invalid")
    host = (parts.hostname or "").lower()
    if parts.scheme.lower() not in {"http", "https"} or not _HOST.match(host) or parts.username:
        return Fault("url_invalid")
    tail = text.split("://", 1)[1]
    path = tail[len(parts.netloc) :]
    place = host if port is None else f"{host}:{port}"
    return f"{parts.scheme.lower()}://{place}{'' if path == '/' else path}"
