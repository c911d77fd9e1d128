"""The configuration folder: every problem is told at once, with file, line, key and remedy."""

import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from customer_sync.engine.folder import parse_folder, read_folder, schema, starter
from customer_sync.engine.folder.reading import FILE_BYTES_MAX
from customer_sync.kernel.errors import ConfigurationError, ConflictError, NotFoundError

DOCS = Path(__file__).parents[2] / "docs" / "schema"

WORKSPACE = """\
workspace: acme
fields:
  custom.hobby: {kind: text}
policies:
  default: most_recent
"""

SHOP = """\
system: shop
connector: file
streams:
  customers:
    url: shop.csv
    fields:
      email: {field: mail, lens: email}
      phone: phone
    rules:
      - {when: "email is null", reject: "no e-mail"}
"""


def problems(**changed: str) -> list[dict]:
    files = {"workspace.yaml": WORKSPACE, "systems/shop.yaml": SHOP}
    files |= {name.replace("__", "/") + ".yaml": text for name, text in changed.items()}
    with pytest.raises(ConfigurationError) as caught:
        parse_folder(files)
    return caught.value.context["problems"]


def test_a_sound_folder_is_a_configuration_with_its_secrets_still_named():
    shop = SHOP.replace("shop.csv", "${SHOP_FILE:-shop.csv}")

    found = parse_folder({"workspace.yaml": WORKSPACE, "systems/shop.yaml": shop})

    assert found.config.workspace.workspace == "acme"
    assert found.config.systems["shop"].streams["customers"].url == "${SHOP_FILE:-shop.csv}"
    assert found.files["systems/shop.yaml"] == shop


# what is replaced          by what                              line  key                                     message has                 remedy has
SHOP_ERRORS = [
    ("connector: file",      "conector: file",                    2, "conector",                               "no key 'conector'",         "'connector'"),
    ("connector: file",      "connector: fiel",                   2, "connector",                              "no connector 'fiel'",       "'file'"),
    ("connector: file",      "",                                  1, "connector",                              "'connector' is missing",    "Add it"),
    ("system: shop",         "system: Shop",                      1, "system",                                 "'Shop' is no name",         "lower-case"),
    ("system: shop",         "system: stor",                      1, "system",                                 "its file 'shop.yaml'",      "Rename the file to stor.yaml"),
    ("system: shop",         "system: ledger",                    1, "system",                                 "reserved",                  "another name"),
    ("system: shop",         "system: steward",                   1, "system",                                 "reserved",                  "another name"),
    ("    url: shop.csv",    "    ulr: shop.csv",                 5, "streams.customers.ulr",                  "no key 'ulr'",              "'url'"),
    ("    url: shop.csv",    "    url: shop.csv\n    url: b.csv", 6, "streams.customers.url",                  "twice",                     "Keep one"),
    ("    url: shop.csv",    "    key: 5\n    url: shop.csv",     5, "streams.customers.key",                  "a number stands",           "quotes"),
    ("    url: shop.csv",    "    create: maybe",                 5, "streams.customers.create",               "true or false",             "true or false"),
    ("    url: shop.csv",    "    lag_s: -1",                     5, "streams.customers.lag_s",                "at least 0",                "Correct"),
    ("    url: shop.csv",    "    deletes: {elsewere: ignore}",   5, "streams.customers.deletes.elsewere",     "no key 'elsewere'",         "'elsewhere'"),
    ("    url: shop.csv\n",  "",                                  4, "streams.customers",                      "'url' is missing",          "Add url"),
    ("    url: shop.csv",    "    url: shop.csv\n    settings:\n      newkey: uuid", 7, "streams.customers.settings.newkey", "no setting 'newkey'", "'new_key'"),
    ("    url: shop.csv",    "    entity: person",               5, "streams.customers.entity",               "'person' is not possible", "customer, order"),
    ("    url: shop.csv",    "    url: shop.csv\n    create: true", 6, "streams.customers.create",             "would have no key",         "new_key"),
    ("    url: shop.csv",    "    url: shop.csv\n    create_when: emial = 'x'", 6, "streams.customers.create_when", "speaks of emial",      "canonical fields"),
    ("    url: shop.csv",    "    url: shop.csv\n    deletes: {elsewhere: deactivate}", 6, "streams.customers.deletes.elsewhere", "no other system", "map `active`"),
    ("      phone: phone",   "      fone: phone",                 8, "streams.customers.fields.fone",          "'fone' is no canonical",    "'phone'"),
    ("      phone: phone",   "      custom.hoby: phone",          8, "streams.customers.fields.custom.hoby",   "no canonical field",        "'custom.hobby'"),
    ("      phone: phone",   "      reference.crm: phone",        8, "streams.customers.fields.reference.crm", "refers to no system",       "system"),
    ("      phone: phone",   "      phone: {field: p, lens: fon}", 8, "streams.customers.fields.phone.lens",   "no lens 'fon'",             "phone"),
    ("      phone: phone",   "      phone: {feild: p}",           8, "streams.customers.fields.phone.feild",   "no key 'feild'",            "'field'"),
    ("      phone: phone",   "      phone: {field: p, direction: inn}", 8, "streams.customers.fields.phone.direction", "'inn' is not possible", "'in'"),
    ("      phone: phone",   "      phone: 7",                    8, "streams.customers.fields.phone",         "a number",                  "keys with values"),
    ("      phone: phone",   "      phone: mail",                 8, "streams.customers.fields.phone",         "written by two mappings",   "direction: in"),
    ("      phone: phone",   "      'phone, phones': p",          8, "streams.customers.fields.phone, phones", "",                          "."),
    ('reject: "no e-mail"', "rejekt: x",                       10, "streams.customers.rules[0].rejekt",      "no key 'rejekt'",           "'reject'"),
    ("email is null",        "select from",                      10, "streams.customers.rules[0]",             "",                          "."),
    ('reject: "no e-mail"', """derive: {emial: "'x'"}""",        10, "streams.customers.rules[0].derive.emial", "no canonical field",       "'email'"),
    ("      phone: phone",   "      phone: [",                   10, "",                                       "this is not YAML",          "indentation"),
    ("      phone: phone",   "      phone: !!python/name:os.system x", 8, "streams.customers.fields.phone",   "tag",                       "plain value"),
    ("      phone: phone",   "      1: phone",                    8, "streams.customers.fields",               "no text",                   "quotes"),
]  # fmt: skip


