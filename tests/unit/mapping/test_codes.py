"""Every code that a record can be set aside with has its text, and every text its code."""

import ast
from pathlib import Path

import customer_sync.core.mapping as package
from customer_sync.core.mapping import CODES
from customer_sync.core.mapping.codes import IGNORED

SOURCES = sorted(Path(package.__file__).parent.rglob("*.py"))


def strings(path: Path) -> set[str]:
    """Every text constant of a module that is no docstring."""
    tree = ast.parse(path.read_text())
    documented = ast.Module | ast.ClassDef | ast.FunctionDef
    docs = {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(tree)
        if isinstance(node, documented)
    }
    found = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return found - docs


def faults(path: Path) -> set[str]:
    """The codes a module makes faults of: literals anywhere in the arguments of ``Fault(...)``."""
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Fault"
    ]
    arguments = [argument for call in calls for argument in call.args]
    # In `Fault(a if test == "x" else b)` only the outcomes are codes.
    return {code for argument in arguments for code in _outcomes(argument)}


def _outcomes(node: ast.expr) -> set[str]:
    if isinstance(node, ast.IfExp):
        return _outcomes(node.body) | _outcomes(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def test_every_fault_has_a_code_with_a_text():
    used = {code: path.name for path in SOURCES for code in faults(path)}

    assert len(used) > 20
    assert {
        code: name for code, name in used.items() if code not in CODES and code != IGNORED
    } == {}


def test_every_code_is_used():
    said = set().union(*(strings(path) for path in SOURCES if path.name != "codes.py"))

    assert sorted(set(CODES) - said) == []


def test_every_text_says_what_is_wrong_and_what_to_do():
    for code, text in CODES.items():
        cause, _, remedy = text.partition(". ")

        assert cause[0].isupper(), code
        assert remedy, code
        assert text.endswith("."), code


def test_what_is_ignored_is_never_told():
    assert IGNORED not in CODES
