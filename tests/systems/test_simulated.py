"""The simulated platform: reproducible, honest in its log, and dishonest only as ordered."""

from dataclasses import replace

import pytest

from customer_sync.connect.driver import standard_driver
from customer_sync.connect.port import CHANGED_AT, ID, ReadRequest, Write
from customer_sync.kernel.errors import (
    ConfigurationError,
    DoubtfulError,
    PushUnconfirmedError,
    RateLimitedError,
    RetryableError,
    SystemDownError,
)
from customer_sync.model.config import SystemConfig
from customer_sync.systems.simulated import (
    FAULTS,
    PEOPLE,
    Behaviour,
    Connector,
    FaultPlan,
    Platform,
    forget,
    register,
)

CONFIG = SystemConfig(
    system="shop",
    connector="simulated",
    settings={"platform": "sim"},
    streams={"contacts": {"fields": {"email": "email", "note": "note", "reference.shop": "id"}}},
)


@pytest.fixture
def driver():
    with standard_driver() as driver:
        yield driver
    forget("sim")


@pytest.fixture
def run(driver):
    return driver.run


@pytest.fixture
def connector():
    return Connector(CONFIG)


def a_platform(behaviour: Behaviour | None = None, faults: FaultPlan | None = None) -> Platform:
    return register(Platform("sim", seed=1, behaviour=behaviour, faults=faults))


def an_update(record_id: str, token: str = "t", **patch: str | None) -> Write:
    return Write(token=token, kind="update", external_id=record_id, patch=patch)


def a_create(token: str, **patch: str | None) -> Write:
    return Write(token=token, kind="create", external_id=None, patch=patch)


# -- the platform ---------------------------------------------------------------------------------


def a_busy_life(seed: int) -> Platform:
    behaviour = Behaviour(ids="random", lag_s=5, late_commits=0.5, repeats=0.5)
    platform = Platform("busy", seed=seed, behaviour=behaviour)
    for number in range(20):
        platform.create("contacts", note=str(number))
        platform.advance(1)
    platform.come_to_rest()
    return platform


def test_the_same_seed_gives_the_same_life():
    first, second = a_busy_life(1), a_busy_life(1)

    assert (first.snapshot(), first.log, first.notices) == (
        second.snapshot(),
        second.log,
        second.notices,
    )


def test_another_seed_gives_another_life():
    assert a_busy_life(1).snapshot() != a_busy_life(2).snapshot()


def test_the_log_tells_people_from_tokens(run, connector):
    platform = a_platform()
    key = platform.create("contacts", note="a")

    run(connector.write("contacts", [an_update(key, "token-1", note="b")]))

    assert [(op.by, op.kind, dict(op.fields)) for op in platform.log] == [
        (PEOPLE, "create", {"note": "a"}),
        ("token-1", "update", {"note": "b"}),
    ]


def test_time_stands_still_until_it_is_advanced():
    platform = a_platform()
    first = platform.record("contacts", platform.create("contacts")).changed_at
    second = platform.record("contacts", platform.create("contacts")).changed_at
    platform.advance(2.5)
    third = platform.record("contacts", platform.create("contacts")).changed_at

    assert first == second
    assert (third - first).total_seconds() == 2.5


def test_a_change_in_an_instant_that_a_round_has_passed_is_shown(run, connector):
    platform = a_platform(Behaviour(resolution_s=1))
    ids = [platform.create("contacts", note=str(number)) for number in range(2)]
    asked = ReadRequest(stream="contacts", mode="changes", fields=["note"], cursor=None, limit=2)
    page = run(connector.read(asked))
    platform.edit("contacts", ids[0], note="behind")
    platform.advance(60)
    platform.create("contacts", note="newer")

    rest = run(connector.read(replace(asked, cursor=page.cursor)))
    again = run(connector.read(replace(asked, cursor=rest.cursor)))

    assert page.more
    assert "behind" in {*rest.records["note"], *again.records["note"]}


