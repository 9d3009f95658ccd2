"""Preloaded first by the process that forks: it says nothing while it imports.

Ctrl-C ends it without a traceback, and torch does not mourn a missing NumPy.
"""

from __future__ import annotations

import signal
import warnings

signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
warnings.filterwarnings("ignore", message="Failed to initialize NumPy")
