"""Start, check, publish, export: the configuration at the command line."""

import polars as pl
import psycopg
import pytest

from customer_sync.cli import main
from customer_sync.store.ownership import schema_name


def test_help_names_every_command(desk):
    shown = desk.process("--help")

    for command in (
        "init",
        "check",
        "publish",
        "config",
        "sync",
        "status",
        "verify",
        "retry",
        "links",
    ):
        assert command in shown.out


def test_nothing_heavy_is_imported_for_help(desk):
    shown = desk.process("--help", PYTHONPROFILEIMPORTTIME="1")

    heavy = ("polars", "psycopg", "sqlalchemy", "pydantic", "ruamel")
    assert not [name for name in heavy if f" {name}\n" in shown.err]


@pytest.mark.parametrize(
    "command",
    ["init", "check", "doctor", "discover", "publish", "config export", "config versions", "config secret set", "config secret list", "config secret remove", "sync", "status", "verify", "retry",
     "rejects", "reviews", "reviews decide", "customers", "customers export", "links export", "links import",
     "show", "why", "audit"],
)  # fmt: skip
def test_every_command_has_help_with_an_example(command, capsys):
    assert main([*command.split(), "--help"]) == 0

    assert f"customer-sync {command.split()[0]}" in capsys.readouterr().out.split("Example")[1]


def test_init_makes_a_workspace_once(tmp_path, capsys):
    assert main(["init", str(tmp_path / "acme")]) == 0
    assert main(["check", "--workspace", str(tmp_path / "acme")]) == 0
    capsys.readouterr()

    assert main(["init", str(tmp_path / "acme")]) == 1

    assert "already" in capsys.readouterr().err


def test_check_tells_file_line_and_remedy_and_needs_no_database(desk, monkeypatch):
    monkeypatch.setenv("CUSTOMER_SYNC_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    sound = desk.run("check")
    desk.edit_file("systems/shop.yaml", "lens: email", "lens: emial")

    ran, told = desk.run("check"), desk.run("check", "--json")

    assert sound.code == 0
    assert ran.code == told.code == 1
    assert "systems/shop.yaml:16  streams.customers.fields.email.lens" in ran.err
    assert "Did you mean 'email'?" in ran.err
    assert "Traceback" not in ran.err
    assert told.json["problems"][0]["line"] == 16


def test_discover_proposes_a_file_that_can_be_published(desk):
    path = desk.folder / "systems" / "shop.yaml"
    refused = desk.run("discover", "shop", "--write")
    path.write_text(
        "system: shop\nconnector: sql\nsettings: {url: '${SHOP_URL:-sqlite:///data/shop.sqlite}'}\nstreams: {}\n"
    )

    shown, written = desk.run("discover", "shop"), desk.run("discover", "shop", "--write")

    assert refused.code == 1
    assert shown.code == written.code == 0
    assert "email_address" in shown.out
    assert "${SHOP_URL" in path.read_text()
    published = desk.run("publish", "--json")
    assert published.code == 0, published.err
    assert published.json["version"] == 1
    assert desk.run("discover", "shup").code == 1


def test_a_file_whose_records_cannot_be_read_warns_and_stops_no_other(desk):
    path = desk.folder / "data" / "leads.parquet"
    pl.DataFrame({"id": ["1"], "email": ["a@x.test"]}).write_parquet(path)
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes(40) + content[44:])
    (desk.folder / "systems" / "leads.yaml").write_text(
        "system: leads\nconnector: file\nstreams:\n  people:\n    url: data/leads.parquet\n"
        "    key: id\n    fields: {email: email}\n"
    )

    published = desk.run("publish", "--json")

    assert published.code == 0, published.err
    (warned,) = published.json["warnings"]
    assert warned["stream"] == "leads.people"
    assert "leads.parquet has a row group 0 that cannot be read" in warned["reason"]
    assert "mend it where it is kept" in warned["reason"]


def test_publish_numbers_what_changed_and_export_gives_the_files_back(desk, tmp_path):
    assert desk.run("publish", "--json").json["version"] == 1
    assert desk.run("publish", "--json").json == {"version": 1, "is_new": False, "warnings": []}
    as_published = (desk.folder / "systems" / "crm.yaml").read_bytes()
    desk.edit_file("systems/crm.yaml", "    create: true\n", "")
    assert desk.run("publish", "--json").json["version"] == 2

    ran = desk.run("config", "export", str(tmp_path / "old"), "--version", "1")

    assert ran.code == 0
    assert (tmp_path / "old" / "systems" / "crm.yaml").read_bytes() == as_published
    assert [one["version"] for one in desk.run("config", "versions", "--json").json] == [1, 2]
    assert desk.run("config", "export", str(desk.folder), "--version", "1").code == 1
    assert desk.run("config", "export", str(desk.folder), "--version", "9").code == 1


def test_a_field_that_a_system_lacks_is_refused_with_what_it_has(desk):
    desk.edit_file("systems/shop.yaml", "field: email_address", "field: email_adress")
    desk.edit_file("systems/crm.yaml", "language: language", "language: langage")

    ran = desk.run("publish")

    assert ran.code == 1
    assert "shop.customers has no field 'email_adress'. Did you mean 'email_address'?" in ran.err
    assert "crm.contacts has no field 'langage'. Did you mean 'language'" in ran.err
    assert desk.run("config", "versions", "--json").json == []


