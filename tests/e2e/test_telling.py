"""How a run tells of its end: its log, the link to the newest, metrics, a webhook."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hooking import Hook, webhook
from rigging import TOKEN, Rig, make_ids


@pytest.fixture
def hook() -> Iterator[Hook]:
    """Give a webhook."""
    with webhook() as made:
        yield made


def test_a_run_keeps_its_log_whatever_is_shown(rig: Rig) -> None:
    """With --quiet standard error is empty, and the folder has every event, each with the run."""
    rig.serve("500=0.2*1")
    ran = rig.run(rig.write(make_ids(20)), "--quiet")
    assert (ran.code, ran.err) == (0, "")
    path = rig.folder() / "run.log"
    assert path.stat().st_mode & 0o777 == 0o600
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert {event["run_id"] for event in events} == {"night"}
    assert [events[0]["event"], events[-1]["event"]] == ["run.started", "run.ended"]
    assert all(event["timestamp"].endswith("Z") and event["level"] for event in events)


def test_a_resume_appends_to_the_log(rig: Rig) -> None:
    """What the first start said stays."""
    rig.serve()
    assert rig.run(rig.write(make_ids(20)), "--limit", "5").code == 5
    before = (rig.folder() / "run.log").read_text()
    assert rig.call("resume", "night").code == 0
    assert (rig.folder() / "run.log").read_text().startswith(before)


def test_the_newest_run_is_linked(rig: Rig) -> None:
    """`reports/latest` leads to the run that published last, and is a run's name for `report`."""
    rig.serve()
    for number, name in enumerate(("one", "two")):
        source = rig.write(make_ids(3, start=1 + 10 * number), name=f"{name}.csv")
        assert rig.run(source, run_id=name).code == 0
        assert (rig.path / "reports" / "latest").readlink().name == name
    ran = rig.call("report", "latest")
    assert ran.code == 0, ran.err
    assert json.loads((rig.path / "reports/latest/summary.json").read_text())["run_id"] == "two"
    ran = rig.call("run", "one.csv", *rig.aim(), "--yes", "--run-id", "latest")
    assert ran.code == 2
    assert "not fit for a folder" in ran.err


def test_metrics_and_note_of_a_run_with_breaks(rig: Rig, hook: Hook) -> None:
    """Both have the exit code and the counts; the webhook's address stands nowhere."""
    missing = "62ff5c0bec0aed3c862040f4"
    rig.serve()
    environment = {**rig.environment(), "BULKCANCEL_NOTIFY": hook.url}
    words = ("run", str(rig.write([*make_ids(5), missing])), *rig.aim(), "--yes")
    more = ("--run-id", "night", "--metrics-file", str(rig.path / "m" / "bulkcancel.prom"))
    (rig.path / "m").mkdir()
    ran = rig.call(*words, *more, environment=environment)
    assert ran.code == 3, ran.err
    metrics = (rig.path / "m" / "bulkcancel.prom").read_text()
    assert 'outcome="not_found"' in metrics
    (note,) = hook.notes
    assert (note["event"], note["exit_code"], note["run_id"]) == ("run.ended", 3, "night")
    assert note["outcomes"]["not_found"] == 1
    texts = [path.read_bytes() for path in rig.folder().iterdir()]
    assert not any(b"hook-sentinel-7788" in text or TOKEN.encode() in text for text in texts)
    assert "hook-sentinel-7788" not in ran.out + ran.err + json.dumps(note) + metrics


def test_a_run_that_is_well_is_told_only_on_request(rig: Rig, hook: Hook) -> None:
    """Without breaks nothing is posted, unless --notify-on always."""
    rig.serve()
    assert rig.run(rig.write(make_ids(3)), "--notify", hook.url).code == 0
    assert hook.notes == []
    source = rig.write(make_ids(3, start=9), name="more.csv")
    more = ("--notify", hook.url, "--notify-on", "always")
    assert rig.run(source, *more, run_id="again").code == 0
    assert [note["exit_code"] for note in hook.notes] == [0]


