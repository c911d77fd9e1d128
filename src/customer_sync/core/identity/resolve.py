"""Which customer does each new record belong to?

Order of trust: a steward's decision; a reference one system declares to another's record; a tax id;
an e-mail address unless the names stand against each other; a telephone number only where the names
agree. A value that more parties carry than the workspace allows identifies nobody, whatever
the number of their records. A record whose
keys lead to two different customers, or whose only key is contradicted by the name, is *doubtful*:
it is held for a review, never guessed. Keys join records of the same batch too, so the order of
records and how they are cut into batches do not decide who is the same.

This is the place where scored matching will stand beside exact keys: it adds rows to `pairs`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from customer_sync.core.identity.keys import KINDS
from customer_sync.core.identity.names import agreement, name_words

__all__ = ["Resolved", "resolve"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Where new records belong.

    assigned: (link, customer) — customer negative: a new one, the same number for the same customer.
    doubtful: (link, customers) — held for a review; the list of customers it may belong to.
    """

    assigned: pl.DataFrame
    doubtful: pl.DataFrame


def resolve(
    records: pl.DataFrame,
    keys: pl.DataFrame,
    candidates: pl.DataFrame,
    *,
    decided: pl.DataFrame,
    shared_max: int,
) -> Resolved:
    """Assign each new record to a customer, existing or new.

    Args:
        records: ``link`` and the name columns of the new records.
        keys: (link, kind, key) of the new records.
        candidates: (key, customer, carriers, given_name, family_name, organisation): existing customers that
            carry one of those keys, and how many parties in all carry it (see ``shared_max``).
        decided: (link, customer, same): what stewards settled.
        shared_max: a key that more parties than this carry identifies nobody. Records of one customer are
            one party, and so are records of one name; a record without a name is one by itself.
    """
    alone = keys.filter(
        pl.col("key").is_duplicated() | pl.col("key").is_in(candidates["key"].implode())
    )
    if alone.is_empty() and decided.is_empty():
        return _all_new(records)
    # Only names that are compared are worth their words: 6 us each.
    met = records.join(alone.select("link").unique(), on="link", how="semi")
    names = pl.concat([met.select("link"), name_words(met)], how="horizontal")
    pairs = pl.concat(
        [
            _to_customers(alone, candidates, names, shared_max),
            _within(alone, candidates, names, shared_max),
        ]
    )
    return _cut(records["link"].to_list(), pairs, decided)


def _all_new(records: pl.DataFrame) -> Resolved:
    assigned = records.select("link", customer=-1 - pl.int_range(pl.len(), dtype=pl.Int64))
    return Resolved(assigned=assigned, doubtful=_doubtful({}))


def _to_customers(
    keys: pl.DataFrame, candidates: pl.DataFrame, names: pl.DataFrame, shared_max: int
) -> pl.DataFrame:
    theirs = pl.concat(
        [
            candidates.select("key", "customer", "carriers"),
            name_words(candidates).select(pl.all().name.prefix("their_")),
        ],
        how="horizontal",
    )
    met = (
        keys.join(theirs, on="key").filter(pl.col("carriers") <= shared_max).join(names, on="link")
    )
    return met.select("link", other=pl.col("customer"), sure=_sure(), known=pl.lit(value=True))


def _within(
    keys: pl.DataFrame, candidates: pl.DataFrame, names: pl.DataFrame, shared_max: int
) -> pl.DataFrame:
    """Pair records of the batch that carry the same key: each with the first record of every name."""
    carriers = candidates.group_by("key").agg(pl.col("carriers").first())
    nameless = pl.all_horizontal(pl.exclude("link").is_null())
    named = pl.concat_str(pl.exclude("link").fill_null(""), separator="\x1f")
    name = pl.when(nameless).then(pl.col("link").cast(pl.String)).otherwise(named)
    shared = (
        keys.filter(pl.col("key").is_duplicated())
        .join(names.select("link", name=name), on="link")
        .with_columns(here=pl.col("name").n_unique().over("key"))
        .join(carriers, on="key", how="left")
        .filter(pl.col("here") + pl.col("carriers").fill_null(0) <= shared_max)
    )
    first = shared.group_by("key", "name").agg(other=pl.col("link").min())
    pairs = shared.join(first, on="key").filter(pl.col("link") != pl.col("other"))
    pairs = pairs.select(
        "kind", link=pl.max_horizontal("link", "other"), other=pl.min_horizontal("link", "other")
    )
    pairs = pairs.unique()
    theirs = names.select(pl.col("link").alias("other"), pl.exclude("link").name.prefix("their_"))
    met = pairs.join(names, on="link").join(theirs, on="other")
    return met.select("link", "other", sure=_sure(), known=pl.lit(value=False))


