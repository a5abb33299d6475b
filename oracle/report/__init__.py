"""The report: one self-contained HTML page about a study, to read offline or print."""

from oracle.report.page import render, write

__all__ = ["render", "write"]
