"""Give a published configuration back: exactly the files as they were published."""

import json
from pathlib import Path, PurePosixPath
from typing import cast

from customer_sync.engine.folder.schema import SCHEMA_FOLDER, write_schema
from customer_sync.infra.pg import Database
from customer_sync.kernel.errors import ConflictError, NotFoundError
from customer_sync.store import settings

__all__ = ["export"]


def export(db: Database, version: int | None, folder: Path, *, replace: bool = False) -> list[str]:
    """Write the files of a version (None: the one in force) into a folder; return their names.

    Raises:
        NotFoundError: There is no such version.
        ConflictError: A file is there with another content, and may not be replaced.
    """
    files = _files(db, version)
    differing = [
        name
        for name, text in files.items()
        if (folder / name).exists() and (folder / name).read_bytes() != text.encode()
    ]
    if differing and not replace:
        raise ConflictError(
            f"these files in {folder} are different: {', '.join(differing)}",
            hint="export into another folder, or add --replace",
        )
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    write_schema(folder / SCHEMA_FOLDER)
    return sorted(files)


def _files(db: Database, version: int | None) -> dict[str, str]:
    with db.transaction() as tx:
        if version is None:
            latest = settings.latest(tx)
            version = latest[0] if latest else 0
        found = settings.version(tx, version)
    if found is None:
        raise NotFoundError(
            f"there is no published version {version}",
            hint="list them: customer-sync config versions",
        )
    files = cast("dict[str, str]", json.loads(cast("str", found[3])))
    for name in files:
        place = PurePosixPath(name)
        assert not place.is_absolute(), "published names are relative"
        assert ".." not in place.parts, "published names stay in their folder"
    return files
