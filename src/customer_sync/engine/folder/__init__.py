"""The configuration folder: read and checked, described by JSON Schema, started, and given back."""

from customer_sync.engine.folder.export import export
from customer_sync.engine.folder.problem import Problem
from customer_sync.engine.folder.reading import (
    Folder,
    find_folder,
    folder_files,
    parse_folder,
    read_folder,
)
from customer_sync.engine.folder.reference import Reference, references
from customer_sync.engine.folder.schema import schema, write_schema
from customer_sync.engine.folder.starter import starter

__all__ = [
    "Folder", "Problem", "Reference", "export", "find_folder", "folder_files", "parse_folder",
    "read_folder", "references", "schema", "starter", "write_schema",
]  # fmt: skip
