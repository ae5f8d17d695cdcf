"""The token comes from the file or the variable, or a sentence says why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkcancel.client import token_from
from bulkcancel.errors import ExitCode, RefusedError


def test_the_file_wins_over_the_variable(tmp_path: Path) -> None:
    """`--token-file` is the explicit wish, so it outranks the environment."""
    file = tmp_path / "token"
    file.write_text("from-the-file\n")
    environ = {"BULKCANCEL_TOKEN": "from-the-variable"}
    assert token_from(environ, file).reveal() == "from-the-file"
    assert token_from(environ, None).reveal() == "from-the-variable"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", " \n\n", "\t"])
def test_white_space_around_the_token_is_dropped(tmp_path: Path, ending: str) -> None:
    """What editors and `echo` leave at a file's end is no part of the token."""
    file = tmp_path / "token"
    file.write_bytes(b"abc.def" + ending.encode())
    assert token_from({}, file).reveal() == "abc.def"
    assert token_from({"BULKCANCEL_TOKEN": "abc.def" + ending}, None).reveal() == "abc.def"


@pytest.mark.parametrize(
    "content",
    [b"SENTINEL two", b"SENTINEL\nsecond", b"SENTINEL\x00", b"SENTINEL\xc3\xa9", b"\xff\xfeS\x00"],
)
def test_a_token_that_no_header_can_hold_is_refused(tmp_path: Path, content: bytes) -> None:
    """Characters inside that no token has are refused, without the token in the sentence."""
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(RefusedError) as caught:
        token_from({}, file)
    assert str(file) in str(caught.value)
    assert "SENTINEL" not in str(caught.value)
    with pytest.raises(RefusedError) as caught:
        token_from({"BULKCANCEL_TOKEN": content.decode("latin-1")}, None)
    assert "SENTINEL" not in str(caught.value)
    assert caught.value.exit_code is ExitCode.REFUSED


@pytest.mark.parametrize("content", ["", "\n", " \t\r\n"])
def test_an_empty_token_is_refused(tmp_path: Path, content: str) -> None:
    """An empty file or variable is named as such, not sent as an empty token."""
    file = tmp_path / "token"
    file.write_text(content)
    with pytest.raises(RefusedError, match="is empty"):
        token_from({"BULKCANCEL_TOKEN": "unused"}, file)
    with pytest.raises(RefusedError, match="BULKCANCEL_TOKEN is empty"):
        token_from({"BULKCANCEL_TOKEN": content}, None)


def test_no_token_at_all_is_refused_with_the_two_ways_to_give_one() -> None:
    """The sentence says what to do."""
    with pytest.raises(RefusedError, match=r"BULKCANCEL_TOKEN.*--token-file"):
        token_from({}, None)


def test_a_file_that_cannot_be_read_is_refused_in_the_systems_words(tmp_path: Path) -> None:
    """A missing file and a folder each give their own reason."""
    with pytest.raises(RefusedError, match="can't be read: No such file"):
        token_from({}, tmp_path / "missing")
    with pytest.raises(RefusedError, match="can't be read: Is a directory"):
        token_from({}, tmp_path)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    """A wrong file, such as the input itself, is not sent as a header."""
    file = tmp_path / "input.csv"
    file.write_bytes(b"a" * 70_000)
    with pytest.raises(RefusedError, match="too large"):
        token_from({}, file)


def test_a_file_that_others_may_read_is_accepted(tmp_path: Path) -> None:
    """Whether to warn about it is the caller's decision."""
    file = tmp_path / "token"
    file.write_text("abc.def")
    file.chmod(0o644)
    assert token_from({}, file).reveal() == "abc.def"
