"""The Tryton connector against a real server: what the conformance kit does not know to ask."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from tests.systems.tryton_world import STREAM, Erp, started

from customer_sync.connect.port import (
    GONE,
    ID,
    MERGED_INTO,
    OUTSIDE,
    VERSION,
    HttpReply,
    ReadRequest,
    Write,
)
from customer_sync.infra import entropy
from customer_sync.kernel.errors import (
    ConfigurationError,
    CredentialError,
    InvalidInputError,
    PushUnconfirmedError,
    RateLimitedError,
    SchemaDriftError,
    SystemDownError,
)
from customer_sync.systems.tryton.changes import next_since
from customer_sync.systems.tryton.party import FIELD_NAMES

pytestmark = pytest.mark.tryton

ADA = {
    "name": "Ada Lovelace",
    "code": "ADA-1",
    "lang": "de",
    "email": "ada@example.com",
    "emails": '["ada@example.com", "ada@work.example"]',
    "phone": "+493012345",
    "mobile": "+4917012345",
    "website": "https://ada.example",
    "street": "Ring 1\nHinterhaus",
    "city": "Berlin",
    "postal_code": "10115",
    "country": "DE",
    "subdivision": "DE-BE",
    "tax_identifier": "DE136695976",
}


@pytest.fixture(scope="module")
def server_erp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Erp]:
    server = started(tmp_path_factory.mktemp("tryton"))
    running = Erp(server)
    yield running
    running.close()
    server.stop()


@pytest.fixture
def erp(server_erp: Erp) -> Erp:
    server_erp.clear()
    return server_erp


@pytest.fixture
def sync(erp: Erp) -> "Sync":
    return Sync(erp)


class Sync:
    """The connector, driven for real."""

    def __init__(self, erp: Erp, **settings) -> None:
        self.erp = erp
        self.connector = erp.connector(**settings) if settings else erp.shared_connector

    def run(self, flow):
        return self.erp.driver.run(flow)

    def page(self, mode="changes", **request):
        asked = ReadRequest(stream=STREAM, fields=FIELD_NAMES, mode=mode, **request)
        return self.run(self.connector.read(asked))

    def row(self, id_: str) -> dict:
        return self.page("ids", ids=[id_]).records.to_dicts()[0]

    def caught_up(self) -> str:
        page = self.page()
        while page.more:
            page = self.page(cursor=page.cursor)
        return page.cursor

    def changed(self, cursor: str) -> set[str]:
        page = self.page(cursor=cursor)
        shown = set(page.records[ID])
        while page.more:
            page = self.page(cursor=page.cursor)
            shown |= set(page.records[ID])
        return shown

    def write(self, *writes: Write):
        return self.run(self.connector.write(STREAM, writes))

    def create(self, **patch):
        return self.write(creation(**patch))[0]

    def update(self, id_: str, **patch):
        return self.write(self.updating(id_, **patch))[0]

    def updating(self, id_: str, **patch) -> Write:
        row = self.row(id_)
        return Write(
            token=entropy.token(), kind="update", external_id=id_, patch=patch,
            expected={name: row[name] for name in patch}, expected_version=row[VERSION],
        )  # fmt: skip


def creation(**patch) -> Write:
    return Write(token=entropy.token(), kind="create", external_id=None, patch=patch)


# -- what a record shows ---------------------------------------------------------------------------


def test_a_party_is_created_with_its_children_and_shown_as_it_was_sent(sync):
    answer = sync.create(**ADA)

    assert answer.outcome == "accepted"
    row = sync.row(answer.external_id)
    assert {name: row[name] for name in ADA} == ADA
    assert json.loads(row["phones"]) == ["+493012345", "+4917012345"]
    assert json.loads(row["identifiers"]) == [{"type": "eu_vat", "code": "DE136695976"}]
    assert json.loads(row["addresses"]) == [
        {
            "street": "Ring 1", "street2": "Hinterhaus", "city": "Berlin", "postal_code": "10115",
            "country": "DE", "region": "DE-BE",
        }
    ]  # fmt: skip


def test_inactive_parties_are_read_and_inactive_children_are_not_part_of_them(erp, sync):
    mechanism = {"type": "email", "value": "old@example.com"}
    id_ = erp.create("Old", contact_mechanisms=[["create", [mechanism]]])
    old = erp.children(id_, "contact_mechanisms")
    erp.call("model.party.contact_mechanism.write", old, {"active": False})
    erp.edit(id_, active=False)

    row = sync.row(id_)

    assert (row["active"], row["email"], row[GONE]) == ("false", None, False)
    assert id_ in set(sync.page("keys").records[ID])


def test_the_first_mechanism_by_sequence_is_the_primary_one(erp, sync):
    mechanisms = [
        {"type": "email", "value": "second@example.com", "sequence": 20},
        {"type": "email", "value": "first@example.com", "sequence": 10},
    ]
    id_ = erp.create("Ada", contact_mechanisms=[["create", mechanisms]])

    assert sync.row(id_)["email"] == "first@example.com"


def test_a_page_costs_one_call_however_many_children_there_are(erp, sync):
    sync.write(*(creation(**ADA | {"code": f"C{i}"}) for i in range(5)))
    calls = []
    flow = sync.connector.read(ReadRequest(stream=STREAM, fields=FIELD_NAMES, mode="listing"))

    sync.run(recorded(flow, calls))

    assert len(calls) == 1


def recorded(flow, calls):
    try:
        asked = next(flow)
        while True:
            calls.append(asked)
            asked = flow.send((yield asked))
    except StopIteration as end:
        return end.value


# -- changing children -----------------------------------------------------------------------------


def test_another_primary_email_keeps_both_and_their_ids(erp, sync):
    id_ = sync.create(**ADA).external_id
    before = set(erp.children(id_, "contact_mechanisms"))

    answer = sync.update(id_, email="ada@work.example")

    assert (answer.outcome, answer.record["email"]) == ("accepted", "ada@work.example")
    row = sync.row(id_)
    assert row["email"] == "ada@work.example"
    assert json.loads(row["emails"]) == ["ada@work.example", "ada@example.com"]
    assert set(erp.children(id_, "contact_mechanisms")) == before


def test_a_new_primary_email_replaces_the_first(sync):
    id_ = sync.create(**ADA).external_id

    answer = sync.update(id_, email="new@example.com")

    assert answer.record["email"] == "new@example.com"
    assert json.loads(answer.record["emails"]) == ["new@example.com", "ada@work.example"]


def test_a_set_of_emails_is_added_to_and_taken_from(erp, sync):
    id_ = sync.create(**ADA).external_id
    kept = erp.children(id_, "contact_mechanisms")

    answer = sync.update(id_, emails='["ada@work.example", "third@example.com"]')

    assert json.loads(answer.record["emails"]) == ["ada@work.example", "third@example.com"]
    assert answer.record["phone"] == ADA["phone"]
    assert len(set(erp.children(id_, "contact_mechanisms")) & set(kept)) == len(kept) - 1


def test_a_set_and_its_primary_may_be_given_together(sync):
    id_ = sync.create(**ADA).external_id

    answer = sync.update(id_, email="z@example.com", emails='["a@example.com", "z@example.com"]')

    assert answer.record["email"] == "z@example.com"
    assert json.loads(answer.record["emails"]) == ["z@example.com", "a@example.com"]


@pytest.mark.parametrize("field", ["email", "phone", "website", "tax_identifier", "lang", "city"])
def test_a_field_of_a_child_can_be_emptied(sync, field):
    id_ = sync.create(**ADA | {"emails": '["ada@example.com"]'}).external_id

    answer = sync.update(id_, **{field: None})

    assert answer.outcome == "accepted"
    assert sync.row(id_)[field] is None


def test_addresses_keep_their_ids_and_surplus_ones_are_put_out_of_use(erp, sync):
    id_ = sync.create(name="Ada", addresses='[{"city": "Bonn"}, {"city": "Ulm"}]').external_id
    before = erp.children(id_, "addresses")

    sync.update(id_, addresses='[{"city": "Ulm", "street": "A", "street2": "B"}]')

    assert json.loads(sync.row(id_)["addresses"]) == [
        {"city": "Ulm", "street": "A", "street2": "B"}
    ]
    assert erp.children(id_, "addresses") == before


@pytest.mark.parametrize(
    "patch, code",
    [
        ({"country": "XX"}, "country_unknown"),
        ({"lang": "xx"}, "lang_unknown"),
        ({"addresses": "nonsense"}, "invalid_value"),
        ({"addresses": '[{"planet": "Mars"}]'}, "invalid_value"),
        ({"emails": "[1]"}, "invalid_value"),
        ({"active": "maybe"}, "invalid_value"),
        ({"tax_identifier": "ZZ123"}, "tax_id_type_unknown"),
        ({"tax_identifier": "DE000"}, "invalid_value"),
        ({"code": "TAKEN"}, "duplicate"),
        ({"website": "\n"}, "required"),
        ({"replaced_by": "1"}, "read_only"),
    ],
)
def test_what_tryton_cannot_take_is_refused_with_a_code_and_stops_no_other(sync, patch, code):
    sync.create(name="First", code="TAKEN")

    answers = sync.write(
        creation(name="Before"), creation(**{"name": "Bad Person"} | patch), creation(name="After")
    )

    assert [answer.outcome for answer in answers] == ["accepted", "refused", "accepted"]
    assert answers[1].code == code
    assert answers[1].reason
    assert "Bad Person" not in answers[1].reason


def test_one_bad_record_of_many_is_found_without_trying_each(sync):
    calls = []
    writes = [creation(name=f"P{i}", code=f"P{i}") for i in range(64)]
    writes[37] = creation(name="P37", code="P12")

    answers = sync.run(recorded(sync.connector.write(STREAM, writes), calls))

    assert [i for i, answer in enumerate(answers) if answer.outcome == "refused"] == [37]
    assert len(calls) < 20


# -- preconditions ---------------------------------------------------------------------------------


def test_a_change_of_a_child_since_the_image_moves_the_write(erp, sync):
    id_ = sync.create(**ADA).external_id
    write = sync.updating(id_, city="Bonn")
    erp.call("model.party.address.write", erp.children(id_, "addresses"), {"city": "Paris"})

    [answer] = sync.write(write)

    assert (answer.outcome, answer.record["city"]) == ("moved", "Paris")
    assert sync.row(id_)["city"] == "Paris"


@pytest.mark.parametrize("model", ["party", "address"])
def test_an_edit_between_our_reading_and_our_writing_is_not_overwritten(erp, sync, model):
    """The gap that no comparison of ours can close: Tryton checks its own timestamps."""
    id_ = sync.create(**ADA).external_id

    def meddle() -> None:
        if model == "party":
            erp.edit(id_, name="Theirs")
        else:
            erp.call("model.party.address.write", erp.children(id_, "addresses"), {"city": "Rome"})

    write = sync.updating(id_, name="Ours", city="Bonn")
    [answer] = sync.run(before_writing(sync.connector.write(STREAM, [write]), meddle))

    row = sync.row(id_)
    assert answer.outcome == "moved"
    assert (row["name"], row["city"]) in {("Theirs", "Berlin"), ("Ada Lovelace", "Rome")}
    assert answer.record["name"] == row["name"]


def test_a_record_written_again_after_ours_is_not_shown_as_ours(erp, sync):
    id_ = sync.create(**ADA).external_id
    write = sync.updating(id_, name="Ours")

    def meddle() -> None:
        erp.edit(id_, name="Theirs")

    [answer] = sync.run(after_writing(sync.connector.write(STREAM, [write]), meddle))

    assert (answer.outcome, answer.record) == ("accepted", None)


def test_a_created_record_written_again_after_ours_is_not_shown_as_ours(erp, sync):
    def meddle() -> None:
        [id_] = erp.party("search", [])
        erp.edit(str(id_), name="Theirs")

    flow = sync.connector.write(STREAM, [creation(name="Ours")])
    [answer] = sync.run(after_writing(flow, meddle))

    assert (answer.outcome, answer.record) == ("accepted", None)


def before_writing(flow, act):
    return around_writing(flow, before=act)


def after_writing(flow, act):
    return around_writing(flow, after=act)


def around_writing(flow, before=lambda: None, after=lambda: None):
    """Let somebody act just before, or just after, the one write of a flow."""
    try:
        calls = next(flow)
        while True:
            is_write = any(call.is_write for call in calls)
            if is_write:
                before()
            replies = yield calls
            if is_write:
                after()
            calls = flow.send(replies)
    except StopIteration as end:
        return end.value


def test_an_update_of_a_merged_party_is_moved(erp, sync):
    loser, winner = erp.create("Ada"), erp.create("Ada L.")
    write = sync.updating(loser, name="Late")
    erp.merge(loser, winner)

    [answer] = sync.write(write)

    assert (answer.outcome, answer.code) == ("moved", "merged")


# -- deleting --------------------------------------------------------------------------------------


def test_a_party_that_is_used_cannot_be_deleted(sync):
    """Only modules beyond party (invoices, orders) refer to a party so; their refusal is recorded."""
    id_ = sync.create(name="Ada Lovelace").external_id
    text = (
        'Could not delete record "Ada Lovelace" because it is used on field "Party" of "Invoice".'
    )
    content = json.dumps({"id": 0, "error": ["UserError", [text, "", None]]}).encode()

    [answer] = sync.run(
        with_reply(
            sync.connector.write(STREAM, [deletion(id_)]),
            HttpReply(status=200, headers={}, content=content),
        )
    )

    assert (answer.outcome, answer.code) == ("refused", "in_use")
    assert "Ada" not in answer.reason
    assert not sync.row(id_)[GONE]


def deletion(id_: str) -> Write:
    return Write(token=entropy.token(), kind="delete", external_id=id_, patch={})


def with_reply(flow, reply):
    """Answer the writes of a flow from a recording; the rest is real."""
    try:
        calls = next(flow)
        while True:
            is_write = any(call.is_write for call in calls)
            calls = flow.send([reply] if is_write else (yield calls))
    except StopIteration as end:
        return end.value


def test_a_deactivated_party_is_inactive_and_not_gone(sync):
    id_ = sync.create(**ADA).external_id

    sync.write(Write(token="t", kind="deactivate", external_id=id_, patch={}))

    row = sync.row(id_)
    assert (row["active"], row[GONE], row[MERGED_INTO]) == ("false", False, None)


@pytest.mark.parametrize("mode", ["listing", "keys", "changes"])
def test_a_party_outside_the_filter_is_told_from_one_that_is_gone(erp, mode):
    made = Sync(erp, where="country = 'DE' and active = 'true'")
    german, french, deleted = (
        made.create(**{**ADA, "code": code, "country": country, "subdivision": None}).external_id
        for code, country in (("1", "DE"), ("2", "FR"), ("3", "DE"))
    )
    erp.delete(deleted)

    rows = {key: made.row(key) for key in (german, french, deleted)}
    request = ReadRequest(stream=STREAM, fields=["name"], mode=mode)
    page = made.run(made.connector.read(request)).records

    told = {key: (row[OUTSIDE], row[GONE]) for key, row in rows.items()}
    assert told == {german: (False, False), french: (True, False), deleted: (False, True)}
    assert page.filter(~page[OUTSIDE])[ID].to_list() == [german]


def test_a_party_can_be_created_inactive(sync):
    """Tryton takes it in two steps only: it lets nobody change what is inactive."""
    answers = sync.write(creation(**ADA | {"active": "false"}), creation(name="Other"))

    rows = [sync.row(answer.external_id) for answer in answers]
    assert [answer.outcome for answer in answers] == ["accepted", "accepted"]
    assert [(row["active"], row["name"]) for row in rows] == [
        ("false", "Ada Lovelace"),
        ("true", "Other"),
    ]


def test_an_inactive_party_can_be_activated_and_changed_at_once(erp, sync):
    id_ = sync.create(**ADA).external_id
    erp.edit(id_, active=False)

    answer = sync.update(id_, active="true", name="Ada King", city="Bonn")

    row = sync.row(id_)
    assert answer.outcome == "accepted"
    assert (row["active"], row["name"], row["city"]) == ("true", "Ada King", "Bonn")


def test_a_change_of_an_inactive_party_is_refused_and_says_why(erp, sync):
    id_ = erp.create("Ada")
    erp.edit(id_, active=False)

    answer = sync.update(id_, name="Ada King")

    assert (answer.outcome, answer.code) == ("refused", "inactive")
    assert sync.row(id_)["name"] == "Ada"


# -- changes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model, child, values",
    [
        ("party.address", "addresses", {"city": "Paris"}),
        ("party.contact_mechanism", "contact_mechanisms", {"name": "at home"}),
        ("party.identifier", "identifiers", {"active": False}),
    ],
)
def test_a_change_of_a_child_is_a_change_of_its_party(erp, model, child, values):
    """Tryton leaves the party's own timestamp where it was."""
    sync = Sync(erp, lag_s=0)
    older = erp.create("Older")
    id_ = sync.create(**ADA).external_id
    newest = erp.create("Newest")
    cursor = sync.caught_up()
    before = sync.row(id_)

    erp.call(f"model.{model}.write", erp.children(id_, child), values)

    assert older not in sync.changed(cursor)
    assert sync.changed(cursor) - {newest} == {id_}
    after = sync.row(id_)
    assert after[VERSION] != before[VERSION]
    assert after["@changed_at"] > before["@changed_at"]


