"""Random, nasty records with the definitions and rates that they meet."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from agent_goals.contract import threshold_met
from reference import Row
from reference.definitions import CELLS

FIRST_DAY = datetime(2026, 1, 30, 22, tzinfo=UTC)

#: Moments in the midst of the records; sessions begin on the hour, so some begin at the very moment.
MORNING, NOON, AFTERNOON, NIGHT = "2026-01-31T06:00:00Z", "2026-01-31T12:00:00", "2026-01-31T18:00:00+02:00", "2026-02-01"
NEXT_NOON, FUTURE = "2026-02-01 12:00:00", "2999-01-01"

#: Goals by what they have to do with each other: each definition with the cells that say something.
DEFINITIONS: dict[str, list[Row]] = {
    # A tree of depth three whose middle changes its rule, its place and its worth, and is away for a while.
    "tree": [
        {"goal": "top", "sequence": 1, "weight": "3", "is_primary": True, "expected_agents": "support, sales"}
        | {"value_per_achievement": "100", "target_achievement_rate": "0.8", "valid_to": NEXT_NOON},
        {"goal": "top", "composite_rule": "any", "expected_agents": "scout", "valid_from": NEXT_NOON}
        | {"value_per_achievement": "50", "target_achievement_rate": "0.6"},
        {"goal": "step_one", "parent_goal": "top", "sequence": 1, "weight": "2", "expected_agents": "sales"}
        | {"value_per_achievement": "3.1"},
        {"goal": "step_one", "parent_goal": "top", "sequence": 1, "weight": "1.5", "composite_rule": "weighted"}
        | {"composite_threshold": "0.5", "valid_from": AFTERNOON},
        {"goal": "step_two", "parent_goal": "top", "sequence": 2, "weight": "0", "is_required": False},
        {"goal": "step_two", "parent_goal": "top", "sequence": 2, "weight": "2", "is_required": True, "valid_from": NIGHT},
        {"goal": "deep", "parent_goal": "step_one", "sequence": 1, "weight": "0.3333", "is_primary": True}
        | {"value_per_achievement": "7.0000000001", "target_achievement_rate": "0.5", "valid_to": MORNING},
        {"goal": "deep", "parent_goal": "step_one", "sequence": 1, "weight": "0.3333", "valid_from": NOON, "valid_to": NIGHT},
        {"goal": "deepest", "parent_goal": "deep", "sequence": 2, "value_per_achievement": "4"},
        {"goal": "rating", "kind": "score", "parent_goal": "top", "sequence": 4, "weight": "1.25", "valid_to": NOON},
        {"goal": "rating", "kind": "score", "parent_goal": "top", "threshold": "1", "weight": "1.25", "valid_from": NOON},
        {"goal": "judge_of_step", "kind": "evaluation", "parent_goal": "step_one", "weight": "1"},
    ],
    # Scores, and what rules make of them.
    "scores": [
        {"goal": "quality", "kind": "score", "threshold": "70", "value_per_achievement": "2", "valid_to": NIGHT},
        {"goal": "quality", "kind": "score", "threshold": "1", "threshold_operator": ">", "valid_from": NIGHT},
        {"goal": "quality", "kind": "score", "threshold": "0", "valid_from": FUTURE},
        {"goal": "latency", "kind": "score", "sequence": 3, "weight": "0", "is_primary": True, "threshold": "2.5"}
        | {"threshold_operator": "<", "expected_agents": "*"},
        {"goal": "latency", "kind": "binary", "valid_from": AFTERNOON},
        {"goal": "late_score", "kind": "score", "threshold": "0.5", "valid_from": NIGHT},
        {"goal": "verdict_of_judge", "kind": "evaluation", "sequence": 1, "weight": "5", "is_primary": True}
        | {"value_per_achievement": "9"},
        {"goal": "satisfied", "kind": "derived", "source_goal": "quality", "field": "customer_satisfaction"}
        | {"threshold_operator": ">", "threshold": "4", "value_per_achievement": "0.5", "expected_agents": "sales"},
        {"goal": "very_satisfied", "kind": "derived", "source_goal": "satisfied", "field": "customer_satisfaction"}
        | {"threshold": "4.5"},
        {"goal": "satisfied_in_time", "kind": "derived", "source_goal": "satisfied", "field": "resolution_time_seconds"}
        | {"threshold_operator": "<", "threshold": "90"},
        {"goal": "fast", "kind": "derived", "source_goal": "quality", "field": "time_to_goal_seconds"}
        | {"threshold_operator": "<=", "threshold": "60", "valid_to": NIGHT},
        {"goal": "fast", "kind": "derived", "source_goal": "quality", "field": "time_to_resolution_seconds"}
        | {"threshold_operator": "<", "threshold": "30", "valid_from": NIGHT},
        {"goal": "close", "kind": "derived", "source_goal": "latency", "field": "score", "threshold": "0.5"},
        {"goal": "closer", "kind": "derived", "source_goal": "close", "field": "score", "threshold": "1"}
        | {"threshold_operator": "<="},
        {"goal": "at_once", "kind": "derived", "source_goal": "latency", "field": "count_tries"}
        | {"threshold_operator": "=", "threshold": "1"},
        {"goal": "few_revisions", "kind": "derived", "source_goal": "verdict_of_judge", "field": "revisions"}
        | {"threshold_operator": "<", "threshold": "2"},
        {"goal": "not_quiet", "kind": "derived", "source_goal": "late_score", "field": "is_achieved"}
        | {"threshold_operator": "=", "threshold": "0", "valid_to": NOON},
        {"goal": "not_quiet", "valid_from": NOON},
    ],
    # A composite of every rule, rules under composites and rules on composites.
    "composites": [
        {"goal": "basket", "composite_rule": "at_least", "composite_threshold": "2", "value_per_achievement": "11"},
        {"goal": "filled", "parent_goal": "basket", "value_per_achievement": "1"},
        {"goal": "checked", "parent_goal": "basket", "is_required": False},
        {"goal": "gift", "kind": "derived", "parent_goal": "basket", "source_goal": "filled", "field": "gift", "threshold": "1"},
        {"goal": "basket_kept", "kind": "derived", "source_goal": "basket", "field": "is_achieved", "threshold": "1"},
        {"goal": "basket_tried", "kind": "derived", "source_goal": "basket", "field": "count_tries", "threshold": "1"},
        {"goal": "balance", "composite_rule": "weighted", "composite_threshold": "0.3", "expected_agents": "support"},
        {"goal": "tenth", "parent_goal": "balance", "weight": "0.1"},
        {"goal": "fifth", "parent_goal": "balance", "weight": "0.2"},
        {"goal": "most", "parent_goal": "balance", "weight": "0.7", "valid_to": NEXT_NOON},
        {"goal": "most", "parent_goal": "weightless", "weight": "0", "valid_from": NEXT_NOON},
        {"goal": "weightless", "composite_rule": "weighted", "composite_threshold": "0.1"},
        {"goal": "feather", "parent_goal": "weightless", "weight": "0"},
        {"goal": "umbrella", "valid_to": NOON},
        {"goal": "umbrella", "value_per_achievement": "6", "valid_from": NEXT_NOON},
        {"goal": "hopeful", "parent_goal": "umbrella", "sequence": 1, "weight": "3"},
        {"goal": "wish", "parent_goal": "hopeful", "is_required": False, "weight": "2"},
        {"goal": "dream", "parent_goal": "hopeful", "is_required": False, "valid_to": NOON},
        {"goal": "dream", "parent_goal": "hopeful", "is_required": True, "valid_from": NOON},
        {"goal": "anything", "parent_goal": "umbrella", "composite_rule": "any", "sequence": 2},
        {"goal": "this", "parent_goal": "anything"},
        {"goal": "that", "parent_goal": "anything", "value_per_achievement": "2"},
    ],
    # What a customer achieves over several sessions.
    "customers": [
        {"goal": "onboarding", "scope": "customer", "window_days": 1, "value_per_achievement": "20"}
        | {"target_achievement_rate": "0.25", "expected_agents": "support", "valid_to": NEXT_NOON},
        {"goal": "onboarding", "scope": "customer", "window_days": 2, "composite_rule": "at_least"}
        | {"composite_threshold": "2", "valid_from": NEXT_NOON},
        {"goal": "profile", "parent_goal": "onboarding", "sequence": 1, "value_per_achievement": "1.5"},
        {"goal": "flow", "parent_goal": "onboarding", "sequence": 2},
        {"goal": "flow_one", "parent_goal": "flow"},
        {"goal": "flow_two", "parent_goal": "flow", "is_required": False},
        {"goal": "activated", "kind": "derived", "scope": "customer", "parent_goal": "onboarding", "source_goal": "visit"}
        | {"field": "uses", "threshold": "3", "value_per_achievement": "5", "target_achievement_rate": "0.5"},
        {"goal": "retained", "scope": "customer", "composite_rule": "any"},
        {"goal": "returned", "parent_goal": "retained", "valid_to": NIGHT},
        {"goal": "returned", "valid_from": NIGHT},
        {"goal": "referred", "scope": "customer", "parent_goal": "retained", "value_per_achievement": "8"},
        {"goal": "loyal", "kind": "derived", "scope": "customer", "source_goal": "visit", "field": "time_to_goal_seconds"}
        | {"threshold_operator": "<", "threshold": "43200", "valid_from": MORNING},
    ],
}
#: Environments of their own for amounts and for scores with more places than the marts keep.
FINE_AMOUNTS = "fine_amounts"
FINE_SCORES = "fine_scores"
LOOSE = [f"loose_{letter}" for letter in "abcdefg"]
#: The goals that sessions record, mostly those of one kind, so that they meet; rules' goals seldom speak for themselves.
KINDS: dict[str, list[str]] = {"loose": LOOSE}
for _kind, _rows in DEFINITIONS.items():
    _goals = {str(row["goal"]) for row in _rows if row.get("kind") != "derived"}
    KINDS[_kind] = sorted(_goals | {str(row["source_goal"]) for row in _rows if "source_goal" in row})
GOALS = sorted({row["goal"] for rows in DEFINITIONS.values() for row in rows} | set(LOOSE) | {"visit"})

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
    """The goal definitions, a row for each goal and version."""
    rows = [row for rows in DEFINITIONS.values() for row in rows]
    return [{cell: row.get(cell) for cell in CELLS} for row in rows]


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
        kind = self.one(*KINDS, "customers", None)
        choices = KINDS[kind] if kind else GOALS
        names = self.random.sample(choices, min(self.random.randint(0, 7), len(choices)))
        if kind and self.chance(0.4):
            names = list({*names, self.one(*GOALS), self.one(*LOOSE)})
        names.sort()
        if self.chance(0.15):
            names = self.one(LOOSE, [*LOOSE, "deep", "step_one", "top"], ["top", "step_one", "deep", "deepest", "loose_a"])
        environments = [["production"], ["production"], [None], ["staging"], ["production", "evaluation"], [None, "qa"]]
        environments += [[None, FINE_AMOUNTS], [FINE_SCORES]]
        for environment in self.one(*environments):
            self.environment = environment
            common = {"session_id": f"s{number}"} | ({"environment": environment} if environment else {})
            for name, parent in self.parents(list(names)).items():
                for _ in range(self.one(1, 1, 1, 2, 3, 5)):
                    yield self.record("goal", start, common, self.goal(name, parent, choices))
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
        choices: list[str | None] = [*names, None] if shape == "random" else [None]
        choices += ["nowhere", "loose_a"] if shape == "absent" else []
        return {name: self.one(*choices) for name in names}

    def goal(self, name: str, parent: str | None, kin: Sequence[str]) -> Row:
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
        fields |= self.some(0.15, sub_goals_achieved=self.list_of(kin, name))
        fields |= self.some(0.5, verdict_source=self.one("human", "automatic", "judge"))
        fields |= self.some(
            0.15, evaluator=self.one("check", "clerk", name), evaluator_version=self.one("1", "2"), reason=self.one("so", "thus")
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
            resolution_time_seconds=self.one(7, 8.5, "20"),
            attempts=self.one(1, 2, 7, "many", "3"),
            interaction_count=self.one(1, 4),
            note="quiet",
        )
        metadata |= self.some(
            0.4,
            customer_satisfaction=self.one(1, 4.5, 5, "good", "4.5", "+5", "4"),
            revisions=self.one(0, 1.5, 3, "1e0", "2E-1", "17.5e-1", 1e-7, "none", "", [1], {"count": 1}, "1e", "0x1", "-.5"),
            gift=self.one(True, False, "true", "FALSE", "True", "yes", 1, 0, None),
            uses=self.one(1, 3, "4", 2.9999999999999996, "3.0", 10**11, "1e300", "1e999", "NaN", "Infinity", " 5"),
        )
        metadata |= self.one({}, {}, {}, {"escalated": self.chance(0.5)}, {"escalated_to_human": self.chance(0.5)})
        return fields | ({"metadata": metadata} if metadata else {})

    def list_of(self, kin: Sequence[str], name: str) -> list[str]:
        """Goals to say that they were achieved: some that belong together, now and then any, one twice, itself or none."""
        named = self.random.sample(kin, min(self.one(0, 1, 1, 2, 3), len(kin)))
        if self.chance(0.4):
            named += [self.one(*GOALS, *LOOSE, "nowhere", name, "", *named)]
        return named

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
        fields |= self.some(0.5, ended_at=(start + timedelta(hours=1)).isoformat(), customer_id=self.one("c1", "c2", "c3", "c4"))
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
    score: Any = record.get("score", record.get("value"))
    if record["type"] != "goal" or None in (record.get("achieved"), record.get("threshold"), score):
        return True
    operator = record.get("threshold_operator", ">=")
    return threshold_met(float(score), operator, float(record["threshold"])) is record["achieved"]
