"""What is kept beside the values: images, match keys, rejects, questions for a person, audit events."""

import polars as pl

from customer_sync.core.decide.observe import Observation
from customer_sync.core.decide.published import OWN_STREAMS, Published
from customer_sync.core.decide.show import differing
from customer_sync.core.decide.snapshot import Snapshot
from customer_sync.core.decide.tie import Tied
from customer_sync.core.golden import (
    widened,
)
from customer_sync.core.identity import identifies, match_keys
from customer_sync.kernel.frames import (
    among,
    apart,
    beside,
    empty,
    pick,
    unless,
    where,
)
from customer_sync.model.frame import (
    GONE,
    LIVE,
    MERGED_AWAY,
    OUT_OF_SCOPE,
    REJECTS,
)

__all__ = ["audit", "images", "keys", "rejects", "reviews", "stamped"]

_REVIEWS = {
    "kind": pl.String(), "subject": pl.String(), "customers": pl.List(pl.Int64), "detail": pl.String(),
}  # fmt: skip


def images(seen: Observation, links: pl.DataFrame, accepted: pl.DataFrame) -> pl.DataFrame:
    """Return the images to store; a record that is gone or out of scope keeps the last one it had."""
    shown = unless(unless(seen.records, "@gone"), "@outside")
    return among(pick(shown, "link", "image"), links, "link")


def stamped(links: pl.DataFrame, agreed: pl.DataFrame, snapshot: Snapshot) -> pl.DataFrame:
    """Note what golden values each record now shows: these, or at least those last sent and answered."""
    if agreed.height:
        shows = pl.col("link").is_in(agreed["link"].implode())
        links = links.with_columns(
            seen=pl.when(shows).then(pl.lit(snapshot.batch, pl.Int64)).otherwise("seen")
        )
    answered = where(snapshot.sent, "answered")
    if answered.is_empty():
        return links
    marks = answered.group_by("link").agg(pl.col("mark").max())
    met = links.join(marks, on="link", how="left", maintain_order="left")
    return met.with_columns(seen=pl.max_horizontal("seen", "mark")).drop("mark")


