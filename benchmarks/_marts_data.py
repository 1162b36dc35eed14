"""Raw records of made-up agents at any scale, in the shapes that real ones have: skewed, late, sent twice.

For each session on average one value event, 2.5 goal events and 10 costs, over 180 days. A fifth of the agents has most of
the sessions, and a few sessions have most of the costs. A tenth of the sessions gets a person's verdict up to 60 days later,
a fifth a judge's. One record in a hundred is sent again with a later load. Goals nest two deep, as their events say; a fifth
of the sessions is in an experiment. Everything follows from hashes of the session's number: the same scale, the same rows.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from agent_goals.ddl import create_all

SCHEMA = "agent_goals_raw"
DAYS = 180
GOALS = ["request_fulfilled", "answer_found", "source_cited", "upsell_accepted"]

#: A number from 0 to 1 that a session has for each purpose.
CHANCE = "create macro chance(i, purpose) as (hash(i * 1009 + purpose) % 1000003) / 1000003.0"

SESSIONS = """
create temp table base as
select
    i,
    's' || lpad(cast(i as varchar), 9, '0') as session_id,
    case when chance(i, 1) < 0.97 then 'production' else 'staging' end as environment,
    timestamp '2026-01-01' + interval (i * ({days} * 86400.0 / {count})) second as started_at,
    'agent_' || cast(floor(20 * power(chance(i, 2), 2)) as integer) as agent,
    'c' || cast(floor({count} / 5 * power(chance(i, 3), 1.5)) as bigint) as customer_id,
    'b' || strftime(timestamp '2026-01-01' + interval (i * ({days} * 86400.0 / {count})) second, '%m%d') as batch_id
from range({count}) as numbers(i)
"""

RECORDS = {
    "sessions": """
