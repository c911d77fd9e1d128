"""Sync, status, verify and what follows, at the command line."""

import csv
import os
import signal
import subprocess
import sys
import time

import psycopg

from customer_sync.store.ownership import schema_name


def test_the_starter_runs_as_it_is_and_ends_in_agreement(desk):
    ran = desk.run("sync")

    assert ran.code == 0
    assert "Everything agrees: 10 customers" in ran.out
    assert desk.run("status").code == 0
    assert desk.run("verify", "--json").json["accuracy"] == 1.0
    assert desk.crm()["C-1009"]["phone"] == "+4930901820"  # the customer entered twice
    assert desk.crm()["C-1001"]["phone"] == "030 901820"  # says the same already
    assert desk.shop("SELECT phone FROM customers WHERE first = 'Anna'") == [("+4930901820",)]


def test_the_starters_invalid_email_comes_in_as_its_comment_says(desk):
    desk.run("sync")
    where = """    where: "email is null or email like '%_@_%'"\n"""
    desk.edit_file("systems/crm.yaml", where, "")

    first = desk.run("sync")
    rejects = desk.run("rejects", "--json").json
    told = desk.run("rejects").out
    desk.edit_crm("kwame.mensah(at)accra", "kwame.mensah@accra")
    second = desk.run("sync")

    assert first.code == 3
    assert [(one["record"], one["field"], one["code"]) for one in rejects] == [
        ("C-1010", "email", "email_invalid")
    ]
    assert "accra" not in first.out + first.err
    assert told.count("Correct it at its source.") == 1
    assert second.code == 0


def test_an_edit_on_either_side_reaches_the_other(desk):
    desk.run("sync")
    desk.edit_crm("García Márquez", "García Ruiz")
    desk.shop("UPDATE customers SET phone = '+46850829111' WHERE first = 'Emma'")

    ran = desk.run("sync")

    assert ran.code == 0
    assert desk.shop("SELECT last FROM customers WHERE first = 'José'") == [("García Ruiz",)]
    assert "+46850829111" in {row["phone"] for row in desk.crm().values()}


def test_a_stream_alone_is_read_and_what_waits_is_still_delivered(desk):
    desk.run("sync")
    desk.edit_crm("García Márquez", "García Ruiz")
    desk.shop("UPDATE customers SET last = 'Johansson Berg' WHERE first = 'Emma'")

    ran = desk.run("sync", "--stream", "shop.customers")

    assert ran.code == 0
    assert "Johansson Berg" in {row["last_name"] for row in desk.crm().values()}
    assert desk.shop("SELECT last FROM customers WHERE first = 'José'") == [("García Márquez",)]


def test_a_changed_folder_is_published_by_sync_unless_told_not_to(desk):
    desk.run("sync")
    desk.edit_file("workspace.yaml", "default: most_recent", "default: ledger_wins")

    kept = desk.run("sync", "--no-publish", "--json").json["status"]["configuration"]
    moved = desk.run("sync", "--json").json["status"]["configuration"]

    assert (kept, moved) == (1, 2)


def test_one_system_that_is_down_stops_only_itself(desk):
    desk.run("sync")
    (desk.folder / "data" / "shop.sqlite").rename(desk.folder / "data" / "away.sqlite")
    desk.edit_crm("Anna,Müller,Alpen", "Annika,Müller,Alpen")

    ran = desk.run("sync", "--json")

    assert ran.code == 3
    assert ran.json["agreed"] is False
    assert "shop.customers" in {one["stream"] for one in ran.json["failures"]}
    (desk.folder / "data" / "shop.sqlite").unlink(missing_ok=True)
    (desk.folder / "data" / "away.sqlite").rename(desk.folder / "data" / "shop.sqlite")
    assert desk.run("retry").code == 3  # nothing was read of the shop yet since it failed
    assert desk.run("sync").code == 0
    assert desk.shop("SELECT first FROM customers WHERE id = 1") == [("Annika",)]


def test_agreement_is_not_claimed_with_a_file_that_cannot_be_read(desk):
    desk.run("sync")
    path = desk.folder / "data" / "crm.csv"
    path.unlink()
    path.mkdir()

    ran = desk.run("sync")

    assert ran.code == 3
    assert "Not everything agrees" in ran.out
    assert "Everything agrees" not in ran.out
    assert "What to do: " in ran.out


