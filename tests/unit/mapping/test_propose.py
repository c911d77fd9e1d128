"""What is proposed for messy tables of five languages, and what is rather left alone."""

import itertools

import polars as pl
import pytest

from customer_sync.core.mapping import check_laws, compile_stream
from customer_sync.core.mapping.guess.vocabulary import guesses
from customer_sync.core.mapping.propose import propose
from customer_sync.model.config import Configuration


class Shape:
    """A source field as any system may show it."""

    def __init__(self, name, **more):
        self.name, self.type = name, more.get("type", "text")
        self.length, self.options = more.get("length"), more.get("options")
        self.is_key, self.is_writable = more.get("is_key", False), more.get("is_writable", True)


def frame(columns: dict) -> pl.DataFrame:
    return pl.DataFrame(
        [pl.Series(name, values, dtype=pl.String) for name, values in columns.items()]
    )


def proposed(columns: dict, *, keys=(), shapes=None, **more):
    shapes = shapes or {}
    fields = [Shape(name, is_key=name in keys, **shapes.get(name, {})) for name in columns]
    return propose(fields, frame(columns), **more)


def mapped(found) -> dict:
    return {one.key: one.document() for one in found if one.canonical}


def only(columns: dict, **more) -> dict:
    return mapped(proposed(columns, **more))


def why_not(found) -> dict:
    return {one.sources[0]: one.reason for one in found if not one.canonical}


def compiled(found):
    stream = {"fields": mapped(found)}
    systems = {"x": {"system": "x", "connector": "sql", "streams": {"s": stream}}}
    config = {"workspace": {"workspace": "w"}, "systems": systems}
    return compile_stream(Configuration.model_validate(config), "x", "s")


def test_the_workspaces_region_tells_the_country_where_nothing_else_does():
    columns = {"id": ["1", "2"], "tel": ["030 901820", "089 1234567"]}

    assert "phone" not in only(columns)
    assert only(columns, region="DE")["phone"]["region"] == "DE"
    assert "phone" not in only({"id": ["1"], "tel": ["12"]}, region="DE")


