"""Definitions for Dagster: load, build, publish, report, and one line for a chat.

AGENT_GOALS_PROJECT names the dbt project's folder, which also has spool/; dbt and agent-goals are on the PATH. Every asset may
be made again: loading a file twice lands nothing twice, and what is published is replaced whole.
"""

import os
import subprocess
from pathlib import Path

import dagster as dg

PROJECT = Path(os.environ.get("AGENT_GOALS_PROJECT", "/srv/goals"))

REJECTED = 1


def run(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, *command: str, passes: tuple[int, ...] = (0,)) -> int:
    """Run a command in the project, and fail with what it printed unless its exit code passes."""
    done = subprocess.run(command, cwd=PROJECT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    context.log.info(done.stdout)
    if done.returncode not in passes:
        raise dg.Failure(f"`{' '.join(command)}` failed with exit code {done.returncode}: {done.stdout[-2000:]}")
    return done.returncode


@dg.asset
def records(context: dg.AssetExecutionContext) -> None:
    """What agents recorded, in the raw tables."""
    files = sorted(str(file) for file in (PROJECT / "spool").glob("*.ndjson"))
    if not files:
        context.log.info("nothing to load")
    elif run(context, "agent-goals", "load", *files, passes=(0, REJECTED)) == REJECTED:
        context.log.warning("some lines were rejected: agent_goals_raw.rejected_records says why")


@dg.asset_check(asset=records)
def freshness(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Whether goal events still come in; a warning, since the marts are built all the same."""
    code = run(context, "dbt", "source", "freshness", passes=(0, 1))
    return dg.AssetCheckResult(passed=code == 0, severity=dg.AssetCheckSeverity.WARN)


@dg.asset(deps=[records])
def marts(context: dg.AssetExecutionContext) -> None:
    """The marts, built and tested."""
    run(context, "dbt", "build", "--exclude-resource-type", "unit_test")


@dg.asset(deps=[marts])
def published_marts(context: dg.AssetExecutionContext) -> None:
    """The copy that BI tools read."""
    run(context, "agent-goals", "publish")


@dg.asset(deps=[published_marts])
def report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The page, and the line for a chat as its metadata."""
    run(context, "agent-goals", "report", "--output", "agent_goals_report.html")
    line = subprocess.run(
        ["agent-goals", "summary", "--one-line"], cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()
    return dg.MaterializeResult(metadata={"summary": line})


# One step at a time: a DuckDB file has one writer.
refresh = dg.define_asset_job("agent_goals", selection="*", executor_def=dg.in_process_executor)


@dg.schedule(job=refresh, cron_schedule="15 * * * *")
def hourly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Every hour, unless the run before is still at work."""
    unfinished = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    if context.instance.get_runs(dg.RunsFilter(job_name=refresh.name, statuses=unfinished), limit=1):
        return dg.SkipReason("the run before is still at work")
    return dg.RunRequest()


defs = dg.Definitions(
    assets=[records, marts, published_marts, report], asset_checks=[freshness], jobs=[refresh], schedules=[hourly]
)
