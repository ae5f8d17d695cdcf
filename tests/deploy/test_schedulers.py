"""The files for schedulers: they parse, name what exists, and agree about the exit codes."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bulkcancel.errors import ExitCode

HOPELESS = {
    ExitCode.REFUSED,
    ExitCode.BREAKS,
    ExitCode.AUTHENTICATION,
    ExitCode.UNSOUND,
}
"""The ends that another try can't mend."""

WORTH_A_TRY = set(ExitCode) - HOPELESS - {ExitCode.OK}
KILLED = 137


@pytest.fixture(scope="module")
def job(deploy: Path) -> dict[str, Any]:
    """Return the CronJob."""
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed here")
    documents = yaml.safe_load_all((deploy / "kubernetes/cronjob.yaml").read_text(encoding="utf-8"))
    (found,) = [one for one in documents if one["kind"] == "CronJob"]
    assert isinstance(found, dict)
    return found


def rules(job: dict[str, Any]) -> dict[str, set[int]]:
    """Return which exit codes have which consequence."""
    policy = job["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    return {
        rule["action"]: set(rule["onExitCodes"]["values"])
        for rule in policy
        if "onExitCodes" in rule
    }


def test_kubernetes_takes_it(deploy: Path) -> None:
    """Each object is valid by the schemas of Kubernetes, with no field that they do not know."""
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed here")
    validate = pytest.importorskip(
        "kubernetes_validate", reason="kubernetes-validate is not installed here"
    )
    text = (deploy / "kubernetes/cronjob.yaml").read_text(encoding="utf-8")
    for one in yaml.safe_load_all(text):
        for version in ("1.31", validate.latest_version()):
            validate.validate(one, version, strict=True)


def test_a_pod_is_retried_for_what_a_retry_mends(job: dict[str, Any]) -> None:
    """Every exit code has its consequence, and none has two."""
    assert rules(job) == {"FailJob": HOPELESS, "Count": {*WORTH_A_TRY, KILLED}}


def test_a_pod_is_stopped_gently_and_never_twice_at_once(job: dict[str, Any]) -> None:
    """One pod at a time, a stop as long as a drain, and a retry that goes on with the same run."""
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    assert pod["restartPolicy"] == "Never"
    assert pod["terminationGracePeriodSeconds"] >= 100
    assert pod["securityContext"]["runAsNonRoot"]
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    named = {one["name"]: one for one in container["env"]}
    path = named["BULKCANCEL_NIGHT"]["valueFrom"]["fieldRef"]["fieldPath"]
    assert path == "metadata.labels['batch.kubernetes.io/job-name']"
    token = named["BULKCANCEL_TOKEN_FILE"]["value"]
    mounts = {one["mountPath"] for one in container["volumeMounts"]}
    assert str(Path(token).parent) in mounts


def test_all_schedulers_agree(deploy: Path) -> None:
    """systemd, Airflow and the README give up on the same exit codes as Kubernetes."""
    unit = (deploy / "systemd/bulkcancel.service").read_text(encoding="utf-8")
    (prevented,) = re.findall(r"^RestartPreventExitStatus=(.*)$", unit, flags=re.MULTILINE)
    assert {int(code) for code in prevented.split()} == HOPELESS
    table = re.findall(
        r"^\| ([0-9 ]+) \| (yes|no) \|",
        (deploy / "README.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    told = {int(code): word for codes, word in table for code in codes.split()}
    assert told == {code: "yes" if code in WORTH_A_TRY else "no" for code in ExitCode}


def test_the_dag_gives_up_on_the_same_codes(deploy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The DAG compiles and, with Airflow's names stood in for, has the same list."""
    path = deploy / "airflow/bulkcancel_night.py"
    compile(path.read_text(encoding="utf-8"), str(path), "exec")
    sdk, exceptions = ModuleType("airflow.sdk"), ModuleType("airflow.sdk.exceptions")
    tasks: list[Any] = []

    def dag(**_: Any) -> Any:
        return lambda function: function

    def task(function: Any) -> Any:
        tasks.append(function)
        return lambda: None

    vars(sdk).update(dag=dag, task=task)
    vars(exceptions).update(AirflowException=OSError, AirflowFailException=ValueError)
    for name, module in (
        ("airflow", ModuleType("airflow")),
        ("airflow.sdk", sdk),
        ("airflow.sdk.exceptions", exceptions),
    ):
        monkeypatch.setitem(sys.modules, name, module)
    found = runpy.run_path(str(path))
    assert set(found["HOPELESS"]) == HOPELESS
    assert len(tasks) == 1


def test_cron_lines_are_lines_for_cron(deploy: Path, options: frozenset[str]) -> None:
    """Each has five times and a user, no bare percent sign, and options that `run` has."""
    lines = (deploy / "cron/bulkcancel").read_text(encoding="utf-8").splitlines()
    jobs = [line for line in lines if re.match(r"[0-9*]", line)]
    assert len(jobs) == 3
    for line in jobs:
        times, user, command = (
            line.split(maxsplit=6)[:5],
            line.split()[5],
            line.split(maxsplit=6)[6],
        )
        assert all(re.fullmatch(r"[0-9*/,-]+", part) for part in times)
        assert user == "bulkcancel"
        assert re.search(r"(?<!\\)%", command) is None, "cron would take it for a line break"
        if "bulkcancel-night" in command:
            assert set(re.findall(r"--[a-z-]+", command)) <= options
    assert any(line.startswith("PATH=/usr/local/lib/bulkcancel/bin:") for line in lines)


def test_every_variable_that_is_named_exists(deploy: Path, variables: frozenset[str]) -> None:
    """Whatever BULKCANCEL_ name stands in these files is one that the program reads."""
    files = [path for path in deploy.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    named = {
        name
        for path in files
        for name in re.findall(r"BULKCANCEL_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))
    }
    assert {"BULKCANCEL_NIGHT", "BULKCANCEL_TOKEN_FILE"} <= named
    assert named - variables == set()


def test_options_that_are_named_exist(deploy: Path, options: frozenset[str]) -> None:
    """The options that the manifest and the DAG give to a run are ones that it has."""
    for name in ("kubernetes/cronjob.yaml", "airflow/bulkcancel_night.py"):
        text = (deploy / name).read_text(encoding="utf-8")
        assert set(re.findall(r'"(--[a-z-]+)"', text)) <= options


@pytest.mark.parametrize("name", ["bulkcancel-night", "cron/bulkcancel"])
def test_a_shell_takes_it(deploy: Path, name: str) -> None:
    """The script, and each line that cron hands to a shell, is well-formed for /bin/sh."""
    text = (deploy / name).read_text(encoding="utf-8")
    if name.startswith("cron"):
        jobs = [line for line in text.splitlines() if re.match(r"[0-9*]", line)]
        text = "\n".join(line.split(maxsplit=6)[6].replace(r"\%", "%") for line in jobs)
    done = subprocess.run(
        ["/bin/sh", "-n"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
