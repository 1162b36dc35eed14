"""Rule 3: what sub-goals say about the goal above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from reference.values import Row, quotient

ACHIEVED, NOT_ACHIEVED, UNJUDGED, NOT_APPLICABLE = "achieved", "not_achieved", "unjudged", "not_applicable"


@dataclass(frozen=True)
class SubGoal:
    """A sub-goal in one session or window.

    Attributes:
        goal: its name.
        outcome: its outcome there; None when it is missing.
        verdict: its outcome's verdict; a missing one is unjudged.
        weight: its share in the composite.
        is_required: whether the rule ``all`` needs it.
        sequence: its place among the sub-goals, where one is defined.
    """

    goal: str
    outcome: Row | None
    verdict: str
    weight: Decimal = Decimal(1)
    is_required: bool = True
    sequence: int | None = None


def composite_verdict(rule: str, threshold: Decimal | None, subs: Sequence[SubGoal]) -> str:
    """What the sub-goals make of their composite."""
    left = [sub for sub in subs if sub.verdict != NOT_APPLICABLE]
    if not left:
        return NOT_APPLICABLE
    if rule == "all" and not any(sub.is_required for sub in subs):
        return UNJUDGED
    if rule == "all" and not any(sub.is_required for sub in left):
        return NOT_APPLICABLE
    is_achieved = _is_achieved(rule, threshold, left)
    return UNJUDGED if is_achieved is None else ACHIEVED if is_achieved else NOT_ACHIEVED


def _is_achieved(rule: str, threshold: Decimal | None, left: Sequence[SubGoal]) -> bool | None:
    achieved = [sub for sub in left if sub.verdict == ACHIEVED]
    if rule == "all":
        return all(sub.verdict == ACHIEVED for sub in left if sub.is_required)
    if rule == "any":
        return bool(achieved)
    if threshold is None:
        return None
    if rule == "at_least":
        return len(achieved) >= threshold
    weight = sum(sub.weight for sub in left)
    return sum(sub.weight for sub in achieved) >= threshold * weight if weight else None


def composite_facts(outcome: Row, rule: str, threshold: Decimal | None, subs: Sequence[SubGoal]) -> Row:
    """The columns that say how far a composite got."""
    counted = [sub for sub in subs if sub.is_required or rule != "all"]
    at_best = [replace(sub, verdict=ACHIEVED) if sub.verdict == UNJUDGED else sub for sub in subs]
    claims_success = outcome["is_recorded"] and outcome["verdict"] == ACHIEVED and bool(subs)
    achieved = [sub for sub in subs if sub.verdict == ACHIEVED]
    weight = sum(sub.weight for sub in subs if sub.verdict != NOT_APPLICABLE)
    return {
        "count_sub_goals": len(subs),
        "count_sub_goals_achieved": len(achieved),
        "progress": quotient(sum(sub.weight for sub in achieved), weight),
        "has_missing_sub_goals": any(sub.verdict == UNJUDGED for sub in counted),
        "has_unmet_sub_goals": claims_success and composite_verdict(rule, threshold, at_best) == NOT_ACHIEVED,
    }
