"""What the environment says: where database and workspace are, how to log, what opens secrets.

Decides names and defaults. Promises that a setting is read here and nowhere else. Must not know
what is done with them.

    CUSTOMER_SYNC_WORKSPACE     the workspace's folder; else the current one or one above
    CUSTOMER_SYNC_DATABASE_URL  any PostgreSQL 15 or later; the embedded one when not set
    CUSTOMER_SYNC_OWNER_URL     the same database as its tables' owner: for migrations only
    CUSTOMER_SYNC_LOG           debug, info, warning, error; `json:` before it: one object a line
    CUSTOMER_SYNC_KEY           opens the workspace's key store
    CUSTOMER_SYNC_KEY_FILE      a file with that key, readable by its owner only
    CUSTOMER_SYNC_BY            who decides reviews; the account's name when not set
"""

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from customer_sync.kernel.errors import ConfigurationError

__all__ = ["Settings", "settings"]

LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The environment's settings, checked."""

    workspace: Path | None
    database_url: str | None
    owner_url: str | None
    log_level: str
    log_as_json: bool
    key: str | None
    key_file: Path | None
    by: str
    environment: Mapping[str, str]


def settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Raises:
        ConfigurationError: One cannot mean what it says.
    """
    env = os.environ if environment is None else environment
    level, as_json = _log(env.get("CUSTOMER_SYNC_LOG") or "warning")
    workspace = env.get("CUSTOMER_SYNC_WORKSPACE")
    key_file = env.get("CUSTOMER_SYNC_KEY_FILE")
    return Settings(
        workspace=Path(workspace) if workspace else None,
        database_url=_database(env, "CUSTOMER_SYNC_DATABASE_URL"),
        owner_url=_owner(env),
        log_level=level,
        log_as_json=as_json,
        key=env.get("CUSTOMER_SYNC_KEY") or None,
        key_file=Path(key_file) if key_file else None,
        by=env.get("CUSTOMER_SYNC_BY") or _account(),
        environment=env,
    )


def _log(text: str) -> tuple[str, bool]:
    as_json = text.startswith("json:")
    level = text.removeprefix("json:").lower()
    if level not in LEVELS:
        raise ConfigurationError(
            f"CUSTOMER_SYNC_LOG is none of {', '.join(LEVELS)}",
            hint="set it to one of them, with json: before it for one object a line",
        )
    return level, as_json


def _database(env: Mapping[str, str], name: str) -> str | None:
    url = env.get(name)
    if not url:
        return None
    if not url.startswith(("postgresql://", "postgres://")) and "=" not in url:
        raise ConfigurationError(
            f"{name} is no address of a PostgreSQL database",
            hint="write it as postgresql://USER@HOST/DATABASE, or unset it for the embedded one",
        )
    return url


def _owner(env: Mapping[str, str]) -> str | None:
    url = _database(env, "CUSTOMER_SYNC_OWNER_URL")
    if url and not env.get("CUSTOMER_SYNC_DATABASE_URL"):
        raise ConfigurationError(
            "CUSTOMER_SYNC_OWNER_URL is set and CUSTOMER_SYNC_DATABASE_URL is not",
            hint="set both to the same database, or neither for the embedded one",
        )
    return url


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run an account without a name
        return f"uid {os.getuid()}"
