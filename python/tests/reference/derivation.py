"""Rule 3: the outcomes that are derived from recorded ones, within one session or customer window."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reference.composites import ACHIEVED, NOT_ACHIEVED, NOT_APPLICABLE, UNJUDGED, SubGoal, composite_facts, composite_verdict
from reference.definitions import InForce, sub_goals
from reference.settings import Settings
from reference.values import Row, is_met, known_number, latest, rounded

TIME_FIELDS = ("time_to_goal_seconds", "time_to_resolution_seconds", "resolution_time_seconds")


class Derivation:
    """All outcomes of a session or window: those recorded, and those that follow from them."""

    def __init__(
        self, recorded: Mapping[str, Row], in_force: InForce, today: InForce, settings: Settings, *, derives_customer_goals: bool
    ) -> None:
        self.recorded = recorded
        self.in_force = in_force
        self.today = today if settings.restate_definitions else {}
        self.derives_customer_goals = derives_customer_goals
        self.listed = self._listed()
        self._derived: dict[str, Row | None] = {}
        names = sorted({*recorded, *self.listed, *in_force})
        self.outcomes = {goal: outcome for goal in names if (outcome := self.outcome(goal))}
        for goal, outcome in self.outcomes.items():
            derived = self.derived(goal)
            outcome["derived_verdict"] = derived["verdict"] if derived else None

    def outcome(self, goal: str) -> Row | None:
        """What was recorded about a goal, else what can be derived about it."""
        return self.recorded.get(goal) or self.derived(goal)

    def derived(self, goal: str) -> Row | None:
        """What would be derived about a goal, whether or not something was recorded about it."""
        if goal not in self._derived:
            self._derived[goal] = self.listed.get(goal) or self._by_definition(goal)
        return self._derived[goal]

    def defined_sub_goals(self, goal: str) -> list[SubGoal]:
        """The sub-goals that definitions in force give a goal that is itself defined."""
        if goal not in self.in_force:
            return []
        found = []
        for row in sub_goals(goal, self.in_force):
            outcome = self.outcome(row["goal"])
            verdict = outcome["verdict"] if outcome else UNJUDGED
            found.append(SubGoal(row["goal"], outcome, verdict, row["weight"], row["is_required"], row["sequence"]))
        return found

    def facts(self, goal: str, recorded_sub_goals: list[SubGoal]) -> Row:
        """How far a goal got by its defined sub-goals, or by the recorded ones where none are defined."""
        subs = self.defined_sub_goals(goal)
        rule, threshold = self._composite_rule(goal) if subs else ("all", None)
        subs = subs or recorded_sub_goals
        return {"sub_goals": subs, **composite_facts(self.outcomes[goal], rule, threshold, subs)}

    def _deciding(self, goal: str) -> Row:
        return self.today.get(goal) or self.in_force[goal]

    def _listed(self) -> dict[str, Row]:
        """Goals without events of their own that the list on another goal's event says were achieved."""
        lists = {goal: found for goal, row in sorted(self.recorded.items()) if (found := _latest_list(row))}
        listed: dict[str, Row] = {}
        for list_goal, event in lists.items():
            for goal in event["sub_goals_achieved"]:
                if goal in listed:
                    listed[goal]["has_second_parent"] |= listed[goal]["list_goal"] != list_goal
                elif goal and goal != list_goal:
                    definition = self.in_force.get(goal)
                    listed[goal] = {
                        **_derived_row(goal, ACHIEVED, definition),
                        "decided_at": event["at"],
                        "list_goal": list_goal,
                        "claimed_parent": definition["parent_goal"] if definition else list_goal,
                    }
        return listed

    def _by_definition(self, goal: str) -> Row | None:
        in_force = self.in_force.get(goal)
        if in_force is None or (in_force["scope"] == "customer" and not self.derives_customer_goals):
            return None
        definition = self._deciding(goal)
        return (self._by_rule(definition) if definition["kind"] == "derived" else None) or self._by_sub_goals(goal)

    def _by_rule(self, definition: Row) -> Row | None:
        source = self.outcome(definition["source_goal"])
        if source is None:
            return None
        rests_on = self.rests_on(definition["source_goal"])
        value = self._value(definition["field"], source, rests_on)
        operator, threshold = definition["threshold_operator"], definition["threshold"]
        if source["verdict"] == NOT_APPLICABLE:
            verdict = NOT_APPLICABLE
        elif definition["field"] in TIME_FIELDS and source["verdict"] == NOT_ACHIEVED:
            verdict = NOT_ACHIEVED
        elif value is None or threshold is None:
            verdict = UNJUDGED
        else:
            verdict = ACHIEVED if is_met(value, operator, float(threshold)) else NOT_ACHIEVED
        goal = definition["goal"]
        return {
            **_derived_row(goal, verdict, definition),
            "is_rule_derived": True,
            "source_goal": rests_on["goal"],
            "decided_at": source["decided_at"],
            "score": rounded(value),
            "threshold": rounded(threshold),
            "threshold_operator": operator,
            "count_tries": rests_on["count_tries"],
            "claimed_parent": self.in_force[goal]["parent_goal"],
        }

    def rests_on(self, goal: str) -> Row:
        """The nearest outcome down the chain of rules that no rule derived."""
        outcome = self.outcome(goal)
        assert outcome is not None
        return self.rests_on(outcome["source_goal"]) if outcome["is_rule_derived"] else outcome

    def _value(self, field: str, source: Row, rests_on: Row) -> float | None:
        if field == "score":
            return None if source["score"] is None else float(source["score"])
        if field == "count_tries":
            return known_number(rests_on["count_tries"])
        if field == "is_achieved":
            return {ACHIEVED: 1.0, NOT_ACHIEVED: 0.0}.get(source["verdict"])
        if field in TIME_FIELDS:
            return known_number(rests_on["time_to_goal_seconds"])
        return known_number(latest(rests_on["events"], lambda event: _key(event, field)))

    def _by_sub_goals(self, goal: str) -> Row | None:
        subs = self.defined_sub_goals(goal)
        if not any(sub.outcome for sub in subs):
            return None
        rule, threshold = self._composite_rule(goal)
        decided = [sub.outcome["decided_at"] for sub in subs if sub.outcome and sub.outcome["decided_at"]]
        return {
            **_derived_row(goal, composite_verdict(rule, threshold, subs), self._deciding(goal)),
            "decided_at": max(decided, default=None),
            "claimed_parent": self.in_force[goal]["parent_goal"],
        }

    def _composite_rule(self, goal: str) -> tuple[str, Decimal | None]:
        definition = self._deciding(goal)
        threshold = definition["composite_threshold"]
        return definition["composite_rule"], None if threshold is None else Decimal(threshold)


