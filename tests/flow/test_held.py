"""Records held for a review: looked at again when what was doubtful about them has changed."""

from collections.abc import Callable

from tests.flow.conftest import World

from customer_sync.store import rejects

ADA = {"email": "al@acme.dev", "first": "Ada", "last": "Lovelace", "phone": "+493012345601"}
CARL = {"email": "al@acme.dev", "first": "Carl", "last": "Gauss", "phone": "+493012345602"}


def _held(world: World) -> list[str]:
    rows = world.rows(
        "SELECT external_id FROM reject WHERE code = 'identity_doubtful' AND resolved_at IS NULL"
    )
    return [str(row[0]) for row in rows]


def _doubtful(world: Callable[..., World]) -> tuple[World, str]:
    """Two people who share a mailbox: the second is held."""
    company = world("crm", "shop", workspace={"match": {"method": "exact"}})
    company.platforms["crm"].create("contacts", **ADA)
    company.sync()
    held = company.platforms["shop"].create("contacts", **CARL)
    company.sync()
    assert _held(company) == [held]
    return company, held


def test_a_held_record_finds_its_customer_once_the_other_no_longer_shares_its_key(
    world: Callable[..., World],
) -> None:
    company, _ = _doubtful(world)
    company.platforms["crm"].edit("contacts", company.only("crm"), email="ada@acme.dev")
    company.sync()  # brings the new address to the shop too: only then nobody else has the old one
    company.sync()

    assert _held(company) == []
    owners = company.rows("SELECT count(DISTINCT customer) FROM link WHERE state = 0")
    assert owners == [(2,)]
    assert company.rows("SELECT decision FROM review") == [("resolved by itself",)]


def test_a_held_record_is_looked_at_again_only_after_something_has_changed(
    world: Callable[..., World],
) -> None:
    company, held = _doubtful(world)
    shop = next(one for one in company.rules.connected if one.system == "shop")

    def due() -> list[str]:
        with company.db.transaction() as tx:
            return rejects.doubtful(tx, shop.id, shop.title, limit=10)

    assert due() == []
    company.sql("UPDATE link SET shown = shown + 100 WHERE stream <> %s", shop.id)
    assert due() == [held]


def test_nobody_is_asked_about_a_held_record_that_is_gone(world: Callable[..., World]) -> None:
    company, held = _doubtful(world)
    company.platforms["shop"].delete("contacts", held)
    company.platforms["crm"].edit("contacts", company.only("crm"), phone="+493012345699")
    company.sync()

    assert _held(company) == []
    assert company.rows("SELECT decision FROM review") == [("withdrawn",)]