GERMAN = {
    "KdNr":         ["1001", "1002", "1003"],
    "Anrede":       ["Herr", "Frau", None],
    "Vorname":      ["Jörg", "Eva", None],
    "Nachname":     ["Müller", "von der Ley", None],
    "Firma":        [None, "Acme GmbH", "Müller & Söhne KG"],
    "Straße":       ["Hauptstr. 5", "Weg 7", "Am Markt 1"],
    "PLZ":          ["01067", "10115", "80331"],
    "Ort":          ["Dresden", "Berlin", "München"],
    "Land":         ["Deutschland", "Deutschland", "D E"],
    "Telefon":      ["0351 4951234", "030/901820", "+49 89 2180 0"],
    "Handy":        ["0171 1234567", None, None],
    "E-Mail":       ["Joerg@firma.de", "eva@firma.de", "kein"],
    "USt-IdNr.":    ["DE136695976", None, ""],
    "Geburtsdatum": ["31.12.1970", "1.2.1980", None],
    "Kreditlimit":  ["1.234,56", "500,00", "0"],
    "Kundenstatus": ["A", "B", "A"],
    "Newsletter":   ["ja", "nein", "Ja"],
    "geändert am":  ["2024-01-01", None, None],
    "Hobby":        ["foo", "bar", None],
}  # fmt: skip
FRENCH = {
    "code_client":       ["C1", "C2", "C3"],
    "civilité":          ["Mme", "M.", None],
    "Prénom":            ["Zoë", "Jean-Pierre", "Anne"],
    "Nom":               ["Lefèvre", "Martin", "Du Pont"],
    "raison_sociale":    [None, None, "Lumière SARL"],
    "adresse_1":         ["1 rue de la Paix", "2 av. Foch", "3 quai d'Orsay"],
    "complément":        [None, "Bât. B", None],
    "code_postal":       ["75002", "69006", "01000"],
    "ville":             ["Paris", "Lyon", "Bourg"],
    "pays":              ["France", "France", "FR"],
    "tél":               ["01 42 68 53 00", "04.72.00.00.01", "0472000002"],
    "courriel":          ["zoe@lumiere.fr", "jp@exemple.fr", "anne@exemple.fr"],
    "date_de_naissance": ["25/12/1980", "01/02/1990", "31/01/1975"],
    "abonné newsletter": ["oui", "non", "oui"],
    "N° TVA":            ["FR40303265045", None, None],
}  # fmt: skip
SPANISH = {
    "id":                  ["1", "2", "3"],
    "Nombre":              ["José", "María", "Ana"],
    "Apellidos":           ["García Márquez", "López", "Ruiz"],
    "Correo Electrónico":  ["jose@sol.es", "maria@sol.es", "ana@sol.es"],
    "Teléfono":            ["912345678", "934567890", "+34 955 123 456"],
    "Móvil":               ["612345678", "622345678", "632345678"],
    "Dirección":           ["Calle Mayor 1", "Gran Vía 2", "Sol 3"],
    "Código Postal":       ["08001", "28013", "41001"],
    "Población":           ["Barcelona", "Madrid", "Sevilla"],
    "Provincia":           ["Barcelona", "Madrid", "Sevilla"],
    "País":                ["España", "España", "España"],
    "NIF":                 ["B58378431", "12345678Z", None],
    "Límite de crédito":   ["1.000,50 €", "2.500,00 €", None],
    "Cliente desde":       ["2020-01-31", "2021-05-05", None],
    "Activo":              ["S", "N", "S"],
}  # fmt: skip
ITALIAN = {
    "codice_cliente":  ["A1", "A2", "A3", "A4"],
    "nominativo":      ["Mario Rossi", "Bianchi S.r.l.", "Verdi SpA", "Anna Neri"],
    "indirizzo":       ["Via Roma 1", "Via Po 2", "Corso Italia 3", "Via X 4"],
    "cap":             ["00100", "10100", "20100", "50100"],
    "citta":           ["Roma", "Torino", "Milano", "Firenze"],
    "nazione":         ["IT", "IT", "IT", "IT"],
    "partita_iva":     ["00743110157", None, None, None],
    "telefono":        ["06 6982", "011 5621234", "02 72001234", "055 2340001"],
    "indirizzo_email": ["m@rossi.it", "info@bianchi.it", "verdi@verdi.it", "anna@neri.it"],
    "livello":         ["Oro", "Argento", "Oro", "VIP"],
    "punti":           ["1.000", "20", "3", "4"],
}  # fmt: skip
POLISH = {
    "nr_klienta":     ["1", "2", "3"],
    "imię":           ["Jan", "Zofia", "Łukasz"],
    "nazwisko":       ["Kowalski", "Nowak", "Wiśniewski"],
    "ulica":          ["Długa 1", "Krótka 2", "Nowa 3"],
    "nr_domu":        ["1", "2", "3"],
    "miasto":         ["Warszawa", "Kraków", "Łódź"],
    "kod_pocztowy":   ["00-001", "30-001", "90-001"],
    "kraj":           ["Polska", "Polska", "PL"],
    "telefon":        ["22 123 45 67", "601 234 567", "12 345 67 89"],
    "nip":            ["8567346215", None, None],
    "hasło":          ["x", "y", "z"],
}  # fmt: skip
TABLES = {
    "german": (GERMAN, ["KdNr"]), "french": (FRENCH, ["code_client"]), "spanish": (SPANISH, ["id"]),
    "italian": (ITALIAN, ["codice_cliente"]), "polish": (POLISH, ["nr_klienta"]),
}  # fmt: skip


def test_a_german_table_is_understood():
    found = proposed(GERMAN, keys=["KdNr"])

    said = mapped(found)
    assert said["billing_address"] == {
        "lens": "address",
        "fields": {"street": "Straße", "city": "Ort", "postal_code": "PLZ", "country": "Land"},
    }
    assert said["phone"] == {"field": "Telefon", "lens": "phone", "region": "DE"}
    assert said["credit_limit"] == {"field": "Kreditlimit", "lens": "money", "format": "1.234,56"}
    assert said["birth_date"] == {"field": "Geburtsdatum", "lens": "date"}
    assert said["lifecycle_stage"] == {
        "field": "Kundenstatus", "lens": "values", "values": {"A": "a", "B": "b"}, "unmapped": "reject",
    }  # fmt: skip
    assert {"given_name", "family_name", "organisation", "title", "email", "tax_id"} <= set(said)
    assert said["consent.email"]["field"] == "Newsletter"
    assert set(why_not(found)) == {"KdNr", "geändert am", "Hobby"}


