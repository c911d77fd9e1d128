"""The two lens laws hold for every lens of the registry, for any source text and any canonical value."""

from random import Random

import phonenumbers
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from customer_sync.core.mapping import LENSES, check_laws, compile_stream
from customer_sync.core.mapping.contact import Email
from customer_sync.core.mapping.phone import Phone
from customer_sync.core.mapping.row import SMALL_ROWS, Fault, ValueLens
from customer_sync.core.mapping.sample import sample_value
from customer_sync.model.config import Configuration

CUSTOM = {
    "custom.seen": {"kind": "instant"},
    "custom.state": {"kind": "region"},
    "custom.tags": {"kind": "text", "many": True},
}

CASES = {
    # lens: (canonical fields, mapping)
    "text": ("note", {"field": "a"}),
    "reference": ("reference.erp", {"field": "a"}),
    "organisation": ("organisation", {"field": "a", "lens": "organisation"}),
    "email": ("email", {"field": "a"}),
    "phone": ("phone", {"field": "a", "region": "DE"}),
    "url": ("website", {"field": "a"}),
    "country": ("country", {"field": "a"}),
    "region": ("custom.state", {"field": "a", "region": "US"}),
    "language": ("language", {"field": "a"}),
    "currency": ("currency", {"field": "a"}),
    "date": ("birth_date", {"field": "a", "format": "%d/%m/%Y"}),
    "instant": ("custom.seen", {"field": "a", "zone": "Europe/Berlin"}),
    "boolean": ("active", {"field": "a"}),
    "number": ("loyalty.points", {"field": "a"}),
    "money": ("credit_limit", {"fields": {"amount": "a", "currency": "b"}}),
    "tax_id": ("tax_id", {"field": "a", "region": "DE"}),
    "address": ("billing_address", {"fields": {"street": "a", "city": "b", "country": "c"}}),
    "person_name": ("given_name, family_name", {"field": "a", "lens": "person_name"}),
    "party_name": ("given_name, family_name, organisation", {"field": "a", "lens": "party_name"}),
    "values": (
        "loyalty.tier",
        {"field": "a", "values": {"G": "gold", "S": "silver", "": "none"}, "unmapped": "keep"},
    ),
    "join": ("job_title", {"fields": ["a", "b"], "lens": "join", "separator": ", "}),
    "split": ("title, name_suffix", {"field": "a", "lens": "split", "separator": ";"}),
    "list": ("custom.tags", {"field": "a", "separator": ";"}),
    "json_path": ("note", {"field": "a", "path": "$.x.y"}),
    "constant": ("kind", {"constant": "person"}),
    "expression": ("note", {"expression": "a || b", "direction": "in"}),
}
MORE = [
    ("birth_date", {"field": "a"}),
    ("custom.seen", {"field": "a", "format": "%Y-%m-%d %H:%M:%S", "zone": "America/New_York"}),
    ("custom.seen", {"field": "a", "format": "epoch"}),
    ("loyalty.points", {"field": "a", "format": "1.234,56"}),
    ("loyalty.points", {"field": "a", "format": "1 234,5"}),
    ("credit_limit", {"field": "a"}),
    ("active", {"field": "a", "format": "x/"}),
    ("note", {"field": "a", "empty": "keep"}),
    ("note", {"field": "a", "length": 3}),
    ("note", {"field": "a", "never_clear": True}),
    ("note", {"field": "a", "default": "Unknown"}),
    ("billing_address", {"field": "a"}),
    ("billing_address", {"field": "a", "path": "$.address"}),
    (
        "title, given_name, middle_name, family_name, name_suffix",
        {"field": "a", "lens": "person_name"},
    ),
    ("given_name, family_name, organisation, kind", {"field": "a", "lens": "party_name"}),
    ("emails", {"field": "a"}),
    ("emails", {"fields": ["a", "b", "c"], "lens": "list"}),
    ("custom.tags", {"field": "a"}),
    ("addresses", {"field": "a"}),
    ("loyalty.points", {"field": "a", "path": "$.n"}),
    ("active", {"field": "a", "path": "$.n"}),
    ("website", {"field": "a", "path": "$.n[0]"}),
]
ALL = [*CASES.values(), *MORE]

