"""Where a customer's values come from: every claim, which one holds and why, and what held before.

Values of people stand in what is returned: they are for whoever asked, never for a log, so they are
left out of every ``repr``. The winner is chosen by core.golden itself, never by a second reading of
the policies.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import polars as pl

from customer_sync.core.decide import Published
from customer_sync.core.golden import current_cells, merge
from customer_sync.core.identity import match_keys
from customer_sync.engine.codes import explained
from customer_sync.engine.status import Reject, Review, as_rejects, as_reviews, titles
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.errors import InvalidInputError, NotFoundError
from customer_sync.model.frame import GONE, STATES
from customer_sync.store import views

__all__ = [
    "Change",
    "Claim",
    "Creation",
    "CustomerView",
    "FieldView",
    "Link",
    "ValueAt",
    "show",
    "value_at",
    "why",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One record of a customer, and how it stands."""

    system: str
    stream: str
    record: str
    state: str
    status: str
    code: str
    reason: str = dataclasses.field(repr=False)
    remedy: str
    changed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A stream where the customer waits to be created."""

    system: str
    stream: str
    is_failing: bool
    code: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """A customer as it stands. retired: the ids that led here, from the one that was asked for.

    nobody: the fields whose values would recognise somebody, were they not a role's or made up.
    """

    customer: int
    retired: Sequence[int]
    created_at: datetime | None
    changed_at: datetime | None
    is_edited: bool
    values: dict[str, str] = dataclasses.field(repr=False)
    nobody: Sequence[str]
    links: Sequence[Link]
    waiting: Sequence[Creation]
    rejects: Sequence[Reject]
    reviews: Sequence[Review]

    def as_json(self) -> dict[str, Any]:
        """Return everything as values; instants stay instants."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one record says, or said, about a field. state: of that record, such as gone.

    seen: the batch whose golden values the record had shown when it changed. basis: the batch whose
    golden values the claim stands for. overridden_by: the records that changed it knowingly since.
    """

    system: str
    stream: str
    record: str
    element: str = dataclasses.field(repr=False)
    value: str | None = dataclasses.field(repr=False)
    at: datetime | None  # null: first seen at a source without a clock
    stamp: int
    seen: int
    basis: int
    is_current: bool
    is_winner: bool
    overridden_by: Sequence[str]
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a golden value: whose claim brought it, in which run and configuration."""

    at: datetime | None
    batch: int
    run: int | None
    configuration: int | None
    before: str | None = dataclasses.field(repr=False)
    after: str | None = dataclasses.field(repr=False)
    system: str | None
    stream: str | None
    record: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """Why a field of a customer holds what it holds. is_nobody: its value recognises nobody."""

    customer: int
    retired: Sequence[int]
    field: str
    value: str | None = dataclasses.field(repr=False)
    policy: str
    reason: str
    is_edited: bool
    is_nobody: bool
    claims: Sequence[Claim]
    history: Sequence[Change]

    def as_json(self) -> dict[str, Any]:
        """Return everything as values; instants stay instants."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueAt:
    """What a field held at an instant. existed: whether the customer was known by then."""

    customer: int
    field: str
    instant: datetime
    existed: bool
    value: str | None = dataclasses.field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return everything as values; instants stay instants."""
        return asdict(self)


# -- the customer ---------------------------------------------------------------------------------


def show(tx: Transaction, rules: Published, customer: int) -> CustomerView:
    """Return a customer as it stands; a retired id shows the customer it became.

    Raises:
        NotFoundError: There was never such a customer.
    """
    *retired, id_ = [row[0] for row in resolved(tx, customer)]
    names = titles(tx)
    values, is_edited = views.golden_of(tx, rules, id_)
    _, _, _, created_at, _, changed_at, _ = views.named(tx, "customer_facts", [id_])[0]
    return CustomerView(
        customer=id_,
        retired=retired,
        created_at=created_at,
        changed_at=changed_at,
        is_edited=is_edited,
        values={name: value for name, value in values.items() if value is not None},
        nobody=[name for name, value in values.items() if _is_nobody(rules, name, value)],
        links=[
            _link(row, names) for row in views.named(tx, "links_of_customer", {"customers": [id_]})
        ],
        waiting=[_creation(row, names) for row in views.named(tx, "creates_of_customer", [id_])],
        rejects=as_rejects(views.named(tx, "rejects_of_customer", [id_]), names),
        reviews=as_reviews(views.named(tx, "reviews_of_customer", [id_])),
    )


