"""Clusters: scored pairs into parties, by average linkage.

Decides who is one party: the two groups whose pairs score best on average are joined, again and
again, while that average is above the automatic threshold. So a chain of weak links joins nothing,
which connected components would. Promises the same groups for the same pairs in any order; that no
pair which a rule or a steward keeps apart is ever joined; that no group outgrows its cap. Must not
know what was compared.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["ASSIGNED", "DOUBTFUL", "MERGED", "ClusterPolicy", "Clusters", "Groups", "cluster"]

ASSIGNED = {"link": pl.Int64, "customer": pl.Int64}
MERGED = {"customer": pl.Int64, "into": pl.Int64, "score": pl.Float64}
DOUBTFUL = {"link": pl.Int64, "customer": pl.Int64, "other": pl.Int64, "score": pl.Float64}
_SCALE = 1_000_000  # scores are added as whole numbers, so that the order of adding does not matter


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPolicy:
    """What is joined without a person, what is asked, and how large a group may grow."""

    automatic: float
    review: float
    size_max: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """Where links belong, by ASSIGNED, MERGED and DOUBTFUL.

    assigned: (link, customer) of every link that had no customer; a customer below zero is new, and its number
        is -1 - its smallest link.
    merged: (customer, into, score): customers that stood already and are one party.
    doubtful: (link, customer, other, score): two groups that may be one party. Both are customers that stand, or
        new ones as in assigned; link is the smallest that had no customer, null where all had.
    """

    assigned: pl.DataFrame
    merged: pl.DataFrame
    doubtful: pl.DataFrame


def cluster(
    scores: pl.DataFrame,
    members: pl.DataFrame,
    *,
    links: pl.Series,
    together: pl.DataFrame,
    apart: pl.DataFrame,
    policy: ClusterPolicy,
) -> Clusters:
    """Join links and customers into parties.

    Args:
        scores: (left, right, score) and, where some pairs are vetoed, veto: not null for those. A pair that is
            not there scores 0, so every link is to be scored against all members of a customer it may join.
        members: (link, customer): links that have a customer already; customers above zero.
        links: all links that have none.
        together: (left, right) links that stewards said are the same: joined whatever the rest says.
        apart: (left, right) links that stewards said are not.
        policy: thresholds and cap.
    """
    pairs = _canonical(scores)
    strong = pairs.where(pairs.score >= policy.review)
    groups, easy = _split(strong, members, together, apart)
    found = _Found(dict(zip(members["link"].to_list(), members["customer"].to_list(), strict=True)))
    for component in _components(groups, pairs, members, together, apart):
        component.agglomerate(policy)
        found.take(component, policy)
    for left, right, score, is_vetoed in easy.rows():
        if not is_vetoed:
            found.take_pair(left, right, score, is_joined=score >= policy.automatic)
    return found.told(links)


class _Pairs(NamedTuple):
    """Pairs of links as arrays: one pair costs no more than it must, a million are sorted at once."""

    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    score: npt.NDArray[np.float64]
    is_vetoed: npt.NDArray[np.bool_]

    def where(self, mask: npt.NDArray[np.bool_]) -> "_Pairs":
        return _Pairs(self.left[mask], self.right[mask], self.score[mask], self.is_vetoed[mask])

    def rows(self) -> Iterator[tuple[int, int, float, bool]]:
        return zip(*(column.tolist() for column in self), strict=True)


def _canonical(scores: pl.DataFrame) -> _Pairs:
    """Return each pair once, left below right, with the best of its scores, and whether it is vetoed."""
    one, other = _links(scores["left"]), _links(scores["right"])
    score = scores["score"].cast(pl.Float64).to_numpy()  # null is NaN there
    veto = scores["veto"].to_list() if "veto" in scores.columns else [None] * len(one)
    vetoed = np.fromiter((code is not None for code in veto), np.bool_, len(one))
    left, right = np.minimum(one, other), np.maximum(one, other)
    order = np.lexsort((right, left))
    pairs = _Pairs(
        left[order], right[order], np.clip(np.nan_to_num(score[order]), 0, 1), vetoed[order]
    )
    pairs = pairs.where(pairs.left != pairs.right)
    if not len(pairs.left):
        return pairs
    is_first = np.ones(len(pairs.left), np.bool_)
    is_first[1:] = (np.diff(pairs.left) != 0) | (np.diff(pairs.right) != 0)
    if is_first.all():
        return pairs
    start = np.flatnonzero(is_first)
    return _Pairs(
        pairs.left[start],
        pairs.right[start],
        np.maximum.reduceat(pairs.score, start),
        np.logical_or.reduceat(pairs.is_vetoed, start),
    )


def _links(column: pl.Series) -> npt.NDArray[np.int64]:
    return column.cast(pl.Int64).to_numpy()


def _split(
    strong: _Pairs, members: pl.DataFrame, together: pl.DataFrame, apart: pl.DataFrame
) -> tuple[_Pairs, _Pairs]:
    """Return the pairs that need thought, and those of two links that meet nobody else."""
    ends, count = np.unique(np.concatenate([strong.left, strong.right]), return_counts=True)
    said = [_links(frame[side]) for frame in (together, apart) for side in ("left", "right")]
    busy = np.concatenate([ends[count > 1], _links(members["link"]), *said])
    is_busy = np.isin(strong.left, busy) | np.isin(strong.right, busy)
    return strong.where(is_busy), strong.where(~is_busy)


class Groups:
    """Union-find over numbers; a group is named by its smallest."""

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}

    def root(self, node: int) -> int:
        """Return the name of a number's group, one of its own if it is new."""
        parent = self.parent
        if node not in parent:
            parent[node] = node
            return node
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def has_joined(self, a: int, b: int) -> bool:
        """Tell whether two numbers are of one group."""
        return a in self.parent and b in self.parent and self.root(a) == self.root(b)

    def join(self, a: int, b: int) -> None:
        """Make the groups of two numbers one."""
        first, second = self.root(a), self.root(b)
        if first != second:
            self.parent[max(first, second)] = min(first, second)

    def all(self) -> list[list[int]]:
        """Return the groups, each in order."""
        found: dict[int, list[int]] = {}
        for node in sorted(self.parent):
            found.setdefault(self.root(node), []).append(node)
        return list(found.values())


