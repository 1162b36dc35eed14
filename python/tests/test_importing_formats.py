"""What each format says comes out in the records' words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent_goals.importing import FORMATS
from agent_goals.importing.messages import messages
from agent_goals.importing.run import _formats
from importing_shapes import SHAPES, START, Importer, agent, call, importer, run, span, text


@pytest.fixture
def imported(tmp_path: Path) -> Importer:
    return importer(tmp_path)


def test_every_format_is_found_by_its_name() -> None:
    assert list(_formats("auto")) == list(FORMATS)
    assert list(_formats("langfuse")) == ["langfuse"]


class TestOtel:
    def test_a_collectors_file(self) -> None:
        found = run(SHAPES / "collector.jsonl")
        assert found.one("cost") == {
            "type": "cost",
            "event_id": "otel:0af7651916cd43dd8448eb211c80319c:b7ad6b7169203331",
            "session_id": "chat-17",
            "environment": "staging",
            "occurred_at": "2026-01-01T00:00:01.000000001Z",
            "cost_type": "llm",
            "provider": "acme",
            "model": "small-1",
            "input_tokens": 120,
            "cache_read_tokens": 100,
            "cache_write_tokens": 15,
            "output_tokens": 30,
            "reasoning_tokens": 12,
            "latency_ms": 1499.999999,
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "span_id": "b7ad6b7169203331",
            "agent": "support",
            "metadata": {"parent_span_id": "00f067aa0ba902b7", "span_name": "chat small-1"},
        }
        goal = found.one("goal")
        assert {
            name: goal[name] for name in ("session_id", "goal", "score", "achieved", "label", "reason", "verdict_source")
        } == {
            "session_id": "chat-17",
            "goal": "answer_relevance",
            "score": "0.9",
            "achieved": True,
            "label": "Pass",
            "reason": "it says where the parcel is",
            "verdict_source": "judge",
        }
        assert goal["occurred_at"] == "2026-01-01T00:00:03Z"
        session = found.one("session")
        assert (session["agent"], session["agent_version"], session["customer_id"]) == ("support", "7", "customer-9")
        assert [(turn["role"], turn.get("tool_name")) for turn in found.of("turn")] == [
            ("user", None),
            ("assistant", "track"),
            ("tool", "track"),
        ]
        assert found.codes == ["repeated_usage"]

    def test_an_evaluation_in_a_log_finds_its_session_by_span_or_by_response(self, tmp_path: Path) -> None:
        def log(name: str, **ids: str) -> dict[str, Any]:
            attributes = {"gen_ai.evaluation.name": name, "gen_ai.evaluation.score.label": "no"}
            attributes |= {"gen_ai.response.id": ids.pop("response")} if "response" in ids else {}
            listed = [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]
            return {"eventName": "gen_ai.evaluation.result", "timeUnixNano": str(START), "attributes": listed, **ids}

        logs = [
            log("by_span", traceId="t1", spanId="c"),
            log("by_response", traceId="t1", response="r-1"),
            log("by_nothing"),
            {"eventName": "other", "timeUnixNano": "1"},
        ]
        path = tmp_path / "otel.jsonl"
        conversation = {"gen_ai.conversation.id": "s", "gen_ai.response.id": "r-1", "gen_ai.agent.name": "lead"}
        export = {"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": logs}]}]}
        path.write_text(f"{json.dumps(export)}\n{json.dumps(call('c', None, attributes=conversation))}\n")
        found = run(path)
        assert {goal["goal"]: (goal["session_id"], goal["agent"], goal["achieved"]) for goal in found.of("goal")} == {
            "by_span": ("s", "lead", False),
            "by_response": ("s", "lead", False),
        }
        assert found.codes == ["logs", "missing_field"]

    def test_messages_in_a_log_are_those_of_its_span(self, tmp_path: Path) -> None:
        def log(name: str, time: int, span_id: str, **attributes: str) -> dict[str, Any]:
            listed = [{"key": key.replace("__", "."), "value": {"stringValue": value}} for key, value in attributes.items()]
            times = {"timeUnixNano": str(START + time), "traceId": "t1", "spanId": span_id}
            return {"eventName": name, **times, "attributes": listed}

        asked, answered = json.dumps([text("user", "Hello")]), json.dumps([text("assistant", "Hi")])
        details = "gen_ai.client.inference.operation.details"
        logs = [
            log(details, 3, "c1", gen_ai__input__messages=asked, gen_ai__output__messages=answered),
            log("gen_ai.choice", 9, "c2", content="Later"),
            log("gen_ai.user.message", 5, "c2", content="When?"),
            log("gen_ai.user.message", 5, "elsewhere", content="Lost?"),
        ]
        path = tmp_path / "otel.jsonl"
        spans = [call("c1", "a"), call("c2", "a", start=4), agent("a", seconds=9)]
        export = {"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": logs}]}]}
        path.write_text("\n".join(map(json.dumps, [export, *spans])))
        found = run(path)
        assert [turn["content"] for turn in found.of("turn")] == ["Hello", "Hi", "When?", "Later"]
        assert found.codes == ["missing_field", "no_record"]

    def test_an_evaluation_that_failed_has_no_verdict(self, imported: Importer) -> None:
        attributes = {"gen_ai.evaluation.name": "quality", "gen_ai.evaluation.score.value": 0.1, "error.type": "timeout"}
        event = {"event_name": "gen_ai.evaluation.result", "timestamp": START, "attributes": attributes}
        goal = imported(call("c", None, span_events=[event])).one("goal")
        assert (goal["label"], goal["reason"]) == ("error", "the evaluation failed (timeout)")
        assert "score" not in goal
        assert "achieved" not in goal

    @pytest.mark.parametrize(
        ("label", "fields"),
        [
            ("relevant", {"label": "relevant"}),
            ("N/A", {"label": "not_applicable"}),
            ("Not applicable", {"label": "not_applicable"}),
            ("FAILED", {"label": "FAILED", "achieved": False}),
            (True, {"label": "true", "achieved": True}),
        ],
    )
    def test_a_label_is_a_verdict_where_it_says_so(self, imported: Importer, label: Any, fields: dict[str, Any]) -> None:
        attributes = {"gen_ai.evaluation.name": "quality", "gen_ai.evaluation.score.label": label}
        event = {"name": "gen_ai.evaluation.result", "attributes": attributes}
        goal = imported(call("c", None, span_events=[event])).one("goal")
        assert {name: goal[name] for name in ("label", "achieved") if name in goal} == fields

    def test_an_evaluation_without_a_name_is_no_record(self, imported: Importer) -> None:
        found = imported(call("c", None, span_events=[{"name": "gen_ai.evaluation.result", "attributes": {}}]))
        assert found.of("goal") == []
        assert found.codes == ["missing_field"]

    @pytest.mark.parametrize(
        "attributes",
        [
            {"gen_ai.usage.prompt_tokens": 7, "gen_ai.usage.completion_tokens": 2},
            {"gen_ai.usage.input_tokens": "7", "gen_ai.usage.output_tokens": "2"},
            {"gen_ai.aggregated_usage.input_tokens": 7, "gen_ai.aggregated_usage.output_tokens": 2},
            {"llm.token_count.prompt": 7, "llm.token_count.completion": 2, "openinference.span.kind": "LLM"},
        ],
    )
    def test_tokens_go_by_several_names(self, imported: Importer, attributes: dict[str, Any]) -> None:
        assert imported(call("c", None, None, attributes=attributes)).tokens == (7, 2)

    def test_ids_in_base64_are_the_same_ids(self, imported: Importer) -> None:
        found = imported(call("AAAAAAAAAAE=", None, trace="AAAAAAAAAAAAAAAAAAAAAQ=="))
        cost = found.one("cost")
        assert (cost["trace_id"], cost["span_id"]) == ("0" * 31 + "1", "0" * 15 + "1")

    def test_messages_in_events_of_the_first_conventions(self, imported: Importer) -> None:
        events = [
            {"name": "gen_ai.system.message", "attributes": {"content": "Be brief."}},
            {"name": "gen_ai.user.message", "attributes": {"content": "Hello"}},
            {"name": "gen_ai.choice", "attributes": {"index": 0, "message": '{"content": "Hi"}'}},
        ]
        found = imported(call("c", None, span_events=events))
        assert [(turn["role"], turn["content"]) for turn in found.of("turn")] == [
            ("system", "Be brief."),
            ("user", "Hello"),
            ("assistant", "Hi"),
        ]

    def test_a_model_named_with_its_provider_is_left_to_the_price_lists_reading(self, imported: Importer) -> None:
        cost = imported(call("c", None, attributes={"gen_ai.request.model": "bedrock/small"})).one("cost")
        assert (cost["provider"], cost["model"]) == ("litellm", "bedrock/small")

    def test_a_span_is_read_by_the_words_of_the_format_that_was_named(self, imported: Importer) -> None:
        both = {"gen_ai.conversation.id": "by-gen-ai", "session.id": "by-openinference", "openinference.span.kind": "LLM"}
        assert imported(call("c", None, attributes=both), form="otel").one("session")["session_id"] == "by-gen-ai"
        assert imported(call("c", None, attributes=both), form="openinference").one("session")["session_id"] == "by-openinference"


class TestOpenInference:
    def test_flattened_messages_and_cost(self, imported: Importer) -> None:
        attributes = {
            "openinference.span.kind": "LLM",
            "llm.provider": "acme",
            "llm.model_name": "small",
            "session.id": "s",
            "user.id": "u",
            "metadata": '{"tier": "gold"}',
            "llm.token_count.prompt": 20,
            "llm.token_count.completion": 5,
            "llm.token_count.prompt_details.cache_read": 8,
            "llm.token_count.completion_details.reasoning": 2,
            "llm.cost.prompt": 0.001,
            "llm.cost.completion": 0.0002,
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.contents.0.message_content.type": "text",
            "llm.input_messages.0.message.contents.0.message_content.text": "Hello",
            "llm.input_messages.0.message.contents.1.message_content.type": "image",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.tool_calls.0.tool_call.id": "k",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "look_up",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"n": 1}',
        }
        found = imported(span("c", attributes=attributes), form="openinference")
        cost = found.one("cost")
        assert {
            name: cost[name] for name in ("amount", "currency", "provider", "model", "cache_read_tokens", "reasoning_tokens")
        } == {
            "amount": "0.0012",
            "currency": "USD",
            "provider": "acme",
            "model": "small",
            "cache_read_tokens": 8,
            "reasoning_tokens": 2,
        }
        assert cost["metadata"]["tier"] == "gold"
        assert [(turn["role"], turn.get("content"), turn.get("tool_call")) for turn in found.of("turn")] == [
            ("user", "Hello\n[image]", None),
            ("assistant", None, {"n": 1}),
        ]

    def test_feedback_on_a_session_and_on_a_span(self, imported: Importer) -> None:
        attributes = {
            "openinference.span.kind": "CHAIN",
            "session.id": "s",
            "session.evaluations.0.evaluation.name": "resolved",
            "session.evaluations.0.evaluation.label": "yes",
            "session.evaluations.0.evaluation.annotator_kind": "HUMAN",
            "evaluations.0.evaluation.name": "length",
            "evaluations.0.evaluation.score": 0.5,
            "evaluations.0.evaluation.annotator_kind": "CODE",
            "evaluations.0.evaluation.identifier": "v2",
            "annotations.0.annotation.name": "tone",
            "annotations.0.annotation.score": 1,
            "annotations.0.annotation.explanation": "kind",
        }
        goals = {goal["goal"]: goal for goal in imported(span("c", attributes=attributes)).of("goal")}
        assert {name: goal["verdict_source"] for name, goal in goals.items()} == {
            "resolved": "human",
            "length": "automatic",
            "tone": "judge",
        }
        assert (goals["resolved"]["achieved"], "span_id" in goals["resolved"]["metadata"]) == (True, False)
        assert (goals["length"]["score"], goals["length"]["evaluator"], goals["length"]["metadata"]["span_id"]) == (
            "0.5",
            "v2",
            "c",
        )
        assert goals["tone"]["reason"] == "kind"


class TestLangfuse:
    def test_observations_and_scores(self) -> None:
        found = run(SHAPES / "langfuse_observations.jsonl", SHAPES / "langfuse_scores.jsonl")
        first, second = found.of("cost")
        # Its input is without what was cached, and each key is a kind of its own.
        assert {name: first[name] for name in ("amount", "input_tokens", "cache_read_tokens", "cache_write_tokens")} == {
            "amount": "0.0000323456789012",
            "input_tokens": 105,
            "cache_read_tokens": 80,
            "cache_write_tokens": 5,
        }
        assert (first["output_tokens"], first["reasoning_tokens"], first["latency_ms"]) == (20, 8, 2250.0)
        # A zero beside tokens is no price, and tokens are left to be priced.
        assert (second.get("amount"), second["input_tokens"]) == (None, 7)
        goals = {goal["goal"]: goal for goal in found.of("goal")}
        assert {name: (goal["verdict_source"], goal.get("achieved")) for name, goal in goals.items()} == {
            "resolved": ("human", True),
            "tone": ("judge", None),
            "quality": ("automatic", None),
        }
        assert {goal["session_id"] for goal in goals.values()} == {"lf-session"}
        assert (goals["tone"]["label"], goals["quality"]["score"]) == ("friendly", "0.75")
        session = found.one("session")
        assert (session["agent"], session["customer_id"], session["agent_version"]) == ("billing", "customer-4", "2026.1")
        assert "environment" not in session
        assert [turn["content"] for turn in found.of("turn")] == ["Be brief.", "Why was I charged twice?", "You were not."]

    def test_overlapping_windows_change_nothing(self) -> None:
        once = run(SHAPES / "langfuse_observations.jsonl", SHAPES / "langfuse_scores.jsonl")
        twice = run(*[SHAPES / "langfuse_observations.jsonl", SHAPES / "langfuse_scores.jsonl"] * 2)
        assert sorted(once.lines) == sorted(twice.lines)
        assert twice.codes.count("repeated_thing") == 6

    def test_traces_of_the_former_export_name_the_session(self, imported: Importer) -> None:
        observation = json.loads((SHAPES / "langfuse_observations.jsonl").read_text().splitlines()[1])
        for name in ("session_id", "user_id", "trace_name", "tags", "release"):
            del observation[name]
        trace = {
            "id": "lf-1",
            "timestamp": "2026-01-02 10:00:00",
            "name": "ask",
            "environment": "staging",
            "user_id": "u",
            "session_id": "s",
        }
        found = imported(observation, trace)
        assert (found.one("session")["session_id"], found.one("session")["customer_id"]) == ("s", "u")
        assert found.one("cost")["environment"] == "staging"

    def test_usage_whose_parts_make_no_total_are_parts_of_it(self, imported: Importer) -> None:
        observation = json.loads((SHAPES / "langfuse_observations.jsonl").read_text().splitlines()[1])
        observation["usage_details"] = {
            "input": 100,
            "input_cached_tokens": 80,
            "output": 10,
            "output_reasoning_tokens": 4,
            "total": 110,
        }
        assert imported(observation).tokens == (100, 10)

    def test_the_apis_names_are_the_same(self, imported: Importer) -> None:
        score = {"id": "s", "traceId": None, "sessionId": "x", "name": "quality", "timestamp": "2026-01-01T00:00:00Z", "value": 1}
        found = imported(score | {"source": "API", "dataType": "NUMERIC"})
        assert found.one("goal")["session_id"] == "x"

    def test_a_score_of_no_session_is_a_problem_and_one_of_an_unknown_trace_is_noted(self, imported: Importer) -> None:
        score = {"name": "quality", "timestamp": "2026-01-01T00:00:00Z", "value": 1, "source": "API", "data_type": "NUMERIC"}
        found = imported(score | {"id": "a", "trace_id": None, "session_id": None}, score | {"id": "b", "trace_id": "elsewhere"})
        assert found.codes == ["missing_field"]
        assert found.one("goal")["session_id"] == "elsewhere"
        assert any("import both together" in note for note in found.report.files[0].notes)


class TestStrands:
    def test_a_report(self) -> None:
        found = run(SHAPES / "strands_report.json")
        goals = {goal["metadata"]["case"]: goal for goal in found.of("goal")}
        assert {name: (goal.get("achieved"), goal.get("score"), goal["label"]) for name, goal in goals.items()} == {
            "book": (True, "1.0", "Yes"),
            "options": (False, "0.0", "No"),
            "empty": (None, None, "not_applicable"),
        }
        book = goals["book"]
        assert (book["session_id"], book["occurred_at"], book["environment"]) == ("run-1", "2026-01-03T08:00:04.5Z", "evaluation")
        assert (book["goal"], book["evaluator"], book["verdict_source"]) == (*["GoalSuccessRateEvaluator"] * 2, "judge")
        assert goals["empty"]["session_id"].startswith("empty-")
        notes = found.report.files[0].notes
        assert sorted(notes.values()) == [1, 1]
        assert len(found.of("session")) == 3

    def test_lists_of_other_lengths_are_a_problem(self, imported: Importer) -> None:
        report = json.loads((SHAPES / "strands_report.json").read_text())
        report["scores"].pop()
        found = imported(report)
        assert found.codes == ["parallel_lists"]
        assert found.records == []

    def test_a_case_that_could_not_be_judged_has_no_verdict(self, imported: Importer) -> None:
        report = json.loads((SHAPES / "strands_report.json").read_text())
        report["test_passes"][2] = False
        goals = {goal["metadata"]["case"]: goal for goal in imported(report).of("goal")}
        assert goals["empty"]["label"] == "error"
        assert "achieved" not in goals["empty"]


class TestGaltea:
    def test_sessions_traces_and_evaluations(self) -> None:
        found = run(SHAPES / "galtea.json")
        costs = {cost["event_id"]: cost for cost in found.of("cost")}
        assert costs["galtea:inf-1"]["amount"] == "0.0021"
        # 60 fresh tokens, 40 from the cache and 10 written, at the prices that were sent.
        assert costs["galtea:inf-2"]["amount"] == "0.0001040"
        judge = costs["galtea:eva-1:judge"]
        assert (judge["cost_type"], judge["model"], judge["input_tokens"]) == ("evaluation", "unknown", 900)
        goals = {goal["verdict_source"]: goal for goal in found.of("goal")}
        assert (goals["judge"]["achieved"], goals["judge"]["score"], goals["judge"]["threshold"]) == (False, "0.4", "0.5")
        assert (goals["human"]["score"], goals["human"]["reason"]) == ("0.8", "a repair was booked by phone")
        assert {record["session_id"] for record in found.records} == {"chat-3"}
        assert found.report.files[0].things == 7
        assert [turn["content"] for turn in found.of("turn")] == [
            "My screen is black.",
            "Is it plugged in?",
            "It is.",
            "Then it is broken.",
        ]
        assert found.codes == ["deleted", "no_record", "not_finished"]

    def test_sessions_of_test_cases_are_evaluations(self, imported: Importer) -> None:
        values = json.loads((SHAPES / "galtea.json").read_text())
        values[0] |= {"testCaseId": "case-1", "isProduction": None}
        assert {record.get("environment") for record in imported(*values).records} == {"evaluation"}

    def test_a_verdict_that_its_threshold_contradicts_is_believed(self, imported: Importer) -> None:
        values = json.loads((SHAPES / "galtea.json").read_text())
        values[3] |= {"passed": True, "humanScore": None}
        goal = imported(*values).one("goal")
        assert (goal["achieved"], goal.get("threshold")) == (True, None)

    def test_a_failed_evaluation_is_no_verdict(self, imported: Importer) -> None:
        values = json.loads((SHAPES / "galtea.json").read_text())
        values[3] |= {"status": "FAILED", "humanScore": None}
        goal = imported(*values).one("goal")
        assert (goal["label"], "achieved" in goal, "score" in goal) == ("error", False, False)

    def test_names_in_snake_case_are_the_same(self, imported: Importer) -> None:
        evaluation = {"id": "e", "metric_id": "m", "session_id": "s", "status": "SUCCESS", "score": 1, "passed": True}
        goal = imported(evaluation | {"created_at": "2026-01-01T00:00:00Z"}).one("goal")
        assert (goal["session_id"], goal["achieved"]) == ("s", True)

    @pytest.mark.parametrize("missing", ["sessionId", "createdAt"])
    def test_a_trace_that_cannot_be_placed_is_a_problem(self, imported: Importer, missing: str) -> None:
        trace = json.loads((SHAPES / "galtea.json").read_text())[1]
        trace[missing] = None
        assert imported(trace).codes == ["missing_field"]


@pytest.mark.parametrize(
    ("value", "role", "expected"),
    [
        ("Hello", "user", [("user", "Hello", [])]),
        ([{"role": "developer", "content": "Be brief."}], "user", [("system", "Be brief.", [])]),
        (
            [{"type": "human", "content": "Hi"}, {"type": "ai", "content": "Ho"}],
            "user",
            [("user", "Hi", []), ("assistant", "Ho", [])],
        ),
        ([[{"kwargs": {"content": "Hi", "type": "human"}}]], "user", [("user", "Hi", [])]),
        (
            {"messages": [{"role": "model", "parts": [{"function_call": {"name": "f", "args": {"a": 1}}}]}]},
            "user",
            [("assistant", None, [("f", '{"a":1}')])],
        ),
        (
            [
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "k", "content": [{"type": "text", "text": "out"}]}],
                }
            ],
            "user",
            [("tool", "out", [])],
        ),
        (
            [{"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "So"}]}],
            "user",
            [("assistant", "So", [])],
        ),
        (
            [
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"id": "k", "function": {"name": "f", "arguments": '{"a": 1}'}}],
                }
            ],
            "user",
            [("assistant", None, [("f", '{"a":1}')])],
        ),
        (
            [{"role": "assistant", "content": [{"toolUse": {"name": "f", "input": "x"}}]}],
            "user",
            [("assistant", None, [("f", '{"arguments":"x"}')])],
        ),
        ([{"role": "tool", "tool_call_id": "k", "content": "out"}], "user", [("tool", "out", [])]),
        ([1, 2], "user", [("user", "[1,2]", [])]),
        (None, "user", []),
    ],
)
def test_messages_of_many_shapes(value: Any, role: str, expected: list[Any]) -> None:
    found = [(one.role, one.content, [(call.name, call.arguments) for call in one.calls]) for one in messages(value, role)]
    assert found == expected
