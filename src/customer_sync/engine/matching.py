"""Matching: compare what records say with whom the workspace knows, and score who may be the same.

Decides which records are compared: new ones and those that say something else than before, with all
who share a candidate key, and customers with each other that one record is near to. Promises that what
is kept for comparing is what the records of this transaction say. Must not decide who is the same: that
is core.decide's, by the scores.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import combinations

import polars as pl

from customer_sync.core.decide import LEDGER_STREAM, OWN_STREAMS, Published, Scored, Stream
from customer_sync.core.identity import (
    BLOCK_MAX,
    PROFILE_VERSION,
    ClusterPolicy,
    Groups,
    Model,
    candidate_keys,
    candidate_pairs,
    compared,
    packed,
    profiles,
    terms,
    unpacked,
)
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.frames import among, apart, from_json, pick, where
from customer_sync.store import matching, snapshot, views

__all__ = ["Compared", "compare_all", "compare_in", "compared_otherwise", "is_compared", "keep_in"]

RECORDS_OF_CUSTOMER_MAX = (
    ClusterPolicy(automatic=1, review=1).size_max + 1
)  # more are joined to nothing
CUSTOMERS_NEAR_MAX = (
    20  # customers that one record, or a chain of them, is near to; more are a crowd
)
CHUNK_ROWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What records that say something new say, in the form in which it is compared. packed: (link, packed)."""

    packed: pl.DataFrame
    profiles: pl.DataFrame
    keys: pl.DataFrame
    terms: pl.DataFrame
    added: pl.DataFrame  # (key, link) of candidate keys that hold from now on
    gone: pl.DataFrame
    counts: pl.DataFrame  # (term, records): how many more records carry it


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What records say, and how they compare with others: None where there is nobody like them."""

    said: Said
    scored: Scored | None = None


def is_compared(rules: Published, stream: Stream) -> bool:
    """Tell whether the records of a stream are compared with others."""
    if rules.config.workspace.match.method == "exact":
        return False
    return stream.id == LEDGER_STREAM or stream.id not in OWN_STREAMS


def compare_in(
    tx: Transaction, rules: Published, values: pl.DataFrame, known: pl.DataFrame, *, sought: pl.Series
) -> Compared:  # fmt: skip
    """Return how records compare with others, and what is to be kept of them once they are taken up.

    Args:
        tx: an absorbing transaction.
        rules: the published configuration.
        values: ``link`` and canonical columns of the records.
        known: (link, customer) of those records that have a customer already.
        sought: which of these records are to be compared with others.
    """
    said = _said(tx, rules, values)
    asking = said if sought.len() == values.height else _of(said, sought)
    if asking.packed.is_empty():
        return Compared(said=said)
    return Compared(said=said, scored=_scored(tx, rules, asking, known))


def keep_in(tx: Transaction, found: Compared) -> None:
    """Keep what records are compared by from now on."""
    said = found.said
    matching.keep(tx, said.packed, added=said.added, gone=said.gone, terms=said.counts)


def compare_all(session: Session) -> int:
    """Make every record that is known comparable, once: those of workspaces older than matching are not."""
    is_scored = session.rules.config.workspace.match.method != "exact"
    version = str(PROFILE_VERSION) if is_scored else None
    with session.db.transaction() as tx:
        if matching.filled(tx) == version:
            return 0
        snapshot.begin(tx)
        matching.forget(tx)
    done = 0
    for stream in session.rules.streams.values() if is_scored else ():
        if is_compared(session.rules, stream):
            for part in _images(session, stream):
                done += part
                session.progress(f"comparing {stream.title}", done, None)
    if version is not None:
        with session.db.transaction() as tx:
            matching.keep_filled(tx, version)
    return done


def compared_otherwise(tx: Transaction, rules: Published, values: pl.DataFrame) -> list[int]:
    """Return the records that are compared by something else than these values of theirs."""
    return _said(tx, rules, values).packed["link"].to_list()


def _images(session: Session, stream: Stream) -> Iterator[int]:
    """Keep the profiles of a stream's records as they were shown last; yield how many at a time."""
    after = ""
    while True:
        with session.db.transaction() as tx:
            snapshot.begin(tx)
            links = views.images_of(tx, stream.id, after=after, limit=CHUNK_ROWS)
            if links.is_empty():
                return
            pictured = links.filter(pl.col("image").is_not_null())
            mapped = stream.map.get(from_json(pictured["image"], stream.map.source_fields))
            values = pictured.select("link").hstack(mapped.values)
            keep_in(tx, Compared(said=_said(tx, session.rules, values)))
        after = str(links["external_id"][-1])
        yield links.height


