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
    id_ = erp.create(
        fields["name"],
        contact_mechanisms=[["create", mechanisms]],
        addresses=[["create", [address]]],
    )
    erp.freeze(id_)
    return id_


def edit(erp: Erp, id_: str, fields: dict[str, str | None]) -> None:
    erp.edit(id_, **fields)
    erp.freeze(id_)


class TestTryton(ConformanceSuite):
    # Fields of a party and its key belong to Tryton's code: nobody takes them away at run time.
    without = ("cap", "drop_field", "duplicate", "lack_field", "leave_scope", "retype_field")

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
            edit=lambda id_, fields: edit(erp, id_, dict(fields)),
            delete=erp.delete,
            reconnect=erp.connector,
            bad={**example(1), "tax_identifier": "DE000000000"},
            merge=erp.merge,
            empty_listing=erp.hidden,
            stand_still=erp.one_instant,
            pass_time=erp.pass_time,
            late_commit=lambda fields: erp.late_commit(lambda: create(erp, dict(fields))),
        )