def test_a_field_that_does_not_come_back_is_refused_with_a_counter_example(desk):
    """Pain 9: a mapping that is not its own inverse changes values with each round."""
    desk.edit_file(
        "systems/shop.yaml", "    rules:\n",
        "    rules:\n      - {derive: {family_name: \"concat(family_name, ' ', family_name)\"}}\n",
    )  # fmt: skip

    ran = desk.run("publish")

    assert ran.code == 1
    assert "shop.customers, family_name: what goes out does not come back" in ran.err
    assert "Traceback" not in ran.err


def test_a_system_that_cannot_be_reached_only_warns(desk):
    desk.edit_file("systems/shop.yaml", "${SHOP_URL:-sqlite:///data/shop.sqlite}", "${SHOP_URL}")

    ran = desk.run("publish", "--json")

    assert ran.code == 0
    (warning,) = ran.json["warnings"]
    assert warning["stream"] == "shop.customers"
    assert warning["reason"].startswith("system shop: systems/shop.yaml:")
    assert "settings.url: SHOP_URL is not set" in warning["reason"]


def test_a_published_version_holds_no_secret(desk, monkeypatch, pg_dsn):
    (desk.folder / "data" / "shop.sqlite").rename(desk.folder / "data" / "hunter2secret")
    monkeypatch.setenv("SHOP_URL", "sqlite:///data/hunter2secret")

    ran = desk.run("publish")

    assert ran.code == 0
    name = desk.run("status", "--json")
    with psycopg.connect(pg_dsn) as connection:
        schema = schema_name(desk.run("check", "--json").json["workspace"])
        row = connection.execute(
            f"SELECT document::text || files::text FROM {schema}.configuration"
        ).fetchone()
    assert row is not None
    assert "hunter2" not in row[0] + ran.out + ran.err + name.out
    assert "${SHOP_URL" in row[0]


def test_two_workspaces_in_one_database_do_not_meet_and_strangers_tables_are_left_alone(
    desk, pg_dsn
):
    desk.edit_file(
        "workspace.yaml", desk.run("check", "--json").json["workspace"], "strangers_desk"
    )
    with psycopg.connect(pg_dsn, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA customer_sync_strangers_desk")
        connection.execute("CREATE TABLE customer_sync_strangers_desk.theirs (id int)")
        try:
            ran = desk.run("publish")
        finally:
            tables = connection.execute(
                "SELECT count(*) FROM pg_tables WHERE schemaname = 'customer_sync_strangers_desk'"
            ).fetchone()
            connection.execute("DROP SCHEMA customer_sync_strangers_desk CASCADE")

    assert ran.code == 1
    assert "another program" in ran.err
    assert tables == (1,)


@pytest.mark.parametrize("first, second", [("a" * 63, "a" * 62 + "b"), ("shop", "shop_2")])
def test_no_two_workspaces_have_one_schema(first, second):
    assert schema_name(first) != schema_name(second)
    assert max(len(schema_name(first)), len(schema_name(second))) <= 63


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        (["snyc"], 2, "snyc"),
        (["sync", "--wohle"], 2, "--whole"),
        (["show", "ann"], 2, "CUSTOMER"),
        (["reviews", "decide", "1", "perhaps"], 2, "same, separate"),
        (["sync", "--stream", "shop.custmers"], 1, "shop.customers"),
        (["status", "--workspace", "/nowhere"], 1, "init"),
    ],
)
def test_wrong_usage_and_errors_have_their_own_exit_codes(desk, arguments, code, said):
    desk.run("publish")
    ran = desk.process(*arguments)

    assert ran.code == code
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_an_unpublished_workspace_says_what_to_do(desk):
    ran = desk.run("status")

    assert ran.code == 1
    assert "customer-sync publish" in ran.err


def test_a_database_that_does_not_answer_is_an_error_without_traceback_unless_asked(
    desk, monkeypatch
):
    monkeypatch.setenv(
        "CUSTOMER_SYNC_DATABASE_URL", "postgresql://u:hunter2secret@127.0.0.1:1/none"
    )

    ran, debug = desk.run("status"), desk.run("status", "--debug")

    assert ran.code == debug.code == 1
    assert "does not answer" in ran.err
    assert "Traceback" not in ran.err
    assert "Traceback" in debug.err
    assert "hunter2" not in ran.err + debug.err


def test_what_a_system_refuses_is_told_with_its_stream_file_and_remedy(desk):
    desk.edit_file("systems/crm.yaml", "data/crm.csv  ", "data/crmm.csv  ")
    desk.edit_file("systems/shop.yaml", "table: customers", "table: costumers")

    ran = desk.run("publish")

    assert ran.code == 1
    assert "crm.contacts: " in ran.err
    assert "streams.contacts in systems/crm.yaml" in ran.err
    assert "shop.customers: The database has no table 'costumers'." in ran.err
    assert "streams.customers in systems/shop.yaml" in ran.err


def test_a_missing_secret_is_told_with_what_to_do(desk):
    desk.edit_file(
        "systems/shop.yaml", "${SHOP_URL:-sqlite:///data/shop.sqlite}", "${SHOP_ADDRESS}"
    )

    ran = desk.run("publish")

    assert ran.code == 0
    assert "SHOP_ADDRESS is not set (" in ran.out


def test_a_locale_without_unicode_spells_letters_out(desk):
    desk.edit_file("systems/crm.yaml", "system: crm", "system: crmé")
    plain = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}

    told = desk.process("check", **plain)
    as_json = desk.process("check", "--json", **plain)

    assert told.code == as_json.code == 1
    assert "crm\\xe9" in told.err
    assert "crmé" in as_json.json["problems"][0]["message"]