def test_a_french_table_is_understood():
    said = only(FRENCH, keys=["code_client"])

    assert said["family_name"] == {"field": "Nom"}
    assert said["birth_date"] == {
        "field": "date_de_naissance",
        "lens": "date",
        "format": "%d/%m/%Y",
    }
    assert said["phone"]["region"] == "FR"
    assert said["billing_address"]["fields"] == {
        "street": "adresse_1", "street2": "complément", "city": "ville", "postal_code": "code_postal",
        "country": "pays",
    }  # fmt: skip
    assert said["consent.email"]["field"] == "abonné newsletter"
    assert said["email"]["field"] == "courriel"
    assert said["tax_id"] == {"field": "N° TVA", "lens": "tax_id"}


def test_a_spanish_table_is_understood():
    said = only(SPANISH, keys=["id"])

    assert said["given_name"] == {"field": "Nombre"}
    assert said["family_name"] == {"field": "Apellidos"}
    assert said["tax_id"] == {"field": "NIF", "lens": "tax_id", "region": "ES"}
    assert said["phone"]["region"] == "ES"
    assert said["phones"] == {
        "lens": "list", "fields": ["Móvil"], "region": "ES", "direction": "in",
    }  # fmt: skip
    assert said["billing_address"]["fields"]["region"] == "Provincia"
    assert said["credit_limit"]["format"] == "1.234,56"
    assert said["active"]["field"] == "Activo"
    assert said["customer_since"]["field"] == "Cliente desde"


def test_an_italian_table_is_understood():
    said = only(ITALIAN, keys=["codice_cliente"])

    key = "given_name, family_name, organisation, kind"
    assert said[key]["lens"] == "party_name"
    assert said["tax_id"] == {"field": "partita_iva", "lens": "tax_id", "region": "IT"}
    assert said["loyalty.tier"]["values"] == {"Argento": "silver", "Oro": "gold", "VIP": "vip"}
    assert said["email"]["field"] == "indirizzo_email"
    assert said["billing_address"]["fields"]["street"] == "indirizzo"


def test_a_polish_table_with_house_numbers_apart_loses_no_house_number():
    found = proposed(POLISH, keys=["nr_klienta"])

    said, refused = mapped(found), why_not(found)
    assert "billing_address" not in said
    assert "house number" in refused["ulica"]
    assert "house number" in refused["nr_domu"]
    assert said["country"]["field"] == "kraj"
    assert "secret" in refused["hasło"]
    assert said["tax_id"]["region"] == "PL"
    assert said["phone"]["region"] == "PL"


@pytest.mark.parametrize("table", TABLES)
def test_what_is_proposed_compiles_as_it_stands_and_keeps_the_laws(table):
    columns, keys = TABLES[table]

    found = proposed(columns, keys=keys)

    assert check_laws(compiled(found), frame(columns)) == []


@pytest.mark.parametrize("table", TABLES)
def test_every_field_is_accounted_for_and_written_once(table):
    columns, keys = TABLES[table]

    found = proposed(columns, keys=keys)

    written = [
        source for one in found if one.canonical and one.direction != "in" for source in one.sources
    ]
    assert len(written) == len(set(written))
    assert {source for one in found for source in one.sources} == set(columns)
    assert all(one.reason for one in found)
    assert all(0 <= one.confidence <= 1 for one in found)


@pytest.mark.parametrize("table", TABLES)
def test_no_value_of_a_person_stands_in_a_reason(table):
    columns, keys = TABLES[table]

    told = " ".join(one.reason for one in proposed(columns, keys=keys))

    personal = [v for v in itertools.chain(*columns.values()) if v and len(v) > 6]
    assert [value for value in personal if value in told] == []


def test_ambiguous_dates_are_left_alone_unless_a_country_tells():
    dates = ["01/02/1990", "03/04/1985", "05/06/1970"]

    alone = proposed({"dob": dates})
    american = only({"dob": dates, "country": ["US", "US", "US"]})
    british = only({"dob": dates, "country": ["GB", "GB", "GB"]})

    assert "day and month" in why_not(alone)["dob"]
    assert american["birth_date"]["format"] == "%m/%d/%Y"
    assert british["birth_date"]["format"] == "%d/%m/%Y"


