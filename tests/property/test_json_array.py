"""Equal sets are equal texts, whoever writes them."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from customer_sync.core.mapping.structure import canonical_list
from customer_sync.kernel.frames import json_array, json_elements

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_the_list_lens_and_the_golden_value_write_the_same(values):
    frame = pl.DataFrame({"v": [values]}, schema={"v": pl.List(pl.String)})

    text = frame.select(json_array("v")).item()

    assert text == canonical_list(values)
    assert set(pl.DataFrame({"v": [text]}).select(json_elements("v")).item()) == set(values)
