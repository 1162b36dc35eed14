"""Random samples of judged sessions for humans to label, so that what a judge gets wrong can be told for all sessions."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from agent_goals.contract import RECORD_TYPES
from agent_goals.errors import AgentGoalsError
from agent_goals.raw import RawTables
from agent_goals.warehouse.base import Warehouse

#: Seeds that people can type and every warehouse can hold.
_SEEDS = 10**9

_COLUMNS = (
    "type", "event_id", "session_id", "occurred_at", "environment", "goal", "verdict_source", "achieved", "label", "reason",
)  # fmt: skip

_JUDGED = """
    from {events}
    where verdict_source = 'judge' and goal = $goal and environment = $environment
        and coalesce(label, '') <> 'not_applicable'
        and ($evaluator::text is null or evaluator = $evaluator::text)
        and ($since::timestamp is null or occurred_at >= $since::timestamp)
        and ($until::timestamp is null or occurred_at < $until::timestamp)
"""


@dataclass(frozen=True)
class Sample:
    """A recorded sample.

    Attributes:
        sample_id: the batch that recorded it.
        drawn_at: when it was drawn, in UTC.
        environment: the sessions' environment.
        goal: the goal whose verdict is to be labelled.
        evaluator: the judge whose sessions were drawn from; ``None`` for any.
        seed: what the draw depends on besides the population.
        count_population: how many sessions were drawn from.
        sessions: the sessions drawn, in random order.
    """

    sample_id: str
    drawn_at: datetime
    environment: str
    goal: str
    evaluator: str | None
    seed: int
    count_population: int
    sessions: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The sample as JSON values."""
        return asdict(self) | {"drawn_at": f"{self.drawn_at.isoformat()}Z", "sessions": list(self.sessions)}

    def as_csv(self) -> str:
        """Goal records to be completed by a human and loaded: `achieved` is empty.

        The judge's verdict is not in it, so that it cannot lead the human's.
        """
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(_COLUMNS)
        for number, session in enumerate(self.sessions, start=1):
            # Whoever loads the file twice, first half done, corrects it.
            event_id = f"label-{self.sample_id}-{number}"
            at = f"{self.drawn_at.isoformat()}Z"
            lines.writerow(["goal", event_id, session, at, self.environment, self.goal, "human", "", "", ""])
        return text.getvalue()


def draw(
    warehouse: Warehouse,
    raw: RawTables,
    *,
    goal: str,
    size: int,
    environment: str = "production",
    evaluator: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    seed: int | None = None,
    deliver: Callable[[Sample], None] = lambda sample: None,
) -> Sample:
    """Draw sessions that a judge gave a verdict on, each as likely as any other, and record that they were drawn.

    The order of a hash of seed and id makes the draw: the same sessions and seed give the same sample again.

    Args:
        warehouse: an open warehouse without a transaction.
        raw: the raw tables.
        goal: the judged goal.
        size: how many sessions; all of them where there are fewer.
        environment: the sessions' environment.
        evaluator: the judge; any by default.
        since: leaves out verdicts before it (UTC).
        until: leaves out verdicts from it on (UTC).
        seed: a whole number from 0; drawn itself by default.
        deliver: hands the sample to whoever labels it; if that fails nothing is recorded.

    Raises:
        AgentGoalsError: when there is no such session.
    """
    seed = secrets.randbelow(_SEEDS) if seed is None else seed
    frame = {"goal": goal, "environment": environment, "evaluator": evaluator, "since": since, "until": until}
    with warehouse.transaction(raw.schema):
        raw.create_missing(warehouse)
        judged = _JUDGED.format(events=raw.of(RECORD_TYPES["goal"]))
        ((population,),) = warehouse.rows(f"select count(distinct session_id) {judged}", **frame)
        if not population:
            raise AgentGoalsError(_nothing_judged(warehouse, raw, goal, environment))
        drawn = warehouse.rows(
            f"""select session_id from (select distinct session_id {judged}) as judged
            order by md5($seed::text || ' ' || session_id), session_id limit $size::bigint""",
            **frame,
            seed=str(seed),
            size=size,
        )
        stamp = raw.next_stamp(warehouse)
        sessions = tuple(session for (session,) in drawn)
        sample = Sample(stamp.batch_id, stamp.loaded_at, environment, goal, evaluator, seed, population, sessions)
        warehouse.run(
            f"""insert into {raw.label_samples}
                (loaded_at, batch_id, environment, session_id, goal, evaluator, count_population, seed)
            select $loaded_at::timestamp, $batch_id::text, $environment::text, unnest($sessions::text[]), $goal::text,
                $evaluator::text, $population::bigint, $seed::bigint""",
            loaded_at=stamp.loaded_at,
            batch_id=stamp.batch_id,
            environment=environment,
            sessions=list(sessions),
            goal=goal,
            evaluator=evaluator,
            population=population,
            seed=seed,
        )
        deliver(sample)
    return sample


def _nothing_judged(warehouse: Warehouse, raw: RawTables, goal: str, environment: str) -> str:
    rows = warehouse.rows(
        f"""select distinct goal, environment from {raw.of(RECORD_TYPES["goal"])}
        where verdict_source = 'judge' order by goal, environment limit 10"""
    )
    known = ", ".join(f"{name} ({where})" for name, where in rows) or "none"
    return f"no judge gave a verdict on {goal!r} in {environment!r} then. Goals with verdicts of judges: {known}."
