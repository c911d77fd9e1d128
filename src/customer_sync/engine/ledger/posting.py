"""Post documents in a transaction: load what stands, decide in the core, commit; one way for every door.

What systems show, what was set aside and is looked at again, and what is gone enter here alike. Promises
that each document is posted once for what it says, that what cannot be posted is set aside with a code and
stops itself only, and that every change of a document's state leaves an audit event in the same transaction.
Must not know how documents are read.
"""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from customer_sync.core.decide import DocumentStream
from customer_sync.core.ledger import (
    LEDGER_CODES,
    LedgerEffects,
    LedgerSnapshot,
    Standing,
    Unsettled,
    absorb,
    read,
)
from customer_sync.engine.faults import ABSORB_DECIDED
from customer_sync.engine.ledger.chart import keep_chart
from customer_sync.engine.ledger.days import open_days
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.frames import among, apart
from customer_sync.model.document import (
    DOCUMENT_FIELDS,
    DOCUMENT_OUTCOMES,
    DOCUMENTS,
    GIVEN,
    SETTLES,
    STANDING,
)
from customer_sync.model.frame import EXCLUDED, GONE
from customer_sync.store import audit, commit, documents, rejects, schedules, sightings

__all__ = ["FAULTS", "SAID", "parties", "post_in"]

# What documents say, one row each: what is known of each, and its canonical fields as texts.
# state, reason: as they stood, null of a new one. presence: as a link's state. is_torn: a field of it cannot be
# read, so nothing of it is posted. said: its fields as they were said, in JSON; null of what is torn.
SAID: dict[str, pl.DataType] = {
    "document": pl.Int64(),
    "external_id": pl.String(),
    "state": pl.String(),
    "reason": pl.String(),
    "read": pl.Int64(),
    "shown": pl.Int64(),
    "presence": pl.Int16(),
    "is_torn": pl.Boolean(),
    "said": pl.String(),
    **dict.fromkeys(DOCUMENT_FIELDS, pl.String()),
}
# What mappings and rules refused of documents.
FAULTS: dict[str, pl.DataType] = {
    "external_id": pl.String(),
    "field": pl.String(),
    "code": pl.String(),
    "detail": pl.String(),
}
REJECTED = "rejected"
OBSERVED = "observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What is posted together, and where."""

    tx: Transaction
    session: Session
    paper: DocumentStream
    said: pl.DataFrame
    batch: int

    @property
    def stream(self) -> int:
        """Return the number of the documents' stream."""
        return self.paper.stream.id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """What became of it. told: as ``parties`` tells. outcomes: of those that are torn, too."""

    observed: pl.DataFrame
    told: pl.DataFrame
    effects: LedgerEffects
    outcomes: pl.DataFrame


def parties(tx: Transaction, paper: DocumentStream, said: pl.DataFrame) -> pl.DataFrame:
    """Return external_id, stream and name of whom each document names, and its ``party`` where it is known.

    Args:
        tx: reads.
        paper: the documents' stream.
        said: external_id and ``customer`` of documents.
    """
    guests, customers = paper.guests, paper.customers
    is_guest = pl.col("customer").is_null()
    named = said.select(
        "external_id",
        stream=pl.when(is_guest)
        .then(pl.lit(guests.id if guests else None, pl.Int32))
        .otherwise(pl.lit(customers.id if customers else None, pl.Int32)),
        name=pl.coalesce("customer", "external_id"),
    )
    wanted = named.drop_nulls("stream").select("stream", external_id="name")
    if wanted.is_empty():
        return named.with_columns(party=pl.lit(None, pl.Int64))
    found = documents.parties(tx, wanted).select("stream", "party", name="external_id")
    return named.join(found, on=["stream", "name"], how="left", maintain_order="left")


def post_in(
    tx: Transaction,
    session: Session,
    paper: DocumentStream,
    said: pl.DataFrame,
    faults: pl.DataFrame,
    *,
    batch: int,
    unread: Collection[str] = (),
) -> pl.DataFrame:
    """Post documents within the caller's transaction, which holds the absorbing lock; return DOCUMENT_OUTCOMES.

    Args:
        tx: nothing that locks follows in it.
        session: the run.
        paper: whose documents they are.
        said: SAID, at most one row a document.
        faults: FAULTS of those that are torn.
        batch: the number of this batch.
        unread: customers that their system could not be asked for.
    """
    # What its system has no more, and what was set apart, stands in no books, whatever it says.
    is_away = pl.col("presence").is_in([GONE, EXCLUDED])
    said = said.with_columns(status=pl.when(is_away).then(pl.lit("void")).otherwise("status"))
    case = _Case(tx=tx, session=session, paper=paper, said=said, batch=batch)
    whole = said.filter(~pl.col("is_torn"))
    told = parties(tx, paper, whole)
    observed, lines, named = read(_texts(paper, whole, told))
    named = named.with_columns(stream=pl.lit(paper.others, pl.Int32))
    if "allocations" in paper.stream.map.canonical:
        given = named.rename({"name": "external_id"}).drop_nulls("stream")
        sides = SETTLES.get(paper.stream.config.entity, ())
        sightings.keep_given(tx, whole["document"], given, sides=sides)
    snapshot, standing = _load(case, observed, named)
    effects = absorb(observed, lines, snapshot, session.rules.books)
    outcomes = pl.concat([effects.outcomes, _torn(said, standing)])
    decided = _Decided(
        observed=observed,
        told=told,
        effects=effects,
        outcomes=_unread(outcomes, whole, unread) if unread else outcomes,
    )
    session.fault(ABSORB_DECIDED)
    _tell(case, decided)
    _set_aside(case, decided, faults)
    keep_chart(tx, session.rules.config.ledger, effects.postings["account"].unique())
    _commit(case, decided)
    return decided.outcomes