@pytest.mark.parametrize(("values", "told"), [
    (["12/31/1990", "01/02/1991"], "%m/%d/%Y"),
    (["31/12/1990", "01/02/1991"], "%d/%m/%Y"),
    (["19901231", "19910102"],     "%Y%m%d"),
    (["31.12.90", "02.01.91"],     "%d.%m.%y"),
    (["1990-12-31", "1991-01-02"], None),
    (["31.12.1990", "2.1.1991"],   None),
])  # fmt: skip
def test_date_formats_are_told_from_the_values(values, told):
    assert only({"birthday": values})["birth_date"].get("format") == told


@pytest.mark.parametrize(("values", "told"), [
    (["1.234,56", "5,5"],    "1.234,56"),
    (["1,234.56", "5.5"],    "1,234.56"),
    (["1234.5", "17"],       None),
    (["1.234", "2.345,10"],  "1.234,56"),
])  # fmt: skip
def test_number_formats_are_told_from_the_values(values, told):
    assert only({"credit_limit": values}, currency="EUR")["credit_limit"].get("format") == told


def test_amounts_whose_thousands_may_be_decimals_are_left_alone():
    assert (
        "cannot be told apart"
        in why_not(proposed({"credit_limit": ["1.234", "5.678"]}))["credit_limit"]
    )


def test_the_currency_is_that_of_the_name_or_of_the_field_beside():
    by_name = only({"credit_limit_usd": ["100", "200"]})
    beside = only({"credit_limit": ["100", "200"], "currency": ["PLN", "PLN"]})
    many = proposed({"credit_limit": ["100", "200"], "currency": ["PLN", "EUR"]})

    assert by_name["credit_limit"]["currency"] == "USD"
    assert beside["credit_limit"]["currency"] == "PLN"
    assert "currency differs" in why_not(many)["credit_limit"]


def test_national_numbers_of_several_countries_are_not_guessed():
    said = only(
        {"phone": ["030 901820", "+33142685300", "01 42 68 53 00"], "country": ["DE", "FR", "FR"]}
    )

    assert "phone" not in said or said["phone"]["region"] == "ZZ"


def test_international_numbers_need_no_region():
    assert only({"tel": ["+4930901820", "+33142685300"]})["phone"] == {
        "field": "tel",
        "lens": "phone",
    }


def test_a_full_name_falls_into_its_parts_unless_the_parts_are_there():
    whole = only({"full_name": ["Ann Lee", "José García", "Jan van der Berg"]})
    both = proposed({"name": ["Ann Lee"], "first_name": ["Ann"], "last_name": ["Lee"]})

    assert whole == {"given_name, family_name": {"field": "full_name", "lens": "person_name"}}
    assert "repeats" in why_not(both)["name"]


def test_a_column_of_companies_is_the_organisation():
    assert only({"name": ["Acme GmbH", "Foo Inc.", "Bar Ltd"]}) == {
        "organisation": {"field": "name"}
    }


def test_several_addresses_in_one_field_are_a_list():
    separated = only({"email": ["a@b.de; c@d.de", "e@f.de; g@h.de"]})
    array = only({"emails": ['["a@b.de","c@d.de"]', '["e@f.de"]']})

    assert separated["emails"]["separator"] == ";"
    assert array["emails"] == {"field": "emails"}


def test_columns_without_telling_names_are_recognised_by_their_values():
    said = only({
        "f1": ["ann@acme.de", "bob@acme.de", "eve@acme.de"],
        "f2": ["+4930901820", "+33142685300", "+12025550123"],
        "f3": ["https://acme.de", "https://b.de", "https://c.de"],
    })  # fmt: skip

    assert {key: one["field"] for key, one in said.items()} == {
        "email": "f1",
        "phone": "f2",
        "website": "f3",
    }


def test_a_name_that_its_values_deny_is_not_believed():
    found = proposed(
        {"email": ["yes", "no", "yes"], "phone": ["ann@acme.de", "bob@acme.de", "eve@acme.de"]}
    )

    assert "only 0%" in why_not(found)["email"]
    assert "phone" not in mapped(found)