@pytest.mark.parametrize("old, new, line, key, message, remedy", SHOP_ERRORS)
def test_an_error_of_a_system_names_file_line_key_and_remedy(old, new, line, key, message, remedy):
    assert old in SHOP

    found = problems(systems__shop=SHOP.replace(old, new, 1))

    assert [(one["file"], one["line"], one["key"]) for one in found] == [
        ("systems/shop.yaml", line, key)
    ]
    assert message in found[0]["message"]
    assert remedy in found[0]["remedy"]


KEYED = [
    "    create: true\n    settings: {new_key: uuid}",
    "    create: true\n    key: mail",
    "    create: true\n    key: [mail, phone]",
]


@pytest.mark.parametrize("keyed", KEYED)
def test_a_file_whose_new_rows_get_a_key_may_be_added_to(keyed):
    shop = SHOP.replace("    url: shop.csv", "    url: shop.csv\n" + keyed)

    found = parse_folder({"workspace.yaml": WORKSPACE, "systems/shop.yaml": shop})

    assert found.config.systems["shop"].streams["customers"].create


def test_a_setting_that_the_sql_connector_does_not_know_is_told_with_its_line():
    sql = SHOP.replace("connector: file", "connector: sql\nsettings: {url: 'sqlite:///x'}")
    sql = sql.replace("    url: shop.csv", "    table: people\n    settings: {zones: UTC}")

    [found] = problems(systems__shop=sql)

    assert (found["line"], found["key"]) == (7, "streams.customers.settings.zones")
    assert found["remedy"] == "Did you mean 'zone'?"


