"""Preloaded first by the process that forks: Ctrl-C ends it while it imports, without a word."""

from __future__ import annotations

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
