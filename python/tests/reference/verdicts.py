"""Rule 2: what one goal event says, and what the events of one goal say together; rule 6: the time that it took."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reference.definitions import InForce
from reference.settings import Settings
from reference.values import (
    Row,
    first,
    is_met,
    latest,
    metadata,
    metadata_number,
    number,
    order,
    own_or_metadata,
    rounded,
)


def judge(event: Row, in_force: InForce, today: InForce, settings: Settings) -> None:
    """Write on an event what it says: its score, its money, its verdict and by which version of the definition."""
    goal = event["goal"]
    value, score, threshold = event.get("value"), event.get("score"), event.get("threshold")
    sent = event.get("achieved")
    event["source"] = event.get("verdict_source", "automatic")
    is_said = sent is not None or threshold is not None or event.get("label") == "not_applicable"
    is_restated = settings.restate_definitions and event["source"] == "automatic" and not is_said
    definition = first(today.get(goal) if is_restated else None, in_force.get(goal)) or {}
    event["version"] = definition.get("version")

    is_defined_score = definition.get("kind") == "score"
    is_value_score = value is not None and score is None and (threshold is not None or is_defined_score)
    # A score is a double, like every number of the contract, whichever field it came in.
    score = float(value) if is_value_score and value is not None else score
    operator = event.get("threshold_operator", ">=") if threshold is not None else None
    is_lent = threshold is None and is_defined_score and definition.get("threshold") is not None
    if is_lent:
        threshold, operator = definition["threshold"], definition["threshold_operator"]
    tested = None if score is None or threshold is None or operator is None else is_met(float(score), operator, float(threshold))
    if sent is None and event.get("label") == "not_applicable":
        event["verdict"] = "not_applicable"
    else:
        event["verdict"] = {True: "achieved", False: "not_achieved", None: None}[first(sent, tested)]
    event["is_by_definition"] = is_lent and sent is None and event["verdict"] in ("achieved", "not_achieved")
    event["contradicts"] = is_lent and sent is not None and tested is not None and sent is not tested
    event["score_found"], event["threshold_found"], event["operator_found"] = rounded(score), rounded(threshold), operator
    event["money_found"] = None if is_value_score else event.get("value_converted")


def recorded_outcome(goal: str, events: Sequence[Row], in_force: InForce, settings: Settings) -> Row:
    """The outcome of a goal that has events, all of them judged."""
    definition = in_force.get(goal)
    events = sorted(events, key=order)
    judged = [event for event in events if event["verdict"]]
    trust = {source: -rank for rank, source in enumerate(settings.verdict_precedence)}
    winner = max(judged, key=lambda event: (trust[event["source"]], order(event))) if judged else None
    # A score means nothing against another event's threshold: the event that gives the one gives the other.
    scored = [event for event in events if event["score_found"] is not None]
    scorer = winner if winner in scored else scored[-1] if scored else None
    automatic = [event for event in events if event["source"] == "automatic"]
    parents = [event["parent_goal"] for event in events if event.get("parent_goal")]
    by_source = {
        f"{source}_verdict": latest((e for e in events if e["source"] == source), lambda e: e["verdict"]) for source in trust
    }
    attempts = [reported for event in events if (reported := metadata_number(event, "attempts")) is not None]
    deciding = definition if winner is None else winner
    return {
        "goal": goal,
        "events": events,
        "is_recorded": True,
        "is_rule_derived": False,
        "verdict": winner["verdict"] if winner else "unjudged",
        "verdict_source": winner["source"] if winner else None,
        "definition_version": deciding["version"] if deciding else None,
        "is_decided_by_definition": winner["is_by_definition"] if winner else False,
        **by_source,
        "has_conflicting_verdicts": len({verdict for verdict in by_source.values() if verdict}) > 1,
        "decided_at": winner["at"] if winner else None,
        "first_achieved_at": min((event["at"] for event in events if event["verdict"] == "achieved"), default=None),
        "evaluator": latest(events, lambda e: e.get("evaluator")),
        "evaluator_version": latest(events, lambda e: e.get("evaluator_version")),
        "label": latest(events, lambda e: e.get("label")),
        "reason": latest(events, lambda e: e.get("reason")),
        "count_goal_events": len(events),
        "count_tries": int(max(attempts)) if attempts else len(automatic) or 1,
        "count_interactions": latest(events, lambda e: metadata_number(e, "interaction_count")),
        "is_escalated": bool(latest(events, lambda e: metadata(e, "escalated", "escalated_to_human"))),
        "customer_satisfaction": latest(events, lambda e: metadata_number(e, "customer_satisfaction")),
        "score": scorer["score_found"] if scorer else None,
        "threshold": scorer["threshold_found"] if scorer else None,
        "threshold_operator": scorer["operator_found"] if scorer else None,
        "has_verdict_against_threshold": any(event["contradicts"] for event in events),
        "metadata": latest(events, lambda e: e.get("metadata")),
        "own_agent": latest(events, own_or_metadata("agent")),
        "own_experiment": latest(events, own_or_metadata("experiment")),
        "own_variant": latest(events, own_or_metadata("variant")),
        "claimed_parent": definition["parent_goal"] if definition else first(*parents),
        "has_second_parent": len(set(parents)) > 1,
        "reported_seconds": latest(automatic, _reported_seconds),
        "first_automatic_achieved_at": min((e["at"] for e in automatic if e["verdict"] == "achieved"), default=None),
        "money": latest(events, lambda e: e["money_found"]),
        "expected_value": latest(events, lambda e: e.get("expected_value_converted")),
    }


def _reported_seconds(event: Row) -> float | None:
    inside = (number(metadata(event, name)) for name in ("time_to_resolution_seconds", "resolution_time_seconds"))
    sent = event.get("time_to_goal_seconds")
    seconds: float | None = first(None if sent is None else float(sent), *inside)
    return seconds


def time_it(outcome: Row, start: datetime, *, is_start_own_event: bool) -> None:
    """Write on a recorded outcome how long it took.

    Args:
        outcome: the outcome.
        start: when its session or window began.
        is_start_own_event: whether a start at the very moment of the first achieving event says nothing about the time.
    """
    seconds = None
    achieved_at = outcome["first_automatic_achieved_at"]
    if outcome["verdict"] == "achieved":
        seconds = outcome["reported_seconds"]
        if seconds is None and achieved_at is not None and not (is_start_own_event and achieved_at == start):
            seconds = (achieved_at - start).total_seconds()
    outcome["has_negative_time_to_goal"] = seconds is not None and seconds < 0
    outcome["time_to_goal_seconds"] = None if outcome["has_negative_time_to_goal"] else seconds
