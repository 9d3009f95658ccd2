"""A model's graph from its source alone: constructors and forward are read, nothing runs."""
