"""What must always hold is checked on live data: one corruption by plain SQL a test."""

import pytest

from customer_sync.engine.doctor import doctor
from customer_sync.engine.session import running
from customer_sync.kernel.errors import RetryableError

ANN = {"email": "ann@acme.test", "first": "Ann", "last": "Lee", "phone": "+4930901820"}
ABSORBING = "SET LOCAL customer_sync.absorbing = 'on'; "


def examined(company):
    with running(company.session(), "doctor") as session:
        return {finding.name: finding for finding in doctor(session)}


def failing(company):
    return sorted(name for name, finding in examined(company).items() if not finding.ok)


@pytest.fixture
def company(world):
    built = world("crm", "shop")
    built.platforms["crm"].create("contacts", **ANN)
    built.sync()
    return built


@pytest.mark.pg15
def test_a_company_after_a_busy_day_is_well(company):
    id_ = company.only("crm")
    company.platforms["crm"].edit("contacts", id_, first="Annette")
    company.sync()
    company.platforms["shop"].edit(
        "contacts", company.only("shop"), last="King", email="no address"
    )
    company.sync()
    company.sql("UPDATE customer SET given_name = 'Anna'")
    company.sync()
    company.platforms["crm"].delete("contacts", id_)
    company.sync()

    assert failing(company) == []


def test_a_value_that_was_delivered_takes_the_old_match_key_away(company):
    company.platforms["crm"].edit("contacts", company.only("crm"), phone="+4930901821")
    company.sync()

    assert failing(company) == []


def test_a_value_mended_after_it_was_set_aside_takes_the_old_match_key_away(company):
    shop = company.only("shop")
    company.platforms["shop"].edit("contacts", shop, email="no address")
    company.sync()
    company.platforms["shop"].edit("contacts", shop, email="new@acme.test")
    company.sync()

    assert failing(company) == []


def test_an_unabsorbed_ledger_edit_is_no_failure(company):
    company.sql("UPDATE customer SET given_name = 'Anna'")

    assert failing(company) == []


UNGUARDED = "ALTER TABLE {} DISABLE TRIGGER append_only; "

CORRUPTIONS = [
    # what must hold             what somebody did by plain SQL
    ("schema_version",           "UPDATE schema_version SET digest = 'x'"),
    ("schema_version",           "INSERT INTO schema_version (number, name, digest) VALUES (9999, 'later', 'x')"),
    ("configuration_compiles",   UNGUARDED.format("configuration") + "UPDATE configuration SET document = '{}'"),
    ("ledger_is_watched",        "ALTER TABLE customer DISABLE TRIGGER customer_edited"),
    ("additions_are_guarded",    UNGUARDED.format("event")),
    ("additions_are_guarded",    "DROP TRIGGER append_only ON golden_change"),
    ("link_has_customer",        "UPDATE link SET customer = 999 WHERE id = (SELECT max(id) FROM link)"),
    ("link_has_customer",        ABSORBING + "INSERT INTO customer (retired_into) SELECT id FROM customer; "
                                 "UPDATE link SET customer = (SELECT max(id) FROM customer) WHERE id = (SELECT max(id) FROM link)"),
    ("record_linked_once",       ("ALTER TABLE link DROP CONSTRAINT link_stream_external_id_key; INSERT INTO link "
                                 "SELECT nextval('link_id'), stream, external_id, customer, 1, since, seen, shown, digest FROM link LIMIT 1")),
    ("retired_resolves",         ABSORBING + "INSERT INTO customer (retired_into) VALUES (999)"),
    ("retired_resolves",         ABSORBING + "INSERT INTO customer (id, retired_into) VALUES (50, 51), (51, 50); SELECT setval('customer_id', 60)"),
    ("golden_recomputed",        ABSORBING + "UPDATE customer SET family_name = 'King'"),
    ("golden_recomputed",        "DELETE FROM claim"),
    ("change_names_claim",       "INSERT INTO golden_change (customer, stamp, field, link, claim) SELECT 1, 1, 'note', 1, 999"),
    ("claim_has_link",           "INSERT INTO claim (link, stamp, basis, seen, at, fields) VALUES (999, 1, 1, 0, now(), '{}')"),
    ("claim_has_link",           "INSERT INTO claim (link, stamp, basis, seen, at, fields) SELECT id, 999, 999, 0, now(), '{}' FROM link"),
    ("image_has_link",           "INSERT INTO image (link, fields) VALUES (999, '{}')"),
    ("link_has_image",           "DELETE FROM image WHERE link = (SELECT max(id) FROM link)"),
    ("match_keys_recomputed",    "DELETE FROM match_key WHERE key = (SELECT max(key) FROM match_key)"),
    ("match_keys_recomputed",    "INSERT INTO match_key SELECT 7, max(id) FROM link"),
    ("match_keys_recomputed",    "INSERT INTO match_key VALUES (7, 999)"),
    ("batch_audited",            UNGUARDED.format("event") + "DELETE FROM event WHERE batch = 1"),
    ("attempt_audited",          UNGUARDED.format("event") + "DELETE FROM event WHERE kind = 'sent.create'"),
    ("attempt_audited",          UNGUARDED.format("event") + "DELETE FROM event WHERE kind = 'answered.accepted'"),
    ("outbound_has_target",      "INSERT INTO outbound (customer, stream, link, kind, enqueued, enqueued_at) VALUES (1, 10, 999, 'put', 1, now())"),
    ("outbound_has_target",      "INSERT INTO outbound (customer, stream, kind, enqueued, enqueued_at) VALUES (999, 10, 'put', 1, now())"),
    ("sequences_ahead",          "SELECT setval('customer_id', 1, false)"),
    ("sequences_ahead",          "SELECT setval('link_id', 1)"),
]  # fmt: skip


@pytest.mark.parametrize("name, corruption", CORRUPTIONS)
def test_a_corruption_is_found_and_named(company, name, corruption):
    company.sql(corruption)

    finding = examined(company)[name]

    assert not finding.ok
    assert finding.count >= 1
    assert finding.examples
    assert finding.remedy


def test_a_right_too_many_is_found_and_named(company):
    company.sql(f'GRANT UPDATE ON event TO "{company.db.role}"')

    finding = examined(company)["rights_are_few"]

    assert (finding.ok, finding.examples) == (False, ["event"])


def test_an_owner_at_work_is_told_of_and_is_no_failure(company):
    company.db = company.owner

    found = examined(company)

    assert found["owner_is_apart"].ok
    assert found["owner_is_apart"].count > 20
    assert "CUSTOMER_SYNC_OWNER_URL" in found["owner_is_apart"].remedy
    assert [name for name, finding in found.items() if not finding.ok] == []


def test_examples_are_few_and_hold_no_value(company):
    for number in range(15):
        company.platforms["crm"].create("contacts", email=f"p{number}@acme.test", last="Secret")
    company.sync()
    company.sql(ABSORBING + "UPDATE customer SET family_name = 'King'")

    finding = examined(company)["golden_recomputed"]

    assert (finding.count, len(finding.examples)) == (16, 10)
    assert "Secret" not in str(finding)
    assert all(one.isdigit() for one in finding.examples)


def test_an_attempt_of_a_run_that_is_gone_is_to_be_settled_not_a_failure(company):
    company.platforms["crm"].edit("contacts", company.only("crm"), last="King")

    def stop(name):
        if name == "deliver.attempted":
            raise RetryableError("killed")

    company.fault = stop
    company.sync()
    company.fault = lambda _name: None

    finding = examined(company)["attempts_to_settle"]

    assert (finding.ok, finding.count) == (True, 1)
    assert "sync" in finding.remedy
