"""How results look."""

import pytest

from customer_sync.cli.output import counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 questions"), (1, "1 question"), (2, "2 questions")]
)
def test_things_are_counted_as_people_say_it(number, said):
    assert counted(number, "question") == said