def _sure() -> pl.Expr:
    """Return 1: the same; 0: says nothing; -1: doubtful."""
    kind, names = pl.col("kind"), agreement("", "their_")
    return (
        pl.when(kind <= KINDS["tax_id"]).then(1)
        .when((kind == KINDS["email"]) & (names >= 0)).then(1)
        .when(kind == KINDS["email"]).then(-1)
        .when(names == 1).then(1)
        .otherwise(0)
    )  # fmt: skip


def _cut(links: list[int], pairs: pl.DataFrame, decided: pl.DataFrame) -> Resolved:
    """Join sure pairs into groups; a group that reaches two customers is doubtful as a whole."""
    groups = _Groups()
    apart = {
        (row[0], row[1])
        for row in decided.filter(~pl.col("same")).select("link", "customer").iter_rows()
    }
    settled = dict(decided.filter(pl.col("same")).select("link", "customer").iter_rows())
    doubts: dict[int, set[int]] = {}
    for link, other, sure, known in pairs.sort(
        "sure", "link", "other", descending=[True, False, False]
    ).iter_rows():
        if known and (link, other) in apart:
            continue
        node = ("customer", other) if known else ("link", other)
        if link in settled and (not known or settled[link] != other):
            continue
        if sure == 1:
            groups.join(("link", link), node)
        elif sure == -1 and known:
            doubts.setdefault(link, set()).add(other)
        elif sure == -1:
            doubts.setdefault(max(link, other), set())
    for link, customer in settled.items():
        groups.join(("link", link), ("customer", customer))
    return _assigned(links, groups, doubts, settled)


def _assigned(
    links: list[int], groups: "_Groups", doubts: dict[int, set[int]], settled: dict[int, int]
) -> Resolved:
    customers = groups.members("customer")
    assigned: dict[int, int] = {}
    doubtful: dict[int, set[int]] = {}
    for link in links:
        root = groups.root(("link", link))
        reached = customers.get(root, set())
        if link in settled:
            assigned[link] = settled[link]
        elif len(reached) > 1:
            doubtful[link] = reached
        elif reached:
            assigned[link] = next(iter(reached))
        elif link in doubts and groups.is_alone(("link", link)):
            doubtful[link] = doubts[link]
        else:
            # One negative number per group: the smallest link of it, so that it does not depend on order.
            assigned[link] = -1 - groups.smallest(root, link)
    return Resolved(
        assigned=pl.DataFrame(
            {"link": list(assigned), "customer": list(assigned.values())},
            schema={"link": pl.Int64, "customer": pl.Int64},
        ),
        doubtful=_doubtful(doubtful),
    )


def _doubtful(doubtful: dict[int, set[int]]) -> pl.DataFrame:
    return pl.DataFrame(
        {"link": list(doubtful), "customers": [sorted(reached) for reached in doubtful.values()]},
        schema={"link": pl.Int64, "customers": pl.List(pl.Int64)},
    )


Node = tuple[str, int]


class _Groups:
    """Union-find over records and customers; the pairs of a batch are few enough for a plain loop."""

    def __init__(self) -> None:
        self._parent: dict[Node, Node] = {}
        self._joined: set[Node] = set()

    def root(self, node: Node) -> Node:
        parent = self._parent.setdefault(node, node)
        while parent != node:
            self._parent[node] = self._parent[parent]
            node, parent = parent, self._parent[parent]
        return node

    def join(self, a: Node, b: Node) -> None:
        first, second = sorted((self.root(a), self.root(b)))
        self._parent[second] = first
        self._joined |= {a, b}

    def is_alone(self, node: Node) -> bool:
        return node not in self._joined

    def members(self, kind: str) -> dict[Node, set[int]]:
        found: dict[Node, set[int]] = {}
        for node in list(self._nodes(kind)):
            found.setdefault(self.root(node), set()).add(node[1])
        return found

    def smallest(self, root: Node, link: int) -> int:
        # Roots are the smallest node of their group, and "customer" sorts before "link".
        return root[1] if root in self._parent and root[0] == "link" else link

    def _nodes(self, kind: str) -> Iterable[Node]:
        return (node for node in self._parent if node[0] == kind)