def _is_nobody(rules: Published, name: str, value: str | None) -> bool:
    """Tell whether a value is left out of recognising by `match`, though its field is a key."""
    match = rules.config.workspace.match
    if value is None or name not in {"email", "phone"} or name not in match.keys:
        return False
    said = pl.DataFrame({"link": [0], name: [value]})
    found = match_keys(said, match, system="", salt=rules.salt, external_id=None)
    return found.is_empty()


def resolved(tx: Transaction, customer: int) -> list[tuple[Any, ...]]:
    """Return (id, retired into, when) from the id asked for to the customer it is today."""
    chain = views.named(tx, "resolve_customer", {"customer": customer})
    if not chain:
        raise NotFoundError(
            f"there is no customer {customer}",
            hint="find it: customer-sync customers --search TEXT",
        )
    return chain


def _link(row: tuple[Any, ...], names: dict[int, tuple[str, str]]) -> Link:
    _, stream, record, _, state, standing, code, reason, _, changed_at = row
    system, name = names[stream]
    problem = code or ("waiting" if standing == "pending" else "")
    return Link(
        system=system,
        stream=name,
        record=record,
        state=STATES[state],
        status=standing,
        code=problem,
        reason=reason or "",
        remedy=explained(problem).remedy if problem else "",
        changed_at=changed_at,
    )


def _creation(row: tuple[Any, ...], names: dict[int, tuple[str, str]]) -> Creation:
    stream, code, reason, is_failing = row
    system, name = names[stream]
    problem = code or "waiting"
    return Creation(
        system=system,
        stream=name,
        is_failing=is_failing,
        code=problem,
        reason=reason,
        remedy=explained(problem).remedy,
    )


# -- one field ------------------------------------------------------------------------------------


def why(tx: Transaction, rules: Published, customer: int, name: str) -> FieldView:
    """Return why a field of a customer holds what it holds: every claim, the policy, the history.

    Raises:
        NotFoundError: There was never such a customer.
        InvalidInputError: There is no such field.
    """
    _known(rules, name)
    *retired, id_ = [row[0] for row in resolved(tx, customer)]
    values, is_edited = views.golden_of(tx, rules, id_)
    names = titles(tx)
    cells = _cells(rules, views.claims_of(tx, id_), name)
    current = cells.filter("is_current")
    chosen = merge(
        current.with_columns(customer=pl.lit(id_, pl.Int64)).select(
            "customer",
            "stream",
            "since",
            "link",
            "field",
            "element",
            "value",
            "at",
            "stamp",
            "basis",
            "seen",
        ),
        rules.policies,
    )
    # A winner that says "empty" has no row of its own among golden cells.
    cells = cells.join(
        chosen.select("element", "link", "stamp", wins=pl.lit(value=True)),
        on=["element", "link", "stamp"],
        how="left",
    )
    claims = [_claim(row, current, names) for row in cells.iter_rows(named=True)]
    return FieldView(
        customer=id_,
        retired=retired,
        field=name,
        value=values.get(name),
        policy=rules.config.policy(name).policy,
        reason=_reason(rules, name, claims, values.get(name)),
        is_edited=is_edited,
        is_nobody=_is_nobody(rules, name, values.get(name)),
        claims=claims,
        history=[
            _change(row, names)
            for row in views.named(tx, "changes_of_field", {"customer": id_, "field": name})
        ],
    )


def _known(rules: Published, name: str) -> None:
    if name not in rules.fields:
        raise InvalidInputError(
            f"there is no canonical field {name}", hint=f"the fields are: {', '.join(rules.fields)}"
        )


