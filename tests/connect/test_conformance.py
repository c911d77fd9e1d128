"""The conformance kit catches connectors that break a promise: each broken one fails its test."""

from collections.abc import Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime

import polars as pl
import pytest

from customer_sync.connect.conformance import ConformanceSuite, Subject
from customer_sync.connect.driver import standard_driver
from customer_sync.connect.port import ABSENT, CHANGED_AT, GONE, ID, Answer, Page
from customer_sync.kernel.errors import CustomerSyncError, PushUnconfirmedError, SchemaDriftError
from customer_sync.model.config import SystemConfig
from customer_sync.systems.simulated import Behaviour, Connector, Platform, forget, register

FIELDS = ("email", "note")


class _Frames(Connector):
    """A connector that passes every page through ``broken``."""

    def read(self, request):
        page = yield from super().read(request)
        return self.broken(page, request)


class RepeatsTheFirst(_Frames):
    def broken(self, page, request):
        return replace(page, records=pl.concat([page.records, page.records.head(1)]))


class DropsTheLast(_Frames):
    def broken(self, page, request):
        return replace(page, records=page.records.head(page.records.height - 1))


class StopsAfterOnePage(_Frames):
    def broken(self, page, request):
        return replace(page, more=False)


class NeverEnds(_Frames):
    def broken(self, page, request):
        return replace(page, more=True, cursor=request.cursor)


class TrimsTexts(_Frames):
    def broken(self, page, request):
        if "note" not in page.records.columns:
            return page
        return replace(page, records=page.records.with_columns(pl.col("note").str.head(20)))


class AbsentIsNull(_Frames):
    def broken(self, page, request):
        return replace(
            page, records=page.records.with_columns(pl.lit(None, pl.String).alias(ABSENT))
        )


class TakesAShortPageForTheLast(_Frames):
    def broken(self, page, request):
        return replace(page, more=page.more and page.records.height == request.limit)


class NullsAreEmpty(_Frames):
    def broken(self, page, request):
        if "note" not in page.records.columns:
            return page
        return replace(page, records=page.records.with_columns(pl.col("note").fill_null("")))


class ShiftsTime(_Frames):
    def broken(self, page, request):
        return replace(
            page, records=page.records.with_columns(pl.col(CHANGED_AT).dt.offset_by("-8h"))
        )


class NeverGone(_Frames):
    def broken(self, page, request):
        return replace(page, records=page.records.with_columns(pl.lit(False).alias(GONE)))


class ForgetsUnknownIds(_Frames):
    def broken(self, page, request):
        return replace(page, records=page.records.filter(~pl.col(GONE)))


class SwallowsFailures(Connector):
    def read(self, request):
        try:
            return (yield from super().read(request))
        except SchemaDriftError:
            raise
        except CustomerSyncError:
            return Page(records=pl.DataFrame(schema={ID: pl.String()}), cursor=None, more=False)


class SwallowsDrift(Connector):
    def read(self, request):
        try:
            return (yield from super().read(request))
        except SchemaDriftError:
            fewer = replace(request, fields=["email"])
            page = yield from super().read(fewer)
            note = pl.lit(None, pl.String()).alias("note")
            return replace(page, records=page.records.with_columns(note))


class NoOverlap(Connector):
    def _after(self, stream, place):
        after = super()._after(stream, place)
        is_new_round = place["high"] and not place.get("at")
        return (datetime.fromisoformat(place["high"]), "\U0010ffff") if is_new_round else after


class NoLag(Connector):
    def capabilities(self, stream):
        return replace(super().capabilities(stream), lag_s=0.0)


class IgnoresPreconditions(Connector):
    def write(self, stream, writes):
        bare = [replace(write, expected={}, expected_version=None) for write in writes]
        return (yield from super().write(stream, bare))


class SendsTheWholeRecord(Connector):
    def write(self, stream, writes):
        whole = [replace(w, patch={"email": None, **w.patch}) for w in writes]
        return (yield from super().write(stream, whole))


class SkipsNulls(Connector):
    def write(self, stream, writes):
        full = [replace(w, patch={k: v for k, v in w.patch.items() if v}) for w in writes]
        return (yield from super().write(stream, full))


class AnswersBackwards(Connector):
    def write(self, stream, writes):
        return (yield from super().write(stream, writes))[::-1]


