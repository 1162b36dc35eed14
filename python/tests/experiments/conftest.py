"""One build of all experiments whose figures are known."""

from __future__ import annotations

import pytest

from loading_helpers import write_lines
from project import DATA, Marts, build_marts

from .declared import declaring_project
from .oracle import PLANNED_UNITS, Oracle


@pytest.fixture(scope="session")
def oracle() -> Oracle:
    folder = DATA.parent / "oracle"
    if not folder.is_dir():
        pytest.skip(f"the experiments with known figures are not in {DATA.parent.name}/{folder.name} beside the project")
    return Oracle(folder)


@pytest.fixture(scope="session")
def marts(oracle: Oracle, tmp_path_factory: pytest.TempPathFactory) -> Marts:
    folder = tmp_path_factory.mktemp("oracle")
    project = declaring_project(folder / "project", oracle.declarations())
    records = write_lines(folder / "records.ndjson", oracle.records())
    return build_marts(folder, [records], {"agent_goals__experiment_planned_units": PLANNED_UNITS}, project=project)
