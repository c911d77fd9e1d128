"""Write the parts of the documentation that repeat the code: settings, fields, codes, commands.

A page holds such a part between ``<!-- generated: NAME -->`` and ``<!-- end -->``; everything else
in it is written by hand and left alone. A test holds every page to what this program would write.

    python scripts/docs.py            write what is stale
    python scripts/docs.py --check    only name what is stale, and exit with 1
"""
# ruff: noqa: INP001 - a program, no part of a package

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel

from customer_sync import settings
from customer_sync.cli.failure import EXIT_CODES
from customer_sync.cli.program import app
from customer_sync.connect.port import Capabilities
from customer_sync.connect.registry import BUILT_IN, connector_class
from customer_sync.core.ledger import LEDGER_CODES
from customer_sync.core.mapping.codes import CODES
from customer_sync.engine.codes import ENGINE_CODES, explained
from customer_sync.kernel import errors
from customer_sync.model import config, ledger_config
from customer_sync.model.config import SystemConfig
from customer_sync.model.document import DOCUMENT_FIELDS, LINE_FIELDS
from customer_sync.model.field import CATALOGUE
from customer_sync.systems.simulated import Platform, register

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "docs")
_PART = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

# Keys whose name says it all in the code; a reader of the page needs a sentence.
MEANINGS = {
    "WorkspaceConfig.workspace": "The workspace's name; its schema is named after it.",
    "WorkspaceConfig.match": "How customers are recognised; see below.",
    "WorkspaceConfig.limits": "Brakes; see below.",
    "Limits.flap_max": "A record is written this often in one run; then a review asks.",
    "SystemConfig.system": "The system's name; the file is called `systems/NAME.yaml` after it.",
    "SystemConfig.connector": "The kind of system: a built-in connector, or a package's.",
    "SystemConfig.settings": "Settings of the connector for the whole system, such as `url`.",
    "SystemConfig.streams": "The kinds of record to be kept in agreement.",
    "SystemConfig.paused": "Read nothing from this system and send nothing to it.",
    "StreamConfig.entity": "What a record is mapped to.",
    "StreamConfig.deletes": "See below.",
    "StreamConfig.rules": "Business rules over one record, in order; see below.",
    "LedgerConfig.rounding": "The remainder of documents that do not quite add up; see below.",
    "LedgerConfig.exchange": "Realised exchange differences; see below.",
    "LedgerConfig.loyalty": "Points; see below.",
    "LedgerConfig.ageing": "How old open items are told apart; see below.",
    "LedgerConfig.dunning": "Reminders and credit; see below.",
    "Account.type": "What it is in the balance sheet.",
    "Rounding.account": "The account of remainders.",
    "Exchange.gains": "The account of gains.",
    "Exchange.losses": "The account of losses.",
    "Deletes.elsewhere": "When a customer's last record here is deleted: nothing elsewhere, or the customer "
    "becomes inactive in every stream that maps `active`.",
    "Policy.policy": "What settles a field that two sides changed without knowing of each other.",
    "CustomField.kind": "The normal form of its values, as in the table of canonical fields.",
    "CustomField.many": "Whether it holds a set of values.",
    "CustomField.personal": "Whether its values are about a person; they never reach a log.",
    "MatchConfig.keys": "Kinds of exact key that recognise a customer.",
    "MatchConfig.role_mailboxes": "Mailboxes (the part before the @) that belong to no one person.",
    "MatchConfig.junk": "Patterns of e-mail addresses that were only typed to fill a field.",
}  # fmt: skip