class AllOrNothing(Connector):
    def write(self, stream, writes):
        answers = yield from super().write(stream, writes)
        if all(answer.outcome == "accepted" for answer in answers):
            return answers
        return [Answer(token=w.token, outcome="refused", code="x", reason="x") for w in writes]


class ForgetsTokens(Connector):
    def write(self, stream, writes):
        self.count = getattr(self, "count", 0) + 1
        fresh = [replace(write, token=f"{write.token}{self.count}") for write in writes]
        answers = yield from super().write(stream, fresh)
        return [replace(a, token=w.token) for a, w in zip(answers, writes, strict=True)]


class TakesLostForDone(Connector):
    def write(self, stream, writes):
        try:
            return (yield from super().write(stream, writes))
        except CustomerSyncError:
            return [Answer(token=write.token, outcome="accepted") for write in writes]


class TakesLostForRefused(Connector):
    def write(self, stream, writes):
        try:
            return (yield from super().write(stream, writes))
        except PushUnconfirmedError:
            return [Answer(token=w.token, outcome="refused", reason="lost") for w in writes]


class SettlesAs(Connector):
    outcome = "accepted"

    def settle(self, stream, writes):
        yield from self._call("ping")
        return [
            Answer(token=w.token, outcome=self.outcome, code="not_done", external_id="1")
            for w in writes
        ]


class SettlesAsRefused(SettlesAs):
    outcome = "refused"


class DeletesUndeclared(Connector):
    def capabilities(self, stream):
        return replace(super().capabilities(stream), delete=False)


class TellsValues(Connector):
    def write(self, stream, writes):
        answers = yield from super().write(stream, writes)
        return [
            replace(a, reason=f"{a.reason} {dict(w.patch)}")
            for a, w in zip(answers, writes, strict=True)
        ]


class ForgetsDeletions(Connector):
    """Declares a feed of deletions and reads without it."""

    def read(self, request):
        page = yield from super().read(request)
        if request.mode != "changes":
            return page
        return replace(page, records=page.records.filter(~pl.col(GONE)))


class SettlesByWriting(Connector):
    def settle(self, stream, writes):
        return (yield from super().write(stream, writes))


BROKEN = [
    (RepeatsTheFirst,      "small_pages_show_every_record_once"),
    (DropsTheLast,         "small_pages_show_every_record_once"),
    (DropsTheLast,         "changes_from_the_beginning_show_every_record"),
    (StopsAfterOnePage,    "small_pages_show_every_record_once"),
    (StopsAfterOnePage,    "a_cursor_survives_being_kept_as_text"),
    (NeverEnds,            "a_full_last_page_ends_the_reading"),
    (TrimsTexts,           "texts_survive_reading"),
    (TrimsTexts,           "texts_survive_writing"),
    (NullsAreEmpty,        "null_and_empty_are_told_apart_where_the_platform_can"),
    (NullsAreEmpty,        "a_field_can_be_emptied"),
    (ShiftsTime,           "changed_at_is_the_instant_of_the_change_in_any_zone"),
    (AbsentIsNull,         "a_field_that_a_record_lacks_is_absent_and_not_null"),
    (TakesAShortPageForTheLast, "records_beyond_the_cap_of_a_search_are_read"),
    (NeverGone,            "an_unknown_id_is_gone"),
    (NeverGone,            "a_deletion_is_seen_as_declared"),
    (NeverGone,            "a_merged_record_is_gone_and_names_the_winner"),
    (ForgetsUnknownIds,    "an_unknown_id_is_gone"),
    (ForgetsUnknownIds,    "a_deleted_record_is_gone_by_id"),
    (ForgetsDeletions,     "a_deletion_is_seen_as_declared"),
    (SwallowsFailures,     "a_read_that_fails_is_an_error_and_never_an_empty_page"),
    (SwallowsDrift,        "a_vanished_field_is_drift_and_is_named"),
    (NoOverlap,            "a_change_in_the_instant_just_read_is_shown"),
    (NoLag,                "a_late_commit_is_shown"),
    (IgnoresPreconditions, "a_stale_write_changes_nothing_where_a_precondition_is_declared"),
    (SendsTheWholeRecord,  "an_update_changes_the_named_fields_only"),
    (SkipsNulls,           "a_field_can_be_emptied"),
    (AnswersBackwards,     "a_batch_creates_each_of_its_records"),
    (AllOrNothing,         "a_bad_record_is_refused_with_a_reason_and_stops_no_other"),
    (AllOrNothing,         "an_update_of_an_unknown_record_stops_no_other"),
    (TellsValues,          "a_bad_record_is_refused_with_a_reason_and_stops_no_other"),
    (ForgetsTokens,        "a_repeated_token_does_nothing_twice_where_declared"),
    (TakesLostForDone,     "a_write_that_did_not_reach_the_platform_is_never_reported_as_done"),
    (TakesLostForRefused,  "a_lost_answer_is_never_taken_for_done_or_not_done"),
    (SettlesAs,            "an_update_that_was_never_sent_settles_as_not_done"),
    (SettlesAs,            "a_create_that_was_never_sent_is_not_claimed"),
    (SettlesAs,            "settling_answers_each_write_of_a_batch"),
    (SettlesAsRefused,     "an_update_whose_answer_was_lost_settles_as_done"),
    (SettlesAsRefused,     "a_create_whose_answer_was_lost_is_not_denied"),
    (SettlesByWriting,     "a_create_that_was_never_sent_is_not_claimed"),
    (DeletesUndeclared,    "a_delete_is_done_where_declared_else_refused"),
]  # fmt: skip


