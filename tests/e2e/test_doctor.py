"""`bulkcancel doctor` on set-ups that are well, and broken in one way each."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest
from rigging import ACCOUNT, Ran, Rig


def states(ran: Ran) -> dict[str, str]:
    """Return how each check came out, by its name."""
    return {check["name"]: check["state"] for check in json.loads(ran.out)}


def test_a_set_up_that_is_well(rig: Rig) -> None:
    """Everything is ok, the API was asked once, and no cancel was sent."""
    rig.serve()
    ran = rig.call("doctor", *rig.aim(), "--json")
    assert ran.code == 0, ran.out
    assert set(states(ran).values()) == {"ok"}
    seen = rig.server.ledger.summary()
    assert (seen.requests, seen.puts) == (1, 0)
    assert "token and account pass" in rig.call("doctor", *rig.aim()).out


@pytest.mark.parametrize(
    ("fault", "name", "code", "said"),
    [
        ("401", "token", 6, "refuses it"),
        ("redirect:302", "API", 5, "not the API"),
        ("html", "API", 5, "not well, or not the API"),
        ("500", "API", 5, "not well, or not the API"),
    ],
)
def test_an_api_that_is_not_well(rig: Rig, fault: str, name: str, code: int, said: str) -> None:
    """What answers is named, with the exit code that a run would have had."""
    rig.serve(f"{fault}/GET")
    ran = rig.call("doctor", *rig.aim(), "--json")
    assert ran.code == code, ran.out
    assert states(ran)[name] == "wrong"
    assert said in ran.out


def test_an_api_without_reads_is_a_warning(rig: Rig) -> None:
    """A run can go without; it is said what that means."""
    rig.serve(read_available=False)
    ran = rig.call("doctor", *rig.aim(), "--json")
    assert ran.code == 0
    assert states(ran)["API"] == "warning"
    assert "offers no read" in ran.out


def test_nobody_at_home(rig: Rig) -> None:
    """A port where nobody listens, and a name that does not exist."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/api/v2"
        ran = rig.call("doctor", "--base-url", url, "--account", ACCOUNT, "--json")
    assert ran.code == 5
    assert states(ran)["network"] == "wrong"
    name = "https://nobody.invalid/api/v2"
    ran = rig.call("doctor", "--base-url", name, "--account", ACCOUNT, "--json")
    assert ran.code == 5
    assert states(ran)["network"] == "wrong"


def test_without_target_and_token(rig: Rig) -> None:
    """All that is missing is said at once, not one thing after the other."""
    environment = {name: text for name, text in rig.environment().items() if "TOKEN" not in name}
    ran = rig.call("doctor", "--json", environment=environment)
    assert ran.code == 2
    assert states(ran)["settings"] == "wrong"
    assert states(ran)["token"] == "wrong"
    assert "--base-url and --account: required" in ran.out


def test_settings_out_of_bounds(rig: Rig) -> None:
    """The setting is named; the machine is looked at all the same."""
    ran = rig.call(
        "doctor", "--base-url", "http://example.invalid/x", "--account", ACCOUNT, "--json"
    )
    assert ran.code == 2
    assert "would send the token in the clear" in ran.out
    assert states(ran)["journal"] == "ok"


def test_folders_that_can_not_be_written(rig: Rig) -> None:
    """The reports' folder and the state folder; a file stands in the way, since root may all."""
    rig.serve()
    (rig.path / "blocked").write_text("")
    environment = rig.environment(XDG_STATE_HOME=str(rig.path / "blocked"))
    reports = str(rig.path / "blocked" / "reports")
    ran = rig.call("doctor", *rig.aim(), "--reports", reports, "--json", environment=environment)
    assert ran.code == 7
    found = states(ran)
    assert (found["journal"], found["locks"]) == ("wrong", "wrong")


def test_variables_that_are_ignored_are_listed(rig: Rig) -> None:
    """Matrix row 58: proxies and certificate stores of the environment do nothing here."""
    rig.serve()
    environment = rig.environment(HTTPS_PROXY="http://127.0.0.1:1", SSL_CERT_FILE=os.devnull)
    ran = rig.call("doctor", *rig.aim(), "--json", environment=environment)
    assert ran.code == 0
    assert states(ran)["environment"] == "warning"
    assert "HTTPS_PROXY, SSL_CERT_FILE" in ran.out
    assert not Path(rig.path / "reports").exists(), "a look leaves nothing behind"