def test_a_new_child_is_a_change_of_its_party(erp):
    sync = Sync(erp, lag_s=0)
    id_ = erp.create("Ada")
    newest = erp.create("Newest")
    cursor = sync.caught_up()

    child = {"party": int(id_), "type": "email", "value": "new@example.com"}
    erp.call("model.party.contact_mechanism.create", [child])

    assert sync.changed(cursor) - {newest} == {id_}


def test_a_slow_import_is_not_lost(erp, sync):
    """Its rows are older than what a poll has already seen; a naive cursor lost 1,500 of 1,500."""
    commit = erp.late_commit(lambda: erp.create("Slow"))
    erp.create("Fast")
    cursor = sync.caught_up()

    slow = commit()

    assert slow in sync.changed(cursor)


def test_an_idle_system_is_not_shown_again_for_ever(erp):
    sync = Sync(erp, lag_s=0.2)
    erp.create("Ada")
    cursor = sync.caught_up()
    rounds = []
    for _ in range(30):
        page = sync.page(cursor=cursor)
        cursor = page.cursor
        rounds.append(page.records.height)

    assert rounds[-1] == 0


def test_a_row_dated_in_the_future_hides_nothing(erp):
    sync = Sync(erp, lag_s=1)
    odd = erp.create("Odd")
    erp.stamp("party_party", odd, erp.database_moment() + timedelta(days=400))
    cursor = sync.caught_up()
    cursor = sync.page(cursor=cursor).cursor

    id_ = erp.create("Ada")

    assert id_ in sync.changed(cursor)


