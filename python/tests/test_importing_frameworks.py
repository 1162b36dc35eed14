"""Published spans of seven agent frameworks, by one command into the marts, against the raw sums known for them.

What is counted differs from the raw sum where a span repeats what spans below it report (input / output tokens):

========================= ============= ============ =====================================================================
file                      raw           counted      why
========================= ============= ============ =====================================================================
adk_live                  758 / 168     379 / 84     each ``call_llm`` repeats the ``generate_content`` below it
claude_adot               4 / 767       32312 / 767  one span has it all; its input is without the 29,447 tokens read from
                                                     the cache and the 2,861 written to it. The cost it reports is booked
openai_agents_genai_live  1870 / 253    1870 / 253   eight calls; agents report nothing of their own
openinference_live        none          none         two calls without model or tokens: what they cost is unknown
otel_genai_convention     350 / 102     200 / 60     the agent's 150 / 42 stand above two calls of 200 / 60
pydantic_ai_live          1251 / 78     1251 / 78    the agent's sum goes by a name of its own, and is left out all the
                                                     same. The costs that the calls report are booked
smolagents_live           12512 / 326   6256 / 163   the agent repeats the sum of its two calls
========================= ============= ============ =====================================================================
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agent_goals.validate import validate_line
from importing_shapes import run
from project import Marts, build_marts, data_set, import_files


class Expected(NamedTuple):
    """What one file comes to: its session, its costs by where their amounts come from, and its tokens."""

    session: str
    agent: str
    raw: tuple[int, int]
    counted: tuple[int, int]
    costs: int
    price_status: str
    total_cost: Decimal | None


EXPECTED = {
    "adk_live_spans.json": Expected(
        "b4866a2a-a3d4-4d2f-8f40-6bb0d03d135c", "math_agent", (758, 168), (379, 84), 2, "priced", Decimal("0.0013245")
    ),
    "claude_adot_spans.json": Expected(
        "e457cade-6652-42ad-b879-182dde7124c5",
        "ClaudeAgentSDK.query",
        (4, 767),
        (4 + 29_447 + 2_861, 767),
        1,
        "booked",
        Decimal("0.0712653"),
    ),
    "openai_agents_genai_live_spans.json": Expected(
        "9fa516c6d3cd456d5b2bf8349dcfa39b", "coordinator", (1870, 253), (1870, 253), 8, "priced", Decimal("0.0004323")
    ),
    "openinference_live_spans.json": Expected("live-trace-1", "LangGraph", (0, 0), (0, 0), 2, "no_tokens", None),
    "otel_genai_convention_spans.json": Expected(
        "conv_otel_test_001", "WeatherAssistant", (350, 102), (200, 60), 2, "priced", Decimal("0.0011")
    ),
    "pydantic_ai_live_spans.json": Expected(
        "019f8b0c-5147-74b5-b1e4-f9b086da98e0", "agent", (1251, 78), (1251, 78), 2, "booked", Decimal("0.0054153")
    ),
    "smolagents_live_spans.json": Expected(
        "f63de90470d666fccdf71a2b9cb7d089", "CodeAgent.run", (12512, 326), (6256, 163), 2, "priced", Decimal("0.0077781")
    ),
}

#: Where the known sums have input and output tokens.
INPUT = ("gen_ai.usage.input_tokens", "llm.token_count.prompt")
OUTPUT = ("gen_ai.usage.output_tokens", "llm.token_count.completion")


@pytest.fixture(scope="module")
def spans() -> Path:
    return data_set("otel_spans")


@pytest.fixture(scope="module")
def figures(spans: Path) -> dict[str, Any]:
    return json.loads((spans / "figures.json").read_text(encoding="utf-8"), parse_float=Decimal)


def test_every_file_is_one_that_is_expected(figures: dict[str, Any]) -> None:
    assert figures.keys() == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_the_raw_sums_are_those_that_the_table_starts_from(figures: dict[str, Any], name: str) -> None:
    sums = figures[name]["sums"]
    raw = tuple(next((sums[key] for key in keys if key in sums), 0) for keys in (INPUT, OUTPUT))
    assert raw == EXPECTED[name].raw


@pytest.mark.parametrize("name", EXPECTED)
def test_a_files_spans_are_all_accounted_for(spans: Path, figures: dict[str, Any], name: str) -> None:
    found = run(spans / name)
    (report,) = found.report.files
    assert report.things == figures[name]["spans"]
    assert report.count_problems == 0
    assert found.tokens == EXPECTED[name].counted
    assert len(found.of("cost")) == EXPECTED[name].costs
    assert found.one("session")["session_id"] == EXPECTED[name].session
    assert all(validate_line(line).accepted for line in found.lines)
    # Each turn is there once and the user is heard.
    turns = found.of("turn")
    assert [turn["turn_index"] for turn in turns] == list(range(len(turns)))
    assert any(turn["role"] == "user" for turn in turns)
    assert turns[-1]["role"] in ("assistant", "tool")


@pytest.mark.xdist_group("frameworks")
class TestMarts:
    """What ``import --load`` and ``dbt build`` make of all seven."""

    @pytest.fixture(scope="class")
    @classmethod
    def marts(cls, spans: Path, tmp_path_factory: pytest.TempPathFactory) -> Marts:
        folder = tmp_path_factory.mktemp("frameworks")
        for name in EXPECTED:
            import_files(folder, [spans / name])
        # All of them again, together and by another name of their format: nothing of it may be new.
        report = import_files(folder, ["otel", *(spans / name for name in EXPECTED)])
        assert report["load"]["loaded"] == 0
        return build_marts(folder, [])

    def test_each_file_is_a_session_with_its_cost(self, marts: Marts) -> None:
        rows = marts.by_group("select session_id, agent, total_cost, count_missing_amounts from agent_goals__sessions")
        assert rows == {
            expected.session: {
                "agent": expected.agent,
                "total_cost": expected.total_cost,
                "count_missing_amounts": 0 if expected.total_cost is not None else expected.costs,
            }
            for expected in EXPECTED.values()
        }

    def test_each_cost_is_booked_or_priced_by_the_packages_list(self, marts: Marts) -> None:
        rows = marts.by_group("""
            select session_id, min(price_status) as least, max(price_status) as most, count(*) as costs
            from agent_goals__cost_lines group by session_id
        """)
        assert rows == {
            expected.session: {"least": expected.price_status, "most": expected.price_status, "costs": expected.costs}
            for expected in EXPECTED.values()
        }

    def test_supplied_costs_are_the_known_sums(self, marts: Marts, figures: dict[str, Any]) -> None:
        costs = {row["session_id"]: row["total_cost"] for row in marts.rows("select * from agent_goals__sessions")}
        for name, key in (("claude_adot_spans.json", "llm.cost.total"), ("pydantic_ai_live_spans.json", "operation.cost")):
            assert costs[EXPECTED[name].session] == figures[name]["sums"][key]
