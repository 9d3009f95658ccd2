"""Preloaded last by the process that forks."""

from __future__ import annotations

from gradlint.large import load

load()
