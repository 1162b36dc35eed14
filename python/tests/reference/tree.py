"""Rule 10: where each outcome of a session stands among the others."""

from __future__ import annotations

from collections.abc import Mapping

from reference.values import Row


def place_in_tree(goals: Mapping[str, Row], max_depth: int) -> None:
    """Write on each outcome what is above it; what claims an impossible parent has none."""
    claimed = {goal: o["claimed_parent"] for goal, o in goals.items() if o["claimed_parent"] in goals}
    # A climb ends one step above the greatest depth, so a longer cycle is only known to be too deep.
    on_cycle = {goal for goal in claimed if goal in _climb(goal, claimed)[: max_depth + 1]}
    acyclic = {goal: parent for goal, parent in claimed.items() if goal not in on_cycle}
    too_deep = {goal for goal in acyclic if len(_climb(goal, acyclic)) > max_depth}
    parents = {goal: parent for goal, parent in acyclic.items() if goal not in too_deep}
    for goal, outcome in goals.items():
        above = _climb(goal, parents)
        outcome["above"] = above
        outcome["parent_goal"] = parents.get(goal)
        outcome["depth"] = len(above)
        outcome["is_top_level"] = not above
        outcome["is_recorded_top_level"] = outcome["is_recorded"] and not any(goals[a]["is_recorded"] for a in above)
        is_second = outcome["has_second_parent"] and not outcome["is_defined"]
        outcome["has_dropped_parent"] = is_second or goal in on_cycle or goal in too_deep
    for goal, outcome in goals.items():
        outcome["is_leaf"] = _may_share(outcome) and not any(_may_share(other) for other in below(goal, goals))


def below(goal: str, goals: Mapping[str, Row]) -> list[Row]:
    return [other for other in goals.values() if goal in other["above"]]


def _climb(goal: str, parents: Mapping[str, str]) -> list[str]:
    """The goals above, nearest first; on a cycle the goal itself comes last."""
    above: list[str] = []
    while goal in parents and parents[goal] not in above:
        goal = parents[goal]
        above.append(goal)
    return above


def _may_share(outcome: Row) -> bool:
    return bool(outcome["is_recorded"] and outcome["goal_kind"] != "evaluation" and outcome["verdict"] != "not_applicable")