def test_rows_of_one_transaction_are_paged_without_loss(erp, sync):
    """A bulk import stamps all its rows with one moment."""
    cursor = sync.caught_up()
    ids = erp.party("create", [{"name": f"P{i}"} for i in range(25)])

    page = sync.page(cursor=cursor, limit=4)
    seen = list(page.records[ID])
    while page.more:
        page = sync.page(cursor=page.cursor, limit=4)
        seen += list(page.records[ID])

    assert set(seen) == {str(id_) for id_ in ids}


def test_what_changes_while_a_pass_runs_is_shown_by_the_next(erp, sync):
    cursor = sync.caught_up()
    ids = [erp.create(f"P{i}") for i in range(6)]
    page = sync.page(cursor=cursor, limit=2)
    erp.edit(ids[0], name="Again")
    while page.more:
        page = sync.page(cursor=page.cursor, limit=2)

    assert ids[0] in sync.changed(page.cursor)


def test_the_overlap_shrinks_with_the_time_that_nothing_came():
    now = datetime(2026, 1, 2)
    top = now - timedelta(seconds=30)

    def since(seen_s: float):
        seen_at = now - timedelta(seconds=seen_s)
        return next_since(top=top, seen_at=seen_at, now=now, lag_s=60)

    assert since(0) == top - timedelta(seconds=60)
    assert since(20) == top - timedelta(seconds=40)
    assert since(3_600) == top + timedelta(microseconds=1)