def test_keys_cursors_and_what_cannot_be_written_are_never_written():
    found = proposed(
        {"id": ["1"], "stamp": ["2024-01-01"], "email": ["ann@acme.de"]}, keys=["id"], exclude=["stamp"],
        shapes={"email": {"is_writable": False}},
    )  # fmt: skip

    assert mapped(found) == {"email": {"field": "email", "lens": "email", "direction": "in"}}
    assert why_not(found) == {"id": "names the record", "stamp": "says when the record changed"}


def test_a_field_that_cannot_come_back_as_it_went_out_is_only_read():
    found = proposed({"kunde": ["Mr. Ann Lee", "Herr Dr. Müller GmbH", "x"] * 2})

    assert (
        check_laws(compiled(found), frame({"kunde": ["Mr. Ann Lee", "Herr Dr. Müller GmbH", "x"]}))
        == []
    )


def test_listed_options_and_lengths_go_into_the_mapping():
    found = proposed(
        {"tier": ["G"], "first": ["Ann"]},
        shapes={"tier": {"options": ["G", "S"], "length": 1}, "first": {"length": 20}},
    )

    said = mapped(found)
    assert said["loyalty.tier"]["values"] == {"G": "gold", "S": "silver"}
    assert said["given_name"] == {"field": "first", "length": 20}


def test_a_shipping_address_is_one_of_its_own():
    said = only({
        "billing_street": ["A 1"], "billing_city": ["X"], "billing_zip": ["1"],
        "ship_to_street": ["B 2"], "ship_to_city": ["Y"], "ShippingPostalCode": ["2"],
    })  # fmt: skip

    assert said["billing_address"]["fields"]["street"] == "billing_street"
    assert said["shipping_address"]["fields"] == {
        "street": "ship_to_street", "city": "ship_to_city", "postal_code": "ShippingPostalCode",
    }  # fmt: skip


def test_an_address_in_json_is_mapped_by_its_keys():
    said = only(
        {"address": ['{"line1": "A 1", "town": "X", "zip": "1"}', '{"line1": "B 2", "town": "Y"}']}
    )

    assert said["billing_address"] == {
        "field": "address", "fields": {"street": "line1", "city": "town", "postal_code": "zip"},
    }  # fmt: skip


@pytest.mark.parametrize("values", [["X", None, "X"], ["x", "", "x"]])
def test_a_mark_or_blank_is_yes_or_no(values):
    assert only({"newsletter": values})["consent.email"]["format"] == f"{values[0]}/"


def test_words_of_unknown_meaning_are_not_guessed():
    assert "not known" in why_not(proposed({"active": ["foo", "bar"]}))["active"]
    assert "opposite" in why_not(proposed({"gesperrt": ["ja", "nein"]}))["gesperrt"]
    assert "unknown meaning" in why_not(proposed({"customer_type": ["7", "8"]}))["customer_type"]


def test_a_table_without_records_is_understood_by_its_names():
    found = propose([Shape("email"), Shape("first_name"), Shape("zzz")], pl.DataFrame())

    assert set(mapped(found)) == {"email", "given_name"}
    assert set(compiled(found).source_fields) == {"first_name", "email"}


@pytest.mark.parametrize(("name", "meaning"), [
    ("EMailAddress", "email"), ("e_mail_address", "email"), ("E-Mail Adresse", "email"),
    ("ContactEmail__c", "email"), ("cust_lname", "family_name"), ("STRASSE", "part.street"),
    ("strasse", "part.street"), ("Rechnungsort", "part.city"), ("zipCode", "part.postal_code"),
    ("UST_ID_NR", "tax_id"), ("tel. kom.", "own.mobile"), ("woonplaats", "part.city"),
    ("Geb.-Datum", "birth_date"), ("kundeSeit", "customer_since"),
])  # fmt: skip
def test_names_are_told_whatever_their_writing(name, meaning):
    assert guesses(name)[0].meaning == meaning


def test_hostile_names_and_values_do_no_harm():
    columns = {
        "": ["x"],
        "'; DROP TABLE": ["\x00"],
        "💥": ["{" * 99],
        "a" * 500: ["["],
        "email": ["[[[["],
    }

    found = proposed(columns)

    assert {source for one in found for source in one.sources} == set(columns)


def test_a_field_of_several_addresses_says_where_it_may_go():
    assert "JSON array" in why_not(proposed({"addresses": ['[{"city": "X"}]']}))["addresses"]
