"""`python -m oracle.cli` is `scyc`."""

from oracle.cli import main

main()