# Source texts as people and systems write them, so that most are read and some are not.
TEXTS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.text(alphabet="aA1 ,.;-+()/€\u00a0ß@", max_size=14),
    st.sampled_from([
        "", " ", "Ann Lee", "Ann  Lee ", "Lee, Ann", ", Ann", "Lee,", "Dr. Ann van der Lee Jr.", "Mr.", "a, b, c", "Acme GmbH", "GmbH",
        "ann@X.de", "Ann <ann@x.de>", "a@x.de;b@x.de", "İ@x.de", "030 123456", "+49 30 123456", "0049", "+4903012345", "Germany", "DEU", "de", "uk",
        "1990-12-31", "31.12.1990", "12/31/1990", "31/12/1990", "2024-03-31 02:30:00", "2024-10-27 02:30:00", "2024-01-01T00:00:00.5+05:45", "2024-01-01T00:00:00Z",
        "1719828000", "ja", "Nein", "X", "x", "1,234", "1.234,56", "-0", "1e5", "1E-30", "+5", ".5", "5.", "007", "1 234,5", "10 EUR", "€ 4,66", "USD", "$", "12 $",
        "DE136695976", "136 695 976", "www.x.de/", "HTTP://X.de:80/A", "http://[", "G", "S", "gold", "a;b;c", ";;", "[]", '["b", "a", "a"]', "[1, null]", '{"x": {"y": "1"}}',
        '{"x": 5}', '{"x": {"y": 1.50}, "n": 1e400}', '{"n": true}', '{"n": [" X.de"]}', "null", "{", '{"street": "1 Rue", "city": null, "id": 1}', '{"address": {"city": "Bonn"}}',
        '{"country": "Mars"}', '[{"city": "Bonn"}, {"city": "Bonn", "x": 1}]', "US-CA", "California", "TX", "Unknown", "abcdef", "山田 太郎",
    ]),
)  # fmt: skip


def compiled(names, mapping):
    stream = {"fields": {names: mapping}}
    return compile_stream(
        Configuration.model_validate(
            {
                "workspace": {"workspace": "acme", "region": "DE", "fields": CUSTOM},
                "systems": {
                    "shop": {"system": "shop", "connector": "sql", "streams": {"customers": stream}}
                },
            }
        ),
        "shop",
        "customers",
    )


MAPS = [compiled(names, mapping) for names, mapping in ALL]


def test_every_lens_of_the_registry_is_here():
    one_way = {"items"}  # of documents, which are never written
    assert set(CASES) == set(LENSES) - one_way


@pytest.mark.parametrize("stream_map", MAPS, ids=[str(case) for case in ALL])
def test_putting_what_was_read_changes_nothing(stream_map):
    names = stream_map.source_fields

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.tuples(*[TEXTS] * len(names)), min_size=1, max_size=8))
    def law(rows):
        frame = (
            pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
            if names
            else pl.DataFrame({"@id": ["1"]})
        )
        if any(binding.default for binding in stream_map.bindings):
            # Where a record shows nothing the default is written, so this law speaks of the others.
            shows = [text if text and text.strip() else "Unknown" for text in frame["a"]]
            frame = frame.with_columns(pl.Series("a", shows, dtype=pl.String))
        mapped = stream_map.get(frame)
        written = stream_map.put(mapped.values.select(stream_map.outward), frame)
        assert written.to_dict(as_series=False) == frame.select(stream_map.out_sources).to_dict(
            as_series=False
        )

    law()


@pytest.mark.parametrize("stream_map", MAPS, ids=[str(case) for case in ALL])
def test_what_was_put_is_read_back(stream_map):
    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 10**9), st.lists(TEXTS, min_size=3, max_size=3))
    def law(seed, texts):
        frame = pl.DataFrame([texts], schema=dict.fromkeys("abc", pl.String), orient="row")
        assert check_laws(stream_map, frame, seed=seed, cases=10) == []

    law()