def _latest_list(recorded: Row) -> Row | None:
    """The event with the latest list of achieved sub-goals, if any event has one."""
    with_lists = [event for event in recorded["events"] if event.get("sub_goals_achieved") is not None]
    return with_lists[-1] if with_lists else None


def _key(event: Row, name: str) -> Any:
    return (event.get("metadata") or {}).get(name)


def _derived_row(goal: str, verdict: str, definition: Row | None) -> Row:
    """What all derived outcomes have in common; no event of their own says more."""
    return {
        **unrecorded_row(goal),
        "verdict": verdict,
        "verdict_source": "derived",
        "definition_version": definition["version"] if definition else None,
    }


def unrecorded_row(goal: str) -> Row:
    """An outcome without an event."""
    return {
        "goal": goal,
        "events": [],
        "is_recorded": False,
        "is_rule_derived": False,
        "verdict": "unjudged",
        "verdict_source": None,
        "is_decided_by_definition": False,
        "decided_at": None,
        "score": None,
        "threshold": None,
        "threshold_operator": None,
        "count_tries": None,
        "time_to_goal_seconds": None,
        "has_conflicting_verdicts": False,
        "has_negative_time_to_goal": False,
        "is_escalated": False,
        "has_verdict_against_threshold": False,
        "has_second_parent": False,
        "count_goal_events": 0,
        "first_achieved_at": None,
        "claimed_parent": None,
        "money": None,
        "expected_value": None,
    }
