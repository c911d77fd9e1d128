"""Secrets: named in configuration as `${NAME}`, kept outside it, never shown.

A name is looked up in the environment first, then in a key store: a file of its own, encrypted with
the key in CUSTOMER_SYNC_KEY, under a salt that changes at every write, and readable by its owner
only. Every value that is given out is also remembered for redaction (`observe` blots it out of every
log line).
"""

import base64
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from customer_sync.infra import entropy
from customer_sync.kernel.errors import CredentialError

__all__ = ["REFERENCE", "KeyStore", "expand", "redacted", "refuse_shared", "remember"]

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
SECRET_LENGTH_MIN = 4  # shorter values would blot out ordinary words
REDACTED = "[secret]"
KEY_NAME = "CUSTOMER_SYNC_KEY"
SALT_ONCE = b"customer-sync"
_MARK = b"."  # between salt and token; neither's alphabet has it

_given_out: set[str] = set()


class KeyStore:
    """Secrets in one encrypted file."""

    def __init__(self, path: Path, key: str) -> None:
        """Use the file at `path` with any `key`; nothing is read before it is needed."""
        self.path = path
        self._key = key
        remember(key)

    def read(self) -> dict[str, str]:
        """Return every secret by name; none when there is no file yet.

        Raises:
            CredentialError: The key is another one, or others may read the file.
        """
        if not self.path.exists():
            return {}
        refuse_shared(self.path)
        salt, mark, token = self.path.read_bytes().partition(_MARK)
        if not mark:  # as files were written before each had a salt of its own
            salt, token = SALT_ONCE, salt
        try:
            text = self._cipher(salt).decrypt(token)
        except InvalidToken as error:
            raise CredentialError(
                f"{self.path} was written with another key, or is damaged",
                hint=f"set {KEY_NAME} to the key it was written with",
            ) from error
        return {str(name): str(value) for name, value in json.loads(text).items()}

    def write(self, name: str, value: str) -> bool:
        """Keep `value` under `name`, in place of what was there; return whether it is new.

        Raises:
            CredentialError: As `read`.
        """
        remember(value)
        with self._alone():
            secrets = self.read()
            self._put(secrets | {name: value})
            return name not in secrets

    def remove(self, name: str) -> bool:
        """Forget `name`; return whether it was there.

        Raises:
            CredentialError: As `read`.
        """
        with self._alone():
            secrets = self.read()
            if name not in secrets:
                return False
            self._put({one: value for one, value in secrets.items() if one != name})
            return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # Two who write at once would each put back the file without what the other wrote.
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name(f"{self.path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _put(self, secrets: Mapping[str, str]) -> None:
        salt = entropy.token().encode()
        token = self._cipher(salt).encrypt(json.dumps(secrets).encode())
        aside = self.path.with_name(f"{self.path.name}.unfinished")
        aside.unlink(missing_ok=True)  # one left by a crash may have other permissions
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(salt + _MARK + token)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self.path)

    def _cipher(self, salt: bytes) -> Fernet:
        # Any passphrase will do: what Fernet wants is 32 bytes.
        salted = hashlib.scrypt(self._key.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
        return Fernet(base64.urlsafe_b64encode(salted))


def refuse_shared(path: Path) -> None:
    """Check that nobody but its owner may read or write a file that holds secrets.

    Raises:
        CredentialError: Others may.
    """
    if path.stat().st_mode & 0o077:
        raise CredentialError(f"others may read {path}", hint=f"chmod 600 {path}")


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
                hint=f"set {name} in the environment, or keep it: customer-sync config secret set "
                f"{name}",
            )
        return str(default)

    return REFERENCE.sub(value, text)


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