def test_a_merge_made_in_tryton_is_a_redirect(erp, sync):
    loser, winner = erp.create("Ada"), erp.create("Ada Lovelace")
    cursor = sync.caught_up()

    erp.merge(loser, winner)

    page = sync.page(cursor=cursor).records.to_dicts()
    shown = {row[ID]: (row[GONE], row[MERGED_INTO], row["active"]) for row in page}
    assert shown[loser] == (True, winner, "false")
    erp.delete(loser)


def test_a_cursor_of_something_else_is_an_error(sync):
    for text in ("2026-01-01", "{}", "[]", '{"since": 1}'):
        with pytest.raises(InvalidInputError):
            sync.page(cursor=text)


# -- lost answers ----------------------------------------------------------------------------------


def test_a_create_whose_answer_was_lost_is_found_again_by_its_code(sync):
    write = creation(**ADA)
    [lost] = sync.run(unanswered(sync.connector.write(STREAM, [write])))
    assert lost.outcome == "unknown"

    [answer] = sync.run(sync.connector.settle(STREAM, [write]))

    assert answer.outcome == "accepted"
    assert sync.row(answer.external_id)["name"] == ADA["name"]


@pytest.mark.parametrize(
    "made, outcome",
    [
        ([], "refused"),
        ([{"name": "Ada", "email": "a@example.com"}], "accepted"),
        ([{"name": "Ada", "email": "a@example.com"}] * 2, "unknown"),
        ([{"name": "Ada", "email": "a@example.com", "city": "Elsewhere"}], "unknown"),
        ([{"name": "Ada", "email": "b@example.com"}], "refused"),
    ],
)
def test_a_create_without_a_code_is_settled_by_name_and_email(sync, made, outcome):
    for patch in made:
        sync.create(**patch)

    write = creation(name="Ada", email="a@example.com", city=None)
    [answer] = sync.run(sync.connector.settle(STREAM, [write]))

    assert answer.outcome == outcome