def _cells(rules: Published, claims: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return every claim about one field, cell by cell, each with whether it still counts."""
    stored = claims.select("link", "stamp", "basis", "seen", "at", "fields", "cleared")
    is_open = claims["superseded"].is_null() & claims["tells"]
    now = current_cells(stored.filter(is_open), rules.fields, rules.many)
    key = ["link", "field", "element", "stamp", "basis"]
    # One claim at a time: several of one record would hide the earlier ones.
    each = [
        current_cells(stored.slice(row, 1), rules.fields, rules.many)
        for row in range(stored.height)
    ]
    cells = pl.concat([now.clear(), *each]).filter(pl.col("field") == name)
    links = claims.select("link", "stream", "external_id", "since", "state").unique("link")
    return (
        cells.join(now.select(*key, is_current=pl.lit(value=True)), on=key, how="left")
        .with_columns(pl.col("is_current").fill_null(value=False))
        .join(links, on="link")
        .sort("stamp", "link", "element")
    )


def _claim(row: dict[str, Any], current: pl.DataFrame, names: dict[int, tuple[str, str]]) -> Claim:
    system, stream = names[row["stream"]]
    known = max(row["basis"], row["since"])
    # As in core.golden.merge: who had seen golden values that took this claim into account.
    over = [
        "/".join([*names[other["stream"]], other["external_id"]])
        for other in current.filter(pl.col("element") == row["element"]).iter_rows(named=True)
        if row["is_current"] and other["seen"] >= other["since"] and other["seen"] >= known
    ]
    return Claim(
        system=system,
        stream=stream,
        record=row["external_id"],
        element=row["element"],
        value=row["value"],
        at=row["at"],
        stamp=row["stamp"],
        seen=row["seen"],
        basis=row["basis"],
        is_current=row["is_current"],
        is_winner=bool(row["wins"]),
        overridden_by=over,
        state=STATES[row["state"]],
    )


_POLICIES = {
    "owner": "the owner of this field comes first",
    "ledger_wins": "the ledger comes first",
    "most_recent": "the one that changed last at its source holds",
    "most_complete": "the longest value holds",
    "ask": "the value that stood first stands until somebody decides",
}


def _reason(rules: Published, name: str, claims: Sequence[Claim], value: str | None) -> str:
    """Say in words why the value holds."""
    current = [claim for claim in claims if claim.is_current]
    if not current:
        return "no record says anything about it"
    standing = [claim for claim in current if not claim.overridden_by]
    winners = [claim for claim in standing if claim.is_winner]
    if value is None or not winners:
        return "it was emptied by a record that had seen what the others say"
    if name in rules.many:
        return "every element holds that a record says and none has taken away since"
    return _victory(rules, name, current, standing, winners[0])


def _victory(
    rules: Published,
    name: str,
    current: Sequence[Claim],
    standing: Sequence[Claim],
    winner: Claim,
) -> str:
    """Say in words why one claim holds against the others."""
    told = f"{winner.system}.{winner.stream} {winner.record}"
    if winner.state == STATES[GONE]:
        told += " (a record that its system deleted)"
    if len({(claim.system, claim.stream, claim.record) for claim in current}) == 1:
        return f"{told} is the only one that says anything about it"
    if len(standing) == 1:
        return f"{told} changed it after it had seen what the others say"
    if len({claim.value for claim in standing}) == 1:
        return f"all that stand say the same; {told} came first by policy"
    policy = rules.config.policy(name)
    owners = f" ({', '.join(policy.owner)})" if policy.owner else ""
    return (
        f"several changed it without seeing each other; policy {policy.policy}{owners}: "
        f"{_POLICIES[policy.policy]}, and that is {told}"
    )


def _change(row: tuple[Any, ...], names: dict[int, tuple[str, str]]) -> Change:
    stamp, at, run, configuration, before, after, _, _, stream, record = row
    system, name = names[stream] if stream is not None else (None, None)
    return Change(
        at=at,
        batch=stamp,
        run=run,
        configuration=configuration,
        before=before,
        after=after,
        system=system,
        stream=name,
        record=record,
    )


# -- the past -------------------------------------------------------------------------------------


def value_at(
    tx: Transaction, rules: Published, customer: int, name: str, instant: datetime
) -> ValueAt:
    """Return what a field of a customer held at an instant: as the ledger knew it then.

    An id that was retired later answers for itself; one retired by then, for what it had become.

    Raises:
        NotFoundError: There was never such a customer.
        InvalidInputError: There is no such field.
    """
    _known(rules, name)
    chain = resolved(tx, customer)
    id_ = next((row[0] for row in chain if row[1] is None or row[2] > instant), chain[-1][0])
    _, _, _, created_at, _, _, edited_at = views.named(tx, "customer_facts", [id_])[0]
    values, _ = views.golden_of(tx, rules, id_)
    before = views.golden_before_edit(tx, rules, id_) if edited_at is not None else None
    if before is not None and instant < edited_at:
        values = before
    value = values.get(name)
    for _, at, _, _, was, *_ in views.named(
        tx, "changes_of_field", {"customer": id_, "field": name}
    ):
        if at is not None and at > instant:
            value = was
    existed = created_at is None or created_at <= instant
    return ValueAt(
        customer=id_, field=name, instant=instant, existed=existed, value=value if existed else None
    )