def test_a_merge_tells_of_the_whole(rig: Rig, hook: Hook) -> None:
    """One note and one set of figures for all shards; nothing of it can be resumed."""
    rig.serve()
    source = rig.write(make_ids(12))
    for index in (1, 2):
        ran = rig.run(source, "--shard", f"{index}/2", run_id=f"night-{index}")
        assert ran.code == 0, ran.err
    metrics = rig.path / "bulkcancel.prom"
    more = ("--notify", hook.url, "--notify-on", "always", "--metrics-file", str(metrics))
    ran = rig.call("merge", "night-1", "night-2", "--run-id", "night", *more)
    assert (ran.code, ran.err) == (0, "")
    (note,) = hook.notes
    assert (note["event"], note["run_id"], note["resume"]) == ("run.ended", "night", None)
    assert note["outcomes"]["cancelled"] == note["rows"]["unique"] == 12
    text = metrics.read_text()
    assert 'bulkcancel_allocations{schedule="bulkcancel",outcome="cancelled"} 12' in text
    assert 'bulkcancel_run_resumable{schedule="bulkcancel"} 0' in text


def test_a_merge_that_can_not_be_is_told(rig: Rig, hook: Hook) -> None:
    """A shard is missing: the sentence is told, and no run is named."""
    rig.serve()
    assert rig.run(rig.write(make_ids(12)), "--shard", "1/2", run_id="night-1").code == 0
    metrics = rig.path / "bulkcancel.prom"
    more = ("--notify", hook.url, "--metrics-file", str(metrics))
    assert rig.call("merge", "night-1", *more).code == 2
    (note,) = hook.notes
    assert (note["event"], note["exit_code"], note["run_id"]) == ("run.failed", 2, None)
    assert "shard" in note["verdict"]
    assert 'bulkcancel_last_run_exit_code{schedule="bulkcancel"} 2' in metrics.read_text()


def test_a_run_that_never_began_is_told(rig: Rig, hook: Hook) -> None:
    """A refused input, with the sentence; a scheduler hears of it as of a run with breaks."""
    rig.serve()
    metrics = rig.path / "bulkcancel.prom"
    more = ("--notify", hook.url, "--metrics-file", str(metrics))
    ran = rig.run(rig.write(["not an id"]), *more)
    assert ran.code == 2
    (note,) = hook.notes
    assert (note["event"], note["exit_code"], note["run_id"]) == ("run.failed", 2, None)
    assert "1 of 1 row is invalid" in note["verdict"]
    assert "not an id" not in json.dumps(note), "the rows of an input stay here"
    assert "bulkcancel_last_run_exit_code" in metrics.read_text()


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/hook", "broken"])
def test_a_note_that_does_not_arrive_changes_nothing(rig: Rig, address: str) -> None:
    """The exit code is the run's; a warning names the host and no more."""
    rig.serve()
    with webhook(status=500) as hook:
        url = hook.url if address == "broken" else address
        ran = rig.run(rig.write(make_ids(3)), "--notify", url, "--notify-on", "always")
    assert ran.code == 0
    assert "note.not_sent" in ran.err
    assert "/hook" not in ran.err


def test_a_webhook_in_the_clear_is_refused_before_anything(rig: Rig) -> None:
    """An address that can't be used is told before the input is read, and nothing is sent."""
    rig.serve()
    ran = rig.run(rig.write(make_ids(3)), "--notify", "http://example.invalid/secret-path")
    assert ran.code == 2
    assert "secret-path" not in ran.err
    assert rig.server.ledger.summary().requests == 0


def test_metrics_that_can_not_be_written_change_nothing(rig: Rig) -> None:
    """A folder that is not there: a warning, and the run's own exit code."""
    rig.serve()
    ran = rig.run(rig.write(make_ids(3)), "--metrics-file", str(rig.path / "gone" / "x.prom"))
    assert ran.code == 0
    assert "metrics.not_written" in ran.err
