"""Any text at all makes a profile, which packs and unpacks, gives keys and terms, and is judged alike both ways."""

import json

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from customer_sync.core.identity import candidate_keys, packed, profiles, terms, unpacked
from customer_sync.core.identity.profile import each
from customer_sync.core.identity.veto import veto_of
from customer_sync.model.config import MatchConfig

TEXT = st.one_of(
    st.none(), st.text(max_size=60),
    st.sampled_from(["", "x" * 10_000, "MÃ¼ller", "Ã", "王小明", "\x1f\x1e\x1d", "{", "[[]]", '{"street":1}', "[" * 9000, "null", "GmbH", "Jr", "+4930123456", "1980-02-03"]),
)  # fmt: skip
TEXTS = st.lists(st.text(max_size=20), max_size=6).map(json.dumps)
ADDRESS = st.dictionaries(
    st.sampled_from(["street", "street2", "city", "postal_code", "country"]), st.text(max_size=30)
)
RECORD = st.fixed_dictionaries(
    {
        **dict.fromkeys(["kind", "given_name", "middle_name", "family_name", "name_suffix", "title", "organisation"], TEXT),
        **dict.fromkeys(["email", "phone", "tax_id", "birth_date", "country", "website"], TEXT),
        "emails": st.one_of(TEXT, TEXTS), "phones": st.one_of(TEXT, TEXTS),
        "billing_address": st.one_of(TEXT, ADDRESS.map(json.dumps)),
        "addresses": st.one_of(TEXT, st.lists(ADDRESS, max_size=6).map(json.dumps)),
    }
)  # fmt: skip


@given(records=st.lists(RECORD, min_size=1, max_size=3))
def test_any_text_makes_a_profile_that_packs(records):
    frame = pl.DataFrame(
        [{"link": place, **record} for place, record in enumerate(records)],
        schema={"link": pl.Int64, **dict.fromkeys(records[0], pl.String)},
    )
    found = profiles(frame, region="DE", match=MatchConfig())

    assert unpacked(packed(found), found["link"]).equals(found)
    assert found["link"].to_list() == frame["link"].to_list()
    assert candidate_keys(found, salt="s").is_unique().all()
    assert set(terms(found, salt="s")["link"]) <= set(frame["link"])
    one, other = next(each(found)), list(each(found))[-1]
    assert veto_of(one, other) == veto_of(other, one)
