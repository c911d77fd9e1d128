"""Load what a decision may look at: one consistent picture, by index, for one record or ten thousand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString, cast

import polars as pl

from customer_sync.core.decide import LEDGER_STREAM, OWN_STREAMS, Published, Snapshot
from customer_sync.infra.pg import Transaction, load
from customer_sync.kernel.errors import StoreConflictError
from customer_sync.kernel.frames import among, apart, empty, pick
from customer_sync.model.frame import ACCEPTED, CLAIMS, IMAGES, INSTANT, LINKS, SENT
from customer_sync.store.customers import COLUMNS, ROW, as_golden
from customer_sync.store.settings import is_first

__all__ = [
    "LedgerEdits",
    "Loaded",
    "accepted",
    "allocate",
    "begin",
    "composed",
    "last_batch",
    "ledger_edits",
    "load_snapshot",
    "news",
    "owners",
]

STATEMENTS = load(__file__)
RECORDS_OF_PARTY_MAX = (
    8  # on the average, of those that share a value; more look like a made-up value
)
ANALYZE_ROWS_MIN = 2_000  # below this the planner's guess for a temporary table is good enough

_SENT_ITEMS = pl.List(pl.Struct({"field": pl.String, "value": pl.String}))
_CANDIDATES = {
    "key": pl.Int64, "customer": pl.Int64, "carriers": pl.Int32,
    "given_name": pl.String, "family_name": pl.String, "organisation": pl.String,
}  # fmt: skip
_DECIDED = {"link": pl.Int64, "customer": pl.Int64, "same": pl.Boolean}


def composed(name: str) -> LiteralString:
    """Fill in the columns of the customer table, which are the catalogue's, never a caller's."""
    columns = ", ".join(f"c.{name}" for name in COLUMNS)
    before = ", ".join(f"e.before ->> '{name}'" for name in COLUMNS)
    return STATEMENTS[name].replace("{columns}", columns).replace("{before}", before)


def begin(tx: Transaction) -> int:
    """Take the workspace's absorbing lock until the transaction ends; return the batch's number."""
    tx.execute(STATEMENTS["begin_absorb"])
    return last_batch(tx) + 1


def last_batch(tx: Transaction) -> int:
    """Return the number of the batch that committed last."""
    return cast("int", tx.rows(STATEMENTS["last_batch"])[0][0])


def busy(message: str) -> StoreConflictError:
    """Return the error that says: wait, then try again."""
    return StoreConflictError(message, hint="run the same command again")


def allocate(tx: Transaction, what: Literal["links", "customers"], count: int) -> pl.Series:
    """Return ``count`` fresh ids; what: links or customers.

    A sequence does not roll back, so a transaction that will be uses up none of its numbers.
    """
    if count == 0:
        return pl.Series("id", [], dtype=pl.Int64)
    statement = STATEMENTS[f"{'rehearse' if tx.is_discarded else 'allocate'}_{what}"]
    return pl.Series("id", [row[0] for row in tx.rows(statement, [count])], dtype=pl.Int64)


_OBSERVED: dict[str, type[pl.DataType] | pl.DataType] = {
    "row": pl.UInt32, "external_id": pl.String, "link": pl.Int64, "digest": pl.Int64, "version": pl.String,
    "changed_at": INSTANT,
}  # fmt: skip


def owners(tx: Transaction, links: list[int]) -> pl.Series:
    """Return the customers whose these records are."""
    rows = tx.rows(STATEMENTS["owners"], {"links": links})
    return pl.Series("customer", [row[0] for row in rows], pl.Int64)


def stage_observed(tx: Transaction, records: pl.DataFrame) -> None:
    """Stage observations: row, external_id, and any of link, digest, version, changed_at."""
    missing = [
        pl.Series(name, [None], dtype).new_from_index(0, records.height)
        for name, dtype in _OBSERVED.items()
        if name not in records.columns
    ]
    tx.stage(
        "observed",
        pick(records.hstack(missing), *_OBSERVED),
        analyze=records.height >= ANALYZE_ROWS_MIN,
    )


_NEWS = {
    "row": pl.UInt32, "link": pl.Int64, "customer": pl.Int64, "state": pl.Int32, "shown": pl.Int64, "before": pl.String,
}  # fmt: skip


def news(
    tx: Transaction, stream: int, records: pl.DataFrame, *, mark: int, every: bool = False
) -> pl.DataFrame:
    """Stage observations; return those that are new or changed, with what is known of them.

    Args:
        tx: an absorbing transaction.
        stream: whose records they are.
        records: row, external_id, digest, version, changed_at.
        mark: the batch that had committed last when reading began.
        every: return the unchanged ones too.

    Returns:
        row, link, customer, state, shown, before (null where there is no link).
    """
    stage_observed(tx, records)
    if not every and records["version"].null_count() < records.height:
        tx.execute(STATEMENTS["touch_versions"], {"stream": stream, "mark": mark})
    found = tx.frame(STATEMENTS["news"], {"stream": stream, "all": every}, schema=_NEWS)
    if 0 < found.height < records.height:
        # What is known already is of no interest to the statements that follow.
        stage_observed(tx, among(records, found, "row"))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was asked of the store for one observation, beside the snapshot itself."""

    snapshot: Snapshot
    is_edited: bool  # somebody edited a touched customer in the ledger: absorb that first


