"""What batches absorbed within one transaction come to: per customer, on every side, with a digest.

Plan and apply compute effects here from the same tables in the same way, so what was planned and
what is about to be committed can be compared. A customer that a plan would create has no id to be
named by: it is named by its first record, and no digest holds an id that another run would give
otherwise.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from customer_sync.core.decide import OWN_STREAMS, Stream
from customer_sync.core.golden import current_cells, merge
from customer_sync.engine.absorb import absorb_ledger_in
from customer_sync.engine.deliver import KINDS, TAKE_ROWS_MAX, Push, computed
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.digest import salted
from customer_sync.model.frame import STATES
from customer_sync.store import outbox, plans

__all__ = [
    "CLEARED", "CustomerEffect", "FieldEffect", "PatchEffect", "Reason", "customer_effects", "foreseen",
    "patch_effect", "reasons",
]  # fmt: skip

CHUNK_ROWS = 5_000
LEDGER_REFERENCE = "reference.ledger"
_POLICIES = {
    "owner": "said on several sides; the order of owners decides",
    "ledger_wins": "said on several sides; the ledger wins",
    "most_recent": "said on several sides; the most recent wins",
    "most_complete": "said on several sides; the most complete wins",
    "ask": "said on several sides; a person is asked, and the first stands until then",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Whose word a golden value is, and the rule that chose it."""

    winner: str | None
    rule: str


CLEARED = Reason(winner=None, rule="nobody says anything any more")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEffect:
    """One field on one side: what it shows, what it will show, and why."""

    field: str
    before: str | None
    after: str | None
    winner: str | None
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchEffect:
    """What one system would be sent about a customer. record: None where it is created."""

    stream: str
    kind: str
    record: str | None
    fields: list[FieldEffect]