def keys(
    rules: Published,
    snapshot: Snapshot,
    seen: Observation,
    links: pl.DataFrame,
    stored: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return match keys to add and to take away, by what records show now: (key, link)."""
    fresh = pick(among(where(snapshot.keys, "is_kept"), links, "link"), "key", "link")
    # In key order: neighbours of the index are written together.
    fresh = fresh.sort("key") if fresh.height > 1 else fresh
    if seen.stream.id in OWN_STREAMS:
        return fresh, fresh.clear()
    shown, known, after = _identifying(rules, seen, links, stored)
    differs = differing(after, known) | differing(after, shown)
    if not differs.any():
        return fresh, fresh.clear()
    by_image, by_word, now = (
        pick(
            match_keys(
                where(values, differs),
                rules.config.workspace.match,
                system=seen.stream.system,
                salt=rules.salt,
                external_id=None,
            ),
            "key",
            "link",
        )
        for values in (shown, known, after)
    )
    gone = apart(by_word, now, ["key", "link"])
    return pl.concat([fresh, apart(now, by_image, ["key", "link"])]), gone


def _identifying(
    rules: Published, seen: Observation, links: pl.DataFrame, stored: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return what identified known records: by their image, by what they said last too, and now.

    Three frames of the same rows, ``link`` and canonical columns. A record that shows something unreadable
    now, or nothing, of what it spoke of before, is still known by what it said.
    """
    both = pick(among(among(seen.before, links, "link"), seen.values, "link"), "link")
    names = [name for name in seen.values.columns if identifies(name)]
    shown = beside(both, pick(seen.before, "link", *names), "link")
    after = beside(both, pick(seen.values, "link", *names), "link")
    told = where(
        among(stored, both, "link"), pl.col("field").is_in(names) & pl.col("value").is_not_null()
    )
    if told.is_empty():
        return shown, shown, after
    lists = [name for name in rules.many if name in names]
    said = widened(told.rename({"link": "customer"}), names, lists).rename({"customer": "link"})
    said = beside(both, said, "link")
    known = shown.with_columns(pl.coalesce(name, said[name]).alias(name) for name in names)
    silent = where(seen.silent, pl.col("field").is_in(names))
    for (name,), cells in silent.partition_by("field", as_dict=True).items():
        is_silent = both["link"].is_in(cells["link"].implode())
        after = after.with_columns(said[str(name)].zip_with(is_silent, after[str(name)]))
    return shown, known, after


def rejects(seen: Observation, doubtful: pl.DataFrame) -> pl.DataFrame:
    """Return what is set aside: model.frame.REJECTS."""
    parts = [empty(REJECTS)]
    if seen.rejects.height:
        faults = seen.rejects.with_columns(pl.col("field").fill_null(""), stage=pl.lit("map"))
        parts.append(pick(faults, *REJECTS))
    if doubtful.height:
        held = doubtful.join(_named(seen), on="link").select(
            "external_id", field=pl.lit(""), code=pl.lit("identity_doubtful"),
            detail=pl.lit("the record may belong to more than one customer; decide its review"),
            whole=pl.lit(value=True), stage=pl.lit("resolve"),
        )  # fmt: skip
        parts.append(held)
    return pl.concat(parts)


def _named(seen: Observation) -> pl.DataFrame:
    """Return what the records observed are called: (link, external_id)."""
    return pick(seen.records, "link", "@id").rename({"@id": "external_id"})


def reviews(
    snapshot: Snapshot, seen: Observation, tied: Tied, golden: pl.DataFrame
) -> pl.DataFrame:
    """Return the questions to ask a person: kind, subject, customers, detail."""
    parts, doubtful = [empty(_REVIEWS)], tied.doubtful
    if tied.alike.height and snapshot.scored is not None:
        policy, model = snapshot.scored.policy, snapshot.scored.model
        bounds = f"asked from {policy.review:g}, joined from {policy.automatic:g}; model {model}"
        parts.append(
            tied.alike.select(
                kind=pl.lit("duplicate_customer"),
                subject=pl.format("{}/{}", "customer", "other"),
                customers=pl.concat_list("customer", "other"),
                detail=pl.format(
                    "may be one customer: score {}, {}", pl.col("score").round(3), pl.lit(bounds)
                ),
            )
        )
    if doubtful.height:
        held = doubtful.join(_named(seen), on="link").select(
            kind=pl.lit("possible_duplicate"),
            subject=pl.concat_str(pl.lit(f"{seen.stream.title}/"), "external_id"),
            customers="customers",
            detail=pl.lit("its match keys do not lead to one customer alone"),
        )
        parts.append(held)
    if golden["contested"].any():
        contested = golden.filter("contested").select(
            kind=pl.lit("conflict"),
            subject=pl.concat_str("customer", pl.lit("/"), "field"),
            customers=pl.concat_list("customer"),
            detail=pl.lit("records say different things, and the policy of this field is to ask"),
        )
        parts.append(contested)
    if seen.flags.height:
        said = seen.flags.group_by("link").agg(
            detail=pl.col("remark").unique().sort().str.join("; ")
        )
        parts.append(
            said.join(_named(seen), on="link").select(
                kind=pl.lit("flag"),
                subject=pl.concat_str(pl.lit(f"{seen.stream.title}/"), "external_id"),
                customers=pl.lit([], pl.List(pl.Int64)),
                detail="detail",
            )
        )
    return pl.concat(parts)


def audit(
    snapshot: Snapshot, seen: Observation, links: pl.DataFrame, cells: pl.DataFrame, changes: pl.DataFrame,
    created: pl.DataFrame, tied: Tied,
) -> pl.DataFrame:  # fmt: skip
    """Return one event per record observed and one per customer whose golden values changed."""
    doubtful = tied.doubtful
    was = pick(snapshot.links, "link", "state", "customer")
    was = was.rename({"state": "was", "customer": "owner"})
    said = among(cells, was, "link").group_by("link")
    spoken = said.agg(fields=pl.col("field").unique().sort().str.join(","))
    is_created = (
        pl.col("customer").is_in(created["customer"].implode())
        & pl.col("customer").is_first_distinct()
    )
    records = beside(beside(beside(links, was, "link"), spoken, "link"), tied.how, "link").select(
        kind=pl.when(pl.col("state") == GONE).then(pl.lit("record.gone"))
        .when(pl.col("state") == MERGED_AWAY).then(pl.lit("record.merged"))
        .when(pl.col("state") == OUT_OF_SCOPE).then(pl.lit("record.out_of_scope"))
        .when((pl.col("was") == OUT_OF_SCOPE) & (pl.col("state") == LIVE)).then(pl.lit("record.in_scope"))
        .when(pl.col("was").is_null() & is_created).then(pl.lit("customer.created"))
        .when(pl.col("was").is_null()).then(pl.lit("record.linked"))
        .when(pl.col("owner") != pl.col("customer")).then(pl.lit("record.moved"))
        .when(pl.lit(snapshot.answer)).then(pl.lit("record.confirmed"))
        .otherwise(pl.lit("record.changed")),
        stream="stream", link="link", customer="customer", fields="fields",
        detail=pl.when(pl.col("owner") != pl.col("customer")).then(pl.format("was {}", "owner")).otherwise("detail"),
    )  # fmt: skip
    parts = [records]
    if seen.rejects.height:
        parts.append(_set_aside(seen))
    if doubtful.height:
        held = doubtful.select("link", kind=pl.lit("record.held"), customer=pl.lit(None, pl.Int64))
        held = held.with_columns(
            stream=pl.lit(seen.stream.id, pl.Int32),
            fields=pl.lit(None, pl.String),
            detail=pl.lit(None, pl.String),
        )
        parts.append(held.select(records.columns))
    if changes.is_empty():
        return pl.concat(parts)
    golden = changes.group_by("customer").agg(
        fields=pl.col("field").sort().str.join(","), link=pl.col("link").first()
    )
    changed = golden.select(
        kind=pl.lit("customer.changed"), stream=pl.lit(seen.stream.id, pl.Int32), link="link", customer="customer",
        fields="fields", detail=pl.lit(None, pl.String),
    )  # fmt: skip
    return pl.concat([*parts, changed])


def _set_aside(seen: Observation) -> pl.DataFrame:
    """Return one event per record of which something was set aside."""
    faults = seen.rejects.group_by("link").agg(
        fields=pl.col("field").drop_nulls().unique().sort().str.join(",")
    )
    return faults.select(
        kind=pl.lit("record.rejected"), stream=pl.lit(seen.stream.id, pl.Int32), link="link",
        customer=pl.lit(None, pl.Int64), fields="fields", detail=pl.lit(None, pl.String),
    )  # fmt: skip
