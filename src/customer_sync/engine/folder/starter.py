"""Start a workspace: a commented configuration that runs as it is.

Decides what a newcomer sees first: a CRM that is a CSV file and a shop that is a SQLite database,
mapped both ways, with one customer entered twice and one whose e-mail address is no address.
Promises to overwrite nothing, and that `customer-sync sync` in the folder ends with every system in
agreement.
"""

import re
import sqlite3
from contextlib import closing
from importlib import resources
from pathlib import Path

from customer_sync.engine.folder.schema import SCHEMA_FOLDER, header, write_schema
from customer_sync.kernel.errors import ConflictError

__all__ = ["starter"]

TEXTS = ("workspace.yaml", "systems/crm.yaml", "systems/shop.yaml", "data/crm.csv")
SHOP = "data/shop.sqlite"
NAME_LENGTH_MAX = 63


def starter(folder: Path, *, name: str | None = None) -> list[str]:
    """Write a starter workspace; return the files made, as paths within the folder.

    Args:
        folder: where; made when it is missing.
        name: of the workspace; the folder's own when not given.

    Raises:
        ConflictError: One of the files is there already; nothing was written.
    """
    names = [*TEXTS, SHOP, ".gitignore"]
    there = [one for one in names if one != ".gitignore" and (folder / one).exists()]
    if there:
        raise ConflictError(
            f"{folder} has {', '.join(there)} already", hint="choose an empty folder"
        )
    place = resources.files("customer_sync.engine.folder").joinpath("starter_files")
    for one in TEXTS:
        text = place.joinpath(one).read_text(encoding="utf-8")
        path = folder / one
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            _headed(one, text).replace("{{workspace}}", name or _name_of(folder)), encoding="utf-8"
        )
    with closing(sqlite3.connect(folder / SHOP)) as shop:
        shop.executescript(place.joinpath("shop.sql").read_text(encoding="utf-8"))
        shop.commit()
    if not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text(".customer-sync/\n", encoding="utf-8")
    write_schema(folder / SCHEMA_FOLDER)
    return [*names, f"{SCHEMA_FOLDER}/workspace.json", f"{SCHEMA_FOLDER}/system.json"]


def _headed(name: str, text: str) -> str:
    if not name.endswith(".yaml"):
        return text
    depth = name.count("/")
    return header("system.json" if depth else "workspace.json", depth=depth) + text


def _name_of(folder: Path) -> str:
    """Return a workspace name made from the folder's own."""
    words = re.sub(r"[^a-z0-9]+", "_", folder.absolute().name.lower()).strip("_")
    if not words or not words[0].isalpha():
        words = f"workspace_{words}".rstrip("_")
    return words[:NAME_LENGTH_MAX]
