"""Each cost counted once, in the right session, and each message said once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_goals.importing.traces import Overrides
from agent_goals.importing.usage import Usage
from importing_shapes import Importer, agent, call, importer, run, said, span, text, tool


@pytest.fixture
def imported(tmp_path: Path) -> Importer:
    return importer(tmp_path)


def test_an_agent_that_repeats_its_calls_usage_is_not_added(imported: Importer) -> None:
    found = imported(call("c1", "a", (80, 25)), call("c2", "a", (120, 35), start=2), agent("a", None, (200, 60), seconds=5))
    assert found.tokens == (200, 60)
    assert [cost["span_id"] for cost in found.of("cost")] == ["c1", "c2"]
    (repeated,) = found.left_out
    assert (repeated.code, repeated.place) == ("repeated_usage", "line 1, element 3, span a")
    assert '"span_id":"a"' in repeated.text


def test_retries_of_a_call_are_each_counted(imported: Importer) -> None:
    found = imported(
        call("c1", "a", (100, 0), status={"code": "ERROR"}),
        call("c2", "a", (100, 20), start=1),
        call("c3", "a", (100, 20), start=2),
        agent("a", None, (100, 20), seconds=5),
    )
    assert found.tokens == (300, 40)
    assert [cost["metadata"].get("failed") for cost in found.of("cost")] == [True, None, None]


def test_usage_is_repeated_through_a_span_that_reports_none(imported: Importer) -> None:
    found = imported(
        call("c", "step"), span("step", "a", attributes={"gen_ai.operation.name": "plan"}), agent("a", None, (10, 1))
    )
    assert found.tokens == (10, 1)
    assert found.codes == ["no_record", "repeated_usage"]


def test_a_call_through_a_gateway_is_counted_where_it_reached_the_model(imported: Importer) -> None:
    found = imported(call("outer", "a", (50, 5)), call("inner", "outer", (50, 5)), agent("a"))
    assert [cost["span_id"] for cost in found.of("cost")] == ["inner"]


def test_a_call_keeps_its_usage_when_an_agent_runs_as_its_tool(imported: Importer) -> None:
    # The call asks for a tool, the tool is another agent: what that one uses is no part of the first call.
    found = imported(
        call("c1", "a", (50, 5)),
        tool("t", "c1"),
        agent("b", "t", (30, 3)),
        call("c2", "b", (30, 3)),
        agent("a", None, (80, 8), seconds=9),
    )
    assert sorted(cost["span_id"] for cost in found.of("cost")) == ["c1", "c2"]
    assert found.tokens == (80, 8)


def test_an_agent_without_spans_below_is_counted_itself(imported: Importer) -> None:
    found = imported(tool("t", "a"), agent("a", None, (70, 7)))
    assert found.tokens == (70, 7)


def test_zero_usage_below_does_not_make_a_span_repeat_it(imported: Importer) -> None:
    found = imported(call("c", "a", (0, 0)), agent("a", None, (70, 7)))
    assert found.tokens == (70, 7)


def test_a_span_that_reports_more_than_what_is_below_is_noted(imported: Importer) -> None:
    found = imported(call("c", "a", (10, 1)), agent("a", None, (70, 7)))
    assert found.tokens == (10, 1)
    assert any("more tokens than those below" in note for note in found.report.files[0].notes)


def test_the_warehouse_is_not_told_of_a_parent_whose_usage_counts(imported: Importer) -> None:
    # It would take the parent's usage for repeated.
    found = imported(call("c1", "a", (50, 5)), agent("b", "c1", (30, 3)), agent("a"))
    assert {cost["span_id"]: cost["metadata"].get("parent_span_id") for cost in found.of("cost")} == {"c1": "a", "b": None}


@st.composite
def traces(draw: st.DrawFn) -> tuple[list[dict[str, Any]], tuple[int, int]]:
    """The spans of a trace in any order, in which some agents sum up what is below them, and what its calls used."""
    spans: list[dict[str, Any]] = []

    def below(parent: str | None, depth: int) -> tuple[int, int]:
        total = (0, 0)
        for _ in range(draw(st.integers(1, 3))):
            id_ = f"{len(spans):x}f"
            kind = draw(st.sampled_from(["call", "agent", "tool", "step"])) if depth < 4 else "call"
            if kind == "call":
                used = draw(st.tuples(st.integers(1, 1000), st.integers(0, 1000)))
                spans.append(call(id_, parent, used))
            else:
                place = len(spans)
                spans.append({})
                used = below(id_, depth + 1)
                reports = used if draw(st.booleans()) else None
                spans[place] = (
                    agent(id_, parent, reports) if kind == "agent" else tool(id_, parent) if kind == "tool" else span(id_, parent)
                )
            total = total[0] + used[0], total[1] + used[1]
        return total

    total = below(None, 0)
    return draw(st.permutations(spans)), total


@settings(deadline=None, max_examples=50)
@given(traces())
def test_what_is_counted_is_what_the_calls_used(tmp_path_factory: pytest.TempPathFactory, drawn: Any) -> None:
    spans, used = drawn
    found = importer(tmp_path_factory.mktemp("traces"))(*spans)
    assert found.tokens == used


def test_parents_in_a_circle_are_counted_all_the_same(imported: Importer) -> None:
    found = imported(call("c1", "c2", (5, 1)), call("c2", "c1", (7, 1)), call("c3", "c3", (9, 1)))
    # One of the two that name each other stands below the other, whose usage it then is.
    assert {cost["span_id"] for cost in found.of("cost")} == {"c2", "c3"}


def test_a_trace_as_deep_as_it_has_spans_is_no_trouble(imported: Importer) -> None:
    count = 3_000
    steps = [span(f"{number:x}", f"{number + 1:x}", attributes={"gen_ai.operation.name": "plan"}) for number in range(count)]
    found = imported(call("c", "0"), *steps, agent(f"{count:x}", None, (10, 1)))
    assert found.tokens == (10, 1)


def test_a_call_that_says_nothing_costs_something_unknown(imported: Importer) -> None:
    found = imported(call("c", "a", None), agent("a"))
    cost = found.one("cost")
    assert (cost["model"], cost.get("amount"), cost.get("input_tokens")) == ("small", None, None)
    assert any("unknown" in note for note in found.report.files[0].notes)


def test_a_call_that_says_nothing_is_covered_by_the_agents_sum(imported: Importer) -> None:
    found = imported(call("c", "a", None), agent("a", None, (70, 7)))
    assert [cost["span_id"] for cost in found.of("cost")] == ["a"]


def test_a_failed_call_without_usage_is_listed(imported: Importer) -> None:
    found = imported(call("c", "a", None, status={"code": "ERROR"}), agent("a"))
    assert found.of("cost") == []
    assert "failed_call" in found.codes


def test_a_supplied_cost_is_booked_to_the_last_digit(tmp_path: Path) -> None:
    path = tmp_path / "spans.json"
    attributes = '"openinference.span.kind": "LLM", "llm.cost.total": 0.012345678901234567, "llm.token_count.prompt": 10'
    path.write_text(
        f'[{{"trace_id": "t", "span_id": "s", "start_time": 1767225600000000000, "attributes": {{{attributes}}}}}]',
        encoding="utf-8",
    )
    cost = run(path).one("cost")
    assert (cost["amount"], cost["currency"], cost["input_tokens"]) == ("0.012345678901234567", "USD", 10)


@pytest.mark.parametrize(
    ("reported", "whole"),
    [
        (Usage(100, 10, 80, 15), (100, 10)),  # input includes what was cached
        (Usage(4, 767, 29447, 2861), (4 + 29447 + 2861, 767)),  # it cannot include more than itself
        (Usage(100, 10, 80, total=190), (180, 10)),  # only with the cached ones do they make the total
        (Usage(100, 10, 80, total=110), (100, 10)),
        (Usage(100, 10, reasoning=4), (100, 10)),
        (Usage(100, 10, reasoning=40), (100, 50)),
        (Usage(None, None, 80), (80, None)),
        (Usage(), (None, None)),
    ],
)
def test_input_includes_cached_tokens_and_output_reasoning(reported: Usage, whole: tuple[int | None, int | None]) -> None:
    assert (reported.whole().input, reported.whole().output) == whole


def test_the_session_of_a_step_is_its_own_else_that_above_else_the_traces(imported: Importer) -> None:
    found = imported(
        call("c1", "a"),
        agent("a", "root", attributes={"gen_ai.conversation.id": "inner"}),
        call("c2", "root", attributes={"session.id": "own"}),
        call("c3", "root"),
        agent("root", attributes={"gen_ai.conversation.id": "outer"}),
    )
    assert {cost["span_id"]: cost["session_id"] for cost in found.of("cost")} == {"c1": "inner", "c2": "own", "c3": "outer"}
    assert {session["session_id"] for session in found.of("session")} == {"inner", "outer", "own"}


def test_a_trace_without_session_is_one(imported: Importer) -> None:
    assert imported(call("c", None)).one("session")["session_id"] == "t1"


def test_a_session_may_have_several_traces_in_several_files(tmp_path: Path) -> None:
    conversation = {"gen_ai.conversation.id": "s"}
    importer(tmp_path)(call("c1", None, trace="t1", attributes=conversation | said([text("user", "one")], [])), name="one.json")
    importer(tmp_path)(
        call("c2", None, trace="t2", start=60, attributes=conversation | said([text("user", "two")], [])), name="two.json"
    )
    found = run(tmp_path / "two.json", tmp_path / "one.json")
    assert found.one("session")["occurred_at"] == "2026-01-01T00:01:01Z"
    assert [(turn["turn_index"], turn["content"]) for turn in found.of("turn")] == [(0, "one"), (1, "two")]


def test_a_trace_that_tells_of_no_agent_is_left_alone(imported: Importer) -> None:
    found = imported(span("s", attributes={"http.route": "/health", "session.id": "browser"}), call("c", None, trace="t2"))
    assert [record["session_id"] for record in found.records] == ["t2", "t2"]
    assert found.codes == ["not_of_an_agent"]
    assert found.report.count_problems == 0


def test_the_session_is_the_topmost_agents(imported: Importer) -> None:
    named = {"gen_ai.agent.name": "helper"}
    found = imported(
        call("c", "b"), agent("b", "a", attributes=named), agent("a", attributes={"gen_ai.agent.name": "lead", "user.id": "u"})
    )
    session = found.one("session")
    assert (session["agent"], session["customer_id"], found.one("cost")["agent"]) == ("lead", "u", "helper")


def test_what_the_caller_says_goes_before_what_the_files_say(imported: Importer) -> None:
    spans = [call("c", "a"), agent("a", attributes={"gen_ai.agent.name": "lead", "deployment.environment.name": "dev"})]
    assert {record["environment"] for record in imported(*spans).records} == {"dev"}
    found = imported(*spans, overrides=Overrides(environment="evaluation", agent="mine"))
    assert {(record["environment"], record.get("agent")) for record in found.records} == {("evaluation", "mine")}


def test_calls_of_an_evaluator_are_evaluation_cost(imported: Importer) -> None:
    found = imported(
        call("c1", "e"), span("e", "a", attributes={"openinference.span.kind": "EVALUATOR"}), call("c2", "a"), agent("a")
    )
    assert {cost["span_id"]: cost["cost_type"] for cost in found.of("cost")} == {"c1": "evaluation", "c2": "llm"}


def test_a_span_read_twice_is_counted_once(imported: Importer) -> None:
    found = imported(call("c", None), call("c", None, (20, 2)))
    assert found.tokens == (20, 2)
    assert found.codes == ["repeated_thing"]


def test_importing_again_gives_the_same_records(imported: Importer) -> None:
    spans = [
        call("c", "a", attributes=said([text("user", "hello")], [text("assistant", "hi")])),
        agent("a", span_events=[{"name": "gen_ai.evaluation.result", "attributes": {"gen_ai.evaluation.name": "quality"}}]),
    ]
    once, again = imported(*spans), imported(*reversed(spans), name="moved.json")
    assert sorted(once.lines) == sorted(again.lines)
    assert len({record["event_id"] for record in once.records}) == len(once.records) == 5


def test_a_message_of_the_history_is_said_once(imported: Importer) -> None:
    opening = [text("system", "Be brief."), text("user", "Hello"), text("assistant", "Hi"), text("user", "Bye")]
    found = imported(
        call("c1", "a", attributes=said(opening[:2], [text("assistant", "Hi")])),
        call("c2", "a", start=5, attributes=said(opening, [text("assistant", "See you")])),
        agent("a", seconds=9),
    )
    assert [(turn["role"], turn["content"]) for turn in found.of("turn")] == [
        ("system", "Be brief."),
        ("user", "Hello"),
        ("assistant", "Hi"),
        ("user", "Bye"),
        ("assistant", "See you"),
    ]
    assert [turn["turn_index"] for turn in found.of("turn")] == [0, 1, 2, 3, 4]


def test_the_same_words_in_a_new_trace_are_said_again(imported: Importer) -> None:
    conversation = {"gen_ai.conversation.id": "s"}
    asked = said([text("user", "more")], [text("assistant", "here")])
    found = imported(
        call("c1", None, attributes=conversation | asked), call("c2", None, trace="t2", start=9, attributes=conversation | asked)
    )
    assert [turn["content"] for turn in found.of("turn")] == ["more", "here", "more", "here"]
    assert len({turn["event_id"] for turn in found.of("turn")}) == 4


def test_an_agents_messages_are_those_of_its_calls(imported: Importer) -> None:
    exchange = said([text("user", "Hello")], [text("assistant", "Hi")])
    found = imported(call("c", "a", attributes=exchange), agent("a", attributes=exchange))
    assert len(found.of("turn")) == 2


def test_a_tools_answer_is_a_turn_unless_a_message_has_it(imported: Importer) -> None:
    asks = {"role": "assistant", "parts": [{"type": "tool_call", "id": "k", "name": "look_up", "arguments": {"n": 1}}]}
    # The model is told the result in other words than the tool's span has.
    answers = {"role": "tool", "parts": [{"type": "tool_call_response", "id": "k", "result": {"found": "one"}}]}
    result = {"gen_ai.tool.call.id": "k", "gen_ai.tool.call.result": "one", "gen_ai.tool.call.arguments": '{"n": 1}'}
    first = call("c1", "a", attributes=said([text("user", "?")], [asks]))
    alone = imported(first, tool("t", "a", start=2, attributes=result), agent("a", seconds=9))
    assert [(turn["role"], turn.get("tool_name"), turn.get("content"), turn.get("tool_call")) for turn in alone.of("turn")] == [
        ("user", None, "?", None),
        ("assistant", "look_up", None, {"n": 1}),
        ("tool", "look_up", "one", {"n": 1}),
    ]
    second = call("c2", "a", start=4, attributes=said([text("user", "?"), asks, answers], [text("assistant", "1")]))
    both = imported(first, tool("t", "a", start=2, attributes=result), second, agent("a", seconds=9))
    assert [turn["role"] for turn in both.of("turn")] == ["user", "assistant", "tool", "assistant"]


def test_without_messages_the_whole_trace_is_one_exchange(imported: Importer) -> None:
    attributes = {"openinference.span.kind": "AGENT", "input.value": '{"task": "What is six times seven?"}', "output.value": "42"}
    found = imported(span("a", attributes=attributes))
    assert [(turn["role"], turn["content"]) for turn in found.of("turn")] == [
        ("user", "What is six times seven?"),
        ("assistant", "42"),
    ]


def test_a_session_says_which_tools_its_agents_had(imported: Importer) -> None:
    first = '[{"type": "function", "function": {"name": "book", "description": "Book a seat.", "parameters": {}}}]'
    second = [{"name": "cancel"}]
    flattened = {
        "openinference.span.kind": "LLM",
        "llm.tools.0.tool.json_schema": '{"name": "look_up", "description": "Look it up."}',
    }
    found = imported(
        call("c1", "a", attributes={"gen_ai.tool.definitions": first}),
        call("c2", "a", attributes={"gen_ai.tool.definitions": second}),
        call("c3", "a", attributes=flattened),
        agent("a"),
    )
    assert found.one("session")["metadata"]["available_tools"] == [
        {"name": "book", "description": "Book a seat."},
        {"name": "cancel"},
        {"name": "look_up", "description": "Look it up."},
    ]


def test_turns_can_be_left_out(imported: Importer) -> None:
    found = imported(call("c", None, attributes=said([text("user", "secret")], [])), with_turns=False)
    assert found.of("turn") == []
    assert not any("secret" in line for line in found.lines)
