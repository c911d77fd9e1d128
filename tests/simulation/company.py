"""Draw a company from a seed: systems of different habits, their mappings, the policies between them."""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from customer_sync.systems.simulated import FAULTS, Behaviour

STREAM = "contacts"
NAMES = ("crm", "shop", "erp", "desk")
TIERS = {"G": "gold", "S": "silver", "B": "bronze"}
POLICIES = ("owner", "most_recent", "ledger_wins", "most_complete")
# Fields that racing people edit; any text is valid in them.
RACED = ("last", "role", "memo")


@dataclass(frozen=True, kw_only=True)
class System:
    """One system of the company. fields: canonical -> mapping, as written in configuration."""

    name: str
    behaviour: Behaviour
    fields: dict[str, Any]
    create: bool
    rates: dict[str, float] = field(default_factory=dict)

    def document(self, platform: str) -> dict[str, Any]:
        stream = {"fields": self.fields, "create": self.create}
        return {
            "system": self.name, "connector": "simulated", "settings": {"platform": platform},
            "streams": {STREAM: stream},
        }  # fmt: skip

    @property
    def sources(self) -> list[str]:
        return [one if isinstance(one, str) else one["field"] for one in self.fields.values()]

    @property
    def can_tell(self) -> bool:
        """Can it always be found out whether a creation was done?"""
        return self.behaviour.tokens


@dataclass(frozen=True, kw_only=True)
class Company:
    systems: list[System]
    workspace: dict[str, Any]


def draw_company(random: Random) -> Company:
    names = NAMES[: random.choice((3, 3, 4))]
    systems = [_system(random, name) for name in names]
    # One system shows a field that it takes no word on, or gives no word about; one is never created in.
    systems[1] = _one_way(random, systems[1])
    closed = random.randrange(len(systems))
    systems[closed] = replace(systems[closed], create=False)
    policies = {"default": _policy(random, names)}
    for name in ("family_name", "job_title", "emails"):
        policies[name] = _policy(random, names)
    return Company(
        systems=systems, workspace={"workspace": "simulation", "region": "DE", "policies": policies}
    )


def _policy(random: Random, names: tuple[str, ...]) -> dict[str, Any]:
    kind = random.choice(POLICIES)
    owner = random.sample(names, 2) if kind == "owner" or random.random() < 0.3 else []
    return {"policy": kind, "owner": owner}


def _system(random: Random, name: str) -> System:
    fields: dict[str, Any] = {"email": "mail", "given_name": "first", "family_name": "last"}
    likely = {"crm": 1.0}.get(name, 0.6)
    if random.random() < 0.7:
        fields["phone"] = {"field": "tel", "region": "DE"}
    if random.random() < likely:
        fields["job_title"] = {"field": "role"}
    if random.random() < likely:
        fields["note"] = {"field": "memo"}
    if random.random() < likely:
        fields["emails"] = {"field": "mails", "separator": ";"}
    if random.random() < likely:
        fields["loyalty.tier"] = {"field": "tier"}
        if random.random() < 0.5:
            unmapped = random.choice(("reject", "ignore"))
            fields["loyalty.tier"] |= {"values": TIERS, "unmapped": unmapped}
    return System(
        name=name, behaviour=_behaviour(random), fields=fields, create=True, rates=_rates(random)
    )


def _one_way(random: Random, system: System) -> System:
    name = random.choice(("job_title", "note"))
    source = {"job_title": "role", "note": "memo"}[name]
    mapping = {"field": source, "direction": random.choice(("in", "out"))}
    return replace(system, fields={**system.fields, name: mapping})


def _behaviour(random: Random) -> Behaviour:
    cursor = random.random() < 0.7
    lag_s = random.choice((0.0, 0.0, 30.0))
    tokens = random.random() < 0.6
    return Behaviour(
        ids=random.choice(("sequential", "random")),
        resolution_s=random.choice((0.000_001, 1.0, 60.0)),
        lag_s=lag_s,
        late_commits=0.3 if lag_s else 0.0,
        repeats=random.choice((0.0, 0.3)),
        cursor=cursor,
        deletes=random.choice(("flag", "feed", "feed", "keys") if cursor else ("flag", "keys")),
        upper=random.choice(((), (), ("last",), ("last", "role"))),
        trims=random.random() < 0.3,
        empty_is_null=random.random() < 0.3,
        lengths=random.choice(({}, {}, {"first": 6}, {"role": 5})),
        too_long="truncate",
        unique=("mail",) if random.random() < (0.2 if tokens else 0.6) else (),
        tokens=tokens,
        precondition=random.choice(("none", "values", "version")),
        answers_record=random.random() < 0.6,
        page_rows_max=random.choice((4, 1_000, 1_000, 1_000)),
        write_rows_max=random.choice((2, 100, 100)),
        tells_total=(total := random.random()) < 0.5,
        tells_time=total * 10 % 1 < 0.7,  # of the same draw: seeds keep their companies
    )


def _rates(random: Random) -> dict[str, float]:
    """Bad weather of two or three kinds, and a little of every other."""
    rates = dict.fromkeys(FAULTS, 0.02)
    for fault in random.sample(FAULTS, 3):
        rates[fault] = 0.25
    return rates
