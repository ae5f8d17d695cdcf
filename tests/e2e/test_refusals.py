"""What is refused: one clear sentence, the right exit code, and nothing sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from rigging import ACCOUNT, TOKEN, Rig, make_ids


def nothing_was_sent(rig: Rig) -> bool:
    """Say whether the server saw nothing at all."""
    return rig.server.ledger.summary().requests == 0


@pytest.mark.parametrize(
    ("header", "rows", "more", "words"),
    [
        ("order", ["1"], (), "no column is named allocation_id"),
        ("allocation_id,allocationId", ["a,b"], (), "allocationId"),
        ("allocation_id", ["62ff5c0b"], (), "8 characters instead of 24"),
        ("allocation_id", ["6.2E+23"], (), "looks like a number that a spreadsheet rounded"),
        ("allocation_id", [f'"{make_ids(1)[0]},{make_ids(2)[1]}"'], (), "comma"),
        ("allocation_id", ["../admin"], ("--id-pattern", ".+"), "slash"),
        ("allocation_id", [make_ids(1)[0]], ("--id-column", "id"), "--id-column"),
        ("allocation_id", [make_ids(1)[0]], ("--rate", "0"), "--rate is 0"),
        ("allocation_id", [make_ids(1)[0]], ("--verify-after", "60,5"), "--verify-after"),
        ("allocation_id", [make_ids(1)[0]], ("--run-id", "../x"), "not fit for a folder"),
        ("allocation_id", [make_ids(1)[0]], ("--frobnicate",), "No such option '--frobnicate'"),
    ],
)
def test_input_and_options(
    rig: Rig, header: str, rows: list[str], more: tuple[str, ...], words: str
) -> None:
    """A bad input or option ends with 2, says what and where, and sends nothing."""
    rig.serve()
    ran = rig.run(rig.write(rows, header=header), *more)
    assert ran.code == 2
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""
    assert nothing_was_sent(rig)
    assert not (rig.path / "reports" / "night").exists()


def test_every_bad_row_is_named(rig: Rig) -> None:
    """The first twenty bad rows stand on standard error, all of them in a file that is named."""
    rig.serve()
    ran = rig.run(rig.write([f"bad{number}" for number in range(30)]))
    assert ran.code == 2
    assert "row 2," in ran.err
    assert "row 21," in ran.err
    assert "row 22," not in ran.err
    (listing,) = (rig.path / "reports").glob("refused-ids-*.csv")
    assert f"reports/{listing.name}" in ran.err
    assert len(listing.read_text().splitlines()) == 31
    assert nothing_was_sent(rig)


def test_missing_file(rig: Rig) -> None:
    """An input that is not there."""
    rig.serve()
    ran = rig.run("nowhere.csv")
    assert (ran.code, "there is no such file" in ran.err) == (2, True)
    assert nothing_was_sent(rig)


def test_no_token(rig: Rig) -> None:
    """Without a token nothing begins."""
    rig.serve()
    environment = rig.environment()
    del environment["BULKCANCEL_TOKEN"]
    source = rig.write(make_ids(1))
    ran = rig.call("run", str(source), *rig.aim(), "--yes", environment=environment)
    assert ran.code == 2
    assert "BULKCANCEL_TOKEN" in ran.err
    assert nothing_was_sent(rig)


def test_a_refused_token_ends_with_6_and_resumes(rig: Rig) -> None:
    """A wrong token stops at once, is shown nowhere, and a resume with a right one finishes."""
    rig.serve()
    wanted = make_ids(200)
    source = rig.write(wanted)
    wrong = rig.environment(BULKCANCEL_TOKEN="sentinel-wrong-77aa")
    words = ("run", str(source), *rig.aim(), "--yes", "--run-id", "night", "--verbose")
    ran = rig.call(*words, environment=wrong)
    assert ran.code == 6, ran.err
    assert "The API refuses the token" in ran.err
    assert "sentinel-wrong-77aa" not in ran.out + ran.err
    assert rig.server.ledger.summary().puts <= 16
    rig.check(wanted)
    assert rig.call("resume", "night", "--rate", "2000").code == 0
    rig.check(wanted)


def test_a_newer_token_in_the_file_is_taken(rig: Rig) -> None:
    """When the token is refused, its file is read again once; a newer one in it carries on."""
    rig.serve("401=1+5..6")
    wanted = make_ids(20)
    file = rig.path / "token"
    file.write_text(TOKEN)
    source = rig.write(wanted)
    words = ("run", str(source), *rig.aim(), "--yes", "--run-id", "night", "--concurrency", "1")
    same = rig.call(*words, "--token-file", str(file))
    assert same.code == 6, "the file holds no newer token"
    file.unlink()
    assert rig.call("resume", "night", "--rate", "2000").code == 0
    assert rig.rows()[5]["attempts"] == "2"
    rig.check(wanted)


def test_a_wrong_base_url_is_not_called_not_found(rig: Rig) -> None:
    """A 404 page from something that is not the API stops the run; nothing is `not_found`."""
    rig.serve()
    wanted = make_ids(100)
    wrong = rig.server.url.replace("/api/v2", "/api/v1")
    source = rig.write(wanted)
    words = ("run", str(source), "--base-url", wrong, "--account", ACCOUNT, "--yes")
    ran = rig.call(*words, "--run-id", "night")
    assert ran.code == 5, ran.err
    assert "wrong base URL, or a proxy" in ran.err
    outcomes = rig.summary()["outcomes"]
    assert outcomes["not_found"] == 0
    assert outcomes["cancelled"] == 0
    assert rig.server.ledger.summary().effects == 0


@pytest.mark.parametrize("url", ["http://example.com/api/v2", "ftp://127.0.0.1/x", "host/api/v2"])
def test_a_base_url_that_cannot_be(rig: Rig, url: str) -> None:
    """The token is not sent in the clear to another host, and nonsense is named."""
    source = rig.write(make_ids(1))
    ran = rig.call("run", str(source), "--base-url", url, "--account", ACCOUNT, "--yes")
    assert ran.code == 2
    assert url in ran.err


def test_off_a_terminal_the_number_must_be_said(rig: Rig) -> None:
    """Without a terminal a run wants --yes, or --confirm with the right number."""
    rig.serve()
    source = rig.write(make_ids(3))
    asked = rig.call("run", str(source), *rig.aim())
    assert asked.code == 2
    assert "--confirm 3" in asked.err
    wrong = rig.call("run", str(source), *rig.aim(), "--confirm", "4")
    assert wrong.code == 2
    assert "3 allocations" in wrong.err
    assert nothing_was_sent(rig)
    assert rig.call("run", str(source), *rig.aim(), "--confirm", "3").code == 0


def test_a_run_id_is_not_used_twice(rig: Rig) -> None:
    """A second run under the same name is refused and points to resume."""
    rig.serve()
    source = rig.write(make_ids(3))
    assert rig.run(source).code == 0
    again = rig.run(source)
    assert again.code == 2
    assert "bulkcancel resume night" in again.err
    assert rig.server.ledger.summary().puts == 3


@pytest.mark.parametrize("command", ["resume", "report"])
def test_there_is_no_such_run(rig: Rig, command: str) -> None:
    """A run that is not there is named with the places looked at."""
    ran = rig.call(command, "nosuch")
    assert ran.code == 2
    assert "There is no run nosuch" in ran.err


def test_a_damaged_journal(rig: Rig) -> None:
    """A journal that is not one is refused with 7, and nothing is sent."""
    rig.serve()
    assert rig.run(rig.write(make_ids(3))).code == 0
    before = rig.server.ledger.summary().requests
    journal: Path = rig.folder() / "journal.sqlite"
    journal.write_bytes(b"not a journal" + journal.read_bytes()[13:])
    ran = rig.call("resume", "night")
    assert ran.code == 7
    assert "journal" in ran.err
    assert rig.server.ledger.summary().requests == before


def test_plan_sends_nothing(rig: Rig) -> None:
    """A plan says what would be sent, and sends nothing."""
    rig.serve()
    ran = rig.call("plan", str(rig.write(make_ids(50))), *rig.aim())
    assert ran.code == 0, ran.err
    assert "50 allocations" in ran.out
    assert "Nothing was sent." in ran.out
    assert nothing_was_sent(rig)
