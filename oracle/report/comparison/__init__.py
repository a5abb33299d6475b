"""The report on a comparison: figures with their numbers, one self-contained HTML page, and the figures as files."""

from oracle.report.comparison.figures import plates
from oracle.report.comparison.page import render

__all__ = ["plates", "render"]