@dataclass(slots=True, kw_only=True)
class CustomerEffect:
    """What happens to one customer, on every side.

    identity: its id, or its first record while it has none. records: (stream, external id) that
    tell of it. links: the records tied to it or changed, with their state.
    """

    identity: str
    digest: str
    customer: int
    is_new: bool = False
    merged_into: str | None = None
    golden: list[FieldEffect] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    patches: list[PatchEffect] = field(default_factory=list)
    records: list[tuple[int, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as people and programs read it."""
        # Not `asdict`, which copies every text: 2 ms a customer, and a plan tells of thousands.
        return {
            "identity": self.identity,
            "is_new": self.is_new,
            "merged_into": self.merged_into,
            "golden": [_as_dict(cell) for cell in self.golden],
            "links": self.links,
            "patches": [
                {**_as_dict(patch), "fields": [_as_dict(cell) for cell in patch.fields]}
                for patch in self.patches
            ],
        }


def _as_dict(row: FieldEffect | PatchEffect) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


def customer_effects(
    tx: Transaction, session: Session, customers: Sequence[int], *, first: int
) -> Iterator[CustomerEffect]:
    """Yield the effects on these customers of all batches since `first`, without reasons and patches."""
    for start in range(0, len(customers), CHUNK_ROWS):
        plans.stage_touched(tx, customers[start : start + CHUNK_ROWS])
        known, golden = plans.touched(tx, session.rules, first=first)
        values = {row["customer"]: row for row in golden.iter_rows(named=True)}
        changed = _net(plans.changes(tx, first=first))
        tied = _tied(session, plans.links(tx), first)
        new = {id_ for id_, is_new, _ in known if is_new}
        for id_, is_new, into in known:
            cells = changed.get(id_, [])
            if is_new:
                row = values[id_]
                cells = [
                    (name, None, row[name])
                    for name in session.rules.fields
                    if row[name] is not None
                ]
            yield _effect(session, id_, cells, tied.get(id_, []), _into(into, new), is_new=is_new)


def _into(into: int | None, new: set[int]) -> str | None:
    if into is None:
        return None
    return "a new customer" if into in new else str(into)


def _net(rows: Sequence[tuple[Any, ...]]) -> dict[int, list[tuple[str, str | None, str | None]]]:
    """Return customer -> (field, before all, after all); what came back to itself is left out."""
    cells: dict[tuple[int, str], tuple[str | None, str | None]] = {}
    for customer, name, before, after in rows:
        was = cells.get((customer, name), (before, None))[0]
        cells[customer, name] = (was, after)
    net: dict[int, list[tuple[str, str | None, str | None]]] = {}
    for (customer, name), (before, after) in sorted(cells.items()):
        if before != after:
            net.setdefault(customer, []).append((name, before, after))
    return net


def _tied(
    session: Session, links: pl.DataFrame, first: int
) -> dict[int, list[tuple[int, str, str, str]]]:
    """Return customer -> (stream, external id, title, state) of records that told of it since `first`."""
    titles = {id_: stream.title for id_, stream in session.rules.streams.items()}
    mine = links.filter((pl.col("shown") >= first) & ~pl.col("stream").is_in(OWN_STREAMS))
    tied: dict[int, list[tuple[int, str, str, str]]] = {}
    for row in mine.sort("stream", "external_id").iter_rows(named=True):
        title = titles.get(row["stream"], str(row["stream"]))
        entry = (row["stream"], row["external_id"], title, STATES[row["state"]])
        tied.setdefault(row["customer"], []).append(entry)
    return tied


def _effect(
    session: Session,
    customer: int,
    cells: Sequence[tuple[str, str | None, str | None]],
    tied: Sequence[tuple[int, str, str, str]],
    into: str | None,
    *,
    is_new: bool,
) -> CustomerEffect:
    links = [f"{title}/{id_} {state}" for _, id_, title, state in tied]
    # An accountant's own new customer has an id already and comes without a record.
    identity = f"{tied[0][2]}/{tied[0][1]}" if is_new and tied else str(customer)
    text = json.dumps([is_new, sorted(cells), links, into])
    return CustomerEffect(
        identity=identity,
        digest=salted(session.rules.salt, text),
        customer=customer,
        is_new=is_new,
        merged_into=into,
        links=links,
        records=[(stream, id_) for stream, id_, _, _ in tied],
        golden=[FieldEffect(field=n, before=b, after=a, winner=None, rule="") for n, b, a in cells],
    )


# -- why ------------------------------------------------------------------------------------------


def reasons(
    tx: Transaction, session: Session, customers: Sequence[int]
) -> dict[tuple[int, str], Reason]:
    """Return (customer, field) -> whose word the golden value is, and the rule that chose it."""
    rules = session.rules
    plans.stage_touched(tx, customers)
    links = plans.links(tx)
    cells = current_cells(plans.claims(tx), rules.fields, rules.many)
    if cells.is_empty():
        return {}
    cells = cells.join(links.select("link", "customer", "stream", "since"), on="link")
    chosen = merge(cells, rules.policies).select("customer", "field", "link")
    names = {row["link"]: _record_name(session, row) for row in links.iter_rows(named=True)}
    said = _said(cells)
    found: dict[tuple[int, str], Reason] = {}
    for customer, name, link in chosen.sort("customer", "field", "link").iter_rows():
        key = (customer, name)
        others = f"{found[key].winner}, " if key in found and found[key].winner else ""
        if names[link] not in others:
            found[key] = Reason(winner=others + names[link], rule=_rule(session, name, said[key]))
    return found


def _record_name(session: Session, link: Mapping[str, Any]) -> str:
    stream = session.rules.streams.get(link["stream"])
    if stream is None:
        return f"a record of stream {link['stream']}"
    return stream.system if stream.id in OWN_STREAMS else f"{stream.title}/{link['external_id']}"


def _said(cells: pl.DataFrame) -> dict[tuple[int, str], tuple[int, int, int]]:
    """Return (customer, field) -> how many records speak, how many values, how many values unopposed."""
    key = ["customer", "field", "element"]
    known = pl.max_horizontal("basis", "since")
    aware = pl.when(pl.col("seen") >= pl.col("since")).then("seen").otherwise(-1)
    standing = aware.max().over(key) < known
    counted = cells.with_columns(standing=standing).group_by(key).agg(
        links=pl.col("link").n_unique(),
        values=pl.col("value").n_unique(),
        open=pl.col("value").filter("standing").n_unique(),
    )  # fmt: skip
    most = counted.group_by("customer", "field").agg(pl.col("links", "values", "open").max())
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in most.iter_rows()}


def _rule(session: Session, name: str, said: tuple[int, int, int]) -> str:
    links, values, unopposed = said
    if links == 1:
        return "the only record that says it"
    if values == 1:
        return "all records agree"
    if unopposed <= 1:
        return "changed on one side only"
    return _POLICIES[session.rules.config.policy(name).policy]


# -- what would be sent ---------------------------------------------------------------------------


def foreseen(
    tx: Transaction, session: Session, identities: Mapping[int, str]
) -> Iterator[tuple[Stream, list[tuple[Push, str]]]]:
    """Yield, stream by stream, what would be sent if the transaction were committed, with its digest.

    Args:
        tx: a transaction that absorbed; it takes and writes nothing here.
        session: the run.
        identities: names of customers that are new in this transaction.
    """
    for stream in session.rules.connected:
        if session.rules.config.systems[stream.system].paused:
            continue
        after = 0
        while True:
            taken = outbox.standing(
                tx,
                stream.id,
                run=session.run,
                now=session.now(),
                after=after,
                limit=TAKE_ROWS_MAX,
                kinds=KINDS,
            )
            if taken.is_empty():
                break
            after = int(taken["outbound"].max())  # type: ignore[arg-type]
            while (found := computed(tx, session, stream, taken)) is None:
                absorb_ledger_in(tx, session)
            yield (
                stream,
                [(push, _patch_digest(session, stream, push, identities)) for push in found[0]],
            )


def _patch_digest(
    session: Session, stream: Stream, push: Push, identities: Mapping[int, str]
) -> str:
    patch = dict(push.write.patch)
    identity = identities.get(push.customer)
    if identity is not None and LEDGER_REFERENCE in stream.map.outward:
        # Applying will give the new customer another id than the plan did.
        own = str(push.customer)
        patch = {name: identity if value == own else value for name, value in patch.items()}
    named = identity or str(push.customer)
    text = json.dumps(
        [stream.title, push.write.kind, push.write.external_id, named, patch], sort_keys=True
    )
    return salted(session.rules.salt, text)


def patch_effect(stream: Stream, push: Push, why: Mapping[tuple[int, str], Reason]) -> PatchEffect:
    """Tell one push field by field."""
    canonical = {
        source: binding.names
        for binding in stream.map.bindings
        if binding.is_out
        for source in binding.sources
    }
    fields = []
    for name, after in push.write.patch.items():
        found = [
            why[push.customer, n] for n in canonical.get(name, ()) if (push.customer, n) in why
        ]
        reason = (
            found[0]
            if found
            else CLEARED
            if after is None
            else Reason(winner=None, rule="by the mapping")
        )
        before = push.write.expected.get(name)
        fields.append(
            FieldEffect(
                field=name, before=before, after=after, winner=reason.winner, rule=reason.rule
            )
        )
    return PatchEffect(
        stream=stream.title, kind=push.write.kind, record=push.write.external_id, fields=fields
    )
