"""The conformance kit against a real Tryton."""

from collections.abc import Iterator

import pytest
from tests.systems.tryton_world import STREAM, Erp, started

from customer_sync.connect.conformance import TEXTS, ConformanceSuite, Subject

pytestmark = pytest.mark.tryton

FIELDS = ("name", "email", "phone", "street", "city", "country", "tax_identifier", "active")


@pytest.fixture(scope="module")
def erp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Erp]:
    server = started(tmp_path_factory.mktemp("tryton"))
    running = Erp(server)
    yield running
    running.close()
    server.stop()


def example(number: int) -> dict[str, str | None]:
    return {
        "name": f"Party {number}",
        "email": f"party{number}@example.com",
        "phone": f"+4930123{number:03}",
        "street": f"Street {number}",
        "city": "Bonn",
        "country": "DE",
    }


def create(erp: Erp, fields: dict[str, str | None]) -> str:
    mechanisms = [
        {"type": type_, "value": fields[type_]} for type_ in ("email", "phone") if fields[type_]
    ]
    address = {
        "street": fields["street"],
        "city": fields["city"],
        "country": erp.country(str(fields["country"])),
    }
    return erp.create(
        fields["name"],
        contact_mechanisms=[["create", mechanisms]],
        addresses=[["create", [address]]],
    )


class TestTryton(ConformanceSuite):
    without = (
        "drop_field", "duplicate", "empty_listing", "pass_time", "retype_field", "stand_still",
    )  # fmt: skip

    @pytest.fixture
    def subject(self, erp: Erp) -> Subject:
        erp.clear()
        return Subject(
            connector=erp.shared_connector,
            driver=erp.driver,
            stream=STREAM,
            fields=FIELDS,
            example=example,
            text_field="name",
            texts=[text for text in TEXTS if "\n" not in text],  # Tryton refuses them in a name
            create=lambda fields: create(erp, dict(fields)),
            edit=lambda id_, fields: erp.edit(id_, **fields),
            delete=erp.delete,
            reconnect=erp.connector,
            bad={**example(1), "tax_identifier": "DE000000000"},
            merge=erp.merge,
            late_commit=lambda fields: erp.late_commit(lambda: create(erp, dict(fields))),
        )
