"""Parties from scored pairs: pictures a steward can read, and laws for any pairs."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from customer_sync.core.identity import ClusterPolicy, cluster

PAIRS = {"left": pl.Int64, "right": pl.Int64}
POLICY = ClusterPolicy(automatic=0.8, review=0.4, size_max=4)


def joined(scores, links=range(1, 10), *, members=(), together=(), apart=(), policy=POLICY):
    schema = {**PAIRS, "score": pl.Float64, "veto": pl.String}
    rows = [(*row, None)[:4] for row in scores]
    return cluster(
        pl.DataFrame(rows, schema=schema, orient="row"),
        pl.DataFrame(list(members), schema={"link": pl.Int64, "customer": pl.Int64}, orient="row"),
        links=pl.Series(list(links), dtype=pl.Int64),
        together=pl.DataFrame(list(together), schema=PAIRS, orient="row"),
        apart=pl.DataFrame(list(apart), schema=PAIRS, orient="row"),
        policy=policy,
    )


def parties(found):
    """Return the groups of two and more of new links."""
    groups = found.assigned.group_by("customer").agg("link")["link"].to_list()
    return sorted(sorted(group) for group in groups if len(group) > 1)


def test_near_links_are_one_party_and_others_are_alone():
    found = joined([(1, 2, 0.9), (3, 4, 0.1)], links=[1, 2, 3, 4])

    assert found.assigned.rows() == [(1, -2), (2, -2), (3, -4), (4, -5)]


def test_a_chain_of_links_joins_only_what_is_near_on_average():
    found = joined([(1, 2, 0.95), (2, 3, 0.9), (3, 4, 0.95)])

    assert parties(found) == [[1, 2], [3, 4]]


def test_a_vetoed_pair_keeps_two_groups_apart():
    found = joined([(1, 2, 0.99), (2, 3, 0.98), (1, 3, 0.97, "twin")])

    assert parties(found) == [[1, 2]]


def test_a_vetoed_pair_alone_is_no_doubt():
    found = joined([(1, 2, 0.99, "twin")])

    assert (parties(found), found.doubtful.height) == ([], 0)


def test_what_stewards_kept_apart_stays_apart_and_what_they_joined_stays_joined():
    found = joined([(1, 2, 0.99), (3, 4, 0.0)], together=[(3, 4)], apart=[(1, 2)])

    assert parties(found) == [[3, 4]]


def test_a_new_link_goes_to_the_customer_it_is_near_to():
    found = joined(
        [(1, 5, 0.9), (1, 6, 0.9), (1, 7, 0.7)], links=[1], members=[(5, 50), (6, 50), (7, 70)]
    )

    assert found.assigned.rows() == [(1, 50)]
    assert found.merged.is_empty()


def test_a_link_near_one_record_of_a_customer_only_is_doubtful():
    found = joined([(1, 5, 0.9)], links=[1], members=[(5, 50), (6, 50)])

    assert found.assigned.rows() == [(1, -2)]
    assert found.doubtful.rows() == [(1, 50, -2, 0.45)]


def test_two_customers_that_a_new_link_joins_are_merged_into_the_older():
    scores = [(1, 5, 0.95), (1, 6, 0.95), (5, 6, 0.85)]

    found = joined(scores, links=[1], members=[(5, 50), (6, 40)])

    assert found.assigned.rows() == [(1, 40)]
    assert found.merged.select("customer", "into").rows() == [(50, 40)]


def test_a_group_does_not_outgrow_its_cap():
    links = range(1, 7)
    found = joined([(a, b, 0.99) for a in links for b in links if a < b], links=links)

    assert max(len(group) for group in parties(found)) <= POLICY.size_max


LINKS = st.integers(1, 12)
ROWS = st.lists(
    st.tuples(
        LINKS,
        LINKS,
        st.sampled_from([0.0, 0.3, 0.5, 0.8, 0.9, 0.99]),
        st.sampled_from([None, None, None, "twin"]),
    ),
    max_size=40,
)
TWO = st.lists(st.tuples(LINKS, LINKS), max_size=4)


@given(rows=ROWS, apart=TWO, data=st.data())
def test_any_order_of_the_same_pairs_gives_the_same_groups(rows, apart, data):
    mixed = data.draw(st.permutations(rows))
    turned = [(b, a, *rest) for a, b, *rest in mixed]
    members = [(11, 5), (12, 5), (10, 4)]

    one = joined(rows, range(1, 13), apart=apart, members=members)
    other = joined(turned, reversed(range(1, 13)), apart=apart[::-1], members=members[::-1])

    for mine, theirs in (
        (one.assigned, other.assigned),
        (one.merged, other.merged),
        (one.doubtful, other.doubtful),
    ):
        assert mine.equals(theirs)


@given(rows=ROWS, apart=TWO)
def test_no_vetoed_and_no_separated_pair_is_ever_joined(rows, apart):
    party = dict(joined(rows, range(1, 13), apart=apart).assigned.iter_rows())

    for left, right in [*apart, *((a, b) for a, b, _, veto in rows if veto)]:
        assert left == right or party[left] != party[right]


@given(rows=ROWS)
def test_groups_keep_to_the_cap_and_every_link_has_one_party(rows):
    assigned = joined(rows, range(1, 13)).assigned

    assert sorted(assigned["link"]) == list(range(1, 13))
    assert assigned.group_by("customer").len()["len"].max() <= POLICY.size_max
