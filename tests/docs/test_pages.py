"""The pages say what is so: commands exist, examples mean something, links lead somewhere."""

import importlib
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
import typer

from customer_sync.cli.program import app
from customer_sync.engine.folder import parse_folder
from customer_sync.engine.review import POSSIBLE
from customer_sync.model.config import Policy
from customer_sync.model.frame import STATES

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXTS = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in PAGES}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(customer-sync [^`]+)`")
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
RULES = importlib.import_module("customer_sync.core.golden.merge")
WORKSPACE = "workspace: docs\nfields: {custom.newsletter_topic: {kind: text}}\n"


def scripts_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scripts_docs", ROOT / "scripts" / "docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_parts_that_repeat_the_code_are_fresh():
    docs = scripts_docs()

    stale = [page.name for page in docs.pages() if docs.rendered(page) != page.read_text("utf-8")]

    assert stale == [], "run: python scripts/docs.py"


# -- commands -------------------------------------------------------------------------------------


def written_commands() -> Iterator[tuple[str, str]]:
    for name, text in TEXTS.items():
        blocks = "\n".join(body for kind, body in BLOCK.findall(text) if kind == "sh")
        lines = re.findall(r"^ *(customer-sync [^#\n]+)", blocks, re.MULTILINE)
        inline = [" ".join(found.split()) for found in INLINE.findall(text)]
        for line in dict.fromkeys([*lines, *inline]):
            yield name, line.strip()


def parts(group: Any) -> dict[str, Any]:
    return dict(getattr(group, "commands", {}))


@pytest.mark.parametrize(("page", "line"), list(written_commands()))
def test_every_command_line_is_one_of_the_program(page: str, line: str):
    words = shlex.split(line.rstrip(" .,;:"))[1:]
    command: Any = typer.main.get_command(app)
    while words and words[0] in parts(command):
        command = parts(command)[words.pop(0)]

    assert not words or words[0].startswith("-") or takes_arguments(command), f"no such: {line}"
    known = {name for one in command.params for name in [*one.opts, *one.secondary_opts]}
    options = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    hands_on = command.context_settings.get("ignore_unknown_options", False)
    assert hands_on or options <= {*known, "--help", "-h", "--debug"}, line


def takes_arguments(command: Any) -> bool:
    return any(one.param_type_name == "argument" for one in command.params)


def test_every_command_is_documented():
    said = TEXTS["docs/commands.md"]

    def names(group: Any, name: str) -> Iterator[str]:
        for one, inner in parts(group).items():
            yield f"{name} {one}"
            yield from names(inner, f"{name} {one}")

    found = list(names(typer.main.get_command(app), "customer-sync"))

    assert len(found) > 15
    assert [name for name in found if f"## `{name}" not in said] == []


# -- examples -------------------------------------------------------------------------------------


def yaml_examples() -> Iterator[tuple[str, str]]:
    for name, text in TEXTS.items():
        for kind, body in BLOCK.findall(text):
            if kind == "yaml" and re.search(r"^(system|workspace):", body, re.MULTILINE):
                yield name, body


@pytest.mark.parametrize(("page", "text"), list(yaml_examples()))
def test_every_whole_file_of_yaml_means_something(page: str, text: str):
    system = re.search(r"^system: *(\w+)", text, re.MULTILINE)
    files = {"workspace.yaml": WORKSPACE} if system else {"workspace.yaml": text}
    if system:
        files[f"systems/{system[1]}.yaml"] = text

    assert parse_folder(files).files == files


def test_the_pages_hold_examples():
    assert len(list(yaml_examples())) >= 3
    assert len(list(written_commands())) >= 30


# -- links ----------------------------------------------------------------------------------------


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_link_leads_somewhere():
    broken = []
    for name, text in TEXTS.items():
        for target, fragment in LINK.findall(text):
            if "://" in target:
                continue
            path = (ROOT / name).parent / target if target else ROOT / name
            headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE) if (
                path.is_file() and path.suffix == ".md"
            ) else []  # fmt: skip
            if not path.exists() or (fragment and fragment not in map(anchor, headings)):
                broken.append(f"{name}: {target}#{fragment}")

    assert broken == []


def test_decisions_are_short_and_complete():
    for name, text in TEXTS.items():
        if re.search(r"decisions/\d{4}-", name):
            assert text.count("\n") <= 60, name
            headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
            assert headings == ["Context", "Decision", "Consequences", "Alternatives"], name


# -- what is said of the engine -------------------------------------------------------------------


def test_the_rule_of_overriding_is_told_as_it_is():
    """The formula stands in the module that computes it; pages quote it."""
    (rule,) = re.findall(r"^    (b\.seen >= .+)$", RULES.__doc__ or "", re.MULTILINE)
    decision = " ".join(TEXTS[next(one for one in TEXTS if "/0017-" in one)].split())

    assert f"    {rule}\n" in TEXTS["docs/concepts.md"]
    assert f"`{rule}`" in decision


def test_every_kind_of_review_and_its_answers_are_told():
    rows = re.findall(r"^\| ([a-z ]+) \| .+ \| (.+) \|$", TEXTS["docs/concepts.md"], re.MULTILINE)
    told = {kind.replace(" ", "_"): answers for kind, answers in rows}

    for kind, answers in POSSIBLE.items():
        assert all(f"`{one}`" in told[kind] for one in answers), kind


def test_every_policy_and_state_is_told():
    policies = get_args(Policy.model_fields["policy"].annotation)

    assert [one for one in policies if f"`{one}`" not in TEXTS["docs/concepts.md"]] == []
    assert [one for one in STATES if f"| {one} |" not in TEXTS["docs/concepts.md"]] == []
