"""What must hold once edits and faults have stopped; each breach is told in a sentence.

Everything is judged from the platforms' own records and logs, and from the tables: what the engine
believes is compared with what stands there, never with what it says of itself.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl
from tests.simulation.company import STREAM
from tests.simulation.history import HELD, Change, Histories, histories
from tests.simulation.trade import breaches

from customer_sync.core.decide import LEDGER_STREAM, Stream
from customer_sync.core.golden import current_cells, merge, widened
from customer_sync.model.field import column_name
from customer_sync.model.frame import CLAIMS, GONE, LIVE, MERGED_AWAY
from customer_sync.systems.simulated import PEOPLE

if TYPE_CHECKING:
    from tests.simulation.scenario import World

__all__ = ["Checkpoint", "check"]

FOUGHT_MIN = 3  # edits of a record by people within one run
# What a platform may go on refusing: the delivery waits until somebody changes something.
REFUSALS = {"duplicate", "too_long", "required", "type"}
WRITES_PER_EDIT_MAX = 4
Cell = tuple[str, str]  # field, element


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What stood when all was quiet last. golden: customer -> cell -> value; links: (stream, id) -> customer."""

    number: int = 0
    golden: Mapping[int, Mapping[Cell, str]] = field(default_factory=dict)
    agreed: Mapping[tuple[int, str], int] = field(default_factory=dict)


@dataclass(kw_only=True)
class Shown:
    """A live link beside its record and what that record should show."""

    link: int
    stream: Stream
    system: str
    external_id: str
    customer: int
    fields: dict[str, str | None]
    differs: list[str]


def check(world: "World", before: Checkpoint, *, is_quiet: bool) -> tuple[list[str], Checkpoint]:
    """Return every breach, and what stands now."""
    problems: list[str] = []
    if not is_quiet:
        problems.append(f"rest: something still moved after the last round; state {world.state()}")
    golden = _golden(world)
    shown = _shown(world, golden)
    history = histories(world)
    problems += _disagreements(world, shown)
    problems += _images(world, shown)
    problems += _left_over(world)
    problems += _missing(world, golden)
    problems += _duplicates(world, golden)
    problems += _lost_updates(world, before, golden, history)
    problems += _invariants(world, golden)
    problems += _echoes(world)
    problems += breaches(world)
    agreed = {(one.stream.id, one.external_id): one.customer for one in shown if not one.differs}
    number = next(world.journal)
    return problems, Checkpoint(number=number, golden=golden, agreed=agreed)


# -- convergence ----------------------------------------------------------------------------------


