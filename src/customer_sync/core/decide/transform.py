"""Tell what systems made of what they were sent from what people said.

A system may cut a value off, write it in capitals, or in another form of its own. That is not a word
of anybody: it claims nothing, and the record may keep it. An answer that shows the record as our write
left it is certain. A record that was read some time after may have been changed by people in between,
even to something that looks alike. Then nobody can say yet: nothing is claimed, nothing is accepted, and
the golden value is sent once more. What shows again is the system's doing. Where the sent value stands
after that, what stood there before was said by people, and is claimed after all.

Promises: no write of ours becomes a claim, and no word of people's is lost to a lost answer. Knows no
customer and no policy.
"""

import polars as pl

from customer_sync.core.decide.route import accepted_cells
from customer_sync.kernel.frames import among, apart, beside, empty, matched, pick, where
from customer_sync.model.frame import ACCEPTED

__all__ = ["is_cut", "kept", "made", "not_ours", "remembered", "said_after_all", "settled"]

_CELL = ["link", "field"]


def made(
    sent: pl.DataFrame,
    known: pl.DataFrame,
    links: pl.DataFrame,
    now: pl.DataFrame,
    changed: pl.DataFrame,
) -> pl.DataFrame:
    """Return what systems made, or may have made, of what they were sent: ACCEPTED.

    A field may show just what it showed before: sent "Lee" over "LEE", a system of capitals changes
    nothing, and would be sent the same for ever.

    Args:
        sent: model.frame.SENT; ``answered``: true where the answer shows the record as the write left it,
            null where it was read later, false where nothing came back yet.
        known: ACCEPTED so far.
        links: ``link`` and ``shown``, the batch in which its image last changed.
        now: (link, field, shown): what the records show, fields that are only delivered included.
        changed: (link, field, element, value, was): what the image did not show before.
    """
    other = where(matched(sent, now, _CELL), pl.col("value").ne_missing(pl.col("shown")))
    if other.is_empty():
        return empty(ACCEPTED)
    moved = changed.group_by(_CELL).agg(moved=(pl.col("element") == "").all())
    doubts = pick(_doubts(known), *_CELL, "asked", "sent", "shown")
    doubts = doubts.rename({"sent": "asked_for", "shown": "stood"})
    images = pick(links, "link", "shown").rename({"shown": "image_at"})
    met = beside(beside(beside(other, moved, _CELL), images, "link"), doubts, _CELL)
    again = (
        (pl.col("asked") < pl.col("mark"))
        & pl.col("asked_for").eq_missing(pl.col("value"))
        & pl.col("stood").eq_missing(pl.col("shown"))
    )
    is_back = pl.col("answered").fill_null(value=True)
    certain = (pl.col("answered") | (is_back & again)).fill_null(value=False)
    still = is_back & pl.col("moved").is_null() & (pl.col("image_at") <= pl.col("mark"))
    maybe = (still | (pl.col("moved") & is_cut("shown", "value"))).fill_null(value=False)
    rows = met.filter(certain | maybe).select(
        *_CELL, "shown", sent="value", asked=pl.when(~certain).then("mark"),
        said=~certain & pl.col("moved").is_not_null(),
    )  # fmt: skip
    return pick(rows, *ACCEPTED).unique(_CELL)


def not_ours(sent: pl.DataFrame, changed: pl.DataFrame) -> pl.DataFrame:
    """Take out what our own deliveries brought about.

    A value that an open or lost attempt meant to leave there is its echo. What the answer to our write
    shows in a field that was sent, other than what was sent, is what the system made of it. What looks
    like that without an answer waits until the value was sent once more.
    """
    if sent.is_empty() or changed.is_empty():
        return changed
    met = matched(changed, pick(sent, *_CELL, "value", "answered").rename({"value": "sent"}), _CELL)
    if met.is_empty():
        return changed
    echo = pl.col("sent").eq_missing(pl.col("value")) | (pl.col("element") != "") & _within_list()
    alike = is_cut("value", "sent") & (pl.col("element") == "")
    theirs = (pl.col("answered") | alike).fill_null(value=False)
    return apart(changed, met.filter(echo | theirs), [*_CELL, "element"])


def said_after_all(
    sent: pl.DataFrame, known: pl.DataFrame, before: pl.DataFrame, now: pl.DataFrame
) -> pl.DataFrame:
    """Return what turned out to be people's word: (link, field, value, mark).

    The same value was sent once more and stands now, so the system changes nothing of it.

    Args:
        sent: model.frame.SENT.
        known: ACCEPTED so far.
        before: (link, field, shown): what the image showed before.
        now: (link, field, shown): what the records show.
    """
    doubts = where(_doubts(known), "said").rename({"shown": "stood", "sent": "asked_for"})
    if doubts.is_empty() or sent.is_empty():
        return empty(
            {"link": pl.Int64(), "field": pl.String(), "value": pl.String(), "mark": pl.Int64()}
        )
    met = (
        doubts.join(sent, on=_CELL)
        .filter((pl.col("mark") > pl.col("asked")) & (pl.col("value") == pl.col("asked_for")))
        .join(now, on=_CELL)
        .filter(pl.col("shown") == pl.col("value"))
        .join(before.rename({"shown": "was"}), on=_CELL)
        .filter(pl.col("was") == pl.col("stood"))
    )
    return met.select(*_CELL, "mark", value="stood").unique(_CELL)


def settled(
    sent: pl.DataFrame, known: pl.DataFrame, fresh: pl.DataFrame, *claimed: pl.DataFrame
) -> pl.DataFrame:
    """Return ``fresh``, and the end of the doubts that a later answer or a claim has removed."""
    doubts = apart(_doubts(known), fresh, _CELL)
    if doubts.is_empty():
        return fresh
    later = sent.filter(pl.col("answered").fill_null(value=True)).select(*_CELL, "mark")
    later = doubts.join(later, on=_CELL).filter(pl.col("mark") > pl.col("asked")).select(_CELL)
    over = pl.concat([later, *(cells.select(_CELL) for cells in claimed)]).unique()
    nothing = doubts.join(over, on=_CELL, how="semi").with_columns(
        shown="sent", asked=pl.lit(None, pl.Int64), said=pl.lit(value=False)
    )
    return pl.concat([fresh, nothing])


def kept(known: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """Return the cells that a system made of what it was sent, the newest word on each."""
    if fresh.is_empty():
        return accepted_cells(known)
    return accepted_cells(pl.concat([fresh, apart(known, fresh, _CELL)]))


def remembered(known: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """Return all that records with news are remembered to have made of what they were sent."""
    return pl.concat([fresh, apart(among(known, fresh, "link"), fresh, _CELL)])


def is_cut(shown: str, sent: str) -> pl.Expr:
    """Is what is shown the value that was sent, but for capitals, outer space and its end?"""
    text = pl.col(shown).str.to_lowercase().str.strip_chars()
    return (text != "") & pl.col(sent).str.to_lowercase().str.strip_chars().str.starts_with(text)


def _doubts(known: pl.DataFrame) -> pl.DataFrame:
    is_sure = known["asked"].null_count() == known.height
    return known.clear() if is_sure else known.drop_nulls("asked")


def _within_list() -> pl.Expr:
    """Is this element's presence (or absence) what the sent list meant?"""
    quoted = pl.struct(v="element").struct.json_encode().str.slice(5).str.strip_suffix("}")
    present = pl.col("sent").str.contains(quoted, literal=True).fill_null(value=False)
    return present == pl.col("value").is_not_null()
