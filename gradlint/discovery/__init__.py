"""Find the models that a file can build, from its syntax alone."""
