"""What an evaluator's score and label say about whether a goal was achieved."""

from __future__ import annotations

from typing import Any

from agent_goals.contract import NOT_APPLICABLE
from agent_goals.importing.values import exact, text

_ACHIEVED = frozenset({"pass", "passed", "yes", "true", "success", "successful", "achieved", "correct"})
_NOT_ACHIEVED = frozenset({"fail", "failed", "no", "false", "failure", "unsuccessful", "not_achieved", "incorrect"})
_NOT_APPLICABLE = frozenset({"not_applicable", "n/a", "na"})


def verdict_of(score: Any, label: Any, name: str) -> dict[str, Any]:
    """The fields of a goal record that a score and a label give.

    A label that says whether (``pass``, ``No``) is the verdict. A score alone is none: the goal's definition may have a
    threshold for it. Other labels are kept as they are.

    Args:
        score: the score, if any.
        label: the label, if any.
        name: what an error calls the score.

    Raises:
        UnreadableError: when the score is no finite number.
    """
    fields: dict[str, Any] = {}
    word = "_".join((text(label) or "").lower().split())
    if word in _NOT_APPLICABLE:
        return {"label": NOT_APPLICABLE}
    if isinstance(score, bool):
        fields |= {"achieved": score, "score": int(score)}
    elif (number := exact(score, name)) is not None:
        fields["score"] = str(number)
    if word in _ACHIEVED | _NOT_ACHIEVED:
        fields["achieved"] = word in _ACHIEVED
    if word:
        fields["label"] = text(label)
    return fields
