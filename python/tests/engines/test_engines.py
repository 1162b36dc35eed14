"""Every engine is reached, and computes exactly what must be exact."""

from __future__ import annotations

from .engine import Engine


def test_engine_answers_through_dbt(engine: Engine) -> None:
    engine.dbt("show", "--inline", "select 1 as one")
    assert engine.rows("select 1 as one") == [{"one": 1}]


def test_exact_split_and_types_hold(engine: Engine) -> None:
    """The tests tagged engine_proof work on inline values, so they need no tables."""
    assert engine.dbt("test", "--select", "tag:engine_proof")
