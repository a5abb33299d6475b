"""The `scyc` command."""

from oracle.cli.main import main

__all__ = ["main"]
