"""Tables that are kept from run to run hold what a full refresh would have made, whatever landed, in whatever order."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from compiled import Row, create, empty_warehouse, insert
from kept import Interrupted, KeptModels

pytestmark = pytest.mark.xdist_group("kept")

EXAMPLES = int(os.environ.get("AGENT_GOALS_EXAMPLES", "12"))
START = datetime(2026, 3, 1, 12)
SESSIONS = ["s0", "s1", "s2", "s3", "s4"]
CUSTOMERS = [None, "c0", "c1", "c2"]
AGENTS = [None, "support", "sales"]

#: Each list of definitions that a project may have from one run to the next, with what the first has not: another
#: threshold, another parent, an expectation, one goal fewer, another version.
FIRST: list[Row] = [
    {"goal": "root", "composite_rule": "all", "value_per_achievement": "3"},
    {"goal": "leaf", "parent_goal": "root", "weight": "2"},
    {"goal": "quality", "kind": "score", "parent_goal": "root", "threshold": "5"},
    {"goal": "quick", "kind": "derived", "source_goal": "leaf", "field": "steps", "threshold": "3", "threshold_operator": "<"},
    {"goal": "settled", "scope": "customer", "window_days": "2", "composite_rule": "all", "value_per_achievement": "7"},
    {"goal": "called", "parent_goal": "settled"},
    {"goal": "paid", "parent_goal": "settled", "expected_agents": "sales"},
]
DEFINITIONS: list[list[Row]] = [
    FIRST,
    [{**row, "threshold": "7"} if row["goal"] == "quality" else row for row in FIRST],
    [{**row, "parent_goal": "root"} if row["goal"] == "paid" else row for row in FIRST],
    [{**row, "expected_agents": "support"} if row["goal"] == "leaf" else row for row in FIRST],
    [row for row in FIRST if row["goal"] != "leaf"],
    [row for row in FIRST if row["goal"] != "root"],
    [row for row in FIRST if row["goal"] != "settled"],
    [*FIRST, {"goal": "quality", "kind": "score", "threshold": "9", "valid_from": "2026-03-02"}],
]
PRICES: list[list[Row]] = [
    [],
    [{"model": "m1", "input_price": "2", "output_price": "3"}],
    [{"model": "m1", "input_price": "2", "output_price": "3"}, {"model": "m1", "valid_from": "2026-03-02", "input_price": "5"}],
    [{"model": "m2", "input_price": "1", "output_price": "1"}],
]


@st.composite
def records(draw: st.DrawFn) -> Row:
    """One record; its id may be one that has been sent before, for this session or another."""
    kind = draw(st.sampled_from(["goal", "goal", "goal", "cost", "cost", "value", "session", "turn"]))
    moment = START + timedelta(hours=draw(st.integers(0, 80)))
    record: dict[str, Any] = {
        "type": kind,
        "event_id": f"{kind}{draw(st.integers(0, 11))}",
        "session_id": draw(st.sampled_from(SESSIONS)),
        "environment": draw(st.sampled_from(["production", "production", "production", "staging"])),
        "occurred_at": moment,
    }
    goals = st.sampled_from(["root", "leaf", "quality", "called", "paid", "settled", "loose", "loose_part"])
    if kind == "goal":
        goal = draw(goals)
        record |= {"goal": goal, "agent": draw(st.sampled_from(AGENTS)), "customer_id": draw(st.sampled_from(CUSTOMERS))}
        record["verdict_source"] = draw(st.sampled_from(["automatic", "human", "judge"]))
        record["parent_goal"] = draw(st.sampled_from([None, "loose", "root"]))
        record["metadata"] = draw(st.sampled_from([None, '{"steps": 2}', '{"steps": 4, "agent": "support"}']))
        record["sub_goals_achieved"] = draw(st.sampled_from([None, None, '["leaf"]']))
        record["variant"] = draw(st.sampled_from([None, "a", "b"]))
        record["experiment"] = "e" if record["variant"] else None
        if goal == "quality":
            record["score"] = draw(st.integers(3, 9))
        else:
            record["achieved"] = draw(st.sampled_from([True, False, None]))
    elif kind == "cost":
        record |= {"goal": draw(st.one_of(st.none(), goals)), "cost_type": draw(st.sampled_from(["llm", "tool", "evaluation"]))}
        record |= {"agent": draw(st.sampled_from(AGENTS)), "model": draw(st.sampled_from([None, "m1", "m2"]))}
        if record["model"] and draw(st.booleans()):
            record |= {"input_tokens": draw(st.integers(0, 1000)), "output_tokens": draw(st.integers(0, 1000))}
        else:
            record["amount"] = draw(st.decimals(0, 100, places=10))
    elif kind == "value":
        record |= {"goal": draw(st.one_of(st.none(), goals)), "amount": draw(st.decimals(0, 100, places=10))}
    elif kind == "session":
        record |= {"agent": draw(st.sampled_from(AGENTS)), "customer_id": draw(st.sampled_from(CUSTOMERS))}
        record["started_at"] = moment - timedelta(hours=draw(st.sampled_from([0, 1, 30])))
        record["customer_segment"] = draw(st.sampled_from([None, "pro"]))
    else:
        record |= {"turn_index": draw(st.integers(0, 5)), "role": "user"}
    return record


#: What happens to a warehouse: a load, whose time may be before that of one that was committed earlier; other
#: definitions or prices; a run, which may be killed.
steps = st.one_of(
    st.tuples(st.just("load"), st.integers(0, 40), st.lists(records(), min_size=1, max_size=8)),
    st.tuples(st.just("define"), st.integers(0, len(DEFINITIONS) - 1)),
    st.tuples(st.just("price"), st.integers(0, len(PRICES) - 1)),
    st.tuples(st.just("kill"), st.integers(0, 57)),
    st.tuples(st.just("run")),
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> KeptModels:
    return KeptModels(tmp_path_factory.mktemp("kept"), {"agent_goals__max_goal_depth": 3})


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if EXAMPLES > 12 else [])],
)
@given(first=st.lists(records(), min_size=3, max_size=25), what_happens=st.lists(steps, min_size=1, max_size=6))
def test_every_run_leaves_what_a_full_refresh_would_make(
    models: KeptModels, first: list[Row], what_happens: Sequence[tuple[Any, ...]]
) -> None:
    warehouse = empty_warehouse()
    models.create_seed(warehouse, "goal_definitions", DEFINITIONS[0])
    models.create_seed(warehouse, "model_prices", PRICES[1])
    insert(warehouse, 20, first)
    models.run(warehouse)
    used = {20}
    for step, *details in [*what_happens, ("run",)]:
        note(f"{step} {details}")
        if step == "load":
            number, records = details
            # No two loads have one time.
            while number in used:
                number += 1
            used.add(number)
            insert(warehouse, number, records)
        elif step == "define":
            models.create_seed(warehouse, "goal_definitions", DEFINITIONS[details[0]])
        elif step == "price":
            models.create_seed(warehouse, "model_prices", PRICES[details[0]])
        elif step == "kill":
            with pytest.raises(Interrupted):
                models.run(warehouse, stop_after=details[0])
        else:
            models.run(warehouse)
            assert_as_after_a_full_refresh(models, warehouse)


def assert_as_after_a_full_refresh(models: KeptModels, warehouse: duckdb.DuckDBPyConnection) -> None:
    """Compare every public table with that of a warehouse with the same inputs, row for row."""
    with models.refreshed(warehouse) as fresh:
        for name, relation in models.marts():
            query = f"select * from {relation} order by all"
            assert warehouse.execute(query).fetchall() == fresh.execute(query).fetchall(), name
