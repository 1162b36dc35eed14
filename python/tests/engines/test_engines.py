"""The fixtures' own test: each engine answers through dbt."""

from __future__ import annotations

from .engine import Engine


def test_engine_answers_through_dbt(engine: Engine) -> None:
    engine.dbt("show", "--inline", "select 1 as one")
    assert engine.rows("select 1 as one") == [{"one": 1}]
