"""The dialect of a delimited file: encoding, delimiter, quote, line end and columns.

Encoding, in this order: the setting; a byte order mark (UTF-8, UTF-16); UTF-8 when the first line
that is not ASCII is valid UTF-8; cp1252 when that line has only its bytes; Latin-1. As the first
such line decides, reading by pages and reading whole agree. Must not know records.
"""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass

from customer_sync.kernel.errors import ConfigurationError
from customer_sync.systems.file.settings import FileSettings

__all__ = ["ASCII", "Dialect", "dialect_of", "encoding_of_line"]

ASCII = "ascii"  # nothing else seen yet: UTF-8 until a line proves otherwise
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DELIMITERS = ",;\t|"
WIDE = {"utf-16-le": "<u2", "utf-16-be": ">u2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How cells and rows of one version of a file are told apart."""

    encoding: str
    mark: bytes
    delimiter: str
    quote: str
    line_end: str
    columns: Sequence[str] = ()
    body_offset: int = 0  # of the first row, in bytes
    body_line: int = 1  # its line number

    @property
    def unit(self) -> str:
        """The numpy type of one code unit."""
        return WIDE.get(self.encoding, "u1")

    @property
    def unit_bytes(self) -> int:
        """How many bytes one code unit takes."""
        return 2 if self.encoding in WIDE else 1

    @property
    def codec(self) -> str:
        """The codec that new text is written with."""
        return "utf-8" if self.encoding == ASCII else self.encoding


def encoding_of_line(line: bytes) -> str:
    """Return the encoding that a line which is not ASCII proves."""
    for name in ("utf-8", "cp1252"):
        try:
            line.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    return "latin-1"


def dialect_of(start: bytes, settings: FileSettings) -> Dialect:
    """Return the dialect that the start of a file shows, without its columns."""
    encoding, mark = _encoding(start, settings)
    text = start[len(mark) :].decode(encoding if encoding != ASCII else "latin-1", "replace")
    quote = settings.quote or ""
    return Dialect(
        encoding=encoding,
        mark=mark,
        delimiter=settings.delimiter or _delimiter(text, quote),
        quote=quote,
        line_end=_line_end(text, quote),
        body_offset=len(mark),
    )


def _encoding(start: bytes, settings: FileSettings) -> tuple[str, bytes]:
    mark, marked = next(((m, name) for m, name in MARKS if start.startswith(m)), (b"", ASCII))
    if settings.encoding is None:
        return marked, mark
    try:
        name = codecs.lookup(settings.encoding).name
    except LookupError:
        raise ConfigurationError(f"There is no encoding {settings.encoding!r}.") from None
    if name == "utf-8-sig":
        return "utf-8", mark
    if name == "utf-16":
        return (marked, mark) if marked in WIDE else ("utf-16-le", b"")
    if name not in WIDE and "a\n,".encode(name) != b"a\n,":
        raise ConfigurationError(f"Encoding {name} is not supported: its ASCII is not ASCII.")
    return name, mark if name == marked else b""


def _outside_quotes(text: str, quote: str) -> str:
    """Return the text without its quoted parts; of an open one, nothing."""
    return "".join(text.split(quote)[::2]) if quote else text


def _line_end(text: str, quote: str) -> str:
    bare = _outside_quotes(text, quote)
    first = bare.find("\n")
    if first < 0:
        return "\r" if "\r" in bare.rstrip("\r") or bare.endswith("\r") else "\n"
    return "\r\n" if bare[max(first - 1, 0) : first] == "\r" else "\n"


def _delimiter(text: str, quote: str) -> str:
    """Return the candidate found most evenly: in the header, and as often in the lines after it."""
    lines = [line for line in _outside_quotes(text, quote).splitlines()[:50] if line.strip()]
    if not lines:
        return ","
    whole = lines[:-1] if len(lines) > 2 else lines

    def merit(candidate: str) -> tuple[float, int]:
        counts = [line.count(candidate) for line in whole]
        even = sum(count == counts[0] for count in counts) / len(counts)
        return (even if counts[0] else 0.0, counts[0])

    return max(DELIMITERS, key=merit)
