"""The service's own pages: the list of studies, and one study as it goes on. They look again by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from oracle.report import words
from oracle.report.base import environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.status import StudyStatus, UnreadableStudy

EVERY = 5
"""Seconds until a page that may change looks again."""


def studies_page(studies: Sequence[StudyStatus | UnreadableStudy]) -> str:
    """Return the list of studies as HTML."""
    return _fill("studies.html", every=EVERY, studies=studies)


def study_page(study: StudyStatus) -> str:
    """Return one study as HTML: its curve so far, how far it is, and who works on it."""
    return _fill("study.html", every=None if study.state == "finished" else EVERY, study=study)


def _fill(template: str, **values: object) -> str:
    return environment(Path(__file__).parent).get_template(template).render(values, words=words)
