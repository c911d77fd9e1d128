"""The configuration folder: ``workspace.yaml``, ``ledger.yaml`` and ``systems/*.yaml``, to one ``Configuration``.

Decides whether the folder means something. Promises that every problem is told at once, with file,
line, key and remedy; that ``${NAME}`` stays as written, so that a published version holds no
secret; and that YAML is only ever read as plain data. Must not know databases, and reads nothing
but these files.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from customer_sync.engine.folder.meaning import meaning_problems
from customer_sync.engine.folder.problem import Problem, key_path, refusal
from customer_sync.engine.folder.words import translated
from customer_sync.engine.folder.yaml_text import Read, read_yaml
from customer_sync.kernel.errors import NotFoundError
from customer_sync.model.config import Configuration, SystemConfig, WorkspaceConfig
from customer_sync.model.ledger_config import LedgerConfig

__all__ = [
    "LEDGER", "SYSTEMS", "WORKSPACE", "Folder", "find_folder", "folder_files", "parse_folder", "read_folder",
]  # fmt: skip

WORKSPACE = "workspace.yaml"
LEDGER = "ledger.yaml"  # may be missing: its defaults are sound
SYSTEMS = "systems"
FILE_BYTES_MAX = 1_000_000
FILES_MAX = 1_000

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder that means something: the configuration, and its files as they are written."""

    config: Configuration
    files: Mapping[str, str]


def find_folder(start: Path) -> Path:
    """Return the folder with a workspace.yaml: this one or the nearest above it.

    Raises:
        NotFoundError: There is none.
    """
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / WORKSPACE).is_file():
            return folder
    raise NotFoundError(
        f"there is no {WORKSPACE} in {start} or above it",
        hint="name the folder with --workspace DIR, or make one: customer-sync init DIR",
    )


def read_folder(folder: Path) -> Folder:
    """Read and check the folder.

    Raises:
        ConfigurationError: It has problems; all of them are told.
        NotFoundError: There is no workspace.yaml.
    """
    if not (folder / WORKSPACE).is_file():
        raise NotFoundError(
            f"there is no {WORKSPACE} in {folder}",
            hint="name the folder with --workspace DIR, or make one: customer-sync init DIR",
        )
    problems: list[Problem] = []
    return _judged(_files(folder, problems), problems)


def folder_files(folder: Path) -> Mapping[str, str]:
    """Return the texts of the folder's files, as far as they can be read at all."""
    return _files(folder, [])


def parse_folder(files: Mapping[str, str]) -> Folder:
    """Check files given by name, as ``read_folder`` gives them back.

    Raises:
        ConfigurationError: They have problems; all of them are told.
    """
    return _judged(files, [])


def _judged(files: Mapping[str, str], problems: list[Problem]) -> Folder:
    reads = {name: read_yaml(text.removeprefix("\ufeff")) for name, text in files.items()}
    for name, read in reads.items():
        problems += [
            Problem(
                file=name, line=f.line, key=key_path(f.path), message=f.message, remedy=f.remedy
            )
            for f in read.faults
        ]
    # A doubled key still lets the rest be judged; what is not YAML at all does not.
    sound = {name: read for name, read in reads.items() if not read.faults or read.data}
    workspace = _validated(WorkspaceConfig, WORKSPACE, sound, problems)
    systems = {}
    for name in sorted(sound):
        if name not in {WORKSPACE, LEDGER}:
            system = _validated(SystemConfig, name, sound, problems)
            if system is not None:
                systems[name] = system
    ledger = _validated(LedgerConfig, LEDGER, sound, problems)
    problems += meaning_problems(workspace, systems, reads, ledger)
    if problems or workspace is None:
        raise refusal(problems)
    config = Configuration(
        workspace=workspace,
        systems={system.system: system for system in systems.values()},
        ledger=ledger or LedgerConfig(),
    )
    return Folder(config=config, files=dict(files))


def _files(folder: Path, problems: list[Problem]) -> dict[str, str]:
    files: dict[str, str] = {}
    for name, path in _paths(folder, problems):
        text = _text(path, name, problems)
        if text is not None:
            files[name] = text
    return files


def _paths(folder: Path, problems: list[Problem]) -> Iterator[tuple[str, Path]]:
    yield WORKSPACE, folder / WORKSPACE
    if (folder / LEDGER).is_file():
        yield LEDGER, folder / LEDGER
    place = folder / SYSTEMS
    found = sorted(place.iterdir()) if place.is_dir() else []
    if len(found) > FILES_MAX:
        problems.append(_of_file(SYSTEMS, f"there are more than {FILES_MAX} files", "Remove some."))
        return
    for path in found:
        name = f"{SYSTEMS}/{path.name}"
        if path.suffix == ".yml":
            remedy = f"Rename it to {path.stem}.yaml."
            problems.append(_of_file(name, "only files that end in .yaml are read", remedy))
        elif path.suffix == ".yaml" and not path.name.startswith("."):
            yield name, path


def _text(path: Path, name: str, problems: list[Problem]) -> str | None:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
        if len(content) > FILE_BYTES_MAX:
            what = f"the file is larger than {FILE_BYTES_MAX // 1_000_000} MB"
            problems.append(_of_file(name, what, "Is this a configuration file?"))
            return None
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.append(
            Problem(
                file=name, line=line, key="", message="the file is not UTF-8",
                remedy="Save it with the encoding UTF-8.",
            )
        )  # fmt: skip
    except OSError as error:
        what = f"the file cannot be read: {error.strerror}"
        problems.append(_of_file(name, what, "Check its permissions."))
    return None


def _of_file(name: str, message: str, remedy: str) -> Problem:
    return Problem(file=name, line=1, key="", message=message, remedy=remedy)


def _validated(
    model: type[M], name: str, reads: Mapping[str, Read], problems: list[Problem]
) -> M | None:
    read = reads.get(name)
    if read is None:
        return None
    data: Any = {} if read.data is None else read.data
    if not isinstance(data, dict):
        problems.append(
            _of_file(name, "the file should hold keys with values", "Write key: value.")
        )
        return None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems += translated(error, model, name, read)
        return None