WORKSPACE_ERRORS = [
    ("workspace: acme",        "workspace: Acme Ltd",        1, "workspace",               "no name",               "lower-case"),
    ("workspace: acme",        "workspace: acme\nregoin: DE", 2, "regoin",                 "no key 'regoin'",       "'region'"),
    ("  custom.hobby: {kind: text}", "  hobby: {kind: text}", 3, "fields.hobby",           "field of your own",     "custom.hobby"),
    ("kind: text",             "kind: txt",                  3, "fields.custom.hobby.kind", "'txt' is not possible", "'text'"),
    ("default: most_recent",   "default: newest",            5, "policies.default.policy", "'newest' is not",       "most_recent"),
    ("default: most_recent",   "emial: most_recent",         5, "policies.emial",          "no canonical field",    "'email'"),
    ("default: most_recent",   "email: {policy: owner}",     5, "policies.email",          "names no owner",        "owner: [SYSTEM]"),
    ("default: most_recent",   "email: {policy: owner, owner: [shup]}", 5, "policies.email.owner[0]", "no system 'shup'", "'shop'"),
    ("workspace: acme",        "workspace: acme\nregion: QQ", 2, "region",                "'QQ' is no region",     "DE"),
    ("workspace: acme",        "workspace: acme\ncurrency: EURO", 2, "currency",          "'EURO' is no currency", "'EUR'"),
    (WORKSPACE,                "",                           1, "workspace",               "missing",               "Add it"),
    (WORKSPACE,                "- a\n- b\n",                 1, "",                        "keys with values",      "key: value"),
]  # fmt: skip


@pytest.mark.parametrize("old, new, line, key, message, remedy", WORKSPACE_ERRORS)
def test_an_error_of_the_workspace_names_line_key_and_remedy(old, new, line, key, message, remedy):
    assert old in WORKSPACE

    found = problems(workspace=WORKSPACE.replace(old, new, 1))

    assert [(one["file"], one["line"]) for one in found] == [("workspace.yaml", line)]
    assert key.startswith(found[0]["key"])
    assert message in found[0]["message"]
    assert remedy in found[0]["remedy"]


def test_all_errors_of_all_files_are_told_at_once():
    shop = SHOP.replace("connector: file", "connector: fiel").replace("lens: email", "lens: mail")
    crm = "system: crm\nconnector: sql\nstreems: {}\n"

    found = problems(workspace=WORKSPACE + "limts: {}\n", systems__shop=shop, systems__crm=crm)

    assert [(one["file"], one["key"]) for one in found] == [
        ("workspace.yaml", "limts"),
        ("systems/crm.yaml", "streems"),
        ("systems/shop.yaml", "connector"),
        ("systems/shop.yaml", "streams.customers.fields.email.lens"),
    ]


def test_aliases_that_grow_without_end_are_refused_quickly():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    found = problems(systems__bomb="\n".join(lines))

    assert "without end" in found[0]["message"]


def test_a_country_called_no_is_a_text():
    shop = SHOP.replace("      phone: phone", "      country: {field: c, values: {NO: NO, SE: SE}}")

    found = parse_folder({"workspace.yaml": WORKSPACE, "systems/shop.yaml": shop})

    values = found.config.systems["shop"].streams["customers"].fields["country"].values
    assert values == {"NO": "NO", "SE": "SE"}


def test_files_that_are_too_large_or_not_utf8_or_misnamed_are_refused(tmp_path):
    (tmp_path / "systems").mkdir()
    (tmp_path / "workspace.yaml").write_text(WORKSPACE)
    (tmp_path / "systems" / "big.yaml").write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    (tmp_path / "systems" / "latin.yaml").write_bytes("system: latin\n# Müller\n".encode("latin-1"))
    (tmp_path / "systems" / "shop.yml").write_text(SHOP)

    with pytest.raises(ConfigurationError) as caught:
        read_folder(tmp_path)

    told = [(p["file"], p["line"], p["message"]) for p in caught.value.context["problems"]]
    assert told == [
        ("systems/big.yaml", 1, "the file is larger than 1 MB"),
        ("systems/latin.yaml", 2, "the file is not UTF-8"),
        ("systems/shop.yml", 1, "only files that end in .yaml are read"),
    ]


def test_a_folder_without_workspace_yaml_says_how_to_make_one(tmp_path):
    with pytest.raises(NotFoundError) as caught:
        read_folder(tmp_path)

    assert "init" in str(caught.value.hint)


def test_no_value_that_may_be_a_secret_stands_in_an_error():
    shop = SHOP.replace("connector: file", "connector: file\nsettings: hunter2-secret")

    found = problems(systems__shop=shop)

    assert "hunter2" not in json.dumps(found)


# -- the starter ------------------------------------------------------------------------------------


def test_the_starter_is_sound_and_names_the_workspace_after_its_folder(tmp_path):
    starter(tmp_path / "Müller & Söhne")

    found = read_folder(tmp_path / "Müller & Söhne")

    assert found.config.workspace.workspace == "m_ller_s_hne"
    assert set(found.config.systems) == {"crm", "shop"}


