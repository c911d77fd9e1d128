"""What a folder's files mean together: names that must exist elsewhere, and mappings that compile.

Decides what pydantic cannot: file names, reserved names, connectors, canonical fields, lenses,
policies. Promises a close match wherever one exists, and to look at all files even when some are
broken. Must not know any system: whether a column exists is asked when the folder is published.
"""

from collections.abc import Iterator, Mapping
from typing import cast

import pycountry

from customer_sync.connect.registry import (
    connector_names,
    needed_keys,
    stream_faults,
    stream_settings,
)
from customer_sync.core.decide import OWN_STREAMS, numbered_streams, published
from customer_sync.core.mapping import LENSES, compile_stream
from customer_sync.engine.folder.paper import Found, book_problems, paper_problems
from customer_sync.engine.folder.problem import Problem, did_you_mean, key_path
from customer_sync.engine.folder.yaml_text import Path, Read
from customer_sync.kernel.errors import ConfigurationError
from customer_sync.model.config import (
    RESERVED_SYSTEMS,
    Configuration,
    Fields,
    StreamConfig,
    SystemConfig,
    WorkspaceConfig,
)
from customer_sync.model.document import DOCUMENT_FIELDS
from customer_sync.model.field import CATALOGUE, CUSTOM_PREFIX, REFERENCE_PREFIX
from customer_sync.model.ledger_config import LedgerConfig

__all__ = ["meaning_problems"]

_REGIONS = sorted(
    {*(country.alpha_2 for country in pycountry.countries), "XK"}
)  # Kosovo has no ISO code
_CURRENCIES = sorted(currency.alpha_3 for currency in pycountry.currencies)
WORKSPACE = "workspace.yaml"
LEDGER = "ledger.yaml"


def meaning_problems(
    workspace: WorkspaceConfig | None,
    systems: Mapping[str, SystemConfig],
    reads: Mapping[str, Read],
    ledger: LedgerConfig | None = None,
) -> list[Problem]:
    """Return what is wrong with files that are each well formed.

    Args:
        workspace: the workspace, where its file is well formed.
        systems: well-formed systems by file name.
        reads: every file, for its lines.
        ledger: the books, where their file is there and well formed.
    """
    seen = _Seen(workspace, systems, reads, ledger or LedgerConfig())
    problems = [*seen.workspace_problems(), *seen.ledger_problems()]
    for file, system in systems.items():
        problems += seen.system_problems(file, system)
        for name in system.streams:
            found = list(seen.stream_problems(file, system, name))
            problems += found or seen.compile_problems(file, system, name)
    return problems or list(seen.whole_problems())


