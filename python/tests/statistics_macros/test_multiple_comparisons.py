from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from .computed import MACROS, Column, close, properties, published, rows

METHODS = {"holm_p_value": "holm", "benjamini_hochberg_q_value": "fdr_bh"}
both = pytest.mark.parametrize("macro", METHODS)
chances = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.04, 0.5, 1.0]))


def adjusted(macro: str, by: Sequence[str] = (), **columns: Column) -> list[Any]:
    query = getattr(MACROS, macro)("numbered", "p", "adjusted", list(by), ["row_number"])
    return [row[0] for row in rows(f"select adjusted from ({query}) as rows_of_all order by row_number", **columns)]


@both
def test_gives_the_published_figures(macro: str) -> None:
    cases = published("multiplicity")
    for case in cases.values():
        assert adjusted(macro, p=case["p"]) == close(case[f"{METHODS[macro]}__statsmodels"], 1e-13)
    assert cases


@both
@properties
@given(st.lists(chances, min_size=1, max_size=30))
def test_agrees_with_statsmodels(macro: str, p_values: list[float]) -> None:
    expected = multipletests(p_values, method=METHODS[macro])[1]
    assert adjusted(macro, p=p_values) == close(expected, 1e-13, 1e-300)


@both
@properties
@given(st.lists(st.tuples(st.sampled_from([1.0, 2.0, 3.0]), st.none() | chances), min_size=1, max_size=30))
def test_each_family_stands_for_itself_and_nulls_for_nothing(macro: str, members: list[tuple[float, float | None]]) -> None:
    families, p_values = zip(*members, strict=True)
    found = adjusted(macro, ["family"], family=families, p=p_values)
    for family in set(families):
        of_family = [(p, value) for of, p, value in zip(families, p_values, found, strict=True) if of == family]
        assert all(value is None for p, value in of_family if p is None)
        tried = [(p, value) for p, value in of_family if p is not None]
        if tried:
            alone = adjusted(macro, p=[p for p, _ in tried])
            assert [value for _, value in tried] == alone


@both
@properties
@given(st.lists(chances, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(macro: str, p_values: list[float], random: Any) -> None:
    before = dict(zip(p_values, adjusted(macro, p=p_values), strict=True))
    random.shuffle(p_values)
    assert adjusted(macro, p=p_values) == [before[p] for p in p_values]
