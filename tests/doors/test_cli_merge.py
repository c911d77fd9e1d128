"""Merging customers and taking it back at the command line."""


def customer(desk, words):
    return desk.run("customers", "--search", words, "--json").json[0]["customer"]


def owners(desk, path):
    desk.run("links", "export", str(path))
    return sorted(path.read_text("utf-8").splitlines())


def test_one_customer_goes_into_another_and_back(desk, tmp_path):
    desk.run("sync")
    goes, stays = customer(desk, "josé"), customer(desk, "ann")
    before = owners(desk, tmp_path / "before.csv")

    joined = desk.run("merge", str(goes), str(stays))
    told = desk.run("show", str(goes), "--json").json
    again = desk.run("merge", str(goes), str(stays))
    apart = desk.run("unmerge", str(goes), "--by", "eve", "--json")
    after = owners(desk, tmp_path / "after.csv")

    assert joined.code == 0
    assert f"To take it back: customer-sync unmerge {goes}" in joined.out
    assert told["customer"] == stays
    assert (again.code, apart.code) == (1, 0)
    assert "are one already" in again.err
    assert apart.json["agreed"] is True
    assert (apart.json["customer"], apart.json["other"]) == (goes, stays)
    assert after == before


def test_what_cannot_be_merged_or_taken_back_is_told(desk):
    desk.run("sync")
    known = customer(desk, "ann")

    nobody = desk.run("merge", "987654", str(known))
    never = desk.run("unmerge", str(known))

    assert (nobody.code, never.code) == (1, 1)
    assert "there is no customer 987654" in nobody.err
    assert "was not merged into another one" in never.err


def likely(desk):
    """Liam again, by his names alone: too little to be sure where nobody knows whether they are rare."""
    desk.run("sync")
    desk.shop(
        "INSERT INTO customers (email_address, first, last) VALUES ('l.obrien@mail.example', 'Liam', 'O''Brien')"
    )
    ran = desk.run("sync")
    assert ran.code == 3
    (review,) = desk.run("reviews", "--json").json
    return review


def test_who_may_be_one_is_asked_compared_and_joined(desk):
    review = likely(desk)
    one, other = review["customers"]

    told = desk.run("compare", str(one), str(other))
    found = desk.run("compare", str(one), str(other), "--json").json
    decided = desk.run("reviews", "decide", str(review["id"]), "same")

    assert (review["kind"], review["answers"]) == ("duplicate_customer", ["same", "separate"])
    assert "left to a person" in told.out
    assert "the same given name: liam" in told.out
    assert found["verdict"] == "ask"
    assert found["review"] <= found["score"] < found["automatic"]
    assert f"score {found['score']:.3f}"[:9] in review["detail"]
    assert decided.code == 0
    assert desk.run("show", str(max(one, other)), "--json").json["customer"] == min(one, other)
    assert desk.run("sync").code == 0


def test_who_is_not_one_is_never_asked_about_again(desk):
    review = likely(desk)

    assert desk.run("reviews", "decide", str(review["id"]), "separate").code == 0

    assert desk.run("sync").code == 0
    assert desk.run("reviews", "--json").json == []
    told = desk.run("compare", *map(str, review["customers"]))
    assert "a steward said that they are not the same" in told.out


def test_what_cannot_be_compared_is_told(desk):
    desk.run("sync")
    known = str(customer(desk, "ann"))

    nobody, itself = (
        desk.run("compare", "987654", known),
        desk.run("compare", "crm.contacts/C-1001", "crm.contacts/C-1001"),
    )
    nowhere = desk.run("compare", "erp.contacts/1", known)

    assert (nobody.code, itself.code, nowhere.code) == (1, 1, 1)
    assert "there is no record '987654'" in nobody.err
    assert "one and the same record" in itself.err
    assert "there is no stream 'erp.contacts'" in nowhere.err
