"""The composition root: a folder becomes a workspace that can run.

Decides where the database is, which schema is the workspace's, and what a connector is made from:
secrets are filled in here, never earlier, and relative addresses are relative to the folder.
Promises that a configuration is published only after its lens laws held and its fields were found
where systems can be reached. Must not know any door.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from customer_sync.connect.driver import Driver, standard_driver
from customer_sync.connect.port import Connector
from customer_sync.connect.registry import connector
from customer_sync.engine.folder import Folder, find_folder, read_folder, references
from customer_sync.engine.publish import in_force, publish
from customer_sync.engine.session import Progress, Session, running, silent
from customer_sync.engine.trial import Warned, try_configuration
from customer_sync.infra import entropy, observe
from customer_sync.infra.pg import Database, embedded, migrate
from customer_sync.infra.secrets import KeyStore, expand, refuse_shared, remember
from customer_sync.kernel.errors import CredentialError
from customer_sync.model.config import Configuration, StreamConfig, SystemConfig
from customer_sync.model.field import CATALOGUE, column_name
from customer_sync.settings import Settings, settings
from customer_sync.store import ownership, protection
from customer_sync.store import settings as kept

__all__ = [
    "Publication", "Workspace", "has_key_store", "key_store", "needed_key_store", "open_workspace",
    "prepared", "workspace_folder",
]  # fmt: skip

STATE = (
    ".customer-sync"  # what the program keeps in a workspace's folder; never under version control
)
SECRETS = "secrets"  # the key store, within it
NOT_ALLOWED = "42501"  # PostgreSQL's insufficient_privilege
SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """The version in force after publishing, whether it is new, what could not be checked."""

    version: int
    is_new: bool
    warnings: tuple[Warned, ...] = ()


@dataclass(slots=True, kw_only=True)
class Workspace:
    """One company's workspace, open."""

    folder: Path
    files: Folder
    db: Database
    settings: Settings
    driver: Driver
    fault: Callable[[str], None] | None = field(default=None)

    @property
    def name(self) -> str:
        """Return the workspace's name."""
        return self.files.config.workspace.workspace

    def publish_changed(self) -> Publication:
        """Publish the folder, if it says something else than the version in force.

        Raises:
            ConfigurationError: A mapping breaks a lens law, or cannot mean what it says.
            SchemaDriftError: A system does not have what is mapped.
        """
        config = self.files.config
        with self.db.transaction() as tx:
            latest = kept.latest(tx)
        if latest and Configuration.model_validate_json(latest[2]) == config:
            return Publication(version=latest[0], is_new=False)
        warned = try_configuration(config, self.connectors(config), self.driver)
        rules, is_new = publish(self.db, config, self.files.files, salt=entropy.token())
        return Publication(version=rules.version, is_new=is_new, warnings=tuple(warned))

    @contextmanager
    def session(self, kind: str, progress: Progress = silent) -> Iterator[Session]:
        """Open a run of this kind over the version in force.

        Raises:
            NotFoundError: Nothing is published yet.
        """
        rules = in_force(self.db)
        session = Session(
            db=self.db, rules=rules, driver=self.driver, connectors=self.connectors(rules.config),
            run=0, now=entropy.now, token=entropy.token, progress=progress, lookahead=True,
        )  # fmt: skip
        if self.fault is not None:
            session.fault = self.fault
        with running(session, kind):
            yield session

    def connectors(self, config: Configuration) -> "Connectors":
        """Return the connectors of a configuration, each made when it is first needed."""
        return Connectors(config.systems, self.folder, self.settings, self.files.files)


