"""Random, nasty records with the definitions and rates that they meet."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from agent_goals.contract import threshold_met
from reference import Row

FIRST_DAY = datetime(2026, 1, 30, 22, tzinfo=UTC)

# goal, kind, parent, sequence, weight, is_primary, threshold, operator, expected_agents, value_per_achievement, target
DEFINITIONS = [
    ("top", "binary", None, 1, "3", True, None, None, "support, sales", "100", "0.8"),
    ("step_one", "binary", "top", 1, "2", False, None, None, "sales", "3.1", None),
    ("step_two", "binary", "top", 2, "0", False, None, None, None, None, None),
    ("deep", None, "step_one", 1, "0.3333", True, None, None, None, "7.0000000001", "0.5"),
    ("quality", "score", None, None, None, None, "70", None, None, "2", None),
    ("latency", "score", None, 3, "0", True, "2.5", "<", "*", None, None),
    ("rating", "score", "top", 4, "1.25", False, None, None, None, None, None),
    ("verdict_of_judge", "evaluation", None, 1, "5", True, None, None, None, "9", None),
    ("judge_of_step", "evaluation", "step_one", None, "1", False, None, None, None, None, None),
    ("deepest", "binary", "deep", 2, "1", False, None, None, None, "4", None),
]
#: Environments of their own for amounts and for scores with more places than the marts keep.
FINE_AMOUNTS = "fine_amounts"
FINE_SCORES = "fine_scores"
LOOSE = [f"loose_{letter}" for letter in "abcdefg"]
GOALS = [row[0] for row in DEFINITIONS] + LOOSE

RATES = [
    ("EUR", "USD", "2026-01-01", "1.1"),
    ("EUR", "USD", "2026-02-01", "1.23456789"),
    ("EUR", "GBP", "2026-01-31", "99"),
    ("VND", "USD", "2026-01-31T12:00:00Z", "0.000039370078741"),
    ("USD", "EUR", "2026-01-01", "0.9"),
    ("USD", "EUR", "2026-01-31T16:00:00+02:00", "0.876543210987654"),
    ("JPY", "EUR", "2026-03-01", "0.006"),
]


def definitions() -> list[Row]:
    """The goal definitions, a row each."""
    names = ["goal", "kind", "parent_goal", "sequence", "weight", "is_primary", "threshold", "threshold_operator"]
    names += ["expected_agents", "value_per_achievement", "target_achievement_rate"]
    return [dict(zip(names, row, strict=True)) | {"description": None, "is_required": None} for row in DEFINITIONS]


def rates() -> list[Row]:
    """The exchange rates, a row each."""
    return [dict(zip(("from_currency", "to_currency", "valid_from", "rate"), row, strict=True)) for row in RATES]


class Dice:
    """Random records: few names and few instants, so that everything meets everything."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.environment: str | None = None
        self.count = 0

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def some(self, share: float, **fields: Any) -> Row:
        """Each of the fields with the given chance."""
        return {name: value for name, value in fields.items() if value is not None and self.chance(share)}

    def money(self) -> Any:
        cents = Decimal(self.random.randint(-300, 2000)) / 100
        fine = Decimal(self.random.randint(-(10**11), 10**12)).scaleb(-10)
        finer = Decimal(self.random.randint(-(10**13), 10**14)).scaleb(-13)
        huge = self.one("999999999999.9999999999", "-123456789012.0123456789") if self.chance(0.2) else "2.5"
        if self.environment == FINE_AMOUNTS:
            return self.one(str(finer), "0.00000000005", str(fine))
        return self.one(str(cents), str(fine), huge, "0", 0.1, self.random.randint(1, 9), "0.0000000001", "1", "-1.0000000007")

    def currency(self) -> Row:
        return self.some(0.3, currency=self.one("USD", "EUR", "EUR", "VND", "JPY"))

    def sessions(self, count: int) -> list[Row]:
        return [record for number in range(count) for record in self.session(number)]

    def session(self, number: int) -> Iterator[Row]:
        start = FIRST_DAY + timedelta(hours=self.random.randint(0, 60))
        names = self.random.sample(GOALS, self.random.randint(0, 7))
        if self.chance(0.15):
            names = self.one(LOOSE, [*LOOSE, "deep", "step_one", "top"], ["top", "step_one", "deep", "deepest", "loose_a"])
        environments = [["production"], ["production"], [None], ["staging"], ["production", "evaluation"], [None, "qa"]]
        environments += [[None, FINE_AMOUNTS], [FINE_SCORES]]
        for environment in self.one(*environments):
            self.environment = environment
            common = {"session_id": f"s{number}"} | ({"environment": environment} if environment else {})
            for name, parent in self.parents(list(names)).items():
                for _ in range(self.one(1, 1, 1, 2, 3, 5)):
                    yield self.record("goal", start, common, self.goal(name, parent))
            for _ in range(self.one(0, 0, 1, 1, 2, 5)):
                yield self.record("cost", start, common, self.cost(names))
            for _ in range(self.one(0, 0, 0, 1, 2, 3)):
                yield self.record("value", start, common, self.value(names))
            for _ in range(self.one(0, 0, 1, 1, 2)):
                yield self.record("session", start, common, self.session_fields(start))
            for index in range(self.one(0, 0, 0, 1, 3)):
                yield self.record("turn", start, common, {"turn_index": index, "role": self.one("user", "assistant", "tool")})

    def record(self, kind: str, start: datetime, common: Row, fields: Row) -> Row:
        self.count += 1
        at = start + timedelta(seconds=self.one(0, 0, 0.25, 30, 60, 60, 90, 3600))
        text = self.one(at.isoformat(), at.replace(tzinfo=None).isoformat(), at.isoformat().replace("+00:00", "Z"))
        return {"type": kind, "event_id": f"{self.one('e', 'E', 'x')}{self.count}", "occurred_at": text, **common, **fields}

    def parents(self, names: list[str]) -> dict[str, str | None]:
        """The parent that each goal tends to record: none, a chain, a cycle, anything, or a goal that is not there."""
        self.random.shuffle(names)
        shape = self.one("chain", "chain", "cycle", "random", "random", "none", "absent")
        if shape in ("chain", "cycle"):
            return dict(zip(names, [names[-1] if shape == "cycle" else None, *names[:-1]] if names else [], strict=True))
        choices = {"random": [*names, None], "none": [None], "absent": ["nowhere", "loose_a", None]}[shape]
        return {name: self.random.choice(choices) for name in names}

    def goal(self, name: str, parent: str | None) -> Row:
        fields: Row = {"goal": name}
        if parent and self.chance(0.8):
            fields["parent_goal"] = parent if self.chance(0.85) else self.one(*GOALS)
        shape = self.one("achieved", "achieved", "failed", "sent", "score", "value", "money", "both", "not_applicable", "silent")
        if shape in ("achieved", "failed", "money"):
            fields["achieved"] = shape != "failed" if shape != "money" else self.chance(0.7)
        if shape == "sent":
            fields |= {"achieved": self.chance(0.5), self.one("value", "score"): self.score()}
        if shape in ("score", "both"):
            fields["score"] = self.score()
        if shape == "value":
            fields["value"] = self.score()
        if shape in ("money", "both"):
            fields |= {"value": self.money()} | self.currency()
        if shape in ("sent", "score", "value", "both", "silent"):
            fields |= self.some(0.5, threshold=self.score(), threshold_operator=self.one(">=", ">", "<=", "<", "="))
        if shape == "not_applicable":
            fields |= {"label": "not_applicable"} | self.some(0.3, score=self.score(), threshold=self.score())
        if shape == "achieved" and self.chance(0.2):
            fields["score"] = self.score()
        fields |= self.some(
            0.2, expected_value=self.money(), currency=self.one("USD", "EUR", "JPY"), customer_id=self.one("c1", "c2")
        )
        fields |= self.some(0.5, verdict_source=self.one("human", "automatic", "judge"))
        fields |= self.some(
            0.15, evaluator=self.one("check", "clerk"), evaluator_version=self.one("1", "2"), reason=self.one("so", "thus")
        )
        if "label" not in fields:
            fields |= self.some(0.15, label=self.one("Yes", "No"))
        seconds = self.one(0, 12.5, 90, 4000, -3)
        fields |= self.some(0.12, time_to_goal_seconds=seconds, agent=self.one("support", "sales", "scout"))
        fields |= self.some(0.1, experiment="prompt", variant=self.one("a", "b"))
        metadata = self.some(
            0.12,
            agent=self.one("support", "sales"),
            experiment="tools",
            variant="c",
            time_to_resolution_seconds=seconds,
            resolution_time_seconds=self.one(7, 8.5),
            attempts=self.one(1, 2, 7, "many"),
            interaction_count=self.one(1, 4),
            customer_satisfaction=self.one(1, 4.5, "good"),
            note="quiet",
        )
        metadata |= self.one({}, {}, {}, {"escalated": self.chance(0.5)}, {"escalated_to_human": self.chance(0.5)})
        return fields | ({"metadata": metadata} if metadata else {})

    def score(self) -> Any:
        if self.environment == FINE_SCORES:
            return self.one(0, 0.00000000001, 0.00000000002, 0.12345678905)
        return self.one(0, 1, 0.5, 2.5, 69.9, 70, 85, -1)

    def cost(self, names: Sequence[str]) -> Row:
        fields = self.some(
            0.7, cost_type=self.one("llm", "llm", "tool", "retrieval", "infrastructure", "human", "evaluation", "other")
        )
        fields |= self.some(0.4, goal=self.one(*names, *GOALS))
        if self.chance(0.85):
            fields |= {"amount": self.money()} | self.currency() | self.some(0.5, model=self.one("small", "large"))
        else:
            fields["model"] = self.one("small", "large")
        return fields | self.some(0.2, input_tokens=10, output_tokens=3, cache_read_tokens=1, provider="acme", agent="scout")

    def value(self, names: Sequence[str]) -> Row:
        return {"amount": self.money()} | self.currency() | self.some(0.4, goal=self.one(*names, *GOALS))

    def session_fields(self, start: datetime) -> Row:
        began = start + timedelta(seconds=self.one(0, 0, 30, 75, -600))
        fields = self.some(0.6, agent=self.one("support", "sales"), started_at=began.isoformat())
        fields |= self.some(0.3, ended_at=(start + timedelta(hours=1)).isoformat(), customer_id=self.one("c1", "c3"))
        fields |= self.some(0.3, customer_segment=self.one("gold", "free"), channel=self.one("web", "phone"), model="record")
        return fields | self.some(0.15, agent_version=self.one("1", "2"), experiment="prompt", variant="b", metadata={"k": 1})

    def second_load(self, first: list[Row]) -> list[Row]:
        """Some records again: as they were, with other content, in another session, and two of one id in one file."""
        again: list[Row] = []
        for record in first:
            if self.chance(0.25):
                donor = self.one(*[other for other in self.random.sample(first, 40) if other["type"] == record["type"]], record)
                kept = {"event_id": record["event_id"]} | self.some(0.8, session_id=record["session_id"])
                again.append(self.one(record, donor | kept, donor | kept))
        return again + [record for record in self.random.sample(again, len(again) // 10)]


def two_loads(seed: int, count_sessions: int) -> list[list[Row]]:
    """The records of two loads; the second one has some of the first's again, as they were or with other content."""
    dice = Dice(seed)
    first = [record for record in dice.sessions(count_sessions) if is_consistent(record)]
    return [first, [record for record in dice.second_load(first) if is_consistent(record)]]


def is_consistent(record: Row) -> bool:
    """Whether the loader takes the record: one that contradicts itself is refused, as other tests show."""
    score = record.get("score", record.get("value"))
    if record["type"] != "goal" or None in (record.get("achieved"), record.get("threshold"), score):
        return True
    operator = record.get("threshold_operator", ">=")
    return threshold_met(float(score), operator, float(record["threshold"])) is record["achieved"]
