"""Run a model and measure it."""