select 'session' || i as event_id, session_id, environment, started_at as occurred_at, agent,
    'v' || (i * 6 // {count}) as agent_version, customer_id,
    ['free', 'pro', 'enterprise'][1 + cast(floor(3 * power(chance(i, 4), 2)) as integer)] as customer_segment,
    ['web', 'mail', 'phone'][1 + cast(floor(3 * chance(i, 5)) as integer)] as channel, started_at,
    started_at + interval (60 + 900 * chance(i, 6)) second as ended_at,
    'model_' || cast(floor(4 * chance(i, 7)) as integer) as model,
    case when chance(i, 8) < 0.2 then 'shorter_prompt' end as experiment,
    case when chance(i, 8) < 0.1 then 'control' when chance(i, 8) < 0.2 then 'treatment' end as variant,
    started_at + interval 1 hour as loaded_at, batch_id
from base""",
    # What the agent itself recorded, then what a judge and what a person said of the session's first goal.
    "goal_events": """
select 'goal' || i || '_' || k as event_id, session_id, environment, started_at + interval (60 * k + 30) second as occurred_at,
    {goals}[1 + k] as goal, chance(i, 20 + k) < 0.7 as achieved,
    case when k = 1 then 'request_fulfilled' when k = 2 then 'answer_found' end as parent_goal,
    'automatic' as verdict_source, cast(null as varchar) as evaluator, cast(null as varchar) as reason, agent, customer_id,
    case when k = 3 and chance(i, 28) < 0.5 then cast(floor(20000 * chance(i, 29)) / 100 as decimal(20, 10)) end as value,
    '{{"attempts": ' || cast(1 + floor(3 * chance(i, 30 + k)) as integer) || ', "customer_satisfaction": '
    || cast(1 + floor(5 * chance(i, 40 + k)) as integer) || ', "escalated": ' || (chance(i, 50 + k) < 0.1) || '}}' as metadata,
    started_at + interval 1 hour as loaded_at, batch_id
from base, range(4) as steps(k)
where chance(i, 10 + k) < [1.0, 0.6, 0.4, 0.2][1 + k]
union all by name
select 'judge' || i as event_id, session_id, environment, started_at + interval 20 minute as occurred_at,
    'request_fulfilled' as goal, chance(i, 60) < 0.6 as achieved, 'judge' as verdict_source, 'rubric' as evaluator,
    'the request was answered in full' as reason, agent, customer_id, started_at + interval 1 day as loaded_at, batch_id
from base
where chance(i, 61) < 0.2
union all by name
select 'human' || i as event_id, session_id, environment, started_at + interval (60 * chance(i, 62)) day as occurred_at,
    'request_fulfilled' as goal, chance(i, 63) < 0.5 as achieved, 'human' as verdict_source, 'desk' as evaluator,
    'the customer wrote again' as reason, agent, customer_id, started_at + interval 61 day as loaded_at,
    'late' || batch_id as batch_id
from base
where chance(i, 64) < 0.1""",
    "cost_events": """
select 'cost' || i || '_' || k as event_id, session_id, environment, started_at + interval (20 * k + 5) second as occurred_at,
    cast(floor(100000 * power(chance(i, 1000 + k), 3)) / 1000000 as decimal(20, 10)) as amount, 'USD' as currency,
    case when chance(i, 2000 + k) < 0.03 then 'evaluation' when chance(i, 2000 + k) < 0.7 then 'llm' else 'tool' end as cost_type,
    'model_' || cast(floor(4 * chance(i, 7)) as integer) as model,
    500 + cast(floor(8000 * chance(i, 3000 + k)) as bigint) as input_tokens,
    cast(floor(900 * chance(i, 4000 + k)) as bigint) as output_tokens,
    case when chance(i, 5000 + k) < 0.05 then 'answer_found' end as goal, agent,
    started_at + interval 1 hour as loaded_at, batch_id
from base, range(200) as steps(k)
where k < 3 - 7 * ln(1 - chance(i, 9))""",
    "value_events": """
select 'value' || i || '_' || k as event_id, session_id, environment, started_at + interval (10 + k) minute as occurred_at,
    cast(floor(5000 * power(chance(i, 70 + k), 4)) / 100 as decimal(20, 10)) as amount, 'USD' as currency,
    'revenue' as value_type,
    case when chance(i, 75 + k) < 0.5 then 'request_fulfilled' end as goal, started_at + interval 1 hour as loaded_at, batch_id
from base, range(2) as steps(k)
where chance(i, 80 + k) < [0.8, 0.2][1 + k]""",
}


def generate(path: Path, count: int) -> dict[str, int]:
    """Write a DuckDB file with the raw tables.

    Args:
        path: the file, which does not exist yet.
        count: how many sessions.

    Returns:
        how many rows each raw table has.
    """
    with duckdb.connect(str(path)) as connection:
        for statement in create_all(SCHEMA):
            connection.execute(statement)
        connection.execute(CHANCE.replace("create macro", "create temp macro"))
        connection.execute(SESSIONS.format(count=count, days=DAYS))
        counts = {}
        for table, query in RECORDS.items():
            rows = f"select * from ({query.format(count=count, goals=GOALS)}) as rows_of_table"
            connection.execute(f"insert into {SCHEMA}.{table} by name {rows}")
            connection.execute(
                f"""insert into {SCHEMA}.{table}
                select * replace (loaded_at + interval 2 day as loaded_at, 'again' || batch_id as batch_id)
                from {SCHEMA}.{table} where hash(event_id) % 100 = 0"""
            )
            row = connection.execute(f"select count(*) from {SCHEMA}.{table}").fetchone()
            counts[table] = int(row[0]) if row else 0
    return counts


def add_increment(path: Path) -> dict[str, int]:
    """Add one load of a hundredth of what is there: new sessions, and late events of old ones.

    Four fifths are sessions of the day after the last one, shaped like the latest ones that are there. The rest are another
    person's verdicts and another cost of sessions of the last 60 days.

    Args:
        path: a file that `generate` wrote.

    Returns:
        how many rows each raw table has more.
    """
    counts = {}
    stamp = "(select max(loaded_at) + interval 1 hour from {table}) as loaded_at, 'increment' as batch_id"
    new = "'new_' || event_id as event_id, 'new_' || session_id as session_id, occurred_at + interval 36 hour as occurred_at"
    late = {"goal_events": "event_id like 'human%'", "cost_events": "event_id like 'cost%\\_0' escape '\\'"}
    with duckdb.connect(str(path)) as connection:
        sessions = connection.execute(f"select count(*) from {SCHEMA}.sessions where batch_id not like 'again%'").fetchone()
        first_copied = f"s{int((sessions[0] if sessions else 0) * 0.992):09d}"
        for table in RECORDS:
            name = f"{SCHEMA}.{table}"
            stamped = f"{new}, {stamp.format(table=name)}"
            moved = ", started_at + interval 36 hour as started_at" if table == "sessions" else ""
            select = f"select * replace ({stamped}{moved}) from {name} where session_id >= '{first_copied}'"
            if table in late:
                select += f"""
                    union all
                    select * replace ('late_' || event_id as event_id, {stamp.format(table=name)}) from {name}
                    where {late[table]} and batch_id not like 'again%'
                        and occurred_at > (select max(occurred_at) - interval 60 day from {name}) and hash(session_id) % 50 = 0"""
            row = connection.execute(f"insert into {name} {select}").fetchone()
            counts[table] = int(row[0]) if row else 0
    return counts