def load_snapshot(  # noqa: PLR0913 - one picture, one call
    tx: Transaction,
    rules: Published,
    *,
    batch: int,
    now: datetime,
    stream: int,
    customers: pl.Series,
    keys: pl.DataFrame,
    sought: pl.DataFrame,
    pointing: pl.DataFrame,
    merged_into: list[str],
    new_count: int,
    rows: pl.DataFrame,
    answered: pl.DataFrame | None = None,
    owners: pl.DataFrame | None = None,
) -> Loaded:
    """Load the picture for one observation whose records are staged as ``observed``.

    Args:
        tx: an absorbing transaction.
        rules: the published configuration.
        batch: its number.
        now: its instant.
        stream: the stream observed.
        customers: customers of the observed records.
        keys: (link, kind, key, is_kept) of new records.
        sought: those of the keys that recognise a customer by themselves.
        pointing: (key, stream, external_id) of records that new ones refer to.
        merged_into: external ids that observed records were merged into.
        new_count: how many customers may be new at most.
        rows: (row, link) of the staged observations.
        answered: model.frame.SENT of the attempts whose answers are being absorbed.
        owners: (link, customer) of records that we created ourselves.
    """
    candidates = _candidates(tx, rules, sought, pointing)
    winners = _winners(tx, stream, merged_into)
    decided = _decided(tx, stream, rows) if new_count or merged_into else empty(_DECIDED)
    if owners is not None and owners.height:
        owners = _standing(tx, owners)
        settled = owners.with_columns(same=pl.lit(value=True))
        decided = pl.concat([settled, apart(decided, owners, "link")])
    reached = [customers, candidates["customer"], winners["customer"], decided["customer"]]
    touched = pl.concat(reached).unique().drop_nulls()
    has_any = touched.len() > 0
    if has_any:
        tx.stage(
            "touched",
            pl.DataFrame({"customer": touched}),
            analyze=touched.len() >= ANALYZE_ROWS_MIN,
        )
        tx.execute(STATEMENTS["lock_customers"])
    edited = (
        has_any and stream != LEDGER_STREAM and cast("int", tx.rows(STATEMENTS["edited"])[0][0]) > 0
    )
    images = tx.frame(STATEMENTS["images"], schema=IMAGES) if has_any else empty(IMAGES)
    open_sent = _sent(tx) if has_any else empty(SENT)
    snapshot = Snapshot(
        batch=batch,
        now=now,
        links=tx.frame(STATEMENTS["links"], schema=LINKS) if has_any else empty(LINKS),
        images=images,
        claims=tx.frame(STATEMENTS["claims"], schema=CLAIMS) if has_any else empty(CLAIMS),
        customers=_customers(tx, rules, stream) if has_any else as_golden(empty(ROW), rules.fields),
        keys=keys,
        candidates=candidates,
        decided=decided,
        sent=open_sent if answered is None else _latest_sent(answered, open_sent),
        creations=_creations(tx, stream)
        if has_any and new_count and answered is None
        else empty(_CREATIONS),
        accepted=accepted(images),
        winners=winners,
        customer_ids=allocate(tx, "customers", new_count if stream != LEDGER_STREAM else 0),
        answer=answered is not None,
        is_first=stream not in OWN_STREAMS and is_first(tx, stream),
    )
    return Loaded(snapshot=snapshot, is_edited=edited)


def _candidates(
    tx: Transaction, rules: Published, keys: pl.DataFrame, pointing: pl.DataFrame
) -> pl.DataFrame:
    if keys.is_empty():
        return empty(_CANDIDATES)
    wanted = keys.select(pl.col("key").unique().sort())  # in order: neighbours in the index
    tx.stage("wanted_key", wanted, analyze=wanted.height >= ANALYZE_ROWS_MIN)
    limit = RECORDS_OF_PARTY_MAX * (rules.config.workspace.match.shared_max + 1)
    found = tx.frame(STATEMENTS["candidates"], {"limit": limit}, schema=_CANDIDATES)
    if pointing.is_empty():
        return found
    tx.stage("pointing", pointing, analyze=pointing.height >= ANALYZE_ROWS_MIN)
    return pl.concat([found, tx.frame(STATEMENTS["pointed_at"], schema=_CANDIDATES)])


def _decided(tx: Transaction, stream: int, rows: pl.DataFrame) -> pl.DataFrame:
    schema = {"row": pl.UInt32, "customer": pl.Int64, "same": pl.Boolean}
    said = tx.frame(STATEMENTS["decided"], {"stream": stream}, schema=schema)
    return said.join(rows, on="row").select(list(_DECIDED)) if said.height else empty(_DECIDED)


