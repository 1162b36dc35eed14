"""The statistics macros give every engine the values that DuckDB gives, also where doubles run out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import duckdb
import pytest

from .engine import Engine, Rows

COLUMNS = ("z", "p", "t", "df", "alpha", "x", "chi_square_df", "successes", "trials", "p_value")

#: Each column's values, extremes among them, in rows of their own; the others are null there.
INPUTS: list[tuple[tuple[str, ...], list[tuple[float | None, ...]]]] = [
    (("z",), [(z,) for z in (0, 1e-300, -5e-324, 0.3, -0.66, 1.96, -3, 5.6, -8, 20, -37, 40, 1e149, 1e300, None)]),
    (("p",), [(p,) for p in (0, 1e-300, 1e-20, 0.025, 0.07, 0.3, 0.5, 0.93, 0.999999, 1, 1.5, -1, None)]),
    (
        ("t", "df"),
        list(product((0, 1e-200, 1e-9, 0.1, -1, 2.5, 12, 60, -1e4, 1e100, 1e200), (0, 0.5, 1, 1.7, 3, 30, 1e5, 1e12, 1e200))),
    ),
    (
        ("alpha", "df"),
        list(product((0, 1e-40, 1e-30, 1e-9, 1e-3, 0.05, 0.5, 0.999999, 1, 2), (0, 1, 1.7, 3, 30, 1e5, 1e12, 1e200))),
    ),
    (("x", "chi_square_df"), list(product((-1, 0, 5e-324, 1e-9, 0.5, 4, 80, 1399, 1e9, 1e200), (0, 1, 2, 3, 8, 20, 21)))),
    (("successes", "trials"), [(0, 0), (0, 5), (5, 5), (1, 10**9), (3, 7), (10**6, 10**6)]),
    (("p_value",), [(p,) for p in (0.01, 0.04, 0.04, 0.2, 1, 0, 1e-300, None)]),
]

QUERY = """
with

p_values as (
    {{ agent_goals.holm_p_value('statistics_inputs', 'p_value', 'holm', [], ['row_number']) }}
),

q_values as (
    {{ agent_goals.benjamini_hochberg_q_value('p_values', 'p_value', 'q_value', [], ['row_number']) }}
),

{{ agent_goals.t_p_value_ctes('q_values', 't', 'df', 't_p_value', 'student') }},

{{ agent_goals.t_quantile_ctes('student', 'alpha', 'df', 't_quantile', 'critical') }}

select
    row_number,
    t_p_value,
    t_quantile,
    holm,
    q_value,
    {{ agent_goals.normal_cdf('z') }} as normal_cdf,
    {{ agent_goals.normal_two_sided_p_value('z') }} as normal_two_sided_p_value,
    {{ agent_goals.normal_quantile('p') }} as normal_quantile,
    {{ agent_goals.chi_square_p_value('x', 'chi_square_df') }} as chi_square_p_value,
    {{ agent_goals.wilson_low('successes', 'trials', 'z_of_interval') }} as wilson_low,
    {{ agent_goals.wilson_high('successes', 'trials', 'z_of_interval') }} as wilson_high,
    {{ agent_goals.always_valid_log_e_value('z_of_interval', 'successes') }} as log_e_value,
    {{ agent_goals.always_valid_half_width('z_of_interval', 'successes', 'p') }} as half_width
from critical
"""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Parquet file of the inputs."""
    path = tmp_path_factory.mktemp("statistics") / "inputs.parquet"
    rows = [dict(zip(names, values, strict=True)) for names, cases in INPUTS for values in cases]
    with duckdb.connect() as connection:
        connection.execute(
            f"create table inputs (row_number double, z_of_interval double, {', '.join(f'{name} double' for name in COLUMNS)})"
        )
        marks = ", ".join("?" for _ in range(len(COLUMNS) + 2))
        connection.executemany(
            f"insert into inputs values ({marks})",
            [[number, 1.96, *(row.get(name) for name in COLUMNS)] for number, row in enumerate(rows)],
        )
        connection.execute(f"copy inputs to '{path}' (format parquet)")
    return path


@contextmanager
def strict_arithmetic(engine: Engine) -> Iterator[None]:
    """Have Spark refuse what has no value, such as a division by zero, as PostgreSQL does."""
    if engine.dialect == "spark":
        engine.execute("set spark.sql.ansi.enabled = true")
    yield
    if engine.dialect == "spark":
        engine.execute("reset spark.sql.ansi.enabled")


def computed(engine: Engine, inputs: Path) -> Rows:
    columns = ", ".join(f"{name} double precision" for name in ("row_number", "z_of_interval", *COLUMNS))
    engine.execute("drop table if exists statistics_inputs")
    engine.execute(
        f"create table statistics_inputs ({columns.replace(' precision', '') if engine.dialect == 'spark' else columns})"
    )
    engine.fill("statistics_inputs", inputs)
    (node,) = engine.dbt("compile", "--inline", QUERY).values()
    found = engine.rows(node.compiled_code)
    return sorted(found, key=lambda row: row["row_number"])


@pytest.mark.parametrize("other", ["postgres", "spark"])
def test_every_macro_gives_the_values_that_duckdb_gives(
    other: str, duckdb_engine: Engine, inputs: Path, request: pytest.FixtureRequest
) -> None:
    expected = computed(duckdb_engine, inputs)
    engine: Engine = request.getfixturevalue(f"{other}_engine")
    with strict_arithmetic(engine):
        found = computed(engine, inputs)
    assert len(found) == len(expected) > 200
    different = [
        (row["row_number"], name, row[name], value)
        for row, in_duckdb in zip(found, expected, strict=True)
        for name, value in in_duckdb.items()
        if row[name] != (None if value is None else pytest.approx(value, rel=1e-12, abs=0))
    ]
    assert different == []