@pytest.mark.parametrize("stream_map", MAPS, ids=[str(case) for case in ALL])
def test_putting_twice_is_putting_once(stream_map):
    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 10**9), st.lists(TEXTS, min_size=3, max_size=3))
    def law(seed, texts):
        random = Random(seed)
        golden = pl.DataFrame(
            [[sample_value(stream_map.fields[name], random) for name in stream_map.outward]],
            schema=dict.fromkeys(stream_map.outward, pl.String), orient="row",
        )  # fmt: skip
        image = pl.DataFrame([texts], schema=dict.fromkeys("abc", pl.String), orient="row")
        once = stream_map.put(golden, image)
        assert stream_map.put(golden, once).rows() == once.rows()

    if stream_map.outward:
        law()


@pytest.mark.parametrize("stream_map", MAPS, ids=[str(case) for case in ALL])
def test_a_large_batch_says_what_its_records_say_alone(stream_map):
    """The fast path of many rows and the plain path of few must not differ."""
    names = stream_map.source_fields

    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.tuples(*[TEXTS] * len(names)), min_size=1, max_size=10))
    def law(rows):
        many = rows * (SMALL_ROWS // len(rows) + 1)
        frame = pl.DataFrame(many, schema=dict.fromkeys(names, pl.String), orient="row")
        whole, part = stream_map.get(frame), stream_map.get(frame.head(len(rows)))
        assert whole.values.head(len(rows)).rows() == part.values.rows()
        assert whole.rejects.filter(pl.col("row") < len(rows)).rows() == part.rejects.rows()

    if names:
        law()


LAWLESS = [
    ("birth_date", {"field": "a", "format": "%d.%m."}),
    ("birth_date", {"field": "a", "format": "%d.%m.%y"}),
    ("custom.seen", {"field": "a", "format": "%Y-%m-%d", "zone": "UTC"}),
]


@pytest.mark.parametrize("names, mapping", LAWLESS)
def test_a_lens_that_loses_something_is_refused(names, mapping):
    found = check_laws(compiled(names, mapping), pl.DataFrame({"a": ["x"]}))

    assert [(one.field, one.law) for one in found] == [(names, "put-get")]


REGIONS = [
    "DE",
    "US",
    "FR",
    "IT",
    "ES",
    "GB",
    "AT",
    "CH",
    "NL",
    "PL",
    "SE",
    "JP",
    "AU",
    "BR",
    "AR",
    "MX",
    "RU",
    "IN",
]
DIGITS = st.text(alphabet="0123456789", min_size=3, max_size=15)
NUMBERS = st.one_of(
    st.builds(lambda prefix, digits: prefix + digits, st.sampled_from(["", "0", "00", "+", "1", "+1", "+49", "+39", "+44", "+33", "49", "0049", "8", "(0", "+490"]), DIGITS),
    st.text(alphabet="0123456789 ()-./+x", max_size=18),
    st.sampled_from(REGIONS).map(lambda region: phonenumbers.format_number(phonenumbers.example_number(region), phonenumbers.PhoneNumberFormat.NATIONAL)),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(REGIONS), st.lists(NUMBERS, min_size=1, max_size=20))
@example("DE", ["030 123456", "+4930123456", "030123", "+49030123456", "00493012345"])
def test_the_fast_path_of_phone_numbers_agrees_with_the_library(region, texts):
    assert_fast_agrees(Phone(region=region), texts)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.one_of(st.emails(), st.from_regex(Email.normal.replace(r"\z", r"\Z"))), max_size=8)
)
def test_the_fast_path_of_addresses_agrees_with_the_library(texts):
    assert_fast_agrees(Email(), texts)


def assert_fast_agrees(lens: ValueLens, texts):
    known, values = lens.ready(pl.Series(texts, dtype=pl.String))
    for text, is_known, value in zip(texts, known, values, strict=True):
        slow = lens.cell(text)
        assert not is_known or (value == slow and not isinstance(slow, Fault)), text