def test_a_create_that_nothing_identifies_stays_unknown(sync):
    [answer] = sync.run(sync.connector.settle(STREAM, [creation(name="Ada")]))

    assert answer.outcome == "unknown"


def test_once_a_part_of_a_batch_is_done_a_failure_is_not_told_as_nothing_done(sync):
    """The good half was created; "the system is down" alone would have it created again."""
    writes = [creation(name="A"), creation(name="B", tax_identifier="DE000"), creation(name="C")]

    answers = sync.run(down_at_write(sync.connector.write(STREAM, writes), 3))

    assert [answer.outcome for answer in answers] == ["accepted", "unknown", "unknown"]


def unanswered(flow):
    """Perform the writes of a flow, and lose their answers."""
    return interrupted(flow, PushUnconfirmedError("lost"), lambda number: number >= 1, send=True)


def down_at_write(flow, number):
    return interrupted(flow, SystemDownError("down"), lambda n: n >= number, send=False)


def interrupted(flow, error, is_hit, *, send):
    writes = 0
    try:
        calls = next(flow)
        while True:
            writes += any(call.is_write for call in calls)
            if any(call.is_write for call in calls) and is_hit(writes):
                if send:
                    yield calls
                calls = flow.throw(error)
            else:
                calls = flow.send((yield calls))
    except StopIteration as end:
        return end.value


