"""The report on a comparison: figures with their numbers, one self-contained HTML page, and the figures as files."""

from oracle.report.comparison.page import panels, render

__all__ = ["panels", "render"]
