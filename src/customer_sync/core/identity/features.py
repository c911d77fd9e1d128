"""Features: what two records have in common and what stands between them, as numbers a model can weigh.

Decides which comparisons there are. Promises symmetry: the features of (a, b) are exactly those of
(b, a), whatever else is compared with them; NaN where a comparison is impossible. Must not decide
whether two records are one party.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, JaroWinkler

from customer_sync.core.identity.coded import PLACES, Coded, Ints, coded
from customer_sync.core.identity.spelling import CACHED
from customer_sync.core.identity.terms import KINDS

__all__ = ["FEATURES", "MIXED", "ORGANISATION", "PERSON", "Comparable", "Features", "features"]

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
PERSON, ORGANISATION, MIXED = 0, 1, 2
# The name of each number, and what it is.
FEATURES = {
    "given_alike": "first given names: letters in common",
    "given_level": "4 the same, 3 short forms of one name, 2 an initial that fits, 1 the same sound, 0 different",
    "given_all_alike": "all given names: letters in common",
    "second_same": "first letters of the second given names",
    "family_alike": "family names: letters in common",
    "family_level": "3 the same, 2 the same sound, 1 one word in common, 0 different",
    "name_alike": "all names in any order: letters in common",
    "name_words": "words of the names in common, of the shorter name",
    "swapped_alike": "given name of one and family name of the other, the worse of both ways",
    "suffix_same": "1 the same suffix, 0.5 only one has one, 0 different",
    "sex_same": "what titles say",
    "given_records": "log2 of the records that carry the given name, the rarer one",
    "family_records": "log2 of the records that carry the family name, the rarer one",
    "name_records": "log2 of the records that carry both names, the rarer one",
    "mail_same": "an e-mail address in common",
    "mail_records": "log2 of the records that carry that address",
    "local_alike": "names of the mailboxes: letters in common",
    "mail_fits_name": "the mailbox of one and the name of the other",
    "mail_fits_least": "an address in common fits the given names of both: 1 in it, 0.5 its initial, 0 not; the worse",
    "mail_year_fits": "the year in the mailbox of one and the birth of the other",
    "mail_years_same": "the years in the mailboxes of both",
    "role_same": "a mailbox of many in common",
    "domain_same": "an own domain in common",
    "phone_same": "a phone number in common",
    "phone_records": "log2 of the records that carry that number",
    "phone_alike": "phone numbers: digits in common",
    "birth_level": "4 the same, 3 day and month exchanged, 2 one slip, 1.5 two, 1 the same year or day, 0 different",
    "birth_years": "years between the births",
    "birth_records": "log2 of the records born on that day",
    "street_alike": "streets of the two nearest addresses: letters in common",
    "house_same": "their house numbers: 1 the same, 0.5 one slip apart, 0 different",
    "unit_same": "their units",
    "postcode_same": "1 the same postcode, 0.75 one slip apart, 0.5 the same area, 0 different",
    "town_alike": "their towns: letters in common",
    "address_records": "log2 of the records at that address",
    "home_records": "log2 of the records that carry the name at that address, the rarer one",
    "country_same": "countries",
    "tax_same": "tax ids: characters in common, 1 the same",
    "firm_alike": "organisations' names: letters in common",
    "firm_words_alike": "organisations' names in any order of words",
    "firm_begins": "one name begins the other",
    "firm_odd_least": "words of one name that the other lacks, the fewer",
    "firm_odd_most": "words of one name that the other lacks, the more",
    "firm_records": "log2 of the records that carry the name, the rarer one",
    "firm_word_records": "log2 of the records that carry its longest word, the rarer one",
    "form_same": "legal forms",
    "fields_compared": "how many of name, mail, phone, birth, address, tax id both have",
    "kind_known": "how many of the two say what they are",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """One row a pair: the numbers by FEATURES, and whether both are persons, both organisations, or mixed."""

    matrix: Floats
    kind: npt.NDArray[np.int8]


def features(
    pairs: pl.DataFrame, found: pl.DataFrame, *, terms: pl.DataFrame, counts: pl.DataFrame
) -> Features:
    """Return the features of pairs.

    Args:
        pairs: (left, right) links.
        found: profiles, among them those of every pair, each once.
        terms: what `terms` says of these profiles.
        counts: (term, records): how many records of the workspace carry a term; one where it is not there.
    """
    if pairs.is_empty():
        return Features(matrix=np.empty((0, len(FEATURES)), np.float32), kind=np.empty(0, np.int8))
    return Comparable.of(found, terms=terms, counts=counts).features(pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparable:
    """Profiles ready to be compared: what is made once where the pairs come in parts."""

    coded: Coded
    order: npt.NDArray[np.int64]
    carriers: Floats

    @classmethod
    def of(cls, found: pl.DataFrame, *, terms: pl.DataFrame, counts: pl.DataFrame) -> "Comparable":
        """Make profiles ready; the arguments are those of `features`."""
        made = coded(found)
        order = np.argsort(made.links, kind="stable")
        return cls(coded=made, order=order, carriers=_carriers(made, order, terms, counts))

    def features(self, pairs: pl.DataFrame) -> Features:
        """Return the features of pairs of these profiles."""
        left, right = (_rows(self.coded, self.order, pairs[side]) for side in ("left", "right"))
        compared = _Compared(self.coded, self.carriers, left, right)
        told = compared.told()
        matrix = np.empty((len(left), len(FEATURES)), np.float32)
        for at, name in enumerate(FEATURES):
            matrix[:, at] = told[name]
        return Features(matrix=matrix, kind=compared.kind())


def _rows(made: Coded, order: npt.NDArray[np.int64], links: pl.Series) -> npt.NDArray[np.int64]:
    """Return where links stand among profiles; all of them do."""
    return order[np.searchsorted(made.links, links.to_numpy(), sorter=order)]


def _carriers(
    made: Coded, order: npt.NDArray[np.int64], terms: pl.DataFrame, counts: pl.DataFrame
) -> Floats:
    """Return log2 of the carriers, by row, kind of term and place."""
    table = np.zeros((len(made.links), len(KINDS) + 1, PLACES), np.float32)
    links, places = terms["link"].to_numpy(), terms["place"].to_numpy()
    good = np.isin(links, made.links) & (places < PLACES)
    rows = _rows(made, order, terms["link"].filter(pl.Series(good)))
    table[rows, terms["kind"].to_numpy()[good], places[good]] = np.log2(
        _carried(terms["term"].to_numpy()[good], counts)
    )
    return table


def _carried(wanted: npt.NDArray[np.int64], counts: pl.DataFrame) -> Floats:
    """Return how many records carry each term, one where nobody counted it."""
    carried = np.ones(len(wanted), np.float32)
    if counts.height:
        known, records = counts["term"].to_numpy(), counts["records"].to_numpy()
        order = np.argsort(known)
        at = order[np.minimum(np.searchsorted(known, wanted, sorter=order), len(known) - 1)]
        is_known = known[at] == wanted
        carried[is_known] = np.maximum(records[at[is_known]], 1)
    return carried


class _Compared:
    """The rows of two sides, and what comparing them comes to."""

    def __init__(
        self,
        made: Coded,
        carriers: Floats,
        left: npt.NDArray[np.int64],
        right: npt.NDArray[np.int64],
    ) -> None:
        self.texts = made.texts
        self.a, self.b = made.rows[left], made.rows[right]
        self.carriers = carriers[left], carriers[right]

    def kind(self) -> npt.NDArray[np.int8]:
        a, b = self._both("kind")
        known = np.where(a >= 0, a, np.where(b >= 0, b, 0))
        return np.where((a >= 0) & (b >= 0) & (a != b), MIXED, known).astype(np.int8)

    def told(self) -> dict[str, Floats]:
        alike = self._all_alike()
        found = {
            **self._names(alike), **self._reach(alike), **self._born(), **self._homes(), **self._firms(alike),
        }  # fmt: skip
        a, b = self._both("kind")
        found["kind_known"] = _floats(a >= 0) + _floats(b >= 0)
        signals = ("name_alike", "mail_same", "phone_same", "birth_level", "town_alike", "tax_same")
        missing: Bools = np.isnan(np.stack([found[name] for name in signals]))
        found["fields_compared"] = _floats(len(signals) - missing.sum(axis=0))
        return found

    # -- the two sides ---------------------------------------------------------------------------

    def _both(self, name: str) -> tuple[Ints, Ints]:
        return Coded.column(self.a, name), Coded.column(self.b, name)

    def _same(self, name: str) -> Floats:
        return _same(*self._both(name))

    def _met(self, names: Sequence[str]) -> dict[str, Bools]:
        """Return which of one side's values equal which of the other's, of columns that stand side by side."""
        a, b = (Coded.columns(side, names) for side in (self.a, self.b))
        met: Bools = a[:, :, :, None] == b[:, :, None, :]
        met &= (a >= 0)[:, :, :, None]
        return {name: met[:, at] for at, name in enumerate(names)}

    def _has_both(self, name: str) -> Bools:
        a, b = self._both(name)
        return (a[:, 0] >= 0) & (b[:, 0] >= 0)  # values stand from the first place on

    def _judged(
        self, a: Ints, b: Ints, judge: Callable[[list[str], list[str]], npt.ArrayLike]
    ) -> Floats:
        """Return what a judge of texts says, row by row; 1 of equal ones, each two texts judged once."""
        known = (a >= 0) & (b >= 0)
        found = np.where(known, np.float32(1), np.float32(np.nan))
        asked = np.flatnonzero(known & (a != b))
        if len(asked):
            low, high = np.minimum(a[asked], b[asked]), np.maximum(a[asked], b[asked])
            two, at = np.unique(low.astype(np.int64) << 32 | high, return_inverse=True)
            texts = self.texts
            both = [
                (texts[one], texts[other])
                for one, other in zip((two >> 32).tolist(), (two & _LOW).tolist(), strict=True)
            ]
            # Measures of similarity are not symmetric to the last bit, so texts are put in their own order.
            said = judge([min(one) for one in both], [max(one) for one in both])
            found[asked] = np.asarray(said, np.float32)[at]
        return found

    def _all_alike(self) -> dict[str, Floats]:
        """Return how alike names and the like are, 0 to 1: all in one go, which one pair needs."""
        (first, others), (family, families) = self._both("first"), self._both("family")
        jobs = {
            "given": (first, others), "family": (family, families),
            "across": (first, families), "back": (family, others),
            "given_all": self._both("given"), "local": self._both("local"), "firm": self._both("firm"),
        }  # fmt: skip
        a, b = (np.concatenate([job[side] for job in jobs.values()]) for side in (0, 1))
        parts = self._judged(a, b, _jaro_winkler).reshape(len(jobs), -1)
        return dict(zip(jobs, parts, strict=True))

    def _rarer(self, kind: str) -> Floats:
        a, b = (side[:, KINDS[kind], 0] for side in self.carriers)
        return np.minimum(a, b)

    def _shared(self, both: Bools, name: str, kind: str) -> tuple[Floats, Floats]:
        """Return whether a value is in common, and how many records carry it, the fewest."""
        met = np.asarray(both.any(axis=2), np.bool_)
        number = self.carriers[0][:, KINDS[kind], :]
        fewest = np.where(met, number, np.float32(np.inf)).min(axis=1)
        is_shared = np.asarray(met.any(axis=1), np.bool_)
        return _known(_floats(is_shared), self._has_both(name)), _known(fewest, is_shared)

    # -- fields ----------------------------------------------------------------------------------

    def _names(self, alike: dict[str, Floats]) -> dict[str, Floats]:
        met = self._met(("groups", "words"))
        words = met["words"]
        sizes = [(side >= 0).sum(axis=1) for side in self._both("words")]
        fewer = np.minimum(*sizes)
        common = np.minimum(words.any(axis=2).sum(axis=1), words.any(axis=1).sum(axis=1))
        return {
            "given_alike": alike["given"],
            "given_level": self._given_level(met["groups"]),
            "given_all_alike": alike["given_all"],
            "second_same": self._same("second"),
            "family_alike": alike["family"],
            "family_level": self._family_level(words),
            "name_alike": self._judged(*self._both("whole"), _ratio),
            "name_words": _known(_floats(common / np.maximum(fewer, 1)), fewer > 0),
            "swapped_alike": np.minimum(alike["across"], alike["back"]),
            "suffix_same": self._one_sided("suffix"),
            "sex_same": self._same("sex"),
            "given_records": self._rarer("given"),
            "family_records": self._rarer("family"),
            "name_records": self._rarer("name"),
        }

    def _given_level(self, groups: Bools) -> Floats:
        (a, b), (one, other) = self._both("first"), self._both("letter")
        # A name of one letter is its own first letter.
        initials = ((a == one) | (b == other)) & (one == other)
        sounds, heard = self._both("first_sound")
        level = _floats(sounds == heard)
        level[groups.any(axis=(1, 2))] = 3
        level[initials] = 2
        level[a == b] = 4
        return _known(level, (a >= 0) & (b >= 0))

    def _family_level(self, words: Bools) -> Floats:
        (a, b), (sounds, heard) = self._both("family"), self._both("family_sound")
        level = _floats(words.any(axis=(1, 2)))
        level[sounds == heard] = 2
        level[a == b] = 3
        return _known(level, (a >= 0) & (b >= 0))

    def _one_sided(self, name: str) -> Floats:
        a, b = self._both(name)
        told = np.where((a >= 0) & (b >= 0), _floats(a == b), np.float32(0.5))
        return _known(told, (a >= 0) | (b >= 0))

    def _reach(self, alike: dict[str, Floats]) -> dict[str, Floats]:
        met = self._met(("mail", "role", "domain", "phone"))
        mail_same, mail_records = self._shared(met["mail"], "mail", "email")
        phone_same, phone_records = self._shared(met["phone"], "phone", "phone")
        least = np.minimum(*self._both("fit"))
        phones, theirs = self._both("phone")
        said, other = self._both("mail_year")
        return {
            "mail_same": mail_same,
            "mail_records": mail_records,
            "local_alike": alike["local"],
            "mail_fits_name": self._mail_fits_name(),
            "mail_fits_least": _known(_floats(least / 2), (mail_same == 1) & (least >= 0)),
            "mail_year_fits": self._mail_year_fits(),
            "mail_years_same": _known(
                _floats(said % 100 == other % 100), (said >= 0) & (other >= 0)
            ),
            "role_same": _known(_floats(met["role"].any(axis=(1, 2))), self._has_both("role")),
            "domain_same": _known(
                _floats(met["domain"].any(axis=(1, 2))), self._has_both("domain")
            ),
            "phone_same": phone_same,
            "phone_records": phone_records,
            "phone_alike": self._judged(phones[:, 0], theirs[:, 0], _slips),
        }

    def _mail_fits_name(self) -> Floats:
        """Compare the mailbox of one with the name of the other, the better way round."""
        (local, others), (name, names) = self._both("local"), self._both("whole")
        mails, wholes = np.concatenate([local, others]), np.concatenate([names, name])
        known = np.flatnonzero((mails >= 0) & (wholes >= 0))
        found = np.full(len(mails), np.nan, np.float32)
        texts = self.texts
        found[known] = [
            _fit(texts[mail], texts[whole])
            for mail, whole in zip(mails[known].tolist(), wholes[known].tolist(), strict=True)
        ]
        one, other = found.reshape(2, -1)
        better: Floats = np.fmax(one, other)
        return better

    def _mail_year_fits(self) -> Floats:
        (said, other), (born, years) = self._both("mail_year"), self._both("year")
        ways = [
            _known(_floats((year == birth) | (year == birth % 100)), (year >= 0) & (birth >= 0))
            for year, birth in ((said, years), (other, born))
        ]
        return np.fmin(*ways)

    def _born(self) -> dict[str, Floats]:
        (a, b), (year, other) = self._both("birth"), self._both("year")
        known = (a >= 0) & (b >= 0)
        level = self._judged(a, b, _near_dates)
        return {
            "birth_level": np.where(a == b, np.where(known, np.float32(4), level), level),
            "birth_years": _known(_floats(np.abs(year - other)), known),
            "birth_records": _known(self._rarer("birth_date"), known & (a == b)),
        }

    def _homes(self) -> dict[str, Floats]:
        """Compare all addresses of one with all of the other; the nearest two tell."""
        here, there = (
            (Coded.column(side, "town") >= 0)
            | (Coded.column(side, "postcode") >= 0)
            | (Coded.column(side, "street") >= 0)
            for side in (self.a, self.b)
        )
        row, mine, theirs = np.nonzero(here[:, :, None] & there[:, None, :])
        found = _nearest(self._near(row, mine, theirs), row, len(self.a))
        found["country_same"] = self._same("country")
        found["home_records"] = self._rarer("home")
        return found

    def _near(
        self, row: npt.NDArray[np.int64], mine: npt.NDArray[np.int64], theirs: npt.NDArray[np.int64]
    ) -> dict[str, Floats]:
        """Compare single addresses."""

        def sides(name: str) -> tuple[Ints, Ints]:
            a, b = self._both(name)
            return a[row, mine], b[row, theirs]

        (street, streets), (town, towns) = sides("street"), sides("town")
        alike = self._judged(
            np.concatenate([street, town]), np.concatenate([streets, towns]), _jaro_winkler
        )
        streets_alike, towns_alike = alike.reshape(2, -1)
        (codes, others), (house, houses) = sides("postcode"), sides("house")
        slips = self._judged(
            np.concatenate([codes, house]), np.concatenate([others, houses]), _one_slip
        )
        postcode, house_same = slips.reshape(2, -1)
        postcode[postcode == np.float32(0.5)] = 0.75
        postcode[(postcode == 0) & (_same(*sides("area")) == 1)] = 0.5
        a, b = (side[:, KINDS["address"], :] for side in self.carriers)
        return {
            "street_alike": streets_alike,
            "house_same": house_same,
            "unit_same": _same(*sides("unit")),
            "postcode_same": postcode,
            "town_alike": towns_alike,
            "address_records": np.minimum(a[row, mine], b[row, theirs]),
        }

    def _firms(self, alike: dict[str, Floats]) -> dict[str, Floats]:
        a, b = self._both("firm")
        known = (a >= 0) & (b >= 0)
        same = a == b
        least, most = (self._judged(a, b, judge) for judge in (_odd_least, _odd_most))
        return {
            "tax_same": self._judged(*self._both("tax"), _slips),
            "firm_alike": alike["firm"],
            "firm_words_alike": self._judged(a, b, _token_ratio),
            "firm_begins": self._judged(a, b, _begins),
            "firm_odd_least": np.where(same & known, np.float32(0), least),
            "firm_odd_most": np.where(same & known, np.float32(0), most),
            "firm_records": _known(self._rarer("firm"), known),
            "firm_word_records": _known(self._rarer("firm_word"), known),
            "form_same": self._one_sided("form"),
        }


def _nearest(told: dict[str, Floats], row: npt.NDArray[np.int64], height: int) -> dict[str, Floats]:
    """Return what the nearest two addresses of each row come to."""
    # What is not known weighs nothing: fmax takes the other of NaN and 0.
    weight = (
        2 * np.fmax(told["street_alike"], 0) + np.fmax(told["house_same"], 0)
        + 1.5 * np.fmax(told["postcode_same"], 0) + np.fmax(told["town_alike"], 0)
    )  # fmt: skip
    # Of equal weights the one with fewer carriers, so that the order of addresses does not matter.
    order = np.lexsort(np.stack([*told.values(), weight, row]))
    last = order[np.flatnonzero(np.diff(row[order], append=-1))]
    found = np.full((len(told), height), np.nan, np.float32)
    found[:, row[last]] = np.stack(list(told.values()))[:, last]
    return dict(zip(told, found, strict=True))


# -- judges of texts: of two lists, what each two texts come to --------------------------------------

_LOW = (1 << 32) - 1
_Texts = Sequence[str]


def _jaro_winkler(ones: _Texts, others: _Texts) -> npt.ArrayLike:
    return process.cpdist(ones, others, scorer=JaroWinkler.similarity, dtype=np.float32)


def _ratio(ones: _Texts, others: _Texts) -> npt.ArrayLike:
    return process.cpdist(ones, others, scorer=fuzz.ratio, dtype=np.float32) / 100


def _token_ratio(ones: _Texts, others: _Texts) -> npt.ArrayLike:
    return process.cpdist(ones, others, scorer=fuzz.token_sort_ratio, dtype=np.float32) / 100


def _slips(ones: _Texts, others: _Texts) -> npt.ArrayLike:
    return process.cpdist(ones, others, scorer=OSA.normalized_similarity, dtype=np.float32)


def _one_slip(ones: _Texts, others: _Texts) -> npt.ArrayLike:
    both = zip(
        ones, others, strict=True
    )  # of numbers of one digit each, every two are a slip apart
    return [
        0.5 * (max(len(a), len(b)) > 1 and OSA.distance(a, b, score_cutoff=1) == 1) for a, b in both
    ]


def _near_dates(ones: _Texts, others: _Texts) -> npt.ArrayLike:
    return [_between(one, other) for one, other in zip(ones, others, strict=True)]


def _begins(ones: _Texts, others: _Texts) -> npt.ArrayLike:
    both = zip(ones, others, strict=True)
    return [one.startswith(other) or other.startswith(one) for one, other in both]


def _odd_least(ones: _Texts, others: _Texts) -> npt.ArrayLike:
    return [_odd_words(one, other)[0] for one, other in zip(ones, others, strict=True)]


def _odd_most(ones: _Texts, others: _Texts) -> npt.ArrayLike:
    return [_odd_words(one, other)[1] for one, other in zip(ones, others, strict=True)]


def _same(a: Ints, b: Ints) -> Floats:
    return _known(_floats(a == b), (a >= 0) & (b >= 0))


def _floats(values: npt.ArrayLike) -> Floats:
    return np.asarray(values, np.float32)


def _known(values: Floats, known: Bools) -> Floats:
    return np.where(known, values, np.float32(np.nan))


@lru_cache(CACHED)
def _fit(mail: str, name: str) -> float:
    """Return how much of a name stands in a mailbox: 1 two words, 0.7 one and an initial, 0.5 one, 0 none."""
    words = name.split()
    told = [word for word in words if len(word) > 2 and word in mail]
    if len(told) > 1:
        return 1.0
    if not told:
        return 0.0
    rest = mail.replace(told[0], "", 1)
    others = [word for word in words if word != told[0]]
    return 0.7 if rest and any(rest[0] == word[0] for word in others) else 0.5


def _between(a: str, b: str) -> float:
    """Return how near two different dates are."""
    if a[:4] == b[:4] and a[5:7] == b[8:] and a[8:] == b[5:7]:
        return 3.0
    slips = OSA.distance(a, b)
    if slips <= 2:
        return 2.0 if slips == 1 else 1.5
    return 1.0 if a[:4] == b[:4] or a[5:] == b[5:] else 0.0


@lru_cache(CACHED)
def _odd_words(a: str, b: str) -> tuple[int, int]:
    """Return how many words of a name the other has nothing like, the fewer and the more."""
    mine, theirs = a.split(), b.split()
    odd = [
        sum(not any(_is_near(word, other) for other in others) for word in words)
        for words, others in ((mine, theirs), (theirs, mine))
    ]
    return min(odd), max(odd)


@lru_cache(CACHED)
def _is_near(a: str, b: str) -> bool:
    if a == b:
        return True
    short, long = sorted((a, b), key=lambda word: (len(word), word))
    if len(short) > 1 and long.startswith(short):
        return True
    return bool(OSA.distance(short, long) <= (1 if len(short) > 3 else 0) + (len(short) > 8))
