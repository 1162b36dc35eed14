"""One session: its outcomes, its costs and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from reference.composites import SubGoal
from reference.definitions import Definitions, is_expected
from reference.derivation import Derivation, unrecorded_row
from reference.money import add_costs, add_values, cost_lines
from reference.settings import Settings
from reference.tree import place_in_tree
from reference.values import Row, first, instant, latest, local_date, own_or_metadata, rounded, total
from reference.verdicts import judge, recorded_outcome, time_it


class Session:
    """A session with all that the marts say about it.

    Attributes:
        row: the row of the sessions.
        goals: the rows of the goal outcomes, by goal.
        lines: the rows of the cost lines.
        in_force: the definitions in force at its start, by goal.
        events: its goal events, with their verdicts.
    """

    def __init__(self, key: tuple[str, str], records: list[Row], versions: Definitions, settings: Settings) -> None:
        self.settings = settings
        self.records = records
        self.of_type = {name: [r for r in records if r["type"] == name] for name in ("goal", "cost", "value", "session", "turn")}
        self.events = self.of_type["goal"]
        self.row: Row = {"environment": key[0], "session_id": key[1], **self._times(), **self._said()}
        self.in_force = versions.at(self.row["started_at"])
        self.goals = self._outcomes(versions)
        self.lines = cost_lines(self.of_type["cost"], self.goals, settings)
        add_costs(self.goals, self.lines)
        self.row |= add_values(self.goals, self.of_type["value"], settings)
        self.row |= self._counts() | self._costs()
        for outcome in self.goals.values():
            self._finish(outcome)

    # What the session's records say about it.

    def _times(self) -> Row:
        sessions = self.of_type["session"]
        reported_start = latest(sessions, lambda r: r.get("started_at"))
        reported_end = latest(sessions, lambda r: r.get("ended_at"))
        seen = sorted(record["at"] for record in self.records)
        acted = sorted(record["at"] for name in ("cost", "turn", "goal") for record in self.of_type[name])
        started = instant(reported_start) if reported_start else (acted or seen)[0]
        lasting = sorted(record["at"] for record in self.records if _shows_it_going_on(record))
        ended = instant(reported_end) if reported_end else (lasting or seen)[-1]
        return {
            "started_at": started,
            "ended_at": ended,
            "session_date": local_date(started, self.settings.timezone),
            "is_start_reported": reported_start is not None,
            "duration_seconds": (ended - started).total_seconds(),
        }

    def _said(self) -> Row:
        def of_session(name: str) -> Any:
            return latest(self.of_type["session"], lambda record: record.get(name))

        def of_goals(name: str) -> Any:
            return latest(self.events, own_or_metadata(name))

        turns = self.of_type["turn"]
        customer = latest(self.events, lambda event: event.get("customer_id"))
        return {
            "agent": first(of_session("agent"), of_goals("agent"), *(cost.get("agent") for cost in self.of_type["cost"])),
            "agent_version": of_session("agent_version"),
            "customer_id": first(of_session("customer_id"), customer),
            "customer_segment": of_session("customer_segment"),
            "channel": of_session("channel"),
            "model": first(of_session("model"), self._costliest_model()),
            "experiment": first(of_session("experiment"), of_goals("experiment")),
            "variant": first(of_session("variant"), of_goals("variant")),
            "count_turns": len(turns),
            "count_user_turns": sum(turn["role"] == "user" for turn in turns),
            "count_tool_turns": sum(turn["role"] == "tool" for turn in turns),
            "metadata": latest(self.of_type["session"], lambda r: r.get("metadata")),
        }

    def _costliest_model(self) -> str | None:
        by_model: dict[str, Decimal] = {}
        for cost in self.of_type["cost"]:
            if cost.get("cost_type") == "llm" and cost.get("model"):
                by_model[cost["model"]] = by_model.get(cost["model"], Decimal(0)) + (cost.get("amount_converted") or 0)
        return min(by_model, key=lambda model: (-by_model[model], model)) if by_model else None

    # Its outcomes: recorded, derived, expected, or named by a cost.

    def _outcomes(self, versions: Definitions) -> dict[str, Row]:
        for event in self.events:
            judge(event, self.in_force, versions.today, self.settings)
        recorded = {}
        for goal in sorted({event["goal"] for event in self.events}):
            events = [event for event in self.events if event["goal"] == goal]
            recorded[goal] = recorded_outcome(goal, events, self.in_force, self.settings)
            time_it(recorded[goal], self.row["started_at"], is_start_own_event=not self.row["is_start_reported"])
        derivation = Derivation(recorded, self.in_force, versions.today, self.settings, derives_customer_goals=False)
        goals = dict(derivation.outcomes)
        costs = self.of_type["cost"]
        named = {cost["goal"] for cost in costs if cost.get("goal") and cost.get("cost_type") != "evaluation"}
        expected = {goal for goal, row in self.in_force.items() if is_expected(row, self.row["agent"])}
        for goal in sorted((named | expected) - set(goals)):
            definition = self.in_force.get(goal, {})
            said = {"claimed_parent": definition.get("parent_goal"), "definition_version": definition.get("version")}
            goals[goal] = unrecorded_row(goal) | said
        for goal, outcome in goals.items():
            definition = self.in_force.get(goal, {})
            outcome["definition"] = definition
            outcome["is_defined"] = bool(definition)
            outcome["is_expected"] = goal in expected
            outcome["is_primary"] = definition.get("is_primary", False)
            outcome["goal_kind"] = definition.get("kind", "evaluation" if outcome.get("evaluator") == goal else "binary")
            target = definition.get("target_achievement_rate")
            outcome["target_achievement_rate"] = None if target is None else Decimal(target)
            outcome["goal_scope"] = definition.get("scope", "session")
            outcome["is_derived"] = outcome["verdict_source"] == "derived"
        place_in_tree(goals, self.settings.max_goal_depth)
        self._add_sub_goals(goals, derivation)
        return goals

    def _add_sub_goals(self, goals: dict[str, Row], derivation: Derivation) -> None:
        nothing: Row = {"count_sub_goals": 0, "count_sub_goals_achieved": 0, "progress": None, "sub_goals": []}
        nothing |= {"has_missing_sub_goals": False, "has_unmet_sub_goals": False}
        for goal, outcome in goals.items():
            children = [_child(o) for o in goals.values() if o["parent_goal"] == goal and o["goal"] in derivation.outcomes]
            has_facts = goal in derivation.outcomes and outcome["goal_scope"] == "session"
            outcome.update(derivation.facts(goal, children) if has_facts else nothing)

    # What it comes to.

    def _counts(self) -> Row:
        outcomes = list(self.goals.values())
        verdicts = [outcome["verdict"] for outcome in outcomes]
        deciding = [
            o["verdict"]
            for o in outcomes
            if o["is_recorded_top_level"] and o["goal_kind"] != "evaluation" and o["verdict"] != "not_applicable"
        ]
        is_judged = any(verdict != "unjudged" for verdict in deciding)
        return {
            "is_escalated": any(outcome["is_escalated"] for outcome in outcomes),
            "count_goals": len(outcomes),
            "count_goals_achieved": verdicts.count("achieved"),
            "count_goals_attempted": verdicts.count("achieved") + verdicts.count("not_achieved"),
            "count_goals_unjudged": verdicts.count("unjudged"),
            "count_goals_not_applicable": verdicts.count("not_applicable"),
            "is_successful": all(verdict == "achieved" for verdict in deciding) if is_judged else None,
        }

    def _costs(self) -> Row:
        def cost_of(lines: Sequence[Row]) -> Decimal | None:
            amount: Decimal | None = total(line["amount"] for line in lines)
            return amount

        kinds = ("llm", "tool", "retrieval", "infrastructure", "human", "other", "evaluation")
        landed = [line for line in self.lines if line["attribution"] in ("direct", "shared")]
        costs = self.of_type["cost"]
        return {
            "total_cost": cost_of(self.lines),
            **{f"{kind}_cost": cost_of([line for line in self.lines if line["cost_type"] == kind]) for kind in kinds},
            "attributed_cost": cost_of(landed),
            "unjudged_cost": cost_of([line for line in landed if self.goals[line["goal"]]["verdict"] == "unjudged"]),
            "unattributed_cost": cost_of([line for line in self.lines if line["attribution"] == "unattributed"]),
            "count_cost_events": len(costs),
            "count_missing_amounts": sum(cost.get("amount_converted") is None for cost in costs),
            "input_tokens": total(cost.get("input_tokens") for cost in costs),
            "output_tokens": total(cost.get("output_tokens") for cost in costs),
        }

    def _finish(self, outcome: Row) -> None:
        for name in ("agent", "experiment", "variant"):
            outcome[name] = first(outcome.get(f"own_{name}"), self.row[name])
        for name in ("environment", "session_id", "customer_id", "customer_segment", "channel", "model", "session_date"):
            outcome[name] = self.row[name]
        outcome["session_started_at"] = self.row["started_at"]
        add_judgements(outcome)


def _child(outcome: Row) -> SubGoal:
    """A sub-goal of a goal that has none by definition: all of them are required."""
    definition = outcome["definition"]
    weight = definition.get("weight", Decimal(1))
    return SubGoal(outcome["goal"], outcome, outcome["verdict"], weight, sequence=definition.get("sequence"))


def add_judgements(outcome: Row) -> None:
    """Write on an outcome what follows from its verdict and its score."""
    outcome["is_achieved"] = {"achieved": True, "not_achieved": False}.get(outcome["verdict"])
    score, threshold = outcome["score"], outcome["threshold"]
    is_attainable = score is not None and threshold is not None and threshold > 0
    is_at_least = outcome["threshold_operator"] in (">=", ">")
    attained = rounded(score / threshold) if is_attainable and is_at_least else None
    outcome["score_attainment"] = None if attained is None else min(attained, Decimal(1))


def _shows_it_going_on(record: Row) -> bool:
    """Whether a record is of the session itself, not of somebody who judged it later."""
    if record["type"] == "goal":
        return bool((record.get("verdict_source") or "automatic") == "automatic")
    return bool(record["type"] != "cost" or record.get("cost_type") != "evaluation")
