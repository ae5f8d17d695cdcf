"""What holds for the whole test run."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings
from sentinels import leaks

# Nothing here is judged by how long it takes: these machines are shared, and some are slow.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Whoever starts the tests in the background of a shell has Ctrl-C ignored, and every command that
# is started here would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def no_secret_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Search every file that the tests of this process left for secrets and personal data.

    Reports, journals, logs, metrics, inputs, what was printed to a file: none may hold any. A
    complaint names the files; it stands at the last test, which has nothing to do with it.
    """
    yield
    found = list(leaks(tmp_path_factory.getbasetemp()))
    assert not found, "\n".join(found)
