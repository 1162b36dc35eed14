"""A run of a judge over a warehouse: batch by batch, within a budget, and safe to kill."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

from agent_goals.errors import AgentGoalsError
from agent_goals.judges.asking import Bill, JudgeError
from agent_goals.judges.due import Key, Selection, Session, due_sessions, known_ids, read_sessions
from agent_goals.judges.evaluators import Criteria, Evaluator
from agent_goals.judges.fitting import TooLongError
from agent_goals.judges.journal import Journal
from agent_goals.judges.records import bill_records, known_verdict_id, verdict_records
from agent_goals.profile import Target
from agent_goals.warehouse import Warehouse

#: How many conversations are judged between two loads.
BATCH_SESSIONS = 50

#: So many failures on end, and it is no longer about single conversations.
GIVE_UP_AFTER = 10


@dataclass
class Outcome:
    """What came of a run so far.

    Attributes:
        due: sessions that were to be judged.
        labels: verdicts by label.
        failed: sessions without a verdict, with the reason.
        skipped: sessions that were not asked about, by reason.
        recovered: records of an earlier run that were loaded first.
        requests: answers that were paid for.
        input_tokens: tokens read by the model.
        output_tokens: tokens written by the model.
        cost: USD, as far as the prices are known.
        unpriced: answers whose price is not known.
        stopped: why the run ended before all were judged.
        is_refused: whether that was because no conversation would get a verdict.
    """

    due: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    recovered: int = 0
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0
    stopped: str | None = None
    is_refused: bool = False

    @property
    def judged(self) -> int:
        """Sessions with a verdict of this run."""
        return self.labels.total()

    @property
    def done(self) -> int:
        """Sessions that are through, one way or another."""
        return self.judged + len(self.failed) + self.skipped.total()

    def pay(self, bills: Sequence[Bill]) -> None:
        """Add bills."""
        for bill in bills:
            self.requests += 1
            self.input_tokens += bill.input_tokens or 0
            self.output_tokens += bill.output_tokens or 0
            self.cost += bill.amount or 0
            self.unpriced += bill.amount is None

    def as_dict(self) -> dict[str, Any]:
        """The outcome as JSON values."""
        return asdict(self) | {
            "judged": self.judged,
            "labels": dict(self.labels),
            "skipped": dict(self.skipped),
            "cost": f"{self.cost:f}",
        }


@dataclass(frozen=True)
class Estimate:
    """What a run would take, about.

    Attributes:
        sessions: sessions that are to be judged.
        not_applicable: of these, those with nothing to judge, which cost nothing.
        skipped: sessions that would not be asked about, by reason.
        input_tokens: tokens to be read.
        output_tokens: tokens to be written, guessed.
        cost: USD; ``None`` where nothing says what the model's tokens cost.
    """

    sessions: int
    not_applicable: int
    skipped: Counter[str]
    input_tokens: int
    output_tokens: int
    cost: Decimal | None

    def as_dict(self) -> dict[str, Any]:
        """The estimate as JSON values."""
        cost = None if self.cost is None else f"{self.cost:f}"
        return asdict(self) | {"skipped": dict(self.skipped), "cost": cost}


class Run:
    """One evaluator, one goal, one warehouse.

    Attributes:
        outcome: what came of it so far.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        target: Target,
        open_warehouse: Callable[[bool], Warehouse],
        *,
        selection: Selection,
        goal: str | None = None,
        criteria: Criteria | None = None,
        max_cost: Decimal | None = None,
        concurrency: int = 8,
        batch_sessions: int = BATCH_SESSIONS,
        on_progress: Callable[[Outcome], None] = lambda outcome: None,
    ) -> None:
        """Prepare a run; nothing is opened yet.

        Args:
            evaluator: the judge.
            target: the database.
            open_warehouse: opens it, for reading only if the argument is true.
            selection: which sessions are wanted.
            goal: the goal that the verdicts are on; else one named after the evaluator.
            criteria: what all sessions are judged against, where their own records do not say.
            max_cost: USD that may be spent.
            concurrency: how many conversations are asked about at a time.
            batch_sessions: how many are judged between two loads.
            on_progress: told of every step.

        Raises:
            AgentGoalsError: when there is a limit for the cost but nothing says what the model costs.
        """
        if max_cost is not None and evaluator.judge.price(1000, 1000) is None:
            raise AgentGoalsError(
                f"nobody knows what {evaluator.judge.name} costs, so --max-cost cannot be kept: say it with --input-price"
                " and --output-price (USD for a million tokens)."
            )
        self.outcome = Outcome()
        self._evaluator = evaluator
        self._target = target
        self._open = open_warehouse
        self._selection = selection
        self._goal = goal or evaluator.name
        self._criteria = criteria or Criteria()
        self._budget = Budget(max_cost)
        self._concurrency = concurrency
        self._batch_sessions = batch_sessions
        self._on_progress = on_progress
        self._failures_on_end = 0

    def estimate(self) -> Estimate:
        """What the run would take, without asking the model or writing anything."""
        sessions = not_applicable = input_tokens = output_tokens = 0
        skipped: Counter[str] = Counter()
        for batch in self._batches():
            for session in self._read(batch, skipped):
                criteria = self._criteria_of(session)
                try:
                    read, written = self._evaluator.estimate(session.conversation, criteria)
                except TooLongError:
                    skipped["longer than the model's context"] += 1
                    continue
                sessions += 1
                not_applicable += not read
                input_tokens += read
                output_tokens += written
        cost = self._evaluator.judge.price(input_tokens, output_tokens)
        return Estimate(sessions, not_applicable, skipped, input_tokens, output_tokens, cost)

    async def judge(self, journal: Journal) -> Outcome:
        """Judge what is due.

        Args:
            journal: where the verdicts wait for each load; open.

        Raises:
            AgentGoalsError: when the warehouse cannot be read or written to. What was paid for is in the journal then, and the
                next run loads it.
        """
        self._recover(journal)
        for batch in self._batches():
            sessions = self._read(batch, self.outcome.skipped)
            try:
                await self._judge_batch(sessions, journal)
            finally:
                journal.load()
            if self.outcome.stopped:
                break
        return self.outcome

    def _recover(self, journal: Journal) -> None:
        report = journal.load()
        if report is not None:
            self.outcome.recovered = report.count_loaded

    def _batches(self) -> list[list[Key]]:
        with self._open(True) as warehouse:
            due = due_sessions(
                warehouse,
                self._target,
                self._selection,
                goal=self._goal,
                evaluator=self._evaluator.name,
                version=self._evaluator.version,
            )
        self.outcome.due = len(due)
        self._on_progress(self.outcome)
        return [due[at : at + self._batch_sessions] for at in range(0, len(due), self._batch_sessions)]

    def _read(self, keys: Sequence[Key], skipped: Counter[str]) -> list[Session]:
        """The sessions with their conversations; the database is given back before anybody is asked."""
        with self._open(True) as warehouse:
            found = read_sessions(warehouse, self._target, keys)
            ids = {session.key: self._verdict_id(session) for session in found}
            known = known_ids(warehouse, self._target, ids.values())
        skipped["no turns left"] += len(keys) - len(found)
        sessions = []
        for session in found:
            needs = self._evaluator.needs
            if ids[session.key] in known:
                skipped["judged just so before"] += 1
            elif needs and not getattr(self._criteria_of(session), needs):
                skipped[f"no {needs} to judge by"] += 1
            else:
                sessions.append(session)
        skipped += Counter()  # drops what was counted as zero
        return sessions

    def _criteria_of(self, session: Session) -> Criteria:
        own = {name: value for name, value in asdict(session.criteria).items() if value}
        return replace(self._criteria, **own)

    def _verdict_id(self, session: Session) -> str:
        evaluator = self._evaluator
        digest = evaluator.digest(session.conversation, self._criteria_of(session))
        return known_verdict_id(*session.key, self._goal, evaluator.name, evaluator.version, digest)

    async def _judge_batch(self, sessions: Sequence[Session], journal: Journal) -> None:
        waiting = list(reversed(sessions))

        async def work() -> None:
            while waiting and not self.outcome.stopped:
                await self._judge_session(waiting.pop(), journal)
                self._on_progress(self.outcome)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._concurrency, len(sessions))):
                    group.create_task(work())
        except ExceptionGroup as errors:
            # The first one stopped all tasks. That the journal cannot be written to is the one thing that is foreseen.
            error = errors.exceptions[0]
            if isinstance(error, OSError):
                raise AgentGoalsError(f"a verdict cannot be written to {journal.folder}: {error.strerror}.") from error
            raise error from None

    async def _judge_session(self, session: Session, journal: Journal) -> None:
        criteria = self._criteria_of(session)
        about: dict[str, Any] = {"session_id": session.key.session_id, "environment": session.key.environment, "goal": self._goal}
        try:
            async with self._budget.reserve(self._price_of(session, criteria)) as has_room:
                if not has_room:
                    self.outcome.stopped = self._budget.refusal
                    return
                evaluation = await self._evaluator.evaluate_async(session.conversation, **asdict(criteria))
                journal.add(verdict_records(evaluation, **about))
                self._pay(evaluation.bills)
        except TooLongError as error:
            self.outcome.failed[session.key.session_id] = str(error)
        except JudgeError as error:
            if error.bills:
                journal.add(bill_records(error.bills, **about, evaluator=self._evaluator.name))
            self._pay(error.bills)
            self._fail(session.key.session_id, error)
        else:
            self.outcome.labels[evaluation.label] += 1
            if evaluation.bills:
                self._failures_on_end = 0

    def _pay(self, bills: Sequence[Bill]) -> None:
        self.outcome.pay(bills)
        self._budget.spent = self.outcome.cost

    def _fail(self, session_id: str, error: JudgeError) -> None:
        self.outcome.failed[session_id] = str(error)
        self._failures_on_end += 1
        if error.is_fatal:
            self.outcome.stopped, self.outcome.is_refused = str(error), True
        elif self._failures_on_end >= GIVE_UP_AFTER:
            self.outcome.stopped = f"{GIVE_UP_AFTER} conversations on end got no verdict, the last one because {error}"

    def _price_of(self, session: Session, criteria: Criteria) -> Decimal:
        """What a conversation might cost; more than it usually does, for its tokens are counted generously."""
        if self._budget.limit is None:
            return Decimal(0)
        return self._evaluator.judge.price(*self._evaluator.estimate(session.conversation, criteria)) or Decimal(0)


class Budget:
    """What may be spent, with what has been spent and what those that are being asked about may yet cost.

    Attributes:
        limit: USD; ``None`` for no limit.
        spent: USD spent so far.
    """

    def __init__(self, limit: Decimal | None) -> None:
        """Make a budget of which nothing is spent."""
        self.limit = limit
        self.spent = Decimal(0)
        self._reserved = Decimal(0)
        self._freed = asyncio.Event()

    @property
    def refusal(self) -> str:
        """Why there is no room, in words."""
        return f"the next conversation might cost more than what is left of ${self.limit:f}"

    @asynccontextmanager
    async def reserve(self, amount: Decimal) -> AsyncIterator[bool]:
        """Set an amount aside as long as the context lasts; gives whether there is room for it.

        Where there may be once others know what they have cost, they are waited for.
        """
        while self.limit is not None and self.spent + self._reserved + amount > self.limit:
            if not self._reserved:
                yield False
                return
            self._freed.clear()
            await self._freed.wait()
        self._reserved += amount
        try:
            yield True
        finally:
            self._reserved -= amount
            self._freed.set()
