"""A throw-away PostgreSQL server, for as long as a test needs it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from .engine import Engine, Rows, as_mappings

SERVER_ACCOUNT = "postgres"


@dataclass(frozen=True)
class PostgresEngine(Engine):
    """PostgreSQL, reached over TCP."""

    def rows(self, query: str) -> Rows:
        """Run a query."""
        with closing(self._connection()) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return as_mappings([column[0] for column in cursor.description], cursor.fetchall())

    def execute(self, statement: str) -> None:
        """Run a statement."""
        with closing(self._connection()) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def fill(self, relation: str, parquet: Path) -> None:
        """Copy a file's rows: as CSV in which every text is in quotes, so that an empty one is no null."""
        lines = parquet.with_suffix(".csv")
        with duckdb.connect() as connection:
            connection.execute(f"copy (from '{parquet}') to '{lines}' (header false, force_quote *, nullstr '\\N')")
        with closing(self._connection()) as connection, connection, connection.cursor() as cursor, lines.open("rb") as file:
            cursor.copy_expert(f"copy {relation} from stdin (format csv, null '\\N')", file)

    def _connection(self):
        import psycopg2  # noqa: PLC0415  (only there when the engines are installed)

        port = self.environment["AGENT_GOALS_POSTGRES_PORT"]
        return psycopg2.connect(host="127.0.0.1", port=port, user=SERVER_ACCOUNT, dbname="postgres")


def server_binaries() -> Path | None:
    """The folder of the newest installed server's ``initdb`` and ``pg_ctl``, or nothing when there is none."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest_first = sorted(installed, key=lambda initdb: int(initdb.parts[-3]), reverse=True)
    return newest_first[0].parent if newest_first else None


def free_port() -> int:
    """A TCP port on the loopback address that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running_server(binaries: Path, time_zone: str) -> Iterator[int]:
    """Start a server with an empty cluster, give its port on 127.0.0.1, and stop and remove it at the end.

    Its databases sort text as people in the United States do, not by code points: a build must not depend on it. ICU
    brings that order along, so the machine needs no locale for it.

    ``initdb`` refuses to run as root, so root hands the cluster to the account that the server's package made.
    """
    with tempfile.TemporaryDirectory(prefix="agent-goals-postgres-") as name:
        folder = Path(name)
        as_server: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(folder, SERVER_ACCOUNT, SERVER_ACCOUNT)
            as_server = ["runuser", "-u", SERVER_ACCOUNT, "--"]
        cluster, port = folder / "cluster", free_port()
        settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        settings += f" -c timezone={time_zone}"
        control = [*as_server, str(binaries / "pg_ctl"), "-D", str(cluster), "-w"]

        initialise = [str(binaries / "initdb"), "-D", str(cluster), "-U", SERVER_ACCOUNT]
        initialise += ["-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        run([*as_server, *initialise, "--locale-provider=icu", "--icu-locale=en-US"], folder)
        run([*control, "-l", str(folder / "server.log"), "-o", settings, "start"], folder)
        try:
            yield port
        finally:
            run([*control, "-m", "immediate", "stop"], folder)


def run(command: Sequence[str], folder: Path) -> None:
    """Run a command in a folder that the server's account can enter; what it said is in the error when it fails."""
    # Not a pipe: the server inherits it and would hold it open for ever.
    with (folder / "commands.log").open("a+") as said:
        finished = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False)
        if finished.returncode:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)} ended with {finished.returncode}:\n{said.read()}")
