"""Logs: one event per line on the standard error, without secrets and without personal values.

Two nets catch what should not have been passed at all: keys known to hold personal values are
dropped, and secrets that were given out are blotted from every text. Neither is a licence to log.
"""

import logging
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

import structlog

from customer_sync.infra.secrets import redacted

__all__ = ["PERSONAL_KEYS", "mark_personal", "set_up"]

# What every deployment has; the model adds its personal columns with `mark_personal`.
PERSONAL_KEYS = {
    "address", "birth_date", "body", "email", "emails", "family_name", "given_name", "iban",
    "image", "name_full", "patch", "payload", "phone", "phones", "record", "tax_id", "value",
}  # fmt: skip
DROPPED = "[personal]"


def set_up(*, as_json: bool = False, level: str = "INFO") -> None:
    """Send every event to the standard error, for people or (`as_json`) for machines."""
    renderer = (
        structlog.processors.JSONRenderer(default=str)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Before redaction: a trace back may quote a secret, so it has to be text by then.
            structlog.processors.format_exc_info,
            without_personal,
            without_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        # Looked up at every line, so that a captured or reopened standard error is honoured.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def mark_personal(keys: Iterable[str]) -> None:
    """Drop `keys` from every event from now on."""
    PERSONAL_KEYS.update(keys)


def without_personal(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace what is under a personal key, however deep."""
    return _mapped(event)


def without_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blot out secrets that were given out, however deep."""
    return {key: _blotted(value) for key, value in event.items()}


def _mapped(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: DROPPED if key in PERSONAL_KEYS else _inside(value) for key, value in event.items()
    }


def _inside(value: object) -> object:
    if isinstance(value, Mapping):
        return _mapped(value)
    if isinstance(value, list | tuple):
        return [_inside(item) for item in value]
    return value


def _blotted(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _blotted(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_blotted(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redacted(str(value))
