"""A system nobody mapped yet: what is proposed is published as it stands, against the real thing."""

import sqlite3

import pytest

from customer_sync.connect.driver import standard_driver
from customer_sync.connect.registry import connector
from customer_sync.core.mapping import compile_stream
from customer_sync.engine.discover import as_yaml, discover
from customer_sync.engine.folder import parse_folder
from customer_sync.engine.publish import publish
from customer_sync.engine.trial import try_configuration
from customer_sync.infra.secrets import remember
from customer_sync.kernel.errors import NotFoundError
from customer_sync.model.config import SystemConfig

SHOP = """
CREATE TABLE Kunden (
    KdNr INTEGER PRIMARY KEY, Vorname TEXT, Nachname VARCHAR(40), Firma TEXT, EMail TEXT, Telefon TEXT,
    "Straße" TEXT, PLZ TEXT, Ort TEXT, Land TEXT, Stufe TEXT CHECK (Stufe IN ('G', 'S')), Kreditlimit_EUR NUMERIC,
    Geburtsdatum TEXT, Newsletter INTEGER, Hobby TEXT, updated_at TIMESTAMP
);
INSERT INTO Kunden VALUES
    (1, 'Anna', 'Müller', NULL, 'Anna@alpen.example', '030 901820', 'Weg 1', '01067', 'Dresden', 'DE', 'G', 5000,
     '31.12.1970', 1, 'Ski', '2026-01-01 10:00:00'),
    (2, 'Jörg', 'van der Berg', 'Alpen GmbH', 'joerg(at)alpen', '0171 1234567', NULL, NULL, NULL, 'DE', NULL, 12.5,
     NULL, 0, NULL, '2026-01-01 11:00:00');
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_email TEXT, total NUMERIC);
INSERT INTO orders VALUES (1, 'anna@alpen.example', 12);
CREATE TABLE log (line TEXT);
"""
CRM = """\ufeffid;First Name;Last Name;E-Mail;Mobile;Country;tier;updated_at;Note
A-1;Ann;Lee;ann@acme.example;+1 202 555 0123;United States;G;2026-01-01T00:00:00Z;"a;b"
A-2;José;García;jose@sol.example;+34 912 345 678;Spain;S;2026-01-02T00:00:00Z;
"""


@pytest.fixture
def driver():
    with standard_driver() as made:
        yield made


def system(kind: str, **settings: object) -> SystemConfig:
    return SystemConfig(system="shop", connector=kind, settings=settings, streams={})


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.sqlite"
    with sqlite3.connect(path) as database:
        database.executescript(SHOP)
    database.close()
    return system("sql", url=f"sqlite:///{path}")


@pytest.fixture
def crm(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "CRM Export.csv").write_text(CRM, encoding="utf-8")
    return system("file", folder=str(folder))


def published(database, driver, text: str):
    """Publish a proposed file without edits, tried against its real system."""
    folder = parse_folder(
        {"workspace.yaml": "workspace: w\nregion: DE\n", "systems/shop.yaml": text}
    )
    made = {name: connector(one) for name, one in folder.config.systems.items()}
    assert try_configuration(folder.config, made, driver) == []
    rules, is_new = publish(database, folder.config, folder.files, salt="salt")
    assert is_new
    return rules


def test_a_database_is_proposed_and_published_without_edits(database, driver, shop):
    found = discover(connector(shop), driver, shop)

    rules = published(database, driver, as_yaml(found))

    (stream,) = rules.connected
    assert stream.name == "kunden"
    assert stream.config.key == "KdNr"
    assert stream.config.cursor == "updated_at"
    assert {
        "given_name",
        "family_name",
        "organisation",
        "email",
        "phone",
        "billing_address",
    } <= set(stream.map.canonical)
    assert stream.config.fields["loyalty.tier"].values == {"G": "gold"}
    assert stream.config.fields["credit_limit"].currency == "EUR"
    assert stream.config.fields["family_name"].length == 40


