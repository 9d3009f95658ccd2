"""Find the inputs that a model is run with."""
