"""A DAG for Airflow 3: load, build, publish, report, and one line for a chat.

AGENT_GOALS_PROJECT names the dbt project's folder, which also has spool/; dbt and agent-goals are on the workers' PATH. Every
step may be run again: loading a file twice lands nothing twice, and what is published is replaced whole.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

PROJECT = os.environ.get("AGENT_GOALS_PROJECT", "/srv/goals")

# Exit code 1: some lines were rejected, and the others landed. (Not `${#files[@]}`: Airflow takes that for a comment of Jinja.)
LOAD = """
shopt -s nullglob
files=(spool/*.ndjson)
if [[ -z ${files[*]} ]]; then echo "nothing to load"; exit; fi
code=0
agent-goals load "${files[@]}" || code=$?
if ((code == 1)); then echo "some lines were rejected: agent_goals_raw.rejected_records says why" >&2; code=0; fi
exit "$code"
"""

# One run, and in it one task at a time: a DuckDB file has one writer.
with DAG(
    dag_id="agent_goals",
    schedule="15 * * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=1,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=5), "cwd": PROJECT, "append_env": True},
) as dag:
    load = BashOperator(task_id="load", bash_command=LOAD)
    # Nothing waits for it: stale events fail the run, and the marts are built all the same.
    freshness = BashOperator(task_id="freshness", bash_command="dbt source freshness", retries=0)
    build = BashOperator(task_id="build", bash_command="dbt build --exclude-resource-type unit_test")
    publish = BashOperator(task_id="publish", bash_command="agent-goals publish")
    report = BashOperator(task_id="report", bash_command="agent-goals report --output agent_goals_report.html")
    # Its line is the task's XCom, for whatever task sends messages.
    summary = BashOperator(task_id="summary", bash_command="agent-goals summary --one-line")

    load >> [freshness, build]
    build >> publish >> report >> summary