def test_every_field_of_every_stream_is_in_the_file(driver, shop):
    text = as_yaml(discover(connector(shop), driver, shop))

    for name in (
        "KdNr",
        "Hobby",
        "updated_at",
        "customer_email",
        "total",
        "line",
        "Newsletter",
        "Straße",
    ):
        assert name in text
    assert "Does not look like customers" in text
    assert "no field names its records" in text


def test_no_value_of_a_record_is_in_the_file(driver, shop):
    text = as_yaml(discover(connector(shop), driver, shop))

    for value in ("Anna", "Müller", "Berg", "Ski", "901820", "Dresden", "1970", "5000"):
        assert value not in text


def test_a_csv_file_is_proposed_and_published_without_edits(database, driver, crm):
    found = discover(connector(crm), driver, crm)

    rules = published(database, driver, as_yaml(found))

    (stream,) = rules.connected
    assert stream.name == "crm_export"
    assert stream.config.key == "id"
    assert stream.map.canonical == (
        "given_name",
        "family_name",
        "email",
        "phone",
        "country",
        "loyalty.tier",
        "note",
    )
    assert stream.config.fields["loyalty.tier"].values == {"G": "gold", "S": "silver"}


def test_secrets_and_folders_stay_as_people_wrote_them(driver, crm):
    as_people_wrote = system("file", folder="data", token="${TOKEN}")

    text = as_yaml(discover(connector(crm), driver, crm), as_people_wrote)

    assert 'url: "data/CRM Export.csv"' in text
    assert "${TOKEN}" in text
    assert str(crm.settings["folder"]) not in text


def test_secrets_given_out_never_stand_in_the_file(driver, crm):
    remember("hunter2-secret")
    with_secret = crm.model_copy(
        update={"settings": {**crm.settings, "password": "hunter2-secret"}}
    )

    text = as_yaml(discover(connector(with_secret), driver, with_secret))

    assert "hunter2" not in text


def test_one_stream_is_asked_for_by_either_of_its_names(driver, crm):
    assert [one.stream for one in discover(connector(crm), driver, crm, "crm_export")] == [
        "crm_export"
    ]
    with pytest.raises(NotFoundError, match="nothing"):
        discover(connector(crm), driver, crm, "nothing")


def test_what_cannot_be_read_is_told_and_left_out(database, driver, crm, tmp_path):
    (tmp_path / "files" / "broken.parquet").write_bytes(b"no parquet")
    (tmp_path / "files" / "empty.csv").write_text("")

    found = discover(connector(crm), driver, crm)
    text = as_yaml(found)

    assert [one.stream for one in found if one.problem] == ["broken", "empty"]
    assert "# Not proposed" in text
    assert published(database, driver, text).connected[0].name == "crm_export"


def test_hostile_names_cannot_break_out_of_the_file(database, driver, tmp_path):
    path = tmp_path / "evil.sqlite"
    with sqlite3.connect(path) as base:
        base.execute(
            'CREATE TABLE "x: y\n#" (id INTEGER PRIMARY KEY, "email: {a}\n b" TEXT, first_name TEXT, "e\'mail" TEXT, "yes" TEXT)'
        )
        base.execute("INSERT INTO \"x: y\n#\" VALUES (1, 'a@b.example', 'Ann', 'c@d.example', 'n')")
    base.close()
    evil = system("sql", url=f"sqlite:///{path}")

    text = as_yaml(discover(connector(evil), driver, evil))

    (stream,) = published(database, driver, text).connected
    assert stream.config.table == "x: y\n#"
    assert "given_name" in stream.map.canonical


@pytest.mark.tryton
def test_tryton_is_proposed_and_published_without_edits(database, driver, tmp_path):
    from tryton_world import Erp, started

    server = started(tmp_path)
    erp = Erp(server)
    try:
        erp.create("Acme GmbH")
        erp.create("Ann Lee")
        mine = system("tryton", **server.settings)

        found = discover(connector(mine), driver, mine)
        rules = published(database, driver, as_yaml(found))
    finally:
        erp.close()
        server.stop()

    (stream,) = rules.connected
    assert {
        "given_name",
        "organisation",
        "email",
        "phones",
        "billing_address",
        "active",
        "tax_id",
    } <= set(stream.map.canonical)
    assert compile_stream(rules.config, "shop", stream.name).outward
