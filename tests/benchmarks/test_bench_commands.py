"""What the commands of the benchmarks have in common: their folder, their end, their words."""

from __future__ import annotations

import signal
import subprocess
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.commandline import in_scratch, show, whole
from benchmarks.document import Section, paragraph
from benchmarks.nginx import NginxError
from benchmarks.tools import missing
from benchmarks.workplace import ROOT, workplace


@pytest.fixture(autouse=True)
def sigterm() -> Iterator[None]:
    """Put back what a command does with SIGTERM."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def raising(error: BaseException, seen: list[Path]) -> Callable[[Path], int]:
    """Return work that fails."""

    def work(folder: Path) -> int:
        seen.append(folder)
        (folder / "left").write_text("behind")
        raise error

    return work


def test_the_folder_goes_away(capsys: pytest.CaptureFixture[str]) -> None:
    """However the work ends; a failure is a sentence, Ctrl-C an exit code."""
    seen: list[Path] = []
    assert in_scratch("x", raising(NginxError("nginx is away."), seen)) == 1
    assert capsys.readouterr().err == "nginx is away.\n"
    assert in_scratch("x", raising(KeyboardInterrupt(), seen)) == 130
    with pytest.raises(ZeroDivisionError):
        in_scratch("x", raising(ZeroDivisionError(), seen))
    assert in_scratch("x", lambda folder: int(folder.is_dir())) == 1
    assert len(seen) == 3
    assert not any(folder.exists() for folder in seen)


def test_sigterm_ends_the_work() -> None:
    """As Ctrl-C does: what was started is ended on the way out."""

    def work(_folder: Path) -> int:
        signal.raise_signal(signal.SIGTERM)
        return 0

    with pytest.raises(SystemExit) as ended:
        in_scratch("x", work)
    assert ended.value.code == 143


def test_a_part_is_kept_only_if_it_is_whole(tmp_path: Path) -> None:
    """What is shown alone leaves the file as it is."""
    path = tmp_path / "RESULTS.md"
    section = Section(heading="## X", preface="Words.", parts=("### Y",))
    show("### Y\n\nz", section, keep=False)
    assert not path.exists()
    section.write("### Y\n\nz", path)
    assert path.read_text() == "# Results\n\n## X\n\nWords.\n\n### Y\n\nz\n"


def test_a_paragraph_is_no_wider_than_a_hundred() -> None:
    """However its words came in; an option is never broken at its hyphens."""
    text = paragraph("some   words\n  and --an-option-with-hyphens " * 9)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert text.count("--an-option-with-hyphens") == 9
    assert "  " not in text


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "٣"])
def test_a_number_is_whole(text: str) -> None:
    """Anything else is no number of ids."""
    assert whole("12") == 12
    with pytest.raises(ArgumentTypeError, match="no whole number above 0"):
        whole(text)


def test_what_a_contender_leaves_stays_in_its_folder(tmp_path: Path) -> None:
    """Its ids are there in both forms, and every folder that it may write to is its own."""
    environment = workplace(tmp_path / "one", 2)
    ids = (tmp_path / "one" / "ids.txt").read_text().split()
    assert len(set(ids)) == 2
    assert (tmp_path / "one" / "ids.csv").read_text().split() == ["allocation_id", *ids]
    for name in ("HOME", "TMPDIR", "XDG_STATE_HOME"):
        assert Path(environment[name]).is_relative_to(tmp_path / "one")


@pytest.mark.skipif(
    bool(missing("nginx")), reason="there is no nginx here; tests/install.sh installs it"
)
def test_a_part_of_the_table_alone() -> None:
    """The command measures those that are named, prints the table and writes nothing."""
    results = ROOT / "benchmarks" / "RESULTS.md"
    before = results.read_bytes()
    done = subprocess.run(
        [
            sys.executable, "-m", "benchmarks.throughput", "--ids", "40", "--rounds", "2",
            "--concurrency", "4", "--only", "bare-partial", "library",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    assert "| bare loop: aiohttp workers, msgspec for three fields | 40 |" in done.stdout
    assert "| `bulkcancel` as a library | 40 |" in done.stdout
    assert "| sending |" in done.stdout
    assert "curl --parallel" not in done.stdout
    assert results.read_bytes() == before