def _texts(paper: DocumentStream, whole: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    return whole.select(
        "document",
        "external_id",
        *DOCUMENT_FIELDS,
        stream=pl.lit(paper.stream.id, pl.Int32),
        type=pl.lit(paper.stream.config.entity),
        rule=pl.lit(paper.rule, pl.String),
        party=told["party"],
    )


# -- loading --------------------------------------------------------------------------------------


def _load(
    case: _Case, observed: pl.DataFrame, named: pl.DataFrame
) -> tuple[LedgerSnapshot, pl.DataFrame]:
    """Hold and load everything that a decision may look at; return it, and KNOWN of the documents."""
    tx, said, stream = case.tx, case.said, case.stream
    ids = said["external_id"]
    keys = said.select("external_id", stream=pl.lit(stream, pl.Int32))
    others = named.drop_nulls("stream").select("stream", external_id="name")
    tied = sightings.tied(tx, stream, ids, others)
    fresh = observed.select("party", since="date").drop_nulls()
    concerned = pl.concat([sightings.concerned(tx, stream, ids, tied), fresh])
    concerned = concerned.group_by("party").agg(pl.col("since").min())
    held = documents.lock(tx, keys, concerned, tied)
    stands = documents.standing(tx, keys)
    items, allocations = documents.items(tx, held)
    months = observed["date"].drop_nulls().dt.strftime("%Y-%m").to_list()
    months += stands.entries["period"].to_list() + items["date"].dt.strftime("%Y-%m").to_list()
    given = _given(case, pl.concat([held, observed["document"]]).unique())
    snapshot = LedgerSnapshot(
        standing=Standing(
            outcomes=among(stands.documents, observed, "document").select(list(STANDING)),
            entries=stands.entries,
            postings=stands.postings,
        ),
        unsettled=Unsettled(items=items, allocations=allocations, given=given),
        customers=documents.customers(tx, observed["party"]),
        days=open_days(tx, months),
    )
    return snapshot, stands.documents


def _given(case: _Case, held: pl.Series) -> pl.DataFrame:
    """Return GIVEN of these documents; those that are new are not in the table of documents yet."""
    kept = sightings.given(case.tx, held)
    if kept.is_empty():
        return kept.select(list(GIVEN))
    here = case.said.select("external_id", stream=pl.lit(case.stream, pl.Int32), here="document")
    kept = kept.join(here, on=["stream", "external_id"], how="left", maintain_order="left")
    return kept.with_columns(other=pl.coalesce("other", "here")).select(list(GIVEN))


# -- telling --------------------------------------------------------------------------------------


def _torn(said: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """Return DOCUMENT_OUTCOMES of documents that cannot be read: what stood of them stands."""
    torn = said.filter("is_torn").select("document")
    stood = standing.drop("stream", "external_id")
    frame = torn.join(stood, on="document", how="left", maintain_order="left")
    is_posted = (pl.col("state") == "posted").fill_null(value=False)
    rows = frame.select(
        "document",
        state=pl.when(is_posted).then("state").otherwise(pl.lit(REJECTED)),
        reason=pl.lit(REJECTED),
        party=pl.when(is_posted).then("party"),
        digest=pl.when(is_posted).then("digest"),
        version=pl.col("version").fill_null(0),
        entry=pl.lit(None),
        is_changed=pl.lit(value=False),
    )
    return rows.select(pl.col(name).cast(kind) for name, kind in DOCUMENT_OUTCOMES.items())


def _unread(outcomes: pl.DataFrame, whole: pl.DataFrame, unread: Collection[str]) -> pl.DataFrame:
    """Tell apart what waits for a customer that could not be asked for: it is asked for again."""
    waits = whole.filter(pl.col("customer").is_in(list(unread)))["document"]
    is_unread = (pl.col("reason") == "customer_missing") & pl.col("document").is_in(waits.implode())
    reason = pl.when(is_unread).then(pl.lit("customer_unread")).otherwise("reason")
    return outcomes.with_columns(reason=reason)


def _tell(case: _Case, decided: _Decided) -> None:
    """Leave an event for every document that was shown anew or whose state changed, and note their batch."""
    session, batch = case.session, case.batch
    now, run = session.now(), session.run
    before = case.said.select("document", "shown", was="state", was_reason="reason")
    frame = decided.outcomes.join(before, on="document", how="left", maintain_order="left")
    stood = (pl.col("was") == "posted").fill_null(value=False)
    aside = pl.col("reason")
    became = (
        pl.when(pl.col("is_changed") & stood)
        .then(pl.lit("reposted"))
        .when(pl.col("is_changed"))
        .then(pl.lit("posted"))
        .when((aside == REJECTED) & aside.ne_missing(pl.col("was_reason")))
        .then(pl.lit(REJECTED))
        .when((aside == "period_closed") & aside.ne_missing(pl.col("was_reason")))
        .then(pl.lit("parked"))
        .when(aside.is_not_null() & aside.ne_missing(pl.col("was_reason")))
        .then(pl.lit("waiting"))
        .when(aside.is_null() & pl.col("state").is_in(["void", "noted"]))
        .then(pl.when(pl.col("state").ne_missing(pl.col("was"))).then(pl.col("state")))
    )
    # What is shown anew and stays as it stood, such as a void document that is corrected.
    is_shown = pl.col("shown") == batch
    kind = pl.coalesce(became, pl.when(is_shown).then(pl.lit(OBSERVED)))
    events = frame.select(
        "document", link="party", kind=kind, detail=pl.when(aside != REJECTED).then(aside)
    ).drop_nulls("kind")
    redated = decided.effects.events.filter(pl.col("code") == "redated").select(
        "document", link=pl.lit(None, pl.Int64), kind="code", detail="detail"
    )
    told = pl.concat([events, redated]).with_columns(
        kind=pl.lit("document.") + pl.col("kind"), stream=pl.lit(case.stream, pl.Int32)
    )
    if told.is_empty() and decided.effects.is_idle:
        return  # what waits was looked at again, and waits
    records = case.said.height
    commit.note_batch(
        case.tx, session.rules, case.stream, records=records, batch=batch, run=run, now=now
    )
    audit.add(case.tx, told, run=run, batch=batch, configuration=session.rules.version, now=now)
    session.add({
        f"documents_{name}": count
        for name, count in events.group_by("kind").len().sort("kind").iter_rows()
        if name != OBSERVED
    })  # fmt: skip


def _set_aside(case: _Case, decided: _Decided, faults: pl.DataFrame) -> None:
    """Open a reject for whatever keeps a document from being posted; close those of all others."""
    names = case.said.select("document", "external_id")
    waits = decided.outcomes.filter(pl.col("reason").is_not_null() & (pl.col("reason") != REJECTED))
    waits = waits.select("document", code="reason", field=pl.lit(None, pl.String))
    coded = pl.concat([waits, decided.effects.rejects.select(waits.columns)]).join(
        names, on="document"
    )
    coded = coded.join(
        decided.told.select("external_id", "stream", "name"), on="external_id", how="left"
    )
    causes = {code: cause for code, (cause, _) in LEDGER_CODES.items()}
    titles = {
        one.id: one.title for one in (case.paper.customers, case.paper.guests) if one is not None
    }
    whom = pl.when(pl.col("code").is_in(["customer_missing", "customer_unread"])).then(
        pl.lit(" It names ") + pl.col("name") + pl.lit(" of ")
        + pl.col("stream").replace_strict(titles, default=None, return_dtype=pl.String) + pl.lit(".")
    )  # fmt: skip
    detail = pl.concat_str(pl.col("code").replace(causes), whom.fill_null(""))
    posted = coded.select("external_id", "field", "code", detail=detail, stage=pl.lit("post"))
    mapped = faults.select(*FAULTS, stage=pl.lit("map")).select(posted.columns)
    found = pl.concat([posted, mapped]).with_columns(
        pl.col("field").fill_null(""), whole=pl.lit(value=True)
    )
    session = case.session
    rejects.sift(case.tx, case.stream, names, found, run=session.run, now=session.now())


# -- committing -----------------------------------------------------------------------------------


def _commit(case: _Case, decided: _Decided) -> None:
    said, effects, outcomes = case.said, decided.effects, decided.outcomes
    is_aside = (pl.col("outcome") == "posted") & pl.col("why").is_not_null()
    sighting = said.join(
        outcomes.select("document", outcome="state", why="reason"), on="document"
    ).select(
        "document", "read", "shown", "presence", snapshot="said", aside=pl.when(is_aside).then("said")
    )  # fmt: skip
    torn = apart(said, decided.observed, "document").select(
        pl.col(name) if name in ("document", "external_id") else pl.lit(None, kind).alias(name)
        for name, kind in DOCUMENTS.items()
    )
    torn = torn.with_columns(
        stream=pl.lit(case.stream, pl.Int32), type=pl.lit(case.paper.stream.config.entity)
    )
    work = documents.Work(
        documents=pl.concat([decided.observed, torn]).join(sighting, on="document"),
        new=said.filter(pl.col("state").is_null())["document"],
        outcomes=outcomes,
        entries=effects.entries,
        postings=effects.postings,
        allocations=effects.allocations,
    )
    ids = documents.commit(case.tx, work, now=case.session.now(), stamp=case.batch)
    schedules.withdraw(case.tx, effects.entries["reverses"].drop_nulls())
    schedules.add(case.tx, effects.schedules, ids)
