"""A steward decides values: a person's word outranks what any record said until now.

A decision is a claim of the steward's own record of a customer, made in full knowledge of what
holds; it is absorbed like any other observation, so every system hears of it by the ordinary
outbox, and a record that is knowingly changed later moves over as always. Values are read by the
lenses of their kinds; what they cannot read is refused before anything is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from customer_sync.connect.port import CHANGED_AT, GONE, ID, MERGED_INTO, OUTSIDE, VERSION
from customer_sync.core.decide import STEWARD_STREAM
from customer_sync.engine.absorb import LEDGER_ROWS_MAX, absorb_ledger_in, absorb_own_in
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.errors import InvalidInputError, NotFoundError
from customer_sync.kernel.frames import to_json
from customer_sync.model.field import FIGURES, column_name
from customer_sync.model.frame import INSTANT
from customer_sync.store import audit, stewards

__all__ = ["Decided", "Decision", "decide_in", "decide_value", "decide_values"]

CUSTOMERS_MAX = 5_000  # decided in one transaction; others absorb in between


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """This value, of this field, of this customer; None: it has none."""

    customer: int
    field: str
    value: str | None


@dataclass(slots=True, kw_only=True)
class Decided:
    """How many customers and cells were decided, and how many golden values that changed."""

    customers: int = 0
    cells: int = 0
    changed: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"customers": self.customers, "cells": self.cells, "changed": self.changed}

    def add(self, other: "Decided") -> None:
        """Count another one's too."""
        self.customers += other.customers
        self.cells += other.cells
        self.changed += other.changed


def decide_value(
    session: Session, customer: int, field: str, value: str | None, *, by: str
) -> Decided:
    """Let a steward decide one value of one customer (see decide_values)."""
    decision = Decision(customer=customer, field=field, value=value)
    return decide_values(session, [decision], by=by)


def decide_values(session: Session, decisions: Sequence[Decision], *, by: str) -> Decided:
    """Let a steward decide values; what is decided twice, the last time counts.

    Args:
        session: the run.
        decisions: as many as there are; customers that were merged stand for those they became.
        by: who decided, for the audit trail.

    Raises:
        NotFoundError: There is no such customer.
        InvalidInputError: There is no such field, or the value is none of its kind.
    """
    done = Decided()
    customers = list(dict.fromkeys(decision.customer for decision in decisions))
    for start in range(0, len(customers), CUSTOMERS_MAX):
        chunk = set(customers[start : start + CUSTOMERS_MAX])
        with session.db.transaction() as tx:
            absorb_edits_in(tx, session)
            mine = [decision for decision in decisions if decision.customer in chunk]
            done.add(decide_in(tx, session, mine, by=by))
    session.add({"decided": done.cells, "changed": done.changed})
    return done


def absorb_edits_in(tx: Transaction, session: Session) -> None:
    """Absorb all edits made in the ledger, within the caller's transaction."""
    while absorb_ledger_in(tx, session).rows == LEDGER_ROWS_MAX:
        pass


def decide_in(
    tx: Transaction, session: Session, decisions: Sequence[Decision], *, by: str
) -> Decided:
    """Decide values within the caller's transaction, in which ledger edits are absorbed already."""
    wanted = _wanted(tx, session, decisions)
    golden = stewards.golden(tx, session.rules, sorted(wanted))
    records, cells = _records(session, golden, wanted)
    if not cells:
        return Decided()
    absorbed = absorb_own_in(tx, session, session.rules.streams[STEWARD_STREAM], records)
    effects = absorbed.effects
    assert effects is not None, "decisions that change nothing were left out"
    subjects = [f"{customer}/{field}" for customer, field in cells]
    stewards.settle_conflicts(tx, subjects, by=by, now=session.now())
    _note(tx, session, cells, by)
    customers = {customer for customer, _ in cells}
    return Decided(customers=len(customers), cells=len(cells), changed=effects.changes.height)


def _wanted(
    tx: Transaction, session: Session, decisions: Sequence[Decision]
) -> dict[int, dict[str, str | None]]:
    """Return customer -> field -> value, retired customers followed."""
    known = stewards.resolved(tx, [decision.customer for decision in decisions])
    wanted: dict[int, dict[str, str | None]] = {}
    for decision in decisions:
        if decision.customer not in known:
            raise NotFoundError(f"there is no customer {decision.customer}")
        if decision.field not in session.rules.fields:
            raise InvalidInputError(
                f"'{decision.field}' is no canonical field of this workspace",
                hint="use a field of the catalogue or one defined in workspace.yaml",
            )
        if decision.field in FIGURES:
            raise InvalidInputError(
                f"'{decision.field}' is computed from the books", hint="post what is missing there"
            )
        wanted.setdefault(known[decision.customer], {})[decision.field] = decision.value or None
    return wanted


def _records(
    session: Session, golden: pl.DataFrame, wanted: Mapping[int, Mapping[str, str | None]]
) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
    """Return the steward's records as absorb takes them, and the cells they decide."""
    stream = session.rules.streams[STEWARD_STREAM]
    sources = list(stream.map.source_fields)
    texts = [
        {ID: str(customer), **{column_name(name): text for name, text in fields.items()}}
        for customer, fields in wanted.items()
    ]
    schema = {ID: pl.String, **dict.fromkeys(sources, pl.String)}
    after = pl.DataFrame(texts, schema=schema, orient="row")
    read = stream.map.get(after)
    if read.rejects.height:
        fault = read.rejects.row(0, named=True)
        message = f"the value is no {fault['field']}: {fault['detail']}"
        raise InvalidInputError(message, context={"code": fault["code"], "field": fault["field"]})
    stands = {row["customer"]: row for row in golden.iter_rows(named=True)}
    before, cells = [], []
    for row in pl.concat([after.select(ID), read.values], how="horizontal").iter_rows(named=True):
        customer = int(row[ID])
        standing = stands[customer]
        # The image before must differ for a claim to be made; confirming what holds is a claim too.
        image = {n: standing[n] if standing[n] != row[n] else None for n in wanted[customer]}
        before.append({column_name(name): value for name, value in image.items()})
        cells += [(customer, name) for name, value in image.items() if value != row[name]]
    images = pl.DataFrame(before, schema=dict.fromkeys(sources, pl.String), orient="row")
    records = after.with_columns(
        images.select(before=to_json(sources))["before"],
        pl.lit(session.now()).cast(INSTANT).alias(CHANGED_AT),
        pl.lit(None, pl.String).alias(VERSION),
        pl.lit(None, pl.String).alias(MERGED_INTO),
        pl.lit(value=False).alias(GONE),
        pl.lit(value=False).alias(OUTSIDE),
    )
    decided = {str(customer) for customer, _ in cells}
    return records.filter(pl.col(ID).is_in(decided)), cells


def _note(tx: Transaction, session: Session, cells: Sequence[tuple[int, str]], by: str) -> None:
    frame = pl.DataFrame(cells, schema={"customer": pl.Int64, "fields": pl.String}, orient="row")
    events = frame.group_by("customer", maintain_order=True).agg(pl.col("fields").str.join(","))
    audit.add(
        tx,
        events.with_columns(kind=pl.lit("steward.decided"), detail=pl.lit(f"by {by}")),
        run=session.run, batch=None, configuration=session.rules.version, now=session.now(),
    )  # fmt: skip
