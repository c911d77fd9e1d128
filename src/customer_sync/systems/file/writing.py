"""Write records into a document, and tell by reading what became of earlier writes.

Decides the answer of each write: precondition by the old values of the patched cells, keys of new
rows, repeats of what is already there. Must not know formats or how files are replaced.
"""

from collections.abc import Mapping, Sequence
from uuid import NAMESPACE_URL, uuid5

import polars as pl

from customer_sync.connect.condition import condition_columns, holds
from customer_sync.connect.port import Answer, Write
from customer_sync.model.config import StreamConfig
from customer_sync.systems.file.document import Document, UnfitValueError
from customer_sync.systems.file.records import ids_of, key_columns, mapped_columns
from customer_sync.systems.file.settings import FileSettings

__all__ = ["Writer"]


class Writer:
    """Applies writes to one document, in order."""

    def __init__(self, document: Document, config: StreamConfig, settings: FileSettings) -> None:
        self._document = document
        self._config = config
        self._settings = settings
        self._keys = key_columns(config)
        self._mapped = mapped_columns(config)
        flags = condition_columns(config.deleted)
        frame = document.texts(list(dict.fromkeys([*self._keys, *flags])))
        nulls = list(settings.null_values)
        if nulls:
            column = pl.exclude("@row")
            frame = frame.with_columns(pl.when(~column.is_in(nulls)).then(column))
        ids = ids_of(frame, self._keys)
        rows = {"id": ids, "row": frame["@row"], "deleted": _flagged(frame, config.deleted)}
        named = pl.DataFrame(rows).drop_nulls("id")
        first = named.unique("id", keep="first", maintain_order=True)
        self._frame = first
        self._rows: dict[str, int] = {}
        self._flagged: set[str] = set()
        self._added: dict[str, int] = {}
        self._gone: set[str] = set()
        self.is_changed = False

    def apply(self, writes: Sequence[Write]) -> list[Answer]:
        """Apply the writes; answer each."""
        self._find([write.external_id for write in writes] + [self._given_id(w) for w in writes])
        return [self._apply(write) for write in writes]

    def settle(self, writes: Sequence[Write]) -> list[Answer]:
        """Tell what became of the writes."""
        self._find([write.external_id for write in writes] + [self._given_id(w) for w in writes])
        return [self._settle(write) for write in writes]

    def _find(self, ids: Sequence[str | None]) -> None:
        wanted = pl.Series([name for name in ids if name is not None], dtype=pl.String)
        found = self._frame.filter(pl.col("id").is_in(wanted.implode()))
        self._rows = dict(zip(found["id"], found["row"], strict=True))
        self._flagged = set(found.filter("deleted")["id"])

    def _row(self, external_id: str | None) -> int | None:
        if external_id is None or external_id in self._gone:
            return None
        return self._added.get(external_id, self._rows.get(external_id))

    def _live_row(self, external_id: str | None) -> int | None:
        """Return the row of a record, unless it says of itself that it is deleted."""
        return None if external_id in self._flagged else self._row(external_id)

    def _has(self, name: str) -> bool:
        return self._document.is_open or name in self._document.columns

    # -- one write --------------------------------------------------------------------------------

    def _apply(self, write: Write) -> Answer:
        unknown = sorted(name for name in write.patch if not self._has(name))
        if unknown:
            return _refused(write, "no_such_field", f"the file has no column {unknown[0]!r}")
        apply = {
            "create": self._create,
            "update": self._update,
            "delete": self._delete,
            "deactivate": self._deactivate,
        }
        try:
            return apply[write.kind](write)
        except UnfitValueError as problem:
            return _refused(write, problem.code, problem.reason)

    def _create(self, write: Write) -> Answer:
        external_id = self._given_id(write)
        values = dict(write.patch)
        if external_id is None:
            if len(self._keys) > 1 or self._settings.new_key is None:
                return _refused(write, "key_missing", "the new row has no key; set new_key")
            external_id = self._next_number()
        if len(self._keys) == 1:
            values[self._keys[0]] = external_id
        row = self._row(external_id)
        if row is not None:
            if self._shows(row, write.patch):
                return self._accepted(write, external_id, row)
            return _refused(write, "exists", "another row has this key already")
        row = self._document.append(values)
        self._added[external_id] = row
        self._gone.discard(external_id)
        self.is_changed = True
        return self._accepted(write, external_id, row)

    def _update(self, write: Write) -> Answer:
        row = self._live_row(write.external_id)
        if row is None:
            return Answer(token=write.token, outcome="moved", code="gone", reason="no such row")
        if self._shows(row, write.patch):
            return self._accepted(write, write.external_id, row)
        if not self._shows(row, write.expected):
            return self._moved(write, row)
        if set(write.patch) & set(self._keys):
            return _refused(write, "key_changed", "the key of a row is never changed")
        self._document.change(row, write.patch)
        self.is_changed = True
        return self._accepted(write, write.external_id, row)

    def _delete(self, write: Write) -> Answer:
        row = self._live_row(write.external_id)
        if row is None:
            return Answer(token=write.token, outcome="accepted", external_id=write.external_id)
        if not self._shows(row, write.expected):
            return self._moved(write, row)
        assert write.external_id is not None
        self._document.remove(row)
        self._gone.add(write.external_id)
        self.is_changed = True
        return Answer(token=write.token, outcome="accepted", external_id=write.external_id)

    def _deactivate(self, write: Write) -> Answer:
        if not self._settings.deactivate:
            return _refused(write, "no_deactivate", "the stream has no setting deactivate")
        unknown = sorted(name for name in self._settings.deactivate if not self._has(name))
        if unknown:
            return _refused(write, "no_such_field", f"the file has no column {unknown[0]!r}")
        row = self._live_row(write.external_id)
        if row is None:
            return Answer(token=write.token, outcome="moved", code="gone", reason="no such row")
        if not self._shows(row, self._settings.deactivate):
            if not self._shows(row, write.expected):
                return self._moved(write, row)
            self._document.change(row, self._settings.deactivate)
            self.is_changed = True
        return self._accepted(write, write.external_id, row)

    def _settle(self, write: Write) -> Answer:
        row = self._row(write.external_id or self._given_id(write))
        if write.kind == "delete":
            row = self._live_row(write.external_id)
            done = row is None
        elif write.kind == "create" and write.external_id is None and not self._is_named(write):
            unsure = "the key of the new row was made by counting: reading cannot tell"
            return Answer(token=write.token, outcome="unknown", code="unknown", reason=unsure)
        else:
            meant = self._settings.deactivate if write.kind == "deactivate" else write.patch
            done = row is not None and self._shows(row, meant)
        if not done:
            return _refused(write, "not_done", "the file does not show it")
        if row is None:
            return Answer(token=write.token, outcome="accepted", external_id=write.external_id)
        return self._accepted(write, write.external_id or self._given_id(write), row)

    # -- keys -------------------------------------------------------------------------------------

    def _is_named(self, write: Write) -> bool:
        return self._given_id(write) is not None

    def _given_id(self, write: Write) -> str | None:
        """Return the id a new row gets: by its patch, or made of the token so a repeat repeats."""
        if write.kind != "create":
            return None
        frame = pl.DataFrame(
            {key: [write.patch.get(key)] for key in self._keys},
            schema=dict.fromkeys(self._keys, pl.String),
        )
        given: str | None = ids_of(frame, self._keys).item()
        if given is None and self._settings.new_key == "uuid" and len(self._keys) == 1:
            return str(uuid5(NAMESPACE_URL, f"customer-sync:{write.token}"))
        return given

    def _next_number(self) -> str:
        numbers = self._frame["id"].cast(pl.Int64, strict=False)
        known = [int(name) for name in self._added if name.isdecimal()]
        highest = numbers.max()
        return str(max([highest if isinstance(highest, int) else 0, *known]) + 1)

    # -- answers ----------------------------------------------------------------------------------

    def _shows(self, row: int, values: Mapping[str, str | None]) -> bool:
        names = [name for name in values if self._has(name)]
        return len(names) == len(values) and dict(values) == self._document.row(row, names)

    def _moved(self, write: Write, row: int) -> Answer:
        return Answer(
            token=write.token,
            outcome="moved",
            external_id=write.external_id,
            record=self._record(write, row),
            code="moved",
            reason="the row does not show the expected values",
        )

    def _accepted(self, write: Write, external_id: str | None, row: int) -> Answer:
        return Answer(
            token=write.token,
            outcome="accepted",
            external_id=external_id,
            record=self._record(write, row),
        )

    def _record(self, write: Write, row: int) -> Mapping[str, str | None]:
        """Return the mapped columns of a row, and no others: they are nobody's business."""
        asked = dict.fromkeys([*self._mapped, *write.patch, *write.expected])
        return self._document.row(row, [name for name in asked if self._has(name)])


def _flagged(frame: pl.DataFrame, condition: str | None) -> pl.Series:
    """Return which rows say that they are deleted."""
    if condition is None or frame.is_empty():
        return pl.Series([False] * frame.height, dtype=pl.Boolean)
    return holds(condition, frame)


def _refused(write: Write, code: str, reason: str) -> Answer:
    return Answer(
        token=write.token,
        outcome="refused",
        external_id=write.external_id,
        code=code,
        reason=reason,
    )
