"""Decide one batch: everything that must change because these records were observed.

The order is the data path: what the records say (claims), whose they are (identity), what holds
(golden), who must hear of it (routing). Pure: the snapshot is all it knows, the effects are all it
does. Applying the effects and deciding the same observation again yields nothing (idempotence).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from customer_sync.core.decide.alone import ROWS_MIN, alone_links, claims_of, golden_of
from customer_sync.core.decide.observe import Observation, displayed
from customer_sync.core.decide.published import OWN_STREAMS, STEWARD_STREAM, Published
from customer_sync.core.decide.route import Routes, route
from customer_sync.core.decide.show import differing
from customer_sync.core.decide.transform import (
    is_cut,
    kept,
    made,
    not_ours,
    remembered,
    said_after_all,
    settled,
)
from customer_sync.core.golden import (
    changed_cells,
    current_cells,
    first_cells,
    merge,
    packed,
    widened,
)
from customer_sync.core.identity import match_keys, resolve
from customer_sync.model.frame import (
    ACCEPTED,
    CELLS,
    CHANGES,
    CLAIMS,
    GONE,
    LINKS,
    LIVE,
    MERGED_AWAY,
)

__all__ = ["Effects", "Observation", "Snapshot", "decide"]

_CELL_KEY = ["link", "field", "element"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that a decision may look at, as one transaction saw it.

    links, images, claims: of every customer that may be touched. customers: ``customer``, ``stamp``,
    ``is_edited`` and the golden values before. keys: (link, kind, key) of the new records. candidates,
    decided: see core.identity. sent: model.frame.SENT. accepted: model.frame.ACCEPTED.
    """

    batch: int
    now: datetime
    links: pl.DataFrame
    images: pl.DataFrame
    claims: pl.DataFrame
    customers: pl.DataFrame
    keys: pl.DataFrame
    candidates: pl.DataFrame
    decided: pl.DataFrame
    sent: pl.DataFrame
    accepted: pl.DataFrame
    creations: pl.DataFrame  # (customer, field, value, mark, is_lost) sent to be created here
    winners: (
        pl.DataFrame
    )  # (link, external_id, customer) of records that observed ones were merged into
    customer_ids: pl.Series
    answer: bool = False  # the records are what answers to our own writes showed


@dataclass(slots=True, kw_only=True)
class Effects:
    """Everything that must change. Frames; none of them orders anything."""

    links: pl.DataFrame
    images: pl.DataFrame
    accepted: pl.DataFrame
    claims: pl.DataFrame
    superseded: pl.DataFrame
    customers_new: pl.DataFrame
    customers_changed: pl.DataFrame
    retired: pl.DataFrame
    changes: pl.DataFrame
    keys_new: pl.DataFrame
    keys_gone: pl.DataFrame
    rejects: pl.DataFrame
    reviews: pl.DataFrame
    routes: Routes
    audit: pl.DataFrame
    counts: Mapping[str, int] = field(default_factory=dict)


def decide(rules: Published, snapshot: Snapshot, seen: Observation) -> Effects:
    """Compute the effects of one observation of one stream."""
    links, doubtful = _linked(rules, snapshot, seen)
    snapshot, seen = _recognised(snapshot, seen, links)
    stored = current_cells(snapshot.claims, rules.fields, rules.many)
    times = _times(snapshot, seen)
    alone = _alone(snapshot, seen, links)
    cells, accepted = _claimed(
        rules, snapshot, seen, links.join(alone, on="link", how="anti"), stored, times
    )
    known = pl.concat(
        [snapshot.links.filter(~pl.col("link").is_in(links["link"].implode())), links]
    )
    retired = _retired(snapshot, links)
    touched = _touched(snapshot, links, retired)
    known = known.filter(pl.col("customer").is_in(touched.implode()))
    current = _current(stored, cells)
    golden = merge(
        current.join(known.select("link", "customer", "stream", "since"), on="link"), rules.policies
    )
    after = widened(golden, rules.fields, rules.many)
    if alone.height:
        after = pl.concat([after, golden_of(alone, seen.values, rules.fields)])
    after = _with_all(after, touched, rules)
    changes, created, changed = _compared(rules, snapshot, golden, after)
    images = _images(seen, links, accepted)
    routes = route(
        rules, seen, snapshot.images.select("link", "image"), kept(snapshot.accepted, accepted), known, after,
        _moved(snapshot, seen, links, changes, created),
    )  # fmt: skip
    links = _stamped(links, routes.agreed, snapshot)
    keys_new, keys_gone = _keys(rules, snapshot, seen, links)
    return Effects(
        links=links,
        images=images,
        accepted=remembered(snapshot.accepted, accepted),
        claims=_packed(rules, snapshot, seen, cells, alone, times),
        superseded=_superseded(snapshot, stored, cells),
        customers_new=created,
        customers_changed=changed,
        retired=retired,
        changes=changes,
        keys_new=keys_new,
        keys_gone=keys_gone,
        rejects=_rejects(seen, doubtful),
        reviews=_reviews(seen, doubtful, golden),
        routes=routes,
        audit=_audit(snapshot, seen, links, cells, changes, created, doubtful),
        counts={"observed": seen.records.height, "created": created.height, "changed": changed.height,
                "claims": cells.height + alone.height, "rejects": seen.rejects.height, "doubtful": doubtful.height},
    )  # fmt: skip


