"""Standard streams whose reader may go away: what is to be done is done all the same."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click


@contextmanager
def unread(stream: TextIO) -> Iterator[None]:
    """Let a stream that nobody reads any more swallow what is written to it."""
    try:
        yield
    except BrokenPipeError:
        # Python would complain about the stream once more when it ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def say(text: str) -> None:
    """Write a line to standard output, if anybody reads it."""
    with unread(sys.stdout):
        click.echo(text)
        sys.stdout.flush()
