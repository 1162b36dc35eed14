"""Asks MetricFlow, in its own environment and in the dbt project that is the working directory.

Reads from standard input, as JSON, `queries` (what to ask the engine for) and `commands` (arguments of `mf`), and writes to the
file that it is given what came of each. The commands run here rather than by `mf` itself, which starts in seven seconds and
looks for a newer version of itself on the network.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from dbt_metricflow.cli import main
from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest
from metricflow_semantics.errors.error_classes import InvalidQueryException

COMMANDS = {"query": main.query, "validate-configs": main.validate_configs}


def plain(value: Any) -> Any:
    """A value as JSON has it without a loss: decimals and moments are text."""
    if value is None or isinstance(value, int | float | str):
        return value
    return str(value) if isinstance(value, Decimal) else value.date().isoformat()


def answer(configuration: CLIConfiguration, query: dict[str, Any]) -> dict[str, Any]:
    request = MetricFlowQueryRequest.create(
        saved_query_name=query.get("saved_query"),
        metric_names=query.get("metrics"),
        group_by_names=query.get("group_by"),
        where_constraints=query.get("where"),
    )
    try:
        found = configuration.mf.query(mf_request=request).result_df
    except InvalidQueryException as error:
        return {"error": str(error)}
    return {"columns": list(found.column_names), "rows": [[plain(value) for value in row] for row in found.rows]}


def ran(configuration: CLIConfiguration, command: list[str]) -> dict[str, Any]:
    name, *arguments = command
    done = CliRunner().invoke(COMMANDS[name], arguments, obj=configuration)
    return {"exit_code": done.exit_code, "output": done.output}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    configuration = CLIConfiguration()
    configuration.setup()
    answers = {
        "queries": [answer(configuration, query) for query in asked["queries"]],
        "commands": [ran(configuration, command) for command in asked["commands"]],
    }
    Path(sys.argv[1]).write_text(json.dumps(answers), encoding="utf-8")
