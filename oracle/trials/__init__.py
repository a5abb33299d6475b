"""Trials as a training of the user's own sees them: a function, or a command."""
