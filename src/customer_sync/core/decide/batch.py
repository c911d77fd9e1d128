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
from customer_sync.core.decide.deletion import Deletion, with_deletions
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
from customer_sync.core.identity import identifies, match_keys, resolve
from customer_sync.kernel.frames import (
    among,
    apart,
    beside,
    constant,
    empty,
    matched,
    pick,
    unless,
    where,
)
from customer_sync.model.frame import (
    ACCEPTED,
    CELLS,
    CHANGES,
    CLAIMS,
    GONE,
    LINKS,
    LIVE,
    MERGED_AWAY,
    OUT_OF_SCOPE,
    REJECTS,
)

__all__ = ["Effects", "Observation", "Snapshot", "decide"]

_CELL_KEY = ["link", "field", "element"]
_REVIEWS = {
    "kind": pl.String(), "subject": pl.String(), "customers": pl.List(pl.Int64), "detail": pl.String(),
}  # fmt: skip


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
    is_first: bool = False  # the stream is being read for the first time, as it is mapped now


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
    cells, accepted = _claimed(rules, snapshot, seen, apart(links, alone, "link"), stored, times)
    at = Deletion(
        batch=snapshot.batch, known=snapshot.links, links=links, stored=stored, said=cells,
        times=times.with_columns(pl.col("at").fill_null(snapshot.now)),
    )  # fmt: skip
    cells = with_deletions(rules, seen, at)
    known = pl.concat([apart(snapshot.links, links, "link"), links])
    retired = _retired(snapshot, links)
    touched = _touched(snapshot, links, retired)
    known = among(known, touched.to_frame("customer"), "customer")
    tied = pick(known, "link", "customer", "stream", "since")
    golden = merge(matched(_current(stored, cells), tied, "link"), rules.policies)
    after = widened(golden, rules.fields, rules.many)
    if alone.height:
        after = pl.concat([after, golden_of(alone, seen.values, rules.fields)])
    after = _with_all(after, touched, rules)
    changes, created, changed = _compared(rules, snapshot, golden, after)
    images = _images(seen, links, accepted)
    routes = route(
        rules, seen, snapshot.images, kept(snapshot.accepted, accepted), known, after,
        _moved(snapshot, seen, links, changes, created),
    )  # fmt: skip
    links = _stamped(links, routes.agreed, snapshot)
    keys_new, keys_gone = _keys(rules, snapshot, seen, links, stored)
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
    """Return when each record changed, by its source's clock but never in the future: (link, at).

    Without such a clock it changed since it was last read. At the first reading that may be years ago: null,
    older than whatever has a time, or a file without times would win over every system that has them.
    """
    at = (
        pl.col("@changed_at")
        if snapshot.is_first
        else pl.col("@changed_at").fill_null(snapshot.now)
    )
    return seen.records.select(
        "link", at=pl.when(at.is_not_null()).then(pl.min_horizontal(at, pl.lit(snapshot.now)))
    )