def test_progress_is_one_line_a_stream_where_no_terminal_is_and_json_stays_clean(desk):
    ran = desk.process("sync")
    again = desk.process("status", "--json")

    assert ran.code == 0
    assert "crm.contacts: 9 records" in ran.err
    assert "\x1b[" not in ran.out + ran.err
    assert again.json["agreed"] is True
    assert again.err == ""


def test_lists_are_bounded_and_say_that_there_is_more(desk):
    desk.run("sync")

    ran, found = (
        desk.run("customers", "--limit", "3"),
        desk.run("customers", "--search", "MÜLLER anna", "--json"),
    )

    assert ran.out.count("\n") == 5
    assert "--limit 30" in ran.out
    assert [one["email"] for one in found.json] == ["anna.mueller@alpen.example"]
    assert desk.run("customers", "--search", "100%", "--json").json == []


def test_show_why_and_audit_tell_one_customers_story(desk):
    desk.run("sync")
    number = str(desk.run("customers", "--search", "josé", "--json").json[0]["customer"])

    shown = desk.run("show", number, "--json").json
    why = desk.run("why", number, "email", "--json").json
    events = desk.run("audit", "--customer", number, "--json").json

    assert {link["system"] for link in shown["links"]} == {"crm", "shop"}
    assert why["value"] == "jose.garcia@sol.example"
    assert {"record.linked"} <= {event["kind"] for event in events}
    assert "jose" not in str(events)
    assert desk.run("show", "999999").code == desk.run("why", number, "emial").code - 1 == 1


def test_show_and_why_say_of_a_role_mailbox_that_it_recognises_nobody(desk):
    by_keys(desk)
    desk.edit_crm("anna.mueller@alpen.example", "info@alpen.example")
    desk.run("sync")
    number = str(desk.run("customers", "--search", "info@alpen", "--json").json[0]["customer"])

    shown, why = desk.run("show", number), desk.run("why", number, "email")

    assert desk.run("show", number, "--json").json["nobody"] == ["email"]
    assert desk.run("why", number, "email", "--json").json["is_nobody"] is True
    assert "recognises nobody" in shown.out
    assert "recognises nobody" in why.out


