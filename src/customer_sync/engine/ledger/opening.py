"""What customers owed before the books began: one opening item a row, tied to the customer's record.

Decides that a positive amount is owed on the receivables account and a negative one is the customer's
credit, both against the account for opening balances; each becomes a document of its own, so it ages and
is settled like any other. Promises that the same row posts once, however often it is given, and that a
row which cannot be posted says why and stops itself only. Must not know where rows come from.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from customer_sync.core.decide import LEDGER_STREAM
from customer_sync.infra.pg import Database
from customer_sync.kernel.frames import digest, empty, to_json
from customer_sync.model.currency import UNIT_E4_DEFAULT, UNITS_E4
from customer_sync.model.document import (
    ALLOCATION_CHANGES,
    AMOUNT_E4_MAX,
    DOCUMENT_OUTCOMES,
    DOCUMENTS,
    ENTRIES,
    POSTINGS,
)
from customer_sync.store import documents, periods

__all__ = ["OPENING", "OPENING_REJECTS", "Opened", "open_balances"]

# stream, external_id: the customer's record. number: what the old books called it; tells rows apart.
OPENING: dict[str, pl.DataType] = {
    "stream": pl.Int32(),
    "external_id": pl.String(),
    "number": pl.String(),
    "date": pl.Date(),
    "due_date": pl.Date(),
    "currency": pl.String(),
    "amount_e4": pl.Int64(),
    "functional_e4": pl.Int64(),
}
OPENING_REJECTS: dict[str, pl.DataType] = {"row": pl.UInt32(), "code": pl.String()}

RECEIVABLES, CREDIT, EQUITY = "1200", "2150", "3000"
RULE = "opening"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What became of the rows. known: were posted before. rejects: OPENING_REJECTS, row counted from 0."""

    posted: int
    known: int
    rejects: pl.DataFrame


def open_balances(
    db: Database,
    rows: pl.DataFrame,
    *,
    now: datetime,
    only_whole: bool = False,
    trial: bool = False,
) -> Opened:
    """Post OPENING rows, each once.

    Args:
        db: the workspace.
        rows: OPENING.
        now: when they are posted.
        only_whole: post nothing when any row is rejected.
        trial: post nothing at all; say what would be rejected.
    """
    frame = _identified(rows)
    with db.transaction() as tx:
        parties = documents.parties(tx, frame)
        frame = frame.join(parties, on=["stream", "external_id"], how="left", maintain_order="left")
        observed = frame.select(stream=pl.lit(LEDGER_STREAM, pl.Int32), external_id="identity")
        documents.lock(tx, observed, empty(documents.CONCERNED))
        known = documents.standing(tx, observed).documents.select("external_id", known="digest")
        frame = frame.join(
            known, left_on="identity", right_on="external_id", how="left", maintain_order="left"
        )
        months = frame["date"].drop_nulls().dt.strftime("%Y-%m").unique().to_list()
        closed = periods.hold(tx, months).filter(pl.col("state") != periods.OPEN)["period"]
        frame = frame.with_columns(code=_fault(closed))
        fit = frame.filter(pl.col("code").is_null() & pl.col("known").is_null())
        if trial or (only_whole and frame["code"].count()):
            fit = fit.clear()
        documents.commit(tx, _work(fit, documents.allocate(tx, fit.height)), now=now)
    rejects = frame.filter(pl.col("code").is_not_null()).select("row", "code")
    known_rows = frame.filter(pl.col("code").is_null() & pl.col("known").is_not_null())
    return Opened(posted=fit.height, known=known_rows.height, rejects=rejects)


