# SPDX-License-Identifier: MIT
"""The one background thread of a process: it takes requests and sees to their delivery.

Whoever reports something only appends to a queue, bounded for each service; a full
one drops and counts.  The thread is started when there is something to do, again after a
fork, and is a daemon: it never keeps a program from ending.  At exit what is queued gets
two seconds, in children of multiprocessing too.  A service that does not answer is asked
again with growing pauses, and its requests wait their turn without holding up another
service's.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import multiprocessing.util
import os
import random
import sys
import threading
import time
import weakref
from collections import deque
from dataclasses import dataclass
from types import TracebackType

from .transport import Request, Response, Transport, TransportError

logger = logging.getLogger("monlight")

MAX_REQUESTS = 1000
MAX_BYTES = 8 * 1024 * 1024
EXIT_SECONDS = 2.0
FIRST_PAUSE = 1.0
LAST_PAUSE = 60.0
WARN_EVERY = 60.0


@dataclass(eq=False)
class Lane:
    """The requests of one client to its service: they go in order, and wait together."""

    transport: Transport
    name: str
    pause: float = 0.0
    resume_at: float = 0.0
    warned_at: float = float("-inf")
    waiting: int = 0
    waiting_bytes: int = 0
    dropped: int = 0

    def warn(self, message: str, *args: object) -> None:
        """Logs at most once a minute: an outage must not flood the host's log."""
        now = time.monotonic()
        if now - self.warned_at >= WARN_EVERY:
            self.warned_at = now
            logger.warning(message, *args)

    def has_room(self, size: int) -> bool:
        return self.waiting < MAX_REQUESTS and self.waiting_bytes + size <= MAX_BYTES

    def rest(self, seconds: float | None) -> None:
        self.pause = min(max(self.pause * 2, FIRST_PAUSE), LAST_PAUSE)
        jittered = self.pause * random.uniform(0.5, 1.0)
        wait = jittered if seconds is None else max(seconds, FIRST_PAUSE)
        self.resume_at = time.monotonic() + wait

    def recover(self) -> None:
        self.pause = self.resume_at = 0.0


@dataclass(eq=False)
class _Job:
    lane: Lane
    request: Request


