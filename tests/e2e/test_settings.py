"""Settings from flags, environment, project and user: who outranks whom, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rigging import ACCOUNT, Rig, make_ids

AIM = f'base-url = "http://127.0.0.1:9/api/v2"\naccount = "{ACCOUNT}"\n'


def write_user(rig: Rig, text: str) -> Path:
    """Write the user's own settings; return the file."""
    path = rig.path / "config" / "bulkcancel" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def show(rig: Rig, *words: str, **variables: str) -> dict[str, Any]:
    """Return what `config show` shows, by name."""
    environment = rig.environment(XDG_CONFIG_HOME=str(rig.path / "config"), **variables)
    ran = rig.call("config", "show", "--json", *words, environment=environment)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)["settings"]
    return found


def test_who_outranks_whom(rig: Rig) -> None:
    """Flag > environment > project > user, a profile above what stands outside of one."""
    user = write_user(
        rig,
        "rate = 1\ndrain = 1\ntimeout = 1\nwait-max = 1\nmax-time = 1\n"
        "[profile.night]\nmax-time = 2\nwait_initial = 2\n",
    )
    (rig.path / "bulkcancel.toml").write_text(
        "rate = 3\ndrain = 3\ntimeout = 3\n[profile.night]\nrate = 4\nverify-after = [1, 2.5]\n"
    )
    found = show(
        rig, "--profile", "night", "--timeout", "9", BULKCANCEL_DRAIN="7", BULKCANCEL_TIMEOUT="8"
    )
    origins = {name: (one["value"], one["origin"]) for name, one in found.items()}
    assert origins["timeout"] == (9.0, "command line")
    assert origins["drain"] == (7.0, "environment, BULKCANCEL_DRAIN")
    assert origins["rate"] == (4.0, "bulkcancel.toml [profile.night]")
    assert origins["verify_after"] == ([1.0, 2.5], "bulkcancel.toml [profile.night]")
    assert origins["wait_max"] == (1.0, str(user))
    assert origins["max_time"] == (2.0, f"{user} [profile.night]")
    assert origins["wait_initial"] == (2.0, f"{user} [profile.night]")
    assert origins["concurrency"] == (16, "default")
    assert show(rig)["rate"] == {"value": 3.0, "origin": "bulkcancel.toml"}


def test_secrets_are_masked(rig: Rig) -> None:
    """That there is a token is shown, and never which."""
    found = show(rig, BULKCANCEL_TOKEN="sentinel-of-settings", BULKCANCEL_CLIENT_SECRET="another")
    assert found["token"] == {"value": "***", "origin": "environment, BULKCANCEL_TOKEN"}
    assert found["client_secret"]["value"] == "***"
    assert "sentinel-of-settings" not in json.dumps(found)


@pytest.mark.parametrize(
    ("content", "words", "said"),
    [
        ("rat = 5", (), "bulkcancel.toml: there is no setting rat; did you mean rate?"),
        ("zzzz = 5", (), "there is no setting zzzz."),
        ("[profile.a]\nbase_urll = 'x'", (), "[profile.a]: there is no setting base_urll; did"),
        ("token = 'x'", (), "token is a secret, and no setting"),
        ("rate = 'x'", (), "bulkcancel.toml: rate can't be so: 'x' is not a valid float"),
        ("rate = [", (), "is not valid TOML"),
        ("rate = 5\nrate = 6", (), "is not valid TOML"),
        ("wait-max = 5\nwait_max = 6", (), "wait_max is set twice"),
        ("rate = {a = 1}", (), "rate has to be a text, a number"),
        ("yes = true", (), "there is no setting yes"),
        ("confirm = 5", (), "there is no setting confirm"),
        ("profile = 5", (), "profiles are tables"),
        ("[profile.night]\nrate = 5", ("--profile", "nigt"), "did you mean night?"),
        ("rate = 5", ("--profile", "night"), "There is no profile night in bulkcancel.toml"),
    ],
)
def test_a_wrong_setting_is_named(
    rig: Rig, content: str, words: tuple[str, ...], said: str
) -> None:
    """The file, the setting and the nearest right name; exit 2, nothing read, nothing sent."""
    (rig.path / "bulkcancel.toml").write_text(content + "\n")
    source = str(rig.write(make_ids(1)))
    aim = ("--base-url", "http://127.0.0.1:9/api/v2", "--account", ACCOUNT)
    ran = rig.call("plan", source, *aim, *words)
    assert ran.code == 2
    assert said in ran.err


def test_a_profile_is_needed_where_it_is_named(rig: Rig) -> None:
    """Without any file a profile is a mistake, and both places are named."""
    ran = rig.call("plan", str(rig.write(make_ids(1))), "--profile", "night")
    assert ran.code == 2
    assert "neither bulkcancel.toml nor" in ran.err


def test_required_options_may_come_from_a_file(rig: Rig) -> None:
    """A profile that names the target makes the command short."""
    (rig.path / "bulkcancel.toml").write_text(f"[profile.local]\n{AIM}")
    ran = rig.call("plan", str(rig.write(make_ids(3))), "--profile", "local")
    assert ran.code == 0, ran.err
    environment = {**rig.environment(), "BULKCANCEL_PROFILE": "local"}
    assert rig.call("plan", "ids.csv", environment=environment).code == 0


def test_a_resume_keeps_the_pace_of_its_run(rig: Rig) -> None:
    """A file's rate is for new runs: a run that was begun gently goes on so."""
    rig.serve()
    wanted = make_ids(20)
    ran = rig.run(rig.write(wanted), "--limit", "10")
    assert ran.code == 5, ran.err
    (rig.path / "bulkcancel.toml").write_text("rate = 0.02\nconcurrency = 1\n")
    ran = rig.call("resume", "night")
    assert ran.code == 0, ran.err
    assert rig.server.ledger.summary().puts == 20


def test_lists_are_lists_or_joined(rig: Rig) -> None:
    """What may come often is a list, or one text; a joined list may be written as a list."""
    (rig.path / "bulkcancel.toml").write_text(
        'expect-po = ["45", "46"]\nexpect-vendor = "56"\ncancellable = ["ALLOCATED", "shipped"]\n'
    )
    found = show(rig)
    assert found["expect_po"]["value"] == ["45", "46"]
    assert found["expect_vendor"]["value"] == ["56"]
    assert found["cancellable"]["value"] == ["ALLOCATED", "SHIPPED"]