def _components(
    strong: _Pairs,
    pairs: _Pairs,
    members: pl.DataFrame,
    together: pl.DataFrame,
    apart: pl.DataFrame,
) -> Iterable["_Component"]:
    """Return the links that strong pairs, customers and stewards connect, with all pairs among them."""
    stands: dict[int, list[int]] = {}
    rows = zip(members["link"].to_list(), members["customer"].to_list(), strict=True)
    for link, customer in sorted(rows):
        stands.setdefault(customer, []).append(link)
    said = _listed(together)
    roots = _connected(
        [*zip(strong.left.tolist(), strong.right.tolist(), strict=True), *said], stands
    )
    found: dict[int, _Component] = {}
    for link in sorted(roots.parent):
        found.setdefault(roots.root(link), _Component()).links.append(link)
    here = np.fromiter(roots.parent, np.int64, len(roots.parent))
    among = pairs.where(np.isin(pairs.left, here) & np.isin(pairs.right, here))
    for left, right, score, is_vetoed in among.rows():
        if roots.has_joined(left, right):
            found[roots.root(left)].pairs.append((left, right, score, is_vetoed))
    _tell(found, roots, said, stands)
    for left, right in _listed(apart):
        if roots.has_joined(left, right):
            found[roots.root(left)].apart.append((left, right))
    return found.values()


def _listed(pairs: pl.DataFrame) -> list[tuple[int, int]]:
    return list(zip(pairs["left"].to_list(), pairs["right"].to_list(), strict=True))


def _tell(
    found: Mapping[int, "_Component"],
    roots: Groups,
    said: list[tuple[int, int]],
    stands: Mapping[int, list[int]],
) -> None:
    """Tell each component what is joined already: by stewards, and as a customer."""
    for left, right in said:
        found[roots.root(left)].together.append((left, right))
    for links in stands.values():
        if links[0] in roots.parent:
            found[roots.root(links[0])].stands.append(links)


def _connected(pairs: list[tuple[int, int]], stands: Mapping[int, list[int]]) -> Groups:
    """Return what pairs connect, and the customers of which they name a link."""
    roots = Groups()
    touched = {link for pair in pairs for link in pair}
    for left, right in pairs:
        roots.join(left, right)
    for links in stands.values():
        if not touched.isdisjoint(links):
            for link in links:
                roots.join(links[0], link)
    return roots


