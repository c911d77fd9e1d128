"""What a failed command says and which code it ends with: one table, from the class of the error.

0  done, and everything agrees       3  done, and not everything agrees
1  an error                          130  interrupted
2  wrong usage                       141  whoever read the output closed it
"""

import sys
import traceback

from customer_sync.infra.secrets import redacted
from customer_sync.kernel.errors import (
    ConfigurationError,
    CredentialError,
    CustomerSyncError,
    InvalidInputError,
    RetryableError,
    SchemaDriftError,
)

__all__ = [
    "AGREED",
    "EXIT_CODES",
    "FAILED",
    "INTERRUPTED",
    "NOT_AGREED",
    "UNHEARD",
    "USAGE",
    "exit_code",
    "remedy",
    "tell",
]

AGREED, FAILED, USAGE, NOT_AGREED, INTERRUPTED = 0, 1, 2, 3, 130
UNHEARD = 141  # as shells tell that a pipe was closed: 0 would claim agreement that nobody heard of

# The first class that fits counts.
EXIT_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (KeyboardInterrupt, INTERRUPTED),
    (InvalidInputError, USAGE),
    (CustomerSyncError, FAILED),
    (BaseException, FAILED),
)

# What to do where an error does not say it; the first class that fits counts.
REMEDIES: tuple[tuple[type[CustomerSyncError], str], ...] = (
    (RetryableError, "see that it runs and can be reached, then run the same command again"),
    (CredentialError, "give the right secret, then run the same command again"),
    (SchemaDriftError, "correct the mapping in systems/, or bring back what is missing"),
    (ConfigurationError, "correct the files, then run: customer-sync check"),
)


def remedy(error: CustomerSyncError) -> str | None:
    """Return what to do about an error."""
    return error.hint or next((text for kind, text in REMEDIES if isinstance(error, kind)), None)


def exit_code(error: BaseException) -> int:
    """Return the exit code of an error."""
    return next(code for kind, code in EXIT_CODES if isinstance(error, kind))


def tell(error: BaseException, *, debug: bool) -> None:
    """Say on the standard error what happened and what to do."""
    if debug:
        sys.stderr.write(redacted("".join(traceback.format_exception(error))))
    if isinstance(error, KeyboardInterrupt):
        _say(
            "Interrupted. Everything done so far is kept and consistent.",
            "run the same command again: it goes on where it stopped",
        )
    elif isinstance(error, CustomerSyncError):
        _say(f"Error: {error.message}", remedy(error), code=error.code)
    elif isinstance(error, OSError) and error.strerror:
        _say(f"Error: {error.filename or 'the system'}: {error.strerror}", None, code="os")
    else:
        # Its text may quote a record, so only its class is named.
        _say(
            f"Error: this is a bug ({type(error).__name__}).",
            "run again with --debug, and report what it prints (look for personal data first)",
            code="bug",
        )


def _say(message: str, hint: str | None, *, code: str | None = None) -> None:
    lines = [message]
    if hint:
        lines.append(f"  What to do: {hint}")
    if code:
        lines.append(f"  Code: {code}")
    sys.stderr.write(redacted("\n".join(lines)) + "\n")
