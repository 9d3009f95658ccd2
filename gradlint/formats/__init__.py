"""How reports are printed: one module a format, one function `render(view) -> str` each."""
