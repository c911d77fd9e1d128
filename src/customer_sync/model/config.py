"""The workspace's configuration as people write it: pydantic models, their JSON Schema, their defaults.

These models are the published configuration too: frozen, so the core may hold them. What a model
cannot know by itself (does a lens exist, does a field keep the lens laws, does a column exist) is
checked in ``engine.publish``.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from customer_sync.model.document import DOCUMENT_FIELDS
from customer_sync.model.field import CATALOGUE, CUSTOM_PREFIX, Kind, canonical_field
from customer_sync.model.field import Field as CanonicalField
from customer_sync.model.ledger_config import LedgerConfig

__all__ = [
    "Configuration", "CustomField", "Deletes", "FieldMapping", "Fields", "Guest", "Limits", "MatchConfig", "Policy",
    "Rule", "StreamConfig", "SystemConfig", "WorkspaceConfig",
]  # fmt: skip

LEDGER_SYSTEM = "ledger"
STEWARD_SYSTEM = "steward"
BOOKS_SYSTEM = "books"
RESERVED_SYSTEMS = (LEDGER_SYSTEM, STEWARD_SYSTEM, BOOKS_SYSTEM)

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Direction = Literal["both", "in", "out"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _short_field(value: object) -> object:
    return {"field": value} if isinstance(value, str) else value


class FieldMapping(_Model):
    """How one or more canonical fields and one or more source fields of a stream stand to each other."""

    field: str | None = Field(None, description="The source field (column, attribute or JSON key).")
    fields: dict[str, str] | list[str] | None = Field(
        None,
        description="Several source fields: a list (join, split) or part -> source field (address).",
    )
    lens: str | None = Field(
        None, description="The lens; without it, the one of the canonical field's kind."
    )
    direction: Direction = Field(
        "both", description="both ways, only in (from the system), only out (to it)."
    )
    set_if_empty: bool = Field(
        False, description="Send outwards only where the system shows nothing."
    )
    never_clear: bool = Field(
        False, description="An emptied source field claims nothing; nothing is emptied there."
    )
    required: bool = Field(False, description="A record without a value is a reject.")
    default: str | None = Field(
        None, description="Sent outwards where there is no value; never read back."
    )
    values: dict[str, str] | None = Field(
        None, description="Value map, source value -> canonical value."
    )
    unmapped: Literal["reject", "keep", "ignore"] = Field(
        "reject", description="A source value outside `values`."
    )
    region: str | None = Field(
        None,
        description="Region of national phone numbers and tax ids, e.g. DE; ZZ: read only international ones.",
    )
    currency: str | None = Field(None, description="Currency of amounts that do not say theirs.")
    zone: str | None = Field(
        None, description="Time zone of instants that do not say theirs, e.g. Europe/Berlin."
    )
    format: str | None = Field(None, description="Date or instant format, strftime style.")
    separator: str | None = Field(None, description="Separator of join, split and list.")
    path: str | None = Field(
        None, description="JSON path inside the source field, e.g. $.address.city."
    )
    constant: str | None = Field(
        None, description="A constant canonical value (in) of every record."
    )
    expression: str | None = Field(
        None, description="One-way SQL expression over the record (direction in)."
    )
    empty: Literal["null", "keep"] = Field(
        "null", description="Is an empty text nothing at all, or an empty text?"
    )
    length: int | None = Field(None, ge=1, description="Longest text the source field takes.")
    stream: str | None = Field(
        None,
        description="Of `customer` and `allocations`: the stream whose records it names, STREAM or SYSTEM.STREAM.",
    )
    items: dict[str, str] | None = Field(
        None,
        description="Of `lines` and `allocations`: what is said of each -> key of the objects in a JSON array.",
    )


class Rule(_Model):
    """A business rule across the fields of one record, before its values become claims."""

    when: str = Field("true", description="SQL condition over the canonical fields of the record.")
    reject: str | None = Field(None, description="Set the record aside, with this reason.")
    flag: str | None = Field(None, description="Let the record pass, and show this remark.")
    derive: dict[str, str] | None = Field(
        None, description="Canonical field -> SQL expression; replaces its value."
    )
    default: dict[str, str] | None = Field(
        None, description="Canonical field -> SQL expression, where it has none."
    )


class Deletes(_Model):
    """What a deletion in this stream means elsewhere."""

    elsewhere: Literal["ignore", "deactivate"] = Field("ignore")
    against_edit: Literal["delete", "edit"] = Field(
        "edit",
        description="Who wins: the deletion, or an edit elsewhere that the record had not shown yet.",
    )


Fields = dict[str, Annotated[FieldMapping, BeforeValidator(_short_field)]]


class Guest(_Model):
    """Who bought without an account: a customer's fields, read out of the document itself."""

    fields: Fields = Field(description="Canonical field of a customer -> source field or mapping.")


