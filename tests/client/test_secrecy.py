"""No token and no personal data come out: in no value, no exception and no log line."""

from __future__ import annotations

import gc
import json
import logging
import traceback
from typing import Any

import anyio
import pytest

from bulkcancel.client import Client, ClientOptions, Secret
from bulkcancel.client.failures import UntranslatableError, no_answer, not_sent
from bulkcancel.errors import RefusedError
from bulkcancel.model import Answer, NoAnswer, NotSent, Target

ID = "62ff5c0bec0aed3c86202c32"
ACCOUNT = "1234abcd5678efgh9ijklmno"
TOKEN = "SENTINEL-7f3a9c51-token"
PERSON = "jane.sentinel@example.com"
ECHO = f"{TOKEN} {PERSON} +1 555 123 4567".encode()
ALLOCATION = json.dumps(
    {
        "allocationId": ID,
        "statusCode": TOKEN,
        "version": 1,
        "poNumber": f"po {TOKEN}",
        "recipient": [{"email": PERSON, "phone": "+1 555 123 4567"}],
    }
).encode()


def scripts(steps: Any) -> list[list[Any]]:
    """Return servers that repeat the token and a person's data wherever they can."""
    echo = [f"X-Echo: {ECHO.decode()}", f"Set-Cookie: a={TOKEN}", f"Location: http://{TOKEN}/"]
    message = json.dumps({"message": ECHO.decode(), "code": TOKEN}).encode()
    return [
        [steps.answer(ALLOCATION, headers=echo)],
        [steps.answer(b"[" + ALLOCATION + b"]", headers=echo)],
        [steps.answer(message, "403 " + ECHO.decode(), echo)],
        [steps.answer(b'"' + ECHO + b'"', "404 Not Found", echo)],
        [steps.answer(ECHO, "302 Found", echo)],
        [steps.answer(b"<html>" + ECHO, "500 Error", [f"Retry-After: {TOKEN}"])],
        [steps.raw(ECHO + b"\r\n\r\n")],
        [steps.raw(b"HTTP/1.1 200 OK\r\n" + ECHO + b"\r\n\r\n")],
        [steps.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + ECHO)],
        [steps.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + ECHO)],
        [steps.answer(ECHO * 9_000)],
        [steps.raw(b"HTTP/1.1 200 OK\r\nX: " + ECHO * 999 + b"\r\n\r\n")],
        [steps.silence()],
        [steps.reset()],
        [steps.hang_up()],
    ]


def assert_clean(text: str) -> None:
    """Fail if anything secret or personal is in the text."""
    for secret in (TOKEN, "SENTINEL", "sentinel", "555 123"):
        assert secret not in text


def test_nothing_comes_out_whatever_the_server_does(
    serve: Any, steps: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every value, log line (down to asyncio's own debugging) and printed byte is clean."""
    caplog.set_level(logging.DEBUG)
    seen: list[Any] = []
    addresses = [serve(*script).base_url for script in scripts(steps)]
    addresses += ["http://127.0.0.1:1/api", f"https://{'a.' * 150}example/api"]
    addresses += [serve(on_connect=steps.raw(ECHO), scheme="https").base_url]

    async def main() -> None:
        for address in addresses:
            target = Target(base_url=address, account=ACCOUNT)
            async with Client(target, Secret(TOKEN), ClientOptions(timeout=1.0)) as client:
                seen.append(await client.cancel(ID))
                seen.append(await client.read(ID))
                seen.append(client)

    anyio.run(main, backend_options={"debug": True})
    gc.collect()  # whatever aiohttp says about lost connections, it says now
    kinds = {type(one.observation) for one in seen if not isinstance(one, Client)}
    assert kinds == {Answer, NoAnswer, NotSent}
    for one in seen:
        assert_clean(f"{one!r} {one!s}")
    logging.getLogger("asyncio").debug("the log is being watched")
    assert "the log is being watched" in caplog.text
    for record in caplog.records:
        assert_clean(f"{record.getMessage()} {record.args!r} {record.exc_text}")
    assert_clean(caplog.text)
    assert_clean("".join(capfd.readouterr()))


def test_no_refusal_shows_the_token(call: Any) -> None:
    """Neither the sentence of an exception nor what a traceback prints of its causes."""
    for base_url, allocation_id in (
        (f"https://user:{TOKEN}@host/api", ID),
        ("http://127.0.0.1:9/api", "../x"),
    ):
        with pytest.raises(RefusedError) as caught:
            call(base_url, lambda client, one=allocation_id: client.cancel(one), token=TOKEN)
        assert_clean("".join(traceback.TracebackException.from_exception(caught.value).format()))


def test_a_foreign_exceptions_text_is_never_passed_on() -> None:
    """Whatever an exception says, only our own words and the system's are kept."""
    for failure in (
        OSError(TOKEN),
        OSError(111, TOKEN),
        ConnectionResetError(104, TOKEN),
        TimeoutError(TOKEN),
        ValueError(TOKEN),
        RuntimeError(TOKEN),
    ):
        assert_clean(repr(no_answer(failure)))
        try:
            assert_clean(repr(not_sent(failure, is_tls=True)))
        except UntranslatableError as error:
            assert_clean(repr(error))
            assert not isinstance(failure, OSError)