# -- what is kept ----------------------------------------------------------------------------------


def _said(tx: Transaction, rules: Published, values: pl.DataFrame) -> Said:
    """Return what those records say that say something else than before."""
    workspace = rules.config.workspace
    found = profiles(values, region=workspace.region, match=workspace.match)
    told = found.select("link").with_columns(packed(found).alias("packed"))
    was = matching.profiles_of(tx, told["link"])
    news = apart(told, was, ["link", "packed"])
    if news.height < found.height:
        found = among(found, news, "link")
    keys = candidate_keys(found, salt=rules.salt)
    said = terms(found, salt=rules.salt)
    old = _of_now(among(was, news, "link"))
    now = pick(keys, "key", "link").unique()
    before = pick(candidate_keys(old, salt=rules.salt), "key", "link").unique()
    return Said(
        packed=news, profiles=found, keys=keys, terms=said,
        added=apart(now, before, ["key", "link"]), gone=apart(before, now, ["key", "link"]),
        counts=_counted(said, terms(old, salt=rules.salt)),
    )  # fmt: skip


def _of(said: Said, links: pl.Series) -> Said:
    """Return the same of these records alone; what is counted stays."""
    only = links.alias("link").to_frame()
    return replace(
        said, packed=among(said.packed, only, "link"), profiles=among(said.profiles, only, "link"),
        keys=among(said.keys, only, "link"), terms=among(said.terms, only, "link"),
    )  # fmt: skip


def _of_now(was: pl.DataFrame) -> pl.DataFrame:
    """Return profiles that were kept, of this version."""
    of_now = where(was, pl.col("packed").str.starts_with(f"{PROFILE_VERSION}\x1f"))
    return unpacked(of_now["packed"], of_now["link"])