class Worker:
    """The queue and its thread.

    ``collectors`` are asked for more to send whenever their interval has passed and
    before a flush; they are held weakly, so that a forgotten client is no leak.
    """

    def __init__(self) -> None:
        self._collectors: weakref.WeakSet[Collector] = weakref.WeakSet()
        self._reset()

    def _reset(self) -> None:
        """Begins anew, as after a fork: what the parent queued is the parent's to send."""
        # A signal's handler or a __del__ may report while this thread is in here already.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._jobs: deque[_Job] = deque()
        self._lanes: weakref.WeakSet[Lane] = weakref.WeakSet()
        self._busy = False
        self._hurry = 0
        self._thread: threading.Thread | None = None

    def after_fork(self) -> None:
        self._reset()
        for collector in list(self._collectors):
            collector.after_fork()

    def add(self, collector: Collector) -> None:
        """Looks after a collector; to be called again when its due_at became earlier."""
        self._collectors.add(collector)
        with self._lock:
            self._changed.notify_all()
        self._start()

    def remove(self, collector: Collector) -> None:
        self._collectors.discard(collector)

    def submit(self, lane: Lane, request: Request) -> bool:
        """Queues a request; False if there was no room and it was dropped."""
        with self._lock:
            size = len(request.body)
            room = lane.has_room(size)
            if room:
                self._jobs.append(_Job(lane, request))
                self._lanes.add(lane)
                lane.waiting += 1
                lane.waiting_bytes += size
                self._changed.notify_all()
        if not room:
            self.drop(lane, "the queue is full")
            return False
        self._start()
        return True

    def left(self) -> int:
        """Requests that were not taken yet."""
        return len(self._jobs) + self._busy

    def drop(self, lane: Lane, why: str) -> None:
        """Counts a request that there is no room for, and says so."""
        with self._lock:
            lane.dropped += 1
        lane.warn("%s: %s; dropped so far: %d", lane.name, why, lane.dropped)

    def flush(self, timeout: float) -> bool:
        """Sends what there is; True if all of it was taken within timeout seconds."""
        until = time.monotonic() + timeout
        for collector in list(self._collectors):
            collector.collect()
        if not self.left():
            return True
        self._start()
        with self._lock:
            if self._thread is not None:
                self._hurry += 1
                self._changed.notify_all()
                while (self._jobs or self._busy) and time.monotonic() < until:
                    self._changed.wait(min(0.1, max(until - time.monotonic(), 0.0)))
                self._hurry -= 1
                return not self._jobs and not self._busy
        # No thread can be had any more (the interpreter is going down): do it here.
        while self._jobs and time.monotonic() < until:
            if not self._send_next():
                return False
        return not self._jobs

    def close_idle(self) -> None:
        """Closes the connections that nothing waits for; whoever still sends opens another."""
        with self._lock:
            idle = [lane for lane in self._lanes if not lane.waiting]
        for lane in idle:
            lane.transport.close()

    def _start(self) -> None:
        # Nothing runs any more; before Python 3.12 start() below would wait for ever.
        if sys.is_finalizing():
            return
        with self._lock:
            # A thread without an ident is just being started by someone else.
            if self._thread and (self._thread.is_alive() or self._thread.ident is None):
                return
            thread = threading.Thread(target=self._run, name="monlight", daemon=True)
            self._thread = thread
        try:
            thread.start()
        except RuntimeError:
            with self._lock:
                self._thread = None

    def _run(self) -> None:
        while True:
            try:
                self._collect_due()
                if not self._send_next():
                    self._sleep()
            except Exception:
                # A fault of ours must not end the thread, nor spin.
                logger.debug("monlight's worker failed", exc_info=True)
                time.sleep(1.0)

    def _collect_due(self) -> None:
        now = time.monotonic()
        for collector in list(self._collectors):
            if now >= collector.due_at:
                collector.collect()

    def _sleep(self) -> None:
        with self._lock:
            now = time.monotonic()
            wake = [collector.due_at for collector in list(self._collectors)]
            wake += [job.lane.resume_at for job in self._jobs]
            wait = min(wake, default=now + 60.0) - now
            self._changed.wait(min(max(wait, 0.01), 60.0))

    def _take(self) -> _Job | None:
        """The oldest job whose lane may send; the lane's later jobs stay behind it.

        In a hurry a resting lane is asked too, but after those that may send anyway.
        """
        now = time.monotonic()
        with self._lock:
            ready = (job for job in self._jobs if job.lane.resume_at <= now)
            job = next(ready, self._jobs[0] if self._hurry and self._jobs else None)
            if job is not None:
                self._jobs.remove(job)
                self._busy = True
            return job

    def _send_next(self) -> bool:
        job = self._take()
        if job is None:
            return False
        keep = False
        try:
            keep = not self._deliver(job)
        finally:
            with self._lock:
                if keep:
                    self._jobs.appendleft(job)
                else:
                    job.lane.waiting -= 1
                    job.lane.waiting_bytes -= len(job.request.body)
                self._busy = False
                self._changed.notify_all()
        return not keep

    def _deliver(self, job: _Job) -> bool:
        """Whether the job is over: taken, or refused for good."""
        lane = job.lane
        try:
            answer: Response = lane.transport.send(job.request)
        except TransportError as error:
            lane.warn("%s cannot be reached: %s", lane.name, error)
            lane.rest(None)
            return False
        except Exception as error:
            lane.warn("%s: a report could not be sent: %r", lane.name, error)
            return True
        if answer.status == 429 or answer.status >= 500:
            lane.warn("%s answered %d: %s", lane.name, answer.status, answer.text[:200])
            lane.rest(answer.retry_after)
            return False
        lane.recover()
        if answer.status not in (200, 201, 202):
            lane.warn(
                "%s refused a report with %d: %s", lane.name, answer.status, answer.text[:200]
            )
        return True


class Collector:
    """Something that has more to send every so often."""

    due_at: float = float("inf")

    def __del__(self) -> None:
        # Made in a function that has ended; what it gathered is wanted all the same.
        with never_raise():
            self.collect()

    def collect(self) -> None:
        raise NotImplementedError

    def after_fork(self) -> None:
        raise NotImplementedError


worker = Worker()
"""The process's own; a fork gives the child a fresh one under the same name."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=worker.after_fork)


@atexit.register
def _flush_at_exit() -> None:
    with contextlib.suppress(Exception):
        if not worker.flush(EXIT_SECONDS):
            logger.warning("monlight: requests not sent before the end: %d", worker.left())
        worker.close_idle()


def _flush_at_exit_of_child(_: Worker) -> None:
    # A child of multiprocessing ends by os._exit(), which asks atexit for nothing.
    multiprocessing.util.Finalize(None, _flush_at_exit, exitpriority=0)


multiprocessing.util.register_after_fork(worker, _flush_at_exit_of_child)


class never_raise:
    """What goes wrong in this block is ours and stays here: the host must not notice."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> bool:
        if kind is None or not issubclass(kind, Exception):
            return False
        with contextlib.suppress(Exception):
            logger.debug("monlight failed", exc_info=error)
        return True


def safe_str(value: object, limit: int = 10_000) -> str:
    """``str(value)``, whatever its ``__str__`` does."""
    if type(value) is str:
        return value[:limit]
    for convert in (str, repr):
        with contextlib.suppress(Exception):
            return convert(value)[:limit]
    return f"<{type(value).__name__} that cannot be shown>"