def an_example(number: int) -> Mapping[str, str | None]:
    return {"email": f"person{number}@acme.test", "note": "a note"}


@pytest.fixture
def subject_of():
    behaviour = Behaviour(lag_s=30, lengths={"email": 40}, can_delete=True, can_deactivate=True)
    platform = register(Platform("kit", behaviour=behaviour))
    platform.declare("contacts", *FIELDS, "active")
    config = SystemConfig(
        system="shop",
        connector="simulated",
        settings={"platform": "kit"},
        streams={"contacts": {"fields": {"email": "email", "note": "note"}}},
    )

    def late_commit(fields):
        key = platform.create_late("contacts", fields, delay_s=20)
        platform.advance(10)
        return lambda: platform.advance(10) or key

    @contextmanager
    def cap():
        platform.behaviour = replace(behaviour, search_rows_max=3)
        yield
        platform.behaviour = behaviour

    def lack_field(key, name):
        del platform.stream("contacts").records[key].fields[name]

    with standard_driver() as driver:
        yield lambda kind: Subject(
            connector=kind(config),
            driver=driver,
            stream="contacts",
            fields=FIELDS,
            example=an_example,
            text_field="note",
            create=lambda fields: platform.create("contacts", fields),
            edit=lambda key, fields: platform.edit("contacts", key, fields),
            delete=lambda key: platform.delete("contacts", key),
            cap=cap,
            lack_field=lack_field,
            merge=lambda loser, winner: platform.merge("contacts", loser, winner),
            drop_field=lambda name: platform.drop_field("contacts", name),
            bad={"email": f"{'x' * 40}@acme.test", "note": "too long"},
            now=lambda: platform.now,
            stand_still=nullcontext,
            late_commit=late_commit,
        )
    forget("kit")


@pytest.mark.parametrize("kind,test", BROKEN, ids=lambda value: getattr(value, "__name__", value))
def test_a_broken_connector_fails(subject_of, kind, test):
    examine = getattr(ConformanceSuite(), f"test_{test}")

    with pytest.raises((AssertionError, CustomerSyncError)):
        examine(subject_of(kind))


@pytest.mark.parametrize("test", sorted({test for _, test in BROKEN}))
def test_the_sound_connector_passes(subject_of, test):
    getattr(ConformanceSuite(), f"test_{test}")(subject_of(Connector))


def test_a_test_that_needs_what_is_missing_is_not_generated():
    class Without(ConformanceSuite):
        without = ("merge",)

    name = "test_a_merged_record_is_gone_and_names_the_winner"
    assert getattr(Without, name) is None
    assert callable(getattr(ConformanceSuite, name))


def test_without_must_tell_the_truth(subject_of):
    """Whoever leaves an action out must say so, and whoever gives it must not deny it."""
    for without in (("merge",), ()):
        suite = type("Suite", (ConformanceSuite,), {"without": without})()
        with pytest.raises(AssertionError):
            suite.test_without_names_exactly_what_the_subject_lacks(subject_of(Connector))


def test_without_names_optional_actions_only():
    with pytest.raises(AssertionError):
        type("Suite", (ConformanceSuite,), {"without": ("create",)})
