"""What a system made of what it was sent, and what people said: told apart by sending once more."""

import polars as pl

from customer_sync.core.decide.transform import made, not_ours, said_after_all, settled
from customer_sync.model.frame import ACCEPTED, SENT

CHANGED = {
    "link": pl.Int64, "field": pl.String, "element": pl.String, "value": pl.String, "was": pl.String,
}  # fmt: skip
SHOWN = {"link": pl.Int64, "field": pl.String, "shown": pl.String}
LINKS = pl.DataFrame({"link": [1], "shown": [3]})
NOTHING = pl.DataFrame(schema=CHANGED)
NOBODY = pl.DataFrame(schema=ACCEPTED)


def _sent(value: str, *, mark: int, answered: bool | None) -> pl.DataFrame:
    row = [(1, "family_name", value, mark, answered)]
    return pl.DataFrame(row, schema=SENT, orient="row")


def _shown(value: str) -> pl.DataFrame:
    return pl.DataFrame([(1, "family_name", value)], schema=SHOWN, orient="row")


def _changed(value: str, was: str) -> pl.DataFrame:
    return pl.DataFrame([(1, "family_name", "", value, was)], schema=CHANGED, orient="row")


def _known(shown: str, *, asked: int | None, said: bool, sent: str = "Lee") -> pl.DataFrame:
    row = [(1, "family_name", sent, shown, asked, said)]
    return pl.DataFrame(row, schema=ACCEPTED, orient="row")


def test_an_answer_that_shows_the_record_is_certain() -> None:
    found = made(
        _sent("Lee", mark=4, answered=True), NOBODY, LINKS, _shown("LEE"), _changed("LEE", "King")
    )

    assert found.rows() == [(1, "family_name", "Lee", "LEE", None, False)]
    assert not_ours(_sent("Lee", mark=4, answered=True), _changed("LEE", "King")).is_empty()


def test_what_looks_alike_in_a_later_reading_is_neither_claimed_nor_accepted() -> None:
    for answered in (None, False):
        sent = _sent("Lee", mark=4, answered=answered)
        found = made(sent, NOBODY, LINKS, _shown("LEE"), _changed("LEE", "King"))

        assert found.rows() == [(1, "family_name", "Lee", "LEE", 4, True)]
        assert not_ours(sent, _changed("LEE", "King")).is_empty()


def test_what_looks_different_in_a_later_reading_is_people_s_word() -> None:
    sent = _sent("Lee", mark=4, answered=None)

    assert made(sent, NOBODY, LINKS, _shown("Ray"), _changed("Ray", "King")).is_empty()
    assert not_ours(sent, _changed("Ray", "King")).height == 1


def test_what_shows_again_after_the_value_was_sent_once_more_is_the_system_s_doing() -> None:
    doubt = _known("LEE", asked=4, said=True)
    found = made(_sent("Lee", mark=6, answered=None), doubt, LINKS, _shown("LEE"), NOTHING)

    assert found.rows() == [(1, "family_name", "Lee", "LEE", None, False)]


def test_the_same_attempt_read_twice_settles_nothing() -> None:
    doubt = _known("LEE", asked=4, said=True)
    links = pl.DataFrame({"link": [1], "shown": [5]})  # the first reading changed the image

    assert made(
        _sent("Lee", mark=4, answered=None), doubt, links, _shown("LEE"), NOTHING
    ).is_empty()
    assert said_after_all(
        _sent("Lee", mark=4, answered=None), doubt, _shown("LEE"), _shown("Lee")
    ).is_empty()


def test_what_gave_way_to_the_value_sent_once_more_was_said_by_people() -> None:
    doubt = _known("LEE", asked=4, said=True)
    sent = _sent("Lee", mark=6, answered=None)
    late = said_after_all(sent, doubt, _shown("LEE"), _shown("Lee"))

    assert late.select("link", "field", "value", "mark").rows() == [(1, "family_name", "LEE", 6)]
    after = settled(sent, doubt, NOBODY, NOTHING, late)
    assert after["asked"].to_list() == [None]  # and is not asked a third time
    assert said_after_all(sent, after, _shown("LEE"), _shown("Lee")).is_empty()


def test_a_value_that_never_moved_was_not_said_by_anybody() -> None:
    sent = _sent("Lee", mark=4, answered=None)
    doubt = made(sent, NOBODY, LINKS, _shown("LEE"), NOTHING)
    again = _sent("Lee", mark=6, answered=True)

    assert doubt.rows() == [(1, "family_name", "Lee", "LEE", 4, False)]
    assert said_after_all(again, doubt, _shown("LEE"), _shown("Lee")).is_empty()


def test_a_doubt_ends_when_people_say_something_else() -> None:
    doubt = _known("LEE", asked=4, said=True)
    after = settled(pl.DataFrame(schema=SENT), doubt, NOBODY, _changed("Ray", "LEE"), NOBODY)

    assert after["asked"].to_list() == [None]
    assert after["shown"].to_list() == ["Lee"]
