import polars as pl
from bench.identity.export import COLUMNS, SYSTEMS, generate


def test_the_same_seed_invents_the_same_customers():
    first, second = generate(2_000, seed=3), generate(2_000, seed=3)

    assert first.truth.equals(second.truth)
    assert all(first.frames[system].equals(second.frames[system]) for system in SYSTEMS)


def test_another_seed_invents_others():
    first, second = generate(500, seed=1), generate(500, seed=2)

    assert not first.frames["shop"].equals(second.frames["shop"])


def test_every_record_has_one_truth():
    corpus = generate(2_000, seed=5)

    keys = corpus.truth.select("system", "external_id")
    shown = pl.concat(
        frame.select(system=pl.lit(system), external_id="external_id")
        for system, frame in corpus.frames.items()
    )
    assert keys.is_unique().all()
    assert keys.sort("system", "external_id").equals(shown.sort("system", "external_id"))
    assert all(frame.columns == ["external_id", *COLUMNS] for frame in corpus.frames.values())


def test_what_is_held_out_is_not_there():
    corpus = generate(3_000, seed=5, without=frozenset({"twins", "nickname", "group"}))

    named = set(corpus.truth["traps"].explode().drop_nulls())
    assert not named & {"twins", "nickname", "group"}
    assert {"household", "typo_given", "moved"} <= named
