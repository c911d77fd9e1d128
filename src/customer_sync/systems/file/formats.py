"""Which code reads and writes which format. Must not know streams."""

from dataclasses import dataclass
from importlib import import_module

from customer_sync.systems.file.document import Document
from customer_sync.systems.file.settings import Format
from customer_sync.systems.file.source import Reader

__all__ = ["FormatCode", "code_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatCode:
    """The reader and the document of a format, and what its places are called."""

    reader: type[Reader]
    document: type[Document]
    place_word: str


_PLACES: dict[Format, tuple[str, str]] = {
    "csv": ("csv", "line"),
    "tsv": ("csv", "line"),
    "jsonl": ("jsonl", "line"),
    "parquet": ("parquet", "row"),
    "excel": ("excel", "row"),
}


def code_of(name: Format) -> FormatCode:
    """Return the code of a format; its libraries are imported only now."""
    stem, word = _PLACES[name]
    package = __package__
    reader = import_module(f"{package}.{stem}_reader")
    document = import_module(f"{package}.{stem}_document")
    return FormatCode(
        reader=getattr(reader, f"{stem.title()}Reader"),
        document=getattr(document, f"{stem.title()}Document"),
        place_word=word,
    )