def _identified(rows: pl.DataFrame) -> pl.DataFrame:
    """Number rows, and name the document that each becomes."""
    parts = [
        pl.col("stream").cast(pl.String),
        *(pl.col(name).fill_null("") for name in ("external_id", "currency", "number")),
    ]
    frame = rows.select(list(OPENING)).with_row_index("row")
    texts = frame.select(pl.col(name).cast(pl.String) for name in OPENING)
    return frame.with_columns(
        identity=pl.concat_str(pl.lit("opening"), *parts, separator="/"),
        digest=texts.select(digest(list(OPENING))).to_series(),
        snapshot=texts.select(to_json(list(OPENING))).to_series(),
    )


def _fault(closed: pl.Series) -> pl.Expr:
    """Return why a row cannot be posted; null where it can, or is posted already."""
    size = pl.max_horizontal(pl.col("amount_e4").abs(), pl.col("functional_e4").abs())
    missing = pl.any_horizontal(
        pl.col(name).is_null() for name in ("date", "currency", "amount_e4", "functional_e4")
    )
    is_twofaced = pl.col("amount_e4").sign() != pl.col("functional_e4").sign()
    same = pl.col("known") == pl.col("digest")
    unit = pl.col("currency").replace_strict(
        UNITS_E4, default=UNIT_E4_DEFAULT, return_dtype=pl.Int64
    )
    is_finer = pl.col("amount_e4") % unit != 0
    return (
        pl.when(same)
        .then(None)
        .when(missing)
        .then(pl.lit("opening_incomplete"))
        .when(~pl.col("currency").str.contains("^[A-Z][A-Z0-9]{2,9}$"))
        .then(pl.lit("opening_currency"))
        .when((pl.col("amount_e4") == 0) | is_twofaced | is_finer | (size > AMOUNT_E4_MAX))
        .then(pl.lit("opening_amount"))
        .when(pl.col("party").is_null())
        .then(pl.lit("opening_customer"))
        .when(pl.col("identity").is_duplicated())
        .then(pl.lit("opening_twice"))
        .when(pl.col("known").is_not_null())
        .then(pl.lit("opening_differs"))
        .when(pl.col("date").dt.strftime("%Y-%m").is_in(closed.implode()))
        .then(pl.lit("opening_period"))
    )


def _work(fit: pl.DataFrame, ids: pl.Series) -> documents.Work:
    rows = fit.with_columns(document=ids, entry=pl.int_range(pl.len(), dtype=pl.Int64))
    posted = rows.with_columns(
        stream=pl.lit(LEDGER_STREAM, pl.Int32), customer_ref=pl.col("external_id"), external_id=pl.col("identity"),
        type=pl.lit("opening"), rule=pl.lit(RULE), status=pl.lit("issued"), kind=pl.lit("opening"),
        state=pl.lit("posted"), version=pl.lit(1, pl.Int32), is_changed=pl.lit(value=True), total_e4="amount_e4",
        period=pl.col("date").dt.strftime("%Y-%m"), memo=pl.lit("opening balance"),
    )  # fmt: skip
    return documents.Work(
        documents=_shaped(posted, {**DOCUMENTS, "snapshot": pl.String()}),
        new=ids,
        outcomes=_shaped(posted, DOCUMENT_OUTCOMES),
        entries=_shaped(posted, ENTRIES),
        postings=_postings(posted),
        allocations=empty(ALLOCATION_CHANGES),
    )


def _postings(posted: pl.DataFrame) -> pl.DataFrame:
    is_owed = pl.col("amount_e4") > 0
    control = pl.when(is_owed).then(pl.lit(RECEIVABLES)).otherwise(pl.lit(CREDIT))
    owed = posted.with_columns(line=pl.lit(1, pl.Int32), account=control)
    against = posted.with_columns(
        -pl.col("amount_e4"), -pl.col("functional_e4"), line=pl.lit(2, pl.Int32), account=pl.lit(EQUITY),
        party=pl.lit(None, pl.Int64),
    )  # fmt: skip
    return _shaped(pl.concat([owed, against]), POSTINGS)


def _shaped(rows: pl.DataFrame, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """Return the columns of a schema; those that are not there are null."""
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )
