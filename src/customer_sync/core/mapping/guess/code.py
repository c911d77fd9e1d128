"""What coded values stand for: value maps, and the two words of a yes/no field.

Decides the canonical value of each code where its meaning is common knowledge, else the code
itself, for a person to correct. Promises that a value map lists every value that was found. Must
not know fields' names.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from customer_sync.core.mapping.code import Boolean
from customer_sync.core.mapping.guess.evidence import Settled
from customer_sync.core.mapping.row import Fault

__all__ = ["code_options", "kind_options", "word_options"]

CODES_MAX = 12  # more different values are texts rather than codes

_TIERS: Final[Mapping[str, str]] = {
    "g": "gold", "gold": "gold", "oro": "gold", "or": "gold", "goud": "gold", "zloty": "gold",
    "złoty": "gold", "s": "silver", "silver": "silver", "silber": "silver", "argent": "silver",
    "plata": "silver", "argento": "silver", "zilver": "silver", "srebrny": "silver",
    "b": "bronze", "bronze": "bronze", "bronce": "bronze", "bronzo": "bronze", "brons": "bronze",
    "p": "platinum", "platinum": "platinum", "platin": "platinum", "platine": "platinum",
    "platino": "platinum", "platina": "platinum",
}  # fmt: skip
_PERSONS: Final = frozenset({
    "person", "individual", "consumer", "private", "b2c", "privat", "privatkunde", "privatperson",
    "particulier", "personne", "persona", "particular", "privato", "osoba", "persoon", "human",
})  # fmt: skip
_ORGANISATIONS: Final = frozenset({
    "organisation", "organization", "company", "business", "b2b", "firma", "geschäftskunde",
    "unternehmen", "société", "entreprise", "empresa", "azienda", "società", "bedrijf",
    "organisatie", "corporate", "corporation",
})  # fmt: skip
_PAIRS: Final = (
    ("a", "i"), ("aktiv", "inaktiv"), ("actif", "inactif"), ("activo", "inactivo"),
    ("attivo", "inattivo"), ("actief", "inactief"), ("aktywny", "nieaktywny"),
    ("enabled", "disabled"), ("active", "blocked"), ("aktiv", "gesperrt"), ("open", "closed"),
    ("subscribed", "unsubscribed"), ("opt-in", "opt-out"),
)  # fmt: skip


def code_options(
    canonical: str, values: Sequence[str], listed: Sequence[str]
) -> dict[str, str] | None:
    """Return the value map of a field of codes; None where it is one of texts.

    Args:
        canonical: The canonical field.
        values: The different values found.
        listed: The values its system says it takes.
    """
    codes = sorted({*values, *listed})
    if canonical not in {"loyalty.tier", "lifecycle_stage", "payment_terms"}:
        return None
    if not codes or len(codes) > CODES_MAX or max(map(len, codes)) > 40:
        return None
    if canonical == "loyalty.tier":
        return {code: _TIERS.get(code.casefold(), code.lower()) for code in codes}
    return {code: code if canonical == "payment_terms" else code.lower() for code in codes}


def kind_options(values: Sequence[str]) -> dict[str, str] | None:
    """Return the value map of person and organisation; None where a value may be either."""
    found = {}
    for text in sorted(set(values)):
        if text.casefold() in _PERSONS:
            found[text] = "person"
        elif text.casefold() in _ORGANISATIONS:
            found[text] = "organisation"
        else:
            return None
    return found or None


def word_options(values: Sequence[str], *, has_blanks: bool) -> Settled:
    """Return the two words of a yes/no field, where the usual ones do not do."""
    words = {text.casefold(): text for text in values}
    if has_blanks and set(words) == {"x"}:
        return Settled(options={"format": f"{words['x']}/"}, why="a mark, or blank for no")
    usual = Boolean()
    if not any(isinstance(usual.read_text(text), Fault) for text in values):
        return Settled(options={})
    for yes, no in _PAIRS:
        if set(words) <= {yes, no}:
            told = f"{words.get(yes, yes)}/{words.get(no, no)}"
            return Settled(options={"format": told}, why=f"its words are {told}")
    return Settled(
        options={}, doubt="its words are not known; map it with `values: {WORD: 'true', ...}`"
    )