# What a document says, beside its kind.
DOCUMENT_MEANINGS = {
    "number": "What people call it.",
    "status": "draft, issued or void; anything else is issued.",
    "customer": "The system's own id of its customer.",
    "date": "The day it is posted on.",
    "due_date": "The day from which it is overdue; its date where it says none.",
    "service_start": "First day over which it is earned.",
    "service_end": "Last day over which it is earned.",
    "currency": "Of all its amounts.",
    "rate": "Units of the functional currency for one of the document's.",
    "total": "What is owed or paid, tax included; the source's word.",
    "net": "The total without tax, where it has no lines.",
    "tax": "All of its tax.",
    "discount": "What was taken off, without tax.",
    "shipping": "What shipping costs, without tax.",
    "fee": "What the processor kept.",
    "prices_include_tax": "Whether the amounts of lines include tax.",
    "lines": "What was sold.",
    "allocations": "Which documents it pays for, by their own ids.",
    "processor": "Who handled the payment; names its clearing account.",
    "payout": "The payout that carries it.",
    "points": "earned, redeemed or expired.",
    "campaign": "What led to it.",
    "source": "Where the customer came from.",
    "name": "As printed on it.",
    "email": "As printed on it.",
    "billing_address": "As printed on it.",
    "shipping_address": "As printed on it.",
}
LINE_MEANINGS = {
    "kind": "item (without it), shipping or discount.",
    "amount": "What the line comes to.",
    "quantity": "With `unit_price`, instead of `amount`.",
    "unit_price": "With `quantity`, instead of `amount`.",
    "tax": "Its tax.",
    "tax_rate": "Per cent, where it does not say its tax.",
    "tax_code": "Names the sub-account of a rule's `{tax}`.",
    "account": "The revenue account, instead of the rule's.",
    "service_start": "First day over which the line is earned.",
    "service_end": "Last day.",
}

# What the caller should do; a class without an entry is as its parent.
REMEDIES = {
    "CustomerSyncError": "Read the message; it says what to do where something can be done.",
    "RetryableError": "Wait, then run the same command again; nothing has to be undone.",
    "SystemDownError": "Check that the system or database is up and reachable, then run again.",
    "RateLimitedError": "Wait as long as the message says, then run again.",
    "DoubtfulError": "Run `customer-sync sync`: it reads what became of it, and resends nothing blindly.",
    "OperatorError": "Put right what the message names; running again cannot help.",
    "CredentialError": "Set the secret that the message names, or renew it at the system.",
    "SchemaDriftError": "Correct the mapping of the field named, or bring the field back.",
    "ConfigurationError": "Correct the file and line named, then run `customer-sync check`.",
    "CapabilityMissingError": "Do not ask it of this stream, or connect the system in another way.",
    "StoreError": "Do what the hint says: another database, a newer server, or the newer program.",
    "RequestError": "Correct the call.",
    "NotFoundError": "Name something that exists; the hint lists what does, or how to list it.",
    "ConflictError": "Look at how it stands now, then decide anew.",
    "ForbiddenError": "Ask somebody who may do this.",
    "InvalidInputError": "Give what the message asks for.",
    "KeyReusedError": "Use a new key for another input.",
}

# Keys that are read and checked, and that nothing acts on yet; a key that comes alive fails here.
IDLE = {
    "schedule": "A stream is read when a sync is run; nothing runs by itself yet.",
}

PROBES: dict[str, dict[str, Any]] = {
    "sql": {"settings": {"url": "sqlite://"}, "streams": {"probe": {"cursor": "changed_at"}}},
    "file": {"streams": {"probe": {"url": "customers.csv"}}},
    "tryton": {
        "settings": {
            "url": "https://erp.example", "database": "erp", "user": "sync", "password": "secret",
        },
        "streams": {"probe": {}},
    },
    "simulated": {"settings": {"platform": "probe"}, "streams": {"probe": {}}},
}  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or name the stale ones; return the exit code."""
    stale = [path for path in pages() if rendered(path) != path.read_text(encoding="utf-8")]
    for path in stale:
        if "--check" not in arguments:
            path.write_text(rendered(path), encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    return 1 if stale and "--check" in arguments else 0


def pages() -> list[Path]:
    """Return every page of the documentation."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rendered(path: Path) -> str:
    """Return what a page should say."""

    def part(match: re.Match[str]) -> str:
        return f"{match[1]}\n{PARTS[match[2]]()}\n\n{match[3]}"

    return _PART.sub(part, path.read_text(encoding="utf-8"))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


# -- configuration --------------------------------------------------------------------------------


def _keys(model: type[BaseModel]) -> Callable[[], str]:
    """Return the part that lists the keys of a model."""

    def part() -> str:
        document = model.model_json_schema(by_alias=True)
        required = document.get("required", [])
        rows = []
        for key, shape in document["properties"].items():
            meaning = MEANINGS.get(f"{model.__name__}.{key}") or shape.get("description")
            assert meaning, f"{model.__name__}.{key} has no description"
            default = "required" if key in required else _default(shape)
            rows.append((f"`{key}`", _type(shape), default, meaning))
        return _table(("key", "value", "default", "meaning"), rows)

    return part