def _times(snapshot: Snapshot, seen: Observation) -> pl.DataFrame:
    """Return when each record changed, by its source's clock but never in the future: (link, at)."""
    now = pl.lit(snapshot.now)
    at = pl.min_horizontal(pl.col("@changed_at").fill_null(now), now)
    return seen.records.select("link", at=at)


def _alone(snapshot: Snapshot, seen: Observation, links: pl.DataFrame) -> pl.DataFrame:
    if seen.values.height < ROWS_MIN or seen.stream.id in OWN_STREAMS:
        return links.select("link", "customer").clear()
    return alone_links(links, snapshot.customers, seen.values, seen.before.select("link"))


def _packed(
    rules: Published, snapshot: Snapshot, seen: Observation, cells: pl.DataFrame, alone: pl.DataFrame,
    times: pl.DataFrame,
) -> pl.DataFrame:  # fmt: skip
    parts = [pl.DataFrame(schema=CLAIMS)]
    if cells.height:
        parts.append(packed(cells, rules.fields, rules.many))
    if alone.height:
        parts.append(claims_of(alone, seen.values, times, rules.fields, batch=snapshot.batch))
    return pl.concat(parts)


# -- whose they are -------------------------------------------------------------------------------


def _linked(
    rules: Published, snapshot: Snapshot, seen: Observation
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the links as they are after this observation, and the new records held for a review."""
    old = seen.records.filter(~pl.col("is_new")).join(
        snapshot.links.select("link", "customer", "state", "since", "seen"), on="link"
    )
    new, doubtful = _resolved(rules, snapshot, seen)
    both = pl.concat([old, new.select(old.columns)]) if new.height else old
    state = (
        pl.when(pl.col("@merged_into").is_not_null()).then(MERGED_AWAY)
        .when(pl.col("@gone").fill_null(value=False)).then(GONE)
        .when(pl.col("state").is_in([GONE, MERGED_AWAY])).then(LIVE)  # it is there again
        .otherwise(pl.col("state"))
    )  # fmt: skip
    links = both.with_columns(
        state=state.cast(pl.Int32), shown=pl.lit(snapshot.batch, pl.Int64), stream=pl.lit(seen.stream.id, pl.Int32)
    ).select(
        "link", "stream", external_id="@id", customer="customer", state="state", since="since", seen="seen",
        shown="shown", digest="digest", version="@version", changed_at="@changed_at",
    )  # fmt: skip
    return _followed(snapshot, links, seen).cast(LINKS), doubtful  # type: ignore[arg-type]


def _resolved(
    rules: Published, snapshot: Snapshot, seen: Observation
) -> tuple[pl.DataFrame, pl.DataFrame]:
    fresh = seen.records.filter("is_new")
    doubtful = pl.DataFrame(schema={"link": pl.Int64, "customers": pl.List(pl.Int64)})
    if fresh.is_empty():
        return seen.records.clear(), doubtful
    records = seen.values.filter(pl.col("link").is_in(fresh["link"].implode()))
    is_own = seen.stream.id in OWN_STREAMS
    if is_own:  # a row of the customer table, or a word on it, is its own customer
        assigned = fresh.select("link", customer=pl.col("@id").cast(pl.Int64))
    else:
        found = resolve(
            records, snapshot.keys, snapshot.candidates, decided=snapshot.decided,
            shared_max=rules.config.workspace.match.shared_max,
        )  # fmt: skip
        assigned, doubtful = _numbered(found.assigned, snapshot.customer_ids), found.doubtful
        # What we made, and people deleted before anybody saw it, shows nothing to be recognised by.
        ours = snapshot.decided.filter("same").select("link", "customer")
        assigned = pl.concat([assigned, ours.join(records, on="link", how="anti")])
    # A record that we made showed the golden values that were sent, from its first moment.
    marks = snapshot.sent.group_by("link").agg(mark=pl.col("mark").max())
    new = fresh.join(assigned, on="link").join(marks, on="link", how="left")
    new = new.with_columns(
        state=pl.lit(LIVE, pl.Int32),
        # Who edits the customer itself was tied to it before, and saw what it changed.
        since=pl.col("mark").fill_null(snapshot.batch - is_own),
        seen=pl.col("mark").fill_null(0),
    )
    return new, doubtful


def _numbered(assigned: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """Give each new customer (negative number) one of the allocated ids."""
    new = (
        assigned.filter(pl.col("customer") < 0)
        .select("customer")
        .unique()
        .sort("customer", descending=True)
    )
    named = new.with_columns(id=ids.head(new.height))
    return assigned.join(named, on="customer", how="left").select(
        "link", customer=pl.coalesce("id", "customer")
    )


def _followed(snapshot: Snapshot, links: pl.DataFrame, seen: Observation) -> pl.DataFrame:
    """Follow merges made in a system: the customer of a record merged away becomes the other's.

    All its records go with it, or it would live on beside the one it was merged into, and be made anew
    in the system that merged it.
    """
    if (
        seen.records["@merged_into"].null_count() == seen.records.height
        or snapshot.winners.is_empty()
    ):
        return links
    into = seen.records.select("link", winner="@merged_into").join(
        snapshot.winners.select(winner="external_id", to="customer"), on="winner"
    )
    pairs = links.select("link", "customer").join(into, on="link").select("customer", "to")
    goes = _ends({was: to for was, to in pairs.rows() if was != to})
    if not goes:
        return links
    rest = snapshot.links.filter(pl.col("customer").is_in(list(goes))).join(
        links, on="link", how="anti"
    )
    both = pl.concat([links, rest.select(links.columns).cast(dict(links.schema))])  # type: ignore[arg-type]
    to = pl.col("customer").replace(goes)
    since = (
        pl.when(to != pl.col("customer")).then(pl.lit(snapshot.batch, pl.Int64)).otherwise("since")
    )
    return both.with_columns(since=since, customer=to)


def _ends(goes: dict[int, int]) -> dict[int, int]:
    """Follow chains of merges to their end; a circle ends where it began."""
    ends = {}
    for was, to in goes.items():
        met = {was}
        while to in goes and to not in met:
            met.add(to)
            to = goes[to]  # noqa: PLW2901 - the next step of the chain
        ends[was] = to
    return {was: to for was, to in ends.items() if was != to}


def _recognised(
    snapshot: Snapshot, seen: Observation, links: pl.DataFrame
) -> tuple[Snapshot, Observation]:
    """Recognise records that a creation of ours brought about whose answer was lost, or that was done twice.

    Such a record is new to us, but what it shows is what was sent: it showed nothing before.
    """
    if snapshot.creations.is_empty():
        return snapshot, seen
    fresh = links.select("link", "customer").join(
        seen.records.filter("is_new"), on="link", how="semi"
    )
    sent = fresh.join(snapshot.creations, on="customer")
    # One that is surely there already was done twice only if this record shows all that was sent.
    now = seen.values.unpivot(index="link", variable_name="field", value_name="shown")
    meant = sent.filter(~pl.col("is_lost") & pl.col("value").is_not_null())
    other = meant.join(now, on=["link", "field"]).filter(
        (pl.col("value") != pl.col("shown").fill_null(""))
        & ~is_cut("shown", "value").fill_null(value=False)
    )
    sent = sent.join(other.select("link"), on="link", how="anti")
    ours = sent.select("link").unique()
    if ours.is_empty():
        return snapshot, seen
    sent = sent.select("link", "field", "value", "mark", answered=pl.lit(None, pl.Boolean))
    nothing = [
        pl.lit(None, pl.String).alias(name) for name in seen.values.columns if name != "link"
    ]
    blank = ours.select("link", *nothing)
    before = pl.concat([seen.before.select(blank.columns), blank])
    return replace(snapshot, sent=pl.concat([snapshot.sent, sent])), replace(seen, before=before)


# -- what they say --------------------------------------------------------------------------------


def _claimed(
    rules: Published,
    snapshot: Snapshot,
    seen: Observation,
    links: pl.DataFrame,
    stored: pl.DataFrame,
    times: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the new claims as CELLS, and the transformations accepted: model.frame.ACCEPTED."""
    parts = []
    accepted = pl.DataFrame(schema=ACCEPTED)
    spoken = seen.values.join(
        links.select("link"), on="link", how="semi"
    )  # the doubtful claim nothing yet
    fresh = spoken.join(seen.before.select("link"), on="link", how="anti")
    if fresh.height:
        nothing = pl.lit(0, pl.Int64)
        first = _beside_golden(rules, snapshot, first_cells(fresh, rules.many), links)
        parts.append(first.with_columns(seen=nothing, basis=_basis(snapshot)))
    before = seen.before.join(spoken.select("link"), on="link", how="semi")
    if before.height:
        after = spoken.join(before.select("link"), on="link", how="semi")
        changed = changed_cells(before, after, seen.silent, rules.many)
        accepted, late = _made(snapshot, seen, after, changed)
        changed = not_ours(snapshot.sent, changed)
        accepted = settled(snapshot.sent, snapshot.accepted, accepted, changed, late)
        if late.height:
            parts.append(_late(snapshot, late))
        if changed.height:
            parts.append(_based(rules, snapshot, seen, changed, links, stored))
    if not parts:
        return pl.DataFrame(schema=CELLS), accepted
    columns = ["link", "field", "element", "value", "seen", "basis"]
    said = pl.concat([part.lazy().select(columns) for part in parts]).join(times.lazy(), on="link")
    stamped = said.with_columns(stamp=pl.lit(snapshot.batch, pl.Int64))
    return stamped.select(list(CELLS)).collect(), accepted


def _made(
    snapshot: Snapshot, seen: Observation, after: pl.DataFrame, changed: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what systems made of what they were sent (ACCEPTED), and what people said after all."""
    if snapshot.sent.is_empty():
        return pl.DataFrame(schema=ACCEPTED), snapshot.sent
    if not set(seen.stream.map.outward) <= set(after.columns):
        images = seen.records.join(after.select("link"), on="link", how="semi")
        after = displayed(seen.stream, images.select("link", "image"))[0]
    now = after.unpivot(index="link", variable_name="field", value_name="shown").join(
        seen.silent, on=["link", "field"], how="anti"
    )
    before = seen.before.unpivot(index="link", variable_name="field", value_name="shown")
    theirs = made(snapshot.sent, snapshot.accepted, snapshot.links, now, changed)
    return theirs, said_after_all(snapshot.sent, snapshot.accepted, before, now)


def _late(snapshot: Snapshot, said: pl.DataFrame) -> pl.DataFrame:
    """Return claims of what people said of the value they were shown, understood only now."""
    batch = pl.lit(snapshot.batch, pl.Int64)
    return said.with_columns(
        element=pl.lit(""), seen=pl.min_horizontal("mark", batch - 1), basis=batch
    )


def _based(
    rules: Published,
    snapshot: Snapshot,
    seen: Observation,
    changed: pl.DataFrame,
    links: pl.DataFrame,
    stored: pl.DataFrame,
) -> pl.DataFrame:
    """Say what each change had seen, and which golden values it stands for."""
    met = _beside_golden(rules, snapshot, changed, links)
    spoke = stored.select(*_CELL_KEY, spoke=pl.lit(value=True))
    met = met.join(spoke, on=_CELL_KEY, how="left")
    # A field mapped only now, or never spoken of before, was not changed knowingly: it had seen nothing.
    knowing = pl.col("was").is_not_null() | pl.col("spoke").fill_null(value=False)
    made_by_us = seen.records.filter(pl.col("is_new") & pl.lit(snapshot.answer))["link"]
    knowing = knowing | pl.col("link").is_in(made_by_us.implode())
    # A steward decides knowingly, and anew even when confirming what holds.
    is_decided = seen.stream.id == STEWARD_STREAM
    knowing = knowing | pl.lit(is_decided)
    had_seen = (
        pl.lit(snapshot.batch - 1, pl.Int64)
        if seen.stream.id in OWN_STREAMS
        else pl.col("had_seen")
    )
    inward_only = ~pl.col("field").is_in(list(seen.stream.map.outward))
    aware = pl.when(knowing & ~inward_only).then(had_seen).otherwise(pl.lit(0, pl.Int64))
    basis = pl.lit(snapshot.batch, pl.Int64) if is_decided else _basis(snapshot)
    # A claim that came to agree late may have seen what it stands for: it must not override itself.
    return met.with_columns(seen=pl.min_horizontal(aware, basis - 1), basis=basis)


def _beside_golden(
    rules: Published, snapshot: Snapshot, said: pl.DataFrame, links: pl.DataFrame
) -> pl.DataFrame:
    """Add the customer, what its link had seen, its golden value and the batch that this is of."""
    met = said.join(links.select("link", "customer", had_seen="seen"), on="link")
    golden = first_cells(
        snapshot.customers.select(pl.col("customer").alias("link"), *rules.fields), rules.many
    ).rename({"link": "customer", "value": "golden"})
    met = met.join(golden, on=["customer", "field", "element"], how="left", maintain_order="left")
    return met.join(
        snapshot.customers.select("customer", golden_at="stamp"), on="customer", how="left"
    )


def _basis(snapshot: Snapshot) -> pl.Expr:
    """Which golden values does a claim stand for: those it came to agree with, else this batch's.

    A new record that shows what holds already (our own creation among them, read before its answer)
    adds no word: who saw that value and changed it has changed this one's too.
    """
    now = pl.lit(snapshot.batch, pl.Int64)
    agrees = pl.col("value").eq_missing(pl.col("golden")) & pl.col("golden_at").is_not_null()
    return pl.when(agrees).then(pl.min_horizontal("golden_at", now)).otherwise(now)


def _current(stored: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Return all present cells, the new ones in the place of those they replace."""
    if stored.is_empty() or cells.is_empty():
        return pl.concat([stored, cells])
    return pl.concat([stored.join(cells.select(_CELL_KEY), on=_CELL_KEY, how="anti"), cells])


def _superseded(snapshot: Snapshot, stored: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Return stored claims of which no cell counts any more: (link, stamp, basis, seen)."""
    key = ["link", "stamp", "basis", "seen"]
    if stored.is_empty() or cells.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(key, pl.Int64))
    mine = (
        snapshot.claims.lazy()
        .join(cells.lazy().select("link").unique(), on="link", how="semi")
        .select(key)
    )
    left = stored.lazy().join(cells.lazy().select(_CELL_KEY), on=_CELL_KEY, how="anti")
    return mine.join(left.select(key).unique(), on=key, how="anti").collect()


# -- what holds -----------------------------------------------------------------------------------


def _with_all(wide: pl.DataFrame, customers: pl.Series, rules: Published) -> pl.DataFrame:
    """Add customers of whom nothing at all is said."""
    missing = customers.filter(~customers.is_in(wide["customer"].implode()))
    if missing.is_empty():
        return wide
    blank = pl.DataFrame({"customer": missing}).with_columns(
        [pl.lit(None, pl.String).alias(name) for name in rules.fields]
    )
    return pl.concat([wide, blank.select(wide.columns)])


def _compared(
    rules: Published, snapshot: Snapshot, golden: pl.DataFrame, after: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return (changed cells of known customers, new customers, known customers whose row must change)."""
    before = snapshot.customers
    created = after.join(before.select("customer"), on="customer", how="anti")
    kept = before.join(after.select("customer"), on="customer", how="semi")
    if kept.is_empty():
        return pl.DataFrame(schema=CHANGES), created, after.clear()
    fields = list(rules.fields)
    known = kept.select("customer").join(after, on="customer", how="left", maintain_order="left")
    differs = differing(known.select("customer", *fields).rename({"customer": "link"}), kept)
    changed = known.filter(differs | kept["is_edited"])
    if not differs.any():
        return pl.DataFrame(schema=CHANGES), created, changed
    was = kept.filter(differs).select("customer", *fields)
    now = known.filter(differs).select("customer", *fields)
    cells = was.unpivot(index="customer", variable_name="field", value_name="before").with_columns(
        after=now.unpivot(index="customer")["value"]
    )
    cells = cells.filter(pl.col("before").ne_missing(pl.col("after")))
    chosen = golden.select("customer", "field", "link", claim="stamp").unique(["customer", "field"])
    cells = cells.join(chosen, on=["customer", "field"], how="left")
    return cells.select(list(CHANGES)), created, changed


def _touched(snapshot: Snapshot, links: pl.DataFrame, retired: pl.DataFrame) -> pl.Series:
    """Return every customer whose golden values may change: those of the links, before and after."""
    was = snapshot.links.join(links.select("link"), on="link", how="semi")["customer"]
    both = pl.concat([links["customer"], was]).unique()
    return both.filter(~both.is_in(retired["customer"].implode())) if retired.height else both


def _retired(snapshot: Snapshot, links: pl.DataFrame) -> pl.DataFrame:
    """Retire customers whose last record was merged away into another customer's: (customer, into)."""
    moved = links.join(snapshot.links.select("link", was="customer"), on="link").filter(
        pl.col("was") != pl.col("customer")
    )
    none = pl.DataFrame(schema={"customer": pl.Int64, "into": pl.Int64})
    if moved.is_empty():
        return none
    now = pl.concat([snapshot.links.join(links, on="link", how="anti"), links])
    still = now.filter(pl.col("state") == LIVE)["customer"]
    left = moved.filter(~pl.col("was").is_in(still.implode()))
    return left.select(customer="was", into="customer").unique("customer")


def _moved(
    snapshot: Snapshot,
    seen: Observation,
    links: pl.DataFrame,
    changes: pl.DataFrame,
    created: pl.DataFrame,
) -> pl.Series:
    """Return the customers whose golden values or links changed."""
    was = snapshot.links.select("link", was="customer", was_state="state")
    met = links.select("link", "customer", "state").join(was, on="link", how="left")
    other = (
        pl.col("was").is_null()
        | (pl.col("was") != pl.col("customer"))
        | (pl.col("state") != pl.col("was_state"))
    )
    relinked = met.filter(other)
    parts = [changes["customer"], created["customer"], relinked["customer"], relinked["was"]]
    return pl.concat(parts).drop_nulls().unique()


# -- what is kept ---------------------------------------------------------------------------------


def _images(seen: Observation, links: pl.DataFrame, accepted: pl.DataFrame) -> pl.DataFrame:
    """Return the images to store; a record that is gone keeps the last one it had."""
    shown = seen.records.filter(~pl.col("@gone").fill_null(value=False)).select("link", "image")
    return shown.filter(pl.col("link").is_in(links["link"].implode()))


def _stamped(links: pl.DataFrame, agreed: pl.DataFrame, snapshot: Snapshot) -> pl.DataFrame:
    """Note what golden values each record now shows: these, or at least those last sent and answered."""
    shows = pl.col("link").is_in(agreed["link"].implode())
    links = links.with_columns(
        seen=pl.when(shows).then(pl.lit(snapshot.batch, pl.Int64)).otherwise("seen")
    )
    marks = snapshot.sent.filter("answered").group_by("link").agg(pl.col("mark").max())
    if marks.is_empty():
        return links
    met = links.join(marks, on="link", how="left", maintain_order="left")
    return met.with_columns(seen=pl.max_horizontal("seen", "mark")).drop("mark")


def _keys(
    rules: Published, snapshot: Snapshot, seen: Observation, links: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return match keys to add and to take away, by what records show now: (key, link)."""
    fresh = snapshot.keys.filter("is_kept").join(links.select("link"), on="link", how="semi")
    # In key order: neighbours of the index are written together.
    fresh = fresh.select("key", "link").sort("key")
    if seen.stream.id in OWN_STREAMS:
        return fresh, fresh.clear()
    both = seen.before.join(links.select("link"), on="link", how="semi").select("link")
    both = both.join(seen.values.select("link"), on="link", how="semi")
    before = both.join(seen.before, on="link", maintain_order="left")
    after = both.join(seen.values, on="link", maintain_order="left")
    if not differing(after, before).any():
        return fresh, fresh.clear()
    old, new = (
        match_keys(
            values,
            rules.config.workspace.match,
            system=seen.stream.system,
            salt=rules.salt,
            external_id=None,
        ).select("key", "link")
        for values in (before, after)
    )
    gone = old.join(new, on=["key", "link"], how="anti")
    return pl.concat([fresh, new.join(old, on=["key", "link"], how="anti")]), gone


def _rejects(seen: Observation, doubtful: pl.DataFrame) -> pl.DataFrame:
    faults = seen.rejects.select(
        "external_id", pl.col("field").fill_null(""), "code", "detail", "whole", stage=pl.lit("map")
    )
    held = doubtful.join(seen.records.select("link", external_id="@id"), on="link").select(
        "external_id", field=pl.lit(""), code=pl.lit("identity_doubtful"),
        detail=pl.lit("the record may belong to more than one customer; decide its review"),
        whole=pl.lit(value=True), stage=pl.lit("resolve"),
    )  # fmt: skip
    return pl.concat([faults, held])


def _reviews(seen: Observation, doubtful: pl.DataFrame, golden: pl.DataFrame) -> pl.DataFrame:
    held = doubtful.join(seen.records.select("link", external_id="@id"), on="link").select(
        kind=pl.lit("possible_duplicate"),
        subject=pl.concat_str(pl.lit(f"{seen.stream.title}/"), "external_id"),
        customers="customers",
        detail=pl.lit("its match keys do not lead to one customer alone"),
    )
    contested = golden.filter("contested").select(
        kind=pl.lit("conflict"),
        subject=pl.concat_str("customer", pl.lit("/"), "field"),
        customers=pl.concat_list("customer"),
        detail=pl.lit("records say different things, and the policy of this field is to ask"),
    )
    parts = [held, contested]
    if seen.flags.height:
        said = seen.flags.group_by("link").agg(
            detail=pl.col("remark").unique().sort().str.join("; ")
        )
        parts.append(
            said.join(seen.records.select("link", external_id="@id"), on="link").select(
                kind=pl.lit("flag"),
                subject=pl.concat_str(pl.lit(f"{seen.stream.title}/"), "external_id"),
                customers=pl.lit([], pl.List(pl.Int64)),
                detail="detail",
            )
        )
    return pl.concat(parts)


def _audit(
    snapshot: Snapshot, seen: Observation, links: pl.DataFrame, cells: pl.DataFrame, changes: pl.DataFrame,
    created: pl.DataFrame, doubtful: pl.DataFrame,
) -> pl.DataFrame:  # fmt: skip
    """Return one event per record observed and one per customer whose golden values changed."""
    was = snapshot.links.lazy().select("link", was="state", owner="customer")
    said = cells.lazy().join(was, on="link", how="semi")
    said = said.group_by("link").agg(fields=pl.col("field").unique().sort().str.join(","))
    is_created = (
        pl.col("customer").is_in(created["customer"].implode())
        & pl.col("customer").is_first_distinct()
    )
    records = links.lazy().join(was, on="link", how="left").join(said, on="link", how="left").select(
        kind=pl.when(pl.col("state") == GONE).then(pl.lit("record.gone"))
        .when(pl.col("state") == MERGED_AWAY).then(pl.lit("record.merged"))
        .when(pl.col("was").is_null() & is_created).then(pl.lit("customer.created"))
        .when(pl.col("was").is_null()).then(pl.lit("record.linked"))
        .when(pl.col("owner") != pl.col("customer")).then(pl.lit("record.moved"))
        .when(pl.lit(snapshot.answer)).then(pl.lit("record.confirmed"))
        .otherwise(pl.lit("record.changed")),
        stream="stream", link="link", customer="customer", fields="fields",
    ).collect()  # fmt: skip
    parts = [records]
    if seen.rejects.height:
        parts.append(_set_aside(seen))
    if doubtful.height:
        held = doubtful.select("link", kind=pl.lit("record.held"), customer=pl.lit(None, pl.Int64))
        held = held.with_columns(
            stream=pl.lit(seen.stream.id, pl.Int32), fields=pl.lit(None, pl.String)
        )
        parts.append(held.select(records.columns))
    if changes.is_empty():
        return pl.concat(parts)
    golden = (
        changes.lazy()
        .group_by("customer")
        .agg(fields=pl.col("field").sort().str.join(","), link=pl.col("link").first())
    )
    changed = golden.select(
        kind=pl.lit("customer.changed"), stream=pl.lit(seen.stream.id, pl.Int32), link="link", customer="customer",
        fields="fields",
    )  # fmt: skip
    return pl.concat([*parts, changed.collect()])


def _set_aside(seen: Observation) -> pl.DataFrame:
    """Return one event per record of which something was set aside."""
    faults = seen.rejects.group_by("link").agg(
        fields=pl.col("field").drop_nulls().unique().sort().str.join(",")
    )
    return faults.select(
        kind=pl.lit("record.rejected"), stream=pl.lit(seen.stream.id, pl.Int32), link="link",
        customer=pl.lit(None, pl.Int64), fields="fields",
    )  # fmt: skip
