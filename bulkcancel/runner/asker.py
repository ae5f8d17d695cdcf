"""Ask the API one query after another, at its pace, until each is answered or it is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import anyio

from bulkcancel.client.query import LARGEST_PAGE, QueryExchange, Question
from bulkcancel.decision import Finding, backoff
from bulkcancel.decision.listing import classify_query
from bulkcancel.errors import BulkcancelError, ExitCode
from bulkcancel.model import Answer, Kind, NoAnswer, NoAnswerCause
from bulkcancel.model.listing import Listing
from bulkcancel.pacing import Pacer
from bulkcancel.runner.clock import Clock
from bulkcancel.runner.gate import verdict_of
from bulkcancel.runner.options import PoolOptions
from bulkcancel.runner.tokens import TokenKeeper

_AGAIN = frozenset({Kind.NOT_SENT, Kind.READ_FAILED, Kind.THROTTLED})
_PERHAPS_THE_QUESTION = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})


class AskingStoppedError(BulkcancelError):
    """There is no answer to be had, or none to be trusted; ``exit_code`` says which kind."""

    def __init__(self, sentence: str, exit_code: ExitCode = ExitCode.STOPPED) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


class Asker:
    """Asks one query at a time; a query changes nothing, so it may always be asked again.

    ``sent`` counts the queries that were answered somehow or had no answer.
    """

    def __init__(
        self,
        ask: Callable[[Question], Awaitable[QueryExchange]],
        tokens: TokenKeeper,
        *,
        options: PoolOptions,
        chance: Callable[[], float],
        clock: Clock,
    ) -> None:
        self._ask = ask
        self._tokens = tokens
        self._policy = options.policy
        self._patience = options.breaker.patience
        self._chance = chance
        self._clock = clock
        self._pacer = Pacer(options.pacer)
        self.sent = 0

    async def answer(self, question: Question) -> Listing:
        """Return the page that answers a question, in ``max_attempts`` tries.

        Raises:
            AskingStoppedError: The tries are used up, or the answer is one that asking again does
                not change.
        """
        failures, is_refused = 0, False
        while True:
            exchange, finding = await self._once(question)
            seen = exchange.observation
            if isinstance(seen, Listing) and finding.kind is Kind.SHOWN:
                self._tokens.accepted(exchange.token_number)
                return seen
            if finding.kind is Kind.UNAUTHORIZED:
                self._refused(exchange.token_number, finding, is_second=is_refused)
                is_refused = True  # it costs no attempt: once more, with another token
                continue
            failures += 1
            if isinstance(seen, NoAnswer) and seen.cause is NoAnswerCause.OVERSIZED:
                raise AskingStoppedError(
                    f"a page of {question.limit:,} allocations is larger than "
                    f"{LARGEST_PAGE >> 20} MiB: ask for smaller ones with --page-size"
                )
            self._give_up(finding, failures)
            await anyio.sleep(
                finding.retry_after or backoff(self._policy, failures, self._chance())
            )

    async def rest(self, times: int) -> None:
        """Wait before something is asked anew for the nth time."""
        await anyio.sleep(backoff(self._policy, times, self._chance()))

    async def _once(self, question: Question) -> tuple[QueryExchange, Finding]:
        """Send a query when its turn has come, with a token that is good then."""
        while True:
            await self._need_token()
            hold = self._pacer.hold(self._clock.steady(), 0)
            if hold.seconds <= 0.0:
                break
            await anyio.sleep(hold.seconds)
        sent_at = self._clock.steady()
        self._pacer.sent(sent_at)
        exchange = await self._ask(question)
        self.sent += 1
        seen, now = exchange.observation, self._clock.steady()
        finding = classify_query(seen)
        self._pacer.answered(
            verdict_of(finding), sent_at=sent_at, now=now, retry_after=finding.retry_after
        )
        if isinstance(seen, (Listing, Answer)) and seen.allowance is not None:
            self._pacer.told(seen.allowance.rate, seen.allowance.seconds, now)
        return exchange, finding

    async def _need_token(self) -> None:
        if not await self._tokens.ready():
            raise AskingStoppedError(self._tokens.lacking, ExitCode.AUTHENTICATION)

    def _refused(self, number: int, finding: Finding, *, is_second: bool) -> None:
        goes_on = self._tokens.refused(number, f"the query: {finding.reason}")
        if is_second or not goes_on:
            words = f"the API refuses one token after another: {finding.reason}"
            raise AskingStoppedError(self._tokens.lacking or words, ExitCode.AUTHENTICATION)

    def _give_up(self, finding: Finding, failures: int) -> None:
        """Return if asking again may help.

        Raises:
            AskingStoppedError: It may not, or it was tried often enough.
        """
        if finding.http_status == HTTPStatus.FORBIDDEN:
            raise AskingStoppedError(
                f"the API forbids the query: {finding.reason}", ExitCode.AUTHENTICATION
            )
        if finding.kind is Kind.READ_UNAVAILABLE:
            hint = ""
            if finding.http_status in _PERHAPS_THE_QUESTION:
                hint = "; perhaps it knows no such filter (--unfiltered) or order (--sort-by)"
            raise AskingStoppedError(f"the API refuses the query: {finding.reason}{hint}")
        if finding.kind not in _AGAIN:
            raise AskingStoppedError(f"the query is not answered: {finding.reason}")
        if (finding.retry_after or 0.0) > self._patience:
            raise AskingStoppedError(
                f"the API asks to wait {finding.retry_after:,.0f} s; last: {finding.reason}"
            )
        if failures >= self._policy.max_attempts:
            tries = f"{failures} tries" if failures > 1 else "one try"
            raise AskingStoppedError(f"no answer to a query in {tries}; last: {finding.reason}")
