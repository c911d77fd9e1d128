"""Which source fields hold names, and of whom.

Decides between a person's parts, a full name, a company, and a field that holds either, by the
names of the fields and by legal forms in the values. Promises never to map a field that only
repeats others. Must not know what a name means.
"""

from collections.abc import Callable, Mapping, Sequence

from customer_sync.core.mapping.guess.vocabulary import Guess
from customer_sync.core.mapping.name import has_legal_form

__all__ = ["guess_names"]

Told = tuple[tuple[str, ...], str, str | None, float, str]  # canonical, source, lens, score, why

MOST = 0.6  # a share of companies above which a field is one of companies
FEW = 0.02  # below, legal forms among names of persons are accidents


def guess_names(
    columns: Sequence[tuple[str, Sequence[Guess], Sequence[str]]],
) -> list[Told]:
    """Return the mappings of names; without a canonical field, why a field is not mapped.

    Args:
        columns: (source field, what its name may stand for, its values).
    """
    scores = {name: {g.meaning: g.score for g in said} for name, said, _ in columns}
    texts = {name: values for name, _, values in columns}
    given = _best(scores, "given_name", ())
    family = _best(scores, "family_name", (given,))
    organisation = _best(scores, "organisation", (given, family))
    whole = _best(scores, "name", (given, family, organisation))
    if family is not None and given is None and _is_whole(texts[family]):
        # `nom` and `nome` are the family or given name in one table, the whole name in another.
        whole, family = whole or family, None
    if given is not None and family is None and _is_whole(texts[given]):
        whole, given = whole or given, None
    found: list[Told] = []
    for canonical, source in (
        ("given_name", given),
        ("family_name", family),
        ("organisation", organisation),
    ):
        if source is not None:
            score = max(scores[source].values())
            found.append(((canonical,), source, None, score, f"the name says {canonical}"))
    if whole is not None:
        found.append(_whole(whole, texts, (given, family), organisation))
    return found


def _best(
    scores: Mapping[str, Mapping[str, float]], meaning: str, taken: Sequence[str | None]
) -> str | None:
    sure = {
        name: said[meaning]
        for name, said in scores.items()
        if name not in taken and said.get(meaning, 0) > 0.8 and said[meaning] == max(said.values())
    }
    return max(sure, key=lambda name: sure[name]) if sure else None


def _is_whole(values: Sequence[str]) -> bool:
    return bool(values) and _share(values, lambda text: len(text.split()) > 1) > MOST


def _share(values: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, values)) / len(values) if values else 0.0


def _whole(
    source: str,
    texts: Mapping[str, Sequence[str]],
    parts: tuple[str | None, str | None],
    organisation: str | None,
) -> Told:
    companies = _share(texts[source], has_legal_form)
    told = f"{companies:.0%} of the names carry a legal form"
    if any(part is not None for part in parts):
        if organisation is None and companies >= MOST:
            return ("organisation",), source, None, 0.7, told
        return (), source, None, 0.0, "repeats the parts of the name, which are mapped"
    if organisation is not None or companies <= FEW:
        why = f"a full name in one field; {told}"
        return ("given_name", "family_name"), source, "person_name", 0.8, why
    if companies >= 0.95:
        return ("organisation",), source, None, 0.8, told
    canonical = ("given_name", "family_name", "organisation", "kind")
    return canonical, source, "party_name", 0.8, f"persons and companies in one field; {told}"