def test_the_starter_overwrites_nothing(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "crm.csv").write_text("mine")

    with pytest.raises(ConflictError):
        starter(tmp_path)

    assert (tmp_path / "data" / "crm.csv").read_text() == "mine"
    assert not (tmp_path / "workspace.yaml").exists()


# -- the schema -------------------------------------------------------------------------------------


def test_the_published_schema_is_that_of_the_models():
    """Stale? Write it anew: customer_sync.engine.folder.write_schema(Path("docs/schema"))."""
    assert {path.name: path.read_text() for path in DOCS.glob("*.json")} == schema()


@pytest.mark.parametrize("name", ["workspace.yaml", "systems/crm.yaml", "systems/shop.yaml"])
def test_the_schema_accepts_the_starter_and_the_starter_names_it(name, tmp_path):
    starter(tmp_path)
    text = (tmp_path / name).read_text()
    named = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")

    document = json.loads(((tmp_path / name).parent / named).read_text())

    jsonschema.Draft202012Validator.check_schema(document)
    jsonschema.validate(YAML(typ="safe", pure=True).load(text), document)


def test_the_schema_refuses_what_the_models_refuse():
    document = json.loads(schema()["system.json"])
    system = YAML(typ="safe", pure=True).load(SHOP)
    jsonschema.validate(system, document)
    system["streams"]["customers"]["fields"]["phone"] = {"feild": "x"}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(system, document)


# -- documents and the books ----------------------------------------------------------------------

TILL = """\
system: till
connector: sql
settings: {url: "sqlite:///till.sqlite"}
streams:
  people:
    table: people
    fields: {email: mail}
  sales:
    entity: invoice
    table: sales
    fields:
      customer: {field: person, stream: people}
      date: sold_on
      currency: {constant: EUR}
      total: total
      lines: {field: rows, items: {amount: price}}
    guest:
      fields: {email: mail}
"""
LEDGER = """\
accounts:
  "4020": {name: Books, type: revenue}
streams: {till.sales: invoice}
closed_period: redate
"""


def test_documents_and_the_books_are_part_of_the_configuration():
    found = parse_folder(
        {"workspace.yaml": WORKSPACE, "systems/till.yaml": TILL, "ledger.yaml": LEDGER}
    )

    assert found.config.systems["till"].streams["sales"].is_document
    assert found.config.ledger.closed_period == "redate"
    assert found.config.ledger.chart()["4020"].name == "Books"
    assert found.config.named_stream("till", "sales", "customer") == ("till", "people")


# what is replaced                       by what                                        line  key                                message has                    remedy has
TILL_ERRORS = [
    ("entity: invoice",                   "entity: invoice\n    create: true",            10, "streams.sales.create",               "has no 'create'",              "never written"),
    ("entity: invoice",                   "entity: invoice\n    merged_into: other",      10, "streams.sales.merged_into",          "has no 'merged_into'",         "Remove it"),
    ("entity: invoice",                   "entity: invoice\n    deletes: {elsewhere: deactivate}", 10, "streams.sales.deletes",       "has no 'deletes'",             "Remove it"),
    ("total: total",                      "total: {field: total, direction: out}",        15, "streams.sales.fields.total.direction", "never written",              "Remove it"),
    ("total: total",                      "total: {field: total, set_if_empty: true}",    15, "streams.sales.fields.total.set_if_empty", "never written",           "Remove it"),
    ("total: total",                      "grand_total: total",                           15, "streams.sales.fields.grand_total",   "no field of a document",       "total"),
    ("      total: total\n",              "",                                             11, "streams.sales.fields",               "needs 'total'",                "total: {field"),
    ("      date: sold_on\n",             "",                                             11, "streams.sales.fields",               "needs 'date'",                 "date: {field"),
    ("stream: people",                    "stream: peple",                                12, "streams.sales.fields.customer.stream", "no stream of customers",     "till.people"),
    ("stream: people",                    "stream: sales",                                12, "streams.sales.fields.customer.stream", "no stream of customers",     "till.people"),
    ("items: {amount: price}",            "items: {sum: price}",                          16, "streams.sales.fields.lines",         "'sum' is nothing",             "amount"),
    (", items: {amount: price}",          "",                                             16, "streams.sales.fields.lines",         "what a line holds",            "items"),
    ("total: total",                      "total: {field: total, items: {amount: a}}",    15, "streams.sales.fields.total.items",   "holds no list",                "lines"),
    ("{email: mail}\n  sales",            "{email: {field: mail, stream: people}}\n  sales", 7, "streams.people.fields.email.stream", "only documents",             "Remove it"),
    ("      fields: {email: mail}\n",     "      fields: {mail: mail}\n",                 18, "streams.sales.guest.fields.mail",    "no canonical field",           "email"),
]  # fmt: skip


