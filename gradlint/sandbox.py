"""Run other people's code: a child process a model, with limits, and nothing left behind.

Where the platform can fork, one warm process imports torch once and forks for each model;
it never runs an operation itself, since a fork after threaded work hangs.
Elsewhere each child starts afresh.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Protocol


OUT_OF_MEMORY = 77  # exit status of a child that needed more than its limit


class Child(Protocol):
    """What runs in the child: it sends its results through the connection, the last one last."""

    def __call__(self, connection: Connection, job: Any) -> None: ...


@dataclass(frozen=True)
class Outcome:
    """What a child left: everything that it sent, and why it ended if it did not finish."""

    sent: tuple[Any, ...]
    died: str  # "" where it finished
    hint: str


class Sandbox:
    """Starts children, waits for them, and ends those that outstay their time."""

    def __init__(self, preload: tuple[str, ...]) -> None:
        methods = multiprocessing.get_all_start_methods()
        method = "forkserver" if "forkserver" in methods else "spawn"
        self._context: Any = multiprocessing.get_context(method)
        if method == "forkserver":
            self._context.set_forkserver_preload(list(preload))
        self._running: set[Any] = set()
        self._lock = threading.Lock()
        self._closed = False

    def run(self, child: Child, job: Any, timeout: float) -> Outcome:
        """Run `child` on `job`; it must send something every `timeout` seconds."""
        with tempfile.TemporaryDirectory(
            prefix="gradlint-", ignore_cleanup_errors=True
        ) as scratch:
            ours, theirs = self._context.Pipe(duplex=False)
            process = self._context.Process(
                target=_enter, args=(child, theirs, job, scratch), daemon=True
            )
            with self._lock:
                if self._closed:
                    return Outcome((), "was interrupted", "")
                process.start()
                self._running.add(process)
            theirs.close()
            try:
                return _outcome(ours, process, timeout)
            finally:
                _end(process)
                with self._lock:
                    self._running.discard(process)
                ours.close()

    def close(self) -> None:
        """End every child that still runs."""
        with self._lock:
            self._closed = True
            for process in self._running:
                _kill(process)


def _outcome(connection: Connection, process: Any, timeout: float) -> Outcome:
    sent: list[Any] = []
    while True:
        if not connection.poll(timeout):
            return Outcome(
                tuple(sent), f"took longer than {timeout:g} s", "raise the limit with --timeout"
            )
        try:
            message = connection.recv()
        except (EOFError, OSError):
            process.join(5)
            return Outcome(tuple(sent), *_cause_of_death(process.exitcode))
        if message is None:
            return Outcome(tuple(sent), "", "")
        sent.append(message)


def _cause_of_death(exitcode: int | None) -> tuple[str, str]:
    """Why a child ended before it was done, and what to do about it."""
    if exitcode == OUT_OF_MEMORY:
        return "needs more memory than it may have", "raise the limit with --memory"
    if exitcode is not None and exitcode < 0:
        with contextlib.suppress(ValueError):
            return f"crashed the process ({signal.Signals(-exitcode).name})", ""
    return f"ended the process (exit status {exitcode})", ""


def _end(process: Any) -> None:
    _kill(process)
    process.join(5)


def _kill(process: Any) -> None:
    """End a child and everything it started."""
    if process.pid is None:
        return
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        process.kill()


def _enter(child: Child, connection: Connection, job: Any, scratch: str) -> None:
    """The child's side: leave the terminal, the folder and the streams of the parent."""
    if hasattr(os, "setsid"):
        os.setsid()
    _silence(scratch)
    os.environ["TMPDIR"] = tempfile.tempdir = scratch
    os.chdir(scratch)
    child(connection, job)
    connection.send(None)


def _silence(scratch: str) -> None:
    """Nothing comes in, and what the user's code prints goes to a file that is thrown away."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    printed = os.open(os.path.join(scratch, "printed"), os.O_WRONLY | os.O_CREAT)
    os.dup2(nothing, 0)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os.dup2(printed, 1)
    os.dup2(printed, 2)


def limit_memory(gibibytes: int) -> None:
    """Limit this process to so much memory beyond what it has now, where that can be done."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    with contextlib.suppress(ValueError, OSError):
        with open("/proc/self/statm", encoding="ascii") as stream:
            now = int(stream.read().split()[0]) * resource.getpagesize()
        most = now + gibibytes * 2**30
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
