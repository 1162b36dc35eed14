"""A background thread that writes queued lines to a spool, so that recording never waits for a disk."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Sequence
from concurrent.futures import Future
from multiprocessing.util import Finalize
from queue import Empty, SimpleQueue
from typing import NamedTuple

from agent_goals.spool import Spool

logger = logging.getLogger("agent_goals")

_BATCH_LINES = 1000
_IDLE_SECONDS = 1.0
# To wake for every single line would slow the callers down, who share the interpreter with this thread: measured, their
# calls took twice as long. Nobody who waits for a line is made to wait for this.
_GATHER_SECONDS = 0.001


class _Item(NamedTuple):
    """A line for the spool, or for the rejects; without a line only somebody who waits until all before it is written."""

    line: bytes | None
    rejected: bool = False
    done: Future[bool] | None = None


class Writer:
    """Takes lines without ever waiting, and appends them to a spool from a thread of its own.

    When the queue is full or the disk refuses a line, the line is dropped, counted and logged. After ``fork`` the child
    has an empty queue, its own files, counters from zero, and starts its own thread when it first writes.

    Attributes:
        written: lines appended to the spool.
        rejected: lines appended to the rejects.
        dropped: lines lost, for want of room in the queue or on the disk.
    """

    def __init__(self, spool: Spool, rejects: Spool, *, capacity: int) -> None:
        """Make a writer; its thread starts with the first line.

        Args:
            spool: where accepted records go.
            rejects: where rejected records go.
            capacity: how many lines may wait; beyond that they are dropped.
        """
        self._spool = spool
        self._rejects = rejects
        self._capacity = capacity
        self._closed = False
        self._begin()
        _living.add(self)

    def _begin(self) -> None:
        self._queue: SimpleQueue[_Item | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._at_exit: Finalize | None = None
        # Reentrant: a signal handler may record while its thread is recording.
        self._lock = threading.RLock()
        self.written = 0
        self.rejected = 0
        self.dropped = 0
        self._told = 0

    def restart_in_child(self) -> None:
        """Begin anew after ``fork``: what the parent has queued and opened is the parent's to write."""
        self._spool.forget()
        self._rejects.forget()
        self._begin()

    def put(self, line: bytes, *, rejected: bool = False, done: Future[bool] | None = None) -> bool:
        """Queue a line.

        Args:
            line: one line without its line break.
            rejected: whether it belongs to the rejects.
            done: set to whether the line was written, once that is known.

        Returns:
            Whether it was queued; if not it is counted as dropped.
        """
        with self._lock:
            if self._closed:
                refusal = "the client is closed"
            elif self._queue.qsize() >= self._capacity:
                refusal = f"{self._capacity} records are waiting for the disk already"
            else:
                if self._thread is None:
                    self._start()
                self._queue.put(_Item(line, rejected, done))
                return True
        # Out of the lock: a log handler may block, or record something itself.
        self.drop(1, refusal)
        return False

    def drop(self, count: int, reason: str) -> None:
        """Count lines as lost, and log it: at the 1st, 2nd, 4th, 8th, ... time, not to flood the log."""
        with self._lock:
            before, self.dropped = self.dropped, self.dropped + count
        if before.bit_length() < self.dropped.bit_length():
            logger.error("%d records lost so far, the last because %s (spool %s)", self.dropped, reason, self._spool.folder)

    def losses(self) -> int:
        """How many lines were dropped since this was last asked."""
        with self._lock:
            before, self._told = self._told, self.dropped
            return self._told - before

    def flush(self, timeout: float) -> bool:
        """Wait until everything queued so far has been written or dropped.

        Args:
            timeout: how many seconds to wait at most.

        Returns:
            Whether that was enough.
        """
        done: Future[bool] = Future()
        with self._lock:
            if self._thread is None or self._closed:
                return self._thread is None or not self._thread.is_alive()
            self._queue.put(_Item(None, done=done))
        try:
            return done.result(timeout)
        except TimeoutError:
            return False

    def close(self, timeout: float) -> bool:
        """Write what is queued, finish the files, and take no more lines.

        Args:
            timeout: how many seconds to wait at most; what is not written by then is left to the thread.

        Returns:
            Whether that was enough.
        """
        with self._lock:
            thread, at_exit, self._at_exit = self._thread, self._at_exit, None
            if thread is not None and not self._closed:
                self._queue.put(None)
            self._closed = True
        if at_exit is not None:
            at_exit.cancel()
        if thread is None:
            return True
        thread.join(timeout)
        return not thread.is_alive()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="agent-goals-writer", daemon=True)
        if self._thread is not None:  # a signal handler that recorded has started one just now
            return
        self._thread = thread
        try:
            thread.start()
        except RuntimeError:  # the system has no thread to give: the next line tries again
            self._thread = None
            raise
        # Unlike atexit, this also runs at the end of a multiprocessing child.
        self._at_exit = Finalize(None, self._close_at_exit, exitpriority=0)

    def _close_at_exit(self) -> None:
        seconds = 5.0
        if not self.close(seconds):
            waiting = self._queue.qsize()
            logger.error("the spool %s took no more in %g s: about %d records are lost", self._spool.folder, seconds, waiting)

    def _run(self) -> None:
        open_for_more = True
        while open_for_more:
            items, open_for_more = self._take()
            for rejected in (False, True):
                self._write([item for item in items if item.line is not None and item.rejected is rejected], rejected)
            for item in items:
                if item.line is None and item.done:
                    _settle(item.done, True)
            self._finish_files(only_due=open_for_more)

    def _take(self) -> tuple[list[_Item], bool]:
        """What is queued, after waiting a while for something; and whether there may be more."""
        items: list[_Item] = []
        try:
            item = self._queue.get(timeout=_IDLE_SECONDS)
            if item is not None and item.done is None:
                time.sleep(_GATHER_SECONDS)
            while item is not None:
                items.append(item)
                if len(items) >= _BATCH_LINES:
                    return items, True
                item = self._queue.get_nowait()
        except Empty:
            return items, True
        return items, False

    def _write(self, items: Sequence[_Item], rejected: bool) -> None:
        if not items:
            return
        spool = self._rejects if rejected else self._spool
        try:
            spool.append([item.line for item in items if item.line is not None])
        except Exception as error:
            written = False
            self.drop(len(items), f"{type(error).__name__}: {error}")
        else:
            written = True
            if rejected:
                self.rejected += len(items)
            else:
                self.written += len(items)
        for item in items:
            if item.done:
                _settle(item.done, written)

    def _finish_files(self, *, only_due: bool) -> None:
        for spool in (self._spool, self._rejects):
            try:
                if only_due:
                    spool.rotate_if_due()
                else:
                    spool.close()
            except OSError as error:
                logger.error("a file in %s stays unfinished until the next writer opens the folder: %s", spool.folder, error)


def _settle(done: Future[bool], result: bool) -> None:
    # Whoever waited may have given up in the meantime.
    if done.set_running_or_notify_cancel():
        done.set_result(result)


_living: weakref.WeakSet[Writer] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for writer in _living:
        writer.restart_in_child()


os.register_at_fork(after_in_child=_after_fork_in_child)