def _alone(snapshot: Snapshot, seen: Observation, links: pl.DataFrame) -> pl.DataFrame:
    if seen.values.height < ROWS_MIN or seen.stream.id in OWN_STREAMS:
        return pick(links, "link", "customer").clear()
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
    tied = pick(snapshot.links, "link", "customer", "state", "since", "seen")
    old = matched(unless(seen.records, "is_new"), tied, "link")
    new, doubtful = _resolved(rules, snapshot, seen)
    both = pl.concat([old, pick(new, *old.columns)]) if new.height else old
    state = (
        pl.when(pl.col("@merged_into").is_not_null()).then(MERGED_AWAY)
        .when(pl.col("@gone").fill_null(value=False)).then(GONE)
        .when(pl.col("@outside").fill_null(value=False)).then(OUT_OF_SCOPE)
        .when(pl.col("state").is_in([GONE, OUT_OF_SCOPE, MERGED_AWAY])).then(LIVE)  # there again
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
    fresh = where(seen.records, "is_new")
    doubtful = pl.DataFrame(schema={"link": pl.Int64, "customers": pl.List(pl.Int64)})
    if fresh.is_empty():
        return seen.records.clear(), doubtful
    records = among(seen.values, fresh, "link")
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
        ours = pick(where(snapshot.decided, "same"), "link", "customer")
        assigned = pl.concat([assigned, apart(ours, records, "link")])
    # A record that we made showed the golden values that were sent, from its first moment.
    marks = snapshot.sent.group_by("link").agg(mark=pl.col("mark").max())
    new = beside(matched(fresh, assigned, "link"), marks, "link")
    new = new.with_columns(
        state=pl.lit(LIVE, pl.Int32),
        # Who edits the customer itself was tied to it before, and saw what it changed.
        since=pl.col("mark").fill_null(snapshot.batch - is_own),
        seen=pl.col("mark").fill_null(0),
    )
    return new, doubtful


def _numbered(assigned: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """Give each new customer (negative number) one of the allocated ids."""
    new = pick(where(assigned, assigned["customer"] < 0), "customer")
    if new.is_empty():
        return pick(assigned, "link", "customer")
    new = new.unique().sort("customer", descending=True)
    named = new.with_columns(id=ids.head(new.height))
    return assigned.join(named, on="customer", how="left").select(
        "link", customer=pl.coalesce("id", "customer")
    )


def _followed(snapshot: Snapshot, links: pl.DataFrame, seen: Observation) -> pl.DataFrame:
    """Follow merges made in a system: the customer of a record merged away becomes the other's.

    All its records go with it, or it would live on beside the one it was merged into, and be made anew
    in the system that merged it.
    """
    if seen.records["@merged_into"].null_count() == seen.records.height:
        return links
    # The one it was merged into may be as new as the merge: then it is among these records.
    known = [
        pick(links, "external_id", "customer"),
        pick(snapshot.winners, "external_id", "customer"),
    ]
    winners = pl.concat(known).unique("external_id", keep="first", maintain_order=True)
    into = seen.records.select("link", winner="@merged_into").join(
        winners.select(winner="external_id", to="customer"), on="winner"
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
    fresh = among(pick(links, "link", "customer"), where(seen.records, "is_new"), "link")
    sent = matched(fresh, snapshot.creations, "customer")
    if sent.is_empty():
        return snapshot, seen
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
    spoken = among(seen.values, links, "link")  # the doubtful claim nothing yet
    fresh = apart(spoken, seen.before, "link")
    if fresh.height:
        nothing = pl.lit(0, pl.Int64)
        first = _beside_golden(rules, snapshot, first_cells(fresh, rules.many), links)
        parts.append(
            first.with_columns(seen=nothing, basis=_basis(snapshot), is_edit=pl.lit(value=False))
        )
    before = among(seen.before, spoken, "link")
    if before.height:
        after = among(spoken, before, "link")
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
    columns = ["link", "field", "element", "value", "seen", "basis", "is_edit"]
    said = matched(pl.concat([pick(part, *columns) for part in parts]), times, "link")
    if said["at"].null_count():
        # What was edited was edited since it was last read. Claims of one key have one time: one row.
        at = pl.col("at").fill_null(pl.when("is_edit").then(pl.lit(snapshot.now)))
        said = said.with_columns(at=at.max().over("link", "seen", "basis"))
    stamp = constant("stamp", snapshot.batch, pl.Int64(), said.height)
    return pick(said.hstack([stamp]), *CELLS), accepted


def _made(
    snapshot: Snapshot, seen: Observation, after: pl.DataFrame, changed: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what systems made of what they were sent (ACCEPTED), and what people said after all."""
    if snapshot.sent.is_empty():
        return pl.DataFrame(schema=ACCEPTED), snapshot.sent
    if not set(seen.stream.map.outward) <= set(after.columns):
        images = among(seen.records, after, "link")
        after = displayed(seen.stream, pick(images, "link", "image"))[0]
    now = after.unpivot(index="link", variable_name="field", value_name="shown")
    now = apart(now, seen.silent, ["link", "field"])
    before = seen.before.unpivot(index="link", variable_name="field", value_name="shown")
    theirs = made(snapshot.sent, snapshot.accepted, snapshot.links, now, changed)
    return theirs, said_after_all(snapshot.sent, snapshot.accepted, before, now)


def _late(snapshot: Snapshot, said: pl.DataFrame) -> pl.DataFrame:
    """Return claims of what people said of the value they were shown, understood only now."""
    batch = pl.lit(snapshot.batch, pl.Int64)
    return said.with_columns(
        element=pl.lit(""), seen=pl.min_horizontal("mark", batch - 1), basis=batch,
        is_edit=pl.lit(value=True),
    )  # fmt: skip


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
    return met.with_columns(seen=pl.min_horizontal(aware, basis - 1), basis=basis, is_edit=knowing)


def _beside_golden(
    rules: Published, snapshot: Snapshot, said: pl.DataFrame, links: pl.DataFrame
) -> pl.DataFrame:
    """Add the customer, what its link had seen, its golden value and the batch that this is of."""
    tied = pick(links, "link", "customer", "seen").rename({"seen": "had_seen"})
    met = matched(said, tied, "link")
    now = pick(snapshot.customers, "customer", *rules.fields).rename({"customer": "link"})
    golden = first_cells(now, rules.many).rename({"link": "customer", "value": "golden"})
    stamps = pick(snapshot.customers, "customer", "stamp").rename({"stamp": "golden_at"})
    return beside(beside(met, golden, ["customer", "field", "element"]), stamps, "customer")


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
    return pl.concat([apart(stored, cells, _CELL_KEY), cells])


def _superseded(snapshot: Snapshot, stored: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Return stored claims of which no cell counts any more: (link, stamp, basis, seen)."""
    key = ["link", "stamp", "basis", "seen"]
    if stored.is_empty() or cells.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(key, pl.Int64))
    mine = pick(among(snapshot.claims, cells, "link"), *key)
    left = among(apart(stored, cells, _CELL_KEY), mine, "link")
    return apart(mine, left, key)


# -- what holds -----------------------------------------------------------------------------------


def _with_all(wide: pl.DataFrame, customers: pl.Series, rules: Published) -> pl.DataFrame:
    """Add customers of whom nothing at all is said."""
    missing = apart(customers.to_frame("customer"), wide, "customer")
    if missing.is_empty():
        return wide
    return pl.concat([wide, beside(missing, wide.clear(), "customer")])


def _compared(
    rules: Published, snapshot: Snapshot, golden: pl.DataFrame, after: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return (changed cells of known customers, new customers, known customers whose row must change)."""
    before = snapshot.customers
    created = apart(after, before, "customer")
    kept = among(before, after, "customer")
    if kept.is_empty():
        return pl.DataFrame(schema=CHANGES), created, after.clear()
    fields = list(rules.fields)
    known = beside(pick(kept, "customer"), after, "customer")
    differs = differing(known, kept)
    written = differs | kept["is_edited"]
    changed = where(known, written)
    if not differs.any():
        return pl.DataFrame(schema=CHANGES), created, changed
    was = pick(where(kept, differs), "customer", *fields)
    now = pick(where(known, differs), "customer", *fields)
    cells = was.unpivot(index="customer", variable_name="field", value_name="before").with_columns(
        after=now.unpivot(index="customer")["value"]
    )
    cells = cells.filter(pl.col("before").ne_missing(pl.col("after")))
    chosen = pick(golden, "customer", "field", "link", "stamp").rename({"stamp": "claim"})
    chosen = chosen.unique(["customer", "field"])
    return pick(beside(cells, chosen, ["customer", "field"]), *CHANGES), created, changed


def _touched(snapshot: Snapshot, links: pl.DataFrame, retired: pl.DataFrame) -> pl.Series:
    """Return every customer whose golden values may change: those of the links, before and after."""
    was = among(snapshot.links, links, "link")["customer"]
    both = pl.concat([links["customer"], was]).unique()
    return both.filter(~both.is_in(retired["customer"].implode())) if retired.height else both


def _retired(snapshot: Snapshot, links: pl.DataFrame) -> pl.DataFrame:
    """Retire customers whose last record was merged away into another customer's: (customer, into)."""
    was = pick(snapshot.links, "link", "customer").rename({"customer": "was"})
    moved = matched(links, was, "link")
    moved = where(moved, moved["was"] != moved["customer"])
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
    was = pick(snapshot.links, "link", "customer", "state")
    was = was.rename({"customer": "was", "state": "was_state"})
    met = beside(pick(links, "link", "customer", "state"), was, "link")
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
    """Return the images to store; a record that is gone or out of scope keeps the last one it had."""
    shown = unless(unless(seen.records, "@gone"), "@outside")
    return among(pick(shown, "link", "image"), links, "link")


def _stamped(links: pl.DataFrame, agreed: pl.DataFrame, snapshot: Snapshot) -> pl.DataFrame:
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


def _keys(
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


def _rejects(seen: Observation, doubtful: pl.DataFrame) -> pl.DataFrame:
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


def _reviews(seen: Observation, doubtful: pl.DataFrame, golden: pl.DataFrame) -> pl.DataFrame:
    parts = [empty(_REVIEWS)]
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


def _audit(
    snapshot: Snapshot, seen: Observation, links: pl.DataFrame, cells: pl.DataFrame, changes: pl.DataFrame,
    created: pl.DataFrame, doubtful: pl.DataFrame,
) -> pl.DataFrame:  # fmt: skip
    """Return one event per record observed and one per customer whose golden values changed."""
    was = pick(snapshot.links, "link", "state", "customer")
    was = was.rename({"state": "was", "customer": "owner"})
    said = among(cells, was, "link").group_by("link")
    spoken = said.agg(fields=pl.col("field").unique().sort().str.join(","))
    is_created = (
        pl.col("customer").is_in(created["customer"].implode())
        & pl.col("customer").is_first_distinct()
    )
    records = beside(beside(links, was, "link"), spoken, "link").select(
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
    )  # fmt: skip
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
    golden = changes.group_by("customer").agg(
        fields=pl.col("field").sort().str.join(","), link=pl.col("link").first()
    )
    changed = golden.select(
        kind=pl.lit("customer.changed"), stream=pl.lit(seen.stream.id, pl.Int32), link="link", customer="customer",
        fields="fields",
    )  # fmt: skip
    return pl.concat([*parts, changed])


def _set_aside(seen: Observation) -> pl.DataFrame:
    """Return one event per record of which something was set aside."""
    faults = seen.rejects.group_by("link").agg(
        fields=pl.col("field").drop_nulls().unique().sort().str.join(",")
    )
    return faults.select(
        kind=pl.lit("record.rejected"), stream=pl.lit(seen.stream.id, pl.Int32), link="link",
        customer=pl.lit(None, pl.Int64), fields="fields",
    )  # fmt: skip
