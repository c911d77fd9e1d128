"""Every code that the product can tell is explained in docs/errors.md, with a remedy."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from customer_sync.core.ledger import LEDGER_CODES
from customer_sync.core.mapping.codes import CODES
from customer_sync.engine.codes import ENGINE_CODES
from customer_sync.kernel import errors

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = ROOT / "src" / "customer_sync" / "systems"
PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([^`]+)` \|(.*?)\|(?: \d+ \|)?$", re.MULTILINE)
ROWS = {code: cells.split("|")[-1].strip() for code, cells in ROW.findall(PAGE)}

# Where a connector says a code: the position of the code among the arguments.
CALLS = {
    "_refused": 1, "_unknown": 1, "ValueRefusedError": 0, "PatchFault": 0, "UnfitValueError": 0,
}  # fmt: skip
TABLES = ("CONSTRAINTS", "_MEANINGS")
WORD = re.compile(r"[a-z{][a-z_{}]*")


def test_every_code_of_the_core_and_the_engine_is_explained():
    kinds = [getattr(errors, name).code for name in errors.__all__]

    missing = {*kinds, *CODES, *ENGINE_CODES, *LEDGER_CODES} - set(ROWS)

    assert not missing, "run: python scripts/docs.py"


def test_every_code_has_a_remedy():
    assert [code for code, remedy in ROWS.items() if len(remedy) < 5] == []


def test_every_code_that_a_connector_answers_is_explained():
    told = {code for path in SYSTEMS.rglob("*.py") for code in codes_of(path)}

    assert len(told) > 30, "the codes are no longer found: has the way to say them changed?"
    assert sorted(told - set(ROWS)) == []


def test_no_code_is_explained_that_nothing_says():
    told = {code for path in SYSTEMS.rglob("*.py") for code in codes_of(path)}
    kinds = {getattr(errors, name).code for name in errors.__all__}
    doors = {"os", "bug"}

    assert (
        sorted(
            set(ROWS) - told - kinds - doors - set(CODES) - set(ENGINE_CODES) - set(LEDGER_CODES)
        )
        == []
    )


def codes_of(path: Path) -> Iterator[str]:
    """Return the codes that a module gives to answers; `{kind}` where a part is computed."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "code":
            yield from texts(node.value)
        elif isinstance(node, ast.Call) and called(node) in CALLS:
            place = 0 if path.name == "gate.py" else CALLS[called(node)]
            yield from texts(*node.args[place : place + 1])
        elif isinstance(node, ast.Dict):
            said = zip(node.keys, node.values, strict=True)
            yield from (code for key, value in said if is_code(key) for code in texts(value))
        elif isinstance(node, ast.Return) and path.name == "gate.py":
            yield from texts(*pair(node.value)[:1])
        elif isinstance(node, ast.Assign | ast.AnnAssign) and names_table(node):
            rows = node.value.elts if isinstance(node.value, ast.Tuple) else []
            place = 1 if len(rows[0].elts) == 2 else 0
            yield from texts(*(row.elts[place] for row in rows))


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def pair(node: ast.expr | None) -> list[ast.expr]:
    """Return the parts of a returned (code, reason)."""
    return node.elts if isinstance(node, ast.Tuple) and len(node.elts) == 2 else []


def is_code(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and key.value == "code"


def names_table(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(one, ast.Name) and one.id in TABLES for one in targets)


def texts(*nodes: ast.expr) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            if WORD.fullmatch(node.value):
                yield node.value
        elif isinstance(node, ast.JoinedStr):
            parts = [p.value if isinstance(p, ast.Constant) else "{kind}" for p in node.values]
            yield from (code for code in ["".join(parts)] if WORD.fullmatch(code))
        elif isinstance(node, ast.IfExp):
            yield from texts(node.body, node.orelse)