def _type(shape: Mapping[str, Any]) -> str:
    if "enum" in shape:
        return ", ".join(f"`{one}`" for one in shape["enum"])
    if "anyOf" in shape:
        kinds = [_type(one) for one in shape["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if shape.get("type") == "array":
        return f"list of {_type(shape['items'])}"
    if shape.get("type") == "object":
        inner = next(iter(shape.get("patternProperties", {}).values()), None)
        inner = inner or shape.get("additionalProperties")
        return f"keys to {_type(inner)}" if isinstance(inner, dict) else "keys"
    if "$ref" in shape:
        return f"[{shape['$ref'].rsplit('/', 1)[1]}](#{shape['$ref'].rsplit('/', 1)[1].lower()})"
    kinds_of = {"string": "text", "boolean": "true or false", "integer": "whole number"}
    return kinds_of.get(shape.get("type", ""), shape.get("type", "any value"))


def _default(shape: Mapping[str, Any]) -> str:
    value = shape.get("default")
    if value is None or value in ({}, []):
        return ""
    if isinstance(value, dict):
        return "as below"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, list):
        return ", ".join(f"`{one}`" for one in value)
    return f"`{value}`"


def _catalogue() -> str:
    rows = [
        (
            f"`{field.name}`",
            f"set of {field.kind}" if field.many else field.kind,
            "yes" if field.personal else "no",
        )
        for field in CATALOGUE.values()
    ]
    return _table(("field", "kind", "personal"), rows)


def _document_fields() -> str:
    rows = [
        (f"`{one.name}`", one.kind, DOCUMENT_MEANINGS[one.name]) for one in DOCUMENT_FIELDS.values()
    ]
    return _table(("field", "kind", "meaning"), rows)


def _line_fields() -> str:
    return _table(("key", "meaning"), [(f"`{one}`", LINE_MEANINGS[one]) for one in LINE_FIELDS])


def _chart() -> str:
    rows = [
        (f"`{code}`", one.name, one.type, "yes" if one.control else "", one.commodity or "")
        for code, one in ledger_config.ACCOUNTS.items()
    ]
    return _table(("account", "name", "type", "control", "commodity"), rows)


def _posting_rules() -> str:
    rows = [
        (
            f"`{name}`",
            "; ".join(
                f"{'debit' if one.debit else 'credit'} `{one.account}` {one.amount}"
                for one in lines
            )
            or "posts nothing",
        )
        for name, lines in ledger_config.RULES.items()
    ]
    return _table(("rule", "lines"), rows)


def _idle() -> str:
    source = ROOT / "src" / "customer_sync"
    texts = [path.read_text(encoding="utf-8") for path in source.rglob("*.py")]
    alive = [key for key in IDLE if any(re.search(rf"\.{key}\b", text) for text in texts)]
    assert not alive, f"take {alive} out of IDLE, and correct README.md and docs/concepts.md"
    return _table(("key", "until then"), [(f"`{key}`", text) for key, text in IDLE.items()])


def _environment() -> str:
    text = inspect.getdoc(settings) or ""
    rows = [
        (f"`{name}`", meaning)
        for name, meaning in re.findall(r"^ *(CUSTOMER_SYNC_\w+) +(.+)$", text, re.MULTILINE)
    ]
    return _table(("variable", "meaning"), rows)


# -- codes ----------------------------------------------------------------------------------------


def _error_classes() -> Iterator[type[errors.CustomerSyncError]]:
    for name in errors.__all__:
        yield getattr(errors, name)


def _kernel_errors() -> str:
    rows = []
    for kind in sorted(
        _error_classes(), key=lambda one: [base.__name__ for base in one.__mro__][::-1]
    ):
        remedy = next(REMEDIES[base.__name__] for base in kind.__mro__ if base.__name__ in REMEDIES)
        exit_code = next(code for base, code in EXIT_CODES if issubclass(kind, base))
        meaning = (inspect.getdoc(kind) or "").partition("\n\n")[0]
        rows.append((f"`{kind.code}`", kind.__name__, meaning, remedy, str(exit_code)))
    return _table(("code", "class", "what it means", "what to do", "exit"), rows)


def _mapping_codes() -> str:
    rows = [(f"`{code}`", explained(code).cause, explained(code).remedy) for code in sorted(CODES)]
    return _table(("code", "cause", "remedy"), rows)


def _engine_codes() -> str:
    rows = [(f"`{code}`", told.cause, told.remedy) for code, told in sorted(ENGINE_CODES.items())]
    return _table(("code", "cause", "remedy"), rows)


def _ledger_codes() -> str:
    rows = [(f"`{code}`", *told) for code, told in sorted(LEDGER_CODES.items())]
    return _table(("code", "cause", "remedy"), rows)


# -- connectors -----------------------------------------------------------------------------------


def _capabilities() -> str:
    register(Platform("probe", seed=0))
    declared = {name: _declared(name) for name in BUILT_IN}
    rows = [
        (f"`{name}`", *(_shown(getattr(one, name)) for one in declared.values()))
        for name in Capabilities.__dataclass_fields__
    ]
    return _table(("capability", *(f"`{name}`" for name in declared)), rows)


def _declared(name: str) -> Capabilities:
    probe = PROBES[name]
    streams = {
        stream: {"fields": {"email": "email"}, **given}
        for stream, given in probe["streams"].items()
    }
    document = {"system": "probe", "connector": name, **probe, "streams": streams}
    return connector_class(name)(SystemConfig.model_validate(document)).capabilities("probe")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,.0f}"
    return str(value or "none")


