"""A register of persons who live alone is the same every time, and looks like what it is."""

from bench.identity.registry import registry
from bench.identity.train import prepared

from customer_sync.core.identity import lacks_families


def test_the_same_seed_invents_the_same_register():
    first, second = registry(300, seed=4), registry(300, seed=4)

    assert first.truth.equals(second.truth)
    assert first.frames["crm"].equals(second.frames["crm"])
    assert not first.frames["crm"].equals(registry(300, seed=5).frames["crm"])


def test_a_register_is_seen_to_have_no_families():
    corpus = registry(3_000, seed=6)

    assert set(corpus.frames["crm"]["email"]) == {None}
    assert corpus.truth["entity"].n_unique() < corpus.truth.height
    assert lacks_families(prepared(corpus).compared)
