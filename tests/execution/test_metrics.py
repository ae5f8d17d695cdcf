"""The metrics file: Prometheus can read it, and it says what the summary says."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from bulkcancel.errors import ExitCode
from bulkcancel.execution.metrics import write_failure_metrics, write_metrics

ENDED = 1_795_590_059.5
LINE = re.compile(
    r'([a-z_]+)\{([a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*)\} (\S+)'
)


def summary(**more: Any) -> dict[str, Any]:
    """Return the content of a ``summary.json``, as far as figures are concerned."""
    return {
        "run_id": "20261125T060000Z-b443",
        "tool_version": "0.1.0",
        "started_at": "2026-11-25T06:00:00.000Z",
        "finished_at": "2026-11-25T07:00:59.500Z",
        "target": {"base_url": "https://oms.example:8443/api/v2", "account": "1234", "stage": None},
        "rows": {"read": 42, "blank": 1, "invalid": 0, "duplicate": 3, "unique": 38},
        "outcomes": {"cancelled": 36, "not_cancelled": 1, "not_found": 1, "unknown": 0},
        "attempts": {
            "sent": 61,
            "requests": 43,
            "by_http_status": {"200": 38, "429": 3},
            "no_answer": {"reset": 2},
            "not_sent": {},
            "read_backs": 13,
        },
        "pacing": {
            "throttled": 3,
            "learned_limit": 47.25,
            "seconds_held": {"ceiling": 0.5, "learned limit": 1.25},
            "seconds_working": 3.402,
        },
        "control": {"balanced": True},
        "exit_code": 3,
        **more,
    }


def series(path: Path) -> dict[tuple[str, str], float]:
    """Return the value of each series, by its name and its labels but for the schedule."""
    found: dict[tuple[str, str], float] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        assert match, line
        first, _, rest = match[2].partition(",")
        assert first.startswith('schedule="'), line
        key = (match[1], rest)
        assert key not in found, f"{line} stands there twice"
        found[key] = float(match[3])
    return found


def test_it_says_what_the_summary_says(tmp_path: Path) -> None:
    """Every figure, with its unit in its name."""
    path = tmp_path / "night.prom"
    assert write_metrics(path, summary(), resumable=False) == ""
    assert series(path) == {
        (
            "bulkcancel_run_info",
            'run_id="20261125T060000Z-b443",version="0.1.0",host="oms.example",account="1234",stage=""',
        ): 1,
        ("bulkcancel_last_run_timestamp_seconds", ""): ENDED,
        ("bulkcancel_last_run_exit_code", ""): 3,
        ("bulkcancel_last_run_reported", ""): 1,
        ("bulkcancel_run_duration_seconds", ""): 3659.5,
        ("bulkcancel_run_working_seconds", ""): 3.402,
        ("bulkcancel_run_resumable", ""): 0,
        ("bulkcancel_run_balanced", ""): 1,
        ("bulkcancel_allocations", 'outcome="cancelled"'): 36,
        ("bulkcancel_allocations", 'outcome="not_cancelled"'): 1,
        ("bulkcancel_allocations", 'outcome="not_found"'): 1,
        ("bulkcancel_allocations", 'outcome="unknown"'): 0,
        ("bulkcancel_rows_read", ""): 42,
        ("bulkcancel_rows", 'kind="allocation"'): 38,
        ("bulkcancel_rows", 'kind="duplicate"'): 3,
        ("bulkcancel_rows", 'kind="invalid"'): 0,
        ("bulkcancel_rows", 'kind="blank"'): 1,
        ("bulkcancel_requests", 'kind="cancel"'): 43,
        ("bulkcancel_requests", 'kind="read_back"'): 13,
        ("bulkcancel_cancel_answers", 'http_status="200"'): 38,
        ("bulkcancel_cancel_answers", 'http_status="429"'): 3,
        ("bulkcancel_cancel_no_answers", 'cause="reset"'): 2,
        ("bulkcancel_throttled", ""): 3,
        ("bulkcancel_learned_limit_requests_per_second", ""): 47.25,
        ("bulkcancel_held_seconds", 'reason="ceiling"'): 0.5,
        ("bulkcancel_held_seconds", 'reason="learned limit"'): 1.25,
    }


def test_prometheus_can_read_it(tmp_path: Path) -> None:
    """Prometheus' own parser finds a type and a help for each family, and each only once."""
    parser = pytest.importorskip(
        "prometheus_client.parser", reason="prometheus-client is not installed here"
    )
    path = tmp_path / "night.prom"
    target = {"base_url": "https://oms.example/api/v2", "account": 'a"b\\c\nd', "stage": "üat"}
    write_metrics(path, summary(target=target), resumable=True)
    families = list(parser.text_string_to_metric_families(path.read_text(encoding="utf-8")))
    assert len({family.name for family in families}) == len(families) > 10
    assert {family.type for family in families} == {"gauge"}
    assert all(family.documentation and family.samples for family in families)
    (info,) = [family for family in families if family.name == "bulkcancel_run_info"]
    assert info.samples[0].labels["account"] == 'a"b\\c\nd'
    assert info.samples[0].labels["stage"] == "üat"


