"""The commands that write what a project is set up with: schema, ddl, prices."""

from __future__ import annotations

import json
from pathlib import Path

import click

from agent_goals.cli.shared import Command, landing_option, note, target_options
from agent_goals.contract import RECORD_TYPES
from agent_goals.ddl import COLUMN_TYPES, Dialect, create_all, create_schema
from agent_goals.errors import AgentGoalsError
from agent_goals.files import write_whole
from agent_goals.prices import as_csv, price_list
from agent_goals.profile import find_target
from agent_goals.roles import instructions, role_statements
from agent_goals.schema import dbt_sources, json_schema
from agent_goals.warehouse.landing import views

DDL_EXAMPLES = """
\b
Examples:
  agent-goals ddl --target postgres --roles | psql -v ON_ERROR_STOP=1 ...
  agent-goals ddl --dialect spark --landing /srv/landing | spark-sql -f /dev/stdin
"""


PRICES_EXAMPLES = """
\b
Examples:
  agent-goals prices --output seeds/model_prices.csv
  agent-goals prices | grep ',gpt-4o,'
"""


@click.command(cls=Command)
@click.argument("record_type", required=False, type=click.Choice(list(RECORD_TYPES)), metavar="[TYPE]")
@click.option("--format", "form", type=click.Choice(["json-schema", "dbt-sources"]), default="json-schema", show_default=True)
def schema(record_type: str | None, form: str) -> None:
    """Print the JSON Schema of a record TYPE (goal, cost, value, session or turn), or of all of them."""
    if form == "dbt-sources":
        click.echo(dbt_sources(), nl=False)
        return
    schemas = {name: json_schema(record) for name, record in RECORD_TYPES.items()}
    click.echo(json.dumps(schemas[record_type] if record_type else schemas, indent=2, ensure_ascii=False))


@click.command(cls=Command, epilog=DDL_EXAMPLES)
@click.option("--dialect", type=click.Choice(list(COLUMN_TYPES)), help="The SQL to write; else that of the target.")
@click.option("--roles", is_flag=True, help="Write the roles of a deployment and their rights as well (PostgreSQL only).")
@landing_option("Write the raw tables as views over the files that `load --landing FOLDER` writes.")
@target_options
def ddl(dialect: Dialect | None, roles: bool, landing: Path | None, **where: str | None) -> None:
    """Print the SQL that makes the raw tables, for those who may; a load then needs no right to create anything.

    With --roles: also a loader, a forgetter, a builder (dbt) and a reader, each with the rights that it needs and no more.
    """
    target = find_target(**where)
    dialect = dialect or next((name for name in COLUMN_TYPES if name == target.type), None)
    if dialect is None or (roles and dialect != "postgres"):
        what = "roles are written for postgres only" if dialect else f"there is no dialect for a target of type {target.type!r}"
        raise AgentGoalsError(f"{what}: choose one with --dialect.")
    if landing:
        statements = [create_schema(target.raw_schema, dialect), *views(landing, target.raw_schema, dialect, target.raw_tables)]
    else:
        statements = create_all(target.raw_schema, dialect, target.raw_tables)
    for statement in statements:
        click.echo(f"{statement};\n")
    if roles:
        for statement in role_statements(target):
            click.echo(f"{statement};\n")
        click.echo(instructions())


@click.command(cls=Command, epilog=PRICES_EXAMPLES)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write the list to FILE, whole or not at all; else it is printed.")  # fmt: skip
def prices(output: Path | None) -> None:
    """Write the price list of models, as the seed that prices tokens.

    The dated prices of the installed genai-prices (`pip install 'agent-goals[prices]'`) and its rules for what a model's name
    means. Name the seed in the var agent_goals__model_prices. Rows of your own may follow: one with only provider, model,
    input_price and output_price is enough, and comes before all others.
    """
    found = price_list()
    text = as_csv(found.rows)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_whole(output, text)
    counts = found.counts
    note(
        f"genai-prices {found.version}: {len(found.rows):,} rows for {counts.pop('models'):,} models of"
        f" {counts.pop('providers')} providers{f' in {output}' if output else ''}."
    )
    note("Models with prices that the list does not hold, since cost records count text tokens only:")
    for kind, count in counts.items():
        note(f"  {count:,} {kind}")
    for rule in found.left_out:
        note(f"Left out, so that the names it is for stay unpriced: {rule}")
