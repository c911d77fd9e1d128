"""Whatever a table holds, what is proposed for it compiles, keeps the laws, and leaves nothing out."""

from random import Random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_sync.connect.port import FieldShape
from customer_sync.core.mapping import check_laws, compile_stream
from customer_sync.core.mapping.propose import propose
from customer_sync.core.mapping.sample import sample_value
from customer_sync.model.config import Configuration
from customer_sync.model.field import CATALOGUE

NAMES = [
    "email", "E-Mail 2", "Telefon", "mobile", "name", "Nom", "prenom", "Vorname", "firma", "street", "PLZ", "city",
    "country", "Land", "house_no", "tier", "credit_limit", "Betrag EUR", "birthday", "dob", "active", "newsletter",
    "kind", "language", "currency", "tax_id", "NIF", "notes", "emails", "phones", "addresses", "points", "x", "id",
    "shipping_city", "ship_zip", "Lieferstraße", "payment_terms", "updated_at", "website", "",
]  # fmt: skip
KINDS = list(CATALOGUE.values())
JUNK = st.sampled_from(
    [
        "",
        " ",
        "n/a",
        "-",
        "?",
        "1,234",
        "01/02/03",
        "{",
        "[1,2]",
        '{"city": 1}',
        "\x00",
        "x",
        "0",
        "€ 5",
        "null",
    ]
)


@st.composite
def tables(draw):
    names = draw(
        st.lists(st.sampled_from(NAMES) | st.text(max_size=8), min_size=1, max_size=8, unique=True)
    )
    rows = draw(st.integers(0, 6))
    random = Random(draw(st.integers(0, 10_000)))
    columns = {}
    for name in names:
        kind = draw(st.sampled_from(KINDS))
        columns[name] = [
            draw(JUNK) if random.random() < 0.3 else sample_value(kind, random) for _ in range(rows)
        ]
    return columns


@settings(max_examples=60, deadline=None)
@given(tables(), st.booleans())
def test_any_table_gets_a_mapping_that_holds(columns, writable):
    frame = pl.DataFrame(
        [pl.Series(name, values, dtype=pl.String) for name, values in columns.items()]
    )
    shapes = [
        FieldShape(name=name, type="text", length=40 if writable else None, is_writable=writable)
        for name in columns
    ]

    found = propose(shapes, frame)

    stream = {"fields": {one.key: one.document() for one in found if one.canonical}}
    systems = {"x": {"system": "x", "connector": "sql", "streams": {"s": stream}}}
    config = {"workspace": {"workspace": "proposed"}, "systems": systems}
    compiled = compile_stream(Configuration.model_validate(config), "x", "s")
    assert check_laws(compiled, frame) == []
    assert {source for one in found for source in one.sources} == set(columns)
    assert writable or compiled.out_sources == ()