def _counted(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Return by how much the carriers of each value change: (term, records)."""
    parts = [
        frame.select("link", "term").unique().select("term", records=pl.lit(sign, pl.Int64))
        for frame, sign in ((now, 1), (before, -1))
    ]
    changed = pl.concat(parts).group_by("term").agg(pl.col("records").sum())
    return changed.filter(pl.col("records") != 0)


# -- what is compared ------------------------------------------------------------------------------


@cache
def _model() -> Model:
    return Model.shipped()


def _scored(
    tx: Transaction, rules: Published, said: Said, known: pl.DataFrame
) -> Scored | None:  # fmt: skip
    """Score records against each other, and against all records of customers that share a candidate key."""
    met = matching.candidates(tx, said.keys["key"], limit=BLOCK_MAX + 1)
    # By which rule they meet is said by the keys of the records that are new.
    others = apart(met, said.packed, "link").with_columns(rule=pl.lit(None, pl.Int8))
    pairs = candidate_pairs(said.keys, pick(others, *said.keys.columns))
    if pairs.is_empty():
        return None
    ends = pl.concat([pairs["left"], pairs["right"]]).unique()
    fresh = said.packed["link"]
    asked = pl.concat(
        [ends.filter(~ends.is_in(fresh.implode())), among(known, said.packed, "link")["link"]]
    )
    members = matching.members(tx, asked, limit=RECORDS_OF_CUSTOMER_MAX)
    theirs = _of_now(apart(members, said.packed, "link"))
    found = pl.concat([said.profiles, theirs])
    told = pl.concat([said.terms, terms(theirs, salt=rules.salt)])
    counts = pl.concat([matching.carriers(tx, told["term"]), said.counts])
    counts = counts.group_by("term").agg(pl.col("records").sum())
    size = matching.size(tx) + said.packed.height
    compare = partial(compared, found=found, terms=told, counts=counts, size=size, model=_model())
    # A record that is gone still carries its candidate keys, and is like nobody.
    scores = compare(_both_in(_with_members(pairs, members, said.packed), found))
    near = _near(scores, members)
    crossed = apart(_crossed(near, members), scores, ["left", "right"])
    if crossed.height:
        scores = pl.concat([scores, compare(crossed)])
    customers = pl.Series("customer", sorted(set().union(*near)), pl.Int64)
    return Scored(
        scores=scores,
        members=pick(among(members, customers.to_frame(), "customer"), "link", "customer"),
        kept_apart=matching.kept_apart(tx, customers),
        policy=ClusterPolicy(automatic=_model().automatic, review=_model().review),
        model=_model().version,
    )


def _with_members(pairs: pl.DataFrame, members: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs, and each record with all members of every other customer that it meets: (left, right)."""
    if members.is_empty():
        return pairs
    of = pick(members, "link", "customer")
    both = pl.concat([pairs, pairs.select(left="right", right="left")])
    met = among(both, fresh.select(left="link"), "left").join(
        of.rename({"link": "right"}), on="right"
    )
    whole = met.select("left", "customer").unique().join(of, on="customer")
    every = pl.concat([pairs, _pairs(whole.select("left", right="link"))]).unique()
    one, other = of.rename({"link": "left"}), of.rename({"link": "right", "customer": "theirs"})
    owned = every.join(one, on="left", how="left").join(other, on="right", how="left")
    is_own = (pl.col("customer") == pl.col("theirs")).fill_null(value=False)
    return (
        owned.filter(~is_own & (pl.col("left") != pl.col("right")))
        .select("left", "right")
        .sort("left", "right")
    )


def _both_in(pairs: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs of which both records have a profile here."""
    links = found.select("link")
    lefts = among(pairs, links.rename({"link": "left"}), "left")
    return among(lefts, links.rename({"link": "right"}), "right")


def _pairs(met: pl.DataFrame) -> pl.DataFrame:
    """Return pairs with the smaller link on the left."""
    return met.select(
        left=pl.min_horizontal("left", "right"), right=pl.max_horizontal("left", "right")
    )


def _near(scores: pl.DataFrame, members: pl.DataFrame) -> list[set[int]]:
    """Return the customers that records, or chains of them, are near to, together."""
    customer_of = dict(zip(members["link"].to_list(), members["customer"].to_list(), strict=True))
    near = scores.filter((pl.col("score") >= _model().review) & pl.col("veto").is_null())
    groups = Groups()
    # Customers and records are numbered apart: a record below zero.
    for left, right in near.select("left", "right").iter_rows():
        groups.join(customer_of.get(left, -left), customer_of.get(right, -right))
    return [{node for node in group if node > 0} for group in groups.all()]


def _crossed(near: list[set[int]], members: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs of records of customers that one record is near to: how near are they themselves?"""
    wanted = [
        pair
        for group in near
        if len(group) <= CUSTOMERS_NEAR_MAX
        for pair in combinations(sorted(group), 2)
    ]
    schema = {"customer": pl.Int64, "other": pl.Int64}
    both = pl.DataFrame(wanted, schema=schema, orient="row")
    of = pick(members, "link", "customer")
    met = both.join(of.rename({"link": "left"}), on="customer").join(
        of.rename({"link": "right", "customer": "other"}), on="other"
    )
    return _pairs(met).unique().sort("left", "right")
