"""Run by another interpreter, in which strands-agents-evals is installed: its verdicts on sessions, as JSON.

It reads one JSON object: the address of a model's server, and sessions of user, agent and tool turns. It prints one verdict a
session. Nothing of this project is imported here.
"""

import json
import sys
from datetime import UTC, datetime

from strands.models.openai import OpenAIModel
from strands_evals.evaluators import GoalSuccessRateEvaluator
from strands_evals.types.evaluation import EvaluationData
from strands_evals.types.trace import (
    AgentInvocationSpan,
    Session,
    SpanInfo,
    ToolCall,
    ToolConfig,
    ToolExecutionSpan,
    ToolResult,
    Trace,
)

AT = datetime(2026, 2, 1, tzinfo=UTC)


def session_of(name: str, turns: list[dict], tools: list[str]) -> Session:
    """The session as its SDK records one: a trace for each user turn, with the agent's answer and its tool calls in between."""
    traces = []
    for number, turn in enumerate(turns):
        if turn["role"] != "user":
            continue
        following = []
        for later in turns[number + 1 :]:
            if later["role"] == "user":
                break
            following.append(later)
        answer = " ".join(t["content"] for t in following if t["role"] == "assistant" and t["content"])
        trace_id = f"{name}-{number}"
        info = {"trace_id": trace_id, "session_id": name, "start_time": AT, "end_time": AT}
        spans = [
            AgentInvocationSpan(
                span_info=SpanInfo(span_id=f"{trace_id}-agent", **info),
                user_prompt=turn["content"],
                agent_response=answer,
                available_tools=[ToolConfig(name=tool) for tool in tools],
            )
        ]
        calls = [t for t in following if t["role"] == "assistant" and t["tool_name"]]
        results = [t for t in following if t["role"] == "tool"]
        for place, (call, result) in enumerate(zip(calls, results, strict=True)):
            spans.append(
                ToolExecutionSpan(
                    span_info=SpanInfo(span_id=f"{trace_id}-{place}", parent_span_id=f"{trace_id}-agent", **info),
                    tool_call=ToolCall(name=call["tool_name"], arguments=call["tool_call"]),
                    tool_result=ToolResult(content=result["content"]),
                )
            )
        traces.append(Trace(spans=spans, trace_id=trace_id, session_id=name))
    return Session(traces=traces, session_id=name)


def main() -> None:
    """Judge what standard input names."""
    asked = json.load(sys.stdin)
    model = OpenAIModel(client_args={"base_url": asked["base_url"], "api_key": "none"}, model_id="small-judge")
    evaluator = GoalSuccessRateEvaluator(model=model)
    verdicts = []
    for session in asked["sessions"]:
        data = EvaluationData(
            input=session["turns"][0]["content"],
            actual_trajectory=session_of(session["name"], session["turns"], session["available_tools"]),
            expected_assertion=session["expected_assertion"],
        )
        (output,) = evaluator.evaluate(data)
        label = getattr(output.label, "value", output.label)
        verdicts.append({"score": output.score, "test_pass": output.test_pass, "label": label, "reason": output.reason})
    json.dump(verdicts, sys.stdout)


if __name__ == "__main__":
    main()
