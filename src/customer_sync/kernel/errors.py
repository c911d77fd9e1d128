"""The operating errors, named by what the caller should do.

    CustomerSyncError                 code, message, context, hint
    ├── RetryableError                wait, then the same call again           (after_s)
    │   ├── SystemDownError           the other side does not answer
    │   ├── RateLimitedError          the other side asks for patience
    │   ├── LeaseLostError            somebody else holds the work now
    │   └── StoreConflictError        a deadlock or a serialisation failure
    ├── DoubtfulError                 outcome unknown: read before retrying
    │   └── PushUnconfirmedError      a push was sent and its answer was lost
    ├── OperatorError                 stop the stream, tell a person
    │   ├── CredentialError           a secret is missing, wrong or expired
    │   ├── SchemaDriftError          a system no longer has the shape that was mapped
    │   ├── ConfigurationError        the configuration cannot mean what it says
    │   ├── CapabilityMissingError    the connector cannot do what is asked of it
    │   └── StoreError                the database cannot be used as it stands
    └── RequestError                  the caller of our API is wrong
        ├── NotFoundError
        ├── ConflictError
        ├── ForbiddenError
        ├── InvalidInputError
        └── KeyReusedError            the same idempotency key with another input

Row faults are not here: they are rows of a reject frame. Bugs are not here: they are assertions.
Every class fixes a stable, documented `code`. Exit codes and HTTP statuses are derived from the
class at the doors. Secrets and personal values may not enter `message`, `context` or `hint`.
"""

from collections.abc import Mapping
from typing import ClassVar

__all__ = [
    "CapabilityMissingError",
    "ConfigurationError",
    "ConflictError",
    "CredentialError",
    "CustomerSyncError",
    "DoubtfulError",
    "ForbiddenError",
    "InvalidInputError",
    "KeyReusedError",
    "LeaseLostError",
    "NotFoundError",
    "OperatorError",
    "PushUnconfirmedError",
    "RateLimitedError",
    "RequestError",
    "RetryableError",
    "SchemaDriftError",
    "StoreConflictError",
    "StoreError",
    "SystemDownError",
]


class CustomerSyncError(Exception):
    """Everything the product raises on purpose."""

    code: ClassVar[str] = "customer_sync"

    def __init__(
        self,
        message: str,
        *,
        context: Mapping[str, object] | None = None,
        hint: str | None = None,
    ) -> None:
        """Keep what a person reads, what the log holds, and what to do about it.

        Args:
            message: One sentence for people, with no secret and no personal value in it.
            context: Named facts for logs and for the API, again without secrets.
            hint: The next step, when there is one.
        """
        super().__init__(message)
        self.message = message
        self.context: dict[str, object] = dict(context or {})
        self.hint = hint


# -- wait, then the same call again ---------------------------------------------------------------


class RetryableError(CustomerSyncError):
    """Wait, then make the same call again."""

    code: ClassVar[str] = "retryable"

    def __init__(
        self,
        message: str,
        *,
        after_s: float | None = None,
        context: Mapping[str, object] | None = None,
        hint: str | None = None,
    ) -> None:
        """Also keep `after_s`, the wait the other side asked for, when it asked."""
        super().__init__(message, context=context, hint=hint)
        self.after_s = after_s


class SystemDownError(RetryableError):
    """The other side does not answer, or says that it cannot now."""

    code: ClassVar[str] = "system_down"


class RateLimitedError(RetryableError):
    """The other side asks for patience."""

    code: ClassVar[str] = "rate_limited"


class LeaseLostError(RetryableError):
    """Somebody else holds the work now; nothing of ours was written."""

    code: ClassVar[str] = "lease_lost"


class StoreConflictError(RetryableError):
    """A deadlock, a lock that was not granted, or a serialisation failure; nothing was written."""

    code: ClassVar[str] = "store_conflict"


# -- read before retrying -------------------------------------------------------------------------


class DoubtfulError(CustomerSyncError):
    """The outcome is unknown: read before trying again, never blindly resend."""

    code: ClassVar[str] = "doubtful"


class PushUnconfirmedError(DoubtfulError):
    """A push was sent and its answer was lost."""

    code: ClassVar[str] = "push_unconfirmed"


# -- stop the stream, tell a person ---------------------------------------------------------------


class OperatorError(CustomerSyncError):
    """Only a person can put this right; retrying cannot."""

    code: ClassVar[str] = "operator"


class CredentialError(OperatorError):
    """A secret is missing, wrong, expired or not allowed to do this."""

    code: ClassVar[str] = "credential"


class SchemaDriftError(OperatorError):
    """A system no longer has the shape that was mapped."""

    code: ClassVar[str] = "schema_drift"


class ConfigurationError(OperatorError):
    """The configuration cannot mean what it says."""

    code: ClassVar[str] = "configuration"


class CapabilityMissingError(OperatorError):
    """The connector cannot do what is asked of it."""

    code: ClassVar[str] = "capability_missing"


class StoreError(OperatorError):
    """The database cannot be used as it stands."""

    code: ClassVar[str] = "store"


# -- the caller of our API is wrong ---------------------------------------------------------------


class RequestError(CustomerSyncError):
    """The caller of our API asked for something that cannot be."""

    code: ClassVar[str] = "request"


class NotFoundError(RequestError):
    """The named thing does not exist."""

    code: ClassVar[str] = "not_found"


class ConflictError(RequestError):
    """The named thing has moved since the caller looked, or exists already."""

    code: ClassVar[str] = "conflict"


class ForbiddenError(RequestError):
    """The caller may not do this."""

    code: ClassVar[str] = "forbidden"


class InvalidInputError(RequestError):
    """The input does not have the shape or the values asked for."""

    code: ClassVar[str] = "invalid_input"


class KeyReusedError(RequestError):
    """The same idempotency key came with another input."""

    code: ClassVar[str] = "key_reused"
