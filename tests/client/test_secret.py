"""A secret shows itself to nobody who doesn't ask for it."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.client import Secret


@given(text=st.text(min_size=4))
def test_no_way_of_printing_shows_it(text: str) -> None:
    """Whatever the secret, every usual way to print it gives the mask."""
    secret = Secret(text)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>5}", f"{secret:>40}"]
    shown += ["%s %r" % (secret, secret), repr([secret]), repr({"a": secret})]  # noqa: UP031 - the old way has to be safe too
    assert {word.strip("[]{}'a: ") for word in shown} == {"***", "*** ***"}
    assert secret.reveal() == text


def test_it_is_neither_pickled_nor_copied() -> None:
    """A secret leaves the process in no file and in no message to another one."""
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="neither pickled nor copied"):
            attempt(Secret("sentinel"))


def test_it_has_no_dict_to_look_into() -> None:
    """`vars`, which debuggers and loggers use, finds nothing."""
    assert not hasattr(Secret("sentinel"), "__dict__")


@given(one=st.text(), other=st.text())
def test_equal_secrets_are_equal_and_hash_alike(one: str, other: str) -> None:
    """Equality and hash follow the text; a secret never equals a plain string."""
    assert (Secret(one) == Secret(other)) == (one == other)
    assert hash(Secret(one)) == hash(Secret(one))
    assert Secret(one) != one


@pytest.mark.parametrize("text", ["", "a b", "a\n", "a\r\nX: y", "\x00", "é", "a\u200b"])
def test_what_no_header_holds_is_not_sendable(text: str) -> None:
    """White space, control characters and characters beyond ASCII make a secret unsendable."""
    assert not Secret(text).is_sendable()
    assert Secret("abc.DEF-123_~+/=").is_sendable()