def test_a_late_commit_carries_the_stamp_of_its_beginning():
    platform = a_platform(Behaviour(lag_s=10))
    began_at = platform.now
    key = platform.create_late("contacts", {"note": "late"}, delay_s=10)
    platform.advance(9)
    before = platform.snapshot()["contacts"] if platform.streams else {}
    platform.advance(1)

    assert before == {}
    assert platform.record("contacts", key).changed_at == began_at


def test_a_record_with_an_open_commit_is_locked():
    platform = a_platform(Behaviour(lag_s=10))
    key = platform.create("contacts", note="a")
    platform.edit_late("contacts", key, {"note": "b"}, delay_s=10)
    platform.edit("contacts", key, note="c")
    platform.advance(10)

    assert platform.snapshot() == {"contacts": {key: {"note": "c"}}}


@pytest.mark.parametrize(
    "behaviour,                                          code",
    [
        (Behaviour(unique=("email",)),                     "duplicate"),
        (Behaviour(required=("note",)),                    "required"),
        (Behaviour(lengths={"email": 3}),                  "too_long"),
        (Behaviour(creates=False),                         "not_offered"),
    ],
)  # fmt: skip
def test_the_platform_refuses_and_names_no_value(run, connector, behaviour, code):
    platform = a_platform(behaviour)
    platform.create("contacts", email="ann@acme.test", note="x")

    [answer] = run(connector.write("contacts", [a_create("t", email="ann@acme.test")]))

    assert (answer.outcome, answer.code) == ("refused", code)
    assert "ann" not in answer.reason
    assert len(platform.records("contacts")) == 1


def test_a_value_is_free_again_once_nobody_shows_it(run, connector):
    platform = a_platform(Behaviour(unique=("email",)))
    moved, deleted, kept = (platform.create("contacts", email=f"{n}@x.test") for n in "abc")
    platform.edit("contacts", moved, email="d@x.test")
    platform.delete("contacts", deleted)

    writes = [a_create(name, email=f"{name}@x.test") for name in "abcd"]
    own = an_update(kept, email="c@x.test")
    answers = run(connector.write("contacts", [*writes, own]))

    assert [a.outcome for a in answers] == [
        "accepted", "accepted", "refused", "refused", "accepted",
    ]  # fmt: skip


def test_unknown_fields_are_dropped_or_refused(run, connector):
    platform = a_platform(Behaviour(unknown="drop"))
    platform.declare("contacts", "email")
    dropped = run(connector.write("contacts", [a_create("1", email="a@x.test", note="n")]))
    platform.behaviour = replace(platform.behaviour, unknown="refuse")
    refused = run(connector.write("contacts", [a_create("2", email="b@x.test", note="n")]))

    assert [a.outcome for a in dropped + refused] == ["accepted", "refused"]
    assert platform.snapshot()["contacts"] == {"1": {"email": "a@x.test"}}


def test_a_field_of_another_type_refuses_what_does_not_fit(run, connector):
    platform = a_platform()
    key = platform.create("contacts", note="1")
    platform.retype_field("contacts", "note", "number")

    answers = run(
        connector.write(
            "contacts", [an_update(key, "1", note="many"), an_update(key, "2", note="-2.5")]
        )
    )

    assert [a.outcome for a in answers] == ["refused", "accepted"]


def test_a_token_with_another_input_is_refused(run, connector):
    platform = a_platform()
    key = platform.create("contacts", note="a")
    run(connector.write("contacts", [an_update(key, "t", note="b")]))

    [answer] = run(connector.write("contacts", [an_update(key, "t", note="c")]))

    assert (answer.outcome, answer.code) == ("refused", "key_reused")


def test_the_key_field_shows_the_id(run, connector):
    key = a_platform(Behaviour(ids="random")).create("contacts", note="a")

    page = run(connector.read(ReadRequest(stream="contacts", fields=["id", "note"])))

    assert page.records["id"].to_list() == page.records[ID].to_list() == [key]


