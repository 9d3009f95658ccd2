"""What children of the sandbox do in its tests; a process that starts afresh imports it."""

from __future__ import annotations

import os
import sys
import time


def talk(connection, job):
    for word in job:
        connection.send(word)


def crash(connection, job):
    os._exit(job)


def hang(connection, job):
    connection.send(job)
    time.sleep(99)


def fail(connection, job):
    raise KeyError(job)


def orphan(connection, job):
    """Ends, while what it has forked lives on."""
    if os.fork():
        os._exit(1)
    time.sleep(99)


def where(connection, job):
    connection.send((os.getcwd(), os.environ["TMPDIR"], sys.stdin.read()))
