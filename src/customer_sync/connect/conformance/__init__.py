"""The conformance kit: what every connector must prove, for its author to inherit.

    class TestShop(ConformanceSuite):
        without = ("merge", "duplicate")   # what the platform cannot be made to do in a test

        @pytest.fixture
        def subject(self) -> Subject:
            return Subject(connector=..., driver=standard_driver(), stream="contacts", ...)

Each test asks what the stream declares in its capabilities and holds it to that; what is not
declared must be refused. Tests of what the platform cannot be made to do are not generated at all,
and a test checks that ``without`` says the truth, so nothing is left out silently. The kit knows no
system.
"""

import sys

_PARTS = ("changing", "doubting", "reading", "subject", "writing")

if "pytest" in sys.modules:  # so that a failed assertion shows its values
    sys.modules["pytest"].register_assert_rewrite(*(f"{__name__}.{part}" for part in _PARTS))

from customer_sync.connect.conformance.changing import ChangingSuite  # noqa: E402
from customer_sync.connect.conformance.doubting import DoubtingSuite  # noqa: E402
from customer_sync.connect.conformance.reading import ReadingSuite  # noqa: E402
from customer_sync.connect.conformance.subject import TEXTS, Subject  # noqa: E402
from customer_sync.connect.conformance.writing import WritingSuite  # noqa: E402

__all__ = ["TEXTS", "ConformanceSuite", "Subject"]


class ConformanceSuite(ReadingSuite, ChangingSuite, WritingSuite, DoubtingSuite):
    """Everything a connector must prove; inherit it and give the fixture ``subject``."""