class Connectors(Mapping[str, Connector]):
    """Connectors by system, made at first use: a missing secret stops only what needs it."""

    def __init__(
        self,
        systems: Mapping[str, SystemConfig],
        folder: Path,
        settings_: Settings,
        files: Mapping[str, str],
    ) -> None:
        """Take the systems as published, and the folder's files; nothing is made yet."""
        self._systems = systems
        self._folder = folder
        self._settings = settings_
        self._files = files
        self._made: dict[str, Connector] = {}

    def __getitem__(self, name: str) -> Connector:
        """Return the connector of a system.

        Raises:
            CredentialError: One of its secrets is not set.
        """
        if name not in self._made:
            self._made[name] = connector(
                prepared(self._systems[name], self._folder, self._settings, self._files)
            )
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names of all systems."""
        return iter(self._systems)

    def __len__(self) -> int:
        """Return how many systems there are."""
        return len(self._systems)


def workspace_folder(named: Path | None) -> Path:
    """Return the folder: as named, as the environment says, else this one or one above.

    Raises:
        NotFoundError: There is none.
    """
    given = named or settings().workspace
    return given.absolute() if given else find_folder(Path.cwd())


@contextmanager
def open_workspace(
    folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Workspace]:
    """Open the workspace of a folder: read it, start or join its database, bring that up to date.

    Raises:
        ConfigurationError: The folder has problems.
        StoreError: The database cannot be used, or its schema is somebody else's.
    """
    found = settings(environment)
    observe.set_up(as_json=found.log_as_json, level=found.log_level)
    observe.mark_personal(column_name(name) for name, one in CATALOGUE.items() if one.personal)
    files = read_folder(folder)
    with ExitStack() as stack:
        dsn = _address(stack, folder, found)
        db = _prepared_database(stack, files.config.workspace.workspace, dsn, found.owner_url)
        driver = stack.enter_context(standard_driver())
        yield Workspace(folder=folder, files=files, db=db, settings=found, driver=driver)


def _address(stack: ExitStack, folder: Path, found: Settings) -> str:
    """Return where the database is; start or join the embedded one when nothing is said."""
    for url in (found.database_url, found.owner_url):
        remember(url or "")
    if found.database_url:
        return found.database_url
    server = embedded(folder / STATE / "pg")
    stack.callback(server.close)
    return server.dsn


def _prepared_database(stack: ExitStack, name: str, dsn: str, owner_url: str | None) -> Database:
    """Bring the schema up to date as its owner; return the database as who runs commands."""
    owner = Database(owner_url or dsn, ownership.schema_name(name))
    stack.callback(owner.close)
    ownership.refuse_foreign(owner)
    try:
        applied = migrate(owner)
    except CredentialError as error:
        if error.context.get("sqlstate") != NOT_ALLOWED:
            raise
        raise CredentialError(
            f"the configured user may not bring the schema {owner.schema} up to date",
            context=error.context,
            hint="set CUSTOMER_SYNC_OWNER_URL to the same database as the owner of its tables, and "
            "run any command once",
        ) from error
    ownership.claim(owner, name)
    db = protection.run_time_database(owner, dsn, afresh=bool(applied))
    stack.callback(db.close)
    return db


# -- what a connector is made from ----------------------------------------------------------------


def key_store(folder: Path, found: Settings) -> KeyStore | None:
    """Return a workspace's key store; none when nothing says with which key to open it.

    Raises:
        CredentialError: The file with the key cannot be read, or others may read it.
    """
    key = found.key
    if key is None and found.key_file is not None:
        try:
            refuse_shared(found.key_file)
            key = found.key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CredentialError(
                f"{found.key_file} cannot be read",
                hint="CUSTOMER_SYNC_KEY_FILE names a text file with the key of the key store",
            ) from error
    return KeyStore(folder / STATE / SECRETS, key) if key else None


def needed_key_store(folder: Path, found: Settings) -> KeyStore:
    """Return a workspace's key store.

    Raises:
        CredentialError: Nothing says with which key to open it, or that cannot be read.
    """
    store = key_store(folder, found)
    if store is None:
        raise CredentialError(
            "nothing says with which key the key store is encrypted",
            hint="set CUSTOMER_SYNC_KEY to a long random text and keep it elsewhere, or "
            "CUSTOMER_SYNC_KEY_FILE to a file with it (openssl rand -base64 32 makes one)",
        )
    return store


def has_key_store(folder: Path) -> bool:
    """Return whether anything was ever kept in a workspace's key store."""
    return (folder / STATE / SECRETS).exists()


def prepared(
    system: SystemConfig, folder: Path, found: Settings, files: Mapping[str, str]
) -> SystemConfig:
    """Return a system with its secrets filled in and its addresses resolved.

    Raises:
        CredentialError: A secret is not set; it says where the folder's files name it.
    """
    store = key_store(folder, found)

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            return expand(value, found.environment, store) if "${" in value else value
        if isinstance(value, Mapping):
            return {name: filled(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [filled(one) for one in value]
        return value

    try:
        settings_ = _resolved(system.connector, filled(system.settings), folder)
        streams = {
            name: _stream(stream, filled, system.connector, folder)
            for name, stream in system.streams.items()
        }
    except CredentialError as error:
        locked = store is None and has_key_store(folder)
        raise _placed_in(files, system.system, error, is_locked=locked) from error
    return system.model_copy(update={"settings": settings_, "streams": streams})


def _placed_in(
    files: Mapping[str, str], system: str, error: CredentialError, *, is_locked: bool
) -> CredentialError:
    """Return the error of a missing secret with file, line and key of where it is named."""
    file, name = f"systems/{system}.yaml", error.context.get("name")
    places = [one for one in references(files) if one.file == file and one.name == name]
    at = f"{places[0].place}: " if places else ""
    locked = "set CUSTOMER_SYNC_KEY, which opens the key store; or " if is_locked else ""
    return CredentialError(
        f"system {system}: {at}{error.message}",
        context={"system": system, **error.context},
        hint=f"{locked}{error.hint}",
    )


def _stream(
    stream: StreamConfig, filled: Callable[[Any], Any], kind: str, folder: Path
) -> StreamConfig:
    url = filled(stream.url)
    if kind == "file" and url:
        url = _placed(url, folder)
    overrides = filled(stream.overrides)
    return stream.model_copy(
        update={"url": url, "table": filled(stream.table), "overrides": overrides}
    )


def _resolved(kind: str, values: dict[str, Any], folder: Path) -> dict[str, Any]:
    resolved = dict(values)
    url = resolved.get("url")
    if isinstance(url, str) and url.startswith(SQLITE):
        path, mark, query = url.removeprefix(SQLITE).partition("?")
        if path and path != ":memory:" and not os.path.isabs(path):  # noqa: PTH117 - a part of a URL
            resolved["url"] = f"{SQLITE}{folder / path}{mark}{query}"
    if kind == "file" and isinstance(resolved.get("folder"), str):
        resolved["folder"] = _placed(resolved["folder"], folder)
    return resolved


def _placed(url: str, folder: Path) -> str:
    """Return a file's address: a relative path is relative to the workspace's folder."""
    if "://" in url or "::" in url:
        scheme, _, path = url.partition("://")
        if scheme == "file" and path and not path.startswith("/"):
            return str(folder / path)
        return url
    return str(folder / url)
