"""The named points at which a simulation stops the process or lets people edit.

Each names a moment between two effects of the engine: before or after a commit, before or after a
call. Promises that every name given to ``Session.fault`` is listed here. Knows nothing of simulations.
"""

from typing import Final

__all__ = [
    "ABSORB_AFTER_COMMIT", "ABSORB_BEFORE_COMMIT", "ABSORB_DECIDED", "APPLY_AFTER_COMMIT",
    "APPLY_BEFORE_COMMIT", "APPLY_FAULT_POINTS", "DELIVER_ANSWERED", "DELIVER_ATTEMPTED", "DELIVER_CONFIRMED",
    "FAULT_POINTS", "INTAKE_PAGE_READ", "SETTLE_ANSWERED",
]  # fmt: skip

INTAKE_PAGE_READ: Final = "intake.page_read"
ABSORB_DECIDED: Final = "absorb.decided"
ABSORB_BEFORE_COMMIT: Final = "absorb.before_commit"
ABSORB_AFTER_COMMIT: Final = "absorb.after_commit"
DELIVER_ATTEMPTED: Final = "deliver.attempted"
DELIVER_ANSWERED: Final = "deliver.answered"
DELIVER_CONFIRMED: Final = "deliver.confirmed"
SETTLE_ANSWERED: Final = "settle.answered"
APPLY_BEFORE_COMMIT: Final = "apply.before_commit"
APPLY_AFTER_COMMIT: Final = "apply.after_commit"

FAULT_POINTS: Final = (
    INTAKE_PAGE_READ,
    ABSORB_DECIDED,
    ABSORB_BEFORE_COMMIT,
    ABSORB_AFTER_COMMIT,
    DELIVER_ATTEMPTED,
    DELIVER_ANSWERED,
    DELIVER_CONFIRMED,
    SETTLE_ANSWERED,
)

# Beside those of a sync, where a plan is applied.
APPLY_FAULT_POINTS: Final = (APPLY_BEFORE_COMMIT, APPLY_AFTER_COMMIT)
