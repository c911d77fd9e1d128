"""What a connector must prove about reading: every record, once, with the values it has."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from customer_sync.connect.conformance.subject import Mode, Subject, Suite, needs
from customer_sync.connect.port import ABSENT, CHANGED_AT, GONE, ID, OUTSIDE
from customer_sync.kernel.errors import (
    CustomerSyncError,
    RetryableError,
    SchemaDriftError,
    SystemDownError,
)

__all__ = ["ReadingSuite"]

MODES: tuple[Mode, ...] = ("changes", "listing", "keys")
# Both sides of UTC, and one with half hours: a naive local time is wrong in each of them.
ZONES = ("UTC", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati")


class ReadingSuite(Suite):
    """Reading a stream as it stands."""

    def test_an_empty_stream_is_an_empty_page(self, subject: Subject) -> None:
        """Nothing there is an answer, not an error."""
        page = subject.page()

        assert page.records.is_empty()
        assert not page.more
        assert page.total in {0, None}

    def test_small_pages_show_every_record_once(self, subject: Subject) -> None:
        """Paging neither skips nor repeats."""
        ids = subject.create_many(7)

        rows, _ = subject.read(limit=2)

        assert sorted(row[ID] for row in rows) == sorted(ids)
        assert not any(row[GONE] for row in rows)

    def test_a_record_deleted_while_paging_hides_no_other(self, subject: Subject) -> None:
        """Paging by position would skip one; the platform may ask to start anew instead."""
        ids = subject.create_many(7)
        page = subject.page(limit=3)
        subject.delete(page.records[ID][0])

        try:
            rows, _ = subject.read(cursor=page.cursor, limit=3)
        except RetryableError:
            rows, _ = subject.read(limit=3)

        assert {*page.records[ID], *(row[ID] for row in rows)} >= set(subject.live_ids())
        assert len(subject.live_ids()) == len(ids) - 1

    def test_changes_from_the_beginning_show_every_record(self, subject: Subject) -> None:
        """A first load reads everything."""
        ids = subject.create_many(7)

        rows, _ = subject.read("changes", limit=2)

        assert {row[ID] for row in rows} == set(ids)
        assert not any(row[GONE] for row in rows)

    def test_a_full_last_page_ends_the_reading(self, subject: Subject) -> None:
        """As many records as the pages hold: the end is found all the same."""
        ids = subject.create_many(4)

        assert sorted(row[ID] for row in subject.read(limit=2)[0]) == sorted(ids)
        assert sorted(row[ID] for row in subject.read("keys", limit=2)[0]) == sorted(ids)

    def test_keys_are_those_of_the_listing(self, subject: Subject) -> None:
        """What is compared to find deletions is what there is."""
        ids = subject.create_many(5)
        subject.delete(ids.pop())

        rows, _ = subject.read("keys", limit=2)

        assert sorted(row[ID] for row in rows if not row[GONE]) == sorted(ids)
        assert subject.live_ids() == sorted(ids)

    def test_a_total_is_the_number_of_records(self, subject: Subject) -> None:
        """A count that is told can be relied upon to find records that were not shown."""
        subject.create_many(5)

        assert subject.page(limit=2).total in {5, None}

    def test_the_values_are_those_people_gave(self, subject: Subject) -> None:
        """Every field of a record is read."""
        expected = {name: subject.example(1)[name] for name in subject.example(1)}

        row = subject.row(subject.create(expected))

        assert {name: row[name] for name in expected} == {
            name: subject.shown(name, value) for name, value in expected.items()
        }

    def test_texts_survive_reading(self, subject: Subject) -> None:
        """Any script, quotes, separators, and texts that look like something else."""
        texts = {
            subject.create({**subject.example(number), subject.text_field: text}): text
            for number, text in enumerate(subject.texts)
        }

        read = {row[ID]: row[subject.text_field] for row in subject.read()[0]}

        assert read == {key: subject.text(text) for key, text in texts.items()}

    def test_null_and_empty_are_told_apart_where_the_platform_can(self, subject: Subject) -> None:
        """Absent, null and empty are different things."""
        null = subject.create({**subject.example(1), subject.text_field: None})
        empty = subject.create({**subject.example(2), subject.text_field: ""})

        shown = (subject.value(null), subject.value(empty))

        assert shown == (None, "") if subject.shows_empty else shown[0] == shown[1]

    @needs("lack_field")
    def test_a_field_that_a_record_lacks_is_absent_and_not_null(self, subject: Subject) -> None:
        """Absent says nothing; null says that there is nothing. Writing fills it all the same."""
        assert subject.lack_field is not None
        lacking, null = subject.create_many(2)
        subject.edit(null, {subject.text_field: None})
        subject.lack_field(lacking, subject.text_field)

        absent = {row[ID]: row[ABSENT] for row in subject.read()[0]}
        by_id = {key: row[ABSENT] for key, row in subject.rows(lacking, null).items()}

        assert absent == by_id == {lacking: subject.text_field, null: None}
        if subject.declared.update:
            subject.write(subject.change(lacking, {subject.text_field: "filled"}))
            assert subject.value(lacking) == subject.text("filled")

    @needs("leave_scope")
    def test_a_record_outside_the_filter_is_told_from_one_that_is_gone(
        self, subject: Subject
    ) -> None:
        """The silence of a filter is not a deletion: asked by name, the system says which it is."""
        outside, gone, inside = subject.create_many(3)
        assert subject.leave_scope is not None
        subject.leave_scope(outside)
        subject.delete(gone)

        rows = subject.rows(outside, gone, inside)

        told = {key: (row[OUTSIDE], row[GONE]) for key, row in rows.items()}
        assert told == {outside: (True, False), gone: (False, True), inside: (False, False)}
        for mode in MODES:
            listed = subject.read(mode)[0]
            assert [row[ID] for row in listed if not (row[GONE] or row[OUTSIDE])] == [inside], mode

    @needs("cap")
    def test_records_beyond_the_cap_of_a_search_are_read(self, subject: Subject) -> None:
        """A platform that shows the first records of a search only, and does not say so."""
        assert subject.cap is not None
        ids = set(subject.create_many(10))

        with subject.cap():
            shown = {mode: {row[ID] for row in subject.read(mode)[0]} for mode in MODES}

        assert shown == dict.fromkeys(MODES, ids)

    def test_reading_by_id_shows_what_the_listing_shows(self, subject: Subject) -> None:
        """There is one truth about a record, whichever way it is read."""
        ids = subject.create_many(3)

        listed = {row[ID]: row for row in subject.read()[0]}

        assert subject.rows(*ids) == listed

    def test_an_unknown_id_is_gone(self, subject: Subject) -> None:
        """A record asked for by name is always answered."""
        [known] = subject.create_many(1)

        rows = subject.rows(known, subject.unknown_id)

        assert not rows[known][GONE]
        assert rows[subject.unknown_id][GONE]

    def test_a_deleted_record_is_gone_by_id(self, subject: Subject) -> None:
        """Deleted is answered like unknown."""
        ids = subject.create_many(2)
        subject.delete(ids[0])

        assert {key: row[GONE] for key, row in subject.rows(*ids).items()} == {
            ids[0]: True,
            ids[1]: False,
        }

    def test_changed_at_is_the_instant_of_the_change_in_any_zone(self, subject: Subject) -> None:
        """The process's own time zone shifts nothing."""
        tolerance = timedelta(seconds=subject.changed_at_tolerance_s)
        for number, zone in enumerate(ZONES):
            with _process_zone(zone):
                before = subject.now()
                key = subject.create(subject.example(number))
                changed_at = subject.row(key)[CHANGED_AT]
                after = subject.now()

            if changed_at is not None:
                assert before - tolerance <= changed_at <= after + tolerance, zone

    def test_the_shape_lists_the_fields_that_are_read(self, subject: Subject) -> None:
        """Drift is found by comparing the mapping with the shape."""
        subject.create_many(1)

        shape = subject.driver.run(subject.connector.shape(subject.stream))

        assert shape.stream == subject.stream
        assert set(subject.fields) <= {field.name for field in shape.fields}
        assert shape.count in {1, None}

    def test_discovery_offers_a_stream_that_holds_the_fields(self, subject: Subject) -> None:
        """A person who connects the system is shown what it has."""
        subject.create_many(1)

        shapes = subject.driver.run(subject.connector.discover())

        assert any(set(subject.fields) <= {f.name for f in shape.fields} for shape in shapes)

    def test_a_read_that_fails_is_an_error_and_never_an_empty_page(self, subject: Subject) -> None:
        """Silence of the platform must not look like deletion of everything."""
        subject.create_many(1)
        for mode in ("listing", "changes", "keys"):
            flow = subject.connector.read(subject.request(mode))
            next(flow)
            try:
                flow.throw(SystemDownError("the platform does not answer"))
            except CustomerSyncError:
                is_swallowed = False
            except StopIteration:
                is_swallowed = True
            else:
                # The connector asks again; whatever it makes of that, it did not invent a page.
                is_swallowed = False
            flow.close()
            assert not is_swallowed, mode

    @needs("drop_field")
    def test_a_vanished_field_is_drift_and_is_named(self, subject: Subject) -> None:
        """A column removed must not fail silently, nor be read as nulls."""
        subject.create_many(2)
        assert subject.drop_field is not None
        subject.drop_field(subject.text_field)

        for mode in ("listing", "changes"):
            try:
                subject.driver.run(subject.connector.read(subject.request(mode)))
            except SchemaDriftError as error:
                told = f"{error.message} {error.context}"
            else:
                told = "nothing"
            assert subject.text_field in told, mode

    @needs("drop_field")
    def test_the_shape_shows_that_a_field_vanished(self, subject: Subject) -> None:
        """The shape is the platform's of now."""
        subject.create_many(1)
        assert subject.drop_field is not None
        subject.drop_field(subject.text_field)

        shape = subject.driver.run(subject.connector.shape(subject.stream))

        assert subject.text_field not in {field.name for field in shape.fields}

    @needs("retype_field")
    def test_the_shape_shows_that_a_field_has_another_type(self, subject: Subject) -> None:
        """A change of type is found before values go wrong."""
        subject.create_many(1)
        before = subject.field_type(subject.text_field)
        assert subject.retype_field is not None
        subject.retype_field(subject.text_field)

        assert subject.field_type(subject.text_field) != before

    @needs("duplicate")
    def test_an_id_that_two_rows_have_is_a_fault(self, subject: Subject) -> None:
        """Two rows of one id are never taken for one record."""
        ids = subject.create_many(3)
        assert subject.duplicate is not None
        subject.duplicate(ids[1])

        pages = subject.pages()

        shown = [key for page in pages for key in page.records[ID]]
        assert ids[1] in " ".join(place for page in pages for place, _ in page.faults)
        assert shown.count(ids[1]) <= 1
        assert {ids[0], ids[2]} <= set(shown)

    @needs("empty_listing")
    def test_an_empty_listing_is_passed_on_as_it_is(self, subject: Subject) -> None:
        """The connector reports it; the brakes of the engine decide what it means."""
        subject.create_many(3)
        assert subject.empty_listing is not None

        with subject.empty_listing():
            pages = [subject.page("listing"), subject.page("keys")]

        assert all(page.records.is_empty() and not page.more for page in pages)


@contextmanager
def _process_zone(zone: str) -> Iterator[None]:
    """Let this process live in a time zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()
