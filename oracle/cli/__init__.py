"""The `scyc` command."""

from oracle.cli.main import main, run_process

__all__ = ["main", "run_process"]
