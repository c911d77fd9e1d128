"""Publish a configuration: check what can be checked, number it, and compile the version in force."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache

from customer_sync.core.decide import GUESTS, Published, numbered_streams, published
from customer_sync.engine.ledger.chart import check_chart
from customer_sync.infra.pg import Database, Transaction
from customer_sync.kernel.errors import NotFoundError
from customer_sync.model.config import Configuration
from customer_sync.store import outbox, settings

__all__ = ["in_force", "publish"]


def publish(
    db: Database, config: Configuration, files: Mapping[str, str], *, salt: str
) -> tuple[Published, bool]:
    """Make a configuration the one in force; return it compiled, and whether it is a new version.

    Args:
        db: the workspace.
        config: as parsed; secrets still as ${NAME}.
        files: name -> text of the folder, so that export gives back what was applied.
        salt: becomes the workspace's when it has none yet.
    """
    document = config.model_dump_json(exclude_defaults=True, by_alias=True)
    digest = hashlib.sha256(document.encode()).hexdigest()
    with db.transaction() as tx:
        settings.lock(tx)
        salt = settings.salt(tx, salt)
        ids = settings.streams(tx, numbered_streams(config))
        latest = settings.latest(tx)
        before = _parsed(latest[2]) if latest else None
        # Compiling checks the mapping, so a version that cannot mean anything is never numbered.
        compiled = published(config, version=latest[0] if latest else 0, stream_ids=ids, salt=salt)
        if latest and latest[1] == digest:
            return compiled, False
        check_chart(tx, config.ledger)
        version = settings.publish(tx, digest, document, json.dumps(dict(files)))
        compiled = published(config, version=version, stream_ids=ids, salt=salt)
        if before is not None:
            _read_again(tx, before, config, ids)
    return compiled, True


def in_force(db: Database) -> Published:
    """Return the version in force, compiled.

    Raises:
        NotFoundError: Nothing was published yet.
    """
    with db.transaction() as tx:
        latest = settings.latest(tx)
        if latest is None:
            raise NotFoundError(
                "nothing is published in this workspace yet", hint="run: customer-sync publish"
            )
        config = _parsed(latest[2])
        ids = settings.streams(tx, numbered_streams(config))
        return _compiled(latest[2], latest[0], tuple(ids.items()), settings.salt(tx, ""))


# A version never changes, so a process that opens run after run compiles it once: 20 ms, half a second
# for a large one. Two are kept, for the moment in which another is published.
@lru_cache(maxsize=2)
def _compiled(
    document: str, version: int, ids: tuple[tuple[tuple[str, str], int], ...], salt: str
) -> Published:
    return published(_parsed(document), version=version, stream_ids=dict(ids), salt=salt)


@lru_cache(maxsize=2)
def _parsed(document: str) -> Configuration:
    return Configuration.model_validate_json(document)


def _read_again(
    tx: Transaction, before: Configuration, after: Configuration, ids: Mapping[tuple[str, str], int]
) -> None:
    """Let streams be read and compared anew, where what the configuration says of them changed.

    A field mapped only now was never read; and another policy may choose other values for everybody.
    What was refused there is tried again: the reason may be mended.
    """
    is_all = before.workspace != after.workspace
    read = [
        (name, stream)
        for name, system in after.systems.items()
        for stream, config in system.streams.items()
        if is_all or _was(before, name, stream) not in {None, config.model_dump_json()}
    ]
    changed = [ids[one] for one in read]
    guests = [ids.get((name, f"{stream}{GUESTS}")) for name, stream in read]
    settings.read_again(tx, [*changed, *(one for one in guests if one is not None)])
    for stream in changed:
        outbox.retry(tx, stream)


def _was(before: Configuration, system: str, stream: str) -> str | None:
    known = before.systems.get(system)
    config = known.streams.get(stream) if known else None
    return config.model_dump_json() if config else None
