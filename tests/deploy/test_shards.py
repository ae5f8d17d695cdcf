"""The files that divide an input among several runs: all shards, each once, and one merge."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bulkcancel.errors import ExitCode

HOPELESS = {ExitCode.REFUSED, ExitCode.BREAKS, ExitCode.AUTHENTICATION, ExitCode.UNSOUND}
WORTH_A_TRY = {*ExitCode, 137} - HOPELESS - {ExitCode.OK}
TELL = """#!/bin/sh
echo "${0##*/} $* shard=${BULKCANCEL_SHARD-} night=${BULKCANCEL_NIGHT-}"
"""


@pytest.fixture(scope="module")
def jobs(deploy: Path) -> dict[str, dict[str, Any]]:
    """Return the jobs by their names."""
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed here")
    text = (deploy / "kubernetes/shards.yaml").read_text(encoding="utf-8")
    return {one["metadata"]["name"]: one for one in yaml.safe_load_all(text)}


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Return a folder of programs that only tell how they were called."""
    for name in ("bulkcancel", "bulkcancel-night"):
        path = tmp_path / name
        path.write_text(TELL)
        path.chmod(0o755)
    return tmp_path


def container(job: dict[str, Any], sort: str = "containers") -> dict[str, Any]:
    """Return the one container of a job."""
    (found,) = job["spec"]["template"]["spec"][sort]
    assert isinstance(found, dict)
    return found


def told(one: dict[str, Any], programs: Path, seconds: float = 30.0, **more: str) -> str:
    """Return what a container's script calls, with the environment that it gets."""
    named = {pair["name"]: pair["value"] for pair in one["env"]}
    done = subprocess.run(
        [*one["command"], *one["args"]],
        env={"PATH": f"{programs}:/usr/bin:/bin", **named, **more},
        cwd=programs,
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds,
    )
    return done.stdout


def test_kubernetes_takes_the_jobs(jobs: dict[str, dict[str, Any]]) -> None:
    """Each is valid by the schemas of Kubernetes, with no field that they do not know."""
    validate = pytest.importorskip(
        "kubernetes_validate", reason="kubernetes-validate is not installed here"
    )
    assert set(jobs) == {"bulkcancel-shards", "bulkcancel-merge"}
    for job in jobs.values():
        for version in ("1.31", validate.latest_version()):
            validate.validate(job, version, strict=True)


@pytest.mark.parametrize(
    ("name", "action"), [("bulkcancel-shards", "FailIndex"), ("bulkcancel-merge", "FailJob")]
)
def test_a_retry_is_for_what_it_mends(
    jobs: dict[str, dict[str, Any]], name: str, action: str
) -> None:
    """Every exit code has its consequence, and none has two; a shard fails alone."""
    rules = {
        rule["action"]: set(rule["onExitCodes"]["values"])
        for rule in jobs[name]["spec"]["podFailurePolicy"]["rules"]
        if "onExitCodes" in rule
    }
    assert rules == {action: HOPELESS, "Count": WORTH_A_TRY}
    pod = jobs[name]["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    assert pod["terminationGracePeriodSeconds"] >= 100
    assert container(jobs[name])["securityContext"]["readOnlyRootFilesystem"]


def test_all_shards_are_run_and_merged(jobs: dict[str, dict[str, Any]], programs: Path) -> None:
    """Indexes from 0 become shards from 1, and the merge takes just these runs."""
    shards, merge = jobs["bulkcancel-shards"], jobs["bulkcancel-merge"]
    number = shards["spec"]["completions"]
    assert shards["spec"]["completionMode"] == "Indexed"
    assert shards["spec"]["parallelism"] == number
    for index in range(number):
        line = told(container(shards), programs, JOB_COMPLETION_INDEX=str(index))
        assert line == (
            "bulkcancel-night inputs/night.csv --yes --deadline 06:00 "
            f"shard={index + 1}/{number} night=cleanup-{index + 1}\n"
        )
    names = [f"cleanup-{index + 1}" for index in range(number)]
    assert told(container(merge), programs) == f"bulkcancel merge {' '.join(names)} shard= night=\n"
    for name in names:
        folder = programs / "reports" / name
        folder.mkdir(parents=True)
        (folder / "summary.json").touch()
    assert told(container(merge, "initContainers"), programs) == ""


def test_the_merge_waits_for_every_report(jobs: dict[str, dict[str, Any]], programs: Path) -> None:
    """As long as one shard has none it does not begin."""
    for name in ("cleanup-1", "cleanup-2", "cleanup-3"):
        folder = programs / "reports" / name
        folder.mkdir(parents=True)
        (folder / "summary.json").touch()
    with pytest.raises(subprocess.TimeoutExpired):
        told(container(jobs["bulkcancel-merge"], "initContainers"), programs, seconds=1.0)


def test_the_dag_runs_all_shards_and_merges_them(
    deploy: Path,
    programs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """With Airflow's names stood in for: each shard once, and then the merge of just these."""
    done: list[str] = []

    class Task:
        def __init__(self, function: Any) -> None:
            self.function = function

        def __call__(self) -> Task:
            return self

        def expand(self, *, shard: list[int]) -> Task:
            for one in shard:
                self.function(one, ds_nodash="20260101")
            done.append("shards")
            return self

        def __rshift__(self, after: Task) -> Task:
            after.function(ds_nodash="20260101")
            done.append("merge")
            return after

    sdk, exceptions = ModuleType("airflow.sdk"), ModuleType("airflow.sdk.exceptions")
    given: list[dict[str, Any]] = []

    def task(**options: Any) -> Any:
        given.append(options)
        return Task

    path = deploy / "airflow/bulkcancel_shards.py"
    text = path.read_text(encoding="utf-8")
    there = programs / "dag.py"
    there.write_text(text.replace('"/var/lib/bulkcancel"', repr(str(programs))), encoding="utf-8")
    vars(sdk).update(dag=lambda **_: lambda function: function, task=task)
    vars(exceptions).update(AirflowException=OSError, AirflowFailException=ValueError)
    for name, module in (
        ("airflow", ModuleType("airflow")),
        ("airflow.sdk", sdk),
        ("airflow.sdk.exceptions", exceptions),
    ):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    found = runpy.run_path(str(there))
    assert set(found["HOPELESS"]) == HOPELESS
    assert (done, given[1]["trigger_rule"]) == (["shards", "merge"], "all_done")
    number = found["SHARDS"]
    nights = [f"night-20260101-{index + 1}" for index in range(number)]
    assert capfd.readouterr().out.splitlines() == [
        *(
            "bulkcancel-night inputs/night.csv --yes --deadline 06:00 "
            f"shard={index + 1}/{number} night={night}"
            for index, night in enumerate(nights)
        ),
        f"bulkcancel merge {' '.join(nights)} shard= night=",
    ]
    for code, kind in ((3, ValueError), (5, OSError)):
        with pytest.raises(kind, match=f"ended with {code}"):
            found["call"](["/bin/sh", "-c", f"exit {code}"])
