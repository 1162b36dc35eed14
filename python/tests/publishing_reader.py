"""A reader of what was published, as a process of its own: reads until told to stop, and prints what it met as JSON.

Called with the published file and with a file that is there once it should stop.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

CONTENTS = "select table_name, count_rows, published_at from agent_goals__published_tables"


def read(path: str) -> str:
    """Look at one build twice over one connection; returns when it was published.

    Raises:
        AssertionError: when the tables are not all of that build.
    """
    with duckdb.connect(path, read_only=True) as connection:
        published = {}
        for _ in range(2):
            contents = connection.execute(
                "select table_name, count_rows, published_at from agent_goals__published_tables"
            ).fetchall()
            assert contents
            (published_at,) = {at for _, _, at in contents}
            published[published_at] = True
            for table, count, _ in contents:
                assert connection.execute(f"select count(*) from {table}").fetchone() == (count,), table
            ((outcomes,),) = connection.execute("select count(*) from agent_goals__goal_outcomes").fetchall()
            ((counted,),) = connection.execute("select sum(count_outcomes) from agent_goals__goal_metrics_daily").fetchall()
            ((sessions,),) = connection.execute("select count(*) from agent_goals__sessions").fetchall()
            assert outcomes == counted == sessions
            time.sleep(0.01)
        (only,) = published
        return str(only)


def main(path: str, stop: Path) -> None:
    seen: dict[str, int] = {}
    problems = []
    while True:
        is_last = stop.exists()
        try:
            build = read(path)
            seen[build] = seen.get(build, 0) + 1
        except (duckdb.Error, AssertionError, ValueError) as error:
            problems.append(f"{type(error).__name__}: {error}")
        if is_last:
            break
        time.sleep(0.05)
    print(json.dumps({"seen": seen, "problems": problems}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
