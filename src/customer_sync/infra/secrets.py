"""Secrets: named in configuration as `${NAME}`, kept outside it, never shown.

A name is looked up in the environment first, then in a key store: a file of its own, encrypted with
the key in CUSTOMER_SYNC_KEY and readable by its owner only. Every value that is given out is also
remembered for redaction (`observe` blots it out of every log line).
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from customer_sync.kernel.errors import CredentialError

__all__ = ["KeyStore", "expand", "redacted", "remember"]

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
SECRET_LENGTH_MIN = 4  # shorter values would blot out ordinary words
REDACTED = "[secret]"
KEY_NAME = "CUSTOMER_SYNC_KEY"

_given_out: set[str] = set()


class KeyStore:
    """Secrets in one encrypted file."""

    def __init__(self, path: Path, key: str) -> None:
        """Use the file at `path` with any `key`; nothing is read before it is needed."""
        self.path = path
        remember(key)
        # Any passphrase will do: what Fernet wants is 32 bytes.
        salted = hashlib.scrypt(key.encode(), salt=b"customer-sync", n=2**14, r=8, p=1, dklen=32)
        self._fernet = Fernet(base64.urlsafe_b64encode(salted))

    def read(self) -> dict[str, str]:
        """Return every secret by name; none when there is no file yet.

        Raises:
            CredentialError: The key is another one, or others may read the file.
        """
        if not self.path.exists():
            return {}
        if self.path.stat().st_mode & 0o077:
            raise CredentialError(f"others may read {self.path}", hint=f"chmod 600 {self.path}")
        try:
            text = self._fernet.decrypt(self.path.read_bytes())
        except InvalidToken as error:
            raise CredentialError(
                f"{self.path} was written with another key", hint=f"set {KEY_NAME} to that key"
            ) from error
        return {str(name): str(value) for name, value in json.loads(text).items()}

    def write(self, name: str, value: str) -> None:
        """Keep `value` under `name`, in place of what was there."""
        secrets = self.read() | {name: value}
        aside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(self._fernet.encrypt(json.dumps(secrets).encode()))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self.path)
        remember(value)


def expand(text: str, env: Mapping[str, str], store: KeyStore | None = None) -> str:
    """Replace every `${NAME}` and `${NAME:-default}` of `text`.

    Raises:
        CredentialError: A name without a default is neither in `env` nor in `store`.
    """
    kept: dict[str, str] | None = None

    def value(match: re.Match[str]) -> str:
        nonlocal kept
        name, default = match[1], match[2]
        found = env.get(name)
        if found is None and store is not None:
            kept = store.read() if kept is None else kept
            found = kept.get(name)
        if found is not None:
            remember(found)
            return found
        if default is None:
            raise CredentialError(
                f"{name} is not set",
                context={"name": name},
                hint=f"set {name} in the environment or in the key store",
            )
        return str(default)

    return _REFERENCE.sub(value, text)


def remember(secret: str) -> None:
    """Blot out `secret` wherever a log would show it."""
    if len(secret) >= SECRET_LENGTH_MIN:
        _given_out.add(secret)


def redacted(text: str) -> str:
    """Return `text` without any secret that was given out."""
    # Longest first: one secret may be a part of another.
    for secret in sorted(_given_out, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return text