@pytest.mark.parametrize("old, new, line, key, message, remedy", TILL_ERRORS)
def test_an_error_of_documents_names_file_line_key_and_remedy(old, new, line, key, message, remedy):
    assert old in TILL

    found = problems(systems__till=TILL.replace(old, new, 1))

    assert [(one["file"], one["line"], one["key"]) for one in found] == [
        ("systems/till.yaml", line, key)
    ]
    assert message in found[0]["message"]
    assert remedy in found[0]["remedy"]


RETURNED = """\
  returned:
    entity: refund
    table: returned
    fields:
      customer: {field: person, stream: people}
      date: paid_on
      currency: {constant: EUR}
      total: total
      allocations: NAMED
"""


@pytest.mark.parametrize("named", ["sale", "{field: sale, stream: sales}"])
def test_documents_that_would_settle_their_own_side_are_refused(named):
    (found,) = problems(systems__till=TILL + RETURNED.replace("NAMED", named))

    assert found["key"] == "streams.returned.fields.allocations"
    assert "a refund cannot settle a record of 'till.sales', an invoice" in found["message"]
    assert "stream: NAME" in found["remedy"]


def test_by_rules_of_their_own_documents_may_settle_anything():
    own = "rules:\n  refund:\n    - {debit: '1300', amount: total}\n    - {credit: '1200', amount: total}\n"

    text = TILL + RETURNED.replace("NAMED", "sale")
    found = parse_folder({"workspace.yaml": WORKSPACE, "systems/till.yaml": text, "ledger.yaml": own})  # fmt: skip

    assert found.config.named_stream("till", "returned", "allocations") == ("till", "sales")


def test_what_is_owed_needs_somebody_who_owes_it():
    sold = TILL.replace("      customer: {field: person, stream: people}\n", "")

    (found,) = problems(systems__till=sold.partition("    guest:")[0])

    assert found["key"] == "streams.sales.fields"
    assert "whose each invoice is" in found["message"]


# what stands in ledger.yaml                                             line  key                    message has                remedy has
LEDGER_ERRORS = [
    ("closed_periods: park\n",                                              1, "closed_periods",       "no key",                  "closed_period"),
    ("closed_period: never\n",                                              1, "closed_period",        "not possible",            "park"),
    ("deferral: '7777'\n",                                                  1, "deferral",             "not in the chart",        "accounts"),
    ("rounding:\n  account: '7777'\n",                                      2, "rounding.account",     "not in the chart",        "accounts"),
    ("rules:\n  mine:\n    - {debit: '1200', amount: total}\n",             2, "rules.mine",           "cannot be equal",         "less discount"),
    ("rules:\n  mine:\n    - {debit: '7777', amount: total}\n",             2, "rules.mine",           "not in the chart",        "accounts"),
    ("rules:\n  mine:\n    - {amount: total}\n",                            3, "rules.mine[0]",        "either",                  "Keep one"),
    ("ageing:\n  days: [60, 30]\n",                                         1, "ageing",               "grow",                    "[30, 60, 90]"),
    ("streams: {till.sales: nothing_like_it}\n",                            1, "streams.till.sales",   "no rule",                 "invoice"),
    ("streams: {till.sale: invoice}\n",                                     1, "streams.till.sale",    "no stream of documents",  "till.sales"),
]  # fmt: skip


@pytest.mark.parametrize("text, line, key, message, remedy", LEDGER_ERRORS)
def test_an_error_of_the_books_names_file_line_key_and_remedy(text, line, key, message, remedy):
    found = problems(systems__till=TILL, ledger=text)

    assert [(one["file"], one["line"], one["key"]) for one in found] == [("ledger.yaml", line, key)]
    assert message in found[0]["message"]
    assert remedy in found[0]["remedy"]
