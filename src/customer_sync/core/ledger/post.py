"""Posting: what becomes of documents as they were observed, given what stands of them.

Level-triggered, as everything here: a document's latest acceptable content is what the ledger holds of
it. What says nothing new posts nothing; what changed is reversed and posted anew, with references; what
was withdrawn is reversed. Promises balanced entries dated in open periods only, numbers that do not
depend on the order of the rows, and that no fault of one document touches another. Must not know
customers, only parties; what pays for what is settled elsewhere.
"""

from dataclasses import dataclass, replace

import polars as pl

from customer_sync.core.ledger.entry import entries, entry_lines, numbered, reversals, schedules
from customer_sync.core.ledger.judge import faults, judged
from customer_sync.core.ledger.money import unit_e4
from customer_sync.core.ledger.rule import Calendar, Rules
from customer_sync.kernel.frames import digest, empty
from customer_sync.model.document import (
    DOCUMENT_EVENTS,
    DOCUMENT_OUTCOMES,
    DOCUMENT_REJECTS,
    ITEMS,
    LINES,
    POSTINGS,
)

__all__ = ["Posted", "Standing", "post"]

# What is part of a document's content: when any of it changes, it is posted anew.
_CONTENT = [
    "type", "rule", "party", "date", "currency", "rate_e12", "total_e4", "net_e4", "tax_e4", "discount_e4",
    "shipping_e4", "fee_e4", "prices_include_tax", "service_start", "service_end", "processor", "lines_digest",
]  # fmt: skip
_LINE_CONTENT = [name for name in LINES if name != "document"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands of the documents observed: outcomes, and every live entry of theirs but allocations."""

    outcomes: pl.DataFrame  # STANDING
    entries: pl.DataFrame  # ENTRIES of kinds post and recognise that nothing reversed
    postings: pl.DataFrame  # POSTINGS of those entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What posting changes; entries are numbered from 0."""

    outcomes: pl.DataFrame  # DOCUMENT_OUTCOMES
    entries: pl.DataFrame  # ENTRIES
    postings: pl.DataFrame  # POSTINGS
    schedules: pl.DataFrame  # SCHEDULES
    items: pl.DataFrame  # ITEMS of what was posted, without customer
    withdrawn: pl.DataFrame  # document: reversed, so their former items are gone
    rejects: pl.DataFrame  # DOCUMENT_REJECTS
    events: pl.DataFrame  # DOCUMENT_EVENTS


def post(
    documents: pl.DataFrame, lines: pl.DataFrame, standing: Standing, rules: Rules, days: Calendar
) -> Posted:
    """Decide what becomes of documents.

    Args:
        documents: DOCUMENTS, at most one row each.
        lines: LINES of those documents.
        standing: what stands of them.
        rules: the workspace's.
        days: the calendar.
    """
    assert documents["document"].is_unique().all()
    frame = judged(_prepared(documents, lines, standing, rules), rules, days)
    stands = pl.col("standing_state") == "posted"
    is_issued = ~pl.col("status").is_in(["void", "draft"]).fill_null(value=False)
    same = stands & is_issued & (pl.col("digest") == pl.col("standing_digest"))
    same = same.fill_null(value=False)
    # What has not moved stays where it is, whatever has been closed since.
    keeps = same & pl.col("desired").is_in(["posted", "parked"])
    posting = (pl.col("desired") == "posted") & ~keeps
    drawn, differing = entry_lines(frame.filter(posting), lines, rules)
    # What moves nothing, as a payment of 0, has no entry.
    is_nothing = posting & ~pl.col("document").is_in(drawn["document"].unique().implode())
    frame = frame.with_columns(
        desired=pl.when(keeps)
        .then(pl.lit("posted"))
        .when(pl.col("document").is_in(differing["document"].implode()))
        .then(pl.lit("rejected"))
        .when(is_nothing)
        .then(pl.lit("noted"))
        .otherwise("desired"),
        is_kept=keeps,
        stands=stands.fill_null(value=False),
    )
    posted = _effects(frame, drawn, standing, rules, days)
    return replace(posted, rejects=_faults(frame, differing, rules))


def _faults(frame: pl.DataFrame, differing: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Return DOCUMENT_REJECTS of what was judged, and of what does not add up."""
    found = [
        faults(frame.filter(pl.col("is_faulty") & (pl.col("desired") == "rejected")), rules),
        differing.select("document", field=pl.lit("total"), code=pl.lit("total_differs")),
    ]
    rows = pl.concat(found).with_columns(detail=pl.lit(None, pl.String))
    return rows.select(DOCUMENT_REJECTS.keys()).sort("document", "code")


def _prepared(
    documents: pl.DataFrame, lines: pl.DataFrame, standing: Standing, rules: Rules
) -> pl.DataFrame:
    """Add to documents their rule, minor unit, digest, what their lines amount to, and what stands."""
    strange = ~pl.col("account").is_in(list(rules.accounts)).fill_null(value=True)
    # Sub-accounts, 4000.books, belong to their account.
    strange &= ~pl.col("account").str.extract(r"^([^.]+)").is_in(list(rules.accounts))
    of_lines = lines.with_columns(digest(_LINE_CONTENT).alias("digest")).group_by("document").agg(
        # Shortened, so that sums of them fit; each says the number of its line.
        (pl.col("digest") // 2**20).sum().alias("lines_digest"),
        pl.col("amount_e4").cast(pl.Float64).abs().sum().alias("lines_e4"),
        strange.fill_null(value=False).any().alias("has_unknown_account"),
    )  # fmt: skip
    stood = standing.outcomes.select(
        "document",
        "version",
        standing_state="state",
        standing_digest="digest",
        standing_entry="entry",
        standing_party="party",
    )
    posted = standing.entries.select(standing_entry="entry", posted_on="date")
    frame = (
        documents.join(of_lines, on="document", how="left", maintain_order="left")
        .join(stood, on="document", how="left", maintain_order="left")
        .join(posted, on="standing_entry", how="left", maintain_order="left")
    )
    by_type = (
        pl.when(pl.col("type") == "points")
        .then(pl.lit("points_") + pl.col("points"))
        .otherwise("type")
    )
    return frame.with_columns(
        pl.coalesce("rule", by_type).alias("rule"),
        pl.col("lines_e4").fill_null(0.0),
        pl.col("has_unknown_account").fill_null(value=False),
        unit=unit_e4(rules.config.loyalty.commodity),
    ).with_columns(digest(_CONTENT).alias("digest"))


def _effects(
    frame: pl.DataFrame,
    drawn: pl.DataFrame,
    standing: Standing,
    rules: Rules,
    days: Calendar,
) -> Posted:
    desired = pl.col("desired")
    moves = (desired == "posted") & ~pl.col("is_kept")
    leaves = pl.col("stands") & (desired.is_in(["void", "noted"]) | moves)
    withdrawn = frame.filter(leaves).select("document")
    gone = standing.entries.join(withdrawn, on="document", how="semi")
    # What is posted anew without being taken back would stand there twice.
    stood = frame.filter(leaves)["standing_entry"].drop_nulls()
    assert stood.is_in(gone["entry"].implode()).all()
    assert gone["entry"].is_in(standing.postings["entry"].implode()).all()
    back, back_lines = reversals(
        gone.with_columns(was=pl.col("date"), date=days.open_day(pl.col("date"))),
        standing.postings, 0,
    )  # fmt: skip
    has_lines = pl.col("document").is_in(drawn["document"].unique().implode())
    new = numbered(frame.filter(moves & has_lines), back.height)
    new = new.with_columns(was=pl.col("date"), posted=days.open_day(pl.col("date")))
    made = entries(new.with_columns(date=pl.col("posted")), "post")
    lines = drawn.join(
        new.select("document", "entry", "stream", "external_id", "was", date="posted"),
        on="document",
    ).sort("entry", "line")
    return Posted(
        outcomes=_outcomes(frame, new),
        entries=pl.concat([back, made]),
        postings=pl.concat([back_lines, lines.select(POSTINGS.keys())]),
        schedules=schedules(lines),
        items=_items(lines, rules),
        withdrawn=withdrawn,
        rejects=empty(DOCUMENT_REJECTS),
        events=_events(frame, gone, new, days),
    )


def _outcomes(frame: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Return what became of each document; where a change is set aside, what stood stands."""
    frame = frame.join(
        new.select("document", new_entry="entry"), on="document", how="left", maintain_order="left"
    )
    aside = pl.col("stands") & pl.col("desired").is_in(["rejected", "waiting", "parked"])
    moves = (pl.col("desired") == "posted") & ~pl.col("is_kept")
    keeps = aside | pl.col("is_kept")
    rejected = pl.when(pl.col("desired") == "rejected").then(pl.lit("rejected"))
    version = pl.col("version").fill_null(0)
    return frame.select(
        "document",
        state=pl.when(aside).then(pl.lit("posted")).otherwise("desired"),
        reason=pl.when(~pl.col("is_kept")).then(pl.coalesce("reason", rejected)),
        party=pl.when(keeps).then("standing_party").otherwise("party"),
        digest=pl.when(keeps).then("standing_digest").otherwise("digest"),
        version=(version + moves.cast(pl.Int32)).cast(pl.Int32),
        entry=pl.when(keeps).then(None).otherwise("new_entry"),
        is_changed=moves,
    ).select(pl.col(name).cast(kind) for name, kind in DOCUMENT_OUTCOMES.items())


def _items(lines: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Return what can be settled; points settle nothing."""
    is_money = pl.col("currency") != rules.config.loyalty.commodity
    items = lines.filter(pl.col("is_control") & is_money).with_columns(
        date=pl.col("was"),
        customer=pl.lit(None, pl.Int64),
        settled_e4=pl.lit(0, pl.Int64),
    )
    return items.select(ITEMS.keys())


def _events(
    frame: pl.DataFrame, gone: pl.DataFrame, new: pl.DataFrame, days: Calendar
) -> pl.DataFrame:
    """Return what the audit trail must tell of closed periods."""
    if not days.next_open:
        return empty(DOCUMENT_EVENTS)
    moved = pl.concat([
        gone.select("document", was="date", now=days.open_day(pl.col("date"))),
        new.select("document", "was", now="posted"),
    ]).filter(pl.col("was") != pl.col("now"))  # fmt: skip
    told = moved.select(
        "document", code=pl.lit("redated"), detail=pl.format("{} -> {}", "was", "now")
    )
    parked = frame.filter(pl.col("desired") == "parked").select(
        "document", code=pl.lit("period_closed"), detail=pl.col("date").cast(pl.String)
    )
    return pl.concat([told, parked]).unique().sort("document", "code", "detail")
