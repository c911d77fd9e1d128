"""What a connector must prove about writing: what is asked is done, nothing else, and it tells."""

from dataclasses import replace

from customer_sync.connect.conformance.subject import Subject, Suite, needs
from customer_sync.connect.port import GONE, ID, Answer, Write
from customer_sync.infra import entropy
from customer_sync.kernel.errors import CapabilityMissingError

__all__ = ["WritingSuite"]


class WritingSuite(Suite):
    """Writing records. What a stream does not declare must be refused, and not be done."""

    def test_a_created_record_is_there_and_is_answered_with_its_id(self, subject: Subject) -> None:
        """The answer names the record, so that nobody has to search for it."""
        write = subject.creation(0)
        if not subject.declared.create:
            return _assert_refused(subject, write)

        [answer] = subject.write(write)

        assert answer.outcome == "accepted", answer.reason
        assert answer.external_id is not None
        assert subject.live_ids() == [answer.external_id]
        row = subject.row(answer.external_id)
        assert {name: row[name] for name in write.patch} == _shown(subject, write)
        return _assert_record_is(subject, answer)

    def test_a_created_record_shows_in_changes(self, subject: Subject) -> None:
        """Confirmation is intake: our own writes come back by the same door."""
        if not subject.declared.create:
            return _assert_refused(subject, subject.creation(0))
        _, cursor = subject.read("changes")

        [answer] = subject.write(subject.creation(0))

        assert answer.external_id in {row[ID] for row in subject.changes(cursor)}
        return None

    def test_an_update_changes_the_named_fields_only(self, subject: Subject) -> None:
        """A patch is a patch; what is not in it stays."""
        ids = subject.create_many(2)
        before = subject.rows(*ids)
        write = subject.change(ids[0], {subject.text_field: "patched"})
        if not subject.declared.update:
            return _assert_refused(subject, write)

        [answer] = subject.write(write)

        after = subject.rows(*ids)
        assert answer.outcome == "accepted", answer.reason
        assert after[ids[1]] == before[ids[1]]
        assert _values(subject, after[ids[0]]) == {
            **_values(subject, before[ids[0]]),
            subject.text_field: subject.text("patched"),
        }
        return _assert_record_is(subject, answer)

    def test_texts_survive_writing(self, subject: Subject) -> None:
        """What the connector reads it can write."""
        for number, text in enumerate(subject.texts):
            key = subject.create(subject.example(number))
            if not subject.declared.update:
                return _assert_refused(subject, subject.change(key, {subject.text_field: text}))

            [answer] = subject.write(subject.change(key, {subject.text_field: text}))

            assert answer.outcome == "accepted", (text, answer.reason)
            assert subject.value(key) == subject.text(text)
        return None

    def test_a_field_can_be_emptied(self, subject: Subject) -> None:
        """Null in a patch clears; it does not mean "leave it"."""
        [key] = subject.create_many(1)
        subject.edit(key, {subject.text_field: "full"})
        write = subject.change(key, {subject.text_field: None})
        if not subject.declared.update:
            return _assert_refused(subject, write)

        [answer] = subject.write(write)

        assert answer.outcome == "accepted", answer.reason
        assert subject.value(key) in ({None} if subject.shows_empty else {None, ""})
        return None

    def test_a_field_can_be_filled_to_its_declared_length(self, subject: Subject) -> None:
        """A declared length is one that fits."""
        [key] = subject.create_many(1)
        length = min(subject.declared.field_lengths.get(subject.text_field, 100), 10_000)
        write = subject.change(key, {subject.text_field: "y" * length})
        if not subject.declared.update:
            return _assert_refused(subject, write)

        [answer] = subject.write(write)

        assert answer.outcome == "accepted", answer.reason
        assert subject.value(key) == subject.text("y" * length)
        return None

    def test_a_stale_write_changes_nothing_where_a_precondition_is_declared(
        self, subject: Subject
    ) -> None:
        """An edit between our read and our write is never overwritten unseen."""
        [key] = subject.create_many(1)
        write = subject.change(key, {subject.text_field: "ours"})
        subject.edit(key, {subject.text_field: "theirs"})
        if not subject.declared.update:
            return _assert_refused(subject, write)

        [answer] = subject.write(write)

        if subject.declared.precondition == "none":
            assert answer.outcome == "accepted", "refused by a precondition that is not declared"
            return None
        assert answer.outcome == "moved"
        assert subject.value(key) == subject.text("theirs")
        fresh = subject.change(key, {subject.text_field: "ours"})
        assert [answer.outcome for answer in subject.write(fresh)] == ["accepted"]
        return None

    def test_an_update_of_a_deleted_record_is_moved(self, subject: Subject) -> None:
        """A write never brings a record back."""
        ids = subject.create_many(2)
        write = subject.change(ids[0], {subject.text_field: "late"})
        subject.delete(ids[0])
        if not subject.declared.update:
            return _assert_refused(subject, write)

        [answer] = subject.write(write)

        assert answer.outcome == "moved"
        assert subject.live_ids() == [ids[1]]
        return None

    def test_an_update_of_an_unknown_record_stops_no_other(self, subject: Subject) -> None:
        """Each write of a batch has its own outcome, in the order of the batch."""
        ids = subject.create_many(2)
        writes = [subject.change(key, {subject.text_field: "patched"}) for key in ids]
        lost = replace(writes[0], token=entropy.token(), external_id=subject.unknown_id)
        if not subject.declared.update:
            return _assert_refused(subject, writes[0])

        answers = subject.write(writes[0], lost, writes[1])

        assert [answer.outcome for answer in answers] == ["accepted", "moved", "accepted"]
        assert [subject.value(key) for key in ids] == [subject.text("patched")] * 2
        return None

    def test_a_batch_creates_each_of_its_records(self, subject: Subject) -> None:
        """A batch is many writes, and each id belongs to its own."""
        writes = [subject.creation(number) for number in range(4)]
        if not subject.declared.create:
            return _assert_refused(subject, writes[0])

        answers = subject.write(*writes)

        ids = [str(answer.external_id) for answer in answers]
        rows = subject.rows(*ids)
        assert [_values_of(rows[key], w) for key, w in zip(ids, writes, strict=True)] == [
            _shown(subject, write) for write in writes
        ]
        return None

    @needs("bad")
    def test_a_bad_record_is_refused_with_a_reason_and_stops_no_other(
        self, subject: Subject
    ) -> None:
        """One bad record stops itself. Its values stay out of the reason."""
        assert subject.bad is not None
        bad = replace(subject.creation(1), patch=subject.bad)
        if not subject.declared.create:
            return _assert_refused(subject, bad)

        answers = subject.write(subject.creation(0), bad, subject.creation(2))

        assert [answer.outcome for answer in answers] == ["accepted", "refused", "accepted"]
        assert answers[1].code
        assert answers[1].reason
        told = [value for value in subject.bad.values() if value and len(value) > 3]
        assert not any(value in answers[1].reason for value in told)
        assert len(subject.live_ids()) == 2
        return None

    def test_no_write_at_all_is_no_error(self, subject: Subject) -> None:
        """An empty batch is answered by an empty list."""
        assert subject.write() == []

    def test_a_repeated_token_does_nothing_twice_where_declared(self, subject: Subject) -> None:
        """A create sent twice is one record; without tokens, two that are both owned up to."""
        write = subject.creation(0)
        if not subject.declared.create:
            return _assert_refused(subject, write)

        answers = subject.write(write) + subject.write(write)

        ids = {str(a.external_id) for a in answers if a.outcome == "accepted"}
        assert sorted(ids) == subject.live_ids()
        assert len(ids) == 1 or not subject.declared.idempotent
        return None

    def test_a_repeated_update_does_not_overwrite_what_came_between(self, subject: Subject) -> None:
        """A doubled request arrives late: people have gone on in the meantime."""
        [key] = subject.create_many(1)
        write = subject.change(key, {subject.text_field: "ours"})
        if not subject.declared.update:
            return _assert_refused(subject, write)
        subject.write(write)
        subject.edit(key, {subject.text_field: "theirs"})

        subject.write(write)

        is_safe = subject.declared.idempotent or subject.declared.precondition != "none"
        assert subject.value(key) == subject.text("theirs" if is_safe else "ours")
        return None

    def test_a_delete_is_done_where_declared_else_refused(self, subject: Subject) -> None:
        """Only what was declared is done."""
        ids = subject.create_many(2)
        write = subject.change(ids[0], kind="delete")
        if not subject.declared.delete:
            return _assert_refused(subject, write)

        [answer] = subject.write(write)

        assert answer.outcome == "accepted", answer.reason
        assert subject.row(ids[0])[GONE]
        assert subject.live_ids() == [ids[1]]
        return None

    def test_a_deactivation_is_done_where_declared_else_refused(self, subject: Subject) -> None:
        """A deactivated record is still there, or is gone; its neighbours are untouched."""
        ids = subject.create_many(2)
        before = subject.rows(*ids)
        write = subject.change(ids[0], kind="deactivate")
        if not subject.declared.deactivate:
            return _assert_refused(subject, write)

        [answer] = subject.write(write)

        assert answer.outcome == "accepted", answer.reason
        after = subject.rows(*ids)
        assert after[ids[0]] != before[ids[0]]
        assert after[ids[1]] == before[ids[1]]
        return None

    def test_the_limits_are_those_of_a_batch(self, subject: Subject) -> None:
        """The engine cuts its batches by what is declared."""
        assert subject.declared.read_rows_max >= 1
        assert subject.declared.write_rows_max >= 1
        assert subject.declared.lag_s >= 0


def _assert_refused(subject: Subject, write: Write) -> None:
    """Assert that what is not declared is refused, and not done."""
    before = subject.read()[0]
    try:
        [answer] = subject.write(write)
    except CapabilityMissingError:
        pass
    else:
        assert answer.outcome in {"refused", "moved"}
        assert answer.reason
    assert subject.read()[0] == before


def _assert_record_is(subject: Subject, answer: Answer) -> None:
    """Assert that a record that came with an answer is the one that was written."""
    if answer.record is None or answer.external_id is None:
        return
    row = subject.row(answer.external_id)
    told = {name: value for name, value in answer.record.items() if name in subject.fields}
    assert told == {name: row[name] for name in told}
    assert subject.declared.precondition != "version" or answer.version is not None


def _shown(subject: Subject, write: Write) -> dict[str, str | None]:
    return {name: subject.shown(name, value) for name, value in write.patch.items()}


def _values(subject: Subject, row: dict[str, object]) -> dict[str, object]:
    return {name: row[name] for name in subject.fields}


def _values_of(row: dict[str, object], write: Write) -> dict[str, object]:
    return {name: row[name] for name in write.patch}