class StreamConfig(_Model):
    """One kind of record that a system holds, and how it maps to an entity."""

    entity: Literal[
        "customer",
        "order",
        "invoice",
        "credit_note",
        "payment",
        "refund",
        "fee",
        "payout",
        "points",
    ] = "customer"
    fields: Fields = Field(
        description="Canonical field, or several with commas between -> source field or mapping."
    )
    guest: Guest | None = Field(
        None,
        description="Of documents: the customer of one whose `customer` is empty, out of the same record.",
    )
    key: str | list[str] = Field("id", description="Source field(s) that name a record for ever.")
    cursor: str | None = Field(
        None, description="Source field that grows with each change: a timestamp or number."
    )
    version: str | None = Field(None, description="Source field that changes with each write.")
    deleted: str | None = Field(
        None, description="SQL condition over the record that marks it as deleted."
    )
    merged_into: str | None = Field(
        None, description="Source field: the record that this one was merged into."
    )
    where: str | None = Field(
        None, description="SQL condition; records outside are out of scope, not deleted."
    )
    create: bool = Field(False, description="Create customers here that the system lacks.")
    create_when: str | None = Field(
        None, description="SQL condition over the canonical fields of the customer."
    )
    schedule: str | None = Field(None, description="e.g. every 5 minutes")
    deletes: Deletes = Deletes()
    rules: list[Rule] = []
    lag_s: float | None = Field(
        None, ge=0, description="How late a commit may follow its own timestamp."
    )
    overrides: dict[str, Any] = Field(
        {}, alias="settings", description="Settings of the connector for this stream."
    )
    table: str | None = Field(None, description="sql: table or view; tryton: model.")
    url: str | None = Field(None, description="file: local path or fsspec address.")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @property
    def is_document(self) -> bool:
        """Return whether its records are documents of the money side."""
        return self.entity != "customer"

    def mappings(self) -> list[tuple[tuple[str, ...], FieldMapping]]:
        """Return (canonical fields, mapping) in the order written."""
        return _listed(self.fields)

    def guests(self) -> "StreamConfig | None":
        """Return the stream of customers that documents tell of themselves, or None."""
        if self.guest is None:
            return None
        inward = {
            names: one.model_copy(update={"direction": "in"})
            for names, one in self.guest.fields.items()
        }
        return StreamConfig(fields=inward, key=self.key)

    def mapping(self, name: str) -> FieldMapping | None:
        """Return the mapping of one canonical field, where it has one of its own."""
        return next((one for names, one in self.mappings() if names == (name,)), None)


def _listed(fields: Fields) -> list[tuple[tuple[str, ...], FieldMapping]]:
    return [(tuple(n.strip() for n in names.split(",")), m) for names, m in fields.items()]


class SystemConfig(_Model):
    """One connected platform."""

    system: Name
    connector: str
    settings: dict[str, Any] = {}
    streams: dict[Name, StreamConfig]
    paused: bool = False


class Policy(_Model):
    """How concurrent claims about one field are settled."""

    policy: Literal["owner", "ledger_wins", "most_recent", "most_complete", "ask"] = "most_recent"
    owner: list[str] = Field(
        [], description="Systems, first first (owner; tie-break of the others)."
    )


def _short_policy(value: object) -> object:
    return {"policy": value} if isinstance(value, str) else value


class CustomField(_Model):
    """A canonical field of this workspace's own."""

    kind: Kind = "text"
    many: bool = False
    personal: bool = True


