"""The spool: whole lines whoever writes, whoever dies, and whatever the disk does."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from agent_goals import spool as spool_module
from agent_goals.spool import OPEN_SUFFIX, SPOOL_VARIABLE, Spool, finish_abandoned, finished_files, spool_folder


def lines_in(folder: Path) -> list[bytes]:
    return [line for path in finished_files(folder) for line in path.read_bytes().splitlines()]


def open_files(folder: Path) -> list[Path]:
    return list(folder.glob(f"*{OPEN_SUFFIX}"))


def test_the_folder_is_the_argument_else_the_environments_else_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SPOOL_VARIABLE, raising=False)
    assert spool_folder() == Path("agent_goals_spool")
    monkeypatch.setenv(SPOOL_VARIABLE, "elsewhere")
    assert spool_folder() == Path("elsewhere")
    assert spool_folder("given") == Path("given")


def test_a_file_can_be_loaded_once_its_writer_closes(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "new" / "folder", fsync=True)
    spool.append([b"1", b"2"])
    spool.append([b"3"])
    assert finished_files(spool.folder) == []
    spool.close()
    assert lines_in(spool.folder) == [b"1", b"2", b"3"]
    assert open_files(spool.folder) == []
    spool.append([b"4"])
    spool.close()
    spool.close()
    assert lines_in(spool.folder) == [b"1", b"2", b"3", b"4"]


def test_nothing_is_made_before_the_first_line(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.close()
    assert not spool.folder.exists()


def test_a_line_break_inside_a_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line break"):
        Spool(tmp_path).append([b"a\nb"])


def test_a_file_is_finished_when_it_is_large_enough(tmp_path: Path) -> None:
    spool = Spool(tmp_path, rotate_bytes=10)
    for number in range(10):
        spool.append([b"%04d" % number])
    assert [path.stat().st_size for path in finished_files(tmp_path)] == [10] * 4
    spool.rotate_if_due()
    assert open_files(tmp_path) == []
    assert lines_in(tmp_path) == [b"%04d" % number for number in range(10)]


def test_a_file_is_finished_when_it_is_old_enough(tmp_path: Path) -> None:
    young, old = Spool(tmp_path, rotate_seconds=3600), Spool(tmp_path, rotate_seconds=0)
    young.append([b"young"])
    old.append([b"old"])
    young.rotate_if_due()
    old.rotate_if_due()
    assert lines_in(tmp_path) == [b"old"]


def test_a_living_writers_file_is_left_alone(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([b"1"])
    assert finish_abandoned(tmp_path) == []
    assert len(open_files(tmp_path)) == 1
    spool.close()


def test_an_abandoned_file_is_finished_by_the_next_writer_and_never_appended_to(tmp_path: Path) -> None:
    (tmp_path / f"20260101-1-a{OPEN_SUFFIX}").write_bytes(b'{"whole":1}\n{"torn":')
    (tmp_path / f"20260101-1-b{OPEN_SUFFIX}").write_bytes(b"")
    spool = Spool(tmp_path)
    spool.append([b'{"next":1}'])
    spool.close()
    assert lines_in(tmp_path) == [b'{"whole":1}', b'{"torn":', b'{"next":1}']
    assert open_files(tmp_path) == []


def test_a_folder_that_is_not_there_has_nothing_abandoned(tmp_path: Path) -> None:
    assert finish_abandoned(tmp_path / "nowhere") == []


def append_many(folder: Path, writer: int, count: int) -> None:
    spool = Spool(folder, rotate_bytes=20_000)

    def run(thread: int) -> None:
        for number in range(count):
            spool.append([json.dumps({"from": [writer, thread, number], "filler": "x" * (number % 300)}).encode()])

    threads = [threading.Thread(target=run, args=(thread,)) for thread in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    spool.close()


def test_many_processes_and_threads_tear_no_line_and_lose_none(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=append_many, args=(tmp_path, writer, 250)) for writer in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    seen = sorted(tuple(json.loads(line)["from"]) for line in lines_in(tmp_path))
    assert seen == [(writer, thread, number) for writer in range(3) for thread in range(4) for number in range(250)]
    assert open_files(tmp_path) == []


def test_what_was_appended_survives_a_kill_and_only_the_last_line_may_be_torn(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import sys
        from agent_goals.spool import Spool
        spool = Spool(sys.argv[1])
        number = 0
        while True:
            spool.append([b'{"number":%d,"filler":"%s"}' % (number + i, b"x" * 100_000) for i in range(20)])
            number += 20
            print(number, flush=True)
    """)
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(20)][-1]
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        acknowledged = max([acknowledged, *(int(line) for line in writer.stdout if line.endswith("\n"))])
    [path] = finish_abandoned(tmp_path)
    *whole, rest = path.read_bytes().split(b"\n")
    assert len(whole) >= acknowledged
    assert [json.loads(line)["number"] for line in whole] == list(range(len(whole)))
    if rest:
        with pytest.raises(json.JSONDecodeError):
            json.loads(rest)


def write_a_part_then_fail(descriptor: int, data: bytes) -> None:
    os.write(descriptor, data[:3])
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_leaves_no_torn_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    spool.append([b"first"])
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(spool_module, "_write_all", write_a_part_then_fail)
        spool.append([b"lost"])
    spool.append([b"third"])
    spool.close()
    assert lines_in(tmp_path) == [b"first", b"third"]


def test_a_torn_line_that_cannot_be_taken_back_is_never_appended_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    spool = Spool(tmp_path)
    spool.append([b"first"])
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(spool_module, "_write_all", write_a_part_then_fail)
        patch.setattr(os, "ftruncate", refuse)
        spool.append([b"lost"])
    spool.append([b"third"])
    spool.close()
    assert lines_in(tmp_path) == [b"first", b"los", b"third"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_without_room_is_an_error() -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(OSError, match="No space"):
            spool_module._write_all(descriptor, b"x")
    finally:
        os.close(descriptor)


def test_a_partial_write_is_continued(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    really_write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: really_write(descriptor, data[:2]))
    spool = Spool(tmp_path)
    spool.append([b"abcdefg", b"h"])
    spool.close()
    assert lines_in(tmp_path) == [b"abcdefg", b"h"]


def test_an_unusable_folder_is_an_error_and_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    spool = Spool(tmp_path / "file" / "spool")
    with pytest.raises(OSError, match="Not a directory"):
        spool.append([b"1"])
    (tmp_path / "file").unlink()
    spool.append([b"2"])
    spool.close()
    assert lines_in(spool.folder) == [b"2"]


def test_a_forked_child_that_forgets_writes_its_own_file(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([b"parent"])
    child = os.fork()
    if child == 0:
        status = 1
        try:
            spool.forget()
            spool.append([b"child"])
            spool.close()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert lines_in(tmp_path) == [b"child"]
    assert finish_abandoned(tmp_path) == []
    spool.append([b"parent again"])
    spool.close()
    assert sorted(lines_in(tmp_path)) == [b"child", b"parent", b"parent again"]