def test_a_silent_search_cap_hides_nothing(run, connector):
    """A search API that ends at n rows and says that this was all (9,990 of 2,090,000)."""
    platform = a_platform(Behaviour(search_rows_max=10))
    ids = {platform.create("contacts", note="same instant") for _ in range(95)}

    for mode in ("changes", "listing", "keys"):
        seen, cursor, more = set(), None, True
        while more:
            request = ReadRequest(stream="contacts", fields=["note"], mode=mode, cursor=cursor)
            page = run(connector.read(request))
            seen, cursor, more = seen | set(page.records[ID]), page.cursor, page.more
        assert seen == ids


def test_a_platform_nobody_registered_is_a_configuration_error(run, connector):
    with pytest.raises(ConfigurationError):
        run(connector.read(ReadRequest(stream="contacts", fields=[])))


def test_changed_at_is_rounded_to_the_platforms_clock(run, connector):
    platform = a_platform(Behaviour(resolution_s=60))
    platform.advance(119)
    platform.create("contacts", note="a")

    page = run(connector.read(ReadRequest(stream="contacts", fields=["note"])))

    assert page.records[CHANGED_AT][0].strftime("%H:%M:%S") == "00:01:00"


# -- faults ---------------------------------------------------------------------------------------

WEATHER = dict.fromkeys(FAULTS, 0.3)


def drawn(plan: FaultPlan) -> list[bool]:
    return [
        plan.fires(op, fault) for _ in range(50) for op in ("read", "write") for fault in FAULTS
    ]


def test_the_same_seed_fires_the_same_faults():
    first, second = FaultPlan(seed=3, rates=WEATHER), FaultPlan(seed=3, rates=WEATHER)

    assert drawn(first) == drawn(second)
    assert first.histogram == second.histogram
    assert drawn(FaultPlan(seed=4, rates=WEATHER)) != drawn(FaultPlan(seed=3, rates=WEATHER))


def test_the_histogram_counts_what_fired():
    plan = FaultPlan(seed=3, rates=WEATHER)

    assert sum(drawn(plan)) == sum(plan.histogram.values()) > 0


def test_a_rate_may_be_of_one_operation_only():
    plan = FaultPlan(seed=3, rates={"write.late": 1.0})

    assert (plan.fires("write", "late"), plan.fires("read", "late")) == (True, False)


def test_an_inactive_plan_fires_nothing():
    plan = FaultPlan(seed=3, rates={"late": 1.0})
    plan.force("write", "doubled")
    plan.active = False

    assert not any(drawn(plan))


def test_a_rate_of_no_such_fault_is_a_bug():
    with pytest.raises(AssertionError):
        FaultPlan(seed=1, rates={"write.lightning": 0.5})


@pytest.mark.parametrize(
    "fault,          raised,                versions",
    [
        ("rate_limited",   RateLimitedError,      [1, 1]),
        ("lost_request",   SystemDownError,       [1, 1]),
        ("lost_answer",    PushUnconfirmedError,  [2, 2]),
        ("late",           PushUnconfirmedError,  [1, 2]),
        ("race_before",    None,                  [3, 3]),
        ("race_after",     None,                  [3, 3]),
        ("doubled",        None,                  [2, 2]),
    ],
)  # fmt: skip
def test_each_fault_does_what_its_name_says(run, connector, fault, raised, versions):
    """Versions: right after the write, and after the next operation."""
    platform = a_platform(faults=FaultPlan(seed=1, race_fields=("email",)))
    key = platform.create("contacts", note="a", email="x")
    platform.faults.force("write", fault)
    flow = connector.write("contacts", [an_update(key, note="b")])

    if raised:
        with pytest.raises(raised):
            run(flow)
    else:
        assert [a.outcome for a in run(flow)] == ["accepted"]
    seen = [platform.record("contacts", key).version]
    platform.perform("ping", {}, is_write=False)
    seen.append(platform.record("contacts", key).version)

    assert seen == versions
    assert platform.faults.histogram == {f"write.{fault}": 1}


