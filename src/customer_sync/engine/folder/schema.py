"""The published JSON Schema of the configuration files, generated from the models that read them.

Editors check and complete the files with it. Promises the same text for the same models, so that a
copy in the documentation can be compared.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from customer_sync.connect.registry import BUILT_IN
from customer_sync.core.mapping import LENSES
from customer_sync.model.config import SystemConfig, WorkspaceConfig
from customer_sync.model.document import DOCUMENT_FIELDS
from customer_sync.model.field import CATALOGUE
from customer_sync.model.ledger_config import LedgerConfig

__all__ = ["SCHEMA_FOLDER", "header", "schema", "write_schema"]

SCHEMA_FOLDER = ".schema"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, str]:
    """Return the schema files by name: workspace.json, ledger.json and system.json."""
    workspace = _of(WorkspaceConfig, "The file workspace.yaml")
    system = _of(SystemConfig, "A file systems/NAME.yaml")
    mapping = system["$defs"]["FieldMapping"]["properties"]
    # Suggested, not required: installed packages may bring more.
    mapping["lens"]["examples"] = sorted(LENSES)
    system["properties"]["connector"]["examples"] = list(BUILT_IN)
    _allow_short_field(system["$defs"]["StreamConfig"], [*CATALOGUE, *DOCUMENT_FIELDS])
    _allow_short_field(system["$defs"]["Guest"], [*CATALOGUE])
    _allow_short_policy(workspace)
    ledger = _of(LedgerConfig, "The file ledger.yaml")
    files = {"ledger.json": ledger, "system.json": system, "workspace.json": workspace}
    return {name: _text(document) for name, document in files.items()}


def write_schema(folder: Path) -> None:
    """Write the schema files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schema().items():
        (folder / name).write_text(text, encoding="utf-8")


def header(name: str, *, depth: int) -> str:
    """Return the first line of a YAML file: where editors find its schema."""
    return f"# yaml-language-server: $schema={'../' * depth}{SCHEMA_FOLDER}/{name}\n"


def _of(model: type[BaseModel], title: str) -> dict[str, Any]:
    found = model.model_json_schema(by_alias=True)
    return {"$schema": DIALECT, **found, "title": title}


def _allow_short_field(model: dict[str, Any], names: list[str]) -> None:
    fields = model["properties"]["fields"]
    short = {"type": "string", "description": "The source field."}
    fields["additionalProperties"] = {"anyOf": [short, fields["additionalProperties"]]}
    fields["properties"] = dict.fromkeys(names, fields["additionalProperties"])


def _allow_short_policy(workspace: dict[str, Any]) -> None:
    policies = workspace["properties"]["policies"]
    short = workspace["$defs"]["Policy"]["properties"]["policy"]
    policies["additionalProperties"] = {"anyOf": [short, policies["additionalProperties"]]}


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
