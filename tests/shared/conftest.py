"""A real Redis for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redisserver import REDIS, RedisServer


@pytest.fixture(scope="session")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Give one server for all tests that do not end it."""
    if REDIS is None:
        pytest.skip("there is no redis-server here; tests/install.sh installs it")
    server = RedisServer(folder=tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def server(one_server: RedisServer) -> RedisServer:
    """Give that server, empty."""
    with one_server.client() as client:
        client.flushall()
    return one_server