def test_an_answer_shows_the_record_before_people_raced(run, connector):
    """The record as it stood right after this write, and nothing later."""
    platform = a_platform(faults=FaultPlan(seed=1, race_fields=("note",)))
    key = platform.create("contacts", note="a")
    platform.faults.force("write", "race_after")

    [answer] = run(connector.write("contacts", [an_update(key, note="ours")]))

    assert (answer.record, answer.version) == ({"note": "ours"}, "2")
    assert platform.record("contacts", key).fields["note"].startswith("raced")


def test_a_race_before_a_write_is_caught_by_its_precondition(run, connector):
    platform = a_platform(faults=FaultPlan(seed=1, race_fields=("note",)))
    key = platform.create("contacts", note="a")
    platform.faults.force("write", "race_before")
    write = replace(an_update(key, note="ours"), expected_version="1")

    [answer] = run(connector.write("contacts", [write]))

    assert answer.outcome == "moved"
    assert platform.record("contacts", key).fields["note"].startswith("raced")


def test_a_doubled_create_is_one_record_only_where_tokens_are_remembered(run, connector):
    counts = []
    for tokens in (True, False):
        platform = a_platform(Behaviour(tokens=tokens), FaultPlan(seed=1))
        platform.faults.force("write", "doubled")
        run(connector.write("contacts", [a_create("t", note="a")]))
        counts.append(len(platform.records("contacts")))

    assert counts == [1, 2]


def test_a_late_write_is_seen_by_the_settlement(run, connector):
    """Settling right after the loss must not say that nothing was done."""
    platform = a_platform(faults=FaultPlan(seed=1))
    platform.faults.force("write", "late")
    write = a_create("t", note="a")
    with pytest.raises(PushUnconfirmedError):
        run(connector.write("contacts", [write]))

    [answer] = run(connector.settle("contacts", [write]))

    assert (answer.outcome, answer.external_id) == ("accepted", "1")


def test_a_cut_page_says_that_there_is_more(run, connector):
    platform = a_platform(faults=FaultPlan(seed=1, rates={"read.page_cut": 0.7}))
    ids = [platform.create("contacts", note="a") for _ in range(9)]
    seen, cursor, more = [], None, True
    while more:
        page = run(connector.read(ReadRequest(stream="contacts", fields=["note"], cursor=cursor)))
        seen, cursor, more = seen + page.records[ID].to_list(), page.cursor, page.more

    assert seen == ids
    assert platform.faults.histogram["read.page_cut"] > 0


def test_every_nth_call_is_limited(run, connector):
    platform = a_platform(Behaviour(calls_per_limit=3, limit_after_s=7))
    platform.create("contacts", note="a")
    limited = []
    for _ in range(9):
        try:
            run(connector.read(ReadRequest(stream="contacts", fields=["note"])))
        except RateLimitedError as error:
            limited.append(error.after_s)

    assert limited == [7, 7, 7]


@pytest.mark.parametrize("seed", range(20))
def test_in_any_weather_a_patient_client_writes_each_token_once(run, connector, seed):
    """Retry what is retryable, settle what is doubtful: no record twice, none lost."""
    rates = dict.fromkeys(("rate_limited", "lost_request", "late", "doubled", "lost_answer"), 0.2)
    platform = a_platform(faults=FaultPlan(seed=seed, rates=rates))
    writes = [a_create(f"t{number}", note=str(number)) for number in range(20)]

    for write in writes:
        is_done = False
        is_doubtful = False
        while not is_done:
            flow = connector.settle if is_doubtful else connector.write
            try:
                [answer] = run(flow("contacts", [write]))
            except RetryableError:
                continue
            except DoubtfulError:
                is_doubtful = True
                continue
            is_done, is_doubtful = answer.outcome == "accepted", False

    platform.come_to_rest()
    assert sorted(r.fields["note"] for r in platform.records("contacts")) == sorted(
        write.patch["note"] for write in writes
    )
    assert sum(platform.faults.histogram.values()) > 0