def _standing(tx: Transaction, owners: pl.DataFrame) -> pl.DataFrame:
    """Return (link, customer): a customer retired while its record was being made is the one it became."""
    ids = owners["customer"].unique().to_list()
    retired = {row[0]: row[1] for row in tx.rows(STATEMENTS["standing"], {"ids": ids})}
    return owners.with_columns(pl.col("customer").replace(retired)) if retired else owners


def _winners(tx: Transaction, stream: int, merged_into: list[str]) -> pl.DataFrame:
    schema = {"link": pl.Int64, "external_id": pl.String, "customer": pl.Int64}
    if not merged_into:
        return empty(schema)
    return tx.frame(STATEMENTS["winners"], {"stream": stream, "ids": merged_into}, schema=schema)


def _customers(tx: Transaction, rules: Published, stream: int) -> pl.DataFrame:
    if stream == LEDGER_STREAM:
        return as_golden(tx.frame(composed("customers_before"), schema=ROW), rules.fields)
    return as_golden(tx.frame(composed("customers"), schema=ROW), rules.fields)


_CREATIONS = {
    "customer": pl.Int64, "field": pl.String, "value": pl.String, "mark": pl.Int64, "is_lost": pl.Boolean,
}  # fmt: skip


def _creations(tx: Transaction, stream: int) -> pl.DataFrame:
    schema = {"customer": pl.Int64, "sent": pl.String, "mark": pl.Int64, "answered": pl.Boolean}
    rows = tx.frame(STATEMENTS["creations"], {"stream": stream}, schema=schema)
    if rows.is_empty():
        return empty(_CREATIONS)
    cells = sent_cells(rows.rename({"customer": "link"}))
    latest = cells.sort("mark", descending=True).unique(["link", "field"], keep="first")
    return latest.select(
        customer="link", field="field", value="value", mark="mark", is_lost="answered"
    )


def _sent(tx: Transaction) -> pl.DataFrame:
    rows = tx.frame(
        STATEMENTS["sent"], schema={"link": pl.Int64, "sent": pl.String, "mark": pl.Int64}
    )
    if rows.is_empty():
        return empty(SENT)
    return sent_cells(rows.with_columns(answered=pl.lit(value=False)))


def sent_cells(attempts: pl.DataFrame) -> pl.DataFrame:
    """Unpack attempts (link, sent, mark, answered) into model.frame.SENT."""
    if attempts.is_empty():
        return empty(SENT)
    items = (
        attempts.with_columns(pl.col("sent").str.json_decode(_SENT_ITEMS))
        .explode("sent")
        .drop_nulls("sent")
    )
    return items.select(
        "link", field=pl.col("sent").struct.field("field"), value=pl.col("sent").struct.field("value"),
        mark="mark", answered="answered",
    )  # fmt: skip


def _latest_sent(answered: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Prefer, cell by cell, the attempt whose answer this is."""
    cells = pl.concat([answered, apart(others, answered, ["link", "field"])])
    return cells.sort("mark", descending=True).unique(["link", "field"], keep="first")


def accepted(images: pl.DataFrame) -> pl.DataFrame:
    """Unpack what systems made of what they were sent: model.frame.ACCEPTED."""
    rows = images if not images["accepted"].null_count() else images.drop_nulls("accepted")
    if rows.is_empty():
        return empty(ACCEPTED)
    item = pl.List(pl.Struct({name: kind for name, kind in ACCEPTED.items() if name != "link"}))
    items = (
        rows.select("link", item=pl.col("accepted").str.json_decode(item))
        .explode("item")
        .drop_nulls("item")
        .unnest("item")
    )
    return pick(items, *ACCEPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEdits:
    """Customers edited in the ledger: records as any stream's, with the image before."""

    records: pl.DataFrame  # @id, @changed_at, is_inserted, one String column per source field
    before: pl.DataFrame  # one String column per source field, same rows


def ledger_edits(tx: Transaction, *, limit: int) -> LedgerEdits:
    """Read edits of the customer table that are not absorbed yet."""
    before_columns = [f"before.{name}" for name in [*COLUMNS, "custom"]]
    schema = {
        "@id": pl.String(), "@changed_at": INSTANT, "is_inserted": pl.Boolean(),
        **dict.fromkeys([*COLUMNS, "custom"], pl.String()), **dict.fromkeys(before_columns, pl.String()),
    }  # fmt: skip
    frame = tx.frame(composed("ledger_edits"), {"limit": limit}, schema=schema)
    before = frame.select(
        pl.col(before_columns).name.map(lambda name: name.removeprefix("before."))
    )
    return LedgerEdits(records=frame.drop(before_columns), before=before)


def forget_edits(tx: Transaction, customers: list[int]) -> None:
    """Strike absorbed edits off the list."""
    tx.execute(STATEMENTS["forget_edits"], {"ids": customers})
