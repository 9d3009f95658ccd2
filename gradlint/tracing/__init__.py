"""Build a model and turn it into a graph that knows its source."""
