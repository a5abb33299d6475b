"""A study as a notebook shows it: how far it is, and its oracle curve as a table."""
