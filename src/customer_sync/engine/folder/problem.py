"""Problems of a configuration folder: each names file, line, key and remedy; all are told at once.

Decides how they read. Must not know how they are found.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches

from customer_sync.engine.folder.yaml_text import Path
from customer_sync.kernel.errors import ConfigurationError

__all__ = ["Problem", "did_you_mean", "key_path", "refusal"]

SHOWN_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with the configuration, and what to do about it."""

    file: str
    line: int
    key: str
    message: str
    remedy: str

    def text(self) -> str:
        """Return the problem as people read it."""
        at = f"{self.file}:{self.line}" + (f"  {self.key}" if self.key else "")
        return f"{at}\n    {self.message}\n    {self.remedy}"


def key_path(path: Path) -> str:
    """Return keys as people write them: ``streams.customers.rules[0].when``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str) -> str:
    """Return the close matches as a remedy, or another remedy where there are none."""
    names = list(known)
    close = get_close_matches(word, names, n=3, cutoff=0.6)
    if not close:
        folded = word.replace("_", "").lower()
        close = [n for n in names if n.replace("_", "").lower() in {folded, f"{folded}s"}][:3]
    if not close:
        return otherwise
    return f"Did you mean {' or '.join(repr(name) for name in close)}?"


def refusal(problems: Sequence[Problem]) -> ConfigurationError:
    """Return the error that tells all problems."""
    first = {(one.file, one.line, one.key): one for one in reversed(problems)}
    ordered = sorted(
        first.values(), key=lambda p: (p.file != "workspace.yaml", p.file, p.line, p.key)
    )
    count = len(ordered)
    what = "one problem" if count == 1 else f"{count} problems"
    shown = [problem.text() for problem in ordered[:SHOWN_MAX]]
    if count > SHOWN_MAX:
        shown.append(f"... and {count - SHOWN_MAX} more")
    return ConfigurationError(
        "\n".join([f"the configuration has {what}:", *shown]),
        context={"problems": [asdict(problem) for problem in ordered]},
        hint="correct the files, then run: customer-sync check",
    )