def _golden_rows(world: "World") -> pl.DataFrame:
    fields = world.rules.fields
    columns = ", ".join(column_name(name) for name in fields)
    rows = world.rows(f"SELECT id, {columns} FROM customer WHERE retired_into IS NULL ORDER BY id")
    schema = {"customer": pl.Int64, **dict.fromkeys(fields, pl.String)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _golden(world: "World") -> dict[int, dict[Cell, str]]:
    many = set(world.rules.many)
    golden: dict[int, dict[Cell, str]] = {}
    for row in _golden_rows(world).iter_rows(named=True):
        cells = golden[row.pop("customer")] = {}
        for name, value in row.items():
            if value is not None and name in many:
                cells.update({(name, element): element for element in json.loads(value)})
            elif value is not None:
                cells[name, ""] = value
    return golden


def _shown(world: "World", golden: Mapping[int, Any]) -> list[Shown]:
    """Compare every live link's record with what its platform would show of the golden values."""
    found = []
    rows = _golden_rows(world)
    for stream in world.rules.connected:
        platform = world.platforms[stream.system]
        held = platform.stream(STREAM).records
        links = world.rows(
            "SELECT id, external_id, customer FROM link WHERE stream = %s AND state = %s ORDER BY id",
            stream.id,
            LIVE,
        )
        links = [row for row in links if row[2] in golden and not held[row[1]].deleted]
        if not links:
            continue
        sources = stream.map.source_fields
        fields = [{name: held[id_].fields.get(name) for name in sources} for _, id_, _ in links]
        images = pl.DataFrame(fields, schema=dict.fromkeys(sources, pl.String))
        wanted = pl.DataFrame({"customer": [row[2] for row in links]}).join(
            rows, on="customer", how="left", maintain_order="left"
        )
        after = stream.map.put(wanted.drop("customer"), images)
        unreadable = _unreadable(stream, images)
        for number, (link, id_, customer) in enumerate(links):
            patch = {
                k: v for k, v in after.row(number, named=True).items() if v != fields[number][k]
            }
            differs = [
                name for name, value in platform.behaviour.stored(patch).items()
                if _same(value) != _same(fields[number][name]) and (number, name) not in unreadable
            ]  # fmt: skip
            found.append(
                Shown(
                    link=link, stream=stream, system=stream.system, external_id=id_, customer=customer,
                    fields=fields[number], differs=differs,
                )
            )  # fmt: skip
    return found


def _same(value: str | None) -> str | None:
    """Return the text as people read it: nothing is the same as nothing typed, outer space is no difference."""
    return (value or "").strip() or None


def _unreadable(stream: Stream, images: pl.DataFrame) -> set[tuple[int, str]]:
    """Return (row, source field) of what was set aside: a person must mend it first."""
    rejects = stream.map.get(images).rejects
    return {(row["row"], row["source"]) for row in rejects.iter_rows(named=True)}


def _disagreements(world: "World", shown: list[Shown]) -> Iterator[str]:
    waiting = dict(world.rows("SELECT link, code FROM outbound WHERE link IS NOT NULL"))
    asked = _asked(world)
    for one in shown:
        if one.differs and waiting.get(one.link) not in REFUSALS and one.customer not in asked:
            golden = world.rows("SELECT * FROM customer WHERE id = %s", one.customer)[0]
            yield (
                f"convergence: {one.system}/{one.external_id} of customer {one.customer} differs in {one.differs}: "
                f"shows {one.fields}, golden {[value for value in golden if value is not None]}"
            )


def _asked(world: "World") -> set[int]:
    """Return customers about whom a person is asked what became of a write; only where nobody could know."""
    blind = {system.name for system in world.systems.values() if not system.can_tell}
    found = set()
    for subject_stream, customers in world.rows(
        "SELECT s.system, v.customers FROM review v JOIN attempt a ON a.token = v.subject JOIN stream s ON s.id = a.stream"
        " WHERE v.kind = 'unknown_outcome' AND v.decided_at IS NULL"
    ):
        if subject_stream in blind:
            found |= set(customers)
    return found | _fought(world)


def _fought(world: "World") -> set[int]:
    """Return customers about whose record a person is asked because people wrote over ours again and again."""
    found = set()
    for subject, customers, began in world.rows(
        "SELECT v.subject, v.customers, (SELECT min(a.at) FROM attempt a WHERE a.run = v.run) FROM review v"
        " WHERE v.kind = 'flapping' AND v.decided_at IS NULL"
    ):
        title, _, id_ = subject.partition("/")
        log = world.platforms[title.partition(".")[0]].log
        if sum(o.by == PEOPLE and o.id == id_ and o.at >= began for o in log) >= FOUGHT_MIN:
            found |= set(customers)
    return found


def _images(world: "World", shown: list[Shown]) -> Iterator[str]:
    """The base is what the record shows: else the next edit would be misread."""
    images = dict(world.rows("SELECT link, fields FROM image"))
    for one in shown:
        image = json.loads(images[one.link])
        if image != one.fields:
            yield f"image: {one.system}/{one.external_id} shows {one.fields}, remembered as {image}"


def _held(world: "World") -> set[tuple[int, int]]:
    """Return (customer, stream) whose creation waits until a person says whose a record is, or who is whom."""
    return set(
        world.rows(
            "SELECT c.customer, s.id FROM review v, stream s, unnest(v.customers) c(customer)"
            " WHERE v.kind = 'duplicate_customer' AND v.decided_at IS NULL"
        )
    ) | set(
        world.rows(
            "SELECT c.customer, s.id FROM review v JOIN stream s"
            " ON starts_with(v.subject, s.system || '.' || s.name || '/'), unnest(v.customers) c(customer)"
            " WHERE v.kind = 'possible_duplicate' AND v.decided_at IS NULL"
        )
    )


def _left_over(world: "World") -> Iterator[str]:
    asked, held = _asked(world), _held(world)
    for customer, stream, link, kind, code, reason in world.rows(
        "SELECT customer, stream, link, kind, code, reason FROM outbound ORDER BY id"
    ):
        waits = link is None and (customer, stream) in held
        if code not in REFUSALS and customer not in asked and not waits:
            yield f"left over: outbound {kind} of customer {customer} to stream {stream}, link {link}: {code} {reason}"
    for token, stream, customer, kind, outcome, reason in world.rows(
        "SELECT token, stream, customer, kind, outcome, reason FROM attempt WHERE outcome IN ('sent', 'unknown')"
    ):
        if outcome == "sent" or customer not in asked:
            yield f"left over: attempt {token} ({kind}) of customer {customer} to stream {stream}: {outcome} {reason}"


def _missing(world: "World", golden: Mapping[int, Mapping[Cell, str]]) -> Iterator[str]:  # noqa: C901 - one breach after another
    """Every record belongs to a customer, every customer is wherever customers are created."""
    asked, held_back = _asked(world), _held(world)
    for stream in world.rules.connected:
        platform = world.platforms[stream.system]
        linked = dict(
            world.rows("SELECT external_id, state FROM link WHERE stream = %s", stream.id)
        )
        held = {
            id_
            for (id_,) in world.rows(
                "SELECT external_id FROM reject WHERE stream = %s AND resolved_at IS NULL AND whole",
                stream.id,
            )
        }
        for id_, record in sorted(platform.stream(STREAM).records.items()):
            if not record.deleted and id_ not in linked and id_ not in held:
                yield f"missing: {stream.system}/{id_} belongs to no customer"
            if record.deleted and linked.get(id_) == LIVE:
                yield f"missing: {stream.system}/{id_} is gone and still counts as live"
            if not record.deleted and linked.get(id_) in {GONE, MERGED_AWAY}:
                yield f"missing: {stream.system}/{id_} is live and counts as gone"
        if stream.config.create:
            lacking = world.rows(
                "SELECT c.id FROM customer c WHERE c.retired_into IS NULL"
                " AND NOT EXISTS (SELECT 1 FROM link l WHERE l.customer = c.id AND l.stream = %(s)s)"
                " AND NOT EXISTS (SELECT 1 FROM outbound o WHERE o.customer = c.id AND o.stream = %(s)s"
                "                 AND o.code = ANY(%(refusals)s))".replace(
                    "%(s)s", str(stream.id)
                ).replace("%(refusals)s", "ARRAY['" + "','".join(sorted(REFUSALS)) + "']")
            )
            for (customer,) in lacking:
                if not {name for name, _ in golden.get(customer, {})} & set(stream.map.outward):
                    continue  # nothing of this customer shows there
                if customer not in asked and (customer, stream.id) not in held_back:
                    yield f"missing: customer {customer} was not created in {stream.system}"


# -- no duplicate ---------------------------------------------------------------------------------


def _duplicates(world: "World", golden: Mapping[int, Mapping[Cell, str]]) -> Iterator[str]:
    for stream in world.rules.connected:
        platform = world.platforms[stream.system]
        log = platform.log
        # Where no token tells of it, a record that people deleted before anybody read it was never there.
        told = platform.behaviour.tokens
        records = platform.stream(STREAM).records
        tokens = {o.id: o.by for o in log if o.kind == "create" and o.by.startswith("t")}
        # By the customer they were made for: two that were merged since had one each.
        owners = dict(
            world.rows(
                "SELECT detail, customer FROM audit_event WHERE kind = 'sent.create' AND stream = %s",
                stream.id,
            )
        )
        made: dict[int, set[str]] = defaultdict(set)
        for id_, token in tokens.items():
            if token in owners and (told or not records[id_].deleted):
                made[owners[token]].add(id_)
        for customer, ids in made.items():
            by = {tokens[id_] for id_ in ids}
            if len(by) > 1:
                yield f"duplicate: customer {customer} was created in {stream.system} {len(by)} times: {sorted(ids)}"
    yield from _twins(world, golden)


def _twins(world: "World", golden: Mapping[int, Mapping[Cell, str]]) -> Iterator[str]:
    """No two customers have the same e-mail address, unless a person is asked about one of them.

    Where all is weighed, a household may share one: there the names are to be the same too.
    """
    if any(world.people.counts.get(what) for what in ("merge",)):
        return
    reviews = world.rows(
        "SELECT customers FROM review WHERE kind IN ('possible_duplicate', 'duplicate_customer')"
    )
    asked = {customer for (customers,) in reviews for customer in customers}
    is_scored = world.rules.config.workspace.match.method == "scored"
    parts = ("email", "given_name", "family_name") if is_scored else ("email",)
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for customer, cells in golden.items():
        said = tuple(cells.get((part, ""), "") for part in parts)
        if all(said):
            alike[said].append(customer)
    for said, customers in alike.items():
        if len(customers) > 1 and not asked & set(customers):
            yield f"duplicate: customers {customers} have the same {', '.join(parts)}: {said}"


# -- no lost update -------------------------------------------------------------------------------


def _lost_updates(  # noqa: C901 - one rule after another
    world: "World",
    before: Checkpoint,
    golden: Mapping[int, Mapping[Cell, str]],
    history: Histories,
) -> Iterator[str]:
    """Whoever alone changed a field since all was quiet has won; among several, one of them has."""
    owners = {
        (stream, id_): customer
        for stream, id_, customer in world.rows("SELECT stream, external_id, customer FROM link")
    }
    shuffled = _shuffled(before, owners, history)
    records: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for key, customer in owners.items():
        records[customer].append(key)
    for customer, cells in golden.items():
        if customer in shuffled:
            continue
        keys = sorted({*records[customer], (LEDGER_STREAM, str(customer))})
        changes: dict[Cell, list[Change]] = defaultdict(list)
        for key in keys:
            for change in history.of(key):
                if change.number > before.number:
                    changes[change.cell].append(change)
        was = before.golden.get(customer)
        if was is None and not any(history.of(key) for key in keys):
            continue  # a record that a doubled request of ours created: nobody said anything
        # What a doubled request of ours created, and people made another customer of, nobody said.
        told = {*changes} if was is None else {*changes, *cells, *was}
        for cell in sorted(told):
            yield from _cell(
                world, before, customer, cell, changes[cell], cells, was, history, keys
            )


def _shuffled(
    before: Checkpoint, owners: Mapping[tuple[int, str], int], history: Histories
) -> set[int]:
    """Return customers whose records came from or went to others; their claims moved with them."""
    found: set[int] = set()
    for key, customer in before.agreed.items():
        if owners.get(key, customer) != customer:
            found |= {customer, owners[key]}
    for loser, winner in history.merges:
        found |= {owners[key] for key in (loser, winner) if key in owners}
    return found


def _cell(  # noqa: C901 - one rule after another
    world: "World",
    before: Checkpoint,
    customer: int,
    cell: Cell,
    changes: list[Change],
    cells: Mapping[Cell, str],
    was: Mapping[Cell, str] | None,
    history: Histories,
    keys: Sequence[tuple[int, str]],
) -> Iterator[str]:
    now = cells.get(cell)
    last: dict[tuple[int, str], Change] = {}
    for change in changes:
        last[change.key] = change
    knowing, other = set(), set()
    for key, change in last.items():
        is_known = key[0] == LEDGER_STREAM and was is not None
        is_known = is_known or before.agreed.get(key) == customer
        two_way = key[0] == LEDGER_STREAM or cell[0] in world.rules.streams[key[0]].map.outward
        if change.value == HELD or history.is_gone(key):
            # What was typed in between may have been seen or not.
            other |= {c.value for c in changes if c.key == key and c.value != HELD}
            other.add(was.get(cell) if was else None)
        elif history.is_overrun(key, cell):
            # Added or taken away in that moment: who wrote the whole list knew of neither.
            other |= {None, *(c.value for c in changes if c.key == key)}
        elif is_known and two_way:
            knowing.add(change.value)
        else:
            other.add(change.value)
    allowed = knowing | other
    if not knowing:
        allowed.add(was.get(cell) if was is not None else None)
        if None in other:
            # Who never showed what held takes back only its own word: another's, never told of, may stand.
            allowed |= {history.last(key, cell) for key in keys}
    if was is None and not knowing:
        # A customer of new records: one that says nothing of a field clears no other's value.
        allowed |= {c.value for c in changes if c.value != HELD}
        if len({c.key for c in changes}) == 1 and other and HELD not in {c.value for c in changes}:
            allowed = {last[changes[0].key].value}
            if history.is_overrun(changes[0].key, cell) or history.is_gone(changes[0].key):
                allowed |= {None, *(c.value for c in changes)}
    if now not in allowed:
        told = [(c.number, world.rules.streams[c.key[0]].title, c.key[1], c.value) for c in changes]
        yield (
            f"lost update: customer {customer} {cell}: {now!r}, expected one of "
            f"{sorted(allowed, key=str)}; it was {was.get(cell) if was else None!r} when all was quiet, and since: {told}"
        )


# -- design section 6 -----------------------------------------------------------------------------


def _invariants(world: "World", golden: Mapping[int, Mapping[Cell, str]]) -> Iterator[str]:
    for link, customer in world.rows(
        "SELECT l.id, l.customer FROM link l LEFT JOIN customer c ON c.id = l.customer"
        " WHERE l.state = 0 AND (c.id IS NULL OR c.retired_into IS NOT NULL)"
    ):
        yield f"invariant: live link {link} belongs to customer {customer}, who is retired or missing"
    for batch, stream in world.rows(
        "SELECT number, stream FROM batch b WHERE NOT EXISTS (SELECT 1 FROM audit_event e WHERE e.batch = b.number)"
    ):
        yield f"invariant: batch {batch} of stream {stream} has no audit event"
    for (token,) in world.rows(
        "SELECT token FROM attempt a WHERE NOT EXISTS (SELECT 1 FROM audit_event e WHERE e.detail = a.token)"
    ):
        yield f"invariant: attempt {token} has no audit event"
    for token, outcome in world.rows(
        "SELECT token, outcome FROM attempt a WHERE outcome <> 'sent' AND NOT EXISTS"
        " (SELECT 1 FROM audit_event e WHERE e.kind LIKE 'answered.%%' AND split_part(e.detail, ' ', 1) = a.token)"
    ):
        yield f"invariant: the answer {outcome} to attempt {token} has no audit event"
    yield from _recomputed(world)


def _recomputed(world: "World") -> Iterator[str]:
    rules = world.rules
    rows = world.rows(
        "SELECT link, stamp, basis, seen, at, fields, cleared FROM claim WHERE superseded IS NULL ORDER BY link, stamp"
    )
    claims = pl.DataFrame(rows, schema=CLAIMS, orient="row")
    links = pl.DataFrame(
        world.rows("SELECT id, customer, stream, since FROM link WHERE state <> 3"),
        schema={"link": pl.Int64, "customer": pl.Int64, "stream": pl.Int32, "since": pl.Int64}, orient="row",
    )  # fmt: skip
    cells = current_cells(claims, rules.fields, rules.many).join(links, on="link")
    again = widened(merge(cells, rules.policies), rules.fields, rules.many)
    stored = _golden_rows(world)
    both = stored.join(again, on="customer", how="left", maintain_order="left", suffix=" again")
    for row in both.iter_rows(named=True):
        for name in rules.fields:
            if row[name] != row[f"{name} again"]:
                yield (
                    f"invariant: {name} of customer {row['customer']} is {row[name]!r}, "
                    f"its claims give {row[f'{name} again']!r}"
                )


# -- no echo --------------------------------------------------------------------------------------


def _echoes(world: "World") -> Iterator[str]:
    before = world.state()
    world.tick(60.0)
    world.sync(whole=True)  # the last round of rest was one that reads what changed
    after = world.state()
    if after != before:
        yield f"echo: reading all again changed {before} to {after}"
    edits = sum(world.people.counts.values()) + sum(
        number
        for name, number in world.raced().items()
        if name.endswith(("race_before", "race_after"))
    )
    faults = sum(world.raced().values())
    most = WRITES_PER_EDIT_MAX * edits * len(world.systems) + faults
    if world.writes() > most:
        yield f"echo: {world.writes()} writes for {edits} edits and {faults} faults"
