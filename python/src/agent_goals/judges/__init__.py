"""Judge conversations with a model: `pip install 'agent-goals[judges]'`.

from agent_goals.judges import GoalSuccessRateEvaluator

evaluation = GoalSuccessRateEvaluator("openai:gpt-5-mini").evaluate([
    {"role": "user", "content": "Where is my parcel?"},
    {"role": "assistant", "content": "It was delivered at 10:04."},
])
print(evaluation.label, evaluation.reason)
"""

from agent_goals.judges.asking import Judge, JudgeError, Prices
from agent_goals.judges.conversation import Conversation, Turn, read_conversations
from agent_goals.judges.evaluators import (
    Evaluation,
    Evaluator,
    GoalSuccessRateEvaluator,
    UserObjectiveAccomplishedEvaluator,
)
from agent_goals.judges.fitting import TooLongError
from agent_goals.judges.suite import Case, Experiment, Report

__all__ = [
    "Case",
    "Conversation",
    "Evaluation",
    "Evaluator",
    "Experiment",
    "GoalSuccessRateEvaluator",
    "Judge",
    "JudgeError",
    "Prices",
    "Report",
    "TooLongError",
    "Turn",
    "UserObjectiveAccomplishedEvaluator",
    "read_conversations",
]