def test_each_family_has_its_help_and_type_before_it(tmp_path: Path) -> None:
    """First the help, then the type, then the samples; nothing is announced without one."""
    path = tmp_path / "night.prom"
    write_metrics(path, summary(), resumable=False)
    lines = path.read_text(encoding="utf-8").splitlines()
    announced = [line.split()[2] for line in lines if line.startswith("# HELP")]
    assert announced == [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert announced == list(dict.fromkeys(name for name, _ in series(path)))
    assert len(set(announced)) == len(announced)


def test_what_is_not_known_is_not_there(tmp_path: Path) -> None:
    """Without a learned limit, or a time of ending, there is no such series."""
    path = tmp_path / "night.prom"
    pacing = {**summary()["pacing"], "learned_limit": None, "seconds_held": {}}
    write_metrics(path, summary(pacing=pacing, finished_at=None), resumable=True)
    names = {name for name, _ in series(path)}
    assert names.isdisjoint(
        {
            "bulkcancel_learned_limit_requests_per_second",
            "bulkcancel_held_seconds",
            "bulkcancel_last_run_timestamp_seconds",
            "bulkcancel_run_duration_seconds",
        }
    )


def test_the_last_success_outlives_a_failure(tmp_path: Path) -> None:
    """A run that is refused or has breaks keeps when one succeeded last; a success moves it."""
    path = tmp_path / "night.prom"
    key = ("bulkcancel_last_success_timestamp_seconds", "")
    write_failure_metrics(path, ExitCode.REFUSED, now=1_700_000_000.0)
    assert series(path) == {
        ("bulkcancel_last_run_timestamp_seconds", ""): 1_700_000_000.0,
        ("bulkcancel_last_run_exit_code", ""): 2,
        ("bulkcancel_last_run_reported", ""): 0,
    }
    write_metrics(path, summary(exit_code=0), resumable=False)
    assert series(path)[key] == ENDED
    write_metrics(path, summary(), resumable=False)
    assert series(path)[key] == ENDED
    write_failure_metrics(path, ExitCode.LOCKED, now=1_800_000_000.0)
    assert series(path)[key] == ENDED
    assert series(path)["bulkcancel_last_run_exit_code", ""] == 75
    path.write_bytes(b"\xff\xfe")
    assert write_failure_metrics(path, ExitCode.REFUSED, now=1_900_000_000.0) == ""
    assert key not in series(path)


def test_two_schedules_do_not_collide(tmp_path: Path) -> None:
    """Series of two files differ in the label that is the file's name."""
    paths = [tmp_path / "night.prom", tmp_path / "noon.prom"]
    for path in paths:
        write_metrics(path, summary(), resumable=False)
    lines = [
        {line for line in path.read_text().splitlines() if not line.startswith("#")}
        for path in paths
    ]
    assert lines[0].isdisjoint(lines[1])
    assert all('schedule="noon"' in line for line in lines[1])


def test_anybody_may_read_it_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    """The collector is another user; and it must not find a file that is half written."""
    path = tmp_path / "night.prom"
    before = os.umask(0o077)  # as the systemd unit has it
    try:
        write_metrics(path, summary(), resumable=False)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644
    assert [one.name for one in tmp_path.iterdir()] == ["night.prom"]


def test_where_it_can_not_be_written_a_sentence_says_so(tmp_path: Path) -> None:
    """No error and no litter: the run's end does not depend on it."""
    told = write_metrics(tmp_path / "nowhere" / "night.prom", summary(), resumable=False)
    assert told.endswith("can't be written (No such file or directory)")
    (tmp_path / "folder.prom").mkdir()
    assert write_failure_metrics(tmp_path / "folder.prom", 2, now=0.0) != ""
    assert [one.name for one in tmp_path.iterdir()] == ["folder.prom"]