# -- sessions and servers --------------------------------------------------------------------------


def test_an_expired_session_is_renewed_silently(erp, sync):
    sync.create(name="Ada")
    erp.forget_sessions()

    assert sync.page("listing").records.height == 1
    erp.forget_sessions()
    assert sync.create(name="Bob").outcome == "accepted"
    assert len(erp.party("search", [])) == 2


def test_a_wrong_password_is_the_operators(erp):
    with pytest.raises(CredentialError) as raised:
        Sync(erp, password="wrong-secret").page()

    assert "wrong-secret" not in f"{raised.value} {raised.value.context} {raised.value.hint}"


def test_an_unknown_database_is_the_operators(erp):
    with pytest.raises(ConfigurationError):
        Sync(erp, database="nowhere").page()


def test_settings_that_are_missing_are_named(erp):
    with pytest.raises(ConfigurationError, match="password"):
        erp.connector(password="")


def test_a_field_that_a_party_does_not_have_is_drift(sync):
    asked = ReadRequest(stream=STREAM, fields=["name", "shoe_size"])
    with pytest.raises(SchemaDriftError) as raised:
        sync.run(sync.connector.read(asked))

    assert raised.value.context["fields"] == ["shoe_size"]


def test_a_server_that_stops_is_down_and_comes_back(erp, sync):
    id_ = sync.create(name="Ada").external_id
    write = sync.updating(id_, name="Ours")
    erp.server.stop()
    try:
        with pytest.raises(SystemDownError):
            sync.page("listing")
        with pytest.raises(SystemDownError):
            sync.write(write)
    finally:
        erp.server.restart()

    assert [answer.outcome for answer in sync.write(write)] == ["accepted"]


