"""A throw-away Spark cluster on this machine: a master and two workers, each a process, for as long as a test needs it."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark

from .postgres import free_port

COUNT_WORKERS = 2
SECONDS_TO_START = 120
SECONDS_TO_STOP = 20

SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"


@contextmanager
def running_cluster(folder: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """Start a cluster that listens on the loopback address alone, give its master's URL, and stop it at the end.

    Args:
        folder: where the logs and the workers' files go.
        variables: what the processes find in their environment besides this one's.

    Raises:
        RuntimeError: when the workers are not there in time, with what the processes said last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port, page = free_port(), free_port()
    url = f"spark://127.0.0.1:{port}"
    at = ["--host", "127.0.0.1"]
    with ExitStack() as processes:
        master = ["master.Master", *at, "--port", str(port), "--webui-port", str(page)]
        processes.enter_context(running_process("master", master, folder, variables))
        for number in range(COUNT_WORKERS):
            place = ["--work-dir", str(folder / f"worker-{number}"), "--webui-port", str(free_port())]
            worker = ["worker.Worker", *at, "--cores", "1", "--memory", "2g", *place, url]
            processes.enter_context(running_process(f"worker-{number}", worker, folder, variables))
        wait_for_workers(page, folder)
        yield url


@contextmanager
def running_process(name: str, command: list[str], folder: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """Run one of Spark's own programs, and end it."""
    environment = {**os.environ, **variables, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "512m"}
    with (folder / f"{name}.log").open("w") as said:
        process = subprocess.Popen(
            [str(SPARK_CLASS), f"org.apache.spark.deploy.{command[0]}", *command[1:]],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for_workers(page: int, folder: Path) -> None:
    """Wait until the master's page says that every worker is there."""
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{page}/json/", timeout=5) as answer:
                if json.load(answer)["aliveworkers"] == COUNT_WORKERS:
                    return
        except OSError:
            # Nobody listens yet.
            pass
        time.sleep(0.5)
    last_words = "\n".join(f"{log.name}: {log.read_text()[-1000:]}" for log in sorted(folder.glob("*.log")))
    raise RuntimeError(f"The Spark cluster has not {COUNT_WORKERS} workers after {SECONDS_TO_START} s:\n{last_words}")
