"""The Dockerfile: a linter takes it, and what it promises stands in it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from pathspec import GitIgnoreSpec


def instructions(deploy: Path) -> list[str]:
    """Return the instructions, each on one line, without remarks."""
    text = (deploy / "Dockerfile").read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return [line for line in lines.replace("\\\n", " ").splitlines() if line.strip()]


def test_a_linter_takes_it(deploy: Path, hadolint: str) -> None:
    """Hadolint has nothing to say."""
    done = subprocess.run(
        [hadolint, str(deploy / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_it_does_not_run_as_root(deploy: Path) -> None:
    """The last stage ends as a user with a number, which Kubernetes can check."""
    users = [line.split()[1] for line in instructions(deploy) if line.startswith("USER ")]
    assert users == ["10001:10001"]


def test_nothing_is_installed_that_is_not_locked(deploy: Path) -> None:
    """Each pip installs by hash, or only what lies in the context."""
    found = re.findall(r"pip --python \S+ install ([^&]*)", " && ".join(instructions(deploy)))
    locked, own = found
    assert "--require-hashes" in locked
    assert "--only-binary :all:" in locked
    assert "--no-index" in own
    assert "--no-deps" in own


def test_the_entry_point_gets_the_signals(deploy: Path) -> None:
    """No shell stands between the container's first process and the program."""
    lines = instructions(deploy)
    assert 'ENTRYPOINT ["bulkcancel"]' in lines
    assert "STOPSIGNAL SIGTERM" in lines
    script = (deploy / "bulkcancel-night").read_text(encoding="utf-8")
    starts = re.findall(r"^ *(?:exec )?bulkcancel .*$", script, flags=re.MULTILINE)
    assert len(starts) == 1
    assert starts[0].startswith("exec ")


def test_the_context_holds_what_is_copied(deploy: Path) -> None:
    """What the build copies is let through by the ignore file, and nothing secret is."""
    ignored = GitIgnoreSpec.from_lines(
        (deploy / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    )
    copied = [
        line.split()[-2]
        for line in instructions(deploy)
        if line.startswith("COPY ") and "--from=" not in line
    ]
    assert len(copied) == 3
    assert not any(ignored.match_file(name.replace("*", "0.1.0")) for name in copied)
    assert all(map(ignored.match_file, ("reports/night/summary.json", ".git/config", "night.env")))
    for name in copied:
        assert "*" in name or (deploy.parent / name).is_file()
