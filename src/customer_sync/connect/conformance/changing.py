"""What a connector must prove about changes: none is missed, whatever the clocks and commits do."""

import json
from dataclasses import replace

from customer_sync.connect.conformance.subject import Subject, Suite, needs
from customer_sync.connect.port import CHANGED_AT, GONE, ID, MERGED_INTO

__all__ = ["ChangingSuite"]


class ChangingSuite(Suite):
    """Reading what changed since a cursor. A stream without one shows everything, each time."""

    def test_an_edit_is_shown_since_the_cursor(self, subject: Subject) -> None:
        """What changed comes, with its new values."""
        ids = subject.create_many(3)
        _, cursor = subject.read("changes")

        subject.edit(ids[1], {subject.text_field: "edited"})

        shown = {row[ID]: row[subject.text_field] for row in subject.changes(cursor)}
        assert shown[ids[1]] == subject.text("edited")

    def test_a_new_record_is_shown_since_the_cursor(self, subject: Subject) -> None:
        """What is new comes."""
        subject.create_many(3)
        _, cursor = subject.read("changes")

        key = subject.create(subject.example(3))

        assert key in {row[ID] for row in subject.changes(cursor)}

    def test_a_cursor_taken_of_an_empty_stream_misses_nothing(self, subject: Subject) -> None:
        """The first record of a stream is a change too."""
        _, cursor = subject.read("changes")

        [key] = subject.create_many(1)

        assert [row[ID] for row in subject.changes(cursor)] == [key]

    def test_a_cursor_survives_being_kept_as_text(self, subject: Subject) -> None:
        """Another process goes on where this one stopped, in the middle of a round too."""
        ids = subject.create_many(5)
        page = subject.page("changes", limit=2)
        seen = set(page.records[ID])
        assert isinstance(page.cursor, str)
        assert "\x00" not in page.cursor, "PostgreSQL keeps no NUL in a text"
        kept = json.loads(json.dumps(page.cursor))

        connector = subject.reconnect() if subject.reconnect else subject.connector
        rows, _ = replace(subject, connector=connector).read("changes", cursor=kept, limit=2)

        assert seen | {row[ID] for row in rows} == set(ids)

    def test_nothing_new_shows_nothing_that_is_not_there(self, subject: Subject) -> None:
        """A round in which nothing happened ends, and shows at most what was shown before."""
        subject.create_many(4)
        first, cursor = subject.read("changes", limit=2)

        again, cursor = subject.read("changes", cursor=cursor, limit=2)
        third, _ = subject.read("changes", cursor=cursor, limit=2)

        assert {row[ID] for row in third} <= {row[ID] for row in again}
        known = {row[ID]: row for row in first}
        assert all(row == known[row[ID]] for row in again + third)

    def test_an_edit_while_paging_is_not_lost(self, subject: Subject) -> None:
        """A record that moves in the order of changes, before or behind the page, is shown."""
        ids = subject.create_many(6)
        page = subject.page("changes", limit=2)
        unseen = next(key for key in ids if key not in set(page.records[ID]))
        for key in (page.records[ID][0], unseen):
            subject.edit(key, {subject.text_field: "moved on"})

        rows, cursor = subject.read("changes", cursor=page.cursor, limit=2)
        again = subject.changes(cursor)

        shown = {row[ID]: row[subject.text_field] for row in [*rows, *again]}
        assert set(ids) <= {*shown, *page.records[ID]}
        assert shown[page.records[ID][0]] == shown[unseen] == subject.text("moved on")

    def test_without_a_cursor_every_round_shows_everything(self, subject: Subject) -> None:
        """A stream that cannot tell changes must not look as if nothing were there."""
        ids = subject.create_many(3)
        _, cursor = subject.read("changes")

        shown = {row[ID] for row in subject.changes(cursor)}

        assert shown <= set(ids) if subject.declared.cursor else shown == set(ids)

    @needs("pass_time")
    def test_only_the_overlap_is_shown_again(self, subject: Subject) -> None:
        """Cost follows changes: what lies before the declared lag is not read again."""
        assert subject.pass_time is not None
        old = subject.create_many(4)
        subject.pass_time(subject.declared.lag_s + 3_600)
        subject.create(subject.example(4))
        _, cursor = subject.read("changes")

        shown = {row[ID] for row in subject.changes(cursor)}

        assert bool(shown & set(old)) is not subject.declared.cursor

    @needs("stand_still")
    def test_records_of_one_instant_are_all_shown(self, subject: Subject) -> None:
        """Equal timestamps across a page border lose nothing."""
        assert subject.stand_still is not None
        with subject.stand_still():
            ids = subject.create_many(7)

        rows, _ = subject.read("changes", limit=2)

        assert {row[ID] for row in rows} == set(ids)

    @needs("stand_still")
    def test_a_change_in_the_instant_just_read_is_shown(self, subject: Subject) -> None:
        """The highest timestamp seen may get another record, and another change."""
        assert subject.stand_still is not None
        with subject.stand_still():
            [first] = subject.create_many(1)
            _, cursor = subject.read("changes")
            second = subject.create(subject.example(1))
            subject.edit(first, {subject.text_field: "edited"})
            shown = {row[ID]: row[subject.text_field] for row in subject.changes(cursor)}

        assert {first, second} <= set(shown)
        assert shown[first] == subject.text("edited")

    @needs("late_commit")
    def test_a_late_commit_is_shown(self, subject: Subject) -> None:
        """A transaction stamped before the cursor, and committed after it, is not lost."""
        assert subject.late_commit is not None
        commit = subject.late_commit(subject.example(0))
        subject.create(subject.example(1))
        _, cursor = subject.read("changes")

        key = commit()

        assert key in {row[ID] for row in subject.changes(cursor)}

    def test_a_deletion_is_seen_as_declared(self, subject: Subject) -> None:
        """A feed and a flag say it; keys lack it; and it is never an all-null record."""
        ids = subject.create_many(3)
        _, cursor = subject.read("changes")
        subject.delete(ids[1])

        shown = {row[ID]: row[GONE] for row in subject.changes(cursor)}
        keys = {row[ID] for row in subject.read("keys")[0] if not row[GONE]}

        if subject.declared.deletes in {"feed", "flag"}:
            assert shown.get(ids[1]) is True
        assert shown.get(ids[1], True) is True
        assert keys == {ids[0], ids[2]}

    def test_a_flag_stays_visible_in_the_listing(self, subject: Subject) -> None:
        """What is flagged is listed as gone; what is removed is not listed at all."""
        ids = subject.create_many(2)
        subject.delete(ids[0])

        listed = {row[ID]: row[GONE] for row in subject.read()[0]}

        flagged = {ids[0]: True} if subject.declared.deletes == "flag" else {}
        assert listed == flagged | {ids[1]: False}

    @needs("merge")
    def test_a_merged_record_is_gone_and_names_the_winner(self, subject: Subject) -> None:
        """A merge on the platform is no deletion."""
        assert subject.merge is not None
        loser, winner, _ = subject.create_many(3)
        _, cursor = subject.read("changes")
        subject.merge(loser, winner)

        rows = subject.rows(loser, winner)
        changes = {row[ID]: row for row in subject.changes(cursor)}

        assert rows[loser][GONE]
        assert rows[loser][MERGED_INTO] == winner
        assert not rows[winner][GONE]
        if subject.declared.deletes in {"feed", "flag"}:
            assert changes[loser][MERGED_INTO] == winner

    def test_an_edit_moves_changed_at_forward(self, subject: Subject) -> None:
        """The most recent value is found by the source's own time."""
        [key] = subject.create_many(1)
        before = subject.row(key)[CHANGED_AT]
        if subject.pass_time is not None:
            subject.pass_time(10)
        subject.edit(key, {subject.text_field: "edited"})

        after = subject.row(key)[CHANGED_AT]

        assert (before is None) == (after is None)
        assert before is None or after >= before