# -- what a real server cannot be made to answer ---------------------------------------------------


def answered(status: int, content: bytes = b"", **headers: str):
    """Answer every call of a flow alike."""
    reply = HttpReply(status=status, headers=headers, content=content)

    def play(flow):
        try:
            calls = next(flow)
            while True:
                calls = flow.send([reply for _ in calls])
        except StopIteration as end:
            return end.value

    return play


@pytest.mark.parametrize(
    "status, content, error",
    [
        (429, b"", RateLimitedError),
        (503, b"", SystemDownError),
        (502, b"<html>", SystemDownError),
        (200, b"<html>a captive portal", SystemDownError),
        (200, b"{}", SystemDownError),
        (404, b"", ConfigurationError),
        (403, b"", CredentialError),
    ],
)
def test_a_status_is_told_as_what_to_do(sync, status, content, error):
    flow = sync.connector.read(ReadRequest(stream=STREAM, fields=FIELD_NAMES))

    with pytest.raises(error):
        answered(status, content)(flow)


def test_the_patience_asked_for_is_passed_on(sync):
    flow = sync.connector.read(ReadRequest(stream=STREAM, fields=FIELD_NAMES))

    with pytest.raises(RateLimitedError) as raised:
        answered(429, **{"Retry-After": "17"})(flow)

    assert raised.value.after_s == 17


@pytest.mark.parametrize("status, content", [(502, b""), (504, b""), (200, b"torn{")])
def test_a_write_that_a_proxy_answered_is_unknown(sync, status, content):
    """It may have passed the write on, and Tryton may have done it."""

    reply = HttpReply(status=status, headers={}, content=content)
    [answer] = sync.run(with_reply(sync.connector.write(STREAM, [creation(name="Ada")]), reply))

    assert answer.outcome == "unknown"


def test_a_failure_inside_tryton_is_refused_without_its_words(sync):
    content = b'{"id": 0, "error": ["column Ada Lovelace is broken", "Traceback ..."]}'
    reply = HttpReply(status=200, headers={}, content=content)

    flow = sync.connector.write(STREAM, [creation(name="Ada Lovelace")])
    [answer] = sync.run(with_reply(flow, reply))

    assert (answer.outcome, answer.code) == ("refused", "system_failure")
    assert "Ada" not in answer.reason
