"""The service's own pages: the list of studies, and one study as it goes on. They look again by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from oracle.report import words
from oracle.report.base import environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.status import Glance

EVERY = 5
"""Seconds until a page that may change looks again."""


def studies_page(seen: Sequence[Glance], unreadable: Sequence[tuple[str, str]]) -> str:
    """Return the list of studies as HTML.

    Args:
        seen: the studies, in the order of the page.
        unreadable: name of each study that this version cannot read, and why.
    """
    return _fill("studies.html", every=EVERY, seen=seen, unreadable=unreadable)


def study_page(seen: Glance) -> str:
    """Return one study as HTML: its curve so far, how far it is, and who works on it."""
    return _fill("study.html", every=None if seen.state == "finished" else EVERY, seen=seen)


def _fill(template: str, **values: object) -> str:
    return environment(Path(__file__).parent).get_template(template).render(values, words=words)
