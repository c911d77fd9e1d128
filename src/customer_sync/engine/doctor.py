"""Doctor: check on live data what must always hold, and name what does not, by id.

Reads only. Each check is set-based, or goes through the customers or links a chunk at a time, so
memory stays flat. A check that fails says what to do; examples are ids, never values.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
from pydantic import ValidationError

from customer_sync.core.decide import LEDGER_STREAM, Stream
from customer_sync.core.golden import current_cells, merge, widened
from customer_sync.core.identity import match_keys
from customer_sync.core.mapping.stream import Mapped
from customer_sync.engine.matching import compared_otherwise, is_compared
from customer_sync.engine.publish import in_force
from customer_sync.engine.session import Session
from customer_sync.infra.pg.database import SERVER_VERSION_MIN, Transaction
from customer_sync.infra.pg.migrate import migrations
from customer_sync.kernel.errors import CustomerSyncError
from customer_sync.kernel.frames import from_json
from customer_sync.store import protection, soundness, views

__all__ = ["Finding", "doctor"]

EXAMPLES_MAX = 10
CHUNK_ROWS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check came to. examples: ids of what is wrong, at most a few."""

    name: str
    ok: bool
    count: int
    examples: Sequence[str]
    meaning: str
    remedy: str

    def as_json(self) -> dict[str, Any]:
        """Return everything as values that the JSON writer knows."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    name: str
    meaning: str
    remedy: str
    wrong: Callable[[Session], Iterator[object]]
    is_fault: bool = True


def doctor(session: Session) -> list[Finding]:
    """Check everything; a finding that is not ok is a broken promise, and each says what to do."""
    findings = []
    for number, check in enumerate(CHECKS):
        session.progress("checks", number, len(CHECKS))
        findings.append(_found(session, check))
    return findings


def _found(session: Session, check: _Check) -> Finding:
    examples: list[str] = []
    count = 0
    for id_ in check.wrong(session):
        count += 1
        if len(examples) < EXAMPLES_MAX:
            examples.append(str(id_))
    ok = count == 0 or not check.is_fault
    return Finding(
        name=check.name,
        ok=ok,
        count=count,
        examples=examples,
        meaning=check.meaning,
        remedy=check.remedy if count else "",
    )


# -- the installation -----------------------------------------------------------------------------


def _schema(session: Session) -> Iterator[object]:
    with session.db.transaction() as tx:
        applied = dict(views.named(tx, "doctor_schema"))
    known = {migration.number: migration.digest for migration in migrations()}
    for number in sorted(set(applied) | set(known)):
        if applied.get(number) != known.get(number):
            yield number


def _server(session: Session) -> Iterator[object]:
    with session.db.transaction() as tx:
        version = views.named(tx, "doctor_server")[0][0]
    if version < SERVER_VERSION_MIN:
        yield version


def _configuration(session: Session) -> Iterator[object]:
    try:
        in_force(session.db)
    except (CustomerSyncError, ValidationError):
        yield session.rules.version


def _rows(name: str) -> Callable[[Session], Iterator[object]]:
    """Return the check whose statement returns the ids of what is wrong."""

    def wrong(session: Session) -> Iterator[object]:
        with session.db.transaction() as tx:
            rows = views.named(tx, name)
        for row in rows:
            yield row[0]

    return wrong


def _told(wrong: Callable[[Transaction], Sequence[str]]) -> Callable[[Session], Iterator[object]]:
    """Return the check whose store function returns the names of what is wrong."""

    def told(session: Session) -> Iterator[object]:
        with session.db.transaction() as tx:
            yield from wrong(tx)

    return told


def _unsound(question: str) -> Callable[[Session], Iterator[object]]:
    """Return the check whose question to the journal returns what is wrong."""

    def wrong(session: Session) -> Iterator[object]:
        with session.db.transaction() as tx:
            yield from soundness.wrong(tx, question)

    return wrong


def _attempts(session: Session) -> Iterator[object]:
    with session.db.transaction() as tx:
        rows = views.attempts_left(tx)
    for row in rows:
        yield row[0]


# -- golden values --------------------------------------------------------------------------------


def _golden(session: Session) -> Iterator[object]:
    """Yield customers whose row is not what their claims give, save where an edit waits."""
    after = 0
    while True:
        with session.db.transaction(snapshot=True) as tx:
            ids = views.customer_ids(tx, after=after, limit=CHUNK_ROWS)
            if ids.is_empty():
                return
            found = views.grounds(tx, session.rules, ids)
        yield from _unlike(session, found)
        after = int(ids[-1])


def _unlike(session: Session, found: views.Grounds) -> list[int]:
    rules = session.rules
    cells = current_cells(found.claims, rules.fields, rules.many)
    cells = cells.join(found.links.select("link", "customer", "stream", "since"), on="link")
    again = widened(merge(cells, rules.policies), rules.fields, rules.many)
    stored = found.golden.filter(~pl.col("customer").is_in(found.edited.implode()))
    expected = stored.select("customer").join(
        again, on="customer", how="left", maintain_order="left"
    )
    differs = [stored[name].ne_missing(expected[name]) for name in rules.fields]
    wrong = pl.select(pl.any_horizontal(differs)).to_series()
    return stored["customer"].filter(wrong).to_list()


# -- match keys -----------------------------------------------------------------------------------


def _keys(session: Session) -> Iterator[object]:
    """Yield links whose match keys are not those of their image."""
    yield from _rows("keys_without_link")(session)
    for stream in session.rules.tied:
        expected = 0
        for links in _images(session, stream):
            keys, _, _ = _expected_keys(session, stream, links)
            expected += keys.height
            with session.db.transaction() as tx:
                missing = views.keys_missing(tx, keys)
            for row in missing:
                yield row[0]
        with session.db.transaction() as tx:
            stored = views.named(tx, "keys_stored", [stream.id])[0][0]
        if stored > expected:
            yield from _left_over(session, stream)


def _left_over(session: Session, stream: Stream) -> Iterator[object]:
    for links in _images(session, stream):
        keys, own, spoken = _expected_keys(session, stream, links)
        with session.db.transaction() as tx:
            extra = views.keys_left_over(tx, spoken, pl.concat([keys, own]).unique())
        for row in extra:
            yield row[0]


def _profiles(session: Session) -> Iterator[object]:
    """Yield records that are not compared by what their image says."""
    for stream in session.rules.tied:
        if is_compared(session.rules, stream):
            for links in _images(session, stream):
                _, values = _pictured(stream, links)
                with session.db.transaction() as tx:
                    yield from compared_otherwise(tx, session.rules, values)


def _images(session: Session, stream: Stream) -> Iterator[pl.DataFrame]:
    after = ""
    while True:
        with session.db.transaction() as tx:
            links = views.images_of(tx, stream.id, after=after, limit=CHUNK_ROWS)
        if links.is_empty():
            return
        yield links
        after = str(links["external_id"][-1])


def _pictured(stream: Stream, links: pl.DataFrame) -> tuple[Mapped, pl.DataFrame]:
    """Return what images say, and the values of those that are not rejected as a whole, with their links."""
    pictured = links.filter(pl.col("image").is_not_null())
    mapped = stream.map.get(from_json(pictured["image"], stream.map.source_fields))
    whole = mapped.rejects.filter("whole")["row"].unique()
    values = pl.concat([pictured.select("link"), mapped.values], how="horizontal").with_row_index()
    values = values.filter(~pl.col("index").is_in(whole.implode())).drop("index")
    return mapped, values


def _expected_keys(
    session: Session, stream: Stream, links: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series]:
    """Return keys (key, link) that images give, those of own ids, and links not silent at all.

    Keys of own ids may be kept or not. A record that is silent about a field keeps the keys of what
    it said before.
    """
    mapped, values = _pictured(stream, links)
    pictured = links.filter(pl.col("image").is_not_null())
    silent = pictured["link"].gather(mapped.silent["row"].unique())
    keys = _keys_of(session, stream, values, None)
    blank = links.select("link", email=pl.lit(None, pl.String))
    own = _keys_of(session, stream, blank, links["external_id"])
    return keys, own, links["link"].filter(~links["link"].is_in(silent.implode()))


def _keys_of(
    session: Session, stream: Stream, values: pl.DataFrame, external_id: pl.Series | None
) -> pl.DataFrame:
    match, salt = session.rules.config.workspace.match, session.rules.salt
    found = match_keys(values, match, system=stream.system, salt=salt, external_id=external_id)
    return found.select("key", "link").unique()


# -- the list -------------------------------------------------------------------------------------

_REPORT = "Keep a backup and report it: this should not be possible through the product."
_TAMPERED = (
    "Somebody wrote past the guards, as the owner of the tables: keep a backup, compare with an older "
    "one or with an earlier export, and correct by new entries."
)
_SYNC = "Run: customer-sync sync --whole."

CHECKS: Sequence[_Check] = (
    _Check(
        name="schema_version",
        wrong=_schema,
        meaning="The database has exactly the migrations of this program.",
        remedy="Run any command: it brings the database up to date. If the database is newer, run the newer program.",
    ),
    _Check(
        name="server_version",
        wrong=_server,
        meaning=f"The server is PostgreSQL {SERVER_VERSION_MIN} or later.",
        remedy="Upgrade the server.",
    ),
    _Check(
        name="configuration_compiles",
        wrong=_configuration,
        meaning="The configuration in force can be compiled by this program.",
        remedy="Publish a corrected configuration: customer-sync publish.",
    ),
    _Check(
        name="ledger_is_watched",
        wrong=_rows("doctor_triggers"),
        meaning="The customer table notes every edit and refuses deletion.",
        remedy="Enable it again: ALTER TABLE customer ENABLE TRIGGER ...; then sync --whole.",
    ),
    _Check(
        name="additions_are_guarded",
        wrong=_told(protection.unguarded),
        meaning="What is only ever added to, such as the audit trail, refuses to be changed.",
        remedy="Somebody switched a guard off. As the owner: ALTER TABLE ... ENABLE ALWAYS TRIGGER "
        "append_only; compare with a backup what was changed meanwhile.",
    ),
    _Check(
        name="rights_are_few",
        wrong=_told(protection.excess),
        meaning="Who runs commands has no right that it does not need.",
        remedy="As the owner: REVOKE what somebody granted; the next upgrade does so too.",
    ),
    _Check(
        name="owner_is_apart",
        wrong=_told(protection.owned),
        is_fault=False,
        meaning="Who runs commands does not own the tables, so no guard can be switched off there.",
        remedy="Missing: the configured user owns the tables and may make no role. Set "
        "CUSTOMER_SYNC_OWNER_URL to the owner and CUSTOMER_SYNC_DATABASE_URL to another user, or "
        "let the owner make roles; see docs/operations.md.",
    ),
    _Check(
        name="link_has_customer",
        wrong=_rows("doctor_links_without_customer"),
        meaning="Every record links to a customer that exists; a live one, to a live one.",
        remedy=_REPORT,
    ),
    _Check(
        name="record_linked_once",
        wrong=_rows("doctor_links_twice"),
        meaning="Every record is linked once.",
        remedy=_REPORT,
    ),
    _Check(
        name="retired_resolves",
        wrong=_rows("doctor_retired_nowhere"),
        meaning="Every retired customer resolves to one that is not.",
        remedy=_REPORT,
    ),
    _Check(
        name="golden_recomputed",
        wrong=_golden,
        meaning="Recomputing golden values from claims gives the rows of the customer table.",
        remedy="If policies were just changed, run: customer-sync sync --whole. Otherwise "
        "somebody wrote past the trigger: keep a backup and report it.",
    ),
    _Check(
        name="change_names_claim",
        wrong=_rows("doctor_changes_unclaimed"),
        meaning="Every change of a golden value names a claim that exists.",
        remedy=_REPORT,
    ),
    _Check(
        name="claim_has_link",
        wrong=_rows("doctor_claims_astray"),
        meaning="Every claim belongs to a link and to a batch.",
        remedy=_REPORT,
    ),
    _Check(
        name="image_has_link",
        wrong=_rows("doctor_images_without_link"),
        meaning="Every image belongs to a link.",
        remedy=_REPORT,
    ),
    _Check(
        name="link_has_image",
        wrong=_rows("doctor_links_without_image"),
        meaning="Every live link has an image.",
        remedy=_SYNC,
    ),
    _Check(
        name="match_keys_recomputed",
        wrong=_keys,
        meaning="Recomputing match keys from images gives the table of match keys.",
        remedy="If mappings or match rules were just changed, the keys follow as records change. "
        "Otherwise report it.",
    ),
    _Check(
        name="profiles_recomputed",
        wrong=_profiles,
        meaning="Records are compared by what their images say.",
        remedy="If mappings were just changed, this follows as records change. Otherwise report it.",
    ),
    _Check(
        name="batch_audited",
        wrong=_rows("doctor_batches_unaudited"),
        meaning="Every batch that changed something left audit events.",
        remedy=_REPORT,
    ),
    _Check(
        name="attempt_audited",
        wrong=_rows("doctor_attempts_unaudited"),
        meaning="Every attempt and every answer left an audit event.",
        remedy=_REPORT,
    ),
    _Check(
        name="outbound_has_target",
        wrong=_rows("doctor_outbounds_astray"),
        meaning="Nothing waits for a record or a customer that is not there.",
        remedy="Run: customer-sync sync, which drops what has nothing to deliver.",
    ),
    _Check(
        name="entries_balance",
        wrong=_unsound("entries_unsound"),
        meaning="Every journal entry is whole and balances, in each currency and in the functional one.",
        remedy=_TAMPERED,
    ),
    _Check(
        name="control_is_customers",
        wrong=_unsound("control_differs"),
        meaning="Each control account is the sum over its customers, to the last unit.",
        remedy=_TAMPERED,
    ),
    _Check(
        name="balances_recomputed",
        wrong=_unsound("balances_differ"),
        meaning="Adding up the postings gives the kept balances.",
        remedy=_TAMPERED,
    ),
    _Check(
        name="seals_intact",
        wrong=_unsound("seals_broken"),
        meaning="What was posted is as it was sealed, seal by seal.",
        remedy=_TAMPERED,
    ),
    _Check(
        name="entries_sealed",
        wrong=_unsound("entries_unsealed"),
        meaning="Every journal entry is under exactly one seal.",
        remedy=_TAMPERED,
    ),
    _Check(
        name="reversals_mirror",
        wrong=_unsound("reversals_unlike"),
        meaning="Every reversal takes back exactly what it reverses.",
        remedy=_REPORT,
    ),
    _Check(
        name="document_has_entry",
        wrong=_unsound("documents_unsound"),
        meaning="Every posted document has its entry, and what is to be settled of it stands there.",
        remedy=_TAMPERED,
    ),
    _Check(
        name="settled_recomputed",
        wrong=_unsound("settled_differs"),
        meaning="What is settled of each document is the sum of its allocations.",
        remedy=_TAMPERED,
    ),
    _Check(
        name="journal_is_guarded",
        wrong=_unsound("journal_unguarded"),
        meaning="The triggers that refuse what may not stand in the journal are on.",
        remedy="Somebody switched a guard off. As the owner: ALTER TABLE ... ENABLE TRIGGER ...; "
        "then read what the other checks say.",
    ),
    _Check(
        name="attempts_to_settle",
        wrong=_attempts,
        is_fault=False,
        meaning="No attempt is left whose run is gone and whose outcome is not known.",
        remedy="Run: customer-sync sync, which reads what became of them.",
    ),
    _Check(
        name="sequences_ahead",
        wrong=_rows("doctor_sequences"),
        meaning="Sequences are ahead of the ids in use.",
        remedy="SELECT setval('customer_id', (SELECT max(id) FROM customer)); or link_id of link, "
        "entry_id of entry, document_id of document.",
    ),
)

assert LEDGER_STREAM == 0, "the statements of store.views name the ledger's stream by its number"
