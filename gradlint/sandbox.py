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
import socket
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn, Protocol

OUT_OF_MEMORY = 77  # exit status of a child that needed more than its limit


class Child(Protocol):
    """What runs in the child: it sends its results through the connection, the last one last."""

    def __call__(self, connection: Connection, job: Any) -> None:
        """Do the job."""


@dataclass(frozen=True)
class Outcome:
    """What a child left: everything that it sent, and why it ended if it did not finish."""

    sent: tuple[Any, ...]
    died: str  # "" where it finished
    hint: str


@dataclass(frozen=True)
class _Failed:
    """Sent by a child that raised what nothing caught."""

    error: str


class Sandbox:
    """Starts children, waits for them, and ends those that outstay their time."""

    def __init__(self, preload: tuple[str, ...]) -> None:
        methods = multiprocessing.get_all_start_methods()
        method = "forkserver" if "forkserver" in methods else "spawn"
        self._context: Any = multiprocessing.get_context(method)
        if method == "forkserver":
            self._context.set_forkserver_preload(["gradlint.forking", *preload])
        self._running: set[Any] = set()
        self._lock = threading.Lock()
        self._closed = False
        os.environ["PYTHONSAFEPATH"] = "1"  # a random.py in this folder must not be imported

    def run(
        self, child: Child, job: Any, timeout: float, heard: Callable[[Any], None] | None = None
    ) -> Outcome:
        """Run `child` on `job`; it must send something every `timeout` seconds.

        `heard` is told what it sends, at once.
        """
        with tempfile.TemporaryDirectory(prefix="gradlint-", ignore_cleanup_errors=True) as scratch:
            # A file may end the process that forks: that must not cost the other files.
            started = self._started(child, job, scratch) or self._started(child, job, scratch)
            if started is None:
                return Outcome((), "could not be started", "run gradlint again")
            ours, process = started
            try:
                return _outcome(ours, process, timeout, heard)
            finally:
                _end(process)
                with self._lock:
                    self._running.discard(process)
                ours.close()

    def _started(self, child: Child, job: Any, scratch: str) -> tuple[Connection, Any] | None:
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_enter, args=(child, theirs, job, scratch), daemon=True
        )
        with self._lock, theirs:
            if not self._closed and _starts(process):
                self._running.add(process)
                return ours, process
        ours.close()
        return None

    def close(self) -> None:
        """End every child that still runs."""
        self._closed = True  # at once, while another thread may still be starting a child
        with self._lock:
            for process in self._running:
                _kill(process)


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """A process that is started while this holds gets no Ctrl-C until it asks for it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # now, since starting it lets interrupts in
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _starts(process: Any) -> bool:
    with contextlib.suppress(EOFError, ConnectionError), _interrupts_held():
        process.start()
        return True
    return False


def _outcome(
    connection: Connection, process: Any, timeout: float, heard: Callable[[Any], None] | None
) -> Outcome:
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
        if isinstance(message, _Failed):
            return Outcome(tuple(sent), f"made gradlint fail: {message.error}", "please report it")
        sent.append(message)
        if heard is not None:
            heard(message)


def _cause_of_death(exitcode: int | None) -> tuple[str, str]:
    """Why a child ended before it was done, and what to do about it."""
    if exitcode == OUT_OF_MEMORY:
        return "needs more memory than it may have", "set memory (GiB) in [tool.gradlint]"
    if exitcode is not None and exitcode < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-exitcode).name
            return f"crashed the process ({name})", "build and run it in Python to see why"
    return (
        f"ended the process (exit status {exitcode})",
        "keep exits out of the definitions, the constructor and forward",
    )


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
    _disconnect()
    os.environ["TMPDIR"] = tempfile.tempdir = scratch
    os.chdir(scratch)
    if hasattr(os, "register_at_fork"):  # what the user's code forks must not hold or use the pipe
        os.register_at_fork(after_in_child=connection.close)
    try:
        child(connection, job)
    except SystemExit:
        raise
    except BaseException as error:
        connection.send(_Failed(_told(error)))
    else:
        connection.send(None)


def _told(error: BaseException) -> str:
    """What was raised, and where, in one line."""
    text = traceback.format_exception_only(error)[-1].strip()
    *_, last = traceback.extract_tb(error.__traceback__)
    return f"{text[:160]} ({Path(last.filename).name}:{last.lineno})"


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


def _disconnect() -> None:
    """No weights are downloaded, and nothing else is."""

    def refuse(*_: object) -> NoReturn:
        raise OSError("gradlint opens no network connections")

    socket.socket.connect = refuse  # type: ignore[method-assign]
    socket.socket.connect_ex = refuse  # type: ignore[method-assign]


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
