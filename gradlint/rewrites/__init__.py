"""Source rewrites: what could be written instead, as edits of spans.

Each module is one way to heal a network. Every function returns a `Rewrite`, or None
where it cannot be done safely in this source. Nothing is executed, and no torch is imported.
"""
