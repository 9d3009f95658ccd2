"""gradlint: a linter for PyTorch models that measures before it speaks."""

__version__ = "0.1.0"