class MatchConfig(_Model):
    """How records of one customer are recognised, and which values are too common to be trusted."""

    method: Literal["scored", "exact"] = Field(
        "scored",
        description="'scored': all that records have in common is weighed; references and tax ids are certain. "
        "'exact': only the keys below count.",
    )
    keys: list[Literal["email", "phone", "tax_id", "reference"]] = [
        "reference",
        "tax_id",
        "email",
        "phone",
    ]
    shared_max: int = Field(
        5,
        ge=1,
        description="A value that more parties than this carry identifies nobody, however many records each has.",
    )
    role_mailboxes: list[str] = [
        "info", "office", "sales", "contact", "admin", "support", "hello", "mail", "team", "service", "accounting",
        "billing", "kontakt", "buero", "buchhaltung", "rechnung", "einkauf", "verkauf", "noreply", "no-reply",
        "postmaster", "webmaster", "hr", "jobs", "marketing", "purchasing", "invoice", "invoices", "ventas", "ufficio",
    ]  # fmt: skip
    junk: list[str] = [
        r"^(none|no|na|n\.a|null|test|example|unknown|nobody|noemail|no-?email|keine|fake|asdf|x+|abc)@",
        r"@(none|example|test|invalid|localhost)\.(com|org|net|de|invalid|test)$",
    ]


class Limits(_Model):
    """Brakes: what stops for a person's approval."""

    delete_max: int = Field(
        100, ge=0, description="More deletions than this in one stream stop for approval..."
    )
    delete_max_percent: float = Field(
        5.0, ge=0, le=100, description="...when they are this share of it too."
    )
    delete_min: int = Field(
        5, ge=0, description="Up to this many deletions need no approval, whatever the share."
    )
    flap_max: int = Field(
        6, ge=2, description="Changes of one field back and forth before the breaker trips."
    )


class WorkspaceConfig(_Model):
    """The file workspace.yaml."""

    workspace: Name
    region: str = Field("US", description="Default region of phone numbers, ISO 3166-1.")
    currency: str = Field("EUR", description="Functional currency, ISO 4217.")
    fields: dict[str, CustomField] = Field({}, description="Custom canonical fields: custom.NAME.")
    policies: dict[str, Annotated[Policy, BeforeValidator(_short_policy)]] = Field(
        {}, description="Canonical field (or `default`) -> policy."
    )
    match: MatchConfig = MatchConfig()
    limits: Limits = Limits()


class Configuration(_Model):
    """The whole folder, as published: one numbered version of a workspace."""

    workspace: WorkspaceConfig
    systems: dict[str, SystemConfig]
    ledger: LedgerConfig = LedgerConfig()

    def custom_fields(self) -> dict[str, CanonicalField]:
        """Return the workspace's own canonical fields by name."""
        return {
            name: CanonicalField(
                name=name, kind=field.kind, many=field.many, personal=field.personal
            )
            for name, field in self.workspace.fields.items()
        }

    def canonical(self, name: str) -> CanonicalField | None:
        """Return a canonical field of customers by name, or None where there is none."""
        return canonical_field(name, self.custom_fields())

    def canonical_of(self, stream: StreamConfig, name: str) -> CanonicalField | None:
        """Return a canonical field of what the stream's records are, or None where there is none."""
        return DOCUMENT_FIELDS.get(name) if stream.is_document else self.canonical(name)

    def named_stream(self, system: str, name: str, field: str) -> tuple[str, str] | None:
        """Return (system, stream) of the records that a document's `customer` or `allocations` names.

        As its mapping says; else the one stream of the same system that it can only mean. None: nothing says.
        """
        stream = self.systems[system].streams[name]
        mapping = stream.mapping(field)
        if mapping is not None and mapping.stream is not None:
            owner, _, other = mapping.stream.rpartition(".")
            return owner or system, other
        wanted = "customer" if field == "customer" else "invoice"
        found = [n for n, one in self.systems[system].streams.items() if one.entity == wanted]
        return (system, found[0]) if len(found) == 1 else None

    def policy(self, field: str) -> Policy:
        """Return the policy of a canonical field."""
        policies = self.workspace.policies
        return policies.get(field) or policies.get("default") or Policy()

    def canonical_names(self) -> list[str]:
        """Return every canonical field of this workspace in a fixed order: catalogue, custom, references."""
        mapped = {
            name
            for system in self.systems.values()
            for each in system.streams.values()
            if (stream := each.guests() if each.is_document else each) is not None
            for names, _ in stream.mappings()
            for name in names
        }
        extra = sorted(
            name for name in mapped if name not in CATALOGUE and not name.startswith(CUSTOM_PREFIX)
        )
        return [*CATALOGUE, *sorted(self.workspace.fields), *extra]
