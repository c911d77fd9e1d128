"""The people of the company: what they do to records, in every system at once."""

from random import Random

from tests.simulation.company import RACED, STREAM, TIERS, System

from customer_sync.systems.simulated import Platform

GIVEN = ("Ann", "Bob", "Cleo", "Dan", "Eve", "Fay", "Gus", "Hal")
DELETES_MAX = 2
MERGES_MAX = 1
LEDGER_COLUMNS = ("family_name", "job_title", "note", "phone", "loyalty_tier", "emails")


class People:
    """Everybody who edits. Every value they type is new, so that its origin can be told."""

    def __init__(self, random: Random, systems: list[tuple[System, Platform]]) -> None:
        self._random = random
        self._systems = systems
        self._serial = 0
        self._persons: list[dict[str, str]] = []
        self._deleted = self._merged = 0
        self.counts: dict[str, int] = {}

    def populate(self) -> None:
        """Fill the systems: most persons are known to several."""
        for _ in range(self._random.randint(3, 6)):
            self._meet()
            for system, platform in self._systems:
                if self._random.random() < 0.55:
                    self._create(system, platform, self._persons[-1])

    def act(self) -> None:
        """Do one thing in one of the systems."""
        system, platform = self._random.choice(self._systems)
        records = platform.records(STREAM)
        draw = self._random.random()
        if draw < 0.12 or not records:
            if self._random.random() < 0.6 or not self._persons:
                self._meet()
            self._create(system, platform, self._random.choice(self._persons))
        elif draw < 0.17 and len(records) > 3 and self._deleted < DELETES_MAX:
            self._deleted += 1
            self._count("delete")
            platform.delete(STREAM, self._random.choice(records).id)
        elif draw < 0.20 and len(records) > 3 and self._merged < MERGES_MAX:
            self._merged += 1
            self._count("merge")
            loser, winner = self._random.sample(records, 2)
            platform.merge(STREAM, loser.id, winner.id)
        else:
            record = self._random.choice(records)
            self._edit(system, platform, record.id, record.fields)

    def ledger_edit(self) -> dict[str, str | None]:
        """Return what an accountant writes over a customer, by column."""
        self._count("ledger")
        name = self._random.choice(LEDGER_COLUMNS)
        if self._random.random() < 0.1 and name != "family_name":
            return {name: None}
        source = {
            "family_name": "last", "job_title": "role", "note": "memo",
            "phone": "tel", "loyalty_tier": "gold", "emails": "mails",
        }[name]  # fmt: skip
        if source == "gold":
            return {name: self._random.choice(list(TIERS.values()))}
        text = self._value(None, source)
        if name == "emails":
            parts = [part.strip() for part in (text or "").split(";")]
            quoted = ", ".join(f'"{part}"' for part in sorted(set(parts)))
            return {name: f"[{quoted}]"}
        return {name: text}

    def ledger_person(self) -> dict[str, str | None]:
        """Return a customer that an accountant enters."""
        self._count("ledger_create")
        person = self._meet()
        return {
            "email": person["mail"],
            "given_name": person["first"],
            "family_name": person["last"],
        }

    # -- a hand each ------------------------------------------------------------------------------

    def _meet(self) -> dict[str, str]:
        number = self._next()
        given = self._random.choice(GIVEN)
        person = {
            "first": given, "last": f"Lee{number}", "mail": f"{given.lower()}{number}@acme.dev",
            "tel": f"+4930{90_182_000 + number}",
        }  # fmt: skip
        self._persons.append(person)
        return person

    def _create(self, system: System, platform: Platform, person: dict[str, str]) -> None:
        self._count("create")
        fields: dict[str, str | None] = {
            name: value for name, value in person.items() if name in system.sources
        }
        if self._random.random() < 0.2:
            fields["mail"] = person["mail"].upper()
        if self._random.random() < 0.2:
            fields.pop("tel", None)
        for name in system.sources:
            if name not in fields and self._random.random() < 0.5:
                fields[name] = self._value(system, name)
        platform.create(STREAM, fields)

    def _edit(
        self, system: System, platform: Platform, id_: str, shown: dict[str, str | None]
    ) -> None:
        self._count("edit")
        names = self._random.sample(system.sources, self._random.choice((1, 1, 2)))
        # Half of all edits meet in few fields, so that they do meet.
        if self._random.random() < 0.5:
            names = [self._random.choice([name for name in RACED if name in system.sources])]
        values = {name: self._retyped(system, name, shown.get(name)) for name in names}
        platform.edit(STREAM, id_, values)

    def _retyped(self, system: System, name: str, old: str | None) -> str | None:
        """Return what somebody types over what stands there."""
        draw = self._random.random()
        if draw < 0.08 and name not in {"mail", "first", "last"}:
            return None
        if draw < 0.11 and name in {"mail", "tel"}:
            return "nothing of the kind"
        if name == "mails":
            return self._relisted(old)
        if name == "first" and old:
            return f"{old.split()[0]} {self._next()}"  # a name that stands against it is another person
        return self._value(system, name)

    def _relisted(self, old: str | None) -> str:
        """Take an address out of a list, or add one, or both."""
        parts = [part.strip() for part in (old or "").split(";") if part.strip()]
        if parts and self._random.random() < 0.5:
            parts.remove(self._random.choice(parts))
        if not parts or self._random.random() < 0.7:
            parts.append(f"list{self._next()}@acme.dev")
        return ";".join(parts)

    def _value(self, system: System | None, name: str) -> str | None:  # noqa: PLR0911 - a table
        number = self._next()
        draw = self._random.random()
        match name:
            case "mail":
                return f"New{number}@Acme.dev"
            case "first":
                return f"Ann {number}"
            case "last":
                return f"King{number}" + (" " if draw > 0.9 else "")
            case "tel":
                return f"030 {70_182_000 + number}"
            case "mails":
                return "; ".join(
                    f"list{number}{letter}@acme.dev"
                    for letter in "ab"[: self._random.randint(1, 2)]
                )
            case "tier":
                mapped = system is not None and "values" in system.fields["loyalty.tier"]
                words = [*TIERS] if mapped else [*TIERS.values()]
                return self._random.choice([*words, "Q"] if mapped else words)
            case _:
                return f"{name} {number}"

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