def test_customers_go_to_a_file_whole(desk, tmp_path):
    desk.run("sync")

    ran = desk.run("customers", "export", str(tmp_path / "all.csv"))

    with (tmp_path / "all.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert ran.code == 0
    assert len(rows) == 10
    assert {row["family_name"] for row in rows} >= {"山田", "O'Brien", "García Márquez"}
    assert not list(tmp_path.glob(".*unfinished"))


# -- the crosswalk ----------------------------------------------------------------------------------


def test_links_come_back_as_they_went_out(desk, tmp_path):
    desk.run("sync")
    path = tmp_path / "links.csv"
    desk.run("links", "export", str(path))

    ran = desk.run("links", "import", str(path), "--json")

    assert path.read_text().startswith("system,stream,external_id,customer_id\n")
    assert ran.code == 0
    assert ran.json == {"rows": 21, "tied": 0, "already": 21, "refused": []}


def test_what_another_tool_knew_ties_records_that_nothing_else_would(desk, tmp_path):
    """Pain 3: a crosswalk of one's own survives a change of tools."""
    desk.run("publish")
    path = tmp_path / "links.csv"
    path.write_text(
        "system,stream,external_id,customer_id\n"
        "crm,contacts,C-1006,acme-77\n"
        "shop,customers,5,acme-77\n"
        "crm,contacts,C-9999,acme-78\n"
        "crm,leads,1,acme-77\n"
        "crm,contacts,C-1006,acme-79\n"
    )

    ran = desk.run("links", "import", str(path), "--json")
    desk.run("sync")
    desk.run("links", "export", str(path))

    owners = {tuple(row[:3]): row[3] for row in csv.reader(path.read_text().splitlines())}
    assert owners["crm", "contacts", "C-1006"] == owners["shop", "customers", "5"]
    assert ran.code == 3
    assert ran.json["tied"] == 2
    assert [one["line"] for one in ran.json["refused"]] == [4, 5, 6]


def test_a_file_that_is_no_crosswalk_is_refused_whole(desk, tmp_path):
    desk.run("publish")
    (tmp_path / "links.csv").write_text("a;b\n1;2\n")

    ran = desk.run("links", "import", str(tmp_path / "links.csv"))

    assert ran.code == 2
    assert "system,stream,external_id,customer_id" in ran.err


# -- reviews ----------------------------------------------------------------------------------------


def by_keys(desk):
    """Let exact keys alone decide whose a record is."""
    desk.edit_file("workspace.yaml", "currency: EUR\n", "currency: EUR\nmatch: {method: exact}\n")


def doubtful(desk):
    """One e-mail address, two names that stand against each other, where keys decide."""
    by_keys(desk)
    desk.run("sync")
    desk.shop(
        "INSERT INTO customers (email_address, first, last) VALUES ('liam.obrien@shamrock.example', 'Bridget', 'Kelly')"
    )
    ran = desk.run("sync")
    assert ran.code == 3
    return desk.run("reviews", "--json").json[0]


def test_a_possible_duplicate_is_asked_and_separate_makes_a_customer_of_its_own(desk):
    review = doubtful(desk)

    ran = desk.run("reviews", "decide", str(review["id"]), "separate")

    assert review["kind"] == "possible_duplicate"
    assert review["answers"] == ["same", "separate"]
    assert ran.code == 0
    assert desk.run("reviews", "--json").json == []
    assert (
        desk.run("customers", "--search", "Bridget Kelly", "--json").json[0]["given_name"]
        == "Bridget"
    )
    assert desk.run("sync").code == 0
    assert desk.run("reviews", "decide", str(review["id"]), "same").code == 1


def test_a_possible_duplicate_decided_the_same_is_one_customer(desk):
    review = doubtful(desk)

    ran = desk.run("reviews", "decide", str(review["id"]), "same")

    assert ran.code == 0
    shown = desk.run("show", str(review["customers"][0]), "--json").json
    assert sorted(link["system"] for link in shown["links"]) == ["crm", "shop", "shop"]
    assert desk.run("sync").code == 0
    assert desk.run("reviews", "decide", "999", "same").code == 1


def test_a_mass_deletion_waits_for_approval(desk):
    """Pain 26: an emptied listing deletes nothing by itself."""
    desk.run("sync")
    desk.edit_file(
        "workspace.yaml", "delete_max_percent: 5", "delete_max_percent: 5\n  delete_min: 1"
    )
    desk.shop("DELETE FROM customers WHERE id > 5")

    ran = desk.run("sync")
    review = desk.run("reviews", "--json").json[0]
    wrong = desk.run("reviews", "decide", str(review["id"]), "same")
    before = desk.run("status", "--json").json["streams"]
    decided = desk.run("reviews", "decide", str(review["id"]), "approve")
    after = desk.run("status", "--json").json["streams"]
    told = [desk.run("status").out.splitlines()[0]]

    assert ran.code == 3
    assert review["kind"] == "mass_delete"
    assert "gone" in told[0].split()
    assert "out" not in told[0].split()
    assert wrong.code == 2
    assert before[1]["links"] == {"live": 10}
    assert decided.code == 0
    assert after[1]["links"]["gone"] == 5


def test_an_emptied_file_deletes_nothing_and_is_asked_about(desk):
    """Pain 26, and no agreement is claimed with a file that has nothing in it."""
    desk.run("sync")
    path = desk.folder / "data" / "crm.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.split("\n", 1)[0] + "\n", encoding="utf-8")

    planned = desk.run("plan")
    ran = desk.run("sync")
    again = desk.run("sync")
    kinds = [review["kind"] for review in desk.run("reviews", "--json").json]
    streams = desk.run("status", "--json").json["streams"]
    path.write_text(text, encoding="utf-8")

    assert "were 11 records of crm.contacts" in planned.out
    assert "Nothing would change" not in planned.out
    assert (ran.code, again.code) == (3, 3)
    assert kinds == ["mass_delete"]
    assert {one["system"]: one["agreed"] for one in streams} == {"crm": False, "shop": True}
    assert desk.run("sync").code == 0
    assert len(desk.shop("SELECT * FROM customers")) == 10


# -- several at once, and interrupted ---------------------------------------------------------------


def test_two_syncs_at_once_make_no_duplicate(desk):
    desk.run("publish")
    both = [desk.start("sync"), desk.start("sync")]

    codes = [process.wait(120) for process in both]
    last = desk.run("sync")

    assert set(codes) <= {0, 3}
    assert last.code == 0
    assert len(desk.run("customers", "--json").json) == 10
    assert desk.shop("SELECT count(*), count(DISTINCT email_address) FROM customers") == [(10, 10)]
    assert len(desk.crm()) == 12


def test_ctrl_c_leaves_everything_consistent_and_says_how_to_go_on(desk, pg_dsn):
    desk.run("publish")
    schema = schema_name(desk.run("check", "--json").json["workspace"])
    with psycopg.connect(
        pg_dsn
    ) as blocker:  # absorbing waits for this lock, so the moment is known
        blocker.execute(f"LOCK TABLE {schema}.batch IN ACCESS EXCLUSIVE MODE")
        process = desk.start("sync")
        deadline = time.monotonic() + 60
        with psycopg.connect(pg_dsn, autocommit=True) as watcher:
            # Other tests wait on this server too: what counts is who waits for this table.
            waiting = f"SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '{schema}.batch'::regclass"
            while not watcher.execute(waiting).fetchone()[0]:
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "goes on where it stopped" in err
    assert "Traceback" not in err
    assert desk.run("sync").code == 0
    assert len(desk.run("customers", "--json").json) == 10


def test_without_any_setting_the_workspace_brings_its_own_database(tmp_path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CUSTOMER_SYNC_")}

    def run(*arguments, cwd=tmp_path):
        return subprocess.run(
            [sys.executable, "-m", "customer_sync", *arguments], cwd=cwd, env=environment,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    run("init", "acme")
    synced = run("sync", cwd=tmp_path / "acme")
    status = run("status", cwd=tmp_path / "acme" / "data")  # found from below, too

    assert synced.returncode == status.returncode == 0, synced.stderr + status.stderr
    assert (tmp_path / "acme" / ".customer-sync" / "pg" / "cluster").is_dir()
    assert ".customer-sync/" in (tmp_path / "acme" / ".gitignore").read_text()


def test_ctrl_c_amid_a_large_load_leaves_it_sound_and_the_next_sync_ends_it(desk, pg_dsn):
    by_keys(desk)  # 20,000 whose names differ by a number alone are 20,000 questions
    desk.edit_file("systems/shop.yaml", "    create: true\n", "")
    rows = [f"D-{n},p{n}@firm.example,Ann,Lee{n},,,DE,de,\n" for n in range(20_000)]
    with (desk.folder / "data" / "crm.csv").open("a", encoding="utf-8") as file:
        file.writelines(rows)
    desk.run("publish")
    schema = schema_name(desk.run("check", "--json").json["workspace"])
    process = desk.start("sync")
    deadline = time.monotonic() + 100
    with psycopg.connect(pg_dsn, autocommit=True) as watcher:
        while not watcher.execute(f"SELECT count(*) FROM {schema}.batch").fetchone()[0]:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    process.communicate(timeout=60)

    assert process.returncode == 130
    assert time.monotonic() - begun < 15
    assert desk.run("doctor").code == 0
    assert desk.run("sync").code == 0
    assert len(desk.run("customers", "--json", "--limit", "30000").json) == 20_010


def test_status_goes_on_telling_what_could_not_be_read(desk):
    crm = desk.folder / "data" / "crm.csv"
    assert desk.run("sync").code == 0
    crm.rename(crm.with_suffix(".away"))
    synced = desk.run("sync")

    shown, told = desk.run("status"), desk.run("status", "--json")

    assert (synced.code, shown.code, told.code) == (3, 3, 3)
    assert "crm.contacts: could not be read since" in shown.out
    assert {one["system"]: one["failure"] is None for one in told.json["streams"]} == {
        "crm": False, "shop": True,
    }  # fmt: skip

    crm.with_suffix(".away").rename(crm)

    assert desk.run("sync").code == 0
    assert desk.run("status").code == 0


def test_a_row_that_could_not_be_read_is_forgotten_once_the_file_is_mended(desk):
    path = desk.folder / "data" / "crm.csv"
    desk.run("sync")
    whole = path.read_text(encoding="utf-8")
    key = whole.splitlines()[1].split(",")[0]
    path.write_text(f"{whole}{key},\n", encoding="utf-8")
    torn = desk.run("sync", "--json")
    path.write_text(whole, encoding="utf-8")

    mended = desk.run("sync", "--json")

    assert torn.code == 3
    assert mended.code == 0, mended.out
    assert desk.run("rejects", "--json").json == []


def test_who_closes_the_output_hears_nothing_more_and_gets_a_code_of_its_own(desk):
    desk.run("sync")
    process = desk.start("customers", "--json")
    process.stdout.close()

    complaint = process.stderr.read()

    assert (process.wait(), complaint) == (141, "")