class _Seen:
    """The files, and every name that others may refer to."""

    def __init__(
        self,
        workspace: WorkspaceConfig | None,
        systems: Mapping[str, SystemConfig],
        reads: Mapping[str, Read],
        ledger: LedgerConfig,
    ) -> None:
        self._workspace = workspace
        self._reads = reads
        # Broken files count by their names: who refers to them is not wrong because of that.
        self._names = {_stem(file) for file in reads if file not in {WORKSPACE, LEDGER}}
        self._is_whole = len(self._names) == len(systems)
        self._connectors = connector_names()
        self._fields = [*CATALOGUE, *(workspace.fields if workspace else ())]
        base = workspace or WorkspaceConfig.model_validate({"workspace": "unreadable"})
        self._config = Configuration(
            workspace=base,
            systems={system.system: system for system in systems.values()},
            ledger=ledger,
        )

    def _problem(self, file: str, path: Path, message: str, remedy: str) -> Problem:
        line = self._reads[file].line(path) if file in self._reads else 1
        return Problem(file=file, line=line, key=key_path(path), message=message, remedy=remedy)

    def _field_problem(
        self, file: str, path: Path, name: str, *, is_document: bool = False
    ) -> Iterator[Problem]:
        """Refuse a name that is no canonical field."""
        if is_document:
            if name not in DOCUMENT_FIELDS:
                known = f"Fields of a document: {', '.join(DOCUMENT_FIELDS)}."
                remedy = did_you_mean(name, DOCUMENT_FIELDS, otherwise=known)
                yield self._problem(file, path, f"'{name}' is no field of a document", remedy)
            return
        if name.startswith(REFERENCE_PREFIX):
            system = name.removeprefix(REFERENCE_PREFIX).split(".")[0]
            if system not in self._names:
                remedy = did_you_mean(
                    system, self._names, otherwise="Name a system of this folder."
                )
                yield self._problem(file, path, f"'{name}' refers to no system", remedy)
            return
        if name in self._fields or (name.startswith(CUSTOM_PREFIX) and self._workspace is None):
            return
        otherwise = "Name a canonical field, or define your own in workspace.yaml: custom.NAME."
        yield self._problem(
            file,
            path,
            f"'{name}' is no canonical field",
            did_you_mean(name, self._fields, otherwise=otherwise),
        )

    # -- the workspace ----------------------------------------------------------------------------

    def workspace_problems(self) -> Iterator[Problem]:
        """Refuse codes that nobody issued, custom fields without their prefix, and policies about nothing."""
        if self._workspace is None:
            return
        region, currency = self._workspace.region, self._workspace.currency
        if region not in _REGIONS:
            remedy = "Use an ISO 3166-1 code such as DE."
            yield self._problem(WORKSPACE, ("region",), f"'{region}' is no region", remedy)
        if currency not in _CURRENCIES:
            remedy = did_you_mean(
                currency, _CURRENCIES, otherwise="Use an ISO 4217 code such as EUR."
            )
            yield self._problem(WORKSPACE, ("currency",), f"'{currency}' is no currency", remedy)
        for name in self._workspace.fields:
            if not name.startswith(CUSTOM_PREFIX) or not name.removeprefix(CUSTOM_PREFIX):
                message = f"'{name}' is no name for a field of your own"
                remedy = f"Call it {CUSTOM_PREFIX}{name.rpartition('.')[2]}."
                yield self._problem(WORKSPACE, ("fields", name), message, remedy)
        for name, policy in self._workspace.policies.items():
            if name != "default":
                yield from self._field_problem(WORKSPACE, ("policies", name), name)
            yield from self._owner_problems(name, policy.owner, is_owned=policy.policy == "owner")

    def _owner_problems(self, name: str, owner: list[str], *, is_owned: bool) -> Iterator[Problem]:
        known = [*sorted(self._names), *RESERVED_SYSTEMS]
        for number, system in enumerate(owner):
            if system not in known:
                path = ("policies", name, "owner", number)
                remedy = did_you_mean(system, known, otherwise=f"Systems: {', '.join(known)}.")
                yield self._problem(WORKSPACE, path, f"there is no system '{system}'", remedy)
        if is_owned and not owner:
            message = "the policy 'owner' names no owner"
            yield self._problem(
                WORKSPACE, ("policies", name), message, "Add owner: [SYSTEM], first first."
            )

    # -- the books --------------------------------------------------------------------------------

    def ledger_problems(self) -> Iterator[Problem]:
        """Refuse rules for streams that hold no documents."""
        if self._is_whole:  # a broken file may be what is named
            for path, message, remedy in book_problems(self._config):
                yield self._problem(LEDGER, path, message, remedy)

    # -- systems ----------------------------------------------------------------------------------

    def system_problems(self, file: str, system: SystemConfig) -> Iterator[Problem]:
        """Refuse reserved names, names that are not the file's, unknown connectors."""
        if system.system in RESERVED_SYSTEMS:
            message = f"the name '{system.system}' is reserved"
            yield self._problem(file, ("system",), message, "Give the system another name.")
        elif system.system != _stem(file):
            message = f"the system is called '{system.system}' and its file '{_stem(file)}.yaml'"
            remedy = f"Rename the file to {system.system}.yaml, or the system to {_stem(file)}."
            yield self._problem(file, ("system",), message, remedy)
        if system.connector not in self._connectors:
            message = f"there is no connector '{system.connector}'"
            otherwise = f"Connectors: {', '.join(self._connectors)}."
            remedy = did_you_mean(system.connector, self._connectors, otherwise=otherwise)
            yield self._problem(file, ("connector",), message, remedy)

    def stream_problems(self, file: str, system: SystemConfig, name: str) -> Iterator[Problem]:
        """Refuse names of canonical fields and lenses that do not exist."""
        stream = system.streams[name]
        base: Path = ("streams", name)
        yield from self._needed_problems(file, base, system, stream)
        is_document = stream.is_document
        yield from self._mapped_problems(
            file, (*base, "fields"), stream.fields, is_document=is_document
        )
        if stream.guest is not None:
            yield from self._mapped_problems(file, (*base, "guest", "fields"), stream.guest.fields)
        yield from self._rule_problems(file, base, stream)
        yield from self._paper_problems(
            file, base, paper_problems(self._config, system.system, name)
        )

    def _mapped_problems(
        self, file: str, base: Path, fields: Fields, *, is_document: bool = False
    ) -> Iterator[Problem]:
        for key, mapping in fields.items():
            for field in key.split(","):
                path = (*base, key)
                yield from self._field_problem(file, path, field.strip(), is_document=is_document)
            if mapping.lens is not None and mapping.lens not in LENSES:
                path = (*base, key, "lens")
                otherwise = f"Lenses: {', '.join(sorted(LENSES))}."
                remedy = did_you_mean(mapping.lens, LENSES, otherwise=otherwise)
                yield self._problem(file, path, f"there is no lens '{mapping.lens}'", remedy)

    def _paper_problems(self, file: str, base: Path, found: Iterator[Found]) -> Iterator[Problem]:
        for path, message, remedy in found:
            # What another file may hold is not missing while that file is broken.
            if self._is_whole or "no stream of" not in message:
                yield self._problem(file, (*base, *path), message, remedy)

    def _needed_problems(
        self, file: str, base: Path, system: SystemConfig, stream: StreamConfig
    ) -> Iterator[Problem]:
        """Refuse a stream that lacks what its connector needs, or has settings that it does not know."""
        if system.connector not in self._connectors:
            return
        try:
            needed, known = needed_keys(system.connector), stream_settings(system.connector)
        except ConfigurationError as error:
            yield self._problem(file, ("connector",), error.message, error.hint or "")
            return
        for key in needed:
            if not getattr(stream, key):
                message = f"'{key}' is missing, which the connector {system.connector} needs"
                about = StreamConfig.model_fields[key].description or ""
                yield self._problem(file, base, message, f"Add {key}: {about}")
        for key in stream.overrides:
            if known is not None and key not in known:
                message = f"the connector {system.connector} knows no setting '{key}' of a stream"
                remedy = did_you_mean(key, known, otherwise=f"Settings: {', '.join(known)}.")
                yield self._problem(file, (*base, "settings", key), message, remedy)
        for fault in stream_faults(system.connector, stream):
            yield self._problem(file, (*base, fault.key), fault.message, fault.remedy)

    def _rule_problems(self, file: str, base: Path, stream: StreamConfig) -> Iterator[Problem]:
        for number, rule in enumerate(stream.rules):
            for word, assigned in (("derive", rule.derive), ("default", rule.default)):
                for name in assigned or ():
                    path = (*base, "rules", number, word, name)
                    yield from self._field_problem(file, path, name, is_document=stream.is_document)

    def compile_problems(self, file: str, system: SystemConfig, name: str) -> list[Problem]:
        """Refuse a mapping that contradicts itself."""
        try:
            compile_stream(self._config, system.system, name)
        except ConfigurationError as error:
            if self._workspace is None:  # it may lack only what that file would have defined
                return []
            path = _path_of(system.streams[name], str(error.context.get("key", "")))
            message = error.message.partition(": ")[2] or error.message
            return [self._problem(file, ("streams", name, *path), message, error.hint or "")]
        return []

    def whole_problems(self) -> Iterator[Problem]:
        """Refuse what each file may say and all of them together cannot mean."""
        if self._workspace is None:
            return
        wanted = numbered_streams(self._config)
        ids = {name: number for number, name in enumerate(wanted, start=len(OWN_STREAMS))}
        try:
            published(self._config, version=0, stream_ids=ids, salt="")
        except ConfigurationError as error:
            if "path" not in error.context:
                raise
            system, stream, *key = cast("list[str]", error.context["path"])
            message = error.message.partition(": ")[2]
            path = ("streams", stream, *key)
            yield self._problem(f"systems/{system}.yaml", path, message, error.hint or "")


def _path_of(stream: StreamConfig, key: str) -> Path:
    """Return the keys that a compiler's error names: ``fields.NAMES`` or ``rules[N]``, N from 1."""
    if key.startswith("rules["):
        return ("rules", int(key[6:-1]) - 1)
    base: Path = ("guest", "fields") if key.startswith("guest.") and stream.guest else ("fields",)
    fields = stream.guest.fields if stream.guest and base[0] == "guest" else stream.fields
    wanted = [name.strip() for name in key.rpartition("fields.")[2].split(",")]
    for written in fields:
        if [name.strip() for name in written.split(",")] == wanted:
            return (*base, written)
    return base


def _stem(file: str) -> str:
    return file.rpartition("/")[2].removesuffix(".yaml")
