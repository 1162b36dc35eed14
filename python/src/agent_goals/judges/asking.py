"""Asking a model for a verdict: which model, how patiently, and what it was paid.

pydantic-ai speaks to the providers. Here is what it leaves to its user: waiting for a provider that is busy, telling errors that
concern one conversation from those that concern all, and keeping the bill of every answer, of those that are of no use as well.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from agent_goals.errors import AgentGoalsError

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models import Model

OutputT = TypeVar("OutputT")

#: Holds the key that ``base_url`` is asked with. Not a provider's own variable, whose key belongs to that provider.
API_KEY_VARIABLE = "AGENT_GOALS_JUDGE_API_KEY"

#: The input that a model is given at most where nothing says how large its context is, in tokens.
MAX_INPUT_TOKENS = 100_000

#: What is kept free of a known context for the instructions and the answer, in tokens.
RESERVED_TOKENS = 10_000

#: What an answer is taken to have before any was seen, in tokens.
OUTPUT_TOKENS_GUESS = 500

#: Shorter waits than this are not worth counting, longer ones not worth waiting for, in seconds.
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 120.0

#: HTTP statuses that say "later", beside those of 500 and more.
_LATER = frozenset({408, 409, 425, 429})


@dataclass(frozen=True, slots=True)
class Prices:
    """What tokens cost, where the person who pays says so.

    Attributes:
        input_price: USD for a million input tokens, cached or not.
        output_price: USD for a million output tokens.
    """

    input_price: Decimal
    output_price: Decimal

    def of(self, input_tokens: int, output_tokens: int) -> Decimal:
        """USD for so many tokens, exactly."""
        return (input_tokens * self.input_price + output_tokens * self.output_price).scaleb(-6)


@dataclass(frozen=True, slots=True)
class Bill:
    """What one answer of a model took.

    Attributes:
        at: when it came, in UTC.
        model: the model, as the provider names it.
        provider: who served it.
        input_tokens: tokens read, cached ones included; ``None`` where the provider did not say.
        cache_read_tokens: of these, read from a cache.
        cache_write_tokens: of these, written to a cache.
        output_tokens: tokens written, reasoning included; ``None`` where the provider did not say.
        reasoning_tokens: of these, spent on reasoning.
        amount: USD; ``None`` where nothing says what the tokens cost.
        priced_by: who says so.
        latency_ms: how long it took, in milliseconds, where it was the only answer.
    """

    at: datetime
    model: str
    provider: str | None
    input_tokens: int | None
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int | None
    reasoning_tokens: int
    amount: Decimal | None
    priced_by: str | None
    latency_ms: float | None = None


class JudgeError(AgentGoalsError):
    """A conversation that got no verdict.

    Attributes:
        is_fatal: whether no other conversation would get one either: a wrong key, an unknown model, a spent quota.
        bills: what was paid all the same.
    """

    def __init__(self, message: str, *, is_fatal: bool = False, bills: Sequence[Bill] = ()) -> None:
        """Make the error."""
        super().__init__(message)
        self.is_fatal = is_fatal
        self.bills = tuple(bills)


@dataclass(frozen=True, slots=True)
class Answer(Generic[OutputT]):
    """What a model answered.

    Attributes:
        output: the answer.
        bills: what every answer on the way to it took.
    """

    output: OutputT
    bills: tuple[Bill, ...]


def find_model(name: str, base_url: str | None = None) -> Model:
    """The model of a name.

    Args:
        name: ``provider:model`` as pydantic-ai has it, e.g. ``openai:gpt-5-mini``; with ``base_url`` a bare name will do.
        base_url: where to ask instead of at the provider: an endpoint that speaks OpenAI's chat completions, or Anthropic's
            messages for a name that begins with ``anthropic:``. The key is taken from ``AGENT_GOALS_JUDGE_API_KEY``.

    Raises:
        JudgeError: when pydantic-ai or the provider's package is not installed, or the name or its key is not known.
    """
    try:
        from pydantic_ai.exceptions import UserError  # noqa: PLC0415 (an extra)
        from pydantic_ai.models import infer_model  # noqa: PLC0415

        try:
            return infer_model(name) if base_url is None else _model_at(name, base_url)
        except (UserError, ValueError) as error:
            raise JudgeError(f"the model {name!r} cannot be used: {error}", is_fatal=True) from None
    except ImportError as error:
        raise JudgeError(
            f"the model {name!r} cannot be asked ({error}): pip install 'agent-goals[judges]', and for another provider than"
            " OpenAI and Anthropic its package as well, e.g. 'pydantic-ai-slim[google]'.",
            is_fatal=True,
        ) from None


def _model_at(name: str, base_url: str) -> Model:
    api_key = os.environ.get(API_KEY_VARIABLE, "none")
    provider, _, model = name.rpartition(":")
    if provider == "anthropic":
        from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415 (an extra)
        from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415

        return AnthropicModel(model, provider=AnthropicProvider(api_key=api_key, base_url=base_url))
    from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider  # noqa: PLC0415

    # A name there may have a colon of its own (llama3:8b), so only a known prefix is taken off.
    model = name.removeprefix("openai:")
    return OpenAIChatModel(model, provider=OpenAICompatibleProvider("openai-compatible", base_url=base_url, api_key=api_key))


class Judge:
    """A model that gives verdicts. It may be asked from several tasks at a time.

    Attributes:
        model: the model.
        prices: what its tokens cost, where the person who pays says so.
        max_input_tokens: the most that a prompt may have, about.
    """

    def __init__(
        self,
        model: Model | str,
        *,
        base_url: str | None = None,
        prices: Prices | None = None,
        timeout: float = 120.0,
        attempts: int = 6,
        first_wait: float = FIRST_WAIT_SECONDS,
        answers: int = 3,
        max_input_tokens: int | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Make a judge.

        Args:
            model: a model of pydantic-ai, or its name as for ``find_model``.
            base_url: as for ``find_model``.
            prices: what its tokens cost; else genai-prices is asked.
            timeout: seconds that one request may take, from its first byte to the answer's last.
            attempts: how often a request that failed for the provider's reasons is made at most.
            first_wait: seconds before the second attempt, where the provider does not say; they double each time.
            answers: how many answers a model may give until one has the right form.
            max_input_tokens: the most that a prompt may have; else what the model's context has room for.
            sleep: how so many seconds are waited.

        Raises:
            JudgeError: as for ``find_model``.
        """
        self.model = find_model(model, base_url) if isinstance(model, str) else model
        self.prices = prices
        known = self.model.context_window
        self.max_input_tokens = max_input_tokens or (max(known - RESERVED_TOKENS, known // 2) if known else MAX_INPUT_TOKENS)
        self._has_own_endpoint = base_url is not None
        self._timeout = timeout
        self._attempts = attempts
        self._first_wait = first_wait
        self._answers = answers
        self._sleep = sleep

    @property
    def name(self) -> str:
        """The model's name with its provider's."""
        return self.model.model_id

    def price(self, input_tokens: int, output_tokens: int) -> Decimal | None:
        """USD for so many tokens of this model; ``None`` where nothing says."""
        if self.prices is not None:
            return self.prices.of(input_tokens, output_tokens)
        if self._has_own_endpoint:
            return None
        from genai_prices import Usage, calc_price  # noqa: PLC0415 (an extra)

        usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
        try:
            return calc_price(usage, self.model.model_name, provider_id=self.model.system).total_price
        except LookupError:
            return None

    async def ask(self, system_prompt: str, prompt: str, output_type: type[OutputT]) -> Answer[OutputT]:
        """Ask for a verdict, until there is one.

        Args:
            system_prompt: the instructions.
            prompt: what is to be judged.
            output_type: the form of the verdict.

        Raises:
            JudgeError: when there is none.
        """
        from pydantic_ai import Agent  # noqa: PLC0415 (an extra)
        from pydantic_ai.settings import ModelSettings  # noqa: PLC0415

        # The provider's own package would wait for itself, without a word and on top of what is waited here.
        settings = ModelSettings(timeout=self._timeout, request_timeout=self._timeout, max_retries=0, temperature=0.0)
        agent = Agent(
            self.model,
            output_type=output_type,
            instructions=system_prompt,
            model_settings=settings,
            retries={"output": self._answers - 1},
        )
        bills: list[Bill] = []
        attempt = 1
        while True:
            try:
                return Answer(await self._run(agent, prompt, bills), tuple(bills))
            except Exception as error:
                # A provider's package may stumble over an answer in its own way: that concerns one conversation, not the run.
                wait = self._wait_after(error, attempt)
                if wait is None:
                    raise self._failure(error, attempt, bills) from error
            await self._sleep(wait)
            attempt += 1

    async def _run(self, agent: Any, prompt: str, bills: list[Bill]) -> Any:
        from pydantic_ai import capture_run_messages  # noqa: PLC0415 (an extra)

        began = time.monotonic()
        with capture_run_messages() as messages:
            try:
                result = await agent.run(prompt)
            finally:
                bills.extend(self._bills(messages, (time.monotonic() - began) * 1000))
        return result.output

    def _bills(self, messages: Sequence[ModelMessage], elapsed_ms: float) -> list[Bill]:
        answers = [message for message in messages if message.kind == "response"]
        return [self._bill(answer, elapsed_ms if len(answers) == 1 else None) for answer in answers]

    def _bill(self, answer: ModelResponse, latency_ms: float | None) -> Bill:
        usage = answer.usage
        is_known = bool(usage.input_tokens or usage.output_tokens)
        amount, priced_by = None, None
        if is_known and self.prices is not None:
            amount, priced_by = self.prices.of(usage.input_tokens, usage.output_tokens), "own prices"
        elif is_known:
            amount = usage.cost if usage.cost is not None else self.price(usage.input_tokens, usage.output_tokens)
            priced_by = None if amount is None else "genai-prices"
        return Bill(
            at=answer.timestamp.astimezone(UTC),
            model=answer.model_name or self.model.model_name,
            provider=answer.provider_name or self.model.system,
            input_tokens=usage.input_tokens if is_known else None,
            cache_read_tokens=usage.cache_read_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            output_tokens=usage.output_tokens if is_known else None,
            reasoning_tokens=usage.output_reasoning_tokens,
            amount=amount,
            priced_by=priced_by,
            latency_ms=latency_ms,
        )

    def _wait_after(self, error: Exception, attempt: int) -> float | None:
        """How many seconds to wait before the next attempt; ``None`` where there is to be none."""
        if attempt >= self._attempts or not _may_pass(error):
            return None
        asked_for = getattr(error, "retry_after", None)
        if asked_for is not None:
            return float(asked_for) if asked_for <= LONGEST_WAIT_SECONDS else None
        # Up to half of it at random, lest all tasks that were refused at once come back at once.
        return float(min(LONGEST_WAIT_SECONDS, self._first_wait * 2 ** (attempt - 1)) * (1 - random.random() / 2))

    def _failure(self, error: Exception, attempt: int, bills: Sequence[Bill]) -> JudgeError:
        from pydantic_ai import exceptions  # noqa: PLC0415 (an extra)

        fatal = (
            exceptions.UserError,
            exceptions.ModelAuthenticationError,
            exceptions.ModelNotFoundError,
            exceptions.ModelQuotaExceededError,
        )
        tried = f" after {attempt} attempts" if attempt > 1 else ""
        said = " ".join(str(error).split()) or "no reason given"
        if not isinstance(error, exceptions.AgentRunError | exceptions.UserError):
            said = f"{type(error).__name__}: {said}"
        return JudgeError(f"{self.name} gave no verdict{tried}: {said:.500}", is_fatal=isinstance(error, fatal), bills=bills)


def _may_pass(error: Exception) -> bool:
    """Whether the same request may well succeed later."""
    from pydantic_ai import exceptions  # noqa: PLC0415 (an extra)

    if isinstance(error, exceptions.ModelQuotaExceededError | exceptions.UserError):
        return False
    if not isinstance(error, exceptions.AgentRunError):
        return True
    passing = (
        exceptions.ModelRateLimitError,
        exceptions.ModelUnavailableError,
        exceptions.ModelServerError,
        exceptions.ModelConnectionError,
        exceptions.ModelRequestTimeout,
    )
    if isinstance(error, passing):
        return True
    status = getattr(error, "status_code", None)
    return status is not None and (status in _LATER or status >= 500)


def now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
