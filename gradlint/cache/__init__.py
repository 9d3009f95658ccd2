"""What was measured before, kept beside the project, so that an unchanged model costs a look."""
