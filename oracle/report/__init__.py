"""The report: one self-contained HTML page about a study, made to be read offline and printed."""

from oracle.report.page import render, write

__all__ = ["render", "write"]
