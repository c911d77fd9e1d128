"""Which source fields are the parts of one address.

Decides when several fields are one address, and which. Promises to leave an address alone whose
house number stands apart: half a street is another street. Must not know formats of values, save
whether they are JSON objects.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from customer_sync.core.mapping.guess.vocabulary import BILLING, SHIPPING, Guess, guesses
from customer_sync.core.mapping.place import ADDRESS_PARTS

__all__ = ["AddressGuess", "guess_addresses"]

_HOUSE_NUMBER = (
    "street and house number stand in two fields; show them as one field (a view), then map that"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressGuess:
    """An address: its parts (part -> source field or JSON key), or why it cannot be mapped."""

    canonical: str
    sources: tuple[str, ...]
    parts: Mapping[str, str]
    confidence: float = 0.0
    is_json: bool = False
    refusal: str = ""


def guess_addresses(
    wanted: Sequence[tuple[str, Guess, Sequence[str]]],
) -> list[AddressGuess]:
    """Return at most one billing and one shipping address.

    Args:
        wanted: (source field, what its name may stand for, some of its values).
    """
    found = []
    for canonical in (BILLING, SHIPPING):
        mine = [one for one in wanted if (one[1].use or BILLING) == canonical]
        guess = _json(canonical, mine) or _parts(canonical, mine)
        if guess is not None:
            found.append(guess)
    return found


def _json(
    canonical: str, wanted: Sequence[tuple[str, Guess, Sequence[str]]]
) -> AddressGuess | None:
    for name, guess, values in wanted:
        keys = _keys(values)
        parts: dict[str, str] = {}
        for key in keys:
            for said in guesses(key):
                part = said.meaning.removeprefix("part.")
                if part in ADDRESS_PARTS and said.score > 0.8:
                    parts.setdefault(part, key)
        if len(parts) >= 2:
            return AddressGuess(
                canonical=canonical,
                sources=(name,),
                parts=_ordered(parts),
                confidence=guess.score,
                is_json=True,
            )
    return None


def _keys(values: Sequence[str]) -> list[str]:
    keys: dict[str, None] = {}
    for text in values:
        try:
            item = json.loads(text) if text.startswith("{") else None
        except ValueError:
            item = None
        if not isinstance(item, dict):
            return []
        keys |= dict.fromkeys(item)
    return list(keys)


def _parts(
    canonical: str, wanted: Sequence[tuple[str, Guess, Sequence[str]]]
) -> AddressGuess | None:
    best: dict[str, tuple[float, str]] = {}
    for name, guess, _ in wanted:
        part = guess.meaning.removeprefix("part.")
        # "Billing city" is surer than "city" where a table has both.
        score = guess.score + (0.05 if guess.use else 0.0)
        is_taken = any(score <= taken for taken, other in best.values() if other == name)
        if guess.score > 0.8 and not is_taken and score > best.get(part, (0.0, ""))[0]:
            best = {p: pair for p, pair in best.items() if pair[1] != name} | {part: (score, name)}
    parts = {part: name for part, (_, name) in best.items() if part in ADDRESS_PARTS}
    # A country alone is no address, and a street alone may be anything.
    if len(set(parts) & {"street", "city", "postal_code"}) < 2:
        return None
    refusal = _HOUSE_NUMBER if "own.house_number" in best else ""
    sources = [*parts.values(), *([best["own.house_number"][1]] if refusal else [])]
    return AddressGuess(
        canonical=canonical,
        sources=tuple(_ordered(parts).values()) if not refusal else tuple(sources),
        parts=_ordered(parts),
        confidence=min(0.95, *(score for score, _ in best.values())),
        refusal=refusal,
    )


def _ordered(parts: Mapping[str, str]) -> dict[str, str]:
    return {part: parts[part] for part in ADDRESS_PARTS if part in parts}