def _example() -> str:
    text = (ROOT / "docs" / "examples" / "address_book.py").read_text(encoding="utf-8")
    return f"```python\n{text}```"


# -- commands -------------------------------------------------------------------------------------


def _commands() -> str:
    group = typer.main.get_command(app)
    return "\n\n".join(_described(group, "customer-sync"))


def _described(command: Any, name: str) -> Iterator[str]:
    inner = getattr(command, "commands", {})
    if name != "customer-sync":
        yield _command(command, name)
    for one in sorted(inner):
        yield from _described(inner[one], f"{name} {one}")


def _command(command: Any, name: str) -> str:
    given = [one for one in command.params if one.name != "help"]
    arguments = [one for one in given if one.param_type_name == "argument"]
    options = [one for one in given if one.param_type_name == "option"]
    usage = " ".join([name, *map(_argument, arguments)])
    lines = [f"## `{usage}`", "", command.help or ""]
    rows = [(f"`{one.metavar or one.name.upper()}`", one.help or "") for one in arguments]
    rows += [(_option(one), one.help or "") for one in options]
    if rows:
        lines += ["", _table(("argument or option", "meaning"), rows)]
    if command.epilog:
        lines += ["", command.epilog]
    return "\n".join(lines)


def _argument(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required else f"[{name}]"


def _option(option: Any) -> str:
    names = ", ".join(f"`{one}`" for one in [*option.opts, *option.secondary_opts])
    return names if option.is_flag else f"{names} `{option.metavar or option.name.upper()}`"


PARTS: dict[str, Callable[[], str]] = {
    "workspace": _keys(config.WorkspaceConfig),
    "custom-field": _keys(config.CustomField),
    "policy": _keys(config.Policy),
    "match": _keys(config.MatchConfig),
    "limits": _keys(config.Limits),
    "system": _keys(config.SystemConfig),
    "stream": _keys(config.StreamConfig),
    "field-mapping": _keys(config.FieldMapping),
    "rule": _keys(config.Rule),
    "deletes": _keys(config.Deletes),
    "guest": _keys(config.Guest),
    "document-fields": _document_fields,
    "line-fields": _line_fields,
    "ledger": _keys(ledger_config.LedgerConfig),
    "account": _keys(ledger_config.Account),
    "chart": _chart,
    "rule-line": _keys(ledger_config.RuleLine),
    "posting-rules": _posting_rules,
    "rounding": _keys(ledger_config.Rounding),
    "exchange": _keys(ledger_config.Exchange),
    "loyalty": _keys(ledger_config.Loyalty),
    "ageing": _keys(ledger_config.Ageing),
    "dunning": _keys(ledger_config.Dunning),
    "catalogue": _catalogue,
    "idle": _idle,
    "environment": _environment,
    "kernel-errors": _kernel_errors,
    "mapping-codes": _mapping_codes,
    "engine-codes": _engine_codes,
    "ledger-codes": _ledger_codes,
    "capabilities": _capabilities,
    "example": _example,
    "commands": _commands,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