class _Component:
    """Links that meet each other, and the groups they fall into; a group is named by its smallest link."""

    def __init__(self) -> None:
        self.links: list[int] = []
        self.pairs: list[tuple[int, int, float, bool]] = []
        self.together: list[tuple[int, int]] = []
        self.apart: list[tuple[int, int]] = []
        self.stands: list[list[int]] = []
        self.groups: dict[int, list[int]] = {}
        self.near: dict[int, dict[int, int]] = {}  # the sum of the scores between two groups
        self.barred: dict[int, set[int]] = {}
        self.joins: list[tuple[int, int, float]] = []

    def agglomerate(self, policy: ClusterPolicy) -> None:
        """Join what stands or was said first, then the nearest two, while they are near enough."""
        self._begin()
        heap = [
            entry
            for group, others in self.near.items()
            for other in others
            if group < other and (entry := self._entry(group, other))[0] <= -policy.automatic
        ]
        heapq.heapify(heap)
        while heap:
            entry = heapq.heappop(heap)
            minus, group, other = entry
            if group not in self.groups or other not in self.groups:
                continue
            if entry != self._entry(group, other) or not self._may_join(group, other, policy):
                continue
            self.joins.append((group, other, -minus))
            self._join(group, other)
            for third in self.near[group]:
                fresh = self._entry(min(group, third), max(group, third))
                if fresh[0] <= -policy.automatic:
                    heapq.heappush(heap, fresh)

    def _begin(self) -> None:
        whole = dict(enumerate(self.stands))
        roots = _connected(
            [*self.together, *((links[0], links[0]) for links in self.stands)], whole
        )
        for link in self.links:
            self.groups.setdefault(roots.root(link), []).append(link)
        self.near = {group: {} for group in self.groups}
        self.barred = {group: set() for group in self.groups}
        for left, right, score, is_vetoed in self.pairs:
            group, other = roots.root(left), roots.root(right)
            if group == other:
                continue
            total = self.near[group].get(other, 0) + round(score * _SCALE)
            self.near[group][other] = self.near[other][group] = total
            if is_vetoed:
                self._bar(group, other)
        for left, right in self.apart:
            self._bar(roots.root(left), roots.root(right))

    def _bar(self, group: int, other: int) -> None:
        if group != other:  # stewards who joined two links had the last word
            self.barred[group].add(other)
            self.barred[other].add(group)

    def _entry(self, group: int, other: int) -> tuple[float, int, int]:
        pairs = len(self.groups[group]) * len(self.groups[other])
        return -self.near[group][other] / (_SCALE * pairs), group, other

    def _may_join(self, group: int, other: int, policy: ClusterPolicy) -> bool:
        size = len(self.groups[group]) + len(self.groups[other])
        return size <= policy.size_max and other not in self.barred[group]

    def _join(self, group: int, other: int) -> None:
        """Join the second group into the first, whose name is the smaller."""
        self.groups[group] += self.groups.pop(other)
        for third, total in self.near.pop(other).items():
            del self.near[third][other]
            if third != group:
                both = self.near[group].get(third, 0) + total
                self.near[group][third] = self.near[third][group] = both
        for third in self.barred.pop(other):
            self.barred[third].discard(other)
            if third != group:
                self._bar(group, third)

    def doubts(self, policy: ClusterPolicy) -> Iterator[tuple[int, int, float]]:
        """Return two groups each that are not joined, though their score is in or above the review band."""
        for group, others in sorted(self.near.items()):
            for other in sorted(others):
                if group < other and other not in self.barred[group]:
                    score = -self._entry(group, other)[0]
                    if score >= policy.review:
                        yield group, other, score


class _Found:
    """What the components came to."""

    def __init__(self, customers: dict[int, int]) -> None:
        self._customer_of = customers
        self._assigned: dict[int, int] = {}
        self._merged: list[tuple[int, int, float]] = []
        self._doubtful: list[tuple[int | None, int, int, float]] = []

    def take(self, component: _Component, policy: ClusterPolicy) -> None:
        names = {}
        scores = {link: score for group, other, score in component.joins for link in (group, other)}
        for group, links in component.groups.items():
            names[group] = self._named(links, scores)
        for group, other, score in component.doubts(policy):
            fresh = [
                link
                for link in (*component.groups[group], *component.groups[other])
                if link not in self._customer_of
            ]
            one, two = sorted((names[group], names[other]), reverse=True)
            self._doubtful.append((min(fresh, default=None), one, two, score))

    def _named(self, links: list[int], scores: dict[int, float]) -> int:
        """Return the customer of a group, the oldest of those that stand in it; the others go into it."""
        standing = sorted({self._customer_of[link] for link in links if link in self._customer_of})
        name = standing[0] if standing else -1 - min(links)
        # Stewards' word is certain; what the scores joined is as sure as the weakest of the joins.
        score = min((scores[link] for link in links if link in scores), default=1.0)
        self._merged += [(other, name, score) for other in standing[1:]]
        self._assigned |= {link: name for link in links if link not in self._customer_of}
        return name

    def take_pair(self, left: int, right: int, score: float, *, is_joined: bool) -> None:
        """Take two links that meet nobody else."""
        if is_joined:
            self._assigned[left] = self._assigned[right] = -1 - left
        else:
            self._doubtful.append((left, -1 - left, -1 - right, score))

    def told(self, links: pl.Series) -> Clusters:
        assigned = [
            (link, self._assigned.get(link, -1 - link))
            for link in links.to_list()
            if link not in self._customer_of
        ]
        return Clusters(
            assigned=_sorted(assigned, ASSIGNED),
            merged=_sorted(self._merged, MERGED),
            doubtful=_sorted(self._doubtful, DOUBTFUL),
        )


def _sorted(
    rows: Iterable[tuple[float | None, ...]], schema: Mapping[str, type[pl.DataType]]
) -> pl.DataFrame:
    """Return rows as a frame, in their order, what has no link first."""
    told = sorted(rows, key=lambda row: (row[0] is not None, *(part or 0 for part in row)))
    columns = list(zip(*told, strict=True)) if told else [()] * len(schema)
    return pl.DataFrame(
        [
            pl.Series(name, column, dtype)
            for (name, dtype), column in zip(schema.items(), columns, strict=True)
        ]
    )
