"""What the demo says, and what it holds against what it expected.

Decides how an act looks: a line with its number and time, and tables. Promises that whatever was not
as expected is told at the end, so that a demo which went wrong cannot look like one that went well.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from customer_sync.cli.demo.edits import SIDES, Edit
from customer_sync.cli.output import say, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from customer_sync.engine.agreement import Agreement
    from customer_sync.engine.provenance import FieldView
    from customer_sync.engine.status import Reject

__all__ = ["Report"]


@dataclass(slots=True)
class Report:
    """The running story, and what in it was not as expected."""

    acts: int = 0
    begun_s: float = field(default_factory=time.monotonic)
    unmet: list[str] = field(default_factory=list)

    @contextmanager
    def act(self, title: str) -> "Iterator[list[str]]":
        """Tell an act: the block fills in lines, which are printed with the time it took."""
        self.acts += 1
        lines: list[str] = []
        begun_s = time.monotonic()
        yield lines
        say(f"\n{self.acts}. {title} ({time.monotonic() - begun_s:.1f} s)")
        for line in lines:
            say(f"   {line}")

    def expect(self, is_met: bool, what: str) -> None:
        """Hold what happened against what had to happen."""
        if not is_met:
            self.unmet.append(what)

    def rows(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Print a table of rows."""
        if rows:
            say("")
            table(rows, list(rows[0]), as_json=False, empty="")

    def rejects(self, found: "Sequence[Reject]") -> None:
        """Say what is set aside, and why."""
        self.rows([
            {"set aside": f"{one.system} {one.record[:8]}", "field": one.field or "(record)", "code": one.code,
             "what to do": one.detail if one.code == "rule_rejected" else one.remedy}
            for one in found
        ])  # fmt: skip

    def edits(self, made: Sequence[Edit], whys: "Sequence[FieldView]") -> None:
        """Say what became of each edit, with the values read back from every side."""
        rows: list[dict[str, object]] = []
        for edit, view in zip(made, whys, strict=True):
            sides = {side: edit.shown.get(side, "-") for side in SIDES}
            verdict = "as expected" if edit.is_as_expected else "NOT AS EXPECTED"
            rows.append(
                {
                    "what happened": edit.what,
                    **sides,
                    "decided by": _policy(edit, view),
                    "read back": verdict,
                }
            )
            self.expect(edit.is_as_expected, f"{edit.what}: every side shows {dict(edit.expected)}")
        self.rows(rows)

    def why(self, view: "FieldView") -> None:
        """Say why a field holds what it holds."""
        say(f"\n   Why {view.field} of customer {view.customer} is {view.value}")
        say(f"   ({view.reason}):")
        self.rows([
            {"said by": f"{claim.system} {claim.record[:8]}", "value": claim.value, "at": claim.at,
             "holds": claim.is_winner}
            for claim in view.claims if claim.is_current
        ])  # fmt: skip

    def agreement(self, found: "Agreement") -> list[str]:
        """Return what was read back from every system, in words."""
        lines = []
        for one in found.streams:
            text = f"{one.system}: {one.agreeing} of {one.fields} fields of {one.records} records agree"
            reasons = ", ".join(f"{count} {why}" for why, count in sorted(one.by_why.items()))
            lines.append(f"{text}; {reasons}" if reasons else text)
        accuracy = 0.0 if found.accuracy is None else found.accuracy
        lines.append(
            f"accuracy {accuracy:.4%} of {found.fields} fields; {found.ledger_customers} customers in the ledger"
        )
        return lines

    def end(self, folder: str) -> bool:
        """Say how it ended and how to go on; return whether everything was as expected."""
        took_s = time.monotonic() - self.begun_s
        if self.unmet:
            say(f"\nThe demo is NOT as it should be ({took_s:.0f} s):")
            for what in self.unmet:
                say(f"   not so: {what}")
            return False
        say(f"\nAll sides agree: shop, ERP, CRM and ledger ({took_s:.0f} s in all).")
        say(
            f"\nLook around:\n   customer-sync status  -w {folder}\n   customer-sync verify  -w {folder}"
        )
        say(f"   the configuration: {folder}/workspace.yaml and {folder}/systems/*.yaml")
        say(
            "\nLeft out: the fourth kind of system, an ERP reached over HTTP. A real Tryton is installed by"
        )
        say(
            "   scripts/tryton.sh, and the tests marked `tryton` synchronize with it: pytest -m tryton"
        )
        say("\nThe same with your own data:")
        say("   customer-sync init my-company          a commented configuration to begin with")
        say("   edit my-company/systems/*.yaml         what your systems call what")
        say("   customer-sync check   -w my-company    says what is wrong, with line and remedy")
        say(
            "   customer-sync publish -w my-company    tries the mapping on samples; writes nothing"
        )
        say("   customer-sync sync    -w my-company    again after every change, or by schedule")
        return True


def _policy(edit: Edit, view: "FieldView") -> str:
    return view.policy if edit.is_conflict else "one side only"
