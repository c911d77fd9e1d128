"""The ledger's configuration as people write it: accounts, posting rules, policies, and sound defaults.

A posting rule says per line which account is debited or credited with which amount of a document. What a
rule cannot mean (an account that is not there, sides that cannot be equal) is refused here, so the core
may trust every rule.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from customer_sync.model.document import DOCUMENT_TYPES

__all__ = [
    "Account", "Ageing", "Dunning", "LedgerConfig", "Loyalty", "Measure", "Rounding", "RuleLine", "root_of",
]  # fmt: skip

Code = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z_.-]*$", max_length=64)]
Template = Annotated[
    str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z_.-]*(\.\{(processor|tax)\})?$", max_length=64)
]
Measure = Literal["total", "items", "discount", "shipping", "tax", "fee"]

# What a total consists of; a fee stands beside it.
_PARTS_OF_TOTAL: Mapping[Measure, int] = {"items": 1, "shipping": 1, "tax": 1, "discount": -1}
_ADD = "Add the account to `accounts`, or name one that is there."
POINTS_RULES = ("points_earned", "points_redeemed", "points_expired")


def _misplaced(reason: str, remedy: str, *path: str) -> PydanticCustomError:
    """Return the error of a value that contradicts another; it knows its place and what to do."""
    context = {"reason": reason, "remedy": remedy, "path": path}
    return PydanticCustomError("contradiction", "{reason}", context)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Account(_Model):
    """One account of the chart."""

    name: str = Field(description="What people call it.")
    type: Literal["asset", "liability", "equity", "revenue", "expense"]
    control: bool = Field(
        False, description="Its postings name a party: it is the sum of customers."
    )
    commodity: str | None = Field(None, description="It holds this commodity and no money.")
    active: bool = Field(True, description="May be posted to.")


class RuleLine(_Model):
    """One line of a posting rule."""

    debit: Template | None = Field(
        None, description="The account debited; {processor}, {tax} vary."
    )
    credit: Template | None = Field(None, description="The account credited.")
    amount: Measure = Field(description="The amount of the document that is posted.")

    @model_validator(mode="after")
    def _has_one_side(self) -> Self:
        if (self.debit is None) == (self.credit is None):
            raise _misplaced("a line has either `debit` or `credit`", "Keep one of them.")
        return self

    @property
    def account(self) -> str:
        """Return the account, as a template."""
        return self.debit or self.credit or ""

    @property
    def sign(self) -> int:
        """Return 1 for a debit, -1 for a credit."""
        return 1 if self.debit is not None else -1


class Rounding(_Model):
    """Where the remainder of a document goes whose parts do not add up to its total."""

    account: Code = "8900"
    cap: int = Field(
        5, ge=0, description="Minor units of the currency; more than this is a reject."
    )


class Exchange(_Model):
    """Where realised exchange differences go."""

    gains: Code = "4900"
    losses: Code = "5900"


class Loyalty(_Model):
    """Points, a commodity of their own."""

    commodity: str = Field("PTS", pattern=r"^[A-Z][A-Z0-9]{2,9}$", description="The points' name.")
    account: Code = Field("2300", description="What customers hold.")
    tiers: dict[str, int] = Field({}, description="Tier -> points held from which it is reached.")


class Ageing(_Model):
    """How old open items are told apart."""

    days: list[int] = Field([30, 60, 90], description="Days overdue at which a bucket ends.")

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if sorted({day for day in self.days if day > 0}) != self.days:
            raise _misplaced("the days must be positive and grow", "Write them as [30, 60, 90].")
        return self


class Dunning(_Model):
    """When a customer is reminded, and when no more credit is given."""

    levels: list[int] = Field([7, 21, 35], description="Days overdue at which each level begins.")
    minimum: str = Field(
        "0", pattern=r"^\d{1,12}(\.\d{1,4})?$", description="Overdue less than this is no reminder's worth."
    )  # fmt: skip
    block: int | None = Field(3, ge=1, description="Level from which the credit state is blocked.")


ACCOUNTS: Mapping[str, Account] = {
    "1100": Account(name="Bank", type="asset"),
    "1200": Account(name="Receivables", type="asset", control=True),
    "1300": Account(name="Payment clearing", type="asset"),
    "2100": Account(name="Tax payable", type="liability"),
    "2150": Account(name="Customer credit", type="liability", control=True),
    "2200": Account(name="Deferred revenue", type="liability"),
    "2300": Account(name="Loyalty points held", type="liability", control=True, commodity="PTS"),
    "3000": Account(name="Opening balances", type="equity"),
    "4000": Account(name="Revenue", type="revenue"),
    "4010": Account(name="Shipping charged", type="revenue"),
    "4100": Account(name="Discounts", type="revenue"),
    "4200": Account(name="Returns", type="revenue"),
    "4900": Account(name="Exchange gains", type="revenue"),
    "5300": Account(name="Loyalty points earned", type="expense", commodity="PTS"),
    "5310": Account(name="Loyalty points redeemed", type="expense", commodity="PTS"),
    "5320": Account(name="Loyalty points expired", type="expense", commodity="PTS"),
    "5900": Account(name="Exchange losses", type="expense"),
    "6100": Account(name="Processor fees", type="expense"),
    "8900": Account(name="Rounding", type="expense"),
}


_Line = tuple[Literal["debit", "credit"], str, Measure]


def _rule(*lines: _Line) -> list[RuleLine]:
    return [
        RuleLine(debit=account, amount=amount)
        if side == "debit"
        else RuleLine(credit=account, amount=amount)
        for side, account, amount in lines
    ]


_FEE: tuple[_Line, _Line] = (("debit", "6100", "fee"), ("credit", "1300.{processor}", "fee"))

# A payment, a credit note is the customer's credit until it is allocated.
RULES: Mapping[str, list[RuleLine]] = {
    "order": [],
    "invoice": _rule(
        ("debit", "1200", "total"), ("debit", "4100", "discount"), ("credit", "2100", "tax"),
        ("credit", "4010", "shipping"), ("credit", "4000", "items"),
    ),
    "credit_note": _rule(
        ("credit", "2150", "total"), ("credit", "4100", "discount"), ("debit", "2100", "tax"),
        ("debit", "4010", "shipping"), ("debit", "4200", "items"),
    ),
    "payment": _rule(("credit", "2150", "total"), ("debit", "1300.{processor}", "total"), *_FEE),
    "refund": _rule(("debit", "2150", "total"), ("credit", "1300.{processor}", "total"), *_FEE),
    # Goods and money back in one document, of systems that know no credit notes.
    "refund_with_return": _rule(
        ("credit", "1300.{processor}", "total"), ("credit", "4100", "discount"), ("debit", "2100", "tax"),
        ("debit", "4010", "shipping"), ("debit", "4200", "items"), *_FEE,
    ),
    "fee": _rule(("debit", "6100", "total"), ("credit", "1300.{processor}", "total")),
    "payout": _rule(("debit", "1100", "total"), ("credit", "1300.{processor}", "total"), *_FEE),
    "points_earned": _rule(("credit", "2300", "total"), ("debit", "5300", "total")),
    "points_redeemed": _rule(("debit", "2300", "total"), ("credit", "5310", "total")),
    "points_expired": _rule(("debit", "2300", "total"), ("credit", "5320", "total")),
}  # fmt: skip


class LedgerConfig(_Model):
    """The file ledger.yaml. Accounts and rules add to the defaults, or replace those of the same name."""

    accounts: dict[Code, Account] = Field({}, description="The chart of accounts, by code.")
    rules: dict[str, list[RuleLine]] = Field(
        {}, description="Posting rules by document type, or by a name that a stream refers to."
    )
    streams: dict[str, str] = Field(
        {}, description="`system.stream` -> the rule its documents are posted by."
    )
    rounding: Rounding = Rounding()
    closed_period: Literal["park", "redate"] = Field(
        "park",
        description="A document dated in a closed period waits, or moves to the next open day.",
    )
    allocation: Literal["oldest_first", "given"] = Field(
        "oldest_first",
        description="What the source does not allocate pays the oldest, or stays credit.",
    )
    exchange: Exchange = Exchange()
    deferral: Code = Field("2200", description="Where revenue of a service period waits.")
    loyalty: Loyalty = Loyalty()
    ageing: Ageing = Ageing()
    dunning: Dunning = Dunning()

    def chart(self) -> dict[str, Account]:
        """Return every account by its code."""
        return {**ACCOUNTS, **self.accounts}

    def all_rules(self) -> dict[str, list[RuleLine]]:
        """Return every rule by its name."""
        return {**RULES, **self.rules}

    def is_control(self, account: str) -> bool:
        """Return whether the postings of an account name a party."""
        return self.chart()[root_of(account, self.chart())].control

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        chart = self.chart()
        own = {
            ("rounding", "account"): self.rounding.account, ("exchange", "gains"): self.exchange.gains,
            ("exchange", "losses"): self.exchange.losses, ("deferral",): self.deferral,
            ("loyalty", "account"): self.loyalty.account,
        }  # fmt: skip
        for path, code in own.items():
            if root_of(code, chart) not in chart:
                raise _misplaced(f"the account {code} is not in the chart", _ADD, *path)
        for name, lines in self.all_rules().items():
            self._check_rule(name, lines)
        rules = self.all_rules()
        for stream, rule in self.streams.items():
            if rule not in rules:
                remedy = f"Rules: {', '.join(rules)}; or add your own to `rules`."
                raise _misplaced(f"there is no rule {rule}", remedy, "streams", stream)
        missing = sorted({*DOCUMENT_TYPES, *POINTS_RULES} - {"points"} - set(self.all_rules()))
        assert not missing, missing
        return self

    def _check_rule(self, name: str, lines: list[RuleLine]) -> None:
        chart = self.chart()
        for line in lines:
            if root_of(line.account, chart) not in chart:
                reason = f"the account {line.account} is not in the chart"
                raise _misplaced(reason, _ADD, "rules", name)
        controls = [line for line in lines if self.is_control(line.account)]
        if len(controls) > 1 or any(line.amount != "total" for line in controls):
            reason = "one line at most names a control account, with `total`"
            raise _misplaced(reason, "What a customer owes changes by the total.", "rules", name)
        if any(_sides(lines).values()):
            reason = "debits and credits cannot be equal"
            remedy = "The total is items, shipping and tax, less discount; a fee stands beside it."
            raise _misplaced(reason, remedy, "rules", name)


def root_of(account: str, chart: Mapping[str, Account]) -> str:
    """Return the account of the chart that an account belongs to: 1300 for 1300.card."""
    code = re.sub(r"\.\{\w+\}$", "", account)
    while code not in chart and "." in code:
        code = code.rpartition(".")[0]
    return code


def _sides(lines: list[RuleLine]) -> dict[str, int]:
    """Return by how much the sides of a rule differ, in the parts that a total consists of."""
    sums: dict[str, int] = dict.fromkeys((*_PARTS_OF_TOTAL, "fee"), 0)
    for line in lines:
        parts = _PARTS_OF_TOTAL if line.amount == "total" else {line.amount: 1}
        for part, count in parts.items():
            sums[part] += line.sign * count
    return sums
