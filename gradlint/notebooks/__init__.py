"""Notebooks: their cells as one Python text, and edits of it written back into the JSON."""
