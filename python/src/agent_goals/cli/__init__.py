"""The `agent-goals` command, a module for what belongs together."""

from __future__ import annotations

import click

from agent_goals.cli import answers, judging, records, setup


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="agent-goals")
def main() -> None:
    """Validate and load what AI agents achieve, for the agent_goals dbt package."""


for command in (
    records.load,
    records.validate,
    records.import_,
    records.forget,
    judging.judge,
    judging.try_judge,
    judging.sample,
    answers.summary,
    answers.report,
    answers.query,
    answers.publish_,
    setup.schema,
    setup.ddl,
    setup.prices,
):
    main.add_command(command)
