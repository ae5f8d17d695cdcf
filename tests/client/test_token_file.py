"""The token in a file: read, looked at, and read again when somebody wrote it anew."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import anyio
import pytest

from bulkcancel.client import (
    ClientOptions,
    FixedToken,
    Grant,
    NoToken,
    Secret,
    TokenFile,
    TokenSource,
    as_source,
    secret_in_variable,
)
from bulkcancel.errors import ExitCode, RefusedError


def fetched(source: TokenSource) -> Grant | NoToken:
    """Ask a source once."""
    return anyio.run(source.fetch)


def token_in(path: Path) -> str:
    """Return the token that a file gives."""
    source = TokenFile(path)
    source.check(ClientOptions())
    seen = fetched(source)
    assert isinstance(seen, Grant)
    return seen.token.reveal()


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", " \n\n", "\t"])
def test_white_space_around_the_token_is_dropped(tmp_path: Path, ending: str) -> None:
    """What editors and `echo` leave at a file's end is no part of the token."""
    file = tmp_path / "token.secret"
    file.write_bytes(b"abc.def" + ending.encode())
    assert token_in(file) == "abc.def"
    assert secret_in_variable({"T": "abc.def" + ending}, "T", "token") == Secret("abc.def")


@pytest.mark.parametrize(
    "content",
    [b"SENTINEL two", b"SENTINEL\nsecond", b"SENTINEL\x00", b"SENTINEL\xc3\xa9", b"\xff\xfeS\x00"],
)
def test_a_token_that_no_header_can_hold_is_refused(tmp_path: Path, content: bytes) -> None:
    """Characters inside that no token has are refused, without the token in the sentence."""
    file = tmp_path / "token.secret"
    file.write_bytes(content)
    with pytest.raises(RefusedError) as caught:
        token_in(file)
    assert str(file) in str(caught.value)
    assert "SENTINEL" not in str(caught.value)
    with pytest.raises(RefusedError) as caught:
        secret_in_variable({"BULKCANCEL_TOKEN": content.decode("latin-1")}, "BULKCANCEL_TOKEN", "x")
    assert "SENTINEL" not in str(caught.value)
    assert caught.value.exit_code is ExitCode.REFUSED


@pytest.mark.parametrize("content", ["", "\n", " \t\r\n"])
def test_an_empty_token_is_refused(tmp_path: Path, content: str) -> None:
    """An empty file or variable is named as such, not sent as an empty token."""
    file = tmp_path / "token.secret"
    file.write_text(content)
    with pytest.raises(RefusedError, match=r"token file .* is empty"):
        token_in(file)
    with pytest.raises(RefusedError, match="BULKCANCEL_TOKEN is empty"):
        secret_in_variable({"BULKCANCEL_TOKEN": content}, "BULKCANCEL_TOKEN", "token")


def test_a_file_that_cannot_be_read_is_refused_in_the_systems_words(tmp_path: Path) -> None:
    """A missing file and a folder each give their own reason."""
    with pytest.raises(RefusedError, match="can't be read: No such file"):
        token_in(tmp_path / "missing")
    with pytest.raises(RefusedError, match="can't be read: Is a directory"):
        token_in(tmp_path)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    """A wrong file, such as the input itself, is not sent as a header."""
    file = tmp_path / "input.csv"
    file.write_bytes(b"a" * 70_000)
    with pytest.raises(RefusedError, match="too large"):
        token_in(file)


def test_a_file_that_others_may_read_is_accepted(tmp_path: Path) -> None:
    """Whether to warn about it is the caller's decision."""
    file = tmp_path / "token.secret"
    file.write_text("abc.def")
    file.chmod(0o644)
    assert token_in(file) == "abc.def"


def replaced(file: Path, text: str) -> None:
    """Replace a file as a careful program does: another one takes its name."""
    other = file.with_suffix(".new")
    other.write_text(text)
    other.replace(file)


def written_over(file: Path, text: str) -> None:
    """Write a file anew in its place, at another time than before."""
    before = file.stat()
    file.write_text(text)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))


def linked_elsewhere(file: Path, text: str) -> None:
    """Let a link lead to another file, as a cluster's mounted secrets do."""
    other = file.with_name("other")
    other.write_text(text)
    link = file.with_name("link")
    link.symlink_to(other)
    link.replace(file)


@pytest.mark.parametrize("write", [replaced, written_over, linked_elsewhere])
def test_a_file_written_anew_is_noticed(tmp_path: Path, write: object) -> None:
    """By inode, size or time of change, once; and what it holds now is what is fetched."""
    assert callable(write)
    file = tmp_path / "token.secret"
    file.write_text("token-1")
    source = TokenFile(file)
    source.check(ClientOptions())
    assert fetched(source) == Grant(token=Secret("token-1"))
    assert not source.has_newer()
    write(file, "token-2")
    assert source.has_newer()
    assert fetched(source) == Grant(token=Secret("token-2"))
    assert not source.has_newer()


def test_a_file_that_is_being_replaced_is_asked_again_for_a_while(tmp_path: Path) -> None:
    """Empty or gone for a moment: no token, not for good, and not at each send."""
    file = tmp_path / "token.secret"
    file.write_text("token-1")
    source = TokenFile(file)
    source.check(ClientOptions())
    file.write_text("")
    assert source.has_newer()
    seen = fetched(source)
    assert isinstance(seen, NoToken)
    assert "is empty" in seen.reason
    assert seen.patience is not None
    assert seen.patience > 0
    assert not source.has_newer(), "until it is written again"
    file.unlink()
    assert not source.has_newer()
    file.write_text("token-2")
    assert source.has_newer()
    assert fetched(source) == Grant(token=Secret("token-2"))


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    """What ``<(command)`` gives can't be had again: it is not waited for a second time."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("token-1\n",))
    writer.start()
    source = TokenFile(pipe)
    source.check(ClientOptions())
    writer.join(10)
    assert fetched(source) == fetched(source) == Grant(token=Secret("token-1"))
    assert not source.has_newer()


def test_a_plain_token_is_a_source_that_never_changes() -> None:
    """Wherever a source is taken, a plain token is taken too."""
    source = as_source(Secret("token-1"))
    assert fetched(source) == fetched(source) == Grant(token=Secret("token-1"))
    assert not source.has_newer()
    fixed = FixedToken(Secret("token-1"))
    assert as_source(fixed) is fixed
