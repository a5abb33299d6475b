"""The `scyc` command."""

from oracle.cli.app import main

__all__ = ["main"]
