"""The subject of the conformance kit: one stream of one connector, and the people on its platform.

It says what the suite needs to act: how to make a record behind the connector's back, edit it,
delete it. It holds no test. Every test gets a subject of its own, whose stream starts empty.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeVar

from customer_sync.connect.driver import Driver
from customer_sync.connect.port import (
    ABSENT,
    GONE,
    ID,
    META_SCHEMA,
    OUTSIDE,
    VERSION,
    Answer,
    Capabilities,
    Connector,
    Page,
    ReadRequest,
    Write,
    record_schema,
)
from customer_sync.infra import entropy

__all__ = ["TEXTS", "Fields", "Mode", "Subject", "Suite", "needs"]

T = TypeVar("T")
Fields = Mapping[str, str | None]
Mode = Literal["changes", "listing", "keys"]

ROUNDS_MAX = 1_000  # a reading that has not ended by then never will

TEXTS = (
    "Zoë Müller-Łukasiewicz",
    "東京 株式会社",
    "smile 😀 and family 👨‍👩‍👧",
    'O\'Brien "Bob" \\ back `tick`',
    "a, b; c | d",
    "100% _ under ? ? :name $1 {brace}",
    "-- not a comment; DROP",
    "line one\nline two",
    "0",
    "00123",
    "1e5",
    "null",
    "false",
    "=1+1",
    "<b>&amp;</b>",
    "x" * 200,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One stream to be examined, and what may be done to its platform.

    The optional actions are None where the platform cannot do that, and then named in ``without``.

    Attributes:
        example: The n-th record that the platform accepts; all differ in every unique field.
        text_field: A field that takes any of ``texts``, and null; of no meaning to the platform.
        create: People make a record; returns its external id.
        edit: People change these fields of a record.
        delete: People delete a record.
        unknown_id: A well-formed id that no record has.
        now: The clock that the platform stamps by; ``changed_at`` may differ by the tolerance.
        shows_empty: An empty text is shown apart from null.
        shown: How the platform shows a (field, value) that it was given, by people or by us.
        reconnect: Make the connector anew, as another process would.
        bad: A record that the platform refuses to create.
        cap: Within it, one search of the platform shows at most three records, and does not say so.
        merge: People merge (loser, winner).
        drop_field: The platform loses this field.
        lack_field: A record (id, field) comes to have no such field at all, where records of one
            stream may have different fields.
        leave_scope: A record comes to be one that the stream's ``where`` does not hold of.
        retype_field: The platform gives this field another type.
        duplicate: A second row comes to have this id.
        empty_listing: Within it, listings succeed and show nothing although there are records.
        stand_still: Within it, everything happens at one instant of the platform's clock.
        pass_time: Let so many seconds pass on the platform's clock.
        late_commit: Begin to create a record, stamped now; the function returned commits it and
            returns its id.
    """

    connector: Connector
    driver: Driver
    stream: str
    fields: Sequence[str]
    example: Callable[[int], Fields]
    text_field: str
    create: Callable[[Fields], str]
    edit: Callable[[str, Fields], None]
    delete: Callable[[str], None]
    unknown_id: str = "999999999"
    now: Callable[[], datetime] = entropy.now
    changed_at_tolerance_s: float = 2.0
    shows_empty: bool = True
    texts: Sequence[str] = TEXTS
    shown: Callable[[str, str | None], str | None] = lambda _, value: value
    reconnect: Callable[[], Connector] | None = None
    bad: Fields | None = None
    cap: Callable[[], AbstractContextManager[Any]] | None = None
    merge: Callable[[str, str], None] | None = None
    drop_field: Callable[[str], None] | None = None
    lack_field: Callable[[str, str], None] | None = None
    leave_scope: Callable[[str], None] | None = None
    retype_field: Callable[[str], None] | None = None
    duplicate: Callable[[str], None] | None = None
    empty_listing: Callable[[], AbstractContextManager[Any]] | None = None
    stand_still: Callable[[], AbstractContextManager[Any]] | None = None
    pass_time: Callable[[float], None] | None = None
    late_commit: Callable[[Fields], Callable[[], str]] | None = None

    @property
    def declared(self) -> Capabilities:
        """Return what the stream declares."""
        return self.connector.capabilities(self.stream)

    def create_many(self, count: int) -> list[str]:
        """Let people make the first ``count`` examples; return their ids."""
        return [self.create(self.example(number)) for number in range(count)]

    def text(self, value: str) -> str | None:
        """Return how the platform shows this value of the text field."""
        return self.shown(self.text_field, value)

    # -- reading ----------------------------------------------------------------------------------

    def request(self, mode: Mode, *, cursor: str | None = None, limit: int = 1_000) -> ReadRequest:
        """Return a request for one page of this stream."""
        return ReadRequest(
            stream=self.stream,
            fields=self.fields,
            mode=mode,
            cursor=cursor,
            limit=min(limit, self.declared.read_rows_max),
        )

    def page(
        self, mode: Mode = "listing", *, cursor: str | None = None, limit: int = 1_000
    ) -> Page:
        """Read one page, and check what every page promises."""
        request = self.request(mode, cursor=cursor, limit=limit)
        page = self.driver.run(self.connector.read(request))
        self._check(page, mode)
        assert page.records.height <= limit, "a page holds more records than were asked for"
        return page

    def read(
        self, mode: Mode = "listing", *, cursor: str | None = None, limit: int = 1_000
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Read page after page until there is no more; return the rows and the last cursor."""
        pages = self.pages(mode, cursor=cursor, limit=limit)
        return [row for page in pages for row in page.records.to_dicts()], pages[-1].cursor

    def pages(
        self, mode: Mode = "listing", *, cursor: str | None = None, limit: int = 1_000
    ) -> list[Page]:
        """Read page after page until there is no more."""
        pages: list[Page] = []
        for _ in range(ROUNDS_MAX):
            page = self.page(mode, cursor=cursor, limit=limit)
            pages.append(page)
            assert not page.more or page.cursor != cursor, "a page leads to itself"
            cursor = page.cursor
            if not page.more:
                return pages
        raise AssertionError("reading does not end")

    def changes(self, cursor: str | None) -> list[dict[str, Any]]:
        """Return what is shown as changed since a cursor."""
        return self.read("changes", cursor=cursor)[0]

    def rows(self, *ids: str) -> dict[str, dict[str, Any]]:
        """Read these records by id."""
        request = ReadRequest(stream=self.stream, fields=self.fields, mode="ids", ids=ids)
        page = self.driver.run(self.connector.read(request))
        self._check(page, "ids")
        rows = page.records.to_dicts()
        assert sorted(row[ID] for row in rows) == sorted(ids), "asked for ids, others were shown"
        return {row[ID]: row for row in rows}

    def row(self, record_id: str) -> dict[str, Any]:
        """Read one record by id."""
        return self.rows(record_id)[record_id]

    def value(self, record_id: str, field: str | None = None) -> str | None:
        """Return what a live record shows in a field, by default in the text field."""
        row = self.row(record_id)
        assert not row[GONE], "the record is shown as gone"
        value: str | None = row[field or self.text_field]
        return value

    def live_ids(self) -> list[str]:
        """Return the ids of the listing's live records, sorted, with repetitions."""
        return sorted(row[ID] for row in self.read()[0] if not row[GONE])

    def field_type(self, name: str) -> str | None:
        """Return the type that the shape tells of a field."""
        shape = self.driver.run(self.connector.shape(self.stream))
        return next((field.type for field in shape.fields if field.name == name), None)

    def _check(self, page: Page, mode: str) -> None:
        schema = dict(page.records.schema)
        if mode == "keys":
            assert META_SCHEMA.items() <= schema.items(), "a page lacks meta columns"
        else:
            assert schema == record_schema(self.fields), "a page has another schema than asked for"
        assert page.records[ID].null_count() == 0, "a record without an id"
        assert page.records[GONE].null_count() == 0, "@gone is neither true nor false"
        assert page.records[OUTSIDE].null_count() == 0, "@outside is neither true nor false"
        named = page.records[ABSENT].drop_nulls().str.split(",").explode().unique().to_list()
        assert set(named) <= set(self.fields), "@absent names a field that was not asked for"

    # -- writing ----------------------------------------------------------------------------------

    def write(self, *writes: Write) -> list[Answer]:
        """Write in batches of the declared size, and check what every answer promises."""
        answers = [
            answer
            for batch in self._batches(writes)
            for answer in self.driver.run(self.connector.write(self.stream, batch))
        ]
        assert [answer.token for answer in answers] == [write.token for write in writes]
        return answers

    def settle(self, *writes: Write) -> list[Answer]:
        """Ask what became of writes, and check what every answer promises."""
        answers = [
            answer
            for batch in self._batches(writes)
            for answer in self.driver.run(self.connector.settle(self.stream, batch))
        ]
        assert [answer.token for answer in answers] == [write.token for write in writes]
        assert all(answer.outcome in {"accepted", "refused", "unknown"} for answer in answers)
        return answers

    def _batches(self, writes: Sequence[Write]) -> list[Sequence[Write]]:
        """Cut writes by the declared size; no write at all is one empty batch."""
        size = self.declared.write_rows_max
        return [writes[at : at + size] for at in range(0, len(writes) or 1, size)]

    def creation(self, number: int, **fields: str | None) -> Write:
        """Return the write that creates the n-th example, with these fields changed."""
        patch = {**self.example(number), **fields}
        return Write(token=entropy.token(), kind="create", external_id=None, patch=patch)

    def change(
        self,
        record_id: str,
        patch: Fields | None = None,
        *,
        kind: Literal["update", "delete", "deactivate"] = "update",
    ) -> Write:
        """Return the write that patches a record as it is shown now."""
        row = self.row(record_id)
        fields = dict(patch or {})
        return Write(
            token=entropy.token(),
            kind=kind,
            external_id=record_id,
            patch=fields,
            expected={name: row[name] for name in fields},
            expected_version=row[VERSION],
        )


def needs(*actions: str) -> Callable[[T], T]:
    """Mark a test that needs these optional actions of the subject."""

    def mark(test: T) -> T:
        test.__dict__["needs"] = actions
        return test

    return mark


class Suite:
    """The base of the suites: leaves out the tests that need what the platform cannot do."""

    OPTIONAL: ClassVar[tuple[str, ...]] = (
        "bad", "cap", "drop_field", "duplicate", "empty_listing", "lack_field", "late_commit",
        "leave_scope", "merge", "pass_time", "retype_field", "stand_still",
    )  # fmt: skip
    without: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **more: Any) -> None:
        """Hide the tests that do not apply; what is not callable is not collected."""
        super().__init_subclass__(**more)
        assert set(cls.without) <= set(cls.OPTIONAL), "without names no optional action"
        for name in dir(cls):
            needed = getattr(getattr(cls, name), "needs", ())
            if name.startswith("test_") and set(needed) & set(cls.without):
                setattr(cls, name, None)

    def test_without_names_exactly_what_the_subject_lacks(self, subject: Subject) -> None:
        """Nothing is left out silently, and nothing that could be tested is left out."""
        lacking = {name for name in self.OPTIONAL if getattr(subject, name) is None}

        assert lacking == set(self.without)
